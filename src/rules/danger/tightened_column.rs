//! `tightened-column`.

use super::deeds::{Deed, Deeds};
use super::{allow, finding};
use crate::catalog::Index;
use crate::catalog::apply::Effect;
use crate::finding::Finding;
use crate::project::ProjectChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration demands more of rows that are there: NOT NULL on a column that took NULL, a unique constraint or
    /// index, a primary key, a check or an exclusion over columns that existed. A constraint that is NOT VALID looks at no
    /// row; a unique index that takes the place of a stricter one tightens nothing.
    ///
    /// ## Why it matters
    ///
    /// One row that does not comply fails the migration, and the deployment with it: Prisma's own guide to failed
    /// migrations opens with a `@unique` over duplicates
    /// ([prisma/web#2788](https://github.com/prisma/web/pull/2788)), and
    /// [cartodb#6876](https://github.com/CartoDB/cartodb/pull/6876) set NOT NULL before the default that would have filled
    /// the rows.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma" before
    /// model User {
    ///   id    Int     @id @default(autoincrement())
    ///   email String  @unique
    ///   name  String?
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260106090000_add_name/migration.sql" before
    /// ALTER TABLE "User" ADD COLUMN "name" TEXT;
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   name  String
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_require_name/migration.sql"
    /// ALTER TABLE "User" ALTER COLUMN "name" SET NOT NULL;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```sql title="prisma/migrations/20260112090000_require_name/migration.sql"
    /// UPDATE "User" SET "name" = '' WHERE "name" IS NULL;
    /// -- driftgate: allow tightened-column: the statement above fills every row
    /// ALTER TABLE "User" ALTER COLUMN "name" SET NOT NULL;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// As above, or in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "tightened-column"
    /// object = "User.name"
    /// reason = "no row has been without a name since 2024"
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let deeds = &all.done;
    let mut findings = Vec::new();
    for deed in deeds.iter().filter(|deed| !deed.on_new_columns) {
        let Some((object, message)) = tightened(deeds, deed) else { continue };
        let help = format!(
            "look for rows that do not comply and mend them first; then say so above the statement:\n  {}",
            allow(change, RuleId::TightenedColumn)
        );
        findings.push(
            finding(RuleId::TightenedColumn, &deed.place, object, message, help)
                .because("the migration fails on every database with a row that does not comply"),
        );
    }
    findings
}

/// What a deed tightens, and how.
fn tightened(deeds: &[Deed], deed: &Deed) -> Option<(String, String)> {
    match &deed.effect {
        Effect::ColumnChanged { table, before, after } if before.nullable && !after.nullable => {
            let object = format!("{table}.{}", after.name);
            let message = format!("the column {object} becomes NOT NULL");
            Some((object, message))
        }
        Effect::IndexAdded { table, index, .. } if index.unique && !replaces(deeds, deed, index) => {
            let columns: Vec<&str> = index.parts.iter().filter_map(|part| part.column()).collect();
            let object = match (columns.as_slice(), &index.name) {
                ([column], _) => format!("{table}.{column}"),
                (_, Some(name)) => format!("{table}.{name}"),
                _ => table.to_string(),
            };
            let over = if columns.is_empty() { "an expression".to_owned() } else { columns.join(", ") };
            Some((object, format!("rows of {table} must become unique in {over}")))
        }
        Effect::ConstraintAdded {
            table,
            what: what @ ("check" | "exclusion" | "primary key"),
            name,
            not_valid: false,
        } => {
            let object = name.as_ref().map_or_else(|| table.to_string(), |name| format!("{table}.{name}"));
            // A key that is only written anew demands nothing new.
            let replaced = *what == "primary key"
                && deeds.iter().any(|other| {
                    matches!(&other.effect, Effect::ConstraintDropped { table: of, what: "primary key", .. } if of == table)
                });
            (!replaced).then(|| (object, format!("rows of {table} must comply with a new {what}")))
        }
        _ => None,
    }
}

/// Whether a unique index follows one that was at least as strict and is dropped by the change.
fn replaces(deeds: &[Deed], deed: &Deed, new: &Index) -> bool {
    let Effect::IndexAdded { table, .. } = &deed.effect else { return false };
    deeds.iter().any(|other| match &other.effect {
        Effect::IndexDropped { table: of, index: old } => {
            let contained = old.parts.iter().all(|part| new.parts.iter().any(|own| own.on == part.on));
            of == table && old.unique && contained && (old.predicate.is_none() || old.predicate == new.predicate)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn run(world: World, sql: &str) -> Vec<String> {
        let id = world.new_id();
        let findings = world.new_migration(id, sql).run(RuleId::TightenedColumn);
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn demands_on_rows_that_are_there_are_reported() {
        for world in World::both() {
            let messages = run(
                world,
                "ALTER TABLE users ALTER COLUMN name SET NOT NULL;\nCREATE UNIQUE INDEX u ON users (email);\n\
                 ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0);",
            );
            assert_eq!(
                messages,
                [
                    "the column users.name becomes NOT NULL",
                    "rows of users must become unique in email",
                    "rows of users must comply with a new check"
                ]
            );
        }
    }

    #[test]
    fn new_columns_and_loose_constraints_are_fine() {
        for sql in [
            "ALTER TABLE users ADD COLUMN a INT UNIQUE; CREATE UNIQUE INDEX u ON users (a);",
            "ALTER TABLE users ADD COLUMN a INT; UPDATE users SET a = 1; ALTER TABLE users ALTER COLUMN a SET NOT NULL;",
            "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID;",
            "ALTER TABLE users ALTER COLUMN email DROP NOT NULL; CREATE INDEX i ON users (email);",
        ] {
            assert_eq!(run(World::prisma(), sql), Vec::<String>::new(), "{sql}");
        }
    }

    #[test]
    fn a_unique_index_in_the_place_of_a_stricter_one_tightens_nothing() {
        let world =
            World::prisma().new_migration("20260106090000_a", "CREATE UNIQUE INDEX u ON users (email);").commit();
        let sql = "DROP INDEX u; CREATE UNIQUE INDEX v ON users (email, name);";
        assert_eq!(run(world.clone(), sql), Vec::<String>::new());
        assert_eq!(run(world, "DROP INDEX u; CREATE UNIQUE INDEX v ON users (name);").len(), 1);
    }
}
