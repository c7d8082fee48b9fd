"""Paired screens, browsers that wait to be paired, and wrong tries of their codes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables of screens."""
    op.create_table(
        "screens",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("place", sa.String(20), nullable=False),
        sa.Column("scenes", sa.JSON, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("paired_at", sa.DateTime, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("issued_at", sa.DateTime, nullable=False),
        sa.Column("used_at", sa.DateTime),
        sa.Column("previous_hash", sa.String(64), index=True),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended_why", sa.String(20)),
        sa.Column("seen_at", sa.DateTime),
        sa.Column("build", sa.String(20), nullable=False),
        sa.Column("size", sa.String(20), nullable=False),
        sa.Column("picture_seconds", sa.Integer),
    )
    op.create_table(
        "pairings",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(8), nullable=False, unique=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "pairing_tries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Remove the screens."""
    for name in ("pairing_tries", "pairings", "screens"):
        op.drop_table(name)
