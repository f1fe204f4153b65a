//! Files that hold commands, and the commands in them with what is known of the place.

use super::command::{Command, commands};
use super::yaml::scalars;
use super::{is_playground, words};
use crate::source::{Place, RepoPath, Source, Span};
use std::sync::Arc;

/// What sort of file holds commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `package.json`: its `scripts`.
    Package,
    /// A Dockerfile.
    Docker,
    /// A compose file: `command`, `entrypoint`.
    Compose,
    /// A workflow of GitHub Actions: `run`.
    Workflow,
    /// Any other pipeline in YAML: `script`, `run`, `command`.
    Pipeline,
    /// A Procfile.
    Procfile,
    /// A Makefile.
    Makefile,
    /// A shell script.
    Shell,
    /// A platform's settings in TOML or JSON (`fly.toml`, `railway.json`): commands by key.
    Platform,
    /// Prose with fenced code, where the policy says that it describes deployment.
    Prose,
}

impl Kind {
    /// What a path is by its name; none where it holds no commands. Prose is only what the policy names.
    pub(super) fn of(path: &RepoPath) -> Option<Self> {
        let name = path.file_name().to_ascii_lowercase();
        let yaml = matches!(path.extension(), Some("yml" | "yaml"));
        let under = |dir: &str| path.as_str().contains(dir);
        if path.components().any(|part| matches!(part, "node_modules" | "vendor")) {
            return None;
        }
        Some(match name.as_str() {
            "package.json" => Self::Package,
            "procfile" => Self::Procfile,
            "makefile" | "gnumakefile" => Self::Makefile,
            "fly.toml" | "railway.toml" | "railway.json" | "netlify.toml" | "vercel.json" | "nixpacks.toml"
            | "app.json" => Self::Platform,
            "render.yaml" | "render.yml" | "app.yaml" => Self::Pipeline,
            _ if name == "dockerfile"
                || name == "containerfile"
                || name.starts_with("dockerfile.")
                || name.ends_with(".dockerfile") =>
            {
                Self::Docker
            }
            _ if yaml && (name.starts_with("docker-compose") || name.starts_with("compose")) => Self::Compose,
            _ if yaml && under(".github/workflows/") => Self::Workflow,
            _ if yaml
                && (name.starts_with(".gitlab-ci")
                    || name.starts_with("azure-pipelines")
                    || name.starts_with("bitbucket-pipelines")
                    || under(".circleci/")
                    || under(".gitlab/ci/")
                    || under(".buildkite/")) =>
            {
                Self::Pipeline
            }
            _ if matches!(path.extension(), Some("sh" | "bash")) => Self::Shell,
            _ => return None,
        })
    }

    /// What a path is to the rules: as by its name, else as the policy's documents are read.
    pub(super) fn named_or_document(path: &RepoPath, document: bool) -> Option<Self> {
        Self::of(path).or_else(|| {
            document.then(|| match path.extension() {
                Some("yml" | "yaml") => Self::Pipeline,
                Some("json" | "toml") => Self::Platform,
                Some("md" | "mdx" | "rst" | "txt" | "adoc") => Self::Prose,
                _ => Self::Shell,
            })
        })
    }
}

/// A command in a file.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The command.
    pub(super) command: Command,
    /// Where it stands: the line that holds it, without blanks around it.
    pub(super) place: Place,
    /// What it is part of, in a person's words: `the script build`, `the job deploy`.
    pub(super) within: String,
    /// Whether it describes how the program gets to its users, or how it starts there.
    pub(super) deploys: bool,
    /// Whether it is clearly for tests or for a developer's machine.
    pub(super) playground: bool,
}

/// A piece of shell text with what surrounds it.
struct Piece {
    text: String,
    /// Where it begins in the source, in bytes.
    start: usize,
    within: String,
    deploys: bool,
    playground: bool,
}

/// The commands of a file, in order.
pub(super) fn find(kind: Kind, source: &Arc<Source>) -> Vec<Found> {
    let path = source.path();
    let file_playground = is_playground(path.file_name())
        || path.parent().is_some_and(|dir| {
            dir.components()
                .any(|part| matches!(part, "test" | "tests" | "e2e" | ".devcontainer" | "examples" | "fixtures"))
        });
    let pieces = match kind {
        Kind::Package => package(source),
        Kind::Docker => docker(source.text()),
        Kind::Compose => compose(source.text()),
        Kind::Workflow | Kind::Pipeline => pipeline(path, source.text(), kind),
        Kind::Procfile => procfile(source.text()),
        Kind::Makefile => makefile(source.text()),
        Kind::Shell => shell(path, source.text()),
        Kind::Platform => platform(source.text()),
        Kind::Prose => prose(source.text()),
    };
    let mut found = Vec::new();
    for piece in pieces {
        for command in commands(&piece.text) {
            let Some(first) = command.words.first() else { continue };
            let place = line_place(source, piece.start + first.start);
            // `.env.test`, `file:./dev.db`: the command itself says whose database it means.
            let own = command.words.iter().any(|word| {
                (word.text.contains(".env") || word.text.contains('=') || word.text.contains(".db"))
                    && is_playground(&word.text)
            });
            found.push(Found {
                command,
                place,
                within: piece.within.clone(),
                deploys: piece.deploys,
                playground: piece.playground || file_playground || own,
            });
        }
    }
    found
}

/// The line that holds an offset, without the blanks around it.
fn line_place(source: &Arc<Source>, offset: usize) -> Place {
    let text = source.text();
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    let line = &text[start..end];
    let start = start + (line.len() - line.trim_start().len());
    Place::new(source, Span::new(start, start + line.trim().len()))
}

/// Words of names that speak of what users get.
const DEPLOYS: [&str; 16] = [
    "start",
    "serve",
    "deploy",
    "deployment",
    "release",
    "prod",
    "production",
    "build",
    "publish",
    "postinstall",
    "boot",
    "entrypoint",
    "launch",
    "startup",
    "live",
    "staging",
];

fn is_deployment(name: &str) -> bool {
    words(name).any(|word| {
        DEPLOYS.contains(&word.as_str())
            || word.strip_prefix("pre").or(word.strip_prefix("post")).is_some_and(|rest| DEPLOYS.contains(&rest))
    })
}

/// Whether a line also starts something that only a developer runs (`next dev`, `uvicorn --reload`).
fn starts_development(text: &str) -> bool {
    commands(text).iter().any(|command| {
        let migrates = command.find(&["prisma", "migrate", "dev"]).is_some();
        let watches = command.has_option("--reload") || command.has_option("--watch") || command.has_option("--debug");
        let runs = command.words.iter().any(|word| {
            matches!(word.text.as_str(), "nodemon" | "ts-node-dev")
                || (!migrates && matches!(word.text.as_str(), "dev" | "start:dev" | "test"))
        });
        watches || runs
    })
}

/// `scripts` of `package.json`. Offsets are those of the value's text as it stands, found behind its key.
fn package(source: &Arc<Source>) -> Vec<Piece> {
    let text = source.text();
    let Ok(serde_json::Value::Object(root)) = serde_json::from_str::<serde_json::Value>(text) else {
        return Vec::new();
    };
    let Some(serde_json::Value::Object(scripts)) = root.get("scripts") else { return Vec::new() };
    let from = text.find("\"scripts\"").unwrap_or(0);
    scripts
        .iter()
        .filter_map(|(name, script)| {
            let script = script.as_str()?;
            let key = format!("\"{name}\"");
            let start = text.get(from..).and_then(|rest| rest.find(&key)).map_or(from, |at| from + at);
            // Nothing of the value is sought inside it: all of it stands on the line of its key.
            Some(Piece {
                text: script.replace('\n', " "),
                start,
                within: format!("the script {name}"),
                deploys: is_deployment(name) && !starts_development(script),
                playground: is_playground(name) || starts_development(script) || is_by_hand(name),
            })
        })
        .collect()
}

/// Whether a script is called after the very command (`db:push`): somebody types it, and nothing runs it by itself.
fn is_by_hand(name: &str) -> bool {
    !is_deployment(name) && name.rsplit([':', '-', '_', '.']).next() == Some("push")
}

fn docker(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut stage = String::new();
    let mut lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    while let Some((start, line)) = lines.next() {
        let trimmed = line.trim_start();
        if trimmed.starts_with('#') {
            continue;
        }
        let offset = start + (line.len() - trimmed.len());
        let instruction: String =
            trimmed.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase();
        let mut whole = trimmed.to_owned();
        let mut last = line;
        while last.trim_end().ends_with('\\') {
            let Some((_, next)) = lines.next() else { break };
            // A comment between the lines of an instruction is left out by docker.
            if next.trim_start().starts_with('#') {
                whole.push_str(&" ".repeat(next.len().saturating_sub(1)));
                whole.push('\n');
            } else {
                whole.push_str(next);
                last = next;
            }
        }
        match instruction.as_str() {
            "FROM" => whole.to_lowercase().split(" as ").nth(1).unwrap_or_default().trim().clone_into(&mut stage),
            "RUN" | "CMD" | "ENTRYPOINT" => {
                let body = whole.get(instruction.len()..).unwrap_or_default().to_owned();
                let playground = is_playground(&stage) || starts_development(&body);
                pieces.push(Piece {
                    text: body,
                    start: offset + instruction.len(),
                    within: instruction,
                    deploys: !playground,
                    playground,
                });
            }
            _ => {}
        }
    }
    pieces
}

fn compose(text: &str) -> Vec<Piece> {
    scalars(text)
        .into_iter()
        .filter(|scalar| scalar.keys.last().is_some_and(|key| key == "command" || key == "entrypoint"))
        .map(|scalar| {
            let service = scalar.keys.iter().rev().nth(1).cloned().unwrap_or_default();
            let playground = is_playground(&service) || starts_development(&scalar.text);
            Piece {
                text: scalar.text,
                start: scalar.start,
                within: format!("the service {service}"),
                deploys: !playground,
                playground,
            }
        })
        .collect()
}

/// Keys of pipelines whose scalars are shell.
const SHELL_KEYS: [&str; 12] = [
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
    "initialDeployHook",
];

fn pipeline(path: &RepoPath, text: &str, kind: Kind) -> Vec<Piece> {
    let all = scalars(text);
    let title = all.iter().find(|scalar| scalar.keys == ["name"]).map(|scalar| scalar.text.clone()).unwrap_or_default();
    let mut step = String::new();
    let mut pieces = Vec::new();
    for scalar in all {
        match scalar.keys.last().map(String::as_str) {
            Some("name" | "displayName" | "stage" | "environment") => scalar.text.clone_into(&mut step),
            Some("uses") => step.clear(),
            Some(key) if SHELL_KEYS.contains(&key) => {
                let job = match kind {
                    Kind::Workflow => scalar.keys.iter().skip_while(|key| *key != "jobs").nth(1),
                    _ => scalar.keys.first(),
                };
                let job = job.cloned().unwrap_or_default();
                let names = [path.file_name(), &title, &job, &step];
                let playground = [&job, &step].iter().any(|name| is_playground(name))
                    || is_playground(path.file_name())
                    || is_playground(&title);
                let deploys = names.iter().any(|name| is_deployment_job(name)) || key.ends_with("Command");
                pieces.push(Piece {
                    text: scalar.text,
                    start: scalar.start,
                    within: format!("the job {job}"),
                    deploys: deploys && !playground,
                    playground,
                });
            }
            _ => {}
        }
    }
    pieces
}

/// Of a pipeline only what says so deploys: every pipeline builds, and many start a server.
fn is_deployment_job(name: &str) -> bool {
    words(name).any(|word| {
        matches!(
            word.as_str(),
            "deploy" | "deployment" | "deploys" | "release" | "prod" | "production" | "publish" | "cd" | "staging"
        )
    })
}

fn procfile(text: &str) -> Vec<Piece> {
    by_line(text)
        .filter_map(|(start, line)| {
            let (process, command) = line.split_once(':')?;
            let named = !process.is_empty() && process.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            named.then(|| Piece {
                text: command.to_owned(),
                start: start + process.len() + 1,
                within: format!("the process {process}"),
                deploys: !is_playground(process),
                playground: is_playground(process),
            })
        })
        .collect()
}

fn makefile(text: &str) -> Vec<Piece> {
    let mut target = String::new();
    let mut pieces = Vec::new();
    for (start, line) in by_line(text) {
        if let Some(recipe) = line.strip_prefix('\t') {
            let command = recipe.trim_start_matches(['@', '-', '+']);
            pieces.push(Piece {
                start: start + 1 + (recipe.len() - command.len()),
                text: command.to_owned(),
                within: format!("the target {target}"),
                deploys: is_deployment(&target) && !is_playground(&target),
                playground: is_playground(&target),
            });
        } else if let Some((name, rest)) = line.split_once(':')
            && !rest.starts_with('=')
            && !line.starts_with('#')
        {
            name.trim().clone_into(&mut target);
        }
    }
    pieces
}

fn shell(path: &RepoPath, text: &str) -> Vec<Piece> {
    let name = path.file_name();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    vec![Piece {
        text: without_here_documents(text),
        start: 0,
        within: format!("the script {name}"),
        deploys: is_deployment(stem) && !is_playground(stem),
        playground: is_playground(stem),
    }]
}

/// A script whose here documents are blanked: they are texts, not commands.
fn without_here_documents(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end: Option<String> = None;
    for line in text.split_inclusive('\n') {
        if let Some(word) = &end {
            if line.trim() == word {
                end = None;
            }
            // Blanks of the same length, so that what follows keeps its place.
            let blanks = line.trim_end_matches('\n').len();
            out.push_str(&" ".repeat(blanks));
            out.push_str(&line[blanks..]);
            continue;
        }
        if let Some((_, rest)) = line.split_once("<<") {
            let word: String = rest
                .trim_start_matches(['-', ' ', '\'', '"', '\\'])
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if !word.is_empty() && !rest.starts_with('<') {
                end = Some(word);
            }
        }
        out.push_str(line);
    }
    out
}

fn platform(text: &str) -> Vec<Piece> {
    by_line(text)
        .filter_map(|(start, line)| {
            let (key, value) = line.split_once(['=', ':'])?;
            let key = key.trim().trim_matches('"');
            let wanted =
                key.ends_with("Command") || key.ends_with("command") || matches!(key, "cmd" | "cmds" | "postdeploy");
            (wanted && !line.trim_start().starts_with('#')).then(|| Piece {
                text: value.to_owned(),
                start: start + (line.len() - value.len()),
                within: format!("the setting {key}"),
                deploys: !is_playground(key) && !starts_development(value),
                playground: is_playground(key) || starts_development(value),
            })
        })
        .collect()
}

/// Fenced and indented code of prose; `$ ` before a command is a prompt.
fn prose(text: &str) -> Vec<Piece> {
    let mut fenced = false;
    let mut pieces = Vec::new();
    for (start, line) in by_line(text) {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
            continue;
        }
        if !(fenced || line.starts_with("    ")) {
            continue;
        }
        let command = trimmed.strip_prefix("$ ").unwrap_or(trimmed);
        pieces.push(Piece {
            text: command.to_owned(),
            start: start + (line.len() - command.len()),
            within: "the document".to_owned(),
            deploys: true,
            playground: false,
        });
    }
    pieces
}

fn by_line(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    })
}

#[cfg(test)]
mod tests;
