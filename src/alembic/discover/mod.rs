//! Finding Alembic environments in a snapshot.
//!
//! An environment is a folder with an `env.py`, named by `alembic.ini` (any section with a `script_location`), by
//! `[tool.alembic]` of `pyproject.toml`, by Flask-Migrate's layout, or standing beside `versions/` on its own.
//! <https://alembic.sqlalchemy.org/en/latest/tutorial.html>, <https://flask-migrate.readthedocs.io/>.

mod apart;
mod defaults;
mod facts;
pub(crate) mod ini;
mod locations;
mod pins;
mod portions;
mod reach;

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alembic::env;
use crate::alembic::python::ParsedFile;
use crate::catalog::Dialect;
use crate::git::{FileList, Snapshot, SnapshotError};
use crate::project::{EcosystemKind, NAMED_BY, Parsed, Project, ProjectOverride};
use crate::source::RepoPath;

pub(crate) use apart::keeps_revisions;
use facts::Evidence;
use ini::{HERE, Ini};
use locations::Found;
use locations::bases;
pub(crate) use locations::is_foreign;
pub(crate) use pins::{Version, version};
use reach::Reached;
pub(crate) use reach::{declares, declares_tables, glance, imported_by, imports_file, names_modules_by_listing};

/// [`Project::facts`]: the folder that holds `env.py`.
pub(crate) const SCRIPT_LOCATION: &str = "script-location";
/// [`Project::facts`]: `env.py`.
pub(crate) const ENV: &str = "env";
/// [`Project::facts`]: the settings' section, where it is not `alembic`.
pub(crate) const SECTION: &str = "section";
/// [`Project::facts`]: `file_template` of the settings, `%` unescaped.
pub(crate) const FILE_TEMPLATE: &str = "file-template";
/// [`Project::facts`]: `true` where revisions are looked for in folders below the version locations too.
pub(crate) const RECURSIVE: &str = "recursive-version-locations";
/// [`Project::facts`]: folders that `prepend_sys_path` puts on Python's path, one a line.
pub(crate) const PYTHON_PATH: &str = "python-path";
/// [`Project::facts`]: folders with portions of namespace packages that the models are in, one a line.
const PORTIONS: &str = "namespace-portions";
/// [`Project::facts`]: `true` for Flask-Migrate.
pub(crate) const FLASK: &str = "flask-migrate";
/// [`Project::facts`]: files and folders of the models that the policy names, one a line.
pub(crate) const MODELS: &str = "models";

/// [`Project::facts`]: `true` where neither the settings nor `env.py` name the database: it is told by signs, or by nothing.
pub(crate) const INFERRED: &str = "database-inferred";

/// An environment before it becomes a [`Project`].
#[derive(Debug, Clone)]
struct Environment {
    script: Found,
    /// The file that names it.
    settings: Option<RepoPath>,
    section: String,
    url: Option<String>,
    file_template: Option<String>,
    versions: Vec<RepoPath>,
    recursive: bool,
    python_path: Vec<RepoPath>,
}

impl Environment {
    /// An environment that no settings file names: what Alembic takes where nothing is set.
    fn without_settings(script: Found, versions: Vec<RepoPath>) -> Self {
        Self {
            script,
            settings: None,
            section: "alembic".to_owned(),
            url: None,
            file_template: None,
            versions,
            recursive: false,
            python_path: Vec::new(),
        }
    }
}

/// Finds the projects of a snapshot, sorted by name. Where the policy names projects, those are the projects.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(crate) fn discover(snapshot: &dyn Snapshot, overrides: &[ProjectOverride]) -> Result<Vec<Project>, SnapshotError> {
    let found = environments(snapshot)?;
    let mut projects = Vec::new();
    if overrides.is_empty() {
        for environment in &found {
            projects.push(project(snapshot, environment)?);
        }
        apart::beside(snapshot, &found, &mut projects)?;
        name_projects(&mut projects);
    }
    for wanted in overrides {
        if let Some(project) = overridden(snapshot, &found, wanted)? {
            projects.push(project);
        }
    }
    projects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(projects)
}

/// Every environment, one for each script location and section, sorted by them.
fn environments(snapshot: &dyn Snapshot) -> Result<Vec<Environment>, SnapshotError> {
    let files = snapshot.files()?;
    let mut found: Vec<Environment> = Vec::new();
    let mut settings: Vec<&RepoPath> = files
        .iter()
        .map(|entry| &entry.path)
        .filter(|path| is_settings_name(path.file_name()) && !locations::is_foreign(path))
        .collect();
    // `alembic.ini` before its variants for tests and production, files near the root first.
    settings.sort_by_key(|path| (path.file_name() != "alembic.ini", path.components().count(), (*path).clone()));
    for path in settings {
        let Some(source) = snapshot.read(path)?.text() else { continue };
        let environments = match path.file_name() {
            "pyproject.toml" => from_pyproject(files, path, source.text()),
            _ => from_ini(snapshot, path, source.text())?,
        };
        for environment in environments {
            let known = found.iter().any(|other| {
                other.script.dir == environment.script.dir
                    && (other.versions == environment.versions || other.settings != environment.settings)
            });
            if !known {
                found.push(environment);
            }
        }
    }
    for entry in files.iter().filter(|entry| entry.path.file_name() == "env.py" && !locations::is_foreign(&entry.path))
    {
        let Some(dir) = entry.path.parent() else { continue };
        let marked = files.get(&dir.join("script.py.mako")).is_some() || files.has_dir(&dir.join("versions"));
        if !marked || found.iter().any(|other| other.script.dir == dir) {
            continue;
        }
        let Some(source) = snapshot.read(&entry.path)?.text() else { continue };
        if !source.text().contains("alembic") {
            continue;
        }
        let script = Found { root: dir.parent().unwrap_or_default(), dir };
        let versions = locations::version_locations(files, &script.dir, &script, &[]);
        found.push(Environment::without_settings(script, versions));
    }
    apart::without_env(snapshot, files, &mut found)?;
    found.retain(|environment| !is_template(files, environment));
    found.sort_by(|a, b| (&a.script.dir, &a.section).cmp(&(&b.script.dir, &b.section)));
    Ok(found)
}

/// Whether an environment is what others are made of: a folder called a template, without any place for revisions.
fn is_template(files: &FileList, environment: &Environment) -> bool {
    environment.script.dir.components().any(|part| part.to_ascii_lowercase().contains("template"))
        && !environment.versions.iter().any(|dir| files.has_dir(dir))
}

/// Whether a file of that name may hold Alembic's settings.
fn is_settings_name(name: &str) -> bool {
    match name {
        "pyproject.toml" | "setup.cfg" => true,
        "tox.ini" | "pytest.ini" | "mypy.ini" => false,
        other => other.ends_with(".ini"),
    }
}

/// The environments of one ini file: one for each section with a script location, and Flask-Migrate's own.
fn from_ini(snapshot: &dyn Snapshot, path: &RepoPath, text: &str) -> Result<Vec<Environment>, SnapshotError> {
    let files = snapshot.files()?;
    let dir = path.parent().unwrap_or_default();
    let flask_layout = path.file_name() == "alembic.ini" && locations::is_script_dir(files, &dir);
    if !text.contains("script_location") && !flask_layout {
        return Ok(Vec::new());
    }
    let ini = Ini::parse(text);
    // A location in `DEFAULT` is inherited by every section, those of the loggers too.
    let mut named: Vec<&str> = ini
        .sections()
        .filter(|section| {
            *section == "alembic"
                || ["script_location", "version_locations", "sqlalchemy.url"]
                    .iter()
                    .any(|key| ini.has_own(section, key))
        })
        .collect();
    // Flask-Migrate sets the location itself: its settings may be those of the logging alone.
    if named.is_empty() && flask_layout {
        named.push("alembic");
    }
    let mut found = Vec::new();
    let mut by_default = Vec::new();
    for section in named {
        let location = ini.get(section, "script_location");
        let script = match &location {
            Some(value) => locations::script_location(files, &dir, value),
            None if flask_layout && section == "alembic" => Some(Found { dir: dir.clone(), root: dir.clone() }),
            None => None,
        };
        let Some(mut script) = script else { continue };
        if script.dir == dir {
            // The settings lie among the scripts, as Flask-Migrate has it: commands are run beside the folder.
            script.root = locations::above_scripts(snapshot, &dir)?;
        }
        let separator = ini.get(section, "path_separator").or_else(|| ini.get(section, "version_path_separator"));
        let split = |key: &str| {
            ini.get(section, key).map(|value| locations::split_paths(&value, separator.as_deref())).unwrap_or_default()
        };
        let locations = split("version_locations");
        by_default.push(locations.is_empty());
        found.push(Environment {
            versions: locations::version_locations(files, &dir, &script, &locations),
            python_path: python_path(&dir, &script.root, &split("prepend_sys_path")),
            script,
            settings: Some(path.clone()),
            section: section.to_owned(),
            url: ini.get(section, "sqlalchemy.url"),
            file_template: ini.get(section, "file_template"),
            recursive: ini.get(section, "recursive_version_locations").is_some_and(|value| value.trim() == "true"),
        });
    }
    Ok(apart::without_parts(found, &by_default))
}

/// The environment of `[tool.alembic]` (Alembic 1.16).
fn from_pyproject(files: &FileList, path: &RepoPath, text: &str) -> Vec<Environment> {
    if !text.contains("tool.alembic") {
        return Vec::new();
    }
    let Ok(document) = text.parse::<toml::Table>() else { return Vec::new() };
    let Some(table) = document.get("tool").and_then(|tool| tool.get("alembic")) else { return Vec::new() };
    let dir = path.parent().unwrap_or_default();
    let unescape = |value: &str| value.replace("%(here)s", HERE).replace("%%", "%");
    let text_of = |key: &str| table.get(key).and_then(toml::Value::as_str).map(unescape);
    let list_of = |key: &str| -> Vec<String> {
        let items = table.get(key).and_then(toml::Value::as_array);
        items.into_iter().flatten().filter_map(toml::Value::as_str).map(unescape).collect()
    };
    let Some(script) = text_of("script_location").and_then(|value| locations::script_location(files, &dir, &value))
    else {
        return Vec::new();
    };
    vec![Environment {
        versions: locations::version_locations(files, &dir, &script, &list_of("version_locations")),
        python_path: python_path(&dir, &script.root, &list_of("prepend_sys_path")),
        script,
        settings: Some(path.clone()),
        section: "alembic".to_owned(),
        url: None,
        file_template: text_of("file_template"),
        recursive: table.get("recursive_version_locations").and_then(toml::Value::as_bool).unwrap_or(false),
    }]
}

/// What `prepend_sys_path` puts on Python's path: relative to the folder of the commands.
fn python_path(settings_dir: &RepoPath, root: &RepoPath, values: &[String]) -> Vec<RepoPath> {
    let mut paths = Vec::new();
    for value in values {
        let path = match value.strip_prefix(HERE) {
            Some(rest) => settings_dir.join(rest),
            None if value.starts_with('/') => continue,
            None => root.join(value),
        };
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// Folders from which a project's modules are imported, in order: what `prepend_sys_path` adds, the folder of the
/// commands, `src` in it, the folders above with theirs, the other packages of the repository, and portions of namespace
/// packages.
pub(crate) fn python_roots(project: &Project, files: &FileList) -> Vec<RepoPath> {
    /// Packages beside the project that are looked at.
    const MAX_PACKAGES: usize = 60;
    let mut roots: Vec<RepoPath> = Vec::new();
    let mut add = |root: RepoPath| {
        if !roots.contains(&root) {
            roots.push(root);
        }
    };
    for path in project.facts.get(PYTHON_PATH).map_or("", String::as_str).lines() {
        add(RepoPath::new(path));
    }
    for base in bases(&project.root) {
        add(base.clone());
        if files.has_dir(&base.join("src")) {
            add(base.join("src"));
        }
    }
    if let Some(scripts) = project.facts.get(SCRIPT_LOCATION) {
        for base in bases(&RepoPath::new(scripts)).skip(1) {
            add(base.clone());
            if files.has_dir(&base.join("src")) {
                add(base.join("src"));
            }
        }
    }
    let packages = files
        .iter()
        .filter(|entry| matches!(entry.path.file_name(), "pyproject.toml" | "setup.py" | "setup.cfg"))
        .filter(|entry| !is_foreign(&entry.path))
        .filter_map(|entry| entry.path.parent())
        .take(MAX_PACKAGES);
    for package in packages {
        if files.has_dir(&package.join("src")) {
            add(package.join("src"));
        }
        add(package);
    }
    for path in project.facts.get(PORTIONS).map_or("", String::as_str).lines() {
        add(RepoPath::new(path));
    }
    for folder in apart::around_packages(files, &roots) {
        roots.push(folder);
    }
    roots
}

/// Makes a project of an environment; its name is only the folder's and not yet unique.
fn project(snapshot: &dyn Snapshot, environment: &Environment) -> Result<Project, SnapshotError> {
    let files = snapshot.files()?;
    let script = &environment.script;
    let env = script.dir.join("env.py");
    let env_text = snapshot.read(&env)?.text();
    let flask = env_text.as_ref().is_some_and(|source| facts::is_flask_env(source.text()));
    let root = &script.root;
    let python = apart::roots(environment);
    let versions = &environment.versions;
    let evidence = Evidence { snapshot, url: environment.url.as_deref(), env: &env, root, python: &python, versions };
    let (dialect, inferred) = evidence.dialect()?;

    let mut settings = vec![env.clone()];
    settings.extend(environment.settings.clone());
    let template = script.dir.join("script.py.mako");
    if files.get(&template).is_some() {
        settings.push(template);
    }

    let ini = match environment.settings.as_ref().filter(|path| path.extension() != Some("toml")) {
        Some(path) => snapshot.read(path)?.text().map(|source| Ini::parse(source.text())),
        None => None,
    };
    let option = |key: &str| ini.as_ref()?.get(&environment.section, key);
    let env_file = env_text.as_ref().map(ParsedFile::parse);
    let helper = match &env_file {
        Some(file) => apart::helper(snapshot, environment, file)?,
        None => None,
    };
    let mut known = helper.as_ref().map(|file| env::facts(file, &option)).unwrap_or_default();
    known.extend(env_file.iter().flat_map(|file| env::facts(file, &option)));
    settings.extend(helper.map(|file| file.source().path().clone()));
    settings.sort();
    // Types are compared by default since Alembic 1.12.
    if !known.contains_key(env::COMPARE_TYPE)
        && version(snapshot, root, "alembic")?.is_some_and(|(major, minor, _)| (major, minor) < (1, 12))
    {
        known.insert(env::COMPARE_TYPE, "false".to_owned());
    }
    known.insert(SCRIPT_LOCATION, script.dir.as_str().to_owned());
    known.insert(ENV, env.as_str().to_owned());
    if let Some(settings) = &environment.settings {
        known.insert(NAMED_BY, settings.as_str().to_owned());
    }
    if environment.section != "alembic" {
        known.insert(SECTION, environment.section.clone());
    }
    if let Some(template) = &environment.file_template {
        known.insert(FILE_TEMPLATE, template.clone());
    }
    if environment.recursive {
        known.insert(RECURSIVE, "true".to_owned());
    }
    if flask {
        known.insert(FLASK, "true".to_owned());
    }
    if inferred {
        known.insert(INFERRED, "true".to_owned());
    }
    if !environment.python_path.is_empty() {
        let paths: Vec<&str> = environment.python_path.iter().map(RepoPath::as_str).collect();
        known.insert(PYTHON_PATH, paths.join("\n"));
    }
    let mut project = Project {
        name: if root.is_root() { ".".to_owned() } else { root.file_name().to_owned() },
        ecosystem: EcosystemKind::Alembic,
        dialect,
        root: root.clone(),
        schema: Vec::new(),
        migrations: by_dialect(snapshot, &environment.versions, dialect)?,
        settings,
        command: command(files, environment, flask),
        facts: known,
        parsed: Parsed(env_file.into_iter().map(|file| file as Arc<dyn Any + Send + Sync>).collect()),
    };
    let reached = portions::reached(&mut project, snapshot, &env)?;
    project.schema = schema(&project, snapshot, reached)?;
    Ok(project)
}

/// The version locations. One that holds no revision itself, but a folder for each database, stands for the one of the
/// project's own: `env.py` sets it at run time.
fn by_dialect(
    snapshot: &dyn Snapshot,
    versions: &[RepoPath],
    dialect: Option<Dialect>,
) -> Result<Vec<RepoPath>, SnapshotError> {
    let files = snapshot.files()?;
    let names: &[&str] = match dialect.unwrap_or(Dialect::PostgreSql) {
        Dialect::PostgreSql => &["postgresql", "postgres", "pg"],
        Dialect::CockroachDb => &["cockroachdb", "cockroach", "postgresql"],
        Dialect::MySql => &["mysql", "mariadb"],
        Dialect::Sqlite => &["sqlite"],
        Dialect::SqlServer => &["mssql", "sqlserver"],
        Dialect::Oracle => &["oracle"],
    };
    let is_revision = |path: &RepoPath| path.extension() == Some("py") && !path.file_name().starts_with("__");
    let chosen = versions.iter().map(|dir| {
        let direct =
            files.under(dir).any(|entry| is_revision(&entry.path) && entry.path.parent().as_ref() == Some(dir));
        let inner = names
            .iter()
            .map(|name| dir.join(name))
            .find(|inner| !direct && files.under(inner).any(|entry| is_revision(&entry.path)));
        inner.unwrap_or_else(|| dir.clone())
    });
    Ok(chosen.collect())
}

/// The files that declare what is compared: those that `env.py` imports and that declare tables, types or enums; where
/// they are imported under computed names or by an application, and where `env.py` imports none that names a table, every
/// such file below the project's root.
fn schema(project: &Project, snapshot: &dyn Snapshot, reached: Reached) -> Result<Vec<RepoPath>, SnapshotError> {
    let files = snapshot.files()?;
    let Some(env) = project.facts.get(ENV).map(RepoPath::new) else { return Ok(Vec::new()) };
    let mut found = BTreeSet::new();
    let mut sweep = reached.dynamic || project.facts.contains_key(FLASK) || is_programmatic(project);
    if !sweep {
        let mut names_table = false;
        for path in reached.files.iter().chain([&env]) {
            names_table = names_table || snapshot.read(path)?.text().is_some_and(|source| glance(&source).names_table);
        }
        sweep = !names_table;
    }
    let all = if sweep { below(project, files, &project.root) } else { Vec::new() };
    for path in reached.files.into_iter().chain(all) {
        if let Some(source) = snapshot.read(&path)?.text()
            && glance(&source).declares
        {
            found.insert(path);
        }
    }
    Ok(found.into_iter().collect())
}

/// Whether no settings file names the environment: then a program of the repository runs Alembic on it.
pub(crate) fn is_programmatic(project: &Project) -> bool {
    !project.settings.iter().any(|path| matches!(path.extension(), Some("ini" | "toml" | "cfg")))
}

/// The Python files below a folder that could declare models: neither migrations nor tests nor other people's code.
pub(crate) fn below(project: &Project, files: &FileList, dir: &RepoPath) -> Vec<RepoPath> {
    let scripts = project.facts.get(SCRIPT_LOCATION).map(RepoPath::new);
    files
        .under(dir)
        .map(|entry| &entry.path)
        .filter(|path| path.extension() == Some("py") && !is_foreign(path))
        .filter(|path| !path.file_name().starts_with("test_") && path.file_name() != "conftest.py")
        .filter(|path| !scripts.as_ref().is_some_and(|dir| path.is_under(dir)))
        .filter(|path| !project.migrations.iter().any(|dir| path.is_under(dir)))
        .cloned()
        .collect()
}

/// How Alembic is called from the project's root.
fn command(files: &FileList, environment: &Environment, flask: bool) -> String {
    let root = &environment.script.root;
    let runner = facts::runner(files, root);
    if flask {
        let default = root.join("migrations");
        return if environment.script.dir == default {
            format!("{runner}flask db")
        } else {
            let dir = environment.script.dir.strip_prefix(root).unwrap_or_default();
            format!("{runner}flask db --directory {dir}")
        };
    }
    let mut command = format!("{runner}alembic");
    if let Some(path) = &environment.settings
        && path.file_name() != "pyproject.toml"
        && *path != root.join("alembic.ini")
    {
        command.push_str(" -c ");
        command.push_str(path.strip_prefix(root).unwrap_or(path.as_str()));
    }
    if environment.section != "alembic" {
        command.push_str(" -n ");
        command.push_str(&environment.section);
    }
    command
}

/// Gives every project a name of its own: the folder; its path where two share it; the script location beyond that.
fn name_projects(projects: &mut [Project]) {
    let shared = |projects: &[Project]| -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        projects
            .iter()
            .filter(|project| !seen.insert(project.name.clone()))
            .map(|project| project.name.clone())
            .collect()
    };
    let twice = shared(projects);
    for project in projects.iter_mut().filter(|project| twice.contains(&project.name)) {
        if !project.root.is_root() {
            project.name = project.root.as_str().to_owned();
        }
    }
    let twice = shared(projects);
    for project in projects.iter_mut().filter(|project| twice.contains(&project.name)) {
        project.name = match project.facts.get(SECTION) {
            Some(section) => section.clone(),
            None => project.facts.get(SCRIPT_LOCATION).cloned().unwrap_or_default(),
        };
    }
    let twice = shared(projects);
    for project in projects.iter_mut().filter(|project| twice.contains(&project.name)) {
        let section = project.facts.get(SECTION).map_or("alembic", String::as_str);
        project.name = format!("{}:{section}", project.facts.get(SCRIPT_LOCATION).map_or("", String::as_str));
    }
}

/// A project as the policy names it. None where the snapshot holds nothing that it could be.
fn overridden(
    snapshot: &dyn Snapshot,
    found: &[Environment],
    wanted: &ProjectOverride,
) -> Result<Option<Project>, SnapshotError> {
    let files = snapshot.files()?;
    // Where the policy does not say whose project it is, its files do.
    let holds = |extension: &str| {
        let is_one = |path: &RepoPath| path.extension() == Some(extension);
        wanted.schema.iter().any(|path| is_one(path) || files.under(path).any(|file| is_one(&file.path)))
    };
    if wanted.ecosystem.is_none() && holds("prisma") && !holds("py") {
        return Ok(None);
    }
    let by_migrations = |environment: &&Environment| {
        wanted.migrations.iter().any(|dir| environment.script.dir == *dir || environment.versions.contains(dir))
    };
    let by_root = |environment: &&Environment| {
        wanted
            .root
            .as_ref()
            .is_some_and(|root| environment.script.dir.is_under(root) || environment.script.root == *root)
    };
    let matched = if wanted.migrations.is_empty() {
        if wanted.root.is_none() { found.first().filter(|_| found.len() == 1) } else { found.iter().find(by_root) }
    } else {
        found.iter().find(by_migrations)
    };
    let environment = match matched {
        Some(environment) => environment.clone(),
        None => match unsettled(files, wanted) {
            Some(environment) => environment,
            None => return Ok(None),
        },
    };
    let mut project = project(snapshot, &environment)?;
    project.name.clone_from(&wanted.name);
    if let Some(root) = &wanted.root {
        project.root.clone_from(root);
    }
    if wanted.dialect.is_some() {
        project.facts.remove(INFERRED);
        project.dialect = wanted.dialect;
    }
    // The policy may name the version locations themselves, more or fewer than the settings do.
    let named: Vec<RepoPath> =
        wanted.migrations.iter().filter(|dir| **dir != environment.script.dir).cloned().collect();
    if !named.is_empty() {
        project.migrations = named;
    }
    if !wanted.schema.is_empty() {
        project.schema.clear();
        for path in &wanted.schema {
            if files.get(path).is_some() {
                project.schema.push(path.clone());
            } else {
                project.schema.extend(below(&project, files, path));
            }
        }
        project.schema.sort();
        let paths: Vec<&str> = wanted.schema.iter().map(RepoPath::as_str).collect();
        project.facts.insert(MODELS, paths.join("\n"));
    }
    for (key, value) in &wanted.facts {
        project.facts.insert(key, value.clone());
    }
    Ok(Some(project))
}

/// The environment at a place that the policy names and discovery passes over: in a foreign folder, or a bare folder of
/// revisions without an `env.py`.
fn unsettled(files: &FileList, wanted: &ProjectOverride) -> Option<Environment> {
    let first = wanted.migrations.first()?;
    let parent = first.parent().unwrap_or_default();
    let (dir, versions) = if locations::is_script_dir(files, first) {
        (first.clone(), vec![first.join("versions")])
    } else if locations::is_script_dir(files, &parent) {
        (parent, wanted.migrations.clone())
    } else if files.has_dir(&first.join("versions")) {
        (first.clone(), vec![first.join("versions")])
    } else {
        (parent, wanted.migrations.clone())
    };
    let root = wanted.root.clone().unwrap_or_else(|| dir.parent().unwrap_or_default());
    Some(Environment::without_settings(Found { dir, root }, versions))
}

#[cfg(test)]
mod tests;
