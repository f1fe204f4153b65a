//! Plugins that bring revisions of their own beside their models, which neither `alembic` nor `flask db` applies.

use std::collections::{BTreeMap, BTreeSet};

use super::Reading;
use crate::catalog::{Catalog, ObjectName, Opaque, Reach};
use crate::git::SnapshotError;
use crate::source::RepoPath;

impl Reading<'_> {
    /// Puts the tables in doubt that are declared in a folder with revisions of its own, where something there runs them:
    /// CTFd's plugins call `upgrade()` when they are loaded. What those revisions make is in no history that is replayed.
    pub(super) fn doubt_plugins(&self, catalog: &mut Catalog) -> Result<(), SnapshotError> {
        let mut doubts = Vec::new();
        for (home, revisions) in self.plugins()? {
            let declared = catalog.tables.values().filter_map(|table| Some((&table.name, table.place.as_ref()?)));
            for (name, place) in declared.filter(|(_, place)| place.path().is_under(&home)) {
                doubts.push(Opaque {
                    place: place.clone(),
                    reason: format!("its revisions lie in {revisions}, and a runner of their own applies them"),
                    reach: Reach::Table(ObjectName::from(name)),
                });
            }
        }
        catalog.doubts.extend(doubts);
        Ok(())
    }

    /// Folders of plugins that run revisions of their own, with the folders of those.
    fn plugins(&self) -> Result<BTreeMap<RepoPath, RepoPath>, SnapshotError> {
        let mut asked = BTreeSet::new();
        let mut found = BTreeMap::new();
        for entry in self.files.under(&self.project.root).filter(|entry| entry.path.extension() == Some("py")) {
            let Some(folder) = entry.path.parent() else { continue };
            // `migrations/` or `migrations/versions/`.
            let Some(scripts) = (if folder.file_name() == "versions" { folder.parent() } else { Some(folder.clone()) })
            else {
                continue;
            };
            let Some(home) = scripts.parent().filter(|home| !home.is_root()) else { continue };
            let is_candidate = scripts.file_name().to_ascii_lowercase().contains("migration")
                && self.files.get(&scripts.join("env.py")).is_none()
                && !self.project.migrations.iter().any(|own| own.is_under(&home) || folder.is_under(own))
                && !found.contains_key(&home);
            if !is_candidate {
                continue;
            }
            let Some(source) = self.snapshot.read(&entry.path)?.text() else { continue };
            let sets = |name: &str| source.text().lines().any(|line| line.starts_with(name));
            if !sets("revision") || !sets("down_revision") || !asked.insert(home.clone()) {
                continue;
            }
            let beside = self.files.under(&home).filter(|other| !other.path.is_under(&scripts));
            for other in beside.filter(|other| other.path.extension() == Some("py")) {
                let text = self.snapshot.read(&other.path)?.text();
                if text.is_some_and(|source| source.text().contains("upgrade(")) {
                    found.insert(home, folder);
                    break;
                }
            }
        }
        Ok(found)
    }
}
