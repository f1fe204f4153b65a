//! Finding and reading the repository's modules.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::parse::{MAX_ALL_TOKENS, ParsedFile};
use crate::git::snapshot::FileText;
use crate::git::{FileList, Snapshot, SnapshotError};
use crate::source::RepoPath;

/// Where an interpreter finds the repository's modules.
pub trait Modules {
    /// The folders from which absolute imports start, in order.
    fn roots(&self) -> &[RepoPath];

    /// The file at that path, parsed; none where there is none.
    fn file(&self, path: &RepoPath) -> Option<Arc<ParsedFile>>;

    /// Whether there is a file at that path.
    fn is_file(&self, path: &RepoPath) -> bool;

    /// Whether a folder of that name holds any Python file, however deep.
    fn is_dir(&self, path: &RepoPath) -> bool;

    /// Every Python file below a folder, however deep, sorted by path.
    fn files_under(&self, path: &RepoPath) -> Vec<RepoPath>;

    /// What an absolute dotted name means.
    fn find(&self, dotted: &str) -> Option<Found> {
        find(self, dotted)
    }

    /// The text of another file, for code that reads it; none where it may not be read, or there is none.
    fn text(&self, path: &RepoPath) -> Option<String> {
        let _ = path;
        None
    }

    /// The names of the files and folders in a folder, for code that lists it; none where they are not all known.
    fn names_in(&self, path: &RepoPath) -> Option<Vec<String>> {
        let _ = path;
        None
    }

    /// The module that declares a library's name, and the name there, where what the library declares matters.
    fn excerpt_of(&self, path: &str) -> Option<(RepoPath, &'static str)> {
        let _ = path;
        None
    }

    /// Whether a module holds only some of what its package has: a name that it lacks is the package's all the same.
    fn is_excerpt(&self, path: &RepoPath) -> bool {
        let _ = path;
        false
    }
}

/// What an absolute dotted name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A module or package with that file.
    File(RepoPath),
    /// A folder without `__init__.py`.
    Namespace(RepoPath),
}

impl Found {
    /// The folder of a package's modules; none of a module that is a file.
    pub(crate) fn package(self) -> Option<RepoPath> {
        match self {
            Self::File(path) if path.file_name() == "__init__.py" => Some(path.parent().unwrap_or_default()),
            Self::File(_) => None,
            Self::Namespace(dir) => Some(dir),
        }
    }
}

/// Finds a module below a folder (`root` joined with the dotted name).
pub(crate) fn find_in<M: Modules + ?Sized>(modules: &M, root: &RepoPath, dotted: &str) -> Option<Found> {
    let base = root.join(&dotted.replace('.', "/"));
    let package = base.join("__init__.py");
    if modules.is_file(&package) {
        return Some(Found::File(package));
    }
    let file = RepoPath::new(format!("{}.py", base.as_str()));
    if !base.is_root() && modules.is_file(&file) {
        return Some(Found::File(file));
    }
    (!dotted.is_empty() && modules.is_dir(&base)).then_some(Found::Namespace(base))
}

/// Finds a module below a folder that is a package, or a portion of one that has no file of its own: the other portions of
/// that are looked at too (PEP 420).
pub(crate) fn find_below<M: Modules + ?Sized>(modules: &M, dir: &RepoPath, dotted: &str) -> Option<Found> {
    let own = find_in(modules, dir, dotted);
    if dotted.is_empty() || matches!(own, Some(Found::File(_))) || modules.is_file(&dir.join("__init__.py")) {
        return own;
    }
    let roots = modules.roots().iter().filter(|root| dir.is_under(root));
    let below = roots.max_by_key(|root| root.as_str().len()).and_then(|root| dir.strip_prefix(root));
    let package = below.filter(|below| !below.is_empty()).map(|below| below.replace('/', "."));
    let elsewhere = package.and_then(|package| modules.find(&format!("{package}.{dotted}")));
    elsewhere.filter(|found| own.is_none() || matches!(found, Found::File(_))).or(own)
}

/// Finds a module along the roots: a regular module or package at any root wins over a namespace package at an earlier
/// one (PEP 420).
fn find<M: Modules + ?Sized>(modules: &M, dotted: &str) -> Option<Found> {
    let mut namespace = None;
    for root in modules.roots() {
        match find_in(modules, root, dotted) {
            Some(file @ Found::File(_)) => return Some(file),
            Some(other) => namespace = namespace.or(Some(other)),
            None => {}
        }
    }
    namespace
}

/// The modules of a snapshot: read when they are asked for, and parsed once.
pub struct SnapshotModules<'a> {
    snapshot: &'a dyn Snapshot,
    files: &'a FileList,
    roots: Vec<RepoPath>,
    parsed: RefCell<BTreeMap<RepoPath, Option<Arc<ParsedFile>>>>,
    /// Absolute names that were looked for: most files import the same.
    found: RefCell<BTreeMap<String, Option<Found>>>,
    tokens: Cell<usize>,
    error: OnceCell<SnapshotError>,
    unreadable: RefCell<BTreeMap<RepoPath, String>>,
}

impl<'a> SnapshotModules<'a> {
    /// The modules of `snapshot`, imported from `roots`.
    ///
    /// # Errors
    /// Where the snapshot's files cannot be listed.
    pub fn new(snapshot: &'a dyn Snapshot, roots: Vec<RepoPath>) -> Result<Self, SnapshotError> {
        let files = snapshot.files()?;
        Ok(Self {
            snapshot,
            files,
            roots,
            parsed: RefCell::default(),
            found: RefCell::default(),
            tokens: Cell::new(0),
            error: OnceCell::new(),
            unreadable: RefCell::default(),
        })
    }

    /// The error that reading met, if any: what was read then is not to be trusted.
    pub fn into_error(self) -> Option<SnapshotError> {
        self.error.into_inner()
    }

    /// Files that were asked for and are no texts, with the reason.
    pub fn unreadable(&self) -> BTreeMap<RepoPath, String> {
        self.unreadable.borrow().clone()
    }

    /// Every file that was read, by path.
    pub fn read_files(&self) -> Vec<Arc<ParsedFile>> {
        self.parsed.borrow().values().flatten().cloned().collect()
    }
}

impl Modules for SnapshotModules<'_> {
    fn roots(&self) -> &[RepoPath] {
        &self.roots
    }

    fn file(&self, path: &RepoPath) -> Option<Arc<ParsedFile>> {
        if let Some(known) = self.parsed.borrow().get(path) {
            return known.clone();
        }
        if self.tokens.get() > MAX_ALL_TOKENS && self.is_file(path) {
            let reason = "the models have more text than is read";
            self.unreadable.borrow_mut().insert(path.clone(), reason.to_owned());
            return None;
        }
        let file = match self.snapshot.read(path) {
            Ok(FileText::Text(source)) => Some(ParsedFile::parse(&source)),
            Ok(FileText::Unreadable(reason)) => {
                self.unreadable.borrow_mut().insert(path.clone(), reason);
                None
            }
            Ok(FileText::Absent) => None,
            Err(error) => {
                let _ = self.error.set(error);
                None
            }
        };
        self.tokens.set(self.tokens.get() + file.as_ref().map_or(0, |file| file.tokens()));
        self.parsed.borrow_mut().insert(path.clone(), file.clone());
        file
    }

    fn find(&self, dotted: &str) -> Option<Found> {
        if let Some(known) = self.found.borrow().get(dotted) {
            return known.clone();
        }
        let found = find(self, dotted);
        self.found.borrow_mut().insert(dotted.to_owned(), found.clone());
        found
    }

    fn is_file(&self, path: &RepoPath) -> bool {
        self.files.get(path).is_some()
    }

    fn is_dir(&self, path: &RepoPath) -> bool {
        self.files.under(path).any(|file| file.path.extension() == Some("py"))
    }

    fn files_under(&self, path: &RepoPath) -> Vec<RepoPath> {
        self.files.under(path).map(|file| &file.path).filter(|path| path.extension() == Some("py")).cloned().collect()
    }
}
