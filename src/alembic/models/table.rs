//! A table as models declare it, still in Python's values.

use std::rc::Rc;

use super::columns::COLUMN;
use super::registry::{Meta, metadata, symbol_address};
use crate::alembic::python::{self, Args, Text, Value};
use crate::source::Place;

/// A column of a table.
#[derive(Clone)]
pub(super) struct TableColumn {
    /// The attribute of the class, or the column's name.
    pub(super) attribute: String,
    /// Its name in the database.
    pub(super) name: String,
    /// The name that constraints know it by: `key`, or its name.
    pub(super) key: String,
    /// `Column(name, …)`.
    pub(super) value: Value,
    /// The address of the object that was assigned in the class body, so that uses of it are recognised.
    pub(super) origin: Option<usize>,
    /// The address of what a function under `@declared_attr` made for the class, which code of the class's users names.
    pub(super) made: Option<usize>,
    /// Where it is declared.
    pub(super) place: Place,
}

impl TableColumn {
    /// The column that an attribute of a class made.
    pub(super) fn new(attribute: &str, value: Value, found: &python::Attribute) -> Self {
        let origin = found.value.as_ref().and_then(symbol_address);
        let place = value.place().unwrap_or_else(|| found.place.clone());
        let mut column = Self::of(value, place);
        attribute.clone_into(&mut column.attribute);
        column.origin = origin;
        column
    }

    fn of(value: Value, place: Place) -> Self {
        let args = value.call_of().map(|(_, args)| args.clone()).unwrap_or_default();
        let name = args.get(0, "name").and_then(Value::as_str).map(|name| name.to_string()).unwrap_or_default();
        let key = args.keyword("key").and_then(Value::as_str).map_or_else(|| name.clone(), |key| key.to_string());
        let origin = symbol_address(&value);
        Self { attribute: key.clone(), name, key, value, origin, made: None, place }
    }

    /// Whether it is part of the primary key.
    pub(super) fn is_primary_key(&self) -> bool {
        let key = self.value.call_of().and_then(|(_, args)| args.keyword("primary_key").cloned());
        key.is_some_and(|key| key.as_bool() == Some(true) || matches!(key, Value::Unknown(_)))
    }
}

/// A table.
#[derive(Clone)]
pub(super) struct TableSpec {
    /// Its name.
    pub(super) name: String,
    /// The `MetaData` it belongs to; none where that is not known.
    pub(super) meta: Option<Meta>,
    /// Columns.
    pub(super) columns: Vec<TableColumn>,
    /// Columns that could not be evaluated: name, reason, place.
    pub(super) column_doubts: Vec<(String, String, Place)>,
    /// Constraints of the table.
    pub(super) constraints: Vec<Value>,
    /// Indexes given with it.
    pub(super) indexes: Vec<Value>,
    /// Keywords: `schema`, `comment`, …
    pub(super) keyword: Vec<(Text, Value)>,
    /// Why not all of it is known.
    pub(super) doubt: Option<(String, Place)>,
    /// Where it is declared.
    pub(super) place: Place,
    /// The address of its `Table(…)`, where it was written as one.
    pub(super) origin: Option<usize>,
}

impl TableSpec {
    /// A table without anything in it.
    pub(super) fn new(name: String, meta: Option<Meta>, place: Place) -> Self {
        Self {
            name,
            meta,
            columns: Vec::new(),
            column_doubts: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            keyword: Vec::new(),
            doubt: None,
            place,
            origin: None,
        }
    }

    /// The table that `Table(name, metadata, …)` makes; `Err` says why its name is not known.
    pub(super) fn of_call(value: &Value, args: &Args, fallback: &Place) -> Result<Self, (String, Place)> {
        let place = value.place().unwrap_or_else(|| fallback.clone());
        let name = match args.get(0, "name") {
            Some(name) => match name.as_str() {
                Some(name) => name.to_string(),
                None => return Err((format!("a table whose name is {name:?}"), place)),
            },
            None => return Err(("a table without a name".to_owned(), place)),
        };
        let meta = args.get(1, "metadata").and_then(metadata);
        let mut spec = Self::new(name, meta, place);
        spec.origin = symbol_address(value);
        spec.keyword.clone_from(&args.keyword);
        for item in args.positional.iter().skip(2) {
            spec.add(item);
        }
        if let Some(more) = &args.more {
            spec.doubt = Some((more.reason.clone(), more.place.clone()));
        }
        let reflected = ["autoload_with", "autoload"]
            .iter()
            .any(|key| args.keyword(key).is_some_and(|value| !value.is_none() && value.as_bool() != Some(false)));
        if reflected {
            spec.doubt = Some(("a table that is read from the database".to_owned(), spec.place.clone()));
        }
        Ok(spec)
    }

    /// Takes `__table_args__`: a tuple that may end in a dictionary, or a dictionary.
    pub(super) fn take_args(&mut self, args: &Value) {
        match args {
            Value::None => {}
            Value::Dict(entries) => {
                for (key, value) in entries.borrow().iter() {
                    if let Some(key) = key.as_str() {
                        self.keyword.push((key, value.clone()));
                    }
                }
            }
            Value::Unknown(unknown) => {
                self.doubt.get_or_insert_with(|| (unknown.reason.clone(), unknown.place.clone()));
            }
            other => match other.items() {
                Some(items) => {
                    for item in items {
                        match item {
                            dict @ Value::Dict(_) => self.take_args(&dict),
                            item => self.add(&item),
                        }
                    }
                }
                None => {
                    let place = other.place().unwrap_or_else(|| self.place.clone());
                    self.doubt.get_or_insert_with(|| (format!("the table arguments {other:?}"), place));
                }
            },
        }
    }

    /// Adds a column, a constraint or an index.
    pub(super) fn add(&mut self, item: &Value) {
        // Autogenerate does not ask `ddl_if(…)`: it compares what the table has.
        if let Some((inner, "ddl_if", _)) = item.method_call() {
            let inner = inner.clone();
            return self.add(&inner);
        }
        match item.call_of() {
            Some((COLUMN, args)) => {
                let place = item.place().unwrap_or_else(|| self.place.clone());
                let column = TableColumn::of(item.clone(), place.clone());
                if column.name.is_empty() {
                    let what = args.positional.first().map(|first| format!("{first:?}")).unwrap_or_default();
                    self.doubt.get_or_insert_with(|| (format!("a column whose name is {what}"), place));
                } else {
                    // A column that is given twice replaces the first.
                    self.columns.retain(|known| known.name != column.name);
                    self.columns.push(column);
                }
            }
            Some(("sqlalchemy.Index", _)) => self.indexes.push(item.clone()),
            Some((path, _)) if is_constraint(path) => self.constraints.push(item.clone()),
            _ => match item {
                Value::None => {}
                // A list of items in one argument is refused by SQLAlchemy; a generator's list is unpacked before.
                Value::Unknown(unknown) => {
                    self.doubt.get_or_insert_with(|| (unknown.reason.clone(), unknown.place.clone()));
                }
                other => {
                    if let Some((path, _)) = other.call_of()
                        && is_inert(path)
                    {
                        return;
                    }
                    let place = other.place().unwrap_or_else(|| self.place.clone());
                    self.doubt.get_or_insert_with(|| (format!("the table argument {other:?}"), place));
                }
            },
        }
    }

    /// The keyword argument of that name.
    pub(super) fn keyword(&self, name: &str) -> Option<&Value> {
        self.keyword.iter().rev().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }

    /// The schema: its own, or that of its `MetaData`.
    pub(super) fn schema(&self) -> Option<Value> {
        match self.keyword("schema") {
            Some(value) if value.path().is_some_and(|path| path.ends_with("BLANK_SCHEMA")) => None,
            Some(value) if !value.is_none() => Some(value.clone()),
            // `schema=None` is as good as none given (`Table._init`).
            _ => self.meta.as_ref().and_then(Meta::schema),
        }
    }

    /// What `metadata.tables` has it under: its name behind that of its schema.
    pub(super) fn full_name(&self) -> String {
        match self.schema().as_ref().and_then(Value::as_str) {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The column that an expression's object, or a key, stands for.
    pub(super) fn column_by_key(&self, key: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.key == key).or_else(|| self.columns.iter().find(|c| c.name == key))
    }
}

/// Whether a canonical path makes a constraint.
fn is_constraint(path: &str) -> bool {
    matches!(
        path.rsplit('.').next(),
        Some(
            "UniqueConstraint"
                | "CheckConstraint"
                | "ForeignKeyConstraint"
                | "PrimaryKeyConstraint"
                | "ExcludeConstraint"
        )
    )
}

/// Table arguments that the comparison does not look at.
fn is_inert(path: &str) -> bool {
    path.ends_with(".DDL") || path.ends_with(".TableArgs")
}

/// The names of the columns that a `Table(…)` is made of.
pub(super) fn column_names_of(table: &Value) -> Option<Vec<String>> {
    let (path, args) = table.call_of()?;
    (path == "sqlalchemy.Table").then(|| {
        args.positional
            .iter()
            .filter_map(|item| item.call_of())
            .filter(|(path, _)| *path == COLUMN)
            .filter_map(|(_, args)| args.get(0, "name").and_then(Value::as_str))
            .map(|name: Text| Rc::as_ref(&name).to_owned())
            .collect()
    })
}
