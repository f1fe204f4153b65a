//! A repository, for whoever asks more of it than one change.

use std::path::Path;
use std::rc::Rc;

use crate::git::env::Env;
use crate::git::error::GitError;
use crate::git::history::{FirstParents, WalkedCommit, WalkedSnapshot};
use crate::git::places::real;
use crate::git::repository::Repo;
use crate::git::snapshots::{IndexSnapshot, TreeSnapshot};
use crate::git::worktree::WorktreeSnapshot;
use crate::git::{Change, ChangedPath, ObjectId, ScopeRequest, Snapshot, SnapshotError, Worktree, disk};
use crate::source::RepoPath;

/// A git repository. Everything read through one handle shares its caches.
pub struct Repository {
    repo: Rc<Repo>,
}

impl Repository {
    /// The repository that `cwd` and the environment name, as git would find it.
    ///
    /// # Errors
    /// Where there is none, or where it cannot be read.
    pub fn open(cwd: &Path, env: &Env) -> Result<Self, GitError> {
        Ok(Self { repo: Rc::new(Repo::open(cwd, env)?) })
    }

    /// The root of the working directory; none in a bare repository.
    pub fn root(&self) -> Option<&Path> {
        self.repo.work_tree()
    }

    /// A place on the disk as a path of the repository; none where it lies elsewhere.
    pub fn path_of(&self, place: &Path) -> Option<RepoPath> {
        let place = real(place);
        let root = self.repo.work_tree()?;
        place.starts_with(root).then(|| disk::below(root, &place))
    }

    /// The change that is asked for.
    ///
    /// # Errors
    /// As [`Change::load`].
    pub fn change(&self, request: ScopeRequest) -> Result<Change, GitError> {
        Change::of(&self.repo, request, self.repo.env())
    }

    /// The index.
    ///
    /// # Errors
    /// In a bare repository, during an unresolved merge, or where it cannot be read.
    pub fn index(&self) -> Result<Box<dyn Snapshot>, GitError> {
        Ok(Box::new(IndexSnapshot::new(&self.repo)?))
    }

    /// The working directory.
    ///
    /// # Errors
    /// In a bare repository, or where the index cannot be read.
    pub fn worktree(&self) -> Result<Box<dyn Worktree>, GitError> {
        Ok(Box::new(WorktreeSnapshot::new(&self.repo)?))
    }

    /// The tree of the commit that a name means.
    ///
    /// # Errors
    /// Where the name means no commit, or where the commit is not in this clone.
    pub fn commit(&self, name: &str) -> Result<Box<dyn Snapshot>, GitError> {
        Ok(Box::new(TreeSnapshot::new(&self.repo, self.repo.resolve(name)?)?))
    }

    /// The commits from the one that a name means back to the first, along first parents.
    ///
    /// # Errors
    /// Where the name means no commit.
    pub fn first_parents(&self, name: &str) -> Result<FirstParents, GitError> {
        Ok(FirstParents::new(&self.repo, self.repo.resolve(name)?))
    }

    /// The commit that a name means.
    ///
    /// # Errors
    /// Where the name means no commit.
    pub fn resolve(&self, name: &str) -> Result<ObjectId, GitError> {
        self.repo.resolve(name)
    }

    /// Whether a commit is an ancestor of another, or the same.
    ///
    /// # Errors
    /// Where git cannot say.
    pub fn is_ancestor(&self, one: &ObjectId, of: &ObjectId) -> Result<bool, GitError> {
        Ok(self.repo.merge_base(one, of)?.as_ref() == Some(one))
    }

    /// What a commit changed against its first parent, sorted by path.
    ///
    /// # Errors
    /// Where an object is missing.
    pub fn changed(&self, commit: &WalkedCommit) -> Result<Vec<ChangedPath>, GitError> {
        commit.changed(&self.repo)
    }

    /// The files of a commit. Where those of a neighbour are at hand, they are listed by what lies between the two.
    ///
    /// # Errors
    /// Where an object is missing.
    pub fn snapshot(&self, commit: &ObjectId, near: Option<&WalkedSnapshot>) -> Result<WalkedSnapshot, SnapshotError> {
        WalkedSnapshot::new(&self.repo, *commit, near)
    }

    /// Lets go of trees and texts that nobody holds any more: for whoever reads many commits through one handle.
    pub fn forget(&self) {
        self.repo.forget();
    }
}
