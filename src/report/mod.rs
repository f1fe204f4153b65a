//! Reports: one file per output format, all fed by the same [`Report`].
//!
//! What stands in a report was written by others: names in schemas, paths, SQL. Every format escapes it for where it
//! goes ([`escape`]), so that a table's name cannot move a cursor, hide a line or end an annotation.

mod concise;
pub mod diff;
pub mod escape;
mod full;
mod github;
mod gitlab;
pub mod graph;
pub mod history;
mod json;
mod markdown;
mod sarif;
mod snippet;
mod text;

use std::process::ExitCode;

pub use full::{failure, note, policy_errors};
pub use github::annotations;
pub(crate) use json::to_text as json_text;
pub use markdown::markdown;
pub use text::{Look, Runner, Skip, no_project, summary as summary_line, way_past};

use crate::catalog::{Dialect, Opaque};
use crate::finding::{Finding, Level};
use crate::git::{Change, Scope};
use crate::policy::FailOn;
use crate::project::{EcosystemKind, Project};
use crate::rules::RuleId;
use crate::source::{Place, RepoPath};

/// What was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The scope's word: `staged`, `base`, `range`, `worktree`, `all`.
    pub kind: &'static str,
    /// The id of the state before; none where there was nothing.
    pub before: Option<String>,
    /// The id of the state after, or `index`, or `worktree`.
    pub after: String,
}

impl Range {
    /// The range of a change.
    pub fn of(change: &Change) -> Self {
        Self {
            kind: change.scope.kind(),
            before: change.before.as_ref().map(|snapshot| snapshot.id()),
            after: change.after.id(),
        }
    }

    /// As a person reads it: `1a2b3c4..index`.
    pub fn short(&self) -> String {
        let short = |id: &str| {
            let is_object = id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_object { id.get(..7).unwrap_or(id).to_owned() } else { id.to_owned() }
        };
        match &self.before {
            Some(before) => format!("{}..{}", short(before), short(&self.after)),
            None => short(&self.after),
        }
    }
}

/// A project, as far as reports speak of it.
#[derive(Debug, Clone)]
pub struct ProjectSummary {
    /// Its name.
    pub name: String,
    /// Whose.
    pub ecosystem: EcosystemKind,
    /// Its database.
    pub provider: Option<Dialect>,
    /// Where its schema is declared.
    pub schema: Vec<RepoPath>,
    /// Where its migrations are.
    pub migrations: Vec<RepoPath>,
    /// Whether the change touches it.
    pub touched: bool,
}

impl ProjectSummary {
    /// The summary of a project.
    pub fn new(project: &Project, touched: bool) -> Self {
        Self {
            name: project.name.clone(),
            ecosystem: project.ecosystem,
            provider: project.dialect,
            schema: project.schema.clone(),
            migrations: project.migrations.clone(),
            touched,
        }
    }
}

/// A place that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotJudged {
    /// The project's name.
    pub project: String,
    /// The file.
    pub path: RepoPath,
    /// The line, counted from 1, where there is one.
    pub line: Option<usize>,
    /// Why, as a phrase that follows "not judged: ".
    pub reason: String,
}

impl NotJudged {
    /// From an opaque place of a project.
    pub fn new(project: &str, opaque: &Opaque) -> Self {
        Self {
            project: project.to_owned(),
            path: opaque.place.path().clone(),
            line: Some(opaque.place.start().0),
            reason: opaque.reason.clone(),
        }
    }
}

/// The counts at the end of every report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Findings that are notes.
    pub notes: usize,
    /// Findings that an allowance covered.
    pub allowed: usize,
    /// Places that could not be judged.
    pub not_judged: usize,
    /// Projects that were looked at.
    pub projects: usize,
}

/// What `check` found.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was compared.
    pub range: Range,
    /// How the range was found.
    pub resolved_by: String,
    /// Every project, sorted by name.
    pub projects: Vec<ProjectSummary>,
    /// Findings, the gravest first, then by path, line and rule.
    pub findings: Vec<Finding>,
    /// What could not be judged, sorted.
    pub not_judged: Vec<NotJudged>,
    /// The counts.
    pub summary: Summary,
    /// Why nothing was looked for: no changed path could matter to any project.
    pub idle: Option<&'static str>,
}

impl Report {
    /// The report on a change that could matter to no project, whatever projects there are.
    pub fn idle(change: &Change) -> Self {
        let why =
            if change.changed.is_empty() { "nothing changed" } else { "no schema, model, migration or policy changed" };
        Self { idle: Some(why), ..Self::new(change, Vec::new(), Vec::new(), Vec::new(), 0) }
    }

    /// A report. The order and the counts are made here; `allowed` is how many findings allowances covered.
    pub fn new(
        change: &Change,
        mut projects: Vec<ProjectSummary>,
        mut findings: Vec<Finding>,
        mut not_judged: Vec<NotJudged>,
        allowed: usize,
    ) -> Self {
        projects.sort_by(|a, b| a.name.cmp(&b.name));
        sort(&mut findings);
        not_judged.sort();
        not_judged.dedup();
        let count = |level| findings.iter().filter(|finding| finding.level == level).count();
        let summary = Summary {
            errors: count(Level::Error),
            warnings: count(Level::Warning),
            notes: count(Level::Note),
            allowed,
            not_judged: not_judged.len(),
            projects: projects.len(),
        };
        Self {
            range: Range::of(change),
            resolved_by: change.resolved_by.clone(),
            projects,
            findings,
            not_judged,
            summary,
            idle: None,
        }
    }

    /// Whether there was anything to judge: a touched project, the whole state, or a finding about anything else.
    pub fn is_relevant(&self) -> bool {
        !self.findings.is_empty()
            || self.projects.iter().any(|project| project.touched)
            || (self.range.kind == (Scope::All { at: None }).kind() && !self.projects.is_empty())
    }

    /// What could not be judged and no finding of `unjudged-change` names: a person is not told twice.
    fn not_judged_besides(&self) -> Vec<&NotJudged> {
        let tells = |finding: &Finding, one: &NotJudged| {
            let first = finding.place.iter().any(|place| Some(place.start().0) == one.line)
                && finding.path == one.path
                && finding.message.contains(&one.reason);
            let further = finding.related.iter().any(|related| {
                related.path == one.path
                    && related.place.as_ref().map(|place| place.start().0) == one.line
                    && related.message == one.reason
            });
            first || further
        };
        let telling: Vec<&Finding> =
            self.findings.iter().filter(|finding| finding.rule == RuleId::UnjudgedChange).collect();
        self.not_judged.iter().filter(|one| !telling.iter().any(|finding| tells(finding, one))).collect()
    }

    /// Whether a finding fails the check.
    pub fn fails(&self, fail_on: FailOn) -> bool {
        self.findings.iter().any(|finding| fail_on.fails(finding.level))
    }
}

/// The gravest first, then by place and rule: the same order on every machine.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| finding.place.as_ref().map(|place| place.span);
        b.level
            .cmp(&a.level)
            .then_with(|| a.path.cmp(&b.path))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.rule.cmp(&b.rule))
            .then_with(|| a.object.cmp(&b.object))
            .then_with(|| a.message.cmp(&b.message))
    });
}

/// How a run ends. The numbers are part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 0: nothing at or above the failing level.
    Clean,
    /// 1: findings at or above it.
    Findings,
    /// 2: could not check.
    Failed,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Clean => Self::SUCCESS,
            Status::Findings => Self::from(1),
            Status::Failed => Self::from(2),
        }
    }
}

/// The formats of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Format {
    /// For a person: source, reason, command
    Full,
    /// One line a finding, with the command
    Concise,
    /// For programs, `"version": 1`
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// SARIF 2.1.0
    Sarif,
    /// Markdown, as for a job summary
    Markdown,
}

impl Format {
    /// Whether a person is meant to read it in a terminal or a log.
    pub fn is_human(self) -> bool {
        matches!(self, Self::Full | Self::Concise)
    }
}

/// A report in a format. It ends with a line end unless it is empty.
pub fn render(report: &Report, format: Format, look: &Look) -> String {
    match format {
        Format::Full => full::full(report, look),
        Format::Concise => concise::concise(report, look),
        Format::Json => json::json(report),
        Format::Github => annotations(report),
        Format::Gitlab => gitlab::gitlab(report),
        Format::Sarif => sarif::sarif(report),
        Format::Markdown => markdown(report),
    }
}

/// Line and column of a finding's start, where it has a place.
fn start(place: Option<&Place>) -> Option<(usize, usize)> {
    place.map(Place::start)
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
