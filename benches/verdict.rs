//! How long a whole verdict takes, and how it grows: `cargo bench --bench verdict`.
//!
//! A made-up history of 70 tables grows by one small migration at a time. Each row is the best of five runs of
//! everything between the texts and the gap: discovery, schema, SQL, replay, comparison. Where Prisma's own engine is
//! installed (`.ci/oracles`) and a PostgreSQL server answers, the engine judges the first history in the same run and the
//! ratio is printed.

#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use driftgate::git::MemorySnapshot;
use driftgate::history;
use driftgate::prisma::Prisma;
use driftgate::project::Ecosystem as _;

const MODELS: usize = 70;

/// A schema and the migrations that build it, as Prisma would have written them.
fn project(migrations: usize) -> (String, Vec<(String, String)>) {
    let mut columns: Vec<Vec<String>> = vec![Vec::new(); MODELS];
    let mut indexes: Vec<Vec<String>> = vec![Vec::new(); MODELS];
    let mut history = Vec::new();
    let mut first = String::new();
    for model in 0..MODELS {
        let _ = write!(
            first,
            "-- CreateTable\nCREATE TABLE \"Model{model}\" (\n    \"id\" SERIAL NOT NULL,\n    \"name\" TEXT NOT NULL,\n    \
             \"createdAt\" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,\n\n    CONSTRAINT \"Model{model}_pkey\" PRIMARY KEY (\"id\")\n);\n\n"
        );
    }
    history.push(("20200101000000_init".to_owned(), first));
    for number in 1..migrations {
        let model = number % MODELS;
        let column = format!("field{number}");
        let mut sql = format!("-- AlterTable\nALTER TABLE \"Model{model}\" ADD COLUMN     \"{column}\" VARCHAR(80);\n");
        if number % 3 == 0 {
            let _ = write!(
                sql,
                "\n-- CreateIndex\nCREATE INDEX \"Model{model}_{column}_idx\" ON \"Model{model}\"(\"{column}\");\n"
            );
            indexes[model].push(column.clone());
        }
        if number % 5 == 0 {
            let _ = write!(
                sql,
                "\n-- AlterTable\nALTER TABLE \"Model{model}\" ALTER COLUMN \"{column}\" SET DEFAULT 'x';\n"
            );
            columns[model].push(format!("{column} String? @default(\"x\") @db.VarChar(80)"));
        } else {
            columns[model].push(format!("{column} String? @db.VarChar(80)"));
        }
        history.push((format!("2020010100{number:04}_change_{number}"), sql));
    }
    let mut schema = String::from("datasource db {\n  provider = \"postgresql\"\n}\n");
    for model in 0..MODELS {
        let _ = write!(
            schema,
            "\nmodel Model{model} {{\n  id Int @id @default(autoincrement())\n  name String\n  createdAt DateTime @default(now())\n"
        );
        for column in &columns[model] {
            let _ = writeln!(schema, "  {column}");
        }
        for index in &indexes[model] {
            let _ = writeln!(schema, "  @@index([{index}])");
        }
        schema.push_str("}\n");
    }
    (schema, history)
}

fn snapshot(schema: &str, migrations: &[(String, String)]) -> MemorySnapshot {
    let mut files = vec![
        ("prisma/schema.prisma".to_owned(), schema.to_owned()),
        ("prisma/migrations/migration_lock.toml".to_owned(), "provider = \"postgresql\"\n".to_owned()),
    ];
    files.extend(migrations.iter().map(|(name, sql)| (format!("prisma/migrations/{name}/migration.sql"), sql.clone())));
    MemorySnapshot::new(files)
}

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

/// Milliseconds that the engine takes for the same, from its own script; none where it is not to be had.
fn engine(schema: &str, migrations: &[(String, String)]) -> Option<f64> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), PathBuf::from)
        .join("oracles/prisma/oracle.mjs");
    let dir = tempfile::tempdir().ok()?;
    std::fs::write(dir.path().join("schema.prisma"), schema).ok()?;
    for (name, sql) in migrations {
        let folder = dir.path().join("migrations").join(name);
        std::fs::create_dir_all(&folder).ok()?;
        std::fs::write(folder.join("migration.sql"), sql).ok()?;
    }
    let url = std::env::var("DRIFTGATE_TEST_PG_URL")
        .unwrap_or_else(|_| "postgresql://postgres@127.0.0.1:5432/postgres".to_owned());
    let start = Instant::now();
    let output = Command::new("node")
        .arg(script)
        .args(["--ignore-lock", "--json", "--schema"])
        .arg(dir.path().join("schema.prisma"))
        .arg("--migrations")
        .arg(dir.path().join("migrations"))
        .env("ORACLE_PG_URL", url)
        .output()
        .ok()?;
    let taken = start.elapsed().as_secs_f64() * 1e3;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    (answer["in_sync"] == true).then_some(taken)
}

fn main() {
    println!("{:>10} | {:>10} | {:>16}", "migrations", "verdict", "per migration");
    for count in [100, 400, 1000, 3000] {
        let (schema, migrations) = project(count);
        let snapshot = snapshot(&schema, &migrations);
        let best = (0..5).map(|_| verdict(&snapshot)).min().unwrap_or_default().as_secs_f64() * 1e3;
        #[allow(clippy::cast_precision_loss)]
        let each = best * 1e3 / count as f64;
        println!("{count:>10} | {best:>7.2} ms | {each:>13.1} µs");
        if count == 400 {
            match engine(&schema, &migrations) {
                Some(engine) => println!("{:>10} | {engine:>7.0} ms | {:>13.0} ×", "engine", engine / best),
                None => println!("{:>10} | skipped: Prisma's engine or a PostgreSQL server is not there", "engine"),
            }
        }
    }
}
