//! `missing-migration-file`.

use super::{new_problems, problem_finding};
use crate::finding::Finding;
use crate::history::HistoryProblemKind;
use crate::project::ProjectChange;
use crate::rules::text::shell_word;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A directory among the migrations that holds files and no `migration.sql`.
    ///
    /// ## Why it matters
    ///
    /// Every command of `prisma migrate` that reads the history stops at such a directory (P3015), the deployment
    /// among them: [prisma/orm#5170](https://github.com/prisma/orm/issues/5170). It comes about when a script is renamed,
    /// when only a note beside it is committed, or when an ignore pattern takes `*.sql`.
    ///
    /// ## Example that fails
    ///
    /// ```text title="prisma/migrations/20260112090000_add_age_to_user/notes.txt"
    /// The script follows.
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Prisma takes no exception here. Material beside the migrations belongs into another folder; where the directory
    /// is not applied by Prisma at all:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "missing-migration-file"
    /// path = "prisma/migrations/drafts"
    /// reason = "removed by the build before prisma runs"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    new_problems(change, |kind| *kind == HistoryProblemKind::MissingFile)
        .into_iter()
        .map(|problem| {
            let lying = change
                .leftovers
                .iter()
                .find(|leftover| leftover.path.is_under(&problem.path) && leftover.path.file_name() == "migration.sql");
            let help = match lying {
                Some(leftover) => format!("git add {}", shell_word(&leftover.path)),
                None => format!("write {}, or delete the directory", problem.path.join("migration.sql")),
            };
            problem_finding(RuleId::MissingMigrationFile, problem, help)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::LeftoverKind;
    use crate::rules::testing::World;

    fn world() -> World {
        let message = "the migration directory 20260112090000_x has no migration.sql";
        World::prisma().history_problem(HistoryProblemKind::MissingFile, "prisma/migrations/20260112090000_x", message)
    }

    #[test]
    fn a_directory_without_its_script_is_reported() {
        let findings = world().run(RuleId::MissingMigrationFile);
        assert_eq!(findings[0].message, "the migration directory 20260112090000_x has no migration.sql");
        assert_eq!(findings[0].path.as_str(), "prisma/migrations/20260112090000_x");
    }

    #[test]
    fn a_script_that_was_not_added_is_named() {
        let path = "prisma/migrations/20260112090000_x/migration.sql";
        let findings = world().leftover(path, LeftoverKind::Untracked).run(RuleId::MissingMigrationFile);
        assert_eq!(findings[0].help, format!("git add {path}"));
    }

    #[test]
    fn an_old_one_is_reported_for_the_whole_state_only() {
        assert!(world().commit().silent(RuleId::MissingMigrationFile));
        assert_eq!(world().commit().whole_state().run(RuleId::MissingMigrationFile).len(), 1);
        assert!(World::prisma().silent(RuleId::MissingMigrationFile));
    }
}
