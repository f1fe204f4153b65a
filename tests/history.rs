//! `driftgate history` on real repositories: what parted when, what is said of what could not be read, and that a walk
//! agrees with looking at every commit by itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test may")]

mod support;

use std::process::Command;

use support::TestRepo;

/// What a run gave: exit code, standard output, standard error.
fn run(repo: &TestRepo, arguments: &[&str]) -> (i32, String, String) {
    run_at("120", repo, arguments)
}

fn run_at(columns: &str, repo: &TestRepo, arguments: &[&str]) -> (i32, String, String) {
    let program = env!("CARGO_BIN_EXE_driftgate");
    let mut command = Command::new(program);
    command.arg("history").args(arguments).current_dir(repo.root()).env_clear().envs(repo.env().iter());
    let output = command.env("COLUMNS", columns).output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn schema(fields: &str) -> String {
    format!(
        "datasource db {{\n  provider = \"postgresql\"\n  url      = env(\"DATABASE_URL\")\n}}\n\nmodel User {{\n  id Int @id @default(autoincrement())\n{fields}}}\n"
    )
}

const USERS: &str =
    "CREATE TABLE \"User\" (\n  \"id\" SERIAL NOT NULL,\n  CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\")\n);\n";

/// A project in step with its migrations.
fn prisma() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("README.md", "a project\n");
    repo.commit("Begin");
    repo.write("prisma/schema.prisma", &schema(""));
    repo.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    repo.write("prisma/migrations/20260105093000_init/migration.sql", USERS);
    repo.commit("Users");
    repo
}

fn migrate(repo: &TestRepo, name: &str, sql: &str) {
    repo.write(&format!("prisma/migrations/{name}/migration.sql"), sql);
}

#[test]
fn a_branch_with_every_kind_of_trouble() {
    let repo = prisma();
    repo.write("src/index.ts", "1\n");
    repo.commit("Nothing of interest");
    repo.write("prisma/schema.prisma", &schema("  name String?\n  age Int?\n"));
    repo.commit("Name and age, without a migration");
    repo.write("src/index.ts", "2\n");
    repo.commit("Something else");
    migrate(&repo, "20260112090000_add_name", "ALTER TABLE \"User\" ADD COLUMN \"name\" TEXT;\n");
    repo.commit("The migration for the name");
    migrate(&repo, "20260113090000_add_age", "ALTER TABLE \"User\" ADD COLUMN \"age\" INTEGER;\n");
    repo.commit("The migration for the age");
    repo.write("prisma/schema.prisma", &schema("<<<<<<< HEAD\n  name String?\n=======\n  age Int?\n>>>>>>> topic\n"));
    repo.commit("Conflict markers");
    repo.write("prisma/schema.prisma", &schema("  name String?\n  age Int?\n"));
    repo.commit("Without conflict markers");
    migrate(&repo, "20260114090000_twice", "ALTER TABLE \"User\" ADD COLUMN \"age\" INTEGER;\n");
    repo.commit("The age again");
    repo.remove("prisma/migrations/20260114090000_twice/migration.sql");
    repo.commit("The age once");
    migrate(&repo, "20260115090000_extra", "ALTER TABLE \"User\" ADD COLUMN \"nick\" TEXT;\n");
    repo.commit("A nick\u{1b}[31mname that \u{202e}nothing declares");

    let (code, stdout, stderr) = run(&repo, &[]);
    assert_eq!((code, stderr.as_str()), (1, ""), "the nick is open");
    insta::assert_snapshot!("history_table", stdout);
    // Half a name says nothing: where there is no room behind them, it stands below the dates.
    let (_, narrow, _) = run_at("80", &repo, &[]);
    assert!(narrow.contains("  2 minutes\n  no migration makes the column User.name\n"), "{narrow}");
    insta::assert_snapshot!("history_full", run(&repo, &["--format", "full"]).1);
    let (code, json, _) = run(&repo, &["--format", "json"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!("history_json", json);
    assert_eq!(run(&repo, &["--format", "json"]).1, json, "twice the same");
    // A terminal is not driven by what an author wrote.
    assert!(!run(&repo, &["--format", "full"]).1.contains(['\u{1b}', '\u{202e}']));
    assert!(!json.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn merged_branches_are_one_step() {
    let repo = prisma();
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("prisma/schema.prisma", &schema("  name String?\n"));
    repo.commit("The schema first");
    migrate(&repo, "20260112090000_add_name", "ALTER TABLE \"User\" ADD COLUMN \"name\" TEXT;\n");
    repo.commit("Then the migration");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--message", "Merge topic", "topic"]);
    let (code, stdout, _) = run(&repo, &[]);
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.contains("never parted"), "{stdout}");
    // On the branch itself it did.
    let (code, stdout, _) = run(&repo, &["topic"]);
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.contains("parted once"), "{stdout}");
}

#[test]
fn bounds_hold_and_what_was_before_them_is_told() {
    let repo = prisma();
    repo.write("prisma/schema.prisma", &schema("  name String?\n"));
    let parted = repo.commit("Without a migration");
    repo.write("a", "1");
    repo.commit("Something else");
    migrate(&repo, "20260112090000_add_name", "ALTER TABLE \"User\" ADD COLUMN \"name\" TEXT;\n");
    repo.commit("The migration");
    repo.write("b", "1");
    repo.commit("Something else again");
    let (_, stdout, _) = run(&repo, &["--limit", "2"]);
    insta::assert_snapshot!("history_limit", stdout);
    let (code, stdout, _) = run(&repo, &[&format!("{parted}..")]);
    assert!(code == 0 && stdout.contains("3 commits") && stdout.contains("before "), "{stdout}");
    let (code, stdout, _) = run(&repo, &[&format!("{parted}..HEAD"), "--limit", "1"]);
    assert!(code == 0 && stdout.contains("1 commit from"), "{stdout}");
    // A day after all commits leaves none; a day before all leaves all.
    assert_eq!(run(&repo, &["--since", "2030-01-01"]).1, "driftgate: no commit to look at\n");
    assert!(run(&repo, &["--since", "2020-01-01"]).1.contains("6 commits"));
    for wrong in [&["nowhere"][..], &["a...b"], &["--limit", "0"], &["--since", "2026-02-30"], &["--project", "x"]] {
        let (code, stdout, stderr) = run(&repo, wrong);
        assert!(code == 2 && stdout.is_empty() && !stderr.is_empty(), "{wrong:?}: {stdout}{stderr}");
    }
}

#[test]
fn a_shallow_clone_says_that_it_is_one() {
    let origin = prisma();
    for step in ["1", "2", "3"] {
        origin.write("a", step);
        origin.commit(step);
    }
    let clone = TestRepo::clone_of(&origin, &["--depth=3"]);
    let (code, stdout, _) = run(&clone, &[]);
    assert_eq!(code, 0);
    assert!(stdout.contains("2 commits") && stdout.contains("git fetch --unshallow"), "{stdout}");
    // One commit alone shows no change, which is not the same as no drift.
    let clone = TestRepo::clone_of(&origin, &["--depth=1"]);
    let (code, stdout, stderr) = run(&clone, &[]);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(
        stderr.contains("not in this clone, which is shallow") && stderr.contains("git fetch --unshallow"),
        "{stderr}"
    );
}

const ENV: &str = "from alembic import context\nfrom app.models import Base\n\ntarget_metadata = Base.metadata\ncontext.configure(target_metadata=target_metadata)\n";
const BASE: &str = "from sqlalchemy import Column, Integer, String\nfrom sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n\n\nclass User(Base):\n    __tablename__ = \"users\"\n    id = Column(Integer, primary_key=True)\n";

fn revision(id: &str, parent: &str, upgrade: &str) -> String {
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    {upgrade}\n\n\ndef downgrade():\n    pass\n"
    )
}

#[test]
fn models_that_run_ahead_are_found_wherever_they_lie() {
    let repo = TestRepo::new();
    repo.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://localhost/app\n");
    repo.write("migrations/env.py", ENV).write("migrations/script.py.mako", "");
    repo.write("app/__init__.py", "").write("app/models.py", BASE);
    let create = "op.create_table(\"users\", sa.Column(\"id\", sa.Integer(), primary_key=True))";
    repo.write("migrations/versions/a1_users.py", &revision("a1", "None", create));
    repo.commit("Users");
    repo.write("app/views.py", "print(1)\n");
    repo.commit("A file that no model imports");
    repo.write(
        "app/mixins.py",
        "from sqlalchemy import Column, String\n\n\nclass Named:\n    name = Column(String(20))\n",
    );
    repo.commit("A mixin that nothing uses yet");
    let mixed = BASE.replace("class User(Base)", "class User(Named, Base)");
    repo.write("app/models.py", &format!("from app.mixins import Named\n{mixed}"));
    repo.commit("The mixin is used");
    let add = "op.add_column(\"users\", sa.Column(\"name\", sa.String(20)))";
    repo.write("migrations/versions/b2_name.py", &revision("b2", "\"a1\"", add));
    repo.commit("Its revision");
    repo.write("app/mixins.py", "from sqlalchemy import Column, String\n\n\nclass Named:\n    name = Column(String(40))\n    nick = Column(String(40))\n");
    repo.commit("The mixin grows");
    repo.write("app/views.py", "print(2)\n");
    repo.commit("Nothing of interest");
    let (code, stdout, stderr) = run(&repo, &["--format", "full"]);
    assert_eq!((code, stderr.as_str()), (1, ""));
    insta::assert_snapshot!("history_alembic", stdout);
}

/// The walk skips commits, parses nothing twice and replays from where histories part. Here a branch wanders at random, and
/// every state is judged by itself, too.
#[test]
fn a_walk_agrees_with_every_commit_judged_by_itself() {
    let repo = prisma();
    let columns = ["a", "b", "c", "d"];
    let mut state: u64 = 20_260_105;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut declared = [false; 4];
    let mut ids = Vec::new();
    for step in 0..40 {
        let at = usize::try_from(next(4)).unwrap();
        let name = format!("202602{:02}{:02}0000_{}", 1 + next(27), next(24), columns[at]);
        match next(4) {
            0 => {
                declared[at] = !declared[at];
                let field = |(name, on): (&&str, bool)| if on { format!("  {name} Int?\n") } else { String::new() };
                let fields: String = columns.iter().zip(declared).map(field).collect();
                repo.write("prisma/schema.prisma", &schema(&fields));
            }
            1 => migrate(&repo, &name, &format!("ALTER TABLE \"User\" ADD COLUMN \"{}\" INTEGER;\n", columns[at])),
            2 => migrate(&repo, &name, &format!("ALTER TABLE \"User\" DROP COLUMN \"{}\";\n", columns[at])),
            _ => {
                repo.write("notes.txt", &format!("{step}\n"));
            }
        }
        ids.push(repo.commit(&format!("step {step}")));
    }
    let (_, json, _) = run(&repo, &["--format", "json"]);
    let record: serde_json::Value = serde_json::from_str(&json).unwrap();
    let position = |commit: &serde_json::Value| ids.iter().position(|id| commit["id"] == id.as_str());
    let mut agreed = 0;
    for (at, id) in ids.iter().enumerate() {
        let mut walked: Vec<String> = Vec::new();
        for episode in record["episodes"].as_array().unwrap().iter().filter(|episode| episode["kind"] == "drift") {
            let from = position(&episode["opened"]).unwrap_or(0);
            let to = if episode["closed"].is_null() { usize::MAX } else { position(&episode["closed"]).unwrap() };
            if (from..to).contains(&at) {
                let name = |one: &serde_json::Value| format!("{} {}", one["kind"], one["name"]);
                walked.extend(episode["differences"].as_array().unwrap().iter().map(name));
            }
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
        command.args(["diff", "--format", "json", "--at", id]).current_dir(repo.root());
        let output = command.env_clear().envs(repo.env().iter()).output().unwrap();
        let diff: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let differences = diff["projects"][0]["differences"].as_array().unwrap();
        let certain = differences.iter().filter(|one| one["certain"] == true);
        let mut alone: Vec<String> = certain.map(|one| format!("{} {}", one["kind"], one["name"])).collect();
        walked.sort();
        alone.sort();
        assert_eq!(walked, alone, "after commit {at}, {id}");
        agreed += 1;
    }
    println!("{agreed} of {} states agree", ids.len());
}
