//! What tables are made with and of.

use std::collections::BTreeSet;

use ruff_python_ast::{Expr, ExprAttribute, ExprCall, Stmt, StmtClassDef};

use super::super::words;

/// Whether a value is one with which no table of a database is made that outlives the program: an engine of
/// `create_mock_engine()`, which is SQLAlchemy's way to print DDL, SQLite in memory, its URL, or a connection to such.
/// <https://docs.sqlalchemy.org/en/20/faq/metadata_schema.html#how-can-i-get-the-create-table-drop-table-output-as-a-string>
/// <https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#using-a-memory-database-in-multiple-threads>
pub(super) fn is_idle(value: &Expr, known: &BTreeSet<String>) -> bool {
    match value {
        Expr::Name(name) => known.contains(name.id.as_str()),
        Expr::StringLiteral(text) => is_memory(text.value.to_str()),
        Expr::Await(awaited) => is_idle(&awaited.value, known),
        Expr::Call(call) => match called(call) {
            Some("create_mock_engine") => true,
            Some("create_engine" | "create_async_engine") => {
                call.arguments.find_argument_value("url", 0).is_some_and(|url| is_idle(url, known))
            }
            Some("connect" | "begin") => {
                matches!(&*call.func, Expr::Attribute(attribute) if is_idle(&attribute.value, known))
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether a URL is that of an SQLite database in memory.
fn is_memory(url: &str) -> bool {
    let Some(("sqlite", rest)) = url.split_once("://").map(|(scheme, rest)| {
        let scheme = scheme.split('+').next().unwrap_or(scheme);
        (scheme, rest)
    }) else {
        return false;
    };
    matches!(rest, "" | "/") || rest.contains(":memory:") || rest.contains("mode=memory")
}

/// The last name of what is called.
pub(super) fn called(call: &ExprCall) -> Option<&str> {
    match &*call.func {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

/// Whether `create_all(…)` or `run_sync(….create_all, …)` asks for some tables, for those of one further database, or for
/// tests.
pub(super) fn is_chosen(call: &ExprCall, text: &str) -> bool {
    let is_direct = called(call) == Some("create_all");
    let is_given = |value: &Expr| !matches!(value, Expr::NoneLiteral(_));
    let tables = call.arguments.find_keyword("tables").map(|keyword| &keyword.value);
    let tables = tables.or_else(|| call.arguments.args.get(1).filter(|_| is_direct));
    // Flask-SQLAlchemy: <https://flask-sqlalchemy.readthedocs.io/en/stable/binds/>
    let bind = call.arguments.find_keyword("bind_key").map(|keyword| &keyword.value);
    let is_one = |value: &Expr| match value {
        Expr::StringLiteral(text) => text.value.to_str() != "__all__",
        Expr::List(_) | Expr::Tuple(_) => true,
        _ => false,
    };
    let is_test = words(text).any(|word| word.starts_with("test"));
    tables.is_some_and(is_given) || bind.is_some_and(is_one) || is_test
}

/// The name of what makes the tables, where it is a metadata or Flask-SQLAlchemy's `db`.
pub(super) fn metadata(attribute: &ExprAttribute) -> Option<String> {
    match &*attribute.value {
        Expr::Name(name) if name.id.as_str() == "db" || name.id.to_lowercase().ends_with("metadata") => {
            Some(name.id.to_string())
        }
        Expr::Attribute(inner) if inner.attr.as_str() == "db" || inner.attr.to_lowercase().ends_with("metadata") => {
            match &*inner.value {
                Expr::Name(name) => Some(format!("{}.{}", name.id, inner.attr)),
                _ => Some(inner.attr.to_string()),
            }
        }
        _ => None,
    }
}

/// Whether a class is a base of models with a metadata of its own.
pub(super) fn is_own_base(class: &StmtClassDef) -> bool {
    let is_base = class.bases().iter().any(|base| match base {
        Expr::Name(name) => name.id.as_str() == "DeclarativeBase",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "DeclarativeBase",
        _ => false,
    });
    let names_metadata = |target: &Expr| matches!(target, Expr::Name(name) if name.id.as_str() == "metadata");
    let shares = class.body.iter().any(|stmt| match stmt {
        Stmt::Assign(assign) => assign.targets.iter().any(names_metadata),
        Stmt::AnnAssign(assign) => names_metadata(&assign.target),
        _ => false,
    });
    is_base && !shares
}

/// `declarative_base()` without a metadata from elsewhere.
pub(super) fn makes_own_base(value: &Expr) -> bool {
    let Expr::Call(call) = value else { return false };
    called(call) == Some("declarative_base")
        && call.arguments.args.is_empty()
        && !call.arguments.keywords.iter().any(|keyword| keyword.arg.as_ref().is_none_or(|name| name == "metadata"))
}

/// Whether tables are made of another metadata than the tool compares: a base that the file declares for itself, where
/// `env.py` names bases and not this one.
pub(super) fn is_another(of: &str, own: &BTreeSet<String>, targets: &[&str]) -> bool {
    let is_base = |name: &str| name.to_lowercase().contains("base") || matches!(name, "SQLModel" | "db");
    let mut compared = targets.iter().flat_map(|names| names.lines());
    let Some(owner) = of.strip_suffix(".metadata").filter(|owner| own.contains(*owner)) else { return false };
    !targets.is_empty() && compared.all(|name| is_base(name) && name != owner)
}
