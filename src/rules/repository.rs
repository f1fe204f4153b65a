//! What a change does outside the projects: new files in places that no project reads, scripts, ignore files.

use std::sync::Arc;

use crate::history::History;
use crate::project::{Ecosystem, EcosystemKind, Project};
use crate::source::{RepoPath, Source};

use super::{sync, workflow};

/// The repository's side of a change: what rules that belong to no single project are handed.
pub struct RepositoryChange<'a> {
    /// The files that [`RepositoryChange::reads`] asks for: those that changed, or all of them where the whole state is
    /// judged. Sorted by path.
    pub files: &'a [ChangedFile],
    /// Every project there is after the change.
    pub projects: &'a [RepositoryProject<'a>],
    /// Whether the whole state is judged (`--all`).
    pub whole_state: bool,
}

/// A file with its texts.
#[derive(Debug, Clone)]
pub struct ChangedFile {
    /// The path.
    pub path: RepoPath,
    /// Its text before; none where it was not there, could not be read, or where the whole state is judged.
    pub before: Option<Arc<Source>>,
    /// Its text after; none where it is gone or cannot be read.
    pub after: Option<Arc<Source>>,
}

/// A project as the repository's rules see it.
pub struct RepositoryProject<'a> {
    /// The project.
    pub project: &'a Project,
    /// Its ecosystem.
    pub ecosystem: &'static dyn Ecosystem,
    /// Its migrations after the change, where they were read.
    pub history: Option<&'a History>,
    /// Whether its migrations folders hold any file after the change.
    pub has_migrations: bool,
    /// Whether one of these files may be a migration.
    pub has_revisions: bool,
}

impl RepositoryChange<'_> {
    /// Whether a file's texts are to be handed over, by its path alone.
    pub fn reads(path: &RepoPath) -> bool {
        workflow::reads(path) || sync::misplaced_migration::reads(path)
    }

    /// Whether the name of such a file is all that the rules ask for: its text is left empty.
    pub fn knows_by_name(path: &RepoPath) -> bool {
        sync::misplaced_migration::is_script(path) && !workflow::reads(path)
    }

    /// Whether a rule asks what every project applies, touched or not.
    pub fn wants_histories(files: &[ChangedFile]) -> bool {
        files.iter().any(sync::misplaced_migration::is_new_revision)
    }

    /// Whether there is a project of that ecosystem.
    pub(super) fn has(&self, kind: EcosystemKind) -> bool {
        self.projects.iter().any(|project| project.project.ecosystem == kind)
    }
}
