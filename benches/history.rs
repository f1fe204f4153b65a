//! What `driftgate history` costs: 5,000 commits, 800 migrations.
//!
//! `cargo bench --bench history`. The repository is made by `git fast-import`: every sixth commit or so adds a migration
//! together with its field, one in fifty of these only the field, and the next one repairs it; the others change one of 2,000
//! source files. The promise: a commit that touches nothing costs no more than 2 ms.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and fails loudly")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Says to this program that it is the one being measured, and over how many commits.
const CHILD: &str = "DRIFTGATE_BENCH_CHILD";
const COMMITS: usize = 5_000;
const MIGRATIONS: usize = 800;
const FILES: usize = 2_000;
/// The promise for a commit that touches nothing.
const ALLOWED: Duration = Duration::from_millis(2);

fn main() {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    let dir = tempfile::tempdir().expect("there is room for a folder");
    for (name, touching) in [("quiet", false), ("busy", true)] {
        let place = dir.path().join(name);
        fill(&place, touching);
        let program = std::env::current_exe().expect("this program has a file");
        let output = Command::new(program).current_dir(&place).env(CHILD, "1").output().expect("it runs");
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

/// A repository of [`COMMITS`] commits; with or without migrations among them after the first.
fn fill(place: &Path, touching: bool) {
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(place.parent().expect("a folder")).env("GIT_CONFIG_GLOBAL", "/dev/null").args(args);
        command
    };
    let path = place.to_str().expect("a path of plain letters");
    assert!(git(&["init", "--quiet", "--bare", path]).status().expect("git is there").success());
    let mut import = git(&["-C", path, "fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().expect("git is there");
    let mut stream = String::new();
    let mut fields: Vec<Vec<String>> = vec![Vec::new(); 40];
    let mut made = 0;
    let mut owed: Option<(usize, String)> = None;
    for commit in 0..COMMITS {
        let _ = write!(
            stream,
            "commit refs/heads/main\ncommitter A <a@example.org> {} +0000\ndata 6\ncommit\n",
            1_600_000_000 + commit * 600
        );
        let mut file = |path: &str, text: &str| {
            let _ = write!(stream, "M 100644 inline {path}\ndata {}\n{text}\n", text.len());
        };
        if commit == 0 {
            for at in 0..FILES {
                file(&format!("src/part{}/file{at}.ts", at % 50), "export {}");
            }
            file("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
            let tables: String = (0..40).map(|at| format!("CREATE TABLE \"t{at}\" (\"id\" INTEGER NOT NULL, CONSTRAINT \"t{at}_pkey\" PRIMARY KEY (\"id\"));\n")).collect();
            file("prisma/migrations/20200101000000_init/migration.sql", &tables);
        }
        let due = touching && commit * MIGRATIONS / COMMITS > made;
        if let Some((table, field)) = owed.take() {
            file(&migration(made), &add(table, &field));
        } else if due {
            made += 1;
            let table = made % 40;
            let field = format!("f{made}");
            fields[table].push(field.clone());
            if made % 50 == 0 {
                owed = Some((table, field));
            } else {
                file(&migration(made), &add(table, &field));
            }
        } else {
            file(&format!("src/part{}/file{}.ts", commit % 50, commit % FILES), &format!("export {{}} // {commit}"));
        }
        if commit == 0 || due {
            file("prisma/schema.prisma", &schema(&fields));
        }
        if stream.len() > 1 << 20 {
            import.stdin.as_mut().expect("a pipe").write_all(stream.as_bytes()).expect("it reads");
            stream.clear();
        }
    }
    import.stdin.take().expect("a pipe").write_all(stream.as_bytes()).expect("it reads");
    assert!(import.wait().expect("it ends").success());
    assert!(git(&["-C", path, "symbolic-ref", "HEAD", "refs/heads/main"]).status().expect("git is there").success());
}

fn migration(number: usize) -> String {
    format!("prisma/migrations/2021{:02}{:02}{number:06}_add_field/migration.sql", 1 + number / 100, 1 + number % 28)
}

fn add(table: usize, field: &str) -> String {
    format!("-- AlterTable\nALTER TABLE \"t{table}\" ADD COLUMN     \"{field}\" TEXT;\n")
}

fn schema(fields: &[Vec<String>]) -> String {
    let mut text = String::from("datasource db {\n  provider = \"postgresql\"\n  url = env(\"DATABASE_URL\")\n}\n");
    for (at, fields) in fields.iter().enumerate() {
        let _ = write!(text, "\nmodel t{at} {{\n  id Int @id\n");
        for field in fields {
            let _ = writeln!(text, "  {field} String?");
        }
        text.push_str("}\n");
    }
    text
}
