//! `driftgate man`

use super::args::ManArgs;
use super::failure::Failure;
use super::output::Output;
use crate::report::Status;

pub(super) fn run(args: &ManArgs, command: clap::Command, output: &mut Output) -> Result<Status, Failure> {
    if let Some(dir) = &args.dir {
        clap_mangen::generate_to(command, dir).map_err(|error| Failure::Write { path: dir.clone(), error })?;
        return Ok(Status::Clean);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    output.write(&String::from_utf8_lossy(&page))?;
    Ok(Status::Clean)
}
