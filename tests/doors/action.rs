//! The GitHub Action's script: the binary it takes, how it deepens a clone, what it hands on.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::forge::{Brings, Forge, Job, Step, binary, ours, source};
use crate::support::{TestRepo, write_executable};

fn script() -> String {
    source().join("hooks/action/run.sh").display().to_string()
}

/// The variable `PATH` with a folder before all others.
fn path_with(dir: &Path) -> String {
    format!("{}:{}", dir.display(), std::env::var("PATH").unwrap())
}

/// Runs the action with the tested binary on the PATH.
fn system<'a>(repo: &'a TestRepo, event: &str, payload: &str) -> Job<'a> {
    let dir = binary().parent().expect("a program lies in a folder");
    Job::new(repo, event, payload).with("PATH", path_with(dir)).with("DRIFTGATE_ACTION_VERSION", "system")
}

fn act(job: &Job<'_>) -> Step {
    job.run(Path::new("sh"), &[&script()])
}

fn depth(repo: &TestRepo) -> usize {
    repo.git(&["rev-list", "--count", "HEAD"]).parse().unwrap()
}

#[test]
fn findings_become_annotations_a_summary_outputs_and_an_exit_code() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 2);
    let step = act(&system(&repo, "pull_request", &forge.event("pull_request")));
    assert_eq!(step.code, 1, "{}\n{}", step.stdout, step.stderr);
    assert_eq!(step.annotations("error").len(), 1);
    assert!(step.summary.contains("missing-migration"));
    assert_eq!(step.output("exit-code"), Some("1"));
    assert_eq!(step.output("findings"), Some("1"));
    let sarif = std::fs::read_to_string(step.output("sarif-file").expect("the report is named")).unwrap();
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "missing-migration");
}

#[test]
fn a_change_with_its_migration_passes() {
    let forge = Forge::with(Brings::SchemaAndMigration);
    let repo = forge.checkout(&forge.merge, 2);
    let step = act(&system(&repo, "pull_request", &forge.event("pull_request")));
    assert_eq!((step.code, step.output("exit-code"), step.output("findings")), (0, Some("0"), Some("0")));
}

#[test]
fn a_pull_request_at_depth_one_is_deepened_by_one_commit() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 1);
    let step = act(&system(&repo, "pull_request", &forge.event("pull_request")));
    assert_eq!(step.code, 1, "{}\n{}", step.stdout, step.stderr);
    assert_eq!(depth(&repo), 3, "the merge and its two parents");
    assert!(step.stderr.contains("git fetch --deepen=1"), "{}", step.stderr);
    assert!(!step.stderr.contains("is not in this clone, which is shallow"), "what was mended is not reported");
    assert_eq!(
        step.summary.matches("missing-migration").count(),
        step.summary.matches("missing-migration").count().min(3)
    );
}

#[test]
fn a_clone_is_deepened_only_where_the_base_is_missing() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 2);
    let before = depth(&repo);
    let step = act(&system(&repo, "pull_request", &forge.event("pull_request")));
    assert_eq!((step.code, depth(&repo)), (1, before));
    assert!(!step.stderr.contains("git fetch"), "{}", step.stderr);
}

#[test]
fn a_merge_group_and_a_new_branch_are_deepened_as_far_as_they_need() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 1);
    let step = act(&system(&repo, "merge_group", &forge.event("merge_group")));
    assert_eq!((step.code, depth(&repo)), (1, 3), "{}\n{}", step.stdout, step.stderr);

    let repo = forge.checkout(&forge.head, 1);
    let step = act(&system(&repo, "push", &forge.event("push_new_branch")));
    assert_eq!(step.code, 1, "{}\n{}", step.stdout, step.stderr);
    assert_eq!(
        repo.git(&["rev-parse", "--is-shallow-repository"]),
        "false",
        "only the whole history has the default branch"
    );
}

#[test]
fn deepening_can_be_forbidden() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 1);
    let job = system(&repo, "pull_request", &forge.event("pull_request")).with("DRIFTGATE_ACTION_DEEPEN", "false");
    let step = act(&job);
    assert_eq!((step.code, step.output("exit-code"), depth(&repo)), (2, Some("2"), 1));
    assert_eq!((step.output("findings"), step.output("sarif-file")), (None, None));
    let [said] = step.annotations("error")[..] else { panic!("{}", step.stdout) };
    assert!(said.starts_with("::error title=driftgate::error: the base commit "), "{said}");
    assert!(said.contains("fetch-depth: 2") && said.ends_with("%0Anothing was checked"), "{said}");
    assert!(!said.contains('\u{1b}'), "colours are for the log: {said}");
}

#[test]
fn a_remote_that_is_gone_leaves_the_message_about_the_base() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 1);
    repo.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    let step = act(&system(&repo, "pull_request", &forge.event("pull_request")));
    assert_eq!(step.code, 2);
    assert!(step.stderr.contains("fetch-depth: 2"), "{}", step.stderr);
}

#[test]
fn other_failures_do_not_deepen() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 1);
    let job = system(&repo, "pull_request_target", &forge.event("pull_request_target"));
    assert_eq!((act(&job).code, depth(&repo)), (2, 1));
}

#[test]
fn inputs_are_options_and_never_commands() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 0);
    let event = forge.event("schedule");
    let from = |from: &str| system(&repo, "workflow_dispatch", &event).with("DRIFTGATE_ACTION_FROM", from);
    assert_eq!(act(&from(&forge.main)).code, 1);
    assert_eq!(act(&from(&forge.main).with("DRIFTGATE_ACTION_FAIL_ON", "never")).code, 0);
    for bad in ["$(touch pwned)", "--staged", "; touch pwned"] {
        assert_eq!(act(&from(bad)).code, 2, "{bad}");
        assert_eq!(act(&from(&forge.main).with("DRIFTGATE_ACTION_PROJECT", bad)).code, 2, "{bad}");
    }
    assert!(!repo.root().join("pwned").exists());
    let step = act(&system(&repo, "workflow_dispatch", &event).with("DRIFTGATE_ACTION_TO", "HEAD"));
    assert_eq!(step.code, 2, "`to` alone says nothing");
}

#[test]
fn a_version_must_look_like_one_and_be_known() {
    let forge = Forge::with(Brings::SchemaAlone);
    let repo = forge.checkout(&forge.merge, 2);
    let with = |version: &str| {
        let job = Job::new(&repo, "pull_request", &forge.event("pull_request"));
        act(&job.with("DRIFTGATE_ACTION_VERSION", version))
    };
    for bad in ["v0.1.0", "0.1", "0.1.0-rc.1", "0.1.0\nx", "0.1.0\n", "../0.1.0", "$(touch pwned)", "1.2.3.4"] {
        let step = with(bad);
        assert_eq!((step.code, step.output("exit-code")), (2, Some("2")), "{bad}");
        assert!(step.stdout.contains("`version` must be latest, X.Y.Z, source or system"), "{bad}: {}", step.stdout);
    }
    let step = with("99999.0.0");
    assert_eq!(step.code, 2);
    assert!(
        step.stdout.contains("no checksum of driftgate-99999.0.0-x86_64-unknown-linux-musl.tar.gz"),
        "{}",
        step.stdout
    );
}

/// The action beside a list of checksums of its own, and a `curl` that hands out an archive with the tested binary.
struct Release {
    dir: tempfile::TempDir,
}

impl Release {
    fn new(checksum: impl Fn(&str) -> String) -> Self {
        let release = Self { dir: tempfile::tempdir().unwrap() };
        let archive = release.file("driftgate-9.8.7-x86_64-unknown-linux-musl.tar.gz");
        let bin = binary().parent().expect("a program lies in a folder");
        let status =
            Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(bin).arg("driftgate").status().unwrap();
        assert!(status.success());
        let sum = Command::new("sha256sum").arg(&archive).output().unwrap();
        let sum = String::from_utf8(sum.stdout).unwrap()[..64].to_owned();
        let line = format!("# releases\n{}  driftgate-9.8.7-x86_64-unknown-linux-musl.tar.gz\n", checksum(&sum));
        std::fs::write(release.file("checksums.txt"), line).unwrap();
        std::fs::write(release.file("run.sh"), ours("hooks/action/run.sh")).unwrap();
        std::fs::create_dir(release.file("bin")).unwrap();
        let curl = format!(
            "#!/bin/sh\nwhile [ $# -gt 1 ]; do if [ \"$1\" = --output ]; then out=$2; fi; shift; done\n\
             echo \"$1\" > '{}'\ncp '{}' \"$out\"\n",
            release.file("url").display(),
            archive.display()
        );
        write_executable(&release.file("bin/curl"), &curl);
        release
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn act(&self, version: &str) -> Step {
        let forge = Forge::with(Brings::SchemaAlone);
        let repo = forge.checkout(&forge.merge, 2);
        let job = Job::new(&repo, "pull_request", &forge.event("pull_request"))
            .with("PATH", path_with(&self.file("bin")))
            .with("DRIFTGATE_ACTION_VERSION", version);
        job.run(Path::new("sh"), &[&self.file("run.sh").display().to_string()])
    }
}

#[test]
fn a_release_is_run_if_its_checksum_is_the_known_one() {
    let release = Release::new(str::to_owned);
    for version in ["9.8.7", "latest"] {
        let step = release.act(version);
        assert_eq!(step.code, 1, "{}\n{}", step.stdout, step.stderr);
        assert_eq!(step.output("findings"), Some("1"));
    }
    let url = std::fs::read_to_string(release.file("url")).unwrap();
    assert!(url.trim_end().ends_with("/v9.8.7/driftgate-9.8.7-x86_64-unknown-linux-musl.tar.gz"), "{url}");
}

#[test]
fn a_release_with_another_checksum_is_not_run() {
    let step = Release::new(|sum| sum.chars().rev().collect()).act("9.8.7");
    assert_eq!((step.code, step.output("exit-code")), (2, Some("2")));
    assert!(step.stdout.contains("was expected"), "{}", step.stdout);
    assert!(step.stdout.contains("Nothing was checked"), "{}", step.stdout);
}

/// Inputs that reach a script as its text, actions that are not pinned, permissions that are too wide: zizmor knows them.
#[test]
fn zizmor_finds_nothing_in_the_action_and_the_workflows() {
    let Some(zizmor) = crate::pre_commit::runner("zizmor") else { return };
    let mut command = Command::new(zizmor);
    command.args(["--offline", "--no-progress", "--persona=pedantic", "action.yml", ".github/workflows"]);
    let output = command.current_dir(source()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
