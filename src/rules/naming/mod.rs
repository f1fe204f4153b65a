//! Names.

mod stamp;

pub(super) mod duplicate_timestamp;
pub(super) mod impossible_timestamp;
pub(super) mod misnamed_migration;
pub(super) mod misnamed_object;

use crate::finding::Finding;
use crate::history::Migration;
use crate::project::ProjectChange;
use crate::rules::RuleId;
use crate::rules::history::identity::renames;

/// Migrations whose names the change gives: the new ones, those that were renamed among them.
fn named<'a>(change: &'a ProjectChange<'_>) -> Vec<&'a Migration> {
    let mut named = change.new_migrations();
    for rename in renames(change) {
        // A file that was renamed under the same revision id is not new, and its name is.
        if !named.iter().any(|migration| migration.path == rename.after.path) {
            named.push(rename.after);
        }
    }
    named
}

/// A finding about a migration's name, at its directory or file.
fn finding(rule: RuleId, migration: &Migration, message: String, help: String) -> Finding {
    let path = migration.source.as_ref().map_or(&migration.path, |source| source.path());
    Finding::new(rule, path.clone(), message, help).about(migration.name.clone())
}
