//! `duplicate-revision`.

use super::finding;
use crate::finding::Finding;
use crate::history::HistoryProblemKind;
use crate::project::ProjectChange;
use crate::rules::history::{new_problems, problem_finding};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// Two files with one revision id: in the same folder, or one of them on the tip of the base branch.
    ///
    /// ## Why it matters
    ///
    /// Alembic prints a warning and ignores one of the two files: its changes never happen. Ids that are counted by hand
    /// (`0125`) collide whenever two branches are open:
    /// [stash#717](https://github.com/Fergana-Labs/stash/pull/717) had every deployment broken within an hour of the second
    /// merge.
    ///
    /// ## Example that fails
    ///
    /// ```python title="alembic/versions/add_age.py"
    /// revision = "1a2b3c4d5e6f"
    /// down_revision = None
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="alembic/versions/add_age.py"
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = "1a2b3c4d5e6f"
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Alembic takes one of the two in any case; where the other is kept on purpose:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "duplicate-revision"
    /// path = "alembic/versions/old"
    /// reason = "copies that the release script reads; alembic does not look there"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let mut findings: Vec<Finding> = new_problems(change, |kind| matches!(kind, HistoryProblemKind::DuplicateId(_)))
        .into_iter()
        .map(|problem| {
            let help = match &problem.kind {
                HistoryProblemKind::DuplicateId(id) => format!(
                    "give one of them an id of its own, and every down_revision = \"{id}\" that means it; a new id:\n  \
                     python -c \"import uuid; print(uuid.uuid4().hex[-12:])\""
                ),
                _ => String::new(),
            };
            problem_finding(RuleId::DuplicateRevision, problem, help)
        })
        .collect();
    // The other one may have arrived on the base meanwhile, in a file of another name.
    let known = |id: &str| change.before.is_some_and(|before| before.history.get(id).is_some());
    for migration in change.new_migrations() {
        let Some(other) = change.base.and_then(|base| base.get(&migration.id)) else { continue };
        if known(&migration.id) || other.path == migration.path || same_text(migration, other) {
            continue;
        }
        let message =
            format!("the revision id {} is taken on the base branch, by {}", migration.id, other.path.file_name());
        let help = "give this revision an id of its own, and a parent on the base branch".to_owned();
        findings.push(
            finding(RuleId::DuplicateRevision, migration, message, help)
                .because("alembic ignores one of two files with the same id"),
        );
    }
    findings
}

/// Whether it is the same revision under another file name.
fn same_text(a: &crate::history::Migration, b: &crate::history::Migration) -> bool {
    match (&a.source, &b.source) {
        (Some(a), Some(b)) => a.text() == b.text(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn two_files_with_one_id_are_reported() {
        let kind = HistoryProblemKind::DuplicateId("b2".to_owned());
        let world =
            World::alembic().history_problem(kind, "alembic/versions/b2_b.py", "b2_a.py and b2_b.py are both b2");
        let findings = world.run(RuleId::DuplicateRevision);
        assert_eq!(findings[0].message, "b2_a.py and b2_b.py are both b2");
        assert!(world.commit().silent(RuleId::DuplicateRevision));
    }

    #[test]
    fn an_id_that_the_base_has_taken_is_reported() {
        let world = World::alembic().revision("0125_slack", &["1a2b3c4d5e6f"]).becomes_base();
        let world = world.revision_with("0125_github", &["1a2b3c4d5e6f"], |m| m.id = "slack".to_owned());
        let findings = world.run(RuleId::DuplicateRevision);
        assert_eq!(findings[0].message, "the revision id slack is taken on the base branch, by 0125_slack.py");
    }

    #[test]
    fn ids_of_their_own_are_fine() {
        let world = World::alembic().revision("b2_a", &["1a2b3c4d5e6f"]).becomes_base();
        assert!(world.clone().revision("c3_b", &["1a2b3c4d5e6f"]).silent(RuleId::DuplicateRevision));
        assert!(world.revision("b2_a", &["1a2b3c4d5e6f"]).silent(RuleId::DuplicateRevision), "the same file");
    }
}
