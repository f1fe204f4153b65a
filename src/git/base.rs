//! Which change is meant where nobody says: by pre-commit, by the event of a CI job, and else by what is staged.

use serde_json::Value;

use crate::git::Scope;
use crate::git::env::{Env, names};
use crate::git::error::{GitError, shell_word};
use crate::git::repository::Repo;
use crate::git::snapshot::ObjectId;
use crate::git::snapshots::short;

/// The largest event that is read, in bytes. GitHub cuts payloads at 25 MB.
const MAX_EVENT: u64 = 32 * 1024 * 1024;

/// What was found.
pub(crate) struct Resolved {
    /// What to judge.
    pub(crate) scope: Scope,
    /// By which rule, for people.
    pub(crate) by: String,
    /// What to say and do where the base is not in this clone.
    pub(crate) base: Wanted,
}

/// How messages call a base, and what gets it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// `the base commit 1a2b3c4 of pull request #7`; empty where the reference's own name says enough.
    pub(crate) name: String,
    /// What gets it in this very CI; empty for the general advice.
    pub(crate) help: String,
    /// Whether two histories without a common ancestor are compared as they are, as pre-commit does.
    pub(crate) without_merge_base: bool,
}

impl Resolved {
    fn new(scope: Scope, by: impl Into<String>) -> Self {
        Self { scope, by: by.into(), base: Wanted::default() }
    }

    fn range(from: impl Into<String>, to: impl Into<String>, by: impl Into<String>) -> Self {
        Self::new(Scope::Range { from: from.into(), to: to.into() }, by)
    }

    fn state(by: impl Into<String>) -> Self {
        Self::new(Scope::All { at: Some("HEAD".to_owned()) }, by)
    }

    fn wanting(mut self, name: impl Into<String>, help: impl Into<String>) -> Self {
        self.base = Wanted { name: name.into(), help: help.into(), without_merge_base: false };
        self
    }
}

/// Finds the change that the environment means.
///
/// # Errors
/// Where an event is named and cannot be read, where no range follows from it, or where its base is not in this clone.
pub(crate) fn resolve(repo: &Repo, env: &Env) -> Result<Resolved, GitError> {
    if let Some(resolved) = by_pre_commit(repo, env) {
        return Ok(resolved);
    }
    if let Some(resolved) = by_github(repo, env)? {
        return Ok(resolved);
    }
    if let Some(resolved) = by_gitlab(repo, env)? {
        return Ok(resolved);
    }
    Ok(Resolved::new(Scope::Staged, "what is staged"))
}

/// pre-commit sets a range for `--from-ref`/`--to-ref` and on `pre-push`; on `post-checkout` the same variables hold the
/// commits of the checkout. Pushing a first commit leaves them out (`_pre_push_ns` in its `hook_impl.py`).
fn by_pre_commit(repo: &Repo, env: &Env) -> Option<Resolved> {
    if env.get(names::PRE_COMMIT_CHECKOUT_TYPE).is_some() {
        return None;
    }
    if let (Some(from), Some(to)) = (env.get(names::PRE_COMMIT_FROM_REF), env.get(names::PRE_COMMIT_TO_REF)) {
        let mut resolved = Resolved::range(from, to, format!("pre-commit: {from} → {to}"));
        resolved.base.without_merge_base = true;
        return Some(resolved);
    }
    let remote = env.get(names::PRE_COMMIT_REMOTE_NAME)?;
    let by = format!("pre-commit: a first push to {remote}");
    let head = format!("refs/remotes/{remote}/HEAD");
    Some(match repo.resolve(&head) {
        Ok(_) => Resolved::range(head, "HEAD", by),
        Err(_) => Resolved::state(by),
    })
}

fn by_github(repo: &Repo, env: &Env) -> Result<Option<Resolved>, GitError> {
    let (Some(name), Some(_)) = (env.get(names::GITHUB_EVENT_NAME), env.get(names::GITHUB_ACTIONS)) else {
        return Ok(None);
    };
    let event = || read_event(env, name);
    match name {
        "pull_request" => pull_request(repo, &event()?).map(Some),
        "pull_request_target" => Err(GitError::Event {
            message: "a pull_request_target job has the base branch checked out, not the pull request".to_owned(),
            help: "run it on `pull_request`, or fetch the pull request and name both commits: `driftgate check --from BASE --to HEAD`"
                .to_owned(),
        }),
        "merge_group" => {
            let event = event()?;
            let base = text(&event, &["merge_group", "base_sha"], name)?;
            let resolved = Resolved::range(base, "HEAD", format!("merge_group event: {} → HEAD", abbreviated(base)));
            let wanted = format!("the base commit {} of the merge group", abbreviated(base));
            Ok(Some(resolved.wanting(wanted, "set `fetch-depth: 0` on actions/checkout")))
        }
        "push" => push(repo, &event()?).map(Some),
        other => Ok(Some(Resolved::state(format!("{other} event: the state of HEAD")))),
    }
}

/// The event's own file.
fn read_event(env: &Env, name: &str) -> Result<Value, GitError> {
    let help = "GitHub sets GITHUB_EVENT_PATH; without it, name the range: `driftgate check --from A --to B`";
    let refuse = |message: String| GitError::Event { message, help: help.to_owned() };
    let path = env
        .get_os(names::GITHUB_EVENT_PATH)
        .ok_or_else(|| refuse(format!("GITHUB_EVENT_NAME is {name} and GITHUB_EVENT_PATH is not set")))?;
    let file = std::fs::File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (len, file) = file.map_err(|error| refuse(format!("the event of this job cannot be read: {error}")))?;
    if len > MAX_EVENT {
        return Err(refuse(format!("the event of this job has {len} bytes")));
    }
    serde_json::from_reader(std::io::BufReader::new(file))
        .map_err(|error| refuse(format!("the event of this job is no JSON: {error}")))
}

/// A text of an event.
fn text<'a>(event: &'a Value, keys: &[&str], name: &str) -> Result<&'a str, GitError> {
    optional_text(event, keys).ok_or_else(|| missing(keys, name))
}

/// Says that an event lacks a text.
fn missing(keys: &[&str], name: &str) -> GitError {
    GitError::Event {
        message: format!("the {name} event of this job has no `{}`", keys.join(".")),
        help: "name the range: `driftgate check --from A --to B`".to_owned(),
    }
}

fn optional_text<'a>(event: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter().try_fold(event, |value, key| value.get(key))?.as_str().filter(|text| !text.is_empty())
}

/// The first digits of an id that came as text.
fn abbreviated(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

/// The checkout of a pull request is a merge of its head into its base; the first parent is the base as it was then. A
/// job that checks the head out instead is judged from where it left the base.
fn pull_request(repo: &Repo, event: &Value) -> Result<Resolved, GitError> {
    let number = event.get("number").and_then(Value::as_u64);
    let number = number.map_or_else(|| "the pull request".to_owned(), |number| format!("pull request #{number}"));
    let head_id = repo.head()?.ok_or_else(|| GitError::UnknownRevision { name: "HEAD".to_owned(), shallow: false })?;
    let head = repo.commit(&head_id)?;
    let proposed = optional_text(event, &["pull_request", "head", "sha"]).and_then(ObjectId::from_hex);
    if let ([base, other], Some(proposed)) = (head.parents.as_slice(), proposed)
        && *other == proposed
    {
        // Written out: in a shallow clone `HEAD^1` resolves to nothing, and the message should name the commit.
        let resolved = Resolved::range(base.to_string(), "HEAD", "pull_request event: HEAD^1 → HEAD");
        let wanted = format!("the base commit {} of {number}", short(base));
        return Ok(resolved.wanting(wanted, "set `fetch-depth: 2` on actions/checkout"));
    }
    let base = text(event, &["pull_request", "base", "sha"], "pull_request")?;
    let by = format!("pull_request event: {} → HEAD", abbreviated(base));
    let wanted = format!("the base commit {} of {number}", abbreviated(base));
    let help = "check out the merge commit (actions/checkout without `ref:`) with `fetch-depth: 2`, or this commit with `fetch-depth: 0`";
    Ok(Resolved::range(base, "HEAD", by).wanting(wanted, help))
}

fn push(repo: &Repo, event: &Value) -> Result<Resolved, GitError> {
    if event.get("deleted").and_then(Value::as_bool) == Some(true) {
        return Ok(Resolved::state("push event (deletion): the state of HEAD"));
    }
    // Without it there is no telling what is new; a branch that is new has one of zeros.
    if event.get("before").and_then(Value::as_str).is_none() {
        return Err(missing(&["before"], "push"));
    }
    let before = optional_text(event, &["before"]).filter(|id| ObjectId::from_hex(id).is_some_and(|id| !id.is_zero()));
    // As many commits as were pushed, and the one before them. No depth reaches what a forced push took away: with the
    // whole history at hand the branch is judged from the default one.
    let forced = event.get("forced").and_then(Value::as_bool) == Some(true);
    let pushed = event.get("commits").and_then(Value::as_array).map_or(1, |commits| commits.len().max(1));
    let depth = if forced { 0 } else { pushed + 1 };
    let help = format!("set `fetch-depth: {depth}` on actions/checkout");
    if let Some(before) = before {
        let by = format!("push event: {} → HEAD", abbreviated(before));
        let wanted = format!("the commit {} that was pushed onto", abbreviated(before));
        if repo.resolve(before).is_ok() || repo.is_shallow() {
            return Ok(Resolved::range(before, "HEAD", by).wanting(wanted, help));
        }
    }
    let branch = optional_text(event, &["repository", "default_branch"]).unwrap_or("main");
    let pushed = optional_text(event, &["ref"]).unwrap_or_default();
    if pushed.strip_prefix("refs/heads/") == Some(branch) {
        // Nothing to compare the default branch with: it is new, or it was rewritten past what this clone holds.
        return Ok(Resolved::state(format!("push event (new {branch}): the state of HEAD")));
    }
    from_default_branch(repo, branch, "push event (new branch)", "set `fetch-depth: 0` on actions/checkout")
}

/// The tip of the default branch as this clone knows it: the remote's where there is one, else the local one.
pub(crate) fn default_branch(repo: &Repo) -> Option<ObjectId> {
    const NAMES: [&str; 5] = [
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
        "refs/remotes/origin/master",
        "refs/heads/main",
        "refs/heads/master",
    ];
    NAMES.iter().find_map(|name| repo.reference(name))
}

/// From where HEAD left the default branch.
fn from_default_branch(repo: &Repo, branch: &str, what: &str, help: &str) -> Result<Resolved, GitError> {
    let names = [format!("refs/remotes/origin/{branch}"), format!("refs/heads/{branch}")];
    let Some(found) = names.iter().find(|name| repo.resolve(name).is_ok()) else {
        return Err(GitError::MissingBase {
            wanted: format!("the default branch {branch}"),
            shallow: repo.is_shallow(),
            help: format!("{help}, or run `git fetch origin {}`", shell_word(branch)),
        });
    };
    let resolved = Resolved::range(found.as_str(), "HEAD", format!("{what}: {branch} → HEAD"));
    Ok(resolved.wanting(format!("the commit where HEAD left {branch}"), help))
}

fn by_gitlab(repo: &Repo, env: &Env) -> Result<Option<Resolved>, GitError> {
    if env.get(names::GITLAB_CI).is_none() {
        return Ok(None);
    }
    let help = "set the variable `GIT_DEPTH: \"0\"` on this job";
    let number = env.get(names::CI_MERGE_REQUEST_IID).unwrap_or_default();
    let merge_request = |base: &str, of: &str| {
        let by = format!("merge request: {} → HEAD", abbreviated(base));
        let wanted = format!("the {of} {} of merge request !{number}", abbreviated(base));
        Some(Resolved::range(base, "HEAD", by).wanting(wanted, help))
    };
    // Set in pipelines of merged results alone: HEAD is then a merge into exactly this commit.
    if let Some(target) = env.get(names::CI_MERGE_REQUEST_TARGET_BRANCH_SHA) {
        return Ok(merge_request(target, "target commit"));
    }
    if let Some(base) = env.get(names::CI_MERGE_REQUEST_DIFF_BASE_SHA) {
        let branch = env.get(names::CI_MERGE_REQUEST_TARGET_BRANCH_NAME);
        let tip = branch.map(|branch| format!("refs/remotes/origin/{branch}"));
        // The branch's tip has the same merge base, and what was merged there since is known as well.
        if let (Some(tip), Some(branch)) = (tip, branch)
            && let (Ok(tip_id), Ok(base_id), Some(head)) = (repo.resolve(&tip), repo.resolve(base), repo.head()?)
            && repo.merge_base(&tip_id, &head)? == Some(base_id)
        {
            return Ok(Some(Resolved::range(tip, "HEAD", format!("merge request: {branch} → HEAD"))));
        }
        return Ok(merge_request(base, "base commit"));
    }
    let branch = env.get(names::CI_COMMIT_BRANCH);
    let default = env.get(names::CI_DEFAULT_BRANCH).unwrap_or("main");
    let before = env.get(names::CI_COMMIT_BEFORE_SHA);
    match before.filter(|id| ObjectId::from_hex(id).is_some_and(|id| !id.is_zero())) {
        Some(before) if repo.resolve(before).is_ok() || repo.is_shallow() => {
            let by = format!("branch pipeline: {} → HEAD", abbreviated(before));
            let wanted = format!("the commit {} that was pushed onto", abbreviated(before));
            Ok(Some(Resolved::range(before, "HEAD", by).wanting(wanted, help)))
        }
        _ if branch.is_some_and(|branch| branch != default) => {
            from_default_branch(repo, default, "branch pipeline (new branch)", help).map(Some)
        }
        _ => Ok(Some(Resolved::state("pipeline without a range: the state of HEAD"))),
    }
}
