//! What driftgate takes, beside something real that runs in the same minute: `cargo bench --bench ratios`.
//!
//! Every row is a whole process, from its start to its end: the program as a hook starts it, in a repository, beside git or the
//! engine that judges the same project. Memory is the most that a process held, as GNU time tells it.
//!
//! *fresh* is an index that knows its trees, as `git commit` hands it to hooks; *bare* is one that knows none.
//!
//! With `DRIFTGATE_COLD_BUILD=1` the last row is what compiling the released program takes where nothing of it was compiled
//! before, in processor time of all compilers, beside libgit2 with its binding and Ruff's Python parser, which whoever reads
//! repositories and Python compiles as well. It takes minutes.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and fails loudly")]

mod fixtures;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fixtures::repository::Repository;
use fixtures::{Engine, Files, alembic, millis, peak, prisma, time};

const DRIFTGATE: &str = env!("CARGO_BIN_EXE_driftgate");

/// What a commit may cost that touches nothing, in what git takes to list it.
const EMPTY_PATH: f64 = 1.5;
/// What 434 migrations and 71 models may take.
const VERDICT: (Duration, u64) = (Duration::from_millis(40), 48 << 10);

/// What one process took.
struct Cost {
    time: Duration,
    /// In kilobytes.
    memory: Option<u64>,
}

impl Cost {
    fn of(command: &mut Command, runs: usize) -> Self {
        Self { time: time(command, runs), memory: peak(command) }
    }
}

/// The table, as it is printed, and which promises were not kept.
#[derive(Default)]
struct Table {
    broken: Vec<String>,
}

impl Table {
    fn head() -> Self {
        println!("| | driftgate | memory | beside | takes | memory | time | memory |");
        println!("|---|---|---|---|---|---|---|---|");
        Self::default()
    }

    /// A row; the ratio of the times.
    fn row(what: &str, ours: &Cost, beside: &str, theirs: Option<&Cost>) -> Option<f64> {
        let kilobytes = |memory: Option<u64>| memory.map_or_else(|| "not known".to_owned(), megabytes);
        print!("| {what} | {:.1} ms | {} ", millis(ours.time), kilobytes(ours.memory));
        let Some(theirs) = theirs else {
            println!("| {beside}: not there | | | | |");
            return None;
        };
        let ratio = ours.time.as_secs_f64() / theirs.time.as_secs_f64();
        print!("| {beside} | {:.1} ms | {} | {ratio:.3} |", millis(theirs.time), kilobytes(theirs.memory));
        match ours.memory.zip(theirs.memory) {
            #[allow(clippy::cast_precision_loss)]
            Some((ours, theirs)) => println!(" {:.2} |", ours as f64 / theirs as f64),
            None => println!(" |"),
        }
        Some(ratio)
    }

    fn promise(&mut self, kept: bool, what: impl Into<String>) {
        if !kept {
            self.broken.push(what.into());
        }
    }
}

fn megabytes(kilobytes: u64) -> String {
    format!("{}.{} MB", kilobytes >> 10, ((kilobytes & 1023) * 10) >> 10)
}

fn main() {
    let mut table = Table::head();
    for files in [1_000, 10_000, 100_000] {
        let repository = Repository::plain(files);
        for index in ["fresh", "bare"] {
            if index == "bare" {
                repository.forget_trees();
            }
            let ours = Cost::of(repository.hook(DRIFTGATE).arg("check"), 25);
            let theirs = Cost::of(repository.command("git").args(["diff", "--cached", "--name-only"]), 25);
            let what = format!("nothing that matters, {files} files, {index}");
            let ratio = Table::row(&what, &ours, "`git diff --cached --name-only`", Some(&theirs));
            table.promise(files < 100_000 || ratio.is_some_and(|ratio| ratio <= EMPTY_PATH), what);
        }
    }
    let name = "Prisma, 434 migrations, 71 models";
    let ours = verdict(name, |more| prisma::project(71, 434 + more), prisma::engine, "Prisma's engine");
    table.promise(ours.time <= VERDICT.0, format!("{name}: {} ms", VERDICT.0.as_millis()));
    table.promise(ours.memory.is_none_or(|memory| memory <= VERDICT.1), format!("{name}: 48 MB"));
    verdict(
        "Prisma, 3,000 migrations, 71 models",
        |more| prisma::project(71, 3_000 + more),
        prisma::engine,
        "Prisma's engine",
    );
    verdict(
        "Alembic, 500 revisions, 200 models",
        |more| alembic::project(200, 500 + more),
        alembic::engine,
        "`alembic check`",
    );
    if std::env::var_os("DRIFTGATE_COLD_BUILD").is_some() {
        let what = "a cold build, in CPU time and disk";
        let ours = cold_build(&[]);
        let theirs = cold_build(&["-p", "git2", "-p", "ruff_python_parser"]);
        Table::row(what, &ours, "that of git2 and ruff_python_parser", Some(&theirs));
    }
    let git = which("git");
    let size = |path: &Path| std::fs::metadata(path).map(|file| file.len() >> 10).unwrap_or_default();
    let (ours, theirs) = (size(Path::new(DRIFTGATE)), git.as_deref().map(size).unwrap_or_default());
    #[allow(clippy::cast_precision_loss)]
    let ratio = ours as f64 / theirs as f64;
    println!("\nThe program has {}, git's {}: {ratio:.2}.", megabytes(ours), megabytes(theirs));
    match table.broken.as_slice() {
        [] => println!("Every promise is kept."),
        broken => println!("Not kept: {}.", broken.join("; ")),
    }
}

/// A verdict on a change that adds one migration, beside the engine's on the same project.
fn verdict(
    what: &str,
    project: impl Fn(usize) -> Files,
    engine: impl Fn(&[(String, String)]) -> Option<Engine>,
    beside: &str,
) -> Cost {
    let after = project(1);
    let repository = Repository::with_change(&project(0), &after);
    let ours = Cost::of(repository.hook(DRIFTGATE).arg("check"), 25);
    let theirs = engine(&after).map(|mut engine| Cost::of(&mut engine.command, 1));
    Table::row(what, &ours, beside, theirs.as_ref());
    ours
}

/// What cargo and its compilers take to build the released program, or some of its packages, in an empty folder: processor
/// time, and disk as memory.
fn cold_build(packages: &[&str]) -> Cost {
    let target = tempfile::tempdir().expect("there is room for a folder");
    let mut build = Command::new("time");
    build.args(["-q", "-f", "%U %S", env!("CARGO"), "build", "--quiet", "--release", "--locked"]).args(packages);
    build.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", target.path()).env_remove("RUSTFLAGS");
    let output = build.output().expect("GNU time is installed");
    assert!(output.status.success(), "{build:?}: {}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stderr);
    let seconds = said.lines().last().unwrap_or_default().split(' ').filter_map(|one| one.parse::<f64>().ok()).sum();
    Cost { time: Duration::from_secs_f64(seconds), memory: Some(disk(target.path()) >> 10) }
}

/// The bytes of all files below a folder.
fn disk(dir: &Path) -> u64 {
    let files = walkdir::WalkDir::new(dir).into_iter().filter_map(Result::ok);
    files.filter_map(|file| file.metadata().ok()).filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
}

/// Where a program lies.
fn which(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|place| place.is_file())
}
