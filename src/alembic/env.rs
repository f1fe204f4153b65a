//! What `env.py` asks of the comparison: the keywords of `context.configure(…)`.
//!
//! <https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.environment.EnvironmentContext.configure>

use std::collections::BTreeMap;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};

use super::compare::Options;
use super::python::ParsedFile;
use crate::project::Project;

/// [`Project::facts`]: `compare_type`, `true` or `false`.
pub(crate) const COMPARE_TYPE: &str = "compare-type";
/// [`Project::facts`]: `compare_server_default`, `true` or `false`.
pub(crate) const COMPARE_SERVER_DEFAULT: &str = "compare-server-default";
/// [`Project::facts`]: `include_schemas`, `true` or `false`.
pub(crate) const INCLUDE_SCHEMAS: &str = "include-schemas";
/// [`Project::facts`]: `version_table`.
pub(crate) const VERSION_TABLE: &str = "version-table";

/// Keywords that are read, and the facts that they become.
const KEYWORDS: [(&str, &str); 4] = [
    ("compare_type", COMPARE_TYPE),
    ("compare_server_default", COMPARE_SERVER_DEFAULT),
    ("include_schemas", INCLUDE_SCHEMAS),
    ("version_table", VERSION_TABLE),
];

/// The options that an `env.py` writes out, as facts. A function that decides (`compare_type=my_compare`) counts as yes.
pub(crate) fn facts(file: &ParsedFile) -> BTreeMap<&'static str, String> {
    let mut reader = Reader { constants: BTreeMap::new(), facts: BTreeMap::new() };
    for stmt in file.body() {
        if let Stmt::Assign(assign) = stmt
            && let [Expr::Name(name)] = assign.targets.as_slice()
            && let Some(value) = literal(&assign.value)
        {
            reader.constants.insert(name.id.to_string(), value);
        }
    }
    for stmt in file.body() {
        reader.visit_stmt(stmt);
    }
    reader.facts
}

/// The comparison that a project's facts ask for.
pub(crate) fn options(project: &Project) -> Options {
    let default = Options::default();
    let flag = |key: &str, default: bool| project.facts.get(key).map_or(default, |value| value == "true");
    Options {
        compare_type: flag(COMPARE_TYPE, default.compare_type),
        compare_server_default: flag(COMPARE_SERVER_DEFAULT, default.compare_server_default),
        include_schemas: flag(INCLUDE_SCHEMAS, default.include_schemas),
        version_table: project.facts.get(VERSION_TABLE).cloned().unwrap_or(default.version_table),
    }
}

struct Reader {
    /// The module's constants.
    constants: BTreeMap<String, String>,
    facts: BTreeMap<&'static str, String>,
}

impl Reader {
    fn note(&mut self, keyword: &str, value: &Expr) {
        let Some((_, fact)) = KEYWORDS.iter().find(|(name, _)| *name == keyword) else { return };
        let value = match value {
            Expr::Name(name) => self.constants.get(name.id.as_str()).cloned(),
            other => literal(other),
        };
        let value = match (value, *fact) {
            (Some(value), _) => value,
            // A function or a computed flag.
            (None, VERSION_TABLE | COMPARE_SERVER_DEFAULT) => return,
            (None, _) => "true".to_owned(),
        };
        self.facts.insert(fact, value);
    }
}

impl<'a> Visitor<'a> for Reader {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(call) => {
                let configures = match &*call.func {
                    Expr::Attribute(attribute) => attribute.attr.as_str() == "configure",
                    // Options that are collected first: `dict(compare_type=True)`.
                    Expr::Name(name) => matches!(name.id.as_str(), "dict" | "configure"),
                    _ => false,
                };
                if configures {
                    for keyword in &call.arguments.keywords {
                        if let Some(name) = &keyword.arg {
                            self.note(name.as_str(), &keyword.value);
                        }
                    }
                }
            }
            Expr::Dict(dict) => {
                for item in &dict.items {
                    if let Some(Expr::StringLiteral(key)) = &item.key {
                        self.note(key.value.to_str(), &item.value);
                    }
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}

/// The text of a literal.
fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::BooleanLiteral(flag) => Some(flag.value.to_string()),
        Expr::NoneLiteral(_) => Some("false".to_owned()),
        Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn of(text: &str) -> Vec<(&'static str, String)> {
        facts(&ParsedFile::parse(&Source::new("env.py".into(), text))).into_iter().collect()
    }

    #[test]
    fn options_are_read_where_they_are_written_out() {
        let found = of(
            "TABLE = 'versions'\ndef online():\n    with x:\n        context.configure(connection=c, compare_type=False, version_table=TABLE, include_schemas=True)\n",
        );
        assert_eq!(
            found,
            [(COMPARE_TYPE, "false".into()), (INCLUDE_SCHEMAS, "true".into()), (VERSION_TABLE, "versions".into())]
        );
        assert_eq!(
            of("context.configure(compare_type=my_compare, compare_server_default=f)"),
            [(COMPARE_TYPE, "true".into())]
        );
        assert_eq!(of("opts = {'compare_server_default': True}"), [(COMPARE_SERVER_DEFAULT, "true".into())]);
        assert_eq!(of("other.call(compare_type=False)"), []);
    }
}
