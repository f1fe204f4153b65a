//! `op.add_column`, `op.drop_column`, `op.alter_column`.

use crate::alembic::python::{Interpreter, Value};
use crate::alembic::types;
use crate::catalog::operation::{ColumnChange, Constraint, NewColumn, Operation, OperationKind};
use crate::catalog::{AutoIncrement, Column, Dialect, Index, IndexPart, ObjectName, Reach};

use super::host::Database;
use super::ops::{Call, Read};
use super::script::opaque;
use crate::alembic::items::{Sort, Written};

impl Database<'_, '_> {
    /// The column, then its constraints and indexes as statements of their own (`alembic/operations/toimpl.py`,
    /// `add_column`).
    pub(super) fn add_column(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let table = call.table(0, &["table_name"], "schema")?;
        let value = call.value(1, &["column"]);
        let Some(value) = value else {
            return Err(call.unread(None, "a column that is added", Reach::Table(table)));
        };
        let mut reader = self.reader(interpreter, table.clone(), call.place);
        let mut column = match reader.column(value) {
            Ok(column) => column,
            Err(doubt) => {
                let place = doubt.place.unwrap_or_else(|| call.place.clone());
                return Err(opaque(doubt.reason, Reach::Table(table), place));
            }
        };
        if column.primary_key {
            reader.make_count(&mut column, &[]);
        }
        let name = column.new.column.name.clone();
        let mut doubts: Vec<_> = column.doubts.drain(..).map(|doubt| (Some(name.clone()), doubt)).collect();
        let mut found = Vec::new();
        let mut constraints = std::mem::take(&mut column.new.constraints);
        if column.type_check && self.settings.dialect == Dialect::Sqlite && !call.batch {
            // Alembic warns that it leaves out the CHECK of a type, which SQLite could not add (`SQLiteImpl.add_constraint`).
            constraints.pop();
        }
        let on = [name.clone()];
        let mut index = None;
        if column.index {
            let written = reader.name(Written::No, Sort::Index, &on, &mut found);
            let mut made = Index::new(written, vec![IndexPart::named(&name)], column.unique);
            made.place = value.place();
            index = Some(made);
        } else if column.unique {
            let place = value.place().unwrap_or_else(|| call.place.clone());
            let unique = reader.unique(on.to_vec(), &crate::alembic::python::Args::default(), &place, &mut found);
            constraints.push(Constraint::Index(Box::new(unique)));
        }
        doubts.extend(found.into_iter().map(|doubt| (None, doubt)));
        let inline = call.flag("inline_references");
        let mut operations = Vec::new();
        let mut new = column.new;
        if inline {
            let (keys, others) = constraints.into_iter().partition(|one| matches!(one, Constraint::ForeignKey(_)));
            new.constraints = keys;
            constraints = others;
        }
        let if_absent = call.flag("if_not_exists");
        operations.push(Operation::new(
            OperationKind::AddColumn { table: table.clone(), column: Box::new(new), if_absent },
            call.place.clone(),
        ));
        for constraint in constraints {
            operations
                .push(self.alter_constraint(OperationKind::AddConstraint { table: table.clone(), constraint }, call));
        }
        if let Some(index) = index {
            let kind = OperationKind::CreateIndex { table: table.clone(), index: Box::new(index), concurrently: false };
            operations.push(Operation::new(kind, call.place.clone()));
        }
        operations.extend(Self::doubts(&table, doubts, call.place));
        Ok(operations)
    }

    /// A change of constraints. SQLite has no such statement: outside a batch Alembic refuses it.
    pub(super) fn alter_constraint(&self, kind: OperationKind, call: &Call<'_>) -> Operation {
        if self.settings.dialect == Dialect::Sqlite && !call.batch {
            self.refuse(
                call.place.clone(),
                "SQLite cannot alter constraints; Alembic does it in a batch (op.batch_alter_table)",
            );
            return Operation::new(OperationKind::Harmless("refused"), call.place.clone());
        }
        Operation::new(kind, call.place.clone())
    }

    pub(super) fn drop_column(&self, call: &Call<'_>) -> Read {
        let table = call.table(0, &["table_name"], "schema")?;
        let value = call.value(1, &["column_name"]);
        let column = match value {
            // A column object is taken by its name.
            Some(Value::Symbol(_)) if value.is_some_and(|value| value.as_str().is_none()) => value
                .and_then(|value| value.call_of())
                .and_then(|(_, args)| args.positional.first())
                .and_then(Value::as_str)
                .map(|name| name.to_string()),
            _ => value.and_then(Value::as_str).map(|name| name.to_string()),
        };
        let Some(column) = column else {
            return Err(call.unread(value, "the column that is dropped", Reach::Table(table)));
        };
        let kind = OperationKind::DropColumn { table, column, if_present: call.flag("if_exists"), cascade: false };
        Ok(vec![Operation::new(kind, call.place.clone())])
    }

    pub(super) fn alter_column(&self, interpreter: &mut Interpreter<'_>, call: &Call<'_>) -> Read {
        let table = call.table(0, &["table_name"], "schema")?;
        if !changes_something(call) {
            return Ok(Vec::new());
        }
        let column = call.text(1, &["column_name"], &Reach::Table(table.clone()))?;
        let new_name = match call.option("new_column_name").or_else(|| call.option("name")) {
            None => None,
            Some(value) => match value.as_str() {
                Some(name) => Some(name.to_string()),
                None => return Err(call.unread(Some(value), "the new name of a column", Reach::Table(table))),
            },
        };
        if self.settings.dialect == Dialect::MySql && !call.batch {
            return self.redefine_column(interpreter, call, &table, &column, new_name);
        }
        let mut changes: Vec<ColumnChange> = Vec::new();
        let mut operations = Vec::new();
        let (dropped, added) = self.type_checks(interpreter, call, &table, &column);
        let doubt =
            |value: &Value, what: &str| call.unread(Some(value), what, Reach::Column(table.clone(), column.clone()));
        if let Some(ty) = call.option("type_") {
            let read = types::column_type(interpreter, ty, self.settings.dialect);
            if let Some(unknown) = read.unknown {
                let reach = Reach::Column(table.clone(), column.clone());
                operations.push(opaque(unknown.reason, reach, unknown.place.unwrap_or_else(|| call.place.clone())));
            }
            let using = call.option("postgresql_using").map(|value| {
                value
                    .as_str()
                    .map(|text| crate::sql::expression::canonical(&text, self.settings.dialect))
                    .unwrap_or_default()
            });
            changes.push(ColumnChange::Type { ty: read.ty, using, collation: read.collation });
        }
        if let Some(nullable) = call.option("nullable") {
            match nullable.as_bool().or_else(|| nullable.as_int().map(|n| n != 0)) {
                Some(true) => changes.push(ColumnChange::DropNotNull),
                Some(false) => changes.push(ColumnChange::SetNotNull),
                None => operations.push(doubt(nullable, "whether a column may be null")),
            }
        }
        match call.args.keyword("server_default") {
            None | Some(Value::Bool(false)) => {}
            Some(Value::None) => {
                let identity = matches!(
                    call.args.keyword("existing_server_default").and_then(Value::call_of),
                    Some(("sqlalchemy.Identity", _))
                );
                changes.push(if identity { ColumnChange::DropIdentity } else { ColumnChange::DropDefault });
            }
            Some(value) => match value.call_of() {
                Some(("sqlalchemy.Identity", args)) => {
                    let always = args.get(0, "always").and_then(Value::as_bool) == Some(true);
                    changes.push(ColumnChange::AddIdentity(if always {
                        AutoIncrement::IdentityAlways
                    } else {
                        AutoIncrement::IdentityByDefault
                    }));
                }
                _ => {
                    let reader = self.reader(interpreter, table.clone(), call.place);
                    match reader.default_of(value) {
                        Ok(Some(default)) => changes.push(ColumnChange::SetDefault(default)),
                        Ok(None) => changes.push(ColumnChange::DropDefault),
                        Err(unread) => {
                            changes.push(ColumnChange::SetDefault(crate::catalog::ColumnDefault::Unknown));
                            let reach = Reach::Column(table.clone(), column.clone());
                            operations.push(opaque(unread.reason, reach, call.place.clone()));
                        }
                    }
                }
            },
        }
        let plain_sqlite = self.settings.dialect == Dialect::Sqlite && !call.batch;
        if plain_sqlite && !changes.is_empty() {
            self.refuse(
                call.place.clone(),
                "SQLite has no ALTER COLUMN; Alembic does it in a batch (op.batch_alter_table)",
            );
            changes.clear();
        }
        let changes = changes.into_iter().map(|change| {
            let kind = OperationKind::AlterColumn { table: table.clone(), column: column.clone(), change };
            Operation::new(kind, call.place.clone())
        });
        let mut done: Vec<Operation> = dropped.into_iter().chain(changes).chain(added).collect();
        match call.args.keyword("comment") {
            None | Some(Value::Bool(false)) => {}
            Some(value) if value.is_none() || value.as_str().is_some() => {
                if self.settings.dialect != Dialect::Sqlite {
                    let text = value.as_str().map(|text| text.to_string());
                    let kind = OperationKind::Comment { table: table.clone(), column: Some(column.clone()), text };
                    done.push(Operation::new(kind, call.place.clone()));
                }
            }
            Some(value) => operations.push(doubt(value, "the comment of a column")),
        }
        done.append(&mut operations);
        if let Some(to) = new_name.filter(|to| *to != column) {
            let kind = OperationKind::RenameColumn { table, from: column, to };
            done.push(Operation::new(kind, call.place.clone()));
        }
        Ok(done)
    }

    /// The CHECKs that the types of a change bring along: that of the existing type goes, that of the new one comes
    /// (`alembic/operations/toimpl.py`, `alter_column`).
    fn type_checks(
        &self,
        interpreter: &mut Interpreter<'_>,
        call: &Call<'_>,
        table: &ObjectName,
        column: &str,
    ) -> (Option<Operation>, Option<Operation>) {
        let (Some(new), true) = (call.option("type_"), self.settings.dialect.is_postgres_like()) else {
            return (None, None);
        };
        let mut check = |value: &Value| {
            let args = vec![Value::str(column), value.clone()];
            let made = crate::alembic::python::SymbolKind::Call {
                callee: Value::external("sqlalchemy.Column"),
                args: crate::alembic::python::Args::positional(args),
            };
            let made = Value::symbol(made, Some(call.place.clone()));
            let mut reader = self.reader(interpreter, table.clone(), call.place);
            let read = reader.column(&made).ok().filter(|column| column.type_check)?;
            read.new.constraints.into_iter().find_map(|one| match one {
                Constraint::Check(check) => Some(check),
                _ => None,
            })
        };
        let old = call.option("existing_type").and_then(&mut check).and_then(|check| check.name);
        let dropped = old.map(|name| OperationKind::DropConstraint {
            table: table.clone(),
            name: Some(name),
            kind: None,
            cascade: false,
        });
        let added = check(new)
            .map(|check| OperationKind::AddConstraint { table: table.clone(), constraint: Constraint::Check(check) });
        let operation = |kind| Operation::new(kind, call.place.clone());
        (dropped.map(operation), added.map(operation))
    }

    /// MySQL: `MODIFY` and `CHANGE` say the whole column again, from what the call says of it
    /// (`alembic/ddl/mysql.py`).
    fn redefine_column(
        &self,
        interpreter: &mut Interpreter<'_>,
        call: &Call<'_>,
        table: &ObjectName,
        column: &str,
        new_name: Option<String>,
    ) -> Read {
        let reach = Reach::Column(table.clone(), column.to_owned());
        let default = call.args.keyword("server_default").filter(|value| value.as_bool() != Some(false));
        let whole = new_name.is_some()
            || ["nullable", "type_", "autoincrement"].iter().any(|name| call.option(name).is_some())
            || call.args.keyword("comment").is_some_and(|value| value.as_bool() != Some(false));
        let mut operations = Vec::new();
        let mut default_of = |interpreter: &mut Interpreter<'_>, value: Option<&Value>| match value {
            None | Some(Value::Bool(false)) => None,
            Some(value) => {
                let reader = self.reader(interpreter, table.clone(), call.place);
                match reader.default_of(value) {
                    Ok(default) => default,
                    Err(unread) => {
                        operations.push(opaque(unread.reason, reach.clone(), call.place.clone()));
                        Some(crate::catalog::ColumnDefault::Unknown)
                    }
                }
            }
        };
        if !whole {
            let Some(default) = default else { return Ok(Vec::new()) };
            let change = match default_of(interpreter, Some(default)) {
                Some(default) => ColumnChange::SetDefault(default),
                None => ColumnChange::DropDefault,
            };
            let kind = OperationKind::AlterColumn { table: table.clone(), column: column.to_owned(), change };
            operations.insert(0, Operation::new(kind, call.place.clone()));
            return Ok(operations);
        }
        let Some(ty) = call.option("type_").or_else(|| call.option("existing_type")) else {
            self.refuse(call.place.clone(), "MySQL needs the existing type to change a column (existing_type)");
            // The failure is told once: what is declared and what comes behind it go by what the statement was meant to do.
            let operation = |kind| Operation::new(kind, call.place.clone());
            let nullable =
                call.option("nullable").and_then(Value::as_bool).map(|nullable| OperationKind::AlterColumn {
                    table: table.clone(),
                    column: column.to_owned(),
                    change: if nullable { ColumnChange::DropNotNull } else { ColumnChange::SetNotNull },
                });
            let renamed =
                new_name.map(|to| OperationKind::RenameColumn { table: table.clone(), from: column.to_owned(), to });
            return Ok(nullable.into_iter().chain(renamed).map(operation).collect());
        };
        let read = types::column_type(interpreter, ty, self.settings.dialect);
        let nullable = ["nullable", "existing_nullable"]
            .iter()
            .find_map(|name| call.option(name))
            .and_then(Value::as_bool)
            .unwrap_or(true);
        let mut new = Column::new(new_name.unwrap_or_else(|| column.to_owned()), read.ty, nullable);
        new.collation = read.collation;
        new.default = match default {
            Some(value) => default_of(interpreter, Some(value)),
            None => default_of(interpreter, call.args.keyword("existing_server_default")),
        };
        let counts = ["autoincrement", "existing_autoincrement"].iter().find_map(|name| call.option(name));
        if counts.and_then(Value::as_bool) == Some(true) {
            new.auto_increment = Some(AutoIncrement::Counter);
        }
        new.comment = call
            .args
            .keyword("comment")
            .filter(|value| value.as_bool() != Some(false))
            .or_else(|| call.option("existing_comment"))
            .and_then(Value::as_str)
            .map(|text| text.to_string());
        if let Some(unknown) = read.unknown {
            operations.push(opaque(unknown.reason, reach, call.place.clone()));
        }
        let change = ColumnChange::Redefine(Box::new(NewColumn::plain(new)));
        let kind = OperationKind::AlterColumn { table: table.clone(), column: column.to_owned(), change };
        operations.insert(0, Operation::new(kind, call.place.clone()));
        Ok(operations)
    }
}

/// Whether `alter_column()` is asked for any change: without one it does nothing, whatever its other arguments are.
fn changes_something(call: &Call<'_>) -> bool {
    let given = |name: &str| call.option(name).is_some();
    let not_false = |name: &str| call.args.keyword(name).is_some_and(|value| !matches!(value, Value::Bool(false)));
    call.args.more.is_some()
        || ["new_column_name", "name", "type_", "nullable", "autoincrement"].into_iter().any(given)
        || ["server_default", "comment"].into_iter().any(not_false)
}
