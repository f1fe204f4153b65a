//! The catalog: what one database holds, in canonical form.
//!
//! The declared schema and the replayed migrations both become a [`Catalog`]; their difference is the gap. This room
//! knows nobody: it is filled by `prisma/`, `alembic/` and, through [`operation`]s, by `sql/` and `history/`.
//!
//! Names are kept as the database stores them (unquoted identifiers already folded by the reader). Where a dialect
//! compares identifiers without regard to case, look-ups do so too ([`Dialect::same_name`]).

pub mod apply;
pub mod condition;
pub mod contrast;
pub mod dialect;
pub mod difference;
mod known;
pub mod operation;
mod table;
pub mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use dialect::Dialect;
pub use table::*;
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
    /// Whether references keep the old name of a table that is renamed (SQLite's `legacy_alter_table`).
    pub keeps_references: bool,
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
    /// In a declared catalog: whether further tables may be declared where nobody can look, so that a table which it does
    /// not name is not certainly one too many.
    pub open: bool,
    /// In a declared catalog: whether the application makes the tables that are not there before it runs the migrations
    /// (`metadata.create_all()`).
    pub(crate) made_at_start: bool,
    /// What [`apply`] looks up often; derived from the tables.
    pub(crate) lookup: apply::Lookup,
    /// What no early doubt can be about.
    known: known::Known,
}

impl Catalog {
    /// An empty database.
    pub fn new(dialect: Dialect) -> Self {
        let default = dialect.default_schema().to_owned();
        Self {
            dialect,
            search_path: vec![default.clone()],
            keeps_references: false,
            schemas: BTreeSet::from([default]),
            tables: BTreeMap::new(),
            enums: BTreeMap::new(),
            types: BTreeMap::new(),
            sequences: BTreeMap::new(),
            views: BTreeMap::new(),
            extensions: BTreeMap::new(),
            doubts: Vec::new(),
            unmanaged: Vec::new(),
            open: false,
            made_at_start: false,
            lookup: apply::Lookup::default(),
            known: known::Known::default(),
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
        // Names are sorted by their schema; that of temporary tables, which is asked first, is nearly always empty.
        let of_schema = map.range(Name::new(schema, "")..).map(|(key, _)| key).take_while(|key| key.schema == schema);
        of_schema.into_iter().find(|key| self.dialect.same_name(&key.name, name)).cloned()
    }

    /// The table of that name.
    pub fn table(&self, name: &ObjectName) -> Option<&Table> {
        self.tables.get(&self.resolve(&self.tables, name)?)
    }

    /// The view in the place of a table that another catalog has.
    pub(crate) fn view_for(&self, table: &Name) -> Option<&View> {
        self.views.get(&self.find(&self.views, &table.schema, &table.name)?)
    }

    /// The enum of that name.
    pub fn enumeration(&self, name: &ObjectName) -> Option<&Enum> {
        self.enums.get(&self.resolve(&self.enums, name)?)
    }

    /// The first doubt whose reach covers `object`, and that it was there for.
    pub fn doubt_about(&self, object: &Object<'_>) -> Option<&Opaque> {
        self.doubts_since(object).find(|opaque| opaque.reach.covers(object, self.dialect))
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
    /// A column whose type or default a function of the project compares (`compare_type`, `compare_server_default`).
    Decided {
        /// What is compared: [`Part::Type`] or [`Part::Default`].
        part: Part,
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
        /// What the function says.
        settled: Settled,
    },
}

/// What a function of the project says of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is none.
    Same,
    /// That depends on what cannot be known.
    Unknown,
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
    /// The type of a column.
    Type,
    /// The server default of a column.
    Default,
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
    /// A table, or something in it that is no column and has no name of its own (a key).
    Table(&'a Name),
    /// A column.
    Column(&'a Name, &'a str),
    /// An index or a constraint of a table, by its name.
    Part(&'a Name, &'a str),
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
            (Self::Table(table), Object::Table(name) | Object::Column(name, _) | Object::Part(name, _)) => {
                same(table, name)
            }
            (Self::Column(table, column), Object::Column(name, other)) => {
                same(table, name) && dialect.same_column(column, other)
            }
            (Self::Type(written), Object::Type(name)) => same(written, name),
            _ => false,
        }
    }
}
