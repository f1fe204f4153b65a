//! Making text harmless for where it is printed.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The code points that carry bytes which are not UTF-8, in paths and in the names that are made of them
/// ([`RepoPath`](crate::source::RepoPath)). No font has them.
const BYTES: std::ops::RangeInclusive<char> = '\u{10ff80}'..='\u{10ffff}';

/// Whether a character could move a cursor, start a sequence, or make a line read otherwise than it is.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || BYTES.contains(&c)
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text on one line of a terminal or a log: what is hostile, line ends among it, is shown as an escape (`\u{1b}`).
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if BYTES.contains(&c) => {
                let _ = write!(safe, "\\x{:02x}", (c as u32) & 0xff);
            }
            c if is_hostile(c) => {
                // Writing to a string does not fail.
                let _ = write!(safe, "\\u{{{:x}}}", c as u32);
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Text on several lines: line ends stay, a tab becomes spaces, the rest is as in [`line`].
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|one| line(&one.replace('\t', "    ")).into_owned())
}

/// JSON text whose strings hold no hostile character as itself. Line ends between tokens stay.
pub fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_hostile(c) {
            safe.push(c);
            continue;
        }
        if BYTES.contains(&c) {
            let _ = write!(safe, "\\\\x{:02x}", (c as u32) & 0xff);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe
}

/// The message of a GitHub workflow command.
pub fn github_data(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (index, one) in text.split('\n').enumerate() {
        if index > 0 {
            safe.push_str("%0A");
        }
        safe.push_str(&line(&one.trim_end_matches('\r').replace('%', "%25")));
    }
    safe
}

/// A property of a GitHub workflow command.
pub fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Prose in Markdown, table cells included: no markup, no HTML, no mention of anyone.
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for (index, one) in text.lines().enumerate() {
        if index > 0 {
            safe.push_str("<br>");
        }
        for c in line(one).chars() {
            match c {
                '&' => safe.push_str("&amp;"),
                '<' => safe.push_str("&lt;"),
                '>' => safe.push_str("&gt;"),
                '@' => safe.push_str("&#64;"),
                '|' => safe.push_str("&#124;"),
                '`' => safe.push_str("&#96;"),
                '\\' | '*' | '_' | '[' | ']' | '~' | '#' | '!' | '$' => {
                    safe.push('\\');
                    safe.push(c);
                }
                c => safe.push(c),
            }
        }
    }
    safe
}

/// Code in Markdown: as HTML, because a code span cannot hold every text.
pub fn markdown_code(text: &str) -> String {
    let mut safe = String::from("<code>");
    for (index, one) in text.lines().enumerate() {
        if index > 0 {
            safe.push_str("<br>");
        }
        for c in line(one).chars() {
            match c {
                '&' | '<' | '>' | '@' | '|' | '`' | '\\' | '*' | '_' | '[' | ']' | '~' | '#' | '!' | '$' | ':' => {
                    let _ = write!(safe, "&#{};", c as u32);
                }
                c => safe.push(c),
            }
        }
    }
    safe.push_str("</code>");
    safe
}

/// A path as a relative URI: unreserved characters and `/` stay, every other byte is percent-encoded (RFC 3986, 2.1).
pub fn uri(bytes: &[u8]) -> String {
    let mut safe = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_characters_are_shown() {
        assert_eq!(line("a\u{1b}[31mb\r\n\u{202e}c\u{9b}"), "a\\u{1b}[31mb\\r\\n\\u{202e}c\\u{9b}");
        assert_eq!(line("2026\u{10ffff}_x"), "2026\\xff_x", "as in paths");
        assert_eq!(line("naïve café 日本"), "naïve café 日本");
        assert_eq!(lines("a\n\tb\u{7}").collect::<Vec<_>>(), ["a", "    b\\u{7}"]);
    }

    #[test]
    fn json_stays_json() {
        assert_eq!(json("{\"name\": \"2026\u{10ffff}_x\"}"), r#"{"name": "2026\\xff_x"}"#, "as in paths");
        let text = serde_json::to_string_pretty(&["\u{202e}\u{e0041}\u{9b}\n"]).expect("serialises");
        let safe = json(&text);
        assert!(safe.contains("\\u202e") && safe.contains("\\udb40\\udc41"), "{safe}");
        let back: Vec<String> = serde_json::from_str(&safe).expect("parses");
        assert_eq!(back, ["\u{202e}\u{e0041}\u{9b}\n"]);
    }

    #[test]
    fn workflow_commands_cannot_be_ended() {
        assert_eq!(github_data("100%\n::error::x\r\ny"), "100%25%0A::error::x%0Ay");
        assert_eq!(github_property("a:b,c%0A::stop"), "a%3Ab%2Cc%250A%3A%3Astop");
    }

    #[test]
    fn markdown_holds_no_markup() {
        assert_eq!(markdown("<b>|`@me`_x_\ny"), "&lt;b&gt;&#124;&#96;&#64;me&#96;\\_x\\_<br>y");
        assert_eq!(markdown_code("a`|b</code>"), "<code>a&#96;&#124;b&#60;/code&#62;</code>");
    }

    #[test]
    fn uris_are_relative_and_encoded() {
        assert_eq!(uri("a b/é%.sql".as_bytes()), "a%20b/%C3%A9%25.sql");
    }

    proptest! {
        #[test]
        fn one_line_is_one_line(text in any::<String>()) {
            prop_assert!(!line(&text).contains(is_hostile));
            prop_assert!(!github_data(&text).contains(is_hostile));
            prop_assert!(!markdown(&text).contains(['\n', '\r', '|']));
            prop_assert!(!markdown_code(&text).contains(['\n', '\r', '|', '`']));
        }
    }
}
