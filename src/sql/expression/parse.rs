//! Tokens to expression trees, by precedence.

use super::tree::{Expr, Infix, power};
use super::{joined, name_text};
use crate::catalog::Dialect;
use crate::sql::cursor::Cursor;
use crate::sql::lexer::TokenKind;
use crate::sql::types;

/// The deepest nesting that is followed.
const MAX_DEPTH: usize = 100;

/// The most operators in a row. What is larger is compared as nothing but unknown.
const MAX_CHAIN: usize = 500;

/// The longest operand, as text, that is written down twice: `BETWEEN` doubles it, and so does the next.
const MAX_DOUBLED: usize = 10_000;

/// Functions that are called without parentheses where they have no argument.
const MOMENTS: &[&str] = &["current_timestamp", "localtime", "localtimestamp"];

/// Reads everything in front of the cursor as one expression; none where it is not one that is known.
pub(super) fn whole(cursor: &mut Cursor<'_>) -> Option<Expr> {
    let expr = binary(cursor, 0, 0)?;
    cursor.at_end().then_some(expr)
}

/// An expression of operators that bind at least as tightly as `least`.
fn binary(cursor: &mut Cursor<'_>, least: u8, depth: usize) -> Option<Expr> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut left = prefix(cursor, depth)?;
    // Every operator is one level of the tree more, on its left.
    for _ in 0..MAX_CHAIN {
        let start = cursor.position();
        match infix(cursor, left, least, depth)? {
            (next, true) => left = next,
            (same, false) => {
                cursor.set_position(start);
                return Some(same);
            }
        }
    }
    None
}

/// One operator behind `left` and what belongs to it; says whether there was one.
fn infix(cursor: &mut Cursor<'_>, left: Expr, least: u8, depth: usize) -> Option<(Expr, bool)> {
    let Some(token) = cursor.token(0) else { return Some((left, false)) };
    let done = |expr| Some((expr, true));
    match token.kind {
        TokenKind::Cast if !cursor.dialect.is_postgres_like() => None,
        TokenKind::Cast => {
            cursor.skip();
            let ty = types::read(cursor).ok()?;
            done(Expr::Cast(Box::new(left), ty))
        }
        TokenKind::Symbol('[') => {
            let from = cursor.position();
            cursor.skip();
            cursor.skip_until(&[]);
            cursor.is_symbol(0, ']').then(|| cursor.skip())?;
            let subscript = joined(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect);
            done(Expr::Raw(format!("{}{subscript}", left.canonical(cursor.dialect))))
        }
        TokenKind::Symbol(_) | TokenKind::Operator => {
            let written = cursor.text_of(token);
            let Some(operator) = symbol(written, cursor.dialect) else { return Some((left, false)) };
            if operator.power < least {
                return Some((left, false));
            }
            cursor.skip();
            let right = binary(cursor, operator.power + 1, depth + 1)?;
            done(Expr::Infix(Box::new(left), operator, Box::new(right)))
        }
        TokenKind::Word => word_infix(cursor, left, least, depth),
        _ => Some((left, false)),
    }
}

/// An operator of symbols, in canonical text. What only looks like one is none.
fn symbol(written: &str, dialect: Dialect) -> Option<Infix> {
    let mysql = dialect == Dialect::MySql;
    Some(match written {
        "=" | "==" => Infix::new("=", power::COMPARISON),
        "<>" | "!=" => Infix::new("<>", power::COMPARISON),
        "<" | ">" | "<=" | ">=" | "<=>" => Infix::new(written, power::COMPARISON),
        "+" | "-" => Infix::new(written, power::SUM),
        "*" | "/" | "%" => Infix::new(written, power::PRODUCT),
        "^" => Infix::new(written, power::POWER),
        "&&" if mysql => Infix::new("and", power::AND),
        "||" if mysql => Infix::new("or", power::OR),
        "~~" => Infix::new("like", power::LIKE),
        "!~~" => Infix::new("not like", power::LIKE),
        "~~*" => Infix::new("ilike", power::LIKE),
        "!~~*" => Infix::new("not ilike", power::LIKE),
        ":=" | "=>" | "(" | ")" | "," | ";" | "." | "[" | "]" | "{" | "}" | ":" | "\\" => return None,
        other => Infix::new(other, power::OTHER),
    })
}

fn word_infix(cursor: &mut Cursor<'_>, left: Expr, least: u8, depth: usize) -> Option<(Expr, bool)> {
    let start = cursor.position();
    let between = |left: Expr, low: Expr, high: Expr, not: bool| {
        let compare = |operator: &str, bound: Expr| {
            Box::new(Expr::Infix(Box::new(left.clone()), Infix::new(operator, power::COMPARISON), Box::new(bound)))
        };
        if not {
            Expr::Infix(compare("<", low), Infix::new("or", power::OR), compare(">", high))
        } else {
            Expr::Infix(compare(">=", low), Infix::new("and", power::AND), compare("<=", high))
        }
    };
    for (word, power) in [("and", power::AND), ("or", power::OR), ("xor", power::OR)] {
        if power >= least && cursor.eat(word) {
            let right = binary(cursor, power + 1, depth + 1)?;
            return Some((Expr::Infix(Box::new(left), Infix::new(word, power), Box::new(right)), true));
        }
    }
    if power::IS >= least {
        if cursor.eat("isnull") || cursor.eat("is null") {
            return Some((Expr::Postfix(Box::new(left), "is null".to_owned()), true));
        }
        if cursor.eat("notnull") || cursor.eat("is not null") {
            return Some((Expr::Postfix(Box::new(left), "is not null".to_owned()), true));
        }
        for test in ["is not true", "is not false", "is not unknown", "is true", "is false", "is unknown"] {
            if cursor.eat(test) {
                return Some((Expr::Postfix(Box::new(left), test.to_owned()), true));
            }
        }
        for operator in ["is not distinct from", "is distinct from", "is not", "is"] {
            if cursor.eat(operator) {
                let right = binary(cursor, power::IS + 1, depth + 1)?;
                return Some((Expr::Infix(Box::new(left), Infix::new(operator, power::IS), Box::new(right)), true));
            }
        }
    }
    if power::CAST >= least && cursor.eat("collate") {
        let name = cursor.object_name().ok()?;
        if name.name == "default" {
            return Some((left, true));
        }
        let test = format!("collate {}", name_text(&name.name, cursor.dialect));
        return Some((Expr::Postfix(Box::new(left), test), true));
    }
    if power::POWER >= least && cursor.eat("at time zone") {
        let zone = binary(cursor, power::POWER + 1, depth + 1)?;
        return Some((Expr::Call("timezone".to_owned(), vec![zone, left]), true));
    }
    if power::LIKE < least {
        return Some((left, false));
    }
    let not = cursor.eat("not");
    if cursor.eat("between") {
        cursor.eat("symmetric");
        let low = binary(cursor, power::LIKE + 1, depth + 1)?;
        cursor.expect("and").ok()?;
        let high = binary(cursor, power::LIKE + 1, depth + 1)?;
        if left.clone().canonical(cursor.dialect).len() > MAX_DOUBLED {
            return None;
        }
        return Some((between(left, low, high, not), true));
    }
    if cursor.eat("in") {
        let from = cursor.position();
        let mut inside = cursor.inside().ok()?;
        if is_query(&inside) {
            let text = joined(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect);
            return Some((Expr::In { of: Box::new(left), list: vec![Expr::Raw(strip(&text))], not }, true));
        }
        let list = list(&mut inside, depth)?;
        return Some((Expr::In { of: Box::new(left), list, not }, true));
    }
    for word in ["like", "ilike", "similar to", "regexp", "rlike", "glob", "match", "div", "mod"] {
        if cursor.eat(word) {
            let right = binary(cursor, power::LIKE + 1, depth + 1)?;
            let text = if not { format!("not {word}") } else { word.to_owned() };
            let mut expr = Expr::Infix(Box::new(left), Infix::new(text, power::LIKE), Box::new(right));
            if cursor.eat("escape") {
                let mark = binary(cursor, power::LIKE + 1, depth + 1)?.canonical(cursor.dialect);
                expr = Expr::Postfix(Box::new(expr), format!("escape {mark}"));
            }
            return Some((expr, true));
        }
    }
    cursor.set_position(start);
    Some((left, false))
}

/// Text without its outer parentheses.
fn strip(text: &str) -> String {
    text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text).to_owned()
}

fn is_query(cursor: &Cursor<'_>) -> bool {
    ["select", "with", "values"].iter().any(|word| cursor.is_word(0, word))
}

/// Expressions between commas, up to the end.
fn list(cursor: &mut Cursor<'_>, depth: usize) -> Option<Vec<Expr>> {
    let mut found = Vec::new();
    while !cursor.at_end() {
        found.push(binary(cursor, 0, depth + 1)?);
        if !cursor.eat_symbol(',') {
            break;
        }
    }
    cursor.at_end().then_some(found)
}

fn prefix(cursor: &mut Cursor<'_>, depth: usize) -> Option<Expr> {
    let token = cursor.token(0)?;
    let written = cursor.text_of(token);
    match token.kind {
        TokenKind::Text => {
            if written.starts_with(['b', 'B', 'x', 'X']) {
                cursor.skip();
                return Some(Expr::Bits(written.to_lowercase()));
            }
            cursor.string().ok().map(Expr::Text)
        }
        TokenKind::Number => {
            cursor.skip();
            Some(Expr::Number(written.to_lowercase()))
        }
        TokenKind::Parameter => {
            cursor.skip();
            Some(Expr::Name(written.to_lowercase()))
        }
        TokenKind::Symbol('(') => {
            let from = cursor.position();
            let mut inside = cursor.inside().ok()?;
            if is_query(&inside) {
                let tokens = cursor.tokens(from, cursor.position());
                return Some(Expr::Raw(joined(cursor.source_text(), tokens, cursor.dialect)));
            }
            let mut all = list(&mut inside, depth)?;
            Some(if all.len() == 1 { all.remove(0) } else { Expr::Row(all) })
        }
        TokenKind::Symbol('-' | '+' | '~' | '!' | '@') | TokenKind::Operator => {
            cursor.skip();
            let inner = binary(cursor, power::SIGN + 1, depth + 1)?;
            Some(if written == "!" {
                Expr::Prefix("not".to_owned(), Box::new(inner))
            } else {
                Expr::Prefix(written.to_owned(), Box::new(inner))
            })
        }
        TokenKind::Word => word(cursor, depth),
        TokenKind::Quoted => name(cursor, depth),
        _ => None,
    }
}

/// An expression that begins with a word.
fn word(cursor: &mut Cursor<'_>, depth: usize) -> Option<Expr> {
    if cursor.eat("not") {
        return Some(Expr::Prefix("not".to_owned(), Box::new(binary(cursor, power::NOT, depth + 1)?)));
    }
    for (word, value) in [("null", Expr::Null), ("true", Expr::Bool(true)), ("false", Expr::Bool(false))] {
        if cursor.eat(word) {
            return Some(value);
        }
    }
    if cursor.is_word(0, "array") && cursor.is_symbol(1, '[') {
        cursor.skip();
        return array(cursor, depth);
    }
    if (cursor.is_word(0, "cast") || cursor.is_word(0, "try_cast")) && cursor.is_symbol(1, '(') {
        cursor.skip();
        let mut inside = cursor.inside().ok()?;
        let inner = binary(&mut inside, 0, depth + 1)?;
        inside.expect("as").ok()?;
        let ty = types::read(&mut inside).ok()?;
        return inside.at_end().then(|| Expr::Cast(Box::new(inner), ty));
    }
    let raw = |cursor: &mut Cursor<'_>, from: usize| {
        Expr::Raw(joined(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect))
    };
    if cursor.is_word(0, "case") {
        return case(cursor, depth);
    }
    if cursor.is_word(0, "exists") && cursor.is_symbol(1, '(') {
        let from = cursor.position();
        cursor.skip();
        cursor.parentheses().ok()?;
        return Some(raw(cursor, from));
    }
    // `INTERVAL 7 DAY` (MySQL) and `INTERVAL '7' DAY`.
    if cursor.is_word(0, "interval") && cursor.token(1).is_some_and(|token| token.kind == TokenKind::Number) {
        let from = cursor.position();
        (0..3).for_each(|_| cursor.skip());
        return Some(raw(cursor, from));
    }
    // `date '2020-01-01'`: a type and a string.
    let from = cursor.position();
    if cursor.token(1).is_some_and(|token| token.kind == TokenKind::Text)
        || cursor.is_word(0, "timestamp") && !cursor.is_symbol(1, '.')
    {
        if let Ok(ty) = types::read(cursor)
            && cursor.is_string()
        {
            let value = Expr::Text(cursor.string().ok()?);
            return Some(Expr::Cast(Box::new(value), ty));
        }
        cursor.set_position(from);
    }
    name(cursor, depth)
}

fn array(cursor: &mut Cursor<'_>, depth: usize) -> Option<Expr> {
    cursor.eat_symbol('[').then_some(())?;
    if depth > MAX_DEPTH {
        return None;
    }
    let mut list = Vec::new();
    while !cursor.eat_symbol(']') {
        list.push(if cursor.is_symbol(0, '[') { array(cursor, depth + 1)? } else { binary(cursor, 0, depth + 1)? });
        if !cursor.eat_symbol(',') {
            cursor.eat_symbol(']').then_some(())?;
            break;
        }
    }
    Some(Expr::Array(list))
}

fn case(cursor: &mut Cursor<'_>, depth: usize) -> Option<Expr> {
    cursor.skip();
    let dialect = cursor.dialect;
    let mut text = "case".to_owned();
    let mut add = |word: &str, expr: Expr| {
        text.push(' ');
        text.push_str(word);
        if !word.is_empty() {
            text.push(' ');
        }
        text.push_str(&expr.canonical(dialect));
    };
    if !cursor.is_word(0, "when") {
        add("", binary(cursor, 0, depth + 1)?);
    }
    while cursor.eat("when") {
        add("when", binary(cursor, 0, depth + 1)?);
        cursor.expect("then").ok()?;
        add("then", binary(cursor, 0, depth + 1)?);
    }
    if cursor.eat("else") {
        add("else", binary(cursor, 0, depth + 1)?);
    }
    cursor.expect("end").ok()?;
    text.push_str(" end");
    Some(Expr::Raw(text))
}

/// A name that may be qualified, or a call.
fn name(cursor: &mut Cursor<'_>, depth: usize) -> Option<Expr> {
    let dialect = cursor.dialect;
    let bare = cursor.token(0).is_some_and(|token| token.kind == TokenKind::Word);
    let mut parts = vec![cursor.name().ok()?];
    while cursor.is_symbol(0, '.') && (cursor.is_name(1) || cursor.is_symbol(1, '*')) {
        cursor.skip();
        parts.push(if cursor.eat_symbol('*') { "*".to_owned() } else { cursor.name().ok()? });
    }
    if cursor.is_symbol(0, '(') {
        // A function's own schema does not tell it apart.
        let name = parts.pop()?;
        let name = if bare || dialect.folds_names() { name.to_lowercase() } else { name_text(&name, dialect) };
        let from = cursor.position();
        let mut inside = cursor.inside().ok()?;
        let call = match list(&mut inside, depth) {
            Some(args) => Expr::Call(name, args),
            // `EXTRACT(epoch FROM x)`, `count(*)`, `string_agg(x, ',' ORDER BY y)`.
            None => {
                let args = joined(cursor.source_text(), cursor.tokens(from, cursor.position()), dialect);
                Expr::Raw(format!("{name}{args}"))
            }
        };
        if ["over", "filter", "within"].iter().any(|word| cursor.is_word(0, word)) {
            return None;
        }
        return Some(call);
    }
    if bare && parts.len() == 1 {
        let word = parts[0].to_lowercase();
        if MOMENTS.contains(&word.as_str()) {
            return Some(Expr::Call(word, Vec::new()));
        }
    }
    Some(Expr::Name(parts.iter().map(|part| name_text(part, dialect)).collect::<Vec<_>>().join(".")))
}
