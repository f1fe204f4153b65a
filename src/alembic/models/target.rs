//! Which metadata is compared: what `target_metadata` names.

use std::collections::BTreeMap;

use super::annotations::Versions;
use super::host::Recorder;
use super::mapping::{Mapper, Standing};
use super::registry::{self, Meta, MetaKey, metadata};
use super::table::TableSpec;
use crate::alembic::python::{Interpreter, Value};

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
