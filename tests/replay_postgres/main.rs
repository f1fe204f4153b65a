//! The replayed catalog against PostgreSQL's own: what `pg_catalog` reports after a history must be what the replay
//! built, and what the server refuses the replay must refuse.
//!
//! Three sources: the histories of the labelled cases, single statements over a rich schema (`statements/`), and
//! generated histories. Needs `psql` and a server: `DRIFTGATE_TEST_PG_URL`, or one on 127.0.0.1:5432. Where there is
//! none the tests say so and pass. `DRIFTGATE_TEST_ONLY=text` tries the statements that contain the text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

mod generated;
#[path = "../support/random.rs"]
mod random;
mod report;
mod server;

use std::collections::{BTreeMap, BTreeSet};

use driftgate::catalog::{Catalog, Dialect, Reach};
use driftgate::git::snapshot::MemorySnapshot;
use driftgate::history::{Replay, replay};
use driftgate::prisma::Prisma;
use driftgate::project::{Ecosystem, EcosystemKind, Project};
use driftgate::source::RepoPath;
use report::Line;
use server::{Outcome, Server, Trial};

/// How many databases are worked on at once.
const THREADS: usize = 2;

const KEPT_CAST: &str = "a number that is cast is an expression to Prisma's engine, and a number to the server";

/// Histories whose outcome hangs on what a catalog does not hold.
const BEYOND: &[(&str, &str)] = &[
    ("sql: exclude constraint", "whether an expression is immutable is not known"),
    ("sql: grant to missing role", "roles are not part of a history"),
    ("sql: default now literal", "the server keeps the moment at which the statement ran"),
    ("sql: do block raises", "what a block raises is not evaluated"),
    ("sql: update missing column", "the columns of an UPDATE are not read"),
    ("sql: bytes default decode", "the server keeps bytes in its own notation"),
    ("sql: cast of a number that PostgreSQL keeps: -7::integer", KEPT_CAST),
    ("sql: cast of a number that PostgreSQL keeps: (-5)::numeric", KEPT_CAST),
];

/// What comparing an outcome with the replay gives.
enum Verdict {
    /// Both refuse, or both build the same.
    Agrees,
    /// They differ in what the replay says it could not read.
    NotJudged,
    /// They differ.
    Differs(String),
}

/// What the replay builds, or why it cannot.
fn replayed(migrations: &[String]) -> (Catalog, Option<String>) {
    let replay = replay_of(migrations);
    let failure = replay.migrations.iter().flat_map(|one| &one.failures).find(|failure| failure.certain);
    let failure = failure.map(|failure| failure.error.to_string());
    (replay.catalog, failure)
}

/// Runs the migrations, each whatever became of those before it.
fn replay_of(migrations: &[String]) -> Replay {
    let project = Project {
        name: ".".to_owned(),
        ecosystem: EcosystemKind::Prisma,
        dialect: Some(Dialect::PostgreSql),
        root: RepoPath::root(),
        schema: Vec::new(),
        migrations: vec!["migrations".into()],
        settings: Vec::new(),
        command: "npx prisma".to_owned(),
        facts: BTreeMap::new(),
        parsed: driftgate::project::Parsed::default(),
    };
    let files =
        migrations.iter().enumerate().map(|(at, text)| (format!("migrations/{at:04}_step/migration.sql"), text));
    let snapshot = MemorySnapshot::new(files.map(|(path, text)| (path, text.as_str())));
    let history = Prisma.history(&project, &snapshot).unwrap();
    replay(&history, Dialect::PostgreSql)
}

/// How a history ends in the replay, beside how it ended in the database.
fn compare(migrations: &[String], outcome: &Outcome) -> Verdict {
    let (catalog, failure) = replayed(migrations);
    match (outcome.refused.values().next(), failure) {
        (Some(_), Some(_)) => Verdict::Agrees,
        (Some(refused), None) => {
            let doubted = catalog.doubts.iter().any(|doubt| doubt.reach != Reach::Nothing);
            if doubted { Verdict::NotJudged } else { Verdict::Differs(format!("PostgreSQL refuses it: {refused}")) }
        }
        (None, Some(refused)) => Verdict::Differs(format!("the replay refuses it: {refused}")),
        (None, None) => {
            let built = &outcome.built;
            let objects = report::objects(&catalog);
            if objects == *built {
                return Verdict::Agrees;
            }
            let excused = |line: &&Line| !line.is_doubted(&catalog);
            let there: Vec<&str> = built.difference(&objects).filter(excused).map(|line| line.text.as_str()).collect();
            let here: Vec<&str> = objects.difference(built).filter(excused).map(|line| line.text.as_str()).collect();
            if there.is_empty() && here.is_empty() {
                return Verdict::NotJudged;
            }
            let doubts: Vec<_> = catalog.doubts.iter().map(|doubt| (&doubt.reason, &doubt.reach)).collect();
            Verdict::Differs(format!(
                "only in PostgreSQL: {there:#?}\n  only in the replay: {here:#?}\n  doubts: {doubts:?}"
            ))
        }
    }
}

/// Compares everything, prints the figures, and fails where anything differs that is not known to be `beyond` the
/// replay, or where anything is beyond it no longer.
fn settle(what: &str, trials: &[(String, Vec<String>)], outcomes: &[Outcome], beyond: &BTreeSet<String>) {
    let (mut agree, mut known, mut not_judged, mut wrong) = (0, 0, Vec::new(), Vec::new());
    for ((name, migrations), outcome) in trials.iter().zip(outcomes) {
        match compare(migrations, outcome) {
            Verdict::Agrees | Verdict::NotJudged if beyond.contains(name) => {
                wrong.push(format!("{name}\n  is beyond the replay no longer"));
            }
            Verdict::Differs(_) if beyond.contains(name) => known += 1,
            Verdict::Agrees => agree += 1,
            Verdict::NotJudged => not_judged.push(name.as_str()),
            Verdict::Differs(how) => wrong.push(format!("{name}\n  {how}")),
        }
    }
    let refused = outcomes.iter().filter(|outcome| !outcome.refused.is_empty()).count();
    println!(
        "{what}: {} tried, {refused} of them refused by PostgreSQL; {agree} agree, {} not judged, {known} known to \
         differ, {} differ",
        trials.len(),
        not_judged.len(),
        wrong.len()
    );
    for name in not_judged {
        println!("  not judged: {}", name.lines().next().unwrap_or_default());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The histories of the labelled cases, each once, by the id of the first case that has it.
fn histories() -> Vec<(String, Vec<String>)> {
    let mut histories = BTreeMap::new();
    for file in ["postgresql", "postgresql-more"] {
        let path = format!("{}/tests/cases/prisma/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let migrations = case["migrations"].as_array().unwrap().iter();
            let texts: Vec<String> = migrations.map(|one| one["sql"].as_str().unwrap().to_owned()).collect();
            histories.entry(texts).or_insert_with(|| case["id"].as_str().unwrap().to_owned());
        }
    }
    histories.into_iter().map(|(texts, id)| (id, texts)).collect()
}

#[test]
fn the_replay_builds_what_postgresql_builds() {
    let Some(server) = Server::find() else {
        println!("skipped: no PostgreSQL");
        return;
    };
    let histories: Vec<_> =
        histories().into_iter().filter(|(id, _)| !BEYOND.iter().any(|(beyond, _)| beyond == id)).collect();
    let trials: Vec<Trial> =
        histories.iter().map(|(_, texts)| Trial { scripts: texts.clone(), transactional: false }).collect();
    let outcomes = server.try_all("cases", "CREATE SCHEMA IF NOT EXISTS public", &trials, THREADS);
    settle("labelled cases", &histories, &outcomes, &BTreeSet::new());
}

/// The scripts in a file of statements: one a line where every line of a paragraph ends in a semicolon, else the whole
/// paragraph. Comments stand on lines of their own.
fn scripts(text: &str) -> Vec<String> {
    let mut scripts = Vec::new();
    for paragraph in text.split("\n\n") {
        let lines: Vec<&str> = paragraph.lines().filter(|line| !line.is_empty() && !line.starts_with("-- ")).collect();
        if lines.iter().all(|line| line.ends_with(';')) {
            scripts.extend(lines.into_iter().map(str::to_owned));
        } else {
            scripts.push(lines.join("\n"));
        }
    }
    scripts
}

/// Whether a ROLLBACK takes a script back.
fn is_transactional(script: &str) -> bool {
    let lower = script.to_lowercase();
    !["commit", "rollback", "concurrently", "start transaction"].iter().any(|word| lower.contains(word))
}

#[test]
fn each_statement_does_what_it_does_in_postgresql() {
    let Some(server) = Server::find() else {
        println!("skipped: no PostgreSQL");
        return;
    };
    let folder = format!("{}/tests/replay_postgres/statements", env!("CARGO_MANIFEST_DIR"));
    let start = std::fs::read_to_string(format!("{folder}/start.sql")).unwrap();
    let files: BTreeSet<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let only = std::env::var("DRIFTGATE_TEST_ONLY").unwrap_or_default();
    let statements: Vec<String> = files
        .iter()
        .filter(|path| !path.ends_with("start.sql") && !path.ends_with("beyond.sql"))
        .flat_map(|path| scripts(&std::fs::read_to_string(path).unwrap()))
        .filter(|statement| statement.contains(&only))
        .collect();
    let trials: Vec<Trial> = statements
        .iter()
        .map(|one| Trial { scripts: vec![one.clone()], transactional: is_transactional(one) })
        .collect();
    let outcomes = server.try_all("statements", &start, &trials, THREADS);
    let histories: Vec<(String, Vec<String>)> =
        statements.into_iter().map(|one| (one.clone(), vec![start.clone(), one])).collect();
    let beyond = scripts(&std::fs::read_to_string(format!("{folder}/beyond.sql")).unwrap());
    settle("single statements", &histories, &outcomes, &beyond.into_iter().collect());
}

#[test]
fn generated_histories_end_as_they_end_in_postgresql() {
    let Some(server) = Server::find() else {
        println!("skipped: no PostgreSQL");
        return;
    };
    let histories: Vec<Vec<String>> = (0..generated::HISTORIES).map(generated::history).collect();
    let trials: Vec<Trial> =
        histories.iter().map(|texts| Trial { scripts: texts.clone(), transactional: false }).collect();
    let outcomes = server.try_all("generated", "CREATE SCHEMA IF NOT EXISTS public", &trials, THREADS);
    let (mut statements, mut refused, mut wrong) = (0, 0, Vec::new());
    for ((seed, history), outcome) in histories.iter().enumerate().zip(&outcomes) {
        statements += history.len();
        refused += outcome.refused.len();
        wrong.extend(
            generated::difference(history, outcome, &replay_of(history)).map(|how| format!("seed {seed}: {how}")),
        );
    }
    println!(
        "generated histories: {} with {statements} statements, {refused} of them refused by PostgreSQL; {} histories \
         end otherwise",
        histories.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
