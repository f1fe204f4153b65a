//! Ways in which a change of the schema reaches a commit without its migration: none of them may pass in silence.

use std::process::Output;

use crate::support::TestRepo;

pub(crate) const SCHEMA: &str = "datasource db {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id\n}\n";
pub(crate) const FIRST: &str =
    "CREATE TABLE \"A\" (\"id\" INTEGER NOT NULL, CONSTRAINT \"A_pkey\" PRIMARY KEY (\"id\"));\n";
pub(crate) const SECOND: &str = "ALTER TABLE \"A\" ADD COLUMN \"nick\" TEXT;\n";
pub(crate) const SECOND_PATH: &str = "prisma/migrations/20240102000000_nick/migration.sql";
pub(crate) const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

/// A project whose schema and only migration agree.
pub(crate) fn project() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("prisma/schema.prisma", SCHEMA);
    repo.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    repo.write("prisma/migrations/20240101000000_init/migration.sql", FIRST);
    repo.commit("base");
    repo
}

pub(crate) fn wider() -> String {
    SCHEMA.replace("@id\n", "@id\n  nick String?\n")
}

pub(crate) fn check(repo: &TestRepo, args: &[&str]) -> Output {
    repo.run_in(repo.root(), env!("CARGO_BIN_EXE_driftgate"), &[&["check", "--format", "json"], args].concat())
}

/// The rules whose findings stop the commit.
pub(crate) fn stopped_by(repo: &TestRepo, args: &[&str]) -> Vec<String> {
    let output = check(repo, args);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let errors = report["findings"].as_array().unwrap().iter().filter(|finding| finding["level"] == "error");
    let rules: Vec<String> = errors.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect();
    assert_eq!(output.status.code(), Some(i32::from(!rules.is_empty())), "{report}");
    rules
}

#[test]
fn the_change_with_its_migration_passes() {
    let repo = project();
    repo.write("prisma/schema.prisma", &wider()).write(SECOND_PATH, SECOND).add();
    assert_eq!(stopped_by(&repo, &["--staged"]), [""; 0]);
}

#[test]
fn a_schema_that_git_lfs_keeps_is_a_project_that_cannot_be_read() {
    let repo = project();
    repo.write("prisma/schema.prisma", POINTER).commit("pointer");
    assert_eq!(stopped_by(&repo, &["--all"]), ["unreadable-source"]);
    // It was a pointer before, too: what changed in it is not known.
    repo.write("prisma/schema.prisma", &POINTER.replace("12345", "12399")).add();
    assert!(stopped_by(&repo, &["--staged"]).contains(&"unreadable-source".to_owned()));
    repo.write(SECOND_PATH, SECOND).add();
    assert!(stopped_by(&repo, &["--staged"]).contains(&"unreadable-source".to_owned()));
}

#[test]
fn pointers_without_a_migrations_folder_are_no_project() {
    let repo = TestRepo::new();
    repo.write("assets/picture.prisma", POINTER).commit("base");
    assert_eq!(stopped_by(&repo, &["--all"]), [""; 0]);
}

#[test]
fn a_pointer_in_place_of_a_schema_is_told_without_migrations_too() {
    let repo = TestRepo::new();
    repo.write("other", "1").commit("base");
    repo.write("prisma/schema.prisma", POINTER).add();
    assert!(stopped_by(&repo, &["--staged"]).contains(&"unreadable-source".to_owned()));
}

#[test]
fn a_merge_that_leaves_the_migration_out_is_stopped() {
    let repo = project();
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("prisma/schema.prisma", &wider()).write(SECOND_PATH, SECOND).commit("topic");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("other", "1").commit("main");
    repo.git(&["merge", "--quiet", "--no-commit", "--no-ff", "topic"]);
    repo.git(&["rm", "--quiet", "-f", SECOND_PATH]);
    assert_eq!(stopped_by(&repo, &["--staged"]), ["missing-migration"]);
}

#[test]
fn a_merge_that_edits_the_schema_itself_is_stopped_in_the_range() {
    let repo = project();
    let base = repo.rev("HEAD");
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("one", "1").commit("topic");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("two", "2").commit("main");
    repo.git(&["merge", "--quiet", "--no-commit", "--no-ff", "topic"]);
    repo.write("prisma/schema.prisma", &wider()).commit("merge");
    assert_eq!(stopped_by(&repo, &["--from", &base, "--to", "HEAD"]), ["missing-migration"]);
}

#[test]
fn a_revert_of_the_migration_alone_is_stopped() {
    let repo = project();
    repo.write(SECOND_PATH, SECOND).commit("migration");
    repo.write("prisma/schema.prisma", &wider()).commit("schema");
    repo.git(&["revert", "--no-commit", "HEAD~1"]);
    assert!(stopped_by(&repo, &["--staged"]).contains(&"missing-migration".to_owned()));
}

#[test]
fn a_cherry_pick_of_the_schema_alone_is_stopped() {
    let repo = project();
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write(SECOND_PATH, SECOND).commit("migration");
    let schema = repo.write("prisma/schema.prisma", &wider()).commit("schema");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["cherry-pick", "--no-commit", &schema]);
    assert_eq!(stopped_by(&repo, &["--staged"]), ["missing-migration"]);
}

#[test]
fn a_transaction_that_is_rolled_back_makes_nothing() {
    let repo = project();
    let script = format!("BEGIN;\n{SECOND}ROLLBACK;\n");
    repo.write("prisma/schema.prisma", &wider()).write(SECOND_PATH, &script).add();
    assert_eq!(stopped_by(&repo, &["--staged"]), ["uncovered-change"]);
}
