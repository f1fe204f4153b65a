//! How long a whole verdict takes, and how it grows: `cargo bench --bench verdict`.
//!
//! A made-up history of 70 tables grows by one small migration at a time. Each row is the best of five runs of
//! everything between the texts and the gap: discovery, schema, SQL, replay, comparison. Where Prisma's own engine is
//! installed (`.ci/oracles`) and a PostgreSQL server answers, the engine judges the first history in the same run and the
//! ratio is printed.

#![allow(clippy::print_stdout)]

mod fixtures;

use std::time::{Duration, Instant};

use driftgate::git::MemorySnapshot;
use driftgate::history;
use driftgate::prisma::Prisma;
use driftgate::project::Ecosystem as _;

const MODELS: usize = 70;

/// One verdict; the gap must be empty, or the figure means nothing.
fn verdict(snapshot: &MemorySnapshot) -> Duration {
    let start = Instant::now();
    let projects = Prisma.discover(snapshot, &[]).expect("discovery");
    let project = projects.first().expect("a project");
    let declared = Prisma.declared(project, snapshot).expect("the schema");
    let history = Prisma.history(project, snapshot).expect("the migrations");
    let replay = history::replay(&history, project.dialect());
    let gap = Prisma.compare(project, &declared.catalog, &replay.catalog);
    let taken = start.elapsed();
    assert!(gap.is_empty(), "{} differences", gap.len());
    taken
}

fn main() {
    println!("{:>10} | {:>10} | {:>16}", "migrations", "verdict", "per migration");
    for count in [100, 400, 1000, 3000] {
        let files = fixtures::prisma::project(MODELS, count);
        let snapshot = MemorySnapshot::new(files.clone());
        let best = fixtures::millis((0..5).map(|_| verdict(&snapshot)).min().unwrap_or_default());
        #[allow(clippy::cast_precision_loss)]
        let each = best * 1e3 / count as f64;
        println!("{count:>10} | {best:>7.2} ms | {each:>13.1} µs");
        if count == 400 {
            match fixtures::prisma::engine(&files) {
                Some(mut engine) => {
                    let engine = fixtures::millis(fixtures::time(&mut engine.command, 1));
                    println!("{:>10} | {engine:>7.0} ms | {:>13.0} ×", "engine", engine / best);
                }
                None => println!("{:>10} | skipped: Prisma's engine or a PostgreSQL server is not there", "engine"),
            }
        }
    }
}
