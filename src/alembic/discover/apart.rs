//! What looks like an environment and is a part of another one.

use std::collections::BTreeSet;

use super::locations::{self, Found};
use super::{Environment, RepoPath};
use crate::git::{FileList, Snapshot, SnapshotError};

/// The environments of one settings file without those that are a part of another: a section that says nothing of its
/// revisions beside one that names, for the same scripts, the default folder and more.
///
/// `[alembic]` is there because Alembic's template has it; what is run is `alembic -n` with the other. A section that
/// names its own folders, or another database, is meant as it is.
pub(super) fn without_parts(found: Vec<Environment>, by_default: &[bool]) -> Vec<Environment> {
    let is_part = |part: &Environment| {
        found.iter().any(|whole| {
            whole.script.dir == part.script.dir
                && whole.versions.len() > part.versions.len()
                && part.versions.iter().all(|dir| whole.versions.contains(dir))
                && (part.url.is_none() || whole.url.is_none() || part.url == whole.url)
        })
    };
    let parts: Vec<bool> =
        found.iter().zip(by_default).map(|(environment, default)| *default && is_part(environment)).collect();
    found.into_iter().zip(parts).filter(|(_, part)| !part).map(|(environment, _)| environment).collect()
}

/// Adds the environments whose `env.py` a library brings: Flask-Alembic keeps the revisions beside the template.
///
/// Folders of revisions that the settings of another environment name are that one's, even with a template of their own:
/// environments that were joined leave it behind.
pub(super) fn without_env(
    snapshot: &dyn Snapshot,
    files: &FileList,
    found: &mut Vec<Environment>,
) -> Result<(), SnapshotError> {
    let templates = files.iter().filter(|entry| entry.path.file_name() == "script.py.mako");
    for dir in templates.filter(|entry| !locations::is_foreign(&entry.path)).filter_map(|entry| entry.path.parent()) {
        if locations::is_script_dir(files, &dir) || found.iter().any(|other| other.script.dir == dir) {
            continue;
        }
        let mut revisions = BTreeSet::new();
        for entry in files.under(&dir).filter(|entry| entry.path.extension() == Some("py")) {
            let Some(source) = snapshot.read(&entry.path)?.text() else { continue };
            if source.text().lines().any(|line| line.starts_with("down_revision")) {
                revisions.extend(entry.path.parent());
            }
        }
        revisions.retain(|folder: &RepoPath| !found.iter().any(|other| other.versions.contains(folder)));
        if revisions.is_empty() {
            continue;
        }
        found.push(Environment {
            versions: revisions.into_iter().collect(),
            script: Found { root: dir.parent().unwrap_or_default(), dir },
            settings: None,
            section: "alembic".to_owned(),
            url: None,
            file_template: None,
            recursive: false,
            python_path: Vec::new(),
        });
    }
    Ok(())
}
