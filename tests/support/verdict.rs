//! What the built program answers in a repository, as its JSON.

use std::process::Command;

use crate::support::TestRepo;

/// The exit code and the report of one call.
pub(crate) fn run(repo: &TestRepo, arguments: &[&str]) -> (i32, serde_json::Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command.args(arguments).args(["--format", "json"]).current_dir(repo.root()).env_clear().envs(repo.env().iter());
    let output = command.output().expect("the program runs");
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code().unwrap_or(-1), json)
}

/// What one finding says.
pub(crate) struct Finding {
    pub(crate) level: String,
    pub(crate) rule: String,
    pub(crate) message: String,
    #[allow(dead_code, reason = "not every test asks how it is mended")]
    pub(crate) help: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.level, self.rule, self.message)
    }
}

/// The findings of everything that was written since the last commit, once it is staged.
pub(crate) fn staged(repo: &TestRepo) -> Vec<Finding> {
    repo.git(&["add", "--all"]);
    let (_, json) = run(repo, &["check", "--staged"]);
    let findings = json["findings"].as_array().unwrap_or_else(|| panic!("no findings: {json:#}"));
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let told = |one| Finding {
        level: text(one, "level"),
        rule: text(one, "rule"),
        message: text(one, "message"),
        help: text(one, "help"),
    };
    findings.iter().map(told).collect()
}
