"""What the record rules find, what became of it step by step, and when they last ran."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.create_table(
        "record_findings",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("rule", sa.String(20), nullable=False),
        sa.Column("key", sa.String(400), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("project", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("staff", sa.Text),
        sa.Column("broker", sa.Text),
        sa.Column("since", sa.DateTime, nullable=False, index=True),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("proofs", sa.JSON, nullable=False),
        sa.Column("stakes", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("first_seen", sa.DateTime, nullable=False),
        sa.Column("last_seen", sa.DateTime, nullable=False),
        sa.Column("gone_at", sa.DateTime),
        sa.Column("decided_at", sa.DateTime),
        sa.Column("appealed_by", sa.String(32)),
        sa.UniqueConstraint("rule", "key", name="uq_record_findings_rule_key"),
    )
    op.create_table(
        "record_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("finding", sa.String(32), sa.ForeignKey("record_findings.id"), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("actor", sa.String(32)),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "record_checks",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("as_of", sa.DateTime, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("lacks", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Remove it again."""
    op.drop_table("record_checks")
    op.drop_table("record_events")
    op.drop_table("record_findings")
