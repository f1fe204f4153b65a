//! Faults planted in histories that the engine calls whole: what it notices driftgate must notice, and no more.
//!
//! The histories are generated, the labelled cases, or those of the repositories that `DRIFTGATE_FAULTS_IN` names.

use std::collections::BTreeSet;

use crate::generate::{Provider, Schema};
use crate::oracle::{Answer, Oracle, Step};
use crate::plant::{KINDS, plant};
use crate::planted::{CONTROL, Said, Score, sample};
use crate::random::Random;
use crate::subject::Subject;

/// The repositories whose histories get faults, separated as in `PATH`.
const REPOSITORIES: &str = "DRIFTGATE_FAULTS_IN";

/// Plants so many faults of every kind in a history, and asks both. One that the engine does not call whole is left
/// out: a fault proves nothing there. Whether it was asked.
fn try_out(subject: &Subject, seed: u64, each: u64, oracle: &mut Oracle, score: &mut Score) -> bool {
    let whole = subject.told(&subject.steps);
    let mut random = Random::new(seed);
    for &kind in KINDS {
        let mut tried: BTreeSet<Vec<Step>> = BTreeSet::new();
        for _ in 0..if kind == CONTROL { 1 } else { each } {
            let Some(steps) = plant(kind, &subject.steps, subject.provider, &mut random) else { continue };
            let changed = kind == CONTROL || steps != subject.steps;
            if !changed || !tried.insert(steps.clone()) {
                continue;
            }
            let answer = oracle.judge(&subject.schema, &steps);
            let told = subject.told(&steps);
            let said = if kind == CONTROL { told.said() } else { told.beyond(&whole) };
            if kind == CONTROL && !matches!(answer, Answer::InSync) {
                eprintln!("{}: left out, the engine does not call it whole: {answer}", subject.name);
                return false;
            }
            let (noticed, refused) = (!matches!(answer, Answer::InSync), matches!(answer, Answer::Error(_)));
            if !score.record(kind, noticed, refused, said) {
                score.disagreements.push(format!(
                    "### {}: {kind}\n--- driftgate: {told}\n--- engine: {answer}\n{}",
                    subject.name,
                    difference(subject, &steps)
                ));
            }
            if kind == CONTROL && said == Said::Noticed {
                // What it says of any fault would say nothing.
                return true;
            }
        }
    }
    true
}

/// What a fault changed, and the whole schema where it is small.
fn difference(subject: &Subject, steps: &[Step]) -> String {
    let mut text = String::new();
    for step in &subject.steps {
        let planted = steps.iter().find(|planted| planted.name == step.name);
        if planted == Some(step) {
            continue;
        }
        let lines = |step: &Step| step.sql.lines().map(str::to_owned).collect::<Vec<_>>();
        let (before, after) = (lines(step), planted.map(lines).unwrap_or_default());
        text += &format!("--- {}\n", step.name);
        for (sign, of, other) in [('-', &before, &after), ('+', &after, &before)] {
            for line in of.iter().filter(|line| !other.contains(line)) {
                text += &format!("{sign} {line}\n");
            }
        }
    }
    if subject.schema.len() < 10_000 {
        text += &format!("--- schema\n{}\n--- migrations\n", subject.schema);
        for step in steps {
            text += &format!("-- {}\n{}\n", step.name, step.sql);
        }
    }
    text
}

fn oracle() -> Option<Oracle> {
    Oracle::start().inspect_err(|reason| eprintln!("skipped: {reason}")).ok()
}

fn generated(provider: Provider, against: &str) {
    let Some(mut oracle) = oracle() else { return };
    let mut score = Score::default();
    // Other seeds than the differential test's, which compares the schemas as they are.
    for seed in (10_000..).take(usize::try_from(sample(6)).unwrap()) {
        let mut random = Random::new(seed);
        let schema = Schema::random(&mut random, provider).print();
        let Ok(migration) = oracle.from_empty(&schema) else { continue };
        let subject = Subject::of(format!("seed {seed}"), schema, Step::list(&[&migration])).unwrap();
        try_out(&subject, seed, 1, &mut oracle, &mut score);
    }
    score.finish(&format!("generated schemas, against {against}"));
}

#[test]
fn generated_postgresql() {
    generated(Provider::PostgreSql, "Prisma's engine on PostgreSQL");
}

#[test]
fn generated_sqlite() {
    generated(Provider::Sqlite, "Prisma's engine on SQLite");
}

/// The labelled cases that are in sync, in the order of the files.
fn cases(provider: &str) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for file in [provider.to_owned(), format!("{provider}-more")] {
        let path = format!("{}/tests/cases/prisma/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let migrations = case["migrations"].as_array().unwrap().iter();
            let steps: Vec<Step> =
                migrations.map(|one| Step { name: text(&one["name"]), sql: text(&one["sql"]) }).collect();
            if case["verdict"] == "in-sync" && !steps.is_empty() {
                subjects.push(Subject::of(text(&case["id"]), text(&case["schema"]), steps).unwrap());
            }
        }
    }
    subjects
}

/// Plants faults in so many of them, where nothing else is asked for.
fn labelled(provider: &str, few: u64, against: &str) {
    let Some(mut oracle) = oracle() else { return };
    let subjects = cases(provider);
    // Spread over all of them: neighbours resemble each other.
    let count = subjects.len().min(usize::try_from(sample(few)).unwrap());
    let mut score = Score::default();
    for at in 0..count {
        let at = at * subjects.len() / count;
        let seed = 20_000 + u64::try_from(at).unwrap();
        let asked = try_out(&subjects[at], seed, 1, &mut oracle, &mut score);
        assert!(asked, "the case {:?} is labelled in sync", subjects[at].name);
    }
    score.finish(&format!("{count} of {} labelled cases in sync, against {against}", subjects.len()));
}

#[test]
fn labelled_postgresql() {
    labelled("postgresql", 4, "Prisma's engine on PostgreSQL");
}

#[test]
fn labelled_sqlite() {
    labelled("sqlite", 10, "Prisma's engine on SQLite");
}

#[test]
fn public() {
    let Some(repositories) = std::env::var_os(REPOSITORIES) else {
        eprintln!("skipped: {REPOSITORIES} names no repository");
        return;
    };
    let Some(mut oracle) = oracle() else { return };
    let mut score = Score::default();
    for repository in std::env::split_paths(&repositories) {
        for subject in Subject::in_repository(&repository) {
            let before = score.planted();
            if try_out(&subject, 30_000, sample(3), &mut oracle, &mut score) {
                let count = score.planted() - before;
                eprintln!("{}: {} migrations, asked {count} times", subject.name, subject.steps.len());
            }
        }
    }
    score.finish("public histories, against Prisma's engine");
}
