//! Expressions: their canonical text, and what a default is.
//!
//! The canonical text is a normal form in which two spellings of one expression are equal: keywords and functions in
//! lower case, no blanks that separate nothing, no parentheses around a single term or the whole, no casts of
//! constants. It is close to what PostgreSQL's `pg_get_expr` gives back, but for what that adds.

use super::cursor::{Cursor, Origin, string, unquote};
use super::lexer::{Token, TokenKind, tokenize};
use crate::catalog::{ColumnDefault, Dialect, ObjectName};
use crate::source::{RepoPath, Source};

/// The canonical text of an expression.
pub fn canonical(text: &str, dialect: Dialect) -> String {
    let (tokens, _) = tokenize(text, dialect);
    canonical_tokens(text, &tokens, dialect)
}

/// What a default that is written as SQL is.
pub fn default(text: &str, dialect: Dialect) -> ColumnDefault {
    let (tokens, error) = tokenize(text, dialect);
    if error.is_some() {
        return ColumnDefault::Unknown;
    }
    default_tokens(text, &tokens, dialect)
}

/// One piece of a canonical text, and whether it is like a word (two of those need a blank between them).
struct Piece {
    text: String,
    word: bool,
    kind: TokenKind,
}

pub(crate) fn canonical_tokens(text: &str, tokens: &[Token], dialect: Dialect) -> String {
    let mut pieces: Vec<Piece> = tokens
        .iter()
        .map(|token| {
            let raw = text.get(token.span.range()).unwrap_or_default();
            let (text, word) = match token.kind {
                TokenKind::Word => (raw.to_lowercase(), true),
                TokenKind::Quoted => (name_text(&unquote(raw)), true),
                TokenKind::Text => (format!("'{}'", string(raw, dialect).replace('\'', "''")), true),
                TokenKind::Number | TokenKind::Parameter => (raw.to_lowercase(), true),
                _ => (raw.to_owned(), false),
            };
            Piece { text, word, kind: token.kind }
        })
        .collect();
    if dialect.is_postgres_like() {
        drop_casts(&mut pieces);
    }
    drop_parentheses(&mut pieces);
    let mut out = String::new();
    let mut last_word = false;
    for piece in &pieces {
        if last_word && piece.word {
            out.push(' ');
        }
        out.push_str(&piece.text);
        last_word = piece.word;
    }
    match out.as_str() {
        "now()" | "current_timestamp()" if dialect != Dialect::Sqlite => "current_timestamp".to_owned(),
        _ => out,
    }
}

/// A quoted name that needs no quotes is the same as without them.
fn name_text(name: &str) -> String {
    let plain = name.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Takes `::type` away behind constants, and behind parentheses that hold one.
fn drop_casts(pieces: &mut Vec<Piece>) {
    let mut at = 0;
    while at < pieces.len() {
        if pieces[at].kind != TokenKind::Cast {
            at += 1;
            continue;
        }
        let constant = |piece: &Piece| matches!(piece.kind, TokenKind::Text | TokenKind::Number);
        let behind_constant = at > 0
            && (constant(&pieces[at - 1])
                || (pieces[at - 1].text == ")" && at >= 3 && constant(&pieces[at - 2]) && is_open(&pieces[..at - 2]))
                || pieces[at - 1].text == "]");
        let end = type_end(pieces, at + 1);
        if behind_constant {
            pieces.drain(at..end);
        } else {
            at = end;
        }
    }
}

fn is_open(pieces: &[Piece]) -> bool {
    pieces.last().is_some_and(|piece| {
        piece.text == "(" || (piece.text == "-" && pieces.len() >= 2 && pieces[pieces.len() - 2].text == "(")
    })
}

/// Behind the type that begins at `at`.
fn type_end(pieces: &[Piece], mut at: usize) -> usize {
    const MORE: &[&str] = &["varying", "precision", "without", "with", "time", "zone"];
    at += 1;
    while at + 1 < pieces.len() && pieces[at].text == "." {
        at += 2;
    }
    while at < pieces.len() && MORE.contains(&pieces[at].text.as_str()) {
        at += 1;
    }
    if at < pieces.len() && pieces[at].text == "(" {
        while at < pieces.len() && pieces[at].text != ")" {
            at += 1;
        }
        at += 1;
    }
    while at < pieces.len() && MORE.contains(&pieces[at].text.as_str()) {
        at += 1;
    }
    while at + 1 < pieces.len() && pieces[at].text == "[" {
        while at < pieces.len() && pieces[at].text != "]" {
            at += 1;
        }
        at += 1;
    }
    at.min(pieces.len())
}

/// Takes parentheses away that hold a single term (and are no call), and those around the whole.
fn drop_parentheses(pieces: &mut Vec<Piece>) {
    loop {
        let single = (0..pieces.len().saturating_sub(2)).find(|&at| {
            pieces[at].text == "("
                && pieces[at + 2].text == ")"
                && pieces[at + 1].word
                && (at == 0
                    || !pieces[at - 1].word
                    || matches!(
                        pieces[at - 1].text.as_str(),
                        "and" | "or" | "not" | "in" | "check" | "when" | "then" | "else" | "is" | "like"
                    ))
                && !(at > 0 && pieces[at - 1].text == "in")
        });
        if let Some(at) = single {
            pieces.remove(at + 2);
            pieces.remove(at);
            continue;
        }
        let whole = pieces.len() >= 2 && pieces[0].text == "(" && {
            let mut depth = 0_i32;
            let closes = pieces.iter().position(|piece| {
                match piece.text.as_str() {
                    "(" if !piece.word => depth += 1,
                    ")" if !piece.word => depth -= 1,
                    _ => {}
                }
                depth == 0
            });
            closes == Some(pieces.len() - 1)
        };
        if !whole {
            return;
        }
        pieces.pop();
        pieces.remove(0);
    }
}

/// Tokens without the parentheses around the whole.
fn stripped(text: &str, mut tokens: &[Token]) -> Vec<Token> {
    loop {
        let symbol = |token: Option<&Token>, c: char| token.is_some_and(|token| token.kind == TokenKind::Symbol(c));
        if !(symbol(tokens.first(), '(') && symbol(tokens.last(), ')')) {
            return tokens.to_vec();
        }
        let mut depth = 0_i32;
        let closes = tokens.iter().position(|token| {
            match token.kind {
                TokenKind::Symbol('(') => depth += 1,
                TokenKind::Symbol(')') => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        if closes != Some(tokens.len() - 1) {
            return tokens.to_vec();
        }
        tokens = &tokens[1..tokens.len() - 1];
        let _ = text;
    }
}

pub(crate) fn default_tokens(text: &str, tokens: &[Token], dialect: Dialect) -> ColumnDefault {
    let tokens = stripped(text, tokens);
    let origin = Origin::File(Source::new(RepoPath::root(), ""));
    let mut cursor = Cursor::new(text, &tokens, dialect, &origin);
    match constant(&mut cursor, 0) {
        Some(value) if cursor.at_end() => value,
        _ => ColumnDefault::Expression(canonical_tokens(text, &tokens, dialect)),
    }
}

/// Reads a constant with its casts; none where there is something else. An array stands only where a cast or ARRAY says so.
fn constant(cursor: &mut Cursor<'_>, depth: usize) -> Option<ColumnDefault> {
    if depth > 8 {
        return None;
    }
    let token = cursor.token(0)?;
    let word = cursor.text_of(token).to_ascii_lowercase();
    let mut value = match token.kind {
        TokenKind::Text => {
            if cursor.dialect == Dialect::MySql && word.starts_with(['b', 'x']) {
                return None;
            }
            ColumnDefault::Text(cursor.string().ok()?)
        }
        TokenKind::Number => {
            cursor.skip();
            ColumnDefault::Number(cursor.text_of(token).to_owned())
        }
        TokenKind::Symbol(sign @ ('-' | '+')) => {
            cursor.skip();
            // A plus sign stays in what the database stores: `+10` is an expression there.
            let kept = sign == '+' && matches!(cursor.dialect, Dialect::PostgreSql | Dialect::Sqlite);
            let number = cursor.token(0).filter(|token| token.kind == TokenKind::Number && !kept)?;
            cursor.skip();
            let digits = cursor.text_of(number);
            ColumnDefault::Number(if sign == '-' { format!("-{digits}") } else { digits.to_owned() })
        }
        TokenKind::Symbol('(') => {
            cursor.skip();
            let value = constant(cursor, depth + 1)?;
            cursor.eat_symbol(')').then_some(value)?
        }
        TokenKind::Word => match word.as_str() {
            "true" => literal(cursor, ColumnDefault::Bool(true)),
            "false" => literal(cursor, ColumnDefault::Bool(false)),
            "null" => literal(cursor, ColumnDefault::Null),
            "array" => list(cursor, depth)?,
            "now" | "current_timestamp" | "localtimestamp" | "localtime" | "getdate" => now(cursor, &word)?,
            "cast" => cast(cursor, depth)?,
            "nextval" => next_value(cursor)?,
            _ => return None,
        },
        _ => return None,
    };
    while cursor.dialect.is_postgres_like() && cursor.token(0).is_some_and(|token| token.kind == TokenKind::Cast) {
        cursor.skip();
        let ty = super::types::read(cursor).ok()?;
        if ty.array
            && let ColumnDefault::Text(text) = &value
        {
            value = array_text(text)?;
        }
    }
    Some(value)
}

fn literal(cursor: &mut Cursor<'_>, value: ColumnDefault) -> ColumnDefault {
    cursor.skip();
    value
}

/// `ARRAY[a, b]`.
fn list(cursor: &mut Cursor<'_>, depth: usize) -> Option<ColumnDefault> {
    cursor.skip();
    cursor.eat_symbol('[').then_some(())?;
    let mut values = Vec::new();
    while !cursor.eat_symbol(']') {
        values.push(constant(cursor, depth + 1)?);
        if !cursor.eat_symbol(',') {
            cursor.eat_symbol(']').then_some(())?;
            break;
        }
    }
    Some(ColumnDefault::List(values))
}

/// `CAST(constant AS type)`.
fn cast(cursor: &mut Cursor<'_>, depth: usize) -> Option<ColumnDefault> {
    cursor.skip();
    let mut inside = cursor.inside().ok()?;
    let value = constant(&mut inside, depth + 1)?;
    inside.eat("as").then_some(())?;
    let ty = super::types::read(&mut inside).ok()?;
    (inside.at_end() && !ty.array).then_some(value)
}

/// The moment of the statement. PostgreSQL's `localtimestamp`, `localtime` and `transaction_timestamp()` are kept as
/// other things than `now()`.
fn now(cursor: &mut Cursor<'_>, word: &str) -> Option<ColumnDefault> {
    let known = match cursor.dialect {
        Dialect::PostgreSql | Dialect::CockroachDb => {
            matches!(word, "now" | "current_timestamp")
        }
        Dialect::MySql => matches!(word, "now" | "current_timestamp" | "localtimestamp" | "localtime"),
        Dialect::SqlServer => matches!(word, "current_timestamp" | "getdate"),
        Dialect::Sqlite | Dialect::Oracle => word == "current_timestamp",
    };
    if !known {
        return None;
    }
    cursor.skip();
    let mut precision = None;
    if cursor.eat_symbol('(') {
        if !cursor.is_symbol(0, ')') {
            precision = Some(u8::try_from(cursor.number().ok()?).ok()?);
        }
        cursor.eat_symbol(')').then_some(())?;
    }
    Some(ColumnDefault::Now(precision))
}

/// `nextval('name'::regclass)`.
fn next_value(cursor: &mut Cursor<'_>) -> Option<ColumnDefault> {
    cursor.skip();
    let mut inside = cursor.inside().ok()?;
    let text = inside.string().ok()?;
    let (tokens, _) = tokenize(&text, cursor.dialect);
    let origin = cursor.origin.clone();
    let name: ObjectName = Cursor::new(&text, &tokens, cursor.dialect, &origin).object_name().ok()?;
    Some(ColumnDefault::NextVal(name))
}

/// PostgreSQL's array literal, one level deep: `{a,"b,c",NULL}`.
fn array_text(text: &str) -> Option<ColumnDefault> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut values = Vec::new();
    let mut chars = inner.chars().peekable();
    if inner.trim().is_empty() {
        return Some(ColumnDefault::List(values));
    }
    loop {
        let mut value = String::new();
        let quoted = chars.peek() == Some(&'"');
        if quoted {
            chars.next();
            loop {
                match chars.next()? {
                    '\\' => value.push(chars.next()?),
                    '"' => break,
                    c => value.push(c),
                }
            }
        } else {
            while let Some(&c) = chars.peek() {
                if c == ',' {
                    break;
                }
                if c == '{' {
                    return None;
                }
                value.push(c);
                chars.next();
            }
        }
        let null = !quoted && value.eq_ignore_ascii_case("null");
        values.push(if null { ColumnDefault::Null } else { ColumnDefault::Text(value) });
        match chars.next() {
            Some(',') => {}
            Some(_) => return None,
            None => return Some(ColumnDefault::List(values)),
        }
    }
}
