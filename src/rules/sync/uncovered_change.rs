//! `uncovered-change`.

use std::collections::BTreeSet;

use super::gap::{NewGap, new_files};
use super::unstaged_migration::waiting;
use super::words::{Fault, finding, groups, help_uncovered};
use crate::catalog::difference::Difference;
use crate::finding::Finding;
use crate::history::Migration;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A change brings migrations, but they do not produce all of what it declares. There is one finding for each table
    /// or enum; it names every table, column, index, key and enum value that is still missing, points at the lines
    /// that declare them, and shows the migrations that were looked at.
    ///
    /// ## Why it matters
    ///
    /// A check that asks "does the commit contain a migration?" says yes here, and so does the reviewer. It is what
    /// happens when a field is added after the migration was generated, or when a change is split by hand. Of 569
    /// commits in 54 public Prisma repositories that changed a schema alone, 243 had an effect on the database; they
    /// were mended after 2.2 days in the median, by a deployment that failed. The wish that a tool names the uncovered
    /// part is as old as [alembic#724](https://github.com/sqlalchemy/alembic/issues/724).
    ///
    /// ## Example that fails
    ///
    /// Two columns are declared, one is added.
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int     @id @default(autoincrement())
    ///   email String  @unique
    ///   age   Int?
    ///   name  String?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER, ADD COLUMN "name" TEXT;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "uncovered-change"
    /// object = "User.name"
    /// reason = "the column is added by hand on the one server that needs it"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let new = new_files(change);
    if new.is_empty() || waiting(change, settings).is_some() {
        return Vec::new();
    }
    let gap = NewGap::of(change, settings);
    // One migration makes all of it: what mends is the same for each finding.
    let help = help_uncovered(change, &gap.uncovered);
    groups(&gap.uncovered)
        .iter()
        .map(|group| {
            let mut finding = finding(change, RuleId::UncoveredChange, group, Fault::Schema, help.clone());
            for migration in leaving_out(&new, group) {
                let path = migration.source.as_ref().map_or(&migration.path, |source| source.path());
                if !finding.related.iter().any(|related| related.path == *path) {
                    finding = finding.related_file(path.clone(), format!("{} does not do it", migration.name));
                }
            }
            finding
        })
        .collect()
}

/// The most new migrations that a finding tells not to do it. Of a branch that brings more it is those that name the table.
const MOST_LEAVING_OUT: usize = 3;

/// The migrations that a finding points at.
fn leaving_out<'a>(new: &[&'a Migration], group: &[&Difference]) -> Vec<&'a Migration> {
    if new.len() <= MOST_LEAVING_OUT {
        return new.to_vec();
    }
    let tables: BTreeSet<&str> =
        group.iter().filter_map(|difference| difference.table.as_ref()).map(|table| table.name.as_str()).collect();
    let names = |migration: &&&Migration| {
        let text = migration.source.as_ref().map_or("", |source| source.text());
        tables.iter().any(|table| text.contains(table))
    };
    new.iter().filter(names).take(MOST_LEAVING_OUT).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::difference::{Aspect, Side};
    use crate::rules::testing::{World, column, difference};

    #[test]
    fn what_the_new_migration_leaves_out_is_named_with_the_migration() {
        for world in World::both() {
            let id = world.new_id();
            let findings = world
                .touch_schema()
                .new_migration(id, "")
                .gap_after(column(Side::Missing, "users", "unlimitedPoseActive"))
                .run(RuleId::UncoveredChange);
            assert_eq!(findings.len(), 1);
            assert_eq!(
                findings[0].message,
                "the column users.unlimitedPoseActive is declared but no migration adds it"
            );
            assert!(findings[0].related[0].path.as_str().contains(id), "{:?}", findings[0].related);
        }
    }

    #[test]
    fn every_new_migration_is_told_not_to_do_it() {
        let findings = World::prisma()
            .touch_schema()
            .new_migration("20260112090000_a", "")
            .new_migration("20260112090001_b", "")
            .gap_after(column(Side::Missing, "users", "age"))
            .run(RuleId::UncoveredChange);
        let related: Vec<&str> = findings[0].related.iter().map(|related| related.path.as_str()).collect();
        assert_eq!(related.len(), 2, "{related:?}");
        assert_ne!(related[0], related[1]);
    }

    #[test]
    fn of_a_branch_those_are_told_that_name_the_table() {
        let mut world = World::prisma().touch_schema();
        for at in 0..5 {
            let name = format!("2026011209000{at}_m{at}");
            let text = if at == 3 { "-- about users" } else { "-- about posts" };
            world = world.new_migration(&name, text);
        }
        let findings = world.gap_after(column(Side::Missing, "users", "age")).run(RuleId::UncoveredChange);
        assert_eq!(findings[0].related.len(), 1, "{:?}", findings[0].related);
        assert!(findings[0].related[0].path.as_str().contains("_m3"));
    }

    #[test]
    fn mixed_differences_of_a_table_stand_in_one_finding() {
        let mut ty = difference(Side::Changed, Aspect::Type, "users", "name");
        ty.declared = Some("varchar(100)".to_owned());
        ty.replayed = Some("text".to_owned());
        let findings = World::prisma()
            .touch_schema()
            .new_migration("20260112090000_add_b", "")
            .gap_after(column(Side::Missing, "users", "age"))
            .gap_after(difference(Side::Missing, Aspect::Index, "users", "users_age_idx"))
            .gap_after(ty)
            .run(RuleId::UncoveredChange);
        assert_eq!(
            findings[0].message,
            "users is declared with 3 differences from what the migrations make; not migrated: column age, index \
             users_age_idx; different: type name (declared varchar(100), migrated text)"
        );
    }

    #[test]
    fn a_column_that_takes_no_null_is_said_to_be_so() {
        let mut changed = difference(Side::Changed, Aspect::Nullability, "users", "name");
        changed.declared = Some("not null".to_owned());
        changed.replayed = Some("null".to_owned());
        let world = World::prisma().touch_schema().new_migration("20260112090000_add_b", "").gap_after(changed);
        assert_eq!(
            world.run(RuleId::UncoveredChange)[0].message,
            "the column users.name is declared NOT NULL but the migrations make it nullable"
        );
    }

    #[test]
    fn a_migration_that_covers_everything_is_fine() {
        assert!(
            World::alembic().touch_schema().new_migration("b2c3d4e5f6a7_add_age", "").silent(RuleId::UncoveredChange)
        );
    }

    #[test]
    fn a_column_that_the_new_migration_drops_is_said_to_be_dropped() {
        let findings = World::prisma()
            .new_migration("20260112090000_drop_name", "ALTER TABLE users DROP COLUMN name;")
            .gap_after(column(Side::Missing, "users", "name"))
            .run(RuleId::UncoveredChange);
        assert_eq!(findings[0].message, "the column users.name is declared but a new migration drops it");
        assert_eq!(findings[0].related[0].message, "dropped here");
    }

    #[test]
    fn a_column_left_over_from_an_old_migration_is_the_schemas_doing() {
        let mut extra = column(Side::Extra, "users", "age");
        let world = World::prisma().declare_before("users", "age");
        let world = world.touch_schema().new_migration("20260112090000_add_b", "");
        extra.migrated_at = Some(world.old_migration_place());
        let world = world.gap_after(extra);
        assert_eq!(
            world.run(RuleId::UncoveredChange)[0].message,
            "the column users.age is no longer declared but no migration drops it"
        );
        assert!(world.silent(RuleId::UndeclaredChange));
    }

    #[test]
    fn what_a_failing_migration_would_have_made_is_told_by_the_failure() {
        let fails = "ALTER TABLE nobody ADD COLUMN age INTEGER;";
        for world in World::both() {
            let id = world.new_id();
            let told = |world: World| {
                world.touch_schema().new_migration(id, fails).gap_after(column(Side::Missing, "users", "age"))
            };
            let world = told(world);
            assert!(world.clone().silent(RuleId::UncoveredChange));
            assert_eq!(world.clone().run(RuleId::BrokenHistory).len(), 1);
            let other = world.gap_after(column(Side::Missing, "users", "page"));
            assert_eq!(other.run(RuleId::UncoveredChange).len(), 1, "the migration says nothing of it");
        }
        // The failure may follow from an older one, and is a warning: then nothing is left out.
        let old = World::prisma().new_migration("20260106090000_a", "DROP TABLE nothing;").commit();
        let world = old.touch_schema().new_migration("20260112090000_b", fails);
        assert_eq!(world.gap_after(column(Side::Missing, "users", "age")).run(RuleId::UncoveredChange).len(), 1);
    }

    /// An old migration, and a new one that is put before it and makes what it makes.
    fn overtaken() -> World {
        let later = "ALTER TABLE users ADD COLUMN age INT;\nCREATE TABLE logs (id INT);\nCREATE TABLE half (id INT);";
        let world = World::prisma().declare("users", "age").declare("logs", "id");
        let world = world.new_migration("20260301090000_later", later).commit();
        world.new_migration("20260201090000_between", "ALTER TABLE users ADD COLUMN age INT;")
    }

    #[test]
    fn what_an_old_migration_does_no_more_is_told_by_its_failure() {
        let world = overtaken();
        let findings = world.run(RuleId::BrokenHistory);
        assert!(
            findings[0].help.starts_with("let 20260201090000_between come after 20260301090000_later, or undo in it")
        );
        assert!(findings[0].reason.contains("is there before it since the change"), "{}", findings[0].reason);
        let lost = world.clone().gap_after(column(Side::Missing, "logs", "id"));
        assert!(lost.silent(RuleId::UncoveredChange));
        let mut left = difference(Side::Extra, Aspect::Table, "half", "half");
        left.migrated_at = Some(world.migration_place("20260301090000_later"));
        assert!(world.gap_after(left).silent(RuleId::UndeclaredChange));
    }

    #[test]
    fn no_failure_of_an_old_migration_covers_what_the_change_itself_does() {
        let world = overtaken().touch_schema();
        // Declared by the change, and named by the old migration by chance.
        let declared = world.clone().declare("half", "id").gap_after(column(Side::Missing, "half", "id"));
        assert_eq!(declared.run(RuleId::UncoveredChange).len(), 1);
        // No longer declared.
        let gone = world.clone().declare_before("half", "id").gap_after(difference(
            Side::Extra,
            Aspect::Table,
            "half",
            "half",
        ));
        assert_eq!(gone.run(RuleId::UncoveredChange).len(), 1);
        // Made by the new migration.
        let mut made = difference(Side::Extra, Aspect::Table, "half", "half");
        made.migrated_at = Some(world.migration_place("20260201090000_between"));
        assert_eq!(world.clone().gap_after(made).run(RuleId::UndeclaredChange).len(), 1);
        // Where the failure itself is not told, nothing waits for it.
        let mut settings = RuleSettings::default();
        settings.levels.insert(RuleId::BrokenHistory, None);
        let lost = world.gap_after(column(Side::Missing, "logs", "id"));
        assert_eq!(lost.run_with(RuleId::UncoveredChange, &settings).len(), 1);
    }
}
