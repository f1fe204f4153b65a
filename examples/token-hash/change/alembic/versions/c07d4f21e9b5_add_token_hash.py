"""add token hash

Revision ID: c07d4f21e9b5
Revises: 8b52e0c4a619
Create Date: 2026-02-12 10:15:00.000000

"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c07d4f21e9b5"
down_revision: str | Sequence[str] | None = "8b52e0c4a619"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("refresh_tokens", sa.Column("token_hash", sa.String(length=64), nullable=True))
    op.create_unique_constraint(op.f("uq_refresh_tokens_token_hash"), "refresh_tokens", ["token_hash"])


def downgrade() -> None:
    op.drop_constraint(op.f("uq_refresh_tokens_token_hash"), "refresh_tokens", type_="unique")
    op.drop_column("refresh_tokens", "token_hash")
