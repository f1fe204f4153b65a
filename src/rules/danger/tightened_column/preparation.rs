//! Whether a change mends rows before it demands something of them.

use crate::catalog::apply::{Effect, mentions};
use crate::catalog::operation::DataKind;
use crate::catalog::{Column, IndexOn, Name};
use crate::project::ProjectChange;
use crate::rules::danger::deeds::{Deed, Deeds, RowDeed};
use crate::rules::danger::{has_session, program};
use crate::sql::sets_null;

/// Whether the change writes or deletes rows of the table before, by a statement that names a column of what is demanded:
/// itself, or by what it reads.
pub(super) fn is_prepared(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let Some((table, demanded)) = demanded(change, deed) else { return false };
    let names = |row: &RowDeed, column: &String| {
        let statement = row.statement();
        // What is set to NULL has no value after it.
        let is_null = matches!(deed.effect, Effect::ColumnChanged { .. })
            && sets_null(statement, column, change.project.dialect());
        if is_null {
            return false;
        }
        row.written.iter().flatten().any(|name| name.eq_ignore_ascii_case(column))
            || mentions(statement, column)
            || helper_names(all, statement, column, &mut vec![false; all.helpers.len()])
            || (is_given_values(statement) && program_names(deed, column))
    };
    let by_statement = all.rows.iter().any(|row| {
        all.is_same(&row.table, table)
            && row.comes_before(deed)
            && matches!(row.kind, DataKind::Update | DataKind::Delete)
            && demanded.iter().any(|column| names(row, column))
    });
    by_statement || (has_session(deed) && demanded.iter().any(|column| program_names(deed, column)))
}

/// The columns that something is demanded of, and their table.
fn demanded<'a>(change: &'a ProjectChange<'_>, deed: &'a Deed) -> Option<(&'a Name, Vec<String>)> {
    let of_table = |about: &dyn Fn(&Column) -> bool, table| {
        let after = change.after.replay.catalog.tables.get(table)?;
        Some(after.columns.iter().filter(|column| about(column)).map(|column| column.name.clone()).collect())
    };
    Some(match &deed.effect {
        Effect::ColumnChanged { table, after, .. } => (table, vec![after.name.clone()]),
        Effect::IndexAdded { table, index, .. } => {
            let about = |column: &Column| {
                index.parts.iter().any(|part| match part.column() {
                    Some(name) => name == column.name,
                    None => matches!(&part.on, IndexOn::Expression(text) if mentions(text, &column.name)),
                })
            };
            (table, of_table(&about, table)?)
        }
        Effect::ConstraintAdded { table, what: "primary key", .. } => {
            let key = change.after.replay.catalog.tables.get(table)?.primary_key.as_ref()?;
            (table, key.columns.iter().filter_map(|part| part.column().map(str::to_owned)).collect())
        }
        Effect::ConstraintAdded { table, what: "check", name, .. } => {
            let after = change.after.replay.catalog.tables.get(table)?;
            let conditions = after.checks.iter().filter(|check| check.name == *name);
            let conditions: Vec<&str> = conditions.filter_map(|check| check.expression.as_deref()).collect();
            let about = |column: &Column| conditions.iter().any(|condition| mentions(condition, &column.name));
            (table, of_table(&about, table)?)
        }
        _ => return None,
    })
}

/// Whether a statement reads a table that the change made of that column: duplicates are often gathered in one first.
fn helper_names(all: &Deeds, statement: &str, column: &str, seen: &mut Vec<bool>) -> bool {
    all.helpers.iter().enumerate().any(|(at, (name, texts))| {
        if seen[at] || !has_word(statement, &name.name) {
            return false;
        }
        seen[at] = true;
        texts.iter().any(|text| has_word(text, column) || helper_names(all, text, column, seen))
    })
}

/// Whether a program gives a statement its values: which rows it is about depends on what was asked before.
fn is_given_values(statement: &str) -> bool {
    const MARKS: [&str; 5] = ["%s", "%(", "?", "unknown_part", "known_at_run_time"];
    MARKS.iter().any(|mark| statement.contains(mark))
        || statement.match_indices(':').any(|(at, _)| {
            let is_cast = statement[..at].ends_with(':');
            !is_cast && statement[at + 1..].starts_with(|c: char| c.is_alphabetic() || c == '_')
        })
}

/// Whether a revision speaks of a column in its functions, before it demands something of it.
fn program_names(deed: &Deed, column: &str) -> bool {
    program(deed).is_some_and(|text| has_word(text, column))
}

/// Whether a text holds a word, however it is quoted.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|one| one.eq_ignore_ascii_case(word))
}
