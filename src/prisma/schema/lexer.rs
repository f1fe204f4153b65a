//! Text of the schema language to tokens. The language is line-oriented: line ends are tokens, comments are not.

use crate::source::Span;

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Where.
    pub(crate) span: Span,
}

/// Sorts of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name: letters, digits, `_` and `-`, beginning with a letter, a digit or `_`.
    Word(String),
    /// A number as written.
    Number(String),
    /// A string, unescaped.
    Text(String),
    /// A string that the line ends, or one with an escape that JSON does not know.
    BadText,
    /// `@@`.
    BlockAt,
    /// A name, number or string of more than [`MAX_NAME`] bytes.
    Overlong,
    /// Any other single character.
    Mark(char),
    /// The end of a line.
    Newline,
}

/// How long a name, a number or a string may be, in bytes. Databases take names of 63 to 128.
const MAX_NAME: usize = 32 * 1024;

/// How many tokens are read of one file; what is behind them is left out, and the last of them is [`TokenKind::Overlong`].
pub(crate) const MAX_TOKENS: usize = 1_000_000;

/// Cuts `text` into tokens. Never fails: what is no token becomes a [`TokenKind::Mark`].
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    Lexer { text, at: 0, tokens: Vec::new() }.run()
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn run(mut self) -> Vec<Token> {
        while let Some(c) = self.peek() {
            let start = self.at;
            match c {
                '\n' => {
                    self.bump(c);
                    self.push(TokenKind::Newline, start);
                }
                '\r' => {
                    self.bump(c);
                    if self.peek() == Some('\n') {
                        self.bump('\n');
                    }
                    self.push(TokenKind::Newline, start);
                }
                '/' if self.rest().starts_with("//") => self.skip_line(),
                '/' if self.rest().starts_with("/*") => self.skip_block_comment(),
                '"' => {
                    let kind = self.string();
                    self.push(kind, start);
                }
                '@' if self.rest().starts_with("@@") => {
                    self.at += 2;
                    self.push(TokenKind::BlockAt, start);
                }
                '-' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                    self.bump(c);
                    let kind = self.word(start);
                    self.push(kind, start);
                }
                c if is_word_start(c) => {
                    let kind = self.word(start);
                    self.push(kind, start);
                }
                c if c.is_whitespace() => self.bump(c),
                c => {
                    self.bump(c);
                    self.push(TokenKind::Mark(c), start);
                }
            }
        }
        self.tokens
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self, c: char) {
        self.at += c.len_utf8();
    }

    fn push(&mut self, mut kind: TokenKind, start: usize) {
        if self.at - start > MAX_NAME {
            kind = TokenKind::Overlong;
        }
        if self.tokens.len() == MAX_TOKENS {
            kind = TokenKind::Overlong;
            self.at = self.text.len();
        }
        self.tokens.push(Token { kind, span: Span::new(start, self.at) });
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
    }

    /// `/* … */`, which may span lines. An unterminated one swallows the rest of the file, as it does in the engine.
    fn skip_block_comment(&mut self) {
        self.at += self.rest()[2..].find("*/").map_or(self.rest().len(), |end| end + 4);
    }

    /// A word or a number. `1a` is a word (the value of an enum may begin with a digit), `1` and `1.5` are numbers.
    fn word(&mut self, start: usize) -> TokenKind {
        while let Some(c) = self.peek().filter(|&c| is_word_start(c) || c == '-') {
            self.bump(c);
        }
        let word = &self.text[start..self.at];
        let digits = word.strip_prefix('-').unwrap_or(word);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return TokenKind::Word(word.to_owned());
        }
        let fraction =
            self.rest().strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        if fraction > 0 {
            self.at += 1 + fraction;
        }
        TokenKind::Number(self.text[start..self.at].to_owned())
    }

    /// A string with JSON's escapes.
    fn string(&mut self) -> TokenKind {
        self.bump('"');
        let mut value = String::new();
        let mut sound = true;
        loop {
            let Some(c) = self.peek().filter(|c| !matches!(c, '\n' | '\r')) else { return TokenKind::BadText };
            self.bump(c);
            match c {
                '"' => break,
                '\\' => {
                    let Some(escape) = self.peek().filter(|c| !matches!(c, '\n' | '\r')) else {
                        return TokenKind::BadText;
                    };
                    self.bump(escape);
                    match escape {
                        '"' | '\\' | '/' => value.push(escape),
                        'b' => value.push('\u{8}'),
                        'f' => value.push('\u{c}'),
                        'n' => value.push('\n'),
                        'r' => value.push('\r'),
                        't' => value.push('\t'),
                        'u' => match self.unicode_escape() {
                            Some(c) => value.push(c),
                            None => sound = false,
                        },
                        _ => sound = false,
                    }
                }
                c => value.push(c),
            }
        }
        if sound { TokenKind::Text(value) } else { TokenKind::BadText }
    }

    /// What follows `\u`: four hexadecimal digits, or two such escapes for a surrogate pair.
    fn unicode_escape(&mut self) -> Option<char> {
        let high = self.hex4()?;
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high);
        }
        if !self.rest().starts_with("\\u") {
            return None;
        }
        self.at += 2;
        let low = self.hex4().filter(|low| (0xDC00..0xE000).contains(low))?;
        char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(value)
    }
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        tokens(text).into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn words_numbers_and_strings_are_told_apart() {
        let word = |text: &str| TokenKind::Word(text.to_owned());
        let number = |text: &str| TokenKind::Number(text.to_owned());
        let text = |text: &str| TokenKind::Text(text.to_owned());
        for (source, expected) in [
            ("a-b_c 1a", vec![word("a-b_c"), word("1a")]),
            ("1 -2 1.50", vec![number("1"), number("-2"), number("1.50")]),
            ("1.a", vec![number("1"), TokenKind::Mark('.'), word("a")]),
            (r#""a\"b\\\n\u00e9""#, vec![text("a\"b\\\né")]),
            (r#""\ud83d\ude00""#, vec![text("😀")]),
            (r#""\ud83d""#, vec![TokenKind::BadText]),
            (r#""\x""#, vec![TokenKind::BadText]),
            ("\"open\n", vec![TokenKind::BadText, TokenKind::Newline]),
            ("a // b \"c\r\nd", vec![word("a"), TokenKind::Newline, word("d")]),
            ("a /* b\n c */ d", vec![word("a"), word("d")]),
            ("@@x @y", vec![TokenKind::BlockAt, word("x"), TokenKind::Mark('@'), word("y")]),
            ("naïve", vec![word("naïve")]),
        ] {
            assert_eq!(kinds(source), expected, "{source}");
        }
    }
}
