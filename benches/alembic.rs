//! How long a whole verdict takes on an Alembic project, and how it grows: `cargo bench --bench alembic`.
//!
//! A made-up project of 200 models in 20 files grows by one small revision at a time. Each row is the best of five runs of
//! everything between the texts and the gap: discovery, models, revisions, replay, comparison. Where Alembic is installed
//! (`.ci/oracles`), `alembic check` judges the project of 500 revisions in the same run, on a SQLite database that is at
//! its head already, and the ratio is printed.

#![allow(clippy::print_stdout)]

mod fixtures;

use std::time::{Duration, Instant};

use driftgate::alembic::Alembic;
use driftgate::git::MemorySnapshot;
use driftgate::history;
use driftgate::project::Ecosystem as _;

const MODELS: usize = 200;
/// What a verdict is made of.
const STAGES: [&str; 5] = ["discovery", "models", "revisions", "replay", "compare"];

/// One verdict, by stage; the gap must be empty and nothing unread, or the figures mean nothing.
fn verdict(snapshot: &MemorySnapshot) -> [Duration; STAGES.len()] {
    let mut taken = [Duration::ZERO; STAGES.len()];
    let mut start = Instant::now();
    let mut stage = |at: usize| {
        taken[at] = start.elapsed();
        start = Instant::now();
    };
    let projects = Alembic.discover(snapshot, &[]).expect("discovery");
    let project = projects.first().expect("a project");
    stage(0);
    let declared = Alembic.declared(project, snapshot).expect("the models");
    stage(1);
    let history = Alembic.history(project, snapshot).expect("the revisions");
    stage(2);
    let replay = history::replay(&history, project.dialect());
    stage(3);
    let gap = Alembic.compare(project, &declared.catalog, &replay.catalog);
    stage(4);
    assert!(gap.is_empty(), "{} differences", gap.len());
    assert_eq!(declared.catalog.tables.len(), MODELS, "models");
    assert!(replay.catalog.doubts.is_empty() && declared.catalog.doubts.is_empty(), "something was not read");
    taken
}

fn main() {
    println!("{MODELS} models, milliseconds");
    print!("{:>10} | {:>10} | {:>12}", "revisions", "verdict", "per revision");
    println!("{}", STAGES.map(|stage| format!(" | {stage:>9}")).concat());
    for count in [125, 250, 500, 1000, 2000] {
        let files = fixtures::alembic::project(MODELS, count);
        let snapshot = MemorySnapshot::new(files.clone());
        let runs = (0..5).map(|_| verdict(&snapshot));
        let best = runs.min_by_key(|stages| stages.iter().sum::<Duration>()).unwrap_or_default();
        let total = fixtures::millis(best.iter().sum());
        #[allow(clippy::cast_precision_loss)]
        let each = total / count as f64;
        print!("{count:>10} | {total:>10.2} | {each:>12.4}");
        println!("{}", best.map(|stage| format!(" | {:>9.2}", fixtures::millis(stage))).concat());
        if count == 500 {
            match fixtures::alembic::engine(&files) {
                Some(mut engine) => {
                    let engine = fixtures::millis(fixtures::time(&mut engine.command, 1));
                    println!("{:>10} | {engine:>10.0} | {:>10.0} ×", "engine", engine / total);
                }
                None => println!("{:>10} | skipped: Alembic is not there", "engine"),
            }
        }
    }
}
