//! Git's patterns (`wildmatch.c`), matched in time proportional to the product of both lengths, whatever they are.

/// A pattern, read.
#[derive(Debug)]
pub(super) struct Pattern {
    tokens: Vec<Token>,
    /// Whether the subject is a path: then only `**` between slashes matches a slash.
    path: bool,
}

/// A piece of a pattern.
#[derive(Debug)]
enum Token {
    /// This byte.
    Byte(u8),
    /// `?`
    One,
    /// `*`
    Star,
    /// `**` as the last part of a path: everything.
    All,
    /// `**/`: any number of folders.
    Folders,
    /// `[a-z]`
    Class(Class),
    /// What git takes as broken and never matches: a trailing backslash, a class without an end.
    Never,
}

/// A set of bytes.
#[derive(Debug)]
struct Class {
    negated: bool,
    items: Vec<Item>,
}

#[derive(Debug)]
enum Item {
    Range(u8, u8),
    Named(fn(&u8) -> bool),
}

impl Class {
    fn holds(&self, byte: u8, fold_case: bool) -> bool {
        let among = |byte: u8| {
            self.items.iter().any(|item| match item {
                Item::Range(from, to) => (*from..=*to).contains(&byte),
                Item::Named(test) => test(&byte),
            })
        };
        let found = among(byte) || fold_case && (among(byte.to_ascii_lowercase()) || among(byte.to_ascii_uppercase()));
        found != self.negated
    }

    /// Reads what follows `[`. Returns the class and how many bytes it took.
    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut at = 0;
        let negated = matches!(bytes.first(), Some(b'!' | b'^'));
        at += usize::from(negated);
        let mut items = Vec::new();
        let first = at;
        loop {
            let byte = *bytes.get(at)?;
            if byte == b']' && at > first {
                return Some((Self { negated, items }, at + 1));
            }
            if byte == b'[' && bytes.get(at + 1) == Some(&b':') {
                let rest = bytes.get(at + 2..)?;
                let end = rest.iter().position(|&byte| byte == b']')?;
                if let Some(name) = rest[..end].strip_suffix(b":") {
                    items.push(Item::Named(named(name)?));
                    at += 2 + end + 1;
                    continue;
                }
            }
            let (low, next) = Self::member(bytes, at)?;
            at = next;
            let mut high = low;
            if bytes.get(at) == Some(&b'-') && bytes.get(at + 1).is_some_and(|&byte| byte != b']') {
                (high, at) = Self::member(bytes, at + 1)?;
            }
            items.push(Item::Range(low, high));
        }
    }

    /// One byte of a class, perhaps quoted.
    fn member(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
        match *bytes.get(at)? {
            b'\\' => Some((*bytes.get(at + 1)?, at + 2)),
            byte => Some((byte, at + 1)),
        }
    }
}

/// The test of a named class; none for a name that git does not know.
fn named(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"punct" => u8::is_ascii_punctuation,
        b"space" => |byte| matches!(byte, b' ' | b'\t'..=b'\r'),
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

impl Pattern {
    /// Reads a pattern; `path` where it is matched against a path and not against a single name.
    pub(super) fn parse(bytes: &[u8], path: bool) -> Self {
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            tokens.push(match byte {
                b'?' => Token::One,
                b'*' => {
                    let from = at - 1;
                    while bytes.get(at) == Some(&b'*') {
                        at += 1;
                    }
                    // Git cuts off what stands before the first wildcard (`match_pathname` in `dir.c`), so that there it
                    // takes `a**/b` for `**/b` behind an `a`.
                    let first = !bytes[..from].iter().any(|byte| b"?*[\\".contains(byte));
                    let alone = path && at - from >= 2 && (first || bytes[from - 1] == b'/');
                    match bytes.get(at) {
                        None if alone => Token::All,
                        Some(b'/') if alone => {
                            at += 1;
                            Token::Folders
                        }
                        _ => Token::Star,
                    }
                }
                b'[' => match Class::parse(&bytes[at..]) {
                    Some((class, len)) => {
                        at += len;
                        Token::Class(class)
                    }
                    None => Token::Never,
                },
                b'\\' => {
                    at += 1;
                    bytes.get(at - 1).map_or(Token::Never, |&byte| Token::Byte(byte))
                }
                byte => Token::Byte(byte),
            });
        }
        Self { tokens, path }
    }

    /// Whether the whole subject matches.
    pub(super) fn matches(&self, subject: &[u8], fold_case: bool) -> bool {
        let same = |a: u8, b: u8| a == b || fold_case && a.eq_ignore_ascii_case(&b);
        let inner = |byte: u8| !self.path || byte != b'/';
        // `here[n]`: the tokens so far match the first n bytes.
        let mut here = vec![false; subject.len() + 1];
        here[0] = true;
        for token in &self.tokens {
            let mut next = vec![false; subject.len() + 1];
            match token {
                Token::Never => return false,
                Token::All => {
                    if let Some(from) = here.iter().position(|&ok| ok) {
                        next[from..].fill(true);
                    }
                }
                Token::Star => {
                    let mut running = false;
                    for at in 0..=subject.len() {
                        running = here[at] || running && inner(subject[at - 1]);
                        next[at] = running;
                    }
                }
                Token::Folders => {
                    let mut running = false;
                    for at in 0..=subject.len() {
                        next[at] = here[at] || running && subject[at - 1] == b'/';
                        running |= here[at];
                    }
                }
                single => {
                    for (at, &byte) in subject.iter().enumerate() {
                        next[at + 1] = here[at]
                            && match single {
                                Token::Byte(wanted) => same(*wanted, byte),
                                Token::Class(class) => inner(byte) && class.holds(byte, fold_case),
                                _ => inner(byte),
                            };
                    }
                }
            }
            here = next;
        }
        here[subject.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, subject: &str) -> bool {
        Pattern::parse(pattern.as_bytes(), true).matches(subject.as_bytes(), false)
    }

    #[test]
    fn stars_stop_at_slashes_unless_they_stand_alone() {
        assert!(matches("a/*/c", "a/b/c"));
        assert!(!matches("a/*", "a/b/c"));
        assert!(matches("a/**", "a/b/c"));
        assert!(!matches("a/**", "a"));
        assert!(matches("**/c", "c"));
        assert!(matches("**/c", "a/b/c"));
        assert!(!matches("**/c", "a/bc"));
        assert!(matches("a/**/c", "a/c"));
        assert!(matches("a/**/c", "a/x/y/c"));
        assert!(matches("a**/c", "a/x/c"), "git's own view of the first wildcard");
        assert!(!matches("?**/c", "a/x/c"));
        assert!(matches("a**c", "abbc"));
        assert!(!matches("a**c", "a/c"));
        assert!(!matches("a?c", "a/c"));
    }

    #[test]
    fn classes() {
        assert!(matches("[a-c]x", "bx"));
        assert!(!matches("[!a-c]x", "bx"));
        assert!(matches("[]]x", "]x"));
        assert!(matches("[[:digit:]_]", "7"));
        assert!(matches("[\\]]", "]"));
        assert!(matches("[a-]", "-"));
        assert!(!matches("a[^b]c", "a/c"));
        assert!(!matches("[ab", "a"));
        assert!(!matches("[[:nonsense:]]", "a"));
        assert!(!matches("a\\", "a\\"));
        assert!(matches("\\*", "*"));
        assert!(Pattern::parse(b"[A-C]*", true).matches(b"bx", true));
    }

    proptest! {
        #[test]
        fn any_pattern_is_matched_without_a_panic(
            pattern in proptest::collection::vec(any::<u8>(), 0..40),
            subject in proptest::collection::vec(any::<u8>(), 0..40),
            path in any::<bool>(),
            fold in any::<bool>(),
        ) {
            Pattern::parse(&pattern, path).matches(&subject, fold);
        }

        #[test]
        fn a_quoted_text_matches_itself_alone(text in "[a-z*?\\[\\]!/.-]{1,12}", other in "[a-z*?\\[\\]!/.-]{1,12}") {
            let quoted: String = text.chars().flat_map(|c| ['\\', c]).collect();
            prop_assert!(matches(&quoted, &text));
            prop_assert_eq!(matches(&quoted, &other), text == other);
        }
    }
}
