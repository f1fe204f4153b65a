//! Keys of before that make rows unique already.

use super::compliance::{follow, renamed, table_after, table_before};
use crate::catalog::apply::Effect;
use crate::catalog::operation::DataKind;
use crate::catalog::{Column, ColumnDefault, Index, IndexOn, IndexPart, Name};
use crate::project::ProjectChange;
use crate::rules::danger::deeds::{Deed, Deeds, RowDeed};

/// Whether no two rows can be alike in what a unique index or a primary key is about: fewer of its columns make a key
/// already.
pub(super) fn is_unique_anyway(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed) -> bool {
    match &deed.effect {
        Effect::IndexAdded { table, index, .. } if index.unique => is_key(change, all, deed, table, index),
        // What a primary key asks beside: none of its columns takes NULL.
        Effect::ConstraintAdded { table, what: "primary key", .. } => {
            let after = table_after(change, all, table);
            let key = after.and_then(|table| table.primary_key.as_ref());
            let (Some(before), Some(after), Some(key)) = (table_before(change, all, table), after, key) else {
                return false;
            };
            let dialect = change.project.dialect();
            let required = |part: &IndexPart| {
                let Some(name) = part.column() else { return false };
                let was = |old: &&Column| dialect.same_column(&renamed(all, table, &old.name), name);
                match before.columns.iter().find(was) {
                    Some(old) => !old.nullable,
                    None => after.column(dialect, name).is_some_and(|new| {
                        let is_given = new.auto_increment.is_some() || new.generated.is_some();
                        is_given || !matches!(new.default, None | Some(ColumnDefault::Null))
                    }),
                }
            };
            let index = Index::new(key.name.clone(), key.columns.clone(), true);
            key.columns.iter().all(required) && is_key(change, all, deed, table, &index)
        }
        _ => false,
    }
}

/// A key of before, and the step that takes it away.
struct OldKey {
    parts: Vec<IndexPart>,
    gone: usize,
}

/// Whether rows were unique in these columns, or in fewer of them, when the change began, and are so still: the key is
/// there in the end, or nothing writes rows once it is gone.
fn is_key(change: &ProjectChange<'_>, all: &Deeds, deed: &Deed, table: &Name, new: &Index) -> bool {
    let dialect = change.project.dialect();
    let covers = |old: &[IndexPart]| {
        let same = |old: &IndexPart, new: &IndexPart| {
            let (of, as_it_is) = match &old.on {
                IndexOn::Column(name) => (Some(name.as_str()), true),
                IndexOn::Expression(text) => (apart(text), false),
            };
            let on = old.on == new.on
                || of.is_some_and(|of| {
                    new.column().is_some_and(|new| dialect.same_column(&renamed(all, table, of), new))
                });
            on && old.collation == new.collation && (new.length.is_none() || as_it_is && old.length == new.length)
        };
        !old.is_empty() && old.iter().all(|part| new.parts.iter().any(|own| same(part, own)))
    };
    let before = table_before(change, all, table);
    let takes_the_same = |old: &str| match before {
        Some(before) => new.predicate == Some(follow(all, before, table, old, dialect)),
        None => new.predicate.as_deref() == Some(old),
    };
    let is_stricter = |old: &Index| {
        old.unique
            && old.predicate.as_deref().is_none_or(takes_the_same)
            && (old.nulls_not_distinct || !new.nulls_not_distinct)
            && covers(&old.parts)
    };
    let is_primary = matches!(deed.effect, Effect::ConstraintAdded { .. });
    let mut keys: Vec<OldKey> = Vec::new();
    if let Some(before) = before {
        // Where nothing is said of a key it may go at any time.
        keys.extend(
            before
                .indexes
                .iter()
                .filter(|index| is_stricter(index))
                .map(|index| OldKey { parts: index.parts.clone(), gone: 0 }),
        );
        let primary_goes = all.done.iter().find(|other| {
            matches!(&other.effect, Effect::ConstraintDropped { table: of, what: "primary key", .. } if all.is_same(of, table))
        });
        keys.extend(
            before
                .primary_key
                .iter()
                .filter(|key| covers(&key.columns))
                .map(|key| OldKey { parts: key.columns.clone(), gone: primary_goes.map_or(0, |deed| deed.at) }),
        );
    }
    keys.extend(all.done.iter().filter_map(|other| match &other.effect {
        Effect::IndexDropped { table: of, index } if all.is_same(of, table) && is_stricter(index) => {
            Some(OldKey { parts: index.parts.clone(), gone: other.at })
        }
        _ => None,
    }));
    if !keys.is_empty() && is_held_by_another(change, all, table, new, is_primary, &covers, &is_stricter) {
        return true;
    }
    keys.iter().any(|key| {
        let own = |part: &IndexPart| match &part.on {
            IndexOn::Column(name) => Some(name.clone()),
            IndexOn::Expression(text) => apart(text).map(str::to_owned),
        };
        // Of an expression that is not read each column may be meant.
        let columns: Option<Vec<String>> = key.parts.iter().map(own).collect();
        let names = |column: &str| {
            let same = |own: &String| {
                dialect.same_column(own, column) || dialect.same_column(&renamed(all, table, own), column)
            };
            columns.as_ref().is_none_or(|columns| columns.iter().any(same))
        };
        let between = |at: usize| key.gone < at && at <= deed.at;
        let is_written = |row: &RowDeed| {
            all.is_same(&row.table, table)
                && between(row.at)
                && match row.kind {
                    DataKind::Insert => true,
                    DataKind::Update => {
                        row.written.as_ref().is_none_or(|written| written.iter().any(|column| names(column)))
                    }
                    DataKind::Delete | DataKind::Truncate => false,
                }
        };
        let is_cast = |other: &Deed| {
            matches!(&other.effect, Effect::ColumnChanged { table: of, before, after }
                if all.is_same(of, table) && before.ty != after.ty && names(&after.name))
        };
        !all.rows.iter().any(is_written) && (is_primary || !all.done.iter().any(is_cast))
    })
}

/// Whether another key of the table makes rows unique in the end: one that was there before, or one over fewer columns,
/// which is judged by itself.
fn is_held_by_another(
    change: &ProjectChange<'_>,
    all: &Deeds,
    table: &Name,
    new: &Index,
    is_primary: bool,
    covers: &dyn Fn(&[IndexPart]) -> bool,
    is_stricter: &dyn Fn(&Index) -> bool,
) -> bool {
    let Some(after) = table_after(change, all, table) else { return false };
    let added = |index: &Index| {
        all.done.iter().any(|deed| {
            matches!(&deed.effect, Effect::IndexAdded { table: of, index: added, .. }
                if all.is_same(of, table) && added.name == index.name && added.parts == index.parts)
        })
    };
    let adds_primary = all.done.iter().any(
        |deed| matches!(&deed.effect, Effect::ConstraintAdded { table: of, what: "primary key", .. } if all.is_same(of, table)),
    );
    let primary = after.primary_key.iter().filter(|_| !is_primary);
    let mut indexes = after.indexes.iter().filter(|index| is_stricter(index));
    primary.filter(|key| covers(&key.columns)).any(|key| key.columns != new.parts || !adds_primary)
        || indexes.any(|index| index.parts != new.parts || !added(index))
}

/// The column that an expression keeps apart: two values of it that are equal make the expression equal, and NULL makes it
/// NULL (`lower(email)`).
fn apart(expression: &str) -> Option<&str> {
    let inner = ["lower(", "upper("].iter().find_map(|call| expression.strip_prefix(call))?.strip_suffix(')')?;
    let inner = inner.strip_suffix("::text").unwrap_or(inner);
    let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner);
    let name = inner.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(inner);
    (!name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')).then_some(name)
}
