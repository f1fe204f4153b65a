//! Foreign keys: what they refer to, what they need there, and what holds on to it.

use super::{Applied, ApplyError, Effect, TYPES_DIFFER, cast, missing, naming, refused};
use crate::catalog::operation::NewForeignKey;
use crate::catalog::{
    Catalog, Column, Dialect, ForeignKey, Index, IndexPart, Name, ReferentialAction, Table, TypeKind,
};
use crate::source::Place;

impl Catalog {
    pub(super) fn attach_foreign_key(
        &self,
        table: &Table,
        new: &NewForeignKey,
        place: &Place,
    ) -> Result<ForeignKey, ApplyError> {
        let mut key = new.key.clone();
        key.place.get_or_insert_with(|| place.clone());
        for column in &mut key.columns {
            match table.column(self.dialect, column) {
                Some(found) => column.clone_from(&found.name),
                None => return Err(missing("the column", format!("{}.{column}", table.name))),
            }
        }
        let sets_null = [key.on_delete, key.on_update].contains(&ReferentialAction::SetNull);
        if sets_null && self.dialect == Dialect::MySql {
            let columns = key.columns.iter().filter_map(|column| table.column(self.dialect, column));
            if let Some(column) = columns.into_iter().find(|column| !column.nullable) {
                return Err(refused(format!(
                    "a foreign key sets {}.{} to NULL, which it cannot be",
                    table.name, column.name
                )));
            }
        }
        let itself =
            new.target.schema.as_ref().is_none_or(|schema| !self.dialect.has_schemas() || *schema == table.name.schema)
                && self.dialect.same_name(&new.target.name, &table.name.name);
        let found = self.resolve(&self.tables, &new.target).filter(|found| !itself || *found == table.name);
        let target = match &found {
            _ if itself => Some(table),
            Some(found) => self.tables.get(found),
            None => None,
        };
        match target {
            Some(target) => {
                key.target = target.name.clone();
                self.check_target(table, &mut key, target)?;
            }
            None if self.dialect == Dialect::Sqlite || !self.lookup.foreign_key_checks => {
                key.target = self.new_name(&new.target);
            }
            None => return Err(missing("the table", &new.target)),
        }
        if let Some(name) = &key.name {
            self.free_constraint_name(table, name)?;
        } else {
            key.generated_name = true;
            key.name = match self.dialect {
                Dialect::PostgreSql | Dialect::CockroachDb => {
                    let columns = naming::joined(key.columns.iter().map(String::as_str));
                    Some(naming::choose(&table.name.name, Some(&columns), "fkey", |candidate| {
                        self.constraint_taken(table, candidate)
                    }))
                }
                Dialect::MySql => Some(naming::mysql_numbered(
                    &table.name.name,
                    "ibfk",
                    table.foreign_keys.iter().filter_map(|key| key.name.as_deref()),
                )),
                Dialect::Sqlite | Dialect::SqlServer | Dialect::Oracle => None,
            };
        }
        Ok(key)
    }

    /// Checks the columns a foreign key refers to, and fills in the primary key's where none are written. SQLite looks
    /// at none of this before rows are written.
    fn check_target(&self, table: &Table, key: &mut ForeignKey, target: &Table) -> Result<(), ApplyError> {
        for column in &mut key.target_columns {
            match target.column(self.dialect, column) {
                Some(found) => column.clone_from(&found.name),
                None if self.dialect == Dialect::Sqlite => {}
                None => return Err(missing("the column", format!("{}.{column}", target.name))),
            }
        }
        if self.dialect == Dialect::Sqlite {
            return Ok(());
        }
        if key.target_columns.is_empty() {
            let Some(primary) = &target.primary_key else {
                return Err(refused(format!(
                    "the table {} that {} refers to has no primary key",
                    target.name, table.name
                )));
            };
            key.target_columns = primary.columns.iter().filter_map(IndexPart::column).map(str::to_owned).collect();
        }
        if key.columns.len() != key.target_columns.len() {
            return Err(refused(format!(
                "a foreign key of {} has {} columns and refers to {}",
                table.name,
                key.columns.len(),
                key.target_columns.len()
            )));
        }
        for (column, other) in key.columns.iter().zip(&key.target_columns) {
            let types = (table.column(self.dialect, column), target.column(self.dialect, other));
            if let (Some(one), Some(two)) = types
                && !cast::may_refer(self.dialect, &one.ty, &two.ty)
            {
                return Err(refused(format!(
                    "{TYPES_DIFFER} {}.{column} ({}) to {}.{other} ({})",
                    table.name, one.ty, target.name, two.ty
                )));
            }
        }
        if !self.has_unique_on(target, &key.target_columns) {
            let columns = key.target_columns.join(", ");
            let what = if self.dialect == Dialect::MySql { "index" } else { "unique constraint" };
            return Err(refused(format!(
                "there is no {what} on {} ({columns}) for a foreign key to refer to",
                target.name
            )));
        }
        Ok(())
    }

    /// Whether a table has what a foreign key to these columns needs: a key or unique index on exactly them; in MySQL
    /// any index that begins with them.
    pub(super) fn has_unique_on(&self, table: &Table, columns: &[String]) -> bool {
        let same = |parts: &[IndexPart]| {
            parts.len() == columns.len()
                && columns.iter().all(|column| {
                    parts.iter().any(|part| part.column().is_some_and(|name| self.dialect.same_column(name, column)))
                })
        };
        let prefix = |parts: &[IndexPart]| covers(self.dialect, parts, columns);
        let key = table.primary_key.as_ref();
        if self.dialect == Dialect::MySql {
            // Fulltext and spatial indexes serve no foreign key.
            let plain = |index: &Index| index.method.as_deref().is_none_or(|method| method == "btree");
            // InnoDB puts the primary key behind the columns of every other index, and counts it
            // (<https://dev.mysql.com/doc/refman/8.0/en/create-table-foreign-keys.html>).
            let extended = |index: &Index| {
                let behind = key.iter().flat_map(|key| &key.columns);
                let parts: Vec<IndexPart> = index.parts.iter().chain(behind).cloned().collect();
                prefix(&parts)
            };
            return key.is_some_and(|key| prefix(&key.columns))
                || table.indexes.iter().any(|index| plain(index) && extended(index));
        }
        key.is_some_and(|key| same(&key.columns))
            || table.indexes.iter().any(|index| index.unique && index.predicate.is_none() && same(&index.parts))
    }

    /// MySQL makes an index for a foreign key where none begins with its columns; it bears the key's name if that was
    /// written, and otherwise the first column's (<https://dev.mysql.com/doc/refman/8.0/en/create-table-foreign-keys.html>).
    pub(super) fn make_index_for_key(&self, table: &mut Table, key: &ForeignKey, place: &Place) {
        if self.dialect != Dialect::MySql {
            return;
        }
        let covered = table.primary_key.as_ref().is_some_and(|one| covers(self.dialect, &one.columns, &key.columns))
            || table.indexes.iter().any(|index| covers(self.dialect, &index.parts, &key.columns));
        if covered {
            return;
        }
        let parts: Vec<IndexPart> = key.columns.iter().map(IndexPart::named).collect();
        let written = key.name.clone().filter(|_| !key.generated_name);
        let name = written.unwrap_or_else(|| naming::mysql_index(table, &parts));
        let mut index = Index::new(Some(name), parts, false);
        index.generated_name = true;
        index.place = Some(place.clone());
        table.indexes.push(index);
    }

    /// MySQL: the foreign key that is left without an index on one of its sides when the index on `parts` goes; `without`
    /// takes the index out of a copy of the table.
    pub(super) fn key_in_need(
        &self,
        name: &Name,
        parts: &[IndexPart],
        without: impl FnOnce(&mut Table),
    ) -> Option<String> {
        let dialect = self.dialect;
        if dialect != Dialect::MySql || !self.lookup.foreign_key_checks {
            return None;
        }
        let mut rest = self.tables.get(name)?.clone();
        without(&mut rest);
        let bare = |columns: &[String]| covers(dialect, parts, columns) && !self.has_unique_on(&rest, columns);
        let title = |table: &Name, key: &ForeignKey| {
            format!("the foreign key {} of {table}", key.name.as_deref().unwrap_or_default())
        };
        if let Some(key) = rest.foreign_keys.iter().find(|key| bare(&key.columns)) {
            return Some(title(name, key));
        }
        self.referrers(name).iter().find_map(|other| {
            let keys = &self.tables.get(other)?.foreign_keys;
            let key = keys.iter().find(|key| key.target == *name && bare(&key.target_columns))?;
            Some(title(other, key))
        })
    }

    /// MySQL: why a column that is in a foreign key cannot become what it is asked to be.
    pub(super) fn refuse_redefined(&self, table: &Table, before: &Column, after: &Column) -> Result<(), ApplyError> {
        if self.dialect != Dialect::MySql || !self.lookup.foreign_key_checks {
            return Ok(());
        }
        let refuse = |key: &ForeignKey| {
            let key = key.name.as_deref().unwrap_or_default();
            Err(refused(format!("the column {}.{} is in the foreign key {key}", table.name, before.name)))
        };
        let own = |key: &&ForeignKey| key.columns.contains(&before.name);
        let sets_null =
            |key: &&ForeignKey| [key.on_delete, key.on_update].contains(&ReferentialAction::SetNull) && !after.nullable;
        if let Some(key) = table.foreign_keys.iter().filter(own).find(sets_null) {
            return refuse(key);
        }
        // Lengths of texts may grow; MariaDB alone refuses that.
        if before.ty.builtin_name() == after.ty.builtin_name() && is_unsigned(before) == is_unsigned(after) {
            return Ok(());
        }
        if let Some(key) = table.foreign_keys.iter().find(own) {
            return refuse(key);
        }
        for other in self.referrers(&table.name) {
            let keys = self.tables.get(&other).map(|other| other.foreign_keys.as_slice()).unwrap_or_default();
            let refers = |key: &&ForeignKey| key.target == table.name && key.target_columns.contains(&before.name);
            if let Some(key) = keys.iter().find(refers) {
                return refuse(key);
            }
        }
        Ok(())
    }

    /// MySQL drops the index that it made for a foreign key once another one serves it.
    pub(super) fn drop_index_made_for_key(&self, table: &mut Table, new: &Index) {
        if self.dialect != Dialect::MySql {
            return;
        }
        let made_for: Vec<Vec<String>> = table.foreign_keys.iter().map(|key| key.columns.clone()).collect();
        table.indexes.retain(|index| {
            let made = index.generated_name && !index.unique && !index.constraint;
            let columns: Vec<String> = index.parts.iter().filter_map(IndexPart::column).map(str::to_owned).collect();
            !(made && made_for.contains(&columns) && covers(self.dialect, &new.parts, &columns))
        });
    }

    /// Drops those foreign keys of a table that `goes` picks.
    pub(super) fn take_foreign_keys(&mut self, table: &Name, goes: impl Fn(&ForeignKey) -> bool) -> Vec<Effect> {
        let gone = self.change_table(table, |table| {
            let (gone, kept) = std::mem::take(&mut table.foreign_keys).into_iter().partition(&goes);
            table.foreign_keys = kept;
            gone
        });
        let gone: Vec<ForeignKey> = gone.unwrap_or_default();
        let dropped =
            |key: ForeignKey| Effect::ConstraintDropped { table: table.clone(), what: "foreign key", name: key.name };
        gone.into_iter().map(dropped).collect()
    }

    /// Before a key or unique index of `table` goes: foreign keys that have no other one to refer to hold it back, or
    /// go with it under CASCADE. `without` takes the key out of a copy of the table.
    pub(super) fn release_referrers(
        &mut self,
        table: &Name,
        columns: &[String],
        cascade: bool,
        without: impl FnOnce(&mut Table),
    ) -> Applied {
        if !matches!(self.dialect, Dialect::PostgreSql | Dialect::CockroachDb | Dialect::SqlServer) {
            return Ok(Vec::new());
        }
        let referrers = self.referrers(table);
        if referrers.is_empty() {
            return Ok(Vec::new());
        }
        let Some(mut rest) = self.tables.get(table).cloned() else { return Ok(Vec::new()) };
        without(&mut rest);
        let mut effects = Vec::new();
        for other in referrers {
            let needs = |key: &ForeignKey| {
                key.target == *table
                    && key.target_columns.len() == columns.len()
                    && key.target_columns.iter().all(|column| columns.contains(column))
            };
            let holds = self.tables.get(&other).is_some_and(|other| other.foreign_keys.iter().any(needs));
            if !holds || self.has_unique_on(&rest, columns) {
                continue;
            }
            if !cascade {
                return Err(refused(format!(
                    "a foreign key of {other} needs the key of {table} on ({})",
                    columns.join(", ")
                )));
            }
            effects.extend(self.take_foreign_keys(&other, needs));
        }
        Ok(effects)
    }
}

fn is_unsigned(column: &Column) -> bool {
    matches!(column.ty.kind, TypeKind::Builtin { unsigned: true, .. })
}

/// Whether an index begins with these columns, in this order, without prefix lengths.
pub(super) fn covers(dialect: Dialect, parts: &[IndexPart], columns: &[String]) -> bool {
    parts.len() >= columns.len()
        && columns.iter().zip(parts).all(|(column, part)| {
            part.length.is_none() && part.column().is_some_and(|name| dialect.same_column(name, column))
        })
}
