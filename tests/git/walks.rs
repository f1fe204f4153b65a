//! Walking the history of a branch.

use driftgate::git::{FirstParents, Repository, Snapshot, WalkedCommit};

use crate::support::{TestRepo, text};

fn handle(repo: &TestRepo) -> Repository {
    Repository::open(repo.root(), &repo.env()).expect("the repository can be opened")
}

fn walk(repo: &TestRepo) -> FirstParents {
    handle(repo).first_parents("HEAD").expect("there is a commit")
}

fn told(repo: &TestRepo, step: &WalkedCommit) -> (String, Vec<String>) {
    let changed = handle(repo).changed(step).expect("the trees are there");
    (step.subject.clone(), changed.iter().map(|path| path.path.to_string()).collect())
}

#[test]
fn merged_branches_are_one_step() {
    let repo = TestRepo::new();
    repo.write("a", "1");
    let first = repo.commit("first");
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.write("b", "1");
    repo.commit("topic 1");
    repo.write("c", "1");
    repo.commit("topic 2");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--message", "merge topic", "topic"]);
    repo.write("a", "2");
    repo.commit("last\n\nand why");

    let steps: Vec<WalkedCommit> = walk(&repo).collect::<Result<_, _>>().unwrap();
    let expected = [("last", vec!["a"]), ("merge topic", vec!["b", "c"]), ("first", vec!["a"])];
    let expected =
        expected.map(|(subject, paths)| (subject.to_owned(), paths.into_iter().map(str::to_owned).collect()));
    assert_eq!(steps.iter().map(|step| told(&repo, step)).collect::<Vec<_>>(), expected);
    assert_eq!(steps[2].id.to_string(), first);
    assert_eq!(steps[2].parent, None);
    assert_eq!(steps[0].seconds.to_string(), repo.git(&["log", "-1", "--format=%ct"]));

    assert_eq!(steps[0].author, "A U Thor");

    let handle = handle(&repo);
    let first = handle.snapshot(&steps[2].id, None).unwrap();
    let last = handle.snapshot(&steps[0].id, Some(&first)).unwrap();
    handle.forget();
    assert_eq!((text(&first, "a").as_deref(), text(&last, "a").as_deref()), (Some("1"), Some("2")));
    assert_eq!((first.files().unwrap().len(), last.files().unwrap().len()), (1, 3));
    assert_eq!(text(&last, "c").as_deref(), Some("1"));
    assert!(handle.is_ancestor(&steps[2].id, &steps[0].id).unwrap());
    assert!(!handle.is_ancestor(&steps[0].id, &steps[2].id).unwrap());
}

#[test]
fn a_shallow_clone_ends_where_it_was_cut() {
    let origin = TestRepo::new();
    for step in ["1", "2", "3"] {
        origin.write("a", step);
        origin.commit(step);
    }
    let repo = TestRepo::clone_of(&origin, &["--depth=2"]);
    let mut walk = walk(&repo);
    let steps: Vec<_> = walk.by_ref().map(|step| told(&repo, &step.unwrap())).collect();
    assert_eq!(steps, [("3".to_owned(), vec!["a".to_owned()])], "what the cut commit changed cannot be known");
    assert!(walk.is_cut());
}

#[test]
fn one_handle_gives_every_snapshot() {
    let repo = TestRepo::new();
    repo.write("dir/a", "1");
    repo.commit("first");
    repo.write("dir/a", "2").add();
    repo.write("dir/a", "3");
    let handle = Repository::open(&repo.root().join("dir"), &repo.env()).unwrap();
    assert_eq!(handle.root(), Some(repo.root()));
    assert_eq!(handle.path_of(&repo.root().join("dir/a")).map(|path| path.to_string()).as_deref(), Some("dir/a"));
    assert_eq!(handle.path_of(&repo.beside("elsewhere")), None);
    assert_eq!(text(&*handle.commit("HEAD").unwrap(), "dir/a").as_deref(), Some("1"));
    assert_eq!(text(&*handle.index().unwrap(), "dir/a").as_deref(), Some("2"));
    assert_eq!(text(handle.worktree().unwrap().snapshot(), "dir/a").as_deref(), Some("3"));
    assert!(handle.commit("nowhere").is_err());
}
