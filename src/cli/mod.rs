//! The command line: one file per command. This room parses, asks the others, prints, and decides the exit code.

mod args;
mod check;
mod completions;
mod diff;
mod explain;
mod failure;
mod graph;
mod history;
mod init;
mod install;
mod man;
mod output;
mod rules;
mod session;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use self::args::{Cli, Command};
use self::failure::Failure;
use self::output::Output;
use crate::git::env::Env;
use crate::report::Status;

/// Runs one command line, program name first, and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = args::with_default_command(arguments.into_iter().collect());
    let env = Env::of_process();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, to standard output and with success.
            let failed = error.use_stderr();
            let written = usage::print(&usage::explain(error), output::terminal_width());
            let lost = matches!(&written, Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe);
            return if failed || lost { Status::Failed.into() } else { Status::Clean.into() };
        }
    };
    let mut output = Output::new(&cli.global, &env);
    let result = match &cli.command {
        Command::Check(args) => check::run(args, &cli.global, &env, &mut output),
        Command::Diff(args) => diff::run(args, &cli.global, &env, &mut output),
        Command::Graph(args) => graph::run(args, &cli.global, &env, &mut output),
        Command::History(args) => history::run(args, &cli.global, &env, &mut output),
        Command::Init(args) => init::run(args, &cli.global, &env, &mut output),
        Command::Install(args) => install::install(args, &env, &mut output),
        Command::Uninstall => install::uninstall(&env, &mut output),
        Command::Rules(args) => rules::run(args, &mut output),
        Command::Explain(args) => explain::run(args, &mut output),
        Command::Completions(args) => completions::run(args, Cli::command(), &mut output),
        Command::Man(args) => man::run(args, Cli::command(), &mut output),
    };
    match result.and_then(|status| output.finish().map(|()| status).map_err(Failure::from)) {
        Ok(status) => status.into(),
        Err(failure) => {
            output.failure(&failure);
            Status::Failed.into()
        }
    }
}

/// Says that a panic is a bug and that nothing was checked. For the binary, which ends with it.
pub fn panicked(message: &str) -> ExitCode {
    output::panicked(message);
    Status::Failed.into()
}
