//! Git and the disk: the only room that touches them.
//!
//! It hands out [`Snapshot`]s (a commit's tree, the index, the working directory), the [`Change`] between two of them,
//! and what was left behind in the working directory ([`Leftover`]). Nothing behind this door knows git2.

mod base;
mod change;
mod cli;
mod disk;
pub mod env;
mod error;
mod handle;
mod history;
pub mod hooks;
mod ignore;
pub(crate) mod index;
pub(crate) mod links;
pub mod overlay;
mod places;
mod repository;
pub mod snapshot;
mod snapshots;
mod tree;
mod worktree;

pub use change::ScopeRequest;
pub use disk::DiskSnapshot;
pub use env::Env;
pub use error::GitError;
pub(crate) use error::shell_word;
pub use handle::Repository;
pub use history::{FirstParents, WalkedCommit, WalkedSnapshot};
pub(crate) use ignore::hidden_by;
pub use snapshot::{FileEntry, FileKind, FileList, FileText, MemorySnapshot, ObjectId, Snapshot, SnapshotError};

use crate::source::RepoPath;

/// What is judged: where before and after come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// HEAD against the index.
    Staged,
    /// The merge base of a reference and HEAD against HEAD.
    Base {
        /// The reference, as given.
        reference: String,
    },
    /// The merge base of A and B against B.
    Range {
        /// The reference of the base, as given.
        from: String,
        /// The reference of the tip, as given.
        to: String,
    },
    /// HEAD against the working directory.
    Worktree,
    /// Nothing against the index, or against one commit.
    All {
        /// The commit, as given; the index where none is.
        at: Option<String>,
    },
}

impl Scope {
    /// The word in JSON's `scope.kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Base { .. } => "base",
            Self::Range { .. } => "range",
            Self::Worktree => "worktree",
            Self::All { .. } => "all",
        }
    }
}

/// A path that differs between before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedPath {
    /// The path.
    pub path: RepoPath,
    /// The object before; none where it was added.
    pub before: Option<ObjectId>,
    /// The object after; none where it was deleted.
    pub after: Option<ObjectId>,
}

/// Something in the working directory that the judged snapshot does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The file.
    pub path: RepoPath,
    /// What sort of leftover.
    pub kind: LeftoverKind,
}

/// Sorts of leftovers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftoverKind {
    /// Not tracked.
    Untracked,
    /// Not tracked and ignored, by a line of an ignore file.
    Ignored {
        /// The ignore file as git names it (`.gitignore`, `.git/info/exclude`, an absolute path for a global one).
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// The pattern.
        pattern: String,
    },
    /// Added with `git add -N`: the index knows the name and holds nothing.
    IntentToAdd,
    /// Tracked, and the working directory's content differs from the index's.
    Unstaged,
    /// Tracked, and gone from the working directory.
    UnstagedDeletion,
}

/// A change to judge: two snapshots, and what was left behind.
pub struct Change {
    /// What was asked for.
    pub scope: Scope,
    /// The state before; none where there was nothing (an unborn HEAD, `--all`).
    pub before: Option<Box<dyn Snapshot>>,
    /// The state after.
    pub after: Box<dyn Snapshot>,
    /// The tip of the base branch, where the scope has one and it is not `before` itself.
    pub base_tip: Option<Box<dyn Snapshot>>,
    /// Paths that differ, sorted.
    pub changed: Vec<ChangedPath>,
    /// What to ask about the working directory; none for ranges.
    pub worktree: Option<Box<dyn Worktree>>,
    /// How the range was found (`pull_request event: HEAD^1 → HEAD`), for `-v` and the summary.
    pub resolved_by: String,
}

/// The working directory as it stands beside the judged snapshot.
pub trait Worktree {
    /// What lies under any of `dirs` (files or folders) in the working directory and is not in the index as it stands:
    /// untracked, ignored, intent-to-add and unstaged files, sorted by path.
    ///
    /// # Errors
    /// Where git or the disk cannot say.
    fn leftovers(&self, dirs: &[RepoPath]) -> Result<Vec<Leftover>, SnapshotError>;

    /// The working directory as a snapshot (untracked files that are not ignored included).
    fn snapshot(&self) -> &dyn Snapshot;
}

impl<T: Worktree + ?Sized> Worktree for std::rc::Rc<T> {
    fn leftovers(&self, dirs: &[RepoPath]) -> Result<Vec<Leftover>, SnapshotError> {
        (**self).leftovers(dirs)
    }

    fn snapshot(&self) -> &dyn Snapshot {
        (**self).snapshot()
    }
}
