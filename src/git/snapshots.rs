//! The snapshots that git holds: a commit's tree and the index.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::git::error::GitError;
use crate::git::index::{Entry, Index};
use crate::git::repository::Repo;
use crate::git::snapshot::{FileEntry, FileKind, FileList, FileText, ObjectId, Snapshot, SnapshotError};
use crate::git::tree::{self, PathDiff};
use crate::source::RepoPath;

/// A commit's tree.
pub(crate) struct TreeSnapshot {
    repo: Rc<Repo>,
    commit: ObjectId,
    tree: ObjectId,
    near: Option<Near>,
    files: OnceCell<FileList>,
}

/// A snapshot from whose list this one's is made: two neighbours differ in a few files of many.
struct Near {
    other: Rc<dyn Snapshot>,
    distance: Distance,
}

/// What lies between two neighbours.
enum Distance {
    /// From this tree to the neighbour.
    Known(Rc<Vec<PathDiff>>),
    /// To be found by comparing with the neighbour's tree.
    Tree(ObjectId),
}

impl TreeSnapshot {
    /// A commit.
    pub(crate) fn new(repo: &Rc<Repo>, commit: ObjectId) -> Result<Self, GitError> {
        let tree = repo.commit(&commit)?.tree;
        Ok(Self { repo: Rc::clone(repo), commit, tree, near: None, files: OnceCell::new() })
    }

    /// The same beside a snapshot that `diffs` lead to.
    pub(crate) fn before(mut self, after: Rc<dyn Snapshot>, diffs: &Rc<Vec<PathDiff>>) -> Self {
        self.near = Some(Near { other: after, distance: Distance::Known(Rc::clone(diffs)) });
        self
    }

    /// The same beside another commit of the same history.
    pub(crate) fn beside(mut self, other: &Rc<TreeSnapshot>) -> Self {
        let distance = Distance::Tree(other.tree);
        self.near = Some(Near { other: Rc::clone(other) as Rc<dyn Snapshot>, distance });
        self
    }

    /// The same with its files listed by what differs from those of another commit, which it does not hold on to.
    pub(crate) fn after(self, other: &TreeSnapshot) -> Result<Self, SnapshotError> {
        let others = other.files()?;
        let diffs = tree::diff_trees(&self.repo, Some(self.tree), Some(other.tree))?;
        let files = beside(others, &diffs);
        Ok(Self { files: OnceCell::from(files), ..self })
    }

    /// The commit.
    pub(crate) fn commit(&self) -> ObjectId {
        self.commit
    }

    /// Its tree.
    pub(crate) fn tree(&self) -> ObjectId {
        self.tree
    }

    fn list(&self) -> Result<FileList, SnapshotError> {
        let Some(near) = &self.near else { return Ok(FileList::new(tree::list(&self.repo, &self.tree)?)) };
        let diffs = match &near.distance {
            Distance::Known(diffs) => Rc::clone(diffs),
            Distance::Tree(other) => Rc::new(tree::diff_trees(&self.repo, Some(self.tree), Some(*other))?),
        };
        Ok(beside(near.other.files()?, &diffs))
    }
}

/// The files on the side from which `diffs` lead to `others`.
fn beside(others: &FileList, diffs: &[PathDiff]) -> FileList {
    let mut entries = Vec::with_capacity(others.len());
    let mut diffs = diffs.iter().peekable();
    let mine = |diff: &PathDiff| {
        let side = diff.before?;
        Some(FileEntry { path: diff.path.clone(), id: side.id, kind: side.kind() })
    };
    for file in others.iter() {
        while let Some(diff) = diffs.next_if(|diff| diff.path < file.path) {
            entries.extend(mine(diff));
        }
        match diffs.next_if(|diff| diff.path == file.path) {
            Some(diff) => entries.extend(mine(diff)),
            None => entries.push(file.clone()),
        }
    }
    entries.extend(diffs.filter_map(mine));
    FileList::new(entries)
}

/// What a blob or another entry reads as.
pub(crate) fn read_entry(
    repo: &Repo,
    path: &RepoPath,
    id: &ObjectId,
    kind: FileKind,
) -> Result<FileText, SnapshotError> {
    match kind {
        FileKind::Regular => Ok(repo.text(path, id)?),
        FileKind::Symlink => Ok(FileText::Unreadable("the file is a symbolic link".to_owned())),
        FileKind::Submodule => Ok(FileText::Unreadable("this is a submodule".to_owned())),
    }
}

/// What a link holds; none for any other entry, and for one whose text is no path.
pub(crate) fn link_of(
    repo: &Repo,
    path: &RepoPath,
    id: &ObjectId,
    kind: FileKind,
) -> Result<Option<String>, SnapshotError> {
    if kind != FileKind::Symlink {
        return Ok(None);
    }
    Ok(repo.text(path, id)?.text().map(|source| source.text().to_owned()))
}

impl TreeSnapshot {
    fn entry(&self, path: &RepoPath) -> Result<Option<(ObjectId, FileKind)>, SnapshotError> {
        Ok(match self.files.get() {
            Some(files) => files.get(path).map(|file| (file.id, file.kind)),
            None => tree::find(&self.repo, &self.tree, &path.to_bytes())?.map(|side| (side.id, side.kind())),
        })
    }
}

impl Snapshot for TreeSnapshot {
    fn describe(&self) -> String {
        format!("commit {}", short(&self.commit))
    }

    fn id(&self) -> String {
        self.commit.to_string()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files = self.list()?;
        Ok(self.files.get_or_init(|| files))
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        match self.entry(path)? {
            Some((id, kind)) => read_entry(&self.repo, path, &id, kind),
            None => Ok(FileText::Absent),
        }
    }

    fn is_folder(&self, path: &RepoPath) -> Result<bool, SnapshotError> {
        Ok(tree::is_folder(&self.repo, &self.tree, &path.to_bytes())?)
    }

    fn link(&self, path: &RepoPath) -> Result<Option<String>, SnapshotError> {
        match self.entry(path)? {
            Some((id, kind)) => link_of(&self.repo, path, &id, kind),
            None => Ok(None),
        }
    }
}

/// The first digits of an id, as people write it.
pub(crate) fn short(id: &ObjectId) -> String {
    id.to_string().chars().take(7).collect()
}

/// The index: what `git commit` would commit.
pub(crate) struct IndexSnapshot {
    repo: Rc<Repo>,
    index: Rc<Index>,
    files: OnceCell<FileList>,
}

impl IndexSnapshot {
    /// The repository's index.
    pub(crate) fn new(repo: &Rc<Repo>) -> Result<Self, GitError> {
        let index = repo.index()?;
        if let Some((count, first)) = index.unmerged() {
            return Err(GitError::Unmerged { count, first: RepoPath::from_bytes(first).to_string() });
        }
        Ok(Self { repo: Rc::clone(repo), index, files: OnceCell::new() })
    }

    /// The index as it was read.
    pub(crate) fn index(&self) -> &Rc<Index> {
        &self.index
    }
}

/// Whether an entry is part of what would be committed.
fn is_committed(entry: &Entry<'_>) -> bool {
    !entry.intent_to_add()
}

impl Snapshot for IndexSnapshot {
    fn describe(&self) -> String {
        "the index".to_owned()
    }

    fn id(&self) -> String {
        "index".to_owned()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        if self.index.len() > tree::MAX_FILES {
            return Err(GitError::TooMany { what: "the index".to_owned(), limit: tree::MAX_FILES }.into());
        }
        Ok(self.files.get_or_init(|| {
            let entries = self.index.entries().filter(is_committed).map(|entry| FileEntry {
                path: RepoPath::from_bytes(entry.name()),
                id: entry.id(),
                kind: entry.kind(),
            });
            FileList::new(entries.collect())
        }))
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        match self.index.get(&path.to_bytes()).filter(is_committed) {
            Some(entry) => read_entry(&self.repo, path, &entry.id(), entry.kind()),
            None => Ok(FileText::Absent),
        }
    }

    fn is_folder(&self, path: &RepoPath) -> Result<bool, SnapshotError> {
        let mut prefix = path.to_bytes().into_owned();
        prefix.push(b'/');
        Ok(!self.index.with_prefix(&prefix, 0..self.index.len()).is_empty())
    }

    fn link(&self, path: &RepoPath) -> Result<Option<String>, SnapshotError> {
        match self.index.get(&path.to_bytes()).filter(is_committed) {
            Some(entry) => link_of(&self.repo, path, &entry.id(), entry.kind()),
            None => Ok(None),
        }
    }
}
