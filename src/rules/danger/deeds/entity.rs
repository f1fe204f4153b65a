//! What a change meets on its way: tables, columns and enums from their first name to their last.

use std::collections::BTreeMap;

use crate::catalog::{Column, Name};
use crate::source::Place;

/// A table from its first name in the change to its last.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    /// Its name before the change; none where the change made it.
    pub(super) origin: Option<Name>,
    /// Its name now; none once it is dropped.
    pub(super) current: Option<Name>,
    /// Of a made table: its columns, where they are known.
    pub(super) columns: Option<Vec<Column>>,
    /// Rows were written into it.
    pub(super) filled: bool,
    /// The statements that wrote them, without comments.
    pub(super) inserts: Vec<String>,
    /// Of a made table: the column that counts by itself for being its key, SQLite's rowid.
    pub(super) rowid: Option<String>,
    /// By which step it was made.
    pub(super) born: usize,
    /// Of a made table: the name that it was given.
    pub(super) made_as: Option<Name>,
    /// Columns that the change made in it, under their names now.
    pub(super) new_columns: BTreeMap<String, NewColumn>,
    /// Columns of before that were dropped, by their names before.
    pub(super) lost: BTreeMap<String, usize>,
    /// The names before of columns that were renamed, by their names now.
    pub(super) renamed: BTreeMap<String, String>,
    /// An UPDATE ran over it.
    pub(super) updated: bool,
    /// Where it was made or last renamed.
    pub(super) place: Place,
    /// In which migration.
    pub(super) migration: String,
    /// By which step.
    pub(super) at: usize,
}

/// A column that the change made.
#[derive(Debug, Clone)]
pub(super) struct NewColumn {
    /// As it is.
    pub(super) column: Column,
    /// Whether it took no NULL from the beginning: then no row of it ever held one.
    pub(super) born_required: bool,
    /// Whether it was NULL in every row when it was made, under the name that it has.
    pub(super) born_empty: bool,
}

/// An enum, likewise.
#[derive(Debug, Clone)]
pub(super) struct EnumEntity {
    pub(super) origin: Option<Name>,
    pub(super) current: Option<Name>,
    pub(super) labels: Vec<String>,
    /// Values were added to it.
    pub(super) grown: bool,
    /// Values are gone, or have another name.
    pub(super) shrunk: bool,
    pub(super) place: Place,
    pub(super) migration: String,
    pub(super) at: usize,
}
