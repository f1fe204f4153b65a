//! driftgate against Prisma's own engine, over generated schemas.
//!
//! For each seed: the engine writes the migration of a random schema; driftgate must call the two in sync. Then one
//! statement of the migration is dropped, and then the schema gets a small edit: each time both must say the same, and
//! what driftgate says is missing must be what the engine would write. `faults` plants more kinds of faults. Skipped, saying so, where Node, the engine or a
//! PostgreSQL server is not there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

mod faults;
mod generate;
mod oracle;
mod plant;
#[path = "../support/faults.rs"]
mod planted;
#[path = "../support/random.rs"]
mod random;
mod subject;
#[path = "../support/told.rs"]
mod told;

use driftgate::catalog::difference::Difference;
use driftgate::git::MemorySnapshot;
use driftgate::history;
use driftgate::prisma::Prisma;
use driftgate::project::Ecosystem as _;

use generate::{Provider, Schema};
use oracle::{Answer, Oracle, Step};
use plant::statements;
use random::Random;

/// What driftgate says of a schema and its migrations.
enum Verdict {
    InSync,
    Drift(Vec<Difference>),
    Error(String),
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InSync => f.write_str("in sync"),
            Self::Drift(gap) => {
                let gap: Vec<String> = gap.iter().map(|d| format!("{} {}", d.kind, d.object())).collect();
                f.write_str(&gap.join("; "))
            }
            Self::Error(error) => write!(f, "error: {error}"),
        }
    }
}

fn verdict(schema: &str, migrations: &[Step]) -> Verdict {
    let provider = if schema.contains("\"sqlite\"") { "sqlite" } else { "postgresql" };
    let mut files = vec![
        ("prisma/schema.prisma".to_owned(), schema.to_owned()),
        ("prisma/migrations/migration_lock.toml".to_owned(), format!("provider = \"{provider}\"\n")),
    ];
    for migration in migrations {
        files.push((format!("prisma/migrations/{}/migration.sql", migration.name), migration.sql.clone()));
    }
    let snapshot = MemorySnapshot::new(files.iter().map(|(path, text)| (path.as_str(), text.clone())));
    let projects = Prisma.discover(&snapshot, &[]).unwrap();
    let [project] = projects.as_slice() else { return Verdict::Error(format!("{} projects", projects.len())) };
    let declared = Prisma.declared(project, &snapshot).unwrap();
    if let Some(problem) = declared.problems.first() {
        return Verdict::Error(problem.message.clone());
    }
    let replay = history::replay(&Prisma.history(project, &snapshot).unwrap(), project.dialect());
    if let Some(failure) = replay.migrations.iter().flat_map(|migration| &migration.failures).next() {
        return Verdict::Error(failure.error.to_string());
    }
    let gap = Prisma.compare(project, &declared.catalog, &replay.catalog);
    if gap.is_empty() { Verdict::InSync } else { Verdict::Drift(gap) }
}

struct Tally {
    pairs: usize,
    refused: usize,
    failures: Vec<String>,
}

impl Tally {
    /// Compares the two answers; a disagreement is kept whole.
    fn compare(&mut self, what: &str, oracle: &mut Oracle, schema: &str, migration: &str) {
        self.pairs += 1;
        let steps = Step::list(&[migration]);
        let (said, expected) = (verdict(schema, &steps), oracle.judge(schema, &steps));
        let agreed = match (&said, &expected) {
            (Verdict::InSync, Answer::InSync) | (Verdict::Error(_), Answer::Error(_)) => true,
            // Everything that driftgate calls missing must be named by the statements the engine would write.
            (Verdict::Drift(gap), Answer::Drift(sql)) => gap.iter().all(|difference| {
                let table = difference.table.as_ref().map(|name| name.name.clone()).unwrap_or_default();
                sql.contains(&difference.name) || sql.contains(&table)
            }),
            _ => false,
        };
        if !agreed {
            self.failures.push(format!(
                "### {what}\n--- driftgate: {said}\n--- engine: {expected}\n--- schema\n{schema}\n--- migration\n{migration}"
            ));
        }
    }
}

fn run(provider: Provider, seeds: u64) {
    let mut oracle = match Oracle::start() {
        Ok(oracle) => oracle,
        Err(reason) => {
            eprintln!("skipped: {reason}");
            return;
        }
    };
    let mut tally = Tally { pairs: 0, refused: 0, failures: Vec::new() };
    for seed in 0..seeds {
        let mut random = Random::new(seed);
        let mut schema = Schema::random(&mut random, provider);
        let text = schema.print();
        let migration = match oracle.from_empty(&text) {
            Ok(migration) => migration,
            Err(error) => {
                eprintln!("seed {seed}: the engine refuses the generated schema: {error}");
                tally.refused += 1;
                continue;
            }
        };
        tally.compare(&format!("seed {seed}: as generated"), &mut oracle, &text, &migration);
        let mut parts = statements(&migration);
        if parts.len() > 1 {
            let dropped = parts.remove(random.below(parts.len()));
            tally.compare(&format!("seed {seed}: without {}", dropped.trim()), &mut oracle, &text, &parts.concat());
        }
        let edit = schema.edit(&mut random);
        tally.compare(&format!("seed {seed}: {edit}"), &mut oracle, &schema.print(), &migration);
    }
    let agreed = tally.pairs - tally.failures.len();
    eprintln!("agreement with Prisma's engine: {agreed} of {} pairs ({} schemas refused)", tally.pairs, tally.refused);
    assert!(
        tally.refused * 20 <= usize::try_from(seeds).unwrap(),
        "the generator makes too many schemas that are refused"
    );
    assert!(tally.failures.is_empty(), "{} disagreements\n\n{}", tally.failures.len(), tally.failures.join("\n\n"));
}

#[test]
fn postgresql() {
    run(Provider::PostgreSql, 120);
}

#[test]
fn sqlite() {
    run(Provider::Sqlite, 60);
}
