//! `driftgate install` and `driftgate uninstall`

use std::fmt::Write as _;
use std::path::PathBuf;

use super::args::InstallArgs;
use super::failure::Failure;
use super::output::Output;
use super::session;
use crate::git::env::Env;
use crate::git::hooks::{
    self, InstallAction, InstallOutcome, InstallPlan, InstallRequest, InstalledHook, Snippet, UninstallAction,
};
use crate::report::Status;

pub(super) fn install(args: &InstallArgs, env: &Env, output: &mut Output) -> Result<Status, Failure> {
    let binary = std::env::current_exe().map_err(|error| {
        Failure::usage(format!("this program's own path cannot be told: {error}"), "start it by its path")
    })?;
    let request =
        InstallRequest { hooks: args.hooks.clone(), binary, raw: args.raw, allow_missing: args.allow_missing };
    if args.print {
        return print(&hooks::plan(&session::cwd()?, env, &request)?, output);
    }
    let text = match hooks::install(&session::cwd()?, env, &request)? {
        InstallOutcome::Managed(snippet) => managed(&snippet),
        InstallOutcome::Installed { hooks, swept, .. } => {
            let mut text = self::swept(&swept);
            for installed in &hooks {
                let _ = writeln!(text, "{}", done(installed));
            }
            text
        }
    };
    output.write(&text)?;
    Ok(Status::Clean)
}

/// The hooks to standard output, as they would be written; what would happen to which file to standard error.
fn print(plan: &InstallPlan, output: &mut Output) -> Result<Status, Failure> {
    match plan {
        InstallPlan::Managed(snippet) => output.write(&managed(snippet))?,
        InstallPlan::Hooks { hooks, .. } => {
            for (number, planned) in hooks.iter().enumerate() {
                output.write(if number == 0 { "" } else { "\n" })?;
                output.write(&planned.script)?;
            }
            for planned in hooks {
                output.tell(&format!("{}\n", would(&planned.hook)));
            }
        }
    }
    Ok(Status::Clean)
}

/// What happened to a hook's file.
fn done(installed: &InstalledHook) -> String {
    let path = installed.path.display();
    match &installed.action {
        InstallAction::Created => format!("wrote {path}"),
        InstallAction::Updated => format!("updated {path}"),
        InstallAction::Unchanged => format!("{path} is up to date"),
        InstallAction::Chained { legacy } => {
            format!("wrote {path}; the hook that was there runs first, from {}", legacy.display())
        }
    }
}

/// What would happen to it.
fn would(planned: &InstalledHook) -> String {
    let path = planned.path.display();
    match &planned.action {
        InstallAction::Created => format!("would write {path}"),
        InstallAction::Updated => format!("would update {path}"),
        InstallAction::Unchanged => format!("{path} is up to date"),
        InstallAction::Chained { legacy } => {
            format!("would write {path}; the hook that is there would run first, from {}", legacy.display())
        }
    }
}

/// What installations that were cut short had left, and is gone now.
fn swept(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| format!("removed {}, left by an installation that was cut short\n", path.display()))
        .collect()
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
    let done = hooks::uninstall(&session::cwd()?, env)?;
    let mut text = swept(&done.swept);
    for hook in &done.hooks {
        let path = hook.path.display();
        let _ = match hook.action {
            UninstallAction::Removed => writeln!(text, "removed {path}"),
            UninstallAction::Restored => writeln!(text, "put back the hook that was at {path} before"),
            UninstallAction::Foreign => writeln!(text, "left {path} alone: it is not driftgate's"),
        };
    }
    if done.hooks.is_empty() {
        text.push_str("no hook of driftgate's is installed\n");
    }
    output.write(&text)?;
    Ok(Status::Clean)
}
