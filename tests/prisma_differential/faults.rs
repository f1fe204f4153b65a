//! Faults planted in the migrations that the engine wrote: what it notices driftgate must notice, and no more.

use crate::generate::{Provider, Schema};
use crate::oracle::{Answer, Oracle};
use crate::planted::{CONTROL, Score, place, schemas};
use crate::random::Random;
use crate::{Verdict, statements, verdict};

const POSTGRES_TYPES: &[&str] = &[
    "TEXT",
    "VARCHAR(39)",
    "CHAR(4)",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "DOUBLE PRECISION",
    "REAL",
    "DECIMAL(65,30)",
    "DECIMAL(12,3)",
    "BOOLEAN",
    "TIMESTAMP(3)",
    "TIMESTAMP(6)",
    "TIMESTAMPTZ(3)",
    "DATE",
    "JSONB",
    "JSON",
    "BYTEA",
    "UUID",
    "TEXT[]",
];
const SQLITE_TYPES: &[&str] =
    &["TEXT", "INTEGER", "BIGINT", "REAL", "DECIMAL", "BOOLEAN", "DATETIME", "BLOB", "JSONB", "VARCHAR(40)"];

const KINDS: &[&str] = &[
    CONTROL,
    "drop a statement",
    "drop a column",
    "drop an index",
    "drop an enum value",
    "reorder enum values",
    "flip nullability",
    "change a type",
    "change a default",
    "drop a foreign key",
    "change a foreign key's action",
    "make an index unique",
    "swap two migrations",
];

/// A line of `CREATE TABLE` in its parts: the name, the type, and what follows that.
fn column(line: &str) -> Option<(&str, &str, &str)> {
    let rest = line.strip_prefix("    \"")?;
    let after = line.len() - rest.len() + rest.find("\" ")? + 2;
    let tail = &line[after..];
    let whole = tail.trim_end_matches(',').len();
    let ends = [" NOT NULL", " DEFAULT ", " PRIMARY KEY"].iter().filter_map(|word| tail.find(word)).min();
    let end = ends.unwrap_or(whole);
    Some((&line[..after], &tail[..end], &tail[end..]))
}

/// The migrations with one fault of a kind; none where they have no place for it.
fn plant(kind: &str, migration: &str, provider: Provider, random: &mut Random) -> Option<Vec<String>> {
    let mut lines: Vec<String> = migration.lines().map(str::to_owned).collect();
    let mut parts = statements(migration);
    let in_line = |random: &mut Random, fits: &dyn Fn(&str) -> bool| place(random, lines.len(), |at| fits(&lines[at]));
    let in_parts = |random: &mut Random, word: &str| place(random, parts.len(), |at| parts[at].contains(word));
    match kind {
        "drop a statement" => {
            let at = in_parts(random, "")?;
            parts.remove(at);
            return Some(vec![parts.concat()]);
        }
        "drop an index" => {
            let at = in_parts(random, "INDEX ")?;
            parts.remove(at);
            return Some(vec![parts.concat()]);
        }
        "swap two migrations" => {
            let at = 1 + random.below(parts.len().checked_sub(1).filter(|&count| count > 0)?);
            return Some(vec![parts[at..].concat(), parts[..at].concat()]);
        }
        "drop a foreign key" if provider == Provider::PostgreSql => {
            let at = in_parts(random, "FOREIGN KEY")?;
            parts.remove(at);
            return Some(vec![parts.concat()]);
        }
        "drop a column" => {
            let at = in_line(random, &|line| column(line).is_some() && line.ends_with(','))?;
            lines.remove(at);
        }
        "drop a foreign key" => {
            let at = in_line(random, &|line| line.contains("FOREIGN KEY"))?;
            if !lines[at].ends_with(',') {
                lines[at - 1] = lines[at - 1].trim_end_matches(',').to_owned();
            }
            lines.remove(at);
        }
        "drop an enum value" => {
            let at = in_line(random, &|line| line.contains("AS ENUM") && line.contains("', '"))?;
            let from = lines[at].find('(')? + 1;
            let to = from + lines[at][from..].find(", ")? + 2;
            lines[at].replace_range(from..to, "");
        }
        "reorder enum values" => {
            let at = in_line(random, &|line| line.contains("AS ENUM") && line.contains("', '"))?;
            let (from, to) = (lines[at].find('(')? + 1, lines[at].rfind(')')?);
            let mut values: Vec<&str> = lines[at][from..to].split(", ").collect();
            values.reverse();
            let values = values.join(", ");
            lines[at].replace_range(from..to, &values);
        }
        "flip nullability" => {
            let at = in_line(random, &|line| column(line).is_some() && !line.contains("PRIMARY KEY"))?;
            let (name, ty, rest) = column(&lines[at])?;
            lines[at] = match rest.strip_prefix(" NOT NULL") {
                Some(rest) => format!("{name}{ty}{rest}"),
                None => format!("{name}{ty} NOT NULL{rest}"),
            };
        }
        "change a type" => {
            let at = in_line(random, &|line| column(line).is_some() && !line.contains("AUTOINCREMENT"))?;
            let (name, ty, rest) = column(&lines[at])?;
            let types = if provider == Provider::PostgreSql { POSTGRES_TYPES } else { SQLITE_TYPES };
            let other = types[place(random, types.len(), |at| types[at] != ty)?];
            lines[at] = format!("{name}{other}{rest}");
        }
        "change a default" => {
            let at = in_line(random, &|line| column(line).is_some() && line.contains(" DEFAULT "))?;
            let from = lines[at].find(" DEFAULT ")?;
            let comma = if lines[at].ends_with(',') { "," } else { "" };
            let value = lines[at][from + 9..].trim_end_matches(',').to_owned();
            let other = match value.as_str() {
                _ if random.chance(40) => String::new(),
                "true" => " DEFAULT false".to_owned(),
                "false" => " DEFAULT true".to_owned(),
                text if text.starts_with('\'') => " DEFAULT 'other'".to_owned(),
                number if number.parse::<f64>().is_ok() => " DEFAULT 77".to_owned(),
                _ => String::new(),
            };
            lines[at].truncate(from);
            lines[at].push_str(&other);
            lines[at].push_str(comma);
        }
        "change a foreign key's action" => {
            let at = in_line(random, &|line| line.contains(" ON DELETE "))?;
            let (from, to) = (lines[at].find(" ON DELETE ")? + 11, lines[at].find(" ON UPDATE ")?);
            let actions = ["CASCADE", "SET NULL", "RESTRICT", "NO ACTION"];
            let other = actions[place(random, actions.len(), |action| actions[action] != &lines[at][from..to])?];
            lines[at].replace_range(from..to, other);
        }
        "make an index unique" => {
            let at = in_line(random, &|line| line.starts_with("CREATE INDEX") && !line.contains(" USING "))?;
            lines[at] = lines[at].replacen("CREATE INDEX", "CREATE UNIQUE INDEX", 1);
        }
        CONTROL => {}
        other => panic!("no fault is called {other}"),
    }
    Some(vec![lines.join("\n") + "\n"])
}

fn run(provider: Provider, against: &str) {
    let mut oracle = match Oracle::start() {
        Ok(oracle) => oracle,
        Err(reason) => {
            eprintln!("skipped: {reason}");
            return;
        }
    };
    let mut score = Score::default();
    // Other seeds than the differential test's, which compares the schemas as they are.
    for seed in (10_000..).take(usize::try_from(schemas(6)).unwrap()) {
        let mut random = Random::new(seed);
        let schema = Schema::random(&mut random, provider).print();
        let Ok(migration) = oracle.from_empty(&schema) else { continue };
        for kind in KINDS {
            let Some(migrations) = plant(kind, &migration, provider, &mut random) else { continue };
            let migrations: Vec<&str> = migrations.iter().map(String::as_str).collect();
            let expected = oracle.judge(&schema, &migrations);
            let said = verdict(&schema, &migrations);
            let noticed = (!matches!(expected, Answer::InSync), !matches!(said, Verdict::InSync));
            let refused = matches!(expected, Answer::Error(_));
            if !score.record(kind, noticed.0, refused, noticed.1) {
                score.disagreements.push(format!(
                    "### seed {seed}: {kind}\n--- driftgate: {said}\n--- engine: {expected}\n--- schema\n{schema}\n--- migrations\n{}",
                    migrations.join("--- next\n")
                ));
            }
        }
    }
    score.finish(against);
}

#[test]
fn postgresql() {
    run(Provider::PostgreSql, "Prisma's engine on PostgreSQL");
}

#[test]
fn sqlite() {
    run(Provider::Sqlite, "Prisma's engine on SQLite");
}
