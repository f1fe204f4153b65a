//! Conditions that ask the database about itself: queries of its own catalogs, `to_regclass`, `OBJECT_ID`.

mod query;

pub(super) use query::query;

use super::cursor::Cursor;
use super::dynamic::term;
use super::lexer::{TokenKind, tokenize};
use super::session::{Session, Value};
use super::types;
use crate::catalog::condition::{Condition, Subject};
use crate::catalog::{Dialect, ObjectName};

/// The condition that everything in front of the cursor is.
pub(super) fn read(cursor: &mut Cursor<'_>, session: &mut Session) -> Condition {
    if !session.enter() {
        session.leave();
        return Condition::Unknown;
    }
    let found = any(cursor, session);
    session.leave();
    if cursor.at_end() { found } else { Condition::Unknown }
}

fn any(cursor: &mut Cursor<'_>, session: &mut Session) -> Condition {
    let mut found = vec![all(cursor, session)];
    while cursor.eat("or") {
        found.push(all(cursor, session));
    }
    if found.len() == 1 { found.remove(0) } else { Condition::Any(found) }
}

fn all(cursor: &mut Cursor<'_>, session: &mut Session) -> Condition {
    let mut found = vec![not(cursor, session)];
    while cursor.eat("and") {
        found.push(not(cursor, session));
    }
    if found.len() == 1 { found.remove(0) } else { Condition::All(found) }
}

fn not(cursor: &mut Cursor<'_>, session: &mut Session) -> Condition {
    let mut negated = false;
    while cursor.eat("not") {
        negated = !negated;
    }
    let start = cursor.position();
    let found = primary(cursor, session).filter(|_| ends(cursor)).unwrap_or_else(|| {
        cursor.set_position(start);
        cursor.skip_until(&["and", "or"]);
        Condition::Unknown
    });
    if negated { !found } else { found }
}

fn ends(cursor: &Cursor<'_>) -> bool {
    cursor.at_end() || cursor.is_word(0, "and") || cursor.is_word(0, "or")
}

fn primary(cursor: &mut Cursor<'_>, session: &mut Session) -> Option<Condition> {
    if cursor.is_word(0, "exists") && cursor.is_symbol(1, '(') {
        cursor.skip();
        let found = query(&mut cursor.inside().ok()?, session);
        // `EXISTS (…) = false`
        return compared(cursor, &Value::Holds(found));
    }
    if cursor.is_symbol(0, '(') && !cursor.is_word(1, "select") {
        let start = cursor.position();
        let mut inside = cursor.inside().ok()?;
        if ends(cursor) {
            return Some(read(&mut inside, session));
        }
        cursor.set_position(start);
    }
    let value = term(cursor, session)?;
    compared(cursor, &value)
}

/// A value and what it is compared with.
fn compared(cursor: &mut Cursor<'_>, value: &Value) -> Option<Condition> {
    if cursor.eat("is not null") {
        return there(value);
    }
    if cursor.eat("is null") || cursor.eat("is false") || cursor.eat("is not true") {
        return there(value).map(|found| !found);
    }
    if ends(cursor) || cursor.eat("is true") {
        return there(value);
    }
    let operator = cursor.text_of(cursor.token(0)?).to_owned();
    cursor.skip();
    if cursor.is_string() {
        let other = cursor.string().ok()?;
        return match (value, operator.as_str()) {
            (Value::Text(text), "=") => Some(Condition::Known(*text == other)),
            (Value::Text(text), "<>" | "!=") => Some(Condition::Known(*text != other)),
            _ => None,
        };
    }
    let yes = match operator.as_str() {
        "=" if cursor.eat("true") => true,
        "=" if cursor.eat("false") => false,
        operator => match (operator, cursor.number().ok()?) {
            (">" | "<>" | "!=", 0) | (">=" | "=", 1) => true,
            ("=" | "<=", 0) | ("<", 1) => false,
            _ => return None,
        },
    };
    there(value).map(|found| if yes { found } else { !found })
}

/// Whether a value is no NULL, not zero and not FALSE.
fn there(value: &Value) -> Option<Condition> {
    match value {
        Value::Holds(condition) => Some(condition.clone()),
        Value::Number(number) => Some(Condition::Known(*number != 0)),
        Value::Null => Some(Condition::Known(false)),
        Value::Choice(condition, a, b) => match (there(a)?, there(b)?) {
            (Condition::Known(true), Condition::Known(false)) => Some(condition.clone()),
            (Condition::Known(false), Condition::Known(true)) => Some(!condition.clone()),
            _ => None,
        },
        Value::Text(_) | Value::Beginning(_) | Value::Unknown => None,
    }
}

/// A function that looks an object up: to what it finds. The name and its arguments in parentheses stand in front.
pub(super) fn lookup(cursor: &mut Cursor<'_>) -> Option<Value> {
    let start = cursor.position();
    let found = looked_up(cursor);
    if found.is_none() {
        cursor.set_position(start);
    }
    found.map(|subject| Value::Holds(Condition::Exists(subject)))
}

fn looked_up(cursor: &mut Cursor<'_>) -> Option<Subject> {
    let dialect = cursor.dialect;
    if cursor.is_word(0, "pg_catalog") && cursor.is_symbol(1, '.') {
        cursor.skip();
        cursor.skip();
    }
    let function = cursor.text_of(cursor.token(0)?).to_ascii_lowercase();
    if !cursor.is_symbol(1, '(') {
        return None;
    }
    cursor.skip();
    let mut inside = cursor.inside().ok()?;
    // COLUMNPROPERTY(OBJECT_ID('t'), 'c', …)
    let first = if inside.eat("object_id") { inside.inside().ok()?.string().ok()? } else { inside.string().ok()? };
    cast(&mut inside);
    let second = if inside.eat_symbol(',') { inside.string().ok() } else { None };
    let name = || written_name(&first, dialect);
    Some(match function.as_str() {
        "to_regclass" => Subject::Relation(name()?),
        "to_regtype" => Subject::Type(name()?),
        "to_regnamespace" | "schema_id" => Subject::Schema(name()?.name),
        "type_id" => Subject::Type(name()?),
        "object_id" => match second.as_deref().map(str::to_uppercase).as_deref() {
            Some("U") => Subject::Table(name()?),
            Some("V") => Subject::View(name()?, None),
            Some("F" | "C" | "PK" | "UQ") => Subject::Constraint { table: None, name: Some(name()?.name), kind: None },
            None => Subject::Relation(name()?),
            _ => return None,
        },
        "col_length" | "columnproperty" => {
            Subject::Column { table: name(), column: written_name(&second?, dialect)?.name, nullable: None, ty: None }
        }
        "indexproperty" => Subject::Index { table: name(), name: second? },
        _ => return None,
    })
}

/// The name that a string holds, quoted or not.
pub(super) fn written_name(text: &str, dialect: Dialect) -> Option<ObjectName> {
    let (tokens, error) = tokenize(text, dialect);
    let origin = super::cursor::Origin::nowhere();
    let mut cursor = Cursor::new(text, &tokens, dialect, &origin);
    let name = cursor.object_name().ok()?;
    (cursor.at_end() && error.is_none()).then_some(name)
}

/// Passes over `::type`, any number of them.
pub(super) fn cast(cursor: &mut Cursor<'_>) {
    while cursor.token(0).is_some_and(|token| token.kind == TokenKind::Cast) {
        cursor.skip();
        if types::read(cursor).is_err() {
            return;
        }
    }
}
