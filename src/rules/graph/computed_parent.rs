//! `computed-parent`.

use crate::finding::Finding;
use crate::history::HistoryProblemKind;
use crate::project::ProjectChange;
use crate::rules::history::{new_problems, problem_finding};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A `down_revision` (or `revision`, or `depends_on`) that is not written as a constant: it is computed, imported, or
    /// set under a condition, so that it cannot be known without running the file.
    ///
    /// ## Why it matters
    ///
    /// Every static tool, and every reader, loses the order there. Alembic itself evaluates it anew on each
    /// machine, so the order may differ between two of them; what follows cannot be judged and is listed as such. The
    /// checkers that read revisions by pattern take such a file for a second base
    /// ([Skyvern#2410](https://github.com/Skyvern-AI/skyvern/pull/2410) moved its own check to a manual one).
    ///
    /// ## Example that fails
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_add_age.py"
    /// import os
    ///
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = os.environ["PARENT"]
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
    /// Above the line:
    ///
    /// ```python
    /// # driftgate: allow computed-parent: chosen by the installer
    /// down_revision = os.environ["PARENT"]
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    new_problems(change, |kind| *kind == HistoryProblemKind::ComputedParent)
        .into_iter()
        .map(|problem| {
            let help = "write the parent's id as a string: down_revision = \"…\"".to_owned();
            problem_finding(RuleId::ComputedParent, problem, help)
                .because("the order of the revisions cannot be known without running the file")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn world() -> World {
        let message = "the down_revision of b2_a.py is computed";
        World::alembic().history_problem(HistoryProblemKind::ComputedParent, "alembic/versions/b2_a.py", message)
    }

    #[test]
    fn a_parent_that_is_computed_is_reported() {
        let findings = world().run(RuleId::ComputedParent);
        assert_eq!(findings[0].message, "the down_revision of b2_a.py is computed");
    }

    #[test]
    fn an_old_one_is_reported_for_the_whole_state_only() {
        assert!(world().commit().silent(RuleId::ComputedParent));
        assert_eq!(world().commit().whole_state().run(RuleId::ComputedParent).len(), 1);
    }

    #[test]
    fn a_written_parent_is_fine() {
        assert!(World::alembic().revision("b2_a", &["1a2b3c4d5e6f"]).silent(RuleId::ComputedParent));
    }
}
