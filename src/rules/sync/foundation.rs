//! Histories that do not start from nothing.
//!
//! In some projects the first tables were made by other means (`create_all`, a dump, an older tool), and the revisions only
//! alter them. A replay on an empty database then fails at the first statement about such a table, and none of the tables
//! is made by any migration. That is how the project is, not what a change did to it.

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::catalog::apply::{ApplyError, Effect};
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::history::{Failure, Replay};
use crate::project::{ProjectChange, ProjectState};

/// What a project's migrations stand on without making it.
pub(super) struct Foundation {
    /// Names of tables and enums that some migration makes.
    made: BTreeSet<String>,
    /// Names of tables and enums that are declared, before the change or after.
    declared: BTreeSet<String>,
    /// Names of tables about which a statement fails for want of it.
    clouded: BTreeSet<String>,
}

impl Foundation {
    /// Of a change.
    pub(super) fn of(change: &ProjectChange<'_>) -> Self {
        let mut foundation = Self {
            made: made(&change.after.replay),
            declared: declared(&change.after.declared.catalog),
            clouded: BTreeSet::new(),
        };
        if let Some(before) = change.before {
            foundation.made.extend(made(&before.replay));
            foundation.declared.extend(declared(&before.declared.catalog));
        }
        let mut clouded = BTreeSet::new();
        for migration in &change.after.replay.migrations {
            for failure in migration.failures.iter().filter(|failure| foundation.explains(failure)) {
                let failed = migration.steps.iter().filter(|step| step.operation.place == failure.place);
                clouded.extend(failed.filter_map(|step| step.operation.table()).map(|table| table.name.clone()));
            }
        }
        foundation.clouded = clouded;
        foundation
    }

    /// Whether a failure is about something that the project declares and no migration has ever made: it was there
    /// before the first of them.
    pub(super) fn explains(&self, failure: &Failure) -> bool {
        let ApplyError::Missing { what, name } = &failure.error else { return false };
        // A column or an index is named with its table in front, or behind it.
        let holder = match *what {
            "the table" | "the enum" | "the type" => name.as_str(),
            "the column" => name.rsplit_once('.').map_or(name.as_str(), |(table, _)| table),
            _ => name.rsplit_once(" of ").map_or(name.as_str(), |(_, table)| table),
        };
        self.declared.contains(holder) && !self.made.contains(holder)
    }

    /// Whether a state's replay stands on something that no migration makes.
    fn is_missing_in(&self, state: &ProjectState) -> bool {
        state.replay.migrations.iter().flat_map(|migration| &migration.failures).any(|failure| self.explains(failure))
    }

    /// Whether the foundation may be why a difference is there: its table was missing before the change already, in a
    /// history that does not start from nothing, or a statement about it failed for want of the foundation.
    pub(super) fn excuses(&self, change: &ProjectChange<'_>, difference: &Difference) -> bool {
        let missing = difference.kind.side == Side::Missing;
        if missing && difference.table.as_ref().is_some_and(|table| self.clouded.contains(&table.name)) {
            return true;
        }
        let Some(before) = change.before else { return false };
        let is_table = |other: &Difference| other.kind.side == Side::Missing && other.kind.aspect == Aspect::Table;
        is_table(difference)
            && before.gap.iter().any(|old| is_table(old) && old.table == difference.table)
            && (self.is_missing_in(before) || self.is_missing_in(change.after))
    }
}

fn made(replay: &Replay) -> BTreeSet<String> {
    let steps = replay.migrations.iter().flat_map(|migration| &migration.steps);
    steps
        .flat_map(|step| &step.effects)
        .filter_map(|effect| match effect {
            Effect::TableCreated(name) | Effect::EnumCreated(name) => Some(name.to_string()),
            Effect::TableRenamed { to, .. } | Effect::EnumRenamed { to, .. } => Some(to.to_string()),
            _ => None,
        })
        .collect()
}

fn declared(catalog: &Catalog) -> BTreeSet<String> {
    catalog.tables.keys().chain(catalog.enums.keys()).map(ToString::to_string).collect()
}
