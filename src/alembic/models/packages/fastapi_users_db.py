"""What fastapi-users hands on from its adapter for SQLAlchemy."""

from fastapi_users_db_sqlalchemy import *
