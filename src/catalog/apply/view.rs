//! Views: made, dropped, renamed, and what they hold back.
//!
//! PostgreSQL drops nothing that a view reads, and changes no type of it, unless the view goes too
//! (<https://www.postgresql.org/docs/current/ddl-depend.html>). Other databases let a view break.

use std::collections::{BTreeMap, BTreeSet};

use super::{Applied, ApplyError, Effect, exists, missing, refused};
use crate::catalog::operation::{Guard, Reads};
use crate::catalog::{Catalog, Dialect, Name, ObjectName, View};
use crate::source::Place;

/// What holds something back, and what would go with it.
pub(super) struct Kept<'a> {
    /// The relation that is read.
    pub(super) relation: &'a Name,
    /// The column of it; none for the whole.
    pub(super) column: Option<&'a str>,
}

impl Catalog {
    pub(super) fn create_view(
        &mut self,
        name: &ObjectName,
        materialized: bool,
        replace: bool,
        reads: &Reads,
        place: &Place,
        guard: Guard,
    ) -> Applied {
        let name = self.new_name(name);
        self.need_schema(&name.schema)?;
        let replaces = replace && self.views.contains_key(&name);
        if let Some((what, made_at)) = self.relation(&name).filter(|_| !replaces) {
            return if guard == Guard::IfAbsent { Ok(Vec::new()) } else { Err(exists(what, &name, made_at)) };
        }
        // SQLite looks at what a view reads where the view is read.
        if self.dialect != Dialect::Sqlite {
            self.need_reads(reads, Some(&name))?;
        }
        self.free_type_name(&name)?;
        let types = reads.types.iter().filter_map(|ty| self.type_named(ty)).collect();
        let reads = self.columns_read(reads);
        let place = Some(place.clone());
        let view = View { name: name.clone(), materialized, reads, types, indexes: Vec::new(), place };
        self.views.insert(name.clone(), view);
        Ok(vec![Effect::Other(format!("the view {name}"))])
    }

    /// Refuses what reads a relation or a column that is not there; `view` is the one that the query makes.
    pub(super) fn need_reads(&self, reads: &Reads, view: Option<&Name>) -> Result<(), ApplyError> {
        if !matches!(self.dialect, Dialect::PostgreSql | Dialect::MySql | Dialect::Sqlite) {
            return Ok(());
        }
        // Extensions bring relations of their own.
        let may_be = |relation: &&ObjectName| {
            view.is_some_and(|view| view.name == relation.name)
                || !self.extensions.is_empty() && self.has_unknown_extension()
                || self.has_relation(relation)
        };
        if let Some(relation) = reads.relations.iter().find(|relation| !may_be(relation)) {
            return Err(missing("the table", relation));
        }
        let mut sure = reads.mentions.iter().filter(|mention| mention.sure);
        let lacking = sure.find_map(|mention| {
            let column = mention.column.as_ref()?;
            let lacks = |relation: &ObjectName| self.column_lacking(relation, std::slice::from_ref(column));
            let mut each = mention.of.scopes().flatten().map(lacks);
            let first = each.next()??;
            match each.next() {
                None => Some(first),
                Some(next) => (next.is_some() && each.all(|one| one.is_some())).then(|| column.clone()),
            }
        });
        lacking.map_or(Ok(()), |column| Err(missing("the column", column)))
    }

    /// The relations that a query reads, with the columns that can only be theirs.
    pub(super) fn columns_read(&self, reads: &Reads) -> BTreeMap<Name, BTreeSet<String>> {
        let find = |name: &ObjectName| self.resolve(&self.tables, name).or_else(|| self.resolve(&self.views, name));
        let mut found: BTreeMap<Name, BTreeSet<String>> =
            reads.relations.iter().filter_map(|relation| Some((find(relation)?, BTreeSet::new()))).collect();
        for mention in &reads.mentions {
            for candidates in mention.of.scopes() {
                let tables: BTreeSet<Name> = candidates.iter().filter_map(find).collect();
                let has = |name: &&Name| {
                    let table = self.tables.get(*name);
                    table.is_some_and(|table| {
                        mention.column.as_ref().is_none_or(|column| table.column(self.dialect, column).is_some())
                    })
                };
                let holders: Vec<&Name> = tables.iter().filter(has).collect();
                match (holders.as_slice(), &mention.column) {
                    ([], _) => {}
                    ([table], Some(column)) => {
                        found.entry((*table).clone()).or_default().insert(column.clone());
                        break;
                    }
                    (_, Some(_)) => break,
                    (tables, None) => {
                        for name in tables {
                            let columns = self.tables.get(*name).into_iter().flat_map(|table| &table.columns);
                            found.entry((*name).clone()).or_default().extend(columns.map(|one| one.name.clone()));
                        }
                        break;
                    }
                }
            }
        }
        found
    }

    /// The views that read it.
    fn views_on(&self, kept: &Kept<'_>) -> Vec<Name> {
        if !self.dialect.is_postgres_like() {
            return Vec::new();
        }
        let reads = |view: &&View| {
            let columns = view.reads.get(kept.relation);
            columns.is_some_and(|columns| kept.column.is_none_or(|column| columns.contains(column)))
        };
        self.views.values().filter(reads).map(|view| view.name.clone()).collect()
    }

    /// The first view that reads it, where it is not dropped by the same statement.
    pub(super) fn view_on(&self, kept: &Kept<'_>) -> Option<Name> {
        self.views_on(kept).into_iter().find(|view| !self.lookup.dropped_together.contains(view))
    }

    /// What reads it, as a message names it.
    pub(super) fn reader_of(&self, kept: &Kept<'_>) -> Option<String> {
        let view = self.view_on(kept).map(|view| format!("the view {view}"));
        view.or_else(|| self.attachment_on(kept))
    }

    /// Refuses to let something go that a view, a policy or a trigger reads, or lets that go with it.
    pub(super) fn release_views(&mut self, kept: &Kept<'_>, cascade: bool) -> Applied {
        if !cascade {
            return match self.reader_of(kept) {
                Some(reader) => {
                    let what = match kept.column {
                        Some(column) => format!("the column {}.{column}", kept.relation),
                        None => kept.relation.to_string(),
                    };
                    Err(refused(format!("{what} cannot be dropped: {reader} reads it")))
                }
                None => Ok(Vec::new()),
            };
        }
        self.drop_attachments_on(kept);
        let mut effects = Vec::new();
        for view in self.views_on(kept) {
            effects.extend(self.drop_view_and_more(&view)?);
        }
        Ok(effects)
    }

    /// Drops a view with the views that read it.
    fn drop_view_and_more(&mut self, view: &Name) -> Applied {
        self.views.remove(view);
        let mut effects = self.release_views(&Kept { relation: view, column: None }, true)?;
        effects.push(Effect::Other(format!("the view {view}")));
        Ok(effects)
    }

    /// Drops the views whose query casts to a type.
    pub(super) fn release_views_of_type(&mut self, ty: &Name, cascade: bool) -> Applied {
        let keeps = self.dialect.is_postgres_like();
        let of: Vec<Name> =
            self.views.values().filter(|view| keeps && view.types.contains(ty)).map(|view| view.name.clone()).collect();
        let mut effects = Vec::new();
        for view in of {
            if !cascade {
                return Err(refused(format!("the type {ty} cannot be dropped: the view {view} casts to it")));
            }
            effects.extend(self.drop_view_and_more(&view)?);
        }
        Ok(effects)
    }

    pub(super) fn drop_view(&mut self, name: &ObjectName, materialized: bool, cascade: bool, guard: Guard) -> Applied {
        let Some(found) = self.resolve(&self.views, name) else {
            if self.resolve(&self.tables, name).is_some() {
                return Err(refused(format!("{name} is a table")));
            }
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the view", name)) };
        };
        let is_materialized = self.views.get(&found).is_some_and(|view| view.materialized);
        if is_materialized != materialized && self.dialect == Dialect::PostgreSql {
            let is = if is_materialized { "a materialized view" } else { "no materialized view" };
            return Err(refused(format!("{found} is {is}")));
        }
        let mut effects = self.release_views(&Kept { relation: &found, column: None }, cascade)?;
        self.views.remove(&found);
        effects.push(Effect::Other(format!("the view {found}")));
        Ok(effects)
    }

    pub(super) fn rename_view(&mut self, from: &ObjectName, to: &str, guard: Guard) -> Applied {
        let Some(old) = self.resolve(&self.views, from) else {
            return if guard == Guard::IfPresent { Ok(Vec::new()) } else { Err(missing("the view", from)) };
        };
        let new = Name::new(old.schema.clone(), to);
        self.rename_view_to(&old, &new)
    }

    pub(super) fn rename_view_to(&mut self, old: &Name, new: &Name) -> Applied {
        if let Some((what, made_at)) = self.relation(new) {
            return Err(exists(what, new, made_at));
        }
        if let Some(mut view) = self.views.remove(old) {
            view.name = new.clone();
            if !view.indexes.is_empty() {
                self.note_view_index(new);
            }
            self.views.insert(new.clone(), view);
        }
        self.readers_follow_relation(old, new);
        Ok(vec![Effect::Other(format!("the view {new}"))])
    }

    /// Changes all that views, policies and triggers read.
    fn each_reads(&mut self, change: impl Fn(&mut BTreeMap<Name, BTreeSet<String>>)) {
        self.views.values_mut().for_each(|view| change(&mut view.reads));
        self.each_attached(|table| table.attachments.iter_mut().for_each(|one| change(&mut one.reads)));
    }

    /// What is read has another name now.
    pub(super) fn readers_follow_relation(&mut self, from: &Name, to: &Name) {
        self.each_reads(|reads| {
            if let Some(columns) = reads.remove(from) {
                reads.insert(to.clone(), columns);
            }
        });
    }

    /// The same for a column.
    pub(super) fn readers_follow_column(&mut self, table: &Name, from: &str, to: &str) {
        self.each_reads(|reads| {
            if let Some(columns) = reads.get_mut(table)
                && columns.remove(from)
            {
                columns.insert(to.to_owned());
            }
        });
    }

    /// The view that has an index of that name, with the index's position.
    pub(super) fn indexed_view(&self, name: &ObjectName) -> Option<(Name, usize)> {
        let in_path = |schema: &str| match &name.schema {
            Some(written) => written == schema,
            None => self.search_path.iter().any(|one| one == schema),
        };
        self.indexed_views().filter(|view| in_path(&view.name.schema)).find_map(|view| {
            let at = view.indexes.iter().position(|index| *index == name.name)?;
            Some((view.name.clone(), at))
        })
    }

    /// Refuses an index on a view that cannot have one.
    pub(super) fn need_indexable(&self, view: &Name) -> Result<(), ApplyError> {
        let materialized = self.views.get(view).is_some_and(|view| view.materialized);
        let keeps = self.dialect.is_postgres_like() || self.dialect == Dialect::MySql;
        if materialized || !keeps { Ok(()) } else { Err(refused(format!("{view} is a view: it cannot have an index"))) }
    }
}
