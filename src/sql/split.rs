//! A text's statements.

use super::lexer::{Token, TokenKind};
use crate::catalog::Dialect;

/// Cuts the tokens of a script into its statements, without their ends. A body between BEGIN and END (a trigger, a
/// procedure, a T-SQL block) belongs to the statement that it is part of.
pub(crate) fn statements<'t>(text: &str, tokens: &'t [Token], dialect: Dialect) -> Vec<&'t [Token]> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut body = Body::default();
    let word = |at: usize| -> &str {
        tokens
            .get(at)
            .filter(|token| token.kind == TokenKind::Word)
            .and_then(|token| text.get(token.span.range()))
            .unwrap_or_default()
    };
    let mut delimiter: Option<&str> = None;
    while at < tokens.len() {
        let token = tokens[at];
        // MySQL's client command `DELIMITER //` changes what ends a statement.
        if dialect == Dialect::MySql && at == start && word(at).eq_ignore_ascii_case("delimiter") {
            let line_end =
                text[token.span.end as usize..].find('\n').map_or(text.len(), |end| token.span.end as usize + end);
            let mark = text[token.span.end as usize..line_end].trim();
            delimiter = Some(mark).filter(|mark| !mark.is_empty() && *mark != ";");
            while at < tokens.len() && (tokens[at].span.start as usize) < line_end {
                at += 1;
            }
            start = at;
            continue;
        }
        if let Some(mark) = delimiter {
            if text[token.span.start as usize..].starts_with(mark) {
                found.push(&tokens[start..at]);
                let end = token.span.start as usize + mark.len();
                while at < tokens.len() && (tokens[at].span.start as usize) < end {
                    at += 1;
                }
                start = at;
                continue;
            }
            at += 1;
            continue;
        }
        let separator =
            dialect == Dialect::SqlServer && word(at).eq_ignore_ascii_case("go") && alone_on_line(text, token);
        if separator || (token.kind == TokenKind::Symbol(';') && body.depth == 0) {
            found.push(&tokens[start..at]);
            start = at + 1;
            body = Body::default();
        } else if token.kind == TokenKind::Word {
            body.see(word(at), word(start), word(at + 1), dialect, at == start);
        }
        at += 1;
    }
    if start < tokens.len() {
        found.push(&tokens[start..]);
    }
    found.retain(|statement| !statement.is_empty());
    found
}

fn alone_on_line(text: &str, token: Token) -> bool {
    let before = text[..token.span.start as usize].rsplit('\n').next().unwrap_or_default();
    let after = text[token.span.end as usize..].split('\n').next().unwrap_or_default();
    before.trim().is_empty() && after.trim_matches([';', ' ', '\t', '\r']).bytes().all(|byte| byte.is_ascii_digit())
}

/// How deep in a body with statements of its own we are.
#[derive(Default)]
struct Body {
    depth: usize,
    routine: bool,
}

impl Body {
    fn see(&mut self, word: &str, first: &str, next: &str, dialect: Dialect, is_first: bool) {
        let is = |wanted: &str| word.eq_ignore_ascii_case(wanted);
        if first.eq_ignore_ascii_case("create") && (is("trigger") || is("procedure") || is("function") || is("event")) {
            self.routine = true;
        }
        // `BEGIN ATOMIC … END` of a SQL-standard function body in PostgreSQL.
        if dialect.is_postgres_like() {
            if self.routine && is("begin") && next.eq_ignore_ascii_case("atomic") {
                self.depth += 1;
            } else if self.depth > 0 && is("case") {
                self.depth += 1;
            } else if self.depth > 0 && is("end") {
                self.depth -= 1;
            }
            return;
        }
        if !self.routine {
            return;
        }
        let _ = is_first;
        if is("begin") || (self.depth > 0 && is("case")) {
            self.depth += 1;
        } else if is("end")
            && self.depth > 0
            && !["if", "loop", "while", "repeat"].iter().any(|end| next.eq_ignore_ascii_case(end))
        {
            self.depth -= 1;
        }
    }
}
