//! The catalog: what one database holds, in canonical form.
//!
//! The declared schema and the replayed migrations both become a [`Catalog`]; their difference is the gap. This room
//! knows nobody: it is filled by `prisma/`, `alembic/` and, through [`operation`]s, by `sql/` and `history/`.
//!
//! Names are kept as the database stores them (unquoted identifiers already folded by the reader). Where a dialect
//! compares identifiers without regard to case, look-ups do so too ([`Dialect::same_name`]).

pub mod apply;
pub mod condition;
pub mod dialect;
pub mod difference;
pub mod operation;
pub mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use dialect::Dialect;
pub use types::{ColumnType, TypeKind};

use crate::source::Place;

/// The name of an object that may be qualified, as a statement or a model writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// The schema, where one is named.
    pub schema: Option<String>,
    /// The object.
    pub name: String,
}

impl ObjectName {
    /// A name without a schema.
    pub fn bare(name: impl Into<String>) -> Self {
        Self { schema: None, name: name.into() }
    }

    /// A name in a schema.
    pub fn qualified(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), name: name.into() }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl From<&Name> for ObjectName {
    fn from(name: &Name) -> Self {
        Self { schema: Some(name.schema.clone()).filter(|s| !s.is_empty()), name: name.name.clone() }
    }
}

/// The name of an object in a catalog: its schema is known. Dialects without schemas use the empty one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The schema; empty where the dialect has none.
    pub schema: String,
    /// The object.
    pub name: String,
}

impl Name {
    /// A resolved name.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }
}

impl fmt::Display for Name {
    /// The default schemas `public` and `dbo` go without saying.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schema.as_str() {
            "" | "public" | "dbo" => f.write_str(&self.name),
            schema => write!(f, "{schema}.{}", self.name),
        }
    }
}

/// The schema of temporary tables where the dialect has schemas: it is searched before all others
/// (<https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH>).
pub(crate) const TEMPORARY_SCHEMA: &str = "pg_temp";

/// One database.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Whose rules apply.
    pub dialect: Dialect,
    /// Where unqualified names are created and looked up first; `SET search_path` changes it.
    pub search_path: Vec<String>,
    /// Schemas that exist, the default one among them.
    pub schemas: BTreeSet<String>,
    /// Tables, foreign and partitioned ones among them; temporary ones are marked.
    pub tables: BTreeMap<Name, Table>,
    /// Enum types (PostgreSQL, CockroachDB). MySQL's inline enums live in the column's type.
    pub enums: BTreeMap<Name, Enum>,
    /// Other user-defined types: domains, composite and range types.
    pub types: BTreeMap<Name, UserType>,
    /// Sequences that were made by themselves or for a serial column.
    pub sequences: BTreeMap<Name, Sequence>,
    /// Views and materialized views.
    pub views: BTreeMap<Name, View>,
    /// Extensions, by name.
    pub extensions: BTreeMap<String, Extension>,
    /// What could not be read, and how far its effect may reach.
    pub doubts: Vec<Opaque>,
    /// In a declared catalog: what the project keeps out of the comparison (Alembic's `include_object`).
    pub unmanaged: Vec<Unmanaged>,
    /// What [`apply`] looks up often; derived from the tables.
    pub(crate) lookup: apply::Lookup,
}

impl Catalog {
    /// An empty database.
    pub fn new(dialect: Dialect) -> Self {
        let default = dialect.default_schema().to_owned();
        Self {
            dialect,
            search_path: vec![default.clone()],
            schemas: BTreeSet::from([default]),
            tables: BTreeMap::new(),
            enums: BTreeMap::new(),
            types: BTreeMap::new(),
            sequences: BTreeMap::new(),
            views: BTreeMap::new(),
            extensions: BTreeMap::new(),
            doubts: Vec::new(),
            unmanaged: Vec::new(),
            lookup: apply::Lookup::default(),
        }
    }

    /// The schema in which an unqualified name is created.
    pub fn current_schema(&self) -> &str {
        self.search_path.first().map_or_else(|| self.dialect.default_schema(), String::as_str)
    }

    /// The name under which a new object is created.
    pub fn new_name(&self, name: &ObjectName) -> Name {
        let schema = name.schema.clone().unwrap_or_else(|| self.current_schema().to_owned());
        let schema = if self.dialect.has_schemas() { schema } else { String::new() };
        Name { schema, name: name.name.clone() }
    }

    /// Looks a name up in one of the catalog's maps: by schema where one is written, along the search path otherwise.
    pub fn resolve<T>(&self, map: &BTreeMap<Name, T>, name: &ObjectName) -> Option<Name> {
        let find = |schema: &str| self.find(map, schema, &name.name);
        match &name.schema {
            _ if !self.dialect.has_schemas() => find(TEMPORARY_SCHEMA).or_else(|| find("")),
            Some(schema) => find(schema),
            None => find(TEMPORARY_SCHEMA).or_else(|| self.search_path.iter().find_map(|schema| find(schema))),
        }
    }

    /// The object of that name in that schema.
    pub(crate) fn find<T>(&self, map: &BTreeMap<Name, T>, schema: &str, name: &str) -> Option<Name> {
        let exact = Name::new(schema, name);
        if map.contains_key(&exact) {
            return Some(exact);
        }
        if !self.dialect.folds_names() {
            return None;
        }
        map.keys().find(|key| key.schema == schema && self.dialect.same_name(&key.name, name)).cloned()
    }

    /// The table of that name.
    pub fn table(&self, name: &ObjectName) -> Option<&Table> {
        self.tables.get(&self.resolve(&self.tables, name)?)
    }

    /// The enum of that name.
    pub fn enumeration(&self, name: &ObjectName) -> Option<&Enum> {
        self.enums.get(&self.resolve(&self.enums, name)?)
    }

    /// The first doubt whose reach covers `object`.
    pub fn doubt_about(&self, object: &Object<'_>) -> Option<&Opaque> {
        self.doubts.iter().find(|opaque| opaque.reach.covers(object, self.dialect))
    }
}

/// Something that a project keeps out of the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmanaged {
    /// A table and all in it.
    Table(ObjectName),
    /// Something in a table, on one side of the comparison.
    Part {
        /// What it is.
        part: Part,
        /// The table; none where it is not known, and the name alone tells.
        table: Option<ObjectName>,
        /// Its name, empty where it has none; no name stands for whatever name it has.
        name: Option<String>,
        /// Where it is: `include_object` is told whether both sides have it.
        side: difference::Side,
    },
}

/// What in a table a project may keep out of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A column.
    Column,
    /// An index.
    Index,
    /// A unique constraint.
    Unique,
    /// A foreign key.
    ForeignKey,
}

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
    pub(crate) kind: operation::AttachmentKind,
    /// Its name.
    pub(crate) name: String,
    /// The relations that its conditions read, with the columns that they surely name.
    pub(crate) reads: BTreeMap<Name, BTreeSet<String>>,
    /// Where it is created.
    pub(crate) place: Option<Place>,
}

/// An enum type.
#[derive(Debug, Clone)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// Labels, in order.
    pub labels: Vec<String>,
    /// Where it is declared or created.
    pub place: Option<Place>,
}

/// A user-defined type that is no enum.
#[derive(Debug, Clone)]
pub struct UserType {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: UserTypeKind,
    /// Whether it is a domain that takes no NULL.
    pub required: bool,
    /// Where it is created.
    pub place: Option<Place>,
}

/// Kinds of user-defined types.
#[derive(Debug, Clone)]
pub enum UserTypeKind {
    /// A domain over a base type.
    Domain(ColumnType),
    /// A composite type.
    Composite,
    /// Anything else: range, base, shell.
    Other,
}

/// A sequence.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// Its name.
    pub name: Name,
    /// The table and column that own it: dropped together with them.
    pub owned_by: Option<(Name, String)>,
    /// Where it is created.
    pub place: Option<Place>,
}

/// A view.
#[derive(Debug, Clone)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// Whether it is materialized.
    pub materialized: bool,
    /// The tables and views that its query reads, with the columns that it surely names.
    pub(crate) reads: BTreeMap<Name, BTreeSet<String>>,
    /// The types that its query casts to.
    pub(crate) types: BTreeSet<Name>,
    /// Names of the indexes on it.
    pub(crate) indexes: Vec<String>,
    /// Where it is created.
    pub place: Option<Place>,
}

/// An installed extension.
#[derive(Debug, Clone)]
pub struct Extension {
    /// The schema it was asked to live in.
    pub schema: Option<String>,
    /// The version that was asked for.
    pub version: Option<String>,
    /// Where it is created.
    pub place: Option<Place>,
}

/// A place in a migration or a model that could not be evaluated, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// Where.
    pub place: Place,
    /// Why, as a phrase that follows "not judged: " (`a DO block with dynamic SQL`).
    pub reason: String,
    /// What it may have changed.
    pub reach: Reach,
}

/// How far the effect of something that could not be read may go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Anything at all.
    Everything,
    /// One table and all in it.
    Table(ObjectName),
    /// One column of a table.
    Column(ObjectName, String),
    /// One enum or other user-defined type.
    Type(ObjectName),
    /// Nothing that is compared (it is stated, and explains no difference).
    Nothing,
}

/// What a doubt may be about; borrowed for the question.
#[derive(Debug, Clone, Copy)]
pub enum Object<'a> {
    /// A table, or something in it that is no column (an index, a key).
    Table(&'a Name),
    /// A column.
    Column(&'a Name, &'a str),
    /// An enum or another user-defined type.
    Type(&'a Name),
    /// Something outside every table: a schema, an extension.
    Database,
}

impl Reach {
    /// Whether the effect ends with the session: what it may have touched is a temporary table.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Table(table) | Self::Column(table, _) => table.schema.as_deref() == Some(TEMPORARY_SCHEMA),
            Self::Everything | Self::Type(_) | Self::Nothing => false,
        }
    }

    /// Whether the effect may have touched `object`.
    pub fn covers(&self, object: &Object<'_>, dialect: Dialect) -> bool {
        let same = |written: &ObjectName, name: &Name| {
            dialect.same_name(&written.name, &name.name)
                && written.schema.as_ref().is_none_or(|schema| !dialect.has_schemas() || *schema == name.schema)
        };
        match (self, object) {
            (Self::Everything, _) => true,
            (Self::Table(table), Object::Table(name) | Object::Column(name, _)) => same(table, name),
            (Self::Column(table, column), Object::Column(name, other)) => {
                same(table, name) && dialect.same_column(column, other)
            }
            (Self::Type(written), Object::Type(name)) => same(written, name),
            _ => false,
        }
    }
}
