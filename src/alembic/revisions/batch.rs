//! `op.batch_alter_table`: operations that are gathered and done at the end of the block.
//!
//! SQLite rebuilds the table for most of them (`alembic/operations/batch.py`): what refers to a dropped column goes
//! with it, and what reflection cannot see is lost.

use std::rc::Rc;

use crate::alembic::items::{Convention, Sort, Subject, Written};
use crate::alembic::python::{Args, Eval, Interpreter, Symbol, Text, Unknown, Value};
use crate::catalog::operation::{Constraint, Operation, OperationKind};
use crate::catalog::{Dialect, Index, ObjectName, Reach, Table};
use crate::history::foundation::is_foundation;
use crate::source::Place;

use super::host::{Database, external};
use super::ops::{Call, without_geometry};
use super::script::opaque;

/// A batch that is open.
pub(super) struct Batch {
    /// The symbol that `batch_alter_table(…)` gave.
    symbol: Option<Rc<Symbol>>,
    /// The table; none where its name cannot be known.
    table: Option<String>,
    schema: Option<Value>,
    recreate: Option<Text>,
    /// Names for constraints that reflection finds without one.
    convention: Option<Convention>,
    /// Whether the table is given by the call itself, so that nothing is lost that reflection cannot see.
    copied: bool,
    /// What `table_args=` adds to the table that is rebuilt.
    restates_checks: bool,
    /// Whether a column is added whose default is an expression, which SQLite's ALTER TABLE does not take.
    adds_expression: bool,
    /// Whether a column is added before or after another.
    ordered: bool,
    queue: Vec<(Operation, Option<Rc<Unknown>>)>,
    place: Place,
}

impl Batch {
    /// The batch of a call.
    pub(super) fn new(manager: &Value, args: &Args, place: &Place) -> Self {
        let table_args = args.keyword("table_args").and_then(Value::items).unwrap_or_default();
        Self {
            symbol: match manager {
                Value::Symbol(symbol) => Some(Rc::clone(symbol)),
                _ => None,
            },
            table: args.get(0, "table_name").and_then(Value::as_str).map(|name| name.to_string()),
            schema: args.get(1, "schema").filter(|value| !value.is_none()).cloned(),
            recreate: args.get(2, "recreate").and_then(Value::as_str),
            convention: args.keyword("naming_convention").and_then(Convention::of),
            copied: args.keyword("copy_from").is_some_and(|value| !value.is_none()),
            restates_checks: table_args
                .iter()
                .any(|item| matches!(item.call_of(), Some(("sqlalchemy.CheckConstraint", _)))),
            adds_expression: false,
            ordered: false,
            queue: Vec::new(),
            place: place.clone(),
        }
    }
}

impl Database<'_, '_> {
    /// The open batch that a value is.
    pub(super) fn batch_of(&self, value: &Value) -> Option<usize> {
        let Value::Symbol(symbol) = value else { return None };
        self.batches.borrow().iter().rposition(|batch| batch.symbol.as_ref().is_some_and(|own| Rc::ptr_eq(own, symbol)))
    }

    /// `batch_op.name(…)`.
    pub(super) fn batch_call(
        &self,
        interpreter: &mut Interpreter<'_>,
        at: usize,
        name: &str,
        args: &Args,
        place: &Place,
    ) -> Eval<Value> {
        let (table, schema) = match self.batches.borrow().get(at) {
            Some(batch) => (batch.table.clone(), batch.schema.clone()),
            None => return Ok(Value::None),
        };
        let name = without_geometry(name);
        match name {
            "f" => {
                let value = args.positional.first().cloned().unwrap_or(Value::None);
                return interpreter.call(&external("alembic.op.f"), Args::positional(vec![value]), place);
            }
            "get_bind" => return Ok(external("alembic.bind")),
            "get_context" => return Ok(external("alembic.migration_context")),
            "execute" => return self.execute(interpreter, args, place).map(|_| Value::None),
            _ => {}
        }
        let Some(table) = table else {
            let doubt = opaque("a batch on a table whose name is computed", Reach::Everything, place.clone());
            return self.emit(interpreter, vec![doubt]).map(|()| Value::None);
        };
        // The same operations as `op`'s, without the table.
        let mut args = args.clone();
        let (position, keyword) = match name {
            "add_column" | "drop_column" | "alter_column" | "create_table_comment" | "drop_table_comment" => {
                (0, "table_name")
            }
            "create_foreign_key" => (1, "source_table"),
            _ => (1, "table_name"),
        };
        if args.positional.len() >= position {
            args.positional.insert(position, Value::str(&table));
        } else {
            args.keyword.push((keyword.into(), Value::str(&table)));
        }
        if let Some(schema) = schema {
            args.keyword.push(("schema".into(), schema));
        }
        let adds_expression = name == "add_column" && args.get(1, "column").is_some_and(has_expression_default);
        let call = Call { args: &args, place, batch: true };
        let read = match self.read_op(interpreter, name, &call) {
            Some(read) => read,
            None => Ok(vec![opaque(
                format!("batch_op.{name}(), an operation that Alembic does not have"),
                Reach::Table(ObjectName::bare(table)),
                place.clone(),
            )]),
        };
        let maybe = interpreter.maybe().cloned();
        let mut batches = self.batches.borrow_mut();
        if let Some(batch) = batches.get_mut(at) {
            batch.adds_expression |= adds_expression;
            let placed = |key: &str| args.keyword(key).is_some_and(|value| !value.is_none());
            batch.ordered |= name == "add_column" && (placed("insert_before") || placed("insert_after"));
            let operations = read.unwrap_or_else(|unread| vec![unread]);
            batch.queue.extend(operations.into_iter().map(|operation| (operation, maybe.clone())));
        }
        drop(batches);
        Ok(Value::None)
    }

    /// Does what a batch gathered.
    pub(super) fn flush(&self, interpreter: &mut Interpreter<'_>, batch: Batch, place: &Place) {
        let Some(table) = &batch.table else { return };
        let schema = batch.schema.as_ref().and_then(Value::as_str).map(|schema| schema.to_string());
        let name = ObjectName { schema, name: table.clone() };
        let sqlite = self.settings.dialect == Dialect::Sqlite;
        let rebuilds = match batch.recreate.as_deref() {
            Some("always") => true,
            Some("never") => false,
            _ => sqlite && (batch.adds_expression || batch.queue.iter().any(|(operation, _)| needs_rebuild(operation))),
        };
        // The whole block may not happen.
        let block = interpreter.maybe().cloned();
        let mut certain = Vec::new();
        for (operation, maybe) in batch.queue {
            match maybe.or_else(|| block.clone()) {
                Some(unknown) => {
                    for doubt in operation.doubted(&unknown.reason) {
                        self.emit_certain(doubt);
                    }
                }
                None => certain.push(operation),
            }
        }
        if block.is_some() {
            return;
        }
        if rebuilds {
            self.with_catalog(|catalog| drop_what_is_on_columns_first(catalog.table(&name), &mut certain));
        }
        if batch.ordered && !rebuilds {
            let reason = "insert_before and insert_after need a table that is rebuilt: recreate=\"always\"";
            self.refuse(batch.place.clone(), reason);
        }
        if !rebuilds || !sqlite {
            for operation in certain {
                self.expect_extensions(&operation);
                self.expect_schemas(&operation);
                self.emit_certain(operation);
            }
            return;
        }
        let missing = self.with_catalog(|catalog| {
            catalog.table(&name).is_none()
                && super::bind::doubt_about_table(catalog, &name).is_none()
                && !catalog.doubts.iter().any(is_foundation)
        });
        if missing && !batch.copied {
            self.miss(batch.place.clone(), "the table", &name.to_string());
            return;
        }
        if !batch.copied {
            let convention = batch.convention.clone();
            self.reshape(&name, |table| lose_what_is_not_reflected(table, batch.restates_checks, convention.as_ref()));
        }
        let lost = self.with_catalog(|catalog| {
            let table = catalog.table(&name)?;
            // Reflection finds the expression of a generated column only if no comma stands before it.
            table.columns.iter().find(|c| c.generated.is_some() && c.ty.args().len() > 1).map(|c| c.name.clone())
        });
        if let Some(column) = lost.filter(|_| !batch.copied) {
            self.refuse(
                batch.place.clone(),
                format!("SQLAlchemy cannot reflect the generated column {column}, so the rebuilt table is refused"),
            );
        }
        let mut added: Vec<String> = Vec::new();
        for operation in certain {
            match &operation.kind {
                OperationKind::AddColumn { column, .. } => added.push(column.column.name.clone()),
                OperationKind::DropColumn { column, .. } if !batch.copied => {
                    if let Some(index) = self.with_catalog(|catalog| index_on(catalog.table(&name), column)) {
                        let reason = format!(
                            "the index {index} is on the column {column}, and a batch that rebuilds the table makes it anew: it \
                             must be dropped too"
                        );
                        self.refuse(operation.place.clone(), reason);
                    }
                }
                _ => {}
            }
            match &operation.kind {
                // `ApplyBatchImpl.drop_column` looks for it among the columns that were there at the start.
                OperationKind::DropColumn { column, .. } if added.contains(column) => {
                    let reason =
                        format!("the column {column} is added and dropped in one batch that rebuilds the table");
                    self.refuse(operation.place.clone(), reason);
                    continue;
                }
                _ => {}
            }
            if let Some(reason) = unnamed(&operation) {
                self.refuse(operation.place.clone(), reason);
                continue;
            }
            // A key on a column that is not there is left out of the new table without a word.
            if !self.with_catalog(|catalog| has_columns(catalog.table(&name), &operation, catalog.dialect)) {
                continue;
            }
            // The new table has one primary key: the last.
            if matches!(&operation.kind, OperationKind::AddConstraint { constraint: Constraint::PrimaryKey(_), .. }) {
                self.reshape(&name, |table| table.primary_key = None);
            }
            self.rebuild_with(operation);
        }
        let _ = place;
    }
}

/// Puts what drops the indexes and constraints of a table before what drops its columns: a batch that rebuilds the table only
/// notes what the new one has (`ApplyBatchImpl.drop_index` and `drop_constraint` of `alembic/operations/batch.py` look among those
/// that were there at the start), and it makes no odds which comes first.
fn drop_what_is_on_columns_first(table: Option<&Table>, operations: &mut Vec<Operation>) {
    let Some(table) = table else { return };
    let Some(first) = operations.iter().position(|one| matches!(one.kind, OperationKind::DropColumn { .. })) else {
        return;
    };
    let was_there = |operation: &Operation| match &operation.kind {
        OperationKind::DropIndex { name, .. } => {
            table.indexes.iter().any(|index| index.name.as_deref() == Some(name.name.as_str()))
        }
        OperationKind::DropConstraint { name: Some(name), .. } => {
            let name = Some(name.as_str());
            table.indexes.iter().any(|index| index.constraint && index.name.as_deref() == name)
                || table.foreign_keys.iter().any(|key| key.name.as_deref() == name)
                || table.checks.iter().any(|check| check.name.as_deref() == name)
        }
        _ => false,
    };
    let behind = operations.split_off(first);
    let (drops, others): (Vec<_>, Vec<_>) = behind.into_iter().partition(was_there);
    operations.extend(drops);
    operations.extend(others);
}

/// An index that reflection finds on a column: the new table lacks the column, and SQLite refuses to make the index on it
/// (`ApplyBatchImpl._gather_indexes_from_both_tables`). Unique constraints are left out without a word.
fn index_on(table: Option<&Table>, column: &str) -> Option<String> {
    let is_on = |index: &&Index| {
        !index.constraint
            && !index.has_expression()
            && index.parts.iter().any(|part| part.column().is_some_and(|on| Dialect::Sqlite.same_column(on, column)))
    };
    table?.indexes.iter().find(is_on).and_then(|index| index.name.clone())
}

/// Whether SQLite rebuilds the table for an operation (`SQLiteImpl.requires_recreate_in_batch`).
fn needs_rebuild(operation: &Operation) -> bool {
    match &operation.kind {
        OperationKind::CreateIndex { .. } | OperationKind::DropIndex { .. } | OperationKind::Opaque { .. } => false,
        OperationKind::AddColumn { column, .. } => {
            column.column.generated.as_ref().is_some_and(|generated| generated.stored)
        }
        _ => true,
    }
}

/// Whether a column has a default that is an expression of SQLAlchemy, not a plain string.
fn has_expression_default(column: &Value) -> bool {
    let default = column.call_of().and_then(|(_, args)| args.keyword("server_default"));
    default.is_some_and(|default| {
        matches!(default, Value::Symbol(_))
            && default.as_str().is_none()
            && !matches!(
                default.call_of(),
                Some(("sqlalchemy.Identity" | "sqlalchemy.Computed" | "sqlalchemy.FetchedValue", _))
            )
    })
}

/// Why Alembic refuses to add a constraint in a batch.
fn unnamed(operation: &Operation) -> Option<&'static str> {
    let OperationKind::AddConstraint { constraint, .. } = &operation.kind else { return None };
    let name = match constraint {
        Constraint::Index(index) => &index.name,
        Constraint::ForeignKey(key) => &key.key.name,
        Constraint::PrimaryKey(key) => &key.name,
        _ => return None,
    };
    name.is_none().then_some("a constraint that is added in a batch must have a name")
}

/// Whether a table has the columns that a constraint is on.
fn has_columns(table: Option<&Table>, operation: &Operation, dialect: Dialect) -> bool {
    let (Some(table), OperationKind::AddConstraint { constraint, .. }) = (table, &operation.kind) else { return true };
    let columns: Vec<&str> = match constraint {
        Constraint::Index(index) => index.parts.iter().filter_map(|part| part.column()).collect(),
        Constraint::ForeignKey(key) => key.key.columns.iter().map(String::as_str).collect(),
        _ => return true,
    };
    columns.into_iter().all(|column| table.column(dialect, column).is_some())
}

/// A rebuild reflects the table first: checks without a name are lost, and a naming convention of the batch names the
/// other constraints that have none.
fn lose_what_is_not_reflected(table: &mut Table, restates_checks: bool, convention: Option<&Convention>) {
    let _ = restates_checks;
    table.checks.retain(|check| check.name.is_some());
    let Some(convention) = convention else { return };
    let own = table.name.name.clone();
    let name = |sort: Sort, columns: &[String], target: &str, target_columns: &[String]| {
        let subject = Subject {
            sort,
            table: &own,
            schema: None,
            columns,
            referred_table: target,
            referred_columns: target_columns,
        };
        convention.name(Written::No, &subject, Dialect::Sqlite).ok().flatten()
    };
    for index in table.indexes.iter_mut().filter(|index| index.constraint && index.name.is_none()) {
        let columns: Vec<String> = index.parts.iter().filter_map(|part| part.column()).map(str::to_owned).collect();
        index.name = name(Sort::Unique, &columns, "", &[]);
    }
    for key in table.foreign_keys.iter_mut().filter(|key| key.name.is_none()) {
        key.name = name(Sort::ForeignKey, &key.columns, &key.target.name, &key.target_columns);
    }
    if let Some(key) = table.primary_key.as_mut().filter(|key| key.name.is_none()) {
        let columns: Vec<String> = key.columns.iter().filter_map(|part| part.column()).map(str::to_owned).collect();
        key.name = name(Sort::PrimaryKey, &columns, "", &[]);
    }
}
