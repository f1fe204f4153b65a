//! Histories that do not start from nothing.
//!
//! In some projects the first tables were made by other means (`create_all`, a dump, an older tool), and the revisions only
//! alter them. A replay on an empty database then fails at the first statement about such a table, and none of the tables
//! is made by any migration. That is how the project is, not what a change did to it.

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::catalog::ObjectName;
use crate::catalog::apply::{ApplyError, Effect};
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::history::{Failure, Replay, Replayed};
use crate::project::{ProjectChange, ProjectState};

/// What a project's migrations stand on without making it.
pub(super) struct Foundation {
    /// Names of tables and enums that some migration makes.
    made: BTreeSet<String>,
    /// Names of tables and enums that are declared, before the change or after.
    declared: BTreeSet<String>,
    /// Names of tables about which a statement fails for want of it.
    clouded: BTreeSet<String>,
    /// Whether the database may hold something before the first migration runs.
    may_be_prepared: bool,
    /// Whether some statement shows that it does.
    is_prepared: bool,
}

impl Foundation {
    /// Of a change.
    pub(super) fn of(change: &ProjectChange<'_>) -> Self {
        let mut foundation = Self {
            made: made(&change.after.replay),
            declared: declared(&change.after.declared.catalog),
            clouded: BTreeSet::new(),
            may_be_prepared: change.after.history.may_have_base,
            is_prepared: false,
        };
        if let Some(before) = change.before {
            foundation.made.extend(made(&before.replay));
            foundation.declared.extend(declared(&before.declared.catalog));
        }
        // In the order in which they fail: what fails for want of the foundation makes further statements fail.
        for migration in &change.after.replay.migrations {
            for failure in &migration.failures {
                foundation.is_prepared |= foundation.may_be_prepared && foundation.explains(failure);
                if foundation.excuses_failure(migration, failure) {
                    let tables = failed(migration, failure).map(|table| table.name.clone());
                    foundation.clouded.extend(tables);
                }
            }
        }
        foundation
    }

    /// Whether a statement fails for want of the foundation, or of what could not be made for want of it.
    pub(super) fn excuses_failure(&self, migration: &Replayed, failure: &Failure) -> bool {
        let ApplyError::Missing { what, name } = &failure.error else { return false };
        let not_made = |table: &str| self.declared.contains(table) && !self.made.contains(table);
        // An index or a constraint that is not there, on a table that no migration makes.
        let on_foundation = || {
            !matches!(*what, "the table" | "the column" | "the enum" | "the type" | "the schema")
                && failed(migration, failure).any(|table| not_made(&table.to_string()))
        };
        // `DROP INDEX i` does not say of which table: an index that no migration made may be one of the foundation's.
        let of_no_table = || self.is_prepared && *what == "the index" && failed(migration, failure).next().is_none();
        self.explains(failure)
            || on_foundation()
            || of_no_table()
            || self.clouded.contains(bare(holder(failure).as_deref().unwrap_or_default()))
            || failed(migration, failure).any(|table| self.clouded.contains(&table.name))
    }

    /// Whether a failure is about something that the project declares and no migration has ever made: it was there
    /// before the first of them.
    pub(super) fn explains(&self, failure: &Failure) -> bool {
        let ApplyError::Missing { what, name } = &failure.error else { return false };
        match *what {
            // Whoever may make extensions and schemas is seldom who runs the revisions.
            "the type" if self.may_be_prepared && is_of_extension(name) => return true,
            "the schema" if self.may_be_prepared => {
                let within = format!("{name}.");
                return self.declared.iter().any(|table| table.starts_with(&within))
                    && !self.made.iter().any(|table| table.starts_with(&within));
            }
            _ => {}
        }
        holder(failure).is_some_and(|holder| self.declared.contains(&holder) && !self.made.contains(&holder))
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

/// The tables that the failed statement is about.
fn failed<'a>(migration: &'a Replayed, failure: &'a Failure) -> impl Iterator<Item = &'a ObjectName> {
    migration
        .steps
        .iter()
        .filter(|step| step.operation.place == failure.place)
        .filter_map(|step| step.operation.table())
}

/// The table, enum or type whose want makes a statement fail: a column or an index is named with its table in front, or
/// behind it.
fn holder(failure: &Failure) -> Option<String> {
    let ApplyError::Missing { what, name } = &failure.error else { return None };
    let holder = match *what {
        "the table" | "the enum" | "the type" => name.as_str(),
        "the column" => name.rsplit_once('.').map_or(name.as_str(), |(table, _)| table),
        _ => name.rsplit_once(" of ").map_or(name.as_str(), |(_, table)| table),
    };
    Some(holder.to_owned())
}

/// A name without its schema.
fn bare(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

/// Types that extensions of PostgreSQL bring.
fn is_of_extension(name: &str) -> bool {
    let types = [
        "box2d",
        "box3d",
        "citext",
        "cube",
        "geography",
        "geometry",
        "halfvec",
        "hstore",
        "lquery",
        "ltree",
        "ltxtquery",
        "raster",
        "seg",
        "sparsevec",
        "vector",
    ];
    types.contains(&bare(name).to_ascii_lowercase().as_str())
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
