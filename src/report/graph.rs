//! The migrations of a project as a picture: in a terminal, for Mermaid, for DOT; and as data, for programs.

mod json;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::escape;
use super::text::{Look, cut};
use crate::history::{History, Migration};
use crate::project::Project;

/// The formats of `graph`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum GraphFormat {
    /// Lines and nodes, newest first
    Terminal,
    /// A Mermaid flowchart
    Mermaid,
    /// A Graphviz digraph
    Dot,
    /// For programs, `"version": 1`: every migration, and what of it was not read
    Json,
}

/// A project whose migrations are drawn.
#[derive(Debug)]
pub struct Drawn {
    /// The project.
    pub project: Project,
    /// Its migrations.
    pub history: History,
    /// What is to be said of some of them, by id.
    pub marks: BTreeMap<String, Mark>,
}

/// How far a migration is from being committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is staged, and no commit has it.
    New,
    /// It lies in the working directory, and git does not know it.
    Untracked,
}

impl Mark {
    /// The word in pictures and in JSON.
    fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Untracked => "untracked",
        }
    }
}

impl Drawn {
    /// What a node says: its name, its message where the name does not hold it, its labels, and in parentheses whether it
    /// is a head, not committed yet, or the place of a problem.
    fn caption(&self, migration: &Migration, heads: &BTreeSet<&str>) -> String {
        let mut text = migration.name.clone();
        if let Some(message) = migration.message.as_deref().and_then(|message| message.lines().next()) {
            let slug = message.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "_");
            if !message.is_empty() && !migration.name.to_lowercase().contains(&slug) {
                let _ = write!(text, "  {message}");
            }
        }
        if !migration.labels.is_empty() {
            let _ = write!(text, "  [{}]", migration.labels.join(", "));
        }
        let wrong = self.history.problems.iter().any(|problem| problem.path == migration.path);
        let marks: Vec<&str> = [
            heads.contains(migration.id.as_str()).then_some("head"),
            self.marks.get(&migration.id).map(|mark| mark.as_str()),
            wrong.then_some("problem"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !marks.is_empty() {
            let _ = write!(text, "  ({})", marks.join(", "));
        }
        escape::line(&text).into_owned()
    }

    /// What is wrong with the history, in lines.
    fn problems(&self) -> impl Iterator<Item = String> {
        let problems = self.history.problems.iter();
        problems.map(|one| format!("{}: {}", escape::line(&one.path.to_string()), escape::line(&one.message)))
    }
}

/// The migrations of projects.
pub fn graph(projects: &[Drawn], format: GraphFormat, look: &Look) -> String {
    match format {
        GraphFormat::Terminal => projects.iter().map(|drawn| terminal(drawn, look)).collect(),
        GraphFormat::Mermaid => projects.iter().map(mermaid).collect(),
        GraphFormat::Dot => projects.iter().map(dot).collect(),
        GraphFormat::Json => json::json(projects),
    }
}

/// Parents that are there, in the order written, each once.
fn parents<'h>(known: &BTreeSet<&str>, migration: &'h Migration) -> Vec<&'h str> {
    let mut parents: Vec<&str> = Vec::new();
    for parent in &migration.parents {
        if known.contains(parent.as_str()) && !parents.contains(&parent.as_str()) && *parent != migration.id {
            parents.push(parent);
        }
    }
    parents
}

fn known(history: &History) -> BTreeSet<&str> {
    history.migrations.iter().map(|migration| migration.id.as_str()).collect()
}

/// The characters of a terminal picture.
struct Strokes {
    node: &'static str,
    bar: &'static str,
    tee: &'static str,
    cross: &'static str,
    dash: &'static str,
    open: &'static str,
    close: &'static str,
}

const UNICODE: Strokes =
    Strokes { node: "●", bar: "│", tee: "├", cross: "┼", dash: "─", open: "╮", close: "╯" };
const ASCII: Strokes = Strokes { node: "*", bar: "|", tee: "|", cross: "+", dash: "-", open: "\\", close: "/" };

/// Newest first, one column per line of descent, as `git log --graph` draws it.
fn terminal(drawn: &Drawn, look: &Look) -> String {
    let (project, history) = (drawn.project.name.as_str(), &drawn.history);
    let strokes = if look.unicode && look.graphics { &UNICODE } else { &ASCII };
    let known = known(history);
    let heads: BTreeSet<&str> = history.heads().into_iter().collect();
    let title = format!("{} ({})", escape::line(project), super::text::count(history.migrations.len(), "migration"));
    let mut out = format!("{}\n", look.paint(anstyle::Style::new().bold(), &title));
    // Each column waits for the migration of that id; an empty one is free.
    let mut columns: Vec<Option<&str>> = Vec::new();
    for migration in history.migrations.iter().rev() {
        let id = migration.id.as_str();
        let waiting: Vec<usize> =
            columns.iter().enumerate().filter(|(_, wanted)| **wanted == Some(id)).map(|(at, _)| at).collect();
        let column = waiting.first().copied().unwrap_or_else(|| free(&mut columns));
        for &other in waiting.iter().skip(1).rev() {
            link(&mut out, &columns, column, other, strokes, strokes.close);
            set(&mut columns, other, None);
        }
        while columns.last().is_some_and(Option::is_none) && columns.len() > column + 1 {
            columns.pop();
        }
        set(&mut columns, column, Some(id));
        row(&mut out, &columns, column, strokes);
        let indent = columns.len() * 2 + 1;
        let most = look.width.saturating_sub(indent).max(20);
        let _ = writeln!(out, " {}", cut(&drawn.caption(migration, &heads), most, look.ellipsis()));
        let parents = parents(&known, migration);
        let mut parents = parents.into_iter();
        set(&mut columns, column, parents.next());
        for parent in parents {
            // A column that waits for it already is joined when its turn comes.
            let other = free_after(&mut columns, column);
            set(&mut columns, other, Some(parent));
            link(&mut out, &columns, column, other, strokes, strokes.open);
        }
        while columns.last().is_some_and(Option::is_none) {
            columns.pop();
        }
    }
    for problem in drawn.problems() {
        let _ = writeln!(out, "! {problem}");
    }
    out
}

fn set<'h>(columns: &mut [Option<&'h str>], at: usize, id: Option<&'h str>) {
    if let Some(column) = columns.get_mut(at) {
        *column = id;
    }
}

fn free(columns: &mut Vec<Option<&str>>) -> usize {
    columns.iter().position(Option::is_none).unwrap_or_else(|| {
        columns.push(None);
        columns.len() - 1
    })
}

fn free_after(columns: &mut Vec<Option<&str>>, column: usize) -> usize {
    let found = columns.iter().skip(column + 1).position(Option::is_none);
    found.map_or_else(
        || {
            columns.push(None);
            columns.len() - 1
        },
        |at| at + column + 1,
    )
}

/// A row with the node in `column`, without its line end.
fn row(out: &mut String, columns: &[Option<&str>], column: usize, strokes: &Strokes) {
    for (at, waits) in columns.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(match waits {
            _ if at == column => strokes.node,
            Some(_) => strokes.bar,
            None => " ",
        });
    }
}

/// A row that ties the column `other` to `column` on its left.
fn link(
    out: &mut String,
    columns: &[Option<&str>],
    column: usize,
    other: usize,
    strokes: &Strokes,
    corner: &'static str,
) {
    for (at, waits) in columns.iter().enumerate() {
        if at > 0 {
            out.push_str(if at > column && at <= other { strokes.dash } else { " " });
        }
        out.push_str(match waits {
            _ if at == column => strokes.tee,
            _ if at == other => corner,
            Some(_) if at > column && at < other => strokes.cross,
            Some(_) => strokes.bar,
            None if at > column && at < other => strokes.dash,
            None => " ",
        });
    }
    let trimmed = out.trim_end().len();
    out.truncate(trimmed);
    out.push('\n');
}

/// Names of nodes: ids may hold anything, so they are counted.
fn nodes(history: &History) -> BTreeMap<&str, String> {
    let mut nodes = BTreeMap::new();
    for (index, migration) in history.migrations.iter().enumerate() {
        nodes.entry(migration.id.as_str()).or_insert_with(|| format!("m{index}"));
    }
    nodes
}

fn mermaid(drawn: &Drawn) -> String {
    let (project, history) = (drawn.project.name.as_str(), &drawn.history);
    let (nodes, heads) = (nodes(history), history.heads().into_iter().collect());
    let mut out = format!("%% {}\nflowchart BT\n", escape::line(project));
    // Mermaid takes HTML's character references with `#` in a quoted label.
    let quote = |text: &str| {
        let mut safe = String::new();
        for c in text.chars() {
            match c {
                '"' | '#' | '<' | '>' | '&' | '`' | '\\' => {
                    let _ = write!(safe, "#{};", c as u32);
                }
                c => safe.push(c),
            }
        }
        safe
    };
    each(history, &nodes, &mut out, |out, node, migration| {
        let _ = writeln!(out, "  {node}[\"{}\"]", quote(&drawn.caption(migration, &heads)));
    });
    edges(history, &nodes, &mut out, |out, from, to, ordered| {
        let _ = writeln!(out, "  {from} {} {to}", if ordered { "-->" } else { "-.->" });
    });
    for problem in drawn.problems() {
        let _ = writeln!(out, "  %% ! {problem}");
    }
    out
}

fn dot(drawn: &Drawn) -> String {
    let (project, history) = (drawn.project.name.as_str(), &drawn.history);
    let (nodes, heads) = (nodes(history), history.heads().into_iter().collect());
    let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut out = format!("digraph \"{}\" {{\n  rankdir=BT;\n  node [shape=box];\n", quote(&escape::line(project)));
    each(history, &nodes, &mut out, |out, node, migration| {
        let _ = writeln!(out, "  {node} [label=\"{}\"];", quote(&drawn.caption(migration, &heads)));
    });
    edges(history, &nodes, &mut out, |out, from, to, ordered| {
        let _ = writeln!(out, "  {from} -> {to}{};", if ordered { "" } else { " [style=dashed]" });
    });
    for problem in drawn.problems() {
        let _ = writeln!(out, "  // ! {problem}");
    }
    out.push_str("}\n");
    out
}

fn each(
    history: &History,
    nodes: &BTreeMap<&str, String>,
    out: &mut String,
    mut write: impl FnMut(&mut String, &str, &Migration),
) {
    let mut seen = BTreeSet::new();
    for migration in &history.migrations {
        if let (Some(node), true) = (nodes.get(migration.id.as_str()), seen.insert(migration.id.as_str())) {
            write(out, node, migration);
        }
    }
}

/// Every edge from a migration to what it comes after; the flag is false for `depends_on`.
fn edges(
    history: &History,
    nodes: &BTreeMap<&str, String>,
    out: &mut String,
    mut write: impl FnMut(&mut String, &str, &str, bool),
) {
    for migration in &history.migrations {
        let Some(from) = nodes.get(migration.id.as_str()) else { continue };
        for (targets, ordered) in [(&migration.parents, true), (&migration.depends_on, false)] {
            for target in targets.iter().filter_map(|id| nodes.get(id.as_str())) {
                write(out, from, target, ordered);
            }
        }
    }
}
