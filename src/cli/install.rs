//! `driftgate install` and `driftgate uninstall`

use std::fmt::Write as _;

use super::args::InstallArgs;
use super::failure::Failure;
use super::output::Output;
use super::session;
use crate::git::env::Env;
use crate::git::hooks::{self, InstallAction, InstallOutcome, InstallRequest, Snippet, UninstallAction};
use crate::report::Status;

pub(super) fn install(args: &InstallArgs, env: &Env, output: &mut Output) -> Result<Status, Failure> {
    let binary = std::env::current_exe().map_err(|error| {
        Failure::usage(format!("this program's own path cannot be told: {error}"), "start it by its path")
    })?;
    let request =
        InstallRequest { hooks: args.hooks.clone(), binary, raw: args.raw, allow_missing: args.allow_missing };
    let text = match hooks::install(&session::cwd()?, env, &request)? {
        InstallOutcome::Managed(snippet) => managed(&snippet),
        InstallOutcome::Installed { hooks, .. } => {
            let mut text = String::new();
            for installed in hooks {
                let path = installed.path.display();
                let _ = match installed.action {
                    InstallAction::Created => writeln!(text, "wrote {path}"),
                    InstallAction::Updated => writeln!(text, "updated {path}"),
                    InstallAction::Unchanged => writeln!(text, "{path} is up to date"),
                    InstallAction::Chained { legacy } => {
                        writeln!(text, "wrote {path}; the hook that was there runs first, from {}", legacy.display())
                    }
                };
            }
            text
        }
    };
    output.write(&text)?;
    Ok(Status::Clean)
}

fn managed(snippet: &Snippet) -> String {
    let mut text = format!(
        "hooks of this repository are run by {}; nothing was written. Add to {}:\n\n{}\n",
        snippet.manager.name(),
        snippet.file,
        snippet.text.trim_end()
    );
    if let Some(then) = &snippet.then {
        let _ = writeln!(text, "\nthen run: {then}");
    }
    text.push_str("\n(`driftgate install --raw` writes git hooks all the same)\n");
    text
}

pub(super) fn uninstall(env: &Env, output: &mut Output) -> Result<Status, Failure> {
    let mut text = String::new();
    for hook in hooks::uninstall(&session::cwd()?, env)? {
        let path = hook.path.display();
        let _ = match hook.action {
            UninstallAction::Removed => writeln!(text, "removed {path}"),
            UninstallAction::Restored => writeln!(text, "put back the hook that was at {path} before"),
            UninstallAction::Foreign => writeln!(text, "left {path} alone: it is not driftgate's"),
        };
    }
    if text.is_empty() {
        text.push_str("no hook of driftgate's is installed\n");
    }
    output.write(&text)?;
    Ok(Status::Clean)
}
