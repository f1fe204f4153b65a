//! `missing-migration`.

use super::gap::{NewGap, declares_the_same, new_files};
use super::unstaged_migration::waiting;
use super::words::{Fault, command, fallback_path, finding, groups};
use crate::finding::Finding;
use crate::project::{ProjectChange, Touch};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// The declared schema changed in a way that the database would notice, and the change brings no migration at all.
    /// There is one finding for each table or enum, and it names every missing thing. Edits without effect on the
    /// database (comments, formatting, the order of fields, generator settings, `@default(cuid())`, a renamed field
    /// that keeps its column by `@map`) are not reported. A model of the name of a view is a warning: the engine asks for a
    /// table there, and what is deployed can be queried. Columns of views are not compared.
    ///
    /// Where the schema or the migrations could not be read, nothing can be compared. Then the plain rule stands: a
    /// schema file was touched and no migration was added, and the finding says why it could not look closer.
    ///
    /// ## Why it matters
    ///
    /// The code that is deployed asks for a column that is not there, and every query on the table fails. In
    /// [refinebio#389](https://github.com/AlexsLemonade/refinebio/pull/389) a model change was merged without its
    /// migration and a deployment was already under way when somebody noticed;
    /// [apache/airflow#48998](https://github.com/apache/airflow/issues/48998) asked for a check after the same.
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
    /// Where the database is changed by other means, say so in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "missing-migration"
    /// object = "User.age"
    /// reason = "the column is added by the data team's own pipeline"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    if !change.after.is_judged() {
        return unread(change).into_iter().collect();
    }
    if !new_files(change).is_empty() || waiting(change, settings).is_some() {
        return Vec::new();
    }
    let gap = NewGap::of(change, settings);
    // One run of the command makes all of it: it is the same for each finding, and named after all of them.
    let help = format!("write the migration and commit it with the schema:\n  {}", command(change, &gap.uncovered));
    let mut findings: Vec<Finding> = groups(&gap.uncovered)
        .iter()
        .map(|group| finding(change, RuleId::MissingMigration, group, Fault::Schema, help.clone()))
        .collect();
    if change.before.is_some_and(|before| !before.is_judged()) {
        for finding in &mut findings {
            "the state before the change could not be read, so that older differences are among these"
                .clone_into(&mut finding.reason);
        }
    }
    findings
}

/// The plain rule by file names, for a side that could not be read.
fn unread(change: &ProjectChange<'_>) -> Option<Finding> {
    let schema = change.touched.iter().find(|(path, touch)| *touch == Touch::Schema && path.after.is_some())?;
    let brings = change.touched.iter().any(|(path, touch)| *touch == Touch::Migration && path.before.is_none());
    // What the schema's files declare is as it was: nobody owes a migration for it (`unjudged-change` says what was not read).
    if brings || declares_the_same(change) {
        return None;
    }
    let problem = change
        .after
        .declared
        .problems
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .chain(change.after.history.problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)))
        .next()
        .unwrap_or_else(|| "it could not be read".to_owned());
    let message = "the schema was changed and the change brings no migration";
    let help = format!(
        "make it readable, or write the migration and commit it with the schema:\n  {}",
        change.ecosystem.command_new_migration(change.project, "describe_the_change")
    );
    let mut path = schema.0.path.clone();
    if path.is_root() {
        path = fallback_path(change);
    }
    Some(
        Finding::new(RuleId::MissingMigration, path, message, help)
            .because(format!("what changed could not be compared with the migrations: {problem}")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::difference::{Aspect, Side};
    use crate::catalog::{AutoIncrement, Catalog, Name};
    use crate::finding::Level;
    use crate::rules::testing::{World, column, difference};

    #[test]
    fn a_column_without_a_migration_is_reported_at_its_line() {
        for world in World::both() {
            let line = world.schema_place("age");
            let findings = world
                .touch_schema()
                .gap_after(column(Side::Missing, "users", "age").with_declared_at(&line))
                .run(RuleId::MissingMigration);
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].message, "the column users.age is declared but no migration adds it");
            assert_eq!(findings[0].place.as_ref(), Some(&line));
            assert_eq!(findings[0].object.as_deref(), Some("users.age"));
            assert!(findings[0].help.contains("add_age_to_users"), "{}", findings[0].help);
            assert!(!findings[0].reason.contains("could not be read"), "{}", findings[0].reason);
        }
    }

    #[test]
    fn a_default_that_no_model_ever_had_is_not_said_to_be_gone() {
        let world = World::alembic().declare_before("users", "name").declare("users", "name").touch_schema();
        let extra = difference(Side::Extra, Aspect::Default, "users", "name");
        let findings = world.gap_after(extra).run(RuleId::MissingMigration);
        assert_eq!(findings[0].message, "the default of users.name is made by the migrations but not declared");
        // Nor is one where the column counted by itself.
        let mut counted = difference(Side::Extra, Aspect::Default, "users", "id");
        counted.replayed = Some("default gen_random_uuid()".to_owned());
        let world = World::alembic().declare_before("users", "id").declare("users", "id").touch_schema();
        let counts = |catalog: &mut Catalog| {
            for column in catalog.tables.values_mut().flat_map(|table| &mut table.columns) {
                column.auto_increment = Some(AutoIncrement::Serial);
            }
        };
        let findings = world.clone().declared_before(counts).gap_after(counted.clone()).run(RuleId::MissingMigration);
        assert_eq!(findings[0].message, "the default of users.id is made by the migrations but not declared");
        // Where it is the counter itself that is declared no more, that is said.
        counted.replayed = Some("serial".to_owned());
        let findings = world.declared_before(counts).gap_after(counted).run(RuleId::MissingMigration);
        assert_eq!(findings[0].message, "the default of users.id is no longer declared but no migration drops it");
        // The column itself was declared.
        let world = World::alembic().declare_before("users", "age").touch_schema();
        let findings = world.gap_after(column(Side::Extra, "users", "age")).run(RuleId::MissingMigration);
        assert_eq!(findings[0].message, "the column users.age is no longer declared but no migration drops it");
    }

    #[test]
    fn a_counter_that_is_lost_is_called_by_its_name() {
        let mut lost = difference(Side::Missing, Aspect::Default, "users", "id");
        lost.declared = Some("auto_increment".to_owned());
        let findings = World::alembic().touch_schema().gap_after(lost.clone()).run(RuleId::MissingMigration);
        assert_eq!(findings[0].message, "AUTO_INCREMENT of users.id is declared but no migration adds it");
        lost.declared = Some("default 1".to_owned());
        let findings = World::alembic().touch_schema().gap_after(lost).run(RuleId::MissingMigration);
        assert_eq!(findings[0].message, "the default of users.id is declared but no migration adds it");
    }

    #[test]
    fn a_table_whose_model_is_seen_no_more_is_not_to_be_dropped() {
        let lost = difference(Side::Extra, Aspect::Table, "users", "users");
        let help = |table: &str| {
            let world = World::alembic().declare_before("users", "name").touch_schema();
            let world = world.unregistered("app/models.py", table, "nothing reaches it").gap_after(lost.clone());
            let findings = world.run(RuleId::MissingMigration);
            assert_eq!((findings.len(), findings[0].level), (1, Level::Error), "{table}");
            (findings[0].help.clone(), findings[0].reason.contains("drops the table"))
        };
        assert_eq!(help("users"), ("import it".to_owned(), true));
        // That of another table explains nothing.
        assert!(help("teams").0.contains("write the migration"));
    }

    #[test]
    fn things_of_one_table_are_one_finding_that_names_them_all() {
        let mut world = World::prisma().touch_schema();
        for name in ["a", "b", "c", "d", "e"] {
            world = world.gap_after(column(Side::Missing, "users", name));
        }
        let findings = world.gap_after(column(Side::Missing, "posts", "title")).run(RuleId::MissingMigration);
        let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "the column posts.title is declared but no migration adds it",
                "5 columns of users are declared but no migration adds them: a, b, c, d, e"
            ]
        );
        assert_eq!(findings[1].object.as_deref(), Some("users"));
        assert_eq!(findings[1].differences.len(), 5);
        let help = "write the migration and commit it with the schema:\n  npx prisma migrate dev --name change_posts_and_users";
        assert!(findings.iter().all(|finding| finding.help == help), "one migration makes all: {}", findings[0].help);
    }

    #[test]
    fn a_value_is_missing_where_its_enum_is_made() {
        let world = World::prisma();
        let line = world.schema_place("age");
        let mut value = difference(Side::Missing, Aspect::EnumValue, "", "OWNER").with_declared_at(&line);
        value.table = None;
        value.enumeration = Some(Name::new("public", "role"));
        value.migrated_at = Some(world.old_migration_place());
        let findings = world.touch_schema().gap_after(value).run(RuleId::MissingMigration);
        assert_eq!(findings[0].related[0].message, "the enum role is made here, without it");
    }

    #[test]
    fn what_was_there_before_and_what_doubt_explains_is_not_reported() {
        let old = column(Side::Missing, "users", "age");
        assert!(World::prisma().touch_schema().gap_before(old.clone()).gap_after(old).silent(RuleId::MissingMigration));
        let mut doubtful = column(Side::Missing, "users", "age");
        doubtful.certain = false;
        assert!(World::prisma().touch_schema().gap_after(doubtful).silent(RuleId::MissingMigration));
        assert!(World::alembic().touch_schema().silent(RuleId::MissingMigration));
    }

    #[test]
    fn a_column_that_is_no_longer_declared_needs_a_migration_too() {
        let findings = World::alembic()
            .declare_before("users", "age")
            .touch_schema()
            .gap_after(column(Side::Extra, "users", "age"))
            .run(RuleId::MissingMigration);
        assert_eq!(findings[0].message, "the column users.age is no longer declared but no migration drops it");
    }

    #[test]
    fn a_change_with_a_migration_is_left_to_uncovered_change() {
        let world = World::prisma().touch_schema().new_migration("20260112090000_add_b", "");
        assert!(world.gap_after(column(Side::Missing, "users", "age")).silent(RuleId::MissingMigration));
    }

    #[test]
    fn differences_beyond_the_engine_weigh_as_the_policy_says() {
        let mut check = difference(Side::Missing, Aspect::Check, "users", "users_age_check");
        check.beyond_engine = true;
        let world = World::alembic().touch_schema().gap_after(check).gap_after(column(Side::Missing, "users", "age"));
        let findings = world.run(RuleId::MissingMigration);
        let levels: Vec<&str> = findings.iter().map(|finding| finding.level.as_str()).collect();
        assert_eq!(levels, ["error", "warning"]);
        let settings = RuleSettings { beyond_engine: None, ..RuleSettings::default() };
        assert_eq!(world.run_with(RuleId::MissingMigration, &settings).len(), 1);
    }

    #[test]
    fn an_unreadable_schema_falls_back_to_file_names() {
        let world = World::prisma().touch_schema().schema_problem("this line is a conflict marker");
        let findings = world.run(RuleId::MissingMigration);
        assert_eq!(findings[0].message, "the schema was changed and the change brings no migration");
        assert!(findings[0].reason.contains("this line is a conflict marker"), "{}", findings[0].reason);
        let world = World::prisma()
            .touch_schema()
            .schema_problem("this line is a conflict marker")
            .new_migration("20260112090000_add_b", "");
        assert!(world.silent(RuleId::MissingMigration));
    }

    #[test]
    fn a_file_that_could_not_be_read_before_is_nothing_that_the_change_declares() {
        for world in World::both() {
            let old = world.unreadable("old.py").declare("users", "email").commit();
            assert!(old.clone().touch_schema().silent(RuleId::MissingMigration));
            assert_eq!(old.clone().touch_schema().run(RuleId::UnjudgedChange).len(), 1, "and that is said");
            assert_eq!(old.clone().touch_schema().unreadable("new.py").run(RuleId::MissingMigration).len(), 1);
        }
        let unseen = World::alembic().unreadable("old.py").commit();
        assert_eq!(unseen.touch_schema().run(RuleId::MissingMigration).len(), 1, "no table of the file was read");
    }
}
