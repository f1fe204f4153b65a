//! Constraints: primary keys, uniques, foreign keys, checks.

use super::{Applied, ApplyError, Effect, exists, missing, naming, refused};
use crate::catalog::operation::{Constraint, ConstraintKind, Guard};
use crate::catalog::{Catalog, Check, Dialect, Index, IndexOn, IndexPart, Key, Name, ObjectName, Table, TableKind};
use crate::source::Place;

impl Catalog {
    pub(super) fn add_constraint(
        &mut self,
        table: &ObjectName,
        constraint: &Constraint,
        place: &Place,
        guard: Guard,
    ) -> Applied {
        let Some(name) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let Some(mut draft) = self.tables.get(&name).cloned() else { return Ok(Vec::new()) };
        let mut effects = Vec::new();
        match self.attach(&mut draft, constraint, None, place, &mut effects) {
            Err(ApplyError::Exists { .. }) if guard == Guard::IfAbsent => return Ok(Vec::new()),
            other => other?,
        }
        self.put_table(draft);
        Ok(effects)
    }

    /// Puts a constraint on a table; `column` is the one it is written on, where it is.
    pub(super) fn attach(
        &self,
        table: &mut Table,
        constraint: &Constraint,
        column: Option<&str>,
        place: &Place,
        effects: &mut Vec<Effect>,
    ) -> Result<(), ApplyError> {
        match constraint {
            Constraint::PrimaryKey(key) => {
                let key = self.attach_key(table, key, place)?;
                effects.push(added(table, "primary key", key.name.clone(), false));
                table.primary_key = Some(key);
            }
            Constraint::UsingIndex { name, index, primary } => {
                self.promote_index(table, name.as_deref(), index, *primary, place, effects)?;
            }
            Constraint::Index(index) => {
                let index = self.attach_index(table, index, place)?;
                effects.push(Effect::IndexAdded {
                    table: table.name.clone(),
                    index: Box::new(index.clone()),
                    concurrently: false,
                });
                self.drop_index_made_for_key(table, &index);
                table.indexes.push(index);
            }
            Constraint::ForeignKey(key) => {
                let key = self.attach_foreign_key(table, key, place)?;
                effects.push(added(table, "foreign key", key.name.clone(), key.not_valid));
                self.make_index_for_key(table, &key, place);
                table.foreign_keys.push(key);
            }
            Constraint::Check(check) => {
                let check = self.attach_check(table, check, column, place)?;
                effects.push(added(table, "check", check.name.clone(), check.not_valid));
                table.checks.push(check);
            }
            Constraint::Exclude(name) => {
                let name = name.clone().unwrap_or_else(|| {
                    naming::choose(&table.name.name, None, "excl", |candidate| self.name_taken(table, candidate))
                });
                self.free_constraint_name(table, &name)?;
                effects.push(added(table, "exclusion", Some(name.clone()), false));
                table.excludes.push(name);
            }
        }
        Ok(())
    }

    fn attach_key(&self, table: &mut Table, key: &Key, place: &Place) -> Result<Key, ApplyError> {
        if table.primary_key.is_some() {
            return Err(refused(format!("the table {} has a primary key already", table.name)));
        }
        let mut key = key.clone();
        key.place.get_or_insert_with(|| place.clone());
        self.spell_parts(table, &mut key.columns)?;
        self.check_twice(table, &key.columns)?;
        self.check_lengths(table, &key.columns, true)?;
        // A primary key column cannot hold NULL, except in SQLite
        // (<https://www.sqlite.org/lang_createtable.html#the_primary_key>).
        if self.dialect != Dialect::Sqlite {
            for part in &key.columns {
                let at = part.column().and_then(|name| table.column_index(self.dialect, name));
                if let Some(at) = at {
                    table.columns[at].nullable = false;
                }
            }
        }
        match &key.name {
            Some(name) if self.dialect == Dialect::MySql => {
                // Whatever is written, MySQL calls it PRIMARY.
                let _ = name;
                key.name = None;
            }
            // Its index is a relation of the schema.
            Some(name) if self.dialect == Dialect::PostgreSql => self.free_index_name(table, name, true)?,
            Some(name) => self.free_constraint_name(table, name)?,
            None => key.name = self.key_name(table),
        }
        Ok(key)
    }

    /// The name of a primary key that is given none.
    pub(super) fn key_name(&self, table: &Table) -> Option<String> {
        self.dialect
            .is_postgres_like()
            .then(|| naming::choose(&table.name.name, None, "pkey", |candidate| self.name_taken(table, candidate)))
    }

    /// Makes an index ready for a table: columns checked, a name given.
    pub(super) fn attach_index(&self, table: &Table, index: &Index, place: &Place) -> Result<Index, ApplyError> {
        let mut index = index.clone();
        index.place.get_or_insert_with(|| place.clone());
        self.spell_parts(table, &mut index.parts)?;
        if index.constraint || self.dialect == Dialect::MySql {
            self.check_twice(table, &index.parts)?;
        }
        self.check_method(table, &index)?;
        if index.method.is_none() {
            self.check_lengths(table, &index.parts, false)?;
        }
        for include in &mut index.include {
            let Some(column) = table.column(self.dialect, include) else {
                return Err(missing("the column", format!("{}.{include}", table.name)));
            };
            include.clone_from(&column.name);
        }
        if let Some(unknown) =
            index.predicate.as_deref().and_then(|text| super::involved::unknown_column(self.dialect, table, text))
        {
            return Err(missing("the column", format!("{}.{unknown}", table.name)));
        }
        match &index.name {
            // SQLite keeps the name of a unique constraint in the table's text alone, where SQLAlchemy reads it; its
            // index is `sqlite_autoindex_…`, so the name takes no other's place.
            Some(_) if self.dialect == Dialect::Sqlite && index.constraint => index.generated_name = true,
            Some(name) => self.free_index_name(table, name, index.constraint)?,
            None => {
                index.name = self.index_name(table, &index);
                index.generated_name = true;
            }
        }
        Ok(index)
    }

    /// The name of an index that is given none.
    pub(super) fn index_name(&self, table: &Table, index: &Index) -> Option<String> {
        match self.dialect {
            Dialect::PostgreSql | Dialect::CockroachDb => {
                let parts = naming::part_names(&index.parts);
                // INCLUDE columns count in the name as well.
                let columns = naming::joined(parts.iter().chain(&index.include).map(String::as_str));
                let label = if index.constraint { "key" } else { "idx" };
                Some(naming::choose(&table.name.name, Some(&columns), label, |candidate| {
                    self.name_taken(table, candidate)
                }))
            }
            Dialect::MySql => Some(naming::mysql_index(table, &index.parts)),
            Dialect::Sqlite | Dialect::SqlServer | Dialect::Oracle => None,
        }
    }

    /// Whether a name that PostgreSQL would give to a constraint is taken: it takes none that any constraint of the
    /// schema has (`ChooseConstraintName`).
    pub(super) fn constraint_taken(&self, table: &Table, name: &str) -> bool {
        let schema = &table.name.schema;
        in_table(self.dialect, table, name)
            || self.dialect == Dialect::PostgreSql
                && self
                    .tables
                    .values()
                    .any(|other| other.name.schema == *schema && constraint_named(self.dialect, other, name).is_some())
    }

    /// Whether a name is taken by a relation or by something in the table being made.
    fn name_taken(&self, table: &Table, name: &str) -> bool {
        self.relation_taken(&table.name.schema, name) || table.name.name == name || in_table(self.dialect, table, name)
    }

    /// Refuses the name of an index that is taken: in its schema (PostgreSQL, SQLite), or in its table (others).
    pub(super) fn free_index_name(&self, table: &Table, name: &str, constraint: bool) -> Result<(), ApplyError> {
        let listed = table.indexes.iter().filter(|index| !(index.constraint && self.dialect == Dialect::Sqlite));
        let own = listed.into_iter().find(|index| self.named(index.name.as_deref(), name));
        if let Some(index) = own {
            return Err(exists("the index", format!("{name} of {}", table.name), index.place.as_ref()));
        }
        let in_schema = matches!(self.dialect, Dialect::PostgreSql | Dialect::Sqlite)
            || (self.dialect == Dialect::SqlServer && constraint);
        if in_schema {
            let key = table.primary_key.as_ref().filter(|_| self.dialect != Dialect::Sqlite);
            if let Some(key) = key.filter(|key| self.named(key.name.as_deref(), name)) {
                return Err(exists("the index", name, key.place.as_ref()));
            }
            if self.dialect.same_name(&table.name.name, name) {
                return Err(exists("the table", &table.name, table.place.as_ref()));
            }
            if let Some((what, made_at)) = self.relation(&Name::new(table.name.schema.clone(), name)) {
                return Err(exists(what, name, made_at));
            }
        }
        if constraint && self.dialect == Dialect::PostgreSql {
            self.free_constraint_name(table, name)?;
        }
        Ok(())
    }

    /// Refuses the name of a constraint that is taken.
    pub(super) fn free_constraint_name(&self, table: &Table, name: &str) -> Result<(), ApplyError> {
        if self.dialect == Dialect::Sqlite {
            return Ok(());
        }
        if let Some(Named(made_at)) = constraint_named(self.dialect, table, name) {
            return Err(exists("the constraint", format!("{name} of {}", table.name), made_at));
        }
        // MySQL: unique among the constraints of the database. SQL Server: among all objects of the schema.
        if matches!(self.dialect, Dialect::MySql | Dialect::SqlServer) {
            let taken = Name::new(table.name.schema.clone(), name);
            if let Some(holder) = self.holder(&taken).filter(|holder| **holder != table.name) {
                let made_at = self.tables.get(holder).and_then(|table| constraint_named(self.dialect, table, name)?.0);
                return Err(exists("the constraint", format!("{name} of {holder}"), made_at));
            }
        }
        Ok(())
    }

    /// Whether an optional name is that one.
    pub(super) fn named(&self, name: Option<&str>, other: &str) -> bool {
        name.is_some_and(|name| self.dialect.same_name(name, other))
    }

    /// Refuses parts on columns that are not there, and writes the columns as the table does.
    pub(super) fn spell_parts(&self, table: &Table, parts: &mut [IndexPart]) -> Result<(), ApplyError> {
        for part in parts {
            if let IndexOn::Column(name) = &mut part.on {
                match table.column(self.dialect, name) {
                    Some(column) => name.clone_from(&column.name),
                    None => return Err(missing("the column", format!("{}.{name}", table.name))),
                }
            }
        }
        Ok(())
    }

    fn attach_check(
        &self,
        table: &Table,
        check: &Check,
        column: Option<&str>,
        place: &Place,
    ) -> Result<Check, ApplyError> {
        let mut check = check.clone();
        check.place.get_or_insert_with(|| place.clone());
        if let Some(unknown) =
            check.expression.as_deref().and_then(|text| super::involved::unknown_column(self.dialect, table, text))
        {
            return Err(missing("the column", format!("{}.{unknown}", table.name)));
        }
        match &check.name {
            Some(name) => self.free_constraint_name(table, name)?,
            None => {
                check.name = match self.dialect {
                    Dialect::PostgreSql | Dialect::CockroachDb => {
                        // A table's check that is about one column is named after it as well.
                        let about = match check.expression.as_deref() {
                            None => column.map(str::to_owned),
                            expression => only_column(table, expression),
                        };
                        Some(naming::choose(&table.name.name, about.as_deref(), "check", |candidate| {
                            self.constraint_taken(table, candidate)
                        }))
                    }
                    Dialect::MySql => Some(naming::mysql_numbered(
                        &table.name.name,
                        "chk",
                        table.checks.iter().filter_map(|check| check.name.as_deref()),
                    )),
                    Dialect::Sqlite | Dialect::SqlServer | Dialect::Oracle => None,
                };
            }
        }
        Ok(check)
    }

    /// `ADD CONSTRAINT … USING INDEX`: the index becomes the constraint, under the constraint's name.
    fn promote_index(
        &self,
        table: &mut Table,
        name: Option<&str>,
        index: &str,
        primary: bool,
        place: &Place,
        effects: &mut Vec<Effect>,
    ) -> Result<(), ApplyError> {
        let at = table.indexes.iter().position(|one| self.named(one.name.as_deref(), index));
        let Some(at) = at else { return Err(missing("the index", format!("{index} of {}", table.name))) };
        let found = &table.indexes[at];
        let why = if !found.unique {
            Some("is not unique")
        } else if found.has_expression() {
            Some("has expressions")
        } else if found.predicate.is_some() {
            Some("is partial")
        } else {
            let sorted = found.parts.iter().any(|part| part.descending || part.nulls_first.is_some());
            sorted.then_some("is not sorted by default")
        };
        if let Some(why) = why {
            return Err(refused(format!("the index {index} of {} {why}", table.name)));
        }
        if primary && table.primary_key.is_some() {
            return Err(refused(format!("the table {} has a primary key already", table.name)));
        }
        if let Some(name) = name.filter(|name| *name != index) {
            self.free_index_name(table, name, true)?;
        }
        let name = name.unwrap_or(index).to_owned();
        if primary {
            let index = table.indexes.remove(at);
            for part in &index.parts {
                let column = part.column().and_then(|name| table.column_index(self.dialect, name));
                if let Some(column) = column {
                    table.columns[column].nullable = false;
                }
            }
            effects.push(added(table, "primary key", Some(name.clone()), false));
            table.primary_key = Some(Key {
                name: Some(name),
                columns: index.parts,
                clustered: index.clustered,
                place: Some(place.clone()),
            });
        } else {
            let one = &mut table.indexes[at];
            one.constraint = true;
            one.name = Some(name);
        }
        Ok(())
    }

    pub(super) fn drop_constraint(
        &mut self,
        table: &ObjectName,
        name: Option<&str>,
        kind: Option<ConstraintKind>,
        cascade: bool,
        guard: Guard,
    ) -> Applied {
        let Some(found) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let Some(draft) = self.tables.get(&found) else { return Ok(Vec::new()) };
        let dialect = self.dialect;
        let says = |one: ConstraintKind| kind.is_none_or(|kind| kind == one);
        let is = |other: Option<&str>| match name {
            Some(name) => other.is_some_and(|other| dialect.same_name(other, name)),
            None => false,
        };
        let primary = draft.primary_key.as_ref().is_some_and(|key| {
            says(ConstraintKind::PrimaryKey)
                && (is(key.name.as_deref())
                    || (name.is_none() && kind == Some(ConstraintKind::PrimaryKey))
                    || (dialect == Dialect::MySql && name.is_some_and(|name| name.eq_ignore_ascii_case("PRIMARY")))
                    || (key.name.is_none() && dialect == Dialect::SqlServer && given(name, "PK__")))
        });
        if primary {
            return self.drop_primary_key(&found, cascade);
        }
        let unique = draft.indexes.iter().position(|index| {
            says(ConstraintKind::Unique)
                && (index.constraint || (dialect == Dialect::MySql && index.unique) || dialect == Dialect::CockroachDb)
                && (is(index.name.as_deref())
                    || (index.name.is_none() && dialect == Dialect::SqlServer && given(name, "UQ__")))
        });
        if let Some(at) = unique {
            return self.drop_index_at(&found, at, cascade, &[]);
        }
        let foreign = draft.foreign_keys.iter().position(|key| {
            says(ConstraintKind::ForeignKey)
                && (is(key.name.as_deref())
                    || (key.name.is_none() && dialect == Dialect::SqlServer && given(name, "FK__")))
        });
        if let Some(at) = foreign {
            let key = self.change_table(&found, |table| table.foreign_keys.remove(at));
            let name = key.and_then(|key| key.name);
            return Ok(vec![Effect::ConstraintDropped { table: found, what: "foreign key", name }]);
        }
        let check = draft.checks.iter().position(|check| {
            says(ConstraintKind::Check)
                && (is(check.name.as_deref())
                    || (check.name.is_none() && dialect == Dialect::SqlServer && given(name, "CK__")))
        });
        if let Some(at) = check {
            let check = self.change_table(&found, |table| table.checks.remove(at));
            let name = check.and_then(|check| check.name);
            return Ok(vec![Effect::ConstraintDropped { table: found, what: "check", name }]);
        }
        if let Some(at) = draft.excludes.iter().position(|one| is(Some(one))) {
            let name = self.change_table(&found, |table| table.excludes.remove(at));
            return Ok(vec![Effect::ConstraintDropped { table: found, what: "exclusion", name }]);
        }
        if let Some(effects) = self.drop_default_constraint(&found, name) {
            return Ok(effects);
        }
        if guard == Guard::IfPresent {
            return Ok(Vec::new());
        }
        let name = name.unwrap_or("PRIMARY KEY");
        Err(missing("the constraint", format!("{name} of {found}")))
    }

    /// SQL Server: a default is a constraint. The name that the server makes up where none is given
    /// (`DF__User__age__3B75D760`) says whose default it is.
    fn drop_default_constraint(&mut self, table: &Name, name: Option<&str>) -> Option<Vec<Effect>> {
        let name = name.filter(|_| self.dialect == Dialect::SqlServer)?;
        let found = self.tables.get_mut(table)?;
        let generated = given(Some(name), "DF__");
        let at = found.columns.iter().position(|column| {
            column.default.is_some()
                && match &column.default_name {
                    Some(own) => own.eq_ignore_ascii_case(name),
                    None => generated && name.to_lowercase().contains(&column.name.to_lowercase()),
                }
        });
        let Some(at) = at else { return generated.then(Vec::new) };
        let before = Box::new(found.columns[at].clone());
        found.columns[at].default = None;
        found.columns[at].default_name = None;
        let after = Box::new(found.columns[at].clone());
        Some(vec![Effect::ColumnChanged { table: table.clone(), before, after }])
    }

    fn drop_primary_key(&mut self, table: &Name, cascade: bool) -> Applied {
        let columns: Vec<String> = self
            .tables
            .get(table)
            .and_then(|table| table.primary_key.as_ref())
            .map(|key| key.columns.iter().filter_map(IndexPart::column).map(str::to_owned).collect())
            .unwrap_or_default();
        self.refuse_without_key(table, cascade)?;
        let mut effects = self.release_referrers(table, &columns, cascade, |table| table.primary_key = None)?;
        let key = self.change_table(table, |table| table.primary_key.take()).flatten();
        let name = key.and_then(|key| key.name);
        effects.push(Effect::ConstraintDropped { table: table.clone(), what: "primary key", name });
        Ok(effects)
    }

    /// MySQL: a foreign key or a counter that needs the primary key holds it, unless the statement says more.
    fn refuse_without_key(&self, name: &Name, more: bool) -> Result<(), ApplyError> {
        let Some(table) = self.tables.get(name).filter(|_| self.dialect == Dialect::MySql && !more) else {
            return Ok(());
        };
        let parts = table.primary_key.as_ref().map(|key| key.columns.as_slice()).unwrap_or_default();
        if let Some(key) = self.key_in_need(name, parts, |table| table.primary_key = None) {
            return Err(refused(format!("the primary key of {name} cannot be dropped: {key} needs it")));
        }
        let counter = table.columns.iter().find(|column| column.auto_increment.is_some());
        let Some(counter) = counter else { return Ok(()) };
        let first = |index: &Index| index.parts.first().and_then(IndexPart::column) == Some(&counter.name);
        if table.indexes.iter().any(first) {
            return Ok(());
        }
        Err(refused(format!("the primary key of {name} cannot be dropped: {} counts by it", counter.name)))
    }

    pub(super) fn rename_constraint(&mut self, table: &ObjectName, from: &str, to: &str, guard: Guard) -> Applied {
        let Some(found) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let Some(mut draft) = self.tables.get(&found).cloned() else { return Ok(Vec::new()) };
        let dialect = self.dialect;
        let is = |name: &Option<String>| name.as_deref().is_some_and(|name| dialect.same_name(name, from));
        if from != to && constraint_named(dialect, &draft, to).is_some() {
            return Err(exists("the constraint", format!("{to} of {found}"), None));
        }
        let new = Some(to.to_owned());
        if let Some(key) = draft.primary_key.as_mut().filter(|key| is(&key.name)) {
            self.free_renamed(&found, from, to)?;
            key.name = new;
        } else if let Some(index) = draft.indexes.iter_mut().find(|index| index.constraint && is(&index.name)) {
            self.free_renamed(&found, from, to)?;
            index.name = new;
            index.generated_name = false;
        } else if let Some(key) = draft.foreign_keys.iter_mut().find(|key| is(&key.name)) {
            key.name = new;
            key.generated_name = false;
        } else if let Some(check) = draft.checks.iter_mut().find(|check| is(&check.name)) {
            check.name = new;
        } else if let Some(name) = draft.excludes.iter_mut().find(|name| dialect.same_name(name, from)) {
            to.clone_into(name);
        } else if let Some(column) = draft.columns.iter_mut().find(|column| is(&column.default_name)) {
            column.default_name = new;
        } else {
            return Err(missing("the constraint", format!("{from} of {found}")));
        }
        self.put_table(draft);
        Ok(vec![Effect::ObjectRenamed { table: found, from: from.to_owned(), to: to.to_owned() }])
    }

    /// Refuses a new name that another relation of the schema has.
    pub(super) fn free_renamed(&self, table: &Name, from: &str, to: &str) -> Result<(), ApplyError> {
        let same = self.dialect.same_name(from, to) && self.dialect != Dialect::PostgreSql;
        if same || self.dialect == Dialect::CockroachDb {
            return Ok(());
        }
        match self.relation(&Name::new(table.schema.clone(), to)) {
            Some((what, made_at)) => Err(exists(what, to, made_at)),
            None => Ok(()),
        }
    }

    pub(super) fn validate_constraint(&mut self, table: &ObjectName, name: &str, guard: Guard) -> Applied {
        let Some(found) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let Some(table) = self.tables.get_mut(&found) else { return Ok(Vec::new()) };
        if let Some(key) = table.foreign_keys.iter_mut().find(|key| key.name.as_deref() == Some(name)) {
            key.not_valid = false;
        } else if let Some(check) = table.checks.iter_mut().find(|check| check.name.as_deref() == Some(name)) {
            check.not_valid = false;
        } else {
            return Err(missing("the constraint", format!("{name} of {found}")));
        }
        Ok(Vec::new())
    }
}

impl Catalog {
    pub(super) fn defer_constraint(
        &mut self,
        table: &ObjectName,
        name: &str,
        deferrable: bool,
        initially_deferred: bool,
        guard: Guard,
    ) -> Applied {
        let Some(found) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let Some(table) = self.tables.get_mut(&found) else { return Ok(Vec::new()) };
        match table.foreign_keys.iter_mut().find(|key| key.name.as_deref() == Some(name)) {
            Some(key) => {
                (key.deferrable, key.initially_deferred) = (deferrable, initially_deferred);
                Ok(vec![Effect::Other(format!("the constraint {name} of {found}"))])
            }
            None => Err(missing("the constraint", format!("{name} of {found}"))),
        }
    }
}

/// A constraint that was added, where its table was there before.
fn added(table: &Table, what: &'static str, name: Option<String>, not_valid: bool) -> Effect {
    Effect::ConstraintAdded { table: table.name.clone(), what, name, not_valid }
}

/// Whether a name begins as SQL Server's generated ones do (`PK__User__3213E83F…`).
fn given(name: Option<&str>, prefix: &str) -> bool {
    name.and_then(|name| name.get(..prefix.len())).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// A constraint that has a name: where it was made, where that is known.
struct Named<'a>(Option<&'a Place>);

/// The constraint of that name in a table.
fn constraint_named<'a>(dialect: Dialect, table: &'a Table, name: &str) -> Option<Named<'a>> {
    let is = |other: &Option<String>| other.as_deref().is_some_and(|other| dialect.same_name(other, name));
    if let Some(key) = table.primary_key.as_ref().filter(|key| is(&key.name)) {
        return Some(Named(key.place.as_ref()));
    }
    let uniques = table.indexes.iter().filter(|index| index.constraint && dialect != Dialect::MySql);
    if let Some(index) = uniques.into_iter().find(|index| is(&index.name)) {
        return Some(Named(index.place.as_ref()));
    }
    if let Some(key) = table.foreign_keys.iter().find(|key| is(&key.name)) {
        return Some(Named(key.place.as_ref()));
    }
    if let Some(check) = table.checks.iter().find(|check| is(&check.name)) {
        return Some(Named(check.place.as_ref()));
    }
    table.excludes.iter().any(|other| dialect.same_name(other, name)).then_some(Named(None))
}

/// Whether a table has an index or a constraint of that name.
pub(super) fn in_table(dialect: Dialect, table: &Table, name: &str) -> bool {
    constraint_named(dialect, table, name).is_some()
        || table.indexes.iter().any(|index| index.name.as_deref().is_some_and(|other| dialect.same_name(other, name)))
}

/// The column that a condition mentions, where it is one alone.
fn only_column(table: &Table, expression: Option<&str>) -> Option<String> {
    let expression = expression?;
    let mut mentioned = table.columns.iter().filter(|column| super::involved::mentions(expression, &column.name));
    let column = mentioned.next()?;
    (mentioned.next().is_none() && table.kind != TableKind::Virtual).then(|| column.name.clone())
}
