//! SQLAlchemy models and Alembic revisions, read without Python.
//!
//! - [`discover`]: environments in a snapshot, and what `env.py` asks of the comparison ([`env`]).
//! - [`python`]: a bounded, symbolic Python.
//! - [`types`], [`items`], [`expression`]: SQLAlchemy's objects as what a database gets.
//! - [`models`]: what is declared; [`revisions`] and [`graph`]: what the migrations do, in which order.
//! - [`settings`]: what the names of settings say of the database.
//! - [`compare`]: what autogenerate sees of the difference, and what it does not.

pub(crate) mod compare;
pub(crate) mod discover;
pub(crate) mod env;
pub(crate) mod expression;
pub(crate) mod graph;
pub(crate) mod items;
pub(crate) mod models;
pub mod python;
pub(crate) mod revisions;
mod settings;
pub(crate) mod types;

use crate::catalog::Catalog;
use crate::catalog::difference::Difference;
use crate::git::{FileList, Snapshot, SnapshotError};
use crate::history::History;
use crate::project::{Declared, Ecosystem, EcosystemKind, Project, ProjectOverride, Touch, UnregisteredModel};
use crate::source::{RepoPath, Source};

/// The ecosystem.
#[derive(Debug, Clone, Copy)]
pub struct Alembic;

impl Ecosystem for Alembic {
    fn kind(&self) -> EcosystemKind {
        EcosystemKind::Alembic
    }

    fn looks_for(&self) -> &'static str {
        "Alembic: an alembic.ini or [tool.alembic] in pyproject.toml with a script_location, a folder of Flask-Migrate, or \
         any env.py beside versions/"
    }

    fn may_matter(&self, path: &RepoPath) -> bool {
        // SQL that a revision reads.
        matches!(path.extension(), Some("py" | "ini" | "mako" | "sql"))
            || matches!(path.file_name(), "pyproject.toml" | "setup.cfg")
    }

    fn discover(&self, snapshot: &dyn Snapshot, overrides: &[ProjectOverride]) -> Result<Vec<Project>, SnapshotError> {
        discover::discover(snapshot, overrides)
    }

    fn touch(&self, project: &Project, path: &RepoPath) -> Option<Touch> {
        let is_revision =
            path.extension() == Some("py") && project.migrations.iter().any(|folder| path.is_under(folder));
        if is_revision {
            return Some(Touch::Migration);
        }
        if project.schema.contains(path) {
            return Some(Touch::Schema);
        }
        let read = path.extension() == Some("sql")
            && (project.migrations.iter().any(|folder| path.is_under(folder))
                || project.facts.get(discover::SCRIPT_LOCATION).is_some_and(|dir| path.is_under(&RepoPath::new(dir))));
        (read || project.settings.contains(path)).then_some(Touch::Settings)
    }

    fn can_keep(&self, project: &Project, files: &FileList) -> bool {
        project.facts.get(discover::ENV).is_some_and(|env| files.get(&RepoPath::new(env)).is_some())
    }

    fn settle(&self, before: &mut Project, after: &mut Project) {
        if before.migrations != after.migrations {
            return;
        }
        // One more revision that imports a dialect, or a driver more, is no other database. One that is named only now is
        // the one that it was before: seen as two, all that the two would differ in would be this change's doing.
        let is_inferred = |project: &Project| project.facts.contains_key(discover::INFERRED);
        match (before.dialect, after.dialect) {
            (Some(old), _) if is_inferred(after) => after.dialect = Some(old),
            (_, Some(new)) if is_inferred(before) => before.dialect = Some(new),
            _ => {}
        }
    }

    fn concerns(&self, project: &Project, source: &Source) -> bool {
        let path = source.path();
        path.extension() == Some("py")
            && path.is_under(&project.root)
            && !discover::is_foreign(path)
            && discover::glance(source).tables
    }

    fn declared(&self, project: &Project, snapshot: &dyn Snapshot) -> Result<Declared, SnapshotError> {
        models::declared(project, snapshot, project.dialect())
    }

    fn unregistered(
        &self,
        project: &Project,
        snapshot: &dyn Snapshot,
    ) -> Result<Vec<UnregisteredModel>, SnapshotError> {
        models::unregistered(project, snapshot)
    }

    fn history(&self, project: &Project, snapshot: &dyn Snapshot) -> Result<History, SnapshotError> {
        revisions::history(project, snapshot)
    }

    fn compare(&self, project: &Project, declared: &Catalog, replayed: &Catalog) -> Vec<Difference> {
        compare::compare(declared, replayed, &env::options(project))
    }

    fn command_new_migration(&self, project: &Project, name: &str) -> String {
        let verb = if project.facts.contains_key(discover::FLASK) { "migrate" } else { "revision --autogenerate" };
        let mut command = String::new();
        if !project.root.is_root() {
            command = format!("cd {} && ", quoted(project.root.as_str()));
        }
        command.push_str(&format!("{} {verb} -m \"{}\"", project.command, name.replace(['"', '`', '$', '\\'], "")));
        command
    }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_'));
    if plain { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}
