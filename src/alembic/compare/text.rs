//! Expressions are compared without what databases and compilers add: casts, quotes, blanks, outer parentheses.

use std::sync::LazyLock;

use regex::Regex;

/// A type's name behind `::` or in `CAST(… AS …)`; as in Alembic's PostgreSQL implementation.
const TYPE_NAME: &str = r#"(?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?(?:\s+(?:varying|precision))?(?:\s*\(\s*\d+(?:\s*,\s*\d+)?\s*\))?(?:\s+with(?:out)?\s+time\s+zone)?(?:\s*\[\s*\d*\s*\])*"#;

/// `expression::type`.
static CAST: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!(r"(?i)::\s*{TYPE_NAME}")).ok());
/// `CAST(expression AS type)`.
static CAST_CALL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)\bcast\s*\((.*?)\s+as\s+{TYPE_NAME}\s*\)")).ok());

/// `x IS TRUE`, which an index takes for `x = true`.
static TRUTH: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\s+is\s+(true|false)\b").ok());

/// An expression without casts, quotes, blanks and parentheses, in lower case.
pub(crate) fn bare(expression: &str) -> String {
    let text = expression.to_lowercase();
    let text = match CAST.as_ref() {
        Some(cast) => cast.replace_all(&text, "").into_owned(),
        None => text,
    };
    let text = match CAST_CALL.as_ref() {
        Some(cast) => cast.replace_all(&text, "$1").into_owned(),
        None => text,
    };
    let text = TRUTH.as_ref().map_or(text.clone(), |truth| truth.replace_all(&text, "=$1").into_owned());
    let text = text.replace("!=", "<>");
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '"' | '\'' | '`' | '[' | ']')).collect()
}

/// Whether two expressions say the same, as far as a plain reading goes.
pub(crate) fn same_expression(a: &str, b: &str) -> bool {
    a == b || bare(a) == bare(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_databases_add_does_not_differ() {
        assert!(same_expression("deleted IS NULL", "(deleted IS NULL)"));
        assert!(same_expression("lower(title)", "lower((title)::text)"));
        assert!(same_expression("kind = 'a'", "((kind)::character varying(20) = 'a'::character varying)"));
        assert!(same_expression("CAST(x AS TEXT)", "x"));
        assert!(same_expression("priority != 5", "priority <> 5"));
        assert!(same_expression("deleted IS FALSE", "deleted = false"));
        assert!(!same_expression("total > 0", "total >= 0"));
    }
}
