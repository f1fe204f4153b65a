//! What happens to migrations that exist.

pub(super) mod identity;
mod python;
mod squash;

pub(super) mod conflicting_change;
pub(super) mod deleted_migration;
pub(super) mod edited_migration;
pub(super) mod empty_migration;
pub(super) mod lock_mismatch;
pub(super) mod missing_migration_file;
pub(super) mod out_of_order_migration;
pub(super) mod renamed_migration;

pub(super) use python::{Nothing, does_nothing};

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::history::{HistoryProblem, HistoryProblemKind};
use crate::project::ProjectChange;
use crate::rules::RuleId;

/// Problems of one kind that the change brings; under `--all` every one.
pub(super) fn new_problems<'a>(
    change: &'a ProjectChange<'_>,
    wanted: impl Fn(&HistoryProblemKind) -> bool,
) -> Vec<&'a HistoryProblem> {
    let known: BTreeSet<_> = change
        .before
        .iter()
        .flat_map(|state| &state.history.problems)
        .map(|problem| (&problem.path, problem.message.as_str()))
        .collect();
    let problems = change.after.history.problems.iter().filter(|problem| wanted(&problem.kind));
    problems.filter(|problem| !known.contains(&(&problem.path, problem.message.as_str()))).collect()
}

/// A finding in the words of a problem.
pub(super) fn problem_finding(rule: RuleId, problem: &HistoryProblem, help: String) -> Finding {
    let finding =
        Finding::new(rule, problem.path.clone(), problem.message.clone(), help).about(problem.path.to_string());
    match &problem.place {
        Some(place) => finding.at(place),
        None => finding,
    }
}
