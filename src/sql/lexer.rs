//! SQL text to tokens, for every dialect.
//!
//! PostgreSQL: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>; MySQL: "11.1 Literal Values" and "11.7
//! Comments" of its manual; SQLite: <https://www.sqlite.org/lang_keywords.html>; SQL Server: "Database identifiers".

use std::ops::Range;

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
    /// A parameter or a variable: `$1`, `?`, `@name`.
    Parameter,
    /// One symbol.
    Symbol(char),
    /// `::`.
    Cast,
    /// Any other operator of several symbols.
    Operator,
    /// A line for the client program and not for the server: `\connect db`. It is a statement of its own.
    Client,
}

/// The most tokens of one script: what is read of it is kept in memory. The largest `migration.sql` of the public
/// repositories that were looked at has a tenth of it; rows that are written may take more.
const MAX_TOKENS: usize = 4_000_000;

/// The longest name in quotes, in bytes. The longest that a database takes has 128 letters; a default of MySQL in quotes of
/// the wrong sort may be longer.
const MAX_NAME: usize = 64 * 1024;

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

/// Reads all tokens; comments and blanks are passed over. On an error the tokens are those before it.
pub(crate) fn tokenize(text: &str, dialect: Dialect) -> (Vec<Token>, Option<LexError>) {
    tokenize_part(text, 0..text.len(), dialect)
}

/// Reads the tokens of a part of `text`, whose ends stand on characters; spans are those in the whole text.
pub(crate) fn tokenize_part(text: &str, part: Range<usize>, dialect: Dialect) -> (Vec<Token>, Option<LexError>) {
    let text = text.get(..part.end).unwrap_or(text);
    let start = part.start;
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        start,
        at: start,
        dialect,
        code_comments: 0,
        first: 0,
        tokens: Vec::new(),
    };
    let error = lexer.run().err();
    (lexer.tokens, error)
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    start: usize,
    at: usize,
    dialect: Dialect,
    /// MySQL's `/*! code */` that are open.
    code_comments: u32,
    /// The first token behind the last semicolon.
    first: usize,
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
        let end = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        Err(LexError { span: Span::new(start, end), message })
    }

    fn run(&mut self) -> Result<(), LexError> {
        let (mysql, postgres) = (self.dialect == Dialect::MySql, self.dialect.is_postgres_like());
        while self.at < self.bytes.len() {
            let start = self.at;
            if self.tokens.len() >= MAX_TOKENS {
                return self.fail(start, "the script is longer than the four million words that are read");
            }
            let byte = self.peek(0);
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.at += 1,
                b'-' if self.peek(1) == b'-' && (!mysql || self.peek(2) <= b' ') => self.line_comment(),
                b'#' if mysql => self.line_comment(),
                b'/' if self.peek(1) == b'*' => self.block_comment()?,
                b'*' if self.peek(1) == b'/' && self.code_comments > 0 => {
                    self.code_comments -= 1;
                    self.at += 2;
                }
                b'\\' if self.at_line_start() => {
                    self.line_comment();
                    self.push(TokenKind::Client, start);
                    self.first = self.tokens.len();
                }
                b'<' | b'>' | b'=' | b'|' if self.at_line_start() && self.is_conflict_marker() => {
                    return self.fail(start, "this line is a conflict marker");
                }
                b'\'' => self.string(start, mysql)?,
                b'"' if mysql => self.quoted(start, b'"', TokenKind::Text)?,
                b'"' => self.quoted(start, b'"', TokenKind::Quoted)?,
                b'`' => self.quoted(start, b'`', TokenKind::Quoted)?,
                b'[' if matches!(self.dialect, Dialect::SqlServer | Dialect::Sqlite) => {
                    self.quoted(start, b']', TokenKind::Quoted)?;
                }
                b'$' if postgres && self.dollar(start)? => {}
                b'$' => self.parameter(start),
                b'@' | b'?' if !postgres => self.parameter(start),
                b'0'..=b'9' => self.number(start),
                b'.' if self.peek(1).is_ascii_digit() => self.number(start),
                b':' if matches!(self.peek(1), b':' | b'=') => {
                    let kind = if self.peek(1) == b'=' { TokenKind::Operator } else { TokenKind::Cast };
                    self.at += 2;
                    self.push(kind, start);
                }
                b'(' | b')' | b',' | b';' | b'.' | b'[' | b']' | b'{' | b'}' | b':' => {
                    self.at += 1;
                    self.push(TokenKind::Symbol(char::from(byte)), start);
                    if byte == b';' {
                        self.copied_rows();
                        self.first = self.tokens.len();
                    }
                }
                _ if self.word_byte() => self.word(start)?,
                _ => self.operator(start),
            }
        }
        Ok(())
    }

    fn at_line_start(&self) -> bool {
        self.at == self.start || self.bytes[self.at - 1] == b'\n'
    }

    fn is_conflict_marker(&self) -> bool {
        let byte = self.peek(0);
        let run = (0..7).all(|ahead| self.peek(ahead) == byte);
        run && matches!(self.peek(7), b' ' | b'\r' | b'\n' | 0)
    }

    fn word_byte(&self) -> bool {
        let byte = self.peek(0);
        byte.is_ascii_alphanumeric()
            || byte == b'_'
            // `END$$`: two of them are a delimiter of MySQL's client.
            || (byte == b'$' && !(self.dialect == Dialect::MySql && self.peek(1) == b'$'))
            || byte >= 0x80
            || (matches!(byte, b'#' | b'@') && self.dialect == Dialect::SqlServer)
    }

    fn line_comment(&mut self) {
        while self.at < self.bytes.len() && self.peek(0) != b'\n' {
            self.at += 1;
        }
    }

    /// Comments nest in PostgreSQL and SQL Server. What MySQL's `/*! … */` and MariaDB's `/*M! … */` hold is code, so
    /// only their marks are passed over.
    fn block_comment(&mut self) -> Result<(), LexError> {
        let start = self.at;
        let mark = usize::from(self.peek(2) == b'M');
        if self.dialect == Dialect::MySql && self.peek(2 + mark) == b'!' {
            self.at += 3 + mark;
            while self.peek(0).is_ascii_digit() {
                self.at += 1;
            }
            self.code_comments += 1;
            return Ok(());
        }
        let nests = self.dialect.is_postgres_like() || self.dialect == Dialect::SqlServer;
        let mut depth = 0_u32;
        loop {
            match (self.peek(0), self.peek(1)) {
                _ if self.at >= self.bytes.len() => return self.fail(start, "this comment is never closed"),
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
                if kind == TokenKind::Quoted && self.at - start > MAX_NAME {
                    return self.fail(start, "this name is longer than any that a database takes");
                }
                self.push(kind, start);
                return Ok(());
            } else if byte == b'\\' && kind == TokenKind::Text {
                self.at += 2;
            } else {
                self.at += 1;
            }
        }
        self.at = self.bytes.len();
        self.fail(
            start,
            if kind == TokenKind::Text { "this string is never closed" } else { "this name is never closed" },
        )
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

    fn parameter(&mut self, start: usize) {
        self.at += 1;
        while self.word_byte() || self.peek(0) == b'@' {
            self.at += 1;
        }
        self.push(TokenKind::Parameter, start);
    }

    fn number(&mut self, start: usize) {
        let hexadecimal = self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X');
        while self.word_byte() || (self.peek(0) == b'.' && self.peek(1) != b'.') {
            let exponent = matches!(self.peek(0), b'e' | b'E') && matches!(self.peek(1), b'+' | b'-');
            self.at += if exponent && !hexadecimal { 2 } else { 1 };
        }
        self.push(TokenKind::Number, start);
    }

    /// A word, or a string with a prefix: `E'…'`, `N'…'`, `B'…'`, `X'…'`, `U&'…'`, `_utf8mb4'…'`.
    fn word(&mut self, start: usize) -> Result<(), LexError> {
        while self.word_byte() {
            self.at += 1;
        }
        let prefix = &self.text[start..self.at];
        let mysql = self.dialect == Dialect::MySql;
        if self.peek(0) == b'\'' {
            let escapes = mysql || prefix.eq_ignore_ascii_case("e");
            let is_prefix =
                matches!(prefix, "e" | "E" | "n" | "N" | "b" | "B" | "x" | "X") || (mysql && prefix.starts_with('_'));
            if is_prefix {
                return self.string(start, escapes);
            }
        }
        if self.peek(0) == b'&' && matches!(self.peek(1), b'\'' | b'"') && matches!(prefix, "u" | "U") {
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

    /// PostgreSQL takes as many symbols as can be an operator, and gives `+` and `-` at its end back unless one of the
    /// uncommon symbols is in it ("4.1.3. Operators"). The others have a list.
    fn operator(&mut self, start: usize) {
        const SYMBOLS: &[u8] = b"+-*/<>=~!@#%^&|`?";
        const UNCOMMON: &[u8] = b"~!@#%^&|`?";
        const LONGER: &[&str] =
            &["->>", "<=>", "!<", "!>", "<=", ">=", "<>", "!=", "==", "||", "->", "&&", "<<", ">>", "+=", "-="];
        if self.dialect.is_postgres_like() {
            self.at += 1;
            while SYMBOLS.contains(&self.peek(0))
                && !(self.peek(0) == b'-' && self.peek(1) == b'-')
                && !(self.peek(0) == b'/' && self.peek(1) == b'*')
            {
                self.at += 1;
            }
            let uncommon = self.bytes[start..self.at].iter().any(|byte| UNCOMMON.contains(byte));
            while !uncommon && self.at > start + 1 && matches!(self.bytes[self.at - 1], b'+' | b'-') {
                self.at -= 1;
            }
        } else {
            let rest = &self.text[start..];
            self.at += LONGER.iter().find(|longer| rest.starts_with(**longer)).map_or(1, |longer| longer.len());
        }
        match (self.at - start, self.text[start..self.at].chars().next()) {
            (1, Some(symbol)) => self.push(TokenKind::Symbol(symbol), start),
            _ => self.push(TokenKind::Operator, start),
        }
    }

    /// Behind `COPY … FROM stdin;` stand rows, up to a line `\.`, and no SQL.
    fn copied_rows(&mut self) {
        let is = |token: Option<&Token>, word: &str| {
            token.is_some_and(|token| self.text[token.span.range()].eq_ignore_ascii_case(word))
        };
        let statement = self.tokens.get(self.first..).unwrap_or_default();
        let copies = self.dialect.is_postgres_like()
            && is(statement.first(), "copy")
            && statement.windows(2).any(|pair| is(pair.first(), "from") && is(pair.last(), "stdin"));
        if copies {
            let rest = &self.text[self.at..];
            self.at += rest.find("\n\\.").map_or(rest.len(), |at| at + 3);
        }
    }
}
