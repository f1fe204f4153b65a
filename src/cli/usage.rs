//! What a person who mistyped a command line is told beside clap's own words: the command that was probably meant.

use std::io::{self, Write as _};

use anstream::adapter::strip_str;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The options of `check` that say what is compared, as clap prints them.
const SCOPES: [&str; 6] = ["--staged", "--base <REF>", "--from <A>", "--to <B>", "--worktree", "--all"];

/// The width of help where nothing says how wide the terminal is.
pub(super) const WIDTH: usize = 100;

/// Prints help to standard output and errors to standard error, wrapped for a terminal of that width.
pub(super) fn print(error: &clap::Error, width: Option<usize>) -> io::Result<()> {
    let text = wrapped(&error.render().ansi().to_string(), width.unwrap_or(WIDTH));
    if error.use_stderr() {
        anstream::stderr().write_all(text.as_bytes())
    } else {
        anstream::stdout().write_all(text.as_bytes())
    }
}

/// The text with its long lines wrapped. What stands behind an option stays behind it.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    let visible = |text: &str| strip_str(text).to_string().chars().count();
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if visible(line.trim_end()) <= width {
            out.push_str(line);
            continue;
        }
        let hang = hanging(&strip_str(line).to_string(), width);
        let mut column = 0;
        for piece in line.split_inclusive(' ') {
            let word = visible(piece.trim_end());
            if column > hang && word > 0 && column + word > width {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                out.push_str(&" ".repeat(hang));
                column = hang;
            }
            out.push_str(piece);
            column += visible(piece);
        }
    }
    out
}

/// The column in which the lines go on that a line is wrapped into: where the text behind a gap begins, as behind an option
/// or an example, else where the line itself begins.
fn hanging(line: &str, width: usize) -> usize {
    let count = |text: &str| text.chars().count();
    let indent = count(line) - count(line.trim_start());
    let gap = line.trim_start().find("  ").map(|at| {
        let (before, behind) = line.trim_start().split_at(at);
        indent + count(before) + count(behind) - count(behind.trim_start())
    });
    gap.filter(|&column| column <= width / 2).unwrap_or(indent)
}

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
    fn long_lines_go_on_where_their_text_began() {
        let help = "Usage: x\n\n  -v, \u{1b}[1m--verbose\u{1b}[0m  Say more: the range, the projects\n      no option, and longer than it may be\n";
        assert_eq!(
            wrapped(help, 36),
            "Usage: x\n\n  -v, \u{1b}[1m--verbose\u{1b}[0m  Say more: the\n                 range, the projects\n      \
             no option, and longer than it\n      may be\n"
        );
        assert_eq!(wrapped("a-word-that-is-longer than\n", 10), "a-word-that-is-longer\nthan\n");
        let mistake = said(&["check", "--staged", "--all"]);
        assert_eq!(wrapped(&mistake, 400), mistake);
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
