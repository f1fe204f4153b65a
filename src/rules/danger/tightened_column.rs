//! `tightened-column`.

use std::collections::BTreeSet;

use super::deeds::{Deed, Deeds, RowDeed};
use super::{allow, finding};
use crate::catalog::apply::Effect;
use crate::catalog::operation::DataKind;
use crate::catalog::{Index, IndexPart, Name};
use crate::finding::Finding;
use crate::project::{ProjectChange, ProjectState};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A new migration demands more of rows that are there: NOT NULL on a column that took NULL, a unique constraint or
    /// index, a primary key, a check or an exclusion over columns that existed. A constraint that is NOT VALID looks at no
    /// row; a unique index that takes the place of a stricter one tightens nothing, nor does a list of allowed values that
    /// becomes longer, nor a primary key in the place of a unique index, nor NOT NULL behind a statement that gives
    /// each row a value.
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
    /// ALTER TABLE "User" ALTER COLUMN "name" SET NOT NULL;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// Above the statement, or in `driftgate.toml`:
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
    let Deeds { done: deeds, rows, .. } = &*all;
    let mut findings = Vec::new();
    for deed in deeds.iter().filter(|deed| !deed.on_new_columns) {
        if is_filled(rows, deed) || widens(change, deed) || was_unique(change, deed) {
            continue;
        }
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

/// Whether a column becomes NOT NULL behind a statement that gives it a value in every row, or in every row without one.
fn is_filled(rows: &[RowDeed], deed: &Deed) -> bool {
    let Effect::ColumnChanged { table, before, .. } = &deed.effect else { return false };
    let column = before.name.to_ascii_lowercase();
    rows.iter().any(|row| {
        let writes = row.written.iter().flatten().any(|name| name.eq_ignore_ascii_case(&column));
        let before = row.place.path() != deed.place.path() || row.place.span.start <= deed.place.span.start;
        let fills = match row.kind {
            DataKind::Update => writes && (!row.bounded || asks_for_null(row.place.text(), &column)),
            // Rows without a value go.
            DataKind::Delete => asks_for_null(row.place.text(), &column),
            _ => false,
        };
        row.table == *table && before && fills
    })
}

/// Whether a statement picks the rows without a value in a column, and by nothing else.
fn asks_for_null(statement: &str, column: &str) -> bool {
    let text = statement.to_ascii_lowercase();
    let Some((_, condition)) = text.split_once("where").filter(|(_, rest)| !rest.contains("where")) else {
        return false;
    };
    let plain: String = condition
        .chars()
        .filter(|c| !matches!(c, '"' | '`' | '[' | ']'))
        .map(|c| if c.is_alphanumeric() || matches!(c, '_' | '.' | '=') { c } else { ' ' })
        .collect();
    let words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let names = |word: &str| word.rsplit('.').next() == Some(column);
    match words.as_slice() {
        [name, "is", "null"] => names(name),
        // SQLAlchemy: `.where(t.c.name.is_(None))`, `t.c.name == None`
        [name, "none"] => name.strip_suffix(".is_").is_some_and(names),
        [name, "==", "none"] => names(name),
        _ => false,
    }
}

/// Whether a primary key takes the place of a unique index over the same columns, none of which takes NULL: Prisma 6 makes
/// such keys of the tables between two models.
fn was_unique(change: &ProjectChange<'_>, deed: &Deed) -> bool {
    let Effect::ConstraintAdded { table, what: "primary key", .. } = &deed.effect else { return false };
    let before = change.before.and_then(|state| state.replay.catalog.tables.get(table));
    let key = change.after.replay.catalog.tables.get(table).and_then(|table| table.primary_key.as_ref());
    let (Some(before), Some(key)) = (before, key) else { return false };
    let names =
        |parts: &[IndexPart]| parts.iter().map(|part| part.column().map(str::to_owned)).collect::<BTreeSet<_>>();
    let wanted = names(&key.columns);
    let required = |name: &Option<String>| {
        before.columns.iter().any(|column| Some(&column.name) == name.as_ref() && !column.nullable)
    };
    wanted.iter().all(required)
        && before.indexes.iter().any(|old| old.unique && old.predicate.is_none() && names(&old.parts) == wanted)
}

/// Whether a check takes all that the one of its name took before: a longer list of values.
fn widens(change: &ProjectChange<'_>, deed: &Deed) -> bool {
    let Effect::ConstraintAdded { table, what: "check", name: Some(name), .. } = &deed.effect else { return false };
    let expression = |state: &ProjectState| {
        let checks = &state.replay.catalog.tables.get(table)?.checks;
        checks.iter().find(|check| check.name.as_ref() == Some(name))?.expression.clone()
    };
    let (Some(before), Some(after)) = (change.before.and_then(expression), expression(change.after)) else {
        return false;
    };
    let ((before, old), (after, new)) = (without_values(&before), without_values(&after));
    before == after && old.is_subset(&new) && !before.contains("not")
}

/// A condition without its texts, casts and commas, and the texts.
fn without_values(expression: &str) -> (String, BTreeSet<String>) {
    let mut rest = String::new();
    let mut values = BTreeSet::new();
    for (at, part) in expression.split('\'').enumerate() {
        if at % 2 == 1 {
            values.insert(part.to_owned());
            continue;
        }
        // `::text`, `::character varying`
        let part = part
            .strip_prefix("::")
            .map_or(part, |cast| cast.trim_start_matches(|c: char| c.is_alphanumeric() || c == ' '));
        rest.extend(part.chars().filter(|c| !c.is_whitespace() && *c != ',').map(|c| c.to_ascii_lowercase()));
    }
    (rest, values)
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
            let now = |column: &str| renamed(deeds, table, column);
            let same = |old: &IndexPart, new: &IndexPart| {
                old.on == new.on || old.column().is_some_and(|old| new.column().is_some_and(|new| now(old) == new))
            };
            let contained = old.parts.iter().all(|part| new.parts.iter().any(|own| same(part, own)));
            of == table && old.unique && contained && (old.predicate.is_none() || old.predicate == new.predicate)
        }
        _ => false,
    })
}

/// What a column is called once the change has been made.
fn renamed(deeds: &[Deed], of: &Name, column: &str) -> String {
    let new = deeds.iter().find_map(|deed| match &deed.effect {
        Effect::ColumnRenamed { table, from, to } if table == of && from == column => Some(to),
        _ => None,
    });
    new.map_or_else(|| column.to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Dialect;
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

    #[test]
    fn a_unique_index_over_a_renamed_column_is_the_old_one() {
        let world =
            World::prisma().new_migration("20260106090000_a", "CREATE UNIQUE INDEX u ON users (email, name);").commit();
        let sql = "DROP INDEX u; ALTER TABLE users RENAME COLUMN name TO title; CREATE UNIQUE INDEX v ON users (email, title);";
        assert_eq!(run(world.clone(), sql), Vec::<String>::new());
        let other =
            "DROP INDEX u; ALTER TABLE users RENAME COLUMN name TO title; CREATE UNIQUE INDEX v ON users (title);";
        assert_eq!(run(world, other).len(), 1);
    }

    #[test]
    fn a_column_that_is_filled_first_can_become_required() {
        let set = "ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
        for (fill, found) in [
            ("UPDATE users SET name = '' WHERE name IS NULL;", 0),
            ("UPDATE \"users\" SET \"name\" = '' WHERE (\"users\".\"name\" IS NULL);", 0),
            ("UPDATE users SET name = email;", 0),
            ("DELETE FROM users WHERE name IS NULL;", 0),
            ("DELETE FROM users WHERE email IS NULL;", 1),
            ("UPDATE users SET name = '' WHERE id IN (SELECT id FROM users WHERE name IS NULL);", 1),
            ("UPDATE users SET name = '' WHERE name IS NULL AND id > 9;", 1),
            ("UPDATE users SET name = '' WHERE email IS NULL;", 1),
            ("UPDATE users SET email = '' WHERE name IS NULL;", 1),
            ("UPDATE users u SET name = o.email FROM users o WHERE o.id = u.id;", 1),
        ] {
            for world in World::both() {
                assert_eq!(run(world, &format!("{fill}\n{set}")).len(), found, "{fill}");
            }
        }
        assert_eq!(run(World::prisma(), &format!("{set}\nUPDATE users SET name = '' WHERE name IS NULL;")).len(), 1);
    }

    #[test]
    fn a_longer_list_of_values_tightens_nothing() {
        let check = |values: &str| format!("ALTER TABLE users ADD CONSTRAINT c CHECK (name IN ({values}));");
        let world = World::prisma().new_migration("20260106090000_a", &check("'a', 'b'")).commit();
        let to =
            |values: &str| run(world.clone(), &format!("ALTER TABLE users DROP CONSTRAINT c; {}", check(values))).len();
        assert_eq!(to("'a', 'b', 'c'"), 0);
        assert_eq!(to("'a', 'c'"), 1);
        let other =
            "ALTER TABLE users DROP CONSTRAINT c; ALTER TABLE users ADD CONSTRAINT c CHECK (email IN ('a', 'b', 'c'));";
        assert_eq!(run(world.clone(), other).len(), 1);
    }

    #[test]
    fn a_primary_key_in_the_place_of_a_unique_index_tightens_nothing() {
        let pairs =
            "CREATE TABLE pairs (a INT NOT NULL, b INT NOT NULL, c INT); CREATE UNIQUE INDEX u ON pairs (a, b);";
        let world = World::prisma().new_migration("20260106090000_a", pairs).commit();
        let key = |columns: &str| format!("ALTER TABLE pairs ADD CONSTRAINT p PRIMARY KEY ({columns}); DROP INDEX u;");
        assert_eq!(run(world.clone(), &key("a, b")), Vec::<String>::new());
        assert_eq!(run(world, &key("a")).len(), 1);
    }

    #[test]
    fn a_table_that_is_built_anew_tightens_only_what_it_says() {
        let table = "CREATE TABLE pairs (a INTEGER NOT NULL PRIMARY KEY, b INTEGER);";
        let world = World::prisma().on(Dialect::Sqlite).new_migration("20260106090000_a", table).commit();
        let anew = |columns: &str| {
            let sql = format!(
                "CREATE TABLE new_pairs ({columns}); INSERT INTO new_pairs (a, b) SELECT a, b FROM pairs;\n\
                 DROP TABLE pairs; ALTER TABLE new_pairs RENAME TO pairs;"
            );
            run(world.clone(), &sql)
        };
        assert_eq!(anew("a INTEGER PRIMARY KEY, b TEXT"), Vec::<String>::new());
        assert_eq!(anew("a INTEGER PRIMARY KEY, b TEXT NOT NULL"), ["the column pairs.b becomes NOT NULL"]);
    }
}
