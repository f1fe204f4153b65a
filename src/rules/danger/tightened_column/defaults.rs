//! Checks that the default of a new column breaks.

use crate::catalog::Column;
use crate::catalog::apply::Effect;
use crate::project::ProjectChange;
use crate::rules::danger::deeds::{Deed, Deeds};
use crate::rules::danger::has_session;
use crate::sql::expression::{Held, Truth, truth};

/// The new column whose default breaks the check that a deed adds, where that is sure: every row that is there holds it.
pub(super) fn broken<'a>(change: &ProjectChange<'_>, all: &'a Deeds, deed: &Deed) -> Option<&'a str> {
    let Effect::ConstraintAdded { table, what: "check", name, not_valid: false } = &deed.effect else { return None };
    let after = change.after.replay.catalog.tables.get(table)?;
    let mut named = after.checks.iter().filter(|check| check.name == *name);
    let (Some(check), None) = (named.next(), named.next()) else { return None };
    // What a column was made with: its default may have been another later on.
    let dialect = change.project.dialect();
    let made: Vec<&'a Column> = all
        .done
        .iter()
        .filter(|other| other.at <= deed.at)
        .filter_map(|other| match &other.effect {
            Effect::ColumnAdded { table: of, column } if all.is_same(of, table) => Some(&**column),
            _ => None,
        })
        .filter(|column| !all.rows.iter().any(|row| all.is_same(&row.table, table) && row.may_write(&column.name)))
        .filter(|column| after.column(dialect, &column.name).is_some_and(|now| now.ty == column.ty))
        .collect();
    let default = |name: &str| {
        let column = made.iter().find(|column| dialect.same_column(&column.name, name));
        match column.filter(|column| column.generated.is_none() && column.auto_increment.is_none()) {
            Some(column) => column.default.as_ref().map_or(Held::Null, Held::This),
            None => Held::Anything,
        }
    };
    let condition = check.expression.as_deref()?;
    if has_session(deed) || truth(condition, dialect, &default) != Some(Truth::False) {
        return None;
    }
    // A table that was emptied before holds nothing that could break it.
    if all.rows.iter().any(|row| all.is_same(&row.table, table) && row.empties() && row.comes_before(deed)) {
        return None;
    }
    made.iter().map(|column| column.name.as_str()).find(|name| crate::catalog::apply::mentions(condition, name))
}
