//! `renamed-table`.

use super::deeds::Deeds;
use super::{allow, finding};
use crate::catalog::apply::Effect;
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration gives a table that was there another name, or moves it to another schema.
    ///
    /// ## Why it matters
    ///
    /// Between the migration and the last restart, the old release asks for a table that is not there, and a rollback
    /// of the release does not bring it back. strong_migrations, Atlas (BC101), Squawk and django-migration-linter all stop
    /// here for that reason; the safe ways are to keep the name in the database (`@@map`, `__tablename__`) or to leave a
    /// view under the old one.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model Person {
    ///   id    Int    @id(map: "User_pkey") @default(autoincrement())
    ///   email String @unique(map: "User_email_key")
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_rename_user/migration.sql"
    /// ALTER TABLE "User" RENAME TO "Person";
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model Person {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///
    ///   @@map("User")
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_rename_user/migration.sql" deleted
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```sql
    /// -- driftgate: allow renamed-table: the service is stopped for this release
    /// ALTER TABLE "User" RENAME TO "Person";
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let deeds = &all.done;
    let renamed = deeds.iter().filter_map(|deed| match &deed.effect {
        Effect::TableRenamed { from, to } => Some((deed, from, to)),
        _ => None,
    });
    renamed
        .map(|(deed, from, to)| {
            let message = if from.name == to.name {
                format!("the table {from} is moved to the schema {}", to.schema)
            } else {
                format!("the table {from} is renamed to {to}")
            };
            let help = format!(
                "keep its name in the database and map the model to it, or leave a view under the old name; or say why:\n  {}",
                allow(change, RuleId::RenamedTable)
            );
            finding(RuleId::RenamedTable, &deed.place, from.to_string(), message, help)
                .because("code that still runs asks for the old name")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn a_table_that_was_there_is_reported() {
        for world in World::both() {
            let id = world.new_id();
            let findings = world.new_migration(id, "ALTER TABLE users RENAME TO people;").run(RuleId::RenamedTable);
            assert_eq!(findings[0].message, "the table users is renamed to people");
        }
    }

    #[test]
    fn a_move_to_another_schema_is_a_rename() {
        let sql = "CREATE SCHEMA auth; ALTER TABLE users SET SCHEMA auth;";
        let findings = World::prisma().new_migration("20260112090000_x", sql).run(RuleId::RenamedTable);
        assert_eq!(findings[0].message, "the table users is moved to the schema auth");
    }

    #[test]
    fn a_table_of_the_same_change_may_be_renamed() {
        let sql = "CREATE TABLE a (id INT); ALTER TABLE a RENAME TO b;";
        assert!(World::prisma().new_migration("20260112090000_x", sql).silent(RuleId::RenamedTable));
    }
}
