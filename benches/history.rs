//! What `driftgate history` costs: 5,000 commits, 800 migrations.
//!
//! `cargo bench --bench history`. The repository is made by `git fast-import`: every sixth commit or so adds a migration
//! together with its field, one in fifty of these only the field, and the next one repairs it; the others change one of 2,000
//! source files. The promise: a commit that touches nothing costs no more than 2 ms.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and fails loudly")]

mod fixtures;

use std::process::Command;
use std::time::{Duration, Instant};

/// Says to this program that it is the one being measured, and over how many commits.
const CHILD: &str = "DRIFTGATE_BENCH_CHILD";
const COMMITS: usize = 5_000;
const MIGRATIONS: usize = 800;
/// The promise for a commit that touches nothing.
const ALLOWED: Duration = Duration::from_millis(2);

fn main() {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    for migrations in [0, MIGRATIONS] {
        let repository = fixtures::branch::branch(COMMITS, migrations);
        let program = std::env::current_exe().expect("this program has a file");
        let output = Command::new(program).current_dir(repository.root()).env(CHILD, "1").output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        print!("{text}");
    }
}

/// The walk, in a process of its own so that its memory is its own.
fn child() {
    use driftgate::check::walk::{Bounds, walk};
    let cwd = std::env::current_dir().expect("there is a folder");
    let repository = driftgate::git::Repository::open(&cwd, &driftgate::git::Env::of_process()).expect("a repository");
    let policy = driftgate::policy::Policy::default();
    let mut steps: Vec<Duration> = Vec::new();
    let mut last = Instant::now();
    let start = Instant::now();
    let mut progress = |_: usize, _: usize| {
        steps.push(last.elapsed());
        last = Instant::now();
    };
    let record = walk(&repository, "HEAD", &Bounds::default(), &policy, None, &mut progress).expect("a walk");
    let all = start.elapsed();
    // The first is what comes before the first commit.
    let mut steps = steps.split_off(1);
    steps.sort_unstable();
    let quiet = steps.len() - record.touching;
    let (idle, busy) = steps.split_at(quiet);
    println!(
        "{} commits, {} of them touching, {} times apart: {:.2} s, {:.3} ms a commit, peak memory {}",
        record.commits,
        record.touching,
        record.episodes.len(),
        all.as_secs_f64(),
        all.as_secs_f64() * 1000.0 / f64::from(u32::try_from(record.commits).expect("few commits")),
        peak(),
    );
    tell("  touching nothing", idle);
    tell("  touching", busy);
    let slowest = idle.last().copied().unwrap_or_default();
    println!(
        "  {}",
        if slowest <= ALLOWED {
            "within 2 ms where nothing is touched"
        } else {
            "more than 2 ms where nothing is touched"
        }
    );
}

fn tell(what: &str, sorted: &[Duration]) {
    let Some(worst) = sorted.last() else { return };
    let ms = |time: &Duration| time.as_secs_f64() * 1000.0;
    println!("{what}: median {:.3} ms, worst {:.3} ms", ms(&sorted[sorted.len() / 2]), ms(worst));
}

/// The most memory that this process ever held, as Linux tells it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}
