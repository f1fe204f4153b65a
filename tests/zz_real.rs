//! Labelled cases: schemas and migrations with the verdict of Prisma's own engine (`tests/cases/prisma/*.jsonl`).

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
    needed: String,
    schema: String,
    migrations: Vec<(String, String)>,
}

/// What driftgate makes of a case.
struct Judged {
    verdict: &'static str,
    differences: Vec<Difference>,
    reasons: Vec<String>, sql: Vec<String>,
}

fn cases(provider: &str) -> Vec<Case> {
    let path = { let _ = provider; "/tmp/real/real.jsonl".to_owned() };
    let text = std::fs::read_to_string(&path).unwrap();
    let case = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let migrations = value["migrations"].as_array().unwrap().iter();
        Case {
            id: text("id"),
            dialect: text("provider").parse().unwrap(),
            verdict: text("verdict"), needed: text("needed_sql"),
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
    }
}

fn judge(case: &Case) -> Judged {
    let project = project(case.dialect);
    let mut files = vec![("prisma/schema.prisma".to_owned(), case.schema.clone())];
    for (name, sql) in &case.migrations {
        files.push((format!("prisma/migrations/{name}/migration.sql"), sql.clone()));
    }
    let snapshot = MemorySnapshot::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let declared = Prisma.declared(&project, &snapshot).unwrap();
    let history = Prisma.history(&project, &snapshot).unwrap();
    let mut reasons: Vec<String> = declared.problems.iter().map(|problem| problem.message.clone()).collect();
    reasons.extend(history.problems.iter().map(|problem| problem.message.clone()));
    if !reasons.is_empty() {
        return Judged { verdict: "error", differences: Vec::new(), reasons, sql: vec![] };
    }
    let Replay { catalog, migrations, .. } = replay(&history, case.dialect);
    let failures = migrations.iter().flat_map(|one| &one.failures).filter(|failure| failure.certain);
    reasons.extend(failures.map(|failure| format!("{} ({:?})", failure.error, failure.place)));
    if !reasons.is_empty() {
        return Judged { verdict: "error", differences: Vec::new(), reasons, sql: vec![] };
    }
    reasons.extend(catalog.doubts.iter().map(|doubt| format!("doubt: {} {:?}", doubt.reason, doubt.reach)));
    let differences = Prisma.compare(&project, &declared.catalog, &catalog);
    let counts = |certain| differences.iter().any(|one| one.certain == certain && !one.beyond_engine);
    let verdict = match (counts(true), counts(false)) {
        (true, _) => "drift",
        (false, true) => "not-judged",
        (false, false) => "in-sync",
    };
    let sql = driftgate::prisma::suggest::sql(&differences, &declared.catalog, &catalog);
    Judged { verdict, differences, reasons, sql }
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


#[test]
fn real() {
    for case in cases("x") {
        let start = std::time::Instant::now();
        let judged = judge(&case);
        println!("{} {}: {}, said {} in {:?}", if agrees(&case, &judged) {"OK "} else {"BAD"}, case.id, case.verdict, judged.verdict, start.elapsed());
        for reason in &judged.reasons { println!("    {reason}"); }
        if case.verdict == "drift" && judged.verdict == "drift" {
            let needed: std::collections::BTreeSet<String> = case.needed.split("\n\n-- ").map(|p| { let p = p.trim(); if p.starts_with("-- ") { p.to_owned() } else { format!("-- {p}") } }).collect();
            let ours: std::collections::BTreeSet<String> = judged.sql.iter().map(|s| s.trim().to_owned()).collect();
            for s in needed.difference(&ours) { println!("  NEEDED {s}"); }
            for s in ours.difference(&needed) { println!("  OURS   {s}"); }
        } else if judged.differences.len() < 60 { for one in &judged.differences {
            let (declared, replayed) = (one.declared.as_deref(), one.replayed.as_deref());
            let cut = |t: Option<&str>| t.map(|t| t.chars().take(150).collect::<String>());
            println!("    {} {}: {:?} / {:?} {}", one.kind, one.object(), cut(declared), cut(replayed), one.certain);
        } } else { println!("    {} differences", judged.differences.len()); }
    }
}
