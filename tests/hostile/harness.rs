//! How a row is run, and what is wrong with how it ended.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::TestRepo;

/// Bytes of stack that the program asks for. Next to nothing of it is used, and all of it counts as data.
const STACK: u64 = 64 << 20;

/// Seconds of processor time, and bytes of data, that a run may take: what is promised of a release build, and room for a
/// build that is not optimised. (The address space would count what the allocator reserves and never touches.)
const BOUNDS: (u32, u64) = if cfg!(debug_assertions) { (40, 1 << 30) } else { (2, 256 << 20) };

/// One repository.
pub(crate) struct Row {
    name: &'static str,
    make: fn(&TestRepo),
    /// How the program is asked; `check` where empty.
    args: &'static [&'static str],
    code: i32,
    /// What must be said.
    says: &'static [&'static str],
    /// It is about sheer size: a build that is not optimised takes most of a minute for it, so it is left to
    /// `cargo test --release --test hostile`.
    sized: bool,
}

pub(crate) const fn row(name: &'static str, make: fn(&TestRepo), code: i32, says: &'static [&'static str]) -> Row {
    Row { name, make, args: &[], code, says, sized: false }
}

/// A row that is about sheer size.
pub(crate) const fn sized(name: &'static str, make: fn(&TestRepo), code: i32, says: &'static [&'static str]) -> Row {
    Row { name, make, args: &[], code, says, sized: true }
}

impl Row {
    /// Asks with these arguments.
    pub(crate) const fn asked(mut self, args: &'static [&'static str]) -> Self {
        self.args = args;
        self
    }
}

/// Runs a row; what is wrong with it, if anything.
fn run(row: &Row) -> Result<(), String> {
    let repo = TestRepo::new();
    (row.make)(&repo);
    let (seconds, bytes) = BOUNDS;
    let program = env!("CARGO_BIN_EXE_driftgate");
    let limits = [format!("--cpu={seconds}"), format!("--data={}", bytes + STACK), "--core=0".to_owned()];
    let out = repo.beside("out");
    let err = repo.beside("err");
    let times = repo.beside("times");
    // The shell says how much processor time its children took.
    let script = "timeout --signal=KILL 300 \"$@\"; code=$?; times > ../times; exit $code";
    let status = Command::new("sh")
        .args(["-c", script, "sh", "prlimit"])
        .args(limits)
        .arg(program)
        .args(if row.args.is_empty() { &["check"] } else { row.args })
        .current_dir(repo.root())
        .env_clear()
        .envs(repo.env().iter())
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::fs::File::create(&err).unwrap())
        .status()
        .expect("sh, timeout and prlimit are there");
    let read = |place: &Path| String::from_utf8_lossy(&std::fs::read(place).unwrap()).into_owned();
    let (stdout, stderr) = (read(&out), read(&err));
    let took = read(&times).lines().last().unwrap_or_default().to_owned();
    println!("{:<60} exit {:>3} {took}", row.name, status.code().unwrap_or(-1));
    let said = format!("{stdout}{stderr}");
    let mut wrong = String::new();
    // Where no column must be named, every way of not calling the change clean will do.
    let stated = status.code() == Some(0) && said.contains("not judged");
    let is_open = row.says.is_empty() || row.says == ["not judged"];
    let ended = status.code() == Some(row.code) || is_open && (matches!(status.code(), Some(1 | 2)) || stated);
    if !ended {
        let _ = writeln!(wrong, "exit {:?} ({status}), expected {}", status.code(), row.code);
    }
    for words in row.says.iter().filter(|words| !is_open && !said.contains(**words)) {
        let _ = writeln!(wrong, "does not say {words:?}");
    }
    if said.contains("panicked") || said.contains("this is a bug") {
        let _ = writeln!(wrong, "panicked");
    }
    let unsafe_for_terminals = |c: char| {
        c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(found) = said.chars().find(|c| unsafe_for_terminals(*c)) {
        let _ = writeln!(wrong, "prints {found:?} as it is");
    }
    if stdout.lines().any(|line| line.starts_with("::add-mask") || line.starts_with("::stop-commands")) {
        let _ = writeln!(wrong, "prints a workflow command of the repository's");
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let head: String = said.chars().take(1500).collect();
    Err(format!("{}: {wrong}{took}\n{head}\n", row.name))
}

pub(crate) fn run_all(rows: &[Row]) {
    let only = std::env::var("HOSTILE_ONLY").unwrap_or_default();
    let rows = rows.iter().filter(|row| {
        let left_out = cfg!(debug_assertions) && only.is_empty() && row.sized;
        if left_out {
            println!("{:<60} skipped: a matter of size, for a release build", row.name);
        }
        !left_out && row.name.contains(&only)
    });
    let wrong: Vec<String> = rows.filter_map(|row| run(row).err()).collect();
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
