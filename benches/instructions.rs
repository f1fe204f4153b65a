//! How many instructions the program takes for what must not grow slower, under callgrind: `.ci/instructions`.
//!
//! Unlike time, the number is the same however busy the machine is, so a few hundredths more are seen in the change that brings
//! them. What it is held against stands in `instructions.txt` beside this file, for the compiler that is named there; with
//! another one the numbers are printed and not judged. `DRIFTGATE_BLESS=1 .ci/instructions` records them anew. Callgrind's own
//! files are left in `target/instructions`, for `callgrind_annotate`: with
//! `CARGO_PROFILE_BENCH_DEBUG=line-tables-only CARGO_PROFILE_BENCH_STRIP=none` they say where the instructions went.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and fails loudly")]

mod fixtures;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use fixtures::repository::Repository;
use fixtures::{alembic, branch, prisma};

/// The share that a number may grow by.
const MARGIN: f64 = 0.03;

/// What is measured: a name, the repository, what driftgate is asked.
type Case = (&'static str, fn() -> Repository, &'static [&'static str]);

const CASES: &[Case] = &[
    ("nothing staged that matters, 10,000 files", || Repository::plain(10_000), &["check"]),
    ("Prisma, 434 migrations, 71 models", || prisma_change(71, 434), &["check"]),
    ("Prisma, 3,000 migrations, 71 models", || prisma_change(71, 3_000), &["check"]),
    ("Alembic, 500 revisions, 200 models", || alembic_change(200, 500), &["check"]),
    ("history of 400 commits that touch nothing", || branch::branch(400, 0), &["history"]),
    ("history of 400 commits, 100 of them touching", || branch::branch(400, 100), &["history"]),
];

/// A field and its migration, staged.
fn prisma_change(models: usize, migrations: usize) -> Repository {
    Repository::with_change(&prisma::project(models, migrations), &prisma::project(models, migrations + 1))
}

/// A column and its revision, staged.
fn alembic_change(models: usize, revisions: usize) -> Repository {
    Repository::with_change(&alembic::project(models, revisions), &alembic::project(models, revisions + 1))
}

fn main() -> ExitCode {
    let found = Command::new("valgrind").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        println!("skipped: valgrind is not installed, so no instruction was counted");
        return ExitCode::SUCCESS;
    }
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt");
    let (compiler, known) = recorded(&record);
    let here = this_compiler();
    let bless = std::env::var_os("DRIFTGATE_BLESS").is_some();
    let comparable = compiler == here && !bless;
    let out = target().join("instructions");
    std::fs::create_dir_all(&out).expect("the folder can be made");
    let mut fresh = format!("{here}\n");
    let mut grown = Vec::new();
    println!("{:<50} {:>15} {:>15} {:>8}", "", "recorded", "now", "");
    for (at, (name, make, args)) in CASES.iter().enumerate() {
        let now = count(&make(), args, &out.join(format!("{at}.out")));
        let _ = writeln!(fresh, "{now:>12} {name}");
        let old = known.get(*name).copied();
        #[allow(clippy::cast_precision_loss, reason = "a share of it is told")]
        let growth = old.map(|old| now as f64 / old as f64 - 1.0);
        let share = growth.map_or_else(|| "new".to_owned(), |growth| format!("{:+.1} %", growth * 100.0));
        println!("{name:<50} {:>15} {now:>15} {share:>8}", old.unwrap_or_default());
        if comparable && growth.is_none_or(|growth| growth > MARGIN) {
            grown.push(*name);
        }
    }
    if bless {
        std::fs::write(&record, fresh).expect("the record can be written");
        println!("recorded in {}", record.display());
    } else if compiler != here {
        println!("not judged: recorded with {compiler}, and this is {here}");
    } else if grown.is_empty() {
        println!("none grew by more than {:.0} %", MARGIN * 100.0);
    } else {
        println!("grew by more than {:.0} %, or is not recorded: {}", MARGIN * 100.0, grown.join("; "));
        println!("where it must be so, `DRIFTGATE_BLESS=1 .ci/instructions` records it anew");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The instructions that driftgate takes in a repository.
fn count(repository: &Repository, args: &[&str], out: &Path) -> u64 {
    let mut command = if args == ["check"] { repository.hook("valgrind") } else { repository.command("valgrind") };
    command.args(["--tool=callgrind", "--quiet"]).arg(format!("--callgrind-out-file={}", out.display()));
    let output = command.arg(env!("CARGO_BIN_EXE_driftgate")).args(args).output().expect("valgrind is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stdout));
    let text = std::fs::read_to_string(out).expect("callgrind has written it");
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    total.and_then(|total| total.trim().parse().ok()).expect("callgrind says how many there were")
}

/// The compiler and the figures that were recorded.
fn recorded(record: &Path) -> (String, BTreeMap<String, u64>) {
    let text = std::fs::read_to_string(record).unwrap_or_default();
    let mut lines = text.lines();
    let compiler = lines.next().unwrap_or_default().to_owned();
    let figures = lines.filter_map(|line| {
        let (figure, name) = line.trim_start().split_once(' ')?;
        Some((name.to_owned(), figure.parse().ok()?))
    });
    (compiler, figures.collect())
}

/// The compiler that cargo uses, and what it compiles for.
fn this_compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().expect("the compiler is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().to_owned();
    format!("rustc {} for {}", value("release: "), value("host: "))
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from)
}
