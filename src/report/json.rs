//! `--format json`, version 1. Fields are only ever added.

use serde::Serialize;

use super::{NotJudged, Report, escape};
use crate::catalog::difference::Difference;
use crate::finding::{Finding, Related};
use crate::source::{Place, RepoPath};

/// The version of the format.
pub(super) const VERSION: u32 = 1;

#[derive(Serialize)]
struct JsonReport<'a> {
    version: u32,
    scope: JsonScope<'a>,
    projects: Vec<JsonProject<'a>>,
    findings: Vec<JsonFinding<'a>>,
    not_judged: Vec<JsonNotJudged<'a>>,
    summary: JsonSummary,
}

#[derive(Serialize)]
struct JsonScope<'a> {
    kind: &'static str,
    before: Option<&'a str>,
    after: &'a str,
    resolved_by: &'a str,
}

#[derive(Serialize)]
struct JsonProject<'a> {
    name: &'a str,
    ecosystem: &'static str,
    provider: Option<&'static str>,
    schema: &'a [RepoPath],
    migrations: Option<&'a RepoPath>,
    migration_folders: &'a [RepoPath],
    touched: bool,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'static str,
    level: &'static str,
    project: Option<&'a str>,
    message: &'a str,
    path: &'a RepoPath,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    related: Vec<JsonRelated<'a>>,
    reason: &'a str,
    help: &'a str,
    object: Option<&'a str>,
    fingerprint: String,
    difference: Option<JsonDifference<'a>>,
    differences: Vec<JsonDifference<'a>>,
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    path: &'a RepoPath,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
}

#[derive(Serialize)]
struct JsonSummary {
    errors: usize,
    warnings: usize,
    notes: usize,
    allowed: usize,
    not_judged: usize,
    projects: usize,
}

/// A difference, as `check` and `diff` write it.
#[derive(Serialize)]
pub(super) struct JsonDifference<'a> {
    kind: String,
    table: Option<String>,
    name: &'a str,
    #[serde(rename = "enum")]
    enumeration: Option<String>,
    declared: Option<&'a str>,
    replayed: Option<&'a str>,
    certain: bool,
    beyond_engine: bool,
    declared_at: Option<JsonPlace<'a>>,
    migrated_at: Option<JsonPlace<'a>>,
    sql: &'a [String],
}

impl<'a> From<&'a Difference> for JsonDifference<'a> {
    fn from(difference: &'a Difference) -> Self {
        Self {
            kind: difference.kind.to_string(),
            table: difference.table.as_ref().map(ToString::to_string),
            name: &difference.name,
            enumeration: difference.enumeration.as_ref().map(ToString::to_string),
            declared: difference.declared.as_deref(),
            replayed: difference.replayed.as_deref(),
            certain: difference.certain,
            beyond_engine: difference.beyond_engine,
            declared_at: difference.declared_at.as_ref().map(JsonPlace::from),
            migrated_at: difference.migrated_at.as_ref().map(JsonPlace::from),
            sql: &difference.sql,
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonPlace<'a> {
    path: &'a RepoPath,
    line: usize,
    column: usize,
}

impl<'a> From<&'a Place> for JsonPlace<'a> {
    fn from(place: &'a Place) -> Self {
        let (line, column) = place.start();
        Self { path: place.path(), line, column }
    }
}

/// A place that was not judged, as `check` and `diff` write it.
#[derive(Serialize)]
pub(super) struct JsonNotJudged<'a> {
    project: &'a str,
    path: &'a RepoPath,
    line: Option<usize>,
    reason: &'a str,
}

impl<'a> From<&'a NotJudged> for JsonNotJudged<'a> {
    fn from(place: &'a NotJudged) -> Self {
        Self { project: &place.project, path: &place.path, line: place.line, reason: &place.reason }
    }
}

fn finding(finding: &Finding) -> JsonFinding<'_> {
    let start = finding.place.as_ref().map(Place::start);
    let end = finding.place.as_ref().map(Place::end);
    JsonFinding {
        rule: finding.rule.as_str(),
        level: finding.level.as_str(),
        project: finding.project.as_deref(),
        message: &finding.message,
        path: &finding.path,
        line: start.map(|at| at.0),
        column: start.map(|at| at.1),
        end_line: end.map(|at| at.0),
        end_column: end.map(|at| at.1),
        related: finding.related.iter().map(related).collect(),
        reason: &finding.reason,
        help: &finding.help,
        object: finding.object.as_deref(),
        fingerprint: finding.fingerprint(),
        difference: finding.differences.first().map(JsonDifference::from),
        differences: finding.differences.iter().map(JsonDifference::from).collect(),
    }
}

fn related(related: &Related) -> JsonRelated<'_> {
    let start = related.place.as_ref().map(Place::start);
    JsonRelated {
        path: &related.path,
        line: start.map(|at| at.0),
        column: start.map(|at| at.1),
        message: &related.message,
    }
}

/// The report.
pub(super) fn json(report: &Report) -> String {
    let summary = &report.summary;
    to_text(&JsonReport {
        version: VERSION,
        scope: JsonScope {
            kind: report.range.kind,
            before: report.range.before.as_deref(),
            after: &report.range.after,
            resolved_by: &report.resolved_by,
        },
        projects: report
            .projects
            .iter()
            .map(|project| JsonProject {
                name: &project.name,
                ecosystem: project.ecosystem.as_str(),
                provider: project.provider.map(crate::catalog::Dialect::as_str),
                schema: &project.schema,
                migrations: project.migrations.first(),
                migration_folders: &project.migrations,
                touched: project.touched,
            })
            .collect(),
        findings: report.findings.iter().map(finding).collect(),
        not_judged: report.not_judged.iter().map(JsonNotJudged::from).collect(),
        summary: JsonSummary {
            errors: summary.errors,
            warnings: summary.warnings,
            notes: summary.notes,
            allowed: summary.allowed,
            not_judged: summary.not_judged,
            projects: summary.projects,
        },
    })
}

/// A value as indented JSON that is safe to print, with a line end.
pub(crate) fn to_text<T: Serialize>(value: &T) -> String {
    // Maps with keys that are no text and failing serialisers are what serde_json refuses: there are none here.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    escape::json(&text)
}
