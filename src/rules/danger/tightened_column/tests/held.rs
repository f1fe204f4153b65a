//! What rows comply with by what they were held to before, and by what the change gives them.

use super::*;

#[test]
fn what_rows_were_held_to_before_tightens_nothing() {
    let old = "ALTER TABLE users ADD CONSTRAINT c CHECK ((name)::text = ANY ((ARRAY['a'::text, 'b'::text])::text[]));";
    let drop = "ALTER TABLE users DROP CONSTRAINT c;";
    let wider = "ALTER TABLE users ADD CONSTRAINT d CHECK (name IN ('a', 'b', 'c'));";
    let narrower = "ALTER TABLE users ADD CONSTRAINT d CHECK (name IN ('a', 'c'));";
    for (new, found) in [
        (format!("{drop} {wider}"), 0),
        (wider.to_owned(), 0),
        (format!("{drop} {narrower}"), 1),
        (format!("{drop} UPDATE users SET name = 'x'; {wider}"), 1),
        (format!("{drop} {wider} UPDATE users SET name = 'c';"), 0),
        (
            format!(
                "{drop} ALTER TABLE users RENAME COLUMN email TO spare; ALTER TABLE users RENAME COLUMN name TO email; ALTER TABLE users ADD CONSTRAINT d CHECK (spare IN ('a', 'b'));"
            ),
            1,
        ),
    ] {
        let world = after(old);
        assert_eq!(run(world, &new).len(), found, "{new}");
    }
    let loose = old.replace("[]));", "[])) NOT VALID;");
    assert_eq!(run(after(&loose), &format!("{drop} {wider}")).len(), 1);
}

#[test]
fn counts_of_what_is_set_see_that_a_new_column_is_not() {
    let add = "ALTER TABLE users ADD COLUMN a INT;";
    let fill = "UPDATE users SET a = 1;";
    let sum = "ALTER TABLE users ADD CONSTRAINT d CHECK ((\"email\" IS NOT NULL)::int + (\"a\" IS NOT NULL)::int = 1);";
    let both = "ALTER TABLE users ADD CONSTRAINT d CHECK (num_nonnulls(email, a) = 1);";
    let maybe = "ALTER TABLE users ADD CONSTRAINT d CHECK (num_nonnulls(name, a) = 1);";
    for (sql, found) in [
        (format!("{add} {sum}"), 0),
        (format!("{add} {both}"), 0),
        (format!("{add} {maybe}"), 1),
        (format!("{add} {fill} {sum}"), 1),
        (format!("{add} {sum} {fill}"), 0),
    ] {
        assert_eq!(run(World::prisma(), &sql).len(), found, "{sql}");
    }
}

#[test]
fn rows_that_are_written_afterwards_are_another_matter() {
    for (sql, found) in [
        ("ALTER TABLE users ADD COLUMN a INT; CREATE UNIQUE INDEX u ON users (name, a); UPDATE users SET a = 1;", 0),
        ("ALTER TABLE users ADD COLUMN a INT; UPDATE users SET a = 1; CREATE UNIQUE INDEX u ON users (name, a);", 1),
        (
            "DROP INDEX users_email_key; CREATE UNIQUE INDEX u ON users (email); INSERT INTO users (email) VALUES ('x');",
            0,
        ),
        (
            "DROP INDEX users_email_key; INSERT INTO users (email) VALUES ('x'); CREATE UNIQUE INDEX u ON users (email);",
            1,
        ),
    ] {
        let world = after("CREATE UNIQUE INDEX users_email_key ON users (email);");
        assert_eq!(run(world, sql).len(), found, "{sql}");
    }
}

#[test]
fn a_key_of_a_table_that_gets_another_name_is_a_key_still() {
    let world = || after("CREATE UNIQUE INDEX users_email_key ON users (name, email);");
    for (sql, found) in [
        ("ALTER TABLE users RENAME TO people; CREATE UNIQUE INDEX u ON people (name, email);", 0),
        (
            "DROP INDEX users_email_key; ALTER TABLE users RENAME TO people; CREATE UNIQUE INDEX u ON people (email, name);",
            0,
        ),
        ("ALTER TABLE users RENAME TO people; CREATE UNIQUE INDEX u ON people (name);", 1),
    ] {
        assert_eq!(run(world(), sql).len(), found, "{sql}");
    }
}

#[test]
fn a_conversion_that_gives_each_row_a_value_fills_the_column() {
    let required = "ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
    for (using, found) in
        [("(name IS NOT NULL)", 0), ("coalesce(name = 'x', false)", 0), ("(email <> '')", 0), ("(name <> '')", 1)]
    {
        let cast = format!("ALTER TABLE users ALTER COLUMN name TYPE BOOLEAN USING {using};");
        assert_eq!(run(World::prisma(), &format!("{cast} {required}")).len(), found, "{using}");
        assert_eq!(
            run(World::prisma(), &format!("{cast} UPDATE users SET name = NULL WHERE id = 1; {required}")).len(),
            1,
            "{using}"
        );
    }
}

#[test]
fn an_index_is_told_with_its_expressions() {
    assert_eq!(run(World::prisma(), "CREATE UNIQUE INDEX u ON users (id, lower(name));").len(), 0, "the id is a key");
    assert_eq!(
        run(World::prisma(), "CREATE UNIQUE INDEX u ON users (email, lower(name));"),
        ["rows of users must become unique in email, lower(name)"]
    );
}

#[test]
fn an_exclusion_that_is_made_anew_tightens_nothing() {
    let exclude = "EXCLUDE USING gist (email WITH =, name WITH &&)";
    let world = after(&format!("ALTER TABLE users ADD CONSTRAINT c {exclude};"));
    for (new, found) in [
        (format!("ALTER TABLE users DROP CONSTRAINT c; ALTER TABLE users ADD CONSTRAINT d {exclude} DEFERRABLE INITIALLY DEFERRED;"), 0),
        ("ALTER TABLE users DROP CONSTRAINT c; ALTER TABLE users ADD CONSTRAINT d EXCLUDE USING gist (name WITH &&);".to_owned(), 1),
        (format!("ALTER TABLE users DROP CONSTRAINT c; UPDATE users SET name = ''; ALTER TABLE users ADD CONSTRAINT d {exclude};"), 1),
    ] {
        assert_eq!(run(world.clone(), &new).len(), found, "{new}");
    }
}

#[test]
fn a_session_prepares_rows_in_a_revision_alone() {
    let sql = "/* def upgrade(): session.update(name) */ ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
    for (world, level) in [(World::alembic(), Level::Note), (World::prisma(), Level::Warning)] {
        let id = world.new_id();
        assert_eq!(world.new_migration(id, sql).run(RuleId::TightenedColumn)[0].level, level);
    }
}

#[test]
fn a_copy_that_gives_every_row_a_value_asks_for_none() {
    let table =
        "CREATE TABLE \"Image\" (\"id\" INTEGER NOT NULL PRIMARY KEY, \"m\" DATETIME DEFAULT CURRENT_TIMESTAMP);";
    let copied = |value: &str, more: &str| {
        let world = World::prisma().on(Dialect::Sqlite).new_migration("20260106090000_a", table).commit();
        run(
            world,
            &format!(
                "CREATE TABLE \"new_Image\" (\"id\" INTEGER NOT NULL PRIMARY KEY, \"m\" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP);
                 INSERT INTO \"new_Image\" (\"id\", \"m\") SELECT \"id\", {value} FROM \"Image\";
                 {more} DROP TABLE \"Image\"; ALTER TABLE \"new_Image\" RENAME TO \"Image\";"
            ),
        )
    };
    let becomes = ["the column Image.m becomes NOT NULL"];
    assert_eq!(copied("coalesce(\"m\", CURRENT_TIMESTAMP) AS \"m\"", ""), [""; 0]);
    assert_eq!(copied("\"m\"", ""), becomes);
    assert_eq!(copied("coalesce(\"m\", \"n\") AS \"m\"", ""), becomes, "both may be NULL");
    assert_eq!(copied("coalesce(\"m\", NULL) AS \"m\"", ""), becomes);
    let second = "INSERT INTO \"new_Image\" (\"id\", \"m\") SELECT \"id\", \"m\" FROM \"Image\";";
    assert_eq!(copied("coalesce(\"m\", CURRENT_TIMESTAMP) AS \"m\"", second), becomes, "another copy does not");
}
