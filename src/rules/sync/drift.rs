//! `drift`.

use super::words::{Fault, command, finding, groups, statements};
use crate::catalog::difference::Difference;
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// The migrations, applied one after the other on an empty database, do not build the declared schema. It judges a
    /// state, not a change: a commit is never held responsible for drift that was there before. `driftgate check --all`
    /// reports it, table by table, and `driftgate diff` prints it whole.
    ///
    /// ## Why it matters
    ///
    /// Every later migration starts from a wrong picture. In
    /// [formbricks#9102](https://github.com/formbricks/formbricks/pull/9102) an index whose name was cut at 63 bytes and
    /// other differences had gathered over 170 migrations before a comparison was put into CI.
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
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age_to_user/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "drift"
    /// object = "User.age"
    /// reason = "the column of the old importer; it goes with the importer"
    /// until = 2099-06-30
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    if !change.whole_state || !change.after.is_judged() {
        return Vec::new();
    }
    let certain: Vec<&Difference> = change.after.gap.iter().filter(|difference| difference.certain).collect();
    let command = command(change, &certain);
    let help = match statements(&certain) {
        Some(sql) => format!("write the migration that closes it:\n  {command}\nwhich should come to:\n{sql}"),
        None => format!("write the migration that closes it:\n  {command}"),
    };
    groups(&certain).iter().map(|group| finding(change, RuleId::Drift, group, Fault::State, help.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::difference::Side;
    use crate::rules::testing::{World, column};

    #[test]
    fn drift_is_reported_for_the_whole_state() {
        for world in World::both() {
            let world = world.gap_after(column(Side::Extra, "users", "age"));
            let findings = world.clone().whole_state().run(RuleId::Drift);
            assert_eq!(findings[0].message, "the column users.age is made by the migrations but not declared");
            assert!(world.silent(RuleId::Drift), "a change is not judged by it");
        }
    }

    #[test]
    fn doubt_is_not_drift() {
        let mut doubtful = column(Side::Missing, "users", "age");
        doubtful.certain = false;
        assert!(World::prisma().gap_after(doubtful).whole_state().silent(RuleId::Drift));
        assert!(World::prisma().whole_state().silent(RuleId::Drift));
    }

    #[test]
    fn the_statements_are_proposed_where_they_are_known() {
        let mut missing = column(Side::Missing, "users", "age");
        missing.sql = vec!["ALTER TABLE \"users\" ADD COLUMN \"age\" INTEGER;".to_owned()];
        let findings = World::prisma().gap_after(missing).whole_state().run(RuleId::Drift);
        assert!(findings[0].help.ends_with("ADD COLUMN \"age\" INTEGER;"), "{}", findings[0].help);
    }
}
