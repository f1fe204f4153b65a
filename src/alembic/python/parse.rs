//! The one door to the Python parser: everything that knows `ruff_python_parser` goes through here.

use std::sync::Arc;

pub(crate) use ruff_python_ast as ast;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use ruff_python_parser::lexer::lex;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use super::python2;
use crate::source::{Place, Source, Span};

/// The longest Python file that is read, in bytes. The longest revision met in 51 public repositories has 0.3 MB.
const MAX_LEN: usize = 4 * 1024 * 1024;

/// The most tokens of one file: a tree takes some hundred bytes for each.
const MAX_TOKENS: usize = 400_000;

/// The most tokens of all the files of a project that are held together.
pub(crate) const MAX_ALL_TOKENS: usize = 2_500_000;

/// How deep a syntax tree may be: walking and dropping one recurses. A sum of two thousand terms is as deep as this.
const MAX_DEPTH: usize = 4_000;

/// How a module gets names that it does not spell out.
const MAKE_NAMES: &[&str] = &["import *", "exec(", "globals()", "vars()", "locals()", "setattr("];

/// A Python file and its syntax tree.
#[derive(Debug)]
pub struct ParsedFile {
    source: Arc<Source>,
    body: Vec<Stmt>,
    errors: Vec<SyntaxError>,
    /// Whether it is Python 2, and was read all the same.
    old: bool,
    tokens: usize,
    makes_names: bool,
}

#[cfg(test)]
thread_local! {
    /// The files that a test's thread parsed, in their order, with the lengths of their texts.
    pub(crate) static PARSED: std::cell::RefCell<Vec<(crate::source::RepoPath, usize)>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Why a Python file does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Where in the file.
    pub span: Span,
    /// The parser's words.
    pub message: String,
}

impl ParsedFile {
    /// Parses a file. What is wrong with it is in [`Self::errors`]; statements around an error are still there.
    pub fn parse(source: &Arc<Source>) -> Arc<Self> {
        source.reading(|_| true, || Self::parse_anew(source))
    }

    fn parse_anew(source: &Arc<Source>) -> Arc<Self> {
        #[cfg(test)]
        PARSED.with(|parsed| parsed.borrow_mut().push((source.path().clone(), source.text().len())));
        let refuse = |message: &str| {
            let error = SyntaxError { span: Span::default(), message: message.to_owned() };
            Arc::new(Self {
                source: Arc::clone(source),
                body: Vec::new(),
                errors: vec![error],
                old: false,
                tokens: 0,
                makes_names: false,
            })
        };
        if source.text().len() > MAX_LEN {
            return refuse("the file is too long to be read");
        }
        let Some(tokens) = tokens_of(source.text(), Mode::Module) else {
            return refuse("it is longer, or nests deeper, than is read");
        };
        let mut parsed = parse_unchecked(source.text(), ParseOptions::from(Mode::Module));
        let errors: Vec<SyntaxError> = parsed
            .errors()
            .iter()
            .map(|error| SyntaxError { span: span(error.location), message: error.error.to_string() })
            .collect();
        let mut old = false;
        if errors.first().is_some_and(|error| is_python_2(source.text(), error))
            && let Some(text) = python2::as_python_3(source.text(), parsed.tokens())
        {
            let mended = parse_unchecked(&text, ParseOptions::from(Mode::Module));
            if mended.errors().is_empty() {
                (parsed, old) = (mended, true);
            }
        }
        let body = match parsed.into_syntax() {
            ast::Mod::Module(module) => module.body.into_iter().collect(),
            ast::Mod::Expression(_) => Vec::new(),
        };
        let makes_names =
            MAKE_NAMES.iter().any(|way| source.text().contains(way)) || (old && source.text().contains("exec "));
        Arc::new(Self { source: Arc::clone(source), body, errors, old, tokens, makes_names })
    }

    /// The text.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// About how many tokens it has: what its syntax tree takes of memory.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens
    }

    /// Whether it may bring names into being that are not written in it.
    pub(crate) fn makes_names(&self) -> bool {
        self.makes_names
    }

    /// Why it does not parse; empty where it does.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// Whether it does not parse because it is Python 2, and its statements are those of Python 2 all the same.
    pub(crate) fn is_old(&self) -> bool {
        self.old
    }

    /// What the first error says, in a person's words: that the file is Python 2, if that is why.
    pub(crate) fn complaint(&self) -> Option<String> {
        let error = self.errors.first()?;
        Some(if is_python_2(self.source.text(), error) {
            let read = if self.old { "" } else { ", of which only what Python 3 shares can be read" };
            format!("this is Python 2{read} ({})", error.message)
        } else {
            format!("this is no Python: {}", error.message)
        })
    }

    /// The module's statements.
    pub(crate) fn body(&self) -> &[Stmt] {
        &self.body
    }

    /// The place of a node.
    pub(crate) fn place(&self, node: &impl Ranged) -> Place {
        Place::new(&self.source, span(node.range()))
    }

    /// The module's docstring.
    pub fn docstring(&self) -> Option<String> {
        let Some(Stmt::Expr(first)) = self.body.first() else { return None };
        match &*first.value {
            Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
            _ => None,
        }
    }

    /// The function definition that stands at exactly that range.
    pub(crate) fn function(&self, range: TextRange) -> Option<&StmtFunctionDef> {
        match find(&self.body, range)? {
            Stmt::FunctionDef(function) => Some(function),
            _ => None,
        }
    }
}

/// How many tokens a text has; none where its tree could be larger than [`MAX_TOKENS`] or deeper than [`MAX_DEPTH`]: a tree that is too deep is never
/// made, as it could not be taken down again.
///
/// Between commas every token nests one level at most, and brackets nest what is in them. A `lambda` goes on behind the
/// commas of its parameters.
fn tokens_of(text: &str, mode: Mode) -> Option<usize> {
    if text.len() <= MAX_DEPTH {
        return Some(text.len() / 3);
    }
    let mut lexer = lex(text, mode);
    // Tokens since the last comma, and lambdas, of every bracket that is open; and all of them together.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let (mut tokens, mut lambdas, mut outside, mut blocks) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut all = 0_usize;
    loop {
        all += 1;
        if all > MAX_TOKENS {
            return None;
        }
        match lexer.next_token() {
            TokenKind::EndOfFile => return Some(all),
            TokenKind::NonLogicalNewline | TokenKind::Comment | TokenKind::String => {}
            TokenKind::Newline => {
                open.clear();
                (tokens, lambdas, outside) = (0, 0, 0);
            }
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            TokenKind::Comma | TokenKind::Semi => (tokens, outside) = (0, outside - tokens),
            kind => {
                outside += 1;
                tokens += 1;
                if kind == TokenKind::Lambda {
                    // Counted for as long as the bracket is open.
                    lambdas += 1;
                    outside += 1;
                }
                if matches!(kind, TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace | TokenKind::FStringStart) {
                    open.push((tokens, lambdas));
                    (tokens, lambdas) = (0, 0);
                }
                if matches!(kind, TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::FStringEnd)
                    && let Some((before, lambdas_before)) = open.pop()
                {
                    outside -= tokens + lambdas;
                    (tokens, lambdas) = (before + 1, lambdas_before);
                    outside += 1;
                }
            }
        }
        if outside + blocks > MAX_DEPTH {
            return None;
        }
    }
}

/// Parses a text that stands for an expression: an annotation in quotes.
pub(crate) fn parse_expression(text: &str) -> Option<Expr> {
    if text.len() > 10_000 || tokens_of(text, Mode::Expression).is_none() {
        return None;
    }
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Expression));
    if !parsed.errors().is_empty() {
        return None;
    }
    match parsed.into_syntax() {
        ast::Mod::Expression(expression) => Some(*expression.body),
        ast::Mod::Module(_) => None,
    }
}

/// A range of the syntax tree as a span of the text.
pub(crate) fn span(range: TextRange) -> Span {
    Span { start: range.start().to_u32(), end: range.end().to_u32() }
}

/// The statement at exactly `range`, found by descending into the statements that hold it.
fn find(body: &[Stmt], range: TextRange) -> Option<&Stmt> {
    let mut blocks: Vec<&[Stmt]> = vec![body];
    while let Some(block) = blocks.pop() {
        let from = block.partition_point(|stmt| stmt.range().end() < range.end());
        let Some(stmt) = block.get(from) else { continue };
        if stmt.range() == range {
            return Some(stmt);
        }
        if !stmt.range().contains_range(range) {
            continue;
        }
        match stmt {
            Stmt::FunctionDef(stmt) => blocks.push(&stmt.body),
            Stmt::ClassDef(stmt) => blocks.push(&stmt.body),
            Stmt::For(stmt) => blocks.extend([&*stmt.body, &*stmt.orelse]),
            Stmt::While(stmt) => blocks.extend([&*stmt.body, &*stmt.orelse]),
            Stmt::With(stmt) => blocks.push(&stmt.body),
            Stmt::If(stmt) => {
                blocks.push(&stmt.body);
                blocks.extend(stmt.elif_else_clauses.iter().map(|clause| &*clause.body));
            }
            Stmt::Match(stmt) => blocks.extend(stmt.cases.iter().map(|case| &*case.body)),
            Stmt::Try(stmt) => {
                blocks.extend([&*stmt.body, &*stmt.orelse, &*stmt.finalbody]);
                for ast::ExceptHandler::ExceptHandler(handler) in &stmt.handlers {
                    blocks.push(&handler.body);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether an error stands at what Python 2 takes and Python 3 does not: `print x`, `raise E, x`, `exec "x"`,
/// `<>`, `0777`, `ur""`, backticks, and tabs that count for eight blanks.
fn is_python_2(text: &str, error: &SyntaxError) -> bool {
    let at = (error.span.start as usize).min(text.len());
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let statement = line.trim_start();
    let follows = |word: &str| {
        let rest = statement.strip_prefix(word).filter(|rest| rest.starts_with([' ', '"', '\'']));
        rest.is_some_and(|rest| !rest.trim_start().starts_with(['(', '=', '.', ',']))
    };
    // `raise ValueError, "x"`, `raise error[1], None, error[2]`: a comma that no bracket and no text holds.
    let raises = || {
        let Some(rest) = statement.strip_prefix("raise ") else { return false };
        let mut depth = 0_i32;
        let before = rest.chars().take_while(|c| {
            depth += i32::from("([{".contains(*c)) - i32::from(")]}".contains(*c));
            !(matches!(c, '"' | '\'') || (*c == ',' && depth == 0))
        });
        rest.chars().nth(before.count()) == Some(',')
    };
    // A name like any other before 3.7.
    let names_async = || line.replace(' ', "").contains("async=") || line.contains(".async");
    follows("print")
        || follows("exec")
        || raises()
        || names_async()
        || ["<>", "`", "ur\"", "ur'"].iter().any(|sign| line.contains(sign))
        || has_old_octal(line)
        || (error.message.contains("indent") && mixes_blanks(text))
}

/// Whether a line has a number such as `0777`.
fn has_old_octal(line: &str) -> bool {
    let mut before = ' ';
    line.chars().zip(line.chars().skip(1)).any(|(c, next)| {
        let begins = !before.is_alphanumeric() && !matches!(before, '.' | '_');
        before = c;
        c == '0' && begins && next.is_ascii_digit()
    })
}

/// Whether some lines are indented by tabs and others by blanks.
fn mixes_blanks(text: &str) -> bool {
    let indented = |by: char| {
        text.lines().any(|line| {
            let blanks = &line[..line.len() - line.trim_start().len()];
            blanks.contains(by) && !line.trim().is_empty()
        })
    };
    indented(' ') && indented('\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> String {
        ParsedFile::parse(&Source::new("x.py".into(), text)).complaint().unwrap_or_default()
    }

    #[test]
    fn python_2_is_told_from_what_is_no_python() {
        for text in [
            "print 'x'\n",
            "print \"%s\" % x\n",
            "raise ValueError, 'x'\n",
            "raise sys.exc_info()[1], None, sys.exc_info()[2]\n",
            "connect(url, async=True)\n",
            "exec 'x = 1'\n",
            "if a <> b:\n    pass\n",
            "os.chmod(x, 0755)\n",
            "x = ur'a'\n",
            "def f():\n        'x'\n\tif x:\n            # why\n\t\treturn 1\n\telse:\n\t\treturn 2\n",
        ] {
            assert!(complaint(text).starts_with("this is Python 2"), "{text}: {}", complaint(text));
        }
        for text in ["def (\n", "x = = 1\n", "print(x\n", "raise ValueError('a', 'b'\n", "if x:\ny = 1\n"] {
            assert!(complaint(text).starts_with("this is no Python"), "{text}: {}", complaint(text));
        }
        assert_eq!(complaint("print('x')\n"), "");
    }

    /// What a text of Python 2 is read as; `-` where it is not.
    fn old(text: &str) -> String {
        let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
        let mended = python2::as_python_3(text, parsed.tokens()).unwrap_or_else(|| "-".to_owned());
        assert!(mended == "-" || mended.len() == text.len(), "{mended}");
        mended
    }

    #[test]
    fn python_2_is_read_as_python_3_has_it() {
        for (text, wanted) in [
            ("print 'x', y\n", "print;'x', y\n"),
            ("if x: print x\n", "if x: print;x\n"),
            ("print >>f, 'x'\n", "print;  f, 'x'\n"),
            ("exec x in y\n", "exec;x in y\n"),
            ("raise E(1, 2), 'x', y\n", "raise E(1, 2); 'x', y\n"),
            ("try:\n    pass\nexcept (A, B), e:\n    pass\n", "try:\n    pass\nexcept (A, B)   :\n    pass\n"),
            ("x = f(ur'\\%', UR\"a\")\n", "x = f( r'\\%',  r\"a\")\n"),
            ("x = a <> 10L\n", "x = a != 10 \n"),
            ("chmod(x, 0755)\n", "chmod(x, 493 )\n"),
            ("x = 00, 017L\nprint x\n", "x = 00, 15  \nprint;x\n"),
            // What says another thing in Python 3, or the same, stays.
            ("x = ur'\\u0041'\n", "-"),
            ("print('x'), y\n", "-"),
            ("print = 1\nprint.x\nprint\n", "-"),
            ("x = 'print x'  # raise E, x\n", "-"),
            ("raise E('a', 'b')\nx = {1: lambda a, b: 2}\n", "-"),
            ("print\"x\"\n", "-"),
            // What Python 2 does not know.
            ("def f(a: int): print a\n", "-"),
            ("def f(a) -> int: print a\n", "-"),
            ("a: int = 1\nprint a\n", "-"),
            ("x = f'{a}'\nprint a\n", "-"),
            ("f(lambda a, b: a, {1: 2}[1:2])\nprint a\n", "f(lambda a, b: a, {1: 2}[1:2])\nprint;a\n"),
        ] {
            assert_eq!(old(text), wanted, "{text}");
        }
    }
}
