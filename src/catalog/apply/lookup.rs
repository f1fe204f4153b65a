//! What applying looks up often: which table an index name belongs to, which tables refer to a table, which inherit
//! from it. All of it follows from the tables; it is kept in step so that no operation has to scan them.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, Dialect, Index, Name, ObjectName, Table, View};

/// Look-ups derived from the tables of a catalog.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// How many tables it was built from: a catalog that was filled by hand is indexed at the first operation.
    tables: usize,
    /// Names of indexes and constraints that are unique in their schema, to their table.
    held: BTreeMap<Name, Name>,
    /// Tables referred to, to the tables whose foreign keys do so.
    referrers: BTreeMap<Name, BTreeSet<Name>>,
    /// Parents, to the tables that inherit from them or are their partitions.
    children: BTreeMap<Name, BTreeSet<Name>>,
    /// Tables that have policies or triggers, or had some.
    attached: BTreeSet<Name>,
    /// Views that have indexes, or had some.
    indexed_views: BTreeSet<Name>,
    /// MySQL's `foreign_key_checks`: a table that others refer to can be dropped while they are off.
    pub(super) foreign_key_checks: bool,
    /// Tables that the statement being applied drops together: their foreign keys hold nothing back.
    pub(super) dropped_together: BTreeSet<Name>,
    /// Whether what is done to a table is done because it was done to its parent.
    pub(super) descending: bool,
    /// Whether the table that is altered is rebuilt (SQLite): its own keys and indexes hold no column back.
    pub(super) rebuilding: bool,
}

impl Default for Lookup {
    fn default() -> Self {
        Self {
            tables: 0,
            held: BTreeMap::new(),
            referrers: BTreeMap::new(),
            children: BTreeMap::new(),
            attached: BTreeSet::new(),
            indexed_views: BTreeSet::new(),
            foreign_key_checks: true,
            dropped_together: BTreeSet::new(),
            descending: false,
            rebuilding: false,
        }
    }
}

/// A name in the form under which the look-ups know it.
fn key(dialect: Dialect, name: &Name) -> Name {
    Name { schema: name.schema.clone(), name: dialect.folded(&name.name) }
}

/// Names in `table` that must be unique in its whole schema. PostgreSQL and SQLite keep indexes in the namespace of
/// tables, MySQL foreign keys and checks in one of their own, SQL Server constraints in that of tables; CockroachDB's
/// indexes belong to their table.
fn held_names(dialect: Dialect, table: &Table) -> Vec<&str> {
    let indexes = table.indexes.iter().filter_map(|index| held_index(dialect, index));
    match dialect {
        Dialect::PostgreSql | Dialect::Sqlite | Dialect::Oracle => {
            let key =
                table.primary_key.as_ref().filter(|_| dialect != Dialect::Sqlite).and_then(|key| key.name.as_deref());
            key.into_iter().chain(indexes).collect()
        }
        Dialect::MySql => constraint_names(table).collect(),
        Dialect::SqlServer => {
            let key = table.primary_key.as_ref().and_then(|key| key.name.as_deref());
            key.into_iter().chain(indexes).chain(constraint_names(table)).collect()
        }
        Dialect::CockroachDb => Vec::new(),
    }
}

/// The name of an index, where it must be unique in its whole schema.
fn held_index(dialect: Dialect, index: &Index) -> Option<&str> {
    let is_held = match dialect {
        Dialect::PostgreSql | Dialect::Oracle => true,
        // A unique constraint of SQLite has a name in the text of its table alone.
        Dialect::Sqlite => !index.constraint,
        Dialect::SqlServer => index.constraint,
        Dialect::MySql | Dialect::CockroachDb => false,
    };
    index.name.as_deref().filter(|_| is_held)
}

/// Names of the foreign keys and checks of a table.
fn constraint_names(table: &Table) -> impl Iterator<Item = &str> {
    let keys = table.foreign_keys.iter().filter_map(|key| key.name.as_deref());
    keys.chain(table.checks.iter().filter_map(|check| check.name.as_deref()))
}

impl Catalog {
    /// Brings the look-ups in step with tables that were put in by hand.
    pub(super) fn index_tables(&mut self) {
        if self.lookup.tables == self.tables.len() {
            return;
        }
        self.reindex();
    }

    /// Builds the look-ups anew.
    pub(super) fn reindex(&mut self) {
        self.lookup = Lookup {
            foreign_key_checks: self.lookup.foreign_key_checks,
            rebuilding: self.lookup.rebuilding,
            ..Lookup::default()
        };
        for table in self.tables.values() {
            self.lookup.register(self.dialect, table);
        }
        let indexed = self.views.values().filter(|view| !view.indexes.is_empty());
        self.lookup.indexed_views = indexed.map(|view| view.name.clone()).collect();
    }

    /// Puts a table in place of the one of its name, or as a new one.
    pub(crate) fn put_table(&mut self, table: Table) {
        self.take_table(&table.name.clone());
        self.lookup.register(self.dialect, &table);
        self.tables.insert(table.name.clone(), table);
    }

    /// Takes a table out.
    pub(super) fn take_table(&mut self, name: &Name) -> Option<Table> {
        let table = self.tables.remove(name)?;
        self.lookup.unregister(self.dialect, &table);
        Some(table)
    }

    /// Changes a table in place; the look-ups follow.
    pub(super) fn change_table<R>(&mut self, name: &Name, change: impl FnOnce(&mut Table) -> R) -> Option<R> {
        let table = self.tables.get_mut(name)?;
        self.lookup.unregister(self.dialect, table);
        let result = change(table);
        self.lookup.register(self.dialect, table);
        Some(result)
    }

    /// Notes that a table has a policy or a trigger.
    pub(super) fn note_attachment(&mut self, name: &Name) {
        self.lookup.attached.insert(name.clone());
    }

    /// Notes that a view has an index.
    pub(super) fn note_view_index(&mut self, view: &Name) {
        self.lookup.indexed_views.insert(view.clone());
    }

    /// The views that have indexes.
    pub(super) fn indexed_views(&self) -> impl Iterator<Item = &View> {
        self.lookup.indexed_views.iter().filter_map(|name| self.views.get(name))
    }

    /// The tables that have policies or triggers.
    pub(super) fn attached(&self) -> impl Iterator<Item = &Table> {
        self.lookup.attached.iter().filter_map(|name| self.tables.get(name))
    }

    /// Changes the tables that have policies or triggers in what no look-up knows.
    pub(super) fn each_attached(&mut self, change: impl Fn(&mut Table)) {
        for name in &self.lookup.attached {
            if let Some(table) = self.tables.get_mut(name) {
                change(table);
            }
        }
    }

    /// Adds an index to a table; the look-ups follow.
    pub(super) fn push_index(&mut self, name: &Name, index: Index) {
        let Some(table) = self.tables.get_mut(name) else { return };
        if let Some(held) = held_index(self.dialect, &index) {
            self.lookup.held.insert(Name::new(name.schema.clone(), self.dialect.folded(held)), name.clone());
        }
        table.indexes.push(index);
    }

    /// Says whether the operations that follow are parts of rebuilding their table, as SQLite's tools do for what it
    /// cannot alter.
    pub(crate) fn rebuild(&mut self, rebuilding: bool) {
        self.lookup.rebuilding = rebuilding;
    }

    /// Changes a table by hand, where it is there; the look-ups follow.
    pub(crate) fn reshape(&mut self, name: &ObjectName, change: impl FnOnce(&mut Table)) {
        self.index_tables();
        if let Some(found) = self.resolve(&self.tables, name) {
            self.change_table(&found, change);
        }
    }

    /// The table that holds an index or constraint whose name is unique in its schema.
    pub(super) fn holder(&self, name: &Name) -> Option<&Name> {
        self.lookup.held.get(&key(self.dialect, name))
    }

    /// The tables with foreign keys to `target`, itself among them.
    pub(super) fn referrers(&self, target: &Name) -> Vec<Name> {
        let referrers = self.lookup.referrers.get(&key(self.dialect, target));
        referrers.map(|names| names.iter().cloned().collect()).unwrap_or_default()
    }

    /// The tables that inherit from `parent` or are its partitions.
    pub(super) fn children(&self, parent: &Name) -> Vec<Name> {
        let children = self.lookup.children.get(&key(self.dialect, parent));
        children.map(|names| names.iter().cloned().collect()).unwrap_or_default()
    }
}

impl Lookup {
    /// How many tables inherit from others or are their partitions.
    pub(super) fn descendants(&self) -> u64 {
        self.children.values().map(|children| children.len() as u64).sum()
    }

    fn register(&mut self, dialect: Dialect, table: &Table) {
        self.tables += 1;
        for name in held_names(dialect, table) {
            self.held.insert(Name::new(table.name.schema.clone(), dialect.folded(name)), table.name.clone());
        }
        for foreign_key in &table.foreign_keys {
            self.referrers.entry(key(dialect, &foreign_key.target)).or_default().insert(table.name.clone());
        }
        for parent in &table.parents {
            self.children.entry(key(dialect, parent)).or_default().insert(table.name.clone());
        }
        if !table.attachments.is_empty() {
            self.attached.insert(table.name.clone());
        }
    }

    fn unregister(&mut self, dialect: Dialect, table: &Table) {
        self.tables = self.tables.saturating_sub(1);
        for name in held_names(dialect, table) {
            self.held.remove(&Name::new(table.name.schema.clone(), dialect.folded(name)));
        }
        for foreign_key in &table.foreign_keys {
            if let Some(names) = self.referrers.get_mut(&key(dialect, &foreign_key.target)) {
                names.remove(&table.name);
            }
        }
        self.attached.remove(&table.name);
        for parent in &table.parents {
            if let Some(names) = self.children.get_mut(&key(dialect, parent)) {
                names.remove(&table.name);
            }
        }
    }
}
