//! Edits of a schema, against the schema before them: what the engine counts, without any SQL.

use super::{CompareOptions, compare};
use crate::catalog::difference::Difference;
use crate::catalog::{Catalog, Dialect};
use crate::prisma::declare::{Context, catalog};
use crate::prisma::schema::parse;
use crate::source::Source;

fn declared(dialect: Dialect, text: &str) -> Option<Catalog> {
    let schema = parse(&[Source::new("schema.prisma".into(), text)]);
    schema.problems.is_empty().then(|| catalog(&schema, &Context::new(dialect, 7)))
}

fn differences(dialect: Dialect, before: &str, after: &str) -> Option<Vec<Difference>> {
    let (before, after) = (declared(dialect, before)?, declared(dialect, after)?);
    Some(compare(&after, &before, &CompareOptions::default()))
}

fn cases(provider: &str) -> Vec<serde_json::Value> {
    let path = format!("{}/tests/cases/prisma/{provider}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The schema that most cases edit.
fn base(cases: &[serde_json::Value]) -> &str {
    let unedited =
        |case: &&serde_json::Value| ["schema: nothing", "sql: add column"].iter().any(|id| case["id"] == *id);
    cases.iter().find(unedited).unwrap()["schema"].as_str().unwrap()
}

/// The statements of a script of the engine, each with its heading.
fn steps(script: &str) -> Vec<String> {
    let mut steps: Vec<String> = script
        .split("\n\n-- ")
        .map(|step| step.trim().trim_start_matches("-- ").to_owned())
        .filter(|step| !step.is_empty())
        .collect();
    steps.sort();
    steps
}

#[test]
fn a_schema_agrees_with_itself() {
    for provider in ["postgresql", "postgresql-more", "sqlite", "sqlite-more", "mysql", "cockroachdb", "sqlserver"] {
        for case in cases(provider).into_iter().filter(|case| case["verdict"] != "error") {
            let dialect: Dialect = case["provider"].as_str().unwrap().parse().unwrap();
            let schema = case["schema"].as_str().unwrap();
            // A schema says more of a truth value than a column does.
            if case["id"] == "schema: boolean to @db.TinyInt" {
                continue;
            }
            let found = differences(dialect, schema, schema).unwrap_or_default();
            assert!(found.is_empty(), "{provider} {}: {found:?}", case["id"]);
        }
    }
}

#[test]
fn suggestions_are_the_statements_that_the_engine_writes() {
    let mut wrong = Vec::new();
    for provider in ["postgresql", "postgresql-more", "sqlite", "sqlite-more", "cockroachdb"] {
        let cases = cases(provider);
        let base = base(&cases);
        for case in &cases {
            let id = case["id"].as_str().unwrap();
            // A schema has no sequences of its own to drop and does not hold their options; what never settles is no
            // difference; the engine writes an ASC that says nothing, and forgets a blank.
            let beyond = ["autoincrement() -> none", "autoincrement removed", "sequence options", "dbgenerated"]
                .iter()
                .any(|word| id.contains(word))
                || matches!(
                    (provider, id),
                    ("sqlite-more", "schema: index sort") | ("cockroachdb", "schema: enum value removed")
                );
            if !id.starts_with("schema:") || case["verdict"] != "drift" || beyond {
                continue;
            }
            let dialect: Dialect = case["provider"].as_str().unwrap().parse().unwrap();
            let before = declared(dialect, case["schema_before"].as_str().unwrap_or(base)).unwrap();
            let after = declared(dialect, case["schema"].as_str().unwrap()).unwrap();
            let found = compare(&after, &before, &CompareOptions::default());
            let written: Vec<String> = crate::prisma::suggest::sql(&found, &after, &before)
                .iter()
                .map(|step| step.trim().trim_start_matches("-- ").to_owned())
                .collect();
            let mut written = written;
            written.sort();
            let needed = steps(case["needed_sql"].as_str().unwrap());
            if written != needed {
                wrong.push(format!("{provider} {id}\n{}\n  and not\n{}", written.join("\n"), needed.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
