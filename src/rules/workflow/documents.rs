//! Files that hold commands, and the commands in them with what is known of the place.

use super::command::{Command, Word, commands, commands_of_words};
use super::yaml::scalars;
use super::{heredoc, is_playground, words};
use crate::source::{Place, RepoPath, Source, Span};
use std::collections::BTreeSet;
use std::sync::Arc;

mod jenkins;
mod manifest;
mod pipeline;
mod platform;
mod tasks;
mod windows;

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
    /// A script of PowerShell.
    PowerShell,
    /// A batch file.
    Batch,
    /// A justfile: its recipes.
    Just,
    /// A Taskfile: its tasks.
    Taskfile,
    /// A Jenkinsfile: `sh`, `bat`.
    Jenkins,
    /// A manifest of Kubernetes, a chart of Helm, a build of Cloud Build: `command`, `args`.
    Manifest,
    /// `heroku.yml`: `release`, `run`.
    Heroku,
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
            "justfile" | ".justfile" => Self::Just,
            "taskfile.yml" | "taskfile.yaml" | "taskfile.dist.yml" | "taskfile.dist.yaml" => Self::Taskfile,
            "heroku.yml" => Self::Heroku,
            "cloudbuild.yaml" | "cloudbuild.yml" => Self::Manifest,
            _ if name == "jenkinsfile" || name.starts_with("jenkinsfile.") || name.ends_with(".jenkinsfile") => {
                Self::Jenkins
            }
            _ if path.extension() == Some("just") => Self::Just,
            _ if path.extension() == Some("mk") => Self::Makefile,
            "fly.toml" | "railway.toml" | "railway.json" | "netlify.toml" | "vercel.json" | "nixpacks.toml"
            | "railpack.json" | "app.json" => Self::Platform,
            // One for each environment: `fly.staging.toml`.
            _ if name.starts_with("fly.") && path.extension() == Some("toml") => Self::Platform,
            "render.yaml" | "render.yml" | "app.yaml" | ".travis.yml" | "buildspec.yml" | "buildspec.yaml"
            | "amplify.yml" => Self::Pipeline,
            _ if name == "dockerfile"
                || name == "containerfile"
                || name.starts_with("dockerfile.")
                || name.ends_with(".dockerfile") =>
            {
                Self::Docker
            }
            _ if yaml && (name.starts_with("docker-compose") || name.starts_with("compose")) => Self::Compose,
            _ if yaml && (under(".github/workflows/") || under(".github/actions/")) => Self::Workflow,
            _ if yaml
                && (name.starts_with(".gitlab-ci")
                    || name.starts_with("azure-pipelines")
                    || name.starts_with("bitbucket-pipelines")
                    || name.starts_with(".drone")
                    || name.starts_with(".woodpecker")
                    || under(".woodpecker/")
                    || under(".circleci/")
                    || under(".gitlab/ci/")
                    || under(".buildkite/")) =>
            {
                Self::Pipeline
            }
            _ if matches!(path.extension(), Some("sh" | "bash")) => Self::Shell,
            _ if name.ends_with(".ps1") => Self::PowerShell,
            _ if name.ends_with(".bat") || name.ends_with(".cmd") => Self::Batch,
            _ if yaml && manifest::may_be(path) => Self::Manifest,
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

/// What a piece says.
enum Said {
    /// Shell, and where it begins in the source, in bytes.
    Shell(String, usize),
    /// Shell that stands otherwise in the source, where it cannot be told how: all of it is shown at one place.
    Changed(String, usize),
    /// The words of a command, each with its place in the source.
    Words(Vec<Word>),
}

/// Commands with what surrounds them.
struct Piece {
    said: Said,
    within: String,
    deploys: bool,
    playground: bool,
}

/// The commands of a file, in order.
pub(super) fn find(kind: Kind, source: &Arc<Source>) -> Vec<Found> {
    let path = source.path();
    // Compose takes the override file by itself where somebody works on the program.
    let file_playground = is_playground(path.file_name())
        || (kind == Kind::Compose && words(path.file_name()).any(|word| word == "override"))
        || path.parent().is_some_and(|dir| {
            dir.components()
                .any(|part| matches!(part, "test" | "tests" | "e2e" | ".devcontainer" | "examples" | "fixtures"))
        });
    let pieces = match kind {
        Kind::Package => package(source),
        Kind::Docker => docker(source.text()),
        Kind::Compose => compose(source.text()),
        Kind::Workflow | Kind::Pipeline => pipeline::pieces(path, source.text()),
        Kind::Procfile => procfile(source.text()),
        Kind::Makefile => makefile(source.text()),
        Kind::Shell => shell(path, source.text().to_owned()),
        Kind::PowerShell => shell(path, windows::powershell(source.text())),
        Kind::Batch => shell(path, windows::batch(source.text())),
        Kind::Just => tasks::just(source.text()),
        Kind::Taskfile => tasks::taskfile(source.text()),
        Kind::Jenkins => jenkins::pieces(source.text()),
        Kind::Manifest => manifest::pieces(path, source.text()),
        Kind::Heroku => heroku(source.text()),
        Kind::Platform => platform::pieces(path, source.text()),
        Kind::Prose => prose(source.text()),
    };
    let mut found = Vec::new();
    for piece in pieces {
        let (commands, start, fixed) = match piece.said {
            Said::Shell(text, start) => (commands(&text), start, false),
            Said::Changed(text, start) => (commands(&text), start, true),
            Said::Words(words) => (commands_of_words(words), 0, false),
        };
        for command in commands {
            let Some(first) = command.words.first() else { continue };
            let place = line_place(source, start + if fixed { 0 } else { first.start });
            // `.env.test`, `file:./dev.db`, `$CI_DATABASE_URL`: the command itself says whose database it means.
            let own = command.words.iter().any(|word| {
                (word.text.contains(".env") || word.text.contains('=') || word.text.contains(".db"))
                    && (is_playground(&word.text) || words(&word.text).any(|part| part == "ci"))
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

/// Of a pipeline only what says so deploys: every pipeline builds, and many start a server.
fn is_deployment_job(name: &str) -> bool {
    words(name).any(|word| {
        matches!(
            word.as_str(),
            "deploy" | "deployment" | "deploys" | "release" | "prod" | "production" | "publish" | "cd" | "staging"
        )
    })
}

/// The words of the commands of a text.
fn words_of(text: &str) -> Vec<String> {
    commands(text).into_iter().flat_map(|command| command.words).map(|word| word.text).collect()
}

/// Whether a line also starts something that only a developer runs (`next dev`, `uvicorn --reload`).
fn starts_development(text: &str) -> bool {
    develops(&commands(text))
}

fn develops(commands: &[Command]) -> bool {
    commands.iter().any(|command| {
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
    let called = called_by_deployment(scripts);
    scripts
        .iter()
        .filter(|(name, _)| !name.starts_with("//"))
        .filter_map(|(name, script)| {
            let script = script.as_str()?;
            let key = format!("\"{name}\"");
            let start = text.get(from..).and_then(|rest| rest.find(&key)).map_or(from, |at| from + at);
            // npm runs `pretest` before `test`.
            let main = name.strip_prefix("pre").or(name.strip_prefix("post")).unwrap_or(name);
            Some(Piece {
                // All of the value stands on the line of its key.
                said: Said::Changed(script.to_owned(), start),
                within: format!("the script {name}"),
                deploys: is_deployment(name) && !starts_development(script),
                playground: [name, main].into_iter().any(is_playground)
                    || starts_development(script)
                    || (is_by_hand(name) && !called.contains(name)),
            })
        })
        .collect()
}

/// Whether a script is called after what it does to a database (`db:push`, `prisma:sync`): somebody types it, and nothing
/// runs it by itself.
fn is_by_hand(name: &str) -> bool {
    !is_deployment(name)
        && words(name).any(|word| matches!(word.as_str(), "db" | "database" | "prisma" | "schema" | "push"))
}

/// The words of the scripts that deploy, by which they run others: `npm run db:push`, `yarn db:push`, `run-s db:push`.
fn called_by_deployment(scripts: &serde_json::Map<String, serde_json::Value>) -> BTreeSet<String> {
    let deploying = scripts.iter().filter(|(name, _)| is_deployment(name)).filter_map(|(_, script)| script.as_str());
    deploying.filter(|script| !starts_development(script)).flat_map(words_of).collect()
}

fn docker(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut stage = String::new();
    let lines: Vec<(usize, &str)> = with_offsets(text).collect();
    let texts: Vec<&str> = lines.iter().map(|(_, line)| *line).collect();
    let mut at = 0;
    while let Some((start, line)) = lines.get(at) {
        at += 1;
        let trimmed = line.trim_start().strip_prefix("ONBUILD ").unwrap_or(line.trim_start()).trim_start();
        let offset = start + (line.len() - trimmed.len());
        let instruction: String =
            trimmed.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase();
        if instruction.is_empty() {
            continue;
        }
        let mut whole = trimmed.to_owned();
        let mut last = trimmed;
        while last.trim_end().ends_with('\\')
            && let Some((_, next)) = lines.get(at)
        {
            at += 1;
            // A comment between the lines of an instruction is left out by docker.
            if next.trim_start().starts_with('#') {
                whole.push_str(&" ".repeat(next.len().saturating_sub(1)));
                whole.push('\n');
            } else {
                whole.push_str(next);
                last = next;
            }
        }
        // The here documents of RUN are scripts, those of COPY are files.
        let body = heredoc::length(last, &texts[at..]);
        let document: String = texts[at..at + body].concat();
        let document_at = lines.get(at).map_or(text.len(), |(start, _)| *start);
        at += body;
        match instruction.as_str() {
            "FROM" => whole.to_lowercase().split(" as ").nth(1).unwrap_or_default().trim().clone_into(&mut stage),
            "RUN" | "CMD" | "ENTRYPOINT" => {
                let body = whole.get(instruction.len()..).unwrap_or_default().to_owned() + &document;
                let playground = is_playground(&stage) || starts_development(&body);
                pieces.push(Piece {
                    said: Said::Shell(body, offset + instruction.len()),
                    within: instruction,
                    deploys: !playground,
                    playground,
                });
            }
            "COPY" | "ADD" if is_script(&whole, &document) => {
                let playground = is_playground(&stage) || starts_development(&document);
                pieces.push(Piece {
                    said: Said::Shell(document, document_at),
                    within: format!("the script that {instruction} writes"),
                    deploys: !playground,
                    playground,
                });
            }
            _ => {}
        }
    }
    pieces
}

/// Whether a file that a Dockerfile writes is a shell script.
fn is_script(instruction: &str, text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    !text.is_empty()
        && (first.starts_with("#!") && first.trim_end().ends_with("sh") || instruction.trim_end().ends_with(".sh"))
}

fn compose(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut list: Option<Vec<String>> = None;
    for scalar in scalars(text) {
        if !scalar.keys.last().is_some_and(|key| key == "command" || key == "entrypoint") {
            list = None;
            continue;
        }
        let word = Word::new(&scalar.text, scalar.start);
        // The items of a list are the words of one command.
        if scalar.is_item
            && list.as_ref() == Some(&scalar.keys)
            && let Some(Piece { said: Said::Words(words), .. }) = pieces.last_mut()
        {
            words.push(word);
            continue;
        }
        list = scalar.is_item.then(|| scalar.keys.clone());
        let service = scalar.keys.iter().rev().nth(1).cloned().unwrap_or_default();
        let said = if scalar.is_item { Said::Words(vec![word]) } else { Said::Shell(scalar.text, scalar.start) };
        let playground = is_playground(&service);
        pieces.push(Piece { said, within: format!("the service {service}"), deploys: !playground, playground });
    }
    for piece in &mut pieces {
        let develops = match &piece.said {
            Said::Shell(text, _) | Said::Changed(text, _) => starts_development(text),
            Said::Words(words) => develops(&commands_of_words(words.clone())),
        };
        piece.playground |= develops;
        piece.deploys &= !develops;
    }
    pieces
}

fn procfile(text: &str) -> Vec<Piece> {
    by_line(text)
        .filter_map(|(start, line)| {
            let (process, command) = line.split_once(':')?;
            let named = !process.is_empty() && process.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            named.then(|| Piece {
                said: Said::Shell(command.to_owned(), start + process.len() + 1),
                within: format!("the process {process}"),
                deploys: !is_playground(process),
                playground: is_playground(process),
            })
        })
        .collect()
}

/// `release: command: […]` and `run: web: …`: <https://devcenter.heroku.com/articles/build-docker-images-heroku-yml>.
fn heroku(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for scalar in scalars(text) {
        let keys: Vec<&str> = scalar.keys.iter().map(String::as_str).collect();
        let process = match keys.as_slice() {
            ["release", "command"] => "release",
            ["run", process] | ["run", process, "command"] => process,
            _ => continue,
        };
        let playground = is_playground(process) || starts_development(&scalar.text);
        let within = format!("the process {process}");
        pieces.push(Piece { said: Said::Shell(scalar.text, scalar.start), within, deploys: !playground, playground });
    }
    pieces
}

fn makefile(text: &str) -> Vec<Piece> {
    let mut target = String::new();
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut pieces = Vec::new();
    let mut lines = with_offsets(text).peekable();
    while let Some((start, first)) = lines.next() {
        let mut line = first.to_owned();
        while line.trim_end().ends_with('\\')
            && let Some((_, next)) = lines.next()
        {
            line.push_str(next);
        }
        let (at, recipe) = if let Some(recipe) = line.strip_prefix('\t') {
            (1, recipe)
        } else if line.trim_start().starts_with('#') {
            continue;
        } else if let Some((name, value)) = assignment(&line) {
            variables.push((format!("$({name})"), value.to_owned()));
            variables.push((format!("${{{name}}}"), value.to_owned()));
            continue;
        } else if let Some((name, rest)) = line.split_once(':') {
            name.trim().clone_into(&mut target);
            // `target: needed ; command`; behind `#` stands what the target is for.
            let Some(at) = rest.find(';').filter(|at| !rest[..*at].contains('#')) else { continue };
            (name.len() + 1 + at + 1, &rest[at + 1..])
        } else {
            continue;
        };
        let command = recipe.trim_start_matches(['@', '-', '+']);
        let at = start + at + (recipe.len() - command.len());
        let full = expanded(command, &variables);
        let playground = is_playground(&target) || starts_development(&full);
        pieces.push(Piece {
            said: if full == command { Said::Shell(full, at) } else { Said::Changed(full, at) },
            within: format!("the target {target}"),
            deploys: is_deployment(&target) && !playground,
            playground,
        });
    }
    pieces
}

/// How long a command may become by the variables in it: each may hold the next one twice.
const MOST_TEXT: usize = 20_000;

/// A command with the values of its variables, in their order, as far as it stays one.
fn expanded(command: &str, variables: &[(String, String)]) -> String {
    let mut text = command.to_owned();
    for (name, value) in variables {
        let count = text.matches(name.as_str()).count();
        if count > 0 && text.len() + count * value.len() <= MOST_TEXT {
            text = text.replace(name.as_str(), value);
        }
    }
    text
}

/// `NAME = value`, `NAME := value`, `NAME ?= value` of a Makefile.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end_matches([':', '?', '+']).trim();
    let name = name.strip_prefix("export ").unwrap_or(name);
    let named = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    named.then(|| (name, value.trim()))
}

fn shell(path: &RepoPath, text: String) -> Vec<Piece> {
    let name = path.file_name();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    vec![Piece {
        said: Said::Shell(text, 0),
        within: format!("the script {name}"),
        deploys: is_deployment(stem) && !is_playground(stem),
        playground: is_playground(stem),
    }]
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
            said: Said::Shell(command.to_owned(), start + (line.len() - command.len())),
            within: "the document".to_owned(),
            deploys: true,
            playground: false,
        });
    }
    pieces
}

fn by_line(text: &str) -> impl Iterator<Item = (usize, &str)> {
    with_offsets(text).map(|(start, line)| (start, line.trim_end_matches(['\n', '\r'])))
}

/// Lines with their ends, and where each begins.
fn with_offsets(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    })
}

#[cfg(test)]
mod tests;
