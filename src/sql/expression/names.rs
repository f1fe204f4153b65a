//! An expression under other names of its columns.

use crate::catalog::Dialect;
use crate::sql::lexer::{TokenKind, tokenize};

/// The text of an expression, with the names of columns that `name` knows otherwise. What is in strings, and what is called,
/// is left as it is.
pub(crate) fn with_names(text: &str, dialect: Dialect, name: &dyn Fn(&str) -> Option<String>) -> String {
    let (tokens, _) = tokenize(text, dialect);
    let mut found = String::with_capacity(text.len());
    let mut done = 0;
    for (at, token) in tokens.iter().enumerate() {
        let range = token.span.range();
        let word = text.get(range.clone()).unwrap_or_default();
        let is_called = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Symbol('('));
        let own = match token.kind {
            TokenKind::Word if !is_called => word,
            TokenKind::Quoted => word.get(1..word.len().saturating_sub(1)).unwrap_or_default(),
            _ => continue,
        };
        let Some(new) = name(own).filter(|new| new != own) else { continue };
        found.push_str(text.get(done..range.start).unwrap_or_default());
        found.push_str(&written(&new, dialect));
        done = range.end;
    }
    found.push_str(text.get(done..).unwrap_or_default());
    found
}

/// A name as it is written: in quotes where it would be another without.
fn written(name: &str, dialect: Dialect) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    match dialect {
        _ if is_plain => name.to_owned(),
        Dialect::MySql => format!("`{}`", name.replace('`', "``")),
        Dialect::SqlServer => format!("[{}]", name.replace(']', "]]")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_renamed_and_nothing_else() {
        let renamed = |text: &str| {
            with_names(text, Dialect::PostgreSql, &|name| match name {
                "a" => Some("b".to_owned()),
                "b" => Some("Big".to_owned()),
                _ => None,
            })
        };
        assert_eq!(renamed("a > 0 AND \"a\" <> 'a'"), "b > 0 AND b <> 'a'");
        assert_eq!(renamed("a(t.a, b) = ab"), "a(t.b, \"Big\") = ab");
        assert_eq!(renamed(""), "");
    }
}
