//! The working directory: what lies in it, and what of that the index does not hold.
//!
//! Only what is asked for is read. A file whose size and time are those that the index remembers is taken as unchanged,
//! as git takes it; any other is compared by content, line ends aside, so that neither `core.autocrlf` nor a `touch` makes
//! a leftover.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::git::disk;
use crate::git::error::GitError;
use crate::git::ignore::Ignores;
use crate::git::index::{Entry, Index};
use crate::git::repository::Repo;
use crate::git::snapshot::{FileEntry, FileKind, FileList, FileText, ObjectId, Snapshot, SnapshotError, fingerprint};
use crate::git::snapshots::{link_of, read_entry};
use crate::git::{Leftover, LeftoverKind, Worktree};
use crate::source::{RepoPath, Source};

/// More files than this are not looked at under the folders of one question.
const MAX_VISITED: usize = 1_000_000;
/// Folders nested deeper than this are not entered.
const MAX_DEPTH: usize = 256;

/// The working directory of a repository, as a snapshot and beside the index.
pub(crate) struct WorktreeSnapshot {
    repo: Rc<Repo>,
    root: PathBuf,
    index: Rc<Index>,
    written: Option<SystemTime>,
    ignores: OnceCell<Ignores>,
    files: OnceCell<FileList>,
}

/// A file or a link that a walk met.
struct Found {
    path: RepoPath,
    place: PathBuf,
    metadata: Metadata,
    kind: FileKind,
}

/// How a tracked file stands beside its entry in the index.
enum Standing {
    /// The same, line ends aside.
    Same,
    /// Another content; its id, where it was read.
    Differs(Option<ObjectId>),
}

impl WorktreeSnapshot {
    /// The working directory.
    pub(crate) fn new(repo: &Rc<Repo>) -> Result<Self, GitError> {
        let root = repo.work_tree().ok_or(GitError::Bare { what: "working directory" })?.to_owned();
        Ok(Self {
            repo: Rc::clone(repo),
            root,
            index: repo.index()?,
            written: repo.index_written(),
            ignores: OnceCell::new(),
            files: OnceCell::new(),
        })
    }

    fn ignores(&self) -> &Ignores {
        self.ignores.get_or_init(|| Ignores::new(&self.repo, &self.root))
    }

    /// Whether anything in the index lies below a folder.
    fn is_tracked_folder(&self, dir: &RepoPath) -> bool {
        let mut prefix = dir.to_bytes().into_owned();
        prefix.push(b'/');
        !self.index.with_prefix(&prefix, 0..self.index.len()).is_empty()
    }

    /// Visits the files at and below `start`, in no particular order. Git's own folders, other repositories and folders of installed
    /// packages are not entered, unless something in them is tracked; nor are ignored ones where `skip_ignored` says so.
    fn walk(
        &self,
        start: &RepoPath,
        skip_ignored: bool,
        visit: &mut dyn FnMut(Found) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        let Some(place) = disk::locate(&self.root, start) else { return Ok(()) };
        if disk::is_behind_link(&self.root, start) {
            return Ok(());
        }
        let metadata = match std::fs::symlink_metadata(&place) {
            Ok(metadata) => metadata,
            Err(error) if disk::is_absence(&error) => return Ok(()),
            Err(error) => return Err(GitError::io("read", place, error)),
        };
        let mut visited = 0_usize;
        let mut open = vec![(start.clone(), place, metadata, 0_usize)];
        while let Some((path, place, metadata, depth)) = open.pop() {
            visited += 1;
            if visited > MAX_VISITED {
                return Err(GitError::TooMany { what: self.root.display().to_string(), limit: MAX_VISITED });
            }
            if let Some(kind) = disk::kind_of(&metadata) {
                visit(Found { path, place, metadata, kind })?;
                continue;
            }
            if !metadata.is_dir() || depth > MAX_DEPTH {
                continue;
            }
            let entered = depth == 0
                || self.is_tracked_folder(&path)
                || !{
                    let name = place.file_name().unwrap_or_default();
                    disk::is_skipped(name)
                        || place.join(".git").exists()
                        || skip_ignored && self.ignores().ignored_by(&path, true).is_some()
                };
            if !entered {
                continue;
            }
            let entries = match std::fs::read_dir(&place) {
                Ok(entries) => entries,
                Err(error) if disk::is_absence(&error) => continue,
                Err(error) => return Err(GitError::io("list", place, error)),
            };
            for entry in entries {
                let entry = entry.map_err(|error| GitError::io("list", &place, error))?;
                let name = entry.file_name();
                if name == ".git" {
                    continue;
                }
                let mut bytes = path.to_bytes().into_owned();
                if !bytes.is_empty() {
                    bytes.push(b'/');
                }
                bytes.extend(disk::name_bytes(&name));
                // Gone since the folder was read: as if it had never been there.
                let Ok(metadata) = entry.metadata() else { continue };
                open.push((RepoPath::from_bytes(&bytes), entry.path(), metadata, depth + 1));
            }
        }
        Ok(())
    }

    /// The bytes that git would hash for a file: of a link, what it points to.
    fn bytes(place: &Path, kind: FileKind) -> Result<Vec<u8>, GitError> {
        let read = if kind == FileKind::Symlink {
            std::fs::read_link(place).map(|target| disk::name_bytes(target.as_os_str()))
        } else {
            std::fs::read(place)
        };
        read.map_err(|error| GitError::io("read", place, error))
    }

    /// The id that git would give to a file; of one that is too large to be read, one that changes with its size and time.
    fn id_of(&self, found: &Found) -> Result<ObjectId, GitError> {
        if usize::try_from(found.metadata.len()).is_ok_and(|len| len <= Source::MAX_LEN) {
            return self.repo.hash_blob(&Self::bytes(&found.place, found.kind)?);
        }
        let stamp = format!("{}\0{:?}", found.metadata.len(), found.metadata.modified().ok());
        Ok(ObjectId::new(&fingerprint(stamp.as_bytes()).to_be_bytes()))
    }

    /// Compares a file with its entry in the index.
    fn standing(&self, entry: &Entry<'_>, found: &Found) -> Result<Standing, GitError> {
        if entry.kind() == FileKind::Submodule {
            return Ok(Standing::Differs(None));
        }
        // Without `core.symlinks`, git checks a link out as a file that holds its target.
        if found.kind == FileKind::Symlink && entry.kind() != FileKind::Symlink {
            return Ok(Standing::Differs(None));
        }
        if entry.assume_unchanged() || self.is_as_remembered(entry, &found.metadata) {
            return Ok(Standing::Same);
        }
        if usize::try_from(found.metadata.len()).is_ok_and(|len| len > Source::MAX_LEN) {
            return Ok(Standing::Differs(None));
        }
        let bytes = Self::bytes(&found.place, found.kind)?;
        let id = self.repo.hash_blob(&bytes)?;
        if id == entry.id() {
            return Ok(Standing::Same);
        }
        if found.kind == FileKind::Regular {
            let committed = self.repo.text(&found.path, &entry.id())?.text();
            if let (Some(committed), Ok(text)) = (committed, Source::from_bytes(found.path.clone(), bytes))
                && without_returns(committed.text()).eq(without_returns(text.text()))
            {
                return Ok(Standing::Same);
            }
            // What a filter makes of the file cannot be known without running it.
            let filters = ["filter", "ident", "working-tree-encoding"];
            if filters.iter().any(|filter| self.repo.has_attribute(&found.path, filter)) {
                return Ok(Standing::Same);
            }
        }
        Ok(Standing::Differs(Some(id)))
    }

    /// Whether a file has the size and the time that the index remembers, and the index is young enough to know
    /// (`is_racy_timestamp` in `read-cache.c`: what is as young as the index may have changed since).
    fn is_as_remembered(&self, entry: &Entry<'_>, metadata: &Metadata) -> bool {
        let stat = entry.stat();
        let Some(since) = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()) else {
            return false;
        };
        // Git cuts both to 32 bits.
        let cut = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
        let same_time =
            cut(since.as_secs()) == stat.seconds && (stat.nanoseconds == 0 || stat.nanoseconds == since.subsec_nanos());
        let remembered = UNIX_EPOCH + Duration::new(since.as_secs(), stat.nanoseconds);
        stat.seconds != 0
            && same_time
            && cut(metadata.len()) == stat.size
            && stat.size != 0
            && self.written.is_some_and(|written| remembered < written)
    }

    /// The tracked and the untracked files that are not ignored, listed once and kept.
    pub(crate) fn list(&self) -> Result<&FileList, GitError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files = self.read_list()?;
        Ok(self.files.get_or_init(|| files))
    }

    fn read_list(&self) -> Result<FileList, GitError> {
        let mut entries = Vec::with_capacity(self.index.len());
        self.walk(&RepoPath::root(), true, &mut |found| {
            let name = found.path.to_bytes();
            let id = match self.index.get(&name) {
                Some(entry) if !entry.intent_to_add() => match self.standing(&entry, &found)? {
                    Standing::Same => Some(entry.id()),
                    Standing::Differs(id) => id,
                },
                Some(_) => None,
                None => {
                    let tracked = self.index.is_known(&name);
                    if !tracked && self.ignores().ignored_by(&found.path, false).is_some() {
                        return Ok(());
                    }
                    None
                }
            };
            let id = match id {
                Some(id) => id,
                None => self.id_of(&found)?,
            };
            entries.push(FileEntry { path: found.path.clone(), id, kind: found.kind });
            Ok(())
        })?;
        // Not on the disk, and still there: what a sparse checkout leaves out, and submodules.
        for entry in self.index.entries() {
            let path = RepoPath::from_bytes(entry.name());
            let absent = entry.skip_worktree() && !self.is_on_disk(&path);
            if absent || entry.kind() == FileKind::Submodule {
                entries.push(FileEntry { path, id: entry.id(), kind: entry.kind() });
            }
        }
        Ok(FileList::new(entries))
    }

    fn is_on_disk(&self, path: &RepoPath) -> bool {
        disk::locate(&self.root, path).is_some_and(|place| std::fs::symlink_metadata(place).is_ok())
    }

    /// The leftovers at and below one file or folder.
    fn leftovers_under(&self, start: &RepoPath, found: &mut BTreeMap<RepoPath, LeftoverKind>) -> Result<(), GitError> {
        // What a submodule has left behind is its own matter.
        let mut above = std::iter::successors(Some(start.clone()), RepoPath::parent);
        let is_submodule = |entry: &Entry<'_>| entry.kind() == FileKind::Submodule;
        if above.any(|path| self.index.get(&path.to_bytes()).as_ref().is_some_and(is_submodule)) {
            return Ok(());
        }
        let mut on_disk: BTreeMap<RepoPath, Found> = BTreeMap::new();
        self.walk(start, false, &mut |file| {
            on_disk.insert(file.path.clone(), file);
            Ok(())
        })?;
        for entry in self.index.at_and_below(&start.to_bytes()) {
            let path = RepoPath::from_bytes(entry.name());
            let file = on_disk.remove(&path);
            if entry.kind() == FileKind::Submodule {
                continue;
            }
            let kind = match file {
                None if entry.skip_worktree() || entry.intent_to_add() => None,
                None if self.is_on_disk(&path)
                    && !disk::is_behind_link(&self.root, &path)
                    && !self.is_folder(&path) =>
                {
                    None
                }
                None => Some(LeftoverKind::UnstagedDeletion),
                Some(_) if entry.intent_to_add() => Some(LeftoverKind::IntentToAdd),
                // The sides of an unresolved merge: whatever lies here is not what was staged.
                Some(_) if entry.stage() > 0 => Some(LeftoverKind::Unstaged),
                Some(file) => match self.standing(&entry, &file)? {
                    Standing::Same => None,
                    Standing::Differs(_) => Some(LeftoverKind::Unstaged),
                },
            };
            if let Some(kind) = kind {
                found.insert(path, kind);
            }
        }
        for path in on_disk.into_keys().filter(|path| !self.index.is_known(&path.to_bytes())) {
            let kind = match self.ignores().ignored_by(&path, false) {
                Some(by) => LeftoverKind::Ignored { file: by.file, line: by.line, pattern: by.pattern },
                None => LeftoverKind::Untracked,
            };
            found.insert(path, kind);
        }
        Ok(())
    }

    fn is_folder(&self, path: &RepoPath) -> bool {
        disk::locate(&self.root, path).is_some_and(|place| std::fs::symlink_metadata(place).is_ok_and(|it| it.is_dir()))
    }
}

/// A text without the carriage returns of its line ends.
fn without_returns(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line))
}

impl Snapshot for WorktreeSnapshot {
    fn describe(&self) -> String {
        "the working directory".to_owned()
    }

    fn id(&self) -> String {
        "worktree".to_owned()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        Ok(self.list()?)
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        let text = disk::read(&self.root, path)?;
        if let FileText::Absent = text
            && let Some(entry) = self.index.get(&path.to_bytes())
            && (entry.skip_worktree() || entry.kind() == FileKind::Submodule)
        {
            return read_entry(&self.repo, path, &entry.id(), entry.kind());
        }
        Ok(text)
    }

    fn link(&self, path: &RepoPath) -> Result<Option<String>, SnapshotError> {
        match disk::link(&self.root, path)? {
            None => match self.index.get(&path.to_bytes()).filter(Entry::skip_worktree) {
                Some(entry) => link_of(&self.repo, path, &entry.id(), entry.kind()),
                None => Ok(None),
            },
            link => Ok(link),
        }
    }
}

impl Worktree for WorktreeSnapshot {
    fn leftovers(&self, dirs: &[RepoPath]) -> Result<Vec<Leftover>, SnapshotError> {
        let mut found = BTreeMap::new();
        let mut starts: Vec<&RepoPath> = dirs.iter().collect();
        starts.sort();
        starts.dedup();
        for (at, start) in starts.iter().enumerate() {
            // A folder above it was asked about as well.
            if !starts[..at].iter().any(|above| start.is_under(above)) {
                self.leftovers_under(start, &mut found)?;
            }
        }
        Ok(found.into_iter().map(|(path, kind)| Leftover { path, kind }).collect())
    }

    fn snapshot(&self) -> &dyn Snapshot {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_returns_of_line_ends_are_left_out() {
        let lines = |text: &'static str| without_returns(text).collect::<Vec<_>>();
        assert_eq!(lines("a\r\nb\rc\n"), ["a", "b\rc", ""]);
    }
}
