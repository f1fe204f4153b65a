//! What a migration makes for certain, and how far back a doubt about it can lie.
//!
//! A place that could not be read may have done anything to what was there when it ran. It cannot have done anything to what
//! was made later: had it made the same before, the database would have refused the later statement. So every object
//! that a statement makes, drops or renames without asking is known from that statement on, and only later doubts are
//! about it.

use std::collections::BTreeMap;

use super::apply::{Effect, MOST_DOUBTS};
use super::operation::{Guard, Operation, OperationKind as K};
use super::{Catalog, Name, Object, Opaque};
use crate::source::Place;

/// From which doubt on each object is in doubt: a position in [`Catalog::doubts`]. What is not listed is so from the first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Tables, and all in them.
    tables: BTreeMap<Name, usize>,
    /// Columns, and indexes and constraints by their names.
    parts: BTreeMap<(Sort, Name, String), usize>,
    /// Enums.
    types: BTreeMap<Name, usize>,
}

/// What is told apart in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Column,
    Part,
}

impl Known {
    fn part(&self, sort: Sort, table: &Name, name: &str) -> usize {
        let own = self.parts.get(&(sort, table.clone(), name.to_owned())).copied().unwrap_or_default();
        own.max(self.table(table))
    }

    fn table(&self, table: &Name) -> usize {
        self.tables.get(table).copied().unwrap_or_default()
    }

    fn rename_table(&mut self, from: &Name, to: &Name) {
        let moved: Vec<_> = self.parts.keys().filter(|(_, table, _)| table == from).cloned().collect();
        self.parts.retain(|(_, table, _), _| table != to);
        for key in moved {
            if let Some(since) = self.parts.remove(&key) {
                self.parts.insert((key.0, to.clone(), key.2), since);
            }
        }
        match self.tables.remove(from) {
            Some(since) => self.tables.insert(to.clone(), since),
            None => self.tables.remove(to),
        };
    }

    fn rename_part(&mut self, sort: Sort, table: &Name, from: &str, to: &str) {
        match self.parts.remove(&(sort, table.clone(), from.to_owned())) {
            Some(since) => self.parts.insert((sort, table.clone(), to.to_owned()), since),
            None => self.parts.remove(&(sort, table.clone(), to.to_owned())),
        };
    }
}

impl Catalog {
    /// The doubts that an object was there for, or could have been.
    pub(crate) fn doubts_since(&self, object: &Object<'_>) -> impl Iterator<Item = &Opaque> {
        self.doubts.iter().skip(self.known_since(object))
    }

    /// From which of [`Self::doubts`] on there may be one about an object.
    pub(crate) fn known_since(&self, object: &Object<'_>) -> usize {
        match object {
            Object::Table(table) => self.known.table(table),
            Object::Column(table, column) => self.known.part(Sort::Column, table, column),
            Object::Part(table, name) => self.known.part(Sort::Part, table, name),
            Object::Type(name) => self.known.types.get(name).copied().unwrap_or_default(),
            Object::Database => 0,
        }
    }

    /// Takes note of what a statement did, where it fails on a database that has already what it makes: of `doubts`, how many
    /// there were before it, none is about that.
    pub(crate) fn note_known(&mut self, operation: &Operation, effects: &[Effect], doubts: usize) {
        // Beyond the limit doubts are not told apart, and one stands for all to come.
        let mut since = doubts.min(MOST_DOUBTS);
        // What is said of the same statement is about what it makes.
        let is_own = |doubt: &Opaque| meet(&doubt.place, &operation.place);
        while since > 0 && self.doubts.get(since - 1).is_some_and(is_own) {
            since -= 1;
        }
        let asks = operation.guard != Guard::None
            || matches!(operation.kind, K::AddColumn { if_absent: true, .. })
            || matches!(&operation.kind, K::CreateTable(table) if table.source.is_some());
        self.follow_known(effects);
        if since == 0 {
            return;
        }
        for effect in effects {
            match effect {
                Effect::TableCreated(name) if !asks => {
                    self.known.parts.retain(|(_, table, _), _| table != name);
                    self.known.tables.insert(name.clone(), since);
                }
                Effect::ColumnAdded { table, column } if !asks => self.know(Sort::Column, table, &column.name, since),
                Effect::IndexAdded { table, index, .. } if !asks => {
                    if let Some(name) = &index.name {
                        self.know(Sort::Part, table, name, since);
                    }
                }
                Effect::ConstraintAdded { table, name: Some(name), .. } if !asks => {
                    self.know(Sort::Part, table, name, since);
                }
                Effect::EnumCreated(name) if !asks => {
                    self.known.types.insert(name.clone(), since);
                }
                // Gone it is in any case.
                Effect::EnumDropped { name, .. } => {
                    self.known.types.insert(name.clone(), since);
                }
                Effect::IndexDropped { table, index } => {
                    if let Some(name) = &index.name {
                        self.know(Sort::Part, table, name, since);
                    }
                }
                Effect::ConstraintDropped { table, name: Some(name), .. } => {
                    self.know(Sort::Part, table, name, since);
                }
                Effect::TableDropped(table) => {
                    self.known.tables.insert(table.name.clone(), since);
                }
                Effect::ColumnDropped { table, column } => self.know(Sort::Column, table, &column.name, since),
                _ => {}
            }
        }
    }

    fn know(&mut self, sort: Sort, table: &Name, name: &str, since: usize) {
        self.known.parts.insert((sort, table.clone(), name.to_owned()), since);
    }

    /// What gets another name is known for as long as it was under the old one.
    fn follow_known(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::TableRenamed { from, to } => self.known.rename_table(from, to),
                Effect::ColumnRenamed { table, from, to } => self.known.rename_part(Sort::Column, table, from, to),
                Effect::ObjectRenamed { table, from, to } => self.known.rename_part(Sort::Part, table, from, to),
                Effect::EnumRenamed { from, to } => match self.known.types.remove(from) {
                    Some(since) => drop(self.known.types.insert(to.clone(), since)),
                    None => drop(self.known.types.remove(to)),
                },
                _ => {}
            }
        }
    }

    /// A statement may not have been done, as an error may have been caught on the way: what it is about is as much in doubt
    /// as it was before it.
    pub(crate) fn forget_known(&mut self, operation: &Operation) {
        if self.known.tables.is_empty() && self.known.parts.is_empty() && self.known.types.is_empty() {
            return;
        }
        let (tables, types) = self.named_by(operation);
        self.known.parts.retain(|(_, table, _), _| !tables.contains(table));
        self.known.tables.retain(|table, _| !tables.contains(table));
        self.known.types.retain(|name, _| !types.contains(name));
    }

    /// Keeps the doubts that are wanted.
    pub(crate) fn retain_doubts(&mut self, wanted: impl Fn(&Opaque) -> bool) {
        // How many are left of the first so many.
        let mut left = vec![0];
        for doubt in &self.doubts {
            left.push(left.last().copied().unwrap_or_default() + usize::from(wanted(doubt)));
        }
        self.doubts.retain(wanted);
        let all = self.doubts.len();
        let known = &mut self.known;
        for since in known.tables.values_mut().chain(known.parts.values_mut()).chain(known.types.values_mut()) {
            *since = left.get(*since).copied().unwrap_or(all);
        }
    }
}

/// Whether two places overlap.
fn meet(one: &Place, other: &Place) -> bool {
    one.path() == other.path() && one.span.start < other.span.end && other.span.start < one.span.end
}
