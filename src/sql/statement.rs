//! One statement to operations.

use super::actions::Actions;
use super::cursor::{Cursor, Read, Unread};
use super::lexer::TokenKind;
use super::session::Session;
use super::{alter, attachment, block, create, data, drop, dynamic, routine, split, syntax, tsql};
use crate::catalog::operation::{Guard, Operation, OperationKind as K, Reads, TransactionKind};
use crate::catalog::{Dialect, ObjectName, Reach};

/// The most changes of the catalog in one script: each is replayed, and kept for as long as the run.
const MAX_CHANGES: usize = 25_000;

/// The most operations of one script, with those that change nothing: rows that are written, settings.
const MAX_OPERATIONS: usize = 120_000;

/// Reads all statements in front of the cursor.
pub(super) fn script(cursor: &mut Cursor<'_>, session: &mut Session) -> Actions {
    let mut actions = Actions::of(cursor);
    let mut changes = 0;
    let from = cursor.position();
    cursor.skip_all();
    let tokens = cursor.tokens(from, cursor.position());
    let mut needed = Needed::default();
    for statement in split::statements(cursor.source_text(), tokens, cursor.dialect) {
        let mut own = cursor.over(statement);
        let mut read = match cursor.dialect {
            Dialect::SqlServer => tsql::batch(&mut own, session),
            _ => self::read(&mut own, session),
        };
        read.arrange(|operations| needed.say_once(operations));
        changes += read.changing();
        actions.extend(read);
        if changes > MAX_CHANGES || actions.len() > MAX_OPERATIONS {
            actions.push(K::Opaque {
                reason: "more statements than are read of one script".to_owned(),
                reach: Reach::Everything,
            });
            break;
        }
    }
    actions
}

/// What the last statements about rows need.
#[derive(Default)]
struct Needed {
    written: Option<(ObjectName, Guard, Vec<String>)>,
    read: Option<(Guard, Box<Reads>)>,
}

impl Needed {
    /// Seeds are thousands of rows for the same columns of one table: what the statement before needs is there, or was missed
    /// there, so it is not kept again.
    fn say_once(&mut self, operations: &mut [Operation]) {
        for Operation { kind, guard, .. } in operations {
            match kind {
                K::Data { needs, .. } if needs.is_empty() => {}
                K::Data { table, needs, .. } => {
                    let needed = (table.clone(), *guard, std::mem::take(needs));
                    if self.written.as_ref() != Some(&needed) {
                        needs.clone_from(&needed.2);
                        self.written = Some(needed);
                    }
                }
                K::Query(reads) => {
                    let read = (*guard, reads.clone());
                    if self.read.as_ref() == Some(&read) {
                        *kind = K::Harmless("a query");
                    } else {
                        self.read = Some(read);
                    }
                }
                _ => *self = Self::default(),
            }
        }
    }
}

/// Reads one statement. What cannot be read becomes opaque, as narrowly as its beginning tells.
pub(super) fn read(cursor: &mut Cursor<'_>, session: &mut Session) -> Actions {
    let mut actions = Actions::of(cursor);
    if let Err(unread) = statement(cursor, session, &mut actions) {
        actions = Actions::of(cursor);
        let reach = reach(cursor);
        actions.push(K::Opaque { reason: unread.0, reach });
    }
    actions
}

/// What a statement that cannot be read may touch: the table or type that it names, or everything.
fn reach(cursor: &Cursor<'_>) -> Reach {
    let mut again = cursor.clone();
    again.set_position(0);
    again.skip();
    for _ in 0..6 {
        for word in ["table", "type", "view", "sequence", "domain"] {
            if again.eat(word) {
                again.eat("concurrently");
                let _ = again.eat("if not exists") || again.eat("if exists");
                again.eat("only");
                if let Ok(name) = again.object_name() {
                    return match word {
                        "type" | "domain" => Reach::Type(name),
                        "sequence" => Reach::Nothing,
                        _ => Reach::Table(name),
                    };
                }
            }
        }
        if again.eat("index") {
            again.skip_until(&["on"]);
            if again.eat("on") {
                again.eat("only");
                if let Ok(name) = again.object_name() {
                    return Reach::Table(name);
                }
            }
            return Reach::Everything;
        }
        again.skip();
    }
    Reach::Everything
}

fn statement(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    let dialect = cursor.dialect;
    let Some(token) = cursor.token(0) else { return Ok(()) };
    if token.kind == TokenKind::Client {
        client(cursor.text_of(token), actions);
        return Ok(());
    }
    if session.is_outermost()
        && let Some(word) = syntax::unknown_word(cursor)
    {
        actions.push(K::Invalid(format!("{} does not know a statement that begins so: `{word}`", dialect.title())));
        cursor.skip_all();
        return Ok(());
    }
    // `(SELECT …)`, and statements that a person put in parentheses.
    while cursor.is_symbol(0, '(') {
        cursor.skip();
    }
    if cursor.eat("create") {
        return create::statement(cursor, session, actions);
    }
    if cursor.eat("alter") {
        return alter::statement(cursor, actions);
    }
    if cursor.eat("drop") {
        return drop::statement(cursor, actions);
    }
    if dialect == Dialect::MySql && (cursor.eat("rename table") || cursor.eat("rename tables")) {
        loop {
            let from = cursor.object_name()?;
            cursor.expect("to")?;
            actions.push(K::RenameTable { from, to: cursor.object_name()? });
            if !cursor.eat_symbol(',') {
                return Ok(());
            }
        }
    }
    if dialect == Dialect::MySql && prepared(cursor, session, actions)? {
        return Ok(());
    }
    if dialect.is_postgres_like() && cursor.eat("do") {
        return block::do_block(cursor, session, actions);
    }
    if cursor.eat("comment on") {
        return comment(cursor, actions);
    }
    if cursor.is_word(0, "set") || cursor.is_word(0, "select") && search_path_call(cursor).is_some() {
        return set(cursor, session, actions);
    }
    if cursor.is_word(0, "call") || cursor.is_word(0, "select") {
        return query(cursor, session, actions);
    }
    if transaction(cursor, actions)
        || data::statement(cursor, session.is_outermost(), actions)
        || environment(cursor, actions)
    {
        return Ok(());
    }
    if attachment::maintained(cursor, actions) {
        return Ok(());
    }
    if cursor.dialect == Dialect::Sqlite && cursor.eat("pragma legacy_alter_table") {
        let called = cursor.eat_symbol('(');
        if called || cursor.eat_symbol('=') {
            let number = cursor.token(0).is_some_and(|token| token.kind == TokenKind::Number) && cursor.number()? == 1;
            actions.push(K::KeepReferences(number || cursor.eat("on") || cursor.eat("true") || cursor.eat("yes")));
        }
        return Ok(());
    }
    if let Some(what) = harmless(cursor) {
        actions.push(K::Harmless(what));
        return Ok(());
    }
    Err(Unread("this statement is not known".to_owned()))
}

/// A line for psql.
fn client(line: &str, actions: &mut Actions) {
    let connects = ["\\c ", "\\connect"].iter().any(|command| line.starts_with(command));
    let reads = ["\\i ", "\\ir ", "\\include"].iter().any(|command| line.starts_with(command));
    actions.push(if connects {
        K::Environment(line.trim().to_owned())
    } else if reads {
        K::Opaque { reason: "a file that psql would read".to_owned(), reach: Reach::Everything }
    } else {
        K::Harmless("a command of psql")
    });
}

/// MySQL's PREPARE, EXECUTE and DEALLOCATE PREPARE; says whether it is one of them.
fn prepared(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<bool> {
    if cursor.eat("prepare") {
        let name = cursor.name()?;
        cursor.expect("from")?;
        let text = dynamic::value(cursor, session);
        session.prepare(&name, text);
        actions.push(K::Harmless("a prepared statement"));
        return Ok(true);
    }
    if cursor.eat("execute") {
        let immediate = cursor.eat("immediate");
        let text = if immediate {
            dynamic::value(cursor, session)
        } else {
            let name = cursor.name()?;
            session.prepared(&name).cloned().unwrap_or(super::session::Value::Unknown)
        };
        dynamic::execute(&text, cursor, session, actions);
        return Ok(true);
    }
    Ok(false)
}

fn transaction(cursor: &mut Cursor<'_>, actions: &mut Actions) -> bool {
    if cursor.eat("savepoint") {
        if let Ok(name) = cursor.name() {
            actions.push(K::Savepoint { name, back: false });
        }
        return true;
    }
    let kind = if cursor.is_word(0, "begin") || cursor.looking_at("start transaction") {
        TransactionKind::Begin
    } else if cursor.is_word(0, "commit") || cursor.is_word(0, "end") {
        TransactionKind::Commit
    } else if cursor.is_word(0, "rollback") || cursor.is_word(0, "abort") {
        // `ROLLBACK TO savepoint` takes back a part and ends nothing.
        if cursor.is_word(1, "to") || cursor.is_word(2, "to") {
            cursor.skip_until(&["to"]);
            cursor.skip();
            cursor.eat("savepoint");
            if let Ok(name) = cursor.name() {
                actions.push(K::Savepoint { name, back: true });
            }
            return true;
        }
        TransactionKind::Rollback
    } else {
        return false;
    };
    actions.push(K::Transaction(kind));
    true
}

/// SELECT and CALL: `SELECT … INTO table` makes one, a call of a routine of this script does what that does.
fn query(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    let call = cursor.eat("call");
    if call {
        routine::call(cursor, session, actions);
        return Ok(());
    }
    let is_read = data::read_rows(cursor, session.is_outermost(), actions);
    if cursor.dialect == Dialect::MySql && block::select_into(cursor, session) {
        actions.push(K::Harmless("a query"));
        return Ok(());
    }
    if matches!(cursor.dialect, Dialect::PostgreSql | Dialect::SqlServer)
        && let Some(table) = data::selected_into(cursor)?
    {
        actions.push(table);
        return Ok(());
    }
    cursor.skip();
    if cursor.is_name(0) && (cursor.is_symbol(1, '(') || cursor.is_symbol(3, '(')) {
        routine::call(cursor, session, actions);
        return Ok(());
    }
    if !is_read {
        actions.push(K::Harmless("a query"));
    }
    Ok(())
}

/// Statements that cannot touch what a catalog holds.
fn harmless(cursor: &Cursor<'_>) -> Option<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        ("values", "a query"),
        ("with", "a query"),
        ("table", "a query"),
        ("pragma", "a PRAGMA"),
        ("analyze", "statistics"),
        ("update", "statistics"),
        ("vacuum", "maintenance"),
        ("reindex", "maintenance"),
        ("optimize", "maintenance"),
        ("repair", "maintenance"),
        ("check", "maintenance"),
        ("cluster", "maintenance"),
        ("checkpoint", "maintenance"),
        ("flush", "maintenance"),
        ("dbcc", "maintenance"),
        ("refresh", "a materialized view's rows"),
        ("lock", "a lock"),
        ("unlock", "a lock"),
        ("notify", "a notification"),
        ("listen", "a notification"),
        ("unlisten", "a notification"),
        ("explain", "a plan"),
        ("show", "a question"),
        ("describe", "a question"),
        ("print", "a message"),
        ("declare", "a variable"),
        ("use", "the database in use"),
        ("attach", "the database in use"),
        ("detach", "the database in use"),
        ("reset", "a setting"),
        ("discard", "a setting"),
        ("savepoint", "a savepoint"),
        ("save", "a savepoint"),
        ("release", "a savepoint"),
        ("security", "a label"),
        ("throw", "an error"),
        ("raiserror", "an error"),
        ("signal", "an error"),
        ("return", "an end"),
        ("goto", "a jump"),
        ("deallocate", "a prepared statement"),
        ("prepare", "a prepared statement"),
        ("execute", "a prepared statement"),
        ("fetch", "a cursor"),
        ("move", "a cursor"),
        ("open", "a cursor"),
        ("close", "a cursor"),
        ("waitfor", "a pause"),
        ("enable", "a trigger"),
        ("disable", "a trigger"),
        ("load", "a library"),
        ("backup", "a backup"),
        ("configure", "a setting"),
        ("pause", "a job"),
        ("resume", "a job"),
        ("cancel", "a job"),
    ];
    WORDS.iter().find(|(word, _)| cursor.is_word(0, word)).map(|(_, what)| *what)
}

/// Statements about this very server.
fn environment(cursor: &mut Cursor<'_>, actions: &mut Actions) -> bool {
    let grant = cursor.is_word(0, "grant");
    if grant || cursor.is_word(0, "revoke") || cursor.is_word(0, "deny") {
        let privileged = cursor.clone();
        cursor.skip_until(&["to"]);
        const NAMELESS: &[&str] = &["public", "current_user", "current_role", "session_user"];
        let nameless = cursor.at_end() || NAMELESS.iter().any(|role| cursor.is_word(1, role));
        actions.push(if grant && !nameless {
            K::Environment("GRANT to a named role".to_owned())
        } else {
            K::Harmless("a privilege")
        });
        attachment::privileged(&privileged, actions);
        return true;
    }
    for (words, what) in [("reassign owned", "REASSIGN OWNED"), ("import foreign schema", "IMPORT FOREIGN SCHEMA")] {
        if cursor.looking_at(words) {
            actions.push(K::Environment(what.to_owned()));
            return true;
        }
    }
    false
}

/// `set_config('search_path', 'a, b', …)`: the path, where that is what a SELECT calls.
fn search_path_call(cursor: &Cursor<'_>) -> Option<Vec<String>> {
    let mut again = cursor.clone();
    again.skip();
    if again.eat("pg_catalog") {
        again.eat_symbol('.');
    }
    if !again.eat("set_config") {
        return None;
    }
    let mut inside = again.inside().ok()?;
    if inside.string().ok()? != "search_path" || !inside.eat_symbol(',') {
        return None;
    }
    let path = inside.string().ok()?;
    let names = path.split(',').map(|name| name.trim().trim_matches('"').to_owned());
    Some(names.filter(|name| !name.is_empty()).collect())
}

fn set(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    if let Some(path) = search_path_call(cursor) {
        actions.push(K::SetSearchPath(path));
        return Ok(());
    }
    if cursor.dialect == Dialect::MySql && block::set_variables(cursor, session) {
        actions.push(K::Harmless("a variable"));
        return Ok(());
    }
    cursor.skip();
    let _ = cursor.eat("local") || cursor.eat("session");
    if cursor.dialect.is_postgres_like() && (cursor.eat("search_path") || cursor.eat("schema")) {
        let _ = cursor.eat("to") || cursor.eat_symbol('=');
        let mut path = Vec::new();
        loop {
            // The user's own schema is not there unless the script makes it.
            let name = if cursor.is_string() { cursor.string()? } else { cursor.name()? };
            match name.as_str() {
                "default" => path.push(cursor.dialect.default_schema().to_owned()),
                "$user" | "" => {}
                _ => path.push(name),
            }
            if !cursor.eat_symbol(',') {
                break;
            }
        }
        actions.push(K::SetSearchPath(path));
        return Ok(());
    }
    actions.push(K::Harmless("a setting"));
    Ok(())
}

fn comment(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let (table, column) = if cursor.eat("table") {
        (cursor.object_name()?, None)
    } else if cursor.eat("column") {
        let mut parts = vec![cursor.name()?];
        while cursor.eat_symbol('.') {
            parts.push(cursor.name()?);
        }
        let column = parts.pop().unwrap_or_default();
        let table = parts.pop().unwrap_or_default();
        (ObjectName { schema: parts.pop(), name: table }, Some(column))
    } else {
        actions.push(K::Harmless("a comment"));
        return Ok(());
    };
    cursor.expect("is")?;
    let text = if cursor.eat("null") { None } else { Some(cursor.string()?).filter(|text| !text.is_empty()) };
    actions.push(K::Comment { table, column, text });
    Ok(())
}
