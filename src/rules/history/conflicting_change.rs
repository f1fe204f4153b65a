//! `conflicting-change`.

use std::collections::{BTreeMap, BTreeSet};

use super::identity::truly_new;
use crate::catalog::apply::Effect;
use crate::finding::Finding;
use crate::history::Replay;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};
use crate::source::Place;

page! {
    /// ## What it stops
    ///
    /// Since this branch left its base, both have changed the same thing by a migration: a column that both alter, a table
    /// that one drops and the other extends, an index or an enum that both touch. Git merges such branches without
    /// a conflict, because the migrations are different files. Two branches that add different columns to one table are
    /// no conflict.
    ///
    /// ## Why it matters
    ///
    /// Each branch was tested without the other. After the merge one of the two migrations fails, or the order in which a
    /// database meets them decides what it looks like. In [hawk#1334](https://github.com/METR/hawk/issues/1334) four
    /// open pull requests collided pair by pair.
    ///
    /// ## Example that fails
    ///
    /// ```sql title="prisma/migrations/20260110090000_widen_email/migration.sql" base
    /// ALTER TABLE "User" ALTER COLUMN "email" TYPE VARCHAR(320);
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma" base
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique @db.VarChar(320)
    /// }
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique @db.VarChar(200)
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_limit_email/migration.sql"
    /// ALTER TABLE "User" ALTER COLUMN "email" TYPE VARCHAR(200);
    /// ```
    ///
    /// ## The same repaired
    ///
    /// The branch leaves the column to the other one:
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_limit_email/migration.sql" deleted
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "conflicting-change"
    /// object = "User.email"
    /// reason = "this one goes last on purpose"
    /// ```
}

/// What a migration touched: an object, and the table or enum that holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Touched {
    holder: String,
    /// The column, index or constraint; none for the table or enum as a whole.
    part: Option<String>,
}

impl Touched {
    fn of(holder: &impl ToString, part: Option<&str>) -> Self {
        Self { holder: holder.to_string(), part: part.map(str::to_owned) }
    }

    fn name(&self) -> String {
        match &self.part {
            Some(part) => format!("{}.{part}", self.holder),
            None => self.holder.clone(),
        }
    }

    /// Whether two migrations that touch these get in each other's way.
    fn meets(&self, other: &Self) -> bool {
        self.holder == other.holder && (self.part == other.part || self.part.is_none() || other.part.is_none())
    }
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let (Some(base), Some(base_replay)) = (change.base, change.base_replay) else { return Vec::new() };
    let before: BTreeSet<&str> =
        change.before.iter().flat_map(|state| &state.history.migrations).map(|m| m.id.as_str()).collect();
    let after: BTreeSet<&str> = change.after.history.migrations.iter().map(|m| m.id.as_str()).collect();
    let theirs: BTreeSet<&str> = base
        .migrations
        .iter()
        .map(|migration| migration.id.as_str())
        .filter(|id| !before.contains(id) && !after.contains(id))
        .collect();
    let known = base.by_id();
    let ours: BTreeSet<&str> =
        truly_new(change).iter().map(|m| m.id.as_str()).filter(|id| !known.contains_key(id)).collect();
    let (ours, theirs) = (touched(&change.after.replay, &ours), touched(base_replay, &theirs));
    let mut findings: BTreeMap<String, Finding> = BTreeMap::new();
    for (our, place) in &ours {
        let Some((their, their_place)) = theirs.iter().find(|(their, _)| our.meets(their)) else { continue };
        // A table that one side makes or drops meets everything in it: told once.
        let object = if their.part.is_none() { their.name() } else { our.name() };
        findings.entry(object.clone()).or_insert_with(|| {
            let message = format!("{object} is changed here and, since this branch began, on its base");
            let help = "bring the branch up to date with its base, and write the migration anew on top of it";
            Finding::new(RuleId::ConflictingChange, place.path().clone(), message, help)
                .at(place)
                .related(their_place, "changed on the base here")
                .because("git sees two different files; a database meets both in an order that nobody has tested")
                .about(object)
        });
    }
    findings.into_values().collect()
}

/// What the migrations of those ids touched, each with the first place.
fn touched(replay: &Replay, ids: &BTreeSet<&str>) -> BTreeMap<Touched, Place> {
    let mut all = BTreeMap::new();
    for migration in replay.migrations.iter().filter(|migration| ids.contains(migration.id.as_str())) {
        for step in &migration.steps {
            for object in step.effects.iter().flat_map(objects) {
                all.entry(object).or_insert_with(|| step.operation.place.clone());
            }
        }
    }
    all
}

fn objects(effect: &Effect) -> Vec<Touched> {
    match effect {
        Effect::TableDropped(table) => vec![Touched::of(&table.name, None)],
        Effect::ColumnAdded { table, column } | Effect::ColumnDropped { table, column } => {
            vec![Touched::of(table, Some(&column.name))]
        }
        Effect::ColumnRenamed { table, from, to } | Effect::ObjectRenamed { table, from, to } => {
            vec![Touched::of(table, Some(from)), Touched::of(table, Some(to))]
        }
        Effect::ColumnChanged { table, before, after } => {
            let mut all = vec![Touched::of(table, Some(&before.name))];
            if after.name != before.name {
                all.push(Touched::of(table, Some(&after.name)));
            }
            all
        }
        Effect::IndexAdded { table, index, .. } | Effect::IndexDropped { table, index } => {
            index.name.iter().map(|name| Touched::of(table, Some(name))).collect()
        }
        Effect::ConstraintAdded { table, name, .. } | Effect::ConstraintDropped { table, name, .. } => {
            name.iter().map(|name| Touched::of(table, Some(name))).collect()
        }
        Effect::TableCreated(name)
        | Effect::EnumCreated(name)
        | Effect::EnumDropped { name, .. }
        | Effect::EnumValueAdded { name, .. }
        | Effect::EnumValueGone { name, .. } => vec![Touched::of(name, None)],
        Effect::TableRenamed { from, to } | Effect::EnumRenamed { from, to } => {
            vec![Touched::of(from, None), Touched::of(to, None)]
        }
        Effect::CommentSet { .. } | Effect::Other(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn world(theirs: &str, ours: &str) -> Vec<Finding> {
        let world = World::prisma().new_migration("20260110090000_theirs", theirs).becomes_base();
        world.new_migration("20260112090000_ours", ours).run(RuleId::ConflictingChange)
    }

    #[test]
    fn a_column_that_both_change_is_a_conflict() {
        let findings = world(
            "ALTER TABLE users ALTER COLUMN name TYPE VARCHAR(10);",
            "ALTER TABLE users ALTER COLUMN name SET NOT NULL;",
        );
        assert_eq!(findings[0].message, "users.name is changed here and, since this branch began, on its base");
        assert_eq!(findings[0].related.len(), 1);
        let world = World::alembic().new_migration("b2_theirs", "ALTER TABLE users DROP COLUMN name;").becomes_base();
        let findings = world
            .new_migration("c3_ours", "ALTER TABLE users RENAME COLUMN name TO title;")
            .run(RuleId::ConflictingChange);
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn what_the_branch_took_from_its_base_is_no_conflict() {
        let theirs = ("20260111090000_theirs", "ALTER TABLE users ALTER COLUMN name TYPE VARCHAR(10);");
        let world = World::prisma().new_migration(theirs.0, theirs.1).becomes_base().new_migration(theirs.0, theirs.1);
        let ours = "ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
        assert!(world.new_migration("20260112090000_ours", ours).silent(RuleId::ConflictingChange));
    }

    #[test]
    fn a_table_that_one_drops_meets_everything_in_it() {
        let findings = world("DROP TABLE users;", "ALTER TABLE users ADD COLUMN a INT, ADD COLUMN b INT;");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].object.as_deref(), Some("users"));
    }

    #[test]
    fn different_columns_of_one_table_are_no_conflict() {
        assert!(world("ALTER TABLE users ADD COLUMN a INT;", "ALTER TABLE users ADD COLUMN b INT;").is_empty());
        assert!(
            World::prisma().new_migration("20260112090000_ours", "DROP TABLE users;").silent(RuleId::ConflictingChange)
        );
    }
}
