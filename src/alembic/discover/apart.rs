//! What looks like an environment and is a part of another one, and parts of an environment that lie elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::locations::{self, Found, bases};
use super::{Environment, RepoPath, reach};
use crate::alembic::compare::Options;
use crate::alembic::env;
use crate::alembic::python::{ParsedFile, SnapshotModules};
use crate::git::{FileList, Snapshot, SnapshotError};
use crate::project::{BESIDE, Project};

/// The environments of one settings file without those that are a part of another: a section that says nothing of its
/// revisions beside one that names, for the same scripts, the default folder and more.
///
/// `[alembic]` is there because Alembic's template has it; what is run is `alembic -n` with the other. A section that
/// names its own folders, or another database, is meant as it is.
pub(super) fn without_parts(found: Vec<Environment>, by_default: &[bool]) -> Vec<Environment> {
    let is_part = |part: &Environment| {
        found.iter().any(|whole| {
            whole.script.dir == part.script.dir
                && whole.versions.len() > part.versions.len()
                && part.versions.iter().all(|dir| whole.versions.contains(dir))
                && (part.url.is_none() || whole.url.is_none() || part.url == whole.url)
        })
    };
    let parts: Vec<bool> =
        found.iter().zip(by_default).map(|(environment, default)| *default && is_part(environment)).collect();
    found.into_iter().zip(parts).filter(|(_, part)| !part).map(|(environment, _)| environment).collect()
}

/// Notes of each project which others keep models of its own in the same database: sections of one settings file that name
/// no databases of their own, or environments apart that name the same one, whose histories are counted in tables of their
/// own.
///
/// Two histories in one database need two tables for their versions, and two databases need none: who names a second
/// table says that there is one database. `alembic -n data` then fills what `alembic upgrade` has made. Where `env.py` says
/// which database it is, both have to say the same.
pub(super) fn beside(
    snapshot: &dyn Snapshot,
    found: &[Environment],
    projects: &mut [Project],
) -> Result<(), SnapshotError> {
    if projects.len() < 2 {
        return Ok(());
    }
    let mut said = Vec::new();
    for environment in found {
        let env = snapshot.read(&environment.script.dir.join("env.py"))?.text();
        said.push(env.map(|source| said_of_database(source.text())).unwrap_or_default());
    }
    let version_table = |project: &Project| {
        let facts = |key: &str| project.facts.get(key).cloned();
        let name = facts(env::VERSION_TABLE).unwrap_or_else(|| Options::default().version_table);
        (name, facts(env::VERSION_TABLE_SCHEMA))
    };
    let is_beside = |one: usize, other: usize| {
        let ((left, project), (right, second)) = ((&found[one], &projects[one]), (&found[other], &projects[other]));
        let is_one_file = left.settings.is_some() && left.settings == right.settings;
        let is_one_database = if is_one_file {
            left.section != right.section && left.url == right.url && said[one] == said[other]
        } else {
            // Nothing holds them together but the database that both name.
            let named = |at: usize| !said[at].is_empty();
            let by_url = left.url.as_deref().and_then(super::facts::dialect_of_url).is_some() && left.url == right.url;
            said[one] == said[other] && (named(one) || by_url)
        };
        is_one_database
            && !said[one].contains(CHOSEN_BY_SECTION)
            && project.dialect == second.dialect
            && project.schema.iter().any(|path| second.schema.contains(path))
            && !project.migrations.iter().any(|dir| second.migrations.contains(dir))
            && version_table(project) != version_table(second)
    };
    let all = 0..found.len().min(projects.len());
    let noted: Vec<String> = all
        .clone()
        .map(|one| {
            let others = all.clone().filter(|other| *other != one && is_beside(one, *other));
            let folders: Vec<&str> =
                others.flat_map(|other| &projects[other].migrations).map(RepoPath::as_str).collect();
            folders.join("\n")
        })
        .collect();
    for (project, folders) in projects.iter_mut().zip(noted).filter(|(_, folders)| !folders.is_empty()) {
        project.facts.insert(BESIDE, folders);
    }
    Ok(())
}

/// Stands for a database that `env.py` chooses by the section that it is run with.
const CHOSEN_BY_SECTION: &str = "config_ini_section";

/// The lines of an `env.py` that say which database it is, beside those of Alembic's own templates, which take it from the
/// settings. <https://github.com/sqlalchemy/alembic/tree/main/alembic/templates>
fn said_of_database(env: &str) -> BTreeSet<String> {
    const ABOUT: [&str; 7] = ["url", "engine", "dsn", "environ", "getenv", "settings", "database"];
    const OF_TEMPLATE: [&str; 10] = [
        "engine_from_config",
        "config.get_main_option(\"sqlalchemy.url\")",
        "url=url",
        "prefix=\"sqlalchemy.\"",
        "an Engine is acceptable",
        "creation we",
        "a URL",
        "In this scenario",
        "engine.connect()",
        "connectable",
    ];
    let mut is_text = false;
    let mut found = BTreeSet::new();
    for line in env.lines().map(str::trim) {
        // What stands between three quotes is a description.
        let quotes = line.matches("\"\"\"").count();
        let was_text = is_text;
        is_text ^= quotes % 2 == 1;
        if was_text || quotes > 0 || line.starts_with('#') {
            continue;
        }
        if line.contains(CHOSEN_BY_SECTION) && !line.contains("get_section(") {
            found.insert(CHOSEN_BY_SECTION.to_owned());
        }
        let lower = line.to_ascii_lowercase();
        if ABOUT.iter().any(|word| lower.contains(word)) && !OF_TEMPLATE.iter().any(|part| line.contains(part)) {
            found.insert(line.replace('\'', "\""));
        }
    }
    found
}

/// Adds the environments whose `env.py` a library brings: Flask-Alembic keeps the revisions beside the template.
///
/// Folders of revisions that the settings of another environment name are that one's, even with a template of their own:
/// environments that were joined leave it behind.
pub(super) fn without_env(
    snapshot: &dyn Snapshot,
    files: &FileList,
    found: &mut Vec<Environment>,
) -> Result<(), SnapshotError> {
    let templates = files.iter().filter(|entry| entry.path.file_name() == "script.py.mako");
    for dir in templates.filter(|entry| !locations::is_foreign(&entry.path)).filter_map(|entry| entry.path.parent()) {
        if locations::is_script_dir(files, &dir) || found.iter().any(|other| other.script.dir == dir) {
            continue;
        }
        let mut revisions = BTreeSet::new();
        for entry in files.under(&dir).filter(|entry| entry.path.extension() == Some("py")) {
            let Some(source) = snapshot.read(&entry.path)?.text() else { continue };
            if source.text().lines().any(|line| line.starts_with("down_revision")) {
                revisions.extend(entry.path.parent());
            }
        }
        revisions.retain(|folder: &RepoPath| !found.iter().any(|other| other.versions.contains(folder)));
        if revisions.is_empty() {
            continue;
        }
        let script = Found { root: dir.parent().unwrap_or_default(), dir };
        found.push(Environment::without_settings(script, revisions.into_iter().collect()));
    }
    Ok(())
}

/// Whether a repository holds any revision, in whichever folder: `env.py` or a program may set where they are looked for.
pub(crate) fn keeps_revisions(snapshot: &dyn Snapshot) -> Result<bool, SnapshotError> {
    const WORDS: [&str; 4] = ["version", "migrat", "alembic", "revision"];
    for entry in snapshot.files()?.iter().filter(|entry| entry.path.extension() == Some("py")) {
        let lower = entry.path.as_str().to_ascii_lowercase();
        if WORDS.iter().any(|word| lower.contains(word))
            && !locations::is_foreign(&entry.path)
            && let Some(source) = snapshot.read(&entry.path)?.text()
            && source.text().lines().any(|line| line.starts_with("down_revision"))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Folders from which what `env.py` imports is taken before the project is known.
pub(super) fn roots(environment: &Environment) -> Vec<RepoPath> {
    let script = &environment.script;
    let above = bases(&script.root).chain(bases(&script.dir)).flat_map(|base| [base.join("src"), base]);
    let mut roots: Vec<RepoPath> = Vec::new();
    for root in environment.python_path.iter().cloned().chain(above) {
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    roots
}

/// The module to which an `env.py` that configures nothing leaves it: one that it names itself.
pub(super) fn helper(
    snapshot: &dyn Snapshot,
    environment: &Environment,
    env: &ParsedFile,
) -> Result<Option<Arc<ParsedFile>>, SnapshotError> {
    let source = env.source();
    if env::configures(source.text()) {
        return Ok(None);
    }
    let modules = SnapshotModules::new(snapshot, roots(environment))?;
    for path in reach::named_in(&modules, source.path(), source.text()) {
        if let Some(source) = snapshot.read(&path)?.text()
            && env::configures(source.text())
        {
            return Ok(Some(ParsedFile::parse(&source)));
        }
    }
    Ok(None)
}

/// Folders that are no packages, below one of `roots`, and hold a package of their own name and no other
/// (`shop/shop/__init__.py`): the program is started in them, so the name means the package and not the folder.
pub(super) fn around_packages(files: &FileList, roots: &[RepoPath]) -> BTreeSet<RepoPath> {
    let is_package = |dir: &RepoPath| files.get(&dir.join("__init__.py")).is_some();
    let packages = files.iter().filter(|entry| entry.path.file_name() == "__init__.py");
    let around = packages.filter_map(|entry| {
        let package = entry.path.parent()?;
        let folder = package.parent().filter(|folder| folder.file_name() == package.file_name())?;
        let is_one = roots.contains(&folder.parent()?) && !roots.contains(&folder) && !is_package(&folder);
        let alone = || {
            let inner = files.under(&folder).filter(|file| file.path.file_name() == "__init__.py");
            inner.filter_map(|file| file.path.parent()).all(|dir| dir.is_under(&package))
        };
        (is_one && !locations::is_foreign(&entry.path) && alone()).then_some(folder)
    });
    around.collect()
}
