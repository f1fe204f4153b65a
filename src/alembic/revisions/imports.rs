//! The modules that revisions import, read once for the whole history.
//!
//! A script runs long after the snapshot was read, on its own; so what it may import is gathered beforehand, nearest
//! first and within bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ruff_python_ast::Stmt;
use ruff_python_ast::visitor::{Visitor, walk_stmt};

use crate::alembic::discover;
use crate::alembic::python::{Modules, ParsedFile, SnapshotModules};
use crate::git::snapshot::fingerprint;
use crate::git::{FileList, FileText, Snapshot};
use crate::project::Project;
use crate::source::{RepoPath, Source};

/// Files that are read for one history beside the revisions themselves.
const MAX_FILES: usize = 200;
/// Texts that revisions may read (`open(…)`, `read_text()`): so many, each of at most so many bytes, so many in all.
const MAX_TEXTS: usize = 500;
const MAX_TEXT: usize = 1024 * 1024;
const MAX_ALL_TEXTS: usize = 8 * 1024 * 1024;
/// Files beside those that read texts, which they may list.
const MAX_BESIDE: usize = 20_000;
/// What such files are called.
const TEXTS: [&str; 8] = ["sql", "ddl", "psql", "txt", "json", "csv", "yaml", "yml"];
/// How many imports may lead to a file that is read.
const MAX_DISTANCE: usize = 5;

/// The folders that absolute imports start from: what the settings say, the folder of the commands, the folders that
/// hold the environment, the root, and `src` below them.
pub(crate) fn roots(project: &Project, files: &FileList) -> Vec<RepoPath> {
    let mut roots: Vec<RepoPath> = Vec::new();
    if let Some(path) = project.facts.get(discover::PYTHON_PATH) {
        roots.extend(path.lines().map(RepoPath::new));
    }
    roots.push(project.root.clone());
    let mut above =
        project.facts.get(discover::SCRIPT_LOCATION).map(|dir| RepoPath::new(dir).parent().unwrap_or_default());
    if above.is_none() {
        above = project.migrations.first().and_then(RepoPath::parent).and_then(|dir| dir.parent());
    }
    while let Some(dir) = above {
        // A folder inside a package is no place to import from.
        if files.get(&dir.join("__init__.py")).is_none() {
            roots.push(dir.clone());
        }
        above = dir.parent();
    }
    roots.push(RepoPath::root());
    let with_src: Vec<RepoPath> = roots.iter().map(|root| root.join("src")).filter(|src| files.has_dir(src)).collect();
    roots.extend(with_src);
    let mut seen = BTreeSet::new();
    roots.retain(|root| seen.insert(root.clone()));
    roots
}

/// What revisions may import.
#[derive(Debug)]
pub(crate) struct Store {
    roots: Vec<RepoPath>,
    /// Every Python file of the snapshot.
    known: BTreeSet<RepoPath>,
    /// Those that were read.
    files: BTreeMap<RepoPath, Arc<ParsedFile>>,
    /// What each file that was read imports.
    imports: BTreeMap<RepoPath, BTreeSet<RepoPath>>,
    /// Fingerprints of the texts that were read.
    prints: BTreeMap<RepoPath, u64>,
    /// Texts that revisions may read.
    texts: BTreeMap<RepoPath, Arc<Source>>,
    /// Every file beside those that read texts, or below: what they may list.
    beside: BTreeSet<RepoPath>,
    /// The files that read texts.
    readers: BTreeSet<RepoPath>,
    /// The files of an absolute name that was looked for: most revisions import the same.
    absolute: BTreeMap<String, Vec<RepoPath>>,
}

impl Store {
    /// Gathers what `revisions` import, directly and through other modules.
    pub(crate) fn new(
        modules: &SnapshotModules<'_>,
        list: &FileList,
        roots: Vec<RepoPath>,
        revisions: &[Arc<ParsedFile>],
    ) -> Self {
        let known =
            list.iter().map(|entry| &entry.path).filter(|path| path.extension() == Some("py")).cloned().collect();
        let mut store = Self {
            roots,
            known,
            files: BTreeMap::new(),
            imports: BTreeMap::new(),
            prints: BTreeMap::new(),
            texts: BTreeMap::new(),
            beside: BTreeSet::new(),
            readers: BTreeSet::new(),
            absolute: BTreeMap::new(),
        };
        let mut frontier: BTreeSet<RepoPath> = BTreeSet::new();
        for file in revisions {
            let imports = store.imported(file);
            frontier.extend(imports.iter().cloned());
            store.keep(file, imports);
        }
        let mut read = 0;
        for _ in 0..MAX_DISTANCE {
            let mut next = BTreeSet::new();
            for path in std::mem::take(&mut frontier) {
                if store.files.contains_key(&path) || read >= MAX_FILES {
                    continue;
                }
                let Some(file) = modules.file(&path) else { continue };
                read += 1;
                let imports = store.imported(&file);
                next.extend(imports.iter().cloned());
                store.keep(&file, imports);
            }
            frontier = next;
        }
        store
    }

    /// Reads the texts that the files gathered may read: those that one of them names, or that lie beside it or below. One
    /// that git cannot give (a partial clone leaves large files out) stops nothing: most of these are read by no revision,
    /// and a revision that does read it cannot be evaluated there.
    pub(crate) fn read_texts(&mut self, snapshot: &dyn Snapshot, list: &FileList) {
        let reads = |file: &ParsedFile| {
            let text = file.source().text();
            ["open(", ".read_text("].iter().any(|way| text.contains(way))
        };
        let readers: Vec<Arc<ParsedFile>> = self.files.values().filter(|file| reads(file)).cloned().collect();
        if readers.is_empty() {
            return;
        }
        let dirs: BTreeSet<RepoPath> =
            readers.iter().filter_map(|file| file.source().path().parent()).filter(|dir| !dir.is_root()).collect();
        let beside = || list.iter().filter(|entry| dirs.iter().any(|dir| entry.path.is_under(dir)));
        if beside().count() <= MAX_BESIDE {
            self.beside = beside().map(|entry| entry.path.clone()).collect();
        }
        let mut bytes = 0;
        for entry in list.iter().filter(|entry| entry.path.extension().is_some_and(|ext| TEXTS.contains(&ext))) {
            if self.texts.len() >= MAX_TEXTS || bytes >= MAX_ALL_TEXTS {
                break;
            }
            let path = &entry.path;
            let named = || readers.iter().any(|file| file.source().text().contains(path.file_name()));
            if !dirs.iter().any(|dir| path.is_under(dir)) && !named() {
                continue;
            }
            let Some(source) = snapshot.read(path).ok().and_then(FileText::text) else { continue };
            if source.text().len() <= MAX_TEXT {
                bytes += source.text().len();
                self.texts.insert(path.clone(), source);
            }
        }
        self.readers = readers.iter().map(|file| file.source().path().clone()).collect();
    }

    fn keep(&mut self, file: &Arc<ParsedFile>, imports: BTreeSet<RepoPath>) {
        let source = file.source();
        let path = source.path().clone();
        let print = [fingerprint(path.as_str().as_bytes()), fingerprint(source.text().as_bytes())];
        self.prints.insert(path.clone(), fingerprint(&[print[0].to_be_bytes(), print[1].to_be_bytes()].concat()));
        self.imports.insert(path.clone(), imports);
        self.files.insert(path, Arc::clone(file));
    }

    /// The fingerprint of a file and of all that it imports.
    pub(crate) fn fingerprint(&self, path: &RepoPath) -> u64 {
        let mut seen = BTreeSet::new();
        let mut queue = vec![path];
        while let Some(path) = queue.pop() {
            if seen.insert(path) {
                queue.extend(self.imports.get(path).into_iter().flatten());
            }
        }
        let reads = seen.iter().any(|path| self.readers.contains(*path));
        let mut bytes: Vec<u8> =
            seen.into_iter().filter_map(|path| self.prints.get(path)).flat_map(|print| print.to_be_bytes()).collect();
        for (path, source) in self.texts.iter().filter(|_| reads) {
            bytes.extend(fingerprint(path.as_str().as_bytes()).to_be_bytes());
            bytes.extend(fingerprint(source.text().as_bytes()).to_be_bytes());
        }
        for path in self.beside.iter().filter(|_| reads) {
            bytes.extend(fingerprint(path.as_str().as_bytes()).to_be_bytes());
        }
        fingerprint(&bytes)
    }

    /// The files of the repository that a file's import statements name, wherever in it they stand.
    fn imported(&mut self, file: &ParsedFile) -> BTreeSet<RepoPath> {
        let mut finder = Finder { names: Vec::new(), depth: 0 };
        file.body().iter().for_each(|stmt| finder.visit_stmt(stmt));
        let dir = file.source().path().parent().unwrap_or_default();
        let mut found = BTreeSet::new();
        // `import app`, and then `app.db.Type`: what else has imported that module is not asked.
        let packages: BTreeSet<String> = finder
            .names
            .iter()
            .filter(|(level, name)| *level == 0 && !name.contains('.'))
            .map(|(_, n)| n.clone())
            .collect();
        for package in packages.iter().filter(|package| self.has_package(package)) {
            finder.names.extend(attributes_of(package, file.source().text()).into_iter().map(|name| (0, name)));
        }
        for (level, dotted) in finder.names {
            if level > 0 {
                let mut base = dir.clone();
                for _ in 1..level.min(50) {
                    base = base.parent().unwrap_or_default();
                }
                found.extend(self.files_of(&dotted, &base));
            } else if let Some(files) = self.absolute.get(&dotted) {
                found.extend(files.iter().cloned());
            } else {
                let files: Vec<RepoPath> = self.roots.iter().flat_map(|root| self.files_of(&dotted, root)).collect();
                found.extend(files.iter().cloned());
                self.absolute.insert(dotted, files);
            }
        }
        found
    }

    /// The files that a dotted name is in, looked for from a folder.
    fn files_of(&self, dotted: &str, base: &RepoPath) -> impl Iterator<Item = RepoPath> + use<'_> {
        let path = base.join(&dotted.replace('.', "/"));
        let candidates = [RepoPath::new(format!("{}.py", path.as_str())), path.join("__init__.py")];
        candidates.into_iter().filter(|path| self.known.contains(path))
    }
}

impl Store {
    /// Whether a folder is that of a file that reads texts, or below one.
    fn knows_folder(&self, path: &RepoPath) -> bool {
        self.readers
            .iter()
            .filter_map(RepoPath::parent)
            .any(|dir| !dir.is_root() && (*path == dir || path.is_under(&dir)))
    }

    fn has_package(&self, name: &str) -> bool {
        self.roots.iter().any(|root| self.known.contains(&root.join(name).join("__init__.py")))
    }
}

/// The dotted names in a text that begin with a package's, each prefix of them: `app.db`, `app.db.Type`.
fn attributes_of(package: &str, text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    for (at, _) in text.match_indices(package) {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let rest = text.get(at + package.len()..).unwrap_or_default();
        if !rest.starts_with('.') || before.is_some_and(|c| is_part(c) || c == '.') {
            continue;
        }
        let end = rest.find(|c: char| !is_part(c) && c != '.').unwrap_or(rest.len());
        let mut dotted = package.to_owned();
        for part in rest.get(1..end).unwrap_or_default().split('.').take(10) {
            dotted = format!("{dotted}.{part}");
            found.insert(dotted.clone());
        }
    }
    found
}

impl Modules for Store {
    fn roots(&self) -> &[RepoPath] {
        &self.roots
    }

    fn file(&self, path: &RepoPath) -> Option<Arc<ParsedFile>> {
        self.files.get(path).cloned()
    }

    fn is_file(&self, path: &RepoPath) -> bool {
        self.known.contains(path)
    }

    fn text(&self, path: &RepoPath) -> Option<String> {
        self.texts.get(path).map(|source| source.text().to_owned())
    }

    fn names_in(&self, path: &RepoPath) -> Option<Vec<String>> {
        let below = self.beside.iter().filter_map(|file| {
            let rest = file.as_str().strip_prefix(path.as_str())?.strip_prefix('/')?;
            Some(rest.split('/').next().unwrap_or(rest).to_owned())
        });
        let names: BTreeSet<String> = below.collect();
        // Only where a whole folder is known are its names: it lies beside a file that lists, or below.
        (!path.is_root() && !names.is_empty() && self.knows_folder(path)).then(|| names.into_iter().collect())
    }

    fn files_under(&self, path: &RepoPath) -> Vec<RepoPath> {
        self.known.iter().filter(|file| file.is_under(path)).cloned().collect()
    }

    fn is_dir(&self, path: &RepoPath) -> bool {
        let prefix = if path.is_root() { String::new() } else { format!("{}/", path.as_str()) };
        self.known
            .range(RepoPath::new(prefix.trim_end_matches('/'))..)
            .find(|file| file.as_str() >= prefix.as_str())
            .is_some_and(|file| file.as_str().starts_with(&prefix))
    }
}

/// Finds the dotted names that are imported, with the level of relative ones.
struct Finder {
    names: Vec<(u32, String)>,
    depth: usize,
}

impl<'a> Visitor<'a> for Finder {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => {
                self.names.extend(import.names.iter().map(|alias| (0, alias.name.as_str().to_owned())));
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |name| name.as_str());
                self.names.push((import.level, module.to_owned()));
                // The name may be a module of the package.
                for alias in &import.names {
                    let dotted = if module.is_empty() {
                        alias.name.as_str().to_owned()
                    } else {
                        format!("{module}.{}", alias.name)
                    };
                    self.names.push((import.level, dotted));
                }
            }
            stmt if self.depth < 100 => {
                self.depth += 1;
                walk_stmt(self, stmt);
                self.depth -= 1;
            }
            _ => {}
        }
    }

    fn visit_expr(&mut self, _: &'a ruff_python_ast::Expr) {}
}
