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

/// What the SET of an UPDATE says.
pub(super) struct Assigned {
    /// The columns that are written; none where one of them cannot be read. What is set to itself, so that triggers run, is
    /// not written.
    pub(super) written: Option<Vec<String>>,
    /// Those that the one table of the UPDATE surely has to have.
    pub(super) needs: Vec<String>,
}

/// The columns that the rest of an UPDATE assigns: `SET a = …, t.b = …, (c, d) = …`; the cursor stands behind its table.
pub(super) fn assigned(cursor: &Cursor<'_>) -> Assigned {
    const STOPS: &[&str] = &[",", "where", "from", "order", "limit", "returning", "output", "option"];
    let mut own = cursor.clone();
    // Of several tables, and with SQL Server and Oracle, what a name is of is not said here.
    let of_one = matches!(own.dialect, Dialect::PostgreSql | Dialect::MySql | Dialect::Sqlite) && is_at_set(&mut own);
    if !of_one {
        own = cursor.clone();
        own.skip_until(&["set"]);
    }
    if !own.eat("set") {
        return Assigned { written: None, needs: Vec::new() };
    }
    let (mut written, mut needs) = (Some(Vec::new()), Vec::new());
    loop {
        let several = own.inside();
        let is_row = several.is_ok();
        let mut targets: Vec<Option<Target>> = Vec::new();
        if let Ok(mut several) = several {
            loop {
                targets.push(target(&mut several));
                several.skip_until(&[","]);
                if !several.eat_symbol(',') {
                    break;
                }
            }
        } else {
            targets.push(target(&mut own));
        }
        let is_assigned = own.eat_symbol('=');
        for target in targets {
            match target {
                Some(target) if is_assigned => {
                    if target.is_alone {
                        needs.push(target.column.clone());
                    }
                    let is_itself = !is_row && is_set_to(&own, &target.column, STOPS);
                    written
                        .iter_mut()
                        .filter(|_| !is_itself)
                        .for_each(|all: &mut Vec<_>| all.push(target.column.clone()));
                }
                _ => written = None,
            }
        }
        own.skip_until(STOPS);
        if !own.eat_symbol(',') {
            return Assigned { written, needs: if of_one { needs } else { Vec::new() } };
        }
    }
}

/// A column that is assigned.
struct Target {
    column: String,
    /// Whether nothing stands around its name: no table, no field of it.
    is_alone: bool,
}

/// The column in front, with the brackets that pick an element of it.
fn target(cursor: &mut Cursor<'_>) -> Option<Target> {
    let first = cursor.name().ok()?;
    let mut last = None;
    while cursor.eat_symbol('.') {
        last = Some(cursor.name().ok()?);
    }
    if cursor.is_symbol(0, '[') {
        while cursor.token(0).is_some() && !cursor.is_symbol(0, '=') && !cursor.is_symbol(0, ',') {
            cursor.skip();
        }
    }
    let is_alone = last.is_none();
    // PostgreSQL takes no table there: `a.b` is a field of the column a.
    let column = last.filter(|_| cursor.dialect != Dialect::PostgreSql).unwrap_or(first);
    Some(Target { column, is_alone })
}

/// Whether what stands in front is that column and nothing more.
fn is_set_to(cursor: &Cursor<'_>, column: &str, stops: &[&str]) -> bool {
    let mut own = cursor.clone();
    own.object_name().is_ok_and(|name| name.name == column)
        && (own.at_end() || own.is_symbol(0, ',') || stops.iter().any(|word| own.is_word(0, word)))
}

/// Goes to the SET right behind the name of a table and its alias; says whether it is there.
fn is_at_set(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat_symbol('*');
    if !cursor.is_word(0, "set") {
        cursor.eat("as");
        return cursor.name().is_ok() && cursor.is_word(0, "set");
    }
    true
}
