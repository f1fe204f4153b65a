//! `required-column`.

use super::deeds::{Deed, Deeds};
use super::{finding, has_session};
use crate::catalog::apply::Effect;
use crate::catalog::operation::DataKind;
use crate::catalog::{Column, ColumnDefault, Dialect, Name, TypeKind};
use crate::finding::{Finding, Level};
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::{RuleId, RuleSettings};
use crate::sql::sets_null;

page! {
    /// ## What it stops
    ///
    /// A NOT NULL column without a default is added to a table that existed, or is added without a value and made NOT NULL by
    /// the same change before an UPDATE has filled it; one that sets it to NULL fills nothing. Columns that count by
    /// themselves and generated ones are fine, and so is any column of a table that the change itself makes.
    ///
    /// ## Why it matters
    ///
    /// It works on the empty database of the tests and fails on the first table with a row in it, in the middle of the
    /// deployment. A default that a client library fills in (`@default(cuid())`, `default=`) does not help: the database
    /// does not know it. MySQL does not fail but fills the rows with `''`, 0 or the first value of an enum, which is a warning; of days and times it
    /// refuses the zero in its default mode. [aegis-stack#1146](https://github.com/lbedner/aegis-stack/pull/1146) met it with every update of
    /// a generated project, [vita-min#4922](https://github.com/codeforamerica/vita-min/pull/4922) on a deployment.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER NOT NULL;
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    ///   age   Int    @default(0)
    /// }
    /// ```
    ///
    /// ```sql title="prisma/migrations/20260112090000_add_age/migration.sql"
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER NOT NULL DEFAULT 0;
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```sql
    /// -- driftgate: allow required-column: the table is empty on every database
    /// ALTER TABLE "User" ADD COLUMN "age" INTEGER NOT NULL;
    /// ```
}

pub(in crate::rules) fn check(change: &ProjectChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    let all = Deeds::of(change);
    let is_mysql = change.project.dialect() == Dialect::MySql;
    unfilled(&all, change.project.dialect())
        .filter(|(deed, table, column)| {
            !(is_mysql && has_implicit_default(column) && is_filled_after(&all, deed, table, column, Dialect::MySql))
        })
        .map(|(deed, table, column)| {
            let object = format!("{table}.{}", column.name);
            let message = format!("the column {object} is required and has no default for the rows that are there");
            if matches!(deed.effect, Effect::ColumnChanged { .. }) {
                let help = format!("fill it first: UPDATE {table} SET {} = …", column.name);
                return finding(RuleId::RequiredColumn, &deed.place, object, message, help)
                    .because("the migration fails on every database whose table holds a row");
            }
            let advice = match change.project.ecosystem {
                EcosystemKind::Prisma => "give it a DEFAULT",
                EcosystemKind::Alembic => "give it a server_default",
            };
            let help = format!("{advice}, or add it nullable, fill it, and make it NOT NULL in the end");
            let mut found = finding(RuleId::RequiredColumn, &deed.place, object, message, help);
            if is_mysql && has_implicit_default(column) {
                found.level = Level::Warning;
                return found.because(given_by_mysql(column));
            }
            found.because("the migration fails on every database whose table holds a row")
        })
        .collect()
}

/// The required columns that are added to a table with rows, and that nothing fills there.
fn unfilled(all: &Deeds, dialect: Dialect) -> impl Iterator<Item = (&Deed, &Name, &Column)> {
    // A table that the change empties has no rows to be filled.
    let emptied = |table: &Name| all.rows.iter().any(|row| row.table == *table && row.empties());
    let late = all.demanded.iter().filter(|deed| !has_session(deed));
    all.done.iter().chain(late).filter_map(move |deed| match &deed.effect {
        Effect::ColumnAdded { table, column } if needs_a_value(column) && !emptied(table) => {
            Some((deed, table, &**column))
        }
        Effect::ColumnChanged { table, after, .. }
            if deed.on_new_columns && !emptied(table) && !is_written_before(all, deed, table, after, dialect) =>
        {
            Some((deed, table, &**after))
        }
        _ => None,
    })
}

/// Whether a statement before gives a column a value, at least in some rows.
fn is_written_before(all: &Deeds, deed: &Deed, table: &Name, column: &Column, dialect: Dialect) -> bool {
    all.rows.iter().any(|row| {
        row.comes_before(deed)
            && row.may_write(&column.name)
            && !sets_null(row.statement(), &column.name, dialect)
            && all.is_same(&row.table, table)
    })
}

/// Whether an UPDATE that comes later gives every row of a table a value of its own in a column.
fn is_filled_after(all: &Deeds, deed: &Deed, table: &Name, column: &Column, dialect: Dialect) -> bool {
    all.rows.iter().any(|row| {
        row.kind == DataKind::Update
            && !row.bounded
            && row.at > deed.at
            && row.written.is_some()
            && row.may_write(&column.name)
            && !sets_null(row.statement(), &column.name, dialect)
            && all.is_same(&row.table, table)
    })
}

/// Whether the change fails on every row of a table, as it demands a column of it that nothing fills.
pub(super) fn must_be_empty(change: &ProjectChange<'_>, all: &Deeds, table: &Name) -> bool {
    let is_filled = |column: &Column| change.project.dialect() == Dialect::MySql && has_implicit_default(column);
    unfilled(all, change.project.dialect()).any(|(_, of, column)| all.is_same(of, table) && !is_filled(column))
}

/// What MySQL puts into the rows that are there, as a reason: into an enum its first value.
fn given_by_mysql(column: &Column) -> String {
    let given = match &column.ty.kind {
        TypeKind::Inline { set: false, labels } => {
            labels.first().map(|first| format!("'{first}', the first of its values"))
        }
        _ => None,
    };
    let given = given.unwrap_or_else(|| "'' or 0".to_owned());
    format!("MySQL fills the rows that are there with {given}, which nobody has chosen")
}

/// Whether MySQL has a value of its own for rows that get such a column. It has one for days and times too, but refuses it in
/// its default mode (`NO_ZERO_DATE`), and it has none for points and shapes.
/// <https://dev.mysql.com/doc/refman/8.4/en/data-type-defaults.html#data-type-defaults-implicit>
fn has_implicit_default(column: &Column) -> bool {
    const WITHOUT: [&str; 12] = [
        "date",
        "datetime",
        "timestamp",
        "geometry",
        "point",
        "linestring",
        "polygon",
        "multipoint",
        "multilinestring",
        "multipolygon",
        "geometrycollection",
        "geomcollection",
    ];
    match &column.ty.kind {
        TypeKind::Builtin { name, .. } => !WITHOUT.contains(&name.as_str()),
        TypeKind::Inline { .. } => true,
        TypeKind::Named(_) | TypeKind::Other(_) | TypeKind::Unknown => false,
    }
}

fn needs_a_value(column: &Column) -> bool {
    let none = matches!(column.default, None | Some(ColumnDefault::Null));
    !column.nullable && none && column.auto_increment.is_none() && column.generated.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn a_required_column_on_a_table_with_rows_is_reported() {
        for world in World::both() {
            let id = world.new_id();
            let findings =
                world.new_migration(id, "ALTER TABLE users ADD COLUMN age INT NOT NULL;").run(RuleId::RequiredColumn);
            assert_eq!(
                findings[0].message,
                "the column users.age is required and has no default for the rows that are there"
            );
        }
    }

    #[test]
    fn defaults_counters_and_new_tables_are_fine() {
        for sql in [
            "ALTER TABLE users ADD COLUMN age INT NOT NULL DEFAULT 0;",
            "ALTER TABLE users ADD COLUMN age INT;",
            "ALTER TABLE users ADD COLUMN seq SERIAL NOT NULL;",
            "ALTER TABLE users ADD COLUMN low TEXT NOT NULL GENERATED ALWAYS AS (lower(email)) STORED;",
            "DELETE FROM users; ALTER TABLE users ADD COLUMN age INT NOT NULL;",
            "CREATE TABLE a (id INT NOT NULL); ALTER TABLE a ADD COLUMN b INT NOT NULL;",
        ] {
            assert!(World::prisma().new_migration("20260112090000_x", sql).silent(RuleId::RequiredColumn), "{sql}");
        }
    }

    #[test]
    fn mysql_fills_the_rows_itself_where_it_can() {
        let level = |ty: &str| {
            let sql = format!("ALTER TABLE users ADD COLUMN a {ty} NOT NULL;");
            let world = World::prisma().on(Dialect::MySql).new_migration("20260112090000_x", &sql);
            world.run(RuleId::RequiredColumn)[0].level
        };
        for ty in ["INT", "VARCHAR(10)", "TEXT", "JSON", "ENUM('a', 'b')", "DECIMAL(9, 2)"] {
            assert_eq!(level(ty), Level::Warning, "{ty}");
        }
        for ty in ["DATETIME(3)", "TIMESTAMP", "DATE", "POINT"] {
            assert_eq!(level(ty), Level::Error, "{ty}");
        }
    }

    #[test]
    fn a_table_built_anew_with_a_required_column_is_seen() {
        let sql = "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT, role TEXT, age INTEGER NOT NULL);\n\
                   INSERT INTO new_users (id, email, name, role) SELECT id, email, name, role FROM users;\nDROP TABLE users;\n\
                   ALTER TABLE new_users RENAME TO users;";
        let world = World::prisma().on(Dialect::Sqlite).new_migration("20260112090000_x", sql);
        assert_eq!(world.run(RuleId::RequiredColumn)[0].object.as_deref(), Some("users.age"));
        // The copy gives every row a value.
        let filled = sql.replace(
            "name, role) SELECT id, email, name, role",
            "name, role, \"age\") SELECT id, email, name, role, 0",
        );
        let world = World::prisma().on(Dialect::Sqlite).new_migration("20260112090000_x", &filled);
        assert!(world.silent(RuleId::RequiredColumn));
    }

    #[test]
    fn rows_that_the_change_fills_afterwards_have_what_it_chose() {
        let told = |update: &str, dialect: Dialect| {
            let sql = format!("ALTER TABLE users ADD COLUMN age INT NOT NULL;\n{update};");
            !World::prisma().on(dialect).new_migration("20260112090000_x", &sql).silent(RuleId::RequiredColumn)
        };
        assert!(!told("UPDATE users SET age = 18", Dialect::MySql));
        for update in [
            "UPDATE users SET age = 18 WHERE id = 1",
            "UPDATE users SET name = 'x'",
            "UPDATE others SET age = 18",
            "SELECT 1",
        ] {
            assert!(told(update, Dialect::MySql), "{update}");
        }
        // Where the column is refused, nothing comes afterwards.
        assert!(told("UPDATE users SET age = 18", Dialect::PostgreSql));
    }

    #[test]
    fn mysql_says_which_value_of_an_enum_it_takes() {
        let reason = |ty: &str| {
            let sql = format!("ALTER TABLE users ADD COLUMN a {ty} NOT NULL;");
            let world = World::prisma().on(Dialect::MySql).new_migration("20260112090000_x", &sql);
            world.run(RuleId::RequiredColumn)[0].reason.clone()
        };
        assert!(reason("ENUM('new', 'old')").contains("'new', the first of its values"));
        assert!(reason("SET('new', 'old')").contains("'' or 0"));
        assert!(reason("INT").contains("'' or 0"));
    }

    #[test]
    fn a_new_column_that_becomes_required_must_be_filled_before() {
        let add = "ALTER TABLE users ADD COLUMN age INT;";
        let set = "ALTER TABLE users ALTER COLUMN age SET NOT NULL;";
        for (between, found) in [
            ("", 1),
            ("UPDATE users SET age = NULL;", 1),
            ("UPDATE users SET name = 'x';", 1),
            ("UPDATE others SET age = 1;", 1),
            ("ALTER TABLE users ALTER COLUMN age SET DEFAULT 0;", 1),
            ("INSERT INTO other (id) VALUES (1);", 1),
            ("UPDATE users SET age = 1;", 0),
            ("UPDATE users SET age = 1 WHERE age IS NULL;", 0),
            ("UPDATE users SET age = NULL; UPDATE users SET age = 2;", 0),
            ("DELETE FROM users;", 0),
            ("SELECT fill_ages();", 0),
            ("DO $$ BEGIN EXECUTE 'UPDATE ' || t || ' SET age = 1'; END $$;", 0),
        ] {
            for world in World::both() {
                let id = world.new_id();
                let findings = world.new_migration(id, &format!("{add} {between} {set}")).run(RuleId::RequiredColumn);
                assert_eq!(findings.len(), found, "{between}");
            }
        }
        for sql in [
            "ALTER TABLE users ADD COLUMN age INT DEFAULT 1; ALTER TABLE users ALTER COLUMN age SET NOT NULL;",
            "CREATE TABLE t (id INT); ALTER TABLE t ADD COLUMN age INT; ALTER TABLE t ALTER COLUMN age SET NOT NULL;",
        ] {
            assert!(World::prisma().new_migration("20260112090000_x", sql).silent(RuleId::RequiredColumn), "{sql}");
        }
    }
}
