//! Finding Prisma's projects in a snapshot: as Prisma finds them, and beyond that wherever a `datasource` block stands.

mod naming;
mod schemas;
pub(crate) mod settings;
mod version;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::schemas::{Found, Survey, project_without_datasource};
use self::settings::{config_root, is_config, read_config, read_package};
use super::history::{LOCK_FILE, LockFile, SCRIPT, lock_file_in};
use super::schema;
use super::schema::resolve::{Settings, provider_dialect};
use crate::git::{Snapshot, SnapshotError};
use crate::project::{EcosystemKind, NAMED_BY, Parsed, Project, ProjectOverride};
use crate::source::{RepoPath, Source};

/// The major version that is taken where nothing says one: the newest. The project has no fact `prisma-version` then.
pub(crate) const NEWEST_VERSION: u32 = 7;

/// Finds the projects.
pub(crate) fn discover(snapshot: &dyn Snapshot, overrides: &[ProjectOverride]) -> Result<Vec<Project>, SnapshotError> {
    let survey = Survey::of(snapshot)?;
    let mut found = survey.projects();
    let is_alone = found.len() == 1;
    let mut projects = Vec::new();
    for wanted in overrides {
        if let Some(found) = apply_override(&survey, &mut found, wanted) {
            projects.extend(build(snapshot, &survey, &found, is_alone, Some(wanted))?);
        }
    }
    let named = projects.len();
    for found in &found {
        projects.extend(build(snapshot, &survey, found, is_alone, None)?);
    }
    naming::name(&mut projects[named..]);
    projects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(projects)
}

/// What a policy's project stands for: the project it names by its files, its migrations or its folder is taken out of
/// `found`.
fn apply_override(survey: &Survey, found: &mut Vec<Found>, wanted: &ProjectOverride) -> Option<Found> {
    let schema = survey.expand(&wanted.schema);
    let matches = |candidate: &Found| {
        if !schema.is_empty() {
            return candidate.schema.iter().any(|path| schema.contains(path));
        }
        if !wanted.migrations.is_empty() {
            return wanted.migrations.contains(&candidate.migrations);
        }
        wanted.root.as_ref().is_some_and(|root| candidate.datasource.is_under(root))
    };
    let mut project = if schema.is_empty() {
        let at = found.iter().position(matches)?;
        found.remove(at)
    } else {
        // The policy's list of files is the whole schema, and its provider may stand in for a `datasource` block.
        found.retain(|candidate| !matches(candidate));
        survey.project_of(&schema).or_else(|| project_without_datasource(&schema))?
    };
    if let Some(migrations) = wanted.migrations.first() {
        project.migrations = migrations.clone();
    }
    Some(project)
}

fn build(
    snapshot: &dyn Snapshot,
    survey: &Survey,
    found: &Found,
    is_alone: bool,
    wanted: Option<&ProjectOverride>,
) -> Result<Option<Project>, SnapshotError> {
    // What a link leads to is what is read, and what an edit changes.
    let files: BTreeSet<&RepoPath> = found
        .schema
        .iter()
        .map(|path| if survey.sources.contains_key(path) { survey.led(path) } else { path })
        .collect();
    let migrations = survey.led(&found.migrations).clone();
    let linked = found.schema.iter().chain([&found.migrations]).filter(|path| survey.led(path) != *path).cloned();
    let sources: Vec<Arc<Source>> =
        found.schema.iter().filter_map(|path| survey.sources.get(path)).map(Arc::clone).collect();
    let parsed = schema::parse(&sources);
    let settings = Settings::of(&parsed);
    if settings.provider.as_deref() == Some("mongodb") {
        return Ok(None);
    }
    let folder = found.datasource.parent().unwrap_or_default();
    let root = wanted
        .and_then(|wanted| wanted.root.clone())
        .or_else(|| nearest(&folder, |dir| survey.packages.contains_key(dir)))
        .unwrap_or_else(|| naming::base(&folder));
    let mut dialect = wanted.and_then(|wanted| wanted.dialect).or_else(|| settings.dialect());
    if dialect.is_none()
        && let LockFile::Provider { dialect: locked, .. } = lock_file_in(&migrations, snapshot)?
    {
        dialect = locked;
    }
    let mut facts: BTreeMap<&'static str, String> = BTreeMap::new();
    let version = version::of(snapshot, survey, &parsed, &folder, &migrations)?;
    facts.extend(version.map(|version| ("prisma-version", version.to_string())));
    // Who names the folder, or runs what is in it, keeps migrations: that there is none yet is no excuse then. Where there
    // are several schemas, a script does not say which it means.
    let says_so = wanted.is_some_and(|wanted| !wanted.migrations.is_empty())
        || found.config.as_ref().and_then(|path| survey.configs.get(path)).is_some_and(|one| one.migrations.is_some())
        || is_alone
            && nearest(&folder, |dir| survey.packages.get(dir).is_some_and(|package| package.migrates)).is_some();
    // Nobody keeps the schema of a database that is pushed in Git LFS: what a pointer stands for is not known.
    let is_pointer = found.schema.iter().any(|path| survey.is_pointer(path));
    if !says_so && !is_pointer && !keeps_migrations(&migrations, snapshot)? {
        facts.insert("no-migrations", "yes".to_owned());
    }
    if settings.emulates_relations {
        facts.insert("relation-mode", "prisma".to_owned());
    }
    if !settings.preview_features.is_empty() {
        let features: Vec<&str> = settings.preview_features.iter().map(String::as_str).collect();
        facts.insert("preview-features", features.join(","));
    }
    if let Some(argument) = schema_argument(survey, found, &root) {
        facts.insert("schema-argument", argument);
    }
    let config = found.config.as_ref().and_then(|path| survey.configs.get(path));
    for (fact, names) in config
        .iter()
        .flat_map(|config| [("external-tables", &config.external_tables), ("external-enums", &config.external_enums)])
    {
        if !names.is_empty() {
            facts.insert(fact, names.join(","));
        }
    }
    if config.is_some_and(|config| config.external_unread)
        && let Some(path) = &found.config
    {
        facts.insert("external-unread", path.to_string());
    }
    if let Some(path) = &found.config {
        facts.insert(NAMED_BY, path.to_string());
    }
    facts.extend(wanted.iter().flat_map(|wanted| wanted.facts.clone()));
    let mut settings_files: BTreeSet<RepoPath> = BTreeSet::new();
    settings_files.extend(found.config.clone());
    settings_files.extend(linked);
    settings_files
        .extend(nearest(&folder, |dir| survey.packages.contains_key(dir)).map(|dir| dir.join("package.json")));
    Ok(Some(Project {
        name: wanted.map(|wanted| wanted.name.clone()).unwrap_or_default(),
        ecosystem: EcosystemKind::Prisma,
        dialect,
        command: command(snapshot, &root)?,
        root,
        schema: files.into_iter().cloned().collect(),
        migrations: vec![migrations],
        settings: settings_files.into_iter().collect(),
        facts,
        parsed: Parsed::default(),
    }))
}

/// Whether a folder is one of Prisma Migrate's: with directories, a lock file, or what keeps an empty folder in git. One
/// with nothing but files of another kind (`01_users.sql`) belongs to another runner.
fn keeps_migrations(folder: &RepoPath, snapshot: &dyn Snapshot) -> Result<bool, SnapshotError> {
    let keeps = |file: &str| file.contains('/') || matches!(file, LOCK_FILE | ".gitkeep" | ".keep" | ".gitignore");
    let files = snapshot.files()?;
    let is_kept = files.under(folder).any(|entry| entry.path.strip_prefix(folder).is_some_and(keeps));
    Ok(is_kept || files.submodule_of(folder).is_some())
}

/// The nearest folder from `dir` upward that satisfies `test`.
pub(super) fn nearest(dir: &RepoPath, test: impl Fn(&RepoPath) -> bool) -> Option<RepoPath> {
    let mut dir = Some(dir.clone());
    while let Some(here) = dir {
        if test(&here) {
            return Some(here);
        }
        dir = here.parent();
    }
    None
}

/// How Prisma is called where `root` lies: by the package manager whose lock file is nearest.
fn command(snapshot: &dyn Snapshot, root: &RepoPath) -> Result<String, SnapshotError> {
    let files = snapshot.files()?;
    let mut dir = Some(root.clone());
    while let Some(here) = dir {
        for (lock, command) in [
            ("pnpm-lock.yaml", "pnpm prisma"),
            ("yarn.lock", "yarn prisma"),
            ("bun.lock", "bunx prisma"),
            ("bun.lockb", "bunx prisma"),
            ("package-lock.json", "npx prisma"),
        ] {
            if files.get(&here.join(lock)).is_some() {
                return Ok(command.to_owned());
            }
        }
        dir = here.parent();
    }
    Ok("npx prisma".to_owned())
}

/// What `--schema` must say, relative to `root`; none where Prisma finds the schema from there by itself.
fn schema_argument(survey: &Survey, found: &Found, root: &RepoPath) -> Option<String> {
    if found.config.is_some() {
        return None;
    }
    let target = found.folder.as_ref().unwrap_or(&found.datasource);
    let defaults = [root.join("schema.prisma"), root.join("prisma/schema.prisma"), root.join("prisma/schema")];
    // The first of the default places that is there is the one Prisma takes.
    let first = defaults.iter().find(|path| survey.sources.contains_key(*path) || survey.has_schema_under(path));
    if first == Some(target) {
        return None;
    }
    Some(target.strip_prefix(root).unwrap_or(target.as_str()).to_owned())
}
