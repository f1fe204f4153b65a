//! Snapshots: immutable, readable file trees.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::{NotText, RepoPath, Source};

/// The id of a blob: raw bytes of SHA-1 (20) or SHA-256 (32). For files of the working directory and for in-memory
/// snapshots it is a hash of the content, comparable within that snapshot only unless git computed it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    bytes: [u8; 32],
    len: u8,
}

impl ObjectId {
    /// An id from raw bytes; what is longer than 32 bytes is cut.
    pub fn new(raw: &[u8]) -> Self {
        let mut bytes = [0; 32];
        let len = raw.len().min(32);
        bytes[..len].copy_from_slice(&raw[..len]);
        Self { bytes, len: u8::try_from(len).unwrap_or(32) }
    }

    /// An id from hexadecimal text.
    pub fn from_hex(hex: &str) -> Option<Self> {
        if !hex.len().is_multiple_of(2) || hex.len() > 64 || !hex.is_ascii() {
            return None;
        }
        let raw: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect();
        Some(Self::new(&raw?))
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len as usize]
    }

    /// Whether it is git's null id.
    pub fn is_zero(&self) -> bool {
        self.as_bytes().iter().all(|&byte| byte == 0)
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// What sort of file an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file, executable or not.
    Regular,
    /// A symbolic link. Reading it gives no text; where it leads in the snapshot is for `links::follow` to say.
    Symlink,
    /// A submodule's commit.
    Submodule,
}

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Where.
    pub path: RepoPath,
    /// Its content's id.
    pub id: ObjectId,
    /// Its sort.
    pub kind: FileKind,
}

/// The files of a snapshot, sorted by path (bytewise, as git sorts the index). A clone is the same list.
#[derive(Debug, Clone, Default)]
pub struct FileList {
    entries: Arc<Vec<FileEntry>>,
}

impl FileList {
    /// A list; it is sorted here.
    pub fn new(mut entries: Vec<FileEntry>) -> Self {
        if !entries.is_sorted_by(|a, b| a.path <= b.path) {
            entries.sort_by(|a, b| a.path.cmp(&b.path));
        }
        // A tree that git would not have written may hold a name twice.
        entries.dedup_by(|later, first| later.path == first.path);
        Self { entries: Arc::new(entries) }
    }

    /// The submodule that a folder is, lies in or holds: what is in it is another repository's.
    pub fn submodule_of(&self, dir: &RepoPath) -> Option<&FileEntry> {
        let is_submodule = |entry: &&FileEntry| entry.kind == FileKind::Submodule;
        let mut above = std::iter::successors(Some(dir.clone()), RepoPath::parent);
        above.find_map(|path| self.get(&path).filter(is_submodule)).or_else(|| self.under(dir).find(is_submodule))
    }

    /// All files.
    pub fn iter(&self) -> impl Iterator<Item = &FileEntry> {
        self.entries.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The file at exactly that path.
    pub fn get(&self, path: &RepoPath) -> Option<&FileEntry> {
        self.entries.binary_search_by(|entry| entry.path.cmp(path)).ok().map(|at| &self.entries[at])
    }

    /// The files below a folder (not the file of that name itself); the root gives all.
    pub fn under<'a>(&'a self, dir: &RepoPath) -> impl Iterator<Item = &'a FileEntry> + use<'a> {
        let prefix = if dir.is_root() { String::new() } else { format!("{}/", dir.as_str()) };
        let start = self.entries.partition_point(|entry| entry.path.as_str() < prefix.as_str());
        self.entries[start..].iter().take_while(move |entry| entry.path.as_str().starts_with(&prefix))
    }

    /// Whether a folder of that name holds any file.
    pub fn has_dir(&self, dir: &RepoPath) -> bool {
        self.under(dir).next().is_some()
    }
}

/// Why a snapshot could not be read. None of these is ever taken for "there is no such file".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Git or the disk failed; the message says what was wanted and how to get it.
    #[error("{message}")]
    Unavailable {
        /// What failed.
        message: String,
        /// The command or setting that mends it, where there is one.
        help: Option<String>,
    },
}

/// What reading one file gives.
#[derive(Debug, Clone)]
pub enum FileText {
    /// There is no such file in the snapshot.
    Absent,
    /// Its text.
    Text(Arc<Source>),
    /// It is there and not a text that can be read: too large, not UTF-8, a symlink, a submodule.
    Unreadable(String),
}

impl FileText {
    /// The text, where there is one.
    pub fn text(self) -> Option<Arc<Source>> {
        match self {
            Self::Text(source) => Some(source),
            _ => None,
        }
    }
}

impl From<Result<Arc<Source>, NotText>> for FileText {
    fn from(result: Result<Arc<Source>, NotText>) -> Self {
        match result {
            Ok(source) => Self::Text(source),
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }
}

/// An immutable, readable file tree.
pub trait Snapshot {
    /// What it is, for messages: `the index`, `commit 1a2b3c4`, `the working directory`.
    fn describe(&self) -> String;

    /// The word or hexadecimal id in JSON: `index`, `worktree`, an object id.
    fn id(&self) -> String;

    /// All files, listed once and kept.
    ///
    /// # Errors
    /// Where git or the disk cannot say.
    fn files(&self) -> Result<&FileList, SnapshotError>;

    /// The text of one file. The same text is read once and kept by the object id where the repository can.
    ///
    /// # Errors
    /// Where git or the disk cannot say; a file that is not there is [`FileText::Absent`].
    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError>;

    /// Whether that path is a folder; answered without a list of all files where that can be.
    ///
    /// # Errors
    /// Where git or the disk cannot say.
    fn is_folder(&self, path: &RepoPath) -> Result<bool, SnapshotError> {
        Ok(self.files()?.has_dir(path))
    }

    /// What a symbolic link holds, as it is written; none where the path is no link.
    ///
    /// # Errors
    /// Where git or the disk cannot say.
    fn link(&self, path: &RepoPath) -> Result<Option<String>, SnapshotError> {
        let _ = path;
        Ok(None)
    }
}

impl<T: Snapshot + ?Sized> Snapshot for std::rc::Rc<T> {
    fn describe(&self) -> String {
        (**self).describe()
    }

    fn id(&self) -> String {
        (**self).id()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        (**self).files()
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        (**self).read(path)
    }

    fn is_folder(&self, path: &RepoPath) -> Result<bool, SnapshotError> {
        (**self).is_folder(path)
    }

    fn link(&self, path: &RepoPath) -> Result<Option<String>, SnapshotError> {
        (**self).link(path)
    }
}

/// A snapshot made of texts: for tests, and for comparing files without a repository.
#[derive(Debug, Default)]
pub struct MemorySnapshot {
    name: String,
    files: FileList,
    texts: BTreeMap<RepoPath, Arc<Source>>,
}

impl MemorySnapshot {
    /// A snapshot of these files.
    pub fn new<P: AsRef<str>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let texts: BTreeMap<RepoPath, Arc<Source>> = files
            .into_iter()
            .map(|(path, text)| {
                let path = RepoPath::new(path);
                (path.clone(), Source::new(path, text))
            })
            .collect();
        let entries = texts
            .iter()
            .map(|(path, source)| FileEntry {
                path: path.clone(),
                id: ObjectId::new(&fingerprint(source.text().as_bytes()).to_be_bytes()),
                kind: FileKind::Regular,
            })
            .collect();
        Self { name: "memory".to_owned(), files: FileList::new(entries), texts }
    }
}

impl Snapshot for MemorySnapshot {
    fn describe(&self) -> String {
        self.name.clone()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        Ok(&self.files)
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        Ok(self.texts.get(path).cloned().map_or(FileText::Absent, FileText::Text))
    }
}

/// FNV-1a, 64 bits: a stable fingerprint of bytes, the same on every machine and in every run. Not for security.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
