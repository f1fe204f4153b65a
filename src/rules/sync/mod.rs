//! Does the change carry its migration?

mod gap;
mod standing;
mod words;

pub(super) mod broken_history;
pub(super) mod drift;
pub(super) mod misplaced_migration;
pub(super) mod missing_migration;
pub(super) mod narrowed_check;
pub(super) mod uncovered_change;
pub(super) mod undeclared_change;
pub(super) mod unjudged_change;
pub(super) mod unreadable_source;
pub(super) mod unregistered_model;
pub(super) mod unstaged_migration;
pub(super) mod unstaged_schema;
