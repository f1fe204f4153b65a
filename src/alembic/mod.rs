//! SQLAlchemy models and Alembic revisions.
pub(crate) mod compare;
pub(crate) mod discover;
