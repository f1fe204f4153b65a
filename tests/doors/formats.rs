//! What driftgate writes for programs, held against the schemas of those who read it: SARIF's own, GitLab's code quality
//! form, and our schema of a policy. The validator and SARIF's schema are installed by `.ci/oracles`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::forge::{binary, ours, source, write_sample, write_schema_change};
use crate::support::TestRepo;

/// SARIF 2.1.0 as OASIS publishes it.
const SARIF: &str = "target/oracles/doors/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json";
const CODE_QUALITY: &str = "tests/oracles/doors/code-quality.schema.json";
const POLICY: &str = "driftgate.schema.json";

/// What is wrong with a document under a schema; none where the validator is not here.
fn mistakes(schema: &str, document: &Value) -> Option<String> {
    let modules = source().join("target/oracles/doors");
    if !modules.join("node_modules/ajv").exists() {
        println!("skipped: .ci/oracles has not installed a validator of JSON Schema");
        return None;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), document.to_string()).unwrap();
    let schema = source().join(schema);
    let script = source().join("tests/oracles/doors/validate.mjs");
    let args: [&Path; 3] = [&script, &schema, file.path()];
    let output = Command::new("node").args(args).current_dir(modules).output().expect("node is here");
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    // It says what is wrong, or it did not look.
    assert_eq!(
        (output.status.code(), text.is_empty()),
        (Some(i32::from(!text.is_empty())), text.is_empty()),
        "{error}"
    );
    assert!(error.is_empty(), "{error}");
    Some(text)
}

#[track_caller]
fn conforms(schema: &str, document: &Value) {
    if let Some(mistakes) = mistakes(schema, document) {
        assert_eq!(mistakes, "", "{document:#}");
    }
}

/// The validator sees what is wrong: a schema that lets everything through proves nothing.
#[track_caller]
fn breaks(schema: &str, document: &Value, what: &str) {
    if let Some(mistakes) = mistakes(schema, document) {
        assert!(mistakes.contains(what), "{mistakes:?}");
    }
}

/// Repositories with nothing to report, a plain finding, and many under names that mean something to whoever prints them.
fn repositories() -> Vec<TestRepo> {
    let clean = TestRepo::new();
    write_sample(&clean);
    clean.commit("Start from the sample");
    clean.write("README.md", "").add();

    let plain = TestRepo::new();
    write_sample(&plain);
    plain.commit("Start from the sample");
    write_schema_change(&plain);
    plain.add();

    let hostile = TestRepo::new();
    let root = "a b/%41 #1?x=é&\"<b>`|[y](z)/prisma";
    let schema =
        "datasource db {\n  provider = \"postgresql\"\n  url = env(\"URL\")\n}\n\nmodel User {\n  id Int @id\n}\n";
    hostile.write(&format!("{root}/schema.prisma"), schema);
    hostile.write(&format!("{root}/migrations/migration_lock.toml"), "provider = \"postgresql\"\n");
    let path = format!("{root}/migrations/20260105093000_init/migration.sql");
    let dynamic = "DO $$ BEGIN EXECUTE 'ALTER TABLE \"Other\" ADD ' || current_user; END $$;\n";
    hostile.write(&path, &format!("CREATE TABLE \"User\" (\"id\" INTEGER PRIMARY KEY);\n{dynamic}"));
    hostile.commit("Start");
    let model = "\nmodel Other {\n  id Int @id\n  a Int @map(\"</td>|`x` ::error::y%0A\\u{1b}[31m\")\n  b String @unique(map: \"$(id)\")\n}\n";
    hostile.write(&format!("{root}/schema.prisma"), &format!("{schema}{model}"));
    hostile
        .write(&format!("{root}/migrations/Bad Name/migration.sql"), "DROP TABLE \"User\";\nUPDATE \"x\" SET y = 1;\n");
    hostile.add();
    vec![clean, plain, hostile]
}

/// The report of a repository in a format.
fn report(repo: &TestRepo, args: &[&str], format: &str) -> (usize, Value) {
    let args = [&["check", "--format", format], args].concat();
    let output = repo.run_in(repo.root(), &binary().display().to_string(), &args);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stderr));
    let value: Value = serde_json::from_str(&text).expect(&text);
    let findings = if format == "sarif" { &value["runs"][0]["results"] } else { &value };
    (findings.as_array().expect("a list").len(), value)
}

#[test]
fn sarif_is_what_its_schema_says() {
    let mut counts = Vec::new();
    for repo in repositories() {
        for args in [&[] as &[&str], &["--all"]] {
            let (count, log) = report(&repo, args, "sarif");
            conforms(SARIF, &log);
            counts.push(count);
            let mut broken = log.clone();
            broken["runs"][0]["results"] = json!([{ "level": "fatal" }]);
            breaks(SARIF, &broken, "/runs/0/results/0");
        }
    }
    assert_eq!(counts[..3], [0, 0, 1]);
    assert!(counts[4] > 2, "{counts:?}");
}

#[test]
fn code_quality_is_what_gitlab_reads() {
    for repo in repositories() {
        for args in [&[] as &[&str], &["--all"]] {
            let (count, issues) = report(&repo, args, "gitlab");
            conforms(CODE_QUALITY, &issues);
            let issues = issues.as_array().unwrap();
            let fingerprints: std::collections::BTreeSet<_> =
                issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
            assert_eq!(fingerprints.len(), count);
        }
    }
    let wrong = json!([{ "description": "x", "check_name": "y", "fingerprint": "z", "severity": "bad",
                         "location": { "path": "./a", "lines": { "begin": 0 } } }]);
    for what in ["/0/severity", "/0/location/path", "/0/location/lines/begin"] {
        breaks(CODE_QUALITY, &wrong, what);
    }
}

/// TOML as an editor hands it to a schema: dates are texts.
fn to_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(bit) => json!(bit),
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::Array(items) => items.iter().map(to_json).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
    }
}

#[test]
fn policies_are_what_our_schema_says() {
    let policy = |text: &str| to_json(&toml::Value::Table(text.parse().unwrap()));
    let mut texts = vec![ours("driftgate.toml")];
    let folder: Vec<PathBuf> =
        std::fs::read_dir(source().join("examples/policies")).unwrap().map(|entry| entry.unwrap().path()).collect();
    texts.extend(folder.iter().map(|path| std::fs::read_to_string(path).unwrap()));
    for repo in repositories() {
        let output = repo.run_in(repo.root(), &binary().display().to_string(), &["init", "--print"]);
        texts.push(String::from_utf8(output.stdout).unwrap());
    }
    for text in &texts {
        conforms(POLICY, &policy(text));
    }
    for (text, what) in [
        ("[ruls]\n", "ruls"),
        ("[rules]\nmissing-migratoin = \"off\"\n", "missing-migratoin"),
        ("fail-on = \"fatal\"\n", "/fail-on"),
        ("[[allow]]\nrule = \"drift\"\npath = \"a\"\n", "reason"),
        ("[alembic]\nmax-heads = \"two\"\n", "/alembic/max-heads"),
    ] {
        breaks(POLICY, &policy(text), what);
    }
}
