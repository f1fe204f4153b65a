//! `driftgate graph`

use std::collections::{BTreeMap, BTreeSet};

use super::args::{Global, GraphArgs};
use super::failure::Failure;
use super::output::Output;
use super::session;
use crate::check::load::{self, Found};
use crate::git::env::Env;
use crate::git::{Repository, Snapshot};
use crate::history::History;
use crate::policy::Policy;
use crate::report::graph::Mark;
use crate::report::{self, Status, graph};

pub(super) fn run(args: &GraphArgs, global: &Global, env: &Env, output: &mut Output) -> Result<Status, Failure> {
    let repository = session::repository(env)?;
    let state = session::State::load(&args.at, &repository)?;
    let policy = session::policy(global, state.snapshot())?;
    session::tell_policy_beside(&args.at, global, &repository, output)?;
    let projects = session::projects(global, &policy, state.snapshot())?;
    if projects.is_empty() {
        output.tell(&report::no_project(&output.look()));
    }
    let earlier = Earlier::load(&args.at, &repository, &policy)?;
    let mut drawn = Vec::new();
    for found in &projects {
        let history = found.ecosystem.history(&found.project, state.snapshot())?;
        let marks = earlier.marks((found, &projects), &history)?;
        drawn.push(graph::Drawn { project: found.project.clone(), history, marks });
    }
    output.write(&graph::graph(&drawn, args.format, &output.look()))?;
    Ok(Status::Clean)
}

/// The states that a migration goes through before it is committed, as far as the one that is drawn has them before it.
struct Earlier {
    /// The last commit, where there is one.
    committed: Option<(Box<dyn Snapshot>, Vec<Found>)>,
    /// The index, where the working directory is drawn.
    staged: Option<(Box<dyn Snapshot>, Vec<Found>)>,
}

impl Earlier {
    fn load(at: &str, repository: &Repository, policy: &Policy) -> Result<Self, Failure> {
        let read = |snapshot: Box<dyn Snapshot>| -> Result<_, Failure> {
            let found = load::discover(&*snapshot, policy)?;
            Ok((snapshot, found))
        };
        let before_a_commit = matches!(at, "index" | "worktree") && repository.root().is_some();
        // A repository without a commit has nothing that is newer than anything.
        let head = before_a_commit.then(|| repository.commit("HEAD").ok()).flatten();
        Ok(Self {
            committed: head.map(read).transpose()?,
            staged: if at == "worktree" { Some(read(repository.index()?)?) } else { None },
        })
    }

    /// What is to be said of the migrations of a project.
    fn marks(&self, (found, drawn): (&Found, &[Found]), history: &History) -> Result<BTreeMap<String, Mark>, Failure> {
        let ids = |state: &Option<(Box<dyn Snapshot>, Vec<Found>)>| -> Result<Option<BTreeSet<String>>, Failure> {
            let Some((snapshot, projects)) = state else { return Ok(None) };
            let Some(same) = load::same_project(found, drawn, projects) else { return Ok(Some(BTreeSet::new())) };
            let there = same.ecosystem.history(&same.project, &**snapshot)?;
            Ok(Some(there.migrations.into_iter().map(|migration| migration.id).collect()))
        };
        let (committed, staged) = (ids(&self.committed)?, ids(&self.staged)?);
        let lacks = |ids: &Option<BTreeSet<String>>, id: &str| ids.as_ref().is_some_and(|ids| !ids.contains(id));
        let mark = |id: &str| match (lacks(&staged, id), lacks(&committed, id)) {
            (true, _) => Some(Mark::Untracked),
            (false, true) => Some(Mark::New),
            (false, false) => None,
        };
        let all = history.migrations.iter();
        Ok(all.filter_map(|migration| Some((migration.id.clone(), mark(&migration.id)?))).collect())
    }
}
