"""The mixin of SQLAlchemy-Utils (0.42), the same since it came with 0.30."""

from sqlalchemy import Column, DateTime


class Timestamp:
    created = Column(DateTime, nullable=False)
    updated = Column(DateTime, nullable=False)
