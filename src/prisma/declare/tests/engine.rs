//! The declared catalog against the statements that the engine wrote for the same schema.

use std::collections::BTreeSet;
use std::path::Path;

use super::render::{normalised, statements};
use crate::catalog::Catalog;
use crate::prisma::declare::{Context, catalog};
use crate::prisma::schema;
use crate::prisma::schema::resolve::Settings;
use crate::source::Source;

fn declared(text: &str, version: u32) -> Vec<String> {
    let parsed = schema::parse(&[Source::new("schema.prisma".into(), text)]);
    assert!(parsed.problems.is_empty(), "{:?}\n{text}", parsed.problems);
    let dialect = Settings::of(&parsed).dialect().expect("a provider");
    statements(&catalog(&parsed, &Context::new(dialect, version)))
}

fn cases(provider: &str) -> Vec<serde_json::Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/prisma/{provider}.jsonl"));
    let text = std::fs::read_to_string(path).expect("the labelled cases");
    text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
}

/// Every labelled schema whose one migration the engine wrote for it.
#[test]
fn the_catalog_is_what_the_engine_would_build() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for provider in ["postgresql", "sqlite"] {
        let mut seen = BTreeSet::new();
        for case in cases(provider) {
            let id = case["id"].as_str().unwrap_or_default();
            let schema = match case.get("schema_before") {
                Some(before) => before,
                // SQL inside the schema is kept in canonical form; the comparison's own tests cover it.
                None if ["dbgenerated", "Unsupported", "raw ("].iter().any(|word| id.contains(word)) => continue,
                None if id.starts_with("trip:") && case["verdict"] != "error" => &case["schema"],
                None => continue,
            };
            let migrations = case["migrations"].as_array().map(Vec::as_slice).unwrap_or_default();
            let [migration] = migrations else { continue };
            let (schema, sql) = (schema.as_str().unwrap_or_default(), migration["sql"].as_str().unwrap_or_default());
            if !seen.insert((schema.to_owned(), sql.to_owned())) {
                continue;
            }
            compared += 1;
            let (ours, theirs) = (declared(schema, 7), normalised(sql));
            if ours != theirs {
                let only =
                    |a: &[String], b: &[String]| a.iter().filter(|x| !b.contains(x)).cloned().collect::<Vec<_>>();
                wrong.push(format!(
                    "{provider} {id}\n  ours   {:#?}\n  theirs {:#?}",
                    only(&ours, &theirs),
                    only(&theirs, &ours)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 90, "only {compared} cases were compared");
}

/// Every labelled schema reads without a problem, unless the engine refuses the case.
#[test]
fn labelled_schemas_read_without_problems() {
    for provider in ["postgresql", "sqlite"] {
        for case in cases(provider) {
            if case["verdict"] == "error" {
                continue;
            }
            for key in ["schema", "schema_before"] {
                let Some(text) = case.get(key).and_then(|text| text.as_str()) else { continue };
                let parsed = schema::parse(&[Source::new("schema.prisma".into(), text)]);
                assert!(parsed.problems.is_empty(), "{}: {:?}", case["id"], parsed.problems);
            }
        }
    }
}

/// The same scripts, replayed, are the catalog itself: both readers speak of columns, types and defaults alike.
#[test]
fn the_catalog_is_what_the_engines_migration_builds() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for provider in ["postgresql", "sqlite"] {
        for case in cases(provider) {
            let id = case["id"].as_str().unwrap_or_default();
            let migrations = case["migrations"].as_array().map(Vec::as_slice).unwrap_or_default();
            let ([migration], false) = (migrations, case["verdict"] == "error") else { continue };
            // A list's default that is written without a type is a text until the column's type is looked at.
            let untyped = id.contains("dbgenerated(\"'{}'\")");
            if !id.starts_with("trip:") || id.contains("Unsupported") || untyped {
                continue;
            }
            let (schema, sql) =
                (case["schema"].as_str().unwrap_or_default(), migration["sql"].as_str().unwrap_or_default());
            let parsed = schema::parse(&[Source::new("schema.prisma".into(), schema)]);
            let dialect = Settings::of(&parsed).dialect().expect("a provider");
            let source = Source::new("migration.sql".into(), sql);
            let mut built = Catalog::new(dialect);
            for operation in crate::sql::read(&source, dialect).operations {
                built.apply(&operation).expect("the engine's own statement");
            }
            compared += 1;
            let (ours, theirs) = (statements(&catalog(&parsed, &Context::new(dialect, 7))), statements(&built));
            if ours != theirs {
                wrong.push(format!("{provider} {id}\n  ours   {ours:#?}\n  theirs {theirs:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 100, "only {compared} cases were compared");
}
