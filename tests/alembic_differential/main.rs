//! driftgate against real Alembic, over generated models.
//!
//! For each seed: autogenerate writes the revision of random models; driftgate must call the two in sync. Then one
//! operation of the revision is dropped, and then the models get a small edit: each time both must say the same. `faults` plants more kinds of faults. Skipped,
//! saying so, where Python, Alembic or (for its half) a PostgreSQL server is not there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

mod faults;
mod generate;
#[path = "../support/faults.rs"]
mod planted;
mod public;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/told.rs"]
mod told;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use driftgate::alembic::Alembic;
use driftgate::git::MemorySnapshot;
use driftgate::history;
use driftgate::project::Ecosystem as _;
use generate::Models;
use random::Random;
use serde_json::{Value, json};

/// Real Alembic, one request a line.
struct Oracle {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    fn start(database: Option<&str>) -> Result<Self, String> {
        Self::of("batch.py", database)
    }

    /// One of the programs that know Alembic.
    fn of(program: &str, database: Option<&str>) -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let python = target.join("oracles/alembic/bin/python");
        if !python.exists() {
            return Err("Alembic is not installed (.ci/oracles installs it where Python is)".to_owned());
        }
        let mut child = Command::new(python)
            .arg(root.join("tests/oracles/alembic").join(program))
            .env("ORACLE_PG_URL", database.unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("Python cannot be started: {error}"))?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        Ok(Self { child, input, output })
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.input, "{request}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("Alembic's answer {line:?}: {error}"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A database of this test's own on the server that answers, made anew.
fn own_database(name: &str) -> Result<String, String> {
    let base = std::env::var("DRIFTGATE_TEST_PG_URL")
        .unwrap_or_else(|_| "postgresql://postgres@127.0.0.1:5432/postgres".to_owned());
    let run = |sql: &str| Command::new("psql").args([base.as_str(), "-qAtc", sql]).output();
    let dropped = run(&format!("DROP DATABASE IF EXISTS {name}")).map_err(|_| "psql is not there".to_owned())?;
    if !dropped.status.success() || !run(&format!("CREATE DATABASE {name}")).is_ok_and(|made| made.status.success()) {
        return Err("no PostgreSQL server answers (DRIFTGATE_TEST_PG_URL)".to_owned());
    }
    let (server, _) = base.rsplit_once('/').ok_or("DRIFTGATE_TEST_PG_URL names no database")?;
    Ok(format!("{server}/{name}"))
}

/// What driftgate says: what the engine would see, or why the history fails.
fn verdict(models: &str, revision: &str, db: &str) -> Result<Vec<String>, String> {
    let batch = if db == "sqlite" { "True" } else { "False" };
    let env = format!(
        "from alembic import context\nfrom sqlalchemy import engine_from_config, pool\nfrom models import Base\n\n\
         target_metadata = Base.metadata\n\n\ndef run_migrations_online():\n    with connectable.connect() as connection:\n        \
         context.configure(connection=connection, target_metadata=target_metadata, render_as_batch={batch})\n"
    );
    let snapshot = MemorySnapshot::new([
        (
            "alembic.ini",
            format!("[alembic]\nscript_location = alembic\nprepend_sys_path = .\nsqlalchemy.url = {db}:///x\n"),
        ),
        ("alembic/env.py", env),
        ("alembic/script.py.mako", String::new()),
        ("alembic/versions/0123456789ab_generated.py", revision.to_owned()),
        ("models.py", models.to_owned()),
    ]);
    let projects = Alembic.discover(&snapshot, &[]).unwrap();
    let [project] = projects.as_slice() else { return Err(format!("{} projects", projects.len())) };
    let declared = Alembic.declared(project, &snapshot).unwrap();
    if let Some(problem) = declared.problems.first() {
        return Err(problem.message.clone());
    }
    let replay = history::replay(&Alembic.history(project, &snapshot).unwrap(), project.dialect());
    if let Some(failure) = replay.migrations.iter().flat_map(|migration| &migration.failures).next() {
        return Err(failure.error.to_string());
    }
    for opaque in declared.catalog.doubts.iter().chain(&replay.catalog.doubts) {
        eprintln!("not judged: {:?} {}", opaque.place, opaque.reason);
    }
    let gap = Alembic.compare(project, &declared.catalog, &replay.catalog);
    Ok(gap.iter().filter(|d| !d.beyond_engine).map(|d| format!("{} {}", d.kind, d.object())).collect())
}

/// The operations of a generated revision, each with the lines it takes; the rest stays as it is.
fn without_one_operation(revision: &str, random: &mut Random) -> Option<(String, String)> {
    let lines: Vec<&str> = revision.lines().collect();
    let starts: Vec<usize> = (0..lines.len())
        .filter(|&at| lines[at].trim_start().starts_with("op.") || lines[at].trim_start().starts_with("batch_op."))
        .collect();
    let at = *starts.get(random.below(starts.len().max(1)))?;
    let indent = &lines[at][..lines[at].len() - lines[at].trim_start().len()];
    let depth = |line: &str| line.chars().fold(0_i32, |depth, c| depth + i32::from(c == '(') - i32::from(c == ')'));
    let mut end = at;
    let mut open = depth(lines[at]);
    while open > 0 {
        end += 1;
        open += depth(lines[end]);
    }
    let mut kept: Vec<String> = lines[..at].iter().map(ToString::to_string).collect();
    kept.push(format!("{indent}pass"));
    kept.extend(lines[end + 1..].iter().map(ToString::to_string));
    Some((kept.join("\n") + "\n", lines[at..=end].join(" ")))
}

#[derive(Default)]
struct Tally {
    pairs: usize,
    /// Revisions that Alembic wrote and cannot apply: nothing can be compared after them.
    broken: usize,
    failures: Vec<String>,
}

impl Tally {
    /// A revision as Alembic wrote it. Whether Alembic can apply it itself: where it cannot, driftgate must say so too,
    /// and that is no agreement about what a fault does.
    fn control(&mut self, what: &str, oracle: &mut Oracle, models: &str, revision: &str, db: &str) -> bool {
        let expected = oracle.ask(&json!({ "db": db, "models": models, "revision": revision }));
        if expected["diffs"].is_array() || expected.get("models_error").is_some() {
            self.compare(what, oracle, models, revision, db);
            return true;
        }
        self.broken += 1;
        let said = verdict(models, revision, db);
        if said.is_ok() {
            self.failures.push(format!(
                "### {what} ({db})\n--- driftgate: {said:?}\n--- Alembic: {expected}\n--- revision\n{revision}"
            ));
        }
        false
    }

    fn compare(&mut self, what: &str, oracle: &mut Oracle, models: &str, revision: &str, db: &str) {
        let expected = oracle.ask(&json!({ "db": db, "models": models, "revision": revision }));
        if expected.get("models_error").is_some() {
            return;
        }
        self.pairs += 1;
        let said = verdict(models, revision, db);
        let seen = expected["diffs"].as_array().map(Vec::len);
        let agreed = match (&said, seen) {
            (Ok(gap), Some(count)) => gap.is_empty() == (count == 0),
            (Err(_), None) => true,
            _ => false,
        };
        if !agreed {
            self.failures.push(format!(
                "### {what} ({db})\n--- driftgate: {said:?}\n--- Alembic: {expected}\n--- models\n{models}\n--- revision\n{revision}"
            ));
        }
    }
}

/// Alembic, with a database of the given name where it needs a server.
fn connect(db: &str, name: &str) -> Result<Oracle, String> {
    let database = if db == "postgresql" { own_database(name).map(Some) } else { Ok(None) };
    database.and_then(|url| Oracle::start(url.as_deref()))
}

fn run(db: &str, seeds: u64) {
    let mut oracle = match connect(db, "driftgate_alembic_differential") {
        Ok(oracle) => oracle,
        Err(reason) => {
            eprintln!("skipped: {reason}");
            return;
        }
    };
    let mut tally = Tally::default();
    for seed in 0..seeds {
        let mut random = Random::new(seed);
        let mut models = Models::random(&mut random, db == "postgresql");
        let text = models.print();
        let answer = oracle.ask(&json!({ "db": db, "models": text }));
        let Some(revision) = answer["revision"].as_str() else {
            panic!("seed {seed}: the generated models are refused: {answer}\n{text}");
        };
        if !tally.control(&format!("seed {seed}: as generated"), &mut oracle, &text, revision, db) {
            continue;
        }
        if let Some((mutated, dropped)) = without_one_operation(revision, &mut random) {
            tally.compare(&format!("seed {seed}: without {dropped}"), &mut oracle, &text, &mutated, db);
        }
        let edit = models.edit(&mut random);
        tally.compare(&format!("seed {seed}: {edit}"), &mut oracle, &models.print(), revision, db);
    }
    eprintln!(
        "agreement with Alembic on {db}: {} of {} pairs; {} revisions that Alembic wrote and cannot apply",
        tally.pairs.saturating_sub(tally.failures.len()),
        tally.pairs,
        tally.broken
    );
    assert!(tally.broken as u64 * 5 <= seeds, "{} of {seeds} generated revisions cannot be applied", tally.broken);
    assert!(tally.failures.is_empty(), "{} disagreements\n\n{}", tally.failures.len(), tally.failures.join("\n\n"));
}

#[test]
fn sqlite() {
    run("sqlite", 80);
}

#[test]
fn postgresql() {
    run("postgresql", 60);
}
