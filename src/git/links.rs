//! Symbolic links, followed inside a snapshot.
//!
//! What a link means is decided by the files of the snapshot alone: the disk is not asked, and nothing is read that the
//! snapshot does not hold. A link that leaves the tree, or that goes round, leads nowhere.

use super::snapshot::{FileKind, Snapshot, SnapshotError};
use crate::source::RepoPath;

/// Links that are followed on the way to one file; git and most systems stop at 40.
const MOST_LINKS: usize = 16;
/// A path longer than this is no path.
const LONGEST: usize = 4096;

/// The file or folder that a path leads to, links on the way followed; none where it leads to nothing in the snapshot.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(crate) fn follow(snapshot: &dyn Snapshot, path: &RepoPath) -> Result<Option<RepoPath>, SnapshotError> {
    let files = snapshot.files()?;
    let mut ahead: Vec<String> = path.components().rev().map(str::to_owned).collect();
    let mut here = RepoPath::root();
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                let Some(above) = here.parent() else { return Ok(None) };
                here = above;
                continue;
            }
            _ => {}
        }
        let next = here.join(&part);
        if files.get(&next).is_none_or(|entry| entry.kind != FileKind::Symlink) {
            here = next;
            continue;
        }
        links += 1;
        let Some(target) = snapshot.link(&next)?.filter(|text| !text.starts_with('/') && text.len() <= LONGEST) else {
            return Ok(None);
        };
        if links > MOST_LINKS {
            return Ok(None);
        }
        ahead.extend(target.split('/').rev().map(str::to_owned));
    }
    let is_there = files.get(&here).is_some_and(|entry| entry.kind == FileKind::Regular) || files.has_dir(&here);
    Ok(is_there.then_some(here))
}
