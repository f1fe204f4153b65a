//! What `env.py` hands to every `upgrade()`: the keywords of `context.run_migrations(**keywords)`.

use std::collections::BTreeMap;
use std::rc::Rc;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{self as ast, Expr, Stmt};

use crate::alembic::python::{Args, Function, Interpreter, Module, ParsedFile, Value};
use crate::catalog::Reach;
use crate::catalog::operation::Operation;
use crate::source::Place;

use super::script::opaque;

/// The library's name that stands for a value which `env.py` hands over: what is called of it is then told.
const HANDED: &str = "alembic_env_hands.";

/// The keywords of `context.run_migrations(…)`.
#[derive(Debug, Default)]
pub(crate) struct Handed {
    /// By name: whether it is Alembic's operations, none where that is not known.
    keywords: BTreeMap<String, Option<bool>>,
    /// Whether there are more, whose names are computed.
    more: bool,
}

impl Handed {
    /// What the calls of `run_migrations` in an `env.py` hand over, `heard` being those that were reached when it ran.
    pub(super) fn read(
        interpreter: &mut Interpreter<'_>,
        module: &Rc<Module>,
        file: Option<&ParsedFile>,
        heard: &[Args],
    ) -> Self {
        let mut handed = Self::default();
        for args in heard {
            handed.more |= args.more.is_some();
            for (name, value) in &args.keyword {
                handed.note(name, Some(value));
            }
        }
        // A branch that this run did not take, or that stands behind what could not be evaluated.
        let mut calls = Calls::default();
        if let Some(file) = file {
            calls.visit_body(file.body());
        }
        for keyword in calls.keywords {
            let Some(name) = &keyword.arg else {
                handed.more |= heard.is_empty();
                continue;
            };
            if heard.iter().any(|args| args.keyword(name).is_some()) {
                continue;
            }
            let value = match &keyword.value {
                Expr::Name(written) => interpreter.global(module, written.id.as_str()),
                _ => None,
            };
            handed.note(name, value.as_ref());
        }
        handed
    }

    fn note(&mut self, name: &str, value: Option<&Value>) {
        let is_operations = match value {
            None | Some(Value::Unknown(_) | Value::Deferred(_) | Value::Instance(_)) => None,
            Some(value) => match (value.path(), value.call_of()) {
                (Some(path), _) if &*path == "alembic.op" => Some(true),
                (_, Some(("alembic.operations.Operations", _))) => Some(true),
                // An object of a library, or of one that is not there: it may pass all on to `op`.
                (_, Some(_)) | (Some(_), _) => None,
                _ => Some(false),
            },
        };
        let known = self.keywords.entry(name.to_owned()).or_insert(is_operations);
        if *known != is_operations {
            *known = None;
        }
    }

    /// The arguments that an `upgrade()` is called with, and what of them is not known.
    pub(super) fn arguments(&self, upgrade: &Function, place: &Place) -> (Args, Vec<Operation>) {
        let mut args = Args::default();
        let mut doubts = Vec::new();
        let Some(parameters) = upgrade.parameters() else { return (args, doubts) };
        for parameter in named(parameters) {
            let name = parameter.parameter.name.as_str();
            let keyword = self.keywords.get(name);
            if keyword.is_none() && parameter.default.is_some() && !(self.more && name == "op") {
                continue;
            }
            let known = keyword.copied().flatten();
            if keyword.is_none() && !self.more {
                let reason = format!("upgrade() takes `{name}`, and env.py is not seen to hand it over");
                doubts.push(opaque(reason, Reach::Everything, place.clone()));
            } else if name == "op" && known.is_none() {
                let reason = "what env.py hands to upgrade() as `op` is not known to be Alembic's operations";
                doubts.push(opaque(reason, Reach::Everything, place.clone()));
            }
            args.keyword.push((name.into(), value(name, known)));
        }
        if parameters.kwarg.is_some() {
            for (name, known) in &self.keywords {
                if args.keyword(name).is_none() {
                    args.keyword.push((name.as_str().into(), value(name, *known)));
                }
            }
            if self.more {
                let reason = "upgrade() takes what env.py hands over under computed names";
                doubts.push(opaque(reason, Reach::Everything, place.clone()));
            }
        }
        (args, doubts)
    }
}

/// The parameters that a keyword reaches.
fn named(parameters: &ast::Parameters) -> impl Iterator<Item = &ast::ParameterWithDefault> {
    parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs)
}

/// What a parameter stands for. One called `op` is read as the operations even where that is not sure, which is said: what
/// it does is rather told in doubt than passed over.
fn value(name: &str, is_operations: Option<bool>) -> Value {
    match is_operations {
        Some(true) => Value::external("alembic.op"),
        None if name == "op" => Value::external("alembic.op"),
        _ => Value::external(format!("{HANDED}{name}")),
    }
}

/// Whether an `upgrade()` takes Alembic's operations, and is thus no dispatcher for several databases.
pub(super) fn takes_operations(handed: &Handed, upgrade: &Function) -> bool {
    upgrade.parameters().is_some_and(|parameters| {
        named(parameters).any(|parameter| {
            let name = parameter.parameter.name.as_str();
            name == "op" || handed.keywords.get(name) == Some(&Some(true))
        })
    })
}

/// What a call of something that `env.py` hands over may do to the schema; none where it does nothing to it by its name.
pub(super) fn called(path: &str, place: &Place) -> Option<Operation> {
    let path = path.strip_prefix(HANDED)?;
    let method = path.split_once('.').map(|(_, rest)| rest.rsplit('.').next().unwrap_or(rest));
    const WORDS: [&str; 16] = [
        "execute",
        "exec",
        "executescript",
        "scalar",
        "scalars",
        "run",
        "call",
        "apply",
        "invoke",
        "create",
        "drop",
        "alter",
        "add",
        "rename",
        "migrate",
        "batch",
    ];
    let changes = method.is_none_or(|method| method.split('_').any(|word| WORDS.contains(&word)));
    let reason = || format!("`{path}()` of what env.py hands to upgrade(), which is not read");
    changes.then(|| opaque(reason(), Reach::Everything, place.clone()))
}

/// Whether a call of something that `env.py` hands over makes a statement about rows: `tables.user.insert()`.
pub(super) fn is_about_rows(path: &str) -> bool {
    let last = path.rsplit('.').next();
    path.starts_with(HANDED) && matches!(last, Some("insert" | "update" | "delete" | "select"))
}

/// The keywords of every call of `run_migrations`.
#[derive(Default)]
struct Calls<'a> {
    keywords: Vec<&'a ast::Keyword>,
}

impl<'a> Visitor<'a> for Calls<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression {
            let name = match &*call.func {
                Expr::Attribute(attribute) => attribute.attr.as_str(),
                Expr::Name(name) => name.id.as_str(),
                _ => "",
            };
            // A function of `env.py` that goes by a name like it (`do_run_migrations`) is another.
            if name == "run_migrations" {
                self.keywords.extend(&call.arguments.keywords);
            }
        }
        walk_expr(self, expression);
    }
}

/// Whether an `upgrade()` that dispatches to others also does operations itself.
pub(super) fn does_operations(file: &ParsedFile) -> bool {
    let mut found = Named(false);
    for stmt in file.body() {
        if let Stmt::FunctionDef(function) = stmt
            && function.name.as_str() == "upgrade"
        {
            found.visit_body(&function.body);
        }
    }
    found.0
}

/// Whether `op` is used.
struct Named(bool);

impl<'a> Visitor<'a> for Named {
    fn visit_expr(&mut self, expression: &'a Expr) {
        self.0 |= matches!(expression, Expr::Name(name) if name.id.as_str() == "op");
        walk_expr(self, expression);
    }
}
