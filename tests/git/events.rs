//! Which change is meant where nobody says.

use driftgate::git::{Change, Env, GitError, Scope, ScopeRequest};

use crate::support::{TestRepo, changed};

/// A remote whose `main` went on after a branch of two commits left it, and GitHub's test merge of both.
struct Forge {
    remote: TestRepo,
    base: String,
    main: String,
    head: String,
    merge: String,
}

fn forge() -> Forge {
    let remote = TestRepo::new();
    remote.write("schema.prisma", "base").write("x", "x");
    let base = remote.commit("base");
    remote.git(&["checkout", "--quiet", "-b", "topic"]);
    remote.write("schema.prisma", "topic");
    remote.commit("topic 1");
    remote.write("migrations/2/migration.sql", "2");
    let head = remote.commit("topic 2");
    remote.git(&["checkout", "--quiet", "main"]);
    remote.write("migrations/1/migration.sql", "1");
    let main = remote.commit("main");
    remote.git(&["checkout", "--quiet", "--detach"]);
    remote.git(&["merge", "--quiet", "--no-ff", "-m", "test merge", "topic"]);
    let merge = remote.rev("HEAD");
    remote.git(&["update-ref", "refs/pull/7/merge", &merge]);
    remote.git(&["checkout", "--quiet", "main"]);
    remote.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    Forge { remote, base, main, head, merge }
}

impl Forge {
    /// A checkout as actions/checkout makes it: one commit, to a depth, detached; all branches where the depth is 0.
    fn checkout(&self, commit: &str, depth: usize) -> TestRepo {
        let clone = TestRepo::new();
        clone.git(&["remote", "add", "origin", &format!("file://{}", self.remote.root().display())]);
        if depth == 0 {
            clone.git(&["fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*", commit]);
        } else {
            clone.git(&["fetch", "--quiet", &format!("--depth={depth}"), "origin", commit]);
        }
        clone.git(&["checkout", "--quiet", "--detach", commit]);
        clone
    }

    fn pull_request(&self) -> String {
        let (base, head) = (&self.main, &self.head);
        format!(r#"{{"number": 7, "pull_request": {{"base": {{"sha": "{base}"}}, "head": {{"sha": "{head}"}}}}}}"#)
    }
}

fn github(repo: &TestRepo, name: &str, event: &str) -> Env {
    let path = repo.beside("event.json");
    std::fs::write(&path, event).unwrap();
    repo.env().with("GITHUB_ACTIONS", "true").with("GITHUB_EVENT_NAME", name).with("GITHUB_EVENT_PATH", path)
}

fn automatic(repo: &TestRepo, env: &Env) -> Result<Change, GitError> {
    Change::load(ScopeRequest::Automatic, repo.root(), env)
}

const OF_TOPIC: [&str; 2] = ["+migrations/2/migration.sql", "~schema.prisma"];

#[test]
fn a_pull_request_is_what_its_test_merge_brings() {
    let forge = forge();
    for depth in [2, 0] {
        let repo = forge.checkout(&forge.merge, depth);
        let change = automatic(&repo, &github(&repo, "pull_request", &forge.pull_request())).unwrap();
        assert_eq!(changed(&change), OF_TOPIC);
        assert_eq!(change.resolved_by, "pull_request event: HEAD^1 → HEAD");
        assert_eq!(change.before.as_ref().map(|snapshot| snapshot.id()).as_deref(), Some(forge.main.as_str()));
        assert_eq!(change.scope.kind(), "range");
        assert!(change.base_tip.is_none());
    }
}

#[test]
fn a_pull_request_at_depth_one_names_what_is_missing_and_what_gets_it() {
    let forge = forge();
    let repo = forge.checkout(&forge.merge, 1);
    let error = automatic(&repo, &github(&repo, "pull_request", &forge.pull_request())).err().expect("no base");
    let main = &forge.main[..7];
    assert_eq!(
        error.to_string(),
        format!("the base commit {main} of pull request #7 is not in this clone, which is shallow")
    );
    assert_eq!(error.help().as_deref(), Some("set `fetch-depth: 2` on actions/checkout"));
}

#[test]
fn a_pull_request_whose_head_is_checked_out_is_judged_from_the_merge_base() {
    let forge = forge();
    let repo = forge.checkout(&forge.head, 0);
    let env = github(&repo, "pull_request", &forge.pull_request());
    let change = automatic(&repo, &env).unwrap();
    assert_eq!(changed(&change), OF_TOPIC);
    assert_eq!(change.before.as_ref().map(|snapshot| snapshot.id()), Some(forge.base.clone()));
    assert_eq!(change.base_tip.as_ref().map(|snapshot| snapshot.id()), Some(forge.main.clone()));

    let repo = forge.checkout(&forge.head, 2);
    let error = automatic(&repo, &github(&repo, "pull_request", &forge.pull_request())).err().expect("no base");
    assert!(error.to_string().contains("of pull request #7 is not in this clone"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("fetch-depth: 0")));
}

#[test]
fn a_flag_wins_over_every_event() {
    let forge = forge();
    let repo = forge.checkout(&forge.merge, 1);
    let env = github(&repo, "pull_request", &forge.pull_request());
    let change = Change::load(ScopeRequest::Given(Scope::Staged), repo.root(), &env).unwrap();
    assert_eq!((changed(&change), change.resolved_by.as_str()), (Vec::new(), "--staged"));
}

#[test]
fn a_pull_request_target_is_refused() {
    let forge = forge();
    let repo = forge.checkout(&forge.main, 0);
    let error = automatic(&repo, &github(&repo, "pull_request_target", "{}")).err().expect("the base is checked out");
    assert!(error.to_string().contains("has the base branch checked out"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("--from BASE --to HEAD")));
}

#[test]
fn a_merge_group_is_judged_from_its_base() {
    let forge = forge();
    let event = format!(r#"{{"merge_group": {{"base_sha": "{}"}}}}"#, forge.main);
    let repo = forge.checkout(&forge.merge, 0);
    assert_eq!(changed(&automatic(&repo, &github(&repo, "merge_group", &event)).unwrap()), OF_TOPIC);
    let repo = forge.checkout(&forge.merge, 1);
    let error = automatic(&repo, &github(&repo, "merge_group", &event)).err().expect("no base");
    assert!(error.to_string().contains("of the merge group is not in this clone, which is shallow"), "{error}");
    let error = automatic(&repo, &github(&repo, "merge_group", "{}")).err().expect("no base");
    assert_eq!(error.to_string(), "the merge_group event of this job has no `merge_group.base_sha`");
}

#[test]
fn a_push_is_judged_from_what_was_there_before() {
    let forge = forge();
    let push = |before: &str, branch: &str| {
        let repository = r#""repository": {"default_branch": "main"}, "commits": [{}, {}]"#;
        format!(r#"{{"before": "{before}", "after": "{}", "ref": "refs/heads/{branch}", {repository}}}"#, forge.head)
    };
    let repo = forge.checkout(&forge.head, 0);
    let load = |repo: &TestRepo, event: String| automatic(repo, &github(repo, "push", &event));
    let first = repo.rev("HEAD~1");
    assert_eq!(changed(&load(&repo, push(&first, "topic")).unwrap()), ["+migrations/2/migration.sql"]);

    let zero = "0".repeat(40);
    let gone = "1234567".repeat(6)[..40].to_owned();
    for before in [&zero, &gone, &String::new()] {
        let change = load(&repo, push(before, "topic")).unwrap();
        assert_eq!(changed(&change), OF_TOPIC, "from the default branch");
        assert_eq!(change.resolved_by, "push event (new branch): main → HEAD");
    }
    let change = load(&repo, push(&zero, "main")).unwrap();
    assert_eq!(change.scope, Scope::All { at: Some("HEAD".to_owned()) });

    // What runs workflows on a person's own machine may leave it out.
    let error = load(&repo, "{}".to_owned()).err().expect("nothing says what is new");
    assert_eq!(error.to_string(), "the push event of this job has no `before`");

    let shallow = forge.checkout(&forge.head, 1);
    let error = load(&shallow, push(&forge.base, "topic")).err().expect("no base");
    assert!(error.to_string().starts_with("the commit "), "{error}");
    assert!(error.to_string().ends_with("that was pushed onto is not in this clone, which is shallow"), "{error}");
    assert_eq!(error.help().as_deref(), Some("set `fetch-depth: 3` on actions/checkout"));
    let error = load(&shallow, push(&zero, "topic")).err().expect("no default branch");
    assert_eq!(error.to_string(), "the default branch main is not in this clone, which is shallow");
}

#[test]
fn other_events_judge_the_state_of_head() {
    let forge = forge();
    let repo = forge.checkout(&forge.main, 1);
    for name in ["schedule", "workflow_dispatch", "release"] {
        let change = automatic(&repo, &github(&repo, name, "{}")).unwrap();
        assert_eq!(change.scope, Scope::All { at: Some("HEAD".to_owned()) });
        assert_eq!(change.resolved_by, format!("{name} event: the state of HEAD"));
        assert_eq!(changed(&change).len(), 3);
    }
}

#[test]
fn an_event_that_cannot_be_read_is_an_error() {
    let forge = forge();
    let repo = forge.checkout(&forge.merge, 0);
    let env = github(&repo, "pull_request", "not JSON");
    let error = automatic(&repo, &env).err().expect("there is no event");
    assert!(error.to_string().starts_with("the event of this job is no JSON"), "{error}");
    let error = automatic(&repo, &env.with("GITHUB_EVENT_PATH", "/nowhere")).err().expect("there is no event");
    assert!(error.to_string().starts_with("the event of this job cannot be read"), "{error}");
    let env = repo.env().with("GITHUB_ACTIONS", "true").with("GITHUB_EVENT_NAME", "push");
    let error = automatic(&repo, &env).err().expect("there is no event");
    assert_eq!(error.to_string(), "GITHUB_EVENT_NAME is push and GITHUB_EVENT_PATH is not set");
}

#[test]
fn pre_commit_names_a_range_but_not_on_checkouts() {
    let forge = forge();
    let repo = forge.checkout(&forge.head, 0);
    let env = repo.env().with("PRE_COMMIT_FROM_REF", "origin/main").with("PRE_COMMIT_TO_REF", "HEAD");
    let change = automatic(&repo, &env).unwrap();
    assert_eq!(changed(&change), OF_TOPIC);
    assert_eq!(change.resolved_by, "pre-commit: origin/main → HEAD");
    let env_in_ci = env.clone().with("GITHUB_ACTIONS", "true").with("GITHUB_EVENT_NAME", "push");
    assert_eq!(changed(&automatic(&repo, &env_in_ci).unwrap()), OF_TOPIC);
    let change = automatic(&repo, &env.with("PRE_COMMIT_CHECKOUT_TYPE", "1")).unwrap();
    assert_eq!(change.scope, Scope::Staged);

    let env = repo.env().with("PRE_COMMIT_REMOTE_NAME", "origin");
    assert_eq!(automatic(&repo, &env).unwrap().scope, Scope::All { at: Some("HEAD".to_owned()) });
    repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    assert_eq!(changed(&automatic(&repo, &env).unwrap()), OF_TOPIC);

    repo.git(&["checkout", "--quiet", "--orphan", "alone"]);
    repo.commit("alone");
    let env = repo.env().with("PRE_COMMIT_FROM_REF", &forge.base).with("PRE_COMMIT_TO_REF", "HEAD");
    assert_eq!(changed(&automatic(&repo, &env).unwrap()), OF_TOPIC, "compared as they are, as pre-commit does");
}

#[test]
fn merge_requests_of_gitlab() {
    let forge = forge();
    let gitlab = |repo: &TestRepo| repo.env().with("GITLAB_CI", "true").with("CI_MERGE_REQUEST_IID", "9");
    let repo = forge.checkout(&forge.head, 0);
    let env = gitlab(&repo).with("CI_MERGE_REQUEST_DIFF_BASE_SHA", &forge.base);
    let change = automatic(&repo, &env).unwrap();
    assert_eq!(changed(&change), OF_TOPIC);
    assert!(change.base_tip.is_none());
    let change = automatic(&repo, &env.with("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")).unwrap();
    assert_eq!((changed(&change).len(), change.resolved_by.as_str()), (2, "merge request: main → HEAD"));
    assert_eq!(change.base_tip.as_ref().map(|snapshot| snapshot.id()), Some(forge.main.clone()));

    let repo = forge.checkout(&forge.merge, 0);
    let env = gitlab(&repo)
        .with("CI_MERGE_REQUEST_DIFF_BASE_SHA", &forge.base)
        .with("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", &forge.main);
    assert_eq!(changed(&automatic(&repo, &env).unwrap()), OF_TOPIC, "a pipeline of merged results");

    let repo = forge.checkout(&forge.head, 1);
    let env = gitlab(&repo).with("CI_MERGE_REQUEST_DIFF_BASE_SHA", &forge.base);
    let error = automatic(&repo, &env).err().expect("no base");
    let base = &forge.base[..7];
    assert_eq!(
        error.to_string(),
        format!("the base commit {base} of merge request !9 is not in this clone, which is shallow")
    );
    assert_eq!(error.help().as_deref(), Some("set the variable `GIT_DEPTH: \"0\"` on this job"));
}

#[test]
fn branch_pipelines_of_gitlab() {
    let forge = forge();
    let repo = forge.checkout(&forge.head, 0);
    let env = repo.env().with("GITLAB_CI", "true").with("CI_DEFAULT_BRANCH", "main");
    let on = |env: &Env, branch: &str, before: &str| {
        let env = env.clone().with("CI_COMMIT_BRANCH", branch).with("CI_COMMIT_BEFORE_SHA", before);
        automatic(&repo, &env).unwrap()
    };
    assert_eq!(changed(&on(&env, "topic", &repo.rev("HEAD~1"))), ["+migrations/2/migration.sql"]);
    let zero = "0".repeat(40);
    assert_eq!(changed(&on(&env, "topic", &zero)), OF_TOPIC);
    assert_eq!(on(&env, "main", &zero).scope, Scope::All { at: Some("HEAD".to_owned()) });
}

#[test]
fn without_any_of_them_it_is_what_is_staged() {
    let forge = forge();
    let repo = forge.checkout(&forge.head, 0);
    repo.write("x", "staged").add();
    let change = automatic(&repo, &repo.env()).unwrap();
    assert_eq!((changed(&change).as_slice(), change.scope), (["~x".to_owned()].as_slice(), Scope::Staged));
}
