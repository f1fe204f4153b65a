//! Ranges and states.

use driftgate::git::{GitError, Scope};

use crate::support::{TestRepo, changed, files, text};

/// `main` and `topic`, with a commit each behind a common one.
fn forked() -> (TestRepo, String, String, String) {
    let repo = TestRepo::new();
    repo.write("schema.prisma", "base").write("migrations/1/migration.sql", "1").write("x/y", "y");
    let base = repo.commit("base");
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("schema.prisma", "topic").write("migrations/2/migration.sql", "2");
    let topic = repo.commit("topic");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("migrations/3/migration.sql", "3");
    let main = repo.commit("main");
    repo.git(&["checkout", "--quiet", "topic"]);
    (repo, base, topic, main)
}

#[test]
fn a_branch_is_judged_from_where_it_left_its_base() {
    let (repo, base, topic, main) = forked();
    let change = repo.load(Scope::Base { reference: "main".to_owned() }).unwrap();
    assert_eq!(changed(&change), ["+migrations/2/migration.sql", "~schema.prisma"]);
    assert_eq!(change.resolved_by, "--base main");
    let before = change.before.as_deref().unwrap();
    assert_eq!((before.id(), change.after.id()), (base.clone(), topic.clone()));
    assert_eq!(before.describe(), format!("commit {}", &base[..7]));
    assert_eq!(text(before, "schema.prisma").as_deref(), Some("base"));
    assert_eq!(files(before), ["migrations/1/migration.sql", "schema.prisma", "x/y"]);
    let tip = change.base_tip.as_deref().expect("the base has gone on since");
    assert_eq!(tip.id(), main);
    assert_eq!(files(tip), ["migrations/1/migration.sql", "migrations/3/migration.sql", "schema.prisma", "x/y"]);
    assert!(change.worktree.is_none());
    assert_eq!((change.changed[0].before, change.changed[0].after.is_some()), (None, true));
}

#[test]
fn a_range_names_both_ends() {
    let (repo, base, ..) = forked();
    let range = |from: &str, to: &str| repo.load(Scope::Range { from: from.to_owned(), to: to.to_owned() });
    assert_eq!(changed(&range("main", "topic").unwrap()), ["+migrations/2/migration.sql", "~schema.prisma"]);
    assert_eq!(changed(&range("topic", "main").unwrap()), ["+migrations/3/migration.sql"]);
    assert_eq!(changed(&range("topic", "topic").unwrap()), [""; 0]);
    assert!(range(&base, "topic").unwrap().base_tip.is_none(), "the base is the merge base itself");
    repo.git(&["tag", "--annotate", "--message", "v1", "v1", "main"]);
    assert_eq!(changed(&range("v1", "topic~0").unwrap()).len(), 2);

    let error = range("nowhere", "topic").err().expect("there is no such name");
    assert_eq!(error.to_string(), "no commit is named `nowhere`");
    assert!(matches!(range("main", "--all").err(), Some(GitError::UnknownRevision { .. })));
    assert!(matches!(range("", "topic").err(), Some(GitError::UnknownRevision { .. })));
    assert!(matches!(range("HEAD:schema.prisma", "topic").err(), Some(GitError::UnknownRevision { .. })));
}

#[test]
fn histories_without_a_common_commit_are_not_compared() {
    let (repo, ..) = forked();
    repo.git(&["checkout", "--quiet", "--orphan", "alone"]);
    repo.commit("alone");
    let error = repo.load(Scope::Base { reference: "main".to_owned() }).err().expect("nothing is shared");
    assert_eq!(error.to_string(), "main and HEAD have no common ancestor");
}

#[test]
fn the_whole_state_has_nothing_before_it() {
    let (repo, ..) = forked();
    repo.write("staged", "s").add();
    repo.write("untracked", "u");
    let state = repo.load(Scope::All { at: None }).unwrap();
    assert!(state.before.is_none());
    let expected = ["+migrations/1/migration.sql", "+migrations/2/migration.sql", "+schema.prisma", "+staged", "+x/y"];
    assert_eq!(changed(&state), expected);
    assert_eq!(state.after.id(), "index");
    let state = repo.load(Scope::All { at: Some("main".to_owned()) }).unwrap();
    assert_eq!(
        changed(&state),
        ["+migrations/1/migration.sql", "+migrations/3/migration.sql", "+schema.prisma", "+x/y"]
    );
    assert!(state.worktree.is_none());
}

#[test]
fn long_histories_of_many_folders_differ_as_git_says() {
    let repo = TestRepo::new();
    for dir in 0..10 {
        for file in 0..3 {
            repo.write(&format!("d{dir}/sub-{file}/f"), &format!("{dir} {file}"));
        }
    }
    repo.commit("first");
    for step in 0..6_usize {
        repo.write(&format!("d{step}/sub-0/f"), "changed").write(&format!("d{step}.txt"), "new");
        repo.git(&["rm", "-r", "--quiet", &format!("d{}", 9 - step.min(3))]);
        repo.write(&format!("d{}/back", 9 - step.min(3)), "back");
        repo.commit("step");
    }
    for (from, to) in [("HEAD~6", "HEAD"), ("HEAD~3", "HEAD~1"), ("HEAD~1", "HEAD")] {
        let change = repo.load(Scope::Range { from: from.to_owned(), to: to.to_owned() }).unwrap();
        let names: Vec<String> = changed(&change).iter().map(|path| path[1..].to_owned()).collect();
        let git = repo.git(&["diff", "--no-renames", "--name-only", from, to]);
        assert_eq!(names, git.lines().collect::<Vec<_>>(), "{from}..{to}");
        let tracked = repo.git(&["ls-tree", "-r", "--name-only", from]);
        assert_eq!(files(change.before.as_deref().unwrap()), tracked.lines().collect::<Vec<_>>());
    }
}
