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

const BASE: &str =
    "an empty first revision, then changes of a table that none makes: a base that create_all makes looks the same";
const START: &str = "the first revision works on a table that none makes: a base that was there before looks the same";
const CREATE_ALL: &str =
    "create_all() makes what the models are when it runs: an older database has what they were, so it is not judged";
const KEY_NAMES: &str =
    "only the names of foreign keys differ, which neither autogenerate nor a comparison by columns looks at";
const NO_NAME: &str = "the model names no primary key, so the name that the migration gives it contradicts nothing";
const LENGTH: &str =
    "SQLAlchemy refuses an enum whose length is shorter than a label: said of the column, not of all models";
const CASE_ONLY: &str = "SQLite takes names that differ in case alone for the same, Alembic does not";
const COPY: &str = "a batch takes copy_from= at its word, whatever the database has; here the table stays what it was";
const STORAGE: &str = "storage parameters of an index (WITH) are not compared";
const MAPPERS: &str = "the label is what configure_mappers() raises, which the first query calls and Alembic does not: autogenerate drops \
                       the key";

/// Cases that are judged otherwise, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "m12-pg-049",
        "an id of more than 32 characters: told by its own rule, as projects widen the version table's column",
    ),
    ("m01-pg-010", MAPPERS),
    ("m02-pg-004", MAPPERS),
    ("m04-pg-013", MAPPERS),
    ("b36_empty_then_alter-lite-00", BASE),
    ("b36_empty_then_alter-pg-00", BASE),
    ("a09_index_forms-lite-10", START),
    ("a20_naming_long-pg-05", START),
    ("b16_table_create-pg-03", START),
    ("c03_package-pg-07", START),
    ("c09_flask_binds-pg-06", START),
    ("c01_mysql-my-26", START),
    ("b17_model_create_all-lite-00", CREATE_ALL),
    ("b17_model_create_all-lite-01", CREATE_ALL),
    ("b17_model_create_all-pg-00", CREATE_ALL),
    ("b17_model_create_all-pg-01", CREATE_ALL),
    ("a19_naming-lite-07", KEY_NAMES),
    ("a19_naming-lite-08", KEY_NAMES),
    ("a19_naming-pg-07", KEY_NAMES),
    ("a19_naming-pg-08", KEY_NAMES),
    ("a19_naming-lite-05", NO_NAME),
    ("a19_naming-lite-06", NO_NAME),
    ("a19_naming-pg-05", NO_NAME),
    ("a19_naming-pg-06", NO_NAME),
    ("b03_rename_table-pg-03", NO_NAME),
    ("a02_annotated_map-lite-07", LENGTH),
    ("a02_annotated_map-pg-07", LENGTH),
    ("a28_sort_order-lite-03", CASE_ONLY),
    ("a28_sort_order-lite-04", CASE_ONLY),
    ("b30_batch_copy-lite-01", COPY),
    ("b30_batch_copy-lite-03", COPY),
    ("b27_create_index_args-pg-00", STORAGE),
    ("b27_create_index_args-pg-03", STORAGE),
    (
        "b27_create_index_args-lite-02",
        "a difference that reflection cannot see: SQLite's inspector leaves indexes on expressions out",
    ),
    ("b13_enum_swap-pg-02", "an enum that is left behind and that nothing uses"),
    (
        "b04_rename_table_lite-pg-00",
        "a table that was renamed: its sequence and its primary key keep their names, as they do everywhere",
    ),
    (
        "c02_mysql_revs-my-00",
        "MariaDB puts the index of a new foreign key in the place of one that it made for a key that is gone",
    ),
    (
        "a14_computed_lite-lite-05",
        "Identity on SQLite, where it makes nothing: the database and the catalog do not know of it",
    ),
    (
        "a16_defaults_compared-lite-00",
        "the default '' on SQLite: Alembic asks for the same change for ever, its comparison leaves the quotes on one side",
    ),
    (
        "a09_index_forms-lite-08",
        "SQLite has no NULLS LAST in an index: the text of an expression is not checked against the grammar",
    ),
    ("a19_naming-lite-15", "a convention with %(constraint_name)s refuses the CHECK of an Enum without a name"),
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

/// Judges every case of a file; how many are judged otherwise without being exceptions.
fn run(name: &str, text: &str) -> usize {
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
    wrong.values().map(Vec::len).sum()
}

#[test]
fn labelled_cases_agree_with_alembic() {
    // Cases of one's own, to see what is said of them.
    if let Ok(path) = std::env::var("CASES") {
        run(&path, &std::fs::read_to_string(&path).unwrap());
        return;
    }
    let files = [
        ("sqlite", include_str!("cases/alembic/sqlite.jsonl")),
        ("postgresql", include_str!("cases/alembic/postgresql.jsonl")),
        ("sqlite, more", include_str!("cases/alembic/sqlite-more.jsonl")),
        ("postgresql, more", include_str!("cases/alembic/postgresql-more.jsonl")),
        ("mysql, more", include_str!("cases/alembic/mysql-more.jsonl")),
    ];
    let wrong: usize = files.into_iter().map(|(name, text)| run(name, text)).sum();
    assert_eq!(wrong, 0, "cases are judged otherwise, and are no exceptions");
}
