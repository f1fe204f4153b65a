//! The command line as its users meet it: help, usage errors, exit codes, output that goes where it should.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

mod verdicts;

use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use assert_cmd::cargo::CommandCargoExt;
use tempfile::TempDir;

/// A folder of its own, and nothing of the machine's environment: no CI, no colours, no configuration of git.
struct Place {
    dir: TempDir,
}

/// What a run gave.
#[must_use]
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Place {
    /// A folder that is no repository.
    fn bare() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder") }
    }

    /// A repository without a commit.
    fn repository() -> Self {
        let place = Self::bare();
        place.git(&["init", "--quiet", "--initial-branch=main"]);
        place
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn clean(&self, mut command: Command) -> Command {
        command
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root())
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", self.root().parent().expect("a parent"))
            .env("GIT_AUTHOR_NAME", "a")
            .env("GIT_AUTHOR_EMAIL", "a@example.org")
            .env("GIT_COMMITTER_NAME", "a")
            .env("GIT_COMMITTER_EMAIL", "a@example.org");
        command
    }

    fn git(&self, arguments: &[&str]) {
        let mut command = self.clean(Command::new("git"));
        command.args(arguments).assert().success();
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("makes folders");
        std::fs::write(path, text).expect("writes");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.clean(Command::cargo_bin("driftgate").expect("the program"));
        command.args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    fn run_with(&self, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
        let output = self.command(arguments).envs(env.iter().copied()).output().expect("runs");
        Ran {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Ran {
    /// It could not do what was asked: 2, nothing on standard output, and standard error says so.
    fn failed(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (2, ""), "{}", self.stderr);
        assert_ne!(self.stderr, "");
        self.stderr
    }

    /// It went well and said nothing beside its output.
    fn succeeded(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }
}

/// A Prisma project that is committed.
fn prisma() -> Place {
    let place = Place::repository();
    let model = "model User {\n  id Int @id @default(autoincrement())\n}\n";
    place.write("prisma/schema.prisma", &format!("{DATASOURCE}\n{model}"));
    place.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    let sql = "CREATE TABLE \"User\" (\"id\" SERIAL NOT NULL, CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";
    place.write("prisma/migrations/20260105093000_init/migration.sql", sql);
    place.git(&["add", "."]);
    place.git(&["commit", "--quiet", "--message", "users"]);
    place
}

#[test]
fn help_teaches() {
    let place = Place::bare();
    insta::assert_snapshot!("help", place.run(&["--help"]).succeeded());
    for command in ["check", "diff", "graph", "init", "install", "uninstall", "rules", "explain", "completions", "man"]
    {
        insta::assert_snapshot!(format!("help_{command}"), place.run(&[command, "--help"]).succeeded());
    }
    assert!(place.run(&["-h"]).succeeded().contains("Examples:"));
    assert_eq!(place.run(&["--version"]).succeeded(), concat!("driftgate ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn usage_errors_exit_with_2() {
    let place = Place::repository();
    for arguments in [
        &["no-such-command"][..],
        &["--no-such-option"],
        &["check", "--staged", "--all"],
        &["check", "--from", "a"],
        &["check", "--format", "yaml"],
        &["check", "--fail-on", "fatal"],
        &["check", "--at", "HEAD"],
        &["check", "stray"],
        &["diff", "--schema", "a"],
        &["diff", "--schema", "a", "--migrations", "b", "--provider", "dbase"],
        &["diff", "--schema", "nothing", "--migrations", "nowhere"],
        &["explain"],
        &["explain", "no-such-rule"],
        &["completions", "no-such-shell"],
        &["install", "--hook", "post-commit"],
        &["check", "--format", "json", "--format", "full"],
        &["check", "--project", "nothing", "--all"],
        &["check", "--config", "nothing.toml"],
        &["check", "--base", "no-such-branch"],
    ] {
        let said = place.run(arguments).failed();
        assert!(said.starts_with("error: ") || said.starts_with("error["), "{arguments:?}: {said}");
    }
}

/// A sample repository, and what a person may do wrong in it: each time the reason and the way out are named.
#[test]
fn mistakes_name_the_way_out() {
    let place = prisma();
    let cases: &[(&[&str], &str, &str)] = &[
        (&["check", "--base", ""], "no commit is named ``", "is a variable not set"),
        (&["check", "--base", "nope"], "no commit is named `nope`", "git branch --all"),
        (
            &["check", "--base", "origin/main"],
            "no commit is named `origin/main`",
            "git fetch origin main:refs/remotes/origin/main",
        ),
        (&["check", "--from", "main"], "--to <B>", "`--from A --to HEAD`"),
        (&["check", "--staged", "--base", "main"], "cannot be used with", "`--base REF`"),
        (&["check", "schema.prisma"], "unexpected argument", "files are not named"),
        (&["check", "--project", "web"], "no project `web`", "leave --project out"),
        (
            &["check", "--all", "--format", "json", "--output-file", "a b/c.json"],
            "cannot write a b/c.json",
            "mkdir -p 'a b'",
        ),
        (&["check", "--all", "--output-file", "."], "cannot write .", "name a file in that folder"),
        (&["check", "--config", "none.toml"], "the policy none.toml cannot be read", "driftgate init"),
        (&["diff", "--schema", "none", "--migrations", "."], "none: No such file", "name what is there"),
        (
            &["diff", "--schema", "prisma/schema.prisma", "--migrations", "prisma/schema.prisma"],
            "names the file",
            "the folder that holds",
        ),
        (
            &["diff", "--schema", "notes.txt", "--migrations", "prisma"],
            "neither .prisma nor .py files",
            "--ecosystem prisma",
        ),
        (&["explain", "drfit"], "no rule `drfit`", "did you mean `drift`?"),
        (&["history", "main...HEAD"], "no line of history", "write A..B"),
        (&["frobnicate"], "unrecognized subcommand", "lists the commands"),
    ];
    place.write("notes.txt", "");
    for (arguments, reason, help) in cases {
        let said = place.run(arguments).failed();
        assert!(said.contains(reason) && said.contains(help), "{arguments:?}: {said}");
    }
    let elsewhere = place.run_with(&["check"], &[("GIT_DIR", "/nowhere")]).failed();
    assert!(elsewhere.contains("/nowhere is no git repository, and GIT_DIR names it"), "{elsewhere}");
    assert!(elsewhere.contains("unset GIT_DIR"), "{elsewhere}");
    // Policies that are none.
    for (bytes, reason, help) in [
        (&b"\xff\xfe"[..], "UTF-8", "save driftgate.toml as UTF-8"),
        (b"fail-on = \"error", "not valid TOML", "toml.io"),
        (b"[ruls]\n", "no key `ruls`", "did you mean `rules`?"),
        (b"[rules]\nmissing-migratoin = \"off\"\n", "no rule `missing-migratoin`", "did you mean `missing-migration`?"),
    ] {
        std::fs::write(place.root().join("driftgate.toml"), bytes).expect("writes");
        place.git(&["add", "driftgate.toml"]);
        let said = place.run(&["check"]).failed();
        assert!(said.contains(reason) && said.contains(help), "{said}");
        assert!(said.ends_with("nothing was checked\n"), "{said}");
    }
    let empty = Place::repository();
    let said = empty.run(&["check", "--base", "main"]).failed();
    assert!(said.contains("nothing is committed on this branch yet"), "{said}");
    let bare = Place::bare();
    bare.git(&["init", "--quiet", "--bare"]);
    for (arguments, help) in [(&["check"][..], "`--base REF`"), (&["init"], "run it in a clone")] {
        let said = bare.run(arguments).failed();
        assert!(said.contains("a bare repository has no") && said.contains(help), "{said}");
    }
}

#[test]
fn explanations_name_the_nearest_rule() {
    let said = Place::bare().run(&["explain", "uncoverd-change"]).failed();
    assert_eq!(
        said,
        "error: there is no rule `uncoverd-change`\n  help: did you mean `uncovered-change`?\nnothing was checked\n"
    );
    let page = Place::bare().run(&["explain", "uncovered-change"]).succeeded();
    assert!(page.starts_with("# uncovered-change\n\nLevel: error. "), "{page}");
}

#[test]
fn rules_are_listed() {
    let json = Place::bare().run(&["rules", "--format", "json"]).succeeded();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["version"], 1);
    let rules = json["rules"].as_array().expect("rules");
    assert!(rules.iter().any(|rule| rule["id"] == "uncovered-change" && rule["level"] == "error"));
    assert!(rules.iter().all(|rule| rule["summary"].as_str().is_some_and(|text| !text.is_empty())));
    let table = Place::bare().run(&["rules"]).succeeded();
    assert_eq!(table.lines().filter(|line| line.starts_with("  ")).count(), rules.len());
}

#[test]
fn outside_a_repository_nothing_is_checked() {
    for arguments in [&["check"][..], &[], &["diff"], &["graph"], &["init"], &["install"], &["uninstall"]] {
        let said = Place::bare().run(arguments).failed();
        assert!(said.contains("is not inside a git repository") && said.ends_with("nothing was checked\n"), "{said}");
    }
}

#[test]
fn an_empty_repository_is_clean() {
    let place = Place::repository();
    let said = place.run(&["check"]).succeeded();
    assert!(said.starts_with("driftgate: no findings in index: no project found; looked for\n  • Prisma: "), "{said}");
    assert!(said.contains("\n  • Alembic: ") && said.contains("`driftgate init` writes one"), "{said}");
    assert_eq!(place.run(&["-q"]).succeeded(), "");
    assert_eq!(place.run_with(&["check"], &[("PRE_COMMIT", "1")]).succeeded(), "");
    let verbose = place.run_with(&["check", "-v"], &[("PRE_COMMIT", "1")]).succeeded();
    assert!(verbose.contains("range: "), "{verbose}");
    let json: serde_json::Value =
        serde_json::from_str(&place.run(&["check", "--format", "json"]).succeeded()).expect("JSON");
    assert_eq!(
        (&json["version"], &json["scope"]["kind"], &json["scope"]["after"]),
        (&1.into(), &"staged".into(), &"index".into())
    );
}

#[test]
fn policies_are_read_from_the_index() {
    let place = Place::repository();
    place.write("driftgate.toml", "fail_on = \"error\"\n");
    assert_eq!(place.run(&["check"]).code, 0, "an unstaged policy does not count");
    place.git(&["add", "driftgate.toml"]);
    insta::assert_snapshot!("policy_error", place.run(&["check"]).failed());
    place.write("driftgate.toml", "fail-on = \"error\"\n");
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, 2, "neither does an unstaged correction");
    let said = "note: driftgate.toml was edited, and the edit does not hold before it is staged\n  help: git add driftgate.toml\n";
    assert!(ran.stderr.starts_with(said), "{}", ran.stderr);
    assert_eq!(place.run(&["check", "--config", "driftgate.toml"]).code, 0);
    place.git(&["add", "driftgate.toml"]);
    assert_eq!(place.run(&["check"]).code, 0);
    place.write(".driftgate.toml", "");
    place.git(&["add", ".driftgate.toml"]);
    assert!(place.run(&["check"]).failed().contains("two policies"));
}

/// A policy holds once it is staged. Whoever wrote one and did not add it is told so wherever it would have counted, and
/// nowhere else.
#[test]
fn a_policy_that_is_left_behind_is_told() {
    let place = prisma();
    let told = |arguments: &[&str]| place.run_with(arguments, &[]).stderr;
    let commands: [&[&str]; 4] = [&["check"], &["check", "--all"], &["diff"], &["graph"]];
    let all_say = |said: &str| {
        for command in commands {
            assert_eq!(told(command), said, "{command:?}");
        }
    };
    all_say("");
    place.write("driftgate.toml", "fail-on = \"note\"\n");
    all_say(
        "note: driftgate.toml is not added to git, and does not hold before it is\n  help: git add driftgate.toml\n",
    );
    let elsewhere: [&[&str]; 5] = [
        &["check", "--worktree"],
        &["check", "--from", "HEAD", "--to", "HEAD"],
        &["check", "--all", "--at", "HEAD"],
        &["check", "--config", "driftgate.toml"],
        &["diff", "--at", "worktree"],
    ];
    for command in elsewhere {
        assert_eq!(told(command), "", "{command:?}");
    }
    // A hook is silent where there is nothing to judge.
    place.write("README.md", "shop\n");
    place.git(&["add", "README.md"]);
    for hook in [("GIT_INDEX_FILE", ".git/index"), ("DRIFTGATE_HOOK", "pre-commit")] {
        let ran = place.run_with(&["check", "--staged"], &[hook]);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{hook:?}");
    }

    place.write(".git/info/exclude", "*.toml\n");
    let said = told(&["check"]);
    assert!(said.starts_with("note: driftgate.toml is ignored by .git/info/exclude:1, and does not hold"), "{said}");
    assert!(said.contains("\n          git add -f driftgate.toml\n"), "{said}");
    place.write(".git/info/exclude", "");
    place.git(&["add", "-N", "driftgate.toml"]);
    assert!(told(&["check"]).starts_with("note: driftgate.toml is added by name only"), "{}", told(&["check"]));
    place.git(&["add", "driftgate.toml"]);
    all_say("");
    place.write("driftgate.toml", "fail-on = \"warning\"\n");
    all_say(
        "note: driftgate.toml was edited, and the edit does not hold before it is staged\n  help: git add driftgate.toml\n",
    );
    std::fs::remove_file(place.root().join("driftgate.toml")).unwrap();
    all_say("note: driftgate.toml was removed, and holds until that is staged\n  help: git rm driftgate.toml\n");
}

/// Who is stopped by a hook is told how to go on without teaching it to those whom nothing stops.
#[test]
fn a_hook_that_refuses_says_how_to_go_on() {
    let place = prisma();
    let schema = std::fs::read_to_string(place.root().join("prisma/schema.prisma")).unwrap();
    place.write("prisma/schema.prisma", &schema.replace("  id Int", "  age Int?\n  id Int"));
    place.git(&["add", "."]);
    let last = |arguments: &[&str], env: &[(&str, &str)]| {
        let ran = place.run_with(arguments, env);
        ran.stdout
            .split_once("driftgate: 1 error")
            .map(|(_, rest)| rest.split_once('\n').unwrap().1.to_owned())
            .unwrap()
    };
    let hook = [("DRIFTGATE_HOOK", "pre-commit")];
    for format in ["full", "concise"] {
        assert_eq!(
            last(&["check", "--format", format], &hook),
            "to allow it, with a reason: driftgate explain missing-migration\n\
             to skip this hook once: DRIFTGATE_SKIP=1 git commit\n"
        );
    }
    assert_eq!(last(&["check"], &[("PRE_COMMIT", "1")]), "to skip this hook once: SKIP=driftgate git commit\n");
    // Nobody is stopped, nobody pushes past a server, and a person at a terminal is in no hook.
    assert_eq!(last(&["check", "--exit-zero"], &hook), "");
    assert_eq!(last(&["check", "--fail-on", "never"], &hook), "");
    assert_eq!(last(&["check"], &[("DRIFTGATE_HOOK", "update")]), "");
    assert_eq!(last(&["check"], &[]), "");
}

#[test]
fn output_goes_where_it_is_asked_to() {
    let place = Place::repository();
    let said =
        place.run(&["check", "--format", "sarif", "--format", "concise", "--output-file", "out.sarif"]).succeeded();
    assert!(said.starts_with("driftgate: no findings"), "{said}");
    let sarif = std::fs::read_to_string(place.root().join("out.sarif")).expect("written");
    assert!(sarif.contains("\"version\": \"2.1.0\""), "{sarif}");
    assert!(
        place
            .run(&["check", "--format", "json", "--output-file", "no/such/folder/x"])
            .failed()
            .contains("cannot write")
    );
}

#[test]
fn actions_get_no_summary_of_nothing() {
    let place = Place::repository();
    place.git(&["commit", "--quiet", "--allow-empty", "--message", "first"]);
    let summary = place.root().join("summary.md");
    let env =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", summary.to_str().expect("UTF-8")), ("NO_COLOR", "1")];
    let ran = place.run_with(&["check", "--staged"], &env);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!summary.exists());
}

#[test]
fn colours_only_where_wanted() {
    let place = Place::repository();
    assert!(!place.run(&["check"]).succeeded().contains('\u{1b}'));
    assert!(place.run(&["check", "--color", "always"]).succeeded().contains('\u{1b}'));
    assert!(place.run_with(&["check"], &[("FORCE_COLOR", "1")]).succeeded().contains('\u{1b}'));
    let off = place.run_with(&["check", "--color", "never"], &[("FORCE_COLOR", "1")]);
    assert!(!off.succeeded().contains('\u{1b}'));
}

#[test]
fn completions_and_manual() {
    let place = Place::bare();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(place.run(&["completions", shell]).succeeded().contains("driftgate"), "{shell}");
    }
    let page = place.run(&["man"]).succeeded();
    assert!(page.contains(".TH driftgate 1") && page.contains("Exit codes"), "{page}");
    std::fs::create_dir(place.root().join("man")).expect("makes a folder");
    assert_eq!(place.run(&["man", "man"]).succeeded(), "");
    assert!(place.root().join("man/driftgate-check.1").exists());
}

#[test]
fn init_writes_once() {
    let place = Place::repository();
    let printed = place.run(&["init", "--print"]).succeeded();
    assert!(!place.root().join("driftgate.toml").exists());
    let said = place.run(&["init"]).succeeded();
    assert!(said.starts_with("wrote driftgate.toml (no project found)"), "{said}");
    assert_eq!(std::fs::read_to_string(place.root().join("driftgate.toml")).expect("written"), printed);
    place.git(&["add", "driftgate.toml"]);
    assert_eq!(place.run(&["check"]).code, 0, "what it writes is a policy");
    assert!(place.run(&["init"]).failed().contains("driftgate.toml is there already"));
    place.git(&["rm", "--quiet", "--force", "driftgate.toml"]);
    place.write(".driftgate.toml", "");
    assert!(place.run(&["init"]).failed().contains(".driftgate.toml is there already"));
}

#[test]
fn hooks_come_and_go() {
    let place = Place::repository();
    let hook = place.root().join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().expect("a parent")).expect("makes a folder");
    std::fs::write(&hook, "#!/bin/sh\nexit 0\n").expect("writes");
    assert!(place.run(&["install"]).succeeded().contains("the hook that was there runs first"));
    assert!(place.run(&["install"]).succeeded().contains("is up to date"));
    place.git(&["commit", "--quiet", "--allow-empty", "--message", "the hook agrees"]);
    let said = place.run(&["uninstall"]).succeeded();
    assert!(said.contains("put back the hook") && said.contains("removed "), "{said}");
    assert_eq!(std::fs::read_to_string(&hook).expect("there"), "#!/bin/sh\nexit 0\n");
    assert!(place.run(&["uninstall"]).succeeded().starts_with("left "));
    place.write("lefthook.yml", "");
    assert!(place.run(&["install"]).succeeded().contains("lefthook"));
}

#[test]
fn a_hook_can_be_looked_at_first() {
    let place = Place::repository();
    let hook = place.root().join(".git/hooks/pre-commit");
    let ran = place.run(&["install", "--print", "--hook", "pre-commit"]);
    assert_eq!((ran.code, hook.exists()), (0, false));
    assert!(
        ran.stderr.starts_with("would write ") && ran.stderr.ends_with("/.git/hooks/pre-commit\n"),
        "{}",
        ran.stderr
    );
    let _ = place.run(&["install"]).succeeded();
    assert_eq!(std::fs::read_to_string(&hook).expect("there"), ran.stdout);
    let both = place.run(&["install", "--print"]);
    assert_eq!(both.stdout.matches("#!/bin/sh\n").count(), 2);
    assert_eq!(both.stderr.matches(" is up to date\n").count(), 2);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_failure() {
    let place = Place::bare();
    let program = place.command(&[]).get_program().to_owned();
    let mut shell = place.clean(Command::new("sh"));
    shell.args(["-c", "{ \"$0\" completions zsh; echo $? >code; } | true"]).arg(program);
    shell.assert().success();
    assert_eq!(std::fs::read_to_string(place.root().join("code")).expect("written"), "0\n");
}

/// The migrations of a change are listed for another linter: those added or edited, whatever the verdict is.
#[test]
fn changed_migrations_are_listed() {
    let place = Place::repository();
    let schema = "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel a {\n  id Int @id\n}\n";
    place.write("prisma/schema.prisma", schema);
    place.write("prisma/migrations/20260101000000_a/migration.sql", "CREATE TABLE a (id INTEGER PRIMARY KEY);\n");
    place.write("prisma/migrations/20260102000000_b/migration.sql", "CREATE TABLE b (id INTEGER PRIMARY KEY);\n");
    place.git(&["add", "."]);
    place.git(&["commit", "--quiet", "-m", "a"]);
    let none = place.run(&["check", "--print-migrations"]);
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (0, "", ""));

    place.write("prisma/migrations/20260102000000_b/migration.sql", "DROP TABLE a;\n");
    place.write("prisma/migrations/20260103000000_c/migration.sql", "DROP TABLE b;\n");
    place.write("prisma/migrations/20260103000000_c/README.md", "Why.\n");
    place.git(&["rm", "--quiet", "-r", "prisma/migrations/20260101000000_a"]);
    place.git(&["add", "."]);
    let two = place.run(&["check", "--print-migrations"]);
    let listed = "prisma/migrations/20260102000000_b/migration.sql\nprisma/migrations/20260103000000_c/migration.sql\n";
    assert_eq!((two.code, two.stdout.as_str(), two.stderr.as_str()), (0, listed, ""));
    let whole = place.run(&["check", "--all", "--print-migrations"]);
    assert_eq!(whole.stdout, listed);
    let with_format = place.run(&["check", "--print-migrations", "--format", "json"]);
    assert_eq!(with_format.code, 2);
}

const DATASOURCE: &str = "datasource db {\n  provider = \"postgresql\"\n  url      = env(\"DATABASE_URL\")\n}\n";
