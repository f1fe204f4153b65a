//! `op.create_table`, `op.drop_table`, `op.rename_table`, comments; and the enums that tables bring along.

use crate::alembic::items::TableItem;
use crate::alembic::python::{Interpreter, SymbolKind, Text, Value};
use crate::alembic::types::Enumeration;
use crate::catalog::operation::{Guard, Operation, OperationKind};
use crate::catalog::{Dialect, ObjectName, Reach};
use crate::source::Place;

use super::host::Database;
use super::ops::{Call, Read};
use super::script::opaque;

/// Whether a foreign key is one that `CREATE TABLE` leaves out, for `create_all` to add it by `ALTER TABLE`: in a
/// migration nothing does (`DDLCompiler.create_table_constraints`, but for databases without that statement).
fn is_left_to_alter(item: &Value) -> bool {
    let Some(("sqlalchemy.ForeignKeyConstraint" | "sqlalchemy.ForeignKey", args)) = item.call_of() else {
        return false;
    };
    args.keyword("use_alter").is_some_and(|value| value.as_bool() == Some(true))
}

/// A column without the foreign keys that `CREATE TABLE` leaves out.
fn without_keys_left_to_alter(item: &Value) -> Value {
    match item.call_of() {
        Some((path, args)) if args.positional.iter().any(is_left_to_alter) => {
            let mut args = args.clone();
            args.positional.retain(|part| !is_left_to_alter(part));
            Value::symbol(SymbolKind::Call { callee: Value::external(path), args }, item.place())
        }
        _ => item.clone(),
    }
}

impl Database<'_, '_> {
    pub(super) fn create_table(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let table = call.table(0, &["table_name", "name"], "schema")?;
        let items = call.args.positional.get(1..).unwrap_or_default();
        let guard = if call.flag("if_not_exists") { Guard::IfAbsent } else { Guard::None };
        let mut operations = self.make_table(interpreter, &table, items, &call.args.keyword, guard, call.place);
        if let Some(more) = &call.args.more {
            operations.push(opaque(more.reason.clone(), Reach::Table(table), call.place.clone()));
        }
        Ok(operations)
    }

    /// What makes a table: its enums and sequences before it, its indexes after it (`DefaultImpl.create_table`).
    pub(super) fn make_table(
        &self,
        interpreter: &mut Interpreter<'_>,
        table: &ObjectName,
        items: &[Value],
        options: &[(Text, Value)],
        guard: Guard,
        place: &Place,
    ) -> Vec<Operation> {
        let items: Vec<Value> = if self.settings.dialect == Dialect::Sqlite {
            items.to_vec()
        } else {
            items.iter().filter(|item| !is_left_to_alter(item)).map(without_keys_left_to_alter).collect()
        };
        let mut reader = self.reader(interpreter, table.clone(), place);
        let TableItem { table: new, indexes, enumerations, sequences, doubts, missing } = reader.table(&items, options);
        let mut operations = Vec::new();
        for enumeration in enumerations {
            operations.extend(self.enum_of_table(&enumeration, place));
        }
        for column in missing {
            self.refuse(place.clone(), format!("the column {table}.{column} does not exist"));
        }
        for name in sequences {
            let there = self.with_catalog(|catalog| catalog.resolve(&catalog.sequences, &name).is_some());
            if !there && self.settings.dialect.is_postgres_like() {
                operations.push(Operation::new(OperationKind::CreateSequence { name, owned_by: None }, place.clone()));
            }
        }
        operations.push(Operation::new(OperationKind::CreateTable(Box::new(new)), place.clone()).guarded(guard));
        for index in indexes {
            let place = index.place.clone().unwrap_or_else(|| place.clone());
            let kind = OperationKind::CreateIndex { table: table.clone(), index: Box::new(index), concurrently: false };
            operations.push(Operation::new(kind, place).guarded(guard));
        }
        operations.extend(Self::doubts(table, doubts, place));
        operations
    }

    /// `CREATE TYPE` for an enum of a table that is made. Alembic does so once for each name in one run of `upgrade`,
    /// without looking whether the type is there (`NamedType._check_for_name_in_memos`, `checkfirst=False`): one that
    /// another table made is left alone, one that was made by itself makes the statement fail.
    fn enum_of_table(&self, enumeration: &Enumeration, place: &Place) -> Option<Operation> {
        if !enumeration.create || !self.settings.dialect.is_postgres_like() {
            return None;
        }
        let by_table = self.with_catalog(|catalog| {
            let made_at = catalog.enumeration(&enumeration.name)?.place.clone();
            Some(made_at.is_some_and(|at| {
                let text = at.text();
                !text.contains(".create(") && !text.contains("execute") && !text.contains("sync_enum_values")
            }))
        });
        if by_table == Some(true) {
            return None;
        }
        let place = enumeration.place.clone().unwrap_or_else(|| place.clone());
        let kind = OperationKind::CreateEnum { name: enumeration.name.clone(), labels: enumeration.labels.clone() };
        Some(Operation::new(kind, place))
    }

    pub(super) fn drop_table(&self, call: &Call<'_>) -> Read {
        let name = call.table(0, &["table_name", "name"], "schema")?;
        let guard = if call.flag("if_exists") { Guard::IfPresent } else { Guard::None };
        let kind = OperationKind::DropTable { name, cascade: false };
        Ok(vec![Operation::new(kind, call.place.clone()).guarded(guard)])
    }

    pub(super) fn rename_table(&self, call: &Call<'_>) -> Read {
        let from = call.table(0, &["old_table_name"], "schema")?;
        let to = call.text(1, &["new_table_name"], &Reach::Everything)?;
        let kind = OperationKind::RenameTable { from, to: ObjectName::bare(to) };
        Ok(vec![Operation::new(kind, call.place.clone())])
    }

    pub(super) fn table_comment(&self, call: &Call<'_>, set: bool) -> Read {
        let table = call.table(0, &["table_name"], "schema")?;
        let text = if set {
            match call.value(1, &["comment"]) {
                None | Some(Value::None) => None,
                Some(_) => Some(call.text(1, &["comment"], &Reach::Table(table.clone()))?),
            }
        } else {
            None
        };
        // SQLite has no comments: Alembic writes nothing there.
        if self.settings.dialect == crate::catalog::Dialect::Sqlite {
            return Ok(Vec::new());
        }
        Ok(vec![Operation::new(OperationKind::Comment { table, column: None, text }, call.place.clone())])
    }
}
