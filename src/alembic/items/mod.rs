//! Schema items of SQLAlchemy (`Column`, `Index`, `ForeignKeyConstraint`, …) as the statements that a database gets.
//!
//! Models and revisions share this: `metadata.create_all()` and `op.create_table()` go through the same compiler.

mod column;
mod constraint;
pub(crate) mod naming;
mod table;

pub(crate) use column::{is_item, sequence_name};
pub(crate) use naming::{Convention, Sort, Subject, Written};
pub(crate) use table::TableItem;

use crate::alembic::expression::{ColumnFinder, Renderer};
use crate::alembic::python::{Interpreter, Value};
use crate::alembic::types::Doubt;
use crate::catalog::{Dialect, ObjectName};
use crate::source::Place;

/// What items are read for.
#[derive(Clone, Copy)]
pub(crate) struct Scheme<'a> {
    /// The database.
    pub(crate) dialect: Dialect,
    /// The naming convention of the `MetaData`.
    pub(crate) convention: &'a Convention,
    /// The schema of the `MetaData`: that of tables and foreign keys that name none.
    pub(crate) schema: Option<&'a str>,
    /// Finds the table and column that a value of the repository's own stands for.
    pub(crate) columns: Option<ColumnFinder<'a>>,
}

/// Reads items for one table.
pub(crate) struct Reader<'r, 'h, 's> {
    pub(crate) interpreter: &'r mut Interpreter<'h>,
    pub(crate) scheme: Scheme<'s>,
    /// The table.
    pub(crate) table: ObjectName,
    /// The call that names it all, for doubts without a place of their own.
    pub(crate) place: Place,
}

impl<'s> Reader<'_, '_, 's> {
    pub(crate) fn renderer(&self) -> Renderer<'s> {
        Renderer { dialect: self.scheme.dialect, columns: self.scheme.columns }
    }

    /// A doubt about a value.
    pub(crate) fn doubt(&self, value: &Value, otherwise: &str) -> Doubt {
        match value.as_unknown() {
            Some(unknown) => Doubt { reason: unknown.reason.clone(), place: Some(unknown.place.clone()) },
            None => Doubt { reason: otherwise.to_owned(), place: value.place().or_else(|| Some(self.place.clone())) },
        }
    }

    /// The canonical text of a condition or expression that is given as a string or as an expression.
    pub(crate) fn condition(&self, value: &Value) -> Option<String> {
        let text = match value {
            Value::Str(text) => text.to_string(),
            other => self.renderer().render(other)?,
        };
        Some(crate::sql::expression::canonical(&text, self.scheme.dialect))
    }
}
