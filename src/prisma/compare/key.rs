//! Primary keys and foreign keys.

use super::{Comparison, Pair, in_table, or_table, text};
use crate::catalog::contrast::{self, Contrast, pair_up};
use crate::catalog::difference::{Aspect, Difference, Kind, Side};
use crate::catalog::{Catalog, Dialect, ForeignKey, Index, IndexPart, Key, Object, ObjectName, Table};

impl<'a> Comparison<'a> {
    pub(super) fn primary_key(&mut self, pair: Pair<'a>) {
        let (declared, replayed) = (pair.declared.primary_key.as_ref(), pair.replayed.primary_key.as_ref());
        let side = match (declared, replayed) {
            (None, None) => return,
            (Some(_), None) => Side::Missing,
            (None, Some(_)) => Side::Extra,
            (Some(declared), Some(replayed)) => {
                if self.same_key(declared, replayed) {
                    return;
                }
                Side::Changed
            }
        };
        let name = declared.or(replayed).and_then(|key| key.name.as_deref()).unwrap_or_default();
        let mut difference = in_table(side, Aspect::PrimaryKey, pair, name);
        difference.declared = declared.map(text::key);
        difference.replayed = replayed.map(text::key);
        difference.contrast =
            declared.zip(replayed).and_then(|(declared, replayed)| contrast::keys(declared, replayed));
        if let Some(key) = declared {
            difference.declared_at = or_table(key.place.as_ref(), pair.declared);
        }
        if let Some(key) = replayed {
            difference.migrated_at = or_table(key.place.as_ref(), pair.replayed);
        }
        self.note(difference, &[Object::Table(&pair.declared.name)]);
    }

    /// Columns, order and prefix lengths, the clustering in SQL Server, and the name where keys have one
    /// (`primary_key_changed`, `renamed_primary_key`).
    fn same_key(&self, declared: &Key, replayed: &Key) -> bool {
        let columns = declared.columns.len() == replayed.columns.len()
            && declared.columns.iter().zip(&replayed.columns).all(|(a, b)| {
                let lengths = self.dialect() != Dialect::MySql || a.length == b.length;
                // `PRAGMA table_info` says nothing of a key's order.
                let ordered = self.dialect() == Dialect::Sqlite || a.descending == b.descending;
                a.column() == b.column() && ordered && lengths
            });
        let has_names = matches!(self.dialect(), Dialect::PostgreSql | Dialect::CockroachDb | Dialect::SqlServer);
        let same_name = !has_names || declared.name.is_none() || declared.name == replayed.name;
        let clustered = self.dialect() != Dialect::SqlServer
            || declared.clustered.unwrap_or(true) == replayed.clustered.unwrap_or(true);
        columns && same_name && clustered
    }

    pub(super) fn foreign_keys(&mut self, pair: Pair<'a>) {
        let declared: Vec<&ForeignKey> = pair.declared.foreign_keys.iter().collect();
        let mut replayed: Vec<&ForeignKey> =
            pair.replayed.foreign_keys.iter().filter(|key| self.is_seen(key)).collect();
        // The describer reports them by name, and the first one that matches is the pair.
        replayed.sort_by(|a, b| a.name.cmp(&b.name));
        let is_made = |key: &ForeignKey| replayed.iter().any(|other| self.same_foreign_key(key, other));
        let is_wanted = |key: &ForeignKey| declared.iter().any(|other| self.same_foreign_key(other, key));
        let mut missing: Vec<&ForeignKey> = declared.iter().copied().filter(|key| !is_made(key)).collect();
        let mut extra: Vec<&ForeignKey> = replayed.iter().copied().filter(|key| !is_wanted(key)).collect();
        // The engine drops and makes anew what a person calls one key with another action or target.
        let mut changed = pair_up(&mut missing, &mut extra, |key| key.name.as_deref());
        let dialect = self.dialect();
        let target = |key: &ForeignKey| Some((key.columns.clone(), dialect.folded(&key.target.name)));
        changed.extend(pair_up(&mut missing, &mut extra, target));
        changed.extend(pair_up(&mut missing, &mut extra, |key| Some(&key.columns)));
        for (wanted, made) in changed {
            let target = self.target_columns(made);
            let contrast = contrast::foreign_keys(dialect, (wanted, &wanted.target_columns), (made, &target));
            self.changed_foreign_key(pair, wanted, made, contrast);
        }
        for key in missing {
            let mut difference =
                in_table(Side::Missing, Aspect::ForeignKey, pair, key.name.as_deref().unwrap_or_default());
            difference.declared = Some(text::foreign_key(key));
            difference.declared_at = or_table(key.place.as_ref(), pair.declared);
            self.note(difference, &objects(pair, key));
        }
        for key in extra {
            let mut difference =
                in_table(Side::Extra, Aspect::ForeignKey, pair, key.name.as_deref().unwrap_or_default());
            difference.replayed = Some(text::foreign_key(key));
            difference.migrated_at = or_table(key.place.as_ref(), pair.replayed);
            self.note(difference, &objects(pair, key));
        }
        if self.dialect() == Dialect::Sqlite || is_join_table(pair.declared) && is_join_table(pair.replayed) {
            return;
        }
        let mut taken = vec![false; declared.len()];
        for key in replayed {
            let at = (0..declared.len()).find(|&at| !taken[at] && self.same_foreign_key(declared[at], key));
            let Some(at) = at else { continue };
            taken[at] = true;
            let other = declared[at];
            let (Some(name), Some(there)) = (&other.name, &key.name) else { continue };
            if name != there {
                self.changed_foreign_key(pair, other, key, Some(Contrast::renamed(name, Some(there), "")));
            }
        }
    }

    fn changed_foreign_key(
        &mut self,
        pair: Pair<'_>,
        wanted: &ForeignKey,
        made: &ForeignKey,
        contrast: Option<Contrast>,
    ) {
        let name = wanted.name.as_deref().or(made.name.as_deref()).unwrap_or_default();
        let mut difference = in_table(Side::Changed, Aspect::ForeignKey, pair, name);
        difference.declared = Some(text::foreign_key(wanted));
        difference.replayed = Some(text::foreign_key(made));
        difference.contrast = contrast;
        difference.declared_at = or_table(wanted.place.as_ref(), pair.declared);
        difference.migrated_at = or_table(made.place.as_ref(), pair.replayed);
        self.note_pair(difference, [&objects(pair, wanted), &objects(pair, made)]);
    }

    /// Whether the describer reports a foreign key: not where its target is no table (SQLite), nor where it lies in a
    /// schema that is not looked into.
    fn is_seen(&self, key: &ForeignKey) -> bool {
        self.manages(&key.target.schema) && (self.dialect() != Dialect::Sqlite || self.target(key).is_some())
    }

    fn target(&self, key: &ForeignKey) -> Option<&'a Table> {
        let exact = self.replayed.tables.get(&key.target);
        let written = || self.replayed.table(&ObjectName::from(&key.target));
        exact.or_else(written)
    }

    /// `foreign_keys_match`: target, columns and actions; names are compared for pairs alone.
    fn same_foreign_key(&self, declared: &ForeignKey, replayed: &ForeignKey) -> bool {
        let folds = self.dialect() == Dialect::MySql;
        let tables = declared.target.name == replayed.target.name
            || (folds && declared.target.name.eq_ignore_ascii_case(&replayed.target.name));
        tables
            && declared.columns == replayed.columns
            && declared.target_columns == self.target_columns(replayed)
            && declared.on_delete == replayed.on_delete
            && declared.on_update == replayed.on_update
    }

    /// The columns referred to; the primary key's where none are written.
    fn target_columns(&self, key: &ForeignKey) -> Vec<String> {
        if !key.target_columns.is_empty() {
            return key.target_columns.clone();
        }
        let primary = self.target(key).and_then(|table| table.primary_key.as_ref());
        let columns = primary.into_iter().flat_map(|key| key.columns.iter().filter_map(IndexPart::column));
        columns.map(str::to_owned).collect()
    }
}

/// What a doubt about a foreign key is about.
fn objects<'p>(pair: Pair<'p>, key: &'p ForeignKey) -> Vec<Object<'p>> {
    let columns = key.columns.iter().map(|column| Object::Column(&pair.declared.name, column));
    std::iter::once(Object::Table(&pair.declared.name)).chain(columns).collect()
}

/// Makes uncertain what differs where a relation's table has the unique index of Prisma before 6 in place of the primary key
/// that is declared: either guards the same rows, and which of them is right depends on a version that is not known.
pub(crate) fn take_either_key(found: &mut [Difference], declared: &Catalog, replayed: &Catalog) {
    for difference in found {
        let is_key = match difference.kind {
            Kind { side: Side::Missing, aspect: Aspect::PrimaryKey } => true,
            Kind { side: Side::Extra, aspect: Aspect::Index } => false,
            _ => continue,
        };
        let tables = difference.table.as_ref().and_then(|name| {
            let there = replayed.tables.get(name).or_else(|| replayed.table(&ObjectName::from(name)));
            Some((declared.tables.get(name)?, there?))
        });
        let Some((declared, replayed)) = tables.filter(|(declared, _)| is_relation_table(declared)) else { continue };
        let guards = |index: &&Index| {
            let both = index.parts.iter().filter_map(IndexPart::column).eq(["A", "B"]);
            both && index.unique && index.predicate.is_none()
        };
        let guard = replayed.indexes.iter().find(guards).filter(|_| replayed.primary_key.is_none());
        let is_guard = |index: &Index| is_key || index.name.as_deref() == Some(difference.name.as_str());
        if declared.primary_key.is_some() && guard.is_some_and(is_guard) {
            difference.certain = false;
        }
    }
}

/// Whether a declared table is that of a many-to-many relation: by its columns, and by the `_` that its name begins with.
pub(crate) fn is_relation_table(table: &Table) -> bool {
    table.name.name.starts_with('_') && is_join_table(table)
}

/// The join table of an implicit many-to-many relation, by its columns (`is_prisma_implicit_m2m_fk`).
fn is_join_table(table: &Table) -> bool {
    table.columns.len() == 2 && ["A", "B"].iter().all(|name| table.columns.iter().any(|column| column.name == *name))
}
