//! What a change adds to a table or an enum that no migration has ever made.

use std::cell::OnceCell;

use super::load::Found;
use crate::catalog::difference::{Aspect, Difference, Side};
use crate::project::ProjectState;

/// Tells apart what was missing as a whole before from what the change adds to it.
///
/// A missing table is another difference as soon as one of its columns is, so that whoever edits a model that nobody has
/// ever migrated would be told of the table again. What the change adds to it is a difference of its own instead, closed by
/// what makes the whole, and the whole is the difference that it was.
pub(super) fn split(found: &Found, before: &ProjectState, after: &mut ProjectState) {
    let moved = OnceCell::new();
    let mut parts = Vec::new();
    for whole in after.gap.iter_mut().filter(|difference| is_whole(difference)) {
        let is_same = |old: &&Difference| {
            is_whole(old)
                && old.kind == whole.kind
                && old.table == whole.table
                && old.enumeration == whole.enumeration
                && old.name == whole.name
        };
        let known = before.gap.iter().find(is_same).filter(|old| old.identity() != whole.identity());
        let Some(known) = known else { continue };
        let moved: &Vec<Difference> = moved.get_or_init(|| {
            let (new, old) = (&after.declared.catalog, &before.declared.catalog);
            found.ecosystem.compare(&found.project, new, old)
        });
        let added = moved.iter().filter(|part| {
            part.kind.side == Side::Missing
                && !is_whole(part)
                && part.table == whole.table
                && part.enumeration == whole.enumeration
        });
        // The first of them brings the statements: the others come with the whole.
        let mut sql = whole.sql.clone();
        let known_parts = parts.len();
        for part in added {
            let certain = whole.certain;
            parts.push(Difference { certain, migrated_at: None, sql: std::mem::take(&mut sql), ..part.clone() });
        }
        if parts.len() > known_parts {
            whole.declared.clone_from(&known.declared);
        }
    }
    if !parts.is_empty() {
        after.gap.extend(parts);
        let key = |one: &Difference| (one.table.clone(), one.enumeration.clone(), one.kind, one.name.clone());
        after.gap.sort_by_key(key);
    }
}

/// Whether a difference is that nothing makes a table or an enum at all.
fn is_whole(difference: &Difference) -> bool {
    difference.kind.side == Side::Missing && matches!(difference.kind.aspect, Aspect::Table | Aspect::Enum)
}
