//! `dropped-column`.

use super::deeds::Deeds;
use super::{allow, finding};
use crate::catalog::apply::Effect;
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration drops a column that was there before the change: by `DROP COLUMN`, or by building the table anew
    /// without it. A column that the change itself made may go.
    ///
    /// ## Why it matters
    ///
    /// The values are gone. And the release that still runs while the new one starts asks for the column in every query:
    /// ORMs name all columns they know. The step belongs behind the release that has stopped reading it. The
    /// renames of [prisma/orm#8381](https://github.com/prisma/orm/issues/8381) and
    /// [prisma/orm#4694](https://github.com/prisma/orm/issues/4694) lost their values by such a drop.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma" before
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260106090000_add_age/migration.sql" before
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_drop_age/migration.sql"
    /// ALTER TABLE "User" DROP COLUMN "age";
    /// ```
    ///
    /// ## The same repaired
    ///
    /// Nothing can repair it but a reason:
    ///
    /// ```sql title="prisma/migrations/20260112090000_drop_age/migration.sql"
    /// -- driftgate: allow dropped-column: not read since 4.2
    /// ALTER TABLE "User" DROP COLUMN "age";
    /// ```
    ///
    /// ## How to allow it
    ///
    /// As above, or in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "dropped-column"
    /// object = "User.age"
    /// reason = "not read since 4.2"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let deeds = &all.done;
    let dropped = deeds.iter().filter_map(|deed| match &deed.effect {
        // A generated column holds nothing that is not elsewhere.
        Effect::ColumnDropped { table, column } if column.generated.is_none() => Some((deed, table, column)),
        _ => None,
    });
    dropped
        .map(|(deed, table, column)| {
            let object = format!("{table}.{}", column.name);
            let message = format!("the column {object} is dropped");
            let help = format!(
                "first release code that does not read it; then, if its values may go, say why above the statement:\n  {}",
                allow(change, RuleId::DroppedColumn)
            );
            finding(RuleId::DroppedColumn, &deed.place, object, message, help)
                .because("its values are gone as soon as the migration is applied, and code that still runs fails")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Dialect;
    use crate::rules::testing::World;

    #[test]
    fn a_column_that_was_there_is_reported() {
        for world in World::both() {
            let id = world.new_id();
            let findings = world.new_migration(id, "ALTER TABLE users DROP COLUMN name;").run(RuleId::DroppedColumn);
            assert_eq!(findings[0].message, "the column users.name is dropped");
        }
    }

    #[test]
    fn a_table_built_anew_without_the_column_is_seen() {
        let sql = "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, role TEXT);\n\
                   INSERT INTO new_users SELECT id, email, role FROM users;\nDROP TABLE users;\n\
                   ALTER TABLE new_users RENAME TO users;";
        let world = World::prisma().on(Dialect::Sqlite).new_migration("20260112090000_x", sql);
        let findings = world.run(RuleId::DroppedColumn);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].object.as_deref(), Some("users.name"));
        assert!(world.silent(RuleId::DroppedTable));
    }

    #[test]
    fn a_column_of_the_same_change_may_go() {
        let world = World::prisma()
            .new_migration("20260112090000_a", "ALTER TABLE users ADD COLUMN a INT;")
            .new_migration("20260113090000_b", "ALTER TABLE users DROP COLUMN a;");
        assert!(world.silent(RuleId::DroppedColumn));
        assert!(World::alembic().new_migration("b2_x", "DROP TABLE users;").silent(RuleId::DroppedColumn));
    }
}
