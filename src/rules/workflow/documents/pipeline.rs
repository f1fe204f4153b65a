//! Pipelines in YAML: which of their scalars are shell, and what is known of the job that runs them.

use super::{Piece, Said, is_deployment_job};
use crate::rules::workflow::yaml::{Scalar, scalars};
use crate::rules::workflow::{is_playground, words};
use crate::source::RepoPath;

/// Keys of pipelines whose scalars are shell.
const SHELL_KEYS: [&str; 16] = [
    "run",
    "script",
    "before_script",
    "after_script",
    "command",
    "commands",
    "bash",
    "inlineScript",
    "buildCommand",
    "startCommand",
    "preDeployCommand",
    "dockerCommand",
    "build_command",
    "run_command",
    "entrypoint",
    "initialDeployHook",
];

/// Whether a key is that of a platform's settings, which say how a program gets to its users: Render, App Platform, App
/// Engine.
fn is_setting(key: &str) -> bool {
    key.ends_with("Command") || key.ends_with("_command") || matches!(key, "entrypoint" | "initialDeployHook")
}

/// Keys that say what a step or a job is.
const NAMING_KEYS: [&str; 6] = ["name", "displayName", "stage", "environment", "deployment", "job"];

/// Keys that hold jobs or steps and say nothing of them.
const STRUCTURE: [&str; 8] = ["steps", "step", "pipelines", "stages", "default", "runs", "services", "phases"];

/// Parts of the names of images that are databases.
pub(super) const DATABASES: [&str; 8] =
    ["postgres", "postgis", "timescale", "mysql", "mariadb", "cockroach", "mssql", "pgvector"];

/// What a pipeline says of some of its steps.
struct Label<'a> {
    items: &'a [usize],
    job: &'a str,
    text: &'a str,
}

impl Label<'_> {
    /// A label speaks of the list items below the one that holds it, and outside all of them of its job.
    fn speaks_of(&self, scalar: &Scalar, job: &str) -> bool {
        if self.items.is_empty() { self.job == job } else { scalar.items.starts_with(self.items) }
    }
}

pub(super) fn pieces(path: &RepoPath, text: &str) -> Vec<Piece> {
    let all = scalars(text);
    let folder = path.parent();
    let file = match path.file_name() {
        // An action is called by its folder.
        "action.yml" | "action.yaml" => folder.as_ref().map_or("", RepoPath::file_name),
        name => name,
    };
    let title = all.iter().find(|scalar| scalar.keys == ["name"]).map_or("", |scalar| scalar.text.as_str());
    let labels: Vec<Label<'_>> = all
        .iter()
        .filter(|scalar| scalar.keys.len() > 1)
        .filter(|scalar| scalar.keys.iter().rev().take(2).any(|key| NAMING_KEYS.contains(&key.as_str())))
        .map(|scalar| Label { items: &scalar.items, job: job_of(scalar), text: &scalar.text })
        .collect();
    // A database of its own is thrown away with the job.
    let beside_database: Vec<&str> = all
        .iter()
        .filter(|scalar| scalar.keys.iter().any(|key| key == "services" || key == "docker"))
        .filter(|scalar| {
            let image = scalar.text.to_lowercase();
            DATABASES.iter().any(|name| image.contains(name))
        })
        .map(job_of)
        .collect();
    // Unless what the job is given says that it is another one.
    let given_database: Vec<&str> = all
        .iter()
        .filter(|scalar| scalar.text.contains("secrets."))
        .filter(|scalar| {
            scalar.keys.last().is_some_and(|key| words(key).any(|word| word == "database" || word == "db"))
        })
        .map(job_of)
        .collect();
    let mut pieces = Vec::new();
    for scalar in &all {
        let Some(key) = scalar.keys.last().filter(|key| SHELL_KEYS.contains(&key.as_str())) else { continue };
        let job = job_of(scalar);
        let steps: Vec<&str> =
            labels.iter().filter(|label| label.speaks_of(scalar, job)).map(|label| label.text).collect();
        let named = || [file, title, job].into_iter().chain(steps.iter().copied());
        let deploys = named().any(is_deployment_job) || is_setting(key);
        let own_database = beside_database.contains(&job) && !given_database.contains(&job);
        let playground = named().any(is_playground) || own_database;
        let within = match job {
            "" if file == path.file_name() => "the pipeline".to_owned(),
            "" => format!("the action {file}"),
            job => format!("the job {job}"),
        };
        pieces.push(Piece {
            said: Said::Shell(scalar.text.clone(), scalar.start),
            within,
            deploys: deploys && !playground,
            playground,
        });
    }
    pieces
}

/// The job that a scalar belongs to: what stands under `jobs`, else the first key that is a name.
fn job_of(scalar: &Scalar) -> &str {
    let below_jobs = scalar.keys.iter().skip_while(|key| *key != "jobs").nth(1);
    let name = below_jobs.filter(|key| !STRUCTURE.contains(&key.as_str())).or_else(|| {
        let known = |key: &&String| {
            let key = key.as_str();
            key != "jobs" && !STRUCTURE.contains(&key) && !SHELL_KEYS.contains(&key) && !NAMING_KEYS.contains(&key)
        };
        scalar.keys.iter().find(known)
    });
    name.map_or("", String::as_str)
}
