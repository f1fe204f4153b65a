//! Two forms of one thing: which of what is missing and what is too much belong together, and in what they differ.
//!
//! An engine drops a key whose action differs and makes it anew. A person changed one word of it, and is told of that word.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::{Aspect, Difference, Side};
use super::{Dialect, ForeignKey, Index, IndexOn, IndexPart, Key, Table, View};

/// What differs of an object that both sides have, in words that follow "declared" and "make it".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contrast {
    /// How it is declared.
    pub declared: String,
    /// How the migrations make it.
    pub replayed: String,
    /// Whether it is the name alone: an engine renames it then.
    pub renamed: bool,
}

impl Contrast {
    /// An object that differs in its name alone; `unnamed` tells of one that the migrations give none.
    pub(crate) fn renamed(declared: &str, replayed: Option<&str>, unnamed: &str) -> Self {
        let replayed = replayed.map_or_else(|| unnamed.to_owned(), with_name);
        Self { declared: with_name(declared), replayed, renamed: true }
    }
}

/// A table of the declared schema that the migrations make as a view: `word` is what the ecosystem calls a declared table.
pub(crate) fn view(declared: &Table, view: &View, word: &str) -> Difference {
    let what = if view.materialized { "materialized view" } else { "view" };
    let mut difference =
        Difference::new(Side::Changed, Aspect::Table, Some(declared.name.clone()), &declared.name.name);
    difference.replayed = Some(what.to_owned());
    difference.contrast =
        Some(Contrast { declared: format!("as a {word}"), replayed: format!("a {what}"), renamed: false });
    difference.declared_at.clone_from(&declared.place);
    difference.migrated_at.clone_from(&view.place);
    difference
}

fn with_name(name: &str) -> String {
    format!("with the name {name}")
}

/// Takes those out of the two lists that one key joins, where it joins exactly one of each: a second one could be meant
/// as well.
pub(crate) fn pair_up<'a, T, K: Ord>(
    missing: &mut Vec<&'a T>,
    extra: &mut Vec<&'a T>,
    key: impl Fn(&'a T) -> Option<K>,
) -> Vec<(&'a T, &'a T)> {
    let mut groups: BTreeMap<K, (Vec<&'a T>, Vec<&'a T>)> = BTreeMap::new();
    for one in missing.iter() {
        if let Some(key) = key(one) {
            groups.entry(key).or_default().0.push(one);
        }
    }
    for one in extra.iter() {
        if let Some(key) = key(one) {
            groups.entry(key).or_default().1.push(one);
        }
    }
    let pairs: Vec<(&'a T, &'a T)> = groups
        .into_values()
        .filter_map(|sides| match (sides.0.as_slice(), sides.1.as_slice()) {
            ([one], [other]) => Some((*one, *other)),
            _ => None,
        })
        .collect();
    let taken: BTreeSet<*const T> = pairs.iter().flat_map(|&(one, other)| [ptr(one), ptr(other)]).collect();
    missing.retain(|one| !taken.contains(&ptr(*one)));
    extra.retain(|one| !taken.contains(&ptr(*one)));
    pairs
}

fn ptr<T>(one: &T) -> *const T {
    one
}

/// The words of a contrast, side by side.
#[derive(Default)]
struct Words {
    declared: Vec<String>,
    replayed: Vec<String>,
}

impl Words {
    fn add(&mut self, declared: impl Into<String>, replayed: impl Into<String>) {
        let (declared, replayed) = (declared.into(), replayed.into());
        if declared != replayed {
            self.declared.push(declared);
            self.replayed.push(replayed);
        }
    }

    /// Names come last.
    fn finish(mut self, declared: Option<&str>, replayed: Option<&str>) -> Option<Contrast> {
        if let (Some(declared), Some(replayed)) = (declared, replayed) {
            self.add(with_name(declared), with_name(replayed));
        }
        (!self.declared.is_empty()).then(|| Contrast {
            declared: self.declared.join(" and "),
            replayed: self.replayed.join(" and "),
            renamed: false,
        })
    }
}

/// In what two foreign keys differ. The columns referred to are asked for, as a migration need not write them.
pub(crate) fn foreign_keys(
    dialect: Dialect,
    (declared, declared_columns): (&ForeignKey, &[String]),
    (replayed, replayed_columns): (&ForeignKey, &[String]),
) -> Option<Contrast> {
    let mut words = Words::default();
    let on = |key: &ForeignKey| format!("ON ({})", key.columns.join(", "));
    words.add(on(declared), on(replayed));
    let same_target = declared.target.schema == replayed.target.schema
        && dialect.same_name(&declared.target.name, &replayed.target.name);
    if !same_target || declared_columns != replayed_columns {
        let to = |key: &ForeignKey, columns: &[String]| format!("REFERENCES {} ({})", key.target, columns.join(", "));
        words.add(to(declared, declared_columns), to(replayed, replayed_columns));
    }
    let action = |what: &str, action: super::ReferentialAction| format!("ON {what} {}", action.as_sql());
    words.add(action("DELETE", declared.on_delete), action("DELETE", replayed.on_delete));
    words.add(action("UPDATE", declared.on_update), action("UPDATE", replayed.on_update));
    let deferrable = |key: &ForeignKey| match (key.deferrable, key.initially_deferred) {
        (_, true) => "DEFERRABLE INITIALLY DEFERRED",
        (true, false) => "DEFERRABLE",
        (false, false) => "NOT DEFERRABLE",
    };
    words.add(deferrable(declared), deferrable(replayed));
    let given = |key: &ForeignKey| key.name.clone().filter(|_| !key.generated_name);
    words.finish(given(declared).as_deref(), given(replayed).as_deref())
}

/// In what two indexes or unique constraints differ; whether one is a constraint matters to Alembic alone.
pub(crate) fn indexes(declared: &Index, replayed: &Index, constraints: bool) -> Option<Contrast> {
    let mut words = Words::default();
    let unique = |index: &Index| if index.unique { "UNIQUE" } else { "not UNIQUE" };
    words.add(unique(declared), unique(replayed));
    if constraints && declared.unique && replayed.unique {
        let sort = |index: &Index| if index.constraint { "as a constraint" } else { "as an index" };
        words.add(sort(declared), sort(replayed));
    }
    words.add(format!("ON {}", parts(&declared.parts)), format!("ON {}", parts(&replayed.parts)));
    let include = |index: &Index| match index.include.as_slice() {
        [] => "without INCLUDE".to_owned(),
        columns => format!("INCLUDE ({})", columns.join(", ")),
    };
    words.add(include(declared), include(replayed));
    let method = |index: &Index| format!("USING {}", index.method.as_deref().unwrap_or("btree"));
    words.add(method(declared), method(replayed));
    let clustered = |index: &Index| if index.clustered == Some(true) { "CLUSTERED" } else { "NONCLUSTERED" };
    words.add(clustered(declared), clustered(replayed));
    let nulls = |index: &Index| if index.nulls_not_distinct { "NULLS NOT DISTINCT" } else { "NULLS DISTINCT" };
    words.add(nulls(declared), nulls(replayed));
    let condition = |index: &Index| match &index.predicate {
        Some(condition) => format!("WHERE {condition}"),
        None => "without WHERE".to_owned(),
    };
    words.add(condition(declared), condition(replayed));
    words.finish(declared.name.as_deref(), replayed.name.as_deref())
}

/// In what two primary keys differ.
pub(crate) fn keys(declared: &Key, replayed: &Key) -> Option<Contrast> {
    let mut words = Words::default();
    words.add(format!("ON {}", parts(&declared.columns)), format!("ON {}", parts(&replayed.columns)));
    let clustered = |key: &Key| if key.clustered == Some(false) { "NONCLUSTERED" } else { "CLUSTERED" };
    words.add(clustered(declared), clustered(replayed));
    words.finish(declared.name.as_deref(), replayed.name.as_deref())
}

/// `(a, lower(b) desc)`
fn parts(parts: &[IndexPart]) -> String {
    let part = |part: &IndexPart| {
        let mut text = match &part.on {
            IndexOn::Column(name) => name.clone(),
            IndexOn::Expression(text) => text.clone(),
        };
        part.write_length_and_class(&mut text);
        if part.descending {
            text.push_str(" DESC");
        }
        text.push_str(match part.nulls_first {
            Some(true) => " NULLS FIRST",
            Some(false) => " NULLS LAST",
            None => "",
        });
        text
    };
    format!("({})", parts.iter().map(part).collect::<Vec<_>>().join(", "))
}
