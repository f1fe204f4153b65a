//! What the change itself gives its rows, and what follows them to another name.

use super::*;

#[test]
fn what_a_new_column_holds_by_its_default_keeps_a_check() {
    for (sql, found) in [
        (
            "ALTER TABLE users ADD COLUMN a TEXT DEFAULT 'x' NOT NULL; \
             ALTER TABLE users ADD CONSTRAINT c CHECK (a = 'x' OR name IS NOT NULL);",
            0,
        ),
        ("ALTER TABLE users ADD COLUMN a INT; ALTER TABLE users ADD CONSTRAINT c CHECK (a IS NULL OR name <> '');", 0),
        ("ALTER TABLE users ADD COLUMN a INT; ALTER TABLE users ADD CONSTRAINT c CHECK (a > 1 OR name <> '');", 1),
        (
            "ALTER TABLE users ADD COLUMN a INT; ALTER TABLE users ALTER COLUMN a SET DEFAULT 1; \
             ALTER TABLE users ADD CONSTRAINT c CHECK (a IS NULL OR name <> '');",
            0,
        ),
        (
            "ALTER TABLE users ADD COLUMN a INT; ALTER TABLE users ALTER COLUMN a SET DEFAULT 1; \
             ALTER TABLE users ADD CONSTRAINT c CHECK (a = 1 OR name <> '');",
            1,
        ),
        (
            "ALTER TABLE users ADD COLUMN a TEXT DEFAULT 'y' NOT NULL; \
             ALTER TABLE users ADD CONSTRAINT c CHECK (a = 'x' OR name IS NOT NULL);",
            1,
        ),
        (
            "ALTER TABLE users ADD COLUMN a TEXT DEFAULT 'x'; UPDATE users SET a = name; \
             ALTER TABLE users ADD CONSTRAINT c CHECK (a = 'x' OR name IS NOT NULL);",
            1,
        ),
    ] {
        for world in World::both() {
            assert_eq!(run(world, sql).len(), found, "{sql}");
        }
    }
}

#[test]
fn a_partial_index_takes_no_row_of_which_its_condition_is_not_true() {
    for (sql, found) in [
        ("ALTER TABLE users ADD COLUMN a BOOLEAN; CREATE UNIQUE INDEX u ON users (name) WHERE a;", 0),
        ("ALTER TABLE users ADD COLUMN a INT; CREATE UNIQUE INDEX u ON users (name) WHERE a IS NOT NULL;", 0),
        (
            "ALTER TABLE users ADD COLUMN a BOOLEAN DEFAULT false NOT NULL; CREATE UNIQUE INDEX u ON users (name) WHERE a;",
            0,
        ),
        (
            "ALTER TABLE users ADD COLUMN a BOOLEAN DEFAULT true NOT NULL; CREATE UNIQUE INDEX u ON users (name) WHERE a;",
            1,
        ),
        ("ALTER TABLE users ADD COLUMN a INT; CREATE UNIQUE INDEX u ON users (name) WHERE a IS NULL;", 1),
        (
            "ALTER TABLE users ADD COLUMN a BOOLEAN; UPDATE users SET a = true; CREATE UNIQUE INDEX u ON users (name) WHERE a;",
            1,
        ),
        ("CREATE UNIQUE INDEX u ON users (name) WHERE email IS NOT NULL;", 1),
    ] {
        assert_eq!(run(World::prisma(), sql).len(), found, "{sql}");
    }
}

#[test]
fn a_check_that_follows_its_column_to_another_name_is_the_old_one() {
    let world = || after("ALTER TABLE users ADD CONSTRAINT c CHECK (name <> '' AND id > 0);");
    let drop = "ALTER TABLE users DROP CONSTRAINT c;";
    let rename = "ALTER TABLE users RENAME COLUMN name TO title;";
    let add = |of: &str| format!("ALTER TABLE users ADD CONSTRAINT d CHECK ({of} <> '' AND id > 0);");
    for (sql, found) in [
        (format!("{drop} {rename} {}", add("title")), 0),
        (format!("{rename} {drop} {}", add("title")), 0),
        (format!("{rename} {drop} {}", add("email")), 1),
        (format!("{drop} {rename} UPDATE users SET title = ''; {}", add("title")), 1),
        (format!("{drop} UPDATE users SET name = ''; {rename} {}", add("title")), 1),
        (format!("{drop} ALTER TABLE users RENAME TO people; {}", add("name").replace("users", "people")), 0),
        (format!("{drop} {} ALTER TABLE users RENAME TO people;", add("name")), 0),
        (format!("{drop} {} ALTER TABLE users RENAME TO people;", add("email")), 1),
        (
            format!(
                "{drop} ALTER TABLE users RENAME COLUMN email TO spare; ALTER TABLE users RENAME COLUMN name TO email; {}",
                add("spare")
            ),
            1,
        ),
    ] {
        assert_eq!(run(world(), &sql).len(), found, "{sql}");
    }
    let partial = || after("CREATE UNIQUE INDEX u ON users (email) WHERE name = 'x';");
    let index = |of: &str| format!("DROP INDEX u; {rename} CREATE UNIQUE INDEX v ON users (email) WHERE {of} = 'x';");
    assert_eq!(run(partial(), &index("title")).len(), 0);
    assert_eq!(run(partial(), &index("role")).len(), 1);
}

#[test]
fn a_primary_key_over_what_was_a_key_asks_nothing() {
    let made =
        "CREATE TABLE roles (id INT PRIMARY KEY, a INT NOT NULL, b INT NOT NULL, c INT, UNIQUE (a), UNIQUE (c));";
    for (sql, found) in [
        ("ALTER TABLE roles DROP CONSTRAINT roles_pkey; ALTER TABLE roles ADD PRIMARY KEY (a);", 0),
        ("ALTER TABLE roles DROP CONSTRAINT roles_pkey; ALTER TABLE roles ADD CONSTRAINT k PRIMARY KEY (id);", 0),
        ("ALTER TABLE roles DROP CONSTRAINT roles_pkey, ADD CONSTRAINT k PRIMARY KEY (id, b);", 0),
        ("ALTER TABLE roles DROP CONSTRAINT roles_a_key, DROP CONSTRAINT roles_pkey, ADD PRIMARY KEY (a);", 0),
        (
            "ALTER TABLE roles DROP CONSTRAINT roles_pkey; ALTER TABLE roles RENAME COLUMN id TO key; \
             ALTER TABLE roles ADD PRIMARY KEY (key);",
            0,
        ),
        (
            "ALTER TABLE roles RENAME TO jobs; ALTER TABLE jobs DROP CONSTRAINT roles_pkey; ALTER TABLE jobs ADD PRIMARY KEY (id);",
            0,
        ),
        (
            "ALTER TABLE roles DROP CONSTRAINT roles_pkey; ALTER TABLE roles ADD PRIMARY KEY (id); ALTER TABLE roles RENAME TO jobs;",
            0,
        ),
        ("ALTER TABLE roles DROP CONSTRAINT roles_pkey; ALTER TABLE roles ADD PRIMARY KEY (b);", 1),
        ("ALTER TABLE roles DROP CONSTRAINT roles_pkey; ALTER TABLE roles ADD PRIMARY KEY (c);", 1),
    ] {
        assert_eq!(run(after(made), sql).len(), found, "{sql}");
    }
}

#[test]
fn what_is_set_to_null_is_not_filled() {
    let set = "ALTER TABLE users ALTER COLUMN name SET NOT NULL;";
    for (fill, level) in [
        ("UPDATE users SET name = NULL;", Some(Level::Warning)),
        ("UPDATE users SET name = NULL WHERE name IS NULL;", Some(Level::Warning)),
        ("UPDATE users SET email = NULL, name = '';", None),
        ("UPDATE users SET name = NULL; UPDATE users SET name = '';", None),
    ] {
        for world in World::both() {
            let id = world.new_id();
            let found = world.new_migration(id, &format!("{fill} {set}")).run(RuleId::TightenedColumn);
            assert_eq!(found.first().map(|one| one.level), level, "{fill}");
        }
    }
}
