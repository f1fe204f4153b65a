//! `impossible-timestamp`.

use super::stamp::{Impossible, Stamp};
use super::{finding, named};
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration whose stamp is not a moment (month 13, the 30th of February, hour 25), or lies in the future by
    /// more than `naming.future-tolerance` (24 hours unless the policy says otherwise, which covers every time zone).
    ///
    /// ## Why it matters
    ///
    /// Migrations run in the order of their stamps. One that lies in the future stays behind everything that is
    /// written until that day comes, and what is written meanwhile runs before it on new databases and after it on old
    /// ones. [OpenBot#167](https://github.com/CopilotKit/OpenBot/pull/167) stamped a migration by hand one day ahead: the next
    /// one was skipped in silence. Twenty of 6,008 migrations in public Prisma repositories have stamps that are no date.
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
    /// ```sql title="prisma/migrations/20261301090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20261301090000_add_age_to_user/migration.sql" deleted
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
    /// rule = "impossible-timestamp"
    /// object = "20991231235959_last"
    /// reason = "it must stay the last one"
    /// ```
}

/// How far ahead of the clock a stamp may be without a policy, in seconds.
const TOLERANCE: u64 = 24 * 60 * 60;

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let tolerance = settings.naming.future_tolerance.map_or(TOLERANCE, |tolerance| tolerance.as_secs());
    let latest = settings.now.map(|now| now.saturating_add(tolerance));
    named(change)
        .into_iter()
        .filter_map(|migration| {
            let stamp = Stamp::of(migration, change.project.ecosystem)?;
            let problem = match stamp.impossible() {
                Some(Impossible::Date) => "is not a date",
                Some(Impossible::Time) => "is not a time of day",
                None if stamp.seconds().zip(latest).is_some_and(|(stamp, latest)| stamp > latest) => {
                    "lies in the future"
                }
                None => return None,
            };
            let message = format!("the stamp {} of the migration {} {problem}", stamp.text, migration.name);
            let help = "give it the moment at which it was written, in UTC, before anybody applies it".to_owned();
            Some(finding(RuleId::ImpossibleTimestamp, migration, message, help))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    /// 2026-01-12T09:00:00Z.
    const NOW: u64 = 1_768_208_400;

    fn message(world: World, name: &str) -> Option<String> {
        let settings = RuleSettings { now: Some(NOW), ..RuleSettings::default() };
        let world = world.new_migration(name, "");
        world.run_with(RuleId::ImpossibleTimestamp, &settings).first().map(|finding| finding.message.clone())
    }

    #[test]
    fn stamps_that_are_no_moment_or_lie_ahead_are_reported() {
        assert_eq!(
            message(World::prisma(), "20261301090000_x").as_deref(),
            Some("the stamp 20261301090000 of the migration 20261301090000_x is not a date")
        );
        assert!(message(World::prisma(), "20260112240000_x").is_some_and(|m| m.ends_with("is not a time of day")));
        assert!(message(World::prisma(), "20260113090001_x").is_some_and(|m| m.ends_with("lies in the future")));
        assert!(message(World::alembic(), "2026_02_30_b2c3_x").is_some_and(|m| m.ends_with("is not a date")));
        assert!(message(World::alembic(), "2027-01-01_b2c3_x").is_some_and(|m| m.ends_with("lies in the future")));
    }

    #[test]
    fn a_days_tolerance_covers_every_time_zone() {
        assert_eq!(message(World::prisma(), "20260113090000_x"), None);
        assert_eq!(message(World::prisma(), "20250101000000_x"), None);
    }

    #[test]
    fn names_without_a_stamp_and_random_ids_are_left_alone() {
        for name in ["0_init", "00000000000000_init", "add_users"] {
            assert_eq!(message(World::prisma(), name), None, "{name}");
        }
        assert_eq!(message(World::alembic(), "209913456789_x"), None);
    }

    #[test]
    fn without_a_clock_nothing_lies_in_the_future() {
        assert!(World::prisma().new_migration("20990101000000_x", "").silent(RuleId::ImpossibleTimestamp));
    }
}
