//! DROP.

use super::actions::Actions;
use super::cursor::{Cursor, Read};
use super::{attachment, object};
use crate::catalog::operation::{Guard, OperationKind as K};
use crate::catalog::{Dialect, ObjectName};

/// Objects that a catalog does not hold, beside those that no statement is about.
const NOT_HELD: &[&str] = &[
    "function",
    "procedure",
    "proc",
    "cast",
    "subscription",
    "routine",
    "access",
    "transform",
    "tablespace",
    "synonym",
    "prepare",
    "foreign",
    "assembly",
    "procedural",
    "package",
    "schedule",
];

/// Objects of the very server.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("database", "DROP DATABASE"),
    ("role", "DROP ROLE"),
    ("user", "DROP USER"),
    ("owned", "DROP OWNED"),
    ("server", "DROP SERVER"),
    ("login", "DROP LOGIN"),
];

/// DROP, behind the word.
pub(super) fn statement(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    const SORTS: &[&str] = &["tables", "table", "index", "type", "domain", "sequence", "view", "schema", "extension"];
    if attachment::drop(cursor, actions)? {
        return Ok(());
    }
    cursor.eat("temporary");
    let materialized = cursor.looking_at("materialized view");
    if cursor.looking_at("foreign table") || cursor.looking_at("external table") || materialized {
        cursor.skip();
    }
    let Some(sort) = SORTS.iter().find(|sort| cursor.eat(sort)) else {
        for (word, what) in ENVIRONMENT {
            if cursor.is_word(0, word) && !cursor.looking_at("user mapping") {
                actions.push(K::Environment((*what).to_owned()));
                return Ok(());
            }
        }
        if object::is_not_held(cursor, NOT_HELD) || cursor.looking_at("user mapping") {
            actions.push(K::Harmless("an object that a catalog does not hold"));
            return Ok(());
        }
        return Err(cursor.unexpected("something that can be dropped"));
    };
    if *sort == "schema" && !cursor.dialect.has_schemas() {
        actions.push(K::Environment("DROP SCHEMA".to_owned()));
        return Ok(());
    }
    let concurrently = cursor.eat("concurrently");
    let guarded = cursor.eat("if exists");
    let mut names = Vec::new();
    loop {
        let name = cursor.object_name()?;
        names.push(if *sort == "index" { of_table(cursor, name)? } else { (name, None) });
        if !cursor.eat_symbol(',') {
            break;
        }
    }
    cursor.skip_until(&["cascade"]);
    let cascade = cursor.eat("cascade");
    for (name, table) in names {
        let kind = match *sort {
            "table" | "tables" => K::DropTable { name, cascade },
            "index" => K::DropIndex { name, table, concurrently, cascade, beside: Vec::new() },
            "type" | "domain" => K::DropType { name, cascade },
            "sequence" => K::DropSequence { name, cascade },
            "view" => K::DropView { name, materialized, cascade },
            "schema" => K::DropSchema { name: name.name, cascade },
            _ => K::DropExtension { name: name.name, cascade },
        };
        actions.guarded(kind, guarded, Guard::IfPresent);
    }
    Ok(())
}

/// An index with the table that the statement names: `ON table` (MySQL, SQL Server), `table@index` (CockroachDB),
/// `table.index` (SQL Server's old form).
fn of_table(cursor: &mut Cursor<'_>, mut name: ObjectName) -> Read<(ObjectName, Option<ObjectName>)> {
    if cursor.eat_symbol('@') {
        return Ok((ObjectName::bare(cursor.name()?), Some(name)));
    }
    if cursor.eat("on") {
        return Ok((name, Some(cursor.object_name()?)));
    }
    let table = if cursor.dialect == Dialect::SqlServer { name.schema.take().map(ObjectName::bare) } else { None };
    Ok((name, table))
}
