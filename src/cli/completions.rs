//! `driftgate completions`

use super::args::CompletionsArgs;
use super::failure::Failure;
use super::output::Output;
use crate::report::Status;

pub(super) fn run(args: &CompletionsArgs, mut command: clap::Command, output: &mut Output) -> Result<Status, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "driftgate", &mut script);
    output.write(&String::from_utf8_lossy(&script))?;
    Ok(Status::Clean)
}
