//! Differences of a form that stands elsewhere since before the change.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::difference::{Aspect, Difference, Kind};
use crate::catalog::{Catalog, ObjectName};
use crate::project::ProjectChange;

/// At how many other columns a difference must stand to be most probably no fault of theirs: a project whose every column of
/// a sort differs, and which is migrated all the same, is read wrongly, or has a custom that its own tool does not see.
const MOST_FAULTS: usize = 2;

/// How both sides have what differs.
type Form<'a> = (Kind, Option<&'a str>, Option<&'a str>);

/// A new difference of a form that stands elsewhere.
pub(super) struct Doubt<'a> {
    pub(super) difference: &'a Difference,
    /// At how many other columns.
    pub(super) count: usize,
    /// The first of them.
    pub(super) first: &'a Difference,
}

/// The differences of types and of defaults that stood before the change and stand unchanged after it, by their form.
pub(super) struct Standing<'a> {
    forms: BTreeMap<Form<'a>, Vec<&'a Difference>>,
    /// What was declared before.
    declared: Option<&'a Catalog>,
}

impl<'a> Standing<'a> {
    pub(super) fn of(change: &'a ProjectChange<'_>) -> Self {
        let mut forms: BTreeMap<Form<'a>, Vec<&'a Difference>> = BTreeMap::new();
        let Some(before) = change.before.filter(|_| !change.whole_state) else {
            return Self { forms, declared: None };
        };
        let is_asked = |one: &&Difference| one.certain && form(one).is_some();
        let after: BTreeSet<_> = change.after.gap.iter().filter(is_asked).map(Difference::identity).collect();
        for one in before.gap.iter().filter(is_asked).filter(|one| after.contains(&one.identity())) {
            if let Some(form) = form(one) {
                forms.entry(form).or_default().push(one);
            }
        }
        Self { forms, declared: Some(&before.declared.catalog) }
    }

    /// Whether a difference is one of a form that stands at enough other columns. A column that was there before, and that
    /// the change declares otherwise, is no custom of the project's.
    pub(super) fn doubt(&self, difference: &'a Difference) -> Option<Doubt<'a>> {
        if self.is_old(difference) {
            return None;
        }
        let others = self.forms.get(&form(difference)?)?;
        let is_other = |one: &&&Difference| (&one.table, &one.name) != (&difference.table, &difference.name);
        let count = others.iter().filter(is_other).count();
        let first = others.iter().find(is_other)?;
        (count > MOST_FAULTS).then_some(Doubt { difference, count, first })
    }
}

impl Standing<'_> {
    /// Whether a difference is about a column that was declared before.
    fn is_old(&self, difference: &Difference) -> bool {
        let table = || self.declared?.table(&ObjectName::from(difference.table.as_ref()?));
        let column = |catalog: &Catalog| table()?.column(catalog.dialect, &difference.name);
        self.declared.is_some_and(|catalog| column(catalog).is_some())
    }
}

/// The form of a difference of a type or a default.
fn form(difference: &Difference) -> Option<Form<'_>> {
    matches!(difference.kind.aspect, Aspect::Type | Aspect::Default).then_some((
        difference.kind,
        difference.declared.as_deref(),
        difference.replayed.as_deref(),
    ))
}
