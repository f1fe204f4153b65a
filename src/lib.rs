//! driftgate reads a git change and proves that every change to a declared database schema travels with the migration
//! that produces it. It needs no database, no Node, no Python, and never executes code from the repository it checks.
//!
//! # The map
//!
//! - [`source`]: texts and places in them.
//! - [`catalog`]: what a database holds, the [`catalog::operation`]s that change it, the difference of two.
//! - [`sql`]: SQL text to operations, per dialect.
//! - [`history`]: migrations in their order, and their replay.
//! - [`git`]: snapshots, changes, leftovers: the only room that touches git and the disk.
//! - [`project`]: finding projects; the seam that [`prisma`] and [`alembic`] fill.
//! - [`rules`]: pure functions from a loaded change to [`finding`]s.
//! - [`check`]: from a change to a report: projects loaded, rules run, allowances applied.
//! - [`policy`] reads `driftgate.toml`.
//! - [`report`]: one file per output format, all fed by the same findings.
//! - [`cli`]: one file per command.

pub mod alembic;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod finding;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod git;
pub mod history;
pub mod policy;
pub mod prisma;
pub mod project;
pub mod report;
pub mod rules;
pub mod source;
pub mod sql;
