//! A text's statements.

use super::lexer::{Token, TokenKind};
use crate::catalog::Dialect;

/// Cuts the tokens of a script into its statements, without their ends. A body between BEGIN and END (of a trigger or a
/// procedure) belongs to the statement that it is part of. SQL Server's script is cut at `GO` alone: its statements need
/// no semicolons, so only a reader of them can tell where they end (see [`super::tsql`]).
pub(crate) fn statements<'t>(text: &str, tokens: &'t [Token], dialect: Dialect) -> Vec<&'t [Token]> {
    let mut splitter = Splitter { text, tokens, dialect, start: 0, body: Body::default(), found: Vec::new() };
    splitter.run();
    splitter.found
}

struct Splitter<'a, 't> {
    text: &'a str,
    tokens: &'t [Token],
    dialect: Dialect,
    /// The first token of the statement being read.
    start: usize,
    body: Body,
    found: Vec<&'t [Token]>,
}

impl Splitter<'_, '_> {
    fn word(&self, at: usize) -> &str {
        self.tokens
            .get(at)
            .filter(|token| token.kind == TokenKind::Word)
            .and_then(|token| self.text.get(token.span.range()))
            .unwrap_or_default()
    }

    /// Ends the statement before the token `at`; the next begins at `next`.
    fn cut(&mut self, at: usize, next: usize) {
        if let Some(statement) = self.tokens.get(self.start..at)
            && !statement.is_empty()
        {
            self.found.push(statement);
        }
        self.start = next;
        self.body = Body::default();
    }

    fn run(&mut self) {
        let mut at = 0;
        let mut delimiter: Option<&str> = None;
        while let Some(&token) = self.tokens.get(at) {
            // MySQL's client command `DELIMITER //` changes what ends a statement.
            if self.dialect == Dialect::MySql && at == self.start && self.word(at).eq_ignore_ascii_case("delimiter") {
                let behind = token.span.end as usize;
                let line_end = self.text[behind..].find('\n').map_or(self.text.len(), |end| behind + end);
                let mark = self.text[behind..line_end].trim();
                delimiter = Some(mark).filter(|mark| !mark.is_empty() && *mark != ";");
                at = self.behind(at, line_end);
                self.start = at;
                continue;
            }
            if let Some(mark) = delimiter {
                let begin = token.span.start as usize;
                if self.text[begin..].starts_with(mark) {
                    let next = self.behind(at, begin + mark.len());
                    self.cut(at, next);
                    at = next;
                } else {
                    at += 1;
                }
                continue;
            }
            match token.kind {
                TokenKind::Client => {
                    self.cut(at, at);
                    self.cut(at + 1, at + 1);
                }
                TokenKind::Symbol(';') if self.dialect != Dialect::SqlServer && self.body.depth == 0 => {
                    self.cut(at, at + 1);
                }
                TokenKind::Word if self.dialect == Dialect::SqlServer => {
                    if self.word(at).eq_ignore_ascii_case("go") && self.alone_on_line(token) {
                        let count = self.tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Number);
                        self.cut(at, at + 1 + usize::from(count));
                    }
                }
                TokenKind::Word => {
                    let mut body = std::mem::take(&mut self.body);
                    body.see(self.word(at), self.word(self.start), self.word(at + 1), self.dialect);
                    self.body = body;
                }
                _ => {}
            }
            at += 1;
        }
        self.cut(self.tokens.len(), self.tokens.len());
    }

    /// The first token from `at` on that begins at `offset` or later.
    fn behind(&self, at: usize, offset: usize) -> usize {
        at + self.tokens[at..].partition_point(|token| (token.span.start as usize) < offset)
    }

    fn alone_on_line(&self, token: Token) -> bool {
        let bytes = self.text.as_bytes();
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b';');
        let mut before = bytes[..token.span.start as usize].iter().rev().skip_while(blank);
        let mut after = bytes[token.span.end as usize..].iter().skip_while(|byte| blank(byte) || byte.is_ascii_digit());
        matches!(before.next(), None | Some(b'\n')) && matches!(after.next(), None | Some(b'\n'))
    }
}

/// How deep in a body with statements of its own we are.
#[derive(Default)]
struct Body {
    depth: usize,
    routine: bool,
}

impl Body {
    fn see(&mut self, word: &str, first: &str, next: &str, dialect: Dialect) {
        let is = |wanted: &str| word.eq_ignore_ascii_case(wanted);
        if self.depth == 0
            && first.eq_ignore_ascii_case("create")
            && ["trigger", "procedure", "function", "event"].iter().any(|sort| is(sort))
        {
            self.routine = true;
        }
        if !self.routine {
            return;
        }
        // In PostgreSQL only `BEGIN ATOMIC … END` of a function in standard SQL is no string.
        let opens = is("begin") && (!dialect.is_postgres_like() || next.eq_ignore_ascii_case("atomic"));
        if opens || (self.depth > 0 && is("case")) {
            self.depth += 1;
        } else if is("end")
            && self.depth > 0
            && !["if", "loop", "while", "repeat"].iter().any(|end| next.eq_ignore_ascii_case(end))
        {
            self.depth -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::lexer::tokenize;

    fn split(text: &str, dialect: Dialect) -> Vec<&str> {
        let (tokens, error) = tokenize(text, dialect);
        assert_eq!(error, None);
        let span = |part: &[Token]| part[0].span.to(part[part.len() - 1].span).range();
        statements(text, &tokens, dialect).into_iter().map(|part| &text[span(part)]).collect()
    }

    #[test]
    fn semicolons_count_where_they_end_a_statement() {
        let pg = "a ';' b; $$ c; $$ d;; -- e;\n/* f; /* g; */ */ h \"i;\"";
        assert_eq!(split(pg, Dialect::PostgreSql), ["a ';' b", "$$ c; $$ d", "h \"i;\""]);
        let pg = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; SELECT 3";
        assert_eq!(split(pg, Dialect::PostgreSql).len(), 2);
        let trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = 1; DELETE FROM d; END; SELECT 1;";
        for dialect in [Dialect::Sqlite, Dialect::MySql] {
            assert_eq!(split(trigger, dialect).len(), 2);
        }
        let mysql =
            "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; WHILE b DO SELECT 2; END WHILE; END; SELECT 3";
        assert_eq!(split(mysql, Dialect::MySql).len(), 2);
    }

    #[test]
    fn a_transaction_is_no_body() {
        assert_eq!(split("BEGIN; CREATE TABLE a (b int); COMMIT;", Dialect::PostgreSql).len(), 3);
        assert_eq!(split("BEGIN; CREATE TABLE a (b int); END;", Dialect::Sqlite).len(), 3);
    }

    #[test]
    fn delimiters_and_batches() {
        let text = "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\nDELIMITER ;\nSELECT 2; SELECT 3";
        assert_eq!(split(text, Dialect::MySql), ["CREATE PROCEDURE p() BEGIN SELECT 1; END", "SELECT 2", "SELECT 3"]);
        let text = "DELIMITER $$\nSELECT 1 $$\nDELIMITER ;\nSELECT 2";
        assert_eq!(split(text, Dialect::MySql), ["SELECT 1", "SELECT 2"]);
        assert_eq!(
            split("SELECT 1; SELECT 2\nGO\nSELECT 3\ngo 5\n", Dialect::SqlServer),
            ["SELECT 1; SELECT 2", "SELECT 3"]
        );
    }

    #[test]
    fn lines_for_the_client_and_copied_rows_are_no_sql() {
        let text = "\\connect other\nCOPY t (a) FROM stdin;\n1\tit's; x\n\\.\n\nSELECT 1;\n";
        assert_eq!(split(text, Dialect::PostgreSql), ["\\connect other", "COPY t (a) FROM stdin", "SELECT 1"]);
        let text = "/*!40101 SET NAMES utf8 */;\n/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @a = 1; END */;\nSELECT 1";
        assert_eq!(split(text, Dialect::MySql).len(), 3);
    }
}
