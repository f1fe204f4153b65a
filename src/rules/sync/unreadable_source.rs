//! `unreadable-source`.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::history::HistoryProblemKind;
use crate::project::{ProjectChange, ProjectState, SourceProblem};
use crate::rules::{RuleId, RuleSettings};
use crate::source::{Place, RepoPath};

page! {
    /// ## What it stops
    ///
    /// A schema, a model or a migration that does not parse: conflict markers, a syntax error, a Git LFS pointer in
    /// place of the text, a file among the revisions that Alembic refuses, a layout of a newer Prisma. Nothing can be
    /// proved about a project whose files cannot be read, so this is an error of its own. A file that becomes
    /// Python 2 by the change is told as well, where the project was of Python 3; what it says is read all the same.
    ///
    /// ## Why it matters
    ///
    /// Conflict markers in a revision were merged into the main branch of
    /// [Clawith#599](https://github.com/dataelement/Clawith/pull/599); every start of the service imports all
    /// revisions and failed.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    /// <<<<<<< HEAD
    ///   email String @unique
    /// =======
    ///   email String? @unique
    /// >>>>>>> feature
    /// }
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    /// }
    /// ```
    ///
    /// ## How to allow it
    ///
    /// A file that is no part of the project is better left out by `exclude`:
    ///
    /// ```toml
    /// exclude = ["backend/alembic/versions/broken_on_purpose.py"]
    /// ```
}

/// A problem, whichever side of the project it is on.
struct Problem<'a> {
    path: &'a RepoPath,
    message: &'a str,
    help: &'a str,
    place: Option<&'a Place>,
}

fn problems(state: &ProjectState) -> Vec<Problem<'_>> {
    let declared = state.declared.problems.iter().map(|SourceProblem { path, place, message, help }| Problem {
        path,
        message,
        help,
        place: place.as_ref(),
    });
    let history = state.history.problems.iter().filter_map(|problem| {
        let help = match problem.kind {
            HistoryProblemKind::Unreadable => "correct the file, or take it out of the commit",
            HistoryProblemKind::NotARevision => {
                "give it a `revision` and a `down_revision`, or move it out of the folder of revisions"
            }
            HistoryProblemKind::Unsupported => {
                "this layout cannot be judged yet; name the projects that can in driftgate.toml"
            }
            _ => return None,
        };
        Some(Problem { path: &problem.path, message: &problem.message, help, place: problem.place.as_ref() })
    });
    declared.chain(history).collect()
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let before: Vec<Problem<'_>> = change.before.map(problems).unwrap_or_default();
    let known: BTreeSet<(&RepoPath, &str)> = before.iter().map(|problem| (problem.path, problem.message)).collect();
    let unreadable = problems(change.after)
        .into_iter()
        .filter(|problem| {
            // An old problem in a file that the change touches stands between it and a verdict.
            let touched = change.touched.iter().any(|(changed, _)| changed.path == *problem.path);
            touched || !known.contains(&(problem.path, problem.message))
        })
        .map(|problem| {
            let message = format!("{} cannot be read: {}", problem.path, problem.message);
            let finding = Finding::new(RuleId::UnreadableSource, problem.path.clone(), message, problem.help)
                .about(problem.path.to_string())
                .because("what cannot be read cannot be compared");
            match problem.place {
                Some(place) => finding.at(place),
                None => finding,
            }
        });
    unreadable.chain(outdated(change)).collect()
}

/// Files that are of an older language since the change: they are read as what they were meant for, and whoever runs another
/// stops at them. A project that had one before runs that language.
fn outdated<'a>(change: &'a ProjectChange<'_>) -> impl Iterator<Item = Finding> + 'a {
    let is_of_old = change.before.is_some_and(|state| outdated_files(state).next().is_some());
    outdated_files(change.after).filter(move |_| !is_of_old).map(|(path, place, complaint)| {
        let message = format!("{path} cannot be read by Python 3: {complaint}");
        let finding = Finding::new(RuleId::UnreadableSource, path.clone(), message, "correct the syntax")
            .about(path.to_string())
            .because("what it declares is compared, but Python 3 stops at it");
        match place {
            Some(place) => finding.at(place),
            None => finding,
        }
    })
}

fn outdated_files(state: &ProjectState) -> impl Iterator<Item = (&RepoPath, Option<&Place>, &str)> {
    let declared = state.declared.outdated.iter();
    let declared = declared.map(|problem| (&problem.path, problem.place.as_ref(), problem.message.as_str()));
    let history = state.history.problems.iter().filter(|problem| problem.kind == HistoryProblemKind::Outdated);
    declared.chain(history.map(|problem| (&problem.path, problem.place.as_ref(), problem.message.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn a_schema_with_conflict_markers_is_reported() {
        for world in World::both() {
            let findings =
                world.touch_schema().schema_problem("this line is a conflict marker").run(RuleId::UnreadableSource);
            assert_eq!(findings.len(), 1);
            assert!(findings[0].message.ends_with("cannot be read: this line is a conflict marker"));
        }
    }

    #[test]
    fn a_migration_that_does_not_parse_is_reported() {
        let world = World::alembic().history_problem(HistoryProblemKind::Unreadable, "alembic/versions/x.py", "no");
        assert_eq!(world.run(RuleId::UnreadableSource)[0].path.as_str(), "alembic/versions/x.py");
        let world = World::alembic().history_problem(HistoryProblemKind::ComputedParent, "alembic/versions/x.py", "no");
        assert!(world.silent(RuleId::UnreadableSource));
    }

    #[test]
    fn an_old_problem_in_an_untouched_file_is_not_reported() {
        let world = World::prisma().schema_problem("a syntax error").commit();
        assert!(world.clone().silent(RuleId::UnreadableSource));
        assert_eq!(world.clone().touch_schema().run(RuleId::UnreadableSource).len(), 1);
        assert_eq!(world.whole_state().run(RuleId::UnreadableSource).len(), 1);
    }
}
