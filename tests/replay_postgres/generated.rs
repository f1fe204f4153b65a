//! Generated histories: statements over few names, so that many of them meet, and many are refused.

use driftgate::history::Replay;

use crate::random::Random;
use crate::report;
use crate::server::Outcome;

/// How many are tried; the seed of each is its number.
pub(crate) const HISTORIES: usize = 100;

/// How many statements each has.
const LENGTH: usize = 40;

const TABLES: &[&str] = &["a", "b", "c", "app.a", "d"];
const COLUMNS: &[&str] = &["id", "x", "y", "z", "w"];
const TYPES: &[&str] = &["integer", "bigint", "text", "varchar(20)", "boolean", "kind", "timestamptz", "numeric(8,2)"];
const ACTIONS: &[&str] = &["", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON UPDATE CASCADE ON DELETE RESTRICT"];

/// The statements of one history.
pub(crate) fn history(seed: usize) -> Vec<String> {
    let mut random = Random::new(seed as u64);
    let mut statements = vec![
        "CREATE SCHEMA app".to_owned(),
        "CREATE TYPE kind AS ENUM ('one', 'two')".to_owned(),
        "CREATE TABLE a (id integer PRIMARY KEY, x text, y integer)".to_owned(),
        "CREATE TABLE b (id integer PRIMARY KEY, x integer REFERENCES a (id), y text UNIQUE)".to_owned(),
    ];
    while statements.len() < LENGTH {
        statements.push(statement(&mut random));
    }
    statements
}

fn statement(random: &mut Random) -> String {
    let (table, other) = (random.pick(TABLES), random.pick(TABLES));
    let (column, second) = (random.pick(COLUMNS), random.pick(COLUMNS));
    let ty = random.pick(TYPES);
    let cascade = if random.chance(30) { " CASCADE" } else { "" };
    let guard = if random.chance(30) { "IF EXISTS " } else { "" };
    let fresh = if random.chance(30) { "IF NOT EXISTS " } else { "" };
    let name = format!("n{}", random.below(6));
    let bare = table.rsplit('.').next().unwrap();
    match random.below(34) {
        0..=2 => format!(
            "CREATE TABLE {fresh}{table} (id serial PRIMARY KEY, {column}2 {ty}, x integer NOT NULL DEFAULT 1, UNIQUE (x))"
        ),
        3 => format!("CREATE TABLE {fresh}{table} (id bigint GENERATED ALWAYS AS IDENTITY, y {ty}, CHECK (id > 0))"),
        4 => format!("DROP TABLE {guard}{table}{cascade}"),
        5 => format!("ALTER TABLE {table} RENAME TO {name}"),
        6 => format!("ALTER TABLE {name} RENAME TO {bare}"),
        7 => format!("ALTER TABLE {table} SET SCHEMA {}", random.pick(&["app", "public"])),
        8..=10 => format!("ALTER TABLE {table} ADD COLUMN {fresh}{column} {ty}"),
        11 => format!("ALTER TABLE {table} ADD COLUMN {column} integer NOT NULL DEFAULT 0 CHECK ({column} >= 0)"),
        12 => format!("ALTER TABLE {table} ADD COLUMN {column} boolean GENERATED ALWAYS AS ({second} IS NULL) STORED"),
        13 | 14 => format!("ALTER TABLE {table} DROP COLUMN {guard}{column}{cascade}"),
        15 | 16 => format!("ALTER TABLE {table} RENAME COLUMN {column} TO {second}"),
        17 => format!("ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL"),
        18 => format!("ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL"),
        19 => format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE {ty} USING NULL"),
        20 => {
            format!("ALTER TABLE {table} ALTER COLUMN {column} {}", random.pick(&["DROP DEFAULT", "SET DEFAULT NULL"]))
        }
        21 => format!("ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({column})"),
        22 => format!(
            "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {other} ({second}){}",
            random.pick(ACTIONS)
        ),
        23 => format!("ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES {other}{}", random.pick(ACTIONS)),
        24 => format!("ALTER TABLE {table} DROP CONSTRAINT {guard}{}{cascade}", constraint(random, bare, &name)),
        25 => format!("ALTER TABLE {table} RENAME CONSTRAINT {} TO {name}", constraint(random, bare, &name)),
        26 => format!("CREATE {}INDEX {fresh}{name} ON {table} ({column})", random.pick(&["", "UNIQUE "])),
        27 => format!("CREATE INDEX ON {table} ({column} DESC, {second}) WHERE {column} IS NOT NULL"),
        28 => format!("DROP INDEX {guard}{name}{cascade}"),
        29 => format!("ALTER INDEX {guard}{name} RENAME TO n{}", random.below(6)),
        30 => format!("CREATE VIEW v{} AS SELECT t.{column} FROM {table} t", random.below(3)),
        31 => format!("DROP VIEW {guard}v{}{cascade}", random.below(3)),
        32 => random
            .pick(&[
                "ALTER TYPE kind RENAME TO sort",
                "ALTER TYPE sort RENAME TO kind",
                "DROP TYPE kind",
                "DROP TYPE kind CASCADE",
                "CREATE TYPE kind AS ENUM ('one')",
                "ALTER TYPE kind ADD VALUE IF NOT EXISTS 'three' BEFORE 'one'",
                "ALTER TYPE kind RENAME VALUE 'one' TO 'first'",
                "ALTER TYPE kind SET SCHEMA app",
            ])
            .to_owned(),
        _ => format!("ALTER TABLE {table} ADD PRIMARY KEY ({column})"),
    }
}

/// The name of a constraint that may be there.
fn constraint(random: &mut Random, table: &str, name: &str) -> String {
    match random.below(4) {
        0 => format!("{table}_pkey"),
        1 => format!("{table}_x_key"),
        2 => format!("{table}_x_fkey"),
        _ => name.to_owned(),
    }
}

/// How a history ends otherwise in the replay: the first statement that one of them refuses alone, or the catalogs.
pub(crate) fn difference(history: &[String], outcome: &Outcome, replay: &Replay) -> Option<String> {
    for (number, statement) in history.iter().enumerate() {
        let told = |how: String| {
            let done = history[..number].iter().enumerate();
            let done: Vec<&str> = done
                .filter(|(at, _)| !outcome.refused.contains_key(at))
                .map(|(_, statement)| statement.as_str())
                .collect();
            Some(format!("{statement}\n  {how}\n  behind\n    {}", done.join(";\n    ")))
        };
        let failure = replay.migrations[number].failures.first();
        match (outcome.refused.get(&number), failure) {
            (Some(why), None) => return told(format!("PostgreSQL refuses it: {why}")),
            (None, Some(failure)) => return told(format!("the replay refuses it: {}", failure.error)),
            _ => {}
        }
    }
    let objects = report::objects(&replay.catalog);
    let there: Vec<&str> = outcome.built.difference(&objects).map(|line| line.text.as_str()).collect();
    let here: Vec<&str> = objects.difference(&outcome.built).map(|line| line.text.as_str()).collect();
    if there.is_empty() && here.is_empty() {
        return None;
    }
    let done = history.iter().enumerate().filter(|(at, _)| !outcome.refused.contains_key(at));
    let done: Vec<&str> = done.map(|(_, statement)| statement.as_str()).collect();
    Some(format!(
        "only in PostgreSQL: {there:#?}\n  only in the replay: {here:#?}\n  behind\n    {}",
        done.join(";\n    ")
    ))
}
