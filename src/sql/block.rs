//! Bodies with a control flow: PostgreSQL's DO and PL/pgSQL functions, MySQL's procedures.
//!
//! DDL under a condition that a catalog can answer becomes a conditional operation; an exception handler that swallows
//! what is there already makes operations tolerant. What loops and dynamic text do is not known.

use super::actions::Actions;
use super::condition;
use super::cursor::{Cursor, Read, Unread};
use super::dynamic::{self, execute};
use super::lexer::{Token, TokenKind, tokenize};
use super::routine;
use super::session::{Session, Value};
use super::statement;
use crate::catalog::condition::Condition;
use crate::catalog::operation::{Caught, Guard, OperationKind};
use crate::catalog::{Dialect, Reach};

/// Whether what follows is reached.
enum Flow {
    /// It is.
    On,
    /// It is not where this condition holds.
    Left(Condition),
}

/// DO, behind the word.
pub(super) fn do_block(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    if cursor.eat("language") {
        cursor.skip();
    }
    cursor.is_string().then_some(()).ok_or_else(|| cursor.unexpected("the text of the block"))?;
    let mut done = actions.like();
    in_string(cursor, |body| read(body, session, &mut done))?;
    cursor.skip_all();
    actions.extend(done);
    Ok(())
}

/// Reads the string in front of the cursor with `reader`; a dollar-quoted one in its own place.
pub(super) fn in_string<T>(cursor: &mut Cursor<'_>, reader: impl FnOnce(&mut Cursor<'_>) -> Read<T>) -> Read<T> {
    let unlexed = |error: super::lexer::LexError| Unread(format!("in this block {}", error.message));
    if let Some((tokens, error)) = cursor.dollar_tokens() {
        if let Some(error) = error {
            return Err(unlexed(error));
        }
        let read = reader(&mut cursor.over(&tokens));
        cursor.skip();
        return read;
    }
    let body = cursor.string()?;
    let (tokens, error) = tokenize(&body, cursor.dialect);
    if let Some(error) = error {
        return Err(unlexed(error));
    }
    let origin = super::cursor::Origin::Inside(cursor.place());
    reader(&mut Cursor::new(&body, &tokens, cursor.dialect, &origin))
}

/// A body: `[<<label>>] [DECLARE …] BEGIN … END`, or one statement (MySQL).
pub(super) fn read(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    labels(cursor);
    if !cursor.is_word(0, "declare") && !cursor.is_word(0, "begin") {
        one(cursor, session, actions)?;
        return Ok(());
    }
    block(cursor, session, actions)?;
    Ok(())
}

fn labels(cursor: &mut Cursor<'_>) {
    if cursor.token(0).is_some_and(|token| cursor.text_of(token) == "<<") {
        (0..3).for_each(|_| cursor.skip());
    }
    if cursor.dialect == Dialect::MySql && cursor.is_name(0) && cursor.is_symbol(1, ':') {
        (0..2).for_each(|_| cursor.skip());
    }
}

/// `[DECLARE …] BEGIN … [EXCEPTION …] END [label];`
fn block(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<Flow> {
    if !session.enter() {
        session.leave();
        return Err(Unread("blocks are nested too deeply".to_owned()));
    }
    let flow = block_inside(cursor, session, actions);
    session.leave();
    flow
}

fn block_inside(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<Flow> {
    if cursor.eat("declare") {
        while !cursor.at_end() && !cursor.is_word(0, "begin") {
            declaration(cursor, session);
        }
    }
    cursor.expect("begin")?;
    let mut done = actions.like();
    let mut flow = sequence(cursor, session, &mut done)?;
    if cursor.eat("exception") {
        let mut handled = actions.like();
        let mut swallowed: Option<Caught> = None;
        let mut arms = 0;
        while cursor.eat("when") {
            let from = cursor.position();
            cursor.skip_to("then");
            let condition = cursor.slice(from, cursor.position()).to_ascii_lowercase();
            cursor.expect("then")?;
            let from = cursor.position();
            sequence(cursor, session, &mut handled)?;
            arms += 1;
            if let Some(caught) = catches(&condition).filter(|_| !raises(cursor, from)) {
                swallowed = Some(swallowed.map_or(caught, |other| other.or(caught)));
            }
        }
        let exact = arms == 1 && swallowed.is_some();
        if !exact {
            handled.doubt("a statement of an exception handler");
        }
        match swallowed {
            Some(caught) if exact && handled.changes() => {
                done.attempt(caught, std::mem::replace(&mut handled, actions.like()));
            }
            Some(caught) if done.changing() > 1 => done.attempt(caught, actions.like()),
            Some(caught) => done.guard_all(Guard::Catches(caught)),
            None => {}
        }
        done.extend(handled);
        flow = Flow::On;
    }
    cursor.expect("end")?;
    if cursor.is_name(0) {
        cursor.skip();
    }
    cursor.eat_symbol(';');
    actions.extend(done);
    Ok(flow)
}

/// What a handler's condition catches of that which DDL raises.
fn catches(condition: &str) -> Option<Caught> {
    const EVERYTHING: &[&str] = &["others", "sqlstate", "invalid", "feature"];
    let has = |words: &[&str]| words.iter().any(|word| condition.contains(word));
    let existing = has(&["duplicate", "exists", "already", "unique_violation"]);
    let missing = has(&["undefined"]);
    match (existing, missing) {
        _ if has(EVERYTHING) => Some(Caught::Everything),
        (true, true) => Some(Caught::Everything),
        (true, false) => Some(Caught::Existing),
        (false, true) => Some(Caught::Missing),
        (false, false) => None,
    }
}

/// Whether the statements since `from` raise the error again.
fn raises(cursor: &Cursor<'_>, from: usize) -> bool {
    let tokens = cursor.tokens(from, cursor.position());
    let is = |token: Option<&Token>, words: &[&str]| {
        token.is_some_and(|token| words.iter().any(|word| cursor.text_of(*token).eq_ignore_ascii_case(word)))
    };
    tokens.iter().enumerate().any(|(at, token)| {
        is(Some(token), &["raise"]) && !is(tokens.get(at + 1), &["notice", "warning", "info", "log", "debug"])
    })
}

/// `name [CONSTANT] type [:= value];`
fn declaration(cursor: &mut Cursor<'_>, session: &mut Session) {
    let name = cursor.name().unwrap_or_default();
    let from = cursor.position();
    cursor.skip_past(';');
    let to = cursor.position().saturating_sub(1);
    let mut rest = cursor.part(from, to);
    while !rest.at_end() {
        let assigned =
            rest.token(0).is_some_and(|token| matches!(rest.text_of(token), ":=" | "=" | "default" | "DEFAULT"));
        rest.skip();
        if assigned {
            let value = dynamic::value(&mut rest, session);
            session.set_variable(&name, value);
            return;
        }
    }
    session.set_variable(&name, Value::Null);
}

/// Statements up to END, ELSE, ELSIF, EXCEPTION, WHEN or UNTIL.
fn sequence(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<Flow> {
    const ENDS: &[&str] = &["end", "else", "elsif", "elseif", "exception", "when", "until"];
    let mut tolerant = false;
    while !cursor.at_end() && !ENDS.iter().any(|end| cursor.is_word(0, end)) {
        if cursor.dialect == Dialect::MySql && cursor.is_word(0, "declare") {
            tolerant |= declare(cursor, session)?;
            continue;
        }
        let mut done = actions.like();
        let flow = one(cursor, session, &mut done)?;
        if tolerant {
            done.guard_all(Guard::Tolerant);
        }
        actions.extend(done);
        if let Flow::Left(left) = flow {
            if !session.enter() {
                session.leave();
                return Err(Unread("blocks are nested too deeply".to_owned()));
            }
            let mut rest = actions.like();
            let inner = sequence(cursor, session, &mut rest);
            session.leave();
            let inner = inner?;
            if tolerant {
                rest.guard_all(Guard::Tolerant);
            }
            let nothing = actions.like();
            actions.when(!left.clone(), rest, nothing, "a block that may be left before");
            return Ok(match inner {
                Flow::On => Flow::Left(left),
                Flow::Left(later) => Flow::Left(Condition::Any(vec![left, later])),
            });
        }
    }
    Ok(Flow::On)
}

/// MySQL's DECLARE in a body: says whether it is a handler that goes on after errors.
fn declare(cursor: &mut Cursor<'_>, session: &mut Session) -> Read<bool> {
    cursor.skip();
    let handler = cursor.is_word(1, "handler");
    if !handler {
        declaration(cursor, session);
        return Ok(false);
    }
    cursor.skip_until(&["begin", "set", "select", "rollback", "resignal", "insert", "update", "delete"]);
    let mut ignored = Actions::of(cursor);
    one(cursor, session, &mut ignored)?;
    Ok(true)
}

fn one(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<Flow> {
    const NOTHING: &[&str] = &[
        "raise", "null", "get", "assert", "exit", "continue", "open", "close", "fetch", "leave", "iterate", "signal",
        "resignal", "move", "lock",
    ];
    labels(cursor);
    if cursor.eat_symbol(';') {
        return Ok(Flow::On);
    }
    if cursor.is_word(0, "begin") || cursor.is_word(0, "declare") {
        return block(cursor, session, actions);
    }
    if cursor.eat("if") {
        return branches(cursor, session, actions);
    }
    if cursor.eat("case") {
        cases(cursor, session, actions)?;
        return Ok(Flow::On);
    }
    if ["for", "while", "loop", "foreach", "repeat"].iter().any(|word| cursor.is_word(0, word)) {
        repetition(cursor, session, actions)?;
        return Ok(Flow::On);
    }
    let from = cursor.position();
    cursor.skip_past(';');
    let to = cursor.position()
        - usize::from(
            cursor
                .tokens(cursor.position().saturating_sub(1), cursor.position())
                .iter()
                .any(|token| token.kind == TokenKind::Symbol(';')),
        );
    let mut own = cursor.part(from, to);
    if own.is_word(0, "return") {
        return Ok(Flow::Left(Condition::Known(true)));
    }
    if NOTHING.iter().any(|word| own.is_word(0, word)) {
        return Ok(Flow::On);
    }
    if assignment(&mut own, session) {
        return Ok(Flow::On);
    }
    if own.is_word(0, "execute") && own.dialect.is_postgres_like() {
        own.skip();
        let from = own.position();
        own.skip_until(&["using", "into"]);
        let text = dynamic::value(&mut own.part(from, own.position()), session);
        execute(&text, &own, session, actions);
        return Ok(Flow::On);
    }
    if own.eat("perform") {
        routine::call(&mut own, session, actions);
        return Ok(Flow::On);
    }
    if own.is_word(0, "select") && select_into(&own, session) {
        return Ok(Flow::On);
    }
    actions.extend(statement::read(&mut own, session));
    Ok(Flow::On)
}

/// `name := value`; says whether it is one.
fn assignment(cursor: &mut Cursor<'_>, session: &mut Session) -> bool {
    let assigns = |cursor: &Cursor<'_>, ahead: usize| {
        cursor.token(ahead).is_some_and(|token| matches!(cursor.text_of(token), ":=" | "="))
    };
    let set = cursor.dialect == Dialect::MySql && cursor.is_word(0, "set");
    if set {
        return set_variables(cursor, session);
    }
    if !cursor.is_name(0) {
        return false;
    }
    let name = cursor.token(0).map(|token| cursor.text_of(token)).unwrap_or_default();
    // `row.field := value` and `array[1] := value` set a part of something that is not followed.
    let whole = assigns(cursor, 1);
    let part = cursor.is_symbol(1, '.') && assigns(cursor, 3) || cursor.is_symbol(1, '[');
    if whole {
        (0..2).for_each(|_| cursor.skip());
        let value = dynamic::value(cursor, session);
        session.set_variable(name, value);
    }
    whole || part
}

/// MySQL's `SET @a = value, b = value`; false where it sets something of the server's.
pub(super) fn set_variables(cursor: &mut Cursor<'_>, session: &mut Session) -> bool {
    let start = cursor.position();
    cursor.skip();
    let _ = cursor.eat("session") || cursor.eat("global") || cursor.eat("local");
    while let Some(token) = cursor.token(0) {
        let name = cursor.text_of(token);
        let known = token.kind == TokenKind::Parameter && !name.starts_with("@@") || session.variable(name).is_some();
        let assigned = cursor.token(1).is_some_and(|token| matches!(cursor.text_of(token), "=" | ":="));
        if !known || !assigned {
            cursor.set_position(start);
            return false;
        }
        (0..2).for_each(|_| cursor.skip());
        let from = cursor.position();
        cursor.skip_until(&[","]);
        let value = dynamic::value(&mut cursor.part(from, cursor.position()), session);
        session.set_variable(name, value);
        if !cursor.eat_symbol(',') {
            break;
        }
    }
    true
}

/// `SELECT … INTO variable …`; says whether it is one. (In a body INTO never makes a table.)
pub(super) fn select_into(cursor: &Cursor<'_>, session: &mut Session) -> bool {
    let mut own = cursor.clone();
    own.skip_until(&["into"]);
    if own.at_end() {
        return false;
    }
    let before = own.position();
    own.skip();
    own.eat("strict");
    let mut names = Vec::new();
    loop {
        let Some(token) = own.token(0) else { return false };
        names.push(own.text_of(token));
        own.skip();
        if !own.eat_symbol(',') {
            break;
        }
    }
    let behind = own.position();
    own.skip_all();
    let tokens: Vec<Token> = own.tokens(0, before).iter().chain(own.tokens(behind, own.position())).copied().collect();
    let value = dynamic::scalar(&mut cursor.over(&tokens), session);
    let found = match &value {
        Value::Holds(condition) if tokens.iter().any(|token| cursor.text_of(*token).eq_ignore_ascii_case("from")) => {
            Value::Holds(condition.clone())
        }
        _ => Value::Unknown,
    };
    session.set_variable("found", found);
    match names.as_slice() {
        [name] => session.set_variable(name, value),
        names => names.iter().for_each(|name| session.set_variable(name, Value::Unknown)),
    }
    true
}

/// `condition THEN … [ELSIF …] [ELSE …] END IF;`
fn branches(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<Flow> {
    if !session.enter() {
        session.leave();
        return Err(Unread("blocks are nested too deeply".to_owned()));
    }
    let flow = branch(cursor, session, actions);
    session.leave();
    let flow = flow?;
    cursor.expect("end if")?;
    cursor.eat_symbol(';');
    Ok(flow)
}

/// One branch and those behind it.
fn branch(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<Flow> {
    const WHY: &str = "a condition that a catalog cannot answer";
    let from = cursor.position();
    cursor.skip_to("then");
    let asked = condition::read(&mut cursor.part(from, cursor.position()), session);
    cursor.expect("then")?;
    let mark = session.mark();
    let (mut then, mut otherwise) = (actions.like(), actions.like());
    let left = sequence(cursor, session, &mut then)?;
    let left_otherwise = if cursor.eat("elsif") || cursor.eat("elseif") {
        if !session.enter() {
            session.leave();
            return Err(Unread("blocks are nested too deeply".to_owned()));
        }
        let flow = branch(cursor, session, &mut otherwise);
        session.leave();
        flow?
    } else if cursor.eat("else") {
        sequence(cursor, session, &mut otherwise)?
    } else {
        Flow::On
    };
    session.forget_since(mark);
    actions.when(asked.clone(), then, otherwise, WHY);
    let under = |condition: Condition, flow: Flow| match flow {
        Flow::On => None,
        Flow::Left(Condition::Known(true)) => Some(condition),
        Flow::Left(left) => Some(Condition::All(vec![condition, left])),
    };
    let mut ways: Vec<Condition> =
        under(asked.clone(), left).into_iter().chain(under(!asked, left_otherwise)).collect();
    Ok(match ways.len() {
        0 => Flow::On,
        1 => Flow::Left(ways.remove(0)),
        _ => Flow::Left(Condition::Any(ways)),
    })
}

/// CASE as a statement: which branch is done is not known.
fn cases(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    let mark = session.mark();
    let mut done = actions.like();
    cursor.skip_to("when");
    while cursor.eat("when") {
        cursor.skip_to("then");
        cursor.expect("then")?;
        sequence(cursor, session, &mut done)?;
    }
    if cursor.eat("else") {
        sequence(cursor, session, &mut done)?;
    }
    cursor.expect("end case")?;
    cursor.eat_symbol(';');
    session.forget_since(mark);
    done.doubt("one of several cases");
    actions.extend(done);
    Ok(())
}

/// A loop. One over constants is read once for each of them; what another does is in doubt.
fn repetition(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    const OPENS: &[&str] = &["loop", "do"];
    let mut values = None;
    let sort = cursor.token(0).map(|token| cursor.text_of(token).to_ascii_lowercase()).unwrap_or_default();
    if sort != "repeat" {
        if sort == "foreach" || sort == "for" {
            values = constants(cursor);
        }
        while !cursor.at_end() && !OPENS.iter().any(|word| cursor.is_word(0, word)) {
            cursor.skip();
        }
    }
    cursor.skip();
    let body = cursor.position();
    let mark = session.mark();
    let mut done = actions.like();
    if let Some((name, values)) = values {
        for value in values {
            cursor.set_position(body);
            session.set_variable(&name, Value::Text(value));
            let mut turn = actions.like();
            let flow = sequence(cursor, session, &mut turn)?;
            if matches!(flow, Flow::Left(_)) {
                turn.doubt("a loop that may end early");
            }
            done.extend(turn);
            if !session.repeat(1) {
                let reason = "a loop of more turns than are followed".to_owned();
                done.push(OperationKind::Opaque { reason, reach: Reach::Everything });
                break;
            }
        }
    } else {
        // What a body sets, its next turn finds set.
        sequence(cursor, session, &mut actions.like())?;
        session.forget_since(mark);
        cursor.set_position(body);
        sequence(cursor, session, &mut done)?;
        done.doubt("a loop");
    }
    session.forget_since(mark);
    if sort == "repeat" {
        cursor.expect("until")?;
        cursor.skip_to("end");
    }
    cursor.expect("end")?;
    cursor.skip_past(';');
    actions.extend(done);
    Ok(())
}

/// The constants that a loop goes through, with the variable's name: `FOREACH x IN ARRAY ARRAY['a','b']`,
/// `FOR x IN SELECT unnest(ARRAY['a','b'])`.
fn constants(cursor: &Cursor<'_>) -> Option<(String, Vec<String>)> {
    let mut own = cursor.clone();
    own.skip();
    let name = own.name().ok()?;
    own.expect("in").ok()?;
    let unnested = own.eat("select unnest") && own.eat_symbol('(');
    if !(own.eat("array array") || own.eat("array") && unnested) || !own.eat_symbol('[') {
        return None;
    }
    let mut values = Vec::new();
    loop {
        values.push(own.string().ok()?);
        condition::cast(&mut own);
        if !own.eat_symbol(',') {
            break;
        }
    }
    own.eat_symbol(']').then_some(())?;
    condition::cast(&mut own);
    if unnested {
        own.eat_symbol(')').then_some(())?;
        own.eat("as").then(|| own.skip());
    }
    own.is_word(0, "loop").then_some((name, values))
}
