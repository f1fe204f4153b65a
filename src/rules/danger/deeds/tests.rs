use super::*;
use crate::rules::testing::World;

/// What a script does in sum, in words.
fn sum_of(dialect: Dialect, before: &str, sql: &str) -> Vec<String> {
    let world = World::prisma().on(dialect).new_migration("20260106090000_before", before).commit();
    let world = world.new_migration("20260112090000_x", sql);
    world.with_change(|change| {
        Deeds::of(change)
            .done
            .iter()
            .map(|deed| match &deed.effect {
                Effect::TableDropped(table) => format!("drop {}", table.name),
                Effect::TableRenamed { from, to } => format!("rename {from} {to}"),
                Effect::ColumnAdded { table, column } => format!("add {table}.{}", column.name),
                Effect::ColumnDropped { table, column } => format!("drop {table}.{}", column.name),
                Effect::ColumnRenamed { table, from, to } => format!("rename {table}.{from} {to}"),
                Effect::ColumnChanged { table, before, after } => {
                    format!("change {table}.{} {} {}", before.name, before.ty, after.ty)
                }
                Effect::EnumValueGone { name, value, .. } => format!("gone {name}.{value}"),
                other => format!("{other:?}").split(['{', '(', ' ']).next().unwrap_or_default().to_owned(),
            })
            .collect()
    })
}

#[test]
fn a_table_built_anew_is_what_became_of_the_old_one() {
    let sql = "CREATE TABLE \"new_posts\" (\"id\" INTEGER NOT NULL PRIMARY KEY, \"title\" TEXT, \"views\" INTEGER);\n\
               INSERT INTO \"new_posts\" (\"id\", \"title\") SELECT \"id\", \"title\" FROM \"posts\";\n\
               DROP TABLE \"posts\";\nALTER TABLE \"new_posts\" RENAME TO \"posts\";";
    let before = "CREATE TABLE \"posts\" (\"id\" INTEGER NOT NULL PRIMARY KEY, \"title\" TEXT, \"body\" TEXT);";
    assert_eq!(sum_of(Dialect::Sqlite, before, sql), ["drop posts.body", "add posts.views"]);
    let the_other_way = "ALTER TABLE posts RENAME TO posts_old;\n\
               CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY, title TEXT);\n\
               INSERT INTO posts SELECT id, title FROM posts_old;\nDROP TABLE posts_old;";
    assert_eq!(sum_of(Dialect::Sqlite, before, the_other_way), ["drop posts.body"]);
    assert_eq!(
        sum_of(Dialect::Sqlite, before, "DROP TABLE posts; CREATE TABLE posts (id INTEGER PRIMARY KEY);"),
        ["drop posts"],
        "nothing was copied"
    );
}

#[test]
fn an_enum_that_is_swapped_loses_only_what_the_new_one_lacks() {
    let before = "CREATE TYPE \"Role\" AS ENUM ('A', 'B', 'C'); ALTER TABLE users ADD COLUMN r \"Role\";";
    let sql = "BEGIN;\nCREATE TYPE \"Role_new\" AS ENUM ('A', 'B', 'D');\n\
               ALTER TABLE users ALTER COLUMN r TYPE \"Role_new\" USING (r::text::\"Role_new\");\n\
               ALTER TYPE \"Role\" RENAME TO \"Role_old\";\nALTER TYPE \"Role_new\" RENAME TO \"Role\";\n\
               DROP TYPE \"Role_old\";\nCOMMIT;";
    assert_eq!(sum_of(Dialect::PostgreSql, before, sql), ["gone Role.C"]);
}

#[test]
fn what_the_change_made_is_nobodys_data() {
    let sql = "CREATE TABLE a (id INT, x INT); ALTER TABLE a DROP COLUMN x; DROP TABLE a;\n\
               ALTER TABLE users ADD COLUMN y INT; ALTER TABLE users RENAME COLUMN y TO z; \
               ALTER TABLE users DROP COLUMN z;";
    assert_eq!(sum_of(Dialect::PostgreSql, "", sql), ["add users.y"]);
}

#[test]
fn a_column_that_is_swapped_and_filled_has_changed() {
    let sql = "ALTER TABLE users ADD COLUMN name_new INTEGER; UPDATE users SET name_new = length(name);\n\
               ALTER TABLE users DROP COLUMN name; ALTER TABLE users RENAME COLUMN name_new TO name;";
    assert_eq!(sum_of(Dialect::PostgreSql, "", sql), ["add users.name_new", "change users.name text integer"]);
    let empty = sql.replace("UPDATE users SET name_new = length(name);", "");
    assert_eq!(sum_of(Dialect::PostgreSql, "", &empty), ["add users.name_new", "drop users.name"]);
}

#[test]
fn renames_are_followed_to_their_end() {
    let sql = "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME TO humans;";
    assert_eq!(sum_of(Dialect::PostgreSql, "", sql), ["rename users humans"]);
    let back = "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME TO users;";
    assert_eq!(sum_of(Dialect::PostgreSql, "", back), Vec::<String>::new());
}

#[test]
fn a_copy_that_gives_every_row_a_value_asks_for_none() {
    let before = "CREATE TABLE \"Image\" (\"id\" INTEGER NOT NULL PRIMARY KEY, \"m\" DATETIME, \"n\" DATETIME);";
    let copied = |value: &str, more: &str| {
        let sql = format!(
            "CREATE TABLE \"new_Image\" (\"id\" INTEGER NOT NULL PRIMARY KEY, \"m\" DATETIME NOT NULL, \"n\" DATETIME);
             INSERT INTO \"new_Image\" (\"id\", \"m\") SELECT \"id\", {value} FROM \"Image\";
             {more} DROP TABLE \"Image\"; ALTER TABLE \"new_Image\" RENAME TO \"Image\";"
        );
        sum_of(Dialect::Sqlite, before, &sql).len()
    };
    let filled = "coalesce(\"m\", CURRENT_TIMESTAMP) AS \"m\"";
    assert_eq!(copied(filled, ""), 0);
    assert_eq!(copied("\"m\"", ""), 1, "it becomes NOT NULL");
    assert_eq!(copied("coalesce(\"m\", \"n\") AS \"m\"", ""), 1, "both may be NULL");
    assert_eq!(copied("coalesce(\"m\", NULL) AS \"m\"", ""), 1);
    let second = "INSERT INTO \"new_Image\" (\"id\", \"m\") SELECT \"id\", \"m\" FROM \"Image\";";
    assert_eq!(copied(filled, second), 1, "another copy does not");
}
