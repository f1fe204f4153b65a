//! A table and what it is made of: columns, keys, indexes, foreign keys, checks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::operation::AttachmentKind;
use super::{ColumnType, Dialect, Name, ObjectName};
use crate::source::Place;

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// What sort of table it is.
    pub kind: TableKind,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// The primary key.
    pub primary_key: Option<Key>,
    /// Indexes and unique constraints, in order of creation (a unique constraint is an index that is `constraint`).
    pub indexes: Vec<Index>,
    /// Foreign keys, in order of creation.
    pub foreign_keys: Vec<ForeignKey>,
    /// CHECK constraints.
    pub checks: Vec<Check>,
    /// Policies and triggers (PostgreSQL): they hold the columns that they name.
    pub(crate) attachments: Vec<Attachment>,
    /// EXCLUDE constraints: only their names matter here.
    pub excludes: Vec<String>,
    /// The tables it inherits from, and the table it is a partition of: what changes their columns changes its own.
    pub parents: Vec<Name>,
    /// The comment.
    pub comment: Option<String>,
    /// Where it is declared or created.
    pub place: Option<Place>,
}

impl Table {
    /// An empty plain table.
    pub fn new(name: Name) -> Self {
        Self {
            name,
            kind: TableKind::Plain,
            columns: Vec::new(),
            primary_key: None,
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            attachments: Vec::new(),
            excludes: Vec::new(),
            parents: Vec::new(),
            comment: None,
            place: None,
        }
    }

    /// The column of that name under the dialect's rule for case.
    pub fn column(&self, dialect: Dialect, name: &str) -> Option<&Column> {
        self.column_index(dialect, name).map(|at| &self.columns[at])
    }

    /// The position of that column.
    pub fn column_index(&self, dialect: Dialect, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name == name)
            .or_else(|| self.columns.iter().position(|column| dialect.same_column(&column.name, name)))
    }
}

/// What sort of table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TableKind {
    /// A table like any other.
    #[default]
    Plain,
    /// `PARTITION BY`: the parent of partitions.
    Partitioned,
    /// `PARTITION OF`: one partition.
    Partition,
    /// `CREATE FOREIGN TABLE`.
    Foreign,
    /// Gone at the end of the session.
    Temporary,
    /// SQLite's `CREATE VIRTUAL TABLE`.
    Virtual,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: ColumnType,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// The default that the database applies. Defaults that a client library applies are none.
    pub default: Option<ColumnDefault>,
    /// SQL Server: the name of the constraint that the default is, where one is given.
    pub(crate) default_name: Option<String>,
    /// The type that the default is stored in, where the column has another one by now (PostgreSQL): dropping the type
    /// takes the default along.
    pub(crate) default_type: Option<ObjectName>,
    /// MySQL's and SQLite's AUTO_INCREMENT, SQL Server's IDENTITY, PostgreSQL's serial types and `GENERATED AS IDENTITY`.
    pub auto_increment: Option<AutoIncrement>,
    /// The expression of a generated column, and whether it is stored.
    pub generated: Option<Generated>,
    /// MySQL's `ON UPDATE CURRENT_TIMESTAMP`.
    pub on_update: Option<String>,
    /// The collation, where one is named.
    pub collation: Option<String>,
    /// In a declared catalog: whether the length of its type was worked out of the labels of an enum, and written by nobody.
    pub(crate) length_of_labels: bool,
    /// The comment.
    pub comment: Option<String>,
    /// Where it is declared or created.
    pub place: Option<Place>,
}

impl Column {
    /// A column without anything but a name, a type and nullability.
    pub fn new(name: impl Into<String>, ty: ColumnType, nullable: bool) -> Self {
        Self {
            name: name.into(),
            ty,
            nullable,
            default: None,
            default_name: None,
            default_type: None,
            auto_increment: None,
            generated: None,
            on_update: None,
            collation: None,
            length_of_labels: false,
            comment: None,
            place: None,
        }
    }
}

/// How a column counts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoIncrement {
    /// `SERIAL` and its kin: an owned sequence behind a default.
    Serial,
    /// `GENERATED ALWAYS AS IDENTITY`, SQL Server's `IDENTITY`.
    IdentityAlways,
    /// `GENERATED BY DEFAULT AS IDENTITY`.
    IdentityByDefault,
    /// MySQL's `AUTO_INCREMENT`, SQLite's `INTEGER PRIMARY KEY AUTOINCREMENT`.
    Counter,
    /// CockroachDB's `unique_rowid()`.
    RowId,
}

/// A generated column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The canonical text of the expression.
    pub expression: String,
    /// STORED (or SQL Server's PERSISTED) rather than VIRTUAL.
    pub stored: bool,
}

/// A default that the database applies.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnDefault {
    /// A number, as written but without a cast (`18`, `-1.50`).
    Number(String),
    /// A string, unquoted and unescaped, without its cast.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// `NULL`, written out.
    Null,
    /// An array of constants (PostgreSQL): `'{a,b}'` and `ARRAY['a','b']`.
    List(Vec<ColumnDefault>),
    /// The moment of the statement: `CURRENT_TIMESTAMP`, `now()` and their like, with the precision where one is given.
    Now(Option<u8>),
    /// `nextval` of a sequence, by name.
    NextVal(ObjectName),
    /// Any other expression, in canonical text (see `sql::expression`).
    Expression(String),
    /// There is a default, and what it is cannot be or need not be known.
    Unknown,
}

/// A primary key.
#[derive(Debug, Clone)]
pub struct Key {
    /// The constraint's name, where one is known or follows from the dialect's rule.
    pub name: Option<String>,
    /// Columns, in order.
    pub columns: Vec<IndexPart>,
    /// SQL Server: whether it is clustered, where that is written.
    pub clustered: Option<bool>,
    /// Where it is declared or created.
    pub place: Option<Place>,
}

/// An index or a unique constraint.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property that SQL writes by a word of its own")]
pub struct Index {
    /// Its name; none for an unnamed unique constraint of SQLite.
    pub name: Option<String>,
    /// Its columns or expressions, in order.
    pub parts: Vec<IndexPart>,
    /// Whether it is unique.
    pub unique: bool,
    /// Whether it came from a UNIQUE constraint.
    pub constraint: bool,
    /// Whether the name was given by the database and not by the statement or the model.
    pub generated_name: bool,
    /// The access method in lower case (`gin`, `hash`, `fulltext`, …); none for the default, a B-tree.
    pub method: Option<String>,
    /// The canonical text of the WHERE of a partial index.
    pub predicate: Option<String>,
    /// INCLUDE columns.
    pub include: Vec<String>,
    /// NULLS NOT DISTINCT.
    pub nulls_not_distinct: bool,
    /// SQL Server: whether it is clustered, where that is written.
    pub clustered: Option<bool>,
    /// Where it is declared or created.
    pub place: Option<Place>,
}

impl Index {
    /// A plain index on `parts`.
    pub fn new(name: Option<String>, parts: Vec<IndexPart>, unique: bool) -> Self {
        Self {
            name,
            parts,
            unique,
            constraint: false,
            generated_name: false,
            method: None,
            predicate: None,
            include: Vec::new(),
            nulls_not_distinct: false,
            clustered: None,
            place: None,
        }
    }

    /// Whether one of its parts is an expression.
    pub fn has_expression(&self) -> bool {
        self.parts.iter().any(|part| part.column().is_none())
    }
}

/// One part of an index or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexPart {
    /// The column or the expression.
    pub on: IndexOn,
    /// Whether it is DESC.
    pub descending: bool,
    /// NULLS FIRST (`true`) or NULLS LAST (`false`), where written.
    pub nulls_first: Option<bool>,
    /// The operator class, where one is named.
    pub operator_class: Option<String>,
    /// The collation, where one is named.
    pub collation: Option<String>,
    /// MySQL's prefix length.
    pub length: Option<u32>,
}

impl IndexPart {
    /// A plain ascending column.
    pub fn named(column: impl Into<String>) -> Self {
        Self::on(IndexOn::Column(column.into()))
    }

    /// A plain ascending part.
    pub fn on(on: IndexOn) -> Self {
        Self { on, descending: false, nulls_first: None, operator_class: None, collation: None, length: None }
    }

    /// The column, where it is one.
    pub fn column(&self) -> Option<&str> {
        match &self.on {
            IndexOn::Column(name) => Some(name),
            IndexOn::Expression(_) => None,
        }
    }

    /// Writes what stands right behind the name of the part: MySQL's prefix length in brackets, the operator class behind a blank.
    pub(crate) fn write_length_and_class(&self, text: &mut String) {
        if let Some(length) = self.length {
            let _ = write!(text, "({length})");
        }
        if let Some(class) = &self.operator_class {
            text.push(' ');
            text.push_str(class);
        }
    }
}

/// What a part of an index is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexOn {
    /// A column.
    Column(String),
    /// An expression, in canonical text.
    Expression(String),
}

/// A foreign key.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property that SQL writes by a word of its own")]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: Option<String>,
    /// Whether the name was given by the database.
    pub generated_name: bool,
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table referred to.
    pub target: Name,
    /// The columns referred to; empty where they are the target's primary key and were not written.
    pub target_columns: Vec<String>,
    /// ON DELETE.
    pub on_delete: ReferentialAction,
    /// ON UPDATE.
    pub on_update: ReferentialAction,
    /// DEFERRABLE.
    pub deferrable: bool,
    /// INITIALLY DEFERRED.
    pub initially_deferred: bool,
    /// NOT VALID: existing rows were not checked.
    pub not_valid: bool,
    /// Where it is declared or created.
    pub place: Option<Place>,
}

/// What happens to the referring rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReferentialAction {
    /// NO ACTION, the default of SQL.
    #[default]
    NoAction,
    /// RESTRICT.
    Restrict,
    /// CASCADE.
    Cascade,
    /// SET NULL.
    SetNull,
    /// SET DEFAULT.
    SetDefault,
}

impl ReferentialAction {
    /// As SQL writes it.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

/// A CHECK constraint.
#[derive(Debug, Clone)]
pub struct Check {
    /// The constraint's name.
    pub name: Option<String>,
    /// The canonical text of its condition; none where it could not be read.
    pub expression: Option<String>,
    /// NOT VALID: existing rows were not checked.
    pub not_valid: bool,
    /// Where it is declared or created.
    pub place: Option<Place>,
}

/// What hangs on a table and is no part of what is compared.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    /// Which.
    pub(crate) kind: AttachmentKind,
    /// Its name.
    pub(crate) name: String,
    /// The relations that its conditions read, with the columns that they surely name.
    pub(crate) reads: BTreeMap<Name, BTreeSet<String>>,
    /// Where it is created.
    pub(crate) place: Option<Place>,
}
