//! Where output goes and what it looks like: the one place that asks about terminals.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use console::Term;

use super::args::{Color, Global};
use super::failure::Failure;
use crate::git::env::Env;
use crate::report::{self, Look, Runner, Skip};

/// Names of the variables that decide how output looks.
pub(super) mod names {
    /// No colours (<https://no-color.org>).
    pub(crate) const NO_COLOR: &str = "NO_COLOR";
    /// Colours even where no terminal is.
    pub(crate) const FORCE_COLOR: &str = "FORCE_COLOR";
    /// The same, in the BSDs' words (<https://bixense.com/clicolors/>).
    pub(crate) const CLICOLOR_FORCE: &str = "CLICOLOR_FORCE";
    /// `0`: no colours.
    pub(crate) const CLICOLOR: &str = "CLICOLOR";
    /// `dumb`: a terminal that can do nothing.
    pub(crate) const TERM: &str = "TERM";
    /// The width, where a person sets it.
    pub(crate) const COLUMNS: &str = "COLUMNS";
    /// Hyperlinks even where no terminal is known to take them; `0`: none.
    pub(crate) const FORCE_HYPERLINK: &str = "FORCE_HYPERLINK";
    /// Nothing drawn: for screen readers.
    pub(crate) const NO_GRAPHICS: &str = "NO_GRAPHICS";
    /// The locale, in the order in which POSIX asks.
    pub(crate) const LOCALE: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];
    /// Set by the pre-commit framework.
    pub(crate) const PRE_COMMIT: &str = "PRE_COMMIT";
    /// Set by the hooks that `driftgate install` writes: which of git's hooks it is.
    pub(crate) const DRIFTGATE_HOOK: &str = "DRIFTGATE_HOOK";
    /// Where GitHub Actions takes the job summary.
    pub(crate) const GITHUB_STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";
    /// Set where a program works in a person's place.
    pub(crate) const AI_AGENT: &str = "AI_AGENT";
}

/// Standard output and standard error, and how they look.
pub(super) struct Output {
    stdout: AutoStream<io::Stdout>,
    look: Look,
    closed: bool,
}

impl Output {
    /// The output of one run.
    pub(super) fn new(global: &Global, env: &Env) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let color = color(global.color, env, is_terminal);
        let graphics = env.get(names::NO_GRAPHICS).is_none();
        let choice = if color { ColorChoice::Always } else { ColorChoice::Never };
        let look = Look {
            width: width(env, terminal_width()),
            color,
            links: color && graphics && links(env, is_terminal),
            unicode: unicode(env),
            graphics,
            verbose: global.verbose,
            quiet: global.quiet,
            hook: is_hook(env),
            skip: skip(env),
        };
        Self { stdout: AutoStream::new(io::stdout(), choice), look, closed: false }
    }

    /// How it looks.
    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// Writes to standard output. A reader that has gone away ends the writing, not the run.
    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        match self.stdout.write_all(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }

    /// Makes sure that everything is out.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self.stdout.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes to standard error; there is nobody to tell where that fails.
    pub(super) fn tell(&self, text: &str) {
        let choice = if self.look.color { ColorChoice::Always } else { ColorChoice::Never };
        let _ = AutoStream::new(io::stderr(), choice).write_all(text.as_bytes());
    }

    /// Says on a terminal how far a long run is, in place of what it said before; nothing takes that away.
    pub(super) fn progress(&self, text: &str) {
        if io::stderr().is_terminal() && !self.look.quiet && self.look.graphics {
            let _ = write!(io::stderr(), "\r\x1b[K{text}");
        }
    }

    /// Says why nothing was checked.
    pub(super) fn failure(&mut self, failure: &Failure) {
        let _ = self.finish();
        let text = match failure {
            Failure::Policy(errors) => report::policy_errors(errors, &self.look),
            other => report::failure(&other.to_string(), other.help().as_deref(), &self.look),
        };
        self.tell(&text);
    }
}

/// Says that driftgate itself is broken.
pub(super) fn panicked(message: &str) {
    let text = report::failure(
        &format!("internal error: {message}"),
        Some(concat!("this is a bug, please report it: ", env!("CARGO_PKG_REPOSITORY"), "/issues")),
        &Look::plain(),
    );
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Writes a file as a whole.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::Write { path: path.to_owned(), error })
}

/// Adds to a file that others write as well.
pub(super) fn append_file(path: &Path, text: &str) -> Result<(), Failure> {
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::Write { path: path.to_owned(), error })
}

/// Whether to colour: the option, `NO_COLOR`, `FORCE_COLOR` or `CLICOLOR_FORCE`, `CLICOLOR=0`, a CI whose log shows
/// colours, a terminal that is not dumb; in that order.
fn color(option: Color, env: &Env, is_terminal: bool) -> bool {
    match option {
        Color::Always => return true,
        Color::Never => return false,
        Color::Auto => {}
    }
    if env.get_os(names::NO_COLOR).is_some() {
        return false;
    }
    if [names::FORCE_COLOR, names::CLICOLOR_FORCE].iter().any(|name| env.get(name).is_some_and(|value| value != "0")) {
        return true;
    }
    if env.get(names::CLICOLOR) == Some("0") {
        return false;
    }
    in_actions(env)
        || env.get(crate::git::env::names::GITLAB_CI).is_some()
        || (is_terminal && env.get(names::TERM) != Some("dumb"))
}

/// Whether the terminal takes hyperlinks, as far as it says who it is: the variable and the terminals that the
/// crate `supports-hyperlinks` knows, and foot. Of the others some would print the address.
fn links(env: &Env, is_terminal: bool) -> bool {
    const PROGRAMS: [&str; 6] = ["Hyper", "iTerm.app", "terminology", "WezTerm", "vscode", "ghostty"];
    const TERMS: [&str; 5] = ["xterm-kitty", "alacritty", "alacritty-direct", "xterm-ghostty", "foot"];
    if let Some(forced) = env.get(names::FORCE_HYPERLINK) {
        return forced != "0";
    }
    let is = |name: &str, known: &[&str]| env.get(name).is_some_and(|value| known.contains(&value));
    let has = |name: &str| env.get_os(name).is_some();
    is_terminal
        && !is(names::TERM, &["dumb"])
        && (is("TERM_PROGRAM", &PROGRAMS)
            || is(names::TERM, &TERMS)
            || is("COLORTERM", &["xfce4-terminal"])
            || ["DOMTERM", "WT_SESSION", "KONSOLE_VERSION"].into_iter().any(has)
            // GNOME's and all others that are made of VTE: 0.50 was the first.
            || env.get("VTE_VERSION").and_then(|version| version.parse::<u32>().ok()).is_some_and(|it| it >= 5000))
}

/// Whether this runs in GitHub Actions.
pub(super) fn in_actions(env: &Env) -> bool {
    env.get(crate::git::env::names::GITHUB_ACTIONS) == Some("true")
}

/// The width of the terminal that is written to; of the one that shows errors, where the output goes into a pager.
pub(super) fn terminal_width() -> Option<usize> {
    let size = Term::stdout().size_checked().or_else(|| Term::stderr().size_checked());
    size.map(|(_, columns)| usize::from(columns))
}

/// The width: what a person set, the terminal's, or 80; within bounds that can be read.
fn width(env: &Env, terminal: Option<usize>) -> usize {
    let set = env.get(names::COLUMNS).and_then(|columns| columns.parse().ok());
    set.or(terminal).unwrap_or(80).clamp(40, 160)
}

/// Whether the locale can show more than ASCII. Windows' and macOS's terminals and CI logs can.
fn unicode(env: &Env) -> bool {
    if cfg!(any(windows, target_os = "macos")) || in_actions(env) {
        return true;
    }
    let locale = names::LOCALE.iter().find_map(|name| env.get(name)).unwrap_or_default().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// How the person skips the hook that runs this. The pre-commit framework names the remote on a push alone; who pushes
/// to a server has no say in the server's hooks.
fn skip(env: &Env) -> Option<Skip> {
    if env.get(names::PRE_COMMIT).is_some() {
        let pushes = env.get(crate::git::env::names::PRE_COMMIT_REMOTE_NAME).is_some();
        return Some(Skip { runner: Runner::PreCommit, command: if pushes { "git push" } else { "git commit" } });
    }
    let command = match env.get(names::DRIFTGATE_HOOK)? {
        "pre-commit" | "pre-merge-commit" => "git commit",
        "pre-push" => "git push",
        _ => return None,
    };
    Some(Skip { runner: Runner::Git, command })
}

/// Whether git or a hook manager started this: git exports the index that is being committed to its hooks.
fn is_hook(env: &Env) -> bool {
    [names::PRE_COMMIT, names::DRIFTGATE_HOOK, crate::git::env::names::GIT_INDEX_FILE]
        .iter()
        .any(|name| env.get_os(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Variables = &'static [(&'static str, &'static str)];

    fn env(variables: &[(&str, &str)]) -> Env {
        Env::new(variables.iter().copied())
    }

    #[test]
    fn colours_in_order_of_precedence() {
        let cases: [(Color, Variables, bool, bool); 10] = [
            (Color::Auto, &[], true, true),
            (Color::Auto, &[], false, false),
            (Color::Auto, &[("TERM", "dumb")], true, false),
            (Color::Auto, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], true, false),
            (Color::Auto, &[("NO_COLOR", "")], true, true),
            (Color::Auto, &[("FORCE_COLOR", "1"), ("CLICOLOR", "0")], false, true),
            (Color::Auto, &[("CLICOLOR_FORCE", "0")], false, false),
            (Color::Auto, &[("CLICOLOR", "0")], true, false),
            (Color::Auto, &[("GITHUB_ACTIONS", "true")], false, true),
            (Color::Always, &[("NO_COLOR", "1")], false, true),
        ];
        for (option, variables, terminal, expected) in cases {
            assert_eq!(color(option, &env(variables), terminal), expected, "{option:?} {variables:?} {terminal}");
        }
    }

    #[test]
    fn hyperlinks_only_for_terminals_that_take_them() {
        let cases: [(Variables, bool, bool); 9] = [
            (&[], true, false),
            (&[("TERM", "xterm-256color")], true, false),
            (&[("TERM", "xterm-kitty")], true, true),
            (&[("TERM", "xterm-kitty")], false, false),
            (&[("TERM_PROGRAM", "vscode")], true, true),
            (&[("TERM", "dumb"), ("TERM_PROGRAM", "vscode")], true, false),
            (&[("VTE_VERSION", "4999")], true, false),
            (&[("VTE_VERSION", "7600"), ("FORCE_HYPERLINK", "0")], true, false),
            (&[("FORCE_HYPERLINK", "1")], false, true),
        ];
        for (variables, terminal, expected) in cases {
            assert_eq!(links(&env(variables), terminal), expected, "{variables:?} {terminal}");
        }
    }

    #[test]
    fn what_is_skipped_is_what_was_called() {
        let cases: [(Variables, Option<(Runner, &str)>); 6] = [
            (&[], None),
            (&[("PRE_COMMIT", "1")], Some((Runner::PreCommit, "git commit"))),
            (&[("PRE_COMMIT", "1"), ("PRE_COMMIT_REMOTE_NAME", "origin")], Some((Runner::PreCommit, "git push"))),
            (&[("DRIFTGATE_HOOK", "pre-merge-commit")], Some((Runner::Git, "git commit"))),
            (&[("DRIFTGATE_HOOK", "pre-push")], Some((Runner::Git, "git push"))),
            (&[("DRIFTGATE_HOOK", "pre-receive")], None),
        ];
        for (variables, expected) in cases {
            let expected = expected.map(|(runner, command)| Skip { runner, command });
            assert_eq!(skip(&env(variables)), expected, "{variables:?}");
            assert_eq!(is_hook(&env(variables)), !variables.is_empty());
        }
    }

    #[test]
    fn widths_stay_readable() {
        assert_eq!(width(&env(&[]), None), 80);
        assert_eq!(width(&env(&[]), Some(300)), 160);
        assert_eq!(width(&env(&[("COLUMNS", "100")]), Some(300)), 100);
        assert_eq!(width(&env(&[("COLUMNS", "3")]), None), 40);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn drawing_follows_the_locale() {
        assert!(unicode(&env(&[("LANG", "C.UTF-8")])));
        assert!(!unicode(&env(&[("LC_ALL", "C"), ("LANG", "C.UTF-8")])));
        assert!(!unicode(&env(&[])));
    }
}
