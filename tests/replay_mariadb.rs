//! The replay against MariaDB: what the server refuses the replay must refuse, and what it builds the replay must build.
//!
//! Needs the `mariadb` client and a server it reaches by its own settings (`DRIFTGATE_TEST_MARIADB` may hold further
//! arguments). Where there is none the test says so and passes. MySQL and MariaDB differ in places; the cases that hang
//! on one of them are listed with the reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

use std::collections::BTreeSet;
use std::process::Command;

use driftgate::catalog::{Catalog, Dialect, IndexPart};
use driftgate::history::{History, Migration, Operations, replay};
use driftgate::source::Source;

/// One line for each object, in the form of [`objects`].
const QUERY: &str = "
SELECT CONCAT('table ', table_name) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
UNION ALL SELECT CONCAT('view ', table_name) FROM information_schema.views WHERE table_schema = DATABASE()
UNION ALL SELECT CONCAT('column ', c.table_name, '.', c.column_name, IF(c.is_nullable = 'NO', ' not null', ''),
    IF(c.extra LIKE '%auto_increment%', ' auto_increment', ''),
    IF(c.column_default IS NOT NULL AND c.column_default <> 'NULL', ' default', ''))
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'
UNION ALL SELECT CONCAT('index ', table_name, ' ', index_name, IF(non_unique = 0, ' unique', ''), ' (',
    GROUP_CONCAT(CONCAT(column_name, IF(sub_part IS NULL OR index_type = 'FULLTEXT', '', CONCAT('(', sub_part, ')')))
      ORDER BY seq_in_index SEPARATOR ', '), ')')
  FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name, non_unique
UNION ALL SELECT CONCAT('foreign key ', k.table_name, ' ', k.constraint_name, ' (',
    GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR ', '), ') ', k.referenced_table_name, ' (',
    GROUP_CONCAT(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR ', '), ') ', r.delete_rule, ' ', r.update_rule)
  FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
    ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
  WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
  GROUP BY k.table_name, k.constraint_name, k.referenced_table_name, r.delete_rule, r.update_rule;
";

/// What hangs on one of the two products.
const BEYOND: &[(&str, &str)] = &[
    ("sql: functional index", "MariaDB has none"),
    ("sql: two tables dropped at once", "MariaDB drops them in the order written, MySQL 8 together"),
    ("sql: boolean as TINYINT", "the describer's matter"),
    ("sql: foreign key name taken in the database", "MariaDB 10.11 keeps names of foreign keys per table"),
];

/// Runs a script on a database of its own, and reports what is there then.
fn report(database: &str, texts: &[String]) -> Option<Result<BTreeSet<String>, String>> {
    let extra = std::env::var("DRIFTGATE_TEST_MARIADB").unwrap_or_default();
    let client = |database: Option<&str>, text: &str| {
        let mut command = Command::new("mariadb");
        command.args(extra.split_whitespace()).args(["-N", "-B", "-r"]).args(database).args(["-e", text]);
        command.output().ok()
    };
    let made = client(None, &format!("CREATE DATABASE {database}"))?;
    if !made.status.success() {
        return None;
    }
    let output = client(Some(database), &format!("{}\n{QUERY}", texts.join("\n")))?;
    client(None, &format!("DROP DATABASE {database}"))?;
    Some(if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|line| line.contains(' '))
            .map(str::to_owned)
            .collect())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

fn replayed(texts: &[String]) -> Result<Catalog, String> {
    let migrations = texts.iter().enumerate().map(|(at, text)| {
        let source = Source::new(format!("{at}.sql").as_str().into(), text.as_str());
        let operations = driftgate::sql::read(&source, Dialect::MySql).operations;
        Migration {
            id: at.to_string(),
            name: at.to_string(),
            path: source.path().clone(),
            source: None,
            script: std::sync::Arc::new(Operations { operations, refusals: Vec::new(), fingerprint: at as u64 }),
            parents: Vec::new(),
            depends_on: Vec::new(),
            labels: Vec::new(),
            message: None,
            place: None,
            parents_place: None,
        }
    });
    let history = History { migrations: migrations.collect(), ..History::default() };
    let replay = replay(&history, Dialect::MySql);
    let failure = replay.migrations.iter().flat_map(|one| &one.failures).find(|failure| failure.certain);
    match failure {
        Some(failure) => Err(failure.error.to_string()),
        None => Ok(replay.catalog),
    }
}

fn objects(catalog: &Catalog) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    lines.extend(catalog.views.keys().map(|name| format!("view {}", name.name)));
    for table in catalog.tables.values().filter(|table| table.kind != driftgate::catalog::TableKind::Temporary) {
        let name = &table.name.name;
        lines.insert(format!("table {name}"));
        for column in &table.columns {
            let null = if column.nullable { "" } else { " not null" };
            let counter = if column.auto_increment.is_some() { " auto_increment" } else { "" };
            let default = if column.default.is_some() { " default" } else { "" };
            lines.insert(format!("column {name}.{}{null}{counter}{default}", column.name));
        }
        let parts = |parts: &[IndexPart]| {
            let part = |part: &IndexPart| {
                let length = part.length.map(|length| format!("({length})")).unwrap_or_default();
                format!("{}{length}", part.column().unwrap_or("expression"))
            };
            parts.iter().map(part).collect::<Vec<_>>().join(", ")
        };
        if let Some(key) = &table.primary_key {
            lines.insert(format!("index {name} PRIMARY unique ({})", parts(&key.columns)));
        }
        for index in &table.indexes {
            let unique = if index.unique { " unique" } else { "" };
            let index_name = index.name.as_deref().unwrap_or_default();
            lines.insert(format!("index {name} {index_name}{unique} ({})", parts(&index.parts)));
        }
        for key in &table.foreign_keys {
            // The server reports RESTRICT where no action is written.
            let action =
                |action: driftgate::catalog::ReferentialAction| action.as_sql().replace("NO ACTION", "RESTRICT");
            lines.insert(format!(
                "foreign key {name} {} ({}) {} ({}) {} {}",
                key.name.as_deref().unwrap_or_default(),
                key.columns.join(", "),
                key.target.name,
                key.target_columns.join(", "),
                action(key.on_delete),
                action(key.on_update),
            ));
        }
    }
    lines
}

#[test]
fn the_replay_builds_what_mariadb_builds() {
    let path = format!("{}/tests/cases/prisma/mysql.jsonl", env!("CARGO_MANIFEST_DIR"));
    let process = std::process::id();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (at, line) in std::fs::read_to_string(path).unwrap().lines().enumerate() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        // The cases that edit the schema share one history.
        if (id.starts_with("schema:") && at > 0) || BEYOND.iter().any(|(beyond, _)| *beyond == id) {
            continue;
        }
        let migrations = case["migrations"].as_array().unwrap().iter();
        let texts: Vec<String> = migrations.map(|one| one["sql"].as_str().unwrap().to_owned()).collect();
        let Some(built) = report(&format!("driftgate_{process}_{at}"), &texts) else {
            println!("skipped: no MariaDB");
            return;
        };
        count += 1;
        match (built, replayed(&texts)) {
            (Err(_), Err(_)) => {}
            (Err(refused), Ok(_)) => wrong.push(format!("{id}: MariaDB refuses it: {}", refused.trim())),
            (Ok(_), Err(refused)) => wrong.push(format!("{id}: the replay refuses it: {refused}")),
            (Ok(built), Ok(catalog)) => {
                let objects = objects(&catalog);
                let normal = |line: &String| line.replace("NO ACTION", "RESTRICT");
                let built: BTreeSet<String> = built.iter().map(normal).collect();
                if built != objects {
                    let there: Vec<_> = built.difference(&objects).collect();
                    let here: Vec<_> = objects.difference(&built).collect();
                    wrong.push(format!("{id}:\n  only in MariaDB: {there:#?}\n  only in the replay: {here:#?}"));
                }
            }
        }
    }
    println!("{count} histories, {} of them built otherwise", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
