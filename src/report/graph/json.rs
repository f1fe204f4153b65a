//! `graph --format json`, version 1. Fields are only ever added.

use serde::Serialize;

use super::Drawn;
use crate::catalog::operation::{Operation, OperationKind};
use crate::catalog::{Dialect, Reach};
use crate::history::{Failure, Migration, Replay, Replayed, replay};
use crate::report::json::{VERSION, to_text};
use crate::source::{Place, RepoPath};

#[derive(Serialize)]
struct JsonGraph<'a> {
    version: u32,
    projects: Vec<JsonProject<'a>>,
}

#[derive(Serialize)]
struct JsonProject<'a> {
    name: &'a str,
    ecosystem: &'static str,
    provider: Option<&'static str>,
    heads: Vec<&'a str>,
    bases: Vec<&'a str>,
    /// How many migrations there are, and of how many every statement was understood.
    summary: JsonSummary,
    migrations: Vec<JsonMigration<'a>>,
    problems: Vec<JsonProblem<'a>>,
}

#[derive(Serialize)]
struct JsonSummary {
    migrations: usize,
    fully_read: usize,
}

/// A migration, in an order in which all of them can be applied.
#[derive(Serialize)]
struct JsonMigration<'a> {
    id: &'a str,
    path: &'a RepoPath,
    message: Option<&'a str>,
    parents: &'a [String],
    depends_on: &'a [String],
    labels: &'a [String],
    /// `new` (staged, and in no commit) or `untracked`; null for what is committed.
    mark: Option<&'static str>,
    /// Whether everything that it does was understood.
    fully_read: bool,
    /// What was not.
    not_read: Vec<JsonOpaque<'a>>,
    /// What the database would refuse.
    failures: Vec<JsonFailure<'a>>,
}

#[derive(Serialize)]
struct JsonOpaque<'a> {
    path: &'a RepoPath,
    line: usize,
    reason: &'a str,
    /// What the place may have changed: `everything`, `table`, `column`, `type` or `nothing` that is compared.
    reach: &'static str,
    table: Option<String>,
    name: Option<String>,
}

#[derive(Serialize)]
struct JsonFailure<'a> {
    path: &'a RepoPath,
    line: usize,
    message: String,
    certain: bool,
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    path: &'a RepoPath,
    line: Option<usize>,
    message: &'a str,
}

/// Replays the histories: what could not be read is known only then.
pub(super) fn json(projects: &[Drawn]) -> String {
    let replays: Vec<Replay> = projects.iter().map(|drawn| replay(&drawn.history, drawn.project.dialect())).collect();
    let projects = projects.iter().zip(&replays).map(|(drawn, replay)| project(drawn, replay)).collect();
    to_text(&JsonGraph { version: VERSION, projects })
}

fn project<'a>(drawn: &'a Drawn, replay: &'a Replay) -> JsonProject<'a> {
    let history = &drawn.history;
    let migrations: Vec<JsonMigration<'_>> = history
        .migrations
        .iter()
        .enumerate()
        .map(|(at, one)| migration(drawn, one, replay.migrations.get(at).map(|replayed| &**replayed)))
        .collect();
    JsonProject {
        name: &drawn.project.name,
        ecosystem: drawn.project.ecosystem.as_str(),
        provider: drawn.project.dialect.map(Dialect::as_str),
        heads: history.heads(),
        bases: history.bases(),
        summary: JsonSummary {
            migrations: migrations.len(),
            fully_read: migrations.iter().filter(|one| one.fully_read).count(),
        },
        migrations,
        problems: history
            .problems
            .iter()
            .map(|problem| JsonProblem {
                path: &problem.path,
                line: problem.place.as_ref().map(line),
                message: &problem.message,
            })
            .collect(),
    }
}

fn migration<'a>(drawn: &'a Drawn, migration: &'a Migration, replayed: Option<&'a Replayed>) -> JsonMigration<'a> {
    let steps = replayed.into_iter().flat_map(|replayed| &replayed.steps);
    let not_read: Vec<JsonOpaque<'a>> = steps.filter_map(|step| opaque(&step.operation)).collect();
    JsonMigration {
        id: &migration.id,
        path: &migration.path,
        message: migration.message.as_deref(),
        parents: &migration.parents,
        depends_on: &migration.depends_on,
        labels: &migration.labels,
        mark: drawn.marks.get(&migration.id).map(|mark| mark.as_str()),
        fully_read: not_read.is_empty(),
        not_read,
        failures: replayed.into_iter().flat_map(|replayed| &replayed.failures).map(failure).collect(),
    }
}

fn opaque(operation: &Operation) -> Option<JsonOpaque<'_>> {
    let OperationKind::Opaque { reason, reach } = &operation.kind else { return None };
    let (reach, table, name) = match reach {
        Reach::Everything => ("everything", None, None),
        Reach::Table(table) => ("table", Some(table.to_string()), None),
        Reach::Column(table, column) => ("column", Some(table.to_string()), Some(column.clone())),
        Reach::Type(name) => ("type", None, Some(name.to_string())),
        Reach::Nothing => ("nothing", None, None),
    };
    let place = &operation.place;
    Some(JsonOpaque { path: place.path(), line: line(place), reason, reach, table, name })
}

fn failure(failure: &Failure) -> JsonFailure<'_> {
    let place = &failure.place;
    JsonFailure { path: place.path(), line: line(place), message: failure.error.to_string(), certain: failure.certain }
}

fn line(place: &Place) -> usize {
    place.start().0
}
