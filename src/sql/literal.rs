//! The values of strings and quoted names.

use std::ops::Range;

use crate::catalog::Dialect;

/// A quoted name without its quotes.
pub(crate) fn unquote(text: &str) -> String {
    let (unicode, text) = match text.strip_prefix("U&").or_else(|| text.strip_prefix("u&")) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    let name = match text.as_bytes().first() {
        Some(b'"') => inner.replace("\"\"", "\""),
        Some(b'`') => inner.replace("``", "`"),
        Some(b'[') => inner.replace("]]", "]"),
        _ => text.to_owned(),
    };
    if unicode { unicode_escapes(&name) } else { name }
}

/// The value of a string token.
pub(crate) fn string(text: &str, dialect: Dialect) -> String {
    if let Some(range) = dollar_body(text) {
        return text.get(range).unwrap_or_default().to_owned();
    }
    let Some(quote) = text.find(['\'', '"']) else { return text.to_owned() };
    let prefix = &text[..quote];
    let inner = text.get(quote + 1..text.len().saturating_sub(1)).unwrap_or_default();
    let mark = if text[quote..].starts_with('"') { '"' } else { '\'' };
    if prefix.eq_ignore_ascii_case("e") || dialect == Dialect::MySql {
        return escapes(inner, mark, dialect);
    }
    let value = inner.replace(&format!("{mark}{mark}"), &mark.to_string());
    if prefix.eq_ignore_ascii_case("u&") { unicode_escapes(&value) } else { value }
}

/// What stands between the tags of a dollar-quoted text; none for other strings.
pub(crate) fn dollar_body(text: &str) -> Option<Range<usize>> {
    let tag = text.strip_prefix('$')?.find('$')? + 2;
    (tag * 2 <= text.len()).then(|| tag..text.len() - tag)
}

/// Backslashes and doubled quotes taken for what they stand for. PostgreSQL: "4.1.2.2. String Constants with C-Style
/// Escapes"; MySQL: table 11.1.
fn escapes(inner: &str, mark: char, dialect: Dialect) -> String {
    let mysql = dialect == Dialect::MySql;
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c == mark && chars.peek() == Some(&mark) {
            chars.next();
        }
        if c != '\\' {
            value.push(c);
            continue;
        }
        let Some(escaped) = chars.next() else { break };
        let mut code = |radix: u32, most: usize| -> Option<char> {
            let mut number = None;
            for _ in 0..most {
                let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
                number = Some(number.unwrap_or(0_u32) * radix + digit);
                chars.next();
            }
            number.and_then(char::from_u32)
        };
        match escaped {
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'r' => value.push('\r'),
            'b' => value.push('\u{8}'),
            'f' if !mysql => value.push('\u{c}'),
            '0' if mysql => value.push('\0'),
            'Z' if mysql => value.push('\u{1a}'),
            '%' | '_' if mysql => value.extend(['\\', escaped]),
            'x' if !mysql => value.extend(code(16, 2)),
            'u' if !mysql => value.extend(code(16, 4)),
            'U' if !mysql => value.extend(code(16, 8)),
            other => value.push(other),
        }
    }
    value
}

/// `\0041` and `\+000041` of `U&'…'`, with the usual escape character.
fn unicode_escapes(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (skip, length) = if rest.starts_with('+') { (1, 6) } else { (0, 4) };
        let decoded = rest.get(skip..skip + length).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match decoded.and_then(char::from_u32) {
            Some(c) => {
                value.push(c);
                rest = &rest[skip + length..];
            }
            None => {
                value.push('\\');
                rest = rest.strip_prefix('\\').unwrap_or(rest);
            }
        }
    }
    value.push_str(rest);
    value
}

/// A name cut to the longest that PostgreSQL keeps (`NAMEDATALEN` − 1 bytes), at a character.
pub(crate) fn cut(mut name: String, limit: usize) -> String {
    if name.len() > limit {
        let mut end = limit;
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_their_value() {
        let pg = |text| string(text, Dialect::PostgreSql);
        assert_eq!(pg("'it''s'"), "it's");
        assert_eq!(pg("E'a\\'b\\n\\x41\\u00e9\\\\'"), "a'b\nAé\\");
        assert_eq!(pg("'a\\n'"), "a\\n");
        assert_eq!(pg("$tag$ it's $tag$"), " it's ");
        assert_eq!(pg("U&'d\\0061t\\+000061'"), "data");
        assert_eq!(string("N'x'", Dialect::SqlServer), "x");
        assert_eq!(string("_utf8mb4'a\\'b'", Dialect::MySql), "a'b");
        assert_eq!(string("\"a\"\"b'\"", Dialect::MySql), "a\"b'");
    }

    #[test]
    fn names_lose_their_quotes() {
        assert_eq!(unquote("\"a\"\"b\""), "a\"b");
        assert_eq!(unquote("`a``b`"), "a`b");
        assert_eq!(unquote("[a]]b]"), "a]b");
        assert_eq!(unquote("U&\"\\0041\""), "A");
        assert_eq!(cut("ééé".to_owned(), 3), "é");
    }
}
