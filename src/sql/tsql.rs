//! SQL Server's batches: statements that need no semicolons between them, blocks and branches among them.

use super::actions::Actions;
use super::cursor::{Cursor, Read, Unread};
use super::dynamic::{self, execute};
use super::lexer::TokenKind;
use super::session::{Session, Value};
use super::{condition, statement};
use crate::catalog::operation::{OperationKind as K, TransactionKind};
use crate::catalog::{ObjectName, Reach};

/// Words that begin a statement.
const BEGINNINGS: &[&str] = &[
    "create",
    "alter",
    "drop",
    "exec",
    "execute",
    "if",
    "begin",
    "commit",
    "rollback",
    "print",
    "declare",
    "set",
    "insert",
    "update",
    "delete",
    "truncate",
    "merge",
    "select",
    "while",
    "return",
    "throw",
    "raiserror",
    "use",
    "grant",
    "revoke",
    "deny",
    "save",
    "end",
    "else",
    "waitfor",
    "enable",
    "disable",
    "goto",
];

/// A batch: everything between two GOs.
pub(super) fn batch(cursor: &mut Cursor<'_>, session: &mut Session) -> Actions {
    let mut actions = Actions::of(cursor);
    while !cursor.at_end() {
        let before = cursor.position();
        if let Err(unread) = sequence(cursor, session, &mut actions) {
            actions.push(K::Opaque { reason: unread.0, reach: Reach::Everything });
        }
        // A stray END or ELSE.
        if cursor.position() == before || !cursor.at_end() {
            cursor.skip();
        }
    }
    actions
}

/// Statements up to END or ELSE, or to the end of the batch.
fn sequence(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    while !cursor.at_end() && !cursor.is_word(0, "end") && !cursor.is_word(0, "else") {
        one(cursor, session, actions)?;
    }
    Ok(())
}

fn one(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    if cursor.eat_symbol(';') {
        return Ok(());
    }
    if !session.enter() {
        session.leave();
        cursor.skip_all();
        return Err(Unread("blocks are nested too deeply".to_owned()));
    }
    let done = one_inside(cursor, session, actions);
    session.leave();
    done
}

fn one_inside(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    if cursor.eat("begin try") {
        sequence(cursor, session, actions)?;
        return cursor.expect("end try");
    }
    if cursor.eat("begin catch") {
        let mut handled = actions.like();
        sequence(cursor, session, &mut handled)?;
        handled.doubt("a statement of a CATCH block");
        actions.extend(handled);
        return cursor.expect("end catch");
    }
    let transaction = cursor.is_word(1, "tran") || cursor.is_word(1, "transaction");
    if cursor.is_word(0, "begin") && !transaction && !cursor.is_word(1, "distributed") {
        cursor.skip();
        sequence(cursor, session, actions)?;
        return cursor.expect("end");
    }
    if cursor.is_word(0, "begin") || cursor.is_word(0, "commit") || cursor.is_word(0, "rollback") {
        let kind = match () {
            () if cursor.is_word(0, "begin") => TransactionKind::Begin,
            () if cursor.is_word(0, "commit") => TransactionKind::Commit,
            () => TransactionKind::Rollback,
        };
        extent(cursor);
        actions.push(K::Transaction(kind));
        return Ok(());
    }
    if cursor.eat("if") {
        return branches(cursor, session, actions);
    }
    if cursor.eat("while") {
        condition_tokens(cursor);
        let mark = session.mark();
        let mut done = actions.like();
        one(cursor, session, &mut done)?;
        session.forget_since(mark);
        done.doubt("a loop");
        actions.extend(done);
        return Ok(());
    }
    let from = cursor.position();
    extent(cursor);
    let mut own = cursor.part(from, cursor.position());
    if own.is_word(0, "declare") || own.is_word(0, "set") || own.is_word(0, "select") {
        assignments(&mut own, session);
    }
    let mut done = Actions::of(&own);
    if own.eat("exec") || own.eat("execute") {
        if let Err(unread) = exec(&mut own, session, &mut done) {
            done = Actions::of(&own);
            done.push(K::Opaque { reason: unread.0, reach: Reach::Everything });
        }
    } else {
        own.set_position(0);
        done.extend(statement::read(&mut own, session));
    }
    actions.extend(done);
    Ok(())
}

/// `IF condition statement [ELSE statement]`.
fn branches(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    let asked = condition_tokens(cursor);
    let asked = condition::read(&mut cursor.part(asked.0, asked.1), session);
    let mark = session.mark();
    let (mut then, mut otherwise) = (actions.like(), actions.like());
    one(cursor, session, &mut then)?;
    let behind = cursor.position();
    while cursor.eat_symbol(';') {}
    if cursor.eat("else") {
        one(cursor, session, &mut otherwise)?;
    } else {
        cursor.set_position(behind);
    }
    session.forget_since(mark);
    actions.when(asked, then, otherwise, "a condition that a catalog cannot answer");
    Ok(())
}

/// Positions of a condition: up to the statement behind it.
fn condition_tokens(cursor: &mut Cursor<'_>) -> (usize, usize) {
    let from = cursor.position();
    cursor.skip_until(BEGINNINGS);
    (from, cursor.position())
}

/// Passes over one plain statement. It ends at a semicolon, at END or ELSE, or before a word that begins a statement
/// and stands first on its line; a routine, a view and a trigger fill the rest of their batch.
fn extent(cursor: &mut Cursor<'_>) {
    let first = |cursor: &Cursor<'_>| {
        cursor.token(0).map(|token| cursor.text_of(token).to_ascii_lowercase()).unwrap_or_default()
    };
    let begun = first(cursor);
    if begun == "create" || begun == "alter" {
        let mut ahead = 1;
        while ["or", "alter"].iter().any(|word| cursor.is_word(ahead, word)) {
            ahead += 1;
        }
        if ["procedure", "proc", "function", "trigger", "view"].iter().any(|word| cursor.is_word(ahead, word)) {
            cursor.skip_all();
            return;
        }
    }
    cursor.skip();
    let mut cases = 0_usize;
    loop {
        let before = cursor.position();
        cursor.skip_until(&[BEGINNINGS, &["case"]].concat());
        // A semicolon within is an end as well; `skip_until` knows none.
        if let Some(at) = (before..cursor.position())
            .find(|&at| cursor.tokens(at, at + 1).first().is_some_and(|token| token.kind == TokenKind::Symbol(';')))
        {
            cursor.set_position(at);
            return;
        }
        if cursor.at_end() {
            return;
        }
        if cursor.is_word(0, "case") {
            cases += 1;
        } else if cursor.is_word(0, "end") && cases > 0 {
            cases -= 1;
        } else if cursor.is_word(0, "else") && cases > 0 {
        } else if ends(cursor, &begun) {
            return;
        }
        if cursor.is_symbol(0, ')') {
            return;
        }
        cursor.skip();
    }
}

/// Whether the word in front begins another statement than the one that began with `begun`.
fn ends(cursor: &Cursor<'_>, begun: &str) -> bool {
    let next = |words: &[&str]| words.iter().any(|word| cursor.is_word(1, word));
    let is = |word: &str| cursor.is_word(0, word);
    if is("end") || is("else") {
        return true;
    }
    if !cursor.first_on_line() {
        return false;
    }
    match begun {
        "alter" if is("alter") || is("drop") => !next(&["column", "constraint", "period", "index"]),
        "insert" | "merge" | "with" | "select" | "update" | "delete"
            if is("select")
                || is("exec")
                || is("execute")
                || is("set")
                || is("update")
                || is("delete")
                || is("insert") =>
        {
            // `INSERT … SELECT`, `UPDATE … SET`, `WHEN MATCHED THEN UPDATE SET`: a part of it.
            !matches!(begun, "merge" | "with") && (is("update") || is("delete") || is("insert"))
        }
        "create" | "alter" if is("set") || is("update") || is("delete") => false,
        _ => true,
    }
}

/// `DECLARE @a type = value`, `SET @a = value`, `SELECT @a = value`.
fn assignments(cursor: &mut Cursor<'_>, session: &mut Session) {
    let query = cursor.is_word(0, "select");
    cursor.skip();
    loop {
        let Some(token) = cursor.token(0).filter(|token| token.kind == TokenKind::Parameter) else { return };
        let name = cursor.text_of(token);
        cursor.skip();
        while !cursor.at_end() && !cursor.is_symbol(0, '=') && !cursor.is_symbol(0, ',') {
            if cursor.is_symbol(0, '(') && cursor.parentheses().is_ok() {
                continue;
            }
            cursor.skip();
        }
        if cursor.eat_symbol('=') {
            let from = cursor.position();
            cursor.skip_until(&[",", "from"]);
            let value = if query && cursor.is_word(0, "from") {
                // `SELECT @a = name FROM sys.default_constraints WHERE …`.
                Value::Unknown
            } else {
                dynamic::value(&mut cursor.part(from, cursor.position()), session)
            };
            session.set_variable(name, value);
        } else {
            session.set_variable(name, Value::Null);
        }
        if !cursor.eat_symbol(',') {
            return;
        }
    }
}

/// EXEC, behind the word: `sp_rename`, and SQL in a text.
fn exec(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    if cursor.is_symbol(0, '(') {
        let mut inside = cursor.inside()?;
        let text = dynamic::value(&mut inside, session);
        execute(&text, cursor, session, actions);
        return Ok(());
    }
    let procedure = cursor.object_name()?.name.to_lowercase();
    match procedure.as_str() {
        "sp_executesql" => {
            if cursor.token(1).is_some_and(|token| cursor.text_of(token) == "=") {
                (0..2).for_each(|_| cursor.skip());
            }
            let from = cursor.position();
            cursor.skip_until(&[","]);
            let text = dynamic::value(&mut cursor.part(from, cursor.position()), session);
            execute(&text, cursor, session, actions);
        }
        "sp_rename" => {
            let mut values = Vec::new();
            while !cursor.at_end() {
                if cursor.token(1).is_some_and(|token| cursor.text_of(token) == "=") {
                    (0..2).for_each(|_| cursor.skip());
                }
                let from = cursor.position();
                cursor.skip_until(&[","]);
                match dynamic::value(&mut cursor.part(from, cursor.position()), session) {
                    Value::Text(text) => values.push(text),
                    _ => return Err(Unread("sp_rename of a computed name".to_owned())),
                }
                if !cursor.eat_symbol(',') {
                    break;
                }
            }
            rename(&values, cursor, actions)?;
        }
        _ => actions.push(K::Harmless("a procedure call")),
    }
    Ok(())
}

/// `sp_rename 'schema.table.column', 'new', 'COLUMN'`. A constraint is an OBJECT as a table is: which of both it is the
/// catalog tells when the rename is applied.
fn rename(values: &[String], cursor: &Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let [from, to, kind @ ..] = values else { return Err(Unread("sp_rename without its two names".to_owned())) };
    let unread = || Unread("sp_rename of a name that cannot be read".to_owned());
    let (tokens, error) = super::lexer::tokenize(from, cursor.dialect);
    let origin = super::cursor::Origin::nowhere();
    let mut path = Cursor::new(from, &tokens, cursor.dialect, &origin);
    let mut parts = vec![path.name()?];
    while path.eat_symbol('.') {
        parts.push(path.name()?);
    }
    if error.is_some() || !path.at_end() {
        return Err(unread());
    }
    let last = parts.pop().ok_or_else(unread)?;
    let mut owner = || -> Read<ObjectName> {
        let name = parts.pop().ok_or_else(unread)?;
        Ok(ObjectName { schema: parts.pop(), name })
    };
    match kind.first().map(|kind| kind.to_uppercase()).as_deref() {
        Some("COLUMN") => {
            let table = owner()?;
            actions.push(K::RenameColumn { table, from: last, to: to.clone() });
        }
        Some("INDEX") => {
            let table = Some(owner()?);
            actions.push(K::RenameIndex { table, from: ObjectName::bare(last), to: to.clone() });
        }
        Some("OBJECT") | None => {
            let from = ObjectName { schema: parts.pop(), name: last };
            actions.push(K::RenameTable { from, to: ObjectName::bare(to) });
        }
        Some(_) => {
            let reason = "sp_rename of another kind of object".to_owned();
            actions.push(K::Opaque { reason, reach: Reach::Everything });
        }
    }
    Ok(())
}
