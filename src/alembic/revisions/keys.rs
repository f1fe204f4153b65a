//! Indexes and constraints that are added and dropped by themselves.

use crate::alembic::items::{Sort, Written};
use crate::alembic::python::{Interpreter, Value};
use crate::alembic::types::{Doubt, is_spatial_index};
use crate::catalog::operation::{Constraint, ConstraintKind, Guard, NewForeignKey, Operation, OperationKind};
use crate::catalog::{Dialect, IndexPart, Key, ObjectName, Reach, Table};

use super::host::Database;
use super::ops::{Call, Read, Unread};
use super::script::opaque;

impl Database<'_, '_> {
    /// The columns that an argument lists.
    fn columns(
        &self,
        call: &Call<'_>,
        position: usize,
        names: &[&str],
        table: &ObjectName,
    ) -> Result<Vec<Value>, Unread> {
        let value = call.value(position, names);
        let unread = || call.unread(value, "the columns of an operation", Reach::Table(table.clone()));
        match value {
            Some(Value::Str(_)) => Ok(value.into_iter().cloned().collect()),
            Some(list) => {
                let items = list.items().ok_or_else(unread)?;
                match items.iter().find(|item| item.as_unknown().is_some()) {
                    Some(unknown) => Err(call.unread(Some(unknown), "", Reach::Table(table.clone()))),
                    None => Ok(items),
                }
            }
            None => Err(unread()),
        }
    }

    fn unread(call: &Call<'_>, doubt: Doubt, table: &ObjectName) -> Unread {
        opaque(doubt.reason, Reach::Table(table.clone()), doubt.place.unwrap_or_else(|| call.place.clone()))
    }

    /// Operations, and the doubts that reading them left.
    fn with_doubts(operation: Operation, doubts: Vec<Doubt>, table: &ObjectName, call: &Call<'_>) -> Vec<Operation> {
        let mut operations = vec![operation];
        operations.extend(doubts.into_iter().map(|doubt| Self::unread(call, doubt, table)));
        operations
    }

    pub(super) fn create_index(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let table = call.table(1, &["table_name", "tablename"], "schema")?;
        let expressions = self.columns(call, 2, &["columns"], &table)?;
        let reader = self.reader(interpreter, table.clone(), call.place);
        let mut doubts = Vec::new();
        let written = Written::of(call.value(0, &["index_name", "name"]));
        let same = |name: &str| name.to_owned();
        let index = reader
            .index(written, &expressions, call.args, call.place, &same, &mut doubts)
            .map_err(|doubt| Self::unread(call, doubt, &table))?;
        let concurrently = call.flag("postgresql_concurrently");
        let kind = OperationKind::CreateIndex { table: table.clone(), index: Box::new(index), concurrently };
        let guard = if call.flag("if_not_exists") { Guard::IfAbsent } else { Guard::None };
        Ok(Self::with_doubts(Operation::new(kind, call.place.clone()).guarded(guard), doubts, &table, call))
    }

    pub(super) fn drop_index(&self, call: &Call<'_>) -> Read {
        let table = match call.value(1, &["table_name", "tablename"]) {
            None | Some(Value::None) => None,
            Some(_) => Some(call.table(1, &["table_name", "tablename"], "schema")?),
        };
        let reach = table.clone().map_or(Reach::Everything, Reach::Table);
        let text = call.text(0, &["index_name", "name"], &reach)?;
        let written = Written::of(call.value(0, &["index_name", "name"]));
        let name = written.in_statement(self.settings.dialect).unwrap_or(text);
        let schema = call.option("schema").and_then(Value::as_str).map(|schema| schema.to_string());
        if self.is_made_for_a_spatial_column(&name) {
            let reason =
                format!("the index {name}, which GeoAlchemy2 makes by itself: whether it is there is not known");
            return Ok(vec![opaque(reason, Reach::Nothing, call.place.clone())]);
        }
        let kind = OperationKind::DropIndex {
            name: ObjectName { schema, name },
            table,
            concurrently: call.flag("postgresql_concurrently"),
            cascade: false,
            beside: Vec::new(),
        };
        let guard = if call.flag("if_exists") { Guard::IfPresent } else { Guard::None };
        Ok(vec![Operation::new(kind, call.place.clone()).guarded(guard)])
    }

    /// Whether no migration makes an index, and GeoAlchemy2 may have made it with its table.
    fn is_made_for_a_spatial_column(&self, name: &str) -> bool {
        self.with_catalog(|catalog| {
            let mut tables = catalog.tables.values();
            let is_there = |table: &Table| table.indexes.iter().any(|index| index.name.as_deref() == Some(name));
            name.starts_with("idx_")
                && !catalog.tables.values().any(is_there)
                && tables.any(|table| is_spatial_index(table, name))
        })
    }

    pub(super) fn create_unique(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let table = call.table(1, &["table_name", "source"], "schema")?;
        let columns = self.columns(call, 2, &["columns", "local_cols"], &table)?;
        let reader = self.reader(interpreter, table.clone(), call.place);
        let columns = reader
            .column_names(&columns, &|name: &str| name.to_owned())
            .map_err(|doubt| Self::unread(call, doubt, &table))?;
        let mut doubts = Vec::new();
        let mut index = reader.unique(columns.clone(), call.args, call.place, &mut doubts);
        index.name =
            reader.name(Written::of(call.value(0, &["constraint_name", "name"])), Sort::Unique, &columns, &mut doubts);
        let kind =
            OperationKind::AddConstraint { table: table.clone(), constraint: Constraint::Index(Box::new(index)) };
        Ok(Self::with_doubts(self.alter_constraint(kind, call), doubts, &table, call))
    }

    pub(super) fn create_primary_key(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let table = call.table(1, &["table_name"], "schema")?;
        let columns = self.columns(call, 2, &["columns", "cols"], &table)?;
        let reader = self.reader(interpreter, table.clone(), call.place);
        let columns = reader
            .column_names(&columns, &|name: &str| name.to_owned())
            .map_err(|doubt| Self::unread(call, doubt, &table))?;
        let mut doubts = Vec::new();
        let written = Written::of(call.value(0, &["constraint_name", "name"]));
        let name = reader.name(written, Sort::PrimaryKey, &columns, &mut doubts);
        let key = Key {
            name,
            columns: columns.into_iter().map(IndexPart::named).collect(),
            clustered: None,
            place: Some(call.place.clone()),
        };
        let kind = OperationKind::AddConstraint { table: table.clone(), constraint: Constraint::PrimaryKey(key) };
        Ok(Self::with_doubts(self.alter_constraint(kind, call), doubts, &table, call))
    }

    pub(super) fn create_foreign_key(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let schema = if call.batch || call.option("source_schema").is_none() { "schema" } else { "source_schema" };
        let table = call.table(1, &["source_table", "source"], schema)?;
        let target = call
            .table(2, &["referent_table", "referent"], "referent_schema")
            .map_err(|unread| Operation { kind: narrowed(unread.kind, &table), ..unread })?;
        let local = self.columns(call, 3, &["local_cols"], &table)?;
        let remote = self.columns(call, 4, &["remote_cols"], &table)?;
        let reader = self.reader(interpreter, table.clone(), call.place);
        let same = |name: &str| name.to_owned();
        let names =
            |values: &[Value]| reader.column_names(values, &same).map_err(|doubt| Self::unread(call, doubt, &table));
        let (columns, target_columns) = (names(&local)?, names(&remote)?);
        let mut doubts = Vec::new();
        let mut args = call.args.clone();
        // The name is the first argument here, and a keyword of the constraint.
        args.keyword.retain(|(key, _)| &**key != "name");
        if let Some(name) = call.value(0, &["constraint_name", "name"]) {
            args.keyword.push(("name".into(), name.clone()));
        }
        let key = reader.foreign_key(&args, columns, &target, target_columns, call.place, &mut doubts);
        let constraint = Constraint::ForeignKey(Box::new(NewForeignKey { key, target }));
        let kind = OperationKind::AddConstraint { table: table.clone(), constraint };
        Ok(Self::with_doubts(self.alter_constraint(kind, call), doubts, &table, call))
    }

    pub(super) fn create_check(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let table = call.table(1, &["table_name", "source"], "schema")?;
        let reader = self.reader(interpreter, table.clone(), call.place);
        let mut doubts = Vec::new();
        let mut args = call.args.clone();
        args.positional = call.value(2, &["condition", "sqltext"]).cloned().into_iter().collect();
        args.keyword.retain(|(key, _)| &**key != "name");
        if let Some(name) = call.value(0, &["constraint_name", "name"]) {
            args.keyword.push(("name".into(), name.clone()));
        }
        let check = reader.check(&args, call.place, &mut doubts);
        let kind = OperationKind::AddConstraint { table: table.clone(), constraint: Constraint::Check(check) };
        Ok(Self::with_doubts(self.alter_constraint(kind, call), doubts, &table, call))
    }

    pub(super) fn create_exclude(&self, call: &Call<'_>) -> Read {
        let table = call.table(1, &["table_name"], "schema")?;
        let name = call.value(0, &["constraint_name"]).and_then(Value::as_str).map(|name| name.to_string());
        let kind = OperationKind::AddConstraint { table, constraint: Constraint::Exclude(name) };
        Ok(vec![self.alter_constraint(kind, call)])
    }

    pub(super) fn drop_constraint(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let table = call.table(1, &["table_name", "tablename"], "schema")?;
        let value = call.value(0, &["constraint_name", "name"]);
        let kind = call.value(2, &["type_", "type"]).and_then(Value::as_str);
        let (kind, sort) = match kind.as_deref() {
            Some("foreignkey") => (Some(ConstraintKind::ForeignKey), Some(Sort::ForeignKey)),
            Some("primary") => (Some(ConstraintKind::PrimaryKey), Some(Sort::PrimaryKey)),
            Some("unique") => (Some(ConstraintKind::Unique), Some(Sort::Unique)),
            Some("check") => (Some(ConstraintKind::Check), Some(Sort::Check)),
            _ => (None, None),
        };
        let mut doubts = Vec::new();
        let written = Written::of(value);
        let named = !matches!(written, Written::No | Written::Unknown);
        let reader = self.reader(interpreter, table.clone(), call.place);
        let name = match (sort, written) {
            (Some(sort), written) if named => reader.name(written, sort, &[], &mut doubts),
            (_, written) => written.in_statement(self.settings.dialect),
        };
        // MySQL has one primary key for a table, which its statement does not name.
        let needs_none =
            (self.settings.dialect, kind) == (Dialect::MySql, Some(ConstraintKind::PrimaryKey)) && name.is_none();
        if value.is_none_or(Value::is_none) && call.args.more.is_none() && !needs_none {
            // Autogenerate writes it with a warning: "constraint name is None; this directive will fail as rendered".
            self.refuse(call.place.clone(), "a constraint that is dropped must have a name");
            return Ok(Vec::new());
        }
        if name.is_none() && !needs_none {
            return Err(call.unread(value, "a constraint that is dropped without its name", Reach::Table(table)));
        }
        let guard = if call.flag("if_exists") { Guard::IfPresent } else { Guard::None };
        // Only MySQL's statement says what sort of constraint it drops.
        let kind = kind.filter(|_| self.settings.dialect == Dialect::MySql);
        let operation = OperationKind::DropConstraint { table: table.clone(), name, kind, cascade: false };
        let mut operation = self.alter_constraint(operation, call);
        operation.guard = guard;
        Ok(Self::with_doubts(operation, doubts, &table, call))
    }
}

/// What an operation on one table may do, where it was not known which one it refers to.
fn narrowed(kind: OperationKind, table: &ObjectName) -> OperationKind {
    match kind {
        OperationKind::Opaque { reason, reach: Reach::Everything } => {
            OperationKind::Opaque { reason, reach: Reach::Table(table.clone()) }
        }
        other => other,
    }
}
