//! What `history` reports: where a branch's schema ran ahead of its migrations, and when that was repaired.

use std::fmt::Write as _;

use serde::Serialize;

use super::json::{JsonDifference, VERSION, to_text};
use super::text::{self, Look};
use super::{Status, escape};
use crate::catalog::difference::{Difference, Side};
use crate::check::walk::{Ending, Episode, Reason, Record, RecordedCommit, Trouble};
use crate::finding::Level;
use crate::policy::Date;
use crate::source::RepoPath;

/// The formats of `history`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum HistoryFormat {
    /// One line for each time the schema and its migrations parted
    Table,
    /// The same with every object, author and subject
    Full,
    /// For programs, `"version": 1`
    Json,
}

/// How the run ends: 1 where something is wrong still.
pub fn status(record: &Record) -> Status {
    let open = |episode: &&Episode| episode.ending == Ending::Open && episode.trouble != Trouble::NotJudged;
    if record.episodes.iter().any(|episode| open(&episode)) { Status::Findings } else { Status::Clean }
}

/// The record in a format.
pub fn render(record: &Record, format: HistoryFormat, look: &Look) -> String {
    match format {
        HistoryFormat::Table => table(record, look),
        HistoryFormat::Full => full(record, look),
        HistoryFormat::Json => json(record),
    }
}

/// Whether an episode is told line by line: doubt is counted, and listed where everything is asked for.
fn is_told(episode: &Episode, look: &Look) -> bool {
    episode.trouble != Trouble::NotJudged || look.verbose
}

/// Columns of the table.
const PROJECT: usize = 4;
const WHAT: usize = 5;

/// The columns of a terminal that the last of them needs to be of use.
const ROOM: usize = 40;

fn table(record: &Record, look: &Look) -> String {
    let mut out = String::new();
    let told: Vec<&Episode> = record.episodes.iter().filter(|episode| is_told(episode, look)).collect();
    if !told.is_empty() {
        let mut rows = vec![["opened", "closed", "commits", "time", "project", "what"].map(str::to_owned)];
        for episode in told {
            let opened = episode.opened.as_ref().map_or_else(|| "before".to_owned(), dated);
            let closed = match (&episode.closed, episode.ending) {
                (None, _) => "open".to_owned(),
                (Some(commit), Ending::Gone) => format!("{} (project gone)", dated(commit)),
                (Some(commit), _) => dated(commit),
            };
            rows.push([
                opened,
                closed,
                episode.commits.to_string(),
                duration(episode.seconds),
                escape::line(&episode.project).into_owned(),
                what(episode),
            ]);
        }
        let mut widths = [0; 6];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        // The one project of a repository has no name.
        let unnamed = rows.iter().skip(1).all(|row| row[PROJECT] == ".");
        for (number, row) in rows.iter().enumerate() {
            let mut line = String::new();
            let cells = row.iter().zip(widths).take(WHAT).enumerate();
            for (at, (cell, width)) in cells.filter(|(at, _)| *at != PROJECT || !unnamed) {
                // Numbers stand to the right.
                let _ = if at == 2 { write!(line, "{cell:>width$}  ") } else { write!(line, "{cell:width$}  ") };
            }
            let left = look.width.saturating_sub(line.chars().count());
            if left >= ROOM {
                line.push_str(&text::cut(&row[WHAT], left, look.ellipsis()));
                let _ = writeln!(out, "{}", line.trim_end());
            } else {
                // Half a name says nothing: in a narrow terminal it stands on a line of its own.
                let _ = writeln!(out, "{}", line.trim_end());
                if number > 0 {
                    text::wrap(&mut out, look, "  ", "    ", &row[WHAT]);
                }
            }
        }
        out.push('\n');
    }
    out.push_str(&summary(record, look));
    out
}

/// `1a2b3c4 2026-01-05`.
fn dated(commit: &RecordedCommit) -> String {
    format!("{} {}", short(commit), date(commit))
}

fn short(commit: &RecordedCommit) -> String {
    commit.id.to_string().chars().take(7).collect()
}

/// The day of a commit in UTC; one before 1970 is the first of that year.
fn date(commit: &RecordedCommit) -> String {
    Date::of_unix(u64::try_from(commit.seconds).unwrap_or(0)).to_string()
}

/// `3 days`, `4 hours`, `20 minutes`: the largest unit that fits, rounded down.
fn duration(seconds: i64) -> String {
    let seconds = usize::try_from(seconds).unwrap_or(0);
    match seconds {
        0..60 => "under a minute".to_owned(),
        60..3_600 => text::count(seconds / 60, "minute"),
        3_600..86_400 => text::count(seconds / 3_600, "hour"),
        _ => text::count(seconds / 86_400, "day"),
    }
}

/// What was wrong, on one line.
fn what(episode: &Episode) -> String {
    let subject = match episode.differences.split_first() {
        Some((first, rest)) => {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            format!("{} {}{more}", side(first), first.object())
        }
        None => {
            let first = episode.reasons.first();
            let more = episode.reasons.len().saturating_sub(1);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            first.map(|reason| format!("{}: {}{more}", place(reason), reason.message)).unwrap_or_default()
        }
    };
    let mark = match episode.trouble {
        Trouble::Drift => "",
        Trouble::Broken => "cannot be applied: ",
        Trouble::Unreadable => "cannot be read: ",
        Trouble::NotJudged => "not judged: ",
    };
    escape::line(&format!("{mark}{subject}")).into_owned()
}

fn side(difference: &Difference) -> &'static str {
    match difference.kind.side {
        Side::Missing => "no migration makes",
        Side::Extra => "not declared:",
        Side::Changed => "differs:",
    }
}

fn place(reason: &Reason) -> String {
    match reason.line {
        Some(line) => format!("{}:{line}", reason.path),
        None => reason.path.to_string(),
    }
}

fn full(record: &Record, look: &Look) -> String {
    let mut out = String::new();
    for episode in record.episodes.iter().filter(|episode| is_told(episode, look)) {
        let title = match episode.trouble {
            Trouble::Drift => "schema and migrations parted",
            Trouble::Broken => "the migrations could not be applied",
            Trouble::Unreadable => "could not be read, nothing is known of this time",
            Trouble::NotJudged => "could not be judged",
        };
        let style = match (episode.trouble, episode.ending) {
            (Trouble::NotJudged, _) | (_, Ending::Repaired | Ending::Gone) => Look::level(Level::Warning),
            (_, Ending::Open) => Look::level(Level::Error),
        };
        let _ = writeln!(
            out,
            "{}: {}, {}, {}",
            escape::line(&episode.project),
            look.paint(style, title),
            text::count(episode.commits, "commit"),
            duration(episode.seconds)
        );
        let mut line = |word: &str, commit: &RecordedCommit| {
            let about =
                format!("{}  {}: {}", dated(commit), escape::line(&commit.author), escape::line(&commit.subject));
            text::wrap(&mut out, look, &format!("  {word:<9}"), "           ", &about);
        };
        match &episode.opened {
            Some(commit) => line("opened", commit),
            None => out.push_str("  opened   before the first commit that was looked at\n"),
        }
        let mut line = |word: &str, commit: &RecordedCommit| {
            let about =
                format!("{}  {}: {}", dated(commit), escape::line(&commit.author), escape::line(&commit.subject));
            text::wrap(&mut out, look, &format!("  {word:<9}"), "           ", &about);
        };
        match (&episode.closed, episode.ending) {
            (Some(commit), Ending::Gone) => line("gone", commit),
            (Some(commit), _) => line("repaired", commit),
            (None, _) => out.push_str("  open\n"),
        }
        for reason in &episode.reasons {
            let about = format!("{}: {}", place(reason), reason.message);
            text::wrap(&mut out, look, &format!("    {} ", look.bullet()), "      ", &about);
        }
        for (title, differences) in text::by_side(&episode.differences) {
            let _ = writeln!(out, "  {title}:");
            for difference in differences {
                text::wrap(&mut out, look, &format!("    {} ", look.bullet()), "      ", &text::difference(difference));
            }
        }
        out.push('\n');
    }
    out.push_str(&summary(record, look));
    out
}

/// How often, how long, and how much of the history that was.
fn summary(record: &Record, look: &Look) -> String {
    let mut out = String::new();
    let Some((first, last)) = &record.ends else {
        return "driftgate: no commit to look at\n".to_owned();
    };
    let count = |trouble: Trouble| record.episodes.iter().filter(|episode| episode.trouble == trouble).count();
    let drifts: Vec<&Episode> = record.episodes.iter().filter(|one| one.trouble == Trouble::Drift).collect();
    let open = drifts.iter().filter(|one| one.ending == Ending::Open).count();
    let style = match (drifts.len(), open) {
        (0, _) => Look::help(),
        (_, 0) => Look::level(Level::Warning),
        _ => Look::level(Level::Error),
    };
    let times = match drifts.len() {
        0 => "schema and migrations never parted".to_owned(),
        1 => "schema and migrations parted once".to_owned(),
        n => format!("schema and migrations parted {n} times"),
    };
    let _ = write!(out, "driftgate: {}", look.paint(style, &times));
    if open > 0 {
        let _ = write!(out, ", {open} still open");
    }
    let mut lengths: Vec<(usize, i64)> = drifts
        .iter()
        .filter(|one| one.ending == Ending::Repaired && one.opened.is_some())
        .map(|one| (one.commits, one.seconds))
        .collect();
    if !lengths.is_empty() {
        lengths.sort_unstable();
        let (commits, _) = lengths[lengths.len() / 2];
        lengths.sort_unstable_by_key(|length| length.1);
        let (_, seconds) = lengths[lengths.len() / 2];
        let _ =
            write!(out, "; repaired after {} and {} in the middle", text::count(commits, "commit"), duration(seconds));
    }
    for (trouble, words) in [
        (Trouble::Broken, "could not be applied"),
        (Trouble::Unreadable, "could not be read"),
        (Trouble::NotJudged, "could not be judged"),
    ] {
        match count(trouble) {
            0 => {}
            1 => {
                let _ = write!(out, "; once they {words}");
            }
            n => {
                let _ = write!(out, "; {n} times they {words}");
            }
        }
    }
    let _ = writeln!(
        out,
        "\n{} from {} to {}, {} of them about {}",
        text::count(record.commits, "commit"),
        date(first),
        date(last),
        record.touching,
        match record.projects.len() {
            0 => "no project".to_owned(),
            n => text::count(n, "project"),
        }
    );
    for project in record.projects.iter().filter(|project| project.drifting > 0) {
        let _ = writeln!(
            out,
            "{}: schema and migrations apart after {} of {}",
            escape::line(&project.name),
            project.drifting,
            text::count(project.commits, "commit")
        );
    }
    if record.cut {
        out.push_str("this clone holds no more of the history: get all of it with `git fetch --unshallow`\n");
    }
    out
}

#[derive(Serialize)]
struct JsonRecord<'a> {
    version: u32,
    range: JsonRange,
    projects: Vec<JsonProject<'a>>,
    episodes: Vec<JsonEpisode<'a>>,
    summary: JsonSummary,
}

#[derive(Serialize)]
struct JsonRange {
    before: Option<String>,
    first: Option<String>,
    last: Option<String>,
    commits: usize,
    touching: usize,
    cut: bool,
}

#[derive(Serialize)]
struct JsonProject<'a> {
    name: &'a str,
    ecosystem: &'static str,
    commits: usize,
    drifting: usize,
}

#[derive(Serialize)]
struct JsonEpisode<'a> {
    project: &'a str,
    kind: &'static str,
    ending: &'static str,
    opened: Option<JsonCommit<'a>>,
    closed: Option<JsonCommit<'a>>,
    commits: usize,
    seconds: i64,
    differences: Vec<JsonDifference<'a>>,
    reasons: Vec<JsonReason<'a>>,
}

#[derive(Serialize)]
struct JsonCommit<'a> {
    id: String,
    seconds: i64,
    date: String,
    author: &'a str,
    subject: &'a str,
}

#[derive(Serialize)]
struct JsonReason<'a> {
    path: &'a RepoPath,
    line: Option<usize>,
    message: &'a str,
}

#[derive(Serialize)]
struct JsonSummary {
    drifts: usize,
    open: usize,
    broken: usize,
    unreadable: usize,
    not_judged: usize,
}

impl<'a> From<&'a RecordedCommit> for JsonCommit<'a> {
    fn from(commit: &'a RecordedCommit) -> Self {
        Self {
            id: commit.id.to_string(),
            seconds: commit.seconds,
            date: date(commit),
            author: &commit.author,
            subject: &commit.subject,
        }
    }
}

fn json(record: &Record) -> String {
    let count = |trouble: Trouble| record.episodes.iter().filter(|episode| episode.trouble == trouble).count();
    let open = |one: &&Episode| one.ending == Ending::Open && one.trouble == Trouble::Drift;
    let id = |commit: &RecordedCommit| commit.id.to_string();
    let episodes = record
        .episodes
        .iter()
        .map(|episode| JsonEpisode {
            project: &episode.project,
            kind: episode.trouble.as_str(),
            ending: episode.ending.as_str(),
            opened: episode.opened.as_ref().map(JsonCommit::from),
            closed: episode.closed.as_ref().map(JsonCommit::from),
            commits: episode.commits,
            seconds: episode.seconds,
            differences: episode.differences.iter().map(JsonDifference::from).collect(),
            reasons: episode
                .reasons
                .iter()
                .map(|reason| JsonReason { path: &reason.path, line: reason.line, message: &reason.message })
                .collect(),
        })
        .collect();
    to_text(&JsonRecord {
        version: VERSION,
        range: JsonRange {
            before: record.before.map(|id| id.to_string()),
            first: record.ends.as_ref().map(|ends| id(&ends.0)),
            last: record.ends.as_ref().map(|ends| id(&ends.1)),
            commits: record.commits,
            touching: record.touching,
            cut: record.cut,
        },
        projects: record
            .projects
            .iter()
            .map(|project| JsonProject {
                name: &project.name,
                ecosystem: project.ecosystem.as_str(),
                commits: project.commits,
                drifting: project.drifting,
            })
            .collect(),
        episodes,
        summary: JsonSummary {
            drifts: count(Trouble::Drift),
            open: record.episodes.iter().filter(open).count(),
            broken: count(Trouble::Broken),
            unreadable: count(Trouble::Unreadable),
            not_judged: count(Trouble::NotJudged),
        },
    })
}
