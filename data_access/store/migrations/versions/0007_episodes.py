"""Alerts as episodes with their history, silences, what is watched outside, and the risk matrix."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "episodes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), unique=True),
        sa.Column("rule", sa.String(64), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("finding", sa.JSON, nullable=False),
        sa.Column("begun_at", sa.DateTime, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.DateTime),
        sa.Column("recovering_at", sa.DateTime),
        sa.Column("knows", sa.Boolean, nullable=False),
        sa.Column("owner", sa.String(32)),
        sa.Column("due", sa.DateTime),
        sa.Column("ack_by", sa.String(32)),
        sa.Column("ack_at", sa.DateTime),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("escalated_at", sa.DateTime),
        sa.Column("resolved_at", sa.DateTime, index=True),
        sa.Column("outcome", sa.String(20), nullable=False),
    )
    op.create_table(
        "episode_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("episode", sa.Integer, sa.ForeignKey("episodes.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("transition", sa.String(20), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("hushed", sa.String(20)),
        sa.Column("told_at", sa.DateTime, index=True),
    )
    op.create_table(
        "alert_looks",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("looked_at", sa.DateTime, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("starts_at", sa.DateTime, nullable=False),
        sa.Column("ends_at", sa.DateTime, nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "watch_entries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("review_on", sa.Date, nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
    )
    op.create_table(
        "risks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("probability", sa.Integer, nullable=False),
        sa.Column("impact", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("response", sa.Text, nullable=False),
        sa.Column("review_on", sa.Date, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Remove them again."""
    op.drop_table("risks")
    op.drop_table("watch_entries")
    op.drop_table("silences")
    op.drop_table("alert_looks")
    op.drop_table("episode_events")
    op.drop_table("episodes")
