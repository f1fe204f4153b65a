//! From a scope to a change: the two snapshots, and what differs.

use std::path::Path;
use std::rc::Rc;

use crate::git::base::{self, Resolved, Wanted};
use crate::git::env::Env;
use crate::git::error::GitError;
use crate::git::repository::Repo;
use crate::git::snapshot::{FileEntry, FileList, ObjectId, Snapshot};
use crate::git::snapshots::{IndexSnapshot, TreeSnapshot, short};
use crate::git::tree::{self, PathDiff, Side};
use crate::git::worktree::WorktreeSnapshot;
use crate::git::{Change, ChangedPath, Scope, Worktree};

/// What a caller asks to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeRequest {
    /// Nothing was said: pre-commit's range, the CI event's, or what is staged.
    Automatic,
    /// This.
    Given(Scope),
}

/// A snapshot that may not be there.
type MaybeSnapshot = Option<Box<dyn Snapshot>>;

impl Change {
    /// Loads the change that is asked for, from the repository that `cwd` and the environment name.
    ///
    /// # Errors
    /// Where there is no repository, where git or the disk cannot say, or where the base is not in this clone.
    pub fn load(request: ScopeRequest, cwd: &Path, env: &Env) -> Result<Self, GitError> {
        Self::of(&Rc::new(Repo::open(cwd, env)?), request, env)
    }

    pub(crate) fn of(repo: &Rc<Repo>, request: ScopeRequest, env: &Env) -> Result<Self, GitError> {
        let Resolved { scope, by, base } = match request {
            ScopeRequest::Automatic => base::resolve(repo, env)?,
            ScopeRequest::Given(scope) => {
                let by = described(&scope);
                Resolved { scope, by, base: Wanted::default() }
            }
        };
        match &scope {
            Scope::Staged => Self::staged(repo, by),
            Scope::Worktree => Self::worktree(repo, by),
            Scope::All { at: None } => Self::index_state(repo, by),
            Scope::All { at: Some(name) } => {
                let after = Rc::new(TreeSnapshot::new(repo, repo.resolve(name)?)?);
                let diffs = tree::diff_trees(repo, None, Some(after.tree()))?;
                Ok(Self::new(scope, None, Box::new(after), None, &diffs, None, by))
            }
            Scope::Base { reference } => {
                let head = repo.head()?;
                let head = head.ok_or_else(|| GitError::UnknownRevision { name: "HEAD".to_owned(), shallow: false })?;
                let reference = reference.clone();
                Self::range(repo, scope, (&reference, "HEAD"), head, &base, by)
            }
            Scope::Range { from, to } => {
                let (from, to) = (from.clone(), to.clone());
                let tip = repo.resolve(&to)?;
                Self::range(repo, scope, (&from, &to), tip, &base, by)
            }
        }
    }

    fn new(
        scope: Scope,
        before: Option<Box<dyn Snapshot>>,
        after: Box<dyn Snapshot>,
        base_tip: Option<Box<dyn Snapshot>>,
        diffs: &[PathDiff],
        worktree: Option<Box<dyn Worktree>>,
        resolved_by: String,
    ) -> Self {
        let changed: Vec<ChangedPath> = diffs.iter().map(PathDiff::changed_path).collect();
        Self { scope, before, after, base_tip, changed, worktree, resolved_by }
    }

    /// HEAD, where there is a commit.
    fn head(repo: &Rc<Repo>) -> Result<Option<TreeSnapshot>, GitError> {
        repo.head()?.map(|head| TreeSnapshot::new(repo, head)).transpose()
    }

    fn staged(repo: &Rc<Repo>, by: String) -> Result<Self, GitError> {
        let after = Rc::new(IndexSnapshot::new(repo)?);
        let head = Self::head(repo)?;
        let diffs = Rc::new(tree::diff_tree_to_index(repo, head.as_ref().map(TreeSnapshot::tree), after.index())?);
        let (before, base_tip) = Self::beside(repo, head, &after, &diffs)?;
        let worktree = beside_index(repo)?;
        Ok(Self::new(Scope::Staged, before, Box::new(after), base_tip, &diffs, worktree, by))
    }

    fn index_state(repo: &Rc<Repo>, by: String) -> Result<Self, GitError> {
        let after = IndexSnapshot::new(repo)?;
        let diffs = tree::diff_tree_to_index(repo, None, after.index())?;
        let worktree = beside_index(repo)?;
        Ok(Self::new(Scope::All { at: None }, None, Box::new(after), None, &diffs, worktree, by))
    }

    fn worktree(repo: &Rc<Repo>, by: String) -> Result<Self, GitError> {
        let after = Rc::new(WorktreeSnapshot::new(repo)?);
        let head = Self::head(repo)?;
        let old = head.as_ref().map(|head| tree::list(repo, &head.tree())).transpose()?.unwrap_or_default();
        let diffs = Rc::new(diff_lists(&FileList::new(old), after.list()?));
        let (before, base_tip) = Self::beside(repo, head, &after, &diffs)?;
        let beside: Box<dyn Worktree> = Box::new(Rc::clone(&after));
        Ok(Self::new(Scope::Worktree, before, Box::new(after), base_tip, &diffs, Some(beside), by))
    }

    /// HEAD as the state before, and the tip of the default branch where that is another commit: what is on a branch of
    /// one's own only may still be edited, so what is merged already has to be known.
    fn beside<T: Snapshot + 'static>(
        repo: &Rc<Repo>,
        head: Option<TreeSnapshot>,
        after: &Rc<T>,
        diffs: &Rc<Vec<PathDiff>>,
    ) -> Result<(MaybeSnapshot, MaybeSnapshot), GitError> {
        let Some(head) = head else { return Ok((None, None)) };
        let commit = head.commit();
        let before = Rc::new(head.before(Rc::clone(after) as Rc<dyn Snapshot>, diffs));
        // Nothing asks for it where nothing changed, and most commits change nothing that matters.
        let tip = if diffs.is_empty() { None } else { base::default_branch(repo) }.filter(|tip| *tip != commit);
        let tip = tip.map(|tip| TreeSnapshot::new(repo, tip)).transpose()?;
        let tip = tip.map(|tip| Box::new(tip.beside(&before)) as Box<dyn Snapshot>);
        Ok((Some(Box::new(before)), tip))
    }

    /// From the merge base of `from` and `tip` to `tip`.
    fn range(
        repo: &Rc<Repo>,
        scope: Scope,
        (from, to): (&str, &str),
        tip: ObjectId,
        wanted: &Wanted,
        by: String,
    ) -> Result<Self, GitError> {
        let shallow = repo.is_shallow();
        let help = || {
            if !wanted.help.is_empty() {
                wanted.help.clone()
            } else if shallow {
                "get more history with `git fetch --deepen=50`, or all of it with `git fetch --unshallow`".to_owned()
            } else {
                "name a commit that both share: `driftgate check --from COMMIT --to HEAD`".to_owned()
            }
        };
        let missing = |name: String| GitError::MissingBase { wanted: name, shallow, help: help() };
        let start = match repo.resolve(from) {
            Ok(start) => start,
            Err(GitError::UnknownRevision { .. }) if !wanted.name.is_empty() => {
                return Err(missing(wanted.name.clone()));
            }
            Err(error) => return Err(error),
        };
        let base = match repo.merge_base(&start, &tip)? {
            Some(base) => base,
            None if wanted.without_merge_base && !shallow => start,
            None => {
                return Err(GitError::NoMergeBase { from: from.to_owned(), to: to.to_owned(), shallow, help: help() });
            }
        };
        let after = Rc::new(TreeSnapshot::new(repo, tip)?);
        let before = TreeSnapshot::new(repo, base).map_err(|error| match error {
            GitError::MissingObject { kind: "commit", .. } => missing(format!("the base commit {}", short(&base))),
            other => other,
        })?;
        let diffs = Rc::new(tree::diff_trees(repo, Some(before.tree()), Some(after.tree()))?);
        let before = Rc::new(before.before(Rc::clone(&after) as Rc<dyn Snapshot>, &diffs));
        let base_tip = if start == base {
            None
        } else {
            Some(Box::new(TreeSnapshot::new(repo, start)?.beside(&before)) as Box<dyn Snapshot>)
        };
        Ok(Self::new(scope, Some(Box::new(before)), Box::new(after), base_tip, &diffs, None, by))
    }
}

/// What differs between two lists.
fn diff_lists(old: &FileList, new: &FileList) -> Vec<PathDiff> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let side = |file: &FileEntry| Side { id: file.id, mode: tree::mode_of_kind(file.kind) };
    let mut diffs = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return diffs,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.path.cmp(&b.path),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        let (a, b) = (before.map(side), after.map(side));
        if let Some(file) = after.or(before).filter(|_| a != b) {
            diffs.push(PathDiff { path: file.path.clone(), before: a, after: b });
        }
    }
}

/// The working directory beside the index; none in a bare repository with an index of its own.
fn beside_index(repo: &Rc<Repo>) -> Result<Option<Box<dyn Worktree>>, GitError> {
    if repo.work_tree().is_none() {
        return Ok(None);
    }
    Ok(Some(Box::new(WorktreeSnapshot::new(repo)?)))
}

/// How a scope that was asked for is described.
fn described(scope: &Scope) -> String {
    match scope {
        Scope::Staged => "--staged".to_owned(),
        Scope::Worktree => "--worktree".to_owned(),
        Scope::Base { reference } => format!("--base {reference}"),
        Scope::Range { from, to } => format!("--from {from} --to {to}"),
        Scope::All { at: None } => "--all".to_owned(),
        Scope::All { at: Some(at) } => format!("--all --at {at}"),
    }
}
