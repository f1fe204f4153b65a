//! `revision-cycle`.

use crate::finding::Finding;
use crate::history::HistoryProblemKind;
use crate::project::ProjectChange;
use crate::rules::history::{new_problems, problem_finding};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// Revisions that descend from themselves, by `down_revision` or by `depends_on`.
    ///
    /// ## Why it matters
    ///
    /// Alembic refuses every command (`CycleDetected`, `LoopDetected`). It is made by re-parenting by hand: both of two
    /// revisions are hung behind the other after a rebase. One of 51 public projects had shipped a real one; Alembic's own
    /// checks for it go back to [alembic#757](https://github.com/sqlalchemy/alembic/issues/757).
    ///
    /// ## Example that fails
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_add_age.py"
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = "c3d4e5f6a7b8"
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ```python title="alembic/versions/c3d4e5f6a7b8_add_name.py"
    /// revision = "c3d4e5f6a7b8"
    /// down_revision = "b2c3d4e5f6a7"
    ///
    ///
    /// def upgrade():
    ///     pass
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_add_age.py"
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
    /// There is nothing to allow: Alembic does not run with a cycle. A file that is kept for reference alone can be left out:
    ///
    /// ```toml
    /// exclude = ["alembic/versions/old"]
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    new_problems(change, |kind| matches!(kind, HistoryProblemKind::Cycle(_)))
        .into_iter()
        .map(|problem| {
            let help = match &problem.kind {
                HistoryProblemKind::Cycle(ids) if ids.len() == 1 => {
                    "name the revision that it really comes after as its down_revision".to_owned()
                }
                HistoryProblemKind::Cycle(ids) => {
                    format!("hang one of {} behind a revision outside the circle", ids.join(", "))
                }
                _ => String::new(),
            };
            problem_finding(RuleId::RevisionCycle, problem, help)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn world(ids: &[&str]) -> World {
        let kind = HistoryProblemKind::Cycle(ids.iter().map(|&id| id.to_owned()).collect());
        World::alembic().history_problem(kind, "alembic/versions/b2_a.py", "these revisions come after themselves")
    }

    #[test]
    fn a_circle_is_reported_with_its_revisions() {
        let findings = world(&["b2", "c3"]).run(RuleId::RevisionCycle);
        assert_eq!(findings[0].help, "hang one of b2, c3 behind a revision outside the circle");
    }

    #[test]
    fn a_revision_behind_itself_is_reported() {
        assert!(world(&["b2"]).run(RuleId::RevisionCycle)[0].help.starts_with("name the revision"));
    }

    #[test]
    fn an_old_circle_is_reported_for_the_whole_state_only() {
        assert!(world(&["b2", "c3"]).commit().silent(RuleId::RevisionCycle));
        assert_eq!(world(&["b2", "c3"]).commit().whole_state().run(RuleId::RevisionCycle).len(), 1);
        assert!(World::alembic().silent(RuleId::RevisionCycle));
    }
}
