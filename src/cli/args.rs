//! What the command line takes.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::git::Scope;
use crate::git::hooks::HookKind;
use crate::policy::FailOn;
use crate::project::EcosystemKind;
use crate::report::Format;
use crate::report::diff::DiffFormat;

/// Stop schema changes that travel without the migration that produces them.
///
/// driftgate reads git objects alone: it needs no database, runs nothing of the repository, and judges what will be
/// committed, not what lies in the working directory. Prisma and SQLAlchemy/Alembic projects are found by themselves.
#[derive(Debug, Parser)]
#[command(
    name = "driftgate",
    version,
    disable_help_subcommand = true,
    override_usage = "driftgate [OPTIONS] [COMMAND]",
    after_help = EXAMPLES,
    after_long_help = EXAMPLES
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  driftgate                              judge what is staged, as the hook does
  driftgate check --base origin/main     judge this branch, as CI does
  driftgate check --all                  judge the whole state, old drift included
  driftgate diff --format sql            what the migrations still lack, as SQL
  driftgate explain uncovered-change     what a rule stops, why, and what to do
  driftgate install                      run before every commit

Exit codes:
  0  nothing at or above the failing level
  1  findings at or above it
  2  could not check: nothing was judged";

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// When to colour the output: auto, always, never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        help_heading = "Global options"
    )]
    pub(super) color: Color,
    /// Say more: the range, the projects, everything that is not judged
    #[arg(long, short, global = true, conflicts_with = "quiet", help_heading = "Global options")]
    pub(super) verbose: bool,
    /// Say nothing where there is nothing to report
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub(super) quiet: bool,
    /// Policy to use instead of driftgate.toml in the judged snapshot
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(super) config: Option<PathBuf>,
    /// Look at this project alone
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub(super) project: Option<String>,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// Where it is read by a person who has not asked otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Judge a change: does it carry its migration? (the default)
    Check(CheckArgs),
    /// Compare the declared schema with what the migrations build
    Diff(DiffArgs),
    /// Draw the migrations and how they descend from each other
    Graph(GraphArgs),
    /// Tell where a branch's schema ran ahead of its migrations, commit by commit
    History(HistoryArgs),
    /// Write a commented driftgate.toml from what is found here
    Init(InitArgs),
    /// Install the git hook
    Install(InstallArgs),
    /// Remove the git hook and put back what stood there before
    Uninstall,
    /// List every rule with its level
    Rules(RulesArgs),
    /// Explain a rule: what it stops, why, and what to do
    Explain(ExplainArgs),
    /// Write a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the manual page
    Man(ManArgs),
}

/// Judge a change: does it carry its migration?
#[derive(Debug, Default, Args)]
#[command(after_help = CHECK_EXAMPLES, after_long_help = CHECK_EXAMPLES)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// How to report; may be given several times
    #[arg(long = "format", value_name = "FORMAT", help_heading = "Report")]
    pub(super) formats: Vec<Format>,
    /// Where the last machine-readable format goes; the others go to standard output
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub(super) output_file: Option<PathBuf>,
    /// From which level on findings fail the check [default: error, or the policy's]
    #[arg(long, value_name = "LEVEL", help_heading = "Report")]
    pub(super) fail_on: Option<FailOn>,
    /// Exit with 0 whatever is found; what could not be checked still exits with 2
    #[arg(long, help_heading = "Report")]
    pub(super) exit_zero: bool,
    /// Instead of judging, list the migrations that the change adds or edits, a path a line, for another linter
    #[arg(long, help_heading = "Report", conflicts_with_all = ["formats", "output_file", "fail_on", "exit_zero"])]
    pub(super) print_migrations: bool,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  driftgate check                          HEAD against what is staged
  driftgate check --base origin/main       where this branch left main against HEAD
  driftgate check --from v1.2 --to v1.3    between two references, in a bare repository too
  driftgate check --format sarif --output-file driftgate.sarif --format full
                                           a log to read and a file to upload, in one run
  driftgate check --base origin/main --print-migrations | xargs --no-run-if-empty squawk
                                           let Squawk lint the locks that the new migrations take

Without a scope: the range that pre-commit, GitHub Actions or GitLab CI gives, else what is staged.";

/// What is compared with what. At most one scope can be given.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Scope (one of)")]
pub(super) struct ScopeArgs {
    /// HEAD against the index
    #[arg(long, group = "scope")]
    staged: bool,
    /// The merge base of REF and HEAD against HEAD
    #[arg(long, value_name = "REF", group = "scope")]
    base: Option<String>,
    /// The merge base of A and B against B (with --to)
    #[arg(long, value_name = "A", requires = "to", group = "scope")]
    from: Option<String>,
    /// See --from
    #[arg(long, value_name = "B", requires = "from", conflicts_with_all = ["staged", "base", "worktree", "all"])]
    to: Option<String>,
    /// HEAD against the working directory
    #[arg(long, group = "scope")]
    worktree: bool,
    /// The whole state of the index, or of --at: old drift is reported too
    #[arg(long, group = "scope")]
    all: bool,
    /// The commit that --all judges
    #[arg(long, value_name = "REV", requires = "all")]
    at: Option<String>,
}

impl ScopeArgs {
    /// The scope that was asked for, if any was.
    pub(super) fn scope(&self) -> Option<Scope> {
        if self.staged {
            return Some(Scope::Staged);
        }
        if let Some(reference) = &self.base {
            return Some(Scope::Base { reference: reference.clone() });
        }
        if let (Some(from), Some(to)) = (&self.from, &self.to) {
            return Some(Scope::Range { from: from.clone(), to: to.clone() });
        }
        if self.worktree {
            return Some(Scope::Worktree);
        }
        self.all.then(|| Scope::All { at: self.at.clone() })
    }
}

/// Compare the declared schema with what the migrations build.
#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES, after_long_help = DIFF_EXAMPLES)]
pub(super) struct DiffArgs {
    /// The state to look at: `index`, `worktree` or a commit
    #[arg(long, value_name = "index|worktree|REV", default_value = "index", conflicts_with = "schema")]
    pub(super) at: String,
    /// Schema files or folders, without a repository and without a policy
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "migrations", conflicts_with_all = ["project", "config"])]
    pub(super) schema: Vec<PathBuf>,
    /// The migrations folder or script location that belongs to --schema
    #[arg(long, value_name = "DIR", requires = "schema")]
    pub(super) migrations: Option<PathBuf>,
    /// The database, where --schema does not say it
    #[arg(long, value_name = "NAME", requires = "schema", value_parser = provider)]
    pub(super) provider: Option<crate::catalog::Dialect>,
    /// Whose schema it is, where the files do not tell
    #[arg(long, value_name = "NAME", requires = "schema", value_parser = ecosystem)]
    pub(super) ecosystem: Option<EcosystemKind>,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    pub(super) format: DiffFormat,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  driftgate diff                           every project, as it is staged
  driftgate diff --at HEAD --project web   one project, as it is committed
  driftgate diff --schema prisma/schema.prisma --migrations prisma/migrations
  driftgate diff --schema app/models --migrations alembic --provider postgresql

Exit codes: 0 in sync, 1 drift, 2 could not compare.";

fn provider(word: &str) -> Result<crate::catalog::Dialect, String> {
    word.parse().map_err(|error: crate::catalog::dialect::UnknownDialect| {
        let all: Vec<&str> = crate::catalog::Dialect::ALL.iter().map(|dialect| dialect.as_str()).collect();
        format!("{error}: one of {}", all.join(", "))
    })
}

fn ecosystem(word: &str) -> Result<EcosystemKind, String> {
    [EcosystemKind::Prisma, EcosystemKind::Alembic]
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| "one of prisma, alembic".to_owned())
}

/// Draw the migrations and how they descend from each other.
#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    /// The state to look at: `index`, `worktree` or a commit
    #[arg(long, value_name = "index|worktree|REV", default_value = "index")]
    pub(super) at: String,
    /// How to draw
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    pub(super) format: crate::report::graph::GraphFormat,
}

/// Tell where a branch's schema ran ahead of its migrations, commit by commit, and when that was repaired.
///
/// Commits are walked along first parents, so that a merged branch is one step, and judged by the newest policy. Commits that
/// change nothing of a project cost next to nothing.
#[derive(Debug, Args)]
#[command(after_help = HISTORY_EXAMPLES, after_long_help = HISTORY_EXAMPLES)]
pub(super) struct HistoryArgs {
    /// A commit to walk back from, or A..B for the commits of B that A lacks
    #[arg(value_name = "RANGE", default_value = "HEAD")]
    pub(super) range: String,
    /// Look at no more than this many commits, the newest
    #[arg(long, short = 'n', value_name = "COUNT", value_parser = count)]
    pub(super) limit: Option<usize>,
    /// Stop at the first commit from before this day (UTC)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(super) since: Option<crate::policy::Date>,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: crate::report::history::HistoryFormat,
}

const HISTORY_EXAMPLES: &str = "\
Examples:
  driftgate history                        the whole branch
  driftgate history --since 2026-01-01     this year
  driftgate history v1.0..main --format full
                                           since a release, with every object and author

Exit codes: 0 nothing is open at the end, 1 drift or a broken history is, 2 could not look.";

fn count(word: &str) -> Result<usize, String> {
    word.parse().ok().filter(|&count| count > 0).ok_or_else(|| "a whole number from 1".to_owned())
}

fn day(word: &str) -> Result<crate::policy::Date, String> {
    word.parse().map_err(|_| "a day of the calendar: year-month-day, as 2026-01-31".to_owned())
}

/// Write a commented driftgate.toml from what is found here.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Print it instead of writing it
    #[arg(long)]
    pub(super) print: bool,
}

/// Install the git hook.
#[derive(Debug, Args)]
pub(super) struct InstallArgs {
    /// Which hook; may be given several times [default: pre-commit and pre-merge-commit, in a bare repository pre-receive]
    #[arg(long = "hook", value_name = "HOOK", value_parser = hook)]
    pub(super) hooks: Vec<HookKind>,
    /// Write git hooks even where a hook manager is in use
    #[arg(long)]
    pub(super) raw: bool,
    /// Let the hooks pass where driftgate itself is found nowhere
    #[arg(long)]
    pub(super) allow_missing: bool,
    /// Print what would be written instead of writing it
    #[arg(long)]
    pub(super) print: bool,
}

fn hook(name: &str) -> Result<HookKind, String> {
    HookKind::from_name(name).ok_or_else(|| format!("one of {}", HookKind::ALL.map(HookKind::name).join(", ")))
}

/// List every rule with its level.
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// How to list
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: ListFormat,
}

/// Formats of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For a person
    Table,
    /// For programs, `"version": 1`
    Json,
}

/// Explain a rule: what it stops, why, and what to do.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule's id, as reports print it
    #[arg(value_name = "RULE")]
    pub(super) rule: String,
}

/// Write a completion script for a shell.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

/// Write the manual page.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write one page per command into this folder instead of printing the main page
    #[arg(value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

/// `driftgate` alone is `driftgate check`, and so is `driftgate --staged`: where no command stands before the first
/// option that is not global, `check` is put there.
pub(super) fn with_default_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let mut index = 1;
    while let Some(argument) = arguments.get(index).map(|argument| argument.to_string_lossy().into_owned()) {
        let takes_value = ["--color", "--config", "--project"];
        if takes_value.contains(&argument.as_str()) {
            index += 2;
        } else if takes_value.iter().any(|name| argument.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
            || ["-v", "-q", "--verbose", "--quiet"].contains(&argument.as_str())
        {
            index += 1;
        } else {
            let is_option = argument.starts_with('-') && argument.len() > 1;
            if is_option && !["-h", "--help", "-V", "--version"].contains(&argument.as_str()) {
                break;
            }
            return arguments;
        }
    }
    let index = index.min(arguments.len()).max(1);
    if arguments.is_empty() {
        arguments.push(OsString::from("driftgate"));
    }
    arguments.insert(index, OsStr::new("check").to_owned());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::usage;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(with_default_command(line.split(' ').map(OsString::from).collect()))
    }

    fn scope(line: &str) -> Option<Scope> {
        match parse(line).expect("parses").command {
            Command::Check(args) => args.scope.scope(),
            other => panic!("not a check: {other:?}"),
        }
    }

    #[test]
    fn check_is_the_default() {
        assert_eq!(scope("driftgate"), None);
        assert_eq!(scope("driftgate --staged"), Some(Scope::Staged));
        assert_eq!(scope("driftgate --color never -v --worktree"), Some(Scope::Worktree));
        assert_eq!(scope("driftgate --config x.toml"), None);
        assert_eq!(scope("driftgate -q check --all"), Some(Scope::All { at: None }));
        assert!(matches!(parse("driftgate --project web rules").expect("parses").command, Command::Rules(_)));
    }

    #[test]
    fn one_scope_at_most() {
        assert_eq!(
            scope("driftgate check --from a --to b"),
            Some(Scope::Range { from: "a".to_owned(), to: "b".to_owned() })
        );
        assert_eq!(scope("driftgate check --all --at v1"), Some(Scope::All { at: Some("v1".to_owned()) }));
        for wrong in [
            "driftgate check --staged --all",
            "driftgate check --from a",
            "driftgate check --to b",
            "driftgate check --base a --from b --to c",
            "driftgate check --staged --to b --from a",
            "driftgate check --at v1",
            "driftgate diff --schema a",
            "driftgate diff --migrations a",
            "driftgate diff --at HEAD --schema a --migrations b",
            "driftgate check -v -q",
            "driftgate no-such-command",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    /// `docs/command-line.md` is the help of every command; `DRIFTGATE_BLESS=1` writes it.
    #[test]
    fn the_reference_is_current() {
        use clap::CommandFactory;
        use std::fmt::Write as _;
        let mut command = Cli::command();
        command.build();
        let mut text = String::from("# The command line\n");
        let mut write = |name: &str, command: &mut clap::Command| {
            let help = usage::wrapped(&command.render_long_help().to_string(), usage::WIDTH);
            let help: Vec<&str> = help.lines().map(str::trim_end).collect();
            let _ = write!(text, "\n## {name}\n\n```text\n{}\n```\n", help.join("\n").trim_end());
        };
        write("driftgate", &mut command.clone());
        for below in command.get_subcommands_mut() {
            write(&format!("driftgate {}", below.get_name().to_owned()), below);
        }
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/command-line.md");
        if std::env::var_os("DRIFTGATE_BLESS").is_some() {
            std::fs::write(&path, &text).expect("writes");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(there == text, "docs/command-line.md is not current: run DRIFTGATE_BLESS=1 cargo test --lib cli::args");
    }

    #[test]
    fn the_parser_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
