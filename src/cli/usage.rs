//! What a person who mistyped a command line is told beside clap's own words: the command that was probably meant.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The options of `check` that say what is compared, as clap prints them.
const SCOPES: [&str; 6] = ["--staged", "--base <REF>", "--from <A>", "--to <B>", "--worktree", "--all"];

/// The error with a tip, where there is something to say.
pub(super) fn explain(mut error: clap::Error) -> clap::Error {
    let knows = [ContextKind::Suggested, ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    if let Some(tip) = tip(&error)
        && knows.into_iter().all(|kind| error.get(kind).is_none())
    {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

fn tip(error: &clap::Error) -> Option<&'static str> {
    let named = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.as_str()],
        Some(ContextValue::Strings(several)) => several.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let wrong = named(ContextKind::InvalidArg);
    let is_scope = |arguments: &[&str]| arguments.iter().any(|argument| SCOPES.contains(argument));
    match error.kind() {
        ErrorKind::ArgumentConflict if is_scope(&wrong) && is_scope(&named(ContextKind::PriorArg)) => Some(
            "one of them says what is compared: `--staged`, `--base REF`, `--from A --to B`, `--worktree` or `--all`",
        ),
        ErrorKind::MissingRequiredArgument if wrong.contains(&"--to <B>") => {
            Some("a range has two ends: `--from A --to HEAD`; for where this branch left another one: `--base A`")
        }
        ErrorKind::MissingRequiredArgument if wrong.contains(&"--from <A>") => {
            Some("a range has two ends: `--from A --to B`")
        }
        ErrorKind::UnknownArgument if wrong.iter().any(|argument| !argument.starts_with('-')) => Some(
            "a change is judged as a whole: files are not named, a project is named by `--project NAME`, a commit or branch by \
             `--base REF`",
        ),
        ErrorKind::InvalidSubcommand => {
            Some("`driftgate check` judges what is staged; `driftgate --help` lists the commands")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::Cli;

    fn said(arguments: &[&str]) -> String {
        let arguments = std::iter::once("driftgate").chain(arguments.iter().copied());
        explain(Cli::try_parse_from(arguments).expect_err("a mistake")).to_string()
    }

    #[test]
    fn mistakes_name_the_way_out() {
        let tips = [
            (&["check", "--staged", "--all"][..], "tip: one of them says what is compared"),
            (&["check", "--base", "main", "--to", "HEAD"], "tip: "),
            (&["check", "--from", "main"], "tip: a range has two ends: `--from A --to HEAD`"),
            (&["check", "prisma/schema.prisma"], "a project is named by `--project NAME`"),
            (&["frobnicate"], "`driftgate --help` lists the commands"),
            // clap knows better.
            (&["chekc"], "tip: a similar subcommand exists: 'check'"),
            (&["check", "--al"], "tip: a similar argument exists: '--all'"),
        ];
        for (arguments, tip) in tips {
            let text = said(arguments);
            assert!(text.contains(tip), "{arguments:?}: {text}");
        }
        assert!(!said(&["check", "--fail-on", "fatal"]).contains("tip"));
    }
}
