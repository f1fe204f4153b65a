//! `driftgate check` under the events of GitHub Actions: which range, which exit code, what the log and the summary show.

use crate::forge::{Brings, Forge, Job, Step};
use crate::support::TestRepo;

/// The range is named in the last line that `-v` prints.
fn verbose(repo: &TestRepo, event: &str, payload: &str) -> Step {
    Job::new(repo, event, payload).run(crate::forge::binary(), &["check", "--verbose"])
}

#[track_caller]
fn refused(step: &Step) {
    assert_eq!(step.code, 1, "{}\n{}", step.stdout, step.stderr);
    let annotations = step.annotations("error");
    assert_eq!(annotations.len(), 1, "{}", step.stdout);
    assert!(annotations[0].starts_with("::error file=prisma/schema.prisma,line=31,"), "{}", annotations[0]);
    assert!(annotations[0].contains("missing-migration"), "{}", annotations[0]);
    assert!(annotations[0].contains("prisma/schema.prisma:31"), "the log drops properties: {}", annotations[0]);
    assert!(step.stdout.contains("npx prisma migrate dev"), "{}", step.stdout);
    assert!(step.summary.contains("missing-migration"), "{}", step.summary);
    assert!(step.summary.contains("token\\_hash"), "{}", step.summary);
}

#[track_caller]
fn accepted(step: &Step) {
    assert_eq!(step.code, 0, "{}\n{}", step.stdout, step.stderr);
    assert_eq!(step.annotations("error"), Vec::<&str>::new());
    assert!(step.stdout.contains("no findings"), "{}", step.stdout);
}

/// Could not look: exit code 2, and nobody can take it for a pass.
#[track_caller]
fn not_checked(step: &Step, why: &str, help: &str) {
    assert_eq!(step.code, 2, "{}\n{}", step.stdout, step.stderr);
    assert!(step.stderr.contains(why), "{}", step.stderr);
    assert!(step.stderr.contains(help), "{}", step.stderr);
    assert!(step.stderr.to_lowercase().contains("nothing was checked"), "{}", step.stderr);
    assert!(!step.stdout.contains("no findings"), "{}", step.stdout);
}

#[test]
fn a_pull_request_is_judged_with_two_commits() {
    let forge = Forge::with(Brings::SchemaAlone);
    for depth in [2, 0] {
        let repo = forge.checkout(&forge.merge, depth);
        refused(&Job::new(&repo, "pull_request", &forge.event("pull_request")).check());
    }
    let forge = Forge::with(Brings::SchemaAndMigration);
    let repo = forge.checkout(&forge.merge, 2);
    accepted(&Job::new(&repo, "pull_request", &forge.event("pull_request")).check());
}

#[test]
fn a_pull_request_that_only_deletes_is_refused() {
    let forge = Forge::with(Brings::Deletion);
    let repo = forge.checkout(&forge.merge, 2);
    let step = Job::new(&repo, "pull_request", &forge.event("pull_request")).check();
    assert_eq!(step.code, 1, "{}", step.stdout);
    assert!(step.summary.contains("deleted-migration"), "{}", step.summary);
}

#[test]
fn a_pull_request_at_depth_one_is_not_checked_and_says_what_helps() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 1);
    let step = Job::new(&repo, "pull_request", &forge.event("pull_request")).check();
    not_checked(&step, "of pull request #7 is not in this clone", "fetch-depth: 2");
    assert_eq!(step.summary, "");
}

#[test]
fn a_pull_request_target_is_never_judged_by_its_base() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.main, 0);
    let step = Job::new(&repo, "pull_request_target", &forge.event("pull_request_target")).check();
    not_checked(&step, "has the base branch checked out", "--from BASE --to HEAD");
}

#[test]
fn a_merge_group_is_judged_from_its_base() {
    let forge = Forge::with(Brings::SchemaAlone);
    let event = forge.event("merge_group");
    refused(&Job::new(&forge.checkout(&forge.merge, 0), "merge_group", &event).check());
    let step = Job::new(&forge.checkout(&forge.merge, 1), "merge_group", &event).check();
    not_checked(&step, "of the merge group is not in this clone", "fetch-depth: 0");
    let step = Job::new(&forge.checkout(&forge.merge, 0), "merge_group", "{}").check();
    not_checked(&step, "merge_group.base_sha", "--from A --to B");
}

#[test]
fn a_new_branch_is_judged_from_where_it_left_the_default_branch() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.head, 0);
    let step = verbose(&repo, "push", &forge.event("push_new_branch"));
    refused(&step);
    assert!(format!("{}{}", step.stdout, step.stderr).contains("new branch"), "{}\n{}", step.stdout, step.stderr);
    let forge = Forge::with(Brings::SchemaAndMigration);
    accepted(&Job::new(&forge.checkout(&forge.head, 0), "push", &forge.event("push_new_branch")).check());
}

#[test]
fn a_forced_push_whose_old_tip_is_gone_is_judged_from_the_default_branch() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.head, 0);
    refused(&Job::new(&repo, "push", &forge.event("push_force")).check());
}

#[test]
fn a_push_is_judged_from_what_was_there_before() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 0);
    let event =
        forge.event("push").replace(&forge.rewritten, &forge.main).replace("refs/heads/topic", "refs/heads/main");
    refused(&Job::new(&repo, "push", &event).check());
    // What was there before already drifts: this push is not blamed for it.
    let event = event.replace(&format!("\"before\": \"{}\"", forge.main), &format!("\"before\": \"{}\"", forge.head));
    let step = Job::new(&repo, "push", &event).check();
    assert_eq!(step.code, 0, "{}", step.stdout);
}

#[test]
fn a_schedule_judges_the_whole_state() {
    let forge = Forge::with(Brings::SchemaAlone);
    let event = forge.event("schedule");
    accepted(&Job::new(&forge.checkout(&forge.main, 1), "schedule", &event).check());
    let step = verbose(&forge.checkout(&forge.head, 1), "schedule", &event);
    assert_eq!(step.code, 1, "{}", step.stdout);
    assert!(step.summary.contains("drift"), "{}", step.summary);
    assert!(
        format!("{}{}", step.stdout, step.stderr).contains("the state of HEAD"),
        "{}\n{}",
        step.stdout,
        step.stderr
    );
}

#[test]
fn an_event_that_cannot_be_read_is_not_a_pass() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 2);
    not_checked(&Job::new(&repo, "pull_request", "{").check(), "is no JSON", "--from A --to B");
    let job = Job::new(&repo, "pull_request", "{}").with("GITHUB_EVENT_PATH", "/nowhere/event.json");
    not_checked(&job.check(), "cannot be read", "--from A --to B");
}

#[test]
fn a_forced_push_in_a_shallow_clone_asks_for_all_of_it() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.head, 1);
    let step = Job::new(&repo, "push", &forge.event("push_force")).check();
    not_checked(&step, "that was pushed onto is not in this clone", "fetch-depth: 0");
}

/// A tag brings what its commit has and the default branch has not.
#[test]
fn a_tag_is_judged_from_the_default_branch() {
    let forge = Forge::with(Brings::SchemaAlone);
    let event = forge.event("push_new_branch").replace("refs/heads/topic", "refs/tags/v1");
    refused(&Job::new(&forge.checkout(&forge.head, 0), "push", &event).check());
    let step = Job::new(&forge.checkout(&forge.head, 1), "push", &event).check();
    not_checked(&step, "the default branch main is not in this clone", "fetch-depth: 0");
}

#[test]
fn a_branch_that_was_deleted_leaves_the_state_of_the_default_branch() {
    let forge = Forge::with(Brings::SchemaAlone);
    let event = forge.event("push").replace("\"deleted\": false", "\"deleted\": true");
    let step = verbose(&forge.checkout(&forge.main, 1), "push", &event);
    accepted(&step);
    assert!(step.stdout.contains("push event (deletion): the state of HEAD"), "{}", step.stdout);
}

#[test]
fn a_run_by_hand_judges_the_whole_state_and_says_so() {
    let forge = Forge::with(Brings::SchemaAlone);
    for event in ["workflow_dispatch", "workflow_run", "repository_dispatch"] {
        let step = verbose(&forge.checkout(&forge.head, 1), event, "{}");
        assert_eq!(step.code, 1, "{}", step.stdout);
        assert!(step.stdout.contains(&format!("{event} event: the state of HEAD")), "{}", step.stdout);
        accepted(&Job::new(&forge.checkout(&forge.main, 1), event, "{}").check());
    }
}

/// A clone of one commit is a failure with a way out under every event that needs more.
#[test]
fn one_commit_is_never_enough_for_a_range() {
    let forge = Forge::with(Brings::SchemaAlone);
    for (event, payload, commit, depth) in [
        ("pull_request", "pull_request", &forge.merge, 2),
        ("merge_group", "merge_group", &forge.merge, 0),
        ("push", "push", &forge.head, 2),
        ("push", "push_new_branch", &forge.head, 0),
    ] {
        let step = Job::new(&forge.checkout(commit, 1), event, &forge.event(payload)).check();
        not_checked(&step, "not in this clone", &format!("fetch-depth: {depth}"));
    }
}
