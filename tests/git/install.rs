//! Hooks: installed, run by git, and taken away again.

use std::path::{Path, PathBuf};

use driftgate::git::GitError;
use driftgate::git::hooks::{
    HookKind, InstallAction, InstallOutcome, InstallPlan, InstallRequest, InstalledHook, Manager, UninstallAction,
    install, plan, uninstall,
};

use crate::support::{TestRepo, write_executable};

/// A stand-in for driftgate: notes how it was called, and fails where a file says so.
fn stand_in(repo: &TestRepo) -> PathBuf {
    let place = repo.beside("bin dir").join("driftgate");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    let log = repo.beside("log");
    let fail = repo.beside("fail");
    let script =
        format!("#!/bin/sh\necho \"driftgate $*\" >> '{}'\n[ ! -e '{}' ] || exit 1\n", log.display(), fail.display());
    write_executable(&place, &script);
    place
}

/// What was run since this was last asked.
fn log(repo: &TestRepo) -> Vec<String> {
    let place = repo.beside("log");
    let text = std::fs::read_to_string(&place).unwrap_or_default();
    std::fs::remove_file(place).ok();
    text.lines().map(str::to_owned).collect()
}

fn request(repo: &TestRepo, hooks: &[HookKind]) -> InstallRequest {
    InstallRequest { hooks: hooks.to_vec(), binary: stand_in(repo), raw: false, allow_missing: false }
}

fn installed(repo: &TestRepo, request: &InstallRequest) -> Vec<InstalledHook> {
    match install(repo.root(), &repo.env(), request).expect("hooks can be installed") {
        InstallOutcome::Installed { hooks, .. } => hooks,
        InstallOutcome::Managed(snippet) => panic!("{snippet:?}"),
    }
}

fn removed(repo: &TestRepo) -> Vec<(HookKind, UninstallAction)> {
    let done = uninstall(repo.root(), &repo.env()).expect("hooks can be removed");
    done.hooks.into_iter().map(|hook| (hook.hook, hook.action)).collect()
}

/// Commits; whether it went through, and what was said.
fn commit(repo: &TestRepo, dir: &Path) -> (bool, String) {
    let output = repo.run_in(dir, "git", &["commit", "--quiet", "--allow-empty", "--message", "x"]);
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn files(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with(".sample")).collect();
    names.sort();
    names
}

#[test]
fn a_commit_is_judged_and_stopped() {
    let repo = TestRepo::new();
    let request = request(&repo, &[HookKind::PreCommit]);
    let hooks = installed(&repo, &request);
    assert_eq!(hooks[0].action, InstallAction::Created);
    assert_eq!(hooks[0].path, repo.root().join(".git/hooks/pre-commit"));
    assert!(commit(&repo, repo.root()).0);
    assert_eq!(log(&repo), ["driftgate check --staged"]);
    std::fs::write(repo.beside("fail"), "").unwrap();
    assert!(!commit(&repo, repo.root()).0);

    assert_eq!(installed(&repo, &request)[0].action, InstallAction::Unchanged);
    let moved = InstallRequest { binary: "/elsewhere/driftgate".into(), ..request };
    assert_eq!(installed(&repo, &moved)[0].action, InstallAction::Updated);
    assert_eq!(files(&repo.root().join(".git/hooks")), ["pre-commit"], "nothing is left lying about");
    assert_eq!(removed(&repo), [(HookKind::PreCommit, UninstallAction::Removed)]);
    assert_eq!(files(&repo.root().join(".git/hooks")), [""; 0]);
    assert_eq!(removed(&repo), []);
}

#[test]
fn what_would_be_written_is_said_and_not_written() {
    let repo = TestRepo::new();
    repo.hook("pre-commit", "#!/bin/sh\n# theirs\n");
    let hooks = repo.root().join(".git/hooks");
    let request = request(&repo, &[HookKind::PreCommit, HookKind::PrePush]);
    let planned = plan(repo.root(), &repo.env(), &request).expect("nothing is in the way");
    assert_eq!(files(&hooks), ["pre-commit"]);
    let InstallPlan::Hooks { hooks: planned, .. } = planned else { panic!("{planned:?}") };
    let done = installed(&repo, &request);
    assert_eq!(planned.iter().map(|planned| &planned.hook).collect::<Vec<_>>(), done.iter().collect::<Vec<_>>());
    for planned in planned {
        assert_eq!(std::fs::read_to_string(&planned.hook.path).unwrap(), planned.script);
    }
}

#[test]
fn what_an_installation_that_was_cut_short_left_goes_with_the_next() {
    let repo = TestRepo::new();
    let request = request(&repo, &[HookKind::PreCommit]);
    let hooks = repo.root().join(".git/hooks");
    installed(&repo, &request);
    let left = hooks.join("pre-commit.driftgate-1");
    let theirs = hooks.join("pre-commit.driftgate-2");
    std::fs::copy(hooks.join("pre-commit"), &left).unwrap();
    std::fs::write(&theirs, "#!/bin/sh\n# a copy of mine\n").unwrap();
    let outcome = install(repo.root(), &repo.env(), &request).unwrap();
    let InstallOutcome::Installed { swept, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(swept, std::slice::from_ref(&left));
    std::fs::write(&left, "").unwrap();
    assert_eq!(uninstall(repo.root(), &repo.env()).unwrap().swept, [left]);
    assert_eq!(files(&hooks), ["pre-commit.driftgate-2"]);
}

#[test]
fn a_hook_of_someone_elses_runs_first_and_comes_back() {
    let repo = TestRepo::new();
    let theirs =
        format!("#!/bin/sh\necho \"theirs $#\" >> '{}'\n[ ! -e stop ] || exit 3\n", repo.beside("log").display());
    repo.hook("pre-commit", &theirs);
    let request = request(&repo, &[HookKind::PreCommit]);
    let legacy = repo.root().join(".git/hooks/pre-commit.legacy");
    assert_eq!(installed(&repo, &request)[0].action, InstallAction::Chained { legacy: legacy.clone() });
    assert!(commit(&repo, repo.root()).0);
    assert_eq!(log(&repo), ["theirs 0", "driftgate check --staged"]);
    repo.write("stop", "");
    assert!(!commit(&repo, repo.root()).0);
    assert_eq!(log(&repo), ["theirs 0"], "what they stop is not judged");
    assert_eq!(installed(&repo, &request)[0].action, InstallAction::Unchanged);
    assert_eq!(removed(&repo), [(HookKind::PreCommit, UninstallAction::Restored)]);
    let hook = repo.root().join(".git/hooks/pre-commit");
    assert_eq!(std::fs::read_to_string(&hook).unwrap(), theirs);
    assert!(!legacy.exists());
    assert_eq!(removed(&repo), [(HookKind::PreCommit, UninstallAction::Foreign)]);
    assert!(hook.exists());
}

#[test]
fn two_hooks_of_someone_elses_are_both_kept() {
    let repo = TestRepo::new();
    repo.hook("pre-commit", "#!/bin/sh\n# one\n");
    repo.hook("pre-commit.legacy", "#!/bin/sh\n# two\n");
    let request = request(&repo, &[HookKind::PrePush, HookKind::PreCommit]);
    let error = install(repo.root(), &repo.env(), &request).expect_err("only one can be chained");
    assert!(matches!(error, GitError::Hooks { .. }), "{error}");
    assert_eq!(files(&repo.root().join(".git/hooks")), ["pre-commit", "pre-commit.legacy"], "nothing was written");
}

#[test]
fn hooks_that_cannot_be_moved_are_left_to_their_manager() {
    let repo = TestRepo::new();
    repo.hook("pre-commit", "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n");
    let request = InstallRequest { raw: true, ..request(&repo, &[HookKind::PreCommit]) };
    let error = install(repo.root(), &repo.env(), &request).expect_err("it would call itself");
    assert!(error.to_string().contains("written by pre-commit"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("- id: driftgate")));
}

#[test]
fn a_hook_manager_gets_lines_for_its_file_unless_told_otherwise() {
    let repo = TestRepo::new();
    repo.write("lefthook.yml", "");
    let request = request(&repo, &[HookKind::PreCommit]);
    let outcome = install(repo.root(), &repo.env(), &request).unwrap();
    let InstallOutcome::Managed(snippet) = outcome else { panic!("{outcome:?}") };
    assert_eq!((snippet.manager, snippet.file.as_str()), (Manager::Lefthook, "lefthook.yml"));
    let lines = "pre-commit:\n  commands:\n    driftgate:\n      run: driftgate check --staged\n";
    assert_eq!(snippet.text, lines);
    assert_eq!(files(&repo.root().join(".git/hooks")), [""; 0]);
    assert_eq!(installed(&repo, &InstallRequest { raw: true, ..request })[0].action, InstallAction::Created);
}

#[test]
fn linked_worktrees_share_their_hooks() {
    let repo = TestRepo::new();
    repo.commit("first");
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    let outcome = install(&linked, &repo.env(), &request(&repo, &[HookKind::PreCommit])).unwrap();
    let InstallOutcome::Installed { dir, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(dir, repo.root().join(".git/hooks"));
    assert!(commit(&repo, &linked).0);
    assert_eq!(log(&repo), ["driftgate check --staged"]);
}

#[test]
fn a_hooks_path_of_the_repository_is_honoured() {
    let repo = TestRepo::new();
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    repo.write("sub/x", "");
    let outcome = install(&repo.root().join("sub"), &repo.env(), &request(&repo, &[HookKind::PreCommit])).unwrap();
    let InstallOutcome::Installed { dir, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(dir, repo.root().join(".githooks"));
    assert!(commit(&repo, repo.root()).0);
    assert_eq!(log(&repo), ["driftgate check --staged"]);
    assert_eq!(removed(&repo), [(HookKind::PreCommit, UninstallAction::Removed)]);
}

#[test]
fn a_hooks_path_of_the_user_is_not_ours_to_write() {
    let mut repo = TestRepo::new();
    let config = repo.beside("gitconfig");
    std::fs::write(&config, "[core]\n\thooksPath = /everyone/hooks\n").unwrap();
    repo.set("GIT_CONFIG_GLOBAL", config.display().to_string());
    let request = request(&repo, &[HookKind::PreCommit]);
    let error = install(repo.root(), &repo.env(), &request).expect_err("those hooks run everywhere");
    assert!(error.to_string().contains("/everyone/hooks in the global configuration"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("git config --local core.hooksPath /")));
    repo.git(&["config", "--local", "core.hooksPath", ".git/hooks"]);
    assert_eq!(installed(&repo, &request)[0].action, InstallAction::Created);
    assert!(commit(&repo, repo.root()).0);
    assert_eq!(log(&repo), ["driftgate check --staged"]);
}

/// A folder with what git and a hook call and nothing else: whoever runs the tests may have driftgate on the PATH, beside git itself.
fn bare_tools(repo: &TestRepo) -> String {
    let tools = repo.beside("tools");
    std::fs::create_dir_all(&tools).unwrap();
    for name in ["cat", "dirname", "git", "sh"] {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let place = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|place| place.is_file());
        std::os::unix::fs::symlink(place.unwrap_or_else(|| panic!("{name} is not on the PATH")), tools.join(name))
            .unwrap();
    }
    tools.display().to_string()
}

#[test]
fn a_missing_program_stops_the_commit_and_says_what_to_do() {
    let mut repo = TestRepo::new();
    let tools = bare_tools(&repo);
    repo.set("PATH", tools.as_str());
    let gone = InstallRequest { binary: "/gone/driftgate".into(), ..request(&repo, &[HookKind::PreCommit]) };
    installed(&repo, &gone);
    let (ok, said) = commit(&repo, repo.root());
    assert!(!ok);
    assert!(said.contains("neither at /gone/driftgate nor on the PATH; nothing was checked"), "{said}");
    assert!(said.contains("DRIFTGATE_SKIP=1"), "{said}");

    installed(&repo, &InstallRequest { allow_missing: true, ..gone });
    let (ok, said) = commit(&repo, repo.root());
    assert!(ok && said.contains("nothing was checked"), "{said}");

    // On the PATH it is found, wherever it was when the hook was written.
    repo.set("PATH", format!("{}:{tools}", repo.beside("bin dir").display()));
    assert!(commit(&repo, repo.root()).0);
    assert_eq!(log(&repo), ["driftgate check --staged"]);
}

#[test]
fn once_in_a_while_it_is_skipped_in_one_line() {
    let mut repo = TestRepo::new();
    repo.hook("pre-commit", &format!("#!/bin/sh\necho theirs >> '{}'\n", repo.beside("log").display()));
    installed(&repo, &request(&repo, &[HookKind::PreCommit]));
    repo.set("DRIFTGATE_SKIP", "1");
    let (ok, said) = commit(&repo, repo.root());
    assert!(ok);
    assert_eq!(said, "driftgate: skipped pre-commit because DRIFTGATE_SKIP is set\n");
    assert_eq!(log(&repo), ["theirs"], "the hook of someone else's is not ours to skip");
}

#[test]
fn a_merge_is_judged_before_it_is_committed() {
    let repo = TestRepo::new();
    repo.write("a", "a");
    repo.commit("first");
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("b", "b");
    repo.commit("topic");
    repo.git(&["checkout", "--quiet", "main"]);
    installed(&repo, &request(&repo, &[HookKind::PreMergeCommit]));
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "topic"]);
    assert_eq!(log(&repo), ["driftgate check --staged"]);
}

#[test]
fn a_push_is_judged_branch_by_branch() {
    let mut repo = TestRepo::new();
    let first = repo.commit("first");
    let remote = repo.beside("remote.git");
    repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    repo.hook("pre-push", &format!("#!/bin/sh\nsed 's/^/theirs '\"$1\"' /' >> '{}'\n", repo.beside("log").display()));
    installed(&repo, &request(&repo, &[HookKind::PrePush]));

    repo.git(&["push", "--quiet", "origin", "main"]);
    let zero = "0".repeat(40);
    let theirs = format!("theirs origin refs/heads/main {first} refs/heads/main {zero}");
    assert_eq!(log(&repo), [theirs, format!("driftgate check --all --at {first}")], "nothing to compare with");

    let second = repo.commit("second");
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    let third = repo.commit("third");
    repo.git(&["tag", "v1"]);
    repo.git(&["push", "--quiet", "origin", "main", "topic", "v1"]);
    let mut judged: Vec<String> = log(&repo).into_iter().filter(|line| line.starts_with("driftgate")).collect();
    judged.sort();
    let mut expected = [
        format!("driftgate check --from {first} --to {second}"),
        format!("driftgate check --from refs/remotes/origin/main --to {third}"),
    ];
    expected.sort();
    assert_eq!(judged, expected, "no tag");

    repo.git(&["push", "--quiet", "origin", ":topic"]);
    assert_eq!(log(&repo).len(), 1, "a deletion brings nothing");
    repo.git(&["push", "--quiet", "origin", "main"]);
    assert_eq!(log(&repo), [""; 0], "nothing is pushed");

    std::fs::write(repo.beside("fail"), "").unwrap();
    assert!(!repo.run_in(repo.root(), "git", &["push", "--quiet", "origin", "topic"]).status.success());
    repo.set("DRIFTGATE_SKIP", "1");
    repo.git(&["push", "--quiet", "origin", "topic"]);
}

#[test]
fn a_hook_that_is_named_twice_is_written_once() {
    let repo = TestRepo::new();
    repo.hook("pre-commit", "#!/bin/sh\n# theirs\n");
    let hooks = installed(&repo, &request(&repo, &[HookKind::PreCommit, HookKind::PreCommit]));
    assert_eq!(hooks.len(), 1);
    assert_eq!(removed(&repo), [(HookKind::PreCommit, UninstallAction::Restored)]);
}

#[test]
fn a_new_branch_is_judged_from_where_it_left_any_that_the_remote_has() {
    let repo = TestRepo::new();
    repo.commit("first");
    let remote = repo.beside("remote.git");
    repo.git(&["init", "--quiet", "--bare", "--initial-branch=trunk", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    repo.git(&["push", "--quiet", "origin", "main:trunk", "main:older"]);
    let trunk = repo.commit("second");
    repo.git(&["push", "--quiet", "origin", "main:trunk"]);
    installed(&repo, &request(&repo, &[HookKind::PrePush]));

    let topic = repo.commit("topic");
    repo.git(&["push", "--quiet", "origin", "main:topic"]);
    assert_eq!(log(&repo), [format!("driftgate check --from {trunk} --to {topic}")], "the nearest of both");

    // A fork of one's own, of which nothing is known: what the other remote has is not its news.
    let fork = repo.beside("fork.git");
    repo.git(&["init", "--quiet", "--bare", fork.to_str().unwrap()]);
    repo.git(&["remote", "add", "fork", fork.to_str().unwrap()]);
    let other = repo.commit("other");
    repo.git(&["push", "--quiet", "fork", "main:other"]);
    assert_eq!(log(&repo), [format!("driftgate check --from {topic} --to {other}")]);

    repo.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    let fresh = repo.commit("unrelated");
    let output = repo.run_in(repo.root(), "git", &["push", "--quiet", "origin", "fresh"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("refs/heads/fresh shares no history with a branch known here"), "{said}");
    assert!(said.contains("its whole state is judged"), "{said}");
    assert_eq!(log(&repo), [format!("driftgate check --all --at {fresh}")]);
}

#[test]
fn a_server_without_its_default_branch_judges_from_the_others() {
    for hook in [HookKind::PreReceive, HookKind::Update] {
        let repo = TestRepo::new();
        let first = repo.commit("first");
        let remote = TestRepo::clone_of(&repo, &["--bare"]);
        remote.git(&["symbolic-ref", "HEAD", "refs/heads/never"]);
        install(remote.root(), &remote.env(), &request(&repo, &[hook])).unwrap();
        repo.git(&["remote", "add", "origin", remote.root().to_str().unwrap()]);
        let second = repo.commit("second");
        repo.git(&["push", "--quiet", "origin", "main:topic"]);
        assert_eq!(log(&repo), [format!("driftgate check --from {first} --to {second}")]);
    }
}

#[test]
fn a_bare_repository_gets_the_hook_that_runs_there() {
    let repo = TestRepo::new();
    repo.commit("first");
    let remote = TestRepo::clone_of(&repo, &["--bare"]);
    let hooks: Vec<HookKind> = installed(&remote, &request(&repo, &[])).into_iter().map(|hook| hook.hook).collect();
    assert_eq!(hooks, [HookKind::PreReceive]);
    let hooks: Vec<HookKind> = installed(&repo, &request(&repo, &[])).into_iter().map(|hook| hook.hook).collect();
    assert_eq!(hooks, [HookKind::PreCommit, HookKind::PreMergeCommit]);
}

#[test]
fn a_server_judges_what_is_pushed_to_it() {
    for hook in [HookKind::PreReceive, HookKind::Update] {
        let repo = TestRepo::new();
        let first = repo.commit("first");
        let remote = TestRepo::clone_of(&repo, &["--bare"]);
        let outcome = install(remote.root(), &remote.env(), &request(&repo, &[hook])).unwrap();
        assert!(matches!(&outcome, InstallOutcome::Installed { dir, .. } if *dir == remote.root().join("hooks")));
        repo.git(&["remote", "add", "origin", remote.root().to_str().unwrap()]);
        let second = repo.commit("second");
        repo.git(&["push", "--quiet", "origin", "main"]);
        assert_eq!(log(&repo), [format!("driftgate check --from {first} --to {second}")]);
        repo.git(&["push", "--quiet", "origin", "main:topic"]);
        assert_eq!(log(&repo), [format!("driftgate check --from HEAD --to {second}")]);
        repo.git(&["push", "--quiet", "origin", ":topic"]);
        assert_eq!(log(&repo), [""; 0]);
        std::fs::write(repo.beside("fail"), "").unwrap();
        assert!(!repo.run_in(repo.root(), "git", &["push", "--quiet", "origin", "main:topic"]).status.success());
    }
}

#[cfg(unix)]
#[test]
fn shared_repositories_share_their_hooks() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = TestRepo::new();
    repo.git(&["config", "core.sharedRepository", "0660"]);
    let hooks = installed(&repo, &request(&repo, &[HookKind::PreCommit]));
    let mode = std::fs::metadata(&hooks[0].path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o770);
}

#[test]
fn the_script_is_what_was_agreed() {
    let repo = TestRepo::new();
    let request = InstallRequest { binary: "/opt/driftgate".into(), ..request(&repo, &[HookKind::PreCommit]) };
    let hooks = installed(&repo, &request);
    insta::assert_snapshot!(std::fs::read_to_string(&hooks[0].path).unwrap());
}
