//! SQLAlchemy models and Alembic revisions, read without Python.

pub(crate) mod compare;
pub(crate) mod discover;
pub(crate) mod env;
pub(crate) mod expression;
pub(crate) mod items;
pub(crate) mod graph;
pub(crate) mod models;
pub mod python;
pub(crate) mod revisions;
pub(crate) mod types;
