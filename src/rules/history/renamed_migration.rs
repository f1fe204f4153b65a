//! `renamed-migration`.

use super::identity::renames;
use crate::finding::{Finding, Level};
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::text::shell_word;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A migration that exists on the base branch got another name (Prisma) or another revision id (Alembic). A file that
    /// Alembic knows by the same id may have another name: that is only noted.
    ///
    /// ## Why it matters
    ///
    /// A database knows a migration by its name or id and by nothing else. Under a new one it is a migration that was never
    /// applied: it runs again and fails on what is already there, and the old one is missing. 41 commits in 54 public
    /// Prisma repositories renamed directories; the advice in
    /// [prisma/orm#11376](https://github.com/prisma/orm/issues/11376) is to restore what source control had.
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/20260105093000_create_users/migration.sql" deleted
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260105093000_create_the_users/migration.sql"
    /// CREATE TABLE "User" (
    ///     "id" SERIAL NOT NULL,
    ///     "email" TEXT NOT NULL,
    ///
    ///     CONSTRAINT "User_pkey" PRIMARY KEY ("id")
    /// );
    ///
    /// CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260105093000_create_the_users/migration.sql" deleted
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260105093000_create_users/migration.sql"
    /// CREATE TABLE "User" (
    ///     "id" SERIAL NOT NULL,
    ///     "email" TEXT NOT NULL,
    ///
    ///     CONSTRAINT "User_pkey" PRIMARY KEY ("id")
    /// );
    ///
    /// CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "renamed-migration"
    /// object = "20260105093000_create_users"
    /// reason = "its row was renamed on both databases by hand"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let base = if change.base.is_some() { "on the base branch" } else { "in the history" };
    renames(change)
        .into_iter()
        .map(|rename| {
            let (before, after) = (rename.before, rename.after);
            let same_id = before.id == after.id;
            let (message, reason) = if same_id {
                (
                    format!(
                        "the file of the migration {}, which exists {base}, is now called {}",
                        before.name, after.name
                    ),
                    "Alembic knows it by its revision id, which is the same",
                )
            } else if change.project.ecosystem == EcosystemKind::Alembic && before.path == after.path {
                (
                    format!("the migration {} exists {base} and got the revision id {}", before.id, after.id),
                    "databases know it by its old id, and will look for it",
                )
            } else {
                (
                    format!("the migration {} exists {base} and is now called {}", before.name, after.name),
                    "databases know it by its old name: under the new one it runs again",
                )
            };
            let help = if before.path == after.path {
                format!("give it back its revision id: revision = \"{}\"", before.id)
            } else {
                format!("git mv {} {}", shell_word(&after.path), shell_word(&before.path))
            };
            let path = after.source.as_ref().map_or(&after.path, |source| source.path()).clone();
            let mut finding =
                Finding::new(RuleId::RenamedMigration, path, message, help).because(reason).about(before.name.clone());
            if same_id {
                finding.level = Level::Note;
            }
            finding
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn the_same_text_under_another_name_is_a_rename() {
        let world = World::prisma().migration_text("20260112090000_x", "SELECT 1;\n").commit();
        let world = world.delete_migration("20260112090000_x").migration_text("20260113090000_y", "SELECT 1;\r\n");
        let findings = world.run(RuleId::RenamedMigration);
        assert_eq!(
            findings[0].message,
            "the migration 20260112090000_x exists in the history and is now called 20260113090000_y"
        );
        assert_eq!(findings[0].help, "git mv prisma/migrations/20260113090000_y prisma/migrations/20260112090000_x");
        let world = World::alembic().migration_text("b2_x", "revision = 'b2'").commit();
        let world = world.delete_migration("b2_x").migration_text("c3_x", "revision = 'c3'");
        assert_eq!(world.run(RuleId::RenamedMigration)[0].level, Level::Error);
    }

    #[test]
    fn a_file_under_the_same_revision_id_is_only_noted() {
        let world = World::alembic().migration_text("b2_x", "revision = 'b2'").commit();
        let world = world.delete_migration("b2_x").migration_text("b2_y", "revision = 'b2'");
        assert_eq!(world.run(RuleId::RenamedMigration)[0].level, Level::Note);
    }

    #[test]
    fn a_deletion_beside_a_new_migration_is_no_rename() {
        let world = World::prisma().migration_text("20260112090000_x", "SELECT 1;").commit();
        let world = world.delete_migration("20260112090000_x").migration_text("20260113090000_y", "SELECT 2;");
        assert!(world.silent(RuleId::RenamedMigration));
        let world = World::prisma().becomes_base().migration_text("20260112090000_x", "SELECT 1;").commit();
        let world = world.delete_migration("20260112090000_x").migration_text("20260113090000_y", "SELECT 1;");
        assert!(world.silent(RuleId::RenamedMigration), "only the branch has it");
    }
}
