//! Python 2 as Python 3 has it: what a file of tables says is the same in both, and a `ur""` in one of its methods is no
//! reason to read none of it.
//!
//! Only signs are exchanged, never a length, so that every place in the tree is a place of the file.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::Ranged;

/// A text of Python 2, written so that Python 3 parses it; none where it holds what only Python 3 has, or where nothing of it
/// is known to be Python 2. What cannot be exchanged stays, and does not parse.
///
/// `print x` and `exec x` become `print;x`, `raise E, x` becomes `raise E;x`, `except E, e` loses its name, `ur"x"` its `u`,
/// `<>` is `!=`, `10L` is `10` and `0755` is `493`.
pub(super) fn as_python_3(text: &str, tokens: &[Token]) -> Option<String> {
    let tokens: Vec<&Token> = tokens
        .iter()
        .filter(|token| !matches!(token.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline))
        .collect();
    if is_python_3(&tokens) {
        return None;
    }
    let mut mended = Mended { text, bytes: text.as_bytes().to_vec(), changed: false };
    let mut starts = true;
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let rest = tokens.get(at..).unwrap_or_default();
        mended.sign(rest)?;
        if starts {
            mended.statement(rest);
        }
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        starts = match token.kind() {
            TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent | TokenKind::Semi => true,
            TokenKind::Colon => depth == 0,
            _ => false,
        };
    }
    mended.changed.then(|| String::from_utf8(mended.bytes).ok()).flatten()
}

/// Whether a file has what Python 2 does not know: a template, an annotation, `nonlocal`, `await`, `:=`. Then what does not
/// parse is a mistake, and nothing else.
fn is_python_3(tokens: &[&Token]) -> bool {
    // For each open bracket whether it is a round one, and the lambdas in it that wait for their colon.
    let mut open: Vec<(bool, usize)> = vec![(false, 0)];
    let mut starts = true;
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).map(|token| token.kind());
        match token.kind() {
            TokenKind::FStringStart
            | TokenKind::TStringStart
            | TokenKind::Rarrow
            | TokenKind::Nonlocal
            | TokenKind::Await
            | TokenKind::ColonEqual => return true,
            TokenKind::Name if starts && next == Some(TokenKind::Colon) => return true,
            TokenKind::Lpar => open.push((true, 0)),
            TokenKind::Lsqb | TokenKind::Lbrace => open.push((false, 0)),
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace if open.len() > 1 => {
                open.pop();
            }
            TokenKind::Lambda => {
                if let Some((_, lambdas)) = open.last_mut() {
                    *lambdas += 1;
                }
            }
            TokenKind::Colon => match open.last_mut() {
                Some((_, lambdas)) if *lambdas > 0 => *lambdas -= 1,
                Some((true, _)) => return true,
                _ => {}
            },
            _ => {}
        }
        starts = matches!(token.kind(), TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent | TokenKind::Semi);
    }
    false
}

struct Mended<'a> {
    text: &'a str,
    bytes: Vec<u8>,
    changed: bool,
}

impl Mended<'_> {
    /// Exchanges what stands at the first of some tokens, wherever that is; none where its value would be another.
    fn sign(&mut self, tokens: &[&Token]) -> Option<()> {
        if let [token, ..] = tokens {
            self.octal(token);
        }
        let [token, next, ..] = tokens else { return Some(()) };
        if token.end() != next.start() {
            return Some(());
        }
        match (token.kind(), next.kind()) {
            (TokenKind::Name, TokenKind::String) if self.of(token).eq_ignore_ascii_case("ur") => {
                // `\u` is a character even here.
                if self.of(next).contains("\\u") || self.of(next).contains("\\U") {
                    return None;
                }
                self.put(token.start().to_usize(), " r");
            }
            (TokenKind::Less, TokenKind::Greater) => self.put(token.start().to_usize(), "!="),
            (TokenKind::Int | TokenKind::Unknown, TokenKind::Name) if self.of(next).eq_ignore_ascii_case("l") => {
                self.put(next.start().to_usize(), " ");
            }
            _ => {}
        }
        Some(())
    }

    /// `0755` is 493: a number to the base of eight has at least as many digits.
    fn octal(&mut self, token: &Token) {
        let text = self.of(token);
        if token.kind() == TokenKind::Unknown
            && text.len() > 1
            && text.starts_with('0')
            && let Ok(number) = u64::from_str_radix(text, 8)
        {
            let number = format!("{number:<width$}", width = text.len());
            self.put(token.start().to_usize(), &number);
        }
    }

    /// Exchanges what Python 2 has for a statement, where one begins.
    fn statement(&mut self, tokens: &[&Token]) {
        let [first, next, ..] = tokens else { return };
        match first.kind() {
            TokenKind::Name if matches!(self.of(first), "print" | "exec") => {
                let is_value = matches!(
                    next.kind(),
                    TokenKind::Name
                        | TokenKind::String
                        | TokenKind::Int
                        | TokenKind::Float
                        | TokenKind::Complex
                        | TokenKind::None
                        | TokenKind::True
                        | TokenKind::False
                        | TokenKind::Not
                        | TokenKind::Lambda
                        | TokenKind::Lbrace
                );
                let is_to = next.kind() == TokenKind::RightShift && self.of(first) == "print";
                let gap = self.text.get(first.end().to_usize()..next.start().to_usize()).unwrap_or_default();
                if !(is_value || is_to) || !gap.starts_with(' ') {
                    return;
                }
                self.put(first.end().to_usize(), ";");
                if is_to {
                    self.put(next.start().to_usize(), "  ");
                }
            }
            TokenKind::Raise => {
                if let Some(comma) = comma(tokens, TokenKind::Newline) {
                    self.put(comma.start().to_usize(), ";");
                }
            }
            TokenKind::Except => {
                let Some(comma) = comma(tokens, TokenKind::Colon) else { return };
                let behind = tokens.iter().skip_while(|token| token.start() <= comma.start());
                if let [name, colon] = behind.take(2).collect::<Vec<_>>()[..]
                    && (name.kind(), colon.kind()) == (TokenKind::Name, TokenKind::Colon)
                {
                    let (from, to) = (comma.start().to_usize(), name.end().to_usize());
                    self.put(from, &" ".repeat(to - from));
                }
            }
            _ => {}
        }
    }

    fn of(&self, token: &Token) -> &str {
        self.text.get(token.start().to_usize()..token.end().to_usize()).unwrap_or_default()
    }

    /// Writes some signs over as many others.
    fn put(&mut self, at: usize, signs: &str) {
        if let Some(place) = self.bytes.get_mut(at..at + signs.len()) {
            place.copy_from_slice(signs.as_bytes());
            self.changed = true;
        }
    }
}

/// The first comma of a statement that no bracket holds, before what ends it.
fn comma<'a>(tokens: &[&'a Token], end: TokenKind) -> Option<&'a Token> {
    let mut depth = 0_usize;
    for token in tokens {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth = depth.saturating_sub(1),
            TokenKind::Newline | TokenKind::Semi => return None,
            kind if kind == end && depth == 0 => return None,
            TokenKind::Comma if depth == 0 => return Some(token),
            _ => {}
        }
    }
    None
}
