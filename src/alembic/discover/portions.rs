//! Namespace packages in several folders (PEP 420): a name without any `__init__.py` of its own, whose portions lie in
//! folders that no setting of Alembic names. The package manager puts those on Python's path (`packages` of Poetry,
//! `where` of setuptools, the bricks of Polylith).
//!
//! They are told by what is imported: `from shop.db.models import Base` where exactly one `*/shop/db/models.py` is there.

use std::collections::{BTreeMap, BTreeSet};

use super::locations::{bases, is_foreign};
use super::reach::{self, Import, Reached};
use super::{PORTIONS, python_roots};
use crate::alembic::python::{Found, SnapshotModules, find_in};
use crate::git::{FileList, Snapshot, SnapshotError};
use crate::project::Project;
use crate::source::RepoPath;

/// How often what was found may lead to more.
const MAX_ROUNDS: usize = 4;
/// Folders with portions that are taken.
const MAX_FOLDERS: usize = 60;

/// What `env.py` reaches. The folders with portions of namespace packages that this needs are noted in the project.
///
/// # Errors
/// Where the snapshot cannot be read.
pub(super) fn reached(
    project: &mut Project,
    snapshot: &dyn Snapshot,
    env: &RepoPath,
) -> Result<Reached, SnapshotError> {
    let files = snapshot.files()?;
    let mut found: Vec<RepoPath> = Vec::new();
    for _ in 1..MAX_ROUNDS {
        let roots = python_roots(project, files);
        let reached = reach::from(snapshot, &roots, env)?;
        let modules = SnapshotModules::new(snapshot, roots.clone())?;
        let more = folders(project, snapshot, &modules, &reached.absent, &roots)?;
        if more.is_empty() || found.len() + more.len() > MAX_FOLDERS {
            return Ok(reached);
        }
        found.extend(more);
        let paths: Vec<&str> = found.iter().map(RepoPath::as_str).collect();
        project.facts.insert(PORTIONS, paths.join("\n"));
    }
    reach::from(snapshot, &python_roots(project, files), env)
}

/// The folders, none of them a root yet, with portions of the packages that imports name and no root has: those that have what
/// is imported first.
fn folders(
    project: &Project,
    snapshot: &dyn Snapshot,
    modules: &SnapshotModules<'_>,
    missing: &BTreeSet<Import>,
    roots: &[RepoPath],
) -> Result<Vec<RepoPath>, SnapshotError> {
    let tops: BTreeSet<&str> = missing.iter().map(Import::top).collect();
    let portions = portions(snapshot.files()?, &tops);
    let mut found: Vec<RepoPath> = Vec::new();
    for import in missing {
        let Some(folders) = portions.get(import.top()) else { continue };
        let has = |folder: &&RepoPath| {
            import.dotted().iter().any(|dotted| matches!(find_in(modules, folder, dotted), Some(Found::File(_))))
        };
        let mut holders: Vec<&RepoPath> = folders.iter().filter(has).collect();
        if holders.len() > 1 {
            let named = named(project, snapshot, &holders)?;
            holders.retain(|folder| named.contains(*folder));
        }
        // One that cannot be told from others is none.
        let [holder] = holders.as_slice() else { continue };
        for folder in std::iter::once(*holder).chain(folders) {
            if !roots.contains(folder) && !found.contains(folder) {
                found.push(folder.clone());
            }
        }
    }
    Ok(found)
}

/// The folders that are no packages and hold folders of one of these names with modules and without an `__init__.py`.
fn portions<'a>(files: &FileList, tops: &BTreeSet<&'a str>) -> BTreeMap<&'a str, BTreeSet<RepoPath>> {
    let is_package = |dir: &RepoPath| files.get(&dir.join("__init__.py")).is_some();
    let mut found: BTreeMap<&str, BTreeSet<RepoPath>> = BTreeMap::new();
    let mut seen: BTreeSet<RepoPath> = BTreeSet::new();
    for entry in files.iter().filter(|entry| entry.path.extension() == Some("py")) {
        if !entry.path.components().any(|part| tops.contains(part)) || is_foreign(&entry.path) {
            continue;
        }
        for dir in std::iter::successors(entry.path.parent(), RepoPath::parent) {
            if !seen.insert(dir.clone()) {
                break;
            }
            let (Some(top), Some(folder)) = (tops.get(dir.file_name()), dir.parent()) else { continue };
            if !is_package(&dir) && !is_package(&folder) {
                found.entry(top).or_default().insert(folder);
            }
        }
    }
    found
}

/// Of some folders those that a `pyproject.toml` at the project's root or above it names: `from = "components"`,
/// `"components/shop/db" = "shop/db"`.
fn named(
    project: &Project,
    snapshot: &dyn Snapshot,
    folders: &[&RepoPath],
) -> Result<BTreeSet<RepoPath>, SnapshotError> {
    let mut found = BTreeSet::new();
    for base in bases(&project.root) {
        let Some(source) = snapshot.read(&base.join("pyproject.toml"))?.text() else { continue };
        for folder in folders {
            let Some(below) = folder.strip_prefix(&base).filter(|below| !below.is_empty()) else { continue };
            let is_named =
                |quote: char| [quote, '/'].iter().any(|end| source.text().contains(&format!("{quote}{below}{end}")));
            if is_named('"') || is_named('\'') {
                found.insert((*folder).clone());
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::MemorySnapshot;

    #[test]
    fn portions_are_folders_without_a_package_of_their_own() -> Result<(), SnapshotError> {
        let snapshot = MemorySnapshot::new([
            ("bases/ns/tool/core.py", ""),
            ("components/ns/db/__init__.py", ""),
            ("pkg/ns/__init__.py", ""),
            ("app/__init__.py", ""),
            ("app/ns/x.py", ""),
            ("tests/ns/x.py", ""),
            ("docs/ns/x.md", ""),
        ]);
        let found = portions(snapshot.files()?, &BTreeSet::from(["ns"]));
        let told: Vec<&str> = found.values().flatten().map(RepoPath::as_str).collect();
        assert_eq!(told, ["bases", "components"]);
        Ok(())
    }
}
