//! Labelled cases, judged by real Alembic: models and revisions, and what autogenerate says of them.
//!
//! See `tests/cases/README.md`. Cases whose label says nothing about what only driftgate sees (`create_all` failed, or
//! the difference is in how the label was made) are judged by what autogenerate sees alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

use std::collections::BTreeMap;

use driftgate::alembic::Alembic;
use driftgate::catalog::Reach;
use driftgate::catalog::difference::Difference;
use driftgate::git::MemorySnapshot;
use driftgate::history::{HistoryProblemKind, replay};
use driftgate::project::Ecosystem;
use serde_json::Value;

/// Cases that are judged otherwise, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "m12-pg-049",
        "an id of more than 32 characters: told by its own rule, as projects widen the version table's column",
    ),
    (
        "m09-lite-000",
        "an empty first revision, then changes of a table that none makes: a base that create_all makes looks the same",
    ),
    (
        "m07-pg-013",
        "an empty first revision, then changes of a table that none makes: a base that create_all makes looks the same",
    ),
    (
        "m09-pg-003",
        "an empty first revision, then changes of a table that none makes: a base that create_all makes looks the same",
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    InSync,
    Drift,
    Unseen,
    UpgradeFails,
    GraphError,
    NotJudged,
}

/// What driftgate says of a case, and why.
fn judge(case: &Value) -> (Verdict, Vec<String>) {
    let files = case["files"].as_object().into_iter().flatten();
    let files: Vec<(&str, &str)> =
        files.map(|(path, text)| (path.as_str(), text.as_str().unwrap_or_default())).collect();
    let snapshot = MemorySnapshot::new(files);
    let projects = Alembic.discover(&snapshot, &[]).unwrap_or_default();
    let [project] = projects.as_slice() else {
        return (Verdict::NotJudged, vec![format!("{} projects", projects.len())]);
    };
    let history = Alembic.history(project, &snapshot).unwrap();
    let broken: Vec<String> = history
        .problems
        .iter()
        .filter(|problem| {
            matches!(
                problem.kind,
                HistoryProblemKind::MissingParent(_)
                    | HistoryProblemKind::Cycle(_)
                    | HistoryProblemKind::ComputedParent
                    | HistoryProblemKind::NotARevision
                    | HistoryProblemKind::Unreadable
            )
        })
        .map(|problem| problem.message.clone())
        .collect();
    if !broken.is_empty() {
        return (Verdict::GraphError, broken);
    }
    let replayed = replay(&history, project.dialect());
    let mut failures = Vec::new();
    for migration in &replayed.migrations {
        for failure in &migration.failures {
            failures.push(format!("{}{}: {}", migration.id, if failure.certain { "" } else { " (?)" }, failure.error));
        }
    }
    let certain = replayed.migrations.iter().flat_map(|migration| &migration.failures).any(|failure| failure.certain);
    if certain {
        return (Verdict::UpgradeFails, failures);
    }
    let declared = Alembic.declared(project, &snapshot).unwrap();
    let gap = Alembic.compare(project, &declared.catalog, &replayed.catalog);
    let mut told: Vec<String> = gap.iter().map(tell).collect();
    told.extend(failures);
    for doubt in declared.catalog.doubts.iter().chain(&replayed.catalog.doubts) {
        told.push(format!("doubt: {} ({:?})", doubt.reason, doubt.reach));
    }
    told.extend(declared.problems.iter().map(|problem| format!("problem: {}", problem.message)));
    let doubtful = declared.catalog.doubts.iter().any(|doubt| doubt.reach == Reach::Everything);
    let verdict = if !declared.problems.is_empty() {
        Verdict::NotJudged
    } else if gap.iter().any(|difference| difference.certain && !difference.beyond_engine) {
        Verdict::Drift
    } else if gap.iter().any(|difference| !difference.certain) || doubtful {
        Verdict::NotJudged
    } else if !gap.is_empty() {
        Verdict::Unseen
    } else {
        Verdict::InSync
    };
    (verdict, told)
}

fn tell(difference: &Difference) -> String {
    format!(
        "{}{}{} {:?} -> {:?}",
        if difference.certain { "" } else { "? " },
        if difference.beyond_engine { "* " } else { "" },
        format_args!("{} {}", difference.kind, difference.object()),
        difference.replayed,
        difference.declared
    )
}

/// Whether a verdict agrees with the label.
fn agrees(case: &Value, verdict: Verdict) -> bool {
    match case["verdict"].as_str().unwrap_or_default() {
        "in_sync" if case["create_all_delta"].is_null() => matches!(verdict, Verdict::InSync | Verdict::Unseen),
        "in_sync" => verdict == Verdict::InSync,
        "drift" => verdict == Verdict::Drift,
        "drift_unseen_by_autogenerate" => verdict == Verdict::Unseen,
        // A batch that misses a column is labelled as an error of the graph, for the sort of exception it raises.
        "graph_error" if case["graph_ok"] == true => verdict == Verdict::UpgradeFails,
        "upgrade_fails" => verdict == Verdict::UpgradeFails,
        "graph_error" => verdict == Verdict::GraphError,
        // Nothing may be claimed about the database.
        "models_fail" => verdict == Verdict::NotJudged,
        other => panic!("no such verdict: {other}"),
    }
}

fn run(name: &str, text: &str) -> (usize, usize) {
    let only = std::env::var("CASE").ok();
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut agreed, mut all) = (0, 0);
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap_or_default();
        if only.as_deref().is_some_and(|only| !id.contains(only)) {
            continue;
        }
        all += 1;
        let (verdict, told) = judge(&case);
        let expected = EXCEPTIONS.iter().any(|(known, _)| *known == id);
        if agrees(&case, verdict) {
            agreed += 1;
            assert!(!expected, "{id} agrees now: strike it from the exceptions");
        } else if !expected {
            let label = case["verdict"].as_str().unwrap_or_default();
            let key = format!("{label} but {verdict:?}");
            wrong.entry(key).or_default().push(format!(
                "{id} {}\n      {}",
                case["mutation"]["kind"],
                told.join("\n      ")
            ));
        }
        if only.is_some() {
            println!("{id} {verdict:?} {}\n   {}", case["verdict"], told.join("\n   "));
        }
    }
    for (kind, cases) in &wrong {
        println!("== {kind}: {}", cases.len());
        for case in cases {
            println!("   {case}");
        }
    }
    println!("{name}: {agreed} of {all} agree");
    (agreed, all)
}

#[test]
fn labelled_cases_agree_with_alembic() {
    if let Ok(path) = std::env::var("CASES") {
        run(&path, &std::fs::read_to_string(&path).unwrap());
        return;
    }
    let (a, x) = run("sqlite", include_str!("cases/alembic/sqlite.jsonl"));
    let (b, y) = run("postgresql", include_str!("cases/alembic/postgresql.jsonl"));
    let (agreed, all) = (a + b, x + y);
    assert!(agreed * 100 >= all * 99, "{agreed} of {all} labelled cases agree");
}
