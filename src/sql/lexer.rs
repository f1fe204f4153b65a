//! SQL text to tokens, for every dialect.

use crate::catalog::Dialect;
use crate::source::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word: keyword or unquoted identifier.
    Word,
    /// A quoted identifier: `"a"`, `` `a` ``, `[a]`.
    Quoted,
    /// A string of any form.
    Text,
    /// A number.
    Number,
    /// A parameter or a variable: `$1`, `:name`, `@name`.
    Parameter,
    /// One symbol.
    Symbol(char),
    /// `::`.
    Cast,
    /// Any other operator of several symbols.
    Operator,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Where it stands.
    pub(crate) span: Span,
}

/// Why a text is no SQL at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LexError {
    /// Where it begins.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) message: &'static str,
}

/// Reads all tokens; comments and blanks are passed over.
pub(crate) fn tokenize(text: &str, dialect: Dialect) -> (Vec<Token>, Option<LexError>) {
    let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, dialect, tokens: Vec::new() };
    let error = lexer.run().err();
    (lexer.tokens, error)
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        self.tokens.push(Token { kind, span: Span::new(start, self.at) });
    }

    fn fail<T>(&self, start: usize, message: &'static str) -> Result<T, LexError> {
        Err(LexError { span: Span::new(start, (start + 1).min(self.text.len())), message })
    }
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), LexError> {
        while self.at < self.bytes.len() {
            let start = self.at;
            let byte = self.peek(0);
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.at += 1,
                b'-' if self.peek(1) == b'-' => self.line_comment(),
                b'#' if self.dialect == Dialect::MySql => self.line_comment(),
                b'/' if self.peek(1) == b'*' => self.block_comment()?,
                b'\\' if self.at_line_start() => self.line_comment(),
                b'<' | b'>' | b'=' if self.at_line_start() && self.is_conflict_marker() => {
                    return self.fail(start, "this line is a conflict marker");
                }
                b'\'' => self.string(start, self.dialect == Dialect::MySql)?,
                b'"' if self.dialect == Dialect::MySql => {
                    self.quoted(start, b'"', TokenKind::Text)?;
                }
                b'"' => self.quoted(start, b'"', TokenKind::Quoted)?,
                b'`' => self.quoted(start, b'`', TokenKind::Quoted)?,
                b'[' if self.bracket_quotes() => self.quoted(start, b']', TokenKind::Quoted)?,
                b'$' if self.dialect.is_postgres_like() && self.dollar(start)? => {}
                b'$' | b'@' | b'?' => {
                    self.at += 1;
                    while self.word_byte() {
                        self.at += 1;
                    }
                    self.push(TokenKind::Parameter, start);
                }
                b'0'..=b'9' => self.number(start),
                b'.' if self.peek(1).is_ascii_digit() => self.number(start),
                b':' if self.peek(1) == b':' => {
                    self.at += 2;
                    self.push(TokenKind::Cast, start);
                }
                b'(' | b')' | b',' | b';' | b'.' | b'[' | b']' | b'{' | b'}' | b':' => {
                    self.at += 1;
                    self.push(TokenKind::Symbol(char::from(byte)), start);
                }
                _ if self.word_byte() => self.word(start)?,
                _ if byte.is_ascii() => self.operator(start),
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    fn at_line_start(&self) -> bool {
        self.at == 0 || self.bytes[self.at - 1] == b'\n'
    }

    fn is_conflict_marker(&self) -> bool {
        let byte = self.peek(0);
        let run = (0..7).all(|ahead| self.peek(ahead) == byte);
        run && matches!(self.peek(7), b' ' | b'\r' | b'\n' | 0)
    }

    fn bracket_quotes(&self) -> bool {
        matches!(self.dialect, Dialect::SqlServer | Dialect::Sqlite)
    }

    fn word_byte(&self) -> bool {
        let byte = self.peek(0);
        byte.is_ascii_alphanumeric()
            || byte == b'_'
            || byte == b'$'
            || byte >= 0x80
            || (byte == b'#' && self.dialect == Dialect::SqlServer)
    }

    fn line_comment(&mut self) {
        while self.at < self.bytes.len() && self.peek(0) != b'\n' {
            self.at += 1;
        }
    }

    /// Comments nest in PostgreSQL and SQL Server. MySQL's `/*! … */` and `/*+ … */`: the first is code, so only its
    /// marks are passed over.
    fn block_comment(&mut self) -> Result<(), LexError> {
        let start = self.at;
        if self.dialect == Dialect::MySql && self.peek(2) == b'!' {
            self.at += 3;
            while self.peek(0).is_ascii_digit() {
                self.at += 1;
            }
            return Ok(());
        }
        let nests = self.dialect.is_postgres_like() || self.dialect == Dialect::SqlServer;
        let mut depth = 0_u32;
        loop {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') if depth == 0 || nests => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                _ if self.at >= self.bytes.len() => return self.fail(start, "this comment is never closed"),
                _ => self.at += 1,
            }
        }
    }

    /// A string in single quotes that stands at `self.at`; `escapes` says whether a backslash escapes.
    fn string(&mut self, start: usize, escapes: bool) -> Result<(), LexError> {
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' if escapes => self.at += 2,
                b'\'' if self.peek(1) == b'\'' => self.at += 2,
                b'\'' => {
                    self.at += 1;
                    self.push(TokenKind::Text, start);
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
        self.fail(start, "this string is never closed")
    }

    fn quoted(&mut self, start: usize, close: u8, kind: TokenKind) -> Result<(), LexError> {
        self.at += 1;
        while self.at < self.bytes.len() {
            let byte = self.peek(0);
            if byte == close && self.peek(1) == close {
                self.at += 2;
            } else if byte == close {
                self.at += 1;
                self.push(kind, start);
                return Ok(());
            } else if byte == b'\\' && close == b'"' && kind == TokenKind::Text {
                self.at += 2;
            } else {
                self.at += 1;
            }
        }
        self.at = self.bytes.len();
        self.fail(start, "this name is never closed")
    }

    /// `$tag$ … $tag$`, or nothing where the dollar begins a parameter.
    fn dollar(&mut self, start: usize) -> Result<bool, LexError> {
        let mut end = self.at + 1;
        while self.bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80) {
            end += 1;
        }
        if self.bytes.get(end) != Some(&b'$') || self.bytes.get(start + 1).is_some_and(u8::is_ascii_digit) {
            return Ok(false);
        }
        let tag = &self.text[start..=end];
        match self.text[end + 1..].find(tag) {
            Some(length) => {
                self.at = end + 1 + length + tag.len();
                self.push(TokenKind::Text, start);
                Ok(true)
            }
            None => {
                self.at = self.bytes.len();
                self.fail(start, "this dollar-quoted text is never closed")
            }
        }
    }

    fn number(&mut self, start: usize) {
        while self.word_byte() || self.peek(0) == b'.' {
            let exponent = matches!(self.peek(0), b'e' | b'E') && matches!(self.peek(1), b'+' | b'-');
            self.at += if exponent && !self.text[start..self.at].starts_with("0x") { 2 } else { 1 };
        }
        self.push(TokenKind::Number, start);
    }

    /// A word, or a string with a prefix: `E'…'`, `N'…'`, `B'…'`, `X'…'`, `U&'…'`, `_utf8mb4'…'`.
    fn word(&mut self, start: usize) -> Result<(), LexError> {
        while self.word_byte() {
            self.at += 1;
        }
        if self.peek(0) == b'\'' {
            let prefix = &self.text[start..self.at];
            let escapes = self.dialect == Dialect::MySql || prefix.eq_ignore_ascii_case("e");
            let is_prefix = matches!(prefix, "e" | "E" | "n" | "N" | "b" | "B" | "x" | "X")
                || (self.dialect == Dialect::MySql && prefix.starts_with('_'));
            if is_prefix {
                return self.string(start, escapes);
            }
        }
        if self.peek(0) == b'&'
            && matches!(self.peek(1), b'\'' | b'"')
            && matches!(&self.text[start..self.at], "u" | "U")
        {
            self.at += 1;
            return if self.peek(0) == b'\'' {
                self.string(start, false)
            } else {
                self.quoted(start, b'"', TokenKind::Quoted)
            };
        }
        self.push(TokenKind::Word, start);
        Ok(())
    }

    fn operator(&mut self, start: usize) {
        const SYMBOLS: &[u8] = b"+-*/<>=~!@#%^&|";
        self.at += 1;
        while SYMBOLS.contains(&self.peek(0))
            && !(self.peek(0) == b'-' && self.peek(1) == b'-')
            && !(self.peek(0) == b'/' && self.peek(1) == b'*')
            && matches!(
                &self.text[start..=self.at],
                "<=" | ">="
                    | "<>"
                    | "!="
                    | "||"
                    | "->"
                    | "->>"
                    | "#>"
                    | "#>>"
                    | "@>"
                    | "<@"
                    | "&&"
                    | "~*"
                    | "!~"
                    | "!~*"
                    | "=>"
                    | ":="
            )
        {
            self.at += 1;
        }
        match (self.at - start, self.text[start..self.at].chars().next()) {
            (1, Some(symbol)) => self.push(TokenKind::Symbol(symbol), start),
            _ => self.push(TokenKind::Operator, start),
        }
    }
}
