//! What the new migrations do in sum.
//!
//! Migrations take detours. SQLite and MySQL change a table by building `new_X`, copying the rows, dropping `X` and
//! renaming `new_X`; PostgreSQL loses an enum value by swapping the whole type; a column is swapped for one of another
//! type by hand. Read one by one, these are drops and renames. Here they are followed to their end, so that a rule sees
//! what became of what was there: the columns that are really lost, the values that are really gone.
//!
//! What the change itself made is nobody's data yet: nothing that happens to it is a deed.

mod entity;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::catalog::apply::Effect;
use crate::catalog::operation::{Constraint, DataKind, Operation, OperationKind, TableSource};
use crate::catalog::{Column, ColumnDefault, Dialect, Name, ObjectName, Reach, Table, TableKind, TypeKind};
use crate::history::{Migration, Step};
use crate::project::ProjectChange;
use crate::rules::history::identity::truly_new;
use crate::rules::text::without_sql_comments;
use crate::source::Place;
use entity::{Entity, EnumEntity, NewColumn};

/// One thing that becomes of what was there before the change.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    /// The id of the migration that does it.
    pub(super) migration: String,
    /// The statement.
    pub(super) place: Place,
    /// What becomes of it.
    pub(super) effect: Effect,
    /// How it is written, where one statement does it.
    pub(super) operation: Option<Operation>,
    /// Whether it is about nothing but columns that the change made.
    pub(super) on_new_columns: bool,
    /// Which of all steps of the change does it.
    pub(super) at: usize,
}

/// A statement about rows, on a table that was there.
#[derive(Debug, Clone)]
pub(super) struct RowDeed {
    /// The statement.
    pub(super) place: Place,
    /// The statement as the database gets it, where the place shows another text.
    text: Option<Arc<str>>,
    /// The table.
    pub(super) table: Name,
    /// What it does to rows.
    pub(super) kind: DataKind,
    /// Whether a WHERE (or a join) bounds it.
    pub(super) bounded: bool,
    /// The columns that an UPDATE writes; none where they are not known.
    pub(super) written: Option<Vec<String>>,
    /// Columns of the table that the change had made by then.
    pub(super) new_columns: BTreeSet<String>,
    /// Which of all steps of the change does it.
    pub(super) at: usize,
}

impl RowDeed {
    /// The statement as the database gets it.
    pub(super) fn statement(&self) -> &str {
        self.text.as_deref().unwrap_or_else(|| self.place.text())
    }

    /// Whether it may write a column.
    pub(super) fn may_write(&self, column: &str) -> bool {
        !matches!(self.kind, DataKind::Delete | DataKind::Truncate)
            && self.written.as_ref().is_none_or(|written| written.iter().any(|name| name.eq_ignore_ascii_case(column)))
    }

    /// Whether it is done before a deed, or by the same statement.
    pub(super) fn comes_before(&self, deed: &Deed) -> bool {
        self.at <= deed.at
    }

    /// Whether no row of the table is left.
    pub(super) fn empties(&self) -> bool {
        matches!((self.kind, self.bounded), (DataKind::Truncate, _) | (DataKind::Delete, false))
    }
}

/// A table that the change made and that takes the place of none.
#[derive(Debug, Clone)]
pub(super) struct NewTable {
    /// The id of the migration that makes it.
    pub(super) migration: String,
    /// Its name in the end.
    pub(super) name: Name,
    /// Its columns as they were made; none where they come from a query.
    pub(super) columns: Option<Vec<Column>>,
    /// Whether rows are written into it.
    pub(super) filled: bool,
    /// The statement that makes it.
    pub(super) place: Place,
}

/// What the new migrations do in sum.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    /// What becomes of what was there, in the order in which it is done.
    pub(super) done: Vec<Deed>,
    /// What is done to its rows.
    pub(super) rows: Vec<RowDeed>,
    /// Tables that are new.
    pub(super) made: Vec<NewTable>,
    /// What the change says of the tables that it makes, also of those that it drops again: their first name, and the
    /// statements that make and fill them.
    pub(super) helpers: Vec<(Name, Vec<String>)>,
    /// Columns that the change made without a value, and of which it demands one later on, where nothing is between that
    /// could write rows and is not read.
    pub(super) demanded: Vec<Deed>,
    /// Enums of before that got further values, and lost none.
    pub(super) grown: Vec<Name>,
}

impl Deeds {
    /// Whether two names are of one table, of which one is its name before the change.
    pub(super) fn is_same(&self, one: &Name, other: &Name) -> bool {
        one == other || self.name_before(one) == self.name_before(other)
    }

    /// What a table was called before the change.
    pub(super) fn name_before<'a>(&'a self, name: &'a Name) -> &'a Name {
        let renamed = self.done.iter().find_map(|deed| match &deed.effect {
            Effect::TableRenamed { from, to } if to == name => Some(from),
            _ => None,
        });
        renamed.unwrap_or(name)
    }

    /// What the new migrations of a change do: followed once for all rules that ask.
    pub(super) fn of(change: &ProjectChange<'_>) -> Rc<Self> {
        change.shared.get(|| Self::follow(change))
    }

    fn follow(change: &ProjectChange<'_>) -> Self {
        if change.whole_state {
            return Self::default();
        }
        let new: Vec<&Migration> = truly_new(change);
        let ids: BTreeSet<&str> = new.iter().map(|migration| migration.id.as_str()).collect();
        let mut fold = Fold::new(change.project.dialect());
        for migration in change.after.replay.migrations.iter().filter(|m| ids.contains(m.id.as_str())) {
            for step in &migration.steps {
                fold.step(&migration.id, step);
            }
        }
        fold.finish()
    }
}

struct Fold {
    dialect: Dialect,
    /// How many steps were looked at.
    at: usize,
    tables: Vec<Entity>,
    /// Positions of those that are there, by their names now, folded as the dialect compares them.
    named: BTreeMap<Name, usize>,
    /// The schemas of all that were ever there.
    schemas: BTreeSet<String>,
    enums: Vec<EnumEntity>,
    /// With the entity of the table each is about, where it is about one.
    deeds: Vec<(Option<usize>, Deed)>,
    rows: Vec<RowDeed>,
    /// Dropped tables of before: the entity, the table as it was, and its deed's position.
    dropped: Vec<(usize, Table, usize)>,
    dropped_enums: Vec<(usize, Vec<String>)>,
    /// Columns that were added to tables that are not known (they were there before the first migration).
    attempted: Vec<(ObjectName, String)>,
    demanded: Vec<Deed>,
    /// Whether something was met that may write rows and is not read.
    unseen: bool,
    /// Changes of a column's type to an enum that the change made: the deed and the enum.
    swapped: Vec<(usize, usize)>,
}

impl Fold {
    fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            at: 0,
            tables: Vec::new(),
            named: BTreeMap::new(),
            schemas: BTreeSet::new(),
            enums: Vec::new(),
            deeds: Vec::new(),
            rows: Vec::new(),
            dropped: Vec::new(),
            dropped_enums: Vec::new(),
            swapped: Vec::new(),
            attempted: Vec::new(),
            demanded: Vec::new(),
            unseen: false,
        }
    }

    /// The entity of a table by its name now; one that was there before is taken up when it is first met.
    fn table(&mut self, name: &Name, step: &Step, migration: &str) -> usize {
        if let Some(at) = self.named.get(&self.key(name)) {
            return *at;
        }
        self.call(name, self.tables.len());
        self.tables.push(Entity {
            origin: Some(name.clone()),
            current: Some(name.clone()),
            columns: None,
            filled: false,
            inserts: Vec::new(),
            rowid: None,
            born: 0,
            made_as: None,
            new_columns: BTreeMap::new(),
            lost: BTreeMap::new(),
            renamed: BTreeMap::new(),
            updated: false,
            place: step.operation.place.clone(),
            migration: migration.to_owned(),
            at: self.at,
        });
        self.tables.len() - 1
    }

    /// A name in the form under which [`Self::named`] knows it.
    fn key(&self, name: &Name) -> Name {
        Name { schema: name.schema.clone(), name: self.dialect.folded(&name.name) }
    }

    /// Gives the entity at a position its name.
    fn call(&mut self, name: &Name, at: usize) {
        self.named.insert(self.key(name), at);
        if !self.schemas.contains(&name.schema) {
            self.schemas.insert(name.schema.clone());
        }
    }

    fn enumeration(&mut self, name: &Name, step: &Step, migration: &str) -> usize {
        if let Some(at) = self.enums.iter().position(|one| one.current.as_ref() == Some(name)) {
            return at;
        }
        self.enums.push(EnumEntity {
            origin: Some(name.clone()),
            current: Some(name.clone()),
            labels: Vec::new(),
            grown: false,
            shrunk: false,
            place: step.operation.place.clone(),
            migration: migration.to_owned(),
            at: self.at,
        });
        self.enums.len() - 1
    }

    fn push(
        &mut self,
        entity: Option<usize>,
        migration: &str,
        step: &Step,
        effect: Effect,
        on_new_columns: bool,
    ) -> usize {
        self.deeds.push((
            entity,
            Deed {
                migration: migration.to_owned(),
                place: step.operation.place.clone(),
                effect,
                operation: Some(step.operation.clone()),
                on_new_columns,
                at: self.at,
            },
        ));
        self.deeds.len() - 1
    }

    fn step(&mut self, migration: &str, step: &Step) {
        self.at += 1;
        self.unseen |= may_write_unseen(&step.operation.kind);
        for effect in &step.effects {
            self.effect(migration, step, effect);
        }
        if let OperationKind::AddColumn { table, column, .. } = &step.operation.kind
            && step.effects.is_empty()
        {
            self.attempted.push((table.clone(), column.column.name.clone()));
        }
        if let OperationKind::Opaque { reach: Reach::Column(table, column), .. } = &step.operation.kind
            && is_addition(step.operation.place.text())
        {
            self.attempted.push((table.clone(), column.clone()));
        }
        if let OperationKind::Data { kind, table, bounded, written, text, .. } = &step.operation.kind {
            self.data(step, *kind, table, *bounded, written.as_deref(), text.as_ref());
        }
    }

    /// A statement about rows: tables are found by name, as nothing became of them.
    fn data(
        &mut self,
        step: &Step,
        kind: DataKind,
        table: &ObjectName,
        bounded: bool,
        written: Option<&[String]>,
        text: Option<&Arc<str>>,
    ) {
        let found = match &table.schema {
            Some(schema) => self.named.get(&self.key(&Name::new(schema, &table.name))).copied(),
            None => {
                // Which schema is meant is not said: the first that has such a table.
                let name = self.dialect.folded(&table.name);
                let found = self.schemas.iter().filter_map(|schema| self.named.get(&Name::new(schema, &name)));
                found.min().copied()
            }
        };
        let same = |other: &ObjectName| {
            self.dialect.same_name(&other.name, &table.name)
                && (other.schema == table.schema || other.schema.is_none() || table.schema.is_none())
        };
        let mut new_columns: BTreeSet<String> =
            self.attempted.iter().filter(|(of, _)| same(of)).map(|(_, column)| column.clone()).collect();
        if let Some(entity) = found.map(|at| &mut self.tables[at]) {
            match kind {
                DataKind::Insert => {
                    entity.filled = true;
                    entity.inserts.push(without_sql_comments(
                        text.filter(|text| !text.is_empty()).map_or(step.operation.place.text(), |text| &**text),
                    ));
                }
                DataKind::Update => entity.updated = true,
                DataKind::Delete | DataKind::Truncate => {}
            }
            if entity.origin.is_none() {
                return;
            }
            new_columns.extend(entity.new_columns.keys().cloned());
        }
        let name = match found.and_then(|at| self.tables[at].current.clone()) {
            Some(name) => name,
            None => Name::new(
                table.schema.clone().unwrap_or_else(|| self.dialect.default_schema().to_owned()),
                table.name.clone(),
            ),
        };
        let written = written.map(<[String]>::to_vec);
        self.rows.push(RowDeed {
            place: step.operation.place.clone(),
            text: text.cloned(),
            table: name,
            kind,
            bounded,
            written,
            new_columns,
            at: self.at,
        });
    }

    fn effect(&mut self, migration: &str, step: &Step, effect: &Effect) {
        match effect {
            Effect::TableCreated(name) => self.created(migration, step, name),
            Effect::TableDropped(table) => {
                let at = self.table(&table.name, step, migration);
                self.tables[at].current = None;
                self.named.remove(&self.key(&table.name));
                if self.tables[at].origin.is_some() && table.kind != TableKind::Temporary {
                    let deed = self.push(Some(at), migration, step, effect.clone(), false);
                    self.dropped.push((at, (**table).clone(), deed));
                }
            }
            Effect::TableRenamed { from, to } => {
                let at = self.table(from, step, migration);
                self.named.remove(&self.key(from));
                self.call(to, at);
                let entity = &mut self.tables[at];
                entity.current = Some(to.clone());
                entity.place = step.operation.place.clone();
                entity.at = self.at;
                migration.clone_into(&mut entity.migration);
            }
            Effect::ColumnAdded { table, column } => {
                let at = self.table(table, step, migration);
                let made = NewColumn {
                    column: (**column).clone(),
                    born_required: !column.nullable,
                    born_empty: is_empty(column),
                };
                self.tables[at].new_columns.insert(column.name.clone(), made);
                if self.is_old(at) {
                    self.push(Some(at), migration, step, effect.clone(), true);
                } else if let Some(columns) = &mut self.tables[at].columns {
                    columns.push((**column).clone());
                }
            }
            Effect::ColumnDropped { table, column } => self.column_dropped(migration, step, table, column),
            Effect::ColumnRenamed { table, from, to } => self.column_renamed(migration, step, table, from, to),
            Effect::ColumnChanged { table, before, after } => {
                let at = self.table(table, step, migration);
                if let Some(known) = self.tables[at].new_columns.get_mut(&before.name) {
                    known.column.clone_from(after);
                }
                if !self.is_old(at) {
                    if let Some(columns) = &mut self.tables[at].columns
                        && let Some(known) = columns.iter_mut().find(|column| column.name == before.name)
                    {
                        known.clone_from(after);
                    }
                    return;
                }
                if let Some(new) = self.tables[at].new_columns.get(&before.name) {
                    if new.born_empty && !self.unseen && before.nullable && !after.nullable {
                        let deed = Deed {
                            migration: migration.to_owned(),
                            place: step.operation.place.clone(),
                            effect: effect.clone(),
                            operation: Some(step.operation.clone()),
                            on_new_columns: true,
                            at: self.at,
                        };
                        self.demanded.push(deed);
                    }
                    return;
                }
                let deed = self.push(Some(at), migration, step, effect.clone(), false);
                if let TypeKind::Named(name) = &after.ty.kind
                    && before.ty.kind != after.ty.kind
                    && let Some(swapped) = self.enums.iter().position(|one| {
                        one.origin.is_none() && one.current.as_ref().is_some_and(|current| current.name == name.name)
                    })
                {
                    self.swapped.push((deed, swapped));
                }
            }
            Effect::IndexAdded { table, index, .. } => {
                let at = self.table(table, step, migration);
                if self.is_old(at) {
                    let new = &self.tables[at].new_columns;
                    let mut columns = index.parts.iter().map(|part| part.column());
                    let on_new = columns.all(|column| column.is_some_and(|column| new.contains_key(column)));
                    self.push(Some(at), migration, step, effect.clone(), on_new);
                }
            }
            Effect::ConstraintAdded { table, .. } => {
                let at = self.table(table, step, migration);
                if self.is_old(at) {
                    let on_new = self.constraint_is_on_new(at, &step.operation.kind);
                    self.push(Some(at), migration, step, effect.clone(), on_new);
                }
            }
            Effect::IndexDropped { table, .. }
            | Effect::ConstraintDropped { table, .. }
            | Effect::ObjectRenamed { table, .. } => {
                let at = self.table(table, step, migration);
                if self.is_old(at) {
                    self.push(Some(at), migration, step, effect.clone(), false);
                }
            }
            Effect::EnumCreated(name) => {
                let labels = match &step.operation.kind {
                    OperationKind::CreateEnum { labels, .. } => labels.clone(),
                    _ => Vec::new(),
                };
                self.enums.push(EnumEntity {
                    origin: None,
                    current: Some(name.clone()),
                    labels,
                    grown: false,
                    shrunk: false,
                    place: step.operation.place.clone(),
                    migration: migration.to_owned(),
                    at: self.at,
                });
            }
            Effect::EnumRenamed { from, to } => {
                let at = self.enumeration(from, step, migration);
                self.enums[at].current = Some(to.clone());
            }
            Effect::EnumDropped { name, labels } => {
                let at = self.enumeration(name, step, migration);
                self.enums[at].current = None;
                if self.enums[at].origin.is_some() {
                    self.dropped_enums.push((at, labels.clone()));
                }
            }
            Effect::EnumValueAdded { name, value } => {
                let at = self.enumeration(name, step, migration);
                self.enums[at].labels.push(value.clone());
                self.enums[at].grown = true;
            }
            Effect::EnumValueGone { name, value, .. } => {
                let at = self.enumeration(name, step, migration);
                self.enums[at].labels.retain(|label| label != value);
                self.enums[at].shrunk = true;
                if self.enums[at].origin.is_some() {
                    self.push(None, migration, step, effect.clone(), false);
                }
            }
            Effect::CommentSet { .. } | Effect::Other(_) => {}
        }
    }

    fn is_old(&self, at: usize) -> bool {
        self.tables[at].origin.is_some()
    }

    fn created(&mut self, migration: &str, step: &Step, name: &Name) {
        let (columns, filled) = match &step.operation.kind {
            OperationKind::CreateTable(new) => match new.source {
                None => (Some(new.columns.iter().map(|new| new.column.clone()).collect()), false),
                Some(TableSource::Query | TableSource::Rows(_)) => (None, true),
                Some(_) => (None, false),
            },
            _ => (None, false),
        };
        self.call(name, self.tables.len());
        self.tables.push(Entity {
            inserts: Vec::new(),
            rowid: self.rowid(step),
            born: self.at,
            made_as: Some(name.clone()),
            origin: None,
            current: Some(name.clone()),
            columns,
            filled,
            new_columns: BTreeMap::new(),
            lost: BTreeMap::new(),
            renamed: BTreeMap::new(),
            updated: false,
            place: step.operation.place.clone(),
            migration: migration.to_owned(),
            at: self.at,
        });
    }

    /// The column of a table that is made which is another name of SQLite's rowid: its only key, an `INTEGER`.
    fn rowid(&self, step: &Step) -> Option<String> {
        let OperationKind::CreateTable(new) = &step.operation.kind else { return None };
        if self.dialect != Dialect::Sqlite {
            return None;
        }
        let on_columns = new.columns.iter().flat_map(|column| &column.constraints);
        let mut keys = on_columns.chain(&new.constraints).filter_map(|constraint| match constraint {
            Constraint::PrimaryKey(key) => Some(key),
            _ => None,
        });
        let [part] = keys.next()?.columns.as_slice() else { return None };
        let column = new.columns.iter().find(|new| part.column() == Some(new.column.name.as_str()))?;
        (column.column.ty.builtin_name() == Some("integer")).then(|| column.column.name.clone())
    }

    fn column_dropped(&mut self, migration: &str, step: &Step, table: &Name, column: &Column) {
        let at = self.table(table, step, migration);
        let entity = &mut self.tables[at];
        if entity.new_columns.remove(&column.name).is_some() || entity.origin.is_none() {
            if let Some(columns) = &mut entity.columns {
                columns.retain(|known| known.name != column.name);
            }
            return;
        }
        let before = entity.renamed.remove(&column.name).unwrap_or_else(|| column.name.clone());
        let deed = self.push(
            Some(at),
            migration,
            step,
            Effect::ColumnDropped { table: table.clone(), column: Box::new(column.clone()) },
            false,
        );
        self.tables[at].lost.insert(before, deed);
    }

    fn column_renamed(&mut self, migration: &str, step: &Step, table: &Name, from: &str, to: &str) {
        let at = self.table(table, step, migration);
        let entity = &mut self.tables[at];
        if entity.origin.is_none() {
            if let Some(columns) = &mut entity.columns
                && let Some(known) = columns.iter_mut().find(|column| column.name == from)
            {
                to.clone_into(&mut known.name);
            }
            return;
        }
        let Some(mut made) = entity.new_columns.remove(from) else {
            let before = entity.renamed.remove(from).unwrap_or_else(|| from.to_owned());
            entity.renamed.insert(to.to_owned(), before);
            let effect = Effect::ColumnRenamed { table: table.clone(), from: from.to_owned(), to: to.to_owned() };
            self.push(Some(at), migration, step, effect, false);
            return;
        };
        to.clone_into(&mut made.column.name);
        made.born_empty = false;
        entity.new_columns.insert(to.to_owned(), made);
    }

    /// Whether a constraint is written on a column that the change adds, or is about such columns alone.
    fn constraint_is_on_new(&self, at: usize, operation: &OperationKind) -> bool {
        let new = &self.tables[at].new_columns;
        match operation {
            OperationKind::AddColumn { .. } => true,
            OperationKind::AddConstraint { constraint, .. } => match constraint {
                Constraint::PrimaryKey(key) => {
                    key.columns.iter().all(|part| part.column().is_some_and(|column| new.contains_key(column)))
                }
                Constraint::ForeignKey(key) => key.key.columns.iter().all(|column| new.contains_key(column)),
                _ => false,
            },
            _ => false,
        }
    }
}

/// Whether a column is NULL in every row of the table that it is added to.
fn is_empty(column: &Column) -> bool {
    let none = matches!(column.default, None | Some(ColumnDefault::Null));
    column.nullable && none && column.auto_increment.is_none() && column.generated.is_none()
}

/// Whether a step may write rows in a way that is not seen: what cannot be read, what depends on the database, and a query,
/// which may call a function that writes.
fn may_write_unseen(operation: &OperationKind) -> bool {
    matches!(
        operation,
        OperationKind::Opaque { .. }
            | OperationKind::Harmless(_)
            | OperationKind::Query(_)
            | OperationKind::Touch { .. }
            | OperationKind::When { .. }
            | OperationKind::Attempt { .. }
            | OperationKind::Environment(_)
    )
}

/// Whether a call or a statement that is in doubt adds a column.
fn is_addition(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("add_column") || text.contains("add column")
}

#[cfg(test)]
mod tests;
