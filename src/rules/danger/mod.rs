//! What the new migrations would do to data and to a running service.
//!
//! Every rule here reads [`deeds::Deeds`]: what the new migrations do in sum, once the detours (a table built anew under
//! another name, an enum that is swapped) are taken out, and without what happens to things that the change itself made.

mod blocking;
mod deeds;
mod statement;

pub(super) mod blocking_constraint;
pub(super) mod blocking_index;
pub(super) mod changed_type;
pub(super) mod dropped_column;
pub(super) mod dropped_enum_value;
pub(super) mod dropped_table;
pub(super) mod environment_specific;
pub(super) mod renamed_column;
pub(super) mod renamed_table;
pub(super) mod required_column;
pub(super) mod suspected_rename;
pub(super) mod tightened_column;
pub(super) mod unbounded_write;

use crate::finding::Finding;
use crate::project::{EcosystemKind, ProjectChange};
use crate::rules::RuleId;
use crate::source::Place;

/// A finding at the statement that does it.
fn finding(rule: RuleId, place: &Place, object: String, message: String, help: String) -> Finding {
    Finding::new(rule, place.path().clone(), message, help).at(place).about(object)
}

/// The comment that allows a rule, as the project's migrations write comments.
fn allow(change: &ProjectChange<'_>, rule: RuleId) -> String {
    let comment = match change.project.ecosystem {
        EcosystemKind::Prisma => "--",
        EcosystemKind::Alembic => "#",
    };
    format!("{comment} driftgate: allow {rule}: <reason>")
}
