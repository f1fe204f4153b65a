//! `blocking-constraint`.

use super::blocking::{self, Blocking};
use super::statement;
use crate::catalog::Dialect;
use crate::catalog::apply::Effect;
use crate::finding::Finding;
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// PostgreSQL: a foreign key or a check without `NOT VALID` on a table that existed. The rule is off until the policy
    /// turns it on.
    ///
    /// ## Why it matters
    ///
    /// The constraint is checked against every row while the table is locked, for a foreign key the other table too.
    /// With `NOT VALID` only new rows are checked, and `VALIDATE CONSTRAINT` in a later migration looks at the old ones
    /// under a lock that lets others write. Squawk (`constraint-missing-not-valid`), eugene (E1) and strong_migrations all
    /// stop here; the lock modes are in
    /// [PostgreSQL's manual](https://www.postgresql.org/docs/current/sql-altertable.html).
    ///
    /// ## Example that fails
    ///
    /// ```toml title="driftgate.toml" before
    /// [rules]
    /// blocking-constraint = "error"
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_check_email/migration.sql"
    /// ALTER TABLE "User" ADD CONSTRAINT "email_is_set" CHECK ("email" <> '');
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_check_email/migration.sql"
    /// ALTER TABLE "User" ADD CONSTRAINT "email_is_set" CHECK ("email" <> '') NOT VALID;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```sql
    /// -- driftgate: allow blocking-constraint: a table of 40 rows
    /// ALTER TABLE "Setting" ADD CONSTRAINT "key_is_set" CHECK ("key" <> '');
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let ecosystem = change.project.ecosystem;
    blocking::findings(change, RuleId::BlockingConstraint, |deed| {
        let Effect::ConstraintAdded { table, what: what @ ("foreign key" | "check"), name, not_valid: false } =
            &deed.effect
        else {
            return None;
        };
        if deed.on_new_columns {
            return None;
        }
        let validate = format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {};",
            statement::table(Dialect::PostgreSql, table),
            statement::quote(Dialect::PostgreSql, name.as_deref().unwrap_or("name"))
        );
        let help = match ecosystem {
            EcosystemKind::Prisma => format!("add NOT VALID, and in a later migration:\n  {validate}"),
            EcosystemKind::Alembic => {
                format!("give it postgresql_not_valid=True, and in a later revision:\n  op.execute('{validate}')")
            }
        };
        Some(Blocking {
            table,
            name: name.as_deref(),
            message: Box::new(move |object| {
                format!("the {what} {object} is checked against every row while the table is locked")
            }),
            help,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn run(world: World, sql: &str) -> Vec<Finding> {
        let id = world.new_id();
        world.new_migration(id, sql).run(RuleId::BlockingConstraint)
    }

    #[test]
    fn a_constraint_on_a_table_that_existed_is_reported() {
        for world in World::both() {
            let findings = run(world, "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0);");
            assert_eq!(findings[0].message, "the check users.c is checked against every row while the table is locked");
            assert!(findings[0].help.contains("VALIDATE CONSTRAINT \"c\""), "{}", findings[0].help);
        }
        let sql = "CREATE TABLE a (id INT PRIMARY KEY); ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES a (id);";
        assert_eq!(run(World::prisma(), sql).len(), 1);
    }

    #[test]
    fn loose_constraints_and_new_columns_are_fine() {
        assert!(run(World::prisma(), "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID;").is_empty());
        let sql = "ALTER TABLE users ADD COLUMN boss INT; ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (boss) REFERENCES users (id);";
        assert!(run(World::prisma(), sql).is_empty());
    }

    #[test]
    fn other_databases_and_the_default_policy_do_not_know_it() {
        assert!(
            run(World::prisma().on(Dialect::MySql), "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0);").is_empty()
        );
        assert_eq!(RuleId::BlockingConstraint.default_level(), None);
    }
}
