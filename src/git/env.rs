//! The process's environment as a value, and the names of every variable that this room reads.
//!
//! Nothing in this room asks the process for a variable: it is handed an [`Env`]. So a test states the whole
//! environment, and a CI job that runs the tests cannot leak its own event into them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// The names of the variables.
pub mod names {
    /// Git's directory, as git exports it to hooks of linked worktrees and of bare repositories.
    pub const GIT_DIR: &str = "GIT_DIR";
    /// The root of the working directory.
    pub const GIT_WORK_TREE: &str = "GIT_WORK_TREE";
    /// The index that is being committed: `index.lock` under `git commit -a`, `next-index-PID.lock` under `git commit -- path`.
    pub const GIT_INDEX_FILE: &str = "GIT_INDEX_FILE";
    /// Where new objects lie: the quarantine of a push, in `pre-receive` and `update`.
    pub const GIT_OBJECT_DIRECTORY: &str = "GIT_OBJECT_DIRECTORY";
    /// Further object directories.
    pub const GIT_ALTERNATE_OBJECT_DIRECTORIES: &str = "GIT_ALTERNATE_OBJECT_DIRECTORIES";
    /// Folders above which no repository is looked for.
    pub const GIT_CEILING_DIRECTORIES: &str = "GIT_CEILING_DIRECTORIES";
    /// How git is told to take no locks for refreshing the index.
    pub const GIT_OPTIONAL_LOCKS: &str = "GIT_OPTIONAL_LOCKS";
    /// How git is told never to ask for a password.
    pub const GIT_TERMINAL_PROMPT: &str = "GIT_TERMINAL_PROMPT";
    /// The locale, for git's messages.
    pub const LC_ALL: &str = "LC_ALL";
    /// The home folder, for the default of `core.excludesFile`.
    pub const HOME: &str = "HOME";
    /// The configuration folder, for the default of `core.excludesFile`.
    pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";

    /// Set by pre-commit with a range, and on `post-checkout` where it means something else.
    pub const PRE_COMMIT_FROM_REF: &str = "PRE_COMMIT_FROM_REF";
    /// The other end of [`PRE_COMMIT_FROM_REF`].
    pub const PRE_COMMIT_TO_REF: &str = "PRE_COMMIT_TO_REF";
    /// Set by pre-commit on `post-checkout` alone.
    pub const PRE_COMMIT_CHECKOUT_TYPE: &str = "PRE_COMMIT_CHECKOUT_TYPE";
    /// Set by pre-commit on `pre-push` alone: the remote's name.
    pub const PRE_COMMIT_REMOTE_NAME: &str = "PRE_COMMIT_REMOTE_NAME";

    /// `true` in GitHub Actions.
    pub const GITHUB_ACTIONS: &str = "GITHUB_ACTIONS";
    /// The event's name.
    pub const GITHUB_EVENT_NAME: &str = "GITHUB_EVENT_NAME";
    /// The file with the event.
    pub const GITHUB_EVENT_PATH: &str = "GITHUB_EVENT_PATH";

    /// `true` in GitLab CI.
    pub const GITLAB_CI: &str = "GITLAB_CI";
    /// GitLab: the merge base of the merge request.
    pub const CI_MERGE_REQUEST_DIFF_BASE_SHA: &str = "CI_MERGE_REQUEST_DIFF_BASE_SHA";
    /// GitLab: the tip of the target branch; set in pipelines of merged results alone.
    pub const CI_MERGE_REQUEST_TARGET_BRANCH_SHA: &str = "CI_MERGE_REQUEST_TARGET_BRANCH_SHA";
    /// GitLab: the target branch.
    pub const CI_MERGE_REQUEST_TARGET_BRANCH_NAME: &str = "CI_MERGE_REQUEST_TARGET_BRANCH_NAME";
    /// GitLab: the merge request's number.
    pub const CI_MERGE_REQUEST_IID: &str = "CI_MERGE_REQUEST_IID";
    /// GitLab: the commit before a push; all zeros for new branches.
    pub const CI_COMMIT_BEFORE_SHA: &str = "CI_COMMIT_BEFORE_SHA";
    /// GitLab: the branch of a branch pipeline.
    pub const CI_COMMIT_BRANCH: &str = "CI_COMMIT_BRANCH";
    /// GitLab: the default branch.
    pub const CI_DEFAULT_BRANCH: &str = "CI_DEFAULT_BRANCH";
}

/// Environment variables, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Env {
    variables: BTreeMap<OsString, OsString>,
}

impl Env {
    /// The process's own.
    pub fn of_process() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// Exactly these.
    pub fn new<N: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Self { variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// A variable's value; an empty one counts as unset.
    pub fn get_os(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable's value as text; none where it is unset, empty or not UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_os(name).and_then(OsStr::to_str)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}
