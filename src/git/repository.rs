//! One repository: where its parts are, its objects, its references and its index.
//!
//! libgit2 reads what it can. Where it cannot (a reference table, an object that a partial clone left on the server, an
//! index in pieces), the installed git answers the same question. Which of the two it was is not visible outside.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use git2::{ErrorClass, ErrorCode, ObjectType};

use crate::git::cli::{CatFile, GitCli};
use crate::git::disk;
use crate::git::env::{Env, names};
use crate::git::error::GitError;
use crate::git::index::{Index, IndexError, Listed};
use crate::git::places::{self, Places};
use crate::git::snapshot::{FileText, ObjectId};
use crate::git::tree::Tree;
use crate::source::{NotText, RepoPath, Source};

/// Trees that are kept in memory.
const MAX_TREES: usize = 20_000;

/// Bytes of texts that are kept though nobody holds them: read again, they are unpacked again.
const MAX_TEXTS: usize = 32 << 20;

/// A repository.
pub(crate) struct Repo {
    env: Env,
    /// The folder that holds `HEAD` and the index: that of the linked worktree where there is one.
    git_dir: PathBuf,
    /// The folder that holds what all worktrees share.
    common_dir: PathBuf,
    /// The root of the working directory; none in a bare repository.
    work_tree: Option<PathBuf>,
    /// The index, and whether the environment named it.
    index_path: (PathBuf, bool),
    hash_len: usize,
    library: Option<git2::Repository>,
    cli: GitCli,
    trees: RefCell<HashMap<ObjectId, Rc<Tree>>>,
    /// Texts by path and object: two snapshots that hold the same file share one.
    texts: RefCell<HashMap<(RepoPath, ObjectId), FileText>>,
    /// Bytes of the texts that were kept since those that nobody holds were last let go.
    kept: Cell<usize>,
    index: OnceCell<Rc<Index>>,
}

/// A commit, as far as this program looks at it.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    /// Its tree.
    pub(crate) tree: ObjectId,
    /// Its parents as it names them, whether or not this clone has them.
    pub(crate) parents: Vec<ObjectId>,
    /// When it was committed: seconds since 1970.
    pub(crate) seconds: i64,
    /// Its author's name.
    pub(crate) author: String,
    /// The first line of its message.
    pub(crate) subject: String,
}

/// An object's content.
enum Content {
    Bytes(Vec<u8>),
    TooLarge(usize),
}

impl Repo {
    /// Opens the repository that `cwd` and the environment name, as git would.
    pub(crate) fn open(cwd: &Path, env: &Env) -> Result<Self, GitError> {
        // Git does not hash what it reads either, except in `git fsck`.
        git2::opts::strict_hash_verification(false);
        // What is read twice is kept here, in the form it is asked for.
        git2::opts::enable_caching(false);
        let Places { git_dir, common_dir, work_tree, hash_len, library } = Places::find(cwd, env)?;
        let index_path = places::index_path(cwd, env, &git_dir, work_tree.as_deref())?;
        let mut laid_over: Vec<(&'static str, OsString)> = vec![(names::GIT_DIR, git_dir.clone().into())];
        if let Some(root) = &work_tree {
            laid_over.push((names::GIT_WORK_TREE, root.clone().into()));
        }
        if index_path.1 {
            laid_over.push((names::GIT_INDEX_FILE, index_path.0.clone().into()));
        }
        let cli = GitCli::at(env, work_tree.as_deref().unwrap_or(&git_dir), laid_over);
        let repo = Self {
            env: env.clone(),
            git_dir,
            common_dir,
            work_tree,
            index_path,
            hash_len,
            library,
            cli,
            trees: RefCell::default(),
            texts: RefCell::default(),
            kept: Cell::new(0),
            index: OnceCell::new(),
        };
        repo.add_object_directories(cwd)?;
        Ok(repo)
    }

    /// Objects that the environment points to: during a push they lie in a quarantine until the hooks have agreed.
    fn add_object_directories(&self, cwd: &Path) -> Result<(), GitError> {
        let Some(library) = &self.library else { return Ok(()) };
        let own = self.env.get_os(names::GIT_OBJECT_DIRECTORY).map(PathBuf::from);
        let others = self.env.get_os(names::GIT_ALTERNATE_OBJECT_DIRECTORIES).map(std::env::split_paths);
        for dir in own.into_iter().chain(others.into_iter().flatten()) {
            let dir = cwd.join(dir);
            if let Some(text) = dir.to_str().filter(|_| dir.is_dir()) {
                let odb = library.odb().map_err(|error| library_error("the object database", &error))?;
                odb.add_disk_alternate(text).map_err(|error| library_error(text, &error))?;
            }
        }
        Ok(())
    }

    /// The environment it was opened with.
    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    /// The installed git, run in this repository.
    pub(crate) fn cli(&self) -> &GitCli {
        &self.cli
    }

    /// The folder that holds what all worktrees share.
    pub(crate) fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The folder of this worktree's own `HEAD` and index.
    pub(crate) fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The root of the working directory, where there is one.
    pub(crate) fn work_tree(&self) -> Option<&Path> {
        self.work_tree.as_deref()
    }

    /// Whether history was cut off when this was cloned.
    pub(crate) fn is_shallow(&self) -> bool {
        std::fs::metadata(self.common_dir.join("shallow")).is_ok_and(|file| file.len() > 0)
    }

    /// The commits whose parents were cut off.
    pub(crate) fn shallow_commits(&self) -> Vec<ObjectId> {
        let text = std::fs::read_to_string(self.common_dir.join("shallow")).unwrap_or_default();
        text.lines().filter_map(|line| ObjectId::from_hex(line.trim())).collect()
    }

    /// The commit that HEAD names; none before the first commit.
    pub(crate) fn head(&self) -> Result<Option<ObjectId>, GitError> {
        if let Some(library) = &self.library {
            match library.head().and_then(|head| head.peel_to_commit()) {
                Ok(commit) => return Ok(Some(ObjectId::new(commit.id().as_bytes()))),
                Err(error) if error.code() == ErrorCode::UnbornBranch => return Ok(None),
                Err(_) => {}
            }
        }
        let (code, stdout, _) = self.cli.status(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
        if code == 0 {
            return hex_line(&stdout).map(Some).ok_or_else(|| self.unknown("HEAD"));
        }
        let branch = self.cli.line(&["symbolic-ref", "--quiet", "HEAD"]).map_err(|_| self.unknown("HEAD"))?;
        match self.cli.status(&["show-ref", "--verify", "--quiet", &branch])?.0 {
            0 => Err(self.unknown(&branch)),
            _ => Ok(None),
        }
    }

    /// The commit that a name means.
    pub(crate) fn resolve(&self, name: &str) -> Result<ObjectId, GitError> {
        if let Some(library) = &self.library
            && let Ok(commit) = library.revparse_single(name).and_then(|object| object.peel_to_commit())
        {
            return Ok(ObjectId::new(commit.id().as_bytes()));
        }
        if name.is_empty() {
            return Err(self.unknown(name));
        }
        let commit = format!("{name}^{{commit}}");
        match self.cli.status(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]) {
            Ok((0, stdout, _)) => hex_line(&stdout).ok_or_else(|| self.unknown(name)),
            Ok(_) | Err(GitError::NoGit { .. }) => Err(self.unknown(name)),
            Err(error) => Err(error),
        }
    }

    /// The commit that a reference with this full name points to; none where there is no such reference. Cheaper than
    /// [`Self::resolve`] for names that are guessed.
    pub(crate) fn reference(&self, name: &str) -> Option<ObjectId> {
        match &self.library {
            Some(library) => {
                let commit = library.find_reference(name).and_then(|found| found.peel_to_commit()).ok()?;
                Some(ObjectId::new(commit.id().as_bytes()))
            }
            None => self.resolve(name).ok(),
        }
    }

    fn unknown(&self, name: &str) -> GitError {
        GitError::UnknownRevision { name: name.to_owned(), shallow: self.is_shallow() }
    }

    /// The best common ancestor of two commits; none where this clone holds none.
    pub(crate) fn merge_base(&self, one: &ObjectId, two: &ObjectId) -> Result<Option<ObjectId>, GitError> {
        if one == two {
            return Ok(Some(*one));
        }
        if let Some(library) = &self.library
            && let (Ok(a), Ok(b)) = (oid(one), oid(two))
        {
            match library.merge_base(a, b) {
                Ok(base) => return Ok(Some(ObjectId::new(base.as_bytes()))),
                Err(error) if error.code() == ErrorCode::NotFound && error.class() == ErrorClass::Merge => {
                    return Ok(None);
                }
                Err(_) => {}
            }
        }
        let args = ["merge-base".to_owned(), one.to_string(), two.to_string()];
        match self.cli.status(&args)? {
            (0, stdout, _) => Ok(hex_line(&stdout)),
            (1, ..) => Ok(None),
            (_, _, message) => Err(GitError::Command { command: args.join(" "), message }),
        }
    }

    /// A value of git's configuration as a path, `~` resolved.
    pub(crate) fn config_path(&self, key: &str) -> Option<PathBuf> {
        if let Some(library) = &self.library {
            return library.config().and_then(|config| config.get_path(key)).ok();
        }
        let path = self.cli.line(&["config", "--type=path", "--get", key]).ok()?;
        (!path.is_empty()).then(|| path.into())
    }

    /// A switch of git's configuration; off where it is not set.
    pub(crate) fn config_bool(&self, key: &str) -> bool {
        if let Some(library) = &self.library {
            return library.config().and_then(|config| config.get_bool(key)).unwrap_or(false);
        }
        self.cli.line(&["config", "--type=bool", "--get", key]).is_ok_and(|value| value == "true")
    }

    /// An attribute's value for a path, by the attribute files of the working directory.
    pub(crate) fn has_attribute(&self, path: &RepoPath, attribute: &str) -> bool {
        if let Some(library) = &self.library {
            let flags = git2::AttrCheckFlags::FILE_THEN_INDEX;
            let value = library.get_attr(Path::new(path.as_str()), attribute, flags);
            return matches!(value, Ok(Some(value)) if value != "false");
        }
        let args = [OsString::from("check-attr"), "-z".into(), attribute.into(), "--".into(), disk::os_string(path)];
        // `path NUL attribute NUL value NUL`
        let stdout = self.cli.run(&args).unwrap_or_default();
        stdout.split(|&byte| byte == 0).nth(2).is_some_and(|value| value != b"unspecified" && value != b"unset")
    }

    /// The id that git would give to a file with this content.
    pub(crate) fn hash_blob(&self, bytes: &[u8]) -> Result<ObjectId, GitError> {
        let format = if self.hash_len == 32 { git2::ObjectFormat::Sha256 } else { git2::ObjectFormat::Sha1 };
        git2::Oid::hash_object_ext(ObjectType::Blob, bytes, format)
            .map(|oid| ObjectId::new(oid.as_bytes()))
            .map_err(|error| library_error("a file's hash", &error))
    }

    fn content(&self, id: &ObjectId, kind: &'static str) -> Result<Content, GitError> {
        let wanted = match kind {
            "blob" => ObjectType::Blob,
            "tree" => ObjectType::Tree,
            _ => ObjectType::Commit,
        };
        let another =
            |found: &str| GitError::DamagedObject { kind, id: id.to_string(), reason: format!("it is a {found}") };
        let mut reason = None;
        if let (Some(library), Ok(oid)) = (&self.library, oid(id)) {
            let odb = library.odb().map_err(|error| library_error("the object database", &error))?;
            if wanted == ObjectType::Blob
                && let Ok((size, _)) = odb.read_header(oid)
                && size > Source::MAX_LEN
            {
                return Ok(Content::TooLarge(size));
            }
            match odb.read(oid) {
                Ok(object) if object.kind() == wanted => return Ok(Content::Bytes(object.data().to_vec())),
                Ok(object) => return Err(another(object.kind().str())),
                Err(error) => reason = Some(error.message().to_owned()),
            }
        }
        let missing = |reason: Option<String>| GitError::MissingObject {
            kind,
            id: id.to_string(),
            reason: reason.unwrap_or_else(|| "git does not find it".to_owned()),
        };
        match self.cli.cat_file(id) {
            Ok(CatFile::Object(found, bytes)) if found == kind => Ok(Content::Bytes(bytes)),
            Ok(CatFile::Object(found, _)) => Err(another(&found)),
            Ok(CatFile::TooLarge(size)) => Ok(Content::TooLarge(size)),
            Ok(CatFile::Missing) | Err(GitError::NoGit { .. }) => Err(missing(reason)),
            Err(error) => Err(if reason.is_some() { missing(reason) } else { error }),
        }
    }

    fn small(&self, id: &ObjectId, kind: &'static str) -> Result<Vec<u8>, GitError> {
        match self.content(id, kind)? {
            Content::Bytes(bytes) => Ok(bytes),
            Content::TooLarge(size) => {
                Err(GitError::DamagedObject { kind, id: id.to_string(), reason: format!("it has {size} bytes") })
            }
        }
    }

    /// A tree.
    pub(crate) fn tree(&self, id: &ObjectId) -> Result<Rc<Tree>, GitError> {
        if let Some(tree) = self.trees.borrow().get(id) {
            return Ok(Rc::clone(tree));
        }
        let tree = Tree::parse(self.small(id, "tree")?, self.hash_len).map_err(|reason| GitError::DamagedObject {
            kind: "tree",
            id: id.to_string(),
            reason: reason.to_owned(),
        })?;
        let tree = Rc::new(tree);
        let mut trees = self.trees.borrow_mut();
        if trees.len() < MAX_TREES {
            trees.insert(*id, Rc::clone(&tree));
        }
        Ok(tree)
    }

    /// Lets go of every tree, and of every text that nobody else holds.
    pub(crate) fn forget(&self) {
        self.trees.borrow_mut().clear();
        self.forget_texts();
    }

    /// Lets go of every text that nobody else holds.
    fn forget_texts(&self) {
        self.kept.set(0);
        self.texts.borrow_mut().retain(|_, text| match text {
            FileText::Text(source) => Arc::strong_count(source) > 1,
            _ => false,
        });
    }

    /// A commit.
    pub(crate) fn commit(&self, id: &ObjectId) -> Result<Commit, GitError> {
        let bytes = self.small(id, "commit")?;
        Commit::parse(&bytes).ok_or_else(|| GitError::DamagedObject {
            kind: "commit",
            id: id.to_string(),
            reason: "it names no tree".to_owned(),
        })
    }

    /// The text of a blob, read once for every path that holds it.
    pub(crate) fn text(&self, path: &RepoPath, id: &ObjectId) -> Result<FileText, GitError> {
        let key = (path.clone(), *id);
        if let Some(text) = self.texts.borrow().get(&key) {
            return Ok(text.clone());
        }
        let text = FileText::from(match self.content(id, "blob")? {
            Content::Bytes(bytes) => Source::from_bytes(path.clone(), bytes),
            Content::TooLarge(size) => Err(NotText::TooLarge(size)),
        });
        if let FileText::Text(source) = &text {
            if self.kept.get() > MAX_TEXTS {
                self.forget_texts();
            }
            self.kept.set(self.kept.get() + source.text().len());
        }
        self.texts.borrow_mut().insert(key, text.clone());
        Ok(text)
    }

    /// The index, read once.
    pub(crate) fn index(&self) -> Result<Rc<Index>, GitError> {
        if let Some(index) = self.index.get() {
            return Ok(Rc::clone(index));
        }
        let index = Rc::new(self.read_index()?);
        Ok(Rc::clone(self.index.get_or_init(|| index)))
    }

    /// When the index file was last written: what is as young as it may have changed behind its back.
    pub(crate) fn index_written(&self) -> Option<std::time::SystemTime> {
        std::fs::metadata(&self.index_path.0).and_then(|file| file.modified()).ok()
    }

    fn read_index(&self) -> Result<Index, GitError> {
        if self.work_tree.is_none() && !self.index_path.1 {
            return Err(GitError::Bare { what: "index" });
        }
        let (path, _) = &self.index_path;
        let data = match std::fs::read(path) {
            Ok(data) => data,
            // Nothing was ever added, or the clone was made with `--no-checkout`.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Index::empty()),
            Err(error) => return Err(GitError::io("read", path, error)),
        };
        // `git init` with a template and some old tools leave a file without a byte; git reads it as no index.
        if data.is_empty() {
            return Ok(Index::empty());
        }
        match Index::parse(data, self.hash_len) {
            Ok(index) => Ok(index),
            Err(IndexError::Damaged(reason)) => Err(GitError::DamagedIndex { path: path.clone(), reason }),
            Err(IndexError::Unsupported(reason)) => self.listed_index().map_err(|error| match error {
                GitError::NoGit { .. } => GitError::Unsupported {
                    reason: format!("{reason}, which only git reads, and no git was found on the PATH"),
                    help: "install git and make sure it is on the PATH".to_owned(),
                },
                other => other,
            }),
        }
    }

    /// The index as the installed git lists it.
    fn listed_index(&self) -> Result<Index, GitError> {
        let stdout = self.cli.run(&["ls-files", "--stage", "-t", "-z"])?;
        let nonsense = || GitError::Command {
            command: "ls-files --stage -t -z".to_owned(),
            message: "its answer makes no sense".to_owned(),
        };
        let mut entries = Vec::new();
        for record in stdout.split(|&byte| byte == 0).filter(|record| !record.is_empty()) {
            // `H 100644 <id> 0 TAB path`
            let tab = record.iter().position(|&byte| byte == b'\t').ok_or_else(nonsense)?;
            let head = std::str::from_utf8(&record[..tab]).map_err(|_| nonsense())?;
            let mut words = head.split(' ');
            let mut word = || words.next().ok_or_else(nonsense);
            let (tag, mode, id, stage) = (word()?, word()?, word()?, word()?);
            entries.push(Listed {
                name: record[tab + 1..].to_vec(),
                id: ObjectId::from_hex(id).ok_or_else(nonsense)?,
                mode: u32::from_str_radix(mode, 8).map_err(|_| nonsense())?,
                stage: stage.parse().ok().filter(|&stage| stage <= 3).ok_or_else(nonsense)?,
                skip_worktree: tag == "S",
                intent_to_add: false,
            });
        }
        // `git add -N` leaves an entry with the empty blob. Only such entries are worth asking about.
        let empty = self.hash_blob(b"")?;
        if entries.iter().any(|entry| entry.id == empty) {
            let args = ["diff-files", "--name-only", "--diff-filter=A", "-z"];
            let added = self.cli.run(&args)?;
            for entry in &mut entries {
                entry.intent_to_add =
                    entry.id == empty && added.split(|&byte| byte == 0).any(|name| name == entry.name);
            }
        }
        Index::from_listing(&entries, self.hash_len).map_err(|_| nonsense())
    }
}

impl Commit {
    /// Reads a commit object: header lines, an empty line, the message.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (header, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut commit = Self {
            tree: ObjectId::from_hex(header.strip_prefix("tree ")?.lines().next()?)?,
            parents: Vec::new(),
            seconds: 0,
            author: String::new(),
            subject: message.trim_start().lines().next().unwrap_or_default().to_owned(),
        };
        for line in header.lines() {
            if let Some(parent) = line.strip_prefix("parent ") {
                commit.parents.push(ObjectId::from_hex(parent)?);
            } else if let Some(author) = line.strip_prefix("author ") {
                // `name <address> seconds zone`
                author.split(" <").next().unwrap_or_default().clone_into(&mut commit.author);
            } else if let Some(committer) = line.strip_prefix("committer ") {
                // `name <address> seconds zone`
                commit.seconds = committer.rsplit(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
            }
        }
        Some(commit)
    }
}

fn oid(id: &ObjectId) -> Result<git2::Oid, git2::Error> {
    git2::Oid::from_bytes(id.as_bytes())
}

/// The id on the first line of what git printed.
fn hex_line(stdout: &[u8]) -> Option<ObjectId> {
    let line = stdout.split(|&byte| byte == b'\n').next()?;
    ObjectId::from_hex(std::str::from_utf8(line).ok()?.trim()).filter(|id| !id.as_bytes().is_empty())
}

fn library_error(what: &str, error: &git2::Error) -> GitError {
    GitError::Unsupported {
        reason: format!("{what}: {}", error.message()),
        help: "check the repository with `git fsck`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_read() {
        let text = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
                    parent 1111111111111111111111111111111111111111\n\
                    parent 2222222222222222222222222222222222222222\n\
                    author A U Thor <a@example.org> 1700000000 +0100\n\
                    committer A U Thor <a@example.org> 1700000001 +0100\n\nAdd a column\n\nWhy.\n";
        let commit = Commit::parse(text.as_bytes()).unwrap();
        assert_eq!(commit.parents.len(), 2);
        assert_eq!((commit.seconds, commit.subject.as_str()), (1_700_000_001, "Add a column"));
        assert!(Commit::parse(b"no commit").is_none());
        assert!(Commit::parse(b"").is_none());
    }
}
