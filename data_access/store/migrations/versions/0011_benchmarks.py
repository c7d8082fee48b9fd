"""The benchmark library: outside figures with their source, one of which may stand on the overview."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.create_table(
        "benchmarks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("figure", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("dated", sa.Date, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("on_cover", sa.Boolean, nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
    )


def downgrade() -> None:
    """Remove it again."""
    op.drop_table("benchmarks")
