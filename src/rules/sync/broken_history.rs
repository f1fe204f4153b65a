//! `broken-history`.

use std::collections::BTreeSet;

use crate::catalog::apply::ApplyError;
use crate::finding::{Finding, Level};
use crate::history::{Failure, HistoryProblemKind, Migration, Replay};
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// The migrations cannot be applied one after the other on an empty database: a table is made twice, a column is
    /// dropped that is not there, `INSERT`, `UPDATE` or `DELETE` names a column that is not there, a query reads a table
    /// or a column that is not there, `CREATE INDEX CONCURRENTLY` stands beside other statements, an enum value is used in the file that adds it. The finding points
    /// at the first statement that the database would refuse. Where something that could not be read may explain the
    /// failure, nothing is said; nor is it where the statement is about a table that stood before the first migration: one
    /// that is declared and that no migration has ever made. What a new migration names and could not do is told by its
    /// failure alone, and so is what an old one does no more, or leaves behind half done, since a change made it fail.
    ///
    /// ## Why it matters
    ///
    /// New databases (for tests, previews, a colleague's first day, a restored region) cannot be built, and
    /// `prisma migrate dev` stops with P3006. `CONCURRENTLY` that works alone fails as soon as a second statement joins
    /// it, because the file is then one transaction: [prisma/orm#14456](https://github.com/prisma/orm/issues/14456).
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
    /// ```sql title="prisma/migrations/20260112090000_add_age/migration.sql"
    /// ALTER TABLE "Users" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Where the base tables are made outside the migrations on purpose:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "broken-history"
    /// path = "alembic/versions/1a2b3c_start.py"
    /// reason = "the tables of before 2020 are made by create_all on new databases"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    if is_unordered(change) {
        return Vec::new();
    }
    let known: BTreeSet<(&str, String)> =
        change.before.iter().flat_map(|state| failures(&state.replay)).map(key).collect();
    let new: Vec<(&str, &Failure)> =
        failures(&change.after.replay).filter(|&failure| !known.contains(&key(failure))).collect();
    let Some((id, first)) = new.first() else { return Vec::new() };
    let migration = change.after.history.get(id);
    let name = migration.map_or(*id, |migration| migration.name.as_str());
    let message = format!("the migration {name} cannot be applied: {}", first.error);
    let mut finding = Finding::new(RuleId::BrokenHistory, first.place.path().clone(), message, help(change, migration))
        .at(&first.place)
        .about(name.to_owned())
        .because(reason(change, migration, &first.error));
    if let ApplyError::Exists { made_at: Some(place), .. } = &first.error {
        finding = finding.related(place, "made here");
    }
    for (_, failure) in new.iter().skip(1).take(10) {
        finding = finding.related(&failure.place, failure.error.to_string());
    }
    if new.len() > 11 {
        finding.reason = format!("{}; {} further statements fail", finding.reason, new.len() - 1);
    }
    // What a migration that stopped did not do is missing from then on.
    let earlier = failures(&change.after.replay).find(|&failure| known.contains(&key(failure)));
    if let Some((id, failure)) = earlier.filter(|_| !change.whole_state) {
        finding.level = Level::Warning;
        finding.reason =
            format!("{}; or it follows from {id}, which could not be applied before either", finding.reason);
        finding = finding.related(&failure.place, failure.error.to_string());
    }
    vec![finding]
}

/// Without an order there is no history to apply; the rules of the graph say why.
fn is_unordered(change: &ProjectChange<'_>) -> bool {
    change.after.history.problems.iter().any(|problem| {
        matches!(
            problem.kind,
            HistoryProblemKind::Cycle(_) | HistoryProblemKind::MissingParent(_) | HistoryProblemKind::DuplicateId(_)
        )
    })
}

/// The migrations that fail since a change, those that it adds and those that it makes fail, where that is told as an error
/// of the change: what they say and did not do, or did by half, is no fault of whoever declared it.
pub(super) fn stopped<'a>(change: &'a ProjectChange<'_>, settings: &RuleSettings) -> Vec<&'a Migration> {
    let is_told = settings.level(RuleId::BrokenHistory) == Some(Level::Error) && !is_unordered(change);
    if !is_told || change.before.is_some_and(|state| failures(&state.replay).next().is_some()) {
        return Vec::new();
    }
    let failing: BTreeSet<&str> = failures(&change.after.replay).map(|(id, _)| id).collect();
    change.after.history.migrations.iter().filter(|migration| failing.contains(migration.id.as_str())).collect()
}

/// The failures of a replay that doubt cannot explain, each with its migration's id.
fn failures(replay: &Replay) -> impl Iterator<Item = (&str, &Failure)> {
    replay.migrations.iter().flat_map(|migration| {
        migration.failures.iter().filter(|failure| failure.certain).map(|failure| (migration.id.as_str(), failure))
    })
}

/// What makes it the same failure before and after: lines move.
fn key<'a>((id, failure): (&'a str, &Failure)) -> (&'a str, String) {
    (id, failure.error.to_string())
}

fn reason(change: &ProjectChange<'_>, migration: Option<&Migration>, error: &ApplyError) -> String {
    let whose = match (change.whole_state, migration.is_some_and(|migration| is_added(change, migration)), error) {
        (true, _, _) => "the migrations do not build a new database",
        (false, true, _) => "the change adds a migration that no database can take",
        (false, false, ApplyError::Exists { .. }) => "what this migration makes is there before it since the change",
        (false, false, _) => "the change takes away or alters what this migration stands on",
    };
    match error {
        ApplyError::Refused(_) => format!("{whose}: the database refuses the statement"),
        _ => whose.to_owned(),
    }
}

fn is_added(change: &ProjectChange<'_>, migration: &Migration) -> bool {
    change.new_migrations().iter().any(|new| new.id == migration.id)
}

fn help(change: &ProjectChange<'_>, migration: Option<&Migration>) -> String {
    let file = migration.and_then(|m| m.source.as_ref()).map_or_else(String::new, |source| source.path().to_string());
    let replay = match change.project.ecosystem {
        EcosystemKind::Prisma => "npx prisma migrate reset, on a database for development, replays all of them",
        EcosystemKind::Alembic => "alembic upgrade head, on an empty database, replays all of them",
    };
    let edited = change.touched.iter().any(|(changed, _)| changed.path.to_string() == file);
    match migration.filter(|migration| !change.whole_state && !edited && !is_added(change, migration)) {
        // It may have been applied: the change is at fault, not its text.
        Some(old) => {
            let later = match new_before(change, old) {
                Some(new) => format!("let {} come after {}, or undo in it", new.name, old.name),
                None => "undo in the change".to_owned(),
            };
            format!("{later} what {file} cannot stand on; {replay}")
        }
        None => format!("correct the statement in {file}; {replay}"),
    }
}

/// The last migration that the change puts before an old one.
fn new_before<'a>(change: &'a ProjectChange<'_>, old: &Migration) -> Option<&'a Migration> {
    let ids = change.after.replay.migrations.iter().map(|migration| migration.id.as_str());
    let before: BTreeSet<&str> = ids.take_while(|id| *id != old.id).collect();
    change.new_migrations().into_iter().rfind(|migration| before.contains(migration.id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn a_statement_that_the_database_refuses_is_reported() {
        for world in World::both() {
            let id = world.new_id();
            let findings = world
                .refused_migration(id, "this enum value is used in the file that adds it")
                .run(RuleId::BrokenHistory);
            assert_eq!(findings.len(), 1);
            assert!(
                findings[0].message.ends_with("cannot be applied: this enum value is used in the file that adds it"),
                "{}",
                findings[0].message
            );
        }
    }

    #[test]
    fn what_may_follow_from_an_old_failure_is_a_warning() {
        let broken = "ALTER TABLE users DROP COLUMN nothing;";
        let world = World::prisma().new_migration("20260106090000_a", broken).commit();
        let findings = world.new_migration("20260112090000_b", "DROP TABLE nobody;").run(RuleId::BrokenHistory);
        assert_eq!(findings[0].level, Level::Warning);
        assert!(findings[0].reason.contains("follows from 20260106090000_a"), "{}", findings[0].reason);
        let findings =
            World::prisma().new_migration("20260112090000_b", "DROP TABLE nobody;").run(RuleId::BrokenHistory);
        assert_eq!(findings[0].level, Level::Error);
    }

    #[test]
    fn an_old_failure_is_reported_for_the_whole_state_only() {
        let world = World::prisma().refused_migration("20260112090000_x", "no").commit();
        assert!(world.clone().silent(RuleId::BrokenHistory));
        assert_eq!(world.whole_state().run(RuleId::BrokenHistory).len(), 1);
    }

    #[test]
    fn a_table_from_before_the_first_migration_breaks_nothing() {
        let sql = "ALTER TABLE legacy ADD COLUMN a INT;";
        let world = World::alembic().declare_before("legacy", "id").new_migration("b2_x", sql);
        assert!(world.silent(RuleId::BrokenHistory));
        let world = World::alembic().new_migration("b2_x", sql);
        assert_eq!(world.run(RuleId::BrokenHistory).len(), 1, "a table that nobody knows is a mistake");
    }

    #[test]
    fn what_fails_in_the_wake_of_the_foundation_breaks_nothing() {
        let sql = "CREATE TABLE slim (id INT REFERENCES legacy (id));\nCREATE INDEX slim_id ON slim (id);";
        let world = World::alembic().declare_before("legacy", "id").new_migration("b2_x", sql);
        assert!(world.silent(RuleId::BrokenHistory));
        let sql = "CREATE TABLE item (id INT, v vector(3));\nCREATE INDEX item_v ON item (id);";
        assert!(World::alembic().new_migration("b2_x", sql).silent(RuleId::BrokenHistory));
        let id = "20260112090000_x";
        assert_eq!(
            World::prisma().new_migration(id, sql).run(RuleId::BrokenHistory).len(),
            1,
            "a shadow database fails"
        );
        let sql = "CREATE TABLE item (id INT, v vectr(3));";
        assert_eq!(
            World::alembic().new_migration("b2_x", sql).run(RuleId::BrokenHistory).len(),
            1,
            "no such extension"
        );
    }

    #[test]
    fn an_index_of_the_foundation_breaks_nothing_when_it_goes() {
        let world = World::alembic()
            .declare_before("legacy", "id")
            .new_migration("b2_x", "ALTER TABLE legacy ADD COLUMN a INT;")
            .new_migration("b3_x", "DROP INDEX legacy_a;")
            .new_migration("b4_x", "ALTER TYPE legacy_kind ADD VALUE 'B';");
        assert!(world.silent(RuleId::BrokenHistory));
        let world = World::alembic().new_migration("b2_x", "DROP INDEX users_a;");
        assert_eq!(world.run(RuleId::BrokenHistory).len(), 1, "the history makes every table there is");
        let world = World::prisma().new_migration("20260112090000_x", "DROP INDEX users_a;");
        assert_eq!(world.run(RuleId::BrokenHistory).len(), 1);
    }

    #[test]
    fn a_history_that_applies_is_fine() {
        assert!(World::alembic().new_migration("b2_x", "").silent(RuleId::BrokenHistory));
    }

    #[test]
    fn a_missing_column_and_a_table_made_twice_are_named() {
        let world = World::prisma()
            .new_migration("20260112090000_x", "ALTER TABLE users DROP COLUMN age; CREATE TABLE users (id INT);");
        let findings = world.run(RuleId::BrokenHistory);
        assert_eq!(
            findings[0].message,
            "the migration 20260112090000_x cannot be applied: the column users.age does not exist"
        );
        assert_eq!(findings[0].related.len(), 1);
    }
}
