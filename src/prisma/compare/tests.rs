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

#[test]
fn edits() {
    for provider in ["postgresql", "sqlite"] {
        let dialect: Dialect = provider.parse().unwrap();
        let text =
            std::fs::read_to_string(format!("{}/tests/cases/prisma/{provider}.jsonl", env!("CARGO_MANIFEST_DIR")))
                .unwrap();
        let cases: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let base = cases.iter().find(|case| case["id"] == "schema: nothing").unwrap()["schema"].as_str().unwrap();
        let (mut right, mut all) = (0, 0);
        for case in &cases {
            let (id, verdict) = (case["id"].as_str().unwrap(), case["verdict"].as_str().unwrap());
            let schema = case["schema"].as_str().unwrap();
            let found = if id.starts_with("schema:") {
                let before = case["schema_before"].as_str().unwrap_or(base);
                differences(dialect, before, schema)
            } else if id.starts_with("trip:") {
                differences(dialect, schema, schema)
            } else {
                continue;
            };
            all += 1;
            let said = match &found {
                None => "error",
                Some(found) if found.is_empty() => "in-sync",
                Some(_) => "drift",
            };
            if said == verdict || (id.starts_with("trip:") && verdict == "drift" && said == "in-sync") {
                right += 1;
            } else {
                eprintln!("{provider} {id}: {verdict}, said {said}");
                for one in found.iter().flatten() {
                    eprintln!("    {} {:?} {:?} {:?}", one.kind, one.name, one.declared, one.replayed);
                }
            }
        }
        eprintln!("{provider}: {right} of {all}");
    }
}

#[test]
fn suggestions() {
    for provider in ["postgresql", "sqlite"] {
        let dialect: Dialect = provider.parse().unwrap();
        let text =
            std::fs::read_to_string(format!("{}/tests/cases/prisma/{provider}.jsonl", env!("CARGO_MANIFEST_DIR")))
                .unwrap();
        let cases: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let base = cases.iter().find(|case| case["id"] == "schema: nothing").unwrap()["schema"].as_str().unwrap();
        let (mut right, mut all) = (0, 0);
        for case in &cases {
            let (id, verdict) = (case["id"].as_str().unwrap(), case["verdict"].as_str().unwrap());
            let schema = case["schema"].as_str().unwrap();
            if !id.starts_with("schema:") || verdict != "drift" {
                continue;
            }
            let before = declared(dialect, case["schema_before"].as_str().unwrap_or(base)).unwrap();
            let after = declared(dialect, schema).unwrap();
            let found = compare(&after, &before, &CompareOptions::default());
            let mut written = crate::prisma::suggest::sql(&found, &after, &before);
            let sort = |parts: &mut Vec<String>| {
                for part in parts.iter_mut() {
                    *part = part.trim().to_owned();
                }
                parts.sort();
            };
            let mut needed: Vec<String> = case["needed_sql"]
                .as_str()
                .unwrap()
                .split("\n\n-- ")
                .map(|p| if p.starts_with("-- ") { p.to_owned() } else { format!("-- {p}") })
                .collect();
            sort(&mut written);
            sort(&mut needed);
            all += 1;
            if written == needed {
                right += 1
            } else {
                eprintln!("##### {provider} {id}\n{}\n---- written\n{}\n", needed.join("\n"), written.join("\n"));
            }
        }
        eprintln!("{provider}: {right} of {all} suggestions");
    }
}

#[test]
fn scratch_sql() {
    let Ok(path) = std::env::var("SCRATCH_SCHEMA") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let schema = parse(&[Source::new("schema.prisma".into(), text.as_str())]);
    let dialect = crate::prisma::schema::resolve::Settings::of(&schema).dialect().unwrap();
    let after = declared(dialect, &text).unwrap();
    let before = Catalog::new(dialect);
    let found = compare(&after, &before, &CompareOptions::default());
    println!("{}", crate::prisma::suggest::sql(&found, &after, &before).join("\n\n"));
}
