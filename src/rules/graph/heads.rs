//! Heads, and which of them are there on purpose.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{History, Migration};
use crate::rules::RuleSettings;

/// The heads of a history that its branch labels do not account for, in the history's order; none where they are as many
/// as the settings allow.
pub(super) fn excess(history: &History, settings: &RuleSettings) -> Vec<String> {
    let mut heads: Vec<(&str, BTreeSet<&str>)> =
        history.heads().into_iter().map(|head| (head, labels(history, head))).collect();
    // A head that few labels speak for takes one first, so that a label goes where it is needed.
    let order: Vec<&str> = heads.iter().map(|(head, _)| *head).collect();
    heads.sort_by_key(|(head, labels)| (labels.len(), order.iter().position(|other| other == head)));
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut rest: Vec<&str> = Vec::new();
    for (head, labels) in &heads {
        match labels.iter().find(|label| !taken.contains(**label)) {
            Some(label) => {
                taken.insert(label);
            }
            None => rest.push(head),
        }
    }
    // A label of the policy that no revision carries may be the branch of another package.
    let unseen = settings.head_labels.iter().filter(|label| !taken.contains(label.as_str())).count();
    if rest.len() <= settings.max_heads as usize + unseen {
        return Vec::new();
    }
    order.into_iter().filter(|head| rest.contains(head)).map(str::to_owned).collect()
}

/// The branch labels of a revision: its own and those of all it descends from, as Alembic hands them down.
fn labels<'a>(history: &'a History, id: &'a str) -> BTreeSet<&'a str> {
    let by_id: BTreeMap<&str, &Migration> = history.migrations.iter().map(|m| (m.id.as_str(), m)).collect();
    ancestors(&by_id, id)
        .into_iter()
        .filter_map(|id| by_id.get(id))
        .flat_map(|migration| migration.labels.iter().map(String::as_str))
        .collect()
}

/// A revision and everything it descends from.
fn ancestors<'a>(by_id: &BTreeMap<&'a str, &'a Migration>, id: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        if seen.insert(id)
            && let Some(migration) = by_id.get(id)
        {
            open.extend(migration.parents.iter().map(String::as_str));
        }
    }
    seen
}

/// Those revisions and everything they descend from.
pub(super) fn ancestors_of<'a>(history: &'a History, ids: impl IntoIterator<Item = &'a String>) -> BTreeSet<&'a str> {
    let by_id: BTreeMap<&str, &Migration> = history.migrations.iter().map(|m| (m.id.as_str(), m)).collect();
    ids.into_iter().flat_map(|id| ancestors(&by_id, id)).collect()
}

/// Whether one revision descends from another, or is it.
pub(super) fn descends(history: &History, id: &str, from: &str) -> bool {
    let by_id: BTreeMap<&str, &Migration> = history.migrations.iter().map(|m| (m.id.as_str(), m)).collect();
    ancestors(&by_id, id).contains(from)
}
