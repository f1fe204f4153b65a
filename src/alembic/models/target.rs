//! Which metadata is compared: what `target_metadata` names.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};

use super::annotations::Versions;
use super::host::Recorder;
use super::mapping::{Mapper, Standing};
use super::registry::{self, Meta, MetaKey, metadata};
use super::table::TableSpec;
use crate::alembic::python::{Interpreter, ParsedFile, SymbolKind, Value};
use crate::source::Source;

/// Which metadata is compared.
pub(super) enum Target {
    /// These.
    Keys(Vec<MetaKey>),
    /// Every one that models use, but for those of Flask-SQLAlchemy's further binds.
    All,
    /// Every one that models use: Flask-Migrate's template for several databases.
    Binds,
    /// None: `env.py` names none.
    None,
}

impl Target {
    /// Whether the tables of a metadata are compared.
    pub(super) fn compares(&self, meta: &Meta) -> bool {
        match self {
            Self::Keys(keys) => keys.contains(&meta.key),
            Self::All => !matches!(meta.key, MetaKey::Bind(..)),
            Self::Binds | Self::None => true,
        }
    }

    /// The base of another package whose metadata is compared, where there is one.
    pub(super) fn foreign(&self) -> Option<String> {
        match self {
            Self::Keys(keys) => keys.iter().find_map(MetaKey::foreign).map(str::to_owned),
            Self::All | Self::Binds | Self::None => None,
        }
    }
}

/// Whether any table of the given metadata was declared so far.
pub(super) fn has_tables(interpreter: &Interpreter<'_>, recorder: &Recorder<'_>, keys: &[MetaKey]) -> bool {
    let keys = recorder.copies.sources(keys);
    let mut mapper = Mapper::default();
    let by_table = recorder.tables.borrow().iter().any(|made| {
        let meta = made.value.call_of().and_then(|(_, args)| args.get(1, "metadata")).and_then(metadata);
        meta.is_some_and(|meta| keys.contains(&meta.key))
    });
    by_table
        || interpreter.classes().iter().any(|class| {
            mapper.standing(class) == Standing::Mapped
                && registry::class_meta(class, 0).is_some_and(|meta| keys.contains(&meta.key))
        })
}

/// Whether any table was declared so far, of whichever metadata.
pub(super) fn any_tables(interpreter: &Interpreter<'_>, recorder: &Recorder<'_>) -> bool {
    let mut mapper = Mapper::default();
    !recorder.tables.borrow().is_empty()
        || interpreter.classes().iter().any(|class| mapper.standing(class) == Standing::Mapped)
}

/// Whether the mapped classes are of more than one metadata.
pub(super) fn several_metadata(interpreter: &Interpreter<'_>) -> bool {
    let mut mapper = Mapper::default();
    let mapped = interpreter.classes().iter().filter(|class| mapper.standing(class) == Standing::Mapped);
    let mut keys = mapped.filter_map(|class| registry::class_meta(class, 0)).map(|meta| meta.key);
    keys.next().is_some_and(|first| keys.any(|other| other != first))
}

/// The tables of another metadata than the one that most are of, for Flask-Migrate: it compares that of one `SQLAlchemy()`, and
/// finds it in the running application. A template for plugins in the application's folder has one of its own.
pub(super) fn beside_most(tables: &[TableSpec]) -> Vec<&TableSpec> {
    let mut counts: BTreeMap<&MetaKey, usize> = BTreeMap::new();
    let keyed = || tables.iter().filter_map(|table| Some((table, &table.meta.as_ref()?.key)));
    for (_, key) in keyed() {
        *counts.entry(key).or_default() += 1;
    }
    let most = counts.values().copied().max().unwrap_or_default();
    let mut main = counts.iter().filter(|(_, count)| **count == most).map(|(key, _)| *key);
    let (Some(main), None) = (main.next(), main.next()) else { return Vec::new() };
    keyed().filter(|(_, key)| *key != main && !matches!(key, MetaKey::Bind(..))).map(|(table, _)| table).collect()
}

/// The metadata that `Migrate(app, db)` names, where every call of it in the project names one, and tables are of it: Flask-Migrate
/// compares that one, whichever most tables are of.
pub(super) fn migrated(
    interpreter: &mut Interpreter<'_>,
    sources: &[Arc<Source>],
    tables: &[TableSpec],
) -> Option<MetaKey> {
    let mut found: Option<MetaKey> = None;
    for source in sources.iter().filter(|source| source.text().contains("igrate")) {
        let file = ParsedFile::parse(source);
        let mut calls = Migrates(Vec::new());
        file.body().iter().for_each(|stmt| calls.visit_stmt(stmt));
        for db in calls.0 {
            let key = imported(interpreter, file.body(), &db)?;
            if found.get_or_insert_with(|| key.clone()) != &key {
                return None;
            }
        }
    }
    found.filter(|key| tables.iter().any(|table| table.meta.as_ref().is_some_and(|meta| meta.key == *key)))
}

/// The metadata of a `db` that a module imports by its name.
fn imported(interpreter: &mut Interpreter<'_>, body: &[Stmt], db: &str) -> Option<MetaKey> {
    let (module, name) = body.iter().find_map(|stmt| {
        let Stmt::ImportFrom(import) = stmt else { return None };
        let module = import.module.as_ref().filter(|_| import.level == 0)?;
        let alias = import.names.iter().find(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str() == db)?;
        Some((module.to_string(), alias.name.to_string()))
    })?;
    let module = interpreter.module(&module)?;
    let base = interpreter.global(&module, &name)?;
    let kind = SymbolKind::Attribute { base, name: "metadata".into() };
    metadata(&Value::symbol(kind, None)).map(|meta| meta.key)
}

/// The names that stand for `db` in `Migrate(app, db)` and `migrate.init_app(app, db)`; of another expression nothing is known,
/// and an empty name is imported by nobody.
struct Migrates(Vec<String>);

impl<'a> Visitor<'a> for Migrates {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && let Some(db) = call.arguments.find_argument_value("db", 1)
            && is_migrate(&call.func)
        {
            self.0.push(if let Expr::Name(name) = db { name.id.to_string() } else { String::new() });
        }
        walk_expr(self, expr);
    }
}

/// `Migrate`, `flask_migrate.Migrate`, `migrate.init_app`.
fn is_migrate(callee: &Expr) -> bool {
    match callee {
        Expr::Name(name) => name.id.as_str() == "Migrate",
        Expr::Attribute(attribute) if attribute.attr.as_str() == "Migrate" => true,
        Expr::Attribute(attribute) if attribute.attr.as_str() == "init_app" => {
            matches!(&*attribute.value, Expr::Name(name) if name.id.to_lowercase().contains("migrate"))
        }
        _ => false,
    }
}

/// Puts a table of a bind into the metadata of all, where Flask-SQLAlchemy is older than 3.0: there `__bind_key__` chooses an
/// engine and no metadata (`flask_sqlalchemy/model.py` of 2.5 writes it into `Table.info`, 3.0 makes `db.metadatas`).
pub(super) fn share(table: &mut TableSpec, versions: Versions) {
    if versions.flask_sqlalchemy.is_some_and(|(major, ..)| major < 3)
        && let Some(shared) = table.meta.as_ref().and_then(|meta| meta.shared.as_deref()).cloned()
    {
        table.meta = Some(shared);
    }
}

/// The metadata that `target_metadata` names.
pub(super) fn targets(value: &Value) -> Target {
    match value {
        Value::None => Target::None,
        Value::Dict(entries) => several(entries.borrow().values().cloned().collect()),
        Value::List(_) | Value::Tuple(_) | Value::Set(_) => several(value.items().unwrap_or_default()),
        other => match metadata(other) {
            Some(meta) => Target::Keys(vec![meta.key]),
            None => Target::All,
        },
    }
}

fn several(values: Vec<Value>) -> Target {
    let keys: Vec<MetaKey> = values.iter().filter_map(metadata).map(|meta| meta.key).collect();
    if keys.len() == values.len() { Target::Keys(keys) } else { Target::All }
}
