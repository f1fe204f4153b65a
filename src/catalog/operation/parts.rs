//! What operations carry: new tables, columns and constraints, what a view reads, what changes of a column.

use std::sync::Arc;

use crate::catalog::{
    AutoIncrement, Check, Column, ColumnDefault, ColumnType, ForeignKey, Generated, Index, Key, ObjectName, TableKind,
};

/// CREATE TABLE.
#[derive(Debug, Clone)]
pub struct NewTable {
    /// Its name.
    pub name: ObjectName,
    /// What sort of table.
    pub kind: TableKind,
    /// Columns with the constraints written on them.
    pub columns: Vec<NewColumn>,
    /// Constraints of the table, and MySQL's inline KEYs.
    pub constraints: Vec<Constraint>,
    /// Where its columns come from, where they are not all written.
    pub source: Option<TableSource>,
    /// The comment.
    pub comment: Option<String>,
}

impl NewTable {
    /// One whose columns are those of a query.
    pub fn of_query(name: ObjectName, kind: TableKind) -> Self {
        let source = Some(TableSource::Query);
        Self { name, kind, columns: Vec::new(), constraints: Vec::new(), source, comment: None }
    }
}

/// Where the columns of a table come from.
#[derive(Debug, Clone)]
pub enum TableSource {
    /// `LIKE other [INCLUDING …]`.
    Like {
        /// The table copied.
        table: ObjectName,
        /// Options that are included, in lower case (`defaults`, `indexes`, `all`, …).
        including: Vec<String>,
    },
    /// `AS SELECT …`: the columns are those of a query that is not evaluated.
    Query,
    /// `AS TABLE other`, `AS SELECT * FROM other …`: its columns and their types, and nothing else of it.
    Rows(ObjectName),
    /// `INHERITS (parents)`.
    Inherits(Vec<ObjectName>),
    /// `PARTITION OF parent`.
    PartitionOf(ObjectName),
}

/// What a query reads. It cannot outlive that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// The relations that it names, as written.
    pub relations: Vec<ObjectName>,
    /// The columns that it names.
    pub mentions: Vec<Mention>,
    /// The types that it casts to, as written.
    pub types: Vec<ObjectName>,
}

impl Reads {
    /// How much is asked of a catalog to find what all the names are of.
    pub fn weight(&self) -> usize {
        self.relations.len() + self.mentions.iter().map(|mention| mention.of.len()).sum::<usize>()
    }
}

/// A column that a query names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The column; none for all of them (`*`).
    pub column: Option<String>,
    /// The relations that it may be of.
    pub of: Arc<Sources>,
    /// Whether it can be of nothing but these.
    pub sure: bool,
}

/// What a SELECT and the queries around it select from. The names of one SELECT share it.
#[derive(Debug, PartialEq, Eq)]
pub struct Sources {
    /// The relations of the SELECT itself, as written.
    relations: Vec<ObjectName>,
    /// Those of the query around it.
    outer: Option<Arc<Sources>>,
    /// How many there are in all.
    count: usize,
}

impl Sources {
    /// The relations of a SELECT inside another, or of one by itself.
    pub fn new(relations: Vec<ObjectName>, outer: Option<Arc<Sources>>) -> Self {
        let count = relations.len() + outer.as_ref().map_or(0, |outer| outer.count);
        Self { relations, outer, count }
    }

    /// The relations of the SELECT, then those of each query around it.
    pub fn scopes(&self) -> impl Iterator<Item = &[ObjectName]> {
        std::iter::successors(Some(self), |sources| sources.outer.as_deref()).map(|sources| &*sources.relations)
    }

    /// How many relations there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// A column with the constraints written on it.
#[derive(Debug, Clone)]
pub struct NewColumn {
    /// The column. `nullable` is what the words on the column say; a primary key makes it NOT NULL when applied.
    pub column: Column,
    /// PRIMARY KEY, UNIQUE, REFERENCES, CHECK written on the column.
    pub constraints: Vec<Constraint>,
    /// MySQL's FIRST or AFTER, where written.
    pub position: Option<ColumnPosition>,
}

impl NewColumn {
    /// A column without constraints.
    pub fn plain(column: Column) -> Self {
        Self { column, constraints: Vec::new(), position: None }
    }
}

/// Where MySQL puts a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnPosition {
    /// FIRST.
    First,
    /// AFTER a column.
    After(String),
}

/// Where a label goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnumPosition {
    /// BEFORE a label.
    Before(String),
    /// AFTER a label.
    After(String),
}

/// A constraint of a table or a column.
#[derive(Debug, Clone)]
pub enum Constraint {
    /// PRIMARY KEY.
    PrimaryKey(Key),
    /// `ADD … PRIMARY KEY USING INDEX` / `ADD … UNIQUE USING INDEX`.
    UsingIndex {
        /// The constraint's name, where written.
        name: Option<String>,
        /// The index that becomes the constraint.
        index: String,
        /// PRIMARY KEY rather than UNIQUE.
        primary: bool,
    },
    /// UNIQUE, and MySQL's inline KEY, INDEX, FULLTEXT and SPATIAL.
    Index(Box<Index>),
    /// FOREIGN KEY. Its target is as written: the schema is empty where none is.
    ForeignKey(Box<NewForeignKey>),
    /// CHECK.
    Check(Check),
    /// EXCLUDE, by name.
    Exclude(Option<String>),
}

/// A foreign key whose target is not resolved yet.
#[derive(Debug, Clone)]
pub struct NewForeignKey {
    /// The key; its `target` is overwritten when it is applied.
    pub key: ForeignKey,
    /// The table referred to, as written.
    pub target: ObjectName,
}

/// Kinds of constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// PRIMARY KEY.
    PrimaryKey,
    /// UNIQUE.
    Unique,
    /// FOREIGN KEY.
    ForeignKey,
    /// CHECK.
    Check,
}

/// One change of a column.
#[derive(Debug, Clone)]
pub enum ColumnChange {
    /// SET DATA TYPE.
    Type {
        /// The new type.
        ty: ColumnType,
        /// How a USING clause converts values: its expression, in canonical text; empty where that is not known.
        using: Option<String>,
        /// COLLATE.
        collation: Option<String>,
    },
    /// SET DEFAULT.
    SetDefault(ColumnDefault),
    /// SQL Server's `ADD [CONSTRAINT name] DEFAULT value FOR column`: a constraint, and the only one of its kind on the column.
    AddDefault {
        /// The name of the constraint; the server makes one up where none is given.
        name: Option<String>,
        /// The default.
        default: ColumnDefault,
    },
    /// DROP DEFAULT.
    DropDefault,
    /// SET NOT NULL.
    SetNotNull,
    /// DROP NOT NULL.
    DropNotNull,
    /// ADD GENERATED … AS IDENTITY, and AUTO_INCREMENT set by itself.
    AddIdentity(AutoIncrement),
    /// SET GENERATED of a column that is an identity.
    SetIdentity(AutoIncrement),
    /// DROP IDENTITY.
    DropIdentity,
    /// SET EXPRESSION (PostgreSQL 17); none for DROP EXPRESSION.
    Generated(Option<Generated>),
    /// MySQL's MODIFY and CHANGE, SQL Server's ALTER COLUMN: the column anew, under the name in it.
    Redefine(Box<NewColumn>),
}

/// Statements about rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataKind {
    /// INSERT, COPY, MERGE.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// TRUNCATE.
    Truncate,
}

/// What hangs on a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentKind {
    /// A row-level security policy.
    Policy,
    /// A trigger.
    Trigger,
}

impl AttachmentKind {
    /// As a message names it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Policy => "the policy",
            Self::Trigger => "the trigger",
        }
    }
}

/// Transaction control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionKind {
    /// BEGIN, START TRANSACTION.
    Begin,
    /// COMMIT, END.
    Commit,
    /// ROLLBACK.
    Rollback,
}
