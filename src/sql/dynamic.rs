//! SQL in strings: what a text is that a script puts together, and what it does.

use super::actions::Actions;
use super::condition::{self, lookup};
use super::cursor::{Cursor, Origin};
use super::lexer::{Token, TokenKind, tokenize};
use super::session::{Session, Value};
use super::statement;
use crate::catalog::condition::Condition;
use crate::catalog::operation::OperationKind as K;
use crate::catalog::{Dialect, Reach};

/// The longest text that is put together, in bytes.
const MAX_LEN: usize = 1 << 20;

/// The value of everything in front of the cursor.
pub(super) fn value(cursor: &mut Cursor<'_>, session: &mut Session) -> Value {
    if !session.enter() {
        session.leave();
        return Value::Unknown;
    }
    let mut found = term(cursor, session).unwrap_or(Value::Unknown);
    loop {
        let joins = cursor.token(0).is_some_and(|token| {
            let text = cursor.text_of(token);
            text == "||" || text == "+" && cursor.dialect == Dialect::SqlServer
        });
        if !joins {
            break;
        }
        cursor.skip();
        let next = term(cursor, session).unwrap_or(Value::Unknown);
        found = found.joined(next);
    }
    session.leave();
    if cursor.at_end() { found } else { found.begun() }
}

impl Value {
    /// One text behind the other.
    fn joined(self, next: Value) -> Value {
        match (self, next) {
            (Self::Text(a), Self::Text(b)) if a.len() + b.len() <= MAX_LEN => Self::Text(a + &b),
            (Self::Text(a), Self::Number(b)) => Self::Text(format!("{a}{b}")),
            (Self::Text(a), Self::Choice(condition, b, c)) => {
                let first = Self::Text(a.clone()).joined(*b);
                Self::Choice(condition, Box::new(first), Box::new(Self::Text(a).joined(*c)))
            }
            (Self::Choice(condition, a, b), next) => {
                Self::Choice(condition, Box::new(a.joined(next.clone())), Box::new(b.joined(next)))
            }
            (Self::Text(a), Self::Beginning(b)) if a.len() + b.len() <= MAX_LEN => Self::Beginning(a + &b),
            (Self::Text(a) | Self::Beginning(a), _) => Self::Beginning(a),
            _ => Self::Unknown,
        }
    }

    /// The same where something unknown follows.
    fn begun(self) -> Value {
        match self {
            Self::Text(text) => Self::Beginning(text),
            Self::Beginning(text) => Self::Beginning(text),
            _ => Self::Unknown,
        }
    }
}

/// One value: a string, a variable, a call; none where it is not known how it ends.
pub(super) fn term(cursor: &mut Cursor<'_>, session: &mut Session) -> Option<Value> {
    let token = cursor.token(0)?;
    let found = match token.kind {
        TokenKind::Text => Value::Text(cursor.string().ok()?),
        TokenKind::Number => cursor.number().map(Value::Number).ok()?,
        TokenKind::Symbol('(') => {
            let mut inside = cursor.inside().ok()?;
            if inside.is_word(0, "select") { scalar(&mut inside, session) } else { value(&mut inside, session) }
        }
        TokenKind::Parameter => {
            cursor.skip();
            session.variable(cursor.text_of(token)).cloned().unwrap_or(Value::Unknown)
        }
        TokenKind::Word => word(cursor, session)?,
        TokenKind::Quoted => {
            cursor.object_name().ok()?;
            Value::Unknown
        }
        _ => return None,
    };
    condition::cast(cursor);
    Some(found)
}

fn word(cursor: &mut Cursor<'_>, session: &mut Session) -> Option<Value> {
    if cursor.eat("null") {
        return Some(Value::Null);
    }
    for (word, number) in [("true", 1), ("false", 0)] {
        if cursor.eat(word) {
            return Some(Value::Number(number));
        }
    }
    if cursor.is_word(0, "select") {
        return Some(scalar(cursor, session));
    }
    if cursor.is_word(0, "exists") && cursor.is_symbol(1, '(') {
        cursor.skip();
        return Some(Value::Holds(condition::query(&mut cursor.inside().ok()?, session)));
    }
    if let Some(found) = lookup(cursor) {
        return Some(found);
    }
    if cursor.eat("case") {
        return case(cursor, session);
    }
    if !cursor.is_symbol(1, '(') {
        let name = cursor.text_of(cursor.token(0)?);
        let known = session.variable(name).cloned();
        cursor.object_name().ok()?;
        return Some(known.unwrap_or(Value::Unknown));
    }
    let function = cursor.text_of(cursor.token(0)?).to_ascii_lowercase();
    cursor.skip();
    let mut inside = cursor.inside().ok()?;
    let mut args = Vec::new();
    if function == "if" || function == "iif" {
        let asked = condition_up_to_comma(&mut inside, session);
        inside.eat_symbol(',').then_some(())?;
        let mut rest = arguments(&mut inside, session).into_iter();
        return Some(Value::Choice(asked, Box::new(rest.next()?), Box::new(rest.next()?)));
    }
    args.extend(arguments(&mut inside, session));
    Some(match (function.as_str(), args.as_slice()) {
        ("concat", _) => args.into_iter().reduce(Value::joined)?,
        ("format", [Value::Text(text), values @ ..]) => formatted(text, values),
        ("quote_ident", [Value::Text(text)]) => Value::Text(format!("\"{}\"", text.replace('"', "\"\""))),
        ("quotename", [Value::Text(text)]) => Value::Text(format!("[{}]", text.replace(']', "]]"))),
        ("quote_literal" | "quote_nullable", [Value::Text(text)]) => {
            Value::Text(format!("'{}'", text.replace('\'', "''")))
        }
        ("coalesce" | "ifnull" | "isnull", [first, ..]) => match first {
            Value::Text(_) | Value::Number(_) => first.clone(),
            _ => Value::Unknown,
        },
        _ => Value::Unknown,
    })
}

/// The tokens up to the next comma, as a condition.
fn condition_up_to_comma(cursor: &mut Cursor<'_>, session: &mut Session) -> Condition {
    let from = cursor.position();
    cursor.skip_until(&[","]);
    condition::read(&mut cursor.part(from, cursor.position()), session)
}

fn arguments(cursor: &mut Cursor<'_>, session: &mut Session) -> Vec<Value> {
    let mut values = Vec::new();
    while !cursor.at_end() {
        let from = cursor.position();
        cursor.skip_until(&[","]);
        values.push(value(&mut cursor.part(from, cursor.position()), session));
        if !cursor.eat_symbol(',') {
            break;
        }
    }
    values
}

/// `CASE WHEN condition THEN value ELSE value END`.
fn case(cursor: &mut Cursor<'_>, session: &mut Session) -> Option<Value> {
    cursor.expect("when").ok()?;
    let piece = |cursor: &mut Cursor<'_>, stops: &[&str]| {
        let from = cursor.position();
        cursor.skip_until(stops);
        (from, cursor.position())
    };
    let (from, to) = piece(cursor, &["then"]);
    let asked = condition::read(&mut cursor.part(from, to), session);
    cursor.expect("then").ok()?;
    let (from, to) = piece(cursor, &["else", "end", "when"]);
    let then = value(&mut cursor.part(from, to), session);
    let otherwise = if cursor.eat("else") {
        let (from, to) = piece(cursor, &["end"]);
        value(&mut cursor.part(from, to), session)
    } else {
        Value::Null
    };
    cursor.expect("end").ok()?;
    Some(Value::Choice(asked, Box::new(then), Box::new(otherwise)))
}

/// What `SELECT …` gives: a value, or what it finds in the database's own catalogs.
pub(super) fn scalar(cursor: &mut Cursor<'_>, session: &mut Session) -> Value {
    let start = cursor.position();
    cursor.skip();
    let from = cursor.position();
    cursor.skip_until(&["from"]);
    let reads = !cursor.at_end();
    if !reads {
        return value(&mut cursor.part(from, cursor.position()), session);
    }
    let mut listed = cursor.part(from, cursor.position());
    // `IF(count(*) > 0, 'a', 'b')` and its like: the count is what the query finds.
    let chosen = ["if", "iif"].iter().any(|word| listed.is_word(0, word)) && listed.is_symbol(1, '(');
    cursor.set_position(start);
    let found = condition::query(cursor, session);
    cursor.skip_all();
    if chosen {
        listed.skip();
        if let Ok(mut inside) = listed.inside() {
            session.set_variable("count", Value::Holds(found));
            inside.skip_until(&[","]);
            let to = inside.position();
            let counts = inside.tokens(0, to).iter().any(|token| inside.text_of(*token).eq_ignore_ascii_case("count"));
            let mut asked = inside.part(0, to);
            let asked = if counts { counted(&mut asked, session) } else { Condition::Unknown };
            if inside.eat_symbol(',') {
                let mut rest = arguments(&mut inside, session).into_iter();
                if let (Some(a), Some(b)) = (rest.next(), rest.next()) {
                    return Value::Choice(asked, Box::new(a), Box::new(b));
                }
            }
        }
        return Value::Unknown;
    }
    Value::Holds(found)
}

/// `count(*) > 0` where the variable `count` is known.
fn counted(cursor: &mut Cursor<'_>, session: &mut Session) -> Condition {
    let tokens: Vec<Token> = {
        cursor.skip();
        if cursor.parentheses().is_err() {
            return Condition::Unknown;
        }
        let behind = cursor.position();
        cursor.skip_all();
        cursor.tokens(0, 1).iter().chain(cursor.tokens(behind, cursor.position())).copied().collect()
    };
    condition::read(&mut cursor.over(&tokens), session)
}

/// PostgreSQL's `format`: <https://www.postgresql.org/docs/current/functions-string.html#FUNCTIONS-STRING-FORMAT>.
fn formatted(text: &str, values: &[Value]) -> Value {
    let mut found = Value::Text(String::new());
    let mut next = 0;
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        found = found.joined(Value::Text(rest[..at].to_owned()));
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('%') {
            found = found.joined(Value::Text("%".to_owned()));
            rest = behind;
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if rest[digits..].starts_with('$') {
            next = rest[..digits].parse::<usize>().unwrap_or(0).saturating_sub(1);
            rest = &rest[digits + 1..];
        }
        let value = values.get(next).cloned().unwrap_or(Value::Unknown);
        next += 1;
        let quoted = match (rest.chars().next(), value) {
            (Some('I'), Value::Text(text)) => Value::Text(format!("\"{}\"", text.replace('"', "\"\""))),
            (Some('L'), Value::Text(text)) => Value::Text(format!("'{}'", text.replace('\'', "''"))),
            (Some('s'), value) => value,
            _ => Value::Unknown,
        };
        found = found.joined(quoted);
        rest = rest.get(1..).unwrap_or_default();
    }
    found.joined(Value::Text(rest.to_owned()))
}

/// Does a text that a script put together.
pub(super) fn execute(value: &Value, cursor: &Cursor<'_>, session: &mut Session, actions: &mut Actions) {
    const DYNAMIC: &str = "dynamic SQL";
    match value {
        Value::Text(text) => {
            let mut done = actions.like();
            let origin = Origin::Inside(cursor.place());
            if !session.enter() || !statements(text, cursor.dialect, &origin, session, &mut done) {
                done = actions.like();
                done.push(K::Opaque { reason: DYNAMIC.to_owned(), reach: Reach::Everything });
            }
            session.leave();
            actions.extend(done);
        }
        Value::Choice(condition, a, b) => {
            let (mut then, mut otherwise) = (actions.like(), actions.like());
            execute(a, cursor, session, &mut then);
            execute(b, cursor, session, &mut otherwise);
            actions.when(condition.clone(), then, otherwise, "dynamic SQL under a condition");
        }
        Value::Beginning(text) => beginning(text, cursor, actions),
        Value::Null => {}
        Value::Number(_) | Value::Holds(_) | Value::Unknown => {
            actions.push(K::Opaque { reason: DYNAMIC.to_owned(), reach: Reach::Everything });
        }
    }
}

/// Reads the statements of a text; false where it is no SQL.
pub(super) fn statements(
    text: &str,
    dialect: Dialect,
    origin: &Origin,
    session: &mut Session,
    actions: &mut Actions,
) -> bool {
    let (tokens, error) = tokenize(text, dialect);
    if error.is_some() {
        return false;
    }
    actions.extend(statement::script(&mut Cursor::new(text, &tokens, dialect, origin), session));
    true
}

/// What a text may do that is only known in its beginning.
fn beginning(text: &str, cursor: &Cursor<'_>, actions: &mut Actions) {
    const HARMLESS: &[&str] = &[
        "grant",
        "revoke",
        "create policy",
        "drop policy",
        "create trigger",
        "drop trigger",
        "create function",
        "drop function",
        "drop procedure",
        "create or replace",
        "insert",
        "update",
        "delete",
        "select",
        "truncate",
        "alter default privileges",
        "set",
        "alter role",
        "alter database",
        "analyze",
        "vacuum",
        "refresh",
        "create role",
        "create user",
        "drop role",
        "reindex",
        "alter publication",
        "notify",
        "call",
        "with",
        "lock",
    ];
    let (tokens, _) = tokenize(text, cursor.dialect);
    let origin = cursor.origin.clone();
    let mut start = Cursor::new(text, &tokens, cursor.dialect, &origin);
    // What follows may be another statement, but hardly is.
    if HARMLESS.iter().any(|words| start.looking_at(words)) {
        actions.push(K::Harmless("dynamic SQL that a catalog does not hold"));
        return;
    }
    let sequence = start.looking_at("alter sequence") || start.looking_at("create sequence");
    let reach = if sequence { Reach::Nothing } else { named(&mut start).unwrap_or(Reach::Everything) };
    actions.push(K::Opaque { reason: "dynamic SQL".to_owned(), reach });
}

/// The table that `ALTER TABLE name …` names, where more follows the name.
fn named(start: &mut Cursor<'_>) -> Option<Reach> {
    let table = ["alter table", "drop table", "create table"].iter().any(|words| start.eat(words));
    let kind = table || start.eat("alter type") || start.eat("drop type") || start.eat("create type");
    if !kind {
        return None;
    }
    let _ = start.eat("if exists") || start.eat("if not exists");
    start.eat("only");
    let name = start.object_name().ok()?;
    // `app.` says in which schema the table is, and not which it is.
    if start.at_end() || start.is_symbol(0, '.') {
        return None;
    }
    Some(if table { Reach::Table(name) } else { Reach::Type(name) })
}
