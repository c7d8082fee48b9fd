"""Published boards, what later data would say of them, and the yearly sheets that follow from them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.create_table(
        "boards",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("board", sa.String(64), nullable=False),
        sa.Column("week", sa.Date, nullable=False),
        sa.Column("published_at", sa.DateTime, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.UniqueConstraint("board", "week"),
    )
    op.create_table(
        "restatements",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("board", sa.String(64), nullable=False),
        sa.Column("week", sa.Date, nullable=False),
        sa.Column("section", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("snapshot", sa.String(64), nullable=False),
        sa.Column("why", sa.String(20), nullable=False),
    )
    op.create_index("ix_restatements_board_week", "restatements", ["board", "week"])
    op.create_table(
        "sheets",
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("project", sa.Text, primary_key=True),
        sa.Column("frozen_at", sa.DateTime, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Remove it again."""
    op.drop_table("sheets")
    op.drop_index("ix_restatements_board_week", "restatements")
    op.drop_table("restatements")
    op.drop_table("boards")
