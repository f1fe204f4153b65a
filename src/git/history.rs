//! The commits of a branch, one after the other, with what each changed.

use std::rc::Rc;

use crate::git::ChangedPath;
use crate::git::Snapshot;
use crate::git::error::GitError;
use crate::git::repository::Repo;
use crate::git::snapshot::ObjectId;
use crate::git::snapshots::TreeSnapshot;
use crate::git::tree::{self, PathDiff};

/// A commit, and what it changed against its first parent.
pub struct CommitChange {
    /// Its id.
    pub id: ObjectId,
    /// Its first parent; none for the first commit.
    pub parent: Option<ObjectId>,
    /// When it was committed: seconds since 1970, UTC.
    pub seconds: i64,
    /// The first line of its message.
    pub subject: String,
    /// Paths that differ, sorted.
    pub changed: Vec<ChangedPath>,
    repo: Rc<Repo>,
    diffs: Rc<Vec<PathDiff>>,
}

impl CommitChange {
    /// The state before it (none for the first commit) and after it.
    ///
    /// # Errors
    /// Where an object is missing.
    #[expect(clippy::type_complexity, reason = "two snapshots, the first of which may not be there")]
    pub fn sides(&self) -> Result<(Option<Box<dyn Snapshot>>, Box<dyn Snapshot>), GitError> {
        let after = Rc::new(TreeSnapshot::new(&self.repo, self.id)?);
        let before = match self.parent {
            Some(parent) => {
                let before = TreeSnapshot::new(&self.repo, parent)?;
                Some(Box::new(before.before(Rc::clone(&after) as Rc<dyn Snapshot>, &self.diffs)) as Box<dyn Snapshot>)
            }
            None => None,
        };
        Ok((before, Box::new(after)))
    }
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

    fn step(&self, id: ObjectId) -> Result<CommitChange, GitError> {
        let commit = self.repo.commit(&id)?;
        let parent = commit.parents.first().copied();
        let before = parent.map(|parent| self.repo.commit(&parent)).transpose()?;
        let diffs = tree::diff_trees(&self.repo, before.map(|before| before.tree), Some(commit.tree))?;
        Ok(CommitChange {
            id,
            parent,
            seconds: commit.seconds,
            subject: commit.subject,
            changed: diffs.iter().map(PathDiff::changed_path).collect(),
            repo: Rc::clone(&self.repo),
            diffs: Rc::new(diffs),
        })
    }
}

impl Iterator for FirstParents {
    type Item = Result<CommitChange, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next.take()?;
        if self.edge.contains(&id) {
            self.cut = true;
            return None;
        }
        let step = self.step(id);
        if let Ok(step) = &step {
            self.next = step.parent;
        }
        Some(step)
    }
}
