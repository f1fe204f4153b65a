//! Operations: the things a migration does to a catalog, whichever language it is written in.
//!
//! SQL files and Alembic revisions are read into the same operations, and only operations change a [`super::Catalog`]
//! (see [`super::apply`]). Replay, danger, renames, conflicts and suggested SQL are written once, on these.

mod parts;

pub use parts::*;

use std::sync::Arc;

use super::condition::Condition;
use super::{ColumnType, Index, ObjectName, Opaque, Reach};
use crate::source::Place;

/// One operation and where it stands.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What it does.
    pub kind: OperationKind,
    /// The statement or call that does it.
    pub place: Place,
    /// What happens when it cannot be done.
    pub guard: Guard,
}

impl Operation {
    /// An operation that must succeed.
    pub fn new(kind: OperationKind, place: Place) -> Self {
        Self { kind, place, guard: Guard::None }
    }

    /// The same with a guard.
    #[must_use]
    pub fn guarded(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }
}

/// What happens when an operation cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guard {
    /// The migration fails.
    #[default]
    None,
    /// `IF NOT EXISTS`: nothing happens if the object is there.
    IfAbsent,
    /// `IF EXISTS`: nothing happens if the object (of a drop or rename), or the table that is altered, is not there.
    IfPresent,
    /// An exception handler swallows every failure (`EXCEPTION WHEN others THEN null`).
    Tolerant,
    /// An exception handler swallows these failures (`EXCEPTION WHEN duplicate_object THEN null`).
    Catches(Caught),
}

/// What an exception handler catches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caught {
    /// Every failure.
    Everything,
    /// What should be new is there.
    Existing,
    /// What should be there is not.
    Missing,
}

impl Caught {
    /// Both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Everything }
    }
}

/// What an operation does. Names are as written; [`super::Catalog::resolve`] finds what they mean.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum OperationKind {
    /// CREATE SCHEMA.
    CreateSchema(String),
    /// DROP SCHEMA.
    DropSchema {
        /// The schema.
        name: String,
        /// With everything in it.
        cascade: bool,
    },
    /// ALTER SCHEMA … RENAME TO.
    RenameSchema {
        /// Its name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// SET search_path. An empty list leaves nothing to be found without its schema.
    SetSearchPath(Vec<String>),
    /// `PRAGMA legacy_alter_table`: whether references keep the old name of a table that is renamed.
    KeepReferences(bool),

    /// CREATE TABLE.
    CreateTable(Box<NewTable>),
    /// DROP TABLE, one name each.
    DropTable {
        /// The table.
        name: ObjectName,
        /// With the foreign keys and views that depend on it.
        cascade: bool,
    },
    /// ALTER TABLE … RENAME TO.
    RenameTable {
        /// Its name.
        from: ObjectName,
        /// Its new name; a schema in it is given only by dialects that move it by a rename (MySQL).
        to: ObjectName,
    },
    /// ALTER TABLE … SET SCHEMA.
    MoveTable {
        /// The table.
        name: ObjectName,
        /// Its new schema.
        schema: String,
    },

    /// ALTER TABLE … ADD COLUMN.
    AddColumn {
        /// The table.
        table: ObjectName,
        /// The column with the constraints written on it.
        column: Box<NewColumn>,
        /// ADD COLUMN IF NOT EXISTS (the operation's own guard speaks of the table).
        if_absent: bool,
    },
    /// ALTER TABLE … DROP COLUMN.
    DropColumn {
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
        /// DROP COLUMN IF EXISTS (the operation's own guard speaks of the table).
        if_present: bool,
        /// With what depends on it.
        cascade: bool,
    },
    /// ALTER TABLE … RENAME COLUMN.
    RenameColumn {
        /// The table.
        table: ObjectName,
        /// Its name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// ALTER TABLE … ALTER COLUMN, one change each.
    AlterColumn {
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
        /// The change.
        change: ColumnChange,
    },

    /// ALTER TABLE … ADD constraint.
    AddConstraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        constraint: Constraint,
    },
    /// ALTER TABLE … DROP CONSTRAINT and MySQL's DROP PRIMARY KEY, DROP FOREIGN KEY, DROP CHECK.
    DropConstraint {
        /// The table.
        table: ObjectName,
        /// The constraint's name; none for MySQL's DROP PRIMARY KEY.
        name: Option<String>,
        /// The kind, where the statement says it.
        kind: Option<ConstraintKind>,
        /// With the foreign keys that depend on it.
        cascade: bool,
    },
    /// ALTER TABLE … RENAME CONSTRAINT.
    RenameConstraint {
        /// The table.
        table: ObjectName,
        /// Its name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// VALIDATE CONSTRAINT.
    ValidateConstraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        name: String,
    },

    /// ATTACH PARTITION, DETACH PARTITION.
    AttachPartition {
        /// The partitioned table.
        table: ObjectName,
        /// The table that becomes a partition of it, or none any longer.
        partition: ObjectName,
        /// ATTACH, not DETACH.
        attaches: bool,
    },
    /// ALTER CONSTRAINT … DEFERRABLE, of a foreign key.
    DeferConstraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        name: String,
        /// DEFERRABLE.
        deferrable: bool,
        /// INITIALLY DEFERRED.
        initially_deferred: bool,
    },

    /// CREATE INDEX.
    CreateIndex {
        /// The table, or a materialized view.
        table: ObjectName,
        /// The index.
        index: Box<Index>,
        /// CONCURRENTLY (PostgreSQL).
        concurrently: bool,
    },
    /// DROP INDEX.
    DropIndex {
        /// The index.
        name: ObjectName,
        /// The table, where the dialect's statement names it (MySQL, SQL Server).
        table: Option<ObjectName>,
        /// CONCURRENTLY (PostgreSQL).
        concurrently: bool,
        /// With what depends on it.
        cascade: bool,
        /// Indexes that the same statement adds: MySQL looks at what a foreign key needs when all is done.
        beside: Vec<Index>,
    },
    /// ALTER INDEX … RENAME TO and MySQL's RENAME INDEX.
    RenameIndex {
        /// The table, where the dialect's statement names it (MySQL, SQL Server).
        table: Option<ObjectName>,
        /// Its name.
        from: ObjectName,
        /// Its new name.
        to: String,
    },

    /// CREATE TYPE … AS ENUM.
    CreateEnum {
        /// Its name.
        name: ObjectName,
        /// Its labels.
        labels: Vec<String>,
    },
    /// ALTER TYPE … ADD VALUE.
    AddEnumValue {
        /// The enum.
        name: ObjectName,
        /// The label.
        value: String,
        /// BEFORE or AFTER which label.
        position: Option<EnumPosition>,
    },
    /// ALTER TYPE … RENAME VALUE.
    RenameEnumValue {
        /// The enum.
        name: ObjectName,
        /// The label.
        from: String,
        /// The new label.
        to: String,
    },
    /// CockroachDB's ALTER TYPE … DROP VALUE.
    DropEnumValue {
        /// The enum.
        name: ObjectName,
        /// The label.
        value: String,
    },
    /// CREATE DOMAIN, CREATE TYPE of any other sort.
    CreateType {
        /// Its name.
        name: ObjectName,
        /// The base type of a domain.
        domain: Option<ColumnType>,
        /// Whether a domain is NOT NULL.
        required: bool,
    },
    /// DROP TYPE, DROP DOMAIN.
    DropType {
        /// The type.
        name: ObjectName,
        /// With the columns that use it.
        cascade: bool,
    },
    /// ALTER TYPE … RENAME TO.
    RenameType {
        /// Its name.
        from: ObjectName,
        /// Its new name.
        to: String,
    },
    /// ALTER TYPE … SET SCHEMA.
    MoveType {
        /// The type.
        name: ObjectName,
        /// Its new schema.
        schema: String,
    },

    /// CREATE SEQUENCE.
    CreateSequence {
        /// Its name.
        name: ObjectName,
        /// OWNED BY.
        owned_by: Option<(ObjectName, String)>,
    },
    /// ALTER SEQUENCE … OWNED BY; none for OWNED BY NONE.
    OwnSequence {
        /// The sequence.
        name: ObjectName,
        /// Its new owner.
        owned_by: Option<(ObjectName, String)>,
    },
    /// ALTER SEQUENCE … RENAME TO.
    RenameSequence {
        /// Its name.
        from: ObjectName,
        /// Its new name.
        to: String,
    },
    /// DROP SEQUENCE.
    DropSequence {
        /// The sequence.
        name: ObjectName,
        /// With the defaults that use it.
        cascade: bool,
    },

    /// CREATE VIEW, CREATE MATERIALIZED VIEW.
    CreateView {
        /// Its name.
        name: ObjectName,
        /// Whether it is materialized.
        materialized: bool,
        /// OR REPLACE.
        replace: bool,
        /// What its query reads; nothing where that is not known.
        reads: Box<Reads>,
    },
    /// DROP VIEW, DROP MATERIALIZED VIEW.
    DropView {
        /// The view.
        name: ObjectName,
        /// Whether the statement says that it is materialized.
        materialized: bool,
        /// With what depends on it.
        cascade: bool,
    },
    /// ALTER VIEW … RENAME TO.
    RenameView {
        /// Its name.
        from: ObjectName,
        /// Its new name.
        to: String,
    },

    /// CREATE EXTENSION.
    CreateExtension {
        /// The extension.
        name: String,
        /// WITH SCHEMA.
        schema: Option<String>,
        /// VERSION.
        version: Option<String>,
    },
    /// DROP EXTENSION.
    DropExtension {
        /// The extension.
        name: String,
        /// With the columns of its types.
        cascade: bool,
    },

    /// COMMENT ON TABLE, COMMENT ON COLUMN; none removes it. Comments on other things are [`Self::Harmless`].
    Comment {
        /// The table.
        table: ObjectName,
        /// The column; none for the table itself.
        column: Option<String>,
        /// The text.
        text: Option<String>,
    },

    /// INSERT, UPDATE, DELETE, TRUNCATE, COPY, MERGE.
    Data {
        /// Which.
        kind: DataKind,
        /// The table.
        table: ObjectName,
        /// Whether a WHERE (or a join) bounds it.
        bounded: bool,
        /// The columns that an UPDATE writes; none where they are not known.
        written: Option<Vec<String>>,
        /// Columns that the statement surely names of the table: it fails where one of them is not there.
        needs: Vec<String>,
        /// The statement as the database gets it, where the place shows another text: a program that executes it.
        text: Option<Arc<str>>,
    },
    /// SELECT, and the queries of another statement: nothing changes, and the database refuses it where what it reads is
    /// not there.
    Query(Box<Reads>),
    /// BEGIN, COMMIT, ROLLBACK.
    Transaction(TransactionKind),
    /// A statement about this very server: CREATE DATABASE or ROLE, OWNER TO, GRANT to a named role, `\connect`, a host
    /// or URL. It changes nothing in the catalog; the text says what it is.
    Environment(String),
    /// CREATE POLICY, CREATE TRIGGER (PostgreSQL): they hang on a table and hold the columns that they name.
    CreateAttachment {
        /// Which.
        kind: AttachmentKind,
        /// Its name.
        name: String,
        /// OR REPLACE.
        replace: bool,
        /// The table.
        table: ObjectName,
        /// What its conditions read.
        reads: Box<Reads>,
    },
    /// DROP POLICY, DROP TRIGGER.
    DropAttachment {
        /// Which.
        kind: AttachmentKind,
        /// Its name.
        name: String,
        /// The table.
        table: ObjectName,
    },
    /// ALTER POLICY or TRIGGER … RENAME TO.
    RenameAttachment {
        /// Which.
        kind: AttachmentKind,
        /// The table.
        table: ObjectName,
        /// Its name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// A statement that changes nothing a catalog holds, and that needs a relation to be there: a rule, a privilege, an
    /// option of a table.
    Touch {
        /// The relation.
        relation: ObjectName,
        /// What the statement is about.
        what: &'static str,
    },
    /// SAVEPOINT and ROLLBACK TO: a part of a transaction that may be taken back.
    Savepoint {
        /// Its name.
        name: String,
        /// Whether it is gone back to.
        back: bool,
    },
    /// A block whose exception handler catches what its statements raise: all that they did is taken back then, and the
    /// handler is done instead.
    Attempt {
        /// The statements.
        body: Vec<Operation>,
        /// What the handler catches.
        caught: Caught,
        /// What it does.
        handler: Vec<Operation>,
    },
    /// A statement that cannot touch what a catalog holds: a function, a trigger, a policy, SET, a PRAGMA. The text
    /// says what it is.
    Harmless(&'static str),
    /// Operations that depend on what the database holds when the script runs (`IF NOT EXISTS (SELECT … FROM pg_type …)
    /// THEN …`). The history's run asks the catalog and does one list or the other.
    When {
        /// The question.
        condition: Condition,
        /// Done where the answer is yes.
        then: Vec<Operation>,
        /// Done where it is no.
        otherwise: Vec<Operation>,
    },
    /// A statement that the database refuses whatever the catalog holds (SQLite's missing ALTER COLUMN); the text says
    /// why.
    Invalid(String),
    /// What could not be read.
    Opaque {
        /// Why.
        reason: String,
        /// What it may have changed.
        reach: Reach,
    },
}

impl Operation {
    /// The doubt that an opaque operation leaves behind.
    pub fn as_opaque(&self) -> Option<Opaque> {
        match &self.kind {
            OperationKind::Opaque { reason, reach } => {
                Some(Opaque { place: self.place.clone(), reason: reason.clone(), reach: reach.clone() })
            }
            _ => None,
        }
    }

    /// Whether it may change a catalog: false for statements about rows, transactions, settings and the server.
    pub fn changes_catalog(&self) -> bool {
        match &self.kind {
            OperationKind::Harmless(_)
            | OperationKind::Data { .. }
            | OperationKind::Query(_)
            | OperationKind::Touch { .. }
            | OperationKind::CreateAttachment { .. }
            | OperationKind::DropAttachment { .. }
            | OperationKind::RenameAttachment { .. }
            | OperationKind::Savepoint { .. }
            | OperationKind::Transaction(_)
            | OperationKind::Environment(_) => false,
            OperationKind::Attempt { body, handler, .. } => body.iter().chain(handler).any(Self::changes_catalog),
            OperationKind::When { then, otherwise, .. } => then.iter().chain(otherwise).any(Self::changes_catalog),
            _ => true,
        }
    }

    /// The doubts that stand for it where it is not known whether, or how often, it is done. Operations that change no
    /// catalog stay what they are.
    #[must_use]
    pub fn doubted(self, why: &str) -> Vec<Operation> {
        use OperationKind as K;
        if matches!(self.kind, K::Opaque { .. } | K::Invalid(_)) {
            return vec![self];
        }
        // What may not be done at all may not fail either.
        if matches!(self.kind, K::Data { .. } | K::Query(_) | K::Touch { .. }) {
            return vec![self.guarded(Guard::Tolerant)];
        }
        if !self.changes_catalog() && !matches!(self.kind, K::When { .. } | K::Attempt { .. }) {
            return vec![self];
        }
        let reaches = match self.kind.clone() {
            K::When { then, otherwise, .. } => {
                return then.into_iter().chain(otherwise).flat_map(|operation| operation.doubted(why)).collect();
            }
            K::Attempt { body, handler, .. } => {
                return body.into_iter().chain(handler).flat_map(|operation| operation.doubted(why)).collect();
            }
            K::CreateEnum { name, .. }
            | K::AddEnumValue { name, .. }
            | K::RenameEnumValue { name, .. }
            | K::DropEnumValue { name, .. }
            | K::CreateType { name, .. }
            | K::DropType { name, .. }
            | K::MoveType { name, .. } => vec![Reach::Type(name)],
            K::RenameType { from, to } => {
                let to = ObjectName { schema: from.schema.clone(), name: to };
                vec![Reach::Type(from), Reach::Type(to)]
            }
            K::RenameTable { from, to } => vec![Reach::Table(from), Reach::Table(to)],
            K::MoveTable { name, schema } => {
                let to = ObjectName { schema: Some(schema), name: name.name.clone() };
                vec![Reach::Table(name), Reach::Table(to)]
            }
            K::RenameView { from, to } => {
                let to = ObjectName { schema: from.schema.clone(), name: to };
                vec![Reach::Table(from), Reach::Table(to)]
            }
            K::AttachPartition { partition, .. } => vec![Reach::Table(partition)],
            K::AddColumn { table, column, .. } if column.constraints.is_empty() => {
                vec![Reach::Column(table, column.column.name)]
            }
            K::RenameColumn { table, from, to } => {
                vec![Reach::Column(table.clone(), from), Reach::Column(table, to)]
            }
            K::DropColumn { table, column, .. }
            | K::AlterColumn { table, column, .. }
            | K::Comment { table, column: Some(column), .. } => vec![Reach::Column(table, column)],
            K::CreateView { name, .. } | K::DropView { name, .. } => vec![Reach::Table(name)],
            // Neither is compared: taken to be made, so that what is put into it finds it.
            K::CreateSchema(_) | K::CreateExtension { .. } => return vec![self.guarded(Guard::Tolerant)],
            K::CreateSequence { .. }
            | K::DropSequence { .. }
            | K::OwnSequence { .. }
            | K::RenameSequence { .. }
            | K::DropExtension { .. }
            | K::ValidateConstraint { .. } => vec![Reach::Nothing],
            _ => vec![self.table().cloned().map_or(Reach::Everything, Reach::Table)],
        };
        let doubt = |reach| Self::new(K::Opaque { reason: why.to_owned(), reach }, self.place.clone());
        reaches.into_iter().map(doubt).collect()
    }

    /// The table it works on, as written, where it is one: what a reader of a history looks for first.
    pub fn table(&self) -> Option<&ObjectName> {
        use OperationKind as K;
        match &self.kind {
            K::CreateTable(table) => Some(&table.name),
            K::DropTable { name, .. } | K::MoveTable { name, .. } => Some(name),
            K::RenameTable { from, .. } => Some(from),
            K::AddColumn { table, .. }
            | K::DropColumn { table, .. }
            | K::RenameColumn { table, .. }
            | K::AlterColumn { table, .. }
            | K::AddConstraint { table, .. }
            | K::DropConstraint { table, .. }
            | K::RenameConstraint { table, .. }
            | K::ValidateConstraint { table, .. }
            | K::DeferConstraint { table, .. }
            | K::AttachPartition { table, .. }
            | K::CreateIndex { table, .. }
            | K::Comment { table, .. }
            | K::CreateAttachment { table, .. }
            | K::DropAttachment { table, .. }
            | K::RenameAttachment { table, .. }
            | K::Touch { relation: table, .. }
            | K::Data { table, .. } => Some(table),
            K::DropIndex { table, .. } | K::RenameIndex { table, .. } => table.as_ref(),
            _ => None,
        }
    }
}
