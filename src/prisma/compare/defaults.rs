//! Defaults as the engine compares them (`defaults_match` in `sql_schema_differ/column.rs`), after the describers have
//! made of them what they do.

use super::types::{Family, family};
use crate::catalog::types::array_literal;
use crate::catalog::{AutoIncrement, Catalog, Column, ColumnDefault, Dialect};
use crate::prisma::declare::defaults::has_own_words;

/// A default in the engine's terms.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Value(Value),
    /// A list of constants; none where its elements could not be told apart.
    List(Vec<Value>),
    Now,
    Sequence,
    RowId,
    /// An expression; none for `dbgenerated()` without text, and for what is not known.
    Generated(Option<String>),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    /// A number: sign, digits before and after the point, without zeros that mean nothing.
    Number(bool, String, String),
    Bool(bool),
    Text(String),
    /// JSON, compared as a value.
    Json(String),
    /// Moments are never compared with one another.
    Moment,
}

/// Whether the engine takes the defaults of two columns for the same, and both for counting by themselves or not.
pub(super) fn same(declared: (&Catalog, &Column), replayed: (&Catalog, &Column)) -> bool {
    let dialect = declared.0.dialect;
    let families = (family(declared.0, declared.1), family(replayed.0, replayed.1));
    if dialect == Dialect::MySql && (families.0 == Family::Json || families.1 == Family::Json) {
        return true;
    }
    let next = kind(dialect, families.0, declared.1, false);
    let prev = kind(dialect, families.1, replayed.1, true);
    let named_alike = same_names(prev.as_ref(), next.as_ref(), declared.1, replayed.1);
    if never_settles(declared.1, families.1, prev.as_ref(), dialect) {
        return named_alike;
    }
    if !same_counting(dialect, declared.1, replayed.1) {
        return false;
    }
    // SQLite's describer leaves the quotes on the text, so that it is no JSON, and what is none matches anything.
    let json = families.0 == Family::Json && families.1 == Family::Json;
    if dialect == Dialect::Sqlite && json && prev.is_some() && next.is_some() {
        return true;
    }
    // A type that changes is told as such; its default goes with it.
    let constants = matches!((&next, &prev), (Some(Kind::Value(_)), Some(Kind::Value(_))));
    if constants && !super::types::same(declared, replayed) {
        return true;
    }
    matches(dialect, prev.as_ref(), next.as_ref()) && named_alike
}

/// Whether the constraints that SQL Server's defaults are have the same name (`names_match`): asked of constants and of
/// expressions, but not of `now()` nor of moments. Elsewhere a default has no name.
fn same_names(prev: Option<&Kind>, next: Option<&Kind>, declared: &Column, replayed: &Column) -> bool {
    let asked = match (prev, next) {
        (Some(Kind::Value(prev)), Some(Kind::Value(next))) => *prev != Value::Moment && *next != Value::Moment,
        (Some(Kind::Generated(Some(_))), Some(Kind::Generated(Some(_)))) => true,
        _ => false,
    };
    !asked || declared.default_name == replayed.default_name
}

/// Whether a `dbgenerated("…")` says what the database holds, although the engine would say otherwise for ever: the
/// database stores a constant, `CURRENT_TIMESTAMP` or a sequence as something that is no expression to the engine.
fn never_settles(declared: &Column, family: Family, prev: Option<&Kind>, dialect: Dialect) -> bool {
    let Some(ColumnDefault::Expression(text)) = &declared.default else { return false };
    // A cast that the dialect does not have is another expression than the constant in it.
    if text.contains("::") && !dialect.is_postgres_like() {
        return false;
    }
    let mut column = declared.clone();
    column.default = Some(crate::sql::expression::default(text, dialect));
    // Where the schema has words of its own for it, the difference ends when they are used.
    let has_words = column.default.as_ref().is_some_and(|default| has_own_words(default, text));
    if dialect == Dialect::Sqlite && has_words {
        return false;
    }
    let same_text = matches!(prev, Some(Kind::Value(Value::Text(there))) if same_expression(dialect, there, text));
    same_text || (prev.is_some() && kind(dialect, family, &column, true).as_ref() == prev)
}

/// Whether a column counts by itself (`column_autoincrement_changed`): CockroachDB and SQLite do not ask.
fn same_counting(dialect: Dialect, declared: &Column, replayed: &Column) -> bool {
    let counts =
        |column: &Column| column.auto_increment.is_some() || matches!(column.default, Some(ColumnDefault::NextVal(_)));
    matches!(dialect, Dialect::CockroachDb | Dialect::Sqlite) || counts(declared) == counts(replayed)
}

fn matches(dialect: Dialect, prev: Option<&Kind>, next: Option<&Kind>) -> bool {
    match (prev, next) {
        (_, Some(Kind::Generated(None)))
        | (Some(Kind::Generated(None)), _)
        | (Some(Kind::RowId), Some(Kind::RowId))
        | (Some(Kind::Sequence) | None, None) => true,
        (Some(Kind::RowId), _) | (_, Some(Kind::RowId)) => false,
        (_, Some(Kind::Sequence)) => true,
        (Some(Kind::Sequence) | None, Some(_)) | (Some(_), None) => false,
        // A moment in the schema is compared with nothing; the database's is an expression to the describer.
        (Some(_), Some(Kind::Value(Value::Moment))) => true,
        (Some(Kind::List(prev)), Some(Kind::List(next))) => {
            prev.len() == next.len() && prev.iter().zip(next).all(|(prev, next)| same_value(prev, next))
        }
        (Some(Kind::Value(prev)), Some(Kind::Value(next))) => same_value(prev, next),
        (Some(Kind::Now), Some(Kind::Now)) => true,
        (Some(Kind::Generated(Some(prev))), Some(Kind::Generated(Some(next)))) => same_expression(dialect, prev, next),
        _ => false,
    }
}

fn same_value(prev: &Value, next: &Value) -> bool {
    match (prev, next) {
        (Value::Json(a) | Value::Text(a), Value::Json(b)) | (Value::Json(a), Value::Text(b)) => same_json(a, b),
        (Value::Moment, _) | (_, Value::Moment) => true,
        _ => prev == next,
    }
}

/// JSON that cannot be read is the same as anything (`json_defaults_match`).
fn same_json(a: &str, b: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    match (read(a), read(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// Whether two expressions say the same. The engine compares the schema's text with what the database stores, without
/// regard to case; migrations hold neither, so casts, parentheses and blanks are passed over: what PostgreSQL adds to
/// an expression when it stores it.
fn same_expression(dialect: Dialect, a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || essence(dialect, a) == essence(dialect, b)
}

/// The words of an expression without casts, parentheses and the keywords of typed literals.
fn essence(dialect: Dialect, text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    let mut cast = false;
    while let Some(c) = chars.next() {
        if c.is_whitespace() || matches!(c, '(' | ')' | '"') {
            cast = cast && c != '(' && c != ')';
            continue;
        }
        if c == ':' && chars.peek() == Some(&':') && dialect.is_postgres_like() {
            chars.next();
            cast = true;
            continue;
        }
        let mut word = String::from(c);
        if c == '\'' {
            for c in chars.by_ref() {
                word.push(c);
                if c == '\'' {
                    break;
                }
            }
        } else if c.is_alphanumeric() || c == '_' {
            while let Some(&c) = chars.peek() {
                if !(c.is_alphanumeric() || matches!(c, '_' | '.')) {
                    break;
                }
                word.push(c);
                chars.next();
            }
            word.make_ascii_lowercase();
        }
        // The words of a cast's type go with it, as do `[]` behind them and the type of a typed literal.
        let of_type = matches!(
            word.as_str(),
            "[" | "]" | "interval" | "varying" | "precision" | "without" | "with" | "time" | "zone"
        );
        if cast && (word.starts_with(|c: char| c.is_alphabetic() || c == '_') || of_type) {
            cast = matches!(word.as_str(), "character" | "double" | "timestamp" | "time" | "without" | "with" | "bit");
            continue;
        }
        cast = false;
        if word == "end" && dialect.is_postgres_like() && words.ends_with(&NO_OTHER.map(str::to_owned)) {
            words.truncate(words.len() - NO_OTHER.len());
        }
        if word != "interval" {
            words.push(word);
        }
    }
    words
}

/// What PostgreSQL writes into a CASE without ELSE when it stores it (`transformCaseExpr`).
const NO_OTHER: [&str; 2] = ["else", "null"];

/// What the describer (and the engine, for what is declared) make of a column's default.
fn kind(dialect: Dialect, family: Family, column: &Column, replayed: bool) -> Option<Kind> {
    if let Some(generated) = column.generated.as_ref().filter(|_| dialect.is_postgres_like()) {
        return Some(Kind::Generated(Some(generated.expression.clone())));
    }
    match column.auto_increment {
        Some(AutoIncrement::Serial) => return Some(Kind::Sequence),
        Some(AutoIncrement::RowId) => return Some(Kind::RowId),
        _ => {}
    }
    let default = column.default.as_ref()?;
    if column.ty.array {
        return list(dialect, family, default, replayed);
    }
    Some(match default {
        ColumnDefault::Null => return None,
        ColumnDefault::NextVal(_) => Kind::Sequence,
        ColumnDefault::Unknown => Kind::Generated(None),
        // The describer takes `CURRENT_TIMESTAMP(3)` for an expression in PostgreSQL.
        ColumnDefault::Now(Some(precision)) if dialect.is_postgres_like() => {
            Kind::Generated(Some(format!("CURRENT_TIMESTAMP({precision})")))
        }
        ColumnDefault::Now(_) if family == Family::DateTime => Kind::Now,
        // A moment in a column of another family is an expression to the describer.
        ColumnDefault::Now(_) => Kind::Generated(Some("CURRENT_TIMESTAMP".to_owned())),
        ColumnDefault::Expression(text) => match expression(dialect, family, text) {
            Some(kind) => kind,
            None => Kind::Generated(Some(text.clone())),
        },
        ColumnDefault::List(items) => {
            Kind::List(items.iter().filter_map(|item| value(dialect, family, item, replayed)).collect())
        }
        constant => match value(dialect, family, constant, replayed) {
            Some(Value::Moment) if replayed => Kind::Generated(Some(super::text::default(constant))),
            Some(value) => Kind::Value(value),
            None => Kind::Generated(Some(super::text::default(constant))),
        },
    })
}

/// Expressions that a describer reads as something else.
fn expression(dialect: Dialect, family: Family, text: &str) -> Option<Kind> {
    let lower = text.to_ascii_lowercase();
    let squeezed: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
    let inner = squeezed.trim_start_matches('(').trim_end_matches(')');
    match (dialect, family) {
        (Dialect::Sqlite, Family::DateTime) if inner == "datetime('now'" => Some(Kind::Now),
        // Every default of a text column is text to the describer.
        (Dialect::Sqlite, Family::String | Family::Enum) => {
            let unquoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            Some(Kind::Value(Value::Text(unquoted.unwrap_or(text).to_owned())))
        }
        (Dialect::MySql | Dialect::SqlServer, Family::DateTime)
            if ["current_timestamp", "now(", "getdate(", "sysdatetime("].iter().any(|word| inner.starts_with(word)) =>
        {
            Some(Kind::Now)
        }
        (Dialect::MySql, Family::Boolean) => match inner {
            "b'1'" => Some(Kind::Value(Value::Bool(true))),
            "b'0'" => Some(Kind::Value(Value::Bool(false))),
            _ => None,
        },
        (Dialect::CockroachDb, _) if inner.starts_with("unique_rowid(") => Some(Kind::RowId),
        _ => None,
    }
}

/// A constant under a family; none where the describer would take it for an expression.
fn value(dialect: Dialect, family: Family, default: &ColumnDefault, replayed: bool) -> Option<Value> {
    Some(match (family, default) {
        // A truth value of the schema is one, whatever type it is stored in.
        (_, ColumnDefault::Bool(value)) if !replayed => Value::Bool(*value),
        (Family::Int, ColumnDefault::Number(text) | ColumnDefault::Text(text)) => {
            number(text).filter(|_| !text.contains(['.', 'e', 'E']))?
        }
        (Family::Decimal, ColumnDefault::Text(text)) => number(text)?,
        (Family::Boolean, ColumnDefault::Text(_)) if dialect == Dialect::Sqlite => return None,
        (Family::Boolean, ColumnDefault::Number(text) | ColumnDefault::Text(text)) => {
            match text.trim().to_ascii_lowercase().as_str() {
                "t" | "true" | "y" | "yes" | "on" | "1" => Value::Bool(true),
                "f" | "false" | "n" | "no" | "off" | "0" => Value::Bool(false),
                _ => return None,
            }
        }
        (Family::Int, ColumnDefault::Bool(value)) if !dialect.is_postgres_like() => {
            number(if *value { "1" } else { "0" })?
        }
        (Family::Json, ColumnDefault::Text(text)) => Value::Json(text.clone()),
        (Family::DateTime, ColumnDefault::Text(_) | ColumnDefault::Number(_)) => Value::Moment,
        // PostgreSQL stores `'hi'` as `'\x6869'`; a backslash escapes bytes.
        (Family::Binary, ColumnDefault::Text(text))
            if dialect.is_postgres_like() && replayed && !text.contains('\\') =>
        {
            Value::Text(text.bytes().fold("\\x".to_owned(), |hex, byte| format!("{hex}{byte:02x}")))
        }
        (Family::Binary, ColumnDefault::Text(text)) => Value::Text(text.to_ascii_lowercase()),
        // Text columns store the digits of a number.
        (_, ColumnDefault::Text(text)) | (Family::String | Family::Enum, ColumnDefault::Number(text)) => {
            Value::Text(text.clone())
        }
        (Family::String, ColumnDefault::Bool(value)) => Value::Text(value.to_string()),
        (_, ColumnDefault::Number(text)) => number(text)?,
        (_, ColumnDefault::Bool(value)) => Value::Bool(*value),
        _ => return None,
    })
}

/// The default of a list column.
fn list(dialect: Dialect, family: Family, default: &ColumnDefault, replayed: bool) -> Option<Kind> {
    let values = |items: &[ColumnDefault]| -> Option<Vec<Value>> {
        items.iter().map(|item| value(dialect, family, item, replayed)).collect()
    };
    Some(match default {
        ColumnDefault::Null => return None,
        ColumnDefault::Unknown => Kind::Generated(None),
        ColumnDefault::List(items) => match values(items) {
            Some(values) => Kind::List(values),
            None => Kind::Generated(None),
        },
        ColumnDefault::Text(text) => match array_literal(text).and_then(|items| values(&items)) {
            Some(values) => Kind::List(values),
            None => Kind::Generated(Some(super::text::quoted(text))),
        },
        other => Kind::Generated(Some(super::text::default(other))),
    })
}

/// A number in the form in which equal ones are equal.
fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim()),
        None => (false, text),
    };
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok().filter(|exponent| exponent.abs() < 400)?),
        None => (digits, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    // The point moves by the exponent.
    let joined = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point <= joined.len() => (joined[..point].to_owned(), joined[point..].to_owned()),
        Ok(point) => (format!("{joined}{}", "0".repeat(point - joined.len())), String::new()),
        Err(_) => (String::new(), format!("{}{joined}", "0".repeat(usize::try_from(-point).ok()?))),
    };
    let whole = whole.trim_start_matches('0').to_owned();
    let fraction = fraction.trim_end_matches('0').to_owned();
    let zero = whole.is_empty() && fraction.is_empty();
    Some(Value::Number(negative && !zero, whole, fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value() {
        for (a, b, same) in [
            ("1.5", "1.50", true),
            ("0", "-0.00", true),
            ("1e3", "1000", true),
            ("1.25e-2", "0.0125", true),
            ("007", "7", true),
            ("-5", "5", false),
            ("18", "18.1", false),
        ] {
            assert_eq!(number(a) == number(b), same, "{a} {b}");
        }
        assert_eq!(number("x"), None);
        assert_eq!(number("."), None);
        assert_eq!(number("1e999999999"), None);
    }

    #[test]
    fn what_postgresql_adds_to_an_expression_does_not_count() {
        let same = |a, b| same_expression(Dialect::PostgreSql, a, b);
        assert!(same("now() + interval '1 day'", "(now() + '1 day'::interval)"));
        assert!(same("md5(random()::text)", "md5((random())::text)"));
        assert!(same("GEN_RANDOM_UUID()", "gen_random_uuid()"));
        assert!(same("lower('X')", "lower('X'::text)"));
        assert!(!same("gen_random_uuid()", "uuid_generate_v4()"));
        assert!(same("lower('X')", "LOWER('x')"), "the engine passes over case");
        assert!(!same("1 + 1", "1 + 2"));
        let stored = "\nCASE\n    WHEN (id < 0) THEN 'x'::text\n    ELSE NULL::text\nEND";
        assert!(same("CASE WHEN id < 0 THEN 'x' END", stored));
        assert!(same(
            "case when a then case when b then 1 end end",
            "CASE WHEN a THEN CASE WHEN b THEN 1 ELSE NULL::integer END ELSE NULL::integer END"
        ));
        for other in [
            "CASE WHEN id < 0 THEN 'x' ELSE 'null' END",
            "CASE WHEN id < 0 THEN 'x' ELSE NULL || 'y' END",
            "CASE WHEN id < 1 THEN 'x' END",
        ] {
            assert!(!same(other, stored), "{other}");
        }
    }
}
