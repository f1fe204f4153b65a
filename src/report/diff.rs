//! What `diff` reports: how far the migrations of each project build its declared schema.

use std::fmt::Write as _;

use serde::Serialize;

use super::json::{JsonDifference, JsonNotJudged, VERSION, to_text};
use super::text::{self, Look};
use super::{NotJudged, escape};
use crate::catalog::Dialect;
use crate::catalog::difference::{Difference, Side};
use crate::history::HistoryProblemKind;
use crate::project::{EcosystemKind, Project, ProjectState};
use crate::source::{Place, RepoPath};

/// How the two sides of a project stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The migrations build what is declared.
    InSync,
    /// Nothing but doubt stands between the two.
    NotJudged,
    /// They do not.
    Drift,
    /// One side cannot be read, or the history cannot be applied.
    Error,
}

impl Verdict {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in-sync",
            Self::NotJudged => "not-judged",
            Self::Drift => "drift",
            Self::Error => "error",
        }
    }
}

/// Why one side cannot be read or applied.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The file.
    pub path: RepoPath,
    /// The piece of it.
    pub place: Option<Place>,
    /// What is wrong, in a person's words.
    pub message: String,
}

/// One project's differences.
#[derive(Debug, Clone)]
pub struct ProjectDiff {
    /// The project's name.
    pub name: String,
    /// Whose.
    pub ecosystem: EcosystemKind,
    /// Its database.
    pub provider: Option<Dialect>,
    /// How the two sides stand to each other.
    pub verdict: Verdict,
    /// What differs, sorted.
    pub differences: Vec<Difference>,
    /// What could not be judged.
    pub not_judged: Vec<NotJudged>,
    /// Why the verdict is `error`.
    pub problems: Vec<Problem>,
}

impl ProjectDiff {
    /// A project's differences with the verdict that follows from them: problems before differences, certain
    /// differences before doubt. A difference that the ecosystem's own engine would not see is no drift by itself.
    pub fn new(
        name: String,
        ecosystem: EcosystemKind,
        provider: Option<Dialect>,
        differences: Vec<Difference>,
        not_judged: Vec<NotJudged>,
        problems: Vec<Problem>,
    ) -> Self {
        let verdict = if !problems.is_empty() {
            Verdict::Error
        } else if differences.iter().any(|difference| difference.certain && !difference.beyond_engine) {
            Verdict::Drift
        } else if differences.iter().any(|difference| !difference.certain) {
            Verdict::NotJudged
        } else {
            Verdict::InSync
        };
        Self { name, ecosystem, provider, verdict, differences, not_judged, problems }
    }

    /// The differences of a project as one snapshot holds it.
    pub fn of(project: &Project, state: &ProjectState) -> Self {
        let mut problems: Vec<Problem> = Vec::new();
        let mut not_judged: Vec<NotJudged> =
            state.opaque().map(|opaque| NotJudged::new(&project.name, opaque)).collect();
        for problem in &state.declared.problems {
            let (path, place) = (problem.path.clone(), problem.place.clone());
            problems.push(Problem { path, place, message: problem.message.clone() });
        }
        // Whether the lock file stands is no question of whether the two agree: the rule `lock-mismatch` asks it.
        let of_history = state.history.problems.iter().filter(|one| one.kind != HistoryProblemKind::LockMismatch);
        for problem in of_history {
            let (path, place) = (problem.path.clone(), problem.place.clone());
            if problem.kind == HistoryProblemKind::ComputedParent {
                // The order is in doubt; nothing says that it is wrong.
                let line = place.map(|place| place.start().0);
                let reason = problem.message.clone();
                not_judged.push(NotJudged { project: project.name.clone(), path, line, reason });
            } else {
                problems.push(Problem { path, place, message: problem.message.clone() });
            }
        }
        for failure in state.replay.migrations.iter().flat_map(|migration| &migration.failures) {
            let (path, place) = (failure.place.path().clone(), Some(failure.place.clone()));
            let message = failure.error.to_string();
            if failure.certain {
                problems.push(Problem { path, place, message });
            } else {
                let line = Some(failure.place.start().0);
                not_judged.push(NotJudged { project: project.name.clone(), path, line, reason: message });
            }
        }
        not_judged.sort();
        not_judged.dedup();
        let differences = if state.is_judged() { state.gap.clone() } else { Vec::new() };
        Self::new(project.name.clone(), project.ecosystem, project.dialect, differences, not_judged, problems)
    }
}

/// The report.
#[derive(Debug, Clone, Default)]
pub struct DiffReport {
    /// The projects, sorted by name.
    pub projects: Vec<ProjectDiff>,
}

impl DiffReport {
    /// How the run ends: 2 where a project could not be compared, 1 where one drifts.
    pub fn status(&self) -> super::Status {
        match self.projects.iter().map(|project| project.verdict).max() {
            Some(Verdict::Error) => super::Status::Failed,
            Some(Verdict::Drift) => super::Status::Findings,
            Some(Verdict::InSync | Verdict::NotJudged) | None => super::Status::Clean,
        }
    }
}

/// The formats of `diff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DiffFormat {
    /// For a person
    Full,
    /// For programs, `"version": 1`
    Json,
    /// The statements that would close the gap
    Sql,
}

/// The report in a format.
pub fn render(report: &DiffReport, format: DiffFormat, look: &Look) -> String {
    match format {
        DiffFormat::Full => full(report, look),
        DiffFormat::Json => json(report),
        DiffFormat::Sql => sql(report),
    }
}

fn full(report: &DiffReport, look: &Look) -> String {
    let mut out = String::new();
    for project in &report.projects {
        let provider = project.provider.map_or("unknown database", Dialect::title);
        let level = match project.verdict {
            Verdict::Error | Verdict::Drift => Look::level(crate::finding::Level::Error),
            Verdict::NotJudged => Look::level(crate::finding::Level::Warning),
            Verdict::InSync => Look::help(),
        };
        let _ = writeln!(
            out,
            "{} ({}, {provider}): {}",
            escape::line(&project.name),
            project.ecosystem.as_str(),
            look.paint(level, project.verdict.as_str())
        );
        for problem in &project.problems {
            let at = at(&problem.path, problem.place.as_ref());
            text::wrap(&mut out, look, "  error: ", "    ", &format!("{at}: {}", problem.message));
        }
        for (title, differences) in text::by_side(&project.differences) {
            let _ = writeln!(out, "  {title}:");
            for difference in differences {
                let mut line = text::difference(difference);
                // Where a person has to look: what is declared nowhere is made somewhere.
                let (first, second) = match difference.kind.side {
                    Side::Extra => (&difference.migrated_at, &difference.declared_at),
                    Side::Missing | Side::Changed => (&difference.declared_at, &difference.migrated_at),
                };
                if let Some(place) = first.as_ref().or(second.as_ref()) {
                    let _ = write!(line, "  ({})", at(place.path(), Some(place)));
                }
                text::wrap(&mut out, look, &format!("    {} ", look.bullet()), "      ", &line);
            }
        }
        if !project.not_judged.is_empty() {
            out.push_str("  not judged:\n");
            for place in &project.not_judged {
                text::wrap(&mut out, look, &format!("    {} ", look.bullet()), "      ", &text::not_judged(place));
            }
        }
    }
    if report.projects.is_empty() {
        out.push_str(&text::no_project(look));
    }
    out
}

fn at(path: &RepoPath, place: Option<&Place>) -> String {
    let path = path.to_string();
    let path = escape::line(&path);
    match place {
        Some(place) => format!("{path}:{}", place.start().0),
        None => path.into_owned(),
    }
}

fn sql(report: &DiffReport) -> String {
    let mut out = String::new();
    for project in &report.projects {
        let _ = writeln!(out, "-- {}: {}", escape::line(&project.name), project.verdict.as_str());
        for problem in &project.problems {
            let _ = writeln!(
                out,
                "-- error: {}: {}",
                at(&problem.path, problem.place.as_ref()),
                escape::line(&problem.message)
            );
        }
        for difference in &project.differences {
            if difference.sql.is_empty() {
                let _ = writeln!(out, "-- not written: {} ({})", text::difference(difference), difference.kind);
                continue;
            }
            if !difference.certain {
                let _ = writeln!(out, "-- uncertain: {} ({})", escape::line(&difference.object()), difference.kind);
            }
            for statement in &difference.sql {
                let statement: Vec<String> = escape::lines(statement).collect();
                let statement = statement.join("\n");
                let _ = writeln!(out, "{};", statement.trim_end().trim_end_matches(';'));
            }
        }
    }
    out
}

#[derive(Serialize)]
struct JsonDiff<'a> {
    version: u32,
    projects: Vec<JsonProject<'a>>,
}

#[derive(Serialize)]
struct JsonProject<'a> {
    name: &'a str,
    ecosystem: &'static str,
    provider: Option<&'static str>,
    verdict: &'static str,
    differences: Vec<JsonDifference<'a>>,
    not_judged: Vec<JsonNotJudged<'a>>,
    problems: Vec<JsonProblem<'a>>,
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    path: &'a RepoPath,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
}

fn json(report: &DiffReport) -> String {
    let projects = report
        .projects
        .iter()
        .map(|project| JsonProject {
            name: &project.name,
            ecosystem: project.ecosystem.as_str(),
            provider: project.provider.map(Dialect::as_str),
            verdict: project.verdict.as_str(),
            differences: project.differences.iter().map(JsonDifference::from).collect(),
            not_judged: project.not_judged.iter().map(JsonNotJudged::from).collect(),
            problems: project
                .problems
                .iter()
                .map(|problem| {
                    let start = problem.place.as_ref().map(Place::start);
                    JsonProblem {
                        path: &problem.path,
                        line: start.map(|at| at.0),
                        column: start.map(|at| at.1),
                        message: &problem.message,
                    }
                })
                .collect(),
        })
        .collect();
    to_text(&JsonDiff { version: VERSION, projects })
}
