//! What several commands do first: load a snapshot, read its policy, find its projects.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::Global;
use super::failure::Failure;
use super::output::Output;
use crate::check;
use crate::check::load::{self, Found};
use crate::git::env::Env;
use crate::git::{Change, Leftover, LeftoverKind, Repository, Scope, ScopeRequest, Snapshot, Worktree};
use crate::policy::{FILE_NAMES, Policy};
use crate::report;
use crate::source::RepoPath;

/// The folder the command runs in.
pub(super) fn cwd() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| {
        Failure::usage(format!("the current folder cannot be told: {error}"), "change into a repository")
    })
}

/// The change of a scope.
pub(super) fn change(scope: Option<Scope>, env: &Env) -> Result<Change, Failure> {
    let request = scope.map_or(ScopeRequest::Automatic, ScopeRequest::Given);
    Ok(Change::load(request, &cwd()?, env)?)
}

/// A state of the repository that `--at` names.
pub(super) enum State {
    /// The index or a commit.
    Held(Box<dyn Snapshot>),
    /// The working directory.
    Worktree(Box<dyn Worktree>),
}

impl State {
    /// The state of that name: `index`, `worktree`, or a commit. A bare repository has no index: its HEAD stands for it.
    pub(super) fn load(at: &str, repository: &Repository) -> Result<Self, Failure> {
        Ok(match at {
            "index" if repository.root().is_none() => Self::Held(repository.commit("HEAD")?),
            "index" => Self::Held(repository.index()?),
            "worktree" => Self::Worktree(repository.worktree()?),
            revision => Self::Held(repository.commit(revision)?),
        })
    }

    /// Its files.
    pub(super) fn snapshot(&self) -> &dyn Snapshot {
        match self {
            Self::Held(snapshot) => &**snapshot,
            Self::Worktree(worktree) => worktree.snapshot(),
        }
    }
}

/// The repository that the command runs in.
pub(super) fn repository(env: &Env) -> Result<Repository, Failure> {
    Ok(Repository::open(&cwd()?, env)?)
}

/// The policy that holds for a snapshot.
pub(super) fn policy(global: &Global, snapshot: &dyn Snapshot) -> Result<Policy, Failure> {
    Ok(match &global.config {
        Some(file) => Policy::load_file(file, snapshot)?,
        None => Policy::load(snapshot)?,
    })
}

/// Says where the working directory has another policy than the index that is judged: it is written, and does not hold.
pub(super) fn tell_policy_left_behind(
    global: &Global,
    worktree: &dyn Worktree,
    output: &Output,
) -> Result<(), Failure> {
    if global.config.is_some() {
        return Ok(());
    }
    let files = FILE_NAMES.map(RepoPath::new);
    for Leftover { path, kind } in worktree.leftovers(&files)?.into_iter().filter(|left| files.contains(&left.path)) {
        let mut help = format!("git add {path}");
        let message = match kind {
            LeftoverKind::Untracked => format!("{path} is not added to git, and does not hold before it is"),
            LeftoverKind::IntentToAdd => format!("{path} is added by name only, and does not hold before it is added"),
            LeftoverKind::Ignored { file, line, pattern } => {
                help = format!(
                    "take line {line} (`{pattern}`) out of {file}, then git add {path}; or leave it and force it:\n  git add -f {path}"
                );
                format!("{path} is ignored by {file}:{line}, and does not hold before it is added to git")
            }
            LeftoverKind::Unstaged => format!("{path} was edited, and the edit does not hold before it is staged"),
            LeftoverKind::UnstagedDeletion => {
                help = format!("git rm {path}");
                format!("{path} was removed, and holds until that is staged")
            }
        };
        output.tell(&report::note(&message, &help, &output.look()));
    }
    Ok(())
}

/// The same for a state that `--at` names: beside a commit or the working directory there is nothing that was left behind.
pub(super) fn tell_policy_beside(
    at: &str,
    global: &Global,
    repository: &Repository,
    output: &Output,
) -> Result<(), Failure> {
    if at == "index" && repository.root().is_some() {
        tell_policy_left_behind(global, &*repository.worktree()?, output)?;
    }
    Ok(())
}

/// The projects of a snapshot, or the one that was asked for.
pub(super) fn projects(global: &Global, policy: &Policy, snapshot: &dyn Snapshot) -> Result<Vec<Found>, Failure> {
    let mut found = load::discover(snapshot, policy)?;
    check::named(global.project.as_deref(), &found)?;
    found.retain(|found| global.project.as_ref().is_none_or(|wanted| found.project.name == *wanted));
    Ok(found)
}

/// The moment of the run, in seconds since 1970-01-01T00:00:00Z; none where the clock stands before that.
pub(super) fn now() -> Option<u64> {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}
