//! Every sort of repository: read as any other, or refused with what to do.

use driftgate::git::{Change, FileText, GitError, Scope, ScopeRequest};
use driftgate::source::RepoPath;

use crate::support::{TestRepo, changed, files, leftovers, text};

/// One commit, then a staged edit, a staged new file and an untracked one.
fn fill(repo: &TestRepo) {
    repo.write("app/schema.prisma", "old")
        .write("app/migrations/1/migration.sql", "1")
        .write("web/x", "x")
        .write("empty", "");
    repo.commit("first");
    repo.write("app/schema.prisma", "new")
        .write("app/migrations/2/migration.sql", "2")
        .write("app/also-empty", "")
        .add();
    repo.write("app/migrations/3/migration.sql", "3");
}

/// What every sort of repository must say after [`fill`].
fn assert_filled(repo: &TestRepo) {
    let change = repo.staged();
    assert_eq!(changed(&change), ["+app/also-empty", "+app/migrations/2/migration.sql", "~app/schema.prisma"]);
    assert_eq!(text(&*change.after, "app/schema.prisma").as_deref(), Some("new"));
    let before = change.before.as_deref().unwrap();
    assert_eq!(text(before, "app/schema.prisma").as_deref(), Some("old"));
    assert_eq!(files(before), ["app/migrations/1/migration.sql", "app/schema.prisma", "empty", "web/x"]);
    assert_eq!(files(&*change.after).len(), 6);
    assert_eq!(leftovers(&change, &["app"]), ["app/migrations/3/migration.sql: untracked"]);

    repo.git(&["commit", "--quiet", "--message", "second"]);
    let range = repo.load(Scope::Range { from: "HEAD~1".to_owned(), to: "HEAD".to_owned() }).unwrap();
    assert_eq!(changed(&range), ["+app/also-empty", "+app/migrations/2/migration.sql", "~app/schema.prisma"]);
    assert!(range.base_tip.is_none());
}

#[test]
fn sha1() {
    let repo = TestRepo::new();
    fill(&repo);
    assert_filled(&repo);
}

#[test]
fn sha256() {
    let repo = TestRepo::init(&["--object-format=sha256"]);
    fill(&repo);
    assert_filled(&repo);
}

#[test]
fn reftable() {
    let repo = TestRepo::init(&["--ref-format=reftable"]);
    assert_eq!(changed(&repo.staged()), [""; 0], "before the first commit");
    fill(&repo);
    assert_filled(&repo);
}

#[test]
fn extensions_that_only_git_knows() {
    let repo = TestRepo::new();
    fill(&repo);
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.partialClone", "origin"]);
    assert_filled(&repo);
}

#[test]
fn split_index() {
    let repo = TestRepo::new();
    fill(&repo);
    repo.git(&["update-index", "--split-index"]);
    assert_filled(&repo);
}

#[test]
fn split_index_with_an_announced_name() {
    let repo = TestRepo::new();
    fill(&repo);
    repo.git(&["add", "--intent-to-add", "app/migrations/3/migration.sql"]);
    repo.git(&["update-index", "--split-index"]);
    let change = repo.staged();
    assert_eq!(changed(&change), ["+app/also-empty", "+app/migrations/2/migration.sql", "~app/schema.prisma"]);
    assert_eq!(leftovers(&change, &["app"]), ["app/migrations/3/migration.sql: intent to add"]);
}

#[test]
fn index_of_every_version() {
    for version in ["2", "3", "4"] {
        let repo = TestRepo::new();
        fill(&repo);
        repo.git(&["update-index", "--index-version", version]);
        assert_filled(&repo);
    }
}

#[test]
fn sparse_index_and_sparse_checkout() {
    for index in ["--sparse-index", "--no-sparse-index"] {
        let repo = TestRepo::new();
        repo.write("app/schema.prisma", "old").write("web/deep/x", "x").write("web/y", "y").write("docs/z", "z");
        repo.commit("first");
        repo.git(&["sparse-checkout", "set", "--cone", index, "app"]);
        assert!(!repo.root().join("web/deep/x").exists());
        repo.write("app/schema.prisma", "new").add();
        let change = repo.staged();
        assert_eq!(changed(&change), ["~app/schema.prisma"], "{index}");
        assert_eq!(files(&*change.after), ["app/schema.prisma", "docs/z", "web/deep/x", "web/y"]);
        assert_eq!(text(&*change.after, "web/deep/x").as_deref(), Some("x"));
        assert_eq!(leftovers(&change, &[""]), [""; 0], "what is left out is not deleted");
        let worktree = repo.load(Scope::Worktree).unwrap();
        assert_eq!(changed(&worktree), ["~app/schema.prisma"]);
        assert_eq!(text(&*worktree.after, "web/deep/x").as_deref(), Some("x"));
    }
}

#[test]
fn partial_clone_fetches_what_it_lacks() {
    let origin = TestRepo::new();
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    origin.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    origin.write("schema.prisma", "first");
    origin.commit("first");
    origin.write("schema.prisma", "second");
    origin.commit("second");
    let repo = TestRepo::clone_of(&origin, &["--filter=blob:none"]);
    let range = || repo.load(Scope::Range { from: "HEAD~1".to_owned(), to: "HEAD".to_owned() }).unwrap();
    assert_eq!(changed(&range()), ["~schema.prisma"]);
    assert_eq!(text(range().before.as_deref().unwrap(), "schema.prisma").as_deref(), Some("first"));

    let cut_off = TestRepo::clone_of(&origin, &["--filter=blob:none"]);
    cut_off.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    let range = cut_off.load(Scope::Range { from: "HEAD~1".to_owned(), to: "HEAD".to_owned() }).unwrap();
    let read = range.before.as_deref().unwrap().read(&RepoPath::new("schema.prisma"));
    let error = read.expect_err("what cannot be fetched is not absent");
    assert!(error.to_string().contains("is not in this clone"), "{error}");
}

#[test]
fn shallow_clone_never_takes_its_edge_for_the_root() {
    let origin = TestRepo::new();
    origin.write("schema.prisma", "first");
    origin.commit("first");
    origin.git(&["checkout", "--quiet", "-b", "topic"]);
    origin.write("schema.prisma", "second");
    origin.commit("second");
    let repo = TestRepo::clone_of(&origin, &["--depth=1", "--no-single-branch"]);
    let error = repo.load(Scope::Base { reference: "origin/main".to_owned() }).err().expect("the base is missing");
    assert_eq!(error.to_string(), "origin/main and HEAD have no common ancestor in this clone, which is shallow");
    assert!(error.help().is_some_and(|help| help.contains("git fetch --deepen")), "{:?}", error.help());
    let error = repo.load(Scope::Range { from: "HEAD~1".to_owned(), to: "HEAD".to_owned() }).err();
    let error = error.expect("the parent is missing");
    assert_eq!(error.to_string(), "no commit is named `HEAD~1` in this clone, which is shallow");

    repo.git(&["fetch", "--quiet", "--deepen=1"]);
    let change = repo.load(Scope::Base { reference: "origin/main".to_owned() }).unwrap();
    assert_eq!(changed(&change), ["~schema.prisma"]);
}

#[test]
fn alternates() {
    let origin = TestRepo::new();
    origin.write("schema.prisma", "first");
    origin.commit("first");
    let repo = TestRepo::clone_of(&origin, &["--shared"]);
    repo.write("schema.prisma", "second").add();
    let change = repo.staged();
    assert_eq!(text(change.before.as_deref().unwrap(), "schema.prisma").as_deref(), Some("first"));
}

#[test]
fn objects_of_a_push_lie_in_quarantine() {
    let repo = TestRepo::new();
    repo.write("schema.prisma", "first");
    repo.commit("first");
    // As `git receive-pack` does: new objects in a folder of their own, the old ones behind it.
    let quarantine = repo.beside("quarantine");
    std::fs::create_dir(&quarantine).unwrap();
    let objects = repo.root().join(".git/objects").display().to_string();
    let mut pushed = repo;
    pushed.set("GIT_OBJECT_DIRECTORY", quarantine.display().to_string());
    pushed.set("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects);
    pushed.write("schema.prisma", "second").add();
    let tree = pushed.git(&["write-tree"]);
    let commit = pushed.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "second"]);
    let change = pushed.load(Scope::Range { from: "HEAD".to_owned(), to: commit }).unwrap();
    assert_eq!(changed(&change), ["~schema.prisma"]);
    assert_eq!(text(&*change.after, "schema.prisma").as_deref(), Some("second"));
}

#[test]
fn submodules_and_links_are_entries_and_never_entered() {
    let inner = TestRepo::new();
    inner.write("schema.prisma", "inner");
    inner.commit("inner");
    let repo = TestRepo::new();
    repo.write("a", "a");
    repo.commit("first");
    repo.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "--quiet",
        inner.root().to_str().unwrap(),
        "vendor",
    ]);
    std::os::unix::fs::symlink("/etc/passwd", repo.root().join("schema.prisma")).unwrap();
    repo.add();
    let change = repo.staged();
    assert_eq!(changed(&change), ["+.gitmodules", "+schema.prisma", "+vendor"]);
    for path in ["schema.prisma", "vendor"] {
        let read = change.after.read(&RepoPath::new(path)).unwrap();
        assert!(matches!(read, FileText::Unreadable(_)), "{path}");
    }
    assert_eq!(text(&*change.after, "vendor/schema.prisma"), None);
    std::fs::write(repo.root().join("vendor/schema.prisma"), "edited").unwrap();
    repo.git_in(&repo.root().join("vendor"), &["add", "--all"]);
    let inside = Change::load(ScopeRequest::Automatic, &repo.root().join("vendor"), &repo.env()).unwrap();
    assert_eq!(changed(&inside), ["~schema.prisma"], "a submodule is a repository of its own");
    std::fs::write(repo.root().join("vendor/new"), "x").unwrap();
    assert_eq!(leftovers(&change, &["", "vendor"]), [""; 0]);
}

#[test]
fn bare_repositories_have_ranges_alone() {
    let origin = TestRepo::new();
    origin.write("schema.prisma", "first");
    origin.commit("first");
    origin.write("schema.prisma", "second");
    origin.commit("second");
    let repo = TestRepo::clone_of(&origin, &["--bare"]);
    let range = repo.load(Scope::Range { from: "HEAD~1".to_owned(), to: "HEAD".to_owned() }).unwrap();
    assert_eq!(changed(&range), ["~schema.prisma"]);
    assert!(range.worktree.is_none());
    let state = repo.load(Scope::All { at: Some("HEAD".to_owned()) }).unwrap();
    assert_eq!(changed(&state), ["+schema.prisma"]);
    for scope in [Scope::Staged, Scope::Worktree, Scope::All { at: None }] {
        let error = repo.load(scope).err().expect("there is nothing to look at");
        assert!(matches!(error, GitError::Bare { .. }), "{error}");
        assert!(error.help().is_some_and(|help| help.contains("--at REV")));
    }
}

#[test]
fn git_dir_and_work_tree_may_be_named() {
    let repo = TestRepo::new();
    fill(&repo);
    let elsewhere = repo.beside("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let env = repo.env().with("GIT_DIR", repo.root().join(".git")).with("GIT_WORK_TREE", repo.root());
    let change = Change::load(ScopeRequest::Automatic, &elsewhere, &env).unwrap();
    assert_eq!(leftovers(&change, &["app"]), ["app/migrations/3/migration.sql: untracked"]);
    // A hook that changed its folder keeps the relative name that git gave it.
    let env = repo.env().with("GIT_DIR", ".git").with("GIT_INDEX_FILE", ".git/index");
    let change = Change::load(ScopeRequest::Automatic, &repo.root().join("app/migrations"), &env).unwrap();
    assert_eq!(leftovers(&change, &["app"]), ["app/migrations/3/migration.sql: untracked"]);
}

#[test]
fn outside_of_repositories_it_says_so() {
    let repo = TestRepo::new();
    let nowhere = repo.beside("nowhere");
    std::fs::create_dir(&nowhere).unwrap();
    let env = repo.env().with("GIT_CEILING_DIRECTORIES", nowhere.parent().unwrap());
    let error = Change::load(ScopeRequest::Automatic, &nowhere, &env).err().expect("there is no repository");
    assert!(matches!(error, GitError::NotARepository { .. }), "{error}");
}

#[test]
fn without_an_installed_git_what_only_git_reads_is_named() {
    let repo = TestRepo::init(&["--ref-format=reftable"]);
    fill(&repo);
    let env = repo.env().with("PATH", "/nowhere");
    let error = Change::load(ScopeRequest::Automatic, repo.root(), &env).err().expect("nothing can read it");
    assert!(error.to_string().contains("no git was found on the PATH"), "{error}");

    let repo = TestRepo::new();
    fill(&repo);
    repo.git(&["update-index", "--split-index"]);
    let env = repo.env().with("PATH", "/nowhere");
    let error = Change::load(ScopeRequest::Automatic, repo.root(), &env).err().expect("nothing can read it");
    assert_eq!(
        error.to_string(),
        "the repository cannot be read: it is a split index, which only git reads, and no git was found on the PATH"
    );

    let repo = TestRepo::new();
    fill(&repo);
    let env = repo.env().with("PATH", "/nowhere");
    let change = Change::load(ScopeRequest::Automatic, repo.root(), &env).unwrap();
    assert_eq!(changed(&change).len(), 3, "an ordinary repository needs none");
    assert_eq!(leftovers(&change, &["app"]), ["app/migrations/3/migration.sql: untracked"]);
}

#[test]
fn a_repository_of_another_user_is_refused_with_gits_own_way_out() {
    let repo = TestRepo::init(&["--ref-format=reftable"]);
    fill(&repo);
    // The switch that git's own tests use; libgit2 does not know it, so a repository that needs git is taken.
    let env = repo.env().with("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let error = Change::load(ScopeRequest::Automatic, repo.root(), &env).err().expect("git refuses it");
    assert_eq!(error.help(), Some(format!("git config --global --add safe.directory {}", repo.root().display())));
}

#[test]
fn missing_objects_are_never_taken_for_missing_files() {
    let repo = TestRepo::new();
    fill(&repo);
    let id = repo.git(&["rev-parse", ":app/schema.prisma"]);
    std::fs::remove_file(repo.root().join(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    let change = repo.staged();
    let error = change.after.read(&RepoPath::new("app/schema.prisma")).expect_err("the blob is gone");
    assert!(error.to_string().starts_with(&format!("the blob {id} is not in this clone")), "{error}");
}
