//! What a commit pays that touches nothing relevant: finding the changed paths, against `git diff --cached --name-only`.
//!
//! `cargo bench --bench empty_path`. Both sides are whole processes. Repositories of 1,000, 10,000 and 100,000 files are made
//! in a temporary folder; two files of each are staged, neither of interest to anyone. *fresh* is an index that knows its
//! trees, as `git commit` hands it to hooks; *bare* is one that knows none (`git read-tree` of old, some other writers).

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and fails loudly")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use driftgate::git::{Change, Env, Scope, ScopeRequest};

/// Says to this program that it is the one being measured.
const CHILD: &str = "DRIFTGATE_BENCH_CHILD";
/// The promise: no more than this many times what git takes.
const ALLOWED: f64 = 1.5;

fn main() {
    if std::env::var_os(CHILD).is_some() {
        let cwd = std::env::current_dir().expect("there is a folder");
        let change = Change::load(ScopeRequest::Given(Scope::Staged), &cwd, &Env::of_process());
        println!("{}", change.expect("the change can be loaded").changed.len());
        return;
    }
    println!("{:>8}  {:>6}  {:>10}  {:>10}  {:>6}", "files", "index", "git", "driftgate", "ratio");
    let mut kept = true;
    for files in [1_000, 10_000, 100_000] {
        let dir = tempfile::tempdir().expect("there is room for a folder");
        fill(dir.path(), files);
        for index in ["fresh", "bare"] {
            if index == "bare" {
                forget_trees(dir.path());
            }
            let git = median(|| git(dir.path(), &["diff", "--cached", "--name-only"]));
            let ours = median(|| {
                let program = std::env::current_exe().expect("this program has a file");
                Command::new(program).current_dir(dir.path()).env(CHILD, "1").stdout(Stdio::null()).status().is_ok()
            });
            let ratio = ours.as_secs_f64() / git.as_secs_f64();
            kept &= ratio <= ALLOWED;
            println!("{files:>8}  {index:>6}  {:>7.1} ms  {:>7.1} ms  {ratio:>6.2}", millis(git), millis(ours));
        }
    }
    println!("{}", if kept { "within 1.5 times git" } else { "slower than 1.5 times git" });
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The median of 15 runs, after two that warm the caches.
fn median(run: impl Fn() -> bool) -> Duration {
    let mut times: Vec<Duration> = (0..17)
        .map(|_| {
            let start = Instant::now();
            assert!(run(), "both sides succeed");
            start.elapsed()
        })
        .skip(2)
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn git(dir: &Path, args: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.args(args).current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A repository of that many files, packed, with two of them staged.
fn fill(dir: &Path, files: usize) {
    assert!(git(dir, &["init", "--quiet", "--initial-branch=main"]));
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(dir)
        .stdin(Stdio::piped())
        .spawn()
        .expect("git is installed");
    let mut text =
        String::from("commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\ndata 5\nfirst\n");
    for file in 0..files {
        let body = format!("file {file}");
        let path = format!("packages/package-{}/src/module-{}/component_{file}.tsx", file / 1000, file / 20 % 50);
        text.extend([format!("M 100644 inline {path}\ndata {}\n", body.len()), body, "\n".to_owned()]);
    }
    let mut stdin = import.stdin.take().expect("it reads from here");
    stdin.write_all(text.as_bytes()).expect("git reads all of it");
    drop(stdin);
    assert!(import.wait().is_ok_and(|status| status.success()));
    assert!(git(dir, &["read-tree", "main"]));
    for name in ["packages/package-0/README.md", "packages/package-0/src/module-1/component_20.tsx"] {
        let place = dir.join(name);
        std::fs::create_dir_all(place.parent().expect("it lies in a folder")).expect("the folder can be made");
        std::fs::write(place, "staged").expect("the file can be written");
        assert!(git(dir, &["add", name]));
    }
    // As `git commit` does before it starts a hook.
    assert!(git(dir, &["write-tree"]));
}

/// Writes the index anew from a list of its entries, which knows no trees.
fn forget_trees(dir: &Path) {
    let list = Command::new("git").args(["ls-files", "--stage", "-z"]).current_dir(dir).output().expect("git runs");
    std::fs::remove_file(dir.join(".git/index")).expect("there is an index");
    let mut update = Command::new("git")
        .args(["update-index", "-z", "--index-info"])
        .current_dir(dir)
        .stdin(Stdio::piped())
        .spawn()
        .expect("git is installed");
    update.stdin.take().expect("it reads from here").write_all(&list.stdout).expect("git reads all of it");
    assert!(update.wait().is_ok_and(|status| status.success()));
}
