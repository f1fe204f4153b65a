//! Server defaults that say the same.

use super::same_expression;
use crate::catalog::{Column, ColumnDefault, Dialect};

/// Whether the database would apply the same default.
pub(super) fn same(dialect: Dialect, declared: &Column, replayed: &Column) -> bool {
    let (a, b) = match (&declared.default, &replayed.default) {
        (None, None) => return true,
        (Some(ColumnDefault::Null), None) | (None, Some(ColumnDefault::Null)) => return true,
        // A counter is a default of its own, told by itself.
        (Some(_), None) | (None, Some(_)) => return false,
        (Some(a), Some(b)) => (a, b),
    };
    if dialect.is_postgres_like()
        && let Some(name) = declared.ty.builtin_name()
        && let (ColumnDefault::Text(a), ColumnDefault::Text(b)) = (a, b)
        && same_text(name, a, b)
    {
        return true;
    }
    same_value(dialect, a, b)
}

pub(super) fn same_value(dialect: Dialect, a: &ColumnDefault, b: &ColumnDefault) -> bool {
    use ColumnDefault as D;
    match (a, b) {
        (D::Unknown, _) | (_, D::Unknown) => true,
        (D::Bool(flag), D::Number(number)) | (D::Number(number), D::Bool(flag)) => {
            number == if *flag { "1" } else { "0" }
        }
        (D::Bool(flag), D::Text(text)) | (D::Text(text), D::Bool(flag)) => truth(text) == Some(*flag),
        (D::Number(number), D::Text(text)) | (D::Text(text), D::Number(number)) => same_number(number, text),
        (D::Number(a), D::Number(b)) => same_number(a, b),
        (D::Now(_), D::Now(_)) => true,
        (D::List(items), D::Text(text)) | (D::Text(text), D::List(items)) => same_list(items, text),
        (D::Expression(a), D::Expression(b)) => same_expression(a, b),
        (D::Expression(expression), D::Text(text)) | (D::Text(text), D::Expression(expression)) => {
            dialect == Dialect::Sqlite && same_expression(expression, text)
        }
        (a, b) => a == b,
    }
}

/// Whether two texts are one value of a type of PostgreSQL: autogenerate lets the database compare the two as values
/// (`PostgresqlImpl.compare_server_default`), which it stores in one form of its own.
fn same_text(ty: &str, a: &str, b: &str) -> bool {
    let both = |value: fn(&str) -> Option<String>| value(a).is_some_and(|a| value(b).is_some_and(|b| a == b));
    match ty {
        "integer" | "bigint" | "smallint" | "real" | "double precision" | "float" | "numeric" | "decimal" => {
            same_number(a, b)
        }
        "boolean" => both(|text| truth(text).map(|truth| truth.to_string())),
        "uuid" => both(|text| {
            let digits = text.trim().trim_start_matches('{').trim_end_matches('}').replace('-', "").to_lowercase();
            (digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(digits)
        }),
        "json" | "jsonb" => {
            let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            read(a).is_some_and(|a| read(b).is_some_and(|b| a == b))
        }
        _ => false,
    }
}

/// The truth value that a text is as a boolean (PostgreSQL, `parse_bool_with_len` of `utils/adt/bool.c`: in any case,
/// and cut short as long as one can be meant).
fn truth(text: &str) -> Option<bool> {
    let text = text.trim().to_lowercase();
    if text.is_empty() || text == "o" {
        return None;
    }
    let short_for = |words: [&str; 3]| words.iter().any(|word| word.starts_with(&text));
    match (short_for(["true", "yes", "on"]) || text == "1", short_for(["false", "no", "off"]) || text == "0") {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Whether a text is the literal of an array: `{a,b}`.
fn same_list(items: &[ColumnDefault], text: &str) -> bool {
    let Some(inner) = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { return false };
    let written: Vec<&str> =
        inner.split(',').map(|item| item.trim().trim_matches('"')).filter(|item| !item.is_empty()).collect();
    written.len() == items.len()
        && written.iter().zip(items).all(|(written, item)| match item {
            ColumnDefault::Text(text) | ColumnDefault::Number(text) => text == written,
            ColumnDefault::Bool(truth) => *written == if *truth { "t" } else { "f" } || *written == truth.to_string(),
            _ => true,
        })
}

/// Whether two numerals mean the same number: `0.00` and `0`.
fn same_number(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    matches!((a.trim().parse::<f64>(), b.trim().parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() < f64::EPSILON)
}
