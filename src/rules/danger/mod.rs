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
use deeds::Deed;

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

/// Whether a revision may have written rows by the mapper's session, whose statements cannot be seen.
fn has_session(deed: &Deed) -> bool {
    const WRITES: [&str; 6] = [".commit(", ".flush(", ".update(", ".delete(", ".add(", ".bulk_"];
    let text = program(deed).unwrap_or_default();
    (text.contains("session.") || text.contains("session(")) && WRITES.iter().any(|call| text.contains(call))
}

/// The functions of a revision up to a deed; none where it is no revision.
fn program(deed: &Deed) -> Option<&str> {
    let place = &deed.place;
    let text = place.source.text().get(..place.span.start as usize)?;
    let first = text.find("def ").filter(|_| place.path().extension() == Some("py"))?;
    text.get(first..)
}
