//! What the reports for people share: how they look, wrapping, and the summary line.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{NotJudged, Report, Summary, escape};
use crate::catalog::difference::{Difference, Side};
use crate::finding::{Finding, Level};
use crate::rules::RuleId;

/// How a report for people looks. The command line decides once; reports ask no environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent property")]
pub struct Look {
    /// Columns.
    pub width: usize,
    /// Whether colours are written.
    pub color: bool,
    /// Whether the ids of rules lead to their pages.
    pub links: bool,
    /// Whether lines are drawn with characters beyond ASCII.
    pub unicode: bool,
    /// Whether anything is drawn at all; otherwise the report reads well aloud.
    pub graphics: bool,
    /// Whether everything is listed and the range explained.
    pub verbose: bool,
    /// Whether a clean run says nothing.
    pub quiet: bool,
    /// Whether a hook asked: then nothing is said where nothing was to be judged.
    pub hook: bool,
    /// How a person who was refused goes on without this check, once; none where no hook asked, or nobody can.
    pub skip: Option<Skip>,
}

/// How to skip a hook once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skip {
    /// Who runs the hook.
    pub runner: Runner,
    /// What the person called: `git commit`.
    pub command: &'static str,
}

/// Who runs a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// Git itself, by the script that `driftgate install` wrote.
    Git,
    /// The pre-commit framework, or one that does as it does.
    PreCommit,
}

impl Look {
    /// 80 columns, no colours, lines drawn.
    pub fn plain() -> Self {
        Self {
            width: 80,
            color: false,
            links: false,
            unicode: true,
            graphics: true,
            verbose: false,
            quiet: false,
            hook: false,
            skip: None,
        }
    }

    /// `text` in a style, where there are colours.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A rule's id, which leads to its page where the terminal can
    /// (<https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>).
    pub(super) fn rule(&self, rule: RuleId) -> String {
        if self.links { format!("\x1b]8;;{}\x1b\\{rule}\x1b]8;;\x1b\\", rule.url()) } else { rule.to_string() }
    }

    /// The style of a level.
    pub(super) fn level(level: Level) -> Style {
        let color = match level {
            Level::Error => AnsiColor::Red,
            Level::Warning => AnsiColor::Yellow,
            Level::Note => AnsiColor::Cyan,
        };
        Style::new().bold().fg_color(Some(color.into()))
    }

    /// The style of what mends.
    pub(super) fn help() -> Style {
        Style::new().bold().fg_color(Some(AnsiColor::Green.into()))
    }

    /// The mark before an item of a list.
    pub(super) fn bullet(&self) -> &'static str {
        if self.unicode { "•" } else { "-" }
    }

    /// The mark for what is left out.
    pub(super) fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A text cut to `most` characters.
pub(super) fn cut(text: &str, most: usize, ellipsis: &str) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(ellipsis.chars().count())).collect();
    format!("{kept}{ellipsis}")
}

/// Appends `text` wrapped at the width, behind `first` on the first line and behind `rest` on the others.
/// Lines of the text stay lines.
pub(super) fn wrap(out: &mut String, look: &Look, first: &str, rest: &str, text: &str) {
    let mut indent = first;
    for one in escape::lines(text) {
        let mut column = indent.chars().count();
        out.push_str(indent);
        let mut fresh = true;
        for word in words(&one) {
            let length = word.chars().count();
            if !fresh && column + 1 + length > look.width {
                out.push('\n');
                out.push_str(rest);
                column = rest.chars().count();
                fresh = true;
            }
            if !fresh {
                out.push(' ');
                column += 1;
            }
            out.push_str(&word);
            column += length;
            fresh = false;
        }
        out.push('\n');
        indent = rest;
    }
}

/// The words of a line. What stands between backquotes is one: it is copied.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quoted = false;
    for word in line.split_whitespace() {
        match words.last_mut() {
            Some(last) if quoted => *last = format!("{last} {word}"),
            _ => words.push(word.to_owned()),
        }
        quoted ^= word.matches('`').count() % 2 == 1;
    }
    words
}

/// Appends advice behind `indent`: sentences are wrapped at the width; commands and statements, which are copied, are
/// not. A sentence ends in the colon that leads into them, or has a comma or a semicolon within.
pub(super) fn advice(out: &mut String, look: &Look, indent: &str, text: &str) {
    let mut copied = false;
    for line in escape::lines(text) {
        let leads = line.ends_with(':') && !line.starts_with(' ');
        let sentence = leads || (!copied && !line.starts_with(' ') && (line.contains(", ") || line.contains("; ")));
        if sentence {
            wrap(out, look, indent, indent, &line);
        } else {
            out.push_str(format!("{indent}{line}").trim_end());
            out.push('\n');
        }
        copied = leads || (copied && !sentence);
    }
}

/// One difference on one line, without its object's side: `the column users.age: integer not null`.
pub(super) fn difference(difference: &Difference) -> String {
    let object = difference.object();
    let mut text = match difference.sides() {
        (Some(declared), Some(replayed)) => format!("{object}: declared {declared}, migrated {replayed}"),
        (Some(one), None) | (None, Some(one)) if !object.contains(one) => format!("{object}: {one}"),
        _ => object,
    };
    if !difference.certain {
        text.push_str(" (uncertain)");
    }
    if difference.beyond_engine {
        text.push_str(" (autogenerate would not see it)");
    }
    escape::line(&text).into_owned()
}

/// The differences of a side, under what they are.
pub(super) fn by_side(differences: &[Difference]) -> impl Iterator<Item = (&'static str, Vec<&Difference>)> {
    [
        (Side::Missing, "declared, but no migration makes"),
        (Side::Extra, "made by the migrations, but not declared"),
        (Side::Changed, "declared and migrated differently"),
    ]
    .into_iter()
    .map(|(side, title)| (title, differences.iter().filter(|d| d.kind.side == side).collect::<Vec<_>>()))
    .filter(|(_, differences)| !differences.is_empty())
}

/// `path:line:column`, as much of it as there is.
pub(super) fn location(finding: &Finding) -> String {
    let path = finding.path.to_string();
    let path = escape::line(&path);
    match super::start(finding.place.as_ref()) {
        Some((line, column)) => format!("{path}:{line}:{column}"),
        None => path.into_owned(),
    }
}

/// `path:line: reason`.
pub(super) fn not_judged(place: &NotJudged) -> String {
    let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
    let path = place.path.to_string();
    format!("{}{line}: {}", escape::line(&path), escape::line(&place.reason))
}

/// The counts: `1 error, 2 warnings`.
pub(super) fn counts(summary: &Summary) -> String {
    let mut parts = Vec::new();
    for (number, noun) in [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")] {
        if number > 0 {
            parts.push(count(number, noun));
        }
    }
    if parts.is_empty() {
        parts.push("no findings".to_owned());
    }
    parts.join(", ")
}

/// The last line: counts, what was looked at, the range, what was allowed, what was not judged.
pub fn summary(report: &Report, look: &Look) -> String {
    let summary = &report.summary;
    let worst = report.findings.first().map(|finding| finding.level);
    let style = worst.map_or_else(Look::help, Look::level);
    let mut out = format!("driftgate: {}", look.paint(style, &counts(summary)));
    if let Some(why) = report.idle {
        let _ = writeln!(
            out,
            " in {}: {why} (`driftgate check --all` judges the whole state)",
            escape::line(&report.range.short())
        );
        if look.verbose && !report.resolved_by.is_empty() {
            let _ = writeln!(out, "range: {}", escape::line(&report.resolved_by));
        }
        return out;
    }
    if report.projects.is_empty() && report.findings.is_empty() {
        let _ = write!(out, " in {}: ", escape::line(&report.range.short()));
        out.push_str(&no_project(look));
        if look.verbose && !report.resolved_by.is_empty() {
            let _ = writeln!(out, "range: {}", escape::line(&report.resolved_by));
        }
        return out;
    }
    let touched = report.projects.iter().filter(|project| project.touched).count();
    let looked_at = match report.projects.len() {
        0 => "no project".to_owned(),
        all if touched == all || report.range.kind == "all" => count(all, "project"),
        all => format!("{touched} of {}", count(all, "project")),
    };
    let _ = write!(out, " in {looked_at}, {}", escape::line(&report.range.short()));
    if summary.allowed > 0 {
        let _ = write!(out, "; {} allowed", summary.allowed);
    }
    if summary.not_judged > 0 {
        let _ = write!(out, "; {} not judged", count(summary.not_judged, "place"));
    }
    out.push('\n');
    if look.verbose && !report.resolved_by.is_empty() {
        let _ = writeln!(out, "range: {}", escape::line(&report.resolved_by));
        for project in &report.projects {
            let provider = project.provider.map_or("unknown database", |dialect| dialect.as_str());
            let paths = |paths: &[crate::source::RepoPath]| {
                let all: Vec<String> = paths.iter().take(3).map(ToString::to_string).collect();
                let more = paths.len().saturating_sub(3);
                let all = escape::line(&all.join(", ")).into_owned();
                if more > 0 { format!("{all}, {more} more") } else { all }
            };
            let _ = writeln!(
                out,
                "project: {} ({}, {provider}){}: schema {}; migrations {}",
                escape::line(&project.name),
                project.ecosystem.as_str(),
                if project.touched { ", touched" } else { "" },
                paths(&project.schema),
                paths(&project.migrations),
            );
        }
    }
    out
}

/// What to say where no project was found: what was looked for, and how to name one.
pub fn no_project(look: &Look) -> String {
    let mut out = "no project found; looked for\n".to_owned();
    for ecosystem in crate::project::ECOSYSTEMS {
        wrap(&mut out, look, &format!("  {} ", look.bullet()), "    ", ecosystem.looks_for());
    }
    let help = "a file counts once it is added to git; what lies elsewhere is named under [[project]] in driftgate.toml \
                (`driftgate init` writes one)";
    wrap(&mut out, look, "  help: ", "        ", help);
    out
}

/// Whether a report for people says nothing at all.
pub(super) fn is_silent(report: &Report, look: &Look) -> bool {
    !look.verbose && ((look.hook && !report.is_relevant()) || (look.quiet && report.findings.is_empty()))
}

/// Lines of advice as one: what ends in a colon leads into the command that follows, and a statement goes on over lines.
pub(super) fn one_line(help: &str) -> String {
    let mut out = String::new();
    for line in help.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !out.is_empty() {
            let goes_on = out.ends_with([':', '(', ',', ';']) || line.starts_with(')');
            out.push_str(if goes_on { " " } else { "; " });
        }
        out.push_str(line);
    }
    out
}

/// How to go on where a hook stopped a commit or a push: how to skip it once. Before that, where it is our own hook, how to
/// let the thing pass for good: skipping it here only leaves it to the next who checks.
pub fn way_past(report: &Report, look: &Look) -> String {
    let (Some(skip), Some(worst)) = (look.skip, report.findings.first()) else { return String::new() };
    let (rule, command) = (worst.rule, skip.command);
    match skip.runner {
        Runner::Git => format!(
            "to allow it, with a reason: driftgate explain {rule}\nto skip this hook once: DRIFTGATE_SKIP=1 {command}\n"
        ),
        Runner::PreCommit => format!("to skip this hook once: SKIP=driftgate {command}\n"),
    }
}
