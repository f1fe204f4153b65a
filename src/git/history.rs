//! The commits of a branch, one after the other, with what each changed.

use std::rc::Rc;

use crate::git::ChangedPath;
use crate::git::error::GitError;
use crate::git::repository::Repo;
use crate::git::snapshot::{FileList, FileText, ObjectId, Snapshot, SnapshotError};
use crate::git::snapshots::TreeSnapshot;
use crate::git::tree::{self, PathDiff};
use crate::source::RepoPath;

/// A commit of a branch.
#[derive(Debug, Clone)]
pub struct WalkedCommit {
    /// Its id.
    pub id: ObjectId,
    /// Its first parent; none for the first commit.
    pub parent: Option<ObjectId>,
    /// When it was committed: seconds since 1970, UTC.
    pub seconds: i64,
    /// Its author's name.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
    tree: ObjectId,
}

/// Walks from a commit to the first one, along first parents: on a main branch, one step for each merged change.
pub struct FirstParents {
    repo: Rc<Repo>,
    next: Option<ObjectId>,
    /// Commits whose parents this clone does not have.
    edge: Vec<ObjectId>,
    cut: bool,
}

impl FirstParents {
    pub(crate) fn new(repo: &Rc<Repo>, from: ObjectId) -> Self {
        Self { repo: Rc::clone(repo), next: Some(from), edge: repo.shallow_commits(), cut: false }
    }

    /// Whether the walk ended where a shallow clone ends, and not at the first commit. What the commit at that edge
    /// changed cannot be known; it is not among those walked.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

impl Iterator for FirstParents {
    type Item = Result<WalkedCommit, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next.take()?;
        if self.edge.contains(&id) {
            self.cut = true;
            return None;
        }
        let step = WalkedCommit::read(&self.repo, id);
        if let Ok(step) = &step {
            self.next = step.parent;
        }
        Some(step)
    }
}

impl WalkedCommit {
    pub(crate) fn read(repo: &Repo, id: ObjectId) -> Result<Self, GitError> {
        let commit = repo.commit(&id)?;
        let parent = commit.parents.first().copied();
        let (seconds, author, subject, tree) = (commit.seconds, commit.author, commit.subject, commit.tree);
        Ok(Self { id, parent, seconds, author, subject, tree })
    }

    /// The paths that differ from its first parent, sorted; all of them for the first commit.
    pub(crate) fn changed(&self, repo: &Repo) -> Result<Vec<ChangedPath>, GitError> {
        let before = self.parent.map(|parent| repo.commit(&parent)).transpose()?;
        let diffs = tree::diff_trees(repo, before.map(|before| before.tree), Some(self.tree))?;
        Ok(diffs.iter().map(PathDiff::changed_path).collect())
    }
}

/// The files of a commit, listed by what differs from the commit that was looked at before it.
pub struct WalkedSnapshot(TreeSnapshot);

impl WalkedSnapshot {
    pub(crate) fn new(repo: &Rc<Repo>, commit: ObjectId, near: Option<&Self>) -> Result<Self, SnapshotError> {
        let snapshot = TreeSnapshot::new(repo, commit)?;
        Ok(Self(match near {
            Some(near) => snapshot.after(&near.0)?,
            None => snapshot,
        }))
    }
}

impl Snapshot for WalkedSnapshot {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn id(&self) -> String {
        self.0.id()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        self.0.files()
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        self.0.read(path)
    }
}
