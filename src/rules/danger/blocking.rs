//! What the rules about PostgreSQL's locks share.

use super::deeds::{Deed, Deeds};
use super::finding;
use crate::catalog::{Dialect, Name};
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::RuleId;

/// What a statement does under a lock that others wait for.
pub(super) struct Blocking<'a> {
    /// The table that is locked.
    pub(super) table: &'a Name,
    /// The name of what is built or checked; none where the database gives one.
    pub(super) name: Option<&'a str>,
    /// What it does, of the object as a finding names it.
    pub(super) message: Box<dyn FnOnce(&str) -> String + 'a>,
    /// How to do it without the lock.
    pub(super) help: String,
}

/// The findings of such a rule: PostgreSQL alone is known this well, and a table that the change made is nobody's to wait for.
pub(super) fn findings(
    change: &ProjectChange<'_>,
    rule: RuleId,
    judge: impl for<'a> Fn(&'a Deed) -> Option<Blocking<'a>>,
) -> Vec<Finding> {
    if change.project.dialect != Some(Dialect::PostgreSql) {
        return Vec::new();
    }
    let found = |deed: &Deed| {
        let Blocking { table, name, message, help } = judge(deed)?;
        let object = name.map_or_else(|| table.to_string(), |name| format!("{table}.{name}"));
        let message = message(&object);
        Some(finding(rule, &deed.place, object, message, help))
    };
    Deeds::of(change).done.iter().filter_map(found).collect()
}
