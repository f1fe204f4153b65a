//! Faults planted in the histories of the repositories that `DRIFTGATE_FAULTS_IN` names. Real Alembic runs each faulty
//! history and compares the database with what the whole history built; driftgate compares it with the models, which it
//! must call in sync with the whole history. Neither runs anything else of the repository.

use std::collections::{BTreeMap, BTreeSet};

use driftgate::alembic::Alembic;
use driftgate::catalog::Dialect;
use driftgate::git::MemorySnapshot;
use driftgate::project::{Declared, Ecosystem as _, Project};
use serde_json::{Value, json};

use crate::planted::{CONTROL, Said, Score, sample};
use crate::told::{Told, read};
use crate::{Oracle, own_database};

const REPOSITORIES: &str = "DRIFTGATE_FAULTS_IN";

/// `history.py` knows them by these names.
const KINDS: &[&str] = &[
    "drop a statement",
    "drop a column",
    "drop an index",
    "drop an enum value",
    "drop a foreign key",
    "drop a unique constraint",
    "flip nullability",
    "change a type",
    "change a default",
    "make an index unique",
    "rename a column",
    "swap two operations",
    "drop a revision",
    "swap two revisions",
];

/// A project with its files and what its models declare, which no fault touches.
struct Subject {
    name: String,
    db: &'static str,
    project: Project,
    declared: Declared,
    files: BTreeMap<String, String>,
}

impl Subject {
    fn in_repository(repository: &std::path::Path) -> Vec<Self> {
        let (label, files) = read(repository, &Alembic);
        let snapshot = MemorySnapshot::new(files.clone());
        let mut subjects = Vec::new();
        for project in Alembic.discover(&snapshot, &[]).unwrap() {
            let db = match project.dialect() {
                Dialect::PostgreSql => "postgresql",
                Dialect::Sqlite => "sqlite",
                _ => continue,
            };
            let declared = Alembic.declared(&project, &snapshot).unwrap();
            let name = format!("{label} {}", project.name);
            subjects.push(Self { name, db, project, declared, files: files.clone() });
        }
        subjects
    }

    fn told(&self, changed: &BTreeMap<String, String>, gone: &BTreeSet<String>) -> Told {
        let mut files = self.files.clone();
        files.extend(changed.clone());
        files.retain(|path, _| !gone.contains(path));
        Told::of(&Alembic, &self.project, &self.declared, &MemorySnapshot::new(files))
    }

    /// The revisions, by their paths.
    fn revisions(&self) -> BTreeMap<String, String> {
        let history = Alembic.history(&self.project, &MemorySnapshot::new(self.files.clone())).unwrap();
        let sources = history.migrations.iter().filter_map(|migration| migration.source.as_ref());
        sources.map(|source| (source.path().as_str().to_owned(), source.text().to_owned())).collect()
    }

    /// Plants the faults and asks both; whether it could.
    fn try_out(&self, each: u64, oracle: &mut Oracle, score: &mut Score) -> bool {
        let none = (BTreeMap::new(), BTreeSet::new());
        let whole = self.told(&none.0, &none.1);
        if whole.said() == Said::Noticed {
            eprintln!("{}: left out, driftgate does not call it whole: {whole}", self.name);
            return false;
        }
        let answer = oracle.ask(&json!({ "db": self.db, "files": self.revisions() }));
        if answer["diffs"].as_array().is_none_or(|diffs| !diffs.is_empty()) {
            eprintln!("{}: left out, its history does not run by itself: {answer}", self.name);
            return false;
        }
        score.record(CONTROL, false, false, whole.said());
        for &kind in KINDS {
            let mut tried = BTreeSet::new();
            for seed in 0..each {
                let answer = oracle.ask(&json!({ "kind": kind, "seed": seed }));
                assert!(answer.get("broken").is_none(), "{}: {kind}: {answer}", self.name);
                let changed: BTreeMap<String, String> =
                    serde_json::from_value(answer["files"].clone()).unwrap_or_default();
                let gone: BTreeSet<String> = serde_json::from_value(answer["gone"].clone()).unwrap_or_default();
                if answer["none"] == json!(true) || !tried.insert((changed.clone(), gone.clone())) {
                    continue;
                }
                let seen = answer["diffs"].as_array().map(Vec::len);
                let told = self.told(&changed, &gone);
                if !score.record(kind, seen != Some(0), seen.is_none(), told.beyond(&whole)) {
                    let difference = self.difference(&changed, &gone);
                    score.disagreements.push(format!(
                        "### {}: {kind}\n--- driftgate: {told}\n--- Alembic: {}\n{difference}",
                        self.name,
                        said(&answer)
                    ));
                }
            }
        }
        true
    }

    fn difference(&self, changed: &BTreeMap<String, String>, gone: &BTreeSet<String>) -> String {
        let mut text: String = gone.iter().map(|path| format!("--- gone: {path}\n")).collect();
        for (path, after) in changed {
            text += &format!("--- {path}\n");
            let before = &self.files[path];
            for (sign, of, other) in [('-', before, after), ('+', after, before)] {
                let others: BTreeSet<&str> = other.lines().collect();
                text.extend(of.lines().filter(|line| !others.contains(line)).map(|line| format!("{sign} {line}\n")));
            }
        }
        text
    }
}

fn said(answer: &Value) -> String {
    answer.get("error").unwrap_or(&answer["diffs"]).to_string()
}

#[test]
fn public() {
    let Some(repositories) = std::env::var_os(REPOSITORIES) else {
        eprintln!("skipped: {REPOSITORIES} names no repository");
        return;
    };
    let mut score = Score::default();
    for repository in std::env::split_paths(&repositories) {
        for subject in Subject::in_repository(&repository) {
            // What the revisions of one import stays with the process.
            let started = own_database("driftgate_alembic_public").and_then(|url| Oracle::of("history.py", Some(&url)));
            let mut oracle = match started {
                Ok(oracle) => oracle,
                Err(reason) => {
                    eprintln!("skipped: {reason}");
                    return;
                }
            };
            let before = score.planted();
            if subject.try_out(sample(3), &mut oracle, &mut score) {
                let count = score.planted() - before;
                eprintln!("{}: {} revisions, asked {count} times", subject.name, subject.revisions().len());
            }
        }
    }
    score.finish("public histories, against Alembic");
}
