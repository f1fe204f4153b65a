//! Indexes.

use super::{Applied, ApplyError, Effect, exists, missing, refused};
use crate::catalog::operation::Guard;
use crate::catalog::{Catalog, Dialect, Index, IndexPart, Name, ObjectName};
use crate::source::Place;

/// Where an index is: in a table's list, or as its primary key.
enum Found {
    At(Name, usize),
    PrimaryKey(Name),
    /// On a view: only the names of its indexes are kept.
    View(Name, Option<usize>),
}

impl Catalog {
    pub(super) fn create_index(
        &mut self,
        table: &ObjectName,
        index: &Index,
        concurrently: bool,
        place: &Place,
        guard: Guard,
    ) -> Applied {
        let Some(name) = self.resolve(&self.tables, table) else {
            return match self.resolve(&self.views, table) {
                Some(view) => self.create_view_index(&view, index, guard),
                None => Err(missing("the table", table)),
            };
        };
        let Some(found) = self.tables.get(&name) else { return Ok(Vec::new()) };
        // One that the database made for a foreign key gives way, under the same name as well.
        let mut draft = std::borrow::Cow::Borrowed(found);
        if self.dialect == Dialect::MySql {
            self.drop_index_made_for_key(draft.to_mut(), index);
        }
        let index = match self.attach_index(&draft, index, place) {
            Err(ApplyError::Exists { .. }) if guard == Guard::IfAbsent => return Ok(Vec::new()),
            other => other?,
        };
        let kept = index.clone();
        let dialect = self.dialect;
        if dialect == Dialect::MySql {
            if let Some(mut draft) = self.take_table(&name) {
                self.drop_index_made_for_key(&mut draft, &kept);
                draft.indexes.push(kept);
                self.put_table(draft);
            }
        } else {
            self.push_index(&name, kept);
        }
        Ok(vec![Effect::IndexAdded { table: name, index: Box::new(index), concurrently }])
    }

    /// An index on a materialized view: its name takes a place in the schema.
    fn create_view_index(&mut self, view: &Name, index: &Index, guard: Guard) -> Applied {
        self.need_indexable(view)?;
        if let Some(name) = &index.name {
            if let Some((what, made_at)) = self.relation(&Name::new(view.schema.clone(), name)) {
                return if guard == Guard::IfAbsent { Ok(Vec::new()) } else { Err(exists(what, name, made_at)) };
            }
            if let Some(view) = self.views.get_mut(view) {
                view.indexes.push(name.clone());
            }
            self.note_view_index(view);
        }
        Ok(vec![Effect::Other(format!("an index on the view {view}"))])
    }

    /// The table that holds an index, found by the index's name alone.
    pub(super) fn index_holder(&self, name: &ObjectName) -> Option<Name> {
        match self.dialect {
            Dialect::CockroachDb => self
                .tables
                .values()
                .filter(|table| name.schema.as_ref().is_none_or(|schema| *schema == table.name.schema))
                .find(|table| {
                    table.indexes.iter().any(|index| index.name.as_deref() == Some(&name.name))
                        || table.primary_key.as_ref().is_some_and(|key| key.name.as_deref() == Some(&name.name))
                })
                .map(|table| table.name.clone()),
            _ if !self.dialect.has_schemas() => self.holder(&Name::new("", &name.name)).cloned(),
            _ => match &name.schema {
                Some(schema) => self.holder(&Name::new(schema, &name.name)).cloned(),
                None => self
                    .search_path
                    .iter()
                    .chain(std::iter::once(&crate::catalog::TEMPORARY_SCHEMA.to_owned()))
                    .find_map(|schema| self.holder(&Name::new(schema, &name.name)))
                    .cloned(),
            },
        }
    }

    /// Finds an index by its name, in its table where the statement says which.
    fn find_index(&self, table: Option<&ObjectName>, name: &ObjectName) -> Result<Found, ApplyError> {
        let holder = match table {
            Some(table) => match self.resolve(&self.tables, table) {
                Some(found) => Some(found),
                None => match self.resolve(&self.views, table) {
                    Some(view) => return Ok(Found::View(view, None)),
                    None => return Err(missing("the table", table)),
                },
            },
            None => self.index_holder(name),
        };
        let Some(holder) = holder else {
            return match self.indexed_view(name) {
                Some((view, at)) => Ok(Found::View(view, Some(at))),
                None => Err(missing("the index", name)),
            };
        };
        let Some(table) = self.tables.get(&holder) else { return Err(missing("the index", name)) };
        if let Some(at) = table.indexes.iter().position(|index| {
            !(index.constraint && self.dialect == Dialect::Sqlite) && self.named(index.name.as_deref(), &name.name)
        }) {
            return Ok(Found::At(holder, at));
        }
        let primary = table.primary_key.as_ref().is_some_and(|key| {
            self.named(key.name.as_deref(), &name.name)
                || (self.dialect == Dialect::MySql && name.name.eq_ignore_ascii_case("PRIMARY"))
        });
        if primary { Ok(Found::PrimaryKey(holder)) } else { Err(missing("the index", name)) }
    }

    pub(super) fn drop_index(
        &mut self,
        name: &ObjectName,
        table: Option<&ObjectName>,
        cascade: bool,
        beside: &[Index],
        guard: Guard,
    ) -> Applied {
        // Elsewhere an index is found by its own name alone, whatever table is thought to have it.
        let table = table.filter(|_| matches!(self.dialect, Dialect::MySql | Dialect::SqlServer));
        let found = match self.find_index(table, name) {
            Err(ApplyError::Missing { .. }) if self.dialect == Dialect::PostgreSql && self.is_relation(name) => {
                return Err(refused(format!("{name} is no index")));
            }
            Err(ApplyError::Missing { .. }) if guard == Guard::IfPresent => return Ok(Vec::new()),
            other => other?,
        };
        match found {
            Found::View(view, at) => {
                if let (Some(view), Some(at)) = (self.views.get_mut(&view), at) {
                    view.indexes.remove(at);
                }
                Ok(vec![Effect::Other(format!("an index on the view {view}"))])
            }
            Found::PrimaryKey(holder) if self.dialect == Dialect::MySql => self.drop_constraint(
                &ObjectName::from(&holder),
                None,
                Some(crate::catalog::operation::ConstraintKind::PrimaryKey),
                cascade,
                Guard::None,
            ),
            Found::PrimaryKey(holder) => {
                Err(refused(format!("the index {name} cannot be dropped: it is the primary key of {holder}")))
            }
            Found::At(holder, at) => {
                let constraint = self.tables.get(&holder).is_some_and(|table| table.indexes[at].constraint);
                let refuses = matches!(self.dialect, Dialect::PostgreSql | Dialect::SqlServer);
                if constraint && refuses {
                    return Err(refused(format!(
                        "the index {name} cannot be dropped: a constraint of {holder} needs it"
                    )));
                }
                self.drop_index_at(&holder, at, cascade, beside)
            }
        }
    }

    /// Drops the index at a position of its table; `beside` are those that the same statement adds.
    pub(super) fn drop_index_at(&mut self, table: &Name, at: usize, cascade: bool, beside: &[Index]) -> Applied {
        let Some(index) = self.tables.get(table).and_then(|table| table.indexes.get(at)).cloned() else {
            return Ok(Vec::new());
        };
        if let Some(key) = self.key_in_need(table, &index.parts, |table| {
            table.indexes.remove(at);
            table.indexes.extend_from_slice(beside);
        }) && !cascade
        {
            let name = index.name.as_deref().unwrap_or_default();
            return Err(refused(format!("the index {name} of {table} cannot be dropped: {key} needs it")));
        }
        let mut effects = Vec::new();
        if index.unique {
            let columns: Vec<String> = index.parts.iter().filter_map(IndexPart::column).map(str::to_owned).collect();
            effects = self.release_referrers(table, &columns, cascade, |table| {
                table.indexes.remove(at);
            })?;
        }
        self.change_table(table, |table| {
            table.indexes.remove(at);
        });
        effects.push(Effect::IndexDropped { table: table.clone(), index: Box::new(index) });
        Ok(effects)
    }

    pub(super) fn rename_index(
        &mut self,
        table: Option<&ObjectName>,
        from: &ObjectName,
        to: &str,
        guard: Guard,
    ) -> Applied {
        let found = match self.find_index(table, from) {
            // PostgreSQL renames any relation so.
            Err(ApplyError::Missing { .. }) if self.dialect == Dialect::PostgreSql && self.is_relation(from) => {
                return self.rename_table(from, &ObjectName::bare(to), guard);
            }
            Err(ApplyError::Missing { .. }) if guard == Guard::IfPresent => return Ok(Vec::new()),
            other => other?,
        };
        let (Found::At(holder, _) | Found::PrimaryKey(holder) | Found::View(holder, _)) = &found;
        let holder = holder.clone();
        let in_schema = matches!(self.dialect, Dialect::PostgreSql | Dialect::Sqlite);
        if in_schema {
            self.free_renamed(&holder, &from.name, to)?;
        } else if !self.dialect.same_name(&from.name, to)
            && let Some(table) = self.tables.get(&holder)
        {
            self.free_index_name(table, to, false)?;
        }
        let new = Some(to.to_owned());
        match found {
            Found::View(_, at) => {
                let index = self.views.get_mut(&holder).zip(at).and_then(|(view, at)| view.indexes.get_mut(at));
                if let Some(index) = index {
                    to.clone_into(index);
                }
            }
            Found::PrimaryKey(_) => {
                self.change_table(&holder, |table| {
                    if let Some(key) = &mut table.primary_key {
                        key.name = new;
                    }
                });
            }
            Found::At(_, at) => {
                self.change_table(&holder, |table| {
                    if let Some(index) = table.indexes.get_mut(at) {
                        index.name = new;
                        index.generated_name = false;
                    }
                });
            }
        }
        Ok(vec![Effect::ObjectRenamed { table: holder, from: from.name.clone(), to: to.to_owned() }])
    }
}
