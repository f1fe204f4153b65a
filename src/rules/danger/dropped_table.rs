//! `dropped-table`.

use super::deeds::Deeds;
use super::{allow, finding};
use crate::catalog::apply::Effect;
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::text::count;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration drops a table that was there before the change. A table that is built anew under another name and
    /// put in the old one's place, with its rows, is not dropped; a table that the change itself made may go.
    ///
    /// ## Why it matters
    ///
    /// The rows are gone, and so are those of tables that refer to it by `ON DELETE CASCADE`. `prisma migrate deploy` asks
    /// nobody: [prisma/orm#19123](https://github.com/prisma/orm/issues/19123) wants a stop there. Autogenerate proposes to
    /// drop whatever it does not see: [FAROS#43](https://github.com/OpenNSWM-Lab/FAROS/issues/43) counts the tables it would
    /// have taken.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/post.prisma" before
    /// model Post {
    ///   id Int @id @default(autoincrement())
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260106090000_create_posts/migration.sql" before
    /// CREATE TABLE "Post" (
    ///     "id" SERIAL NOT NULL,
    ///
    ///     CONSTRAINT "Post_pkey" PRIMARY KEY ("id")
    /// );
    /// ```
    ///
    /// ```prisma title="prisma/post.prisma" deleted
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_drop_posts/migration.sql"
    /// DROP TABLE "Post";
    /// ```
    ///
    /// ## The same repaired
    ///
    /// Nothing can repair it but a reason:
    ///
    /// ```sql title="prisma/migrations/20260112090000_drop_posts/migration.sql"
    /// -- driftgate: allow dropped-table: no release reads it since 4.2; it is in the archive
    /// DROP TABLE "Post";
    /// ```
    ///
    /// ## How to allow it
    ///
    /// As above, or in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "dropped-table"
    /// object = "Post"
    /// reason = "no release reads it since 4.2; it is in the archive"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let deeds = &all.done;
    let dropped = deeds.iter().filter_map(|deed| match &deed.effect {
        Effect::TableDropped(table) => Some((deed, table)),
        _ => None,
    });
    dropped
        .map(|(deed, table)| {
            let message =
                format!("the table {} is dropped, with its {}", table.name, count(table.columns.len(), "column"));
            let help =
                format!("if its rows may go, say why above the statement:\n  {}", allow(change, RuleId::DroppedTable));
            finding(RuleId::DroppedTable, &deed.place, table.name.to_string(), message, help)
                .because("its rows are gone as soon as the migration is applied, and code that still runs fails")
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
            let findings = world.new_migration(id, "DROP TABLE users;").run(RuleId::DroppedTable);
            assert_eq!(findings[0].message, "the table users is dropped, with its 4 columns");
            assert_eq!(findings[0].object.as_deref(), Some("users"));
        }
    }

    #[test]
    fn a_table_of_the_same_change_may_go() {
        let world = World::prisma()
            .new_migration("20260112090000_a", "CREATE TABLE a (id INT);")
            .new_migration("20260113090000_b", "DROP TABLE a; DROP TABLE IF EXISTS never_there;");
        assert!(world.silent(RuleId::DroppedTable));
    }

    #[test]
    fn old_drops_are_not_reported() {
        let world = World::prisma().new_migration("20260112090000_a", "DROP TABLE users;").commit();
        assert!(world.clone().silent(RuleId::DroppedTable));
        assert!(world.whole_state().silent(RuleId::DroppedTable));
    }
}
