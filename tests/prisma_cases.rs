//! Labelled cases: schemas and migrations with the verdict of Prisma's own engine (`tests/cases/prisma/*.jsonl`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use driftgate::catalog::Dialect;
use driftgate::catalog::difference::Difference;
use driftgate::git::snapshot::MemorySnapshot;
use driftgate::history::{Replay, replay};
use driftgate::prisma::Prisma;
use driftgate::project::{Ecosystem, EcosystemKind, Project};
use driftgate::source::RepoPath;

/// One line of a file of cases.
struct Case {
    id: String,
    dialect: Dialect,
    verdict: String,
    schema: String,
    migrations: Vec<(String, String)>,
}

/// What driftgate makes of a case.
struct Judged {
    verdict: &'static str,
    differences: Vec<Difference>,
    reasons: Vec<String>,
}

fn cases(provider: &str) -> Vec<Case> {
    let path = format!("{}/tests/cases/prisma/{provider}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let case = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let migrations = value["migrations"].as_array().unwrap().iter();
        Case {
            id: text("id"),
            dialect: text("provider").parse().unwrap(),
            verdict: text("verdict"),
            schema: text("schema"),
            migrations: migrations
                .map(|one| (one["name"].as_str().unwrap().to_owned(), one["sql"].as_str().unwrap().to_owned()))
                .collect(),
        }
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(case).collect()
}

fn project(dialect: Dialect) -> Project {
    Project {
        name: ".".to_owned(),
        ecosystem: EcosystemKind::Prisma,
        dialect: Some(dialect),
        root: RepoPath::root(),
        schema: vec!["prisma/schema.prisma".into()],
        migrations: vec!["prisma/migrations".into()],
        settings: Vec::new(),
        command: "npx prisma".to_owned(),
        facts: BTreeMap::from([("prisma-version", "7".to_owned())]),
        parsed: driftgate::project::Parsed::default(),
    }
}

fn judge(case: &Case) -> Judged {
    let project = project(case.dialect);
    let mut files = vec![("prisma/schema.prisma".to_owned(), case.schema.clone())];
    let lock = format!("provider = \"{}\"\n", case.dialect);
    files.push(("prisma/migrations/migration_lock.toml".to_owned(), lock));
    for (name, sql) in &case.migrations {
        files.push((format!("prisma/migrations/{name}/migration.sql"), sql.clone()));
    }
    let lock = format!("provider = \"{}\"", case.dialect.as_str());
    files.push(("prisma/migrations/migration_lock.toml".to_owned(), lock));
    let snapshot = MemorySnapshot::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let declared = Prisma.declared(&project, &snapshot).unwrap();
    let history = Prisma.history(&project, &snapshot).unwrap();
    let mut reasons: Vec<String> = declared.problems.iter().map(|problem| problem.message.clone()).collect();
    reasons.extend(history.problems.iter().map(|problem| problem.message.clone()));
    if !reasons.is_empty() {
        return Judged { verdict: "error", differences: Vec::new(), reasons };
    }
    let Replay { catalog, migrations, .. } = replay(&history, case.dialect);
    let failures = migrations.iter().flat_map(|one| &one.failures).filter(|failure| failure.certain);
    reasons.extend(failures.map(|failure| format!("{} ({:?})", failure.error, failure.place)));
    if !reasons.is_empty() {
        return Judged { verdict: "error", differences: Vec::new(), reasons };
    }
    reasons.extend(catalog.doubts.iter().map(|doubt| format!("doubt: {} {:?}", doubt.reason, doubt.reach)));
    let differences = Prisma.compare(&project, &declared.catalog, &catalog);
    let counts = |certain| differences.iter().any(|one| one.certain == certain && !one.beyond_engine);
    let verdict = match (counts(true), counts(false)) {
        (true, _) => "drift",
        (false, true) => "not-judged",
        (false, false) => "in-sync",
    };
    Judged { verdict, differences, reasons }
}

/// A schema that the engine can never settle with its own migration (`trip:` that is `drift`) is one to be silent on.
fn agrees(case: &Case, judged: &Judged) -> bool {
    if case.id.starts_with("trip:") && case.verdict == "drift" {
        return matches!(judged.verdict, "in-sync" | "not-judged");
    }
    case.verdict == judged.verdict
}

/// Runs a provider's cases. `exceptions` are ids that disagree, each with a reason.
fn run(provider: &str, exceptions: &[(&str, &str)]) {
    let cases = cases(provider);
    let mut report = String::new();
    let mut right = 0;
    let mut unexpected = Vec::new();
    for case in &cases {
        let judged = judge(case);
        if agrees(case, &judged) {
            right += 1;
            continue;
        }
        let _ = writeln!(report, "{provider} {}: {}, said {}", case.id, case.verdict, judged.verdict);
        for reason in &judged.reasons {
            let _ = writeln!(report, "    {reason}");
        }
        for one in &judged.differences {
            let (declared, replayed) = (one.declared.as_deref(), one.replayed.as_deref());
            let _ = writeln!(report, "    {} {}: {declared:?} / {replayed:?} {}", one.kind, one.object(), one.certain);
        }
        if !exceptions.iter().any(|(id, _)| *id == case.id) {
            unexpected.push(case.id.clone());
        }
    }
    let share = f64::from(right) * 100.0 / f64::from(u32::try_from(cases.len()).unwrap());
    println!("{report}{provider}: {right} of {} cases, {share:.1} %", cases.len());
    assert!(unexpected.is_empty(), "disagrees with the engine on {unexpected:#?}");
    let excused = exceptions.iter().filter(|(id, _)| !cases.iter().any(|case| case.id == *id)).count();
    assert_eq!(excused, 0, "an exception that is no case");
    assert!(share >= 97.0, "{share:.1} % of the cases");
}

/// The database holds what the schema says; the engine compares two texts and would write the same migration for ever.
const NEVER_SETTLES: &str = "driftgate is silent where the engine can never be satisfied, and the same schema and \
    migration stand among the `trip:` cases";

#[test]
fn postgresql() {
    run("postgresql", &[("schema: default now() -> dbgenerated(\"CURRENT_TIMESTAMP\")", NEVER_SETTLES)]);
}

#[test]
fn postgresql_more() {
    run(
        "postgresql-more",
        &[
            ("sql: default int cast bigint", "casts of constants are not kept"),
            ("sql: exclude constraint", "whether an expression is immutable is not known"),
            ("sql: fk to another schema", "the engine's describer refuses it, the database does not"),
            ("sql: grant to missing role", "roles are not part of a history"),
            ("sql: do block raises", "what a block raises is not evaluated"),
            ("sql: update missing column", "the columns of an UPDATE are not read"),
        ],
    );
}

#[test]
fn sqlite() {
    run("sqlite", &[]);
}

#[test]
fn sqlite_more() {
    run(
        "sqlite-more",
        &[
            ("sql: temporary table of the same name", "a temporary table hides the real one from the describer"),
            ("sql: update missing column", "the columns of an UPDATE are not read"),
        ],
    );
}

#[test]
fn mysql() {
    run("mysql", &[]);
}

#[test]
fn cockroachdb() {
    run("cockroachdb", &[("schema: sequence options", "the options of a sequence are not kept")]);
}

#[test]
fn sqlserver() {
    run("sqlserver", &[]);
}
