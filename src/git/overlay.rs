//! A snapshot with some files of another laid over it: the state that would be if those of the working directory were staged, or if
//! an edit had left one alone.

use std::collections::BTreeSet;

use super::snapshot::{FileEntry, FileKind, FileList, FileText, ObjectId, Snapshot, SnapshotError, fingerprint};
use crate::source::RepoPath;

/// `base`, but for `paths`, which are as `top` has them (or gone, where `top` has none).
pub struct Overlay<'a> {
    base: &'a dyn Snapshot,
    top: &'a dyn Snapshot,
    paths: BTreeSet<RepoPath>,
    files: FileList,
}

impl<'a> Overlay<'a> {
    /// Lays `paths` of `top` over `base`.
    ///
    /// # Errors
    /// Where `base` cannot be listed, or a path of `top` cannot be read.
    pub fn new(
        base: &'a dyn Snapshot,
        top: &'a dyn Snapshot,
        paths: impl IntoIterator<Item = RepoPath>,
    ) -> Result<Self, SnapshotError> {
        let paths: BTreeSet<RepoPath> = paths.into_iter().collect();
        let mut entries: Vec<_> = base.files()?.iter().filter(|entry| !paths.contains(&entry.path)).cloned().collect();
        for path in &paths {
            // Read, and not looked up in the list: listing a working directory visits every file in it, and leaves out
            // the ignored ones, which are still there to be read.
            let print = match top.read(path)? {
                FileText::Absent => continue,
                FileText::Text(source) => fingerprint(source.text().as_bytes()),
                FileText::Unreadable(reason) => fingerprint(reason.as_bytes()),
            };
            entries.push(FileEntry {
                path: path.clone(),
                id: ObjectId::new(&print.to_be_bytes()),
                kind: FileKind::Regular,
            });
        }
        Ok(Self { base, top, paths, files: FileList::new(entries) })
    }
}

impl Snapshot for Overlay<'_> {
    fn describe(&self) -> String {
        format!("{} with files of {}", self.base.describe(), self.top.describe())
    }

    fn id(&self) -> String {
        self.base.id()
    }

    fn files(&self) -> Result<&FileList, SnapshotError> {
        Ok(&self.files)
    }

    fn read(&self, path: &RepoPath) -> Result<FileText, SnapshotError> {
        if self.paths.contains(path) { self.top.read(path) } else { self.base.read(path) }
    }

    fn link(&self, path: &RepoPath) -> Result<Option<String>, SnapshotError> {
        if self.paths.contains(path) { self.top.link(path) } else { self.base.link(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::MemorySnapshot;

    #[test]
    fn paths_of_the_top_replace_add_and_remove() {
        let base = MemorySnapshot::new([("a", "old"), ("b", "kept"), ("c", "gone")]);
        let top = MemorySnapshot::new([("a", "new"), ("b", "unseen"), ("d", "added")]);
        let overlay = Overlay::new(&base, &top, ["a", "c", "d"].map(RepoPath::from)).unwrap();
        let paths: Vec<&str> = overlay.files().unwrap().iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["a", "b", "d"]);
        let text = |path: &str| overlay.read(&path.into()).unwrap().text().map(|source| source.text().to_owned());
        assert_eq!(text("a").as_deref(), Some("new"));
        assert_eq!(text("b").as_deref(), Some("kept"));
        assert_eq!(text("c"), None);
        assert_eq!(text("d").as_deref(), Some("added"));
    }
}
