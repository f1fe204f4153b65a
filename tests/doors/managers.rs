//! Hook managers themselves, as installed by `.ci/oracles`: `driftgate install` finds each, prints lines for its file and
//! writes nothing; with these lines pasted a commit without its migration is refused, and accepted with it.

use std::path::{Path, PathBuf};

use crate::forge::{binary, ours, source, write_migration, write_sample, write_schema_change};
use crate::support::TestRepo;

/// How a manager is used.
struct Manager {
    /// What it calls itself.
    name: &'static str,
    /// Its program, below `target/oracles`.
    program: &'static str,
    /// A file that makes a repository one of its, and what stands in it.
    file: (&'static str, &'static str),
    /// What makes it write its hooks.
    install: &'static [&'static [&'static str]],
}

const HUSKY: Manager =
    Manager { name: "husky", program: "doors/node_modules/.bin/husky", file: (".husky/.keep", ""), install: &[&[]] };

const LEFTHOOK: Manager = Manager {
    name: "lefthook",
    program: "doors/node_modules/.bin/lefthook",
    file: ("lefthook.yml", "colors: false\n"),
    install: &[&["install"]],
};

const PRE_COMMIT: Manager = Manager {
    name: "pre-commit",
    program: "pre-commit/bin/pre-commit",
    file: (".pre-commit-config.yaml", ""),
    install: &[&["install"], &["install", "--hook-type", "pre-merge-commit"]],
};

const PREK: Manager = Manager { name: "prek", program: "pre-commit/bin/prek", file: ("prek.toml", ""), ..PRE_COMMIT };

impl Manager {
    /// Its program, where it could be had.
    fn program(&self) -> Option<PathBuf> {
        let program = source().join("target/oracles").join(self.program);
        if program.exists() {
            return Some(program);
        }
        println!("skipped: .ci/oracles has not installed {}", self.name);
        None
    }
}

/// A repository with the sample and a manager's file; driftgate is on its PATH.
fn managed(manager: &Manager, program: &Path) -> TestRepo {
    let mut repo = TestRepo::new();
    let path = |program: &Path| program.parent().unwrap().display().to_string();
    let node = std::env::var("PATH").unwrap();
    repo.set("PATH", format!("{}:{}:{node}", path(binary()), path(program)));
    for home in ["PRE_COMMIT_HOME", "PREK_HOME"] {
        repo.set(home, repo.beside("cache").display().to_string());
    }
    for color in ["PRE_COMMIT_COLOR", "PREK_COLOR"] {
        repo.set(color, "never");
    }
    write_sample(&repo);
    repo.write(manager.file.0, manager.file.1);
    repo.commit("Start from the sample");
    repo
}

/// Runs a program; whether it succeeded, and what it said.
fn run(repo: &TestRepo, program: &Path, args: &[&str]) -> (bool, String) {
    let output = repo.run_in(repo.root(), &program.display().to_string(), args);
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (output.status.success(), text)
}

#[track_caller]
fn done(repo: &TestRepo, program: &Path, args: &[&str]) -> String {
    let (passed, text) = run(repo, program, args);
    assert!(passed, "{} {args:?}: {text}", program.display());
    text
}

/// What `driftgate install` says is to be added to which files.
fn snippet(repo: &TestRepo, manager: &Manager) -> (Vec<String>, String) {
    let hooks = || -> Vec<_> { std::fs::read_dir(repo.root().join(".git/hooks")).into_iter().flatten().collect() };
    let before = hooks().len();
    let text = done(repo, binary(), &["install"]);
    assert_eq!(hooks().len(), before, "{text}");
    assert_eq!(done(repo, binary(), &["install", "--print"]), text);
    let start = format!("hooks of this repository are run by {}; nothing was written. Add to ", manager.name);
    let (files, rest) = text.strip_prefix(&start).expect(&text).split_once(":\n\n").expect(&text);
    let (lines, _) = rest.split_once("\n\n").expect(&text);
    (files.split(" and to ").map(str::to_owned).collect(), format!("{lines}\n"))
}

/// Pastes the lines into the files.
fn paste(repo: &TestRepo, files: &[String], lines: &str) {
    for file in files {
        let before = std::fs::read_to_string(repo.root().join(file)).unwrap_or_default();
        repo.write(file, &format!("{before}{lines}"));
    }
}

/// From a commit without the migration to one with it, and to one that deletes it.
fn judged(repo: &TestRepo) {
    let commit = |args: &[&str]| {
        let args = [&["commit", "--quiet", "--message", "Store a hash of refresh tokens"], args].concat();
        run(repo, Path::new("git"), &args)
    };
    write_schema_change(repo);
    let (passed, text) = commit(&["--all"]);
    assert!(!passed && text.contains("missing-migration"), "{text}");
    write_migration(repo);
    repo.git(&["add", "prisma/schema.prisma"]);
    let (passed, text) = commit(&[]);
    assert!(!passed && text.contains("git add prisma/migrations/20260212101500_add_token_hash"), "{text}");
    repo.add();
    let (passed, text) = commit(&[]);
    assert!(passed, "{text}");
    repo.git(&["rm", "--quiet", "-r", "prisma/migrations/20260212101500_add_token_hash"]);
    let (passed, text) = commit(&[]);
    assert!(!passed && text.contains("deleted-migration"), "{text}");
    // What merges two branches is judged as well.
    repo.git(&["reset", "--quiet", "--hard"]);
    repo.git(&["checkout", "--quiet", "-b", "topic", "HEAD~1"]);
    write_schema_change(repo);
    repo.add();
    assert!(commit(&["--no-verify"]).0);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.write("NOTES.md", "");
    repo.add();
    assert!(commit(&["--no-verify"]).0);
    let (passed, text) = run(repo, Path::new("git"), &["merge", "--quiet", "--no-ff", "--no-edit", "topic"]);
    assert!(!passed && text.contains("missing-migration"), "{text}");
}

fn the_lines_for(manager: &Manager) {
    let Some(program) = manager.program() else { return };
    let repo = managed(manager, &program);
    for args in manager.install {
        // Without hooks of ours in its file a manager may have nothing to install.
        run(&repo, &program, args);
    }
    let (files, lines) = snippet(&repo, manager);
    paste(&repo, &files, &lines);
    for args in manager.install {
        done(&repo, &program, args);
    }
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", "Let driftgate judge every commit"]);
    judged(&repo);
}

#[test]
fn the_lines_for_husky_stop_a_commit() {
    the_lines_for(&HUSKY);
}

#[test]
fn the_lines_for_lefthook_stop_a_commit() {
    the_lines_for(&LEFTHOOK);
}

/// The lines for pre-commit and prek name a release, which a test has none of: the repository and the revision are
/// replaced, and so is the hook that would install a wheel.
fn the_lines_for_a_framework(manager: &Manager) {
    let Some(program) = manager.program() else { return };
    let hooks = TestRepo::new();
    hooks.write(".pre-commit-hooks.yaml", &ours(".pre-commit-hooks.yaml"));
    let rev = hooks.commit("Define the hooks");
    let repo = managed(manager, &program);
    let (files, lines) = snippet(&repo, manager);
    let version = format!("v{}", env!("CARGO_PKG_VERSION"));
    for expected in [env!("CARGO_PKG_REPOSITORY"), &version, "driftgate-bin"] {
        assert!(lines.contains(expected), "{lines}");
    }
    let lines = lines
        .replace(env!("CARGO_PKG_REPOSITORY"), &format!("file://{}", hooks.root().display()))
        .replace(&version, &rev)
        .replace("driftgate-bin", "driftgate-system");
    paste(&repo, &files, &lines);
    repo.add();
    for args in manager.install {
        done(&repo, &program, args);
    }
    repo.git(&["commit", "--quiet", "--message", "Let driftgate judge every commit"]);
    judged(&repo);
}

#[test]
fn the_lines_for_pre_commit_stop_a_commit() {
    the_lines_for_a_framework(&PRE_COMMIT);
}

#[test]
fn the_lines_for_prek_stop_a_commit() {
    the_lines_for_a_framework(&PREK);
}
