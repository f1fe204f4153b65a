//! A repository and a machine that are not as they should be: locks, other processes, full and read-only disks.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::support::{TestRepo, changed, leftovers, write_executable};

const PROGRAM: &str = env!("CARGO_BIN_EXE_driftgate");

/// Runs a line of the shell in the repository, with the program as `$0`.
fn shell(repo: &TestRepo, line: &str) -> Output {
    repo.run_in(repo.root(), "sh", &["-c", line, PROGRAM])
}

/// A Prisma project with a column that no migration makes, staged.
fn drifted() -> TestRepo {
    let repo = TestRepo::new();
    let schema = "datasource db {\n  provider = \"postgresql\"\n  url = env(\"U\")\n}\nmodel A {\n  id Int @id\n}\n";
    repo.write("prisma/schema.prisma", schema);
    repo.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    repo.write(
        "prisma/migrations/20240101000000_init/migration.sql",
        "CREATE TABLE \"A\" (\"id\" INTEGER NOT NULL, CONSTRAINT \"A_pkey\" PRIMARY KEY (\"id\"));\n",
    );
    repo.commit("base");
    repo.write("prisma/schema.prisma", &schema.replace("@id\n", "@id\n  nick String?\n")).add();
    repo
}

#[test]
fn a_lock_that_someone_holds_is_neither_waited_for_nor_taken() {
    let repo = drifted();
    repo.write(".git/index.lock", "held");
    assert_eq!(shell(&repo, "exec \"$0\" check").status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(repo.root().join(".git/index.lock")).unwrap(), "held");
}

#[test]
fn commits_at_the_same_time_are_seen_whole_or_not_at_all() {
    let repo = TestRepo::new();
    repo.write("a", "0").write("b", "0").commit("base");
    // Both files are staged by one command each time: git replaces the index as a whole.
    let line = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do echo $i > a; echo $i > b; git add a b; git commit -qm x; git gc -q; done";
    let mut other = Command::new("sh");
    other.args(["-c", line]).current_dir(repo.root()).env_clear().envs(repo.env().iter()).stdout(Stdio::null());
    let mut other = other.spawn().unwrap();
    let mut loads = 0;
    while other.try_wait().unwrap().is_none() {
        loads += 1;
        // Between reading HEAD and reading the index a commit may be made: that is the state of no moment, and both of
        // its files are in it.
        match repo.load(driftgate::git::Scope::Staged) {
            Ok(change) => assert!(matches!(changed(&change).len(), 0 | 2), "{:?}", changed(&change)),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(loads > 0);
}

#[test]
fn output_that_cannot_be_written_is_no_clean_result() {
    if !std::path::Path::new("/dev/full").exists() {
        eprintln!("skipped: this system has no /dev/full");
        return;
    }
    let repo = drifted();
    assert_eq!(shell(&repo, "exec \"$0\" check --format json > /dev/full").status.code(), Some(2));
    assert_eq!(shell(&repo, "exec \"$0\" --help > /dev/full").status.code(), Some(2));
    assert_eq!(shell(&repo, "\"$0\" --help | true").status.code(), Some(0));
    repo.commit("drift");
    assert_eq!(shell(&repo, "exec \"$0\" check --format json > /dev/full").status.code(), Some(2));
}

#[test]
fn a_full_disk_is_no_reason_not_to_judge_and_leaves_hooks_as_they_were() {
    let repo = drifted();
    // Files may have no byte; the output goes through a pipe.
    assert_eq!(shell(&repo, "ulimit -f 0; exec \"$0\" check").status.code(), Some(1));
    repo.hook("pre-commit", "#!/bin/sh\nexit 0\n");
    // With the signal ignored a write fails; with it, the process is killed there.
    let output = shell(&repo, "trap '' XFSZ; ulimit -f 0; exec \"$0\" install");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(!shell(&repo, "ulimit -f 0; exec \"$0\" install").status.success());
    let hook = std::fs::read_to_string(repo.root().join(".git/hooks/pre-commit")).unwrap();
    assert_eq!(hook, "#!/bin/sh\nexit 0\n");
    let output = shell(&repo, "exec \"$0\" install");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn an_installation_killed_at_any_moment_leaves_whole_hooks() {
    let repo = TestRepo::new();
    repo.write("a", "").commit("base");
    let hooks = repo.root().join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    let theirs = "#!/bin/sh\n# theirs\nexit 0\n";
    let mut seen = std::collections::BTreeSet::new();
    let whole = {
        let other = TestRepo::new();
        assert!(shell(&other, "exec \"$0\" install").status.success());
        std::fs::read_to_string(other.root().join(".git/hooks/pre-commit")).unwrap()
    };
    for at in 0..40 {
        for entry in std::fs::read_dir(&hooks).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        write_executable(&hooks.join("pre-commit"), theirs);
        let mut install = Command::new(PROGRAM);
        install.arg("install").current_dir(repo.root()).env_clear().envs(repo.env().iter());
        let mut install = install.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(at * 700));
        let _ = install.kill();
        install.wait().unwrap();
        let read = |name: &str| std::fs::read_to_string(hooks.join(name)).ok();
        let hook = read("pre-commit");
        let legacy = read("pre-commit.legacy");
        seen.insert((hook == Some(whole.clone()), legacy.is_some()));
        // At no moment is there no hook, half a hook, or one of theirs that is lost.
        assert!(hook.as_deref() == Some(theirs) || hook.as_ref() == Some(&whole), "{hook:?}");
        assert!(hook.as_deref() == Some(theirs) || legacy.as_deref() == Some(theirs), "{legacy:?}");
        // What was begun can be done.
        let output = shell(&repo, "exec \"$0\" install");
        assert!(output.status.success(), "after {at}: {output:?}");
        assert_eq!(read("pre-commit").as_ref(), Some(&whole));
        assert_eq!(read("pre-commit.legacy").as_deref(), Some(theirs));
        let names = std::fs::read_dir(&hooks).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains(".driftgate-")).collect();
        assert_eq!(left, [""; 0], "after {at}");
    }
    // The moment between the second name of theirs and ours in its place is too short to be met by chance.
    std::fs::copy(hooks.join("pre-commit.legacy"), hooks.join("pre-commit")).unwrap();
    assert!(shell(&repo, "exec \"$0\" install").status.success());
    println!("states that were seen (ours is in place, theirs is kept): {seen:?}");
}

#[test]
fn a_read_only_checkout_is_judged() {
    let repo = drifted();
    // Root may write where the permissions say no one may; a mount stops root too.
    let line = "mount --bind . . && mount -o remount,ro,bind . && cd \"$PWD\" && ! touch x 2>/dev/null || exit 77; exec \"$0\" check";
    let output = repo.run_in(repo.root(), "unshare", &["--mount", "sh", "-c", line, PROGRAM]);
    if output.status.code() == Some(77) || String::from_utf8_lossy(&output.stderr).contains("unshare") {
        eprintln!("skipped: no file system can be mounted here");
        return;
    }
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("nick"));
}

#[test]
fn names_that_some_file_systems_take_for_one_are_two() {
    let repo = TestRepo::new();
    repo.git(&["config", "core.ignoreCase", "true"]);
    repo.git(&["config", "core.precomposeUnicode", "true"]);
    repo.write("a", "").commit("base");
    let blob = repo.git(&["hash-object", "-w", "a"]);
    for path in ["Prisma/schema", "prisma/schema", "caf\u{e9}", "cafe\u{301}"] {
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")]);
    }
    let expected: Vec<String> = repo.git_changed().iter().map(|path| format!("+{path}")).collect();
    assert_eq!(expected.len(), 4);
    assert_eq!(changed(&repo.staged()), expected);
}

#[test]
fn ignore_files_disregard_case_where_git_does() {
    for (setting, expected) in [("true", "m/a.sql: ignored by .gitignore:1:*.SQL"), ("false", "m/a.sql: untracked")] {
        let repo = TestRepo::new();
        repo.git(&["config", "core.ignoreCase", setting]);
        repo.write(".gitignore", "*.SQL\n").write("m/b", "").commit("base");
        repo.write("m/a.sql", "");
        assert_eq!(leftovers(&repo.staged(), &["m"]), [expected], "core.ignoreCase = {setting}");
    }
}
