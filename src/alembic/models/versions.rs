//! Which versions of SQLAlchemy and SQLModel a project uses: some types depend on it.

use super::annotations::Versions;
use crate::alembic::discover;
use crate::git::{Snapshot, SnapshotError};
use crate::project::Project;

/// The newest versions whose behaviour is known; taken where no file pins another.
const NEWEST: Versions = Versions { sqlalchemy: (2, 1), sqlmodel: (0, 0, 50) };

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

/// The versions that the nearest lock file pins.
pub(super) fn of(project: &Project, snapshot: &dyn Snapshot) -> Result<Versions, SnapshotError> {
    let mut found = NEWEST;
    let (mut sqlalchemy, mut sqlmodel) = (false, false);
    for base in discover::bases(&project.root) {
        for name in FILES {
            let Some(source) = snapshot.read(&base.join(name))?.text() else { continue };
            if !sqlalchemy && let Some(version) = pinned(source.text(), "sqlalchemy") {
                found.sqlalchemy = (version.0, version.1);
                sqlalchemy = true;
            }
            if !sqlmodel && let Some(version) = pinned(source.text(), "sqlmodel") {
                found.sqlmodel = version;
                sqlmodel = true;
            }
        }
    }
    Ok(found)
}

/// The version that a file pins: `name==1.2.3`, or `name = "…"` followed by `version = "1.2.3"`.
fn pinned(text: &str, package: &str) -> Option<(u32, u32, u32)> {
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

fn parse(text: &str) -> Option<(u32, u32, u32)> {
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
