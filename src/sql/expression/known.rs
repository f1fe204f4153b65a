//! What is sure of an expression by its form and by what is known of the columns: what a condition comes to, that an
//! expression is never NULL, that a condition of before asks as much.

use std::cmp::Ordering;

use super::tree::{Expr, Infix, power};
use crate::catalog::{ColumnDefault, ColumnType, Dialect, TypeKind};
use crate::sql::lexer::tokenize;

/// What a column holds in every row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Held<'v> {
    /// NULL.
    Null,
    /// This, where it is a constant.
    This(&'v ColumnDefault),
    /// Something that is not NULL.
    Something,
    /// This or that.
    Anything,
}

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

/// What a condition says of every row; none where that cannot be told.
pub(crate) fn truth<'v>(condition: &str, dialect: Dialect, held: &dyn Fn(&str) -> Held<'v>) -> Option<Truth> {
    match fold(read(condition, dialect)?, held) {
        Expr::Bool(true) => Some(Truth::True),
        Expr::Bool(false) => Some(Truth::False),
        Expr::Null => Some(Truth::Null),
        left => is_not_true(&left).then_some(Truth::NotTrue),
    }
}

/// Whether what is left of a condition is FALSE or NULL, whatever its columns hold.
fn is_not_true(condition: &Expr) -> bool {
    match condition {
        Expr::Bool(false) | Expr::Null => true,
        Expr::Infix(left, Infix { text, .. }, right) => match text.as_str() {
            "and" => is_not_true(left) || is_not_true(right),
            "or" => is_not_true(left) && is_not_true(right),
            _ => false,
        },
        _ => false,
    }
}

/// Whether no row fails a CHECK: by what its columns hold, or since one of the conditions that rows were held to before asks
/// as much. A condition that cannot be read fails.
pub(crate) fn is_kept<'v>(condition: &str, before: &[&str], dialect: Dialect, held: &dyn Fn(&str) -> Held<'v>) -> bool {
    let Some(condition) = read(condition, dialect) else { return false };
    let left = fold(condition, held);
    if passes(&left) {
        return true;
    }
    let spread = |expr| spread(expr).simplified(dialect);
    let left = spread(left);
    before.iter().filter_map(|old| read(old, dialect)).any(|old| implies(&spread(old), &left))
}

/// Whether an expression is NULL in no row. One that cannot be read may be.
pub(crate) fn is_never_null<'v>(expression: &str, dialect: Dialect, held: &dyn Fn(&str) -> Held<'v>) -> bool {
    read(expression, dialect).is_some_and(|expr| never_null(&expr, held))
}

/// The tree of a text, in its simplest form; none where it is no expression that can be read.
pub(super) fn read(text: &str, dialect: Dialect) -> Option<Expr> {
    let (tokens, error) = tokenize(text, dialect);
    if error.is_some() {
        return None;
    }
    Some(super::read(text, &tokens, dialect)?.simplified(dialect))
}

/// What a CHECK takes: TRUE, and NULL.
fn passes(condition: &Expr) -> bool {
    matches!(condition, Expr::Bool(true) | Expr::Null)
}

/// The column that a name means.
fn column(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name).trim_matches('"')
}

/// What is left of an expression once it is said what its columns hold.
fn fold<'v>(expr: Expr, held: &dyn Fn(&str) -> Held<'v>) -> Expr {
    match expr {
        Expr::Name(name) => constant(held(column(&name))).unwrap_or(Expr::Name(name)),
        Expr::Postfix(of, test) => {
            let of = fold(*of, held);
            let is_null = match &of {
                Expr::Null => Some(true),
                of if never_null(of, held) => Some(false),
                _ => None,
            };
            match (is_null, test.as_str()) {
                (Some(is_null), "is null") => Expr::Bool(is_null),
                (Some(is_null), "is not null") => Expr::Bool(!is_null),
                _ => Expr::Postfix(Box::new(of), test),
            }
        }
        Expr::Prefix(operator, of) => match (operator.as_str(), fold(*of, held)) {
            ("not", Expr::Bool(truth)) => Expr::Bool(!truth),
            ("not" | "-" | "+", Expr::Null) => Expr::Null,
            ("-", Expr::Number(digits)) => {
                Expr::Number(digits.strip_prefix('-').map_or_else(|| format!("-{digits}"), str::to_owned))
            }
            (_, of) => Expr::Prefix(operator, Box::new(of)),
        },
        Expr::Infix(left, operator, right) => joined(fold(*left, held), operator, fold(*right, held)),
        Expr::Cast(of, ty) => match fold(*of, held) {
            Expr::Null => Expr::Null,
            Expr::Bool(truth)
                if !ty.array
                    && matches!(&ty.kind, TypeKind::Builtin { name, .. } if matches!(name.as_str(), "integer" | "bigint" | "smallint")) =>
            {
                Expr::Number(u8::from(truth).to_string())
            }
            of if keeps(&ty, &of) => of,
            of => Expr::Cast(Box::new(of), ty),
        },
        Expr::In { of, list, not } => {
            let (of, list) = (fold(*of, held), list.into_iter().map(|one| fold(one, held)).collect::<Vec<_>>());
            let equal = Infix::new("=", power::COMPARISON);
            let either = Infix::new("or", power::OR);
            // A NULL in the list is no match and no miss; what cannot be compared leaves all open.
            let found = list.iter().try_fold(Expr::Bool(false), |found, one| {
                let is_it = joined(of.clone(), equal.clone(), one.clone());
                matches!(is_it, Expr::Bool(_) | Expr::Null).then(|| joined(found, either.clone(), is_it))
            });
            match found {
                Some(Expr::Bool(truth)) => Expr::Bool(truth != not),
                Some(Expr::Null) => Expr::Null,
                // TRUE or NULL is folded to TRUE, and FALSE or NULL to NULL.
                _ => Expr::In { of: Box::new(of), list, not },
            }
        }
        // <https://www.postgresql.org/docs/current/functions-comparison.html>
        Expr::Call(name, args) if name == "num_nonnulls" => {
            let args: Vec<Expr> =
                args.into_iter().map(|arg| fold(arg, held)).filter(|arg| *arg != Expr::Null).collect();
            if args.iter().all(|arg| never_null(arg, held)) {
                Expr::Number(args.len().to_string())
            } else {
                Expr::Call(name, args)
            }
        }
        Expr::Call(name, args) if name == "coalesce" => {
            let mut args: Vec<Expr> =
                args.into_iter().map(|arg| fold(arg, held)).filter(|arg| *arg != Expr::Null).collect();
            match args.len() {
                0 => Expr::Null,
                1 => args.remove(0),
                _ => Expr::Call(name, args),
            }
        }
        other => other,
    }
}

/// Two expressions with an operator between them.
fn joined(left: Expr, operator: Infix, right: Expr) -> Expr {
    let plain = |left, operator, right| Expr::Infix(Box::new(left), operator, Box::new(right));
    match (operator.text.as_str(), left, right) {
        ("and", Expr::Bool(true), other) | ("and", other, Expr::Bool(true)) => other,
        ("and", Expr::Bool(false), _) | ("and", _, Expr::Bool(false)) => Expr::Bool(false),
        ("or", Expr::Bool(false), other) | ("or", other, Expr::Bool(false)) => other,
        ("or", Expr::Bool(true), _) | ("or", _, Expr::Bool(true)) => Expr::Bool(true),
        ("and" | "or", Expr::Null, Expr::Null) => Expr::Null,
        ("and" | "or", left, right) => plain(left, operator, right),
        ("is distinct from", left, right) => plain(left, operator, right),
        (_, Expr::Null, _) | (_, _, Expr::Null)
            if operator.power == power::COMPARISON || matches!(operator.text.as_str(), "+" | "-" | "*") =>
        {
            Expr::Null
        }
        ("+", Expr::Number(zero), other) | ("+", other, Expr::Number(zero)) if zero == "0" => other,
        ("+", Expr::Number(left), Expr::Number(right)) => {
            let sum = left.parse::<i64>().ok().zip(right.parse::<i64>().ok()).and_then(|(a, b)| a.checked_add(b));
            match sum {
                Some(sum) => Expr::Number(sum.to_string()),
                None => plain(Expr::Number(left), operator, Expr::Number(right)),
            }
        }
        (_, left, right) => match compared(&left, &right, &operator.text) {
            Some(truth) => Expr::Bool(truth),
            None => plain(left, operator, right),
        },
    }
}

/// The constant that a column holds.
fn constant(held: Held<'_>) -> Option<Expr> {
    Some(match held {
        Held::Null | Held::This(ColumnDefault::Null) => Expr::Null,
        Held::This(ColumnDefault::Number(number)) if number.parse::<f64>().is_ok() => Expr::Number(number.clone()),
        Held::This(ColumnDefault::Text(text)) => Expr::Text(text.clone()),
        Held::This(ColumnDefault::Bool(truth)) => Expr::Bool(*truth),
        Held::This(_) | Held::Something | Held::Anything => return None,
    })
}

/// Whether a constant is the same in another type.
fn keeps(ty: &ColumnType, value: &Expr) -> bool {
    !ty.array
        && match (&ty.kind, value) {
            (TypeKind::Builtin { name, args, .. }, Expr::Text(_)) => {
                args.is_empty() && matches!(name.as_str(), "text" | "varchar")
            }
            // A label of an enum.
            (TypeKind::Named(_), Expr::Text(_)) => true,
            (TypeKind::Builtin { name, args, .. }, Expr::Number(_)) => {
                args.is_empty() && matches!(name.as_str(), "numeric" | "decimal")
            }
            _ => false,
        }
}

/// How two constants compare; none where that cannot be told.
fn compared(left: &Expr, right: &Expr, operator: &str) -> Option<bool> {
    let ordering = match (left, right) {
        (Expr::Number(left), Expr::Number(right)) => match (left.parse::<i64>(), right.parse::<i64>()) {
            (Ok(left), Ok(right)) => left.cmp(&right),
            _ => left.parse::<f64>().ok()?.partial_cmp(&right.parse::<f64>().ok()?)?,
        },
        (Expr::Bool(left), Expr::Bool(right)) => left.cmp(right),
        // Which text is the lesser, and whether two are one text, depends on their collation.
        (Expr::Text(left), Expr::Text(right)) if matches!(operator, "=" | "<>" | "!=") => {
            let plain = |text: &str| text.trim_end().to_ascii_lowercase();
            if left == right {
                Ordering::Equal
            } else if left.is_ascii() && right.is_ascii() && plain(left) != plain(right) {
                Ordering::Less
            } else {
                return None;
            }
        }
        _ => return None,
    };
    Some(match operator {
        "=" => ordering.is_eq(),
        "<>" | "!=" => ordering.is_ne(),
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        ">=" => ordering.is_ge(),
        _ => return None,
    })
}

fn never_null<'v>(expr: &Expr, held: &dyn Fn(&str) -> Held<'v>) -> bool {
    match expr {
        Expr::Text(_) | Expr::Number(_) | Expr::Bool(_) | Expr::Bits(_) => true,
        Expr::Name(name) => name == "current_timestamp" || held(column(name)) == Held::Something,
        Expr::Postfix(_, test) => matches!(test.as_str(), "is null" | "is not null"),
        Expr::Prefix(operator, of) => matches!(operator.as_str(), "not" | "-" | "+") && never_null(of, held),
        Expr::Infix(left, Infix { text, .. }, right) => {
            text == "is distinct from"
                || matches!(text.as_str(), "and" | "or" | "=" | "<>" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "||")
                    && never_null(left, held)
                    && never_null(right, held)
        }
        Expr::Cast(of, _) => never_null(of, held),
        Expr::In { of, list, .. } => never_null(of, held) && list.iter().all(|one| never_null(one, held)),
        Expr::Call(name, args) if name == "coalesce" => args.iter().any(|arg| never_null(arg, held)),
        Expr::Call(name, args) => {
            matches!(name.as_str(), "lower" | "upper" | "length" | "trim" | "btrim")
                && args.iter().all(|arg| never_null(arg, held))
        }
        _ => false,
    }
}

/// A condition without a NOT before AND and OR: `not (a or b)` asks for both `not a` and `not b`, NULLs included.
fn spread(expr: Expr) -> Expr {
    match expr {
        Expr::Prefix(operator, of) if operator == "not" => match *of {
            Expr::Infix(left, Infix { text, .. }, right) if text == "and" || text == "or" => {
                let denied = |side: Box<Expr>| Box::new(spread(Expr::Prefix("not".to_owned(), side)));
                let other = if text == "and" { Infix::new("or", power::OR) } else { Infix::new("and", power::AND) };
                Expr::Infix(denied(left), other, denied(right))
            }
            Expr::Prefix(inner, of) if inner == "not" => spread(*of),
            of => Expr::Prefix(operator, Box::new(of)),
        },
        Expr::Infix(left, operator, right) if matches!(operator.text.as_str(), "and" | "or") => {
            Expr::Infix(Box::new(spread(*left)), operator, Box::new(spread(*right)))
        }
        other => other,
    }
}

/// Whether a row that is not refused by one condition is not refused by the other. A condition refuses where it is FALSE, so
/// that each step of this holds with NULL as well.
fn implies(before: &Expr, after: &Expr) -> bool {
    if before == after {
        return true;
    }
    if let Expr::Infix(left, Infix { text, .. }, right) = after {
        match text.as_str() {
            "and" => return implies(before, left) && implies(before, right),
            "or" if implies(before, left) || implies(before, right) => return true,
            _ => {}
        }
    }
    if let Expr::Infix(left, Infix { text, .. }, right) = before {
        match text.as_str() {
            "and" => return implies(left, after) || implies(right, after),
            "or" => return implies(left, after) && implies(right, after),
            _ => {}
        }
    }
    let (Some((of, old, old_not)), Some((after, new, new_not))) = (listed(before), listed(after)) else { return false };
    let within = |few: &[&Expr], many: &[&Expr]| few.iter().all(|one| many.contains(one));
    of == after && old_not == new_not && if old_not { within(&new, &old) } else { within(&old, &new) }
}

/// A list of constants that something is one of, or none of.
fn listed(expr: &Expr) -> Option<(&Expr, Vec<&Expr>, bool)> {
    let (of, list, not): (&Expr, Vec<&Expr>, bool) = match expr {
        Expr::In { of, list, not } => (of, list.iter().collect(), *not),
        Expr::Infix(of, Infix { text, .. }, one) if text == "=" => (of, vec![one], false),
        Expr::Infix(of, Infix { text, .. }, one) if text == "<>" => (of, vec![one], true),
        _ => return None,
    };
    let is_constant = |one: &&Expr| matches!(one, Expr::Text(_) | Expr::Number(_) | Expr::Bool(_));
    list.iter().all(is_constant).then_some((of, list, not))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(name: &str) -> Held<'static> {
        match name {
            "nothing" | "none" => Held::Null,
            "there" => Held::Something,
            _ => Held::Anything,
        }
    }

    #[test]
    fn what_columns_hold_keeps_a_condition() {
        for (condition, expected) in [
            ("nothing IS NULL", true),
            ("there IS NOT NULL", true),
            ("old IS NOT NULL", false),
            ("nothing > 3", true),
            ("old > 3", false),
            ("name = 'a or b' OR (nothing IS NULL)", true),
            ("name = 'x' AND (id > 1 OR nothing IS NULL)", false),
            ("NOT (nothing IS NOT NULL)", true),
            ("(there IS NOT NULL)::int + (nothing IS NOT NULL)::int = 1", true),
            ("(there IS NOT NULL)::int + (nothing IS NOT NULL)::int = 2", false),
            ("(old IS NOT NULL)::int + (nothing IS NOT NULL)::int = 1", false),
            ("num_nonnulls(there, nothing, none) = 1", true),
            ("num_nonnulls(there, old) = 1", false),
            ("coalesce(nothing, there) IS NOT NULL", true),
            ("nothing > 3 AND old > 3", false),
            ("nothing IS DISTINCT FROM 3", false),
            ("nothing >", false),
        ] {
            assert_eq!(is_kept(condition, &[], Dialect::PostgreSql, &held), expected, "{condition}");
        }
    }

    #[test]
    fn a_condition_of_before_that_asks_as_much_keeps_one() {
        for (before, after, expected) in [
            ("state = ANY (ARRAY[0, 1])", "state IN (0, 1, 2)", true),
            ("state IN (0, 1, 2)", "state = ANY (ARRAY[0, 1])", false),
            ("state IN ('a', 'b')", "(state)::text = ANY ((ARRAY['b'::text, 'a'::text, 'c'::text])::text[])", true),
            ("state = 'a'", "state IN ('a', 'b')", true),
            ("state NOT IN (1, 2)", "state <> 1", true),
            ("state <> 1", "state NOT IN (1, 2)", false),
            ("state IN (1, 2)", "other IN (1, 2)", false),
            ("state IN (1, 2) AND id > 0", "state IN (1, 2, 3)", true),
            ("state IN (1, 2) OR id > 0", "state IN (1, 2, 3)", false),
            ("state IN (1, 2) OR id > 0", "id > 0 OR state IN (2, 1)", true),
            ("num_nonnulls(a, b) = 1", "num_nonnulls(a, b, nothing) = 1", true),
            ("num_nonnulls(a, b) = 1", "num_nonnulls(a, nothing) = 1", false),
            ("state IN (1, other)", "state IN (1, other, 2)", false),
            ("NOT (a IS NULL OR b IS NULL)", "NOT (b IS NULL)", true),
            ("NOT (a IS NULL OR b IS NULL)", "b IS NOT NULL AND a IS NOT NULL", true),
            ("NOT (a > 1 OR b > 1)", "NOT (b > 1)", true),
            ("NOT (NOT (a IN (1, 2) AND b > 1))", "a IN (1, 2, 3)", true),
            ("NOT (a IS NULL AND b IS NULL)", "NOT (b IS NULL)", false),
            ("NOT (b IS NULL)", "NOT (a IS NULL OR b IS NULL)", false),
            ("NOT (a > 1 OR b > 1)", "b > 1", false),
            ("a IS NOT NULL OR b IS NOT NULL", "NOT (a IS NULL AND b IS NULL)", true),
        ] {
            assert_eq!(is_kept(after, &[before], Dialect::PostgreSql, &held), expected, "{before} | {after}");
        }
    }

    #[test]
    fn what_is_never_null() {
        for (expression, expected) in [
            ("x IS NOT NULL", true),
            ("there::text", true),
            ("old::text", false),
            ("coalesce(old, 'a')", true),
            ("coalesce(old, nothing)", false),
            ("there > 1 AND old IS NULL", true),
            ("old > 1", false),
            ("lower(there)", true),
            ("nullif(there, '')", false),
            ("CASE WHEN there THEN 1 END", false),
            ("NOT (there > 1)", true),
            ("-there", true),
            ("-old", false),
        ] {
            assert_eq!(is_never_null(expression, Dialect::PostgreSql, &held), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_known_of_a_row_decides() {
        use ColumnDefault as D;
        let (zero, empty, yes, null, label, now) =
            (D::Number("0".into()), D::Text(String::new()), D::Bool(true), D::Null, D::Text("a".into()), D::Now(None));
        let value = |name: &str| match name {
            "zero" => Held::This(&zero),
            "empty" => Held::This(&empty),
            "yes" => Held::This(&yes),
            "nothing" => Held::This(&null),
            "label" => Held::This(&label),
            "moment" => Held::This(&now),
            _ => Held::Anything,
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
