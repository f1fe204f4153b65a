//! What the names of a query may be of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::ObjectName;
use crate::catalog::operation::{Mention, Reads, Sources};

/// The names that WITH gives to queries, those of the queries around included.
#[derive(Default)]
pub(in crate::sql) struct Known<'a> {
    pub(in crate::sql) names: BTreeSet<String>,
    pub(in crate::sql) outer: Option<&'a Known<'a>>,
}

impl Known<'_> {
    pub(super) fn contains(&self, name: &str) -> bool {
        std::iter::successors(Some(self), |known| known.outer).any(|known| known.names.contains(name))
    }
}

/// A column as a query names it.
pub(super) struct Named {
    pub(super) qualifier: Option<String>,
    pub(super) column: String,
    /// Whether it stands where nothing but a column can.
    pub(super) alone: bool,
    /// Whether it is selected: there no column is meant by the name that the SELECT gives it.
    pub(super) is_item: bool,
}

impl Named {
    /// One without its relation.
    pub(super) fn column(column: String) -> Self {
        Self { qualifier: None, column, alone: false, is_item: false }
    }
}

/// One SELECT with what stands in it.
#[derive(Default)]
pub(super) struct Scope {
    /// What its FROM names: the alias, and the relation where it is one.
    pub(super) sources: Vec<(String, Option<ObjectName>)>,
    /// Names of columns.
    pub(super) named: Vec<Named>,
    /// Columns that a JOIN … USING names: they are of both sides.
    pub(super) shared: Vec<String>,
    /// `*`, and `a.*` by its alias.
    pub(super) stars: Vec<Option<String>>,
    /// Names that the SELECT gives to its columns.
    pub(super) given: BTreeSet<String>,
    pub(super) inner: Vec<Scope>,
}

/// A scope with those around it.
pub(super) struct Around<'a> {
    /// The relation that each alias stands for, where it is one.
    aliases: BTreeMap<&'a str, Option<Arc<Sources>>>,
    sources: Arc<Sources>,
    /// Whether relations are all that there is to select from, here and around.
    whole: bool,
    outer: Option<&'a Around<'a>>,
}

impl<'a> Around<'a> {
    fn new(scope: &'a Scope, outer: Option<&'a Around<'a>>) -> Self {
        let relations: Vec<ObjectName> = scope.sources.iter().filter_map(|(_, relation)| relation.clone()).collect();
        let whole = relations.len() == scope.sources.len() && outer.is_none_or(|outer| outer.whole);
        let mut aliases: BTreeMap<&str, Option<Arc<Sources>>> = BTreeMap::new();
        for (alias, relation) in &scope.sources {
            // Of two that are called alike the first is meant.
            let alone = || relation.as_ref().map(|one| Arc::new(Sources::new(vec![one.clone()], None)));
            aliases.entry(alias).or_insert_with(alone);
        }
        let sources = Arc::new(Sources::new(relations, outer.map(|outer| Arc::clone(&outer.sources))));
        Self { aliases, sources, whole, outer }
    }

    /// What an alias stands for, in the nearest scope that gives it.
    fn aliased(&self, alias: &str) -> Option<&Option<Arc<Sources>>> {
        std::iter::successors(Some(self), |around| around.outer).find_map(|around| around.aliases.get(alias))
    }
}

impl Scope {
    /// Finds out which relations each name may be of.
    pub(super) fn settle(&self, outer: Option<&Around<'_>>, reads: &mut Reads) {
        let around = Around::new(self, outer);
        for Named { qualifier, column, alone, is_item } in &self.named {
            let (of, sure) = match qualifier {
                Some(qualifier) => (around.aliased(qualifier).cloned().flatten(), true),
                None => {
                    // The name of a relation is its whole row.
                    let other = !is_item && self.given.contains(column) || around.aliased(column).is_some();
                    (Some(Arc::clone(&around.sources)), *alone && around.whole && !other)
                }
            };
            if let Some(of) = of.filter(|of| !of.is_empty()) {
                reads.mentions.push(Mention { column: Some(column.clone()), of, sure });
            }
        }
        let own = self.sources.iter().filter_map(|(_, relation)| relation.clone());
        let each: Vec<Arc<Sources>> = own.map(|relation| Arc::new(Sources::new(vec![relation], None))).collect();
        for column in &self.shared {
            let of = each.iter().map(|of| Mention { column: Some(column.clone()), of: Arc::clone(of), sure: false });
            reads.mentions.extend(of);
        }
        for star in &self.stars {
            let all: Vec<Arc<Sources>> = match star {
                Some(qualifier) => around.aliased(qualifier).cloned().flatten().into_iter().collect(),
                None => each.clone(),
            };
            reads.mentions.extend(all.into_iter().map(|of| Mention { column: None, of, sure: false }));
        }
        for inner in &self.inner {
            inner.settle(Some(&around), reads);
        }
    }
}
