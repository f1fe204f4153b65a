//! Statements that hold statements: PostgreSQL's DO, T-SQL's IF and EXEC.
//!
//! DDL that a block only guards (`IF NOT EXISTS (SELECT … FROM pg_type …)`, `EXCEPTION WHEN duplicate_object`) is read:
//! it is done where it can be, and left where it cannot. What a loop or dynamic text does is not known.

use super::cursor::{Cursor, Read, Unread};
use super::lexer::{TokenKind, tokenize};
use super::{Actions, statement};
use crate::catalog::operation::{Guard, OperationKind as K};
use crate::catalog::{ObjectName, Reach};

/// The deepest nesting of blocks and of SQL inside strings that is followed.
const MAX_DEPTH: usize = 16;

/// DO, behind the word.
pub(super) fn do_block(cursor: &mut Cursor<'_>, actions: &mut Actions, depth: usize) -> Read<()> {
    if cursor.eat("language") {
        cursor.skip();
    }
    let body = cursor.string()?;
    if depth > MAX_DEPTH {
        return Err(Unread("blocks are nested too deeply".to_owned()));
    }
    let (tokens, error) = tokenize(&body, cursor.dialect);
    if let Some(error) = error {
        return Err(Unread(format!("in this block {}", error.message)));
    }
    let place = cursor.place();
    let origin = super::cursor::Origin::Inside(place);
    let mut inside = Cursor::new(&body, &tokens, cursor.dialect, &origin);
    cursor.skip_all();
    let mut done = Actions::default();
    block(&mut inside, &mut done, depth + 1)?;
    actions.extend(done);
    Ok(())
}

/// `[<<label>>] [DECLARE …] BEGIN … [EXCEPTION …] END`.
fn block(cursor: &mut Cursor<'_>, actions: &mut Actions, depth: usize) -> Read<()> {
    if depth > MAX_DEPTH {
        return Err(Unread("blocks are nested too deeply".to_owned()));
    }
    while !cursor.at_end() && !cursor.is_word(0, "begin") {
        cursor.skip();
    }
    cursor.expect("begin")?;
    let mut done = Actions::default();
    statements(cursor, &mut done, depth)?;
    if cursor.eat("exception") {
        let mut handled = Actions::default();
        let mut swallows = false;
        while cursor.eat("when") {
            let from = cursor.position();
            while !cursor.at_end() && !cursor.is_word(0, "then") {
                cursor.skip();
            }
            let condition = cursor.slice(from, cursor.position()).to_ascii_lowercase();
            swallows |= ["duplicate", "undefined", "others", "exists", "invalid", "already"]
                .iter()
                .any(|word| condition.contains(word));
            cursor.expect("then")?;
            statements(cursor, &mut handled, depth)?;
        }
        if swallows {
            done.guard_all(Guard::Tolerant);
        }
        handled.doubt("a statement of an exception handler");
        done.extend(handled);
    }
    cursor.expect("end")?;
    cursor.eat_symbol(';');
    actions.extend(done);
    Ok(())
}

/// Statements up to END, ELSE, ELSIF, EXCEPTION or WHEN.
fn statements(cursor: &mut Cursor<'_>, actions: &mut Actions, depth: usize) -> Read<()> {
    const ENDS: &[&str] = &["end", "else", "elsif", "elseif", "exception", "when"];
    while !cursor.at_end() && !ENDS.iter().any(|end| cursor.is_word(0, end)) {
        one(cursor, actions, depth)?;
    }
    Ok(())
}

fn one(cursor: &mut Cursor<'_>, actions: &mut Actions, depth: usize) -> Read<()> {
    const NOTHING: &[&str] =
        &["raise", "perform", "return", "null", "get", "assert", "exit", "continue", "open", "close", "fetch"];
    if cursor.eat_symbol(';') {
        return Ok(());
    }
    if cursor.is_word(0, "begin") || cursor.is_word(0, "declare") {
        return block(cursor, actions, depth + 1);
    }
    if cursor.eat("if") {
        return branches(cursor, actions, depth);
    }
    if cursor.is_word(0, "for")
        || cursor.is_word(0, "while")
        || cursor.is_word(0, "loop")
        || cursor.is_word(0, "foreach")
    {
        while !cursor.at_end() && !cursor.is_word(0, "loop") {
            cursor.skip();
        }
        cursor.expect("loop")?;
        let mut done = Actions::default();
        statements(cursor, &mut done, depth + 1)?;
        cursor.expect("end loop")?;
        while !cursor.at_end() && !cursor.eat_symbol(';') {
            cursor.skip();
        }
        done.doubt("a loop of a DO block");
        actions.extend(done);
        return Ok(());
    }
    let from = cursor.position();
    while !cursor.at_end() && !cursor.is_symbol(0, ';') {
        cursor.skip();
    }
    let to = cursor.position();
    cursor.eat_symbol(';');
    let mut own = cursor.clone();
    own.set_position(from);
    let is = |word: &str| own.is_word(0, word);
    let assigns = own.token(1).is_some_and(|token| {
        own.text_of(token) == ":=" || token.kind == TokenKind::Symbol(':') || token.kind == TokenKind::Symbol('=')
    });
    if NOTHING.iter().any(|word| is(word)) || assigns {
        return Ok(());
    }
    if is("execute") {
        own.skip();
        return execute(&mut own, to, actions, depth);
    }
    let tokens = cursor.tokens(from, to);
    let mut single = Cursor::new(cursor.source_text(), tokens, cursor.dialect, cursor.origin);
    let done = statement::read(&mut single, depth + 1);
    // What a block does besides DDL (SELECT … INTO a variable) is nothing to a catalog.
    actions.extend(done);
    Ok(())
}

/// `condition THEN … [ELSIF …] [ELSE …] END IF;`
fn branches(cursor: &mut Cursor<'_>, actions: &mut Actions, depth: usize) -> Read<()> {
    let mut all = Actions::default();
    let mut count = 0;
    let mut guards = true;
    loop {
        let from = cursor.position();
        while !cursor.at_end() && !cursor.is_word(0, "then") {
            cursor.skip();
        }
        guards &= asks_the_catalog(&cursor.slice(from, cursor.position()).to_ascii_lowercase());
        cursor.expect("then")?;
        let mut done = Actions::default();
        statements(cursor, &mut done, depth + 1)?;
        count += usize::from(done.changes());
        all.extend(done);
        if cursor.eat("elsif") || cursor.eat("elseif") {
            continue;
        }
        if cursor.eat("else") {
            let mut done = Actions::default();
            statements(cursor, &mut done, depth + 1)?;
            count += usize::from(done.changes());
            all.extend(done);
        }
        break;
    }
    cursor.expect("end if")?;
    cursor.eat_symbol(';');
    if guards && count <= 1 {
        all.guard_all(Guard::Tolerant);
    } else {
        all.doubt("a condition of a DO block");
    }
    actions.extend(all);
    Ok(())
}

/// Whether a condition only asks whether something is there.
fn asks_the_catalog(condition: &str) -> bool {
    [
        "pg_",
        "information_schema",
        "to_regclass",
        "to_regtype",
        "sys.",
        "object_id",
        "col_length",
        "sqlite_master",
        "schema_id",
        "crdb_internal",
    ]
    .iter()
    .any(|word| condition.contains(word))
}

/// `EXECUTE text`: a constant is read, the rest is not known.
fn execute(cursor: &mut Cursor<'_>, end: usize, actions: &mut Actions, depth: usize) -> Read<()> {
    let place = cursor.place_from(cursor.position());
    let alone = cursor.is_string() && cursor.position() + 1 == end;
    if cursor.is_string() {
        let text = cursor.string()?;
        if alone || cursor.is_word(0, "using") {
            return nested(&text, cursor, &place, actions, depth);
        }
        return dynamic(&text, cursor, actions);
    }
    if cursor.eat("format") {
        let mut inside = cursor.inside()?;
        let text = inside.string()?;
        let mut values = Vec::new();
        while inside.eat_symbol(',') {
            if !inside.is_string() {
                return dynamic(&text, cursor, actions);
            }
            values.push(inside.string()?);
        }
        if !inside.at_end() {
            return dynamic(&text, cursor, actions);
        }
        let mut values = values.into_iter();
        let mut parts = text.split('%');
        let mut full = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let value = values.next().unwrap_or_default();
            match part.chars().next() {
                Some('I') => full.push_str(&format!("\"{}\"", value.replace('"', "\"\""))),
                Some('L') => full.push_str(&format!("'{}'", value.replace('\'', "''"))),
                Some('s') => full.push_str(&value),
                _ => return dynamic(&text, cursor, actions),
            }
            full.push_str(part.get(1..).unwrap_or_default());
        }
        return nested(&full, cursor, &place, actions, depth);
    }
    actions.push(K::Opaque { reason: "dynamic SQL".to_owned(), reach: Reach::Everything });
    Ok(())
}

/// Reads SQL that stood in a string.
fn nested(
    text: &str,
    cursor: &Cursor<'_>,
    place: &crate::source::Place,
    actions: &mut Actions,
    depth: usize,
) -> Read<()> {
    if depth > MAX_DEPTH {
        return Err(Unread("SQL is nested too deeply in strings".to_owned()));
    }
    let origin = super::cursor::Origin::Inside(place.clone());
    actions.extend(super::read_statements(text, cursor.dialect, &origin, depth + 1)?);
    Ok(())
}

/// What a text that is only known in its beginning may do.
fn dynamic(beginning: &str, cursor: &Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let (tokens, _) = tokenize(beginning, cursor.dialect);
    let origin = cursor.origin.clone();
    let mut start = Cursor::new(beginning, &tokens, cursor.dialect, &origin);
    let reason = "dynamic SQL".to_owned();
    let harmless = [
        "grant",
        "revoke",
        "create policy",
        "drop policy",
        "create trigger",
        "drop trigger",
        "create function",
        "drop function",
        "create or replace",
        "insert",
        "update",
        "delete",
        "select",
        "alter default",
        "comment",
        "set",
        "alter sequence",
        "alter role",
        "alter database",
    ];
    if harmless.iter().any(|words| start.looking_at(words)) {
        actions.push(K::Harmless("dynamic SQL that a catalog does not hold"));
        return Ok(());
    }
    let names_table = start.eat("alter table") || start.eat("drop table") || start.eat("create table");
    if names_table {
        let _ = start.eat("if exists") || start.eat("if not exists");
        start.eat("only");
        let whole = start.position() + 1 < tokens.len();
        if let Ok(name) = start.object_name()
            && whole
            && !name.name.contains('%')
        {
            actions.push(K::Opaque { reason, reach: Reach::Table(name) });
            return Ok(());
        }
    }
    actions.push(K::Opaque { reason, reach: Reach::Everything });
    Ok(())
}

/// T-SQL's IF: a statement that is done where the condition holds.
pub(super) fn tsql_if(cursor: &mut Cursor<'_>, actions: &mut Actions, depth: usize) -> Read<()> {
    cursor.skip();
    let from = cursor.position();
    const BEGINNINGS: &[&str] = &[
        "create", "alter", "drop", "exec", "execute", "begin", "insert", "update", "delete", "rollback", "commit",
        "print", "throw", "return",
    ];
    cursor.skip_until(BEGINNINGS);
    let guards = asks_the_catalog(&cursor.slice(from, cursor.position()).to_ascii_lowercase());
    cursor.eat("begin");
    if cursor.at_end() || depth > MAX_DEPTH {
        return Ok(());
    }
    let start = cursor.position();
    cursor.skip_all();
    let mut own =
        Cursor::new(cursor.source_text(), cursor.tokens(start, cursor.position()), cursor.dialect, cursor.origin);
    let mut done = statement::read(&mut own, depth + 1);
    if guards {
        done.guard_all(Guard::Tolerant);
    } else {
        done.doubt("a condition");
    }
    actions.extend(done);
    Ok(())
}

/// T-SQL's EXEC: `sp_rename`, and SQL in a constant.
pub(super) fn tsql_exec(cursor: &mut Cursor<'_>, actions: &mut Actions, depth: usize) -> Read<()> {
    cursor.skip();
    let place = cursor.place();
    if cursor.is_symbol(0, '(') {
        let mut inside = cursor.inside()?;
        if inside.is_string() {
            let text = inside.string()?;
            if inside.at_end() {
                return nested(&text, cursor, &place, actions, depth);
            }
        }
        actions.push(K::Opaque { reason: "dynamic SQL".to_owned(), reach: Reach::Everything });
        return Ok(());
    }
    let procedure = cursor.object_name()?.name.to_lowercase();
    match procedure.as_str() {
        "sp_executesql" if cursor.is_string() => {
            let text = cursor.string()?;
            nested(&text, cursor, &place, actions, depth)
        }
        "sp_rename" => {
            let mut values = Vec::new();
            while !cursor.at_end() {
                if cursor.token(0).is_some_and(|token| token.kind == TokenKind::Parameter) {
                    cursor.skip();
                    cursor.eat_symbol('=');
                }
                values.push(cursor.string()?);
                if !cursor.eat_symbol(',') {
                    break;
                }
            }
            rename(&values, cursor, actions)
        }
        _ => {
            actions.push(K::Harmless("a procedure call"));
            Ok(())
        }
    }
}

fn rename(values: &[String], cursor: &Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let [from, to, kind @ ..] = values else { return Err(Unread("sp_rename without its two names".to_owned())) };
    let (tokens, _) = tokenize(from, cursor.dialect);
    let origin = cursor.origin.clone();
    let mut path = Cursor::new(from, &tokens, cursor.dialect, &origin);
    let mut parts = vec![path.name()?];
    while path.eat_symbol('.') {
        parts.push(path.name()?);
    }
    let last = parts.pop().unwrap_or_default();
    let owner = |parts: &mut Vec<String>| {
        let name = parts.pop().unwrap_or_default();
        ObjectName { schema: parts.pop(), name }
    };
    match kind.first().map(|kind| kind.to_uppercase()).as_deref() {
        Some("COLUMN") => actions.push(K::RenameColumn { table: owner(&mut parts), from: last, to: to.clone() }),
        Some("INDEX") => actions.push(K::RenameIndex {
            table: Some(owner(&mut parts)),
            from: ObjectName::bare(last),
            to: to.clone(),
        }),
        Some("OBJECT") | None => {
            let from = ObjectName { schema: parts.pop(), name: last };
            actions.push(K::RenameTable { from, to: ObjectName::bare(to) });
        }
        Some(_) => actions
            .push(K::Opaque { reason: "sp_rename of another kind of object".to_owned(), reach: Reach::Everything }),
    }
    Ok(())
}
