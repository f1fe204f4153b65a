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
        "ALTER TABLE users ADD COLUMN a INT NOT NULL DEFAULT 1; ALTER TABLE users ADD CONSTRAINT c CHECK (a > 0);",
        "ALTER TABLE users ALTER COLUMN email DROP NOT NULL; CREATE INDEX i ON users (email);",
    ] {
        assert_eq!(run(World::prisma(), sql), Vec::<String>::new(), "{sql}");
    }
}

#[test]
fn what_a_new_column_without_a_value_fulfils_tightens_nothing() {
    let add = "ALTER TABLE users ADD COLUMN a INT;";
    let default = "ALTER TABLE users ADD COLUMN a INT DEFAULT 1;";
    let unique = "CREATE UNIQUE INDEX u ON users (name, a);";
    let check = "ALTER TABLE users ADD CONSTRAINT c CHECK (name = 'a or b' OR (a IS NULL));";
    let strict = "ALTER TABLE users ADD CONSTRAINT c CHECK (name = 'x' AND (id > 1 OR a IS NULL));";
    for (sql, found) in [
        (format!("{add} {unique}"), 0),
        (format!("{add} UPDATE users SET a = 1; {unique}"), 1),
        (format!("{default} {unique}"), 1),
        (format!("{add} {check}"), 0),
        (format!("{default} {check}"), 1),
        (format!("{add} {strict}"), 1),
        ("ALTER TABLE users ADD CONSTRAINT c CHECK (name = 'x' OR email IS NOT NULL);".to_owned(), 0),
        ("ALTER TABLE users ADD CONSTRAINT c CHECK (name = 'x' OR name IS NOT NULL);".to_owned(), 1),
        ("CREATE UNIQUE INDEX u ON users (name, id);".to_owned(), 0),
    ] {
        for world in World::both() {
            assert_eq!(run(world, &sql).len(), found, "{sql}");
        }
    }
}

#[test]
fn rows_that_the_change_prepares_are_a_note() {
    let unique = "CREATE UNIQUE INDEX u ON users (name);";
    let level = |prepares: &str| {
        let world = World::prisma().new_migration("20260112090000_x", &format!("{prepares} {unique}"));
        world.run(RuleId::TightenedColumn)[0].level
    };
    assert_eq!(level("DELETE FROM users WHERE name IN (SELECT name FROM users WHERE id > 1);"), Level::Note);
    assert_eq!(level("DELETE FROM users WHERE id = 1;"), Level::Warning, "of something else");
    assert_eq!(level(""), Level::Warning);
}

#[test]
fn a_check_of_new_columns_and_of_old_ones_tightens() {
    for sql in [
        "ALTER TABLE users ADD COLUMN a INT NOT NULL DEFAULT 1; ALTER TABLE users ADD CONSTRAINT c CHECK (a > id);",
        "ALTER TABLE users RENAME COLUMN name TO title; ALTER TABLE users ADD CONSTRAINT c CHECK (title <> '');",
    ] {
        assert_eq!(run(World::prisma(), sql), ["rows of users must comply with a new check"], "{sql}");
    }
}

#[test]
fn a_unique_index_in_the_place_of_a_stricter_one_tightens_nothing() {
    let world = World::prisma().new_migration("20260106090000_a", "CREATE UNIQUE INDEX u ON users (email);").commit();
    let sql = "DROP INDEX u; CREATE UNIQUE INDEX v ON users (email, name);";
    assert_eq!(run(world.clone(), sql), Vec::<String>::new());
    assert_eq!(run(world, "DROP INDEX u; CREATE UNIQUE INDEX v ON users (name);").len(), 1);
}

#[test]
fn a_unique_index_over_a_renamed_column_is_the_old_one() {
    let world =
        World::prisma().new_migration("20260106090000_a", "CREATE UNIQUE INDEX u ON users (email, name);").commit();
    let sql =
        "DROP INDEX u; ALTER TABLE users RENAME COLUMN name TO title; CREATE UNIQUE INDEX v ON users (email, title);";
    assert_eq!(run(world.clone(), sql), Vec::<String>::new());
    let other = "DROP INDEX u; ALTER TABLE users RENAME COLUMN name TO title; CREATE UNIQUE INDEX v ON users (title);";
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
        ("DELETE FROM users;", 0),
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
    let fill = "UPDATE users SET name = '' WHERE name IS NULL;";
    assert_eq!(run(World::prisma(), &format!("{set}\n{fill}")).len(), 1);
    // The order of the migrations is what counts, and not which is read first.
    let earlier = World::prisma().new_migration("20260106090000_a", fill);
    assert_eq!(run(earlier, set), Vec::<String>::new());
    let later = World::prisma().new_migration("20990106090000_z", fill);
    assert_eq!(run(later, set).len(), 1);
}

#[test]
fn rows_that_are_prepared_first_make_it_a_note() {
    let set = "ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
    for (prepare, level) in [
        ("UPDATE users SET name = '' WHERE id > 3;", Level::Note),
        ("DELETE FROM users WHERE name = 'x';", Level::Note),
        ("UPDATE users SET email = '' WHERE id > 3;", Level::Warning),
    ] {
        for world in World::both() {
            let id = world.new_id();
            let found = world.new_migration(id, &format!("{prepare}\n{set}")).run(RuleId::TightenedColumn);
            assert_eq!(found.iter().map(|one| one.level).collect::<Vec<_>>(), [level], "{prepare}");
        }
    }
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
fn a_unique_index_over_more_than_a_key_tightens_nothing() {
    let sql = "CREATE TABLE roles (a INT NOT NULL, b INT NOT NULL, c INT, PRIMARY KEY (a, b)); \
               CREATE UNIQUE INDEX k ON roles (c);";
    let world = World::prisma().new_migration("20260106090000_a", sql).commit();
    for (sql, found) in [
        ("CREATE UNIQUE INDEX v ON roles (a, b, c);", 0),
        ("CREATE UNIQUE INDEX v ON roles (c, a);", 0),
        ("CREATE UNIQUE INDEX v ON roles (a);", 1),
        (
            "ALTER TABLE roles DROP CONSTRAINT roles_pkey, ADD COLUMN id TEXT NOT NULL, ADD PRIMARY KEY (id); \
          CREATE UNIQUE INDEX v ON roles (a, b);",
            0,
        ),
        (
            "ALTER TABLE roles DROP CONSTRAINT roles_pkey; UPDATE roles SET a = 1; CREATE UNIQUE INDEX v ON roles (a, b);",
            1,
        ),
        ("UPDATE roles SET c = 1 WHERE c = 2; CREATE UNIQUE INDEX v ON roles (a, b, c);", 0),
        ("DROP INDEX k; ALTER TABLE roles ALTER c TYPE TEXT; CREATE UNIQUE INDEX v ON roles (c, b);", 1),
        ("CREATE UNIQUE INDEX v ON roles (c, b) NULLS NOT DISTINCT;", 1),
        (
            "DROP INDEX k; ALTER TABLE roles ADD COLUMN d TEXT; UPDATE roles SET d = 'x'; \
             CREATE UNIQUE INDEX v ON roles (c, d);",
            0,
        ),
    ] {
        assert_eq!(run(world.clone(), sql).len(), found, "{sql}");
    }
}

#[test]
fn a_unique_index_over_a_new_column_that_is_empty_tightens_nothing() {
    let index = "CREATE UNIQUE INDEX u ON users (email, a);";
    for (sql, found) in [
        ("ALTER TABLE users ADD COLUMN a INT;", 0),
        ("ALTER TABLE users ADD COLUMN a INT DEFAULT 1;", 1),
        ("ALTER TABLE users ADD COLUMN a INT; UPDATE users SET a = 1;", 1),
        ("ALTER TABLE users ADD COLUMN b INT;", 1),
    ] {
        let index = if sql.ends_with("b INT;") { "CREATE UNIQUE INDEX u ON users (email);" } else { index };
        assert_eq!(run(World::prisma(), &format!("{sql} {index}")).len(), found, "{sql}");
    }
    let distinct = "ALTER TABLE users ADD COLUMN a INT; CREATE UNIQUE INDEX u ON users (email, a) NULLS NOT DISTINCT;";
    assert_eq!(run(World::prisma(), distinct).len(), 1);
}

#[test]
fn a_check_over_new_columns_tightens_nothing() {
    let check = |of: &str| {
        format!(
            "ALTER TABLE users ADD COLUMN a INT, ADD COLUMN b INT; ALTER TABLE users ADD CONSTRAINT c CHECK ({of});"
        )
    };
    assert_eq!(run(World::prisma(), &check("(a IS NULL) = (b IS NULL)")), Vec::<String>::new());
    assert_eq!(run(World::prisma(), &check("a IS NULL OR id > 0")), Vec::<String>::new());
    assert_eq!(run(World::prisma(), &check("a > 0 OR id > 0")).len(), 1);
}

#[test]
fn a_column_in_the_place_of_another_that_is_made_not_null_was_so_for_every_row() {
    let swap = |column: &str, then: &str| {
        format!(
            "ALTER TABLE users ADD COLUMN made {column}; UPDATE users SET made = '{{a}}' WHERE name = 'a'; \
             ALTER TABLE users DROP COLUMN name; ALTER TABLE users RENAME COLUMN made TO name; {then}"
        )
    };
    assert_eq!(run(World::prisma(), &swap("TEXT[] NOT NULL DEFAULT '{}'", "")), Vec::<String>::new());
    let required = "ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
    assert_eq!(run(World::prisma(), &swap("TEXT[]", required)).len(), 1);
}

#[test]
fn a_primary_key_in_the_place_of_a_unique_index_tightens_nothing() {
    let pairs = "CREATE TABLE pairs (a INT NOT NULL, b INT NOT NULL, c INT); CREATE UNIQUE INDEX u ON pairs (a, b);";
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
