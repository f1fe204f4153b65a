//! Runners of tasks: a justfile's recipes, and the tasks of a Taskfile.

use std::collections::BTreeSet;

use super::{Piece, Said, by_line, expanded, is_by_hand, is_deployment, is_playground, starts_development, words_of};
use crate::rules::workflow::yaml::scalars;

/// A task with what it runs.
#[derive(Default)]
struct Task {
    name: String,
    /// What it runs, and where that begins.
    runs: Vec<(String, usize)>,
    /// Whether that stands so in the file.
    is_changed: bool,
    /// Tasks that it runs first, or among its commands.
    needs: Vec<String>,
}

impl Task {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn develops(&self) -> bool {
        self.runs.iter().any(|(text, _)| starts_development(text))
    }
}

/// What the tasks run. One that is called after what it does to a database is typed by somebody, unless one that deploys
/// runs it.
fn pieces(tasks: Vec<Task>, what: &str) -> Vec<Piece> {
    let deploying = || tasks.iter().filter(|task| is_deployment(&task.name) && !task.develops());
    let mut called: BTreeSet<String> = deploying().flat_map(|task| task.needs.iter().cloned()).collect();
    called.extend(deploying().flat_map(|task| &task.runs).flat_map(|(text, _)| words_of(text)));
    let judged: Vec<(bool, bool)> = tasks
        .iter()
        .map(|task| {
            let by_hand = is_by_hand(&task.name) && !called.contains(&task.name);
            let playground = is_playground(&task.name) || task.develops() || by_hand;
            (playground, is_deployment(&task.name) && !playground)
        })
        .collect();
    let mut pieces = Vec::new();
    for (task, (playground, deploys)) in tasks.into_iter().zip(judged) {
        for (text, at) in task.runs {
            let said = if task.is_changed { Said::Changed(text, at) } else { Said::Shell(text, at) };
            pieces.push(Piece { said, within: format!("the {what} {}", task.name), deploys, playground });
        }
    }
    pieces
}

/// A justfile: <https://just.systems/man/en/grammar.html>.
pub(super) fn just(text: &str) -> Vec<Piece> {
    const WORDS: [&str; 7] = ["set ", "import ", "import? ", "mod ", "mod? ", "alias ", "["];
    let mut tasks: Vec<Task> = Vec::new();
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut is_script = false;
    for (start, line) in by_line(text) {
        if line.starts_with([' ', '\t']) {
            let Some(task) = tasks.last_mut() else { continue };
            let body = line.trim_start();
            // A recipe in another language than the shell's is none of commands.
            if task.runs.is_empty() && body.starts_with("#!") {
                is_script = !body.trim_end().ends_with("sh");
            }
            if is_script {
                continue;
            }
            let command = body.trim_start_matches(['@', '-']);
            let at = start + (line.len() - command.len());
            match task.runs.last_mut() {
                // What goes on in the next line keeps its place.
                Some((before, from)) if before.ends_with('\\') => {
                    let gap = at.saturating_sub(*from + before.len() + 1);
                    before.push('\n');
                    before.push_str(&" ".repeat(gap));
                    before.push_str(command);
                }
                _ => task.runs.push((command.to_owned(), at)),
            }
            continue;
        }
        if line.is_empty() || line.starts_with('#') || WORDS.iter().any(|word| line.starts_with(word)) {
            continue;
        }
        if let Some((name, value)) = line.split_once(":=") {
            let name = name.trim().trim_start_matches("export ");
            let value = value.trim().trim_matches(['"', '\'', '`']);
            variables.push((format!("{{{{{name}}}}}"), value.to_owned()));
            variables.push((format!("{{{{ {name} }}}}"), value.to_owned()));
        } else if let Some((head, needs)) = line.split_once(':') {
            let head = head.trim_start_matches('@');
            let needs = needs.split('#').next().unwrap_or_default();
            let mut task = Task::new(head.split_whitespace().next().unwrap_or_default());
            let plain = |need: &str| need.trim_matches(['(', ')']).to_owned();
            task.needs = needs.split_whitespace().filter(|need| *need != "&&").map(plain).collect();
            tasks.push(task);
            is_script = false;
        }
    }
    for task in &mut tasks {
        for (text, _) in task.runs.iter_mut().filter(|(text, _)| text.contains("{{")) {
            let full = expanded(text, &variables);
            task.is_changed |= full != *text;
            *text = full;
        }
    }
    pieces(tasks, "recipe")
}

/// A Taskfile: <https://taskfile.dev/reference/schema>.
pub(super) fn taskfile(text: &str) -> Vec<Piece> {
    let mut tasks: Vec<Task> = Vec::new();
    for scalar in scalars(text) {
        let keys: Vec<&str> = scalar.keys.iter().map(String::as_str).collect();
        let ["tasks", name, within @ ..] = keys.as_slice() else { continue };
        if tasks.last().is_none_or(|task| task.name != *name) {
            tasks.push(Task::new(name));
        }
        let Some(task) = tasks.last_mut() else { continue };
        match within {
            [] | ["cmd" | "cmds"] | ["cmds", "cmd" | "defer"] => task.runs.push((scalar.text, scalar.start)),
            ["deps"] | ["deps" | "cmds", "task"] => task.needs.push(scalar.text),
            _ => {}
        }
    }
    pieces(tasks, "task")
}
