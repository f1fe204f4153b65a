//! Functions and procedures that a script defines and may call itself.

use super::actions::Actions;
use super::block;
use super::cursor::Cursor;
use super::session::{Routine, Session};
use crate::catalog::operation::OperationKind as K;
use crate::catalog::{Dialect, ObjectName, Reach};

/// CREATE FUNCTION and CREATE PROCEDURE, behind those words: nothing to a catalog until it is called.
pub(super) fn define(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) {
    actions.push(K::Harmless("a function or procedure"));
    cursor.eat("if not exists");
    let Ok(name) = cursor.object_name() else { return };
    let parameters = cursor.inside().is_ok_and(|inside| !inside.at_end());
    let mut body = actions.like();
    let read = match cursor.dialect {
        Dialect::PostgreSql | Dialect::CockroachDb => {
            cursor.skip_until(&["returns", "as"]);
            if cursor.eat("returns trigger") || cursor.eat("returns event_trigger") {
                return;
            }
            cursor.skip_until(&["as"]);
            cursor.eat("as");
            if !cursor.is_string() {
                return;
            }
            let plain = is_sql(cursor);
            block::in_string(cursor, |inside| {
                if plain {
                    body.extend(super::statement::script(inside, session));
                    return Ok(());
                }
                block::read(inside, session, &mut body)
            })
        }
        Dialect::MySql => {
            cursor.skip_until(&[
                "begin", "select", "insert", "update", "delete", "set", "alter", "create", "drop", "call",
            ]);
            block::read(cursor, session, &mut body)
        }
        _ => return,
    };
    let done = match read {
        Ok(()) => body,
        Err(_) => {
            let mut unread = actions.like();
            unread.push(K::Opaque { reason: "a function that cannot be read".to_owned(), reach: Reach::Everything });
            unread
        }
    };
    session.define(&name.name, Routine { operations: done.into_operations(), parameters });
}

/// Whether LANGUAGE SQL stands before or behind the body that is next.
fn is_sql(cursor: &Cursor<'_>) -> bool {
    let mut again = cursor.clone();
    again.skip_all();
    let words = again.tokens(0, again.position());
    words.windows(2).any(|pair| {
        again.text_of(pair[0]).eq_ignore_ascii_case("language")
            && again.text_of(pair[1]).trim_matches('\'').eq_ignore_ascii_case("sql")
    })
}

/// Does what a call of a routine does that the script defined; the name stands in front of the cursor. A routine that is
/// not known changes no catalog.
pub(super) fn call(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) {
    let Ok(name) = cursor.object_name() else {
        actions.push(K::Harmless("a query"));
        return;
    };
    let routine = session.routine(&name.name).cloned();
    match routine {
        Some(routine) if routine.operations.iter().any(crate::catalog::operation::Operation::changes_catalog) => {
            let mut done = actions.like();
            done.extend_with(&routine.operations);
            if routine.parameters || !session.repeat(routine.operations.len()) {
                done.doubt("a call of a function whose parameters decide what it does");
            }
            actions.extend(done);
        }
        _ => {
            let tables = reshaped(&name.name, cursor);
            if tables.is_empty() {
                actions.push(K::Harmless("a call"));
            }
            for table in tables {
                let reason = format!("{} of an extension changes the table {table}", name.name);
                actions.push(K::Opaque { reason, reach: Reach::Table(table) });
            }
        }
    }
}

/// The tables to which a function of a well-known extension adds indexes, triggers or columns: TimescaleDB's hypertables
/// get an index on their time, `PostGIS` adds and drops columns. Their names are the first texts among the arguments,
/// the schema's before the table's or not.
fn reshaped(function: &str, cursor: &mut Cursor<'_>) -> Vec<ObjectName> {
    let names = match function.to_ascii_lowercase().as_str() {
        "create_hypertable" | "add_dimension" => 1,
        "addgeometrycolumn" | "dropgeometrycolumn" | "dropgeometrytable" => 2,
        _ => return Vec::new(),
    };
    let Ok(mut arguments) = cursor.inside() else { return Vec::new() };
    let mut tables = Vec::new();
    while tables.len() < names
        && let Ok(text) = arguments.string()
    {
        // TimescaleDB takes a relation as SQL names it, `PostGIS` the name itself.
        tables.extend(if names == 1 { named_in(&text, cursor.dialect) } else { Some(ObjectName::bare(text)) });
        arguments.skip_until(&[","]);
        arguments.eat_symbol(',');
    }
    tables
}

/// The object that a text names as SQL would: `'public."Reading"'`.
fn named_in(text: &str, dialect: Dialect) -> Option<ObjectName> {
    let (tokens, error) = super::lexer::tokenize(text, dialect);
    let origin = super::cursor::Origin::nowhere();
    let mut cursor = Cursor::new(text, &tokens, dialect, &origin);
    cursor.object_name().ok().filter(|_| error.is_none() && cursor.at_end())
}
