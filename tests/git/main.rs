//! The git room on real repositories.

#[path = "../support/mod.rs"]
mod support;

mod commits;
mod events;
mod install;
mod leftovers;
mod ranges;
mod repositories;
mod walks;
