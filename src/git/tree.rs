//! Tree objects: reading them, and what differs between two of them or between one and the index.
//!
//! libgit2's own comparison walks every tree of both sides; this one never opens a folder whose tree id is the same on
//! both, so its cost is that of the change and not that of the repository.

use std::cmp::Ordering;
use std::ops::Range;

use crate::git::ChangedPath;
use crate::git::error::GitError;
use crate::git::index::{CacheTree, Index, NodeId, kind_of_mode};
use crate::git::repository::Repo;
use crate::git::snapshot::{FileEntry, FileKind, ObjectId};
use crate::source::RepoPath;

/// Folders nested deeper than this are not read.
const MAX_DEPTH: usize = 1024;
/// More files than this are never listed: trees that hold each other many times can announce any number, and each takes
/// some hundred bytes. The largest public repositories have half as many.
pub(crate) const MAX_FILES: usize = 1_000_000;
/// More paths than this never make a change.
const MAX_CHANGED: usize = 300_000;
/// About what an entry takes beside its id: mode, blank, name, NUL.
const SHORT_ENTRY: usize = 16;
/// The mode of a folder.
const FOLDER: u32 = 0o040_000;

/// An entry of a tree.
pub(crate) struct TreeEntry {
    /// Git's mode.
    pub(crate) mode: u32,
    /// The object.
    pub(crate) id: ObjectId,
    name: Range<usize>,
}

impl TreeEntry {
    /// Whether it is a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == FOLDER
    }
}

/// A tree object, read.
pub(crate) struct Tree {
    data: Vec<u8>,
    entries: Vec<TreeEntry>,
}

impl Tree {
    /// Reads a tree: `mode name NUL id`, again and again. The error is a reason.
    pub(crate) fn parse(data: Vec<u8>, hash_len: usize) -> Result<Self, &'static str> {
        let mut entries = Vec::with_capacity(data.len() / (hash_len + SHORT_ENTRY));
        let mut at = 0;
        while at < data.len() {
            let (mode, name) = mode(&data[at..])?;
            let name = at + name;
            let mut end = name;
            loop {
                match data.get(end) {
                    None => return Err("a name has no end"),
                    Some(0) => break,
                    Some(b'/') => return Err("a name holds a slash"),
                    Some(_) => end += 1,
                }
            }
            if name == end {
                return Err("an entry has no name");
            }
            let id = data.get(end + 1..end + 1 + hash_len).ok_or("it ends inside an id")?;
            entries.push(TreeEntry { mode, id: ObjectId::new(id), name: name..end });
            at = end + 1 + hash_len;
        }
        Ok(Self { data, entries })
    }

    /// The entries, in git's order: as if the names of folders ended in a slash.
    pub(crate) fn entries(&self) -> &[TreeEntry] {
        &self.entries
    }

    /// An entry's name.
    pub(crate) fn name(&self, entry: &TreeEntry) -> &[u8] {
        self.data.get(entry.name.clone()).unwrap_or_default()
    }

    /// The entry of that name.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&TreeEntry> {
        self.entries.iter().find(|entry| self.name(entry) == name)
    }
}

/// The mode that a text begins with, and the offset of what follows its blank.
fn mode(text: &[u8]) -> Result<(u32, usize), &'static str> {
    let mut mode: u32 = 0;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b' ' if at > 0 => return Ok((mode, at + 1)),
            b'0'..=b'7' if mode >> 29 == 0 => mode = (mode << 3) | u32::from(byte - b'0'),
            _ => return Err("a mode is no number"),
        }
    }
    Err("an entry has no name")
}

/// How git orders two entries of a tree: as if the names of folders ended in a slash, which no name holds.
fn order((a, a_folder): (&[u8], bool), (b, b_folder): (&[u8], bool)) -> Ordering {
    let shared = a.len().min(b.len());
    let next = |name: &[u8], folder: bool| name.get(shared).copied().or(folder.then_some(b'/'));
    a[..shared].cmp(&b[..shared]).then_with(|| next(a, a_folder).cmp(&next(b, b_folder)))
}

/// The mode of a sort of file.
pub(crate) fn mode_of_kind(kind: FileKind) -> u32 {
    match kind {
        FileKind::Regular => 0o100_644,
        FileKind::Symlink => 0o120_000,
        FileKind::Submodule => 0o160_000,
    }
}

/// One side of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Side {
    /// The object.
    pub(crate) id: ObjectId,
    /// Git's mode.
    pub(crate) mode: u32,
}

impl Side {
    /// The sort of file.
    pub(crate) fn kind(self) -> FileKind {
        kind_of_mode(self.mode)
    }

    /// Whether it is the same content as another; whether it can be executed is no content.
    fn is_like(self, other: Self) -> bool {
        self.id == other.id && self.kind() == other.kind()
    }
}

/// A path whose content differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathDiff {
    /// The path.
    pub(crate) path: RepoPath,
    /// Before; none where it was added.
    pub(crate) before: Option<Side>,
    /// After; none where it was deleted.
    pub(crate) after: Option<Side>,
}

impl PathDiff {
    /// As the world outside this room sees it.
    pub(crate) fn changed_path(&self) -> ChangedPath {
        ChangedPath {
            path: self.path.clone(),
            before: self.before.map(|side| side.id),
            after: self.after.map(|side| side.id),
        }
    }
}

/// Sorts and joins what is about one path: a file that became a folder's sibling can be met twice.
fn settle(mut found: Vec<PathDiff>) -> Vec<PathDiff> {
    if !found.is_sorted_by(|a, b| a.path <= b.path) {
        found.sort_by(|a, b| a.path.cmp(&b.path));
    }
    found.dedup_by(|later, first| {
        let same = later.path == first.path;
        if same {
            first.before = first.before.or(later.before);
            first.after = first.after.or(later.after);
        }
        same
    });
    found.retain(|diff| !is_same(diff.before, diff.after));
    found
}

/// Whether two sides hold the same content, or both hold none.
fn is_same(before: Option<Side>, after: Option<Side>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => before.is_like(after),
        (None, None) => true,
        _ => false,
    }
}

/// Walks trees, keeping the path to where it stands.
struct Walk<'a> {
    repo: &'a Repo,
    path: Vec<u8>,
    depth: usize,
    found: Vec<PathDiff>,
}

/// Which side of a difference a walk fills.
#[derive(Clone, Copy)]
enum Half {
    Before,
    After,
}

impl<'a> Walk<'a> {
    fn new(repo: &'a Repo) -> Self {
        Self { repo, path: Vec::new(), depth: 0, found: Vec::new() }
    }

    /// Does something inside the folder `name`.
    fn inside<T>(&mut self, name: &[u8], act: impl FnOnce(&mut Self) -> Result<T, GitError>) -> Result<T, GitError> {
        if self.depth >= MAX_DEPTH {
            return Err(GitError::TooMany { what: "a path".to_owned(), limit: MAX_DEPTH });
        }
        let len = self.path.len();
        self.path.extend_from_slice(name);
        self.path.push(b'/');
        self.depth += 1;
        let result = act(self);
        self.depth -= 1;
        self.path.truncate(len);
        result
    }

    fn push(&mut self, name: &[u8], before: Option<Side>, after: Option<Side>) -> Result<(), GitError> {
        if is_same(before, after) {
            return Ok(());
        }
        if self.found.len() >= MAX_CHANGED {
            return Err(GitError::TooMany { what: "the change".to_owned(), limit: MAX_CHANGED });
        }
        let len = self.path.len();
        self.path.extend_from_slice(name);
        self.found.push(PathDiff { path: RepoPath::from_bytes(&self.path), before, after });
        self.path.truncate(len);
        Ok(())
    }

    /// Everything in an entry of a tree, on one side.
    fn one_sided(&mut self, tree: &Tree, entry: &TreeEntry, half: Half) -> Result<(), GitError> {
        let name = tree.name(entry);
        if entry.is_folder() {
            let below = self.repo.tree(&entry.id)?;
            return self
                .inside(name, |walk| below.entries().iter().try_for_each(|entry| walk.one_sided(&below, entry, half)));
        }
        let side = Some(Side { id: entry.id, mode: entry.mode });
        match half {
            Half::Before => self.push(name, side, None),
            Half::After => self.push(name, None, side),
        }
    }

    /// The files of an entry of a tree.
    fn list(&mut self, tree: &Tree, entry: &TreeEntry, found: &mut Vec<FileEntry>) -> Result<(), GitError> {
        let name = tree.name(entry);
        if entry.is_folder() {
            let below = self.repo.tree(&entry.id)?;
            return self
                .inside(name, |walk| below.entries().iter().try_for_each(|entry| walk.list(&below, entry, found)));
        }
        if found.len() >= MAX_FILES {
            return Err(GitError::TooMany { what: "a commit".to_owned(), limit: MAX_FILES });
        }
        let path = RepoPath::from_bytes(&[&self.path, name].concat());
        found.push(FileEntry { path, id: entry.id, kind: kind_of_mode(entry.mode) });
        Ok(())
    }

    fn two_trees(&mut self, before: &Tree, after: &Tree) -> Result<(), GitError> {
        let (mut old, mut new) = (before.entries().iter().peekable(), after.entries().iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => order((before.name(a), a.is_folder()), (after.name(b), b.is_folder())),
            };
            let a = if order.is_le() { old.next() } else { None };
            let b = if order.is_ge() { new.next() } else { None };
            match (a, b) {
                (Some(a), Some(b)) if a.is_folder() => {
                    if a.id != b.id {
                        let (left, right) = (self.repo.tree(&a.id)?, self.repo.tree(&b.id)?);
                        self.inside(before.name(a), |walk| walk.two_trees(&left, &right))?;
                    }
                }
                (Some(a), Some(b)) => {
                    let side = |entry: &TreeEntry| Some(Side { id: entry.id, mode: entry.mode });
                    self.push(before.name(a), side(a), side(b))?;
                }
                (Some(a), None) => self.one_sided(before, a, Half::Before)?,
                (None, Some(b)) => self.one_sided(after, b, Half::After)?,
                (None, None) => return Ok(()),
            }
        }
    }

    /// A tree against the entries `within`, which all begin with the path where the walk stands.
    fn tree_and_index(
        &mut self,
        tree: Option<&Tree>,
        index: &Index,
        within: Range<usize>,
        node: Option<NodeId>,
    ) -> Result<(), GitError> {
        let known = index.known_folders(node);
        let mut old = tree.map(Tree::entries).unwrap_or_default().iter().peekable();
        let mut at = within.start;
        loop {
            let entry = if at < within.end { index.entry(at) } else { None };
            // The part of the entry's name that belongs to this folder, and whether it names a folder below.
            let new = entry.map(|entry| {
                let rest = entry.name().get(self.path.len()..).unwrap_or_default();
                match rest.iter().position(|&byte| byte == b'/') {
                    Some(slash) => (&rest[..slash], true, entry),
                    None => (rest, false, entry),
                }
            });
            let order = match (old.peek(), new, tree) {
                (Some(a), Some((name, folder, _)), Some(tree)) => order((tree.name(a), a.is_folder()), (name, folder)),
                (Some(_), None, _) => Ordering::Less,
                (_, Some(_), _) => Ordering::Greater,
                (None, None, _) => return Ok(()),
            };
            let before = if order.is_le() { old.next().zip(tree) } else { None };
            let Some((name, folder, entry)) = new.filter(|_| order.is_ge()) else {
                if let Some((entry, tree)) = before {
                    self.one_sided(tree, entry, Half::Before)?;
                }
                continue;
            };
            if !folder {
                at += 1;
                let side = |entry: &TreeEntry| Side { id: entry.id, mode: entry.mode };
                // What `git add -N` left has no content: git commits nothing of it.
                let after = Some(Side { id: entry.id(), mode: entry.mode() }).filter(|_| !entry.intent_to_add());
                self.push(name, before.map(|(entry, _)| side(entry)), after)?;
                continue;
            }
            let child = known.get(name).copied();
            let cached = child.and_then(|child| index.cache_tree()?.tree(child));
            if let (Some((id, span)), Some((entry, _))) = (cached, before)
                && id == entry.id
                && span > 0
                && at + span <= within.end
            {
                at += span;
                continue;
            }
            let mut prefix = self.path.clone();
            prefix.extend_from_slice(name);
            prefix.push(b'/');
            let below = index.with_prefix(&prefix, at..within.end);
            at = below.end.max(at + 1);
            let tree = before.map(|(entry, _)| self.repo.tree(&entry.id)).transpose()?;
            self.inside(name, |walk| walk.tree_and_index(tree.as_deref(), index, below, child))?;
        }
    }
}

/// What differs between two trees; none is a tree without entries.
pub(crate) fn diff_trees(
    repo: &Repo,
    before: Option<ObjectId>,
    after: Option<ObjectId>,
) -> Result<Vec<PathDiff>, GitError> {
    if before == after {
        return Ok(Vec::new());
    }
    let mut walk = Walk::new(repo);
    let read = |id: Option<ObjectId>| id.map(|id| repo.tree(&id)).transpose();
    match (read(before)?, read(after)?) {
        (Some(before), Some(after)) => walk.two_trees(&before, &after)?,
        (Some(tree), None) => tree.entries().iter().try_for_each(|e| walk.one_sided(&tree, e, Half::Before))?,
        (None, Some(tree)) => tree.entries().iter().try_for_each(|e| walk.one_sided(&tree, e, Half::After))?,
        (None, None) => {}
    }
    Ok(settle(walk.found))
}

/// What differs between a tree (none is one without entries) and the index.
///
/// Folders that the index knows to be the same tree are skipped as a whole, as git itself does
/// (`traverse_by_cache_tree` in `unpack-trees.c`).
pub(crate) fn diff_tree_to_index(
    repo: &Repo,
    before: Option<ObjectId>,
    index: &Index,
) -> Result<Vec<PathDiff>, GitError> {
    let root = index.cache_tree().and_then(CacheTree::root);
    let known = root.and_then(|root| index.cache_tree()?.tree(root));
    if let (Some((id, span)), Some(before)) = (known, before)
        && id == before
        && span == index.len()
    {
        return Ok(Vec::new());
    }
    let tree = before.map(|id| repo.tree(&id)).transpose()?;
    let mut walk = Walk::new(repo);
    walk.tree_and_index(tree.as_deref(), index, 0..index.len(), root)?;
    Ok(settle(walk.found))
}

/// All files of a tree.
pub(crate) fn list(repo: &Repo, tree: &ObjectId) -> Result<Vec<FileEntry>, GitError> {
    let mut walk = Walk::new(repo);
    let mut found = Vec::new();
    let root = repo.tree(tree)?;
    root.entries().iter().try_for_each(|entry| walk.list(&root, entry, &mut found))?;
    Ok(found)
}

/// The entry at a path below a tree; none where there is none or where it is a folder.
pub(crate) fn find(repo: &Repo, tree: &ObjectId, path: &[u8]) -> Result<Option<Side>, GitError> {
    let mut id = *tree;
    let mut parts = path.split(|&byte| byte == b'/').peekable();
    while let Some(part) = parts.next() {
        let tree = repo.tree(&id)?;
        let Some(entry) = tree.get(part) else { return Ok(None) };
        match (entry.is_folder(), parts.peek().is_some()) {
            (true, true) => id = entry.id,
            (false, false) => return Ok(Some(Side { id: entry.id, mode: entry.mode })),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Whether a tree holds a folder at that path.
pub(crate) fn is_folder(repo: &Repo, tree: &ObjectId, path: &[u8]) -> Result<bool, GitError> {
    let mut id = *tree;
    for part in path.split(|&byte| byte == b'/') {
        match repo.tree(&id)?.get(part) {
            Some(entry) if entry.is_folder() => id = entry.id,
            _ => return Ok(false),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn trees_are_read_and_broken_ones_refused() {
        let mut data = b"100644 a.sql\0".to_vec();
        data.extend([1; 20]);
        data.extend(b"40000 dir\0");
        data.extend([2; 20]);
        let tree = Tree::parse(data.clone(), 20).unwrap();
        let names: Vec<_> = tree.entries().iter().map(|e| (tree.name(e), e.is_folder())).collect();
        assert_eq!(names, [(b"a.sql".as_slice(), false), (b"dir".as_slice(), true)]);
        assert_eq!(tree.get(b"dir").map(|entry| entry.id), Some(ObjectId::new(&[2; 20])));
        assert_eq!(Tree::parse(data[..data.len() - 1].to_vec(), 20).err(), Some("it ends inside an id"));
        assert_eq!(Tree::parse(b"100644 a/b\0".to_vec(), 20).err(), Some("a name holds a slash"));
        assert_eq!(Tree::parse(b"100644 \0".to_vec(), 20).err(), Some("an entry has no name"));
        assert_eq!(Tree::parse(b"100644".to_vec(), 20).err(), Some("an entry has no name"));
        assert_eq!(Tree::parse(b"100644 a".to_vec(), 20).err(), Some("a name has no end"));
        for text in [&b"10064x a\0"[..], b" a\0", b"777777777777 a\0"] {
            assert_eq!(Tree::parse(text.to_vec(), 20).err(), Some("a mode is no number"));
        }
    }

    proptest! {
        #[test]
        fn entries_stand_in_the_order_of_their_names_with_a_slash_behind_folders(
            a in "[a.-]{1,3}", b in "[a.-]{1,3}", a_folder: bool, b_folder: bool
        ) {
            let spelt = |name: &str, folder: bool| if folder { format!("{name}/") } else { name.to_owned() };
            let expected = spelt(&a, a_folder).as_bytes().cmp(spelt(&b, b_folder).as_bytes());
            prop_assert_eq!(order((a.as_bytes(), a_folder), (b.as_bytes(), b_folder)), expected);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(tree) = Tree::parse(data, 20) {
                for entry in tree.entries() {
                    prop_assert!(!tree.name(entry).is_empty());
                }
            }
        }
    }
}
