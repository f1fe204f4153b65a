//! Objects in the words of SQL: how a difference is told, and what makes it the same one before and after a change.

use std::fmt::Write as _;

use crate::catalog::{
    AutoIncrement, Column, ColumnDefault, Enum, Extension, ForeignKey, Index, IndexOn, IndexPart, Key, Table,
};

/// A string literal.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `varchar(255) not null default 'x'`
pub(crate) fn column(column: &Column) -> String {
    let mut text = column.ty.to_string();
    if !column.nullable && !column.ty.array {
        text.push_str(" not null");
    }
    if let Some(counter) = counter(column) {
        text.push(' ');
        text.push_str(counter);
    } else if let Some(value) = &column.default {
        text.push_str(" default ");
        text.push_str(&default(value));
    }
    text
}

/// How a column counts by itself.
pub(crate) fn counter(column: &Column) -> Option<&'static str> {
    match (column.auto_increment, &column.default) {
        (Some(AutoIncrement::Serial), _) | (None, Some(ColumnDefault::NextVal(_))) => Some("serial"),
        (Some(AutoIncrement::IdentityAlways | AutoIncrement::IdentityByDefault), _) => Some("identity"),
        (Some(AutoIncrement::Counter), _) => Some("auto_increment"),
        (Some(AutoIncrement::RowId), _) => Some("default unique_rowid()"),
        (None, _) => None,
    }
}

/// A default.
pub(crate) fn default(value: &ColumnDefault) -> String {
    match value {
        ColumnDefault::Number(number) => number.clone(),
        ColumnDefault::Text(text) => quoted(text),
        ColumnDefault::Bool(value) => value.to_string(),
        ColumnDefault::Null => "null".to_owned(),
        ColumnDefault::List(items) => format!("array[{}]", items.iter().map(default).collect::<Vec<_>>().join(", ")),
        ColumnDefault::Now(_) => "current_timestamp".to_owned(),
        ColumnDefault::NextVal(sequence) => format!("nextval('{sequence}')"),
        ColumnDefault::Expression(text) => text.clone(),
        ColumnDefault::Unknown => "unknown".to_owned(),
    }
}

/// The parts of an index or key: `(a, b desc)`.
pub(crate) fn parts(parts: &[IndexPart]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|part| {
            let mut text = match &part.on {
                IndexOn::Column(name) => name.clone(),
                IndexOn::Expression(text) => format!("({text})"),
            };
            part.write_length_and_class(&mut text);
            if part.descending {
                text.push_str(" desc");
            }
            text
        })
        .collect();
    format!("({})", parts.join(", "))
}

/// `unique index t_a_key (a, b desc)`
pub(crate) fn index(index: &Index) -> String {
    let mut text = String::from(if index.unique { "unique index" } else { "index" });
    if let Some(name) = &index.name {
        text.push(' ');
        text.push_str(name);
    }
    if let Some(method) = &index.method {
        text.push_str(" using ");
        text.push_str(method);
    }
    text.push(' ');
    text.push_str(&parts(&index.parts));
    if !index.include.is_empty() {
        let _ = write!(text, " include ({})", index.include.join(", "));
    }
    if let Some(predicate) = &index.predicate {
        text.push_str(" where ");
        text.push_str(predicate);
    }
    text
}

/// `primary key t_pkey (a, b)`
pub(crate) fn key(key: &Key) -> String {
    match &key.name {
        Some(name) => format!("primary key {name} {}", parts(&key.columns)),
        None => format!("primary key {}", parts(&key.columns)),
    }
}

/// `foreign key t_a_fkey (a) references u (id) on delete cascade on update cascade`
pub(crate) fn foreign_key(key: &ForeignKey) -> String {
    let name = key.name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
    format!(
        "foreign key {name}({}) references {} ({}) on delete {} on update {}",
        key.columns.join(", "),
        key.target,
        key.target_columns.join(", "),
        key.on_delete.as_sql().to_lowercase(),
        key.on_update.as_sql().to_lowercase(),
    )
}

/// Everything that a table is made of, in one line.
pub(crate) fn table(table: &Table) -> String {
    let mut pieces: Vec<String> = table.columns.iter().map(|one| format!("{} {}", one.name, column(one))).collect();
    pieces.extend(table.primary_key.as_ref().map(key));
    pieces.extend(table.indexes.iter().map(index));
    pieces.extend(table.foreign_keys.iter().map(foreign_key));
    pieces.join(", ")
}

/// The labels of an enum: `enum ('a', 'b')`.
pub(crate) fn labels(one: &Enum) -> String {
    format!("enum ({})", one.labels.iter().map(|label| quoted(label)).collect::<Vec<_>>().join(", "))
}

/// An extension with what is asked of it.
pub(crate) fn extension(extension: &Extension) -> String {
    let mut text = "extension".to_owned();
    if let Some(schema) = &extension.schema {
        text.push_str(" schema ");
        text.push_str(schema);
    }
    if let Some(version) = &extension.version {
        text.push_str(" version ");
        text.push_str(version);
    }
    text
}
