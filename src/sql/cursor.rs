//! A cursor over the tokens of one statement.

use std::sync::Arc;

use super::lexer::{LexError, Token, TokenKind, tokenize_part};
use super::literal::{cut, dollar_body, string, unquote};
use crate::catalog::{Dialect, ObjectName};
use crate::source::{Place, RepoPath, Source, Span};

/// The deepest nesting of parentheses that is followed.
pub(crate) const MAX_DEPTH: usize = 200;

/// Why a statement cannot be read further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread(pub(crate) String);

/// What reading gives.
pub(crate) type Read<T> = Result<T, Unread>;

/// The tokens of one statement, and how far they are read.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    /// Whose SQL it is.
    pub(crate) dialect: Dialect,
    /// How a span of the text becomes a place.
    pub(crate) origin: &'a Origin,
}

/// Where the text stands: it is a file, or it was found inside one.
#[derive(Clone)]
pub(crate) enum Origin {
    /// A file: spans are its own.
    File(Arc<Source>),
    /// A text inside a file, whose every place is this one.
    Inside(Place),
}

impl Origin {
    /// For texts of which nothing is reported.
    pub(crate) fn nowhere() -> Self {
        Self::File(Source::new(RepoPath::root(), ""))
    }

    /// The place of a span.
    pub(crate) fn place(&self, span: Span) -> Place {
        match self {
            Self::File(source) => Place::new(source, span),
            Self::Inside(place) => place.clone(),
        }
    }
}

impl<'a> Cursor<'a> {
    /// A cursor at the first of `tokens`.
    pub(crate) fn new(text: &'a str, tokens: &'a [Token], dialect: Dialect, origin: &'a Origin) -> Self {
        Self { text, tokens, at: 0, dialect, origin }
    }

    /// The token in front, or one further on.
    pub(crate) fn token(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.at + ahead).copied()
    }

    /// How many tokens were read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes back (or on) to a position.
    pub(crate) fn set_position(&mut self, at: usize) {
        self.at = at.min(self.tokens.len());
    }

    /// Whether everything is read.
    pub(crate) fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Passes over one token.
    pub(crate) fn skip(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len());
    }

    /// Passes over all that is left.
    pub(crate) fn skip_all(&mut self) {
        self.at = self.tokens.len();
    }

    /// The text of a token.
    pub(crate) fn text_of(&self, token: Token) -> &'a str {
        self.text.get(token.span.range()).unwrap_or_default()
    }

    /// A cursor over the tokens between two positions.
    pub(crate) fn part(&self, from: usize, to: usize) -> Cursor<'a> {
        Cursor { at: 0, tokens: self.tokens(from, to), ..self.clone() }
    }

    /// A cursor over everything in front.
    pub(crate) fn rest(&self) -> Cursor<'a> {
        self.part(self.at, self.tokens.len())
    }

    /// A cursor over other tokens of the same text.
    pub(crate) fn over<'b>(&'b self, tokens: &'b [Token]) -> Cursor<'b> {
        Cursor { text: self.text, tokens, at: 0, dialect: self.dialect, origin: self.origin }
    }

    /// The text between two positions.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'a str {
        match (self.tokens.get(from), to.checked_sub(1).and_then(|last| self.tokens.get(last))) {
            (Some(first), Some(last)) if from < to => {
                self.text.get(first.span.start as usize..last.span.end as usize).unwrap_or_default()
            }
            _ => "",
        }
    }

    /// The text of everything.
    pub(crate) fn whole(&self) -> &'a str {
        self.slice(0, self.tokens.len())
    }

    /// The tokens between two positions.
    pub(crate) fn tokens(&self, from: usize, to: usize) -> &'a [Token] {
        self.tokens.get(from..to).unwrap_or_default()
    }

    /// The whole text that the tokens point into.
    pub(crate) fn source_text(&self) -> &'a str {
        self.text
    }

    /// The place of the tokens from a position to here.
    pub(crate) fn place_from(&self, from: usize) -> Place {
        let start = self.tokens.get(from).or(self.tokens.last()).map(|token| token.span).unwrap_or_default();
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(start, |token| token.span);
        self.origin.place(start.to(last))
    }

    /// The place of everything.
    pub(crate) fn place(&self) -> Place {
        let start = self.tokens.first().map(|token| token.span).unwrap_or_default();
        let end = self.tokens.last().map_or(start, |token| token.span);
        self.origin.place(start.to(end))
    }

    /// Whether the word `ahead` is this keyword.
    pub(crate) fn is_word(&self, ahead: usize, word: &str) -> bool {
        self.token(ahead)
            .is_some_and(|token| token.kind == TokenKind::Word && self.text_of(token).eq_ignore_ascii_case(word))
    }

    /// Whether the next words are these keywords, separated by blanks.
    pub(crate) fn looking_at(&self, words: &str) -> bool {
        words.split(' ').enumerate().all(|(ahead, word)| self.is_word(ahead, word))
    }

    /// Reads the keywords if they are next.
    pub(crate) fn eat(&mut self, words: &str) -> bool {
        let found = self.looking_at(words);
        if found {
            self.at += words.split(' ').count();
        }
        found
    }

    /// Whether the symbol is next.
    pub(crate) fn is_symbol(&self, ahead: usize, symbol: char) -> bool {
        self.token(ahead).is_some_and(|token| token.kind == TokenKind::Symbol(symbol))
    }

    /// Reads the symbol if it is next.
    pub(crate) fn eat_symbol(&mut self, symbol: char) -> bool {
        let found = self.is_symbol(0, symbol);
        if found {
            self.at += 1;
        }
        found
    }

    /// Reads the keywords.
    pub(crate) fn expect(&mut self, words: &str) -> Read<()> {
        if self.eat(words) { Ok(()) } else { Err(self.unexpected(words)) }
    }

    /// Reads the symbol.
    pub(crate) fn expect_symbol(&mut self, symbol: char) -> Read<()> {
        if self.eat_symbol(symbol) { Ok(()) } else { Err(self.unexpected(&symbol.to_string())) }
    }

    /// What to say where something else was expected.
    pub(crate) fn unexpected(&self, wanted: &str) -> Unread {
        match self.token(0) {
            Some(token) => {
                let found: String = self.text_of(token).chars().take(40).collect();
                Unread(format!("`{found}` stands where {wanted} is expected"))
            }
            None => Unread(format!("the statement ends where {wanted} is expected")),
        }
    }

    /// Whether a name is next.
    pub(crate) fn is_name(&self, ahead: usize) -> bool {
        self.token(ahead).is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))
    }

    /// Reads a name: folded, unquoted and cut as the dialect does it.
    pub(crate) fn name(&mut self) -> Read<String> {
        let Some(token) = self.token(0) else { return Err(self.unexpected("a name")) };
        let text = self.text_of(token);
        let name = match token.kind {
            TokenKind::Quoted => unquote(text),
            TokenKind::Word if self.dialect.is_postgres_like() => text.to_ascii_lowercase(),
            TokenKind::Word => text.to_owned(),
            TokenKind::Text if matches!(self.dialect, Dialect::Sqlite | Dialect::MySql) => string(text, self.dialect),
            _ => return Err(self.unexpected("a name")),
        };
        self.at += 1;
        Ok(if self.dialect.is_postgres_like() { cut(name, self.dialect.identifier_limit()) } else { name })
    }

    /// Reads a name that may be qualified. Of three parts the first, the database, is dropped.
    pub(crate) fn object_name(&mut self) -> Read<ObjectName> {
        let mut parts = vec![self.name()?];
        while self.is_symbol(0, '.') && (self.is_name(1) || self.is_symbol(1, '.')) {
            self.skip();
            if !self.is_symbol(0, '.') {
                parts.push(self.name()?);
            }
        }
        let name = parts.pop().unwrap_or_default();
        Ok(ObjectName { schema: parts.pop().filter(|_| self.dialect.has_schemas()), name })
    }

    /// Reads a string.
    pub(crate) fn string(&mut self) -> Read<String> {
        match self.token(0) {
            Some(mut token) if token.kind == TokenKind::Text => {
                self.at += 1;
                let mut found = string(self.text_of(token), self.dialect);
                while let Some(next) = self.token(0).filter(|next| self.goes_on(token, *next)) {
                    self.at += 1;
                    found.push_str(&string(self.text_of(next), self.dialect));
                    token = next;
                }
                Ok(found)
            }
            _ => Err(self.unexpected("a string")),
        }
    }

    /// Whether two strings that follow each other are one: across a line end in PostgreSQL
    /// (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS>), in any case in MySQL.
    fn goes_on(&self, one: Token, next: Token) -> bool {
        let between = self.text.get(one.span.end as usize..next.span.start as usize).unwrap_or_default();
        next.kind == TokenKind::Text
            && match self.dialect {
                Dialect::PostgreSql | Dialect::CockroachDb => between.contains('\n') && between.trim().is_empty(),
                Dialect::MySql => between.trim().is_empty(),
                Dialect::Sqlite | Dialect::SqlServer | Dialect::Oracle => false,
            }
    }

    /// Whether a string is next.
    pub(crate) fn is_string(&self) -> bool {
        self.token(0).is_some_and(|token| token.kind == TokenKind::Text)
    }

    /// Reads a whole number, with its sign.
    pub(crate) fn number(&mut self) -> Read<i64> {
        let negative = self.eat_symbol('-');
        let value = self
            .token(0)
            .filter(|token| token.kind == TokenKind::Number)
            .and_then(|token| self.text_of(token).parse::<i64>().ok());
        match value {
            Some(value) => {
                self.at += 1;
                Ok(if negative { -value } else { value })
            }
            None => Err(self.unexpected("a number")),
        }
    }

    /// Reads `( … )` and gives the positions of what is inside.
    pub(crate) fn parentheses(&mut self) -> Read<(usize, usize)> {
        self.expect_symbol('(')?;
        let from = self.at;
        let mut depth = 1_usize;
        while let Some(token) = self.token(0) {
            match token.kind {
                TokenKind::Symbol('(') => depth += 1,
                TokenKind::Symbol(')') => depth -= 1,
                _ => {}
            }
            if depth > MAX_DEPTH {
                return Err(Unread("parentheses are nested too deeply".to_owned()));
            }
            self.at += 1;
            if depth == 0 {
                return Ok((from, self.at - 1));
            }
        }
        Err(Unread("a parenthesis is never closed".to_owned()))
    }

    /// Reads `( … )` and gives a cursor over what is inside.
    pub(crate) fn inside(&mut self) -> Read<Cursor<'a>> {
        let (from, to) = self.parentheses()?;
        Ok(self.part(from, to))
    }

    /// Passes over tokens until one of the symbols or words stands outside parentheses.
    pub(crate) fn skip_until(&mut self, stops: &[&str]) {
        let mut depth = 0_usize;
        while let Some(token) = self.token(0) {
            match token.kind {
                TokenKind::Symbol('(' | '[') => depth += 1,
                TokenKind::Symbol(')' | ']') if depth == 0 => return,
                TokenKind::Symbol(')' | ']') => depth -= 1,
                TokenKind::Symbol(',') if depth == 0 && stops.contains(&",") => return,
                TokenKind::Word if depth == 0 => {
                    let word = self.text_of(token);
                    if stops.iter().any(|stop| word.eq_ignore_ascii_case(stop)) {
                        return;
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Passes over tokens until this word, in or out of parentheses.
    pub(crate) fn skip_to(&mut self, word: &str) {
        while !self.at_end() && !self.is_word(0, word) {
            self.at += 1;
        }
    }

    /// Passes over tokens up to and with this symbol, or to the end.
    pub(crate) fn skip_past(&mut self, symbol: char) {
        while !self.at_end() && !self.eat_symbol(symbol) {
            self.at += 1;
        }
    }

    /// Whether nothing but blanks stands before the token in front on its line.
    pub(crate) fn first_on_line(&self) -> bool {
        let start = self.token(0).map_or(0, |token| token.span.start as usize);
        let before = self.text.as_bytes().get(..start).unwrap_or_default().iter().rev();
        matches!(before.into_iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')), None | Some(b'\n'))
    }

    /// The tokens of the dollar-quoted text in front, with their spans in the whole text; none where there is none.
    pub(crate) fn dollar_tokens(&self) -> Option<(Vec<Token>, Option<LexError>)> {
        let token = self.token(0).filter(|token| token.kind == TokenKind::Text)?;
        let body = dollar_body(self.text_of(token))?;
        let start = token.span.start as usize;
        Some(tokenize_part(self.text, start + body.start..start + body.end, self.dialect))
    }

    /// Reads a list of names in parentheses.
    pub(crate) fn names(&mut self) -> Read<Vec<String>> {
        let mut inside = self.inside()?;
        let mut names = Vec::new();
        loop {
            names.push(inside.name()?);
            inside.skip_until(&[","]);
            if !inside.eat_symbol(',') {
                return Ok(names);
            }
        }
    }
}
