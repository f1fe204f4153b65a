//! The doors through which driftgate is called, as they stand in CI and on a developer's machine: GitHub Actions with
//! the events it writes, the pre-commit framework, packages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

#[path = "../support/mod.rs"]
mod support;

mod action;
mod forge;
mod formats;
mod github;
mod managers;
mod packages;
mod pre_commit;
