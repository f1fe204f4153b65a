//! Repositories that mean harm: whoever opens a pull request writes every byte that is read here.
//!
//! Each row makes a repository in which something is wrong (a column that no migration makes, or a text that cannot be
//! read) and hides it behind something too deep, too large, too long or too clever. The run must end by itself within
//! the bounds, without a panic, and must not call the change clean: it ends in a finding, in exit 2, or says what it
//! did not judge. `cargo test --release --test hostile -- --nocapture` prints what each took.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

mod endless;
mod growth;
mod harness;
mod links;
mod names;
mod nesting;
mod objects;
mod policy;
mod projects;
mod schema;
mod sql;
#[path = "../support/mod.rs"]
mod support;
