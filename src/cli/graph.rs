//! `driftgate graph`

use super::args::{Global, GraphArgs};
use super::failure::Failure;
use super::output::Output;
use super::session;
use crate::git::env::Env;
use crate::report::{Status, graph};

pub(super) fn run(args: &GraphArgs, global: &Global, env: &Env, output: &mut Output) -> Result<Status, Failure> {
    let state = session::State::load(&args.at, &session::repository(env)?)?;
    let policy = session::policy(global, state.snapshot())?;
    let projects = session::projects(global, &policy, state.snapshot())?;
    if projects.is_empty() {
        output.tell("no project found\n");
    }
    let mut drawn = Vec::new();
    for found in projects {
        let history = found.ecosystem.history(&found.project, state.snapshot())?;
        drawn.push(graph::Drawn { project: found.project, history });
    }
    output.write(&graph::graph(&drawn, args.format, &output.look()))?;
    Ok(Status::Clean)
}
