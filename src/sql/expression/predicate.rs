//! Whether two conditions of partial indexes take the same rows of their table.
//!
//! A row is in the index where the condition is TRUE: FALSE and NULL are one there, so `x IS TRUE` and `x = true` are `x`,
//! and `x IS FALSE` is `NOT x`, as long as no NOT stands around them. What is not known to be a boolean is left as written.

use super::known::read;
use super::tree::Expr;
use crate::catalog::Dialect;

/// Whether two conditions on one table are one. `is_boolean` tells which of its columns hold nothing but TRUE, FALSE and NULL.
pub(crate) fn same_predicate(
    a: &str,
    b: &str,
    table: &str,
    dialect: Dialect,
    is_boolean: &dyn Fn(&str) -> bool,
) -> bool {
    let plain = Plain { table, dialect, is_boolean };
    let read = |text| read(text, dialect).map(|expr| plain.condition(expr));
    matches!((read(a), read(b)), (Some(a), Some(b)) if a == b)
}

/// What is known of the table.
struct Plain<'p> {
    table: &'p str,
    dialect: Dialect,
    is_boolean: &'p dyn Fn(&str) -> bool,
}

impl Plain<'_> {
    /// What an index asks of a row, in one form: behind AND and OR it is still whether something is TRUE.
    fn condition(&self, expr: Expr) -> Expr {
        match expr {
            Expr::Infix(left, operator, right) if matches!(operator.text.as_str(), "and" | "or") => {
                Expr::Infix(Box::new(self.condition(*left)), operator, Box::new(self.condition(*right)))
            }
            Expr::Prefix(operator, of) if operator == "not" => Expr::Prefix(operator, Box::new(self.value(*of))),
            Expr::Postfix(of, test) if matches!(test.as_str(), "is true" | "is false") => {
                let of = self.unqualified(*of);
                if self.is_boolean(&of) { says(of, test == "is true") } else { Expr::Postfix(Box::new(of), test) }
            }
            other => self.value(other),
        }
    }

    /// `x = true` is `x`, and `x = false` is `NOT x`, with NULL for NULL.
    fn value(&self, expr: Expr) -> Expr {
        let Expr::Infix(left, operator, right) = expr else { return self.unqualified(expr) };
        let (left, right) = (self.unqualified(*left), self.unqualified(*right));
        let positive = match operator.text.as_str() {
            "=" => true,
            "<>" => false,
            _ => return Expr::Infix(Box::new(left), operator, Box::new(right)),
        };
        match self.truth(&right) {
            Some(truth) if self.is_boolean(&left) => says(left, truth == positive),
            _ => Expr::Infix(Box::new(left), operator, Box::new(right)),
        }
    }

    fn truth(&self, expr: &Expr) -> Option<bool> {
        match expr {
            Expr::Bool(truth) => Some(*truth),
            // A boolean is a number there.
            Expr::Number(number) if self.dialect == Dialect::Sqlite => match number.as_str() {
                "1" => Some(true),
                "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_boolean(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(name) if (self.is_boolean)(name.trim_matches('"')))
    }

    /// The same with the table's own columns named without the table: in a condition on one table there is no other.
    fn unqualified(&self, expr: Expr) -> Expr {
        let all = |list: Vec<Expr>| list.into_iter().map(|one| self.unqualified(one)).collect();
        let boxed = |expr: Box<Expr>| Box::new(self.unqualified(*expr));
        match expr {
            Expr::Name(name) => Expr::Name(self.column(&name).map(str::to_owned).unwrap_or(name)),
            Expr::Call(name, args) => Expr::Call(name, all(args)),
            Expr::Prefix(operator, of) => Expr::Prefix(operator, boxed(of)),
            Expr::Infix(left, operator, right) => Expr::Infix(boxed(left), operator, boxed(right)),
            Expr::Postfix(of, test) => Expr::Postfix(boxed(of), test),
            Expr::Cast(of, ty) => Expr::Cast(boxed(of), ty),
            Expr::In { of, list, not } => Expr::In { of: boxed(of), list: all(list), not },
            Expr::Array(list) => Expr::Array(all(list)),
            Expr::Row(list) => Expr::Row(all(list)),
            other => other,
        }
    }

    /// The column behind the table's name, quoted or not.
    fn column<'n>(&self, name: &'n str) -> Option<&'n str> {
        let quoted = format!("\"{}\"", self.table.replace('"', "\"\""));
        let rest = name.strip_prefix(quoted.as_str()).or_else(|| name.strip_prefix(self.table));
        rest.and_then(|rest| rest.strip_prefix('.'))
    }
}

/// `x`, or `NOT x`.
fn says(of: Expr, truth: bool) -> Expr {
    if truth { of } else { Expr::Prefix("not".to_owned(), Box::new(of)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_that_take_the_same_rows_are_one() {
        let same = |a: &str, b: &str, dialect| {
            let is_boolean = |name: &str| matches!(name, "main" | "Live");
            let one = same_predicate(a, b, "user", dialect, &is_boolean);
            assert_eq!(one, same_predicate(b, a, "user", dialect, &is_boolean), "{a} and {b}");
            one
        };
        for (a, b) in [
            ("main", "main = true"),
            ("main", "(main IS TRUE)"),
            ("main", "\"user\".main"),
            ("main", "main <> false"),
            ("NOT main", "main = false"),
            ("NOT main", "main IS FALSE"),
            ("\"Live\" = true", "\"user\".\"Live\""),
            ("\"user\".state = 'active'", "(state)::text = 'active'::text"),
            ("user.state = 'active'", "state = 'active'"),
            ("main = true AND \"user\".state IS NULL", "(main AND (state IS NULL))"),
            ("lower(\"user\".state) IN ('a', 'b')", "lower(state) IN ('a', 'b')"),
        ] {
            assert!(same(a, b, Dialect::PostgreSql), "{a} and {b}");
        }
        assert!(same("main = 1", "main", Dialect::Sqlite) && same("main = 0", "NOT main", Dialect::Sqlite));
        for (a, b) in [
            ("main", "main = false"),
            ("main", "NOT main"),
            ("main", "main IS NOT TRUE"),
            ("NOT main", "main IS NOT TRUE"),
            ("NOT (main IS TRUE)", "NOT main"),
            ("NOT (main IS TRUE)", "NOT (main = true)"),
            ("kind", "kind = true"),
            ("kind = 1", "kind"),
            ("main = 1", "main"),
            ("\"user\".state = 'active'", "state = 'passive'"),
            ("state = 'user.a'", "state = 'a'"),
            ("other.state = 'a'", "state = 'a'"),
            ("users.state = 'a'", "state = 'a'"),
            ("\"Live\"", "live"),
            ("main = true AND state IS NULL", "main"),
        ] {
            assert!(!same(a, b, Dialect::PostgreSql), "{a} and {b}");
        }
        assert!(!same("kind = 1", "kind", Dialect::Sqlite), "any number may stand there");
    }
}
