//! ALTER.

use super::actions::Actions;
use super::cursor::{Cursor, Read};
use super::{alter_table, attachment, object};
use crate::catalog::operation::{Guard, OperationKind as K};
use crate::catalog::{Dialect, ObjectName};

/// Objects that a catalog does not hold, beside those that no statement is about.
const NOT_HELD: &[&str] = &[
    "function",
    "procedure",
    "proc",
    "subscription",
    "extension",
    "routine",
    "tablespace",
    "large",
    "authorization",
    "range",
    "partition",
    "foreign",
    "queue",
    "resource",
    "instance",
    "backup",
];

/// Objects of the very server.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("database", "ALTER DATABASE"),
    ("role", "ALTER ROLE"),
    ("user", "ALTER USER"),
    ("server", "ALTER SERVER"),
    ("login", "ALTER LOGIN"),
    ("system", "ALTER SYSTEM"),
];

/// ALTER, behind the word.
pub(super) fn statement(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    if attachment::alter(cursor, actions)? {
        return Ok(());
    }
    if cursor.looking_at("foreign table") || cursor.looking_at("online table") || cursor.looking_at("ignore table") {
        cursor.skip();
    }
    if cursor.eat("table") {
        return table(cursor, actions);
    }
    if cursor.eat("type") {
        return object::alter_type(cursor, actions);
    }
    if cursor.eat("domain") {
        return object::alter_domain(cursor, actions);
    }
    if cursor.eat("index") {
        return index(cursor, actions);
    }
    if cursor.eat("sequence") {
        return object::alter_sequence(cursor, actions);
    }
    if cursor.looking_at("materialized view") {
        cursor.skip();
    }
    if cursor.eat("view") {
        return view(cursor, actions);
    }
    if cursor.eat("schema") {
        return object::alter_schema(cursor, actions);
    }
    for (word, what) in ENVIRONMENT {
        if cursor.is_word(0, word) && !cursor.looking_at("user mapping") {
            actions.push(K::Environment((*what).to_owned()));
            return Ok(());
        }
    }
    if object::is_not_held(cursor, NOT_HELD) || cursor.looking_at("user mapping") {
        cursor.skip_until(&["owner"]);
        if cursor.eat("owner to") {
            return object::owner(cursor, actions);
        }
        actions.push(K::Harmless("an object that a catalog does not hold"));
        return Ok(());
    }
    // MySQL's ALTER [ALGORITHM = …] [DEFINER = …] VIEW.
    if cursor.dialect == Dialect::MySql && (cursor.is_word(0, "algorithm") || cursor.is_word(0, "definer")) {
        actions.push(K::Harmless("an option of a view"));
        return Ok(());
    }
    Err(cursor.unexpected("something that can be altered"))
}

fn table(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    if cursor.looking_at("all in tablespace") {
        actions.push(K::Harmless("an option of a table"));
        return Ok(());
    }
    let guarded = cursor.eat("if exists");
    cursor.eat("only");
    let name = cursor.object_name()?;
    cursor.eat_symbol('*');
    let mut done = actions.like();
    alter_table::actions(cursor, &name, &mut done);
    if guarded {
        done.guard_all(Guard::IfPresent);
    }
    actions.extend(done);
    Ok(())
}

fn index(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let guarded = cursor.eat("if exists");
    let mut from = cursor.object_name()?;
    let mut table = None;
    if cursor.eat_symbol('@') {
        // CockroachDB: table@index.
        table = Some(from);
        from = ObjectName::bare(cursor.name()?);
    }
    if cursor.eat("rename to") {
        let to = cursor.name()?;
        actions.guarded(K::RenameIndex { table, from, to }, guarded, Guard::IfPresent);
    } else {
        actions.push(K::Harmless("an option of an index"));
    }
    Ok(())
}

fn view(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let guarded = cursor.eat("if exists");
    let from = cursor.object_name()?;
    if cursor.eat("rename to") {
        let to = cursor.name()?;
        actions.guarded(K::RenameView { from, to }, guarded, Guard::IfPresent);
    } else if cursor.eat("set schema") {
        let schema = cursor.name()?;
        actions.guarded(K::MoveTable { name: from, schema }, guarded, Guard::IfPresent);
    } else if cursor.eat("owner to") {
        return object::owner(cursor, actions);
    } else {
        actions.push(K::Harmless("an option of a view"));
    }
    Ok(())
}
