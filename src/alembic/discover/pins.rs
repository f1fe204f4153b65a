//! Versions of packages, as lock files and requirement files pin them.

use super::locations::bases;
use crate::git::{Snapshot, SnapshotError};
use crate::source::RepoPath;

/// Major, minor, patch.
pub(crate) type Version = (u32, u32, u32);

/// Lock files, and requirement files that may pin.
const FILES: [&str; 9] = [
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "requirements.lock",
    "requirements.txt",
    "requirements/base.txt",
    "requirements/prod.txt",
    "constraints.txt",
];

/// The version of `package` that the nearest file pins for a project in `root`.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(crate) fn version(
    snapshot: &dyn Snapshot,
    root: &RepoPath,
    package: &str,
) -> Result<Option<Version>, SnapshotError> {
    for base in bases(root) {
        for name in FILES {
            let Some(source) = snapshot.read(&base.join(name))?.text() else { continue };
            if let Some(version) = pinned(source.text(), package) {
                return Ok(Some(version));
            }
        }
    }
    Ok(None)
}

/// The version that a file pins: `name==1.2.3`, or `name = "…"` followed by `version = "1.2.3"`.
fn pinned(text: &str, package: &str) -> Option<Version> {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.trim();
        let lower = line.to_lowercase();
        if let Some(rest) = lower.strip_prefix(package) {
            let rest = match rest.strip_prefix('[') {
                Some(extras) => extras.split_once(']').map_or(rest, |(_, rest)| rest),
                None => rest,
            };
            if let Some(version) = rest.trim_start().strip_prefix("==") {
                return parse(version);
            }
        }
        if lower == format!("name = \"{package}\"")
            && let Some(next) = lines.peek()
            && let Some(version) = next.trim().strip_prefix("version = \"")
        {
            return parse(version);
        }
        // Pipfile.lock: `"sqlalchemy": { … "version": "==2.0.1" }`.
        if lower.starts_with(&format!("\"{package}\": {{")) {
            for inner in lines.by_ref().take(200) {
                if let Some((_, version)) = inner.split_once("\"version\": \"==") {
                    return parse(version);
                }
                if inner.trim().starts_with('}') {
                    break;
                }
            }
        }
    }
    None
}

fn parse(text: &str) -> Option<Version> {
    let mut numbers = text
        .trim()
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()?
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let major = numbers.next()?;
    Some((major, numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::pinned;

    #[test]
    fn pins_are_found_in_every_sort_of_lock_file() {
        assert_eq!(pinned("flask==2\nSQLAlchemy==1.4.49  # x", "sqlalchemy"), Some((1, 4, 49)));
        assert_eq!(pinned("sqlalchemy[asyncio]==2.0.36 ; python", "sqlalchemy"), Some((2, 0, 36)));
        assert_eq!(pinned("[[package]]\nname = \"sqlmodel\"\nversion = \"0.0.22\"", "sqlmodel"), Some((0, 0, 22)));
        assert_eq!(
            pinned("\"sqlalchemy\": {\n \"hashes\": [],\n \"version\": \"==2.0.1\"\n }", "sqlalchemy"),
            Some((2, 0, 1))
        );
        assert_eq!(pinned("sqlalchemy>=2\nsqlalchemy-utils==0.41", "sqlalchemy"), None);
    }
}
