//! `create-all`.

mod condition;
mod engine;
mod reach;
mod unit;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Finding;
use crate::project::{COMPARED, EcosystemKind};
use crate::rules::repository::{ChangedFile, RepositoryChange, RepositoryProject};
use crate::rules::{RuleId, RuleSettings};
use crate::source::{Place, RepoPath, Source, Span};
use reach::Program;
use unit::Made;

page! {
    /// ## What it stops
    ///
    /// `metadata.create_all()` or `db.create_all()` that the application runs when it starts or is deployed, in a repository
    /// that has Alembic revisions: in a module's own statements, in `env.py`, in a handler of the start (`lifespan`,
    /// `@app.on_event("startup")`), in the function that builds the application or the one that serves it, and in a function
    /// that one of these calls, as far as the files of the change tell. Of a change only what is new is looked at; what moved
    /// from one place to another is not.
    ///
    /// Left alone is what a person runs once: a command (`flask init-db`), a script or its `if __name__ == "__main__":`, as
    /// long as it serves nothing; tests, fixtures, examples and notebooks; what is guarded by a setting for tests or
    /// development, or by one that says that there are no migrations; an SQLite database in memory; chosen tables
    /// (`tables=[…]`); another metadata than that which `env.py` compares; and a file that stamps the database, which is
    /// [Alembic's own way](https://alembic.sqlalchemy.org/en/latest/cookbook.html#building-an-up-to-date-database-from-scratch)
    /// to make a new one.
    ///
    /// ## Why it matters
    ///
    /// It makes the tables that are missing, in their newest form, and says nothing to Alembic. The revision that would
    /// have made them fails on every deployment ([filaops#516](https://github.com/BLB3DPrinting/filaops/issues/516):
    /// "`create_all()` at startup races Alembic migrations — DuplicateTable on every upgrade"), and columns that later
    /// revisions add are missing wherever it ran first.
    ///
    /// ## Example that fails
    ///
    /// ```python title="app/main.py"
    /// from app.db import engine
    /// from app.models import Base
    ///
    /// Base.metadata.create_all(bind=engine)
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="app/main.py"
    /// from alembic import command
    /// from alembic.config import Config
    ///
    /// command.upgrade(Config("alembic.ini"), "head")
    /// ```
    ///
    /// ## How to allow it
    ///
    /// On the line or above it:
    ///
    /// ```python
    /// # driftgate: allow create-all: a cache in memory that no revision knows
    /// CacheBase.metadata.create_all(bind=memory)
    /// ```
}

/// Parts of a path under which tables may be made by hand.
const MATERIAL: [&str; 18] = [
    "testlib",
    "tests",
    "test",
    "testing",
    "fixtures",
    "examples",
    "example",
    "samples",
    "demo",
    "docs",
    "conftest",
    "notebooks",
    "benchmarks",
    "benchmark",
    "bench",
    "perf",
    "site-packages",
    "node_modules",
];

/// Folders of programs that a person runs by hand, unless one says by its name that a deployment does.
const BY_HAND: [&str; 7] = ["scripts", "script", "bin", "tools", "tool", "utilities", "dev"];

/// Whether the rule wants a file's text.
pub(super) fn reads(path: &RepoPath) -> bool {
    path.extension() == Some("py") && !is_material(path)
}

fn is_material(path: &RepoPath) -> bool {
    let stem = stem(path);
    stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.starts_with("conftest")
        || MATERIAL.contains(&stem.to_ascii_lowercase().as_str())
        || folders(path).any(|part| MATERIAL.contains(&part.as_str()) || part.ends_with("_docs"))
        || (folders(path).any(|part| BY_HAND.contains(&part.as_str())) && !unit::is_start(stem))
}

/// The name of a file of Python without its ending.
fn stem(path: &RepoPath) -> &str {
    path.file_name().trim_end_matches(".py")
}

/// The folders that a file is in, in small letters.
fn folders(path: &RepoPath) -> impl Iterator<Item = String> {
    let parts = path.components().count().saturating_sub(1);
    path.components().take(parts).map(str::to_ascii_lowercase)
}

pub(in crate::rules) fn check(change: &RepositoryChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    // Where no revision is in git, none would make the tables: they are written where the program runs, if at all. Which folder
    // they are in may be set at run time.
    let has_revisions =
        |one: &&RepositoryProject<'_>| one.project.ecosystem == EcosystemKind::Alembic && one.keeps_migrations;
    let projects: Vec<&RepositoryProject<'_>> = change.projects.iter().filter(has_revisions).collect();
    if projects.is_empty() {
        return Vec::new();
    }
    // What a revision makes belongs to the replay.
    let is_revision = |path: &RepoPath| {
        let mut folders = change.projects.iter().flat_map(|one| &one.project.migrations);
        folders.any(|dir| path.is_under(dir)) && !is_env(path)
    };
    let files: Vec<&ChangedFile> =
        change.files.iter().filter(|file| reads(&file.path) && !is_revision(&file.path)).collect();
    let mut after = made(&files, &projects, |file| file.after.as_ref());
    if !change.whole_state && after.values().any(|made| !made.is_empty()) {
        let before = made(&files, &projects, |file| file.before.as_ref());
        leave_known(&mut after, before);
    }
    files
        .iter()
        .flat_map(|file| {
            let made = after.remove(&file.path).unwrap_or_default();
            made.iter().filter_map(|made| finding(file, made)).collect::<Vec<Finding>>()
        })
        .collect()
}

fn is_env(path: &RepoPath) -> bool {
    path.file_name() == "env.py"
}

fn finding(file: &ChangedFile, made: &Made) -> Option<Finding> {
    let source = file.after.as_ref()?;
    let message = format!("{}.create_all makes tables that no revision knows of", made.of);
    let help = "leave the tables to the revisions: alembic upgrade head";
    let found = Finding::new(RuleId::CreateAll, file.path.clone(), message, help)
        .at(&Place::new(source, Span::new(made.start, made.end)))
        .because("the revision that would make them fails afterwards, and later ones do not find their columns");
    Some(found)
}

/// What one side of a change makes when the application starts, by file.
fn made(
    files: &[&ChangedFile],
    projects: &[&RepositoryProject<'_>],
    side: impl Fn(&ChangedFile) -> Option<&Arc<Source>>,
) -> BTreeMap<RepoPath, Vec<Made>> {
    let texts = files.iter().filter_map(|file| Some((&file.path, &**side(file)?)));
    let targets: Option<Vec<&str>> =
        projects.iter().map(|one| one.project.facts.get(COMPARED).map(String::as_str)).collect();
    Program::of(texts, &targets.unwrap_or_default()).made()
}

/// Leaves out what was made before the change: in the same file, or in one that makes it no more.
fn leave_known(after: &mut BTreeMap<RepoPath, Vec<Made>>, before: BTreeMap<RepoPath, Vec<Made>>) {
    let mut gone: Vec<Made> = Vec::new();
    for (path, made) in before {
        let mut left = made;
        if let Some(now) = after.get_mut(&path) {
            take(now, &mut left);
        }
        gone.extend(left);
    }
    for now in after.values_mut() {
        take(now, &mut gone);
    }
}

/// Takes from both lists what is made in both, each as often as it is.
fn take(now: &mut Vec<Made>, known: &mut Vec<Made>) {
    now.retain(|made| match known.iter().position(|old| old.of == made.of) {
        Some(at) => {
            known.swap_remove(at);
            false
        }
        None => true,
    });
}

#[cfg(test)]
mod tests;
