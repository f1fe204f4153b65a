//! SQLAlchemy models and Alembic revisions, read without Python.

pub mod python;
