//! The columns that a statement about rows writes of its table: those that INSERT lists, and those that SET assigns.
//!
//! A statement that names a column which is not there stops the deployment. What it reads is told by [`super::query`].

use super::cursor::Cursor;
use super::query::is_query;
use crate::catalog::Dialect;

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

/// The columns that the UPDATE of one table assigns.
pub(super) fn updated(cursor: &Cursor<'_>) -> Vec<String> {
    let mut own = cursor.clone();
    if !matches!(own.dialect, Dialect::PostgreSql | Dialect::MySql | Dialect::Sqlite) {
        return Vec::new();
    }
    own.eat_symbol('*');
    if !own.is_word(0, "set") {
        own.eat("as");
        if own.name().is_err() || !own.is_word(0, "set") {
            return Vec::new();
        }
    }
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
        if !own.eat_symbol(',') {
            return columns;
        }
    }
}
