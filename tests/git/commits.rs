//! What a commit would hold, as git's own hooks see it.

use std::path::{Path, PathBuf};

use driftgate::git::{Change, Env, Scope, ScopeRequest};

use crate::support::{TestRepo, changed, files, text};

/// Keeps what git hands to a hook, and refuses the commit.
const RECORDER: &str = r#"#!/bin/sh
env -0 > "$RECORD/env"
pwd > "$RECORD/cwd"
printf '%s' "$GIT_INDEX_FILE" > "$RECORD/index-path"
cp "$GIT_INDEX_FILE" "$RECORD/index" || exit 2
exit 1
"#;

/// What a hook was handed, and the index as it was at that moment.
struct Recorded {
    env: Env,
    cwd: PathBuf,
    index: String,
}

impl Recorded {
    fn load(&self, cwd: &Path) -> Change {
        Change::load(ScopeRequest::Automatic, cwd, &self.env).expect("the change can be loaded")
    }
}

/// Runs a command of git that starts a hook, and puts the index back that the hook saw: git removes its lock files.
fn inside_hook(repo: &mut TestRepo, hook: &str, dir: &Path, args: &[&str]) -> Recorded {
    let record = repo.beside("record");
    std::fs::create_dir_all(&record).unwrap();
    repo.set("RECORD", record.display().to_string());
    repo.hook(hook, RECORDER);
    let output = repo.run_in(dir, "git", args);
    assert!(!output.status.success(), "the hook refuses the commit");
    let variables = std::fs::read(record.join("env")).expect("the hook ran");
    let env = Env::new(variables.split(|&byte| byte == 0).filter_map(|variable| {
        let variable = String::from_utf8_lossy(variable).into_owned();
        variable.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
    }));
    let cwd = PathBuf::from(std::fs::read_to_string(record.join("cwd")).unwrap().trim_end());
    let index = std::fs::read_to_string(record.join("index-path")).unwrap();
    std::fs::copy(record.join("index"), cwd.join(&index)).unwrap();
    Recorded { env, cwd, index }
}

fn two_files() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("app/schema.prisma", "old").write("app/other", "old").write("web/index.html", "old");
    repo.commit("first");
    repo
}

#[test]
fn a_plain_commit_is_its_index_also_from_a_subfolder() {
    let mut repo = two_files();
    repo.write("app/schema.prisma", "new").add();
    let root = repo.root().to_owned();
    let hook = inside_hook(&mut repo, "pre-commit", &root, &["commit", "-m", "x"]);
    assert_eq!(hook.index, ".git/index", "relative to the root");
    for cwd in [hook.cwd.clone(), hook.cwd.join("app")] {
        let change = hook.load(&cwd);
        assert_eq!(changed(&change), ["~app/schema.prisma"], "in {}", cwd.display());
        assert_eq!(text(&*change.after, "app/schema.prisma").as_deref(), Some("new"));
        assert_eq!(text(change.before.as_deref().unwrap(), "app/schema.prisma").as_deref(), Some("old"));
    }
}

#[test]
fn commit_all_is_read_from_its_lock() {
    let mut repo = two_files();
    repo.write("app/schema.prisma", "new");
    let root = repo.root().to_owned();
    let hook = inside_hook(&mut repo, "pre-commit", &root, &["commit", "-a", "-m", "x"]);
    assert!(hook.index.ends_with(".git/index.lock"), "{}", hook.index);
    assert_eq!(changed(&hook.load(&hook.cwd.join("web"))), ["~app/schema.prisma"]);
    assert_eq!(changed(&repo.staged()), [""; 0], "the index itself knows nothing of it");
}

#[test]
fn commit_of_a_path_leaves_out_what_else_is_staged() {
    let mut repo = two_files();
    repo.write("app/other", "staged").add();
    repo.write("app/schema.prisma", "new");
    let app = repo.root().join("app");
    let hook = inside_hook(&mut repo, "pre-commit", &app, &["commit", "-m", "x", "--", "schema.prisma"]);
    assert!(hook.index.contains("next-index-"), "{}", hook.index);
    assert_eq!(changed(&hook.load(&hook.cwd)), ["~app/schema.prisma"]);
    assert_eq!(changed(&repo.staged()), ["~app/other"]);
}

#[test]
fn a_linked_worktree_has_its_own_index() {
    let mut repo = two_files();
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap(), "-b", "topic"]);
    std::fs::write(linked.join("app/schema.prisma"), "new").unwrap();
    repo.git_in(&linked, &["add", "--all"]);
    let hook = inside_hook(&mut repo, "pre-commit", &linked, &["commit", "-m", "x"]);
    assert!(hook.env.get("GIT_DIR").is_some_and(|dir| dir.contains("worktrees")), "git names the folder");
    for cwd in [hook.cwd.clone(), hook.cwd.join("app")] {
        let change = hook.load(&cwd);
        assert_eq!(changed(&change), ["~app/schema.prisma"]);
        assert_eq!(files(change.worktree.as_ref().unwrap().snapshot()).len(), 3);
    }
    assert_eq!(changed(&repo.staged()), [""; 0]);
}

#[test]
fn a_worktree_of_a_bare_repository_is_one_of_its_own() {
    let origin = two_files();
    let mut bare = TestRepo::clone_of(&origin, &["--bare"]);
    let linked = bare.beside("linked");
    bare.git(&["worktree", "add", "--quiet", linked.to_str().unwrap(), "main"]);
    std::fs::write(linked.join("app/schema.prisma"), "new").unwrap();
    bare.git_in(&linked, &["add", "--all"]);
    let change = Change::load(ScopeRequest::Automatic, &linked, &bare.env()).unwrap();
    assert_eq!(changed(&change), ["~app/schema.prisma"]);
    bare.set("GIT_DIR", bare.root().join("worktrees/linked").display().to_string());
    for cwd in [linked.clone(), linked.join("app")] {
        let change = Change::load(ScopeRequest::Automatic, &cwd, &bare.env()).unwrap();
        assert_eq!(changed(&change), ["~app/schema.prisma"]);
        assert_eq!(files(change.worktree.as_ref().unwrap().snapshot()).len(), 3);
    }
}

#[test]
fn a_merge_shows_the_incoming_side() {
    let mut repo = two_files();
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("app/schema.prisma", "topic");
    repo.commit("topic");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("web/index.html", "main");
    repo.commit("main");
    let root = repo.root().to_owned();
    let hook = inside_hook(&mut repo, "pre-merge-commit", &root, &["merge", "--no-ff", "--no-edit", "topic"]);
    assert_eq!(changed(&hook.load(&hook.cwd)), ["~app/schema.prisma"]);
}

#[test]
fn an_unresolved_merge_is_refused_and_a_resolved_one_is_judged() {
    let repo = two_files();
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("app/schema.prisma", "topic").write("app/other", "topic");
    repo.commit("topic");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("app/schema.prisma", "main");
    repo.commit("main");
    assert!(!repo.run_in(repo.root(), "git", &["merge", "topic"]).status.success());
    let error = repo.load(Scope::Staged).err().expect("a conflict is no index to judge");
    assert_eq!(error.to_string(), "1 path is not merged yet, app/schema.prisma among them");
    assert!(error.help().is_some_and(|help| help.contains("git add")));
    let worktree = repo.load(Scope::Worktree).expect("the working directory can be judged");
    assert!(text(&*worktree.after, "app/schema.prisma").is_some_and(|text| text.contains("<<<<<<<")));

    repo.write("app/schema.prisma", "both").add();
    assert_eq!(changed(&repo.staged()), ["~app/other", "~app/schema.prisma"]);
}

#[test]
fn an_amended_commit_is_compared_with_the_one_it_replaces() {
    let mut repo = two_files();
    repo.write("app/schema.prisma", "second");
    repo.commit("second");
    repo.write("app/other", "amended").add();
    let root = repo.root().to_owned();
    let hook = inside_hook(&mut repo, "pre-commit", &root, &["commit", "--amend", "--no-edit"]);
    assert_eq!(changed(&hook.load(&hook.cwd)), ["~app/other"]);
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let repo = TestRepo::new();
    assert_eq!(changed(&repo.staged()), [""; 0], "there is not even an index");
    repo.write("app/schema.prisma", "new").write("a", "a").add();
    let change = repo.staged();
    assert!(change.before.is_none());
    assert_eq!(changed(&change), ["+a", "+app/schema.prisma"]);
}

#[test]
fn deletions_and_renames_are_changes() {
    let repo = two_files();
    repo.git(&["rm", "--quiet", "-r", "app"]);
    let change = repo.staged();
    assert_eq!(changed(&change), ["-app/other", "-app/schema.prisma"]);
    assert_eq!(files(&*change.after), ["web/index.html"]);
    assert_eq!(files(change.before.as_deref().unwrap()), ["app/other", "app/schema.prisma", "web/index.html"]);
    assert_eq!(text(&*change.after, "app/schema.prisma"), None);

    repo.git(&["reset", "--quiet", "--hard"]);
    repo.git(&["mv", "app", "backend"]);
    let expected = ["-app/other", "-app/schema.prisma", "+backend/other", "+backend/schema.prisma"];
    assert_eq!(changed(&repo.staged()), expected);
}

#[test]
fn a_name_that_is_only_announced_is_not_committed() {
    let repo = two_files();
    repo.write("app/new.sql", "CREATE TABLE t ();").write("only/announced", "x");
    repo.git(&["add", "--intent-to-add", "app/new.sql", "only/announced"]);
    let change = repo.staged();
    assert_eq!(changed(&change), [""; 0]);
    assert_eq!(text(&*change.after, "app/new.sql"), None);
    assert!(!files(&*change.after).contains(&"app/new.sql".to_owned()));
}

#[test]
fn files_may_become_folders_links_and_the_other_way_round() {
    let repo = TestRepo::new();
    repo.write("a", "file")
        .write("a-b", "x")
        .write("a0", "x")
        .write("dir/x", "x")
        .write("dir.txt", "x")
        .write("l", "a");
    repo.commit("first");
    repo.remove("a").write("a/inner", "file");
    repo.remove("dir/x").remove("l");
    std::fs::remove_dir(repo.root().join("dir")).unwrap();
    repo.write("dir", "file");
    std::os::unix::fs::symlink("a", repo.root().join("l")).unwrap();
    repo.add();
    let change = repo.staged();
    assert_eq!(changed(&change), ["-a", "+a/inner", "+dir", "-dir/x", "~l"]);
    let names = |change: &[String]| change.iter().map(|path| path[1..].to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&changed(&change)), repo.git_changed());
    assert_eq!(files(change.before.as_deref().unwrap()), ["a", "a-b", "a0", "dir.txt", "dir/x", "l"]);
}

#[test]
fn whether_a_file_can_be_run_is_no_change() {
    let repo = two_files();
    repo.git(&["update-index", "--chmod=+x", "app/schema.prisma"]);
    assert_eq!(changed(&repo.staged()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_kept() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = two_files();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.sql");
    std::fs::write(repo.root().join(name), "x").unwrap();
    repo.add();
    let change = repo.staged();
    assert_eq!(changed(&change), ["+caf\\xe9.sql"]);
    assert_eq!(change.changed[0].path.to_bytes().as_ref(), b"caf\xe9.sql");
    let read = change.after.read(&change.changed[0].path).unwrap().text();
    assert_eq!(read.map(|source| source.text().to_owned()).as_deref(), Some("x"));
}

#[test]
fn one_text_is_read_once_for_both_sides() {
    let repo = two_files();
    repo.write("app/other", "new").add();
    let change = repo.staged();
    let path = driftgate::source::RepoPath::new("app/schema.prisma");
    let read = |snapshot: &dyn driftgate::git::Snapshot| snapshot.read(&path).unwrap().text().unwrap();
    assert!(std::sync::Arc::ptr_eq(&read(&*change.after), &read(change.before.as_deref().unwrap())));
}

#[test]
fn an_index_that_is_no_index_is_said_to_be_damaged() {
    let repo = two_files();
    let index = repo.root().join(".git/index");
    let whole = std::fs::read(&index).unwrap();
    std::fs::write(&index, &whole[..whole.len() / 2]).unwrap();
    let error = repo.load(Scope::Staged).err().expect("half an index is none");
    assert!(
        error.to_string().ends_with(".git/index is damaged: it announces 3 entries and is too short for them"),
        "{error}"
    );
    std::fs::write(&index, "nonsense").unwrap();
    let error = repo.load(Scope::Staged).err().expect("a text is no index");
    assert!(error.to_string().ends_with("it does not begin with DIRC"), "{error}");

    let env = repo.env().with("GIT_INDEX_FILE", ".git/nowhere");
    let error = Change::load(ScopeRequest::Automatic, repo.root(), &env).err().expect("there is no such index");
    assert!(error.to_string().contains("GIT_INDEX_FILE names"), "{error}");
}

#[test]
fn staged_changes_are_those_of_git_whatever_the_index_remembers() {
    let repo = TestRepo::new();
    for dir in 0..12 {
        for file in 0..4 {
            repo.write(&format!("d{dir}/e{}/f{file}", dir % 3), &format!("{dir} {file}"));
        }
    }
    repo.commit("first");
    // Each step changes more, and what the index remembers of its trees is dropped or filled in between.
    let steps: &[(&str, &str)] = &[
        ("d1/e1/f0", "x"),
        ("d11/e2/new", "x"),
        ("d2", ""),
        ("zz/new/deep/file", "x"),
        ("d1/e1/f0", "y"),
        ("d3/e0", ""),
    ];
    for (at, (path, text)) in steps.iter().enumerate() {
        if text.is_empty() {
            repo.git(&["rm", "-r", "--quiet", path]);
        } else {
            repo.write(path, text).add();
        }
        let names: Vec<String> = changed(&repo.staged()).iter().map(|path| path[1..].to_owned()).collect();
        assert_eq!(names, repo.git_changed(), "after step {at}");
        if at % 2 == 0 {
            repo.git(&["write-tree"]);
        }
        let change = repo.staged();
        let names: Vec<String> = changed(&change).iter().map(|path| path[1..].to_owned()).collect();
        assert_eq!(names, repo.git_changed(), "after step {at}, with the trees remembered");
        let tracked = repo.git(&["ls-tree", "-r", "--name-only", "HEAD"]);
        assert_eq!(files(change.before.as_deref().unwrap()), tracked.lines().collect::<Vec<_>>());
    }
}
