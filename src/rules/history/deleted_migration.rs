//! `deleted-migration`.

use super::identity::{gone, renames};
use super::squash;
use crate::finding::Finding;
use crate::history::Migration;
use crate::project::ProjectChange;
use crate::rules::text::{count, shell_word};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A migration that exists on the base branch is gone. A squash, which replaces many by one, is allowed by an entry of
    /// the policy that names them, and verified: the migration that stands for them has to build what they built.
    ///
    /// ## Why it matters
    ///
    /// Databases keep the row that says it was applied: `prisma migrate dev` wants a reset, and Alembic stops
    /// with "Can't locate revision identified by …", as a production copy did in
    /// [open-event-server#4031](https://github.com/fossasia/open-event-server/issues/4031).
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/20260105093000_create_users/migration.sql" deleted
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_start_over/migration.sql"
    /// CREATE TABLE "User" (
    ///     "id" SERIAL NOT NULL,
    ///     "email" VARCHAR NOT NULL,
    ///
    ///     CONSTRAINT "User_pkey" PRIMARY KEY ("id")
    /// );
    ///
    /// CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
    /// ALTER TABLE "User" ALTER COLUMN "email" TYPE TEXT;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```toml title="driftgate.toml"
    /// [[squash]]
    /// replaced = ["20260105093000_create_users"]
    /// by = "20260112090000_start_over"
    /// reason = "every database was reset before the first release"
    /// ```
    ///
    /// ## How to allow it
    ///
    /// By a `[[squash]]` as above, or for one migration:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "deleted-migration"
    /// object = "20260105093000_create_users"
    /// reason = "it was never applied anywhere"
    /// ```
}

/// So many findings of this rule are told one by one.
const MOST: usize = 5;

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let mut findings = squash::problems(change, settings);
    let renames = renames(change);
    let gone: Vec<&Migration> = gone(change)
        .into_iter()
        .filter(|migration| !renames.iter().any(|rename| rename.before.id == migration.id))
        .filter(|migration| !settings.squashed(&change.project.name, &migration.id, &migration.name))
        .collect();
    let base = if change.base.is_some() { "on the base branch" } else { "in the history" };
    if gone.len() > MOST {
        let names: Vec<&str> = gone.iter().map(|migration| migration.name.as_str()).collect();
        let message = format!("{} that exist {base} are gone: {}", count(gone.len(), "migration"), names.join(", "));
        let path = gone.first().map_or_else(|| change.project.root.clone(), |migration| migration.path.clone());
        findings.push(Finding::new(RuleId::DeletedMigration, path, message, help(change, &gone)).because(REASON));
        return findings;
    }
    findings.extend(gone.iter().map(|migration| {
        let message = format!("the migration {} exists {base} and is gone", migration.name);
        Finding::new(RuleId::DeletedMigration, migration.path.clone(), message, help(change, &[migration]))
            .because(REASON)
            .about(migration.name.clone())
    }));
    findings
}

const REASON: &str = "databases that have applied it will not accept a history without it";

fn help(change: &ProjectChange<'_>, gone: &[&Migration]) -> String {
    let words: Vec<String> = gone.iter().map(|migration| shell_word(&migration.path)).collect();
    let from = if change.base.is_some() { "BASE" } else { "HEAD" };
    format!(
        "put it back: git checkout {from} -- {}\nor, if it was squashed, say so in a [[squash]] of driftgate.toml",
        words.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::rules::testing::World;

    #[test]
    fn a_migration_that_is_gone_is_reported() {
        let names = ["20260105093000_create_users", "1a2b3c4d5e6f_create_users"];
        for (world, name) in World::both().into_iter().zip(names) {
            let findings = world.delete_migration(name).run(RuleId::DeletedMigration);
            assert_eq!(findings[0].message, format!("the migration {name} exists in the history and is gone"));
        }
    }

    #[test]
    fn many_are_one_finding() {
        let names: Vec<String> = (0..9).map(|n| format!("2026011209000{n}_x")).collect();
        let mut world = World::prisma();
        for name in &names {
            world = world.new_migration(name, "");
        }
        world = world.commit();
        for name in &names {
            world = world.delete_migration(name);
        }
        let findings = world.run(RuleId::DeletedMigration);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.starts_with("9 migrations that exist in the history are gone: "));
    }

    #[test]
    fn a_migration_that_the_base_never_had_may_go() {
        let world = World::prisma().becomes_base().new_migration("20260112090000_x", "").commit();
        assert!(world.delete_migration("20260112090000_x").silent(RuleId::DeletedMigration));
    }

    #[test]
    fn a_squash_that_names_it_is_allowed() {
        let toml =
            "[[squash]]\nreplaced = [\"20260105093000_create_users\"]\nby = \"20260112090000_x\"\nreason = \"reset\"\n";
        let files = [("driftgate.toml", toml)];
        let snapshot = crate::git::MemorySnapshot::new(files);
        let policy = Policy::load(&snapshot).expect("valid");
        let settings = RuleSettings::of(&policy, Some("."), None);
        let gone = || World::prisma().delete_migration("20260105093000_create_users");
        let users = "CREATE TABLE users (id INT);";
        let world = gone().new_migration("20260112090000_x", users);
        assert!(world.run_with(RuleId::DeletedMigration, &settings).is_empty());
        assert_eq!(world.run(RuleId::DeletedMigration).len(), 1);
    }

    #[test]
    fn a_squash_takes_in_what_the_branch_itself_has_added() {
        let toml = "[[squash]]\nreplaced = [\"20260105093000_create_users\", \"20260111090000_age\"]\nby = \
                    \"20260112090000_x\"\nreason = \"reset\"\n";
        let snapshot = crate::git::MemorySnapshot::new([("driftgate.toml", toml)]);
        let policy = Policy::load(&snapshot).expect("valid");
        let settings = RuleSettings::of(&policy, Some("."), None);
        let squashed = |columns: &str| {
            World::prisma()
                .becomes_base()
                .new_migration("20260111090000_age", "ALTER TABLE users ADD COLUMN age INT;")
                .commit()
                .delete_migration("20260105093000_create_users")
                .delete_migration("20260111090000_age")
                .new_migration("20260112090000_x", &format!("CREATE TABLE users ({columns});"))
                .run_with(RuleId::DeletedMigration, &settings)
        };
        assert!(squashed("id SERIAL PRIMARY KEY, email TEXT NOT NULL, name TEXT, role TEXT, age INT").is_empty());
    }

    #[test]
    fn a_rename_is_another_rules_business() {
        let world = World::prisma().migration_text("20260112090000_x", "SELECT 1;").commit();
        let world = world.delete_migration("20260112090000_x").migration_text("20260113090000_x", "SELECT 1;");
        assert!(world.silent(RuleId::DeletedMigration));
    }
}
