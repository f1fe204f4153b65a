//! The disk: paths of the repository as paths of the file system, and a plain folder as a snapshot.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::git::error::GitError;
use crate::git::snapshot::{FileEntry, FileKind, FileList, FileText, ObjectId, Snapshot, SnapshotError, fingerprint};
use crate::source::{NotText, RepoPath, Source};

/// More files than this are not listed in a plain folder.
const MAX_FILES: usize = 200_000;

/// A path's bytes as the file system wants them.
pub(crate) fn os_string(path: &RepoPath) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        OsString::from_vec(path.to_bytes().into_owned())
    }
    #[cfg(not(unix))]
    {
        OsString::from(path.as_str())
    }
}

/// A name of the file system as git's bytes.
pub(crate) fn name_bytes(name: &std::ffi::OsStr) -> Vec<u8> {
    name.as_encoded_bytes().to_vec()
}

/// Where a path of the repository is on the disk. None for a path that would lead out of the root or into git's own
/// folder: no such path is ever tracked, and an index that claims one is not believed.
pub(crate) fn locate(root: &Path, path: &RepoPath) -> Option<PathBuf> {
    let wrong = |part: &str| {
        matches!(part, "" | "." | "..")
            || part.eq_ignore_ascii_case(".git")
            || cfg!(windows) && part.contains(['\\', ':'])
    };
    if path.is_root() {
        return Some(root.to_owned());
    }
    (!path.as_str().split('/').any(wrong)).then(|| root.join(os_string(path)))
}

/// Whether a folder on the way from the root to the path is a symbolic link, so that the path lies elsewhere.
pub(crate) fn is_behind_link(root: &Path, path: &RepoPath) -> bool {
    let mut dir = path.parent();
    while let Some(folder) = dir.filter(|dir| !dir.is_root()) {
        let found = locate(root, &folder).and_then(|place| std::fs::symlink_metadata(place).ok());
        if found.is_some_and(|found| found.is_symlink()) {
            return true;
        }
        dir = folder.parent();
    }
    false
}

/// The sort of a file on the disk; none for folders, sockets and the like.
pub(crate) fn kind_of(metadata: &std::fs::Metadata) -> Option<FileKind> {
    if metadata.is_symlink() {
        Some(FileKind::Symlink)
    } else if metadata.is_file() {
        Some(FileKind::Regular)
    } else {
        None
    }
}

/// The text of a file below `root`; symbolic links are not followed, neither the file nor a folder above it.
pub(crate) fn read(root: &Path, path: &RepoPath) -> Result<FileText, GitError> {
    let Some(place) = locate(root, path) else { return Ok(FileText::Absent) };
    let metadata = match std::fs::symlink_metadata(&place) {
        Ok(metadata) => metadata,
        Err(error) if is_absence(&error) => return Ok(FileText::Absent),
        Err(error) => return Err(GitError::io("read", place, error)),
    };
    if is_behind_link(root, path) {
        return Ok(FileText::Absent);
    }
    match kind_of(&metadata) {
        Some(FileKind::Regular) => {}
        Some(_) => return Ok(FileText::Unreadable("the file is a symbolic link".to_owned())),
        None => return Ok(FileText::Absent),
    }
    let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    if size > Source::MAX_LEN {
        return Ok(Err(NotText::TooLarge(size)).into());
    }
    match std::fs::read(&place) {
        Ok(bytes) => Ok(Source::from_bytes(path.clone(), bytes).into()),
        Err(error) if is_absence(&error) => Ok(FileText::Absent),
        Err(error) => Err(GitError::io("read", place, error)),
    }
}

/// What a symbolic link below `root` holds; none where there is no link at that path itself.
pub(crate) fn link(root: &Path, path: &RepoPath) -> Result<Option<String>, GitError> {
    let Some(place) = locate(root, path) else { return Ok(None) };
    if is_behind_link(root, path) || !std::fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink()) {
        return Ok(None);
    }
    match std::fs::read_link(&place) {
        Ok(target) => {
            Ok(target.to_str().map(|text| if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }))
        }
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(GitError::io("read", place, error)),
    }
}

/// Whether an error of the disk says that there is no such file.
pub(crate) fn is_absence(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// A plain folder as a snapshot: for comparing a schema with migrations where no repository is.
pub struct DiskSnapshot {
    root: PathBuf,
    within: Vec<RepoPath>,
    files: OnceCell<FileList>,
}

impl DiskSnapshot {
    /// The folder `root`. Only what lies under one of `within` (files or folders, relative to it) is listed, or
    /// everything where it is empty; any file below the root can be read.
    ///
    /// # Errors
    /// Where `root` is no folder.
    pub fn new(root: &Path, within: Vec<RepoPath>) -> Result<Self, GitError> {
        let root = root.canonicalize().map_err(|error| GitError::io("read", root, error))?;
        let within = if within.is_empty() { vec![RepoPath::root()] } else { within };
        Ok(Self { root, within, files: OnceCell::new() })
    }

    /// The smallest folder that holds all of `paths` (relative ones are below `cwd`), and where each lies in it.
    ///
    /// # Errors
    /// Where one of them does not exist.
    pub fn of_paths(cwd: &Path, paths: &[PathBuf]) -> Result<(Self, Vec<RepoPath>), GitError> {
        let mut full = Vec::new();
        for path in paths {
            let path = cwd.join(path);
            full.push(path.canonicalize().map_err(|error| GitError::io("read", path, error))?);
        }
        let folder =
            |path: &PathBuf| if path.is_dir() { path.clone() } else { path.parent().unwrap_or(path).to_owned() };
        let mut root = full.first().map_or_else(|| cwd.to_owned(), folder);
        while !full.iter().all(|path| path.starts_with(&root)) {
            if !root.pop() {
                break;
            }
        }
        let below: Vec<RepoPath> = full.iter().map(|path| below(&root, path)).collect();
        Ok((Self::new(&root, below.clone())?, below))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn list(&self) -> Result<FileList, GitError> {
        let mut entries = Vec::new();
        for start in &self.within {
            let Some(place) = locate(&self.root, start) else { continue };
            let walk = walkdir::WalkDir::new(&place).follow_links(false).into_iter();
            for entry in walk.filter_entry(|entry| entry.depth() == 0 || !is_skipped(entry.file_name())) {
                let entry = entry.map_err(|error| {
                    let path = error.path().unwrap_or(&place).to_owned();
                    GitError::io("list", path, error.into())
                })?;
                let metadata = entry.metadata().map_err(|error| GitError::io("list", entry.path(), error.into()))?;
                let Some(kind) = kind_of(&metadata) else { continue };
                if entries.len() >= MAX_FILES {
                    return Err(GitError::TooMany { what: place.display().to_string(), limit: MAX_FILES });
                }
                let path = below(&self.root, entry.path());
                let stamp = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
                let stamp = stamp.map_or(0, |stamp| stamp.as_nanos());
                let print = fingerprint(format!("{path}\0{}\0{stamp}", metadata.len()).as_bytes());
                entries.push(FileEntry { path, id: ObjectId::new(&print.to_be_bytes()), kind });
            }
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries.dedup_by(|a, b| a.path == b.path);
        Ok(FileList::new(entries))
    }
}

/// Folders that hold no sources and any number of files.
pub(crate) fn is_skipped(name: &std::ffi::OsStr) -> bool {
    name == ".git" || name == "node_modules" || name == "__pycache__"
}

/// A path below a root, as a path of the repository.
pub(crate) fn below(root: &Path, path: &Path) -> RepoPath {
    let rest = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<Vec<u8>> = rest.components().map(|part| name_bytes(part.as_os_str())).collect();
    RepoPath::from_bytes(&parts.join(&b'/'))
}

impl Snapshot for DiskSnapshot {
    fn describe(&self) -> String {
        "the files on disk".to_owned()
    }

    fn id(&self) -> String {
        "disk".to_owned()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files = self.list()?;
        Ok(self.files.get_or_init(|| files))
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        Ok(read(&self.root, path)?)
    }

    fn link(&self, path: &RepoPath) -> Result<Option<String>, SnapshotError> {
        Ok(link(&self.root, path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_root() {
        let root = Path::new("/work");
        for path in ["../etc/passwd", "a/../../b", "a//b", ".git/config", "a/.GIT/x"] {
            // `RepoPath::new` would keep these as they are: an index can hold anything.
            assert_eq!(locate(root, &RepoPath::from_bytes(path.as_bytes())), None, "{path}");
        }
        assert_eq!(locate(root, &"a/b.sql".into()), Some("/work/a/b.sql".into()));
    }

    #[cfg(unix)]
    #[test]
    fn a_plain_folder_is_listed_and_read_without_following_links() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for path in ["app/schema.prisma", "app/migrations/1/migration.sql", "app/node_modules/x/y.prisma", "other/z"] {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), path).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", root.join("app/link")).unwrap();
        std::os::unix::fs::symlink(root.join("other"), root.join("app/dir")).unwrap();

        let paths = [PathBuf::from("app/schema.prisma"), PathBuf::from("app/migrations")];
        let (snapshot, below) = DiskSnapshot::of_paths(root, &paths).unwrap();
        assert_eq!(snapshot.root(), root.canonicalize().unwrap().join("app"));
        assert_eq!(below, [RepoPath::new("schema.prisma"), RepoPath::new("migrations")]);
        let names: Vec<_> = snapshot.files().unwrap().iter().map(|file| file.path.to_string()).collect();
        assert_eq!(names, ["migrations/1/migration.sql", "schema.prisma"]);
        assert!(matches!(snapshot.read(&"link".into()).unwrap(), FileText::Unreadable(_)));
        assert!(matches!(snapshot.read(&"dir/z".into()).unwrap(), FileText::Absent));
        assert!(matches!(snapshot.read(&"nothing".into()).unwrap(), FileText::Absent));
        assert!(matches!(snapshot.read(&"schema.prisma".into()).unwrap(), FileText::Text(_)));

        let whole = DiskSnapshot::new(root, Vec::new()).unwrap();
        let names: Vec<_> = whole.files().unwrap().iter().map(|file| file.path.to_string()).collect();
        assert_eq!(names, ["app/dir", "app/link", "app/migrations/1/migration.sql", "app/schema.prisma", "other/z"]);
    }
}
