//! `duplicate-timestamp`.

use std::collections::BTreeMap;

use super::stamp::Stamp;
use super::{finding, named};
use crate::finding::Finding;
use crate::history::Migration;
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration has the stamp, or the number, of another: one that was there, one on the tip of the base branch,
    /// or one beside it in the same change.
    ///
    /// ## Why it matters
    ///
    /// What comes first is then decided by the words behind the stamp. Two branches that both take the next number merge
    /// without a conflict; [langwatch#5715](https://github.com/langwatch/langwatch/pull/5715) built a gate for it, and 42
    /// commits in 54 public Prisma repositories did it.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260105093000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260105093000_add_age_to_user/migration.sql" deleted
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "duplicate-timestamp"
    /// object = "20260105093000_add_age_to_user"
    /// reason = "both were applied long ago"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let ecosystem = change.project.ecosystem;
    let all = change.after.history.migrations.iter().chain(change.base.iter().flat_map(|base| &base.migrations));
    let mut stamped: BTreeMap<String, Vec<&Migration>> = BTreeMap::new();
    for migration in all {
        if let Some(stamp) = stamp(migration, ecosystem) {
            stamped.entry(stamp).or_default().push(migration);
        }
    }
    let mut findings = Vec::new();
    for migration in named(change) {
        let Some(stamp) = stamp(migration, ecosystem) else { continue };
        let others = stamped.get(&stamp).map(Vec::as_slice).unwrap_or_default();
        let Some(other) = others.iter().copied().find(|other| other.id != migration.id && other.name != migration.name)
        else {
            continue;
        };
        // Told once for all that have it.
        stamped.remove(&stamp);
        let message = format!("the migrations {} and {} have the same stamp", other.name, migration.name);
        let help = match ecosystem {
            EcosystemKind::Prisma => "give the new directory a stamp of its own, before anybody applies it",
            EcosystemKind::Alembic => "give the new file a stamp of its own; its revision id may stay",
        };
        let mut finding = finding(RuleId::DuplicateTimestamp, migration, message, help.to_owned());
        finding = finding.related_file(other.path.clone(), "has the stamp too");
        findings.push(finding);
    }
    findings
}

/// What decides the order of a name. A date alone does not: several migrations are written on one day.
fn stamp(migration: &Migration, ecosystem: EcosystemKind) -> Option<String> {
    if let Some(stamp) = Stamp::of(migration, ecosystem) {
        return stamp.timed.then_some(stamp.text);
    }
    // A counter: `0007_add_users`.
    let digits: String = migration.name.chars().take_while(char::is_ascii_digit).collect();
    let rest = migration.name[digits.len()..].strip_prefix(['_', '-']);
    // `04_03_1043_…` is a month and a day, whose year stands in the folder's name.
    let ends = rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    let counter = (1..=7).contains(&digits.len()) && ends;
    let counter = counter && (ecosystem == EcosystemKind::Prisma || digits.starts_with('0'));
    counter.then(|| digits.trim_start_matches('0').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn the_stamp_of_an_old_migration_is_taken() {
        let findings = World::prisma().new_migration("20260105093000_add_age", "").run(RuleId::DuplicateTimestamp);
        assert_eq!(
            findings[0].message,
            "the migrations 20260105093000_create_users and 20260105093000_add_age have the same stamp"
        );
        let world = World::alembic().new_migration("0007_a1_x", "").commit().new_migration("0007_b2_y", "");
        assert_eq!(world.run(RuleId::DuplicateTimestamp).len(), 1);
    }

    #[test]
    fn a_month_and_a_day_are_no_counter() {
        let world = World::alembic().new_migration("04_02_0142_a1_x", "").commit().new_migration("04_03_1043_b2_y", "");
        assert!(world.silent(RuleId::DuplicateTimestamp));
    }

    #[test]
    fn two_in_one_change_and_one_on_the_base_are_seen() {
        let world = World::prisma().new_migration("20260112090000_a", "").new_migration("20260112090000_b", "");
        assert_eq!(world.run(RuleId::DuplicateTimestamp).len(), 1);
        let world =
            World::prisma().new_migration("20260112090000_a", "").becomes_base().new_migration("20260112090000_b", "");
        assert_eq!(world.run(RuleId::DuplicateTimestamp).len(), 1);
    }

    #[test]
    fn one_day_is_not_one_stamp_and_old_twins_are_not_reported() {
        let world = World::prisma().new_migration("20260112_a", "").commit().new_migration("20260112_b", "");
        assert!(world.silent(RuleId::DuplicateTimestamp));
        let world = World::prisma().new_migration("20260105093000_b", "").commit();
        assert!(world.new_migration("20260112090000_c", "").silent(RuleId::DuplicateTimestamp));
    }
}
