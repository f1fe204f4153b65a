//! Alembic's revision graph.

mod heads;

pub(super) mod computed_parent;
pub(super) mod duplicate_revision;
pub(super) mod missing_downgrade;
pub(super) mod missing_parent;
pub(super) mod multiple_bases;
pub(super) mod multiple_heads;
pub(super) mod overlong_revision;
pub(super) mod revision_cycle;
pub(super) mod unmerged_head;

use crate::finding::Finding;
use crate::history::{History, HistoryProblemKind, Migration};
use crate::project::ProjectChange;
use crate::rules::RuleId;

/// A finding about a revision, at its `down_revision` where that is what it is about.
fn finding(rule: RuleId, migration: &Migration, message: String, help: String) -> Finding {
    let path = migration.source.as_ref().map_or(&migration.path, |source| source.path()).clone();
    let finding = Finding::new(rule, path, message, help).about(migration.id.clone());
    match migration.parents_place.as_ref().or(migration.place.as_ref()) {
        Some(place) => finding.at(place),
        None => finding,
    }
}

/// Whether a history has an order at all: without one, heads and bases mean nothing.
fn has_order(history: &History) -> bool {
    !history.problems.iter().any(|problem| {
        matches!(
            problem.kind,
            HistoryProblemKind::MissingParent(_)
                | HistoryProblemKind::DuplicateId(_)
                | HistoryProblemKind::Cycle(_)
                | HistoryProblemKind::ComputedParent
                | HistoryProblemKind::Unreadable
        )
    })
}

/// The history that is judged: as it would be after a merge where that is known.
fn judged<'a>(change: &'a ProjectChange<'_>) -> &'a History {
    change.merged.unwrap_or(&change.after.history)
}

/// A revision as a person tells it from others: `1a2b3c (add users)`.
fn describe(history: &History, id: &str) -> String {
    match history.get(id) {
        Some(migration) if migration.name != id => {
            let words = migration.name.replace(id, "");
            let words = words.trim_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '-')).replace('_', " ");
            if words.is_empty() { id.to_owned() } else { format!("{id} ({words})") }
        }
        _ => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn a_revision_without_a_message_is_called_by_its_id() {
        let described = |name: &str| {
            World::alembic()
                .revision(name, &["1a2b3c4d5e6f"])
                .with_change(|change| describe(&change.after.history, "b2"))
        };
        assert_eq!(described("b2_add_users"), "b2 (add users)");
        assert_eq!(described("b2_"), "b2");
    }
}
