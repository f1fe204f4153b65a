//! What every row complies with anyway: by what it was asked before, or by what the change itself makes of it.

use super::keys;
use crate::catalog::apply::{Effect, mentions};
use crate::catalog::operation::{ColumnChange, DataKind, OperationKind};
use crate::catalog::{Column, ColumnDefault, Dialect, Name, Table, TypeKind};
use crate::project::ProjectChange;
use crate::rules::danger::deeds::{Deed, Deeds, RowDeed};
use crate::rules::danger::has_session;
use crate::sql::expression::{Held, Truth, is_kept, is_never_null, truth, with_names};
use crate::sql::sets_null;

/// Whether no row can fail what is demanded.
pub(super) fn is_certain(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    is_filled(change, all, deed)
        || is_emptied(all, deed)
        || keys::is_unique_anyway(change, all, deed)
        || is_for_new_values(change, all, deed)
        || is_about_new_columns(change, all, deed)
        || is_held_by_null(change, all, deed)
        || excludes_the_same(change, all, deed)
}

/// Whether a column becomes NOT NULL behind a statement that gives it a value in every row, or in every row without one.
fn is_filled(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let Effect::ColumnChanged { table, before, .. } = &deed.effect else { return false };
    let column = before.name.to_ascii_lowercase();
    is_converted(change, all, deed)
        || all.rows.iter().any(|row| {
            let writes = row.written.iter().flatten().any(|name| name.eq_ignore_ascii_case(&column));
            let fills = match row.kind {
                DataKind::Update => {
                    writes
                        && (!row.bounded || asks_for_null(row.statement(), &column))
                        && !sets_null(row.statement(), &column, change.project.dialect())
                }
                // Rows without a value go.
                DataKind::Delete => asks_for_null(row.statement(), &column),
                _ => false,
            };
            all.is_same(&row.table, table) && fills && row.comes_before(deed)
        })
}

/// Whether a change of the column's type gives it a value in every row: `USING (deleted_at IS NOT NULL)`.
fn is_converted(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let Effect::ColumnChanged { table, after, .. } = &deed.effect else { return false };
    let dialect = change.project.dialect();
    let old = table_before(change, all, table);
    let held = |name: &str| match old.and_then(|old| old.column(dialect, name)) {
        Some(column) if !column.nullable => Held::Something,
        _ => Held::Anything,
    };
    let is_emptied_again = all
        .rows
        .iter()
        .any(|row| all.is_same(&row.table, table) && row.comes_before(deed) && row.may_write(&after.name));
    let gives = |other: &Deed| {
        let Some(OperationKind::AlterColumn { column, change: ColumnChange::Type { using: Some(using), .. }, .. }) =
            other.operation.as_ref().map(|operation| &operation.kind)
        else {
            return false;
        };
        matches!(&other.effect, Effect::ColumnChanged { table: of, .. } if all.is_same(of, table))
            && dialect.same_column(column, &after.name)
            && other.at <= deed.at
            && is_never_null(using, dialect, &held)
    };
    !is_emptied_again && all.done.iter().any(gives)
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
    let Some(state) = change.before.filter(|_| !has_session(deed)) else { return false };
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
            let holds =
                |name: &str| if dialect.same_column(name, &column.name) { Held::This(&held) } else { Held::Anything };
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
    let Some(after) = table_after(change, all, table) else { return false };
    every_condition(after, name.as_ref(), |expression| {
        let mut about = after.columns.iter().filter(|column| mentions(expression, &column.name)).peekable();
        about.peek().is_some() && about.all(|column| is_new(change, all, table, &column.name))
    })
}

/// Whether every row complies since a column that the change adds is NULL in each: rows with NULL in a unique index differ
/// from all others, and a check may take that. Or since a column took no NULL before, or a check of before asked as much.
fn is_held_by_null(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let (Effect::IndexAdded { table, .. } | Effect::ConstraintAdded { table, .. }) = &deed.effect else { return false };
    let Some(after) = table_after(change, all, table) else { return false };
    // What a session of the mapper writes is no statement that could be seen.
    let text = deed.place.source.text().to_ascii_lowercase();
    let writes_unseen = text.contains("session.") || text.contains("session(");
    let given = |column: &Column| {
        let is_written =
            |row: &RowDeed| all.is_same(&row.table, table) && row.comes_before(deed) && row.may_write(&column.name);
        let made = made_as(change, all, deed, table, column)?;
        let is_computed = made.generated.is_some() || made.auto_increment.is_some();
        (!is_computed && !writes_unseen && !all.rows.iter().any(is_written)).then_some(made)
    };
    let is_null = |column: &Column| {
        given(column).is_some_and(|made| made.nullable && matches!(made.default, None | Some(ColumnDefault::Null)))
    };
    // A column that took no NULL has none, whatever it takes from now on.
    let before = table_before(change, all, table);
    let was_required = |column: &Column| {
        let old = before.and_then(|before| before.column(change.project.dialect(), &column.name));
        let is_written = |row: &RowDeed| all.is_same(&row.table, table) && row.comes_before(deed);
        old.is_some_and(|old| !old.nullable) && !all.rows.iter().any(is_written)
    };
    let dialect = change.project.dialect();
    match &deed.effect {
        Effect::IndexAdded { index, .. } => {
            let mut columns = index.parts.iter().filter_map(|part| after.column(dialect, part.column()?));
            let differ = dialect != Dialect::SqlServer && !index.nulls_not_distinct;
            // A row is in a partial index where the condition is TRUE.
            let held = |name: &str| match after.column(dialect, name) {
                Some(column) => given(column).map_or(Held::Anything, value),
                None => Held::Anything,
            };
            let leaves_out = |condition: &String| {
                matches!(truth(condition, dialect, &held), Some(Truth::False | Truth::Null | Truth::NotTrue))
            };
            (differ && columns.any(is_null)) || index.predicate.as_ref().is_some_and(leaves_out)
        }
        Effect::ConstraintAdded { what: "check", name, .. } => {
            let held = |name: &str| {
                let Some(column) = after.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)) else {
                    return Held::Anything;
                };
                match given(column) {
                    Some(made) => value(made),
                    None if was_required(column) => Held::Something,
                    None => Held::Anything,
                }
            };
            let old = conditions_before(change, all, deed, table);
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            every_condition(after, name.as_ref(), |expression| is_kept(expression, &old, dialect, &held))
        }
        _ => false,
    }
}

/// What a new column holds in every row that is there.
fn value(made: &Column) -> Held<'_> {
    match &made.default {
        Some(default) => Held::This(default),
        None if made.nullable => Held::Null,
        None => Held::Anything,
    }
}

/// A column as the change has added it by one statement before the deed, where its type is that still: its default may have
/// been another later on.
fn made_as<'a>(
    change: &ProjectChange<'_>,
    all: &'a Deeds,
    deed: &Deed,
    table: &Name,
    column: &Column,
) -> Option<&'a Column> {
    let made = all.done.iter().find_map(|other| match &other.effect {
        Effect::ColumnAdded { table: of, column: made }
            if other.at <= deed.at
                && other.operation.is_some()
                && all.is_same(of, table)
                && made.name == column.name
                && made.ty == column.ty =>
        {
            Some(&**made)
        }
        _ => None,
    });
    made.filter(|_| is_new(change, all, table, &column.name))
}

/// The checks that every row was held to when the change began, and complies with still, under the names that its columns
/// have by then: of those whose columns the change writes or casts before the deed nothing is known.
fn conditions_before(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed, table: &Name) -> Vec<String> {
    let Some(before) = table_before(change, all, table) else { return Vec::new() };
    let dialect = change.project.dialect();
    let is_touched = |column: &Column| {
        let now = renamed(all, table, &column.name);
        let is_written = all.rows.iter().any(|row| {
            all.is_same(&row.table, table)
                && row.comes_before(deed)
                && (row.may_write(&column.name) || row.may_write(&now))
        });
        let is_another = all.done.iter().any(|other| match &other.effect {
            Effect::ColumnChanged { table: of, before, after } => {
                let is_it = |name: &str| name.eq_ignore_ascii_case(&column.name) || name.eq_ignore_ascii_case(&now);
                all.is_same(of, table) && before.ty != after.ty && is_it(&before.name)
            }
            Effect::ColumnDropped { table: of, column: lost, .. } => {
                all.is_same(of, table) && lost.name.eq_ignore_ascii_case(&column.name)
            }
            _ => false,
        });
        is_written || is_another
    };
    let checks = before.checks.iter().filter(|check| !check.not_valid).filter_map(|check| check.expression.as_deref());
    checks
        .filter(|condition| {
            !before.columns.iter().any(|column| mentions(condition, &column.name) && is_touched(column))
        })
        .map(|condition| follow(all, before, table, condition, dialect))
        .collect()
}

/// A condition of before under the names that its columns have since.
pub(super) fn follow(all: &Deeds, before: &Table, table: &Name, condition: &str, dialect: Dialect) -> String {
    with_names(condition, dialect, &|name| {
        let column = before.column(dialect, name)?;
        Some(renamed(all, table, &column.name)).filter(|now| *now != column.name)
    })
}

/// Whether the change adds a column, and does not only call one otherwise.
fn is_new(change: &ProjectChange<'_>, all: &Deeds, table: &Name, column: &str) -> bool {
    let dialect = change.project.dialect();
    let before = table_before(change, all, table);
    let is_renamed = all
        .done
        .iter()
        .any(|deed| matches!(&deed.effect, Effect::ColumnRenamed { table: of, to, .. } if all.is_same(of, table) && to == column));
    before.is_some_and(|before| before.column(dialect, column).is_none()) && !is_renamed
}

/// A table before the change: as the migrations had made it, or as it was declared where none made it.
pub(super) fn table_before<'a>(change: &'a ProjectChange<'_>, all: &Deeds, table: &Name) -> Option<&'a Table> {
    let state = change.before?;
    let table = all.name_before(table);
    state.replay.catalog.tables.get(table).or_else(|| state.declared.catalog.tables.get(table))
}

/// A table after the change, also where it gets another name later than what is asked of it.
pub(super) fn table_after<'a>(change: &'a ProjectChange<'_>, all: &Deeds, table: &Name) -> Option<&'a Table> {
    let tables = &change.after.replay.catalog.tables;
    let is_it = |of: &&Table| all.is_same(&of.name, table);
    tables.get(table).or_else(|| tables.values().find(is_it))
}

/// Whether there are checks of a name in a table, and something holds for the condition of each.
fn every_condition(table: &Table, name: Option<&String>, holds: impl Fn(&str) -> bool) -> bool {
    let mut checks = table.checks.iter().filter(|check| check.name.as_ref() == name).peekable();
    checks.peek().is_some() && checks.all(|check| check.expression.as_deref().is_some_and(&holds))
}

/// Whether an exclusion is one of before, made anew: under another name, or checked at another time.
fn excludes_the_same(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    let Effect::ConstraintAdded { table, what: "exclusion", .. } = &deed.effect else { return false };
    let (Some(state), Some(old)) = (change.before, table_before(change, all, table)) else { return false };
    if all.rows.iter().any(|row| all.is_same(&row.table, table) && row.comes_before(deed)) {
        return false;
    }
    let Some(new) = exclusion(deed.place.text()) else { return false };
    let steps = state.replay.migrations.iter().flat_map(|migration| &migration.steps);
    let made = steps.filter(|step| {
        step.effects.iter().any(|effect| {
            matches!(effect, Effect::ConstraintAdded { table: of, what: "exclusion", name: Some(name), not_valid: false }
                if all.is_same(of, table) && old.excludes.contains(name))
        })
    });
    made.filter_map(|step| exclusion(step.operation.place.text())).any(|old| old == new)
}

/// What the one EXCLUDE of a statement asks, without what says when it is checked.
fn exclusion(statement: &str) -> Option<String> {
    let plain = statement.to_ascii_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, asked) = plain.split_once("exclude ").filter(|(_, rest)| !rest.contains("exclude "))?;
    let end = [" deferrable", " not deferrable", " initially"].iter().filter_map(|word| asked.find(word)).min();
    Some(asked[..end.unwrap_or(asked.len())].trim_end_matches([';', ' ']).to_owned())
}

/// What a column is called once the change has been made.
pub(super) fn renamed(all: &Deeds, of: &Name, column: &str) -> String {
    let new = all.done.iter().find_map(|deed| match &deed.effect {
        Effect::ColumnRenamed { table, from, to } if from == column && all.is_same(table, of) => Some(to),
        _ => None,
    });
    new.map_or_else(|| column.to_owned(), Clone::clone)
}
