//! SQLAlchemy models and Alembic revisions, read without Python.

pub(crate) mod compare;
pub(crate) mod discover;
pub mod python;
pub(crate) mod types;
