mod held;
mod kept;

use super::*;
use crate::catalog::Dialect;
use crate::rules::testing::World;

/// A world whose last commit has one more migration.
fn after(sql: &str) -> World {
    World::prisma().new_migration("20260106090000_a", sql).commit()
}

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
fn a_partial_index_says_which_rows_it_is_about() {
    let messages = run(World::prisma(), "CREATE UNIQUE INDEX u ON users (email) WHERE name IS NULL;");
    assert!(messages.len() == 1 && messages[0].starts_with("rows of users where "), "{messages:?}");
    assert!(messages[0].contains("is null") && messages[0].ends_with(" must become unique in email"), "{messages:?}");
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

/// What is said of a second migration, behind a first one.
fn behind(first: &str, second: &str) -> Vec<(String, Level)> {
    let world = World::prisma().new_migration("20260106090000_a", first).commit();
    let found = world.new_migration("20260112090000_b", second).run(RuleId::TightenedColumn);
    found.into_iter().map(|finding| (finding.message, finding.level)).collect()
}

#[test]
fn a_key_that_is_replaced_holds_its_rows_until_it_goes() {
    let first = "CREATE UNIQUE INDEX u ON users (email);";
    let new = "CREATE UNIQUE INDEX v ON users (email, name);";
    for (second, found) in [
        (format!("UPDATE users SET email = 'a' WHERE id = 1; DROP INDEX u; {new}"), 0),
        (format!("INSERT INTO users (id, email) VALUES (1, 'a'); DROP INDEX u; {new}"), 0),
        (format!("DROP INDEX u; UPDATE users SET email = 'a' WHERE id > 1; {new}"), 1),
        (format!("DROP INDEX u; {new} UPDATE users SET email = 'a' WHERE id > 1;"), 0),
        (format!("DROP INDEX u; UPDATE users SET email = 'a' WHERE id > 1; {new} {}", new.replace(" v ", " w ")), 2),
        (format!("{new} DROP INDEX u;"), 0),
        ("DROP INDEX u; CREATE UNIQUE INDEX v ON users (email) WHERE name IS NULL;".to_owned(), 0),
        ("ALTER INDEX u RENAME TO v; CREATE UNIQUE INDEX w ON users (email);".to_owned(), 0),
        ("ALTER TABLE users RENAME TO people; DROP INDEX u; CREATE UNIQUE INDEX u ON people (email);".to_owned(), 0),
        ("DROP INDEX u; ALTER TABLE users RENAME TO people; CREATE UNIQUE INDEX u ON people (email);".to_owned(), 0),
        ("DROP INDEX u; ALTER TABLE users RENAME TO people; CREATE UNIQUE INDEX u ON people (name);".to_owned(), 1),
        ("DROP INDEX u; CREATE UNIQUE INDEX v ON users (lower(email));".to_owned(), 1),
    ] {
        assert_eq!(behind(first, &second).len(), found, "{second}");
    }
    let partial = "CREATE UNIQUE INDEX u ON users (email) WHERE name IS NULL;";
    assert_eq!(behind(partial, "DROP INDEX u; CREATE UNIQUE INDEX v ON users (email);").len(), 1);
    let lower = "CREATE UNIQUE INDEX u ON users (lower(email));";
    assert_eq!(behind(lower, "DROP INDEX u; CREATE UNIQUE INDEX v ON users (email);"), []);
    let replaced = "CREATE UNIQUE INDEX u ON users (replace(email, 'a', 'b'));";
    assert_eq!(behind(replaced, "DROP INDEX u; CREATE UNIQUE INDEX v ON users (email);").len(), 1);
}

#[test]
fn a_key_that_stays_holds_what_is_written() {
    // The primary key of users is its id.
    let index = "CREATE UNIQUE INDEX u ON users (id);";
    assert_eq!(behind("SELECT 1;", &format!("{index} UPDATE users SET id = 7 WHERE name = 'a';")), []);
    assert_eq!(behind("SELECT 1;", &format!("UPDATE users SET id = 7 WHERE name = 'a'; {index}")), []);
    let renamed = "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME CONSTRAINT users_pkey TO people_pkey;";
    assert_eq!(behind(renamed, "UPDATE people SET id = 7 WHERE name = 'a'; CREATE UNIQUE INDEX u ON people (id);"), []);
    assert_eq!(behind("SELECT 1;", &format!("{renamed} CREATE UNIQUE INDEX u ON people (id);")), []);
}

#[test]
fn a_primary_key_is_replaced_by_one_over_as_much() {
    let first = "CREATE TABLE roles (a INT NOT NULL, b INT NOT NULL, c INT, CONSTRAINT k PRIMARY KEY (a, b));";
    for (second, found) in [
        ("ALTER TABLE roles DROP CONSTRAINT k; ALTER TABLE roles ADD CONSTRAINT l PRIMARY KEY (a, b);", 0),
        ("ALTER TABLE roles DROP CONSTRAINT k; ALTER TABLE roles ADD CONSTRAINT l PRIMARY KEY (b, a);", 0),
        ("ALTER TABLE roles DROP CONSTRAINT k; ALTER TABLE roles ADD CONSTRAINT l PRIMARY KEY (a);", 1),
        ("ALTER TABLE roles DROP CONSTRAINT k; ALTER TABLE roles ADD CONSTRAINT l PRIMARY KEY (a, b, c);", 1),
        (
            "ALTER TABLE roles DROP CONSTRAINT k; ALTER TABLE roles ALTER a TYPE TEXT; \
             ALTER TABLE roles ADD CONSTRAINT l PRIMARY KEY (a, b);",
            0,
        ),
        (
            "ALTER TABLE roles RENAME TO parts; ALTER TABLE parts DROP CONSTRAINT k; \
             ALTER TABLE parts ADD CONSTRAINT l PRIMARY KEY (a, b);",
            0,
        ),
        (
            "ALTER TABLE roles DROP CONSTRAINT k; ALTER TABLE roles RENAME COLUMN b TO d; \
             ALTER TABLE roles ADD CONSTRAINT l PRIMARY KEY (a, d);",
            0,
        ),
        (
            "ALTER TABLE roles DROP CONSTRAINT k; ALTER TABLE roles ADD COLUMN id SERIAL NOT NULL; \
             ALTER TABLE roles ADD CONSTRAINT l PRIMARY KEY (id);",
            0,
        ),
    ] {
        assert_eq!(behind(first, second).len(), found, "{second}");
    }
    let written = "ALTER TABLE roles DROP CONSTRAINT k; UPDATE roles SET a = 1 WHERE b = 2; \
                   ALTER TABLE roles ADD CONSTRAINT l PRIMARY KEY (a, b);";
    assert_eq!(behind(first, written)[0].1, Level::Note);
}

#[test]
fn a_table_that_must_be_empty_is_told_of_once() {
    let add = "ALTER TABLE users ADD COLUMN team INT NOT NULL;";
    let index = "CREATE UNIQUE INDEX u ON users (team, name);";
    let mysql = |sql: &str| {
        let world = World::prisma().on(Dialect::MySql).new_migration("20260112090000_x", sql);
        world.run(RuleId::TightenedColumn).len()
    };
    assert_eq!(behind("SELECT 1;", &format!("{add} {index}")), []);
    assert_eq!(behind("SELECT 1;", &format!("{index} {add}").replace("team, ", "")), []);
    assert_eq!(behind("SELECT 1;", &format!("{add} CREATE UNIQUE INDEX u ON users (name);")), []);
    // Filled, or of another table.
    assert_eq!(behind("SELECT 1;", &format!("{} {index}", add.replace(';', " DEFAULT 0;"))).len(), 1);
    let other = "CREATE TABLE posts (id INT PRIMARY KEY, slug TEXT);";
    assert_eq!(behind(other, &format!("{add} CREATE UNIQUE INDEX u ON posts (slug);")).len(), 1);
    // What is emptied later on has rows before, and no rule tells of the column.
    let late = format!("{} DELETE FROM users; {add}", index.replace("team, ", ""));
    assert_eq!(behind("SELECT 1;", &late).len(), 1);
    // MySQL has a value of its own for a number.
    assert_eq!(mysql("ALTER TABLE users ADD COLUMN team INT NOT NULL; CREATE UNIQUE INDEX u ON users (team);"), 0);
    assert_eq!(mysql("ALTER TABLE users ADD COLUMN team INT NOT NULL; CREATE UNIQUE INDEX u ON users (name);"), 1);
}

#[test]
fn no_row_holds_a_value_of_an_enum_that_the_change_adds() {
    let first = "CREATE TYPE role AS ENUM ('guest', 'admin'); ALTER TABLE users ADD COLUMN kind role;";
    let index = |predicate: &str| format!("CREATE UNIQUE INDEX u ON users (name) WHERE {predicate};");
    let found = |predicate: &str, between: &str| {
        let world = World::prisma().new_migration("20260106090000_a", first).commit();
        let world = world.new_migration("20260112090000_b", "ALTER TYPE role ADD VALUE 'owner';");
        world
            .new_migration("20260113090000_c", &format!("{between} {}", index(predicate)))
            .run(RuleId::TightenedColumn)
            .len()
    };
    for (predicate, expected) in [
        ("kind = 'owner'", 0),
        ("kind = 'owner'::role", 0),
        ("kind IN ('owner') AND id > 3", 0),
        ("kind = 'admin'", 1),
        ("kind IN ('owner', 'admin')", 1),
        ("kind <> 'guest'", 1),
        ("kind = 'owner' OR id > 3", 1),
        ("kind = 'owner' OR kind IS NULL", 1),
    ] {
        assert_eq!(found(predicate, ""), expected, "{predicate}");
    }
    assert_eq!(found("kind = 'owner'", "UPDATE users SET kind = 'owner' WHERE id = 1;"), 1);
    assert_eq!(found("kind = 'owner'", "UPDATE users SET name = 'owner' WHERE id = 1;"), 0);
    assert_eq!(found("kind = 'owner'", "INSERT INTO users (id, kind) VALUES (1, 'owner');"), 1);
    // One that has only another name is held by rows.
    let renamed = format!("ALTER TYPE role RENAME VALUE 'admin' TO 'owner'; {}", index("kind = 'owner'"));
    assert_eq!(behind(first, &renamed).len(), 1);
}

#[test]
fn duplicates_that_are_gathered_elsewhere_first_are_prepared() {
    let unique = "CREATE UNIQUE INDEX u ON users (name);";
    for (prepare, level) in [
        (
            "WITH d AS (SELECT min(id) AS id FROM users GROUP BY name) DELETE FROM users USING d WHERE users.id <> d.id;",
            Level::Note,
        ),
        (
            "CREATE TEMP TABLE d AS SELECT min(id) AS id FROM users GROUP BY name; DELETE FROM users WHERE id NOT IN (SELECT id FROM d); DROP TABLE d;",
            Level::Note,
        ),
        (
            "CREATE TABLE d (id INT); INSERT INTO d SELECT min(id) FROM users GROUP BY name; \
             DELETE FROM users WHERE id NOT IN (SELECT id FROM d);",
            Level::Note,
        ),
        (
            "CREATE TEMP TABLE d AS SELECT id, name FROM users; CREATE TEMP TABLE e AS SELECT max(id) AS id FROM d; \
             DELETE FROM users WHERE id IN (SELECT id FROM e);",
            Level::Note,
        ),
        (
            "CREATE TEMP TABLE d AS SELECT id FROM users WHERE email = ''; DELETE FROM users WHERE id IN (SELECT id FROM d);",
            Level::Warning,
        ),
        ("CREATE TEMP TABLE d AS SELECT name FROM users; DELETE FROM users WHERE id = 3;", Level::Warning),
    ] {
        for world in World::both() {
            let id = world.new_id();
            let found = world.new_migration(id, &format!("{prepare} {unique}")).run(RuleId::TightenedColumn);
            assert_eq!(found.iter().map(|one| one.level).collect::<Vec<_>>(), [level], "{prepare}");
        }
    }
    let expression = "DELETE FROM users WHERE name = 'x'; CREATE UNIQUE INDEX u ON users (lower(name));";
    assert_eq!(behind("SELECT 1;", expression)[0].1, Level::Note);
    assert_eq!(behind("SELECT 1;", &expression.replace("(name", "(email"))[0].1, Level::Warning);
}

#[test]
fn a_check_that_the_default_of_a_new_column_breaks_is_reported() {
    let add = |column: &str, check: &str| {
        format!("ALTER TABLE users ADD COLUMN {column}; ALTER TABLE users ADD CONSTRAINT c CHECK ({check});")
    };
    for (sql, found) in [
        (add("a INT NOT NULL DEFAULT 0", "a > 0"), 1),
        (add("a INT NOT NULL DEFAULT 0", "a >= 0"), 0),
        (add("a INT NOT NULL DEFAULT 1", "a > 0"), 0),
        (add("a INT", "a > 0"), 0),
        (add("a TEXT DEFAULT 'x'", "a IN ('y', 'z')"), 1),
        (add("a TEXT DEFAULT 'y'", "a IN ('y', 'z')"), 0),
        (add("a TEXT DEFAULT 'X'", "a = 'x'"), 0),
        (add("a INT DEFAULT 0", "a > 0 OR length(email) > 3"), 1),
        (add("a INT DEFAULT 0", "a > 0 AND length(email) > 3"), 1),
        (add("a INT DEFAULT 0, ADD COLUMN b INT DEFAULT 1", "a > b"), 1),
        (add("a INT DEFAULT 2, ADD COLUMN b INT DEFAULT 1", "a > b"), 0),
        (add("a SERIAL", "a > 0"), 0),
        ("ALTER TABLE users ADD COLUMN a INT DEFAULT 0 CHECK (a > 0);".to_owned(), 1),
        ("ALTER TABLE users ADD COLUMN a INT DEFAULT 1 CHECK (a > 0);".to_owned(), 0),
        (add("a INT DEFAULT 0", "a > 0").replace("; ALTER", "; ALTER TABLE users ALTER a DROP DEFAULT; ALTER"), 1),
        (add("a INT DEFAULT 0", "a > 0").replace("; ALTER", "; UPDATE users SET a = 1; ALTER"), 0),
        (add("a INT DEFAULT 0", "a > 0").replace("; ALTER", "; DELETE FROM users; ALTER"), 0),
        (add("a INT DEFAULT 0", "a > 0").replace(");", ") NOT VALID;"), 0),
    ] {
        assert_eq!(behind("SELECT 1;", &sql).len(), found, "{sql}");
    }
    let world = World::prisma().new_migration("20260112090000_x", &add("a INT DEFAULT 0", "a > 0"));
    assert!(world.run(RuleId::TightenedColumn)[0].reason.contains("the default of the new column a"));
}

#[test]
fn rows_that_are_written_behind_it_prepare_nothing() {
    let set = "ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
    assert_eq!(behind("SELECT 1;", &format!("{set} UPDATE users SET name = '';"))[0].1, Level::Warning);
    let table = "ALTER TABLE users RENAME TO people;";
    let fill = "UPDATE users SET name = '' WHERE name IS NULL;";
    let late = set.replace("users", "people");
    assert_eq!(behind("SELECT 1;", &format!("{fill} {table} {late}")), []);
}
