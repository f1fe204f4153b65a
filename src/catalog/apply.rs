//! Applying operations to a catalog.

mod attachment;
mod cast;
mod column;
mod column_type;
mod constraint;
mod cost;
mod foreign_key;
mod index;
mod involved;
mod lookup;
pub(crate) mod naming;
mod object;
mod reach;
mod table;
#[cfg(test)]
mod tests;
mod validity;
mod view;

use super::operation::{Caught, Guard, Operation, OperationKind as K};
use super::{Catalog, Column, Dialect, Index, Name, ObjectName, Opaque, Reach, Table};
use crate::source::Place;

pub(crate) use involved::mentions;
pub(crate) use lookup::Lookup;

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
    /// A comment was set or removed.
    CommentSet {
        /// The table.
        table: Name,
        /// The column; none for the comment of the table itself.
        column: Option<String>,
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

/// How the refusal of a foreign key between columns of two types begins.
const TYPES_DIFFER: &str = "a foreign key cannot refer from";

/// What the refusal of a default says that its column's type does not take.
const NO_DEFAULT: &str = "is no default for";

impl ApplyError {
    /// Whether only some databases refuse it: others have no types by name, let columns of any types refer to each other, or
    /// take any default for any type (<https://www.sqlite.org/datatype3.html>).
    pub(crate) fn is_of_one_database(&self) -> bool {
        match self {
            Self::Missing { what, .. } => *what == "the type",
            Self::Refused(reason) => reason.starts_with(TYPES_DIFFER) || reason.contains(NO_DEFAULT),
            Self::Exists { .. } => false,
        }
    }

    /// Whether an exception handler that catches this swallows it.
    pub fn is_caught(&self, caught: Caught) -> bool {
        match caught {
            Caught::Everything => true,
            // A refusal says too little about the error that the database raises.
            Caught::Existing => !matches!(self, Self::Missing { .. }),
            Caught::Missing => !matches!(self, Self::Exists { .. }),
        }
    }
}

impl Guard {
    /// Whether a handler around the operation swallows this error.
    pub fn swallows(self, error: &ApplyError) -> bool {
        match self {
            Self::Tolerant => true,
            Self::Catches(caught) => error.is_caught(caught),
            Self::None | Self::IfAbsent | Self::IfPresent => false,
        }
    }
}

/// The most doubts of a catalog that are told apart.
pub(super) const MOST_DOUBTS: usize = 2_000;

/// What applying an operation gives.
type Applied = Result<Vec<Effect>, ApplyError>;

/// An object that should not be there.
fn exists(what: &'static str, name: impl std::fmt::Display, made_at: Option<&Place>) -> ApplyError {
    ApplyError::Exists { what, name: name.to_string(), made_at: made_at.cloned() }
}

/// An object that should be there.
fn missing(what: &'static str, name: impl std::fmt::Display) -> ApplyError {
    ApplyError::Missing { what, name: name.to_string() }
}

/// Any other reason.
fn refused(reason: impl Into<String>) -> ApplyError {
    ApplyError::Refused(reason.into())
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
        self.index_tables();
        let guard = operation.guard;
        let place = &operation.place;
        match &operation.kind {
            K::CreateSchema(name) => self.create_schema(name, guard),
            K::DropSchema { name, cascade } => self.drop_schema(name, *cascade, guard),
            K::RenameSchema { from, to } => self.rename_schema(from, to),
            K::SetSearchPath(path) => {
                self.search_path.clone_from(path);
                Ok(Vec::new())
            }
            K::KeepReferences(keeps) => {
                self.keeps_references = *keeps;
                Ok(Vec::new())
            }
            K::CreateTable(table) => self.create_table(table, place, guard),
            K::DropTable { name, cascade } => self.drop_table(name, *cascade, guard),
            K::RenameTable { from, to } => self.rename_table(from, to, guard),
            K::MoveTable { name, schema } => self.move_table(name, schema, guard),
            K::AddColumn { table, column, if_absent } => self.add_column(table, column, *if_absent, place, guard),
            K::DropColumn { table, column, if_present, cascade } => {
                self.drop_column(table, column, *if_present, *cascade, guard)
            }
            K::RenameColumn { table, from, to } => self.rename_column(table, from, to, guard),
            K::AlterColumn { table, column, change } => self.alter_column(table, column, change, place, guard),
            K::AddConstraint { table, constraint } => self.add_constraint(table, constraint, place, guard),
            K::DropConstraint { table, name, kind, cascade } => {
                self.drop_constraint(table, name.as_deref(), *kind, *cascade, guard)
            }
            K::RenameConstraint { table, from, to } => self.rename_constraint(table, from, to, guard),
            K::ValidateConstraint { table, name } => self.validate_constraint(table, name, guard),
            K::AttachPartition { table, partition, attaches } => {
                self.attach_partition(table, partition, *attaches, guard)
            }
            K::DeferConstraint { table, name, deferrable, initially_deferred } => {
                self.defer_constraint(table, name, *deferrable, *initially_deferred, guard)
            }
            K::CreateIndex { table, index, concurrently } => {
                self.create_index(table, index, *concurrently, place, guard)
            }
            K::DropIndex { name, table, cascade, beside, .. } => {
                self.drop_index(name, table.as_ref(), *cascade, beside, guard)
            }
            K::RenameIndex { table, from, to } => self.rename_index(table.as_ref(), from, to, guard),
            K::CreateEnum { name, labels } => self.create_enum(name, labels, place, guard),
            K::AddEnumValue { name, value, position } => self.add_enum_value(name, value, position.as_ref(), guard),
            K::RenameEnumValue { name, from, to } => self.rename_enum_value(name, from, to),
            K::DropEnumValue { name, value } => self.drop_enum_value(name, value),
            K::CreateType { name, domain, required } => {
                self.create_type(name, domain.as_ref(), *required, place, guard)
            }
            K::DropType { name, cascade } => self.drop_type(name, *cascade, guard),
            K::RenameType { from, to } => {
                let schema = self.type_named(from).map(|name| name.schema);
                self.rename_type(from, &ObjectName { schema, name: to.clone() }, guard)
            }
            K::MoveType { name, schema } => {
                self.need_schema(schema)?;
                self.rename_type(name, &ObjectName::qualified(schema, &name.name), guard)
            }
            K::CreateSequence { name, owned_by } => self.create_sequence(name, owned_by.as_ref(), place, guard),
            K::OwnSequence { name, owned_by } => self.own_sequence(name, owned_by.as_ref(), guard),
            K::RenameSequence { from, to } => self.rename_sequence(from, to, guard),
            K::DropSequence { name, cascade } => self.drop_sequence(name, *cascade, guard),
            K::CreateView { name, materialized, replace, reads } => {
                self.create_view(name, *materialized, *replace, reads, place, guard)
            }
            K::DropView { name, materialized, cascade } => self.drop_view(name, *materialized, *cascade, guard),
            K::RenameView { from, to } => self.rename_view(from, to, guard),
            K::CreateExtension { name, schema, version } => {
                self.create_extension(name, schema.as_deref(), version.as_deref(), place, guard)
            }
            K::DropExtension { name, cascade } => self.drop_extension(name, *cascade, guard),
            K::Comment { table, column, text } => self.comment(table, column.as_deref(), text.as_deref(), guard),
            K::Data { kind, table, needs, .. } => self.touch_rows(*kind, table, needs),
            K::Query(reads) => self.need_reads(reads, None).map(|()| Vec::new()),
            K::CreateAttachment { kind, name, replace, table, reads } => {
                self.create_attachment(*kind, name, *replace, table, reads, place)
            }
            K::DropAttachment { kind, name, table } => self.drop_attachment(*kind, name, table, guard),
            K::RenameAttachment { kind, table, from, to } => self.rename_attachment(*kind, table, from, to),
            K::Touch { relation, .. } => self.touch(relation, guard),
            K::Attempt { body, caught, handler } => self.attempt(body, *caught, handler),
            K::Harmless(_) => {
                self.note_setting(place.text());
                Ok(Vec::new())
            }
            K::Transaction(_) | K::Savepoint { .. } | K::Environment(_) => Ok(Vec::new()),
            K::When { condition, then, otherwise } => {
                let mut effects = Vec::new();
                for chosen in self.choose(condition, then, otherwise) {
                    effects.extend(self.apply(&chosen)?);
                }
                Ok(effects)
            }
            K::Invalid(reason) => Err(refused(reason)),
            K::Opaque { .. } => {
                if let Some(opaque) = operation.as_opaque() {
                    self.doubt(opaque);
                }
                Ok(Vec::new())
            }
        }
    }

    /// Records a doubt. Every difference is held against every doubt, so beyond [`MOST_DOUBTS`] they are not told apart.
    pub(crate) fn doubt(&mut self, opaque: Opaque) {
        match self.doubts.len().cmp(&MOST_DOUBTS) {
            std::cmp::Ordering::Less => self.doubts.push(opaque),
            std::cmp::Ordering::Equal => {
                let reason = "from here on more cannot be read than is told apart".to_owned();
                self.doubts.push(Opaque { place: opaque.place, reason, reach: Reach::Everything });
            }
            std::cmp::Ordering::Greater => {}
        }
    }

    /// Says which tables the statement being applied drops together; an empty list when it is over. Foreign keys among
    /// them hold nothing back: `DROP TABLE a, b` is one statement and one operation each.
    pub(crate) fn drop_together(&mut self, names: &[&ObjectName]) {
        self.index_tables();
        let find = |name: &&ObjectName| self.resolve(&self.tables, name).or_else(|| self.resolve(&self.views, name));
        self.lookup.dropped_together = names.iter().filter_map(find).collect();
    }

    /// The table of that name, where the operation must find one. None where a guard excuses its absence.
    fn need_table(&self, name: &ObjectName, guard: Guard) -> Result<Option<Name>, ApplyError> {
        match self.resolve(&self.tables, name) {
            Some(found) => Ok(Some(found)),
            None if guard == Guard::IfPresent => Ok(None),
            None => Err(missing("the table", name)),
        }
    }

    /// Refuses a schema that is not there.
    fn need_schema(&self, schema: &str) -> Result<(), ApplyError> {
        let known = !self.dialect.has_schemas()
            || self.schemas.contains(schema)
            || schema == super::TEMPORARY_SCHEMA
            || schema == "pg_catalog";
        if known { Ok(()) } else { Err(missing("the schema", schema)) }
    }

    /// What keeps the name of a table, view, sequence or index from being given, in dialects where they share one
    /// namespace: what sort of object has it, and where it was made.
    fn relation(&self, name: &Name) -> Option<(&'static str, Option<&Place>)> {
        if let Some(found) = self.find(&self.tables, &name.schema, &name.name) {
            return Some(("the table", self.tables.get(&found).and_then(|table| table.place.as_ref())));
        }
        if let Some(found) = self.find(&self.views, &name.schema, &name.name) {
            return Some(("the view", self.views.get(&found).and_then(|view| view.place.as_ref())));
        }
        if self.dialect == Dialect::MySql {
            return None;
        }
        if let Some(sequence) = self.sequences.get(name) {
            return Some(("the sequence", sequence.place.as_ref()));
        }
        if let Some(view) =
            self.indexed_views().find(|view| view.name.schema == name.schema && view.indexes.contains(&name.name))
        {
            return Some(("the index", view.place.as_ref()));
        }
        if let Some(table) = self.holder(name) {
            let index = self.tables.get(table).and_then(|table| {
                table
                    .indexes
                    .iter()
                    .find(|index| index.name.as_deref().is_some_and(|other| self.dialect.same_name(other, &name.name)))
            });
            return Some(("the index", index.and_then(|index| index.place.as_ref())));
        }
        None
    }

    /// Whether a name is taken by any relation.
    fn relation_taken(&self, schema: &str, name: &str) -> bool {
        self.relation(&Name::new(schema, name)).is_some()
    }

    /// MySQL's `SET foreign_key_checks`, which decides whether a table that others refer to can be dropped.
    fn note_setting(&mut self, statement: &str) {
        if self.dialect != Dialect::MySql || statement.len() > 200 {
            return;
        }
        let lower = statement.to_ascii_lowercase();
        if let Some((_, value)) = lower.split_once("foreign_key_checks") {
            let value = value.trim_start_matches(['=', ':', ' ', '`']).trim_end_matches([';', ' ']);
            self.lookup.foreign_key_checks = !matches!(value, "0" | "off" | "false");
        }
    }
}
