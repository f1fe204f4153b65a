//! Small questions about texts that several rules ask.

use crate::source::RepoPath;

/// `1 column`, `5 columns`, `2 indexes`.
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = match what {
        _ if number == 1 => what.to_owned(),
        _ if what.ends_with(['s', 'x']) => format!("{what}es"),
        _ => match what.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
            _ => format!("{what}s"),
        },
    };
    format!("{number} {plural}")
}

/// A path as a word of a POSIX shell command.
pub(super) fn shell_word(path: &RepoPath) -> String {
    let text = path.to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | '@' | ',' | '=');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A name as a slug may hold it: lower case, digits and `_`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut previous_lower = false;
    for c in text.chars() {
        if c.is_ascii_uppercase() && previous_lower {
            slug.push('_');
        }
        previous_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('_') && !slug.is_empty() {
            slug.push('_');
        }
    }
    slug.trim_end_matches('_').to_owned()
}

/// A text with `\n` alone at its line ends, and none or more of them at its very end taken off: what git may change by
/// itself (`core.autocrlf`), and what Prisma leaves out of its checksum.
pub(super) fn without_line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

/// A SQL text without its comments and without blanks that mean nothing, so that two texts are equal if and only if they
/// differ in comments and layout alone. Quotes of all dialects and PostgreSQL's dollar quotes are kept whole. It errs on
/// the side of "different": MySQL's `#` is kept, as PostgreSQL has an operator of that name, and so is `/*! … */`, which
/// MySQL executes.
pub(super) fn without_sql_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match sql_token(rest) {
            Token::Comment(len) => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                rest = rest.get(len..).unwrap_or_default();
            }
            Token::Kept(len) => {
                out.push_str(rest.get(..len).unwrap_or(rest));
                rest = rest.get(len..).unwrap_or_default();
            }
            Token::Blank => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                rest = &rest[first.len_utf8()..];
            }
            Token::Other => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out.trim().to_owned()
}

/// What stands at the start of a text; lengths in bytes.
enum Token {
    Comment(usize),
    Kept(usize),
    Blank,
    Other,
}

fn line_len(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

fn sql_token(text: &str) -> Token {
    if text.starts_with("--") {
        return Token::Comment(line_len(text));
    }
    if text.starts_with("/*") && !text.starts_with("/*!") {
        let mut depth = 0_usize;
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at..].starts_with(b"/*") {
                depth += 1;
                at += 2;
            } else if bytes[at..].starts_with(b"*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Token::Comment(at);
                }
            } else {
                at += 1;
            }
        }
        return Token::Kept(text.len());
    }
    match text.as_bytes().first() {
        Some(&quote @ (b'\'' | b'"' | b'`')) => Token::Kept(quoted_len(text, quote)),
        Some(b'$') => match dollar_tag(text) {
            Some(tag) => {
                let end = text[tag.len()..].find(tag).map_or(text.len(), |at| tag.len() + at + tag.len());
                Token::Kept(end)
            }
            None => Token::Other,
        },
        Some(byte) if byte.is_ascii_whitespace() => Token::Blank,
        _ => Token::Other,
    }
}

/// `$$` or `$name$` at the start of a text.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text[1..].find('$')? + 2;
    let name = &text[1..end - 1];
    let valid =
        name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    valid.then(|| &text[..end])
}

/// The length of a quoted text with its quotes; all of it where it does not end.
fn quoted_len(text: &str, quote: u8) -> usize {
    text.bytes().skip(1).position(|byte| byte == quote).map_or(text.len(), |at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_english() {
        assert_eq!(count(1, "column"), "1 column");
        assert_eq!(count(5, "column"), "5 columns");
        assert_eq!(count(2, "index"), "2 indexes");
        assert_eq!(count(2, "foreign key"), "2 foreign keys");
        assert_eq!(count(0, "query"), "0 queries");
    }

    #[test]
    fn words_of_a_shell_are_quoted_where_they_must_be() {
        assert_eq!(shell_word(&"prisma/migrations/20260105_x".into()), "prisma/migrations/20260105_x");
        assert_eq!(shell_word(&"a b/it's".into()), r"'a b/it'\''s'");
        assert_eq!(shell_word(&"-f".into()), "'-f'");
    }

    #[test]
    fn slugs_are_snake_case() {
        assert_eq!(slug("add_unlimitedPoseActive_to_User"), "add_unlimited_pose_active_to_user");
        assert_eq!(slug("Team Members!"), "team_members");
    }

    #[test]
    fn comments_of_sql_are_told_from_quotes() {
        let same = |a: &str, b: &str| without_sql_comments(a) == without_sql_comments(b);
        assert!(same("-- one\nSELECT 1;", "SELECT 1; -- two"));
        assert!(same("SELECT /* a /* nested */ b */ 1;", "SELECT\n  1;"));
        assert!(!same("SELECT 'a  b';", "SELECT 'a b';"));
        assert!(!same("SELECT '-- a';", "SELECT '-- b';"));
        assert!(!same("DO $x$ -- a\n$x$;", "DO $x$ -- b\n$x$;"));
        assert!(!same("SELECT \"--a\"", "SELECT \"--b\""));
        assert!(!same("/*!50001 SELECT 1 */", "/*!50001 SELECT 2 */"));
        assert!(!same("SELECT 1 /* open", "SELECT 1"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}|[-/*'\"`$#\\\\\n a\u{e9}]{0,40}") {
            without_sql_comments(&text);
            slug(&text);
        }
    }
}
