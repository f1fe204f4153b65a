//! SQLAlchemy models and Alembic revisions.
pub(crate) mod discover;
