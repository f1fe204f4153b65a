//! What an UPDATE sets to NULL.

use super::lexer::{Token, TokenKind, tokenize};
use crate::catalog::Dialect;

/// Whether an UPDATE sets a column to NULL, and to nothing else.
pub(crate) fn sets_null(statement: &str, column: &str, dialect: Dialect) -> bool {
    let (tokens, error) = tokenize(statement, dialect);
    let text = |token: &Token| statement.get(token.span.range()).unwrap_or_default();
    let is_word = |token: &Token, word: &str| token.kind == TokenKind::Word && text(token).eq_ignore_ascii_case(word);
    let is_column = |token: &Token| {
        let name = match token.kind {
            TokenKind::Word => text(token),
            TokenKind::Quoted => text(token).get(1..text(token).len().saturating_sub(1)).unwrap_or_default(),
            _ => "",
        };
        dialect.same_column(name, column)
    };
    let ends = |token: Option<&Token>| {
        token.is_none_or(|token| {
            matches!(token.kind, TokenKind::Symbol(',' | ';'))
                || ["where", "from", "returning", "order", "limit"].iter().any(|word| is_word(token, word))
        })
    };
    let Some(start) = tokens.iter().position(|token| is_word(token, "set")).filter(|_| error.is_none()) else {
        return false;
    };
    let assigned = tokens.get(start + 1..).unwrap_or_default();
    let end = assigned.iter().position(|token| is_word(token, "where") || is_word(token, "from"));
    let assigned_only = assigned.get(..end.unwrap_or(assigned.len())).unwrap_or_default();
    let mut sets = assigned_only
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| matches!(pair, [name, sign] if is_column(name) && sign.kind == TokenKind::Symbol('=')))
        .peekable();
    sets.peek().is_some()
        && sets.all(|(at, _)| {
            assigned_only.get(at + 2).is_some_and(|value| is_word(value, "null")) && ends(assigned_only.get(at + 3))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_null_itself_counts() {
        for (statement, expected) in [
            ("UPDATE t SET a = NULL", true),
            ("UPDATE t SET b = 1, \"a\" = null WHERE b = 2;", true),
            ("UPDATE t SET t.a = NULL FROM o", true),
            ("UPDATE t SET a = NULLIF(b, '')", false),
            ("UPDATE t SET a = NULL + 1", false),
            ("UPDATE t SET a = 1, b = NULL", false),
            ("UPDATE t SET a = 1 WHERE a = NULL", false),
            ("DELETE FROM t", false),
        ] {
            assert_eq!(sets_null(statement, "a", Dialect::PostgreSql), expected, "{statement}");
        }
    }
}
