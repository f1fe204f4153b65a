//! `renamed-column`.

use super::deeds::Deeds;
use super::{allow, finding};
use crate::catalog::apply::Effect;
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration gives a column that was there another name.
    ///
    /// ## Why it matters
    ///
    /// Between the migration and the last restart, the old release asks for a column that is not there, in every query
    /// on the table: the error that [umami#1406](https://github.com/umami-software/umami/issues/1406) shows after an upgrade. The
    /// safe ways are to keep the name in the database (`@map`, `mapped_column("old")`), or to add the new column, write
    /// both, move the values, and drop the old one in a later release.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id      Int    @id @default(autoincrement())
    ///   address String @unique(map: "User_email_key")
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_rename_email/migration.sql"
    /// ALTER TABLE "User" RENAME COLUMN "email" TO "address";
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id      Int    @id @default(autoincrement())
    ///   address String @unique @map("email")
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_rename_email/migration.sql" deleted
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```sql
    /// -- driftgate: allow renamed-column: the service is stopped for this release
    /// ALTER TABLE "User" RENAME COLUMN "email" TO "address";
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let deeds = &all.done;
    let renamed = deeds.iter().filter_map(|deed| match &deed.effect {
        Effect::ColumnRenamed { table, from, to } => Some((deed, table, from, to)),
        _ => None,
    });
    renamed
        .map(|(deed, table, from, to)| {
            let object = format!("{table}.{from}");
            let message = format!("the column {object} is renamed to {to}");
            let help = format!(
                "keep its name in the database and map the field to it, or add the new one and move over; or say why:\n  {}",
                allow(change, RuleId::RenamedColumn)
            );
            finding(RuleId::RenamedColumn, &deed.place, object, message, help)
                .because("code that still runs asks for the old name")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn a_column_that_was_there_is_reported() {
        for world in World::both() {
            let id = world.new_id();
            let sql = "ALTER TABLE users RENAME COLUMN name TO title;";
            let findings = world.new_migration(id, sql).run(RuleId::RenamedColumn);
            assert_eq!(findings[0].message, "the column users.name is renamed to title");
        }
    }

    #[test]
    fn a_column_of_the_same_change_may_be_renamed() {
        let sql = "ALTER TABLE users ADD COLUMN a INT; ALTER TABLE users RENAME COLUMN a TO b;";
        assert!(World::prisma().new_migration("20260112090000_x", sql).silent(RuleId::RenamedColumn));
    }

    #[test]
    fn an_index_may_be_renamed() {
        let sql = "CREATE INDEX a ON users (name); ALTER INDEX a RENAME TO b;";
        assert!(World::prisma().new_migration("20260112090000_x", sql).silent(RuleId::RenamedColumn));
    }
}
