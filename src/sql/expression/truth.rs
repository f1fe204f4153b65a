//! What a condition says of a row of which all that it asks is known.

use std::cmp::Ordering;

use super::tree::{Expr, Infix};
use crate::catalog::types::ColumnType;
use crate::catalog::{ColumnDefault, Dialect, TypeKind};
use crate::sql::lexer::tokenize;

/// What a condition comes to: a CHECK is kept by what is true, and by NULL.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It is NULL.
    Null,
    /// It does not hold, or is NULL: an index leaves the row out.
    NotTrue,
}

/// What a condition says of a row that holds constants; none where that cannot be told. `value` knows what a column holds.
pub(crate) fn truth<'v>(
    condition: &str,
    dialect: Dialect,
    value: &dyn Fn(&str) -> Option<&'v ColumnDefault>,
) -> Option<Truth> {
    let (tokens, error) = tokenize(condition, dialect);
    if error.is_some() {
        return None;
    }
    match (Row { value }).evaluate(&super::read(condition, &tokens, dialect)?.simplified(dialect))? {
        Value::Bool(true) => Some(Truth::True),
        Value::Bool(false) => Some(Truth::False),
        Value::Null => Some(Truth::Null),
        Value::NotTrue => Some(Truth::NotTrue),
        Value::Number(_) | Value::Text(_) => None,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Number(f64),
    Text(String),
    Bool(bool),
    Null,
    /// FALSE or NULL.
    NotTrue,
}

struct Row<'a, 'v> {
    value: &'a dyn Fn(&str) -> Option<&'v ColumnDefault>,
}

impl Row<'_, '_> {
    fn evaluate(&self, expr: &Expr) -> Option<Value> {
        match expr {
            Expr::Text(text) => Some(Value::Text(text.clone())),
            Expr::Number(number) => number.parse().ok().map(Value::Number),
            Expr::Bool(truth) => Some(Value::Bool(*truth)),
            Expr::Null => Some(Value::Null),
            Expr::Name(name) => {
                let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
                match (self.value)(name)? {
                    ColumnDefault::Number(number) => number.parse().ok().map(Value::Number),
                    ColumnDefault::Text(text) => Some(Value::Text(text.clone())),
                    ColumnDefault::Bool(truth) => Some(Value::Bool(*truth)),
                    ColumnDefault::Null => Some(Value::Null),
                    _ => None,
                }
            }
            Expr::Prefix(operator, of) if operator == "not" => match self.evaluate(of)? {
                Value::Bool(truth) => Some(Value::Bool(!truth)),
                Value::Null => Some(Value::Null),
                _ => None,
            },
            Expr::Prefix(operator, of) if operator == "-" => match self.evaluate(of)? {
                Value::Number(number) => Some(Value::Number(-number)),
                _ => None,
            },
            Expr::Postfix(of, test) => {
                let is_null = match self.evaluate(of)? {
                    Value::NotTrue => return None,
                    value => value == Value::Null,
                };
                match test.as_str() {
                    "is null" => Some(Value::Bool(is_null)),
                    "is not null" => Some(Value::Bool(!is_null)),
                    _ => None,
                }
            }
            Expr::Cast(of, ty) => self.evaluate(of).filter(|value| keeps(ty, value)),
            Expr::In { of, list, not } => {
                let of = self.evaluate(of)?;
                let mut found = Value::Bool(false);
                for one in list {
                    found = either(Some(found), compared(&of, &self.evaluate(one)?, "="), true)?;
                }
                match found {
                    Value::Bool(truth) => Some(Value::Bool(truth != *not)),
                    other => Some(other),
                }
            }
            Expr::Infix(left, Infix { text, .. }, right) => {
                let (left, right) = (self.evaluate(left), self.evaluate(right));
                match text.as_str() {
                    "and" => either(left, right, false),
                    "or" => either(left, right, true),
                    operator => compared(&left?, &right?, operator),
                }
            }
            _ => None,
        }
    }
}

/// Whether a value is the same in another type.
fn keeps(ty: &ColumnType, value: &Value) -> bool {
    !ty.array
        && match (&ty.kind, value) {
            (_, Value::Null) => true,
            (TypeKind::Builtin { name, args, .. }, Value::Text(_)) => {
                args.is_empty() && matches!(name.as_str(), "text" | "varchar")
            }
            // A label of an enum.
            (TypeKind::Named(_), Value::Text(_)) => true,
            (TypeKind::Builtin { name, args, .. }, Value::Number(_)) => {
                args.is_empty() && matches!(name.as_str(), "numeric" | "decimal")
            }
            _ => false,
        }
}

/// AND and OR: `decides` is the one value that decides alone, whatever the other side is.
fn either(left: Option<Value>, right: Option<Value>, decides: bool) -> Option<Value> {
    let decides = Value::Bool(decides);
    if left.as_ref() == Some(&decides) || right.as_ref() == Some(&decides) {
        return Some(decides);
    }
    // What AND leaves of NULL and anything else.
    if decides == Value::Bool(false)
        && let (Some(Value::Null | Value::NotTrue), None) | (None, Some(Value::Null | Value::NotTrue)) = (&left, &right)
    {
        return Some(Value::NotTrue);
    }
    match (left?, right?) {
        (Value::NotTrue, Value::NotTrue | Value::Null | Value::Bool(_))
        | (Value::Null | Value::Bool(_), Value::NotTrue) => Some(Value::NotTrue),
        (Value::Null, Value::Null | Value::Bool(_)) | (Value::Bool(_), Value::Null) => Some(Value::Null),
        (Value::Bool(truth), Value::Bool(_)) => Some(Value::Bool(truth)),
        _ => None,
    }
}

fn compared(left: &Value, right: &Value, operator: &str) -> Option<Value> {
    if !matches!(operator, "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=") {
        return None;
    }
    let ordering = match (left, right) {
        (Value::NotTrue, _) | (_, Value::NotTrue) => return None,
        (Value::Null, _) | (_, Value::Null) => return Some(Value::Null),
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(right)?,
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        // Which text is the lesser, and whether two are one text, depends on their collation.
        (Value::Text(left), Value::Text(right)) if matches!(operator, "=" | "<>" | "!=") => {
            let plain = |text: &str| text.trim_end().to_ascii_lowercase();
            let differ = left.is_ascii() && right.is_ascii() && plain(left) != plain(right);
            if left == right {
                Ordering::Equal
            } else if differ {
                Ordering::Less
            } else {
                return None;
            }
        }
        _ => return None,
    };
    Some(Value::Bool(match operator {
        "=" => ordering.is_eq(),
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        ">=" => ordering.is_ge(),
        _ => ordering.is_ne(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_row_decides() {
        use ColumnDefault as D;
        let (zero, empty, yes, null, label, now) =
            (D::Number("0".into()), D::Text(String::new()), D::Bool(true), D::Null, D::Text("a".into()), D::Now(None));
        let value = |name: &str| match name {
            "zero" => Some(&zero),
            "empty" => Some(&empty),
            "yes" => Some(&yes),
            "nothing" => Some(&null),
            "label" => Some(&label),
            "moment" => Some(&now),
            _ => None,
        };
        for (condition, expected) in [
            ("zero > 0", Some(Truth::False)),
            ("zero >= 0", Some(Truth::True)),
            ("users.zero >= 0 AND \"zero\" < 1.5", Some(Truth::True)),
            ("zero BETWEEN 1 AND 10", Some(Truth::False)),
            ("zero = -1", Some(Truth::False)),
            ("zero > +1", None),
            ("zero > ~1", None),
            ("nothing > 0", Some(Truth::Null)),
            ("nothing > 0 OR zero = 0", Some(Truth::True)),
            ("nothing IS NULL", Some(Truth::True)),
            ("label IN ('b', 'c')", Some(Truth::False)),
            ("label IN ('b', NULL)", Some(Truth::Null)),
            ("label NOT IN ('b', 'c')", Some(Truth::True)),
            ("label = 'A'", None),
            ("label = 'a'::text", Some(Truth::True)),
            ("label < 'b'", None),
            ("empty <> ''", Some(Truth::False)),
            ("length(empty) > 0", None),
            ("NOT yes", Some(Truth::False)),
            ("old > 0", None),
            ("old > 0 AND zero > 0", Some(Truth::False)),
            ("old > 0 OR zero > 0", None),
            ("nothing > 0 AND old > 0", Some(Truth::NotTrue)),
            ("(nothing > 0 AND old > 0) OR zero > 0", Some(Truth::NotTrue)),
            ("NOT (nothing > 0 AND old > 0)", None),
            ("nothing > 0 OR old > 0", None),
            ("moment > 0", None),
            ("zero > (SELECT 1)", None),
            ("zero >", None),
        ] {
            assert_eq!(truth(condition, Dialect::PostgreSql, &value), expected, "{condition}");
        }
    }
}
