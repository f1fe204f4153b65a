//! What the revisions of old did to a table that none of them makes.
//!
//! Such a table is taken from the models of before, and those hold what the revisions did to it, as a rule. Where they do
//! not (the revision was committed first, or alone), the database has what the revision made: a column that was added is
//! there, one that was dropped is not. So the operations are done on the table that the models tell of, each where its effect
//! is not in it already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Replayed;
use crate::catalog::apply::naming;
use crate::catalog::operation::{Constraint, Operation, OperationKind};
use crate::catalog::{Catalog, Dialect, Index, IndexPart, Key, Name, ObjectName, Opaque, Reach, Table};

/// Puts tables into a catalog as the models have them, altered as the migrations have done; none of these makes them.
pub(super) fn put(catalog: &mut Catalog, tables: Vec<Table>, migrations: &[Arc<Replayed>], doubts: &[Opaque]) {
    let dialect = catalog.dialect;
    let wanted: Vec<Name> = tables.iter().map(|table| table.name.clone()).collect();
    let operations = operations_on(catalog, &wanted, migrations);
    for table in tables {
        catalog.put_table(named(table, dialect));
    }
    for (table, operation) in operations {
        // What it does to the column is not known: the models know it better.
        let is_doubtful = doubts.iter().any(|doubt| {
            matches!(doubt.reach, Reach::Column(..)) && doubt.place.path() == operation.place.path() && {
                let (one, other) = (&doubt.place.span, &operation.place.span);
                one.start < other.end && other.start < one.end
            }
        });
        if !is_doubtful || matches!(operation.kind, OperationKind::AddColumn { .. }) {
            redo(catalog, &wanted, table, operation);
        }
    }
}

/// The operations on some tables, in order, each with the table's name of today. An index may be named without its table.
fn operations_on<'a>(
    catalog: &Catalog,
    tables: &[Name],
    migrations: &'a [Arc<Replayed>],
) -> Vec<(Option<Name>, &'a Operation)> {
    // Read backwards, so that a table that was renamed is known under its older names.
    let mut today: BTreeMap<Name, Name> = tables.iter().map(|name| (name.clone(), name.clone())).collect();
    let mut found = Vec::new();
    for step in migrations.iter().rev().flat_map(|done| done.steps.iter().rev()) {
        let operation = &step.operation;
        match &operation.kind {
            OperationKind::RenameTable { from, to } => {
                if let Some(name) = today.remove(&catalog.new_name(to)) {
                    today.insert(catalog.new_name(from), name);
                }
            }
            // What came before was done to another table of that name.
            OperationKind::DropTable { name, .. } => {
                today.remove(&catalog.new_name(name));
            }
            OperationKind::DropIndex { table: None, .. } | OperationKind::RenameIndex { table: None, .. } => {
                found.push((None, operation));
            }
            _ => {
                let name = operation.table().and_then(|table| today.get(&catalog.new_name(table)));
                found.extend(name.map(|name| (Some(name.clone()), operation)));
            }
        }
    }
    found.reverse();
    found
}

/// Does an operation where its effect is not there already. What cannot be done was undone since, or is told by the models.
fn redo(catalog: &mut Catalog, tables: &[Name], table: Option<Name>, operation: &Operation) {
    let mut operation = operation.clone();
    let dialect = catalog.dialect;
    let index = match &operation.kind {
        OperationKind::DropIndex { name, .. } | OperationKind::RenameIndex { from: name, .. } => {
            Some(name.name.as_str())
        }
        _ => None,
    };
    let index_of = index.is_some();
    let holds = |name: &&Name| {
        let indexes = catalog.tables.get(*name).map_or(&[][..], |table| &table.indexes);
        index.is_some() && indexes.iter().any(|one| one.name.as_deref() == index)
    };
    let Some(name) = table.or_else(|| tables.iter().find(holds).cloned()) else { return };
    let Some(known) = catalog.tables.get(&name) else { return };
    let has = |column: &str| known.column(dialect, column).is_some();
    let is_there = match &operation.kind {
        OperationKind::AddColumn { column, .. } => has(&column.column.name),
        OperationKind::CreateIndex { index, .. } => has_index(known, index),
        OperationKind::AddConstraint { constraint, .. } => match constraint {
            Constraint::PrimaryKey(_) => known.primary_key.is_some(),
            Constraint::Index(index) => has_index(known, index),
            Constraint::ForeignKey(key) => known.foreign_keys.iter().any(|one| one.columns == key.key.columns),
            Constraint::Check(check) => check.name.is_none() || known.checks.iter().any(|one| one.name == check.name),
            Constraint::UsingIndex { .. } | Constraint::Exclude(_) => true,
        },
        _ => false,
    };
    if is_there {
        return;
    }
    // The models have the new name, and a revision that came later has made a column of the old one: it does so again.
    if let OperationKind::RenameColumn { from, to, table } = &operation.kind
        && has(from)
        && has(to)
    {
        let (column, table) = (from.clone(), table.clone());
        operation.kind = OperationKind::DropColumn { table, column, if_present: false, cascade: false };
    }
    match (table_of(&mut operation.kind), index_of) {
        (Some(table), _) => *table = ObjectName::from(&name),
        // It is named without its table.
        (None, true) => {}
        (None, false) => return,
    }
    if catalog.apply(&operation).is_err()
        && let OperationKind::AddColumn { column, .. } = &mut operation.kind
    {
        // What it refers to may be of another table that is not known.
        column.constraints.clear();
        let _ = catalog.apply(&operation);
    }
}

/// Whether a table has an index of that name, or over the same: models and revisions name them in ways of their own.
fn has_index(table: &Table, index: &Index) -> bool {
    let is_same = |one: &Index| one.parts == index.parts && one.unique == index.unique;
    table.indexes.iter().any(|one| is_same(one) || (one.name.is_some() && one.name == index.name))
}

/// The table of an operation that changes what a table is made of.
fn table_of(kind: &mut OperationKind) -> Option<&mut ObjectName> {
    match kind {
        OperationKind::AddColumn { table, .. }
        | OperationKind::DropColumn { table, .. }
        | OperationKind::RenameColumn { table, .. }
        | OperationKind::AlterColumn { table, .. }
        | OperationKind::AddConstraint { table, .. }
        | OperationKind::DropConstraint { table, .. }
        | OperationKind::RenameConstraint { table, .. }
        | OperationKind::CreateIndex { table, .. } => Some(table),
        OperationKind::DropIndex { table, .. } | OperationKind::RenameIndex { table, .. } => table.as_mut(),
        _ => None,
    }
}

/// A table as declared, with the names that the database gives to what the declaration leaves unnamed. No migration makes
/// it: nothing in it has a place.
pub(super) fn named(mut table: Table, dialect: Dialect) -> Table {
    let own = table.name.name.clone();
    table.place = None;
    table.columns.iter_mut().for_each(|column| column.place = None);
    table.indexes.iter_mut().for_each(|index| index.place = None);
    table.foreign_keys.iter_mut().for_each(|key| key.place = None);
    table.checks.iter_mut().for_each(|check| check.place = None);
    table.primary_key.iter_mut().for_each(|key| key.place = None);
    let mut taken: BTreeSet<String> = table
        .indexes
        .iter()
        .filter_map(|index| index.name.clone())
        .chain(table.foreign_keys.iter().filter_map(|key| key.name.clone()))
        .collect();
    let columns = |parts: &[IndexPart]| naming::joined(naming::part_names(parts).iter().map(String::as_str));
    match dialect {
        Dialect::PostgreSql | Dialect::CockroachDb => {
            if let Some(key @ Key { name: None, .. }) = &mut table.primary_key {
                key.name = Some(naming::object_name(&own, None, "pkey"));
            }
            for index in table.indexes.iter_mut().filter(|index| index.name.is_none()) {
                let label = if index.constraint { "key" } else { "idx" };
                let name = naming::choose(&own, Some(&columns(&index.parts)), label, |name| taken.contains(name));
                taken.insert(name.clone());
                index.name = Some(name);
                index.generated_name = true;
            }
            for key in table.foreign_keys.iter_mut().filter(|key| key.name.is_none()) {
                let over = naming::joined(key.columns.iter().map(String::as_str));
                let name = naming::choose(&own, Some(&over), "fkey", |name| taken.contains(name));
                taken.insert(name.clone());
                key.name = Some(name);
                key.generated_name = true;
            }
        }
        Dialect::MySql => {
            for at in 0..table.indexes.len() {
                if table.indexes[at].name.is_none() {
                    let name = naming::mysql_index(&table, &table.indexes[at].parts);
                    table.indexes[at].name = Some(name);
                    table.indexes[at].generated_name = true;
                }
            }
            for at in 0..table.foreign_keys.len() {
                if table.foreign_keys[at].name.is_none() {
                    let names = table.foreign_keys.iter().filter_map(|key| key.name.as_deref());
                    let name = naming::mysql_numbered(&own, "ibfk", names);
                    table.foreign_keys[at].name = Some(name);
                    table.foreign_keys[at].generated_name = true;
                }
            }
        }
        Dialect::Sqlite | Dialect::SqlServer | Dialect::Oracle => {}
    }
    table
}
