//! What every row complies with anyway: by what it was asked before, or by what the change itself makes of it.

use std::collections::BTreeSet;

use super::keys;
use crate::catalog::apply::{Effect, mentions};
use crate::catalog::operation::DataKind;
use crate::catalog::{Column, ColumnDefault, Dialect, Name, Table, TypeKind};
use crate::project::{ProjectChange, ProjectState};
use crate::rules::danger::deeds::{Deed, Deeds, RowDeed};
use crate::sql::expression::{Truth, truth};

/// Whether no row can fail what is demanded.
pub(super) fn is_certain(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    is_filled(all, deed)
        || is_emptied(all, deed)
        || widens(change, deed)
        || keys::is_unique_anyway(change, all, deed)
        || is_for_new_values(change, all, deed)
        || is_about_new_columns(change, all, deed)
        || is_held_by_null(change, all, deed)
}

/// Whether a column becomes NOT NULL behind a statement that gives it a value in every row, or in every row without one.
fn is_filled(all: &Deeds, deed: &Deed) -> bool {
    let Effect::ColumnChanged { table, before, .. } = &deed.effect else { return false };
    let column = before.name.to_ascii_lowercase();
    all.rows.iter().any(|row| {
        let writes = row.written.iter().flatten().any(|name| name.eq_ignore_ascii_case(&column));
        let fills = match row.kind {
            DataKind::Update => writes && (!row.bounded || asks_for_null(row.statement(), &column)),
            // Rows without a value go.
            DataKind::Delete => asks_for_null(row.statement(), &column),
            _ => false,
        };
        all.is_same(&row.table, table) && fills && row.comes_before(deed)
    })
}

/// Whether the change empties the table before.
fn is_emptied(all: &Deeds, deed: &Deed) -> bool {
    let (Effect::ColumnChanged { table, .. }
    | Effect::IndexAdded { table, .. }
    | Effect::ConstraintAdded { table, .. }) = &deed.effect
    else {
        return false;
    };
    all.rows.iter().any(|row| all.is_same(&row.table, table) && row.empties() && row.comes_before(deed))
}

/// Whether a statement picks the rows without a value in a column, and by nothing else.
fn asks_for_null(statement: &str, column: &str) -> bool {
    let text = statement.to_ascii_lowercase();
    let Some((_, condition)) = text.split_once("where").filter(|(_, rest)| !rest.contains("where")) else {
        return false;
    };
    let plain: String = condition
        .chars()
        .filter(|c| !matches!(c, '"' | '`' | '[' | ']'))
        .map(|c| if c.is_alphanumeric() || matches!(c, '_' | '.' | '=') { c } else { ' ' })
        .collect();
    let words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let names = |word: &str| word.rsplit('.').next() == Some(column);
    matches!(words.as_slice(), [name, "is", "null"] if names(name))
}

/// Whether a partial unique index asks for a value of an enum that the change adds: no row can hold it yet.
fn is_for_new_values(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let Effect::IndexAdded { table, index, .. } = &deed.effect else { return false };
    let (Some(predicate), Some(before)) = (&index.predicate, table_before(change, all, table)) else { return false };
    let Some(state) = change.before.filter(|_| !super::preparation::has_session(deed)) else { return false };
    let dialect = change.project.dialect();
    before.columns.iter().filter(|column| mentions(predicate, &column.name)).any(|column| {
        let TypeKind::Named(ty) = &column.ty.kind else { return false };
        let Some((name, old)) = state.replay.catalog.enums.iter().find(|(name, _)| name.name == ty.name) else {
            return false;
        };
        let is_same_schema = ty.schema.as_ref().is_none_or(|schema| *schema == name.schema);
        let is_written =
            |row: &RowDeed| all.is_same(&row.table, table) && row.comes_before(deed) && row.may_write(&column.name);
        let is_cast = all.done.iter().any(|other| {
            matches!(&other.effect, Effect::ColumnChanged { table: of, before, after }
                if all.is_same(of, table) && before.ty != after.ty && after.name == column.name)
        });
        let values = old.labels.iter().map(|label| ColumnDefault::Text(label.clone())).chain([ColumnDefault::Null]);
        let is_left_out = |held: ColumnDefault| {
            let holds = |name: &str| dialect.same_column(name, &column.name).then_some(&held);
            matches!(truth(predicate, dialect, &holds), Some(Truth::False | Truth::Null | Truth::NotTrue))
        };
        is_same_schema
            && all.grown.contains(name)
            && !column.ty.array
            && !is_cast
            && !all.rows.iter().any(is_written)
            && values.into_iter().all(is_left_out)
    })
}

/// Whether a check is about nothing but columns that the change adds: each row has in them what the change gives it.
fn is_about_new_columns(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let Effect::ConstraintAdded { table, what: "check", name, .. } = &deed.effect else { return false };
    let Some(after) = change.after.replay.catalog.tables.get(table) else { return false };
    every_condition(after, name.as_ref(), |expression| {
        let mut about = after.columns.iter().filter(|column| mentions(expression, &column.name)).peekable();
        about.peek().is_some() && about.all(|column| is_new(change, all, table, &column.name))
    })
}

/// Whether every row complies since a column that the change adds is NULL in each: rows with NULL in a unique index differ
/// from all others, and a check may say that the column is NULL or something else holds. Or that a column holds something
/// which took no NULL before.
fn is_held_by_null(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let (Effect::IndexAdded { table, .. } | Effect::ConstraintAdded { table, .. }) = &deed.effect else { return false };
    let Some(after) = change.after.replay.catalog.tables.get(table) else { return false };
    // What a session of the mapper writes is no statement that could be seen.
    let text = deed.place.source.text().to_ascii_lowercase();
    let writes_unseen = text.contains("session.") || text.contains("session(");
    let is_null = |column: &Column| {
        let is_written = all.rows.iter().any(|row| {
            let names = |names: &Vec<String>| names.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
            all.is_same(&row.table, table)
                && !matches!(row.kind, DataKind::Delete | DataKind::Truncate)
                && row.written.as_ref().is_none_or(names)
        });
        column.nullable
            && column.default.is_none()
            && column.generated.is_none()
            && column.auto_increment.is_none()
            && !is_written
            && !writes_unseen
            && is_new(change, all, table, &column.name)
    };
    // A column that took no NULL has none, whatever it takes from now on.
    let before = table_before(change, all, table);
    let was_required = |column: &Column| {
        let old = before.and_then(|before| before.column(change.project.dialect(), &column.name));
        old.is_some_and(|old| !old.nullable) && !all.rows.iter().any(|row| all.is_same(&row.table, table))
    };
    match &deed.effect {
        Effect::IndexAdded { index, .. } => {
            let dialect = change.project.dialect();
            let mut columns = index.parts.iter().filter_map(|part| after.column(dialect, part.column()?));
            dialect != Dialect::SqlServer && !index.nulls_not_distinct && columns.any(is_null)
        }
        Effect::ConstraintAdded { what: "check", name, .. } => every_condition(after, name.as_ref(), |expression| {
            alternatives(expression).iter().any(|one| {
                let plain = one.replace(['(', ')', '"', '`', '[', ']'], " ").to_ascii_lowercase();
                let words: Vec<&str> = plain.split_whitespace().collect();
                let named = |name: &str| after.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
                match words.as_slice() {
                    [name, "is", "null"] => named(name).is_some_and(is_null),
                    [name, "is", "not", "null"] => named(name).is_some_and(was_required),
                    _ => false,
                }
            })
        }),
        _ => false,
    }
}

/// Whether the change adds a column, and does not only call one otherwise.
fn is_new(change: &ProjectChange<'_>, all: &Deeds, table: &Name, column: &str) -> bool {
    let dialect = change.project.dialect();
    let before = table_before(change, all, table);
    let is_renamed = all
        .done
        .iter()
        .any(|deed| matches!(&deed.effect, Effect::ColumnRenamed { table: of, to, .. } if of == table && to == column));
    before.is_some_and(|before| before.column(dialect, column).is_none()) && !is_renamed
}

/// A table before the change: as the migrations had made it, or as it was declared where none made it.
pub(super) fn table_before<'a>(change: &'a ProjectChange<'_>, all: &Deeds, table: &Name) -> Option<&'a Table> {
    let state = change.before?;
    let table = all.name_before(table);
    state.replay.catalog.tables.get(table).or_else(|| state.declared.catalog.tables.get(table))
}

/// Whether there are checks of a name in a table, and something holds for the condition of each.
fn every_condition(table: &Table, name: Option<&String>, holds: impl Fn(&str) -> bool) -> bool {
    let mut checks = table.checks.iter().filter(|check| check.name.as_ref() == name).peekable();
    checks.peek().is_some() && checks.all(|check| check.expression.as_deref().is_some_and(&holds))
}

/// The alternatives of a condition: what stands between the ORs that no parenthesis of its own holds, and no text.
fn alternatives(condition: &str) -> Vec<&str> {
    let whole = condition.trim();
    let inner = whole.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|inner| is_balanced(inner));
    if let Some(inner) = inner {
        return alternatives(inner);
    }
    let (mut found, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_usize, false);
    for (at, c) in whole.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_or = || whole.get(at..at + 4).is_some_and(|word| word.eq_ignore_ascii_case(" or "));
        if c == ' ' && depth == 0 && !quoted && at >= start && is_or() {
            found.push(&whole[start..at]);
            start = at + 4;
        }
    }
    found.push(&whole[start..]);
    found
}

/// Whether no parenthesis of a text is closed that it did not open.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    text.chars().all(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth >= 0
    })
}

/// Whether a check takes all that the one of its name took before: a longer list of values.
fn widens(change: &ProjectChange<'_>, deed: &Deed) -> bool {
    let Effect::ConstraintAdded { table, what: "check", name: Some(name), .. } = &deed.effect else { return false };
    let expression = |state: &ProjectState| {
        let checks = &state.replay.catalog.tables.get(table)?.checks;
        checks.iter().find(|check| check.name.as_ref() == Some(name))?.expression.clone()
    };
    let (Some(before), Some(after)) = (change.before.and_then(expression), expression(change.after)) else {
        return false;
    };
    let ((before, old), (after, new)) = (without_values(&before), without_values(&after));
    before == after && old.is_subset(&new) && !before.contains("not")
}

/// A condition without its texts, casts and commas, and the texts.
fn without_values(expression: &str) -> (String, BTreeSet<String>) {
    let mut rest = String::new();
    let mut values = BTreeSet::new();
    for (at, part) in expression.split('\'').enumerate() {
        if at % 2 == 1 {
            values.insert(part.to_owned());
            continue;
        }
        // `::text`, `::character varying`
        let part = part
            .strip_prefix("::")
            .map_or(part, |cast| cast.trim_start_matches(|c: char| c.is_alphanumeric() || c == ' '));
        rest.extend(part.chars().filter(|c| !c.is_whitespace() && *c != ',').map(|c| c.to_ascii_lowercase()));
    }
    (rest, values)
}

/// What a column is called once the change has been made.
pub(super) fn renamed(all: &Deeds, of: &Name, column: &str) -> String {
    let new = all.done.iter().find_map(|deed| match &deed.effect {
        Effect::ColumnRenamed { table, from, to } if from == column && all.is_same(table, of) => Some(to),
        _ => None,
    });
    new.map_or_else(|| column.to_owned(), Clone::clone)
}
