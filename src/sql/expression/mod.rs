//! Expressions: their canonical text, and what a default is.
//!
//! The canonical text is a normal form in which two spellings of one expression are equal: keywords and functions in
//! lower case, no blanks that separate nothing, no parentheses but those that precedence needs, no casts of constants.
//! What PostgreSQL rewrites when it stores an expression is rewritten likewise: `IN`, `BETWEEN`, `LIKE`, `!=`, `now()`.
//! An expression that is not understood is its tokens, joined.

mod known;
mod names;
mod parse;
mod predicate;
mod tree;

use super::cursor::{Cursor, Origin};
use super::lexer::{Token, TokenKind, tokenize};
use super::literal::{string, unquote};
use crate::catalog::types::array_literal;
use crate::catalog::{ColumnDefault, ColumnType, Dialect, ObjectName, TypeKind};
pub(crate) use known::{Held, Truth, is_kept, is_never_null, truth};
pub(crate) use names::with_names;
pub(crate) use predicate::same_predicate;
use tree::Expr;

/// The canonical text of an expression.
pub fn canonical(text: &str, dialect: Dialect) -> String {
    let (tokens, _) = tokenize(text, dialect);
    canonical_tokens(text, &tokens, dialect)
}

/// What a default that is written as SQL is. A text that is no SQL is unknown.
pub fn default(text: &str, dialect: Dialect) -> ColumnDefault {
    let (tokens, error) = tokenize(text, dialect);
    if error.is_some() || tokens.is_empty() {
        return ColumnDefault::Unknown;
    }
    default_tokens(text, &tokens, dialect)
}

/// The canonical text of the expression that the tokens of `text` are.
pub(crate) fn canonical_tokens(text: &str, tokens: &[Token], dialect: Dialect) -> String {
    match read(text, tokens, dialect) {
        Some(expr) => expr.canonical(dialect),
        None => joined(text, without_parentheses(tokens), dialect),
    }
}

fn read(text: &str, tokens: &[Token], dialect: Dialect) -> Option<Expr> {
    let origin = Origin::nowhere();
    parse::whole(&mut Cursor::new(text, tokens, dialect, &origin))
}

/// Tokens joined in one form, with blanks only between words.
fn joined(text: &str, tokens: &[Token], dialect: Dialect) -> String {
    let mut out = String::new();
    let mut last_word = false;
    for token in tokens {
        let raw = text.get(token.span.range()).unwrap_or_default();
        let (piece, word) = match token.kind {
            TokenKind::Word | TokenKind::Number | TokenKind::Parameter => (raw.to_lowercase(), true),
            TokenKind::Quoted => (name_text(&unquote(raw), dialect), true),
            TokenKind::Text => (format!("'{}'", string(raw, dialect).replace('\'', "''")), true),
            _ => (raw.to_owned(), false),
        };
        if last_word && word {
            out.push(' ');
        }
        out.push_str(&piece);
        last_word = word;
    }
    out
}

/// Tokens without the parentheses around the whole.
fn without_parentheses(tokens: &[Token]) -> &[Token] {
    let is = |token: &Token, symbol| token.kind == TokenKind::Symbol(symbol);
    let leading = tokens.iter().take_while(|token| is(token, '(')).count();
    // Where each of the leading parentheses closes, found in one pass.
    let mut closes = vec![0; leading];
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if is(token, '(') {
            open.push(at);
        } else if is(token, ')')
            && let Some(opened) = open.pop()
            && opened < leading
        {
            closes[opened] = at;
        }
    }
    let around = (0..leading).take_while(|&layer| closes[layer] == tokens.len() - 1 - layer).count();
    tokens.get(around..tokens.len() - around).unwrap_or_default()
}

/// A name in an expression: bare where it needs no quotes. Where case does not matter it is lower.
fn name_text(name: &str, dialect: Dialect) -> String {
    let name = if dialect.folds_names() { name.to_lowercase() } else { name.to_owned() };
    let plain = name.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '*' | '$'));
    if plain || name == "*" { name } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// What the default is that the tokens of `text` write.
pub(crate) fn default_tokens(text: &str, tokens: &[Token], dialect: Dialect) -> ColumnDefault {
    let bare = without_parentheses(tokens);
    // SQLite and MySQL take a quoted name where no column can stand for a string, but never for a number.
    if let [token] = bare
        && token.kind == TokenKind::Quoted
        && matches!(dialect, Dialect::Sqlite | Dialect::MySql)
    {
        let written = text.get(token.span.range()).unwrap_or_default();
        let value = unquote(written);
        let number = value.trim().parse::<f64>().is_ok();
        return if number { ColumnDefault::Expression(written.to_owned()) } else { ColumnDefault::Text(value) };
    }
    match read(text, bare, dialect) {
        Some(expr) => constant(&expr, dialect).unwrap_or_else(|| ColumnDefault::Expression(expr.canonical(dialect))),
        None => ColumnDefault::Expression(joined(text, bare, dialect)),
    }
}

/// The constant that an expression is.
fn constant(expr: &Expr, dialect: Dialect) -> Option<ColumnDefault> {
    use ColumnDefault as D;
    Some(match expr {
        Expr::Text(value) => D::Text(value.clone()),
        Expr::Bits(text) if dialect.is_postgres_like() && text.starts_with('b') => {
            D::Text(text.trim_start_matches('b').trim_matches('\'').to_owned())
        }
        Expr::Number(digits) => D::Number(digits.clone()),
        Expr::Bool(value) => D::Bool(*value),
        Expr::Null => D::Null,
        // PostgreSQL stores `-7::integer` as the negative of a cast.
        Expr::Prefix(_, inner) if dialect == Dialect::PostgreSql && is_cast_number(inner) => return None,
        Expr::Prefix(sign, inner) if sign == "-" || sign == "+" && !tree::keeps_plus(dialect) => {
            match constant(inner, dialect)? {
                D::Number(digits) if sign == "+" => D::Number(digits),
                D::Number(digits) => D::Number(match digits.strip_prefix('-') {
                    Some(positive) => positive.to_owned(),
                    None => format!("-{digits}"),
                }),
                _ => return None,
            }
        }
        Expr::Array(list) => D::List(list.iter().map(|one| constant(one, dialect)).collect::<Option<_>>()?),
        Expr::Call(name, args) => return called(name, args, dialect),
        Expr::Cast(inner, ty) => {
            let is =
                |names: &[&str]| matches!(&ty.kind, TypeKind::Builtin { name, .. } if names.contains(&name.as_str()));
            if dialect == Dialect::PostgreSql && keeps_cast(inner, ty) {
                return None;
            }
            match constant(inner, dialect)? {
                D::Text(text) if ty.array => D::List(array_literal(&text)?),
                D::Text(text) if is(&["integer", "bigint", "smallint", "numeric", "double precision", "real"]) => {
                    if text.trim().parse::<f64>().is_ok_and(f64::is_finite) {
                        D::Number(text.trim().to_owned())
                    } else {
                        D::Text(text)
                    }
                }
                D::Text(text) if is(&["boolean"]) => match text.to_ascii_lowercase().as_str() {
                    "t" | "true" | "yes" | "on" | "1" => D::Bool(true),
                    "f" | "false" | "no" | "off" | "0" => D::Bool(false),
                    _ => D::Text(text),
                },
                D::Number(digits) if is(&["text", "varchar"]) => D::Text(digits),
                D::Now(precision) if is(&["timestamp", "timestamptz", "datetime", "datetime2"]) => D::Now(precision),
                D::Now(_) => return None,
                other => other,
            }
        }
        _ => return None,
    })
}

/// Whether PostgreSQL stores the cast of a number as it is written (`(7)::bigint`), which no describer reads as a number.
/// It does not where the number is of that type by itself, and a cast to a type with a point is passed over unless the
/// number is negative.
fn keeps_cast(inner: &Expr, ty: &ColumnType) -> bool {
    let (digits, negative) = match inner {
        Expr::Number(digits) => (digits, false),
        Expr::Prefix(_, inner) => match &**inner {
            Expr::Number(digits) => (digits, true),
            _ => return false,
        },
        _ => return false,
    };
    let TypeKind::Builtin { name, .. } = &ty.kind else { return true };
    let own = match (digits.parse::<i32>(), digits.parse::<i64>()) {
        (Ok(_), _) => "integer",
        (_, Ok(_)) => "bigint",
        _ => "numeric",
    };
    name != own && (negative || !matches!(name.as_str(), "numeric" | "double precision" | "real"))
}

/// Whether an expression is the cast of a number that a sign before it does not become part of.
fn is_cast_number(expr: &Expr) -> bool {
    let Expr::Cast(inner, ty) = expr else { return false };
    let Expr::Number(digits) = &**inner else { return false };
    !(digits.contains('.') && matches!(&ty.kind, TypeKind::Builtin { name, .. } if name == "numeric"))
}

/// The moment of the statement, and the next value of a sequence.
fn called(name: &str, args: &[Expr], dialect: Dialect) -> Option<ColumnDefault> {
    let now = match dialect {
        // PostgreSQL keeps `localtimestamp`, `localtime` and `transaction_timestamp()` as other things than `now()`.
        Dialect::PostgreSql | Dialect::CockroachDb => &["now", "current_timestamp"][..],
        Dialect::MySql => &["now", "current_timestamp", "localtimestamp", "localtime"],
        Dialect::SqlServer => &["current_timestamp", "getdate"],
        Dialect::Sqlite | Dialect::Oracle => &["current_timestamp"],
    };
    match args {
        [] if now.contains(&name) => Some(ColumnDefault::Now(None)),
        [Expr::Number(digits)] if now.contains(&name) => Some(ColumnDefault::Now(Some(digits.parse().ok()?))),
        [Expr::Text(text)] if name == "nextval" => sequence(text, dialect),
        [Expr::Cast(inner, _)] if name == "nextval" => match &**inner {
            Expr::Text(text) => sequence(text, dialect),
            Expr::Cast(inner, _) => match &**inner {
                Expr::Text(text) => sequence(text, dialect),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The sequence that a string names.
fn sequence(text: &str, dialect: Dialect) -> Option<ColumnDefault> {
    let (tokens, _) = tokenize(text, dialect);
    let origin = Origin::nowhere();
    let name: ObjectName = Cursor::new(text, &tokens, dialect, &origin).object_name().ok()?;
    Some(ColumnDefault::NextVal(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(a: &str, b: &str) {
        assert_eq!(canonical(a, Dialect::PostgreSql), canonical(b, Dialect::PostgreSql));
    }

    #[test]
    fn what_postgres_stores_is_what_was_written() {
        for (written, stored) in [
            ("price > 0", "(price > (0)::numeric)"),
            ("NOW()", "CURRENT_TIMESTAMP"),
            ("lower(email)", "lower((email)::text)"),
            (
                "status IN ('a','b')",
                "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
            ),
            ("status IN ('a','b')", "(status = ANY ('{a,b}'::text[]))"),
            ("status NOT IN ('a', 'b')", "(status <> ALL (ARRAY['a'::text, 'b'::text]))"),
            ("status IN ('a')", "(status = 'a'::text)"),
            ("a BETWEEN 1 AND 5", "((a >= 1) AND (a <= 5))"),
            ("a = 1 and b = 2 OR not c", "(((a = 1) AND (b = 2)) OR (NOT c))"),
            ("name LIKE 'x%'", "((name)::text ~~ 'x%'::text)"),
            ("a != 'x'", "(a <> 'x'::text)"),
            ("\"deletedAt\" IS NULL AND NOT \"isDraft\"", "((\"deletedAt\" IS NULL) AND (NOT \"isDraft\"))"),
            ("now() + interval '7 days'", "(now() + '7 days'::interval)"),
            ("data->>'k'", "(data ->> 'k'::text)"),
            ("(a AND b) AND c", "a AND (b AND c)"),
            ("x AT TIME ZONE 'UTC'", "timezone('UTC', x)"),
            ("ARRAY[]::text[]", "ARRAY[]"),
        ] {
            same(written, stored);
        }
    }

    #[test]
    fn grouping_that_matters_stays() {
        assert_eq!(canonical("(a or b) and c", Dialect::PostgreSql), "(a or b) and c");
        assert_eq!(canonical("a - (b - c)", Dialect::PostgreSql), "a-(b-c)");
        assert_eq!(canonical("(a + b) * c", Dialect::PostgreSql), "(a+b)*c");
        assert_eq!(canonical("not (a and b)", Dialect::PostgreSql), "not (a and b)");
        assert_eq!(canonical("(a = b) = c", Dialect::PostgreSql), "a=b=c");
    }

    #[test]
    fn names_follow_the_dialect() {
        assert_eq!(canonical("\"Age\" > 1", Dialect::PostgreSql), "\"Age\">1");
        assert_eq!(canonical("Age > 1", Dialect::PostgreSql), "age>1");
        assert_eq!(canonical("`Age` > 1", Dialect::MySql), "age>1");
        assert_eq!(canonical("[Age] > 1", Dialect::SqlServer), "age>1");
    }

    #[test]
    fn defaults_are_constants_where_they_can_be() {
        use ColumnDefault as D;
        let text = |value: &str| D::Text(value.to_owned());
        let number = |value: &str| D::Number(value.to_owned());
        let expression = |value: &str| D::Expression(value.to_owned());
        for (dialect, written, wanted) in [
            (Dialect::PostgreSql, "'x'::character varying", text("x")),
            (Dialect::PostgreSql, "'USER'::public.\"Role\"", text("USER")),
            (Dialect::PostgreSql, "(-5)::bigint", expression("-5")),
            (Dialect::PostgreSql, "(-5)::integer", number("-5")),
            (Dialect::PostgreSql, "5::numeric", number("5")),
            (Dialect::PostgreSql, "7000000000::bigint", number("7000000000")),
            (Dialect::PostgreSql, "'-1'::integer", number("-1")),
            (Dialect::PostgreSql, "- 1.50", number("-1.50")),
            (Dialect::PostgreSql, "'{a,\"b,c\"}'::text[]", D::List(vec![text("a"), text("b,c")])),
            (Dialect::PostgreSql, "ARRAY['a'::text]", D::List(vec![text("a")])),
            (Dialect::PostgreSql, "ARRAY[]::\"Role\"[]", D::List(Vec::new())),
            (
                Dialect::PostgreSql,
                "nextval('public.\"S\"'::regclass)",
                D::NextVal(ObjectName::qualified("public", "S")),
            ),
            (Dialect::PostgreSql, "CURRENT_TIMESTAMP(3)", D::Now(Some(3))),
            (Dialect::PostgreSql, "(now())::timestamp(3)", D::Now(None)),
            (Dialect::PostgreSql, "now()::date", expression("current_timestamp::date")),
            (Dialect::PostgreSql, "gen_random_uuid()", expression("gen_random_uuid()")),
            (Dialect::PostgreSql, "9+9", expression("9+9")),
            (Dialect::PostgreSql, "now() + '7 days'", expression("current_timestamp+'7 days'")),
            (Dialect::PostgreSql, "E'a\\nb'", text("a\nb")),
            (Dialect::PostgreSql, "'f'::boolean", D::Bool(false)),
            (Dialect::PostgreSql, "null::text", D::Null),
            (Dialect::MySql, "(uuid())", expression("uuid()")),
            (Dialect::MySql, "CURRENT_TIMESTAMP(3)", D::Now(Some(3))),
            (Dialect::MySql, "b'1'", expression("b'1'")),
            (Dialect::MySql, "\"a\"", text("a")),
            (Dialect::MySql, "(_utf8mb4'[]')", text("[]")),
            (Dialect::Sqlite, "\"a\"", text("a")),
            (Dialect::SqlServer, "((0))", number("0")),
            (Dialect::SqlServer, "(N'x')", text("x")),
            (Dialect::SqlServer, "(getdate())", D::Now(None)),
            (Dialect::PostgreSql, "", D::Unknown),
            (Dialect::PostgreSql, "'", D::Unknown),
        ] {
            assert_eq!(default(written, dialect), wanted, "{written}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}1{}", "(".repeat(50_000), ")".repeat(50_000));
        assert_eq!(canonical(&deep, Dialect::PostgreSql), "1");
        canonical(&"-".repeat(50_000), Dialect::MySql);
        canonical(&"not ".repeat(50_000), Dialect::PostgreSql);
    }
}
