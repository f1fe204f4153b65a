//! Columns: added, dropped, renamed, altered.

use super::involved::{column_held, detach_column, has_column, rename_in_table};
use super::validity::{generated_from, is_identity};
use super::view::Kept;
use super::{Applied, ApplyError, Effect, exists, missing, refused};
use crate::catalog::operation::{ColumnChange, ColumnPosition, Guard, NewColumn};
use crate::catalog::{
    AutoIncrement, Catalog, ColumnDefault, ColumnType, Dialect, ForeignKey, IndexPart, Name, ObjectName, Sequence,
    Table, TableKind, TypeKind,
};
use crate::source::Place;

/// Whether a new column brings nothing with it: no constraint, no sequence, no name of a type.
fn is_plain(new: &NewColumn) -> bool {
    let column = &new.column;
    let builtin = column.ty.builtin_name().is_some_and(|name| !name.ends_with("serial"));
    builtin && new.constraints.is_empty() && column.generated.is_none() && column.auto_increment.is_none()
}

impl Catalog {
    /// Appends a column to a table, without the constraints written on it. Sequences that the database makes for it are
    /// handed back.
    pub(super) fn push_column(
        &self,
        table: &mut Table,
        new: &NewColumn,
        place: &Place,
        sequences: &mut Vec<(Name, String)>,
    ) -> Result<(), ApplyError> {
        let mut column = new.column.clone();
        column.place.get_or_insert_with(|| place.clone());
        if let Some(at) = table.column_index(self.dialect, &column.name) {
            // A child may repeat a column of its parents: the two are merged
            // (<https://www.postgresql.org/docs/current/ddl-inherit.html>).
            if !table.parents.is_empty() && table.place.as_ref() == Some(place) {
                table.columns[at] = column;
                return Ok(());
            }
            return Err(exists(
                "the column",
                format!("{}.{}", table.name, column.name),
                table.columns[at].place.as_ref(),
            ));
        }
        self.check_column(table, new)?;
        self.settle_type(table, &mut column, sequences)?;
        if self.dialect == Dialect::MySql && column.auto_increment.is_some() {
            column.nullable = false;
        }
        // DEFAULT NULL is no default.
        column.default = column.default.filter(|default| *default != ColumnDefault::Null);
        if let Some(default) = &mut column.default {
            *default = self.settled_default(default);
            if column.auto_increment.is_none() {
                self.check_default(&table.name, &column.name, &column.ty, default)?;
            }
        }
        let at = match &new.position {
            None => table.columns.len(),
            Some(ColumnPosition::First) => 0,
            Some(ColumnPosition::After(other)) => match table.column_index(self.dialect, other) {
                Some(at) => at + 1,
                None => return Err(missing("the column", format!("{}.{other}", table.name))),
            },
        };
        // MySQL's SERIAL is BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE.
        let unique = self.dialect == Dialect::MySql && column.ty.builtin_name() == Some("serial");
        if unique {
            column.ty = ColumnType {
                kind: TypeKind::Builtin { name: "bigint".to_owned(), args: Vec::new(), unsigned: true },
                array: false,
            };
            column.nullable = false;
            column.auto_increment = Some(AutoIncrement::Counter);
        }
        let name = column.name.clone();
        table.columns.insert(at, column);
        if unique {
            let mut index = crate::catalog::Index::new(None, vec![IndexPart::named(name)], true);
            index.constraint = true;
            let index = self.attach_index(table, &index, place)?;
            table.indexes.push(index);
        }
        Ok(())
    }

    pub(super) fn add_column(
        &mut self,
        table: &ObjectName,
        new: &NewColumn,
        if_absent: bool,
        place: &Place,
        guard: Guard,
    ) -> Applied {
        let Some(name) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let Some(found) = self.tables.get(&name) else { return Ok(Vec::new()) };
        if found.kind == TableKind::Partition && !found.parents.is_empty() && !self.lookup.descending {
            return Err(refused(format!("{name} is a partition: its columns are those of its parent")));
        }
        if if_absent && found.column(self.dialect, &new.column.name).is_some() {
            return Ok(Vec::new());
        }
        let mut sequences = Vec::new();
        let mut effects = Vec::new();
        if is_plain(new) {
            // Nothing but the table's list of columns changes, and all that can fail does so before it: no copy is needed.
            let Some(mut table) = self.tables.remove(&name) else { return Ok(effects) };
            let pushed = self.push_column(&mut table, new, place, &mut sequences);
            let column = table.column(self.dialect, &new.column.name).cloned();
            self.tables.insert(name.clone(), table);
            pushed?;
            effects.extend(column.map(|column| Effect::ColumnAdded { table: name.clone(), column: Box::new(column) }));
            effects.extend(
                self.descend(&name, |catalog, child| catalog.add_column(child, new, true, place, Guard::None))?,
            );
            return Ok(effects);
        }
        let mut draft = found.clone();
        self.push_column(&mut draft, new, place, &mut sequences)?;
        if new.column.generated.is_some() {
            self.check_generated(&draft)?;
        }
        for constraint in &new.constraints {
            self.attach(&mut draft, constraint, Some(&new.column.name), place, &mut effects)?;
        }
        if let Some(column) = draft.column(self.dialect, &new.column.name) {
            effects.insert(0, Effect::ColumnAdded { table: name.clone(), column: Box::new(column.clone()) });
        }
        self.put_table(draft);
        for (sequence, column) in sequences {
            let owned_by = Some((name.clone(), column));
            self.sequences.insert(sequence.clone(), Sequence { name: sequence, owned_by, place: Some(place.clone()) });
        }
        let plain = NewColumn { constraints: Vec::new(), ..new.clone() };
        effects
            .extend(self.descend(&name, |catalog, child| catalog.add_column(child, &plain, true, place, Guard::None))?);
        Ok(effects)
    }

    pub(super) fn drop_column(
        &mut self,
        table: &ObjectName,
        column: &str,
        if_present: bool,
        cascade: bool,
        guard: Guard,
    ) -> Applied {
        let Some(name) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let dialect = self.dialect;
        let Some(found) = self.tables.get(&name) else { return Ok(Vec::new()) };
        let Some(at) = found.column_index(dialect, column) else {
            if if_present {
                self.settle_column(&name, column);
                return Ok(Vec::new());
            }
            return Err(missing("the column", format!("{name}.{column}")));
        };
        let column = found.columns[at].name.clone();
        self.refuse_inherited(found, &column)?;
        if let Some(reason) = column_held(dialect, found, &column).filter(|_| !self.lookup.rebuilding) {
            return Err(refused(format!("the column {name}.{column} cannot be dropped: {reason}")));
        }
        let mut effects = self.release_column(&name, &column, cascade)?;
        effects.extend(self.release_views(&Kept { relation: &name, column: Some(&column) }, cascade)?);
        effects.extend(self.release_generated(&name, &column, cascade)?);
        let sequences: Vec<Name> = self
            .sequences
            .iter()
            .filter(|(_, sequence)| {
                sequence.owned_by.as_ref().is_some_and(|(table, owner)| *table == name && *owner == column)
            })
            .map(|(sequence, _)| sequence.clone())
            .collect();
        for sequence in sequences {
            self.sequences.remove(&sequence);
        }
        let at = self.tables.get(&name).and_then(|table| table.column_index(dialect, &column));
        let (Some(at), Some(mut draft)) = (at, self.take_table(&name)) else { return Ok(effects) };
        let gone = draft.columns.remove(at);
        detach_column(dialect, &mut draft, &column, &mut effects);
        self.put_table(draft);
        effects.insert(0, Effect::ColumnDropped { table: name.clone(), column: Box::new(gone) });
        self.settle_column(&name, &column);
        effects.extend(
            self.descend(&name, |catalog, child| catalog.drop_column(child, &column, true, cascade, Guard::None))?,
        );
        Ok(effects)
    }

    /// Refuses to change a column in a table that has it from its parents.
    fn refuse_inherited(&self, table: &Table, column: &str) -> Result<(), ApplyError> {
        let has =
            |parent: &Name| self.tables.get(parent).is_some_and(|parent| parent.column(self.dialect, column).is_some());
        match table.parents.iter().find(|parent| !self.lookup.descending && has(parent)) {
            Some(parent) => Err(refused(format!("the column {}.{column} is that of {parent}", table.name))),
            None => Ok(()),
        }
    }

    /// Does to the tables that inherit from `parent` what was done to it.
    pub(super) fn descend(
        &mut self,
        parent: &Name,
        mut each: impl FnMut(&mut Self, &ObjectName) -> Applied,
    ) -> Applied {
        let mut effects = Vec::new();
        let before = std::mem::replace(&mut self.lookup.descending, true);
        let children = self.children(parent);
        let done = children.iter().try_for_each(|child| {
            effects.extend(each(self, &ObjectName::from(child))?);
            Ok(())
        });
        self.lookup.descending = before;
        done.map(|()| effects)
    }

    /// Before a column goes: columns that are generated from it hold it back, or go with it.
    fn release_generated(&mut self, table: &Name, column: &str, cascade: bool) -> Applied {
        let mut effects = Vec::new();
        let keeps = self.dialect.is_postgres_like() || self.dialect == Dialect::MySql;
        if !keeps {
            return Ok(effects);
        }
        while let Some(other) = self.tables.get(table).and_then(|found| generated_from(found, column)) {
            let other = other.name.clone();
            if !cascade {
                return Err(refused(format!(
                    "the column {table}.{column} cannot be dropped: {other} is generated from it"
                )));
            }
            effects.extend(self.drop_column(&ObjectName::from(table), &other, true, true, Guard::IfPresent)?);
        }
        Ok(effects)
    }

    /// Before a column goes: foreign keys of other tables that refer to it hold it back, or go with it.
    fn release_column(&mut self, table: &Name, column: &str, cascade: bool) -> Applied {
        let needs = |key: &ForeignKey| key.target == *table && key.target_columns.iter().any(|one| one == column);
        let referrers: Vec<Name> = self
            .referrers(table)
            .into_iter()
            .filter(|other| other != table)
            .filter(|other| self.tables.get(other).is_some_and(|other| other.foreign_keys.iter().any(needs)))
            .collect();
        let mut effects = Vec::new();
        if self.dialect == Dialect::Sqlite {
            return Ok(effects);
        }
        for other in referrers {
            if !cascade {
                return Err(refused(format!(
                    "the column {table}.{column} cannot be dropped: a foreign key of {other} refers to it"
                )));
            }
            effects.extend(self.take_foreign_keys(&other, needs));
        }
        Ok(effects)
    }

    pub(super) fn rename_column(&mut self, table: &ObjectName, from: &str, to: &str, guard: Guard) -> Applied {
        if self.resolve(&self.tables, table).is_none() && self.resolve(&self.views, table).is_some() {
            return Ok(vec![Effect::Other(format!("a column of the view {table}"))]);
        }
        let Some(name) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let dialect = self.dialect;
        let Some(found) = self.tables.get(&name) else { return Ok(Vec::new()) };
        let Some(at) = found.column_index(dialect, from) else {
            return Err(missing("the column", format!("{name}.{from}")));
        };
        let from = found.columns[at].name.clone();
        self.refuse_inherited(found, &from)?;
        if let Some(other) = found.column_index(dialect, to).filter(|&other| other != at) {
            return Err(exists("the column", format!("{name}.{to}"), found.columns[other].place.as_ref()));
        }
        if from == to && dialect.is_postgres_like() {
            return Err(exists("the column", format!("{name}.{to}"), found.columns[at].place.as_ref()));
        }
        self.change_table(&name, |table| {
            to.clone_into(&mut table.columns[at].name);
            rename_in_table(table, &from, to);
        });
        for other in self.referrers(&name) {
            self.change_table(&other, |other| {
                for key in other.foreign_keys.iter_mut().filter(|key| key.target == name) {
                    for column in key.target_columns.iter_mut().filter(|column| **column == from) {
                        to.clone_into(column);
                    }
                }
            });
        }
        for sequence in self.sequences.values_mut() {
            if let Some((owner, column)) = &mut sequence.owned_by
                && *owner == name
                && *column == from
            {
                to.clone_into(column);
            }
        }
        self.readers_follow_column(&name, &from, to);
        self.follow_column(&name, &from, to);
        let mut effects = vec![Effect::ColumnRenamed { table: name.clone(), from: from.clone(), to: to.to_owned() }];
        effects.extend(self.descend(&name, |catalog, child| catalog.rename_column(child, &from, to, Guard::None))?);
        Ok(effects)
    }

    pub(super) fn alter_column(
        &mut self,
        table: &ObjectName,
        column: &str,
        change: &ColumnChange,
        place: &Place,
        guard: Guard,
    ) -> Applied {
        if self.resolve(&self.tables, table).is_none() && self.resolve(&self.views, table).is_some() {
            return Ok(vec![Effect::Other(format!("a column of the view {table}"))]);
        }
        let Some(name) = self.need_table(table, guard)? else { return Ok(Vec::new()) };
        let dialect = self.dialect;
        let Some(found) = self.tables.get(&name) else { return Ok(Vec::new()) };
        let Some(at) = found.column_index(dialect, column) else {
            return Err(missing("the column", format!("{name}.{column}")));
        };
        let before = found.columns[at].clone();
        let mut effects = Vec::new();
        if let ColumnChange::Redefine(new) = change {
            return self.redefine_column(&name, at, new, place);
        }
        let mut after = before.clone();
        let mut sequences = Vec::new();
        let of_its_own = dialect == Dialect::PostgreSql && (is_identity(&before) || before.generated.is_some());
        match change {
            ColumnChange::SetDefault(_) | ColumnChange::DropDefault if of_its_own => {
                return Err(refused(format!("the column {name}.{} has a value of its own", before.name)));
            }
            ColumnChange::Type { ty, using, collation } => {
                after.ty = self.settled(ty)?;
                self.refuse_inherited(found, &before.name)?;
                self.free_to_retype(&name, found, &before, &after.ty, using.is_some())?;
                if after.ty.kind != before.ty.kind && self.holds_default(&before, &after.ty) {
                    return Err(refused(format!(
                        "the type of {name}.{} cannot change: its default cannot be cast to {}",
                        before.name, after.ty
                    )));
                }
                if let (TypeKind::Named(old), Some(ColumnDefault::Text(_))) = (&before.ty.kind, &before.default)
                    && after.ty.kind != before.ty.kind
                {
                    after.default_type = Some(old.clone());
                }
                after.collation.clone_from(collation);
            }
            ColumnChange::SetDefault(default) => {
                if after.auto_increment == Some(AutoIncrement::Serial)
                    || after.auto_increment == Some(AutoIncrement::RowId)
                {
                    after.auto_increment = None;
                }
                after.default = if *default == ColumnDefault::Null {
                    None
                } else {
                    let default = self.settled_default(&default.clone().of_type(&after.ty));
                    self.check_default(&name, &before.name, &after.ty, &default)?;
                    Some(default)
                };
            }
            ColumnChange::AddDefault { name: constraint, default } => {
                if before.default.is_some() {
                    return Err(exists("the default of the column", format!("{name}.{}", before.name), None));
                }
                after.default_name.clone_from(constraint);
                after.default = Some(default.clone().of_type(&after.ty)).filter(|one| *one != ColumnDefault::Null);
            }
            ColumnChange::DropDefault => {
                after.default = None;
                after.default_name = None;
                after.default_type = None;
                if matches!(after.auto_increment, Some(AutoIncrement::Serial | AutoIncrement::RowId)) {
                    after.auto_increment = None;
                }
            }
            ColumnChange::SetNotNull => after.nullable = false,
            ColumnChange::DropNotNull => {
                let key = found.primary_key.as_ref();
                if dialect.is_postgres_like() && key.is_some_and(|key| has_column(&key.columns, &before.name)) {
                    return Err(refused(format!("the column {name}.{} is in the primary key", before.name)));
                }
                if dialect == Dialect::PostgreSql && is_identity(&before) {
                    return Err(refused(format!("the column {name}.{} is an identity", before.name)));
                }
                after.nullable = true;
            }
            ColumnChange::SetIdentity(kind) => {
                if !is_identity(&before) {
                    return Err(refused(format!("the column {name}.{} is no identity", before.name)));
                }
                after.auto_increment = Some(*kind);
            }
            ColumnChange::AddIdentity(kind) => {
                let why = if is_identity(&before) {
                    Some("is an identity already")
                } else if before.default.is_some() {
                    Some("has a default")
                } else {
                    before.nullable.then_some("can be NULL")
                };
                if let Some(why) = why.filter(|_| dialect == Dialect::PostgreSql) {
                    return Err(refused(format!("the column {name}.{} cannot be an identity: it {why}", before.name)));
                }
                after.auto_increment = Some(*kind);
                if dialect == Dialect::PostgreSql {
                    let sequence = self.sequence_name(&name, &before.name, &[]);
                    sequences.push((sequence, before.name.clone()));
                }
            }
            ColumnChange::DropIdentity => {
                after.auto_increment = None;
                let owner = Some((name.clone(), before.name.clone()));
                self.sequences.retain(|_, sequence| !is_identity(&before) || sequence.owned_by != owner);
            }
            ColumnChange::Generated(generated) => after.generated.clone_from(generated),
            ColumnChange::Redefine(_) => {}
        }
        if let Some(found) = self.tables.get_mut(&name) {
            found.columns[at] = after.clone();
        }
        for (sequence, column) in sequences {
            let owned_by = Some((name.clone(), column));
            self.sequences.insert(sequence.clone(), Sequence { name: sequence, owned_by, place: Some(place.clone()) });
        }
        effects.push(Effect::ColumnChanged {
            table: name.clone(),
            before: Box::new(before.clone()),
            after: Box::new(after),
        });
        effects.extend(self.descend(&name, |catalog, child| {
            if catalog.table(child).is_some_and(|table| table.column(dialect, &before.name).is_some()) {
                return catalog.alter_column(child, &before.name, change, place, Guard::None);
            }
            Ok(Vec::new())
        })?);
        Ok(effects)
    }

    /// MySQL's MODIFY and CHANGE, SQL Server's ALTER COLUMN: the column anew. SQL Server keeps the default (a
    /// constraint of its own) and the identity.
    fn redefine_column(&mut self, table: &Name, at: usize, new: &NewColumn, place: &Place) -> Applied {
        let dialect = self.dialect;
        let Some(mut draft) = self.tables.get(table).cloned() else { return Ok(Vec::new()) };
        let before = draft.columns[at].clone();
        let mut after = new.column.clone();
        after.place.clone_from(&before.place);
        after.ty = self.settled(&after.ty)?;
        if dialect == Dialect::SqlServer {
            after.default.clone_from(&before.default);
            after.default_name.clone_from(&before.default_name);
            after.auto_increment = before.auto_increment;
        }
        if draft.primary_key.as_ref().is_some_and(|key| has_column(&key.columns, &before.name)) {
            after.nullable = false;
        }
        self.check_column(&draft, new)?;
        if let Some(default) = &after.default {
            self.check_default(table, &after.name, &after.ty, default)?;
        }
        self.refuse_redefined(&draft, &before, &after)?;
        let renamed = before.name != after.name;
        if renamed {
            let other = draft.column_index(dialect, &after.name).filter(|&other| other != at);
            if let Some(other) = other {
                let made_at = draft.columns[other].place.clone();
                return Err(exists("the column", format!("{table}.{}", after.name), made_at.as_ref()));
            }
            rename_in_table(&mut draft, &before.name, &after.name);
        }
        if draft.primary_key.as_ref().is_some_and(|key| has_column(&key.columns, &after.name)) {
            after.nullable = false;
        }
        let name = after.name.clone();
        draft.columns[at] = after;
        let mut effects = Vec::new();
        for constraint in &new.constraints {
            self.attach(&mut draft, constraint, Some(&name), place, &mut effects)?;
        }
        if let Some(position) = &new.position {
            let column = draft.columns.remove(at);
            let to = match position {
                ColumnPosition::First => Some(0),
                ColumnPosition::After(other) => draft.column_index(dialect, other).map(|at| at + 1),
            };
            let Some(to) = to else { return Err(missing("the column", format!("{table}.{position:?}"))) };
            draft.columns.insert(to, column);
        }
        let after = draft.column(dialect, &name).cloned();
        self.put_table(draft);
        if renamed {
            for other in self.referrers(table) {
                self.change_table(&other, |other| {
                    for key in other.foreign_keys.iter_mut().filter(|key| key.target == *table) {
                        for column in key.target_columns.iter_mut().filter(|column| **column == before.name) {
                            name.clone_into(column);
                        }
                    }
                });
            }
            self.follow_column(table, &before.name, &name);
            effects.push(Effect::ColumnRenamed { table: table.clone(), from: before.name.clone(), to: name });
        }
        if let Some(after) = after {
            let (before, after) = (Box::new(before), Box::new(after));
            effects.push(Effect::ColumnChanged { table: table.clone(), before, after });
        }
        Ok(effects)
    }
}
