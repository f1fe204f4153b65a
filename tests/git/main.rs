//! The git room on real repositories.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

#[path = "../support/mod.rs"]
mod support;

mod commits;
mod events;
mod install;
mod leftovers;
#[cfg(unix)]
mod links;
mod narrowing;
mod once;
mod pairing;
mod passes;
mod ranges;
mod repositories;
mod rows;
mod trouble;
mod walks;
