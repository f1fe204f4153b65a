//! What `env.py` asks of the comparison: the keywords of `context.configure(…)`.
//!
//! <https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.environment.EnvironmentContext.configure>

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged as _;

use super::compare::Options;
use super::python::ParsedFile;
use crate::project::{COMPARED, Project};

/// [`Project::facts`]: `compare_type`, `true` or `false`.
pub(crate) const COMPARE_TYPE: &str = "compare-type";
/// [`Project::facts`]: `compare_server_default`, `true` or `false`.
pub(crate) const COMPARE_SERVER_DEFAULT: &str = "compare-server-default";
/// [`Project::facts`]: `include_schemas`, `true` or `false`.
pub(crate) const INCLUDE_SCHEMAS: &str = "include-schemas";
/// [`Project::facts`]: `version_table`.
pub(crate) const VERSION_TABLE: &str = "version-table";

/// [`Project::facts`]: `version_table_schema`; [`COMPUTED`] where it is that.
pub(crate) const VERSION_TABLE_SCHEMA: &str = "version-table-schema";
/// The value of an option that `env.py` computes.
pub(crate) const COMPUTED: &str = "*";
/// [`Project::facts`]: schemas that `env.py` makes before it runs the revisions, one a line; `*` stands for one whose name
/// is computed.
pub(crate) const SCHEMAS: &str = "schemas";

/// Keywords that are read, and the facts that they become.
const KEYWORDS: [(&str, &str); 5] = [
    ("compare_type", COMPARE_TYPE),
    ("compare_server_default", COMPARE_SERVER_DEFAULT),
    ("include_schemas", INCLUDE_SCHEMAS),
    ("version_table", VERSION_TABLE),
    ("version_table_schema", VERSION_TABLE_SCHEMA),
];

/// `CREATE SCHEMA [IF NOT EXISTS] name [AUTHORIZATION …]` and `CreateSchema(name, …)`.
static MAKES_SCHEMA: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)create\s+schema\s+(?:if\s+not\s+exists\s+)?\\?["'`]?([A-Za-z_][A-Za-z0-9_$]*|.)|CreateSchema\(\s*(?:name\s*=\s*)?["']?([A-Za-z_][A-Za-z0-9_$]*|.)"#)
        .ok()
});

/// The schemas that a text of Python makes; `*` for one whose name is not written out.
pub(crate) fn made_schemas(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let Some(pattern) = &*MAKES_SCHEMA else { return found };
    for captures in pattern.captures_iter(text) {
        let whole = captures.get(0).map_or("", |all| all.as_str());
        let literal = captures.get(1).is_some() || whole.contains(['"', '\'']);
        let name = captures.get(1).or_else(|| captures.get(2)).map_or("", |name| name.as_str());
        let known = literal && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let name = if known { name.to_owned() } else { "*".to_owned() };
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Whether a revision makes a schema on its way up. What `downgrade()` makes is gone, or was never there, by then.
pub(crate) fn makes_schemas(revision: &ParsedFile) -> bool {
    let text = revision.source().text();
    let mut from = 0;
    let mut parts = Vec::new();
    for stmt in revision.body() {
        if let Stmt::FunctionDef(function) = stmt
            && function.name.starts_with("downgrade")
        {
            parts.push(text.get(from..function.start().to_usize()));
            from = function.end().to_usize();
        }
    }
    parts.push(text.get(from..));
    parts.into_iter().flatten().any(|part| !made_schemas(part).is_empty())
}

/// Whether a module does what `env.py` is for, and hands its options to Alembic.
pub(crate) fn configures(text: &str) -> bool {
    text.contains("context.configure(")
}

/// The options that an `env.py` writes out, as facts. A function that decides (`compare_type=my_compare`) counts as yes;
/// what it takes from the settings file is what `settings` gives for the key.
pub(crate) fn facts(file: &ParsedFile, settings: &dyn Fn(&str) -> Option<String>) -> BTreeMap<&'static str, String> {
    let mut reader = Reader {
        settings,
        constants: BTreeMap::new(),
        functions: BTreeSet::new(),
        taken: BTreeMap::new(),
        facts: BTreeMap::new(),
    };
    for stmt in file.body() {
        if let Stmt::FunctionDef(function) = stmt {
            reader.functions.insert(function.name.to_string());
        }
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
    let schemas = made_schemas(file.source().text());
    if !schemas.is_empty() {
        reader.facts.insert(SCHEMAS, schemas.join("\n"));
    }
    if let Some(owners) = compared(file) {
        reader.facts.insert(COMPARED, owners.join("\n"));
    }
    reader.facts
}

/// What holds the metadata that `target_metadata` names, as it is called where it is declared; none where that is computed.
fn compared(file: &ParsedFile) -> Option<Vec<String>> {
    let value = file.body().iter().rev().find_map(|stmt| match stmt {
        Stmt::Assign(assign) => match assign.targets.as_slice() {
            [Expr::Name(name)] if name.id.as_str() == "target_metadata" => Some(&*assign.value),
            _ => None,
        },
        _ => None,
    })?;
    let all = match value {
        Expr::List(list) => list.elts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let owner = |value: &Expr| {
        let Expr::Attribute(metadata) = value else { return None };
        if metadata.attr.as_str() != "metadata" {
            return None;
        }
        match &*metadata.value {
            Expr::Attribute(owner) => Some(owner.attr.to_string()),
            Expr::Name(name) => Some(imported(file, name.id.as_str()).unwrap_or_else(|| name.id.to_string())),
            _ => None,
        }
    };
    all.iter().map(owner).collect()
}

/// What a name is called in the module that it is imported from.
fn imported(file: &ParsedFile, name: &str) -> Option<String> {
    let imports = file.body().iter().filter_map(|stmt| match stmt {
        Stmt::ImportFrom(import) => Some(&import.names),
        _ => None,
    });
    let mut names = imports.flatten();
    names
        .find(|alias| alias.asname.as_ref().is_some_and(|own| own.as_str() == name))
        .map(|alias| alias.name.to_string())
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
        version_table_schema: project
            .facts
            .get(VERSION_TABLE_SCHEMA)
            .filter(|schema| !matches!(schema.as_str(), "false" | COMPUTED))
            .cloned(),
    }
}

struct Reader<'s> {
    /// What the settings file says under a key.
    settings: &'s dyn Fn(&str) -> Option<String>,
    /// The module's constants.
    constants: BTreeMap<String, String>,
    /// The module's functions.
    functions: BTreeSet<String>,
    /// Variables that hold an option of the settings file.
    taken: BTreeMap<String, String>,
    facts: BTreeMap<&'static str, String>,
}

impl Reader<'_> {
    /// An option that is taken from the settings file: `config.get_main_option("x")`, `section.get("x", None)`. One that the
    /// file does not have is its default.
    fn taken(&self, value: &Expr) -> Option<String> {
        if let Expr::Name(name) = value {
            return self.taken.get(name.id.as_str()).cloned();
        }
        let Expr::Call(call) = value else { return None };
        let Expr::Attribute(method) = &*call.func else { return None };
        let args = match method.attr.as_str() {
            "get_main_option" | "get" => &call.arguments.args[..],
            "get_section_option" => call.arguments.args.get(1..)?,
            _ => return None,
        };
        let key = args.first().and_then(literal).filter(|key| key != "false")?;
        let default = || args.get(1).map_or_else(|| Some("false".to_owned()), literal);
        (self.settings)(&key).filter(|value| !value.is_empty()).or_else(default)
    }

    fn note(&mut self, keyword: &str, value: &Expr) {
        let Some((_, fact)) = KEYWORDS.iter().find(|(name, _)| *name == keyword) else { return };
        let expr = value;
        let decides = match value {
            Expr::Name(name) => self.functions.contains(name.id.as_str()),
            Expr::Lambda(_) => true,
            _ => false,
        };
        let value = match value {
            Expr::Name(name) => self.constants.get(name.id.as_str()).cloned(),
            other => literal(other),
        };
        let value = match (value.or_else(|| self.taken(expr)), *fact) {
            (Some(value), _) => value,
            // A function or a computed flag.
            // A function that has the last word; where it says nothing, Alembic compares.
            (None, COMPARE_SERVER_DEFAULT) if decides => "true".to_owned(),
            (None, VERSION_TABLE_SCHEMA) => COMPUTED.to_owned(),
            (None, VERSION_TABLE | COMPARE_SERVER_DEFAULT) => return,
            (None, _) => "true".to_owned(),
        };
        self.facts.insert(fact, value);
    }
}

impl<'a> Visitor<'a> for Reader<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::Assign(assign) = stmt
            && let [Expr::Name(name)] = assign.targets.as_slice()
            && let Some(value) = self.taken(&assign.value)
        {
            self.taken.insert(name.id.to_string(), value);
        }
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
        let settings = |key: &str| (key == "schema").then(|| "app".to_owned());
        facts(&ParsedFile::parse(&Source::new("env.py".into(), text)), &settings).into_iter().collect()
    }

    #[test]
    fn the_schema_of_the_version_table_is_taken_from_the_settings() {
        let schema = |value: &str| {
            let text = format!(
                "def run():\n    x = config.get_main_option('schema')\n    context.configure(version_table_schema={value})"
            );
            of(&text).first().map(|(_, value)| value.clone()).unwrap_or_default()
        };
        assert_eq!(schema("x"), "app");
        assert_eq!(schema("section.get('schema', None)"), "app");
        assert_eq!(schema("config.get_main_option('other')"), "false", "which the settings do not have");
        assert_eq!(schema("section.get('other', 'own')"), "own");
        assert_eq!(schema("settings.SCHEMA"), COMPUTED);
        assert_eq!(schema("None"), "false");
    }

    #[test]
    fn what_holds_the_compared_metadata_is_named_where_it_is_written_out() {
        let owners = |text: &str| of(text).into_iter().find(|(key, _)| *key == COMPARED).map(|(_, names)| names);
        assert_eq!(owners("from app.db import Base\ntarget_metadata = Base.metadata").as_deref(), Some("Base"));
        assert_eq!(
            owners("from c import CacheBase as Base\ntarget_metadata = Base.metadata").as_deref(),
            Some("CacheBase")
        );
        assert_eq!(owners("target_metadata = None\ntarget_metadata = m.Base.metadata").as_deref(), Some("Base"));
        assert_eq!(owners("target_metadata = [A.metadata, B.metadata]").as_deref(), Some("A\nB"));
        assert_eq!(owners("target_metadata = [A.metadata, other()]"), None);
        assert_eq!(owners("target_metadata = metadata"), None);
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
