//! What a revision says of itself: `revision`, `down_revision`, `branch_labels`, `depends_on`, its message.

use std::sync::Arc;

use ruff_python_ast::{Expr, Stmt};

use crate::alembic::graph::Node;
use crate::alembic::python::parse::span;
use crate::alembic::python::{Imports, Interpreter, ParsedFile, Silent, SnapshotModules, Value};
use crate::source::Place;
use ruff_text_size::Ranged;

/// What a revision says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    /// Id, parents, labels, places.
    pub(crate) node: Node,
    /// The first paragraph of the docstring's first line.
    pub(crate) message: Option<String>,
    /// Whether its parents are computed and cannot be read.
    pub(crate) computed: bool,
}

/// Why Alembic does not take a file as a revision.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// Where.
    pub(crate) place: Option<Place>,
    /// Why.
    pub(crate) message: String,
}

/// A module's variable: its value where it is a literal, and its place.
struct Variable {
    literal: Option<Literal>,
    place: Place,
}

/// A value of a variable that needs no evaluation, or the result of one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Literal {
    None,
    One(String),
    Several(Vec<String>),
    Other,
}

/// Reads the variables of a revision.
///
/// # Errors
/// [`Refusal`] where Alembic refuses the file.
pub(crate) fn read(file: &Arc<ParsedFile>, modules: &SnapshotModules<'_>) -> Result<Header, Refusal> {
    let names = ["revision", "down_revision", "branch_labels", "depends_on"];
    let mut variables: [Option<Variable>; 4] = [const { None }; 4];
    let mut plain = true;
    for stmt in file.body() {
        let (targets, value): (&[Expr], Option<&Expr>) = match stmt {
            Stmt::Assign(assign) => (&assign.targets, Some(&assign.value)),
            Stmt::AnnAssign(assign) => (std::slice::from_ref(&*assign.target), assign.value.as_deref()),
            // Assigned under a condition, or otherwise.
            Stmt::If(_) | Stmt::Try(_) | Stmt::With(_) | Stmt::For(_) => {
                plain = false;
                continue;
            }
            _ => continue,
        };
        let Some(value) = value else { continue };
        for target in targets {
            if let Expr::Tuple(_) = target {
                plain = false;
            }
            let Expr::Name(name) = target else { continue };
            let Some(at) = names.iter().position(|wanted| *wanted == name.id.as_str()) else { continue };
            let place = Place::new(file.source(), span(stmt.range()));
            variables[at] = Some(Variable { literal: literal(value), place });
        }
    }
    let unread = variables.iter().flatten().any(|variable| variable.literal.is_none());
    let missing = variables[0].is_none() || variables[1].is_none();
    if unread || (missing && !plain) || (missing && imports_star(file)) {
        evaluate(file, modules, &names, &mut variables);
    }
    let [revision, down, labels, depends] = variables;
    let Some(revision) = revision else {
        return match legacy_id(file) {
            Some(id) => header(file, id, None, down, labels, depends),
            None => Err(Refusal {
                place: None,
                message: "no `revision` is set in this file among the revisions: Alembic stops at it".to_owned(),
            }),
        };
    };
    let place = Some(revision.place.clone());
    match revision.literal {
        Some(Literal::One(id)) => header(file, id, place, down, labels, depends),
        Some(Literal::None | Literal::Several(_)) => {
            Err(Refusal { place, message: "`revision` is no string: Alembic stops at it".to_owned() })
        }
        Some(Literal::Other) | None => {
            Err(Refusal { place, message: "the `revision` of this file cannot be read: it is computed".to_owned() })
        }
    }
}

fn header(
    file: &Arc<ParsedFile>,
    id: String,
    place: Option<Place>,
    down: Option<Variable>,
    labels: Option<Variable>,
    depends: Option<Variable>,
) -> Result<Header, Refusal> {
    let Some(down) = down else {
        return Err(Refusal {
            place,
            message: format!("the revision {id} has no `down_revision`: Alembic stops at it"),
        });
    };
    let list = |variable: Option<Variable>| match variable.and_then(|variable| variable.literal) {
        Some(Literal::One(id)) => vec![id],
        Some(Literal::Several(ids)) => ids,
        _ => Vec::new(),
    };
    let parents_place = Some(down.place.clone());
    let computed = matches!(down.literal, None | Some(Literal::Other));
    // An empty string is no base: Alembic looks for a revision of that name.
    let parents = list(Some(down));
    let node = Node {
        id,
        parents,
        depends_on: list(depends),
        labels: list(labels),
        path: file.source().path().clone(),
        place,
        parents_place,
    };
    Ok(Header { node, message: message(file), computed })
}

/// The message is the docstring up to `Revision ID:`, on one line.
fn message(file: &ParsedFile) -> Option<String> {
    let text = file.docstring()?;
    let text = text.split("Revision ID:").next().unwrap_or_default();
    let text = text.trim().lines().next().unwrap_or_default().trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Before Alembic 0.2 the id was the file's name (`_legacy_rev`).
fn legacy_id(file: &ParsedFile) -> Option<String> {
    let stem = file.source().path().file_name().strip_suffix(".py")?.to_owned();
    (!stem.is_empty() && stem.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))).then_some(stem)
}

fn imports_star(file: &ParsedFile) -> bool {
    file.body().iter().any(|stmt| match stmt {
        Stmt::ImportFrom(import) => {
            import.names.iter().any(|alias| matches!(alias.name.as_str(), "*" | "revision" | "down_revision"))
        }
        _ => false,
    })
}

/// The value of an expression that is a literal.
fn literal(expr: &Expr) -> Option<Literal> {
    let strings = |items: &[Expr]| {
        let items: Option<Vec<String>> = items
            .iter()
            .map(|item| match item {
                Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
                _ => None,
            })
            .collect();
        items.map(Literal::Several)
    };
    match expr {
        Expr::NoneLiteral(_) => Some(Literal::None),
        Expr::StringLiteral(text) => Some(Literal::One(text.value.to_str().to_owned())),
        Expr::Tuple(tuple) => strings(&tuple.elts),
        Expr::List(list) => strings(&list.elts),
        Expr::Set(set) => strings(&set.elts),
        _ => None,
    }
}

/// Runs the file's statements to learn what its variables are.
fn evaluate(
    file: &Arc<ParsedFile>,
    modules: &SnapshotModules<'_>,
    names: &[&str; 4],
    variables: &mut [Option<Variable>; 4],
) {
    let mut interpreter = Interpreter::new(modules, &Silent, Imports::Lazy);
    let Some(module) = interpreter.load(file.source().path()) else { return };
    for (name, slot) in names.iter().zip(variables) {
        let Some(value) = interpreter.global(&module, name) else { continue };
        let strings = |items: Vec<Value>| {
            let items: Option<Vec<String>> =
                items.iter().map(|item| item.as_str().map(|text| text.to_string())).collect();
            items.map_or(Literal::Other, Literal::Several)
        };
        let literal = match &value {
            Value::None => Literal::None,
            other => match (other.as_str(), other.items()) {
                (Some(text), _) => Literal::One(text.to_string()),
                (None, Some(items)) => strings(items),
                (None, None) => Literal::Other,
            },
        };
        let place = slot.take().map_or_else(|| Place::start_of(file.source()), |variable| variable.place);
        *slot = Some(Variable { literal: Some(literal), place });
    }
}
