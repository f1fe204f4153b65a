//! `undeclared-change`.

use super::gap::NewGap;
use super::unstaged_schema::waiting;
use super::words::{Fault, command, finding, groups};
use crate::finding::Finding;
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration makes something that the declared schema does not have: a table, a column, an index, an enum
    /// value, or a column of another type than the declared one. The finding points at the statement.
    ///
    /// ## Why it matters
    ///
    /// The next migration that is generated takes it away again. Indexes written by hand into a migration and nowhere
    /// else were dropped by later migrations in [prisma/orm#29220](https://github.com/prisma/orm/issues/29220) and
    /// [prisma/orm#24180](https://github.com/prisma/orm/issues/24180). What the engine does not compare (partial and
    /// expression indexes, CHECK constraints, views, triggers; defaults, unless env.py asks for them) may stand in a migration
    /// alone and is not reported, but where it was declared before and is no more.
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
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
    /// ## How to allow it
    ///
    /// In the migration, on the line above the statement or at its end:
    ///
    /// ```sql
    /// -- driftgate: allow undeclared-change: read by the reporting database alone
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    if waiting(change, settings).is_some() {
        return Vec::new();
    }
    let gap = NewGap::of(change, settings);
    let declare = match change.project.ecosystem {
        EcosystemKind::Prisma => "declare it in the schema",
        EcosystemKind::Alembic => "declare it in the models",
    };
    let help = format!(
        "{declare}, or take it out of the migration; if that has been applied, write one that makes what is declared:\n  {}",
        command(change, &gap.undeclared)
    );
    groups(&gap.undeclared)
        .iter()
        .map(|group| finding(change, RuleId::UndeclaredChange, group, Fault::Migration, help.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Dialect;
    use crate::catalog::contrast::Contrast;
    use crate::catalog::difference::{Aspect, Side};
    use crate::rules::testing::{World, column};

    #[test]
    fn a_column_that_only_the_new_migration_knows_is_reported_at_the_statement() {
        for world in World::both() {
            let id = world.new_id();
            let world = world.new_migration(id, "ALTER TABLE users ADD COLUMN age INTEGER;");
            let mut extra = column(Side::Extra, "users", "age");
            let place = world.migration_place(id);
            extra.migrated_at = Some(place.clone());
            let findings = world.gap_after(extra).run(RuleId::UndeclaredChange);
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].message, "a new migration adds the column users.age, which is not declared");
            assert_eq!(findings[0].place.as_ref(), Some(&place));
        }
    }

    #[test]
    fn a_table_of_a_model_that_is_not_imported_wants_the_import() {
        let help = |table: &str| {
            let world = World::alembic().new_migration("b2_x", "CREATE TABLE invoices (id INT);");
            let mut extra = crate::rules::testing::difference(Side::Extra, Aspect::Table, "invoices", "invoices");
            extra.migrated_at = Some(world.migration_place("b2_x"));
            let world = world.gap_after(extra).unregistered("app/billing.py", table, "nothing reaches Invoice");
            world.run(RuleId::UndeclaredChange)[0].help.clone()
        };
        assert_eq!(help("invoices"), "import it");
        assert!(help("bills").contains("take it out of the migration"), "{}", help("bills"));
    }

    #[test]
    fn a_default_that_the_engine_does_not_compare_may_stand_in_a_migration_alone() {
        let found = |sql: &str, name: &str, beyond: bool| {
            let world = World::alembic().new_migration("b2_x", sql);
            let mut extra = crate::rules::testing::difference(Side::Extra, Aspect::Default, "users", name);
            extra.migrated_at = Some(world.migration_place("b2_x"));
            extra.beyond_engine = beyond;
            world.gap_after(extra).run(RuleId::UndeclaredChange).len()
        };
        let required = "ALTER TABLE users ADD COLUMN age INT NOT NULL DEFAULT 1;";
        assert_eq!(found(required, "age", true), 0);
        assert_eq!(found(required, "age", false), 1, "defaults are compared");
        assert_eq!(found("ALTER TABLE users ADD COLUMN age INT DEFAULT 1;", "age", true), 0);
        assert_eq!(found("ALTER TABLE users ALTER COLUMN name SET DEFAULT 'x';", "name", true), 0);
    }

    #[test]
    fn a_condition_that_never_was_declared_may_stand_in_a_migration_alone() {
        let world = World::alembic().new_migration("b2_x", "ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17);");
        let mut extra = crate::rules::testing::difference(Side::Extra, Aspect::Check, "users", "adult");
        extra.migrated_at = Some(world.migration_place("b2_x"));
        extra.beyond_engine = true;
        assert!(world.gap_after(extra).silent(RuleId::UndeclaredChange));
    }

    #[test]
    fn what_older_migrations_made_is_not_a_new_ones_doing() {
        let world = World::alembic().new_migration("b2_x", "ALTER TABLE users ADD COLUMN age INT;").commit();
        let world = world.new_migration("b3_y", "SELECT 1;");
        let mut extra = column(Side::Extra, "users", "age");
        extra.migrated_at = Some(world.migration_place("b2_x"));
        let world = world.gap_after(extra);
        assert!(world.silent(RuleId::UndeclaredChange));
        assert_eq!(world.run(RuleId::UncoveredChange).len(), 1);
    }

    #[test]
    fn a_table_that_a_new_migration_renames_away_was_never_declared_so() {
        let world = World::prisma().new_migration("20260112090000_x", "ALTER TABLE users RENAME TO users_old;");
        let mut extra = crate::rules::testing::difference(Side::Extra, Aspect::Table, "users_old", "users_old");
        extra.migrated_at = Some(world.old_migration_place());
        let findings = world.gap_after(extra).run(RuleId::UndeclaredChange);
        assert_eq!(findings[0].message, "a new migration creates the table users_old, which is not declared");
    }

    #[test]
    fn a_comment_that_a_new_migration_writes_was_never_declared() {
        let world = World::alembic().on(Dialect::PostgreSql);
        for (sql, name) in [("COMMENT ON COLUMN users.name IS 'x';", "name"), ("COMMENT ON TABLE users IS 'x';", "")] {
            let world = world.clone().new_migration("b2_x", sql);
            let mut extra = crate::rules::testing::difference(Side::Extra, Aspect::Comment, "users", name);
            // A column's place is that where it was made.
            extra.migrated_at = Some(world.old_migration_place());
            let world = world.gap_after(extra);
            let findings = world.run(RuleId::UndeclaredChange);
            assert_eq!(findings.len(), 1, "{sql}");
            assert!(findings[0].path.as_str().contains("b2_x"), "{}", findings[0].path);
            assert!(world.silent(RuleId::UncoveredChange), "{sql}");
        }
        // One that older migrations wrote, and that is declared no more, is the schema's doing.
        let world = world.new_migration("b2_x", "COMMENT ON COLUMN users.name IS 'x';").commit();
        let world = world.new_migration("b3_y", "SELECT 1;");
        let mut extra = crate::rules::testing::difference(Side::Extra, Aspect::Comment, "users", "name");
        extra.migrated_at = Some(world.old_migration_place());
        let world = world.gap_after(extra);
        assert!(world.silent(RuleId::UndeclaredChange));
        assert_eq!(world.run(RuleId::UncoveredChange).len(), 1);
    }

    #[test]
    fn old_differences_are_not_reported() {
        let mut extra = column(Side::Extra, "users", "age");
        let world = World::prisma().new_migration("20260112090000_add_b", "");
        extra.migrated_at = Some(world.old_migration_place());
        assert!(world.gap_before(extra.clone()).gap_after(extra).silent(RuleId::UndeclaredChange));
    }

    #[test]
    fn a_missing_column_is_not_this_rules_business() {
        let world = World::prisma().touch_schema().new_migration("20260112090000_add_b", "");
        assert!(world.gap_after(column(Side::Missing, "users", "age")).silent(RuleId::UndeclaredChange));
    }

    #[test]
    fn a_key_that_a_new_migration_makes_otherwise_is_told_in_one_rule() {
        let action = |declared: &str, made: &str| {
            let mut changed =
                crate::rules::testing::difference(Side::Changed, Aspect::ForeignKey, "users", "users_team_fkey");
            changed.contrast = Some(Contrast {
                declared: format!("ON DELETE {declared}"),
                replayed: format!("ON DELETE {made}"),
                renamed: false,
            });
            changed
        };
        for world in World::both() {
            let id = world.new_id();
            let world = world.new_migration(id, "SELECT 1;");
            let place = world.migration_place(id);
            let mut changed = action("CASCADE", "SET NULL");
            changed.migrated_at = Some(place);
            let by_new = world.clone().gap_after(changed.clone());
            assert_eq!(
                by_new.run(RuleId::UndeclaredChange)[0].message,
                "a new migration makes the foreign key users_team_fkey of users ON DELETE SET NULL, but it is declared ON \
                 DELETE CASCADE"
            );
            assert!(by_new.silent(RuleId::UncoveredChange));
            // No new migration made it: what is declared has moved.
            changed.migrated_at = Some(world.old_migration_place());
            let by_old = world.touch_schema().gap_after(changed);
            assert_eq!(
                by_old.run(RuleId::UncoveredChange)[0].message,
                "the foreign key users_team_fkey of users is declared ON DELETE CASCADE but the migrations make it ON \
                 DELETE SET NULL"
            );
            assert!(by_old.silent(RuleId::UndeclaredChange));
        }
    }

    #[test]
    fn the_place_is_that_of_the_statement_that_made_it_so() {
        let world = World::prisma().new_migration("20260106090000_a", "CREATE TYPE color AS ENUM ('red');").commit();
        let world = world.new_migration("20260112090000_b", "ALTER TYPE color ADD VALUE 'blue';");
        let mut extra = crate::catalog::difference::Difference::new(Side::Extra, Aspect::EnumValue, None, "blue");
        extra.enumeration = Some(crate::catalog::Name::new("public", "color"));
        extra.migrated_at = Some(world.migration_place("20260106090000_a"));
        // No longer declared, and added by a migration that was there: the place is that statement's as well.
        let old = world.clone().commit().touch_schema().gap_after(extra.clone()).run(RuleId::MissingMigration);
        assert!(old[0].path.as_str().contains("20260112090000_b"), "{}", old[0].path);
        let findings = world.gap_after(extra).run(RuleId::UndeclaredChange);
        assert_eq!(findings[0].message, "a new migration adds the value blue of the enum color, which is not declared");
        assert!(findings[0].path.as_str().contains("20260112090000_b"), "{}", findings[0].path);
    }

    #[test]
    fn what_an_edited_old_migration_makes_is_not_said_to_be_a_new_ones() {
        let world = World::prisma().new_migration("20260106090000_a", "SELECT 1;").commit();
        let world = world.rewrite_migration("20260106090000_a", "ALTER TABLE users ADD COLUMN age INT;");
        let world = world.new_migration("20260112090000_b", "SELECT 1;");
        let mut extra = column(Side::Extra, "users", "age");
        extra.migrated_at = Some(world.migration_place("20260106090000_a"));
        let findings = world.gap_after(extra).run(RuleId::UndeclaredChange);
        assert_eq!(findings[0].message, "the column users.age is made by the migrations but not declared");
    }
}
