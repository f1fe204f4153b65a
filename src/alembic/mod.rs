//! SQLAlchemy models and Alembic revisions, read without Python.
