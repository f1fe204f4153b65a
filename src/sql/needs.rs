//! The columns that a statement about rows surely names of the table that it changes.
//!
//! A statement that names a column which is not there stops the deployment. Of what an expression holds, only a name that
//! stands where nothing but a column can stand is taken: in the list of INSERT, where SET assigns, and on the left of a
//! comparison in the condition of a statement about one table. Everything else is left alone.

use super::cursor::Cursor;
use super::lexer::TokenKind;
use super::query::is_query;
use crate::catalog::{Dialect, ObjectName};

/// Words that stand for values, and words that begin other things than a column.
const NO_COLUMNS: &[&str] = &[
    "all",
    "any",
    "array",
    "binary",
    "case",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "excluded",
    "exists",
    "false",
    "interval",
    "localtime",
    "localtimestamp",
    "new",
    "null",
    "old",
    "row",
    "rownum",
    "session_user",
    "some",
    "sysdate",
    "system_user",
    "true",
    "user",
    "utc_date",
    "utc_time",
    "utc_timestamp",
    "value",
    "values",
];

/// Words that a comparison begins with.
const COMPARISONS: &[&str] = &["is", "in", "like", "ilike", "between", "not", "similar", "regexp", "rlike"];

/// Words that end a condition.
const BEHIND: &[&str] =
    &["returning", "order", "limit", "group", "having", "union", "output", "option", "window", "for"];

/// The columns that INSERT lists, from behind the name of the table on.
pub(super) fn inserted(cursor: &Cursor<'_>) -> Vec<String> {
    let mut own = cursor.clone();
    if own.eat("as") && own.name().is_err() || !own.is_symbol(0, '(') || is_query(&own, 1) {
        return Vec::new();
    }
    let Ok(mut inside) = own.inside() else { return Vec::new() };
    let mut columns = Vec::new();
    loop {
        let Ok(name) = inside.name() else { return Vec::new() };
        // `t.a` is a column of MySQL, `a.b` a field of PostgreSQL's column.
        if !inside.is_symbol(0, '.') {
            columns.push(name);
        }
        inside.skip_until(&[","]);
        if !inside.eat_symbol(',') {
            return columns;
        }
    }
}

/// The columns that UPDATE assigns, and those that its condition compares.
pub(super) fn updated(cursor: &Cursor<'_>, table: &ObjectName, outermost: bool) -> Vec<String> {
    let mut own = cursor.clone();
    own.eat_symbol('*');
    let Some(names) = names(&mut own, table, "set") else { return Vec::new() };
    own.skip();
    let mut columns = Vec::new();
    loop {
        if let Ok(mut several) = own.inside() {
            while let Ok(name) = several.name() {
                if several.at_end() || several.is_symbol(0, ',') {
                    columns.push(name);
                }
                several.skip_until(&[","]);
                several.skip();
            }
        } else {
            match own.name() {
                Ok(name) if own.is_symbol(0, '=') || own.is_symbol(0, '[') => columns.push(name),
                _ => {}
            }
        }
        own.skip_until(&[",", "where", "from", "order", "limit", "returning", "output", "option"]);
        if own.eat_symbol(',') {
            continue;
        }
        if own.is_word(0, "where") && outermost {
            own.skip();
            compared(&mut own, &names, &mut columns);
        }
        return columns;
    }
}

/// The columns that the condition of DELETE compares.
pub(super) fn deleted(cursor: &Cursor<'_>, table: &ObjectName, outermost: bool) -> Vec<String> {
    let mut own = cursor.clone();
    own.eat_symbol('*');
    let mut columns = Vec::new();
    if outermost && let Some(names) = names(&mut own, table, "where") {
        own.skip();
        compared(&mut own, &names, &mut columns);
    }
    columns
}

/// What the one table of a statement is called in it, up to the word that ends its list of tables; none where there are
/// several, or where the dialect's statement has another form.
fn names(cursor: &mut Cursor<'_>, table: &ObjectName, end: &str) -> Option<Vec<String>> {
    if !matches!(cursor.dialect, Dialect::PostgreSql | Dialect::MySql | Dialect::Sqlite) {
        return None;
    }
    let mut names = vec![table.name.clone()];
    if !cursor.is_word(0, end) {
        cursor.eat("as");
        names.push(cursor.name().ok()?);
    }
    cursor.is_word(0, end).then_some(names)
}

/// The columns on the left of comparisons, up to the end of a condition. A query in it has tables of its own, and what
/// stands among the arguments of a function may be anything.
fn compared(cursor: &mut Cursor<'_>, names: &[String], columns: &mut Vec<String>) {
    // Whether an operand of the condition begins here.
    let mut fresh = true;
    while let Some(token) = cursor.token(0) {
        let is_word = |words: &[&str]| {
            token.kind == TokenKind::Word && words.iter().any(|word| cursor.text_of(token).eq_ignore_ascii_case(word))
        };
        if cursor.is_symbol(0, '(') && is_query(cursor, 1) {
            if cursor.parentheses().is_err() {
                return;
            }
            fresh = false;
        } else if cursor.is_symbol(0, '(') {
            cursor.skip();
        } else if is_word(&["and", "or", "not"]) {
            cursor.skip();
            fresh = true;
        } else if is_word(BEHIND) {
            return;
        } else if fresh && cursor.is_name(0) && !is_word(NO_COLUMNS) {
            fresh = false;
            let is_text = cursor.dialect == Dialect::Sqlite && cursor.text_of(token).starts_with('"');
            let Ok(mut name) = cursor.name() else { return };
            if cursor.is_symbol(0, '.') && cursor.is_name(1) {
                cursor.skip();
                let Ok(column) = cursor.name() else { return };
                // A field of a composite column, or another schema's table.
                if !names.contains(&name) {
                    continue;
                }
                name = column;
            } else if names.contains(&name) || is_text {
                // The row as a whole; SQLite takes a name in double quotes that is no column for a text.
                continue;
            }
            if is_comparison(cursor) {
                columns.push(name);
            }
        } else {
            cursor.skip();
            fresh = false;
        }
    }
}

/// Whether an operator follows on whose left a value stands.
fn is_comparison(cursor: &Cursor<'_>) -> bool {
    let Some(token) = cursor.token(0) else { return false };
    let text = cursor.text_of(token);
    match token.kind {
        // `name => value` is an argument.
        TokenKind::Symbol('=') => !cursor.is_symbol(1, '>'),
        TokenKind::Symbol('<' | '>') | TokenKind::Cast => true,
        TokenKind::Operator => matches!(text, "<>" | "!=" | "<=" | ">=" | "~~" | "!~" | "~*"),
        TokenKind::Word => COMPARISONS.iter().any(|word| text.eq_ignore_ascii_case(word)),
        _ => false,
    }
}
