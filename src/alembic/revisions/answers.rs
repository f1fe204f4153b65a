//! Queries of the database's own catalog, answered from the replayed one; and what any query gives back.

use crate::alembic::python::{Args, SymbolKind, Value};
use crate::catalog::{ObjectName, Reach};
use crate::source::Place;

use super::host::Database;

/// What an executed statement gives back.
pub(super) enum Answer {
    /// Nothing of interest, or rows that are known only at run time.
    Rows,
    /// Whether a query of the database's own catalog finds something.
    Exists(bool, Shape),
    /// One row with one text.
    Text(String),
}

/// In what shape a query says whether something exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A row or none.
    Row,
    /// One truth value: `SELECT EXISTS (…)`.
    Truth,
    /// A number: `SELECT count(*) …`.
    Count,
}

impl Database<'_, '_> {
    /// Answers a query of the database's own catalog, where it asks for one object by name.
    pub(super) fn catalog_query(&self, text: &str, args: &Args) -> Option<Answer> {
        let lower = text.to_lowercase();
        if !lower.trim_start().starts_with("select") {
            return None;
        }
        if lower.trim_start_matches("select").trim().trim_end_matches(';').trim_end() == "current_schema()" {
            return self
                .with_catalog(|catalog| catalog.dialect.is_postgres_like().then(|| catalog.current_schema().to_owned()))
                .map(Answer::Text);
        }
        let values = equalities(text, args.positional.get(1).or_else(|| args.keyword("parameters")));
        let value = |names: &[&str]| {
            values.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.clone())
        };
        // What is made of the answer, or whether it is one of several, is not read.
        let selected = lower.trim_start().trim_start_matches("select").trim_start();
        let asks = lower.match_indices("exists").filter(|(at, word)| {
            let behind = lower.get(at + word.len()..).unwrap_or_default();
            behind.trim_start().starts_with('(')
        });
        if ["not", "case"].iter().any(|word| selected.starts_with(word)) || asks.count() > 1 {
            return None;
        }
        let shape = if selected.starts_with("exists") {
            Shape::Truth
        } else if lower.contains("count(") {
            Shape::Count
        } else {
            Shape::Row
        };
        let table = |name: String| ObjectName { schema: value(&["table_schema", "schemaname"]), name };
        let found = self.with_catalog(|catalog| {
            let covered = |object: &crate::catalog::Object<'_>| catalog.doubt_about(object).is_some();
            if lower.contains("information_schema.columns") {
                let name = table(value(&["table_name"])?);
                let column = value(&["column_name"])?;
                let resolved = catalog.resolve(&catalog.tables, &name).unwrap_or_else(|| catalog.new_name(&name));
                if covered(&crate::catalog::Object::Column(&resolved, &column)) {
                    return None;
                }
                return Some(
                    catalog.table(&name).is_some_and(|table| table.column(catalog.dialect, &column).is_some()),
                );
            }
            if lower.contains("information_schema.tables")
                || lower.contains("pg_tables")
                || lower.contains("sqlite_master")
            {
                let index = lower.contains("sqlite_master") && value(&["type"]).as_deref() == Some("index");
                let name = table(value(&["table_name", "tablename", "name"])?);
                if index {
                    return Some(catalog.tables.values().any(|table| {
                        table.indexes.iter().any(|index| index.name.as_deref() == Some(name.name.as_str()))
                    }));
                }
                let resolved = catalog.resolve(&catalog.tables, &name).unwrap_or_else(|| catalog.new_name(&name));
                if covered(&crate::catalog::Object::Table(&resolved)) {
                    return None;
                }
                return Some(catalog.table(&name).is_some());
            }
            if lower.contains("pg_type") && !lower.contains("pg_enum") {
                let name = ObjectName { schema: None, name: value(&["typname"])? };
                let resolved = catalog.new_name(&name);
                if covered(&crate::catalog::Object::Type(&resolved)) {
                    return None;
                }
                return Some(catalog.enumeration(&name).is_some() || catalog.resolve(&catalog.types, &name).is_some());
            }
            if lower.contains("pg_indexes") {
                let name = value(&["indexname"])?;
                if catalog.doubts.iter().any(|doubt| doubt.reach != Reach::Nothing) {
                    return None;
                }
                return Some(catalog.tables.values().any(|table| {
                    table.indexes.iter().any(|index| index.name.as_deref() == Some(name.as_str()))
                        || table.primary_key.as_ref().is_some_and(|key| key.name.as_deref() == Some(name.as_str()))
                }));
            }
            if lower.contains("pg_constraint") || lower.contains("information_schema.table_constraints") {
                let name = value(&["conname", "constraint_name"])?;
                if catalog.doubts.iter().any(|doubt| doubt.reach != Reach::Nothing) {
                    return None;
                }
                return Some(catalog.tables.values().any(|table| has_constraint(table, &name)));
            }
            None
        })?;
        Some(Answer::Exists(found, shape))
    }
}

/// Whether a table has a constraint of that name.
fn has_constraint(table: &crate::catalog::Table, name: &str) -> bool {
    let is = |other: &Option<String>| other.as_deref() == Some(name);
    table.primary_key.as_ref().is_some_and(|key| is(&key.name))
        || table.indexes.iter().any(|index| index.constraint && is(&index.name))
        || table.foreign_keys.iter().any(|key| is(&key.name))
        || table.checks.iter().any(|check| is(&check.name))
}

/// The equalities of a WHERE that compare a name with a string or a parameter: `column_name = 'x'`.
fn equalities(text: &str, parameters: Option<&Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('=') {
        if at > 0 && matches!(bytes[at - 1], b'!' | b'<' | b'>') {
            continue;
        }
        let left = text[..at].trim_end();
        let start = left.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        let name = left.get(start..).unwrap_or_default().to_lowercase();
        let right = text[at + 1..].trim_start();
        let value = if let Some(rest) = right.strip_prefix('\'') {
            rest.split('\'').next().map(str::to_owned)
        } else if let Some(rest) = right.strip_prefix(':') {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            match parameters {
                Some(Value::Dict(entries)) => rest
                    .get(..end)
                    .and_then(|key| entries.borrow().get_str(key).and_then(Value::as_str))
                    .map(|text| text.to_string()),
                _ => None,
            }
        } else {
            None
        };
        if let Some(value) = value.filter(|_| !name.is_empty()) {
            found.push((name, value));
        }
    }
    found
}

/// A method of the answer to a query of the catalog.
pub(super) fn answer_method(args: &Args, name: &str, place: &Place) -> Value {
    let exists = args.positional.first().and_then(Value::as_bool).unwrap_or(false);
    let shape = args.positional.get(1).and_then(Value::as_str);
    let one = match shape.as_deref() {
        Some("truth") => Value::Bool(exists),
        Some("count") => Value::Int(i64::from(exists)),
        Some("text") => args.positional.first().cloned().unwrap_or(Value::None),
        _ if exists => Value::unknown("a row of the database's own catalog", place.clone()),
        _ => Value::None,
    };
    let has_row = exists || shape.as_deref() != Some("row");
    // What is in the row is not known, that there is one is.
    let row = || if has_row { Value::tuple(vec![one.clone()]) } else { Value::None };
    match name {
        "scalar" | "scalar_one_or_none" | "scalar_one" => match (shape.as_deref(), exists) {
            (Some("row"), true) => Value::Int(1),
            _ => one,
        },
        "first" | "fetchone" | "one_or_none" | "one" => row(),
        "fetchall" | "all" => Value::list(if has_row { vec![row()] } else { Vec::new() }),
        "scalars" | "mappings" | "unique" => Value::symbol(
            SymbolKind::Call { callee: Value::external("alembic.answer"), args: args.clone() },
            Some(place.clone()),
        ),
        _ => Value::unknown("rows of the database", place.clone()),
    }
}

/// The value of rows that are known only at run time.
pub(super) fn rows_value(place: &Place) -> Value {
    Value::unknown("rows of the database", place.clone())
}

/// The value of an answer.
pub(super) fn answer_value(answer: Answer, place: &Place) -> Value {
    match answer {
        Answer::Rows => rows_value(place),
        Answer::Text(text) => Value::symbol(
            SymbolKind::Call {
                callee: Value::external("alembic.answer"),
                args: Args::positional(vec![Value::str(text), Value::str("text")]),
            },
            Some(place.clone()),
        ),
        Answer::Exists(exists, shape) => {
            let shape = match shape {
                Shape::Row => "row",
                Shape::Truth => "truth",
                Shape::Count => "count",
            };
            Value::symbol(
                SymbolKind::Call {
                    callee: Value::external("alembic.answer"),
                    args: Args::positional(vec![Value::Bool(exists), Value::str(shape)]),
                },
                Some(place.clone()),
            )
        }
    }
}
