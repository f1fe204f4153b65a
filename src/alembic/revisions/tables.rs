//! `op.create_table`, `op.drop_table`, `op.rename_table`, comments; and the enums that tables bring along.

use crate::alembic::items::TableItem;
use crate::alembic::python::{Args, Interpreter, SymbolKind, Text, Value};
use crate::alembic::types::Enumeration;
use crate::catalog::operation::{Guard, Operation, OperationKind};
use crate::catalog::{Dialect, ObjectName, Reach};
use crate::source::Place;

use super::host::Database;
use super::ops::{Call, Read};
use super::script::opaque;

impl Database<'_, '_> {
    pub(super) fn create_table(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let table = call.table(0, &["table_name", "name"], "schema")?;
        let items = self.without_later_keys(call.args.positional.get(1..).unwrap_or_default());
        let guard = if call.flag("if_not_exists") { Guard::IfAbsent } else { Guard::None };
        let mut operations = self.make_table(interpreter, &table, &items, &call.args.keyword, guard, call.place);
        if let Some(more) = &call.args.more {
            operations.push(opaque(more.reason.clone(), Reach::Table(table), call.place.clone()));
        }
        Ok(operations)
    }

    /// The items of a table that is made by itself, without the foreign keys under `use_alter`: `CREATE TABLE` leaves
    /// them out, and nothing adds them later, unless the database has no `ALTER TABLE … ADD CONSTRAINT`
    /// (`DDLCompiler.create_table_constraints`).
    pub(super) fn without_later_keys(&self, items: &[Value]) -> Vec<Value> {
        let later = |value: &Value| match value.call_of() {
            Some(("sqlalchemy.ForeignKeyConstraint" | "sqlalchemy.ForeignKey", args)) => {
                args.keyword("use_alter").and_then(Value::as_bool) == Some(true)
            }
            _ => false,
        };
        if self.settings.dialect == Dialect::Sqlite {
            return items.to_vec();
        }
        let kept = items.iter().filter(|item| !later(item));
        kept.map(|item| match item {
            Value::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Call { callee, args } if args.positional.iter().any(later) => {
                    let positional = args.positional.iter().filter(|arg| !later(arg)).cloned().collect();
                    let args = Args { positional, ..args.clone() };
                    Value::symbol(SymbolKind::Call { callee: callee.clone(), args }, symbol.place.clone())
                }
                _ => item.clone(),
            },
            _ => item.clone(),
        })
        .collect()
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
        self.refuse_items(items, place);
        let mut reader = self.reader(interpreter, table.clone(), place);
        let TableItem { table: new, indexes, enumerations, sequences, mut doubts, unread_keys, missing } =
            reader.table(items, options);
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
        // A later revision may name a key that could not be read: it is one of the table's.
        doubts.extend(unread_keys.into_iter().map(|(_, doubt)| (None, doubt)));
        operations.extend(Self::doubts(table, doubts, place));
        operations
    }

    /// Items that the statement fails with: a key that SQLite's grammar does not have, a CHECK without the name that the
    /// naming convention is made of (`sqlalchemy.sql.naming._constraint_name_for_table`).
    fn refuse_items(&self, items: &[Value], place: &Place) {
        let nested = items.iter().filter_map(Value::call_of).filter(|(path, _)| *path == "sqlalchemy.Column");
        let nested: Vec<&Value> = nested.flat_map(|(_, args)| args.positional.iter()).collect();
        for item in items.iter().chain(nested) {
            let Some((path, args)) = item.call_of() else { continue };
            let given = |key: &str| args.keyword(key).is_some_and(|value| !value.is_none());
            let at = || item.place().unwrap_or_else(|| place.clone());
            let unique = matches!(path, "sqlalchemy.UniqueConstraint" | "sqlalchemy.PrimaryKeyConstraint");
            if unique && self.settings.dialect == Dialect::Sqlite && (given("deferrable") || given("initially")) {
                self.refuse(at(), "SQLite has no DEFERRABLE for a unique constraint or a primary key");
            }
            let is_named = args.more.is_some() || args.get(1, "name").is_some_and(|name| !name.is_none());
            if path == "sqlalchemy.CheckConstraint" && !is_named && self.settings.convention.names_checks_by_name() {
                self.refuse(at(), "the naming convention needs a CHECK to have a name (%(constraint_name)s)");
            }
        }
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
        if self.settings.dialect == Dialect::Sqlite {
            return Ok(Vec::new());
        }
        Ok(vec![Operation::new(OperationKind::Comment { table, column: None, text }, call.place.clone())])
    }
}
