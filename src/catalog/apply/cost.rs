//! What an operation costs: the bound on what a history may ask for.
//!
//! Applying looks at the parts of the table it changes, and for some operations at every table there is. A history that
//! people wrote costs a few million units at most; one that was written to keep a machine busy is told from it here,
//! before the work is done.

use crate::catalog::operation::{Constraint, Operation, OperationKind as K};
use crate::catalog::{Catalog, Table};

/// Of any operation that may change a catalog: it is kept, with what it did, for as long as the run.
const CHANGE: u64 = 1_500;

/// Of any other operation.
const OTHER: u64 = 500;

/// Of one column, key, check or index of a table that is changed.
const PART: u64 = 100;

impl Catalog {
    /// About how much work an operation is, in units of one look at a name. It is an upper bound for operations that stand
    /// by themselves; those within a block or a condition are counted when they are done.
    pub(crate) fn cost(&self, operation: &Operation) -> u64 {
        let base = if operation.changes_catalog() { CHANGE } else { OTHER };
        let relations = count(self.tables.len() + self.views.len());
        // Names are looked for along the search path, in dialects that fold them among all.
        let looked_at = if self.dialect.folds_names() { 12 * relations } else { 40 * count(self.search_path.len()) };
        let is_new = matches!(operation.kind, K::CreateTable(_));
        let table = operation.table().filter(|_| !is_new).and_then(|name| self.table(name));
        let parts = table.map_or(0, parts);
        let on_table = match &operation.kind {
            K::AddColumn { column, .. } if column.constraints.is_empty() => 5 * parts * (1 + self.lookup.descendants()),
            // Done to every table that inherits from it as well.
            K::AddColumn { .. } | K::DropColumn { .. } | K::RenameColumn { .. } | K::AlterColumn { .. } => {
                let sequences = count(self.sequences.len()) + 16 * count(self.views.len());
                PART * parts * (1 + self.lookup.descendants()) + sequences
            }
            K::AddConstraint { constraint, .. } if is_unnamed(constraint) => {
                PART * parts + parts * parts / 2 + relations * (1 + parts)
            }
            K::CreateIndex { index, .. } if index.name.is_none() => PART * parts + parts * parts / 2,
            K::CreateIndex { .. } => 10 * parts + count(self.views.len()),
            K::DropTable { name, .. } => {
                let referrers = self.resolve(&self.tables, name).map(|name| self.referrers(&name)).unwrap_or_default();
                let theirs = referrers.iter().filter_map(|name| self.tables.get(name)).map(self::parts).sum::<u64>();
                PART * (parts + theirs) + count(self.sequences.len()) + 16 * count(self.views.len())
            }
            K::RenameTable { .. } | K::MoveTable { .. } => PART * parts + 4 * relations,
            K::CreateTable(new) => {
                let unnamed = new.constraints.iter().filter(|constraint| is_unnamed(constraint)).count()
                    + new.columns.iter().flat_map(|column| &column.constraints).filter(|one| is_unnamed(one)).count();
                let new = count(new.columns.len() + new.constraints.len());
                count(self.views.len()) + PART * new + new * new / 8 + 20 * count(unnamed) * relations
            }
            K::DropSchema { .. }
            | K::RenameSchema { .. }
            | K::RenameEnumValue { .. }
            | K::DropEnumValue { .. }
            | K::DropType { .. }
            | K::RenameType { .. }
            | K::MoveType { .. }
            | K::CreateType { .. }
            | K::CreateSequence { .. }
            | K::DropSequence { .. }
            | K::RenameSequence { .. } => {
                PART * count(self.tables.len()) + 2 * count(self.views.len() + self.sequences.len())
            }
            K::AddEnumValue { name, .. } => count(self.enumeration(name).map_or(0, |found| found.labels.len())),
            K::CreateView { reads, .. } => 4 * count(self.views.len()) + 8 * count(reads.weight()),
            K::Query(reads) | K::CreateAttachment { reads, .. } => 8 * count(reads.weight()),
            K::DropView { .. } | K::RenameView { .. } => 4 * count(self.views.len()),
            _ => PART * parts,
        };
        base + looked_at + on_table + count(self.doubts.len())
    }
}

impl Catalog {
    /// What a copy of the whole catalog costs.
    pub(crate) fn cost_of_copy(&self) -> u64 {
        PART * self.tables.values().map(parts).sum::<u64>() + count(self.views.len() + self.sequences.len())
    }
}

/// The parts of a table.
fn parts(table: &Table) -> u64 {
    count(1 + table.columns.len() + table.indexes.len() + table.foreign_keys.len() + table.checks.len())
}

/// Whether the database has to find a name for a constraint.
fn is_unnamed(constraint: &Constraint) -> bool {
    match constraint {
        Constraint::PrimaryKey(_) | Constraint::UsingIndex { .. } => false,
        Constraint::Index(index) => index.name.is_none(),
        Constraint::ForeignKey(key) => key.key.name.is_none(),
        Constraint::Check(check) => check.name.is_none(),
        Constraint::Exclude(name) => name.is_none(),
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
