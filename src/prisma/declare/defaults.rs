//! `@default(…)` to what the database applies. Functions that the client computes (`cuid()`, `uuid()`, …) are no default
//! of the database.

use crate::catalog::{AutoIncrement, ColumnDefault, ColumnType, Dialect};
use crate::prisma::schema::ast::{EnumBlock, Expr, ExprKind};
use crate::prisma::schema::resolve::{Kind, Scalar};
use crate::sql;

/// What a `@default` makes of a column.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Defaulted {
    /// The default.
    pub(crate) default: Option<ColumnDefault>,
    /// How the column counts by itself.
    pub(crate) auto_increment: Option<AutoIncrement>,
}

/// Reads the expression of a `@default` on a column of that kind and type.
pub(crate) fn read(dialect: Dialect, kind: Kind<'_>, ty: &ColumnType, value: &Expr) -> Defaulted {
    let default = |default| Defaulted { default: Some(default), auto_increment: None };
    if let Some((name, arguments)) = value.call() {
        return match name {
            "now" => default(ColumnDefault::Now(precision(dialect, ty))),
            "dbgenerated" => default(match arguments.first().and_then(|argument| argument.value.text()) {
                Some(text) => expression(text, dialect),
                None => ColumnDefault::Unknown,
            }),
            "autoincrement" => Defaulted { default: None, auto_increment: Some(counter(dialect)) },
            "sequence" => Defaulted { default: None, auto_increment: Some(AutoIncrement::IdentityByDefault) },
            _ => Defaulted::default(),
        };
    }
    // MySQL has no literal defaults for JSON and binary columns: the engine writes none and compares none
    // (`render_column` in `flavour/mysql/renderer.rs`).
    if dialect == Dialect::MySql && matches!(kind, Kind::Scalar(Scalar::Json | Scalar::Bytes)) {
        return default(ColumnDefault::Unknown);
    }
    default(constant(dialect, kind, value))
}

/// How `autoincrement()` counts. CockroachDB's `sequence()` is a type of identity column.
fn counter(dialect: Dialect) -> AutoIncrement {
    match dialect {
        Dialect::PostgreSql | Dialect::Oracle => AutoIncrement::Serial,
        Dialect::CockroachDb => AutoIncrement::RowId,
        Dialect::MySql | Dialect::Sqlite => AutoIncrement::Counter,
        Dialect::SqlServer => AutoIncrement::IdentityAlways,
    }
}

/// MySQL writes the precision of the column's type on `CURRENT_TIMESTAMP`.
fn precision(dialect: Dialect, ty: &ColumnType) -> Option<u8> {
    if dialect != Dialect::MySql {
        return None;
    }
    ty.args().first().and_then(|&precision| u8::try_from(precision).ok())
}

fn constant(dialect: Dialect, kind: Kind<'_>, value: &Expr) -> ColumnDefault {
    match (&value.kind, kind) {
        (ExprKind::Array(elements), _) => {
            ColumnDefault::List(elements.iter().map(|element| constant(dialect, kind, element)).collect())
        }
        (ExprKind::Number(number), _) => ColumnDefault::Number(number.clone()),
        // The engine reads a string on a decimal as the number in it.
        (ExprKind::Text(text), Kind::Scalar(Scalar::Decimal)) => ColumnDefault::Number(text.clone()),
        (ExprKind::Text(text), Kind::Scalar(Scalar::Bytes)) => bytes(dialect, text),
        (ExprKind::Text(text), _) => ColumnDefault::Text(text.clone()),
        (ExprKind::Constant(name), Kind::Enum(block)) => label(block, name),
        (ExprKind::Constant(name), Kind::Scalar(Scalar::Boolean)) => ColumnDefault::Bool(name == "true"),
        _ => ColumnDefault::Unknown,
    }
}

/// The label that a value has in the database.
fn label(block: &EnumBlock, name: &str) -> ColumnDefault {
    let value = block.values.iter().find(|value| value.name.name == name);
    value.map_or(ColumnDefault::Unknown, |value| ColumnDefault::Text(value.database_name().to_owned()))
}

/// Bytes are written in Base64; PostgreSQL stores them as `'\x…'`, SQLite as the text of the
/// hexadecimal digits.
fn bytes(dialect: Dialect, text: &str) -> ColumnDefault {
    let Some(bytes) = base64(text) else { return ColumnDefault::Unknown };
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        use std::fmt::Write as _;
        let _ = write!(hex, "{byte:02x}");
    }
    match dialect {
        Dialect::PostgreSql | Dialect::CockroachDb => ColumnDefault::Text(format!("\\x{hex}")),
        Dialect::Sqlite => ColumnDefault::Text(hex),
        Dialect::MySql | Dialect::SqlServer | Dialect::Oracle => ColumnDefault::Unknown,
    }
}

/// RFC 4648, section 4, with padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for byte in digits.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        buffer = (buffer << 6 | u32::from(value)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

/// The text of `dbgenerated("…")`, read as the DEFAULT of a statement is.
///
/// SQLite's describer reads `10`, `'a'` and `CURRENT_TIMESTAMP` back as values, which the engine never takes for an
/// expression, and each `migrate dev` rebuilds the whole table over it. The schema has words for the same SQL that do
/// settle (`10`, `"a"`, `now()`), so there the text stays the expression that the engine sees.
fn expression(text: &str, dialect: Dialect) -> ColumnDefault {
    if text.trim().is_empty() {
        return ColumnDefault::Unknown;
    }
    let default = sql::expression::default(text, dialect);
    if dialect == Dialect::Sqlite && has_own_words(&default, text) {
        return ColumnDefault::Expression(text.trim().to_owned());
    }
    default
}

/// Whether a default is one that Prisma's own notation writes as the same SQL.
pub(crate) fn has_own_words(default: &ColumnDefault, text: &str) -> bool {
    let text = text.trim();
    match default {
        ColumnDefault::Now(None) => text.eq_ignore_ascii_case("current_timestamp"),
        ColumnDefault::Number(number) => number == text,
        ColumnDefault::Bool(value) => value.to_string() == text,
        ColumnDefault::Text(_) => text.starts_with('\''),
        _ => false,
    }
}

/// The text of `Unsupported("…")`, read as the type of a column is.
pub(crate) fn unsupported_type(text: &str, dialect: Dialect) -> ColumnType {
    sql::types::parse(text, dialect)
}

/// The condition of a partial index in canonical form.
pub(crate) fn condition(text: &str, dialect: Dialect) -> String {
    sql::expression::canonical(text, dialect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("aGVsbG8=", Some(b"hello")),
            ("aGk=", Some(b"hi")),
            ("aA==", Some(b"h")),
            ("aGVs", Some(b"hel")),
            ("aGV", None),
            ("a===", None),
            ("a b=", None),
        ] {
            assert_eq!(base64(text).as_deref(), expected, "{text}");
        }
    }
}
