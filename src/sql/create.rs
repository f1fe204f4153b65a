//! CREATE.

use super::actions::Actions;
use super::constraint::clustered;
use super::cursor::{Cursor, Read};
use super::session::Session;
use super::{attachment, data, index, object, query, routine, table};
use crate::catalog::operation::{Guard, NewTable, OperationKind as K, TableSource};
use crate::catalog::{Dialect, Index, TableKind};

/// Objects that a catalog does not hold, beside those that no statement is about.
const NOT_HELD: &[&str] = &[
    "cast",
    "access",
    "transform",
    "user",
    "definer",
    "synonym",
    "trusted",
    "procedural",
    "row",
    "partition",
    "message",
    "queue",
    "service",
    "contract",
    "assembly",
    "certificate",
    "symmetric",
    "asymmetric",
    "column",
    "package",
    "schedule",
];

/// Objects of the very server.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("database", "CREATE DATABASE"),
    ("role", "CREATE ROLE"),
    ("user", "CREATE USER"),
    ("login", "CREATE LOGIN"),
    ("server", "CREATE SERVER"),
    ("subscription", "CREATE SUBSCRIPTION"),
    ("tablespace", "CREATE TABLESPACE"),
    ("credential", "CREATE CREDENTIAL"),
];

/// CREATE, behind the word.
pub(super) fn statement(cursor: &mut Cursor<'_>, session: &mut Session, actions: &mut Actions) -> Read<()> {
    let replace = cursor.eat("or replace") || cursor.eat("or alter");
    let start = cursor.position();
    let kind = table_kind(cursor);
    if cursor.eat("virtual table") {
        return virtual_table(cursor, actions);
    }
    if cursor.eat("table") {
        let mut rows = cursor.clone();
        let (operation, guarded) = table::create(cursor, kind)?;
        if let K::CreateTable(table) = &operation
            && matches!(table.source, Some(TableSource::Query | TableSource::Rows(_)))
            && !guarded
        {
            rows.skip_until(&["as", "select"]);
            rows.eat("as");
            data::read_rows(&rows, session.is_outermost(), actions);
        }
        if replace {
            // MariaDB's CREATE OR REPLACE TABLE.
            let name = match &operation {
                K::CreateTable(table) => table.name.clone(),
                _ => return Err(cursor.unexpected("a table")),
            };
            actions.guarded(K::DropTable { name, cascade: false }, true, Guard::IfPresent);
        }
        actions.guarded(operation, guarded, Guard::IfAbsent);
        return Ok(());
    }
    if let Some(index) = index_kind(cursor) {
        let (operation, guarded) = index::create(cursor, index)?;
        actions.guarded(operation, guarded, Guard::IfAbsent);
        return Ok(());
    }
    if cursor.eat("sequence") {
        return object::create_sequence(cursor, actions);
    }
    // CREATE TEMP SEQUENCE and VIEW are those of a session, but else alike.
    if kind == TableKind::Plain {
        cursor.set_position(start);
    }
    if cursor.eat("type") {
        return object::create_type(cursor, actions);
    }
    if cursor.eat("domain") {
        return object::create_domain(cursor, actions);
    }
    if cursor.eat("schema") {
        return object::create_schema(cursor, session, actions);
    }
    if cursor.eat("extension") {
        return object::create_extension(cursor, actions);
    }
    // CREATE [ALGORITHM = …] [DEFINER = …] [SQL SECURITY …] VIEW
    if ["algorithm", "definer", "sql", "aggregate"].iter().any(|word| cursor.is_word(0, word))
        && cursor.dialect == Dialect::MySql
    {
        cursor.skip_until(&["view", "trigger", "procedure", "function", "event"]);
    }
    if cursor.eat("function") || cursor.eat("procedure") || cursor.eat("proc") {
        routine::define(cursor, session, actions);
        return Ok(());
    }
    cursor.eat("recursive");
    let materialized = cursor.eat("materialized");
    if cursor.eat("view") {
        let guarded = cursor.eat("if not exists");
        let name = cursor.object_name()?;
        cursor.skip_until(&["as"]);
        cursor.eat("as");
        if kind == TableKind::Temporary {
            data::read_rows(cursor, session.is_outermost(), actions);
        }
        let reads = Box::new(query::reads(cursor));
        if kind == TableKind::Temporary {
            // It is there as long as a temporary table is, and nothing is known of its columns.
            actions.push(K::CreateTable(Box::new(NewTable::of_query(name, kind))));
        } else {
            actions.guarded(K::CreateView { name, materialized, replace, reads }, guarded, Guard::IfAbsent);
        }
        return Ok(());
    }
    if attachment::create(cursor, replace, actions)? {
        return Ok(());
    }
    if cursor.dialect == Dialect::SqlServer && cursor.eat("synonym") {
        actions.push(K::Harmless("a synonym"));
        return Ok(());
    }
    for (word, what) in ENVIRONMENT {
        if cursor.is_word(0, word) && !cursor.looking_at("user mapping") {
            actions.push(K::Environment((*what).to_owned()));
            return Ok(());
        }
    }
    if object::is_not_held(cursor, NOT_HELD) || cursor.looking_at("foreign data wrapper") {
        actions.push(K::Harmless("an object that a catalog does not hold"));
        return Ok(());
    }
    Err(cursor.unexpected("something that can be created"))
}

/// TEMPORARY, UNLOGGED, FOREIGN and the like in front of TABLE.
fn table_kind(cursor: &mut Cursor<'_>) -> TableKind {
    let mut kind = TableKind::Plain;
    loop {
        if cursor.eat("temporary")
            || cursor.eat("temp")
            || cursor.looking_at("local temporary")
            || cursor.looking_at("local temp")
            || cursor.looking_at("global temporary")
            || cursor.looking_at("global temp")
        {
            if cursor.is_word(0, "local") || cursor.is_word(0, "global") {
                cursor.skip();
                cursor.skip();
            }
            kind = TableKind::Temporary;
        } else if cursor.looking_at("foreign table") || cursor.looking_at("external table") {
            cursor.skip();
            kind = TableKind::Foreign;
        } else if !cursor.eat("unlogged") {
            return kind;
        }
    }
}

/// UNIQUE, FULLTEXT, CLUSTERED and the like in front of INDEX; none where no INDEX follows.
fn index_kind(cursor: &mut Cursor<'_>) -> Option<Index> {
    let start = cursor.position();
    let mut index = Index::new(None, Vec::new(), false);
    loop {
        if cursor.eat("unique") {
            index.unique = true;
        } else if cursor.eat("fulltext") {
            index.method = Some("fulltext".to_owned());
        } else if cursor.eat("spatial") {
            index.method = Some("spatial".to_owned());
        } else if cursor.eat("vector") {
            index.method = Some("vector".to_owned());
        } else if cursor.eat("inverted") {
            index.method = Some("gin".to_owned());
        } else if cursor.eat("columnstore") {
            index.method = Some("columnstore".to_owned());
        } else if let Some(clustered) = clustered(cursor) {
            index.clustered = Some(clustered);
        } else if cursor.eat("index") {
            return Some(index);
        } else {
            cursor.set_position(start);
            return None;
        }
    }
}

/// SQLite's CREATE VIRTUAL TABLE: its columns are its module's.
fn virtual_table(cursor: &mut Cursor<'_>, actions: &mut Actions) -> Read<()> {
    let guarded = cursor.eat("if not exists");
    let table = NewTable {
        name: cursor.object_name()?,
        kind: TableKind::Virtual,
        columns: Vec::new(),
        constraints: Vec::new(),
        source: None,
        comment: None,
    };
    cursor.skip_all();
    actions.guarded(K::CreateTable(Box::new(table)), guarded, Guard::IfAbsent);
    Ok(())
}
