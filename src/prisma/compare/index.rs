//! Indexes that both sides have, that one side has, and that bear another name (`TableDiffer`).

use std::collections::BTreeMap;

use super::{Comparison, Pair, in_table, or_table, text};
use crate::catalog::contrast::{self, Contrast, pair_up};
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::catalog::{Dialect, Index, IndexPart, Object, Table};

/// How an index is made that has no name of its own.
const AUTOINDEX: &str = "as a UNIQUE constraint, whose index SQLite names by itself";

impl<'a> Comparison<'a> {
    pub(super) fn indexes(&mut self, pair: Pair<'a>) {
        let declared: Vec<&Index> = pair.declared.indexes.iter().collect();
        let mut replayed: Vec<&Index> =
            pair.replayed.indexes.iter().filter(|index| self.is_reported(pair.replayed, index)).collect();
        replayed.sort_by(|a, b| a.name.cmp(&b.name));
        let (declared_on, replayed_on) = (by_columns(&declared), by_columns(&replayed));
        let is_made = |index: &&Index| on(&replayed_on, index).iter().any(|other| self.same_index(index, other));
        let is_wanted = |index: &&Index| on(&declared_on, index).iter().any(|other| self.same_index(other, index));
        let mut missing: Vec<&Index> = declared.iter().copied().filter(|index| !is_made(index)).collect();
        // What has the name of one that is wanted stands in its place, whether the engine sees it or not.
        let is_seen = |index: &&Index| self.is_reported(pair.replayed, index);
        let mut others: Vec<&Index> =
            pair.replayed.indexes.iter().filter(|index| !(is_seen(index) && is_wanted(index))).collect();
        let mut changed = pair_up(&mut missing, &mut others, |index| index.name.as_deref());
        let mut extra = others;
        extra.retain(|index| is_seen(index) && !self.is_let_be(pair, index));
        changed.extend(pair_up(&mut missing, &mut extra, |index| Some(columns(index))));
        for (wanted, made) in changed {
            self.changed_index(pair, wanted, made, contrast::indexes(wanted, made, false));
        }
        for index in missing {
            let mut difference = index_difference(Side::Missing, pair, index);
            difference.declared = Some(text::index(index));
            difference.declared_at = or_table(index.place.as_ref(), pair.declared);
            self.note(difference, &objects(pair, index));
        }
        for index in extra {
            let mut difference = index_difference(Side::Extra, pair, index);
            difference.replayed = Some(text::index(index));
            difference.migrated_at = or_table(index.place.as_ref(), pair.replayed);
            self.note(difference, &objects(pair, index));
        }
        let mut doubles: BTreeMap<(Vec<&str>, &str), usize> = BTreeMap::new();
        for index in &replayed {
            *doubles.entry((columns(index), kind(index))).or_default() += 1;
        }
        for index in &replayed {
            let Some(other) = on(&declared_on, index).iter().find(|other| self.same_index(other, index)) else {
                continue;
            };
            // The engine renames no index that has a double.
            if doubles.get(&(columns(index), kind(index))) != Some(&1) {
                continue;
            }
            // The index of a unique constraint of SQLite is `sqlite_autoindex_…`, whatever the constraint is called.
            let autoindex = self.dialect() == Dialect::Sqlite && index.constraint;
            if other.name == index.name && !autoindex {
                continue;
            }
            let Some(name) = other.name.as_deref() else { continue };
            let there = index.name.as_deref().filter(|_| !autoindex);
            self.changed_index(pair, other, index, Some(Contrast::renamed(name, there, AUTOINDEX)));
        }
    }

    fn changed_index(&mut self, pair: Pair<'_>, wanted: &Index, made: &Index, contrast: Option<Contrast>) {
        let mut difference = index_difference(Side::Changed, pair, wanted);
        difference.declared = Some(text::index(wanted));
        difference.replayed = Some(text::index(made));
        difference.contrast = contrast;
        difference.declared_at = or_table(wanted.place.as_ref(), pair.declared);
        difference.migrated_at = or_table(made.place.as_ref(), pair.replayed);
        self.note_pair(difference, [&objects(pair, wanted), &objects(pair, made)]);
    }

    /// Whether the describer reports an index: those with expressions it leaves out, and those with a condition before
    /// version 7 (`indexes_query.sql`).
    fn is_reported(&self, table: &Table, index: &Index) -> bool {
        let partial = index.predicate.is_some();
        let gone = partial && !self.options.partial_indexes && (self.options.prisma_major < 7 || !self.keeps_partial());
        // SQLite and the others know no such columns; PostgreSQL reports INCLUDE columns among the others.
        let known = index
            .parts
            .iter()
            .all(|part| part.column().is_some_and(|name| table.columns.iter().any(|c| c.name == name)));
        known && !gone
    }

    /// Whether the engine of version 7 sees an index with a condition as one without, where the preview feature is off.
    fn keeps_partial(&self) -> bool {
        matches!(self.dialect(), Dialect::PostgreSql | Dialect::Sqlite)
    }

    /// Whether an index that nothing declares is left where it is: one with a condition, and in MySQL the one that
    /// serves a foreign key.
    fn is_let_be(&self, pair: Pair<'_>, index: &Index) -> bool {
        if index.predicate.is_some() && !self.options.partial_indexes {
            return true;
        }
        if self.dialect() != Dialect::MySql || index.method.is_some() {
            return false;
        }
        pair.replayed.foreign_keys.iter().any(|key| {
            let columns = index.parts.iter().filter_map(IndexPart::column);
            let covers = key.columns.len() <= index.parts.len() && key.columns.iter().zip(columns).all(|(a, b)| a == b);
            covers && (self.options.prisma_major < 6 || index.generated_name || index.name == key.name)
        })
    }

    /// Whether two indexes on the same columns differ by name at most (`indexes_match`).
    fn same_index(&self, declared: &Index, replayed: &Index) -> bool {
        let parts = declared.parts.iter().zip(&replayed.parts).all(|(a, b)| {
            let lengths = self.dialect() != Dialect::MySql || a.length == b.length;
            lengths && a.descending == b.descending
        });
        parts
            && kind(declared) == kind(replayed)
            && self.same_details(declared, replayed)
            && self.same_condition(declared, replayed)
    }

    fn same_details(&self, declared: &Index, replayed: &Index) -> bool {
        match self.dialect() {
            Dialect::PostgreSql | Dialect::CockroachDb => {
                let (next, prev) = (algorithm(declared), algorithm(replayed));
                // The describer reads no operator class of a B-tree or hash index, so the engine takes a declared one
                // for new each time; only another one than the migrations' is told.
                let plain = matches!(prev, "btree" | "hash");
                next == prev
                    && declared.parts.iter().zip(&replayed.parts).all(|(a, b)| {
                        let (next, prev) = (class(next, a), class(prev, b));
                        next == prev || (plain && next.is_none())
                    })
            }
            Dialect::SqlServer => declared.clustered.unwrap_or(false) == replayed.clustered.unwrap_or(false),
            Dialect::MySql | Dialect::Sqlite | Dialect::Oracle => true,
        }
    }

    fn same_condition(&self, declared: &Index, replayed: &Index) -> bool {
        if !self.options.partial_indexes || self.dialect() == Dialect::CockroachDb {
            return true;
        }
        match (&declared.predicate, &replayed.predicate) {
            (Some(a), Some(b)) => condition(a) == condition(b),
            (None, None) => true,
            _ => false,
        }
    }
}

fn index_difference(side: Side, pair: Pair<'_>, index: &Index) -> Difference {
    in_table(side, Aspect::Index, pair, index.name.as_deref().unwrap_or_default())
}

/// What a doubt about an index is about.
fn objects<'p>(pair: Pair<'p>, index: &'p Index) -> Vec<Object<'p>> {
    let columns = index.parts.iter().filter_map(IndexPart::column);
    let columns = columns.map(|column| Object::Column(&pair.declared.name, column));
    std::iter::once(Object::Table(&pair.declared.name)).chain(columns).collect()
}

/// The columns of an index as the describer reports them: INCLUDE columns are among them.
fn columns(index: &Index) -> Vec<&str> {
    let parts = index.parts.iter().map(|part| part.column().unwrap_or_default());
    parts.chain(index.include.iter().map(String::as_str)).collect()
}

/// Indexes by their columns.
type ByColumns<'i> = BTreeMap<Vec<&'i str>, Vec<&'i Index>>;

/// Some indexes by their columns: a table that means harm has ten thousand, and each is held against its like alone.
fn by_columns<'i>(indexes: &[&'i Index]) -> ByColumns<'i> {
    let mut found = ByColumns::new();
    for index in indexes {
        found.entry(columns(index)).or_default().push(index);
    }
    found
}

/// Those on the columns of an index.
fn on<'m, 'i>(indexes: &'m ByColumns<'i>, index: &'i Index) -> &'m [&'i Index] {
    indexes.get(&columns(index)).map(Vec::as_slice).unwrap_or_default()
}

/// `IndexType`: fulltext and spatial indexes of MySQL are kinds of their own.
fn kind(index: &Index) -> &str {
    match index.method.as_deref() {
        Some("fulltext") => "fulltext",
        _ if index.unique => "unique",
        _ => "normal",
    }
}

/// The access methods that the engine knows; any other is a B-tree to it (`index_from_row`).
fn algorithm(index: &Index) -> &str {
    match index.method.as_deref() {
        Some(method @ ("hash" | "gin" | "gist" | "spgist" | "brin")) => method,
        Some("inverted") => "gin",
        _ => "btree",
    }
}

/// The operator class of a part, where it is not the default of its access method.
fn class<'p>(algorithm: &str, part: &'p IndexPart) -> Option<&'p str> {
    let class = part.operator_class.as_deref()?;
    let class = class.rsplit('.').next().unwrap_or(class);
    // All others of a method are the default of one type each: `jsonb_ops`, `gist_ltree_ops`, `int4_minmax_ops`.
    let is_default = match algorithm {
        "gin" => !matches!(class, "jsonb_path_ops" | "gin_trgm_ops" | "gin__int_ops"),
        "brin" => !(class.ends_with("_bloom_ops") || class.ends_with("_multi_ops")),
        "spgist" => class != "kd_point_ops",
        "gist" => {
            !(matches!(class, "inet_ops" | "gist__intbig_ops" | "gist_geometry_ops_nd")
                || class.starts_with("gist_trgm_ops"))
        }
        _ => false,
    };
    (!is_default).then_some(class)
}

/// A condition without the blanks, parentheses and quotes in which equal ones differ.
fn condition(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut literal = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            literal = !literal;
            words.push(c);
        } else if literal {
            words.push(c);
        } else if c == ':' && chars.peek() == Some(&':') {
            chars.next();
            while chars.peek().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '"' | '[' | ']')) {
                chars.next();
            }
            words.push(' ');
        } else if c.is_whitespace() || matches!(c, '(' | ')' | '"') {
            words.push(' ');
        } else if c == '!' && chars.peek() == Some(&'=') {
            chars.next();
            words.push_str(" <> ");
        } else if c.is_alphanumeric() || c == '_' || c == '.' {
            words.extend(c.to_lowercase());
        } else {
            let double = chars.peek().is_some_and(|next| {
                !next.is_alphanumeric() && !next.is_whitespace() && !matches!(next, '(' | ')' | '\'' | '"')
            });
            words.push(' ');
            words.push(c);
            if double {
                words.extend(chars.next());
            }
            words.push(' ');
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::condition;

    #[test]
    fn conditions_are_compared_without_what_databases_add() {
        assert_eq!(condition("x > 3 and not d"), condition("((x > 3) AND (NOT d))"));
        assert_eq!(condition("\"deletedAt\" IS NULL"), condition("(\"deletedAt\" is null)"));
        assert_eq!(condition("a='x'"), condition("(a = 'x'::text)"));
        assert_eq!(condition("a != 1"), condition("(a <> 1)"));
        assert_ne!(condition("a = 'x'"), condition("a = 'X'"));
        assert_ne!(condition("a > 1"), condition("a >= 1"));
    }
}
