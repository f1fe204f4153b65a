//! Statements about rows.

use std::collections::BTreeSet;

use super::actions::Actions;
use super::cursor::{Cursor, Read};
use super::needs;
use super::query::{self, Known, Part, is_query};
use crate::catalog::operation::{DataKind, NewTable, OperationKind as K, Reads};
use crate::catalog::{Dialect, ObjectName, TableKind};

/// INSERT, UPDATE, DELETE, TRUNCATE and their kin, behind a WITH or not; says whether it is one of them. Data that a
/// WITH changes in passing is told as well.
///
/// `outermost` says that it stands in a script of its own: inside a program a name may be that of a variable.
pub(super) fn statement(cursor: &mut Cursor<'_>, outermost: bool, actions: &mut Actions) -> bool {
    statement_among(cursor, outermost, &Known::default(), actions)
}

/// The same, where a WITH around it gives names to queries.
fn statement_among(cursor: &mut Cursor<'_>, outermost: bool, known: &Known<'_>, actions: &mut Actions) -> bool {
    let start = cursor.position();
    let mut found = false;
    let mut known = Known { names: BTreeSet::new(), outer: Some(known) };
    if cursor.eat("with") {
        known.names = query::recursive(cursor);
        while let Some((name, mut inside)) = query::common(cursor) {
            if outermost && is_query(&inside, 0) {
                push_query(query::needs(&inside, &known, Part::Rows), actions);
            } else {
                found |= statement_among(&mut inside, outermost, &known, actions);
            }
            known.names.insert(name);
        }
    }
    let behind = cursor.position();
    if behind > start && cursor.is_word(0, "select") {
        let made = selected_into(cursor).ok().flatten();
        if outermost {
            found |= push_query(query::needs(cursor, &known, Part::Rows), actions);
        }
        if let Some(table) = made {
            actions.push(table);
            return true;
        }
    }
    let changed = change(cursor, outermost, &known, actions);
    if !changed {
        cursor.set_position(if found { behind } else { start });
    }
    found || changed
}

/// Adds what the query in front of the cursor reads, where it is not inside a program.
pub(super) fn read_rows(cursor: &Cursor<'_>, outermost: bool, actions: &mut Actions) -> bool {
    outermost && push_query(query::needs(cursor, &Known::default(), Part::Rows), actions)
}

/// Adds what a query reads, where it reads anything.
fn push_query(reads: Reads, actions: &mut Actions) -> bool {
    let is_any = !reads.relations.is_empty() || !reads.mentions.is_empty();
    if is_any {
        actions.push(K::Query(Box::new(reads)));
    }
    is_any
}

/// One statement about rows, without what stands before it; says whether it is one.
fn change(cursor: &mut Cursor<'_>, outermost: bool, known: &Known<'_>, actions: &mut Actions) -> bool {
    const NOISE: &[&str] =
        &["only", "ignore", "low_priority", "high_priority", "delayed", "quick", "table", "overwrite"];
    // COPY and its kin take rows from a file, MERGE from a list of its own.
    let lists_rows = !["merge", "copy", "load", "bulk"].iter().any(|word| cursor.is_word(0, word));
    let kind = if cursor.eat("update") {
        if cursor.eat("statistics") {
            return false;
        }
        if cursor.eat("or") {
            cursor.skip();
        }
        DataKind::Update
    } else if cursor.eat("delete") {
        DataKind::Delete
    } else if cursor.eat("truncate") {
        DataKind::Truncate
    } else if ["insert", "replace", "merge", "upsert"].iter().any(|word| cursor.eat(word)) {
        if cursor.eat("or") {
            cursor.skip();
        }
        DataKind::Insert
    } else if cursor.eat("copy") || cursor.eat("load data") || cursor.eat("bulk insert") {
        cursor.skip_until(&["into", "table"]);
        if cursor.at_end() {
            cursor.set_position(1);
        }
        DataKind::Insert
    } else {
        return false;
    };
    while NOISE.iter().any(|word| cursor.eat(word)) {}
    let limited = cursor.eat("top") && cursor.parentheses().is_ok();
    let mut rows = cursor.clone();
    let _ = cursor.eat("into") || cursor.eat("from");
    while NOISE.iter().any(|word| cursor.eat(word)) {}
    let mut is_plain = true;
    let mut table = cursor.object_name().unwrap_or_else(|_| ObjectName::bare(""));
    // MySQL's `DELETE a FROM users a JOIN …`, SQL Server's `UPDATE a SET … FROM users a`: the name is an alias.
    if matches!(kind, DataKind::Delete | DataKind::Update) && table.schema.is_none() {
        let of_several = kind == DataKind::Delete
            && cursor.dialect == Dialect::MySql
            && (cursor.is_word(0, "from") || cursor.is_word(0, "using") || cursor.is_symbol(0, ','));
        if of_several && rows.is_word(0, "from") {
            // `DELETE FROM a USING users a`: as if it were `DELETE a FROM users a`.
            rows.skip_until(&["using"]);
        }
        if let Some(real) = aliased(cursor, &table.name) {
            table = real;
            is_plain = false;
            if kind == DataKind::Delete {
                // That FROM names the table and bounds nothing.
                cursor.skip_until(&["from"]);
                cursor.eat("from");
            }
        } else if of_several {
            // `DELETE a, b FROM …`: aliases of what stands behind FROM.
            table = ObjectName::bare("");
            is_plain = false;
        }
    }
    // What an alias stands for is found behind, and so are the columns of several tables.
    let mut needs = match kind {
        DataKind::Insert => needs::inserted(cursor),
        DataKind::Update if is_plain => needs::updated(cursor),
        _ => Vec::new(),
    };
    if outermost && lists_rows {
        let mut reads = match kind {
            DataKind::Insert => inserted_from(cursor, known),
            DataKind::Update => query::needs(&rows, known, Part::Tables),
            DataKind::Delete => query::needs(&rows, known, Part::Rows),
            DataKind::Truncate => Reads::default(),
        };
        // What it reads of the table that it changes is said with that.
        reads.relations.retain(|relation| *relation != table);
        reads.mentions.retain(|mention| {
            let is_own = mention.of.scopes().flatten().all(|relation| *relation == table);
            needs.extend(mention.column.clone().filter(|column| is_own && !needs.contains(column)));
            !is_own
        });
        push_query(reads, actions);
    }
    let written = if kind == DataKind::Update { assigned(cursor) } else { None };
    cursor.skip_until(&["where", "join", "using", "limit", "from"]);
    let bounded = limited || kind != DataKind::Truncate && !cursor.at_end();
    cursor.skip_all();
    let text = actions.text();
    actions.push(K::Data { kind, table, bounded, written, needs, text });
    true
}

/// What the rows of an INSERT are read from; the cursor stands behind the name of the table.
fn inserted_from(cursor: &Cursor<'_>, known: &Known<'_>) -> Reads {
    let mut ahead = cursor.clone();
    ahead.skip_to("from");
    // Most statements list values and no query.
    if ahead.at_end() {
        return Reads::default();
    }
    let mut own = cursor.clone();
    if !is_query(&own, 0) {
        own.skip_until(&["select", "with", "values", "table", "set"]);
    }
    query::needs(&own, known, Part::Rows)
}

/// The columns that the rest of an UPDATE writes: `SET a = …, t.b = …, (c, d) = …`; none where that is not what stands
/// there. What is set to itself, so that triggers run, is not written.
fn assigned(cursor: &Cursor<'_>) -> Option<Vec<String>> {
    const BEHIND: &[&str] = &["where", "from", "order", "limit", "returning", "output", "option"];
    let mut own = cursor.clone();
    own.skip_until(&["set"]);
    if !own.eat("set") {
        return None;
    }
    let mut columns = Vec::new();
    loop {
        if let Ok(mut several) = own.inside() {
            loop {
                columns.push(several.object_name().ok()?.name);
                if !several.eat_symbol(',') {
                    break;
                }
            }
        } else {
            columns.push(own.object_name().ok()?.name);
        }
        if !own.eat_symbol('=') {
            return None;
        }
        let stops: Vec<&str> = BEHIND.iter().copied().chain([","]).collect();
        let itself = own.object_name().ok().filter(|name| columns.last() == Some(&name.name));
        let ends = own.at_end() || own.is_symbol(0, ',') || BEHIND.iter().any(|word| own.is_word(0, word));
        if itself.is_some() && ends {
            columns.pop();
        }
        own.skip_until(&stops);
        if !own.eat_symbol(',') {
            return Some(columns);
        }
    }
}

/// The table that the rest of a statement gives that alias, in its FROM or a JOIN.
fn aliased(cursor: &Cursor<'_>, alias: &str) -> Option<ObjectName> {
    let mut own = cursor.clone();
    own.skip_until(if cursor.dialect == Dialect::MySql { &["from", "using"] } else { &["from"] });
    while !own.at_end() {
        own.skip();
        if let Ok(table) = own.object_name() {
            own.eat("as");
            if own.name().is_ok_and(|name| name.eq_ignore_ascii_case(alias)) {
                return Some(table);
            }
        }
        own.skip_until(&["join", "using", ",", "where"]);
        if own.is_word(0, "where") {
            return None;
        }
    }
    None
}

/// The table that `SELECT … INTO table FROM …` makes.
pub(super) fn selected_into(cursor: &Cursor<'_>) -> Read<Option<K>> {
    let mut own = cursor.clone();
    own.skip_until(&["into", "from", "union", "where"]);
    if !own.eat("into") {
        return Ok(None);
    }
    let mut kind = TableKind::Plain;
    while own.eat("temporary") || own.eat("temp") || own.eat("local") || own.eat("unlogged") {
        if own
            .tokens(own.position() - 1, own.position())
            .iter()
            .any(|t| own.text_of(*t).to_ascii_lowercase().starts_with("temp"))
        {
            kind = TableKind::Temporary;
        }
    }
    own.eat("table");
    let name = own.object_name()?;
    if name.name.starts_with('#') {
        kind = TableKind::Temporary;
    }
    Ok(Some(K::CreateTable(Box::new(NewTable::of_query(name, kind)))))
}
