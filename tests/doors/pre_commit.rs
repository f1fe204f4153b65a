//! The pre-commit framework itself and prek, as installed by `.ci/oracles`, with the hook of `.pre-commit-hooks.yaml`.

use std::path::PathBuf;
use std::process::Output;

use crate::forge::{binary, ours, source, write_migration, write_sample, write_schema_change};
use crate::support::TestRepo;

/// pre-commit, where it could be had.
fn pre_commit() -> Option<PathBuf> {
    runner("pre-commit")
}

/// A program that comes with pre-commit in `.ci/oracles`, where it could be had.
pub(crate) fn runner(name: &str) -> Option<PathBuf> {
    let program = source().join("target/oracles/pre-commit/bin").join(name);
    if program.exists() {
        return Some(program);
    }
    println!("skipped: .ci/oracles has not installed {name}");
    None
}

/// A repository with the sample, whose hooks are run by pre-commit.
struct Hooked {
    repo: TestRepo,
    program: PathBuf,
    /// What pre-commit clones; it goes away with this.
    _hooks: TestRepo,
}

struct Ran {
    passed: bool,
    text: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Self { passed: output.status.success(), text }
    }
}

impl Hooked {
    fn new(program: PathBuf) -> Self {
        let hooks = TestRepo::new();
        hooks.write(".pre-commit-hooks.yaml", &ours(".pre-commit-hooks.yaml"));
        let rev = hooks.commit("Define the hooks");
        let mut repo = TestRepo::new();
        let path = format!(
            "{}:{}",
            binary().parent().expect("a program lies in a folder").display(),
            std::env::var("PATH").unwrap()
        );
        repo.set("PATH", path);
        repo.set("PRE_COMMIT_HOME", repo.beside("cache").display().to_string());
        repo.set("PREK_HOME", repo.beside("cache").display().to_string());
        repo.set("PRE_COMMIT_COLOR", "never");
        repo.set("PREK_COLOR", "never");
        let url = hooks.root().display();
        repo.write(
            ".pre-commit-config.yaml",
            &format!("repos:\n  - repo: file://{url}\n    rev: {rev}\n    hooks:\n      - id: driftgate-system\n"),
        );
        write_sample(&repo);
        repo.commit("Start from the sample");
        let hooked = Self { repo, program, _hooks: hooks };
        let installed = hooked.pre_commit(&["install"]);
        assert!(installed.passed, "{}", installed.text);
        hooked
    }

    fn pre_commit(&self, args: &[&str]) -> Ran {
        self.repo.run_in(self.repo.root(), &self.program.display().to_string(), args).into()
    }

    fn commit(&self, args: &[&str]) -> Ran {
        let args = [&["commit", "--quiet", "--message", "Store a hash of refresh tokens"], args].concat();
        self.repo.run_in(self.repo.root(), "git", &args).into()
    }
}

#[track_caller]
fn refused(ran: &Ran, rule: &str) {
    assert!(!ran.passed, "{}", ran.text);
    assert!(ran.text.contains(rule), "{}", ran.text);
}

#[track_caller]
fn accepted(ran: &Ran) {
    assert!(ran.passed, "{}", ran.text);
}

#[test]
fn a_staged_change_is_refused_without_its_migration_and_accepted_with_it() {
    let Some(program) = pre_commit() else { return };
    let hooked = Hooked::new(program);
    write_schema_change(&hooked.repo);
    hooked.repo.add();
    refused(&hooked.commit(&[]), "missing-migration");
    // pre-commit hides what is not staged, except files that git does not track.
    write_migration(&hooked.repo);
    let ran = hooked.commit(&[]);
    refused(&ran, "unstaged-migration");
    assert!(ran.text.contains("git add prisma/migrations/20260212101500_add_token_hash"), "{}", ran.text);
    hooked.repo.add();
    accepted(&hooked.commit(&[]));
}

#[test]
fn prek_runs_the_same_hook() {
    let Some(program) = runner("prek") else { return };
    let mut hooked = Hooked::new(program);
    write_schema_change(&hooked.repo);
    refused(&hooked.commit(&["--all"]), "missing-migration");
    hooked.repo.add();
    hooked.repo.set("SKIP", "driftgate");
    accepted(&hooked.pre_commit(&["run"]));
    hooked.repo.set("SKIP", "");
    write_migration(&hooked.repo);
    refused(&hooked.commit(&[]), "unstaged-migration");
    hooked.repo.add();
    accepted(&hooked.commit(&[]));
    hooked.repo.git(&["rm", "--quiet", "-r", "prisma/migrations/20260212101500_add_token_hash"]);
    refused(&hooked.commit(&[]), "deleted-migration");
    let range = ["run", "--from-ref", "HEAD~1", "--to-ref", "HEAD"];
    hooked.repo.git(&["reset", "--quiet", "--hard"]);
    accepted(&hooked.pre_commit(&range));
}

#[test]
fn the_way_to_skip_that_a_refusal_names_skips() {
    let Some(program) = pre_commit() else { return };
    let mut hooked = Hooked::new(program);
    write_schema_change(&hooked.repo);
    hooked.repo.add();
    let ran = hooked.commit(&[]);
    refused(&ran, "to skip this hook once: SKIP=driftgate git commit");
    hooked.repo.set("SKIP", "driftgate");
    accepted(&hooked.commit(&[]));
}

#[test]
fn commit_all_is_judged_by_what_it_commits() {
    let Some(program) = pre_commit() else { return };
    let hooked = Hooked::new(program);
    write_schema_change(&hooked.repo);
    refused(&hooked.commit(&["--all"]), "missing-migration");
    // And a commit of one path leaves the rest of the index out.
    write_migration(&hooked.repo);
    hooked.repo.add();
    refused(&hooked.commit(&["--", "prisma/schema.prisma"]), "migration");
    accepted(&hooked.commit(&["--all"]));
}

#[test]
fn a_commit_that_only_deletes_is_judged() {
    let Some(program) = pre_commit() else { return };
    let hooked = Hooked::new(program);
    hooked.repo.git(&["rm", "--quiet", "-r", "prisma/migrations/20260105093000_init"]);
    refused(&hooked.commit(&[]), "deleted-migration");
}

#[test]
fn what_is_not_staged_does_not_count() {
    let Some(program) = pre_commit() else { return };
    let hooked = Hooked::new(program);
    // The migration is staged, its schema is not.
    write_migration(&hooked.repo);
    hooked.repo.add();
    write_schema_change(&hooked.repo);
    refused(&hooked.commit(&[]), "prisma/migrations/20260212101500_add_token_hash");
    // Both are staged, and the schema went on since.
    hooked.repo.add();
    let schema = ours("examples/untracked-migration/change/prisma/schema.prisma");
    hooked.repo.write("prisma/schema.prisma", &schema.replace("expiresAt DateTime", "expiresAt DateTime?"));
    accepted(&hooked.commit(&[]));
    assert!(hooked.repo.git(&["diff", "--name-only"]).contains("schema.prisma"), "pre-commit put the edit back");
}

#[test]
fn a_commit_without_a_schema_is_silent() {
    let Some(program) = pre_commit() else { return };
    let hooked = Hooked::new(program);
    hooked.repo.write("README.md", "shop\n").add();
    let ran = hooked.pre_commit(&["run", "--verbose"]);
    accepted(&ran);
    assert!(!ran.text.contains("driftgate: "), "{}", ran.text);
    accepted(&hooked.commit(&[]));
}

#[test]
fn all_files_judges_what_is_staged() {
    let Some(program) = pre_commit() else { return };
    let hooked = Hooked::new(program);
    accepted(&hooked.pre_commit(&["run", "--all-files"]));
    write_schema_change(&hooked.repo);
    hooked.repo.add();
    refused(&hooked.pre_commit(&["run", "--all-files"]), "missing-migration");
}

#[test]
fn a_range_is_judged_from_ref_to_ref() {
    let Some(program) = pre_commit() else { return };
    let hooked = Hooked::new(program);
    hooked.repo.git(&["checkout", "--quiet", "-b", "topic"]);
    write_schema_change(&hooked.repo);
    hooked.repo.add();
    accepted(&hooked.commit(&["--no-verify"]));
    let range = ["run", "--from-ref", "main", "--to-ref", "HEAD"];
    refused(&hooked.pre_commit(&range), "missing-migration");
    write_migration(&hooked.repo);
    hooked.repo.add();
    accepted(&hooked.commit(&[]));
    accepted(&hooked.pre_commit(&range));
}
