//! `missing-parent`.

use super::judged;
use crate::finding::Finding;
use crate::history::{History, HistoryProblemKind, Migration};
use crate::project::ProjectChange;
use crate::rules::history::{new_problems, problem_finding};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// `down_revision` or `depends_on` names a revision that is not there: it was deleted, it lies in the working
    /// directory, it is on another branch, or the name is not an id.
    ///
    /// ## Why it matters
    ///
    /// Alembic stops with a `KeyError` before it does anything, on every command. In
    /// [open-ace#1184](https://github.com/open-ace/open-ace/pull/1184) the file's name stood where its revision id
    /// belongs, and installations could not be upgraded; 14 of 51 public projects' histories have had such a parent.
    ///
    /// ## Example that fails
    ///
    /// ```python title="alembic/versions/b2c3d4e5f6a7_add_age.py"
    /// revision = "b2c3d4e5f6a7"
    /// down_revision = "1a2b3c4d5e6f_create_users"
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
    /// Where the parent lives in the versions of another package:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "missing-parent"
    /// path = "plugins/billing/versions"
    /// reason = "its parents are installed with the core package"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    new_problems(change, |kind| matches!(kind, HistoryProblemKind::MissingParent(_)))
        .into_iter()
        .filter(|problem| !is_unread(change, &problem.kind))
        .map(|problem| {
            let HistoryProblemKind::MissingParent(id) = &problem.kind else {
                return problem_finding(RuleId::MissingParent, problem, String::new());
            };
            let help = match meant(&change.after.history, id) {
                Some(meant) => format!("did you mean down_revision = \"{}\" ({})?", meant.id, meant.name),
                None if judged(change).get(id).is_some() => {
                    format!("{id} is on the base branch: bring the branch up to date with it")
                }
                None => lying(change, id).unwrap_or_else(|| {
                    format!("commit the revision {id} with this change, or name a revision that is there")
                }),
            };
            problem_finding(RuleId::MissingParent, problem, help)
        })
        .collect()
}

/// Whether the parent is there, in a file that cannot be read (`unreadable-source`).
fn is_unread(change: &ProjectChange<'_>, kind: &HistoryProblemKind) -> bool {
    let HistoryProblemKind::MissingParent(id) = kind else { return false };
    let unread = change.after.history.problems.iter().filter(|one| one.kind == HistoryProblemKind::Unreadable);
    unread.filter_map(|one| one.place.as_ref()).any(|place| {
        let mut lines = place.source.text().lines().filter(|line| line.trim_start().starts_with("revision"));
        lines.any(|line| line.split(['"', '\'']).any(|part| part == id))
    })
}

/// The revision that a wrong name most likely means: by its file name, by a part of its id, by one slip of the keyboard.
fn meant<'a>(history: &'a History, id: &str) -> Option<&'a Migration> {
    let by_name = |migration: &&Migration| migration.name == id || migration.name.starts_with(&format!("{id}."));
    let by_part = |migration: &&Migration| id.len() >= 4 && migration.id.starts_with(id);
    let by_slip = |migration: &&Migration| id.len() >= 6 && strsim::damerau_levenshtein(&migration.id, id) <= 1;
    let all = || history.migrations.iter();
    all().find(by_name).or_else(|| all().find(by_part)).or_else(|| all().find(by_slip))
}

/// What to run where the parent lies in the working directory.
fn lying(change: &ProjectChange<'_>, id: &str) -> Option<String> {
    let migration = change.with_leftovers?.history.get(id)?;
    Some(format!("git add {}", crate::rules::text::shell_word(&migration.path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn world(id: &str) -> World {
        let kind = HistoryProblemKind::MissingParent(id.to_owned());
        let message = format!("the revision c3 comes after {id}, which is not there");
        World::alembic().revision("c3_a", &[id]).history_problem(kind, "alembic/versions/c3_a.py", &message)
    }

    #[test]
    fn a_parent_that_is_not_there_is_reported() {
        let findings = world("zz99").run(RuleId::MissingParent);
        assert_eq!(findings[0].message, "the revision c3 comes after zz99, which is not there");
        assert!(findings[0].help.starts_with("commit the revision zz99"), "{}", findings[0].help);
    }

    #[test]
    fn what_was_most_likely_meant_is_said() {
        for wrong in ["1a2b3c4d5e6f_create_users", "1a2b3c", "1a2b3c4d5e67"] {
            let findings = world(wrong).run(RuleId::MissingParent);
            assert_eq!(
                findings[0].help, "did you mean down_revision = \"1a2b3c4d5e6f\" (1a2b3c4d5e6f_create_users)?",
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_old_one_is_reported_for_the_whole_state_only() {
        assert!(world("zz99").commit().silent(RuleId::MissingParent));
        assert_eq!(world("zz99").commit().whole_state().run(RuleId::MissingParent).len(), 1);
        assert!(World::alembic().revision("b2_a", &["1a2b3c4d5e6f"]).silent(RuleId::MissingParent));
    }

    #[test]
    fn a_parent_whose_file_cannot_be_read_is_there() {
        let message = "the down_revision `b2` of c3 is not among the revisions";
        let missing = HistoryProblemKind::MissingParent("b2".to_owned());
        let told = |text: &str| {
            let world = World::alembic().history_problem(missing.clone(), "alembic/versions/c3.py", message);
            world.unreadable_revision("alembic/versions/b2.py", text).run(RuleId::MissingParent).len()
        };
        assert_eq!(told("\"\"\"Open\nrevision = 'b2'\ndown_revision = None\n"), 0);
        assert_eq!(told("\"\"\"Open\nrevision = 'b22'\ndown_revision = 'b2'\n"), 1);
    }
}
