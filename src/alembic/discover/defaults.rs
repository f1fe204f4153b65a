//! The database that a setting names by its default: `config("DATABASE_URL", default="sqlite:///db.sqlite3")`.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt};
use ruff_text_size::Ranged as _;

use super::facts::dialect_in_text;
use crate::alembic::python::{Found, Modules as _, ParsedFile, SnapshotModules};
use crate::catalog::Dialect;
use crate::git::{Snapshot, SnapshotError};
use crate::source::RepoPath;

/// The dialect of the default of the setting that `env.py` takes for the database's URL; none where the defaults of it
/// are of several.
///
/// `config.set_main_option("sqlalchemy.url", settings.database_url)`, where the module that `settings` comes from sets
/// `database_url`, itself or in a class.
pub(super) fn dialect(
    snapshot: &dyn Snapshot,
    roots: &[RepoPath],
    env: &ParsedFile,
) -> Result<Option<Dialect>, SnapshotError> {
    let mut urls = Urls(Vec::new());
    for stmt in env.body() {
        urls.visit_stmt(stmt);
    }
    let modules = SnapshotModules::new(snapshot, roots.to_vec())?;
    let mut found: Vec<Dialect> = Vec::new();
    for (root, setting) in &urls.0 {
        for dotted in sources(env.body(), root) {
            let Some(Found::File(path)) = modules.find(&dotted) else { continue };
            let Some(file) = modules.file(&path) else { continue };
            defaults(file.body(), setting, file.source().text(), &mut found);
        }
    }
    if let Some(error) = modules.into_error() {
        return Err(error);
    }
    let first = found.first().copied();
    Ok(first.filter(|first| found.iter().all(|dialect| dialect == first)))
}

/// What is handed to Alembic as the URL: the name at its beginning, and the name of the setting.
struct Urls(Vec<(String, String)>);

impl<'a> Visitor<'a> for Urls {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && let Some(url) = url(call)
        {
            self.0.extend(setting(url));
        }
        walk_expr(self, expr);
    }
}

/// The value of `config.set_main_option("sqlalchemy.url", value)`.
fn url(call: &ExprCall) -> Option<&Expr> {
    let Expr::Attribute(method) = &*call.func else { return None };
    let [Expr::StringLiteral(key), value] = &*call.arguments.args else { return None };
    (method.attr.as_str() == "set_main_option" && key.value.to_str() == "sqlalchemy.url").then_some(value)
}

/// The first and the last name of `settings.db.url`, of `str(settings.url)` and of `url.replace("%", "%%")`.
fn setting(value: &Expr) -> Option<(String, String)> {
    match value {
        Expr::Name(name) => Some((name.id.to_string(), name.id.to_string())),
        Expr::Attribute(attribute) => {
            let (root, _) = setting(&attribute.value)?;
            Some((root, attribute.attr.to_string()))
        }
        Expr::Call(call) => match &*call.func {
            Expr::Name(name) if name.id.as_str() == "str" => setting(call.arguments.args.first()?),
            Expr::Attribute(method) if method.attr.as_str() == "replace" => setting(&method.value),
            // `get_settings().url`.
            Expr::Name(_) if call.arguments.is_empty() => setting(&call.func),
            _ => None,
        },
        _ => None,
    }
}

/// The modules that a name may come from: itself, and the one that it is imported from.
fn sources(body: &[Stmt], root: &str) -> Vec<String> {
    let mut found = Vec::new();
    for stmt in body {
        match stmt {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().map_or(alias.name.as_str(), |name| name.as_str());
                    if name == root {
                        found.push(alias.name.to_string());
                    }
                }
            }
            Stmt::ImportFrom(import) if import.level == 0 => {
                let Some(module) = &import.module else { continue };
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    if name.as_str() == root {
                        found.push(format!("{module}.{}", alias.name));
                        found.push(module.to_string());
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The dialects of the URLs in what a module, or a class in it, sets a name to.
fn defaults(body: &[Stmt], wanted: &str, text: &str, found: &mut Vec<Dialect>) {
    let is_it = |target: &Expr| matches!(target, Expr::Name(name) if name.id.as_str() == wanted);
    for stmt in body {
        let value = match stmt {
            Stmt::ClassDef(class) => {
                defaults(&class.body, wanted, text, found);
                continue;
            }
            Stmt::Assign(assign) if assign.targets.iter().any(is_it) => &*assign.value,
            Stmt::AnnAssign(assign) if is_it(&assign.target) => match &assign.value {
                Some(value) => &**value,
                None => continue,
            },
            _ => continue,
        };
        let written = text.get(value.start().to_usize()..value.end().to_usize()).unwrap_or_default();
        found.extend(dialect_in_text(written));
    }
}
