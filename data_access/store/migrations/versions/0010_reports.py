"""Health reports: one per week and project, frozen when issued; commitments and what boards said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.create_table(
        "reports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("week", sa.Date, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("published_at", sa.DateTime, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("drafted_at", sa.DateTime, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("issued_at", sa.DateTime),
        sa.Column("issued", sa.Text),
        sa.Column("issued_digest", sa.String(64)),
        sa.UniqueConstraint("week", "project"),
    )
    op.create_index("ix_reports_issued_due", "reports", ["issued_at", "due_at"])
    op.create_table(
        "commitments",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("metric", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("window", sa.String(8), nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("withdrawn_at", sa.DateTime),
        sa.Column("withdrawn_by", sa.String(32), nullable=False),
        sa.Column("withdrawn_why", sa.Text, nullable=False),
    )
    op.create_index("ix_commitments_project", "commitments", ["project"])
    op.create_table(
        "commitment_checks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("commitment", sa.String(32), sa.ForeignKey("commitments.id"), nullable=False),
        sa.Column("week", sa.Date, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("snapshot", sa.String(64), nullable=False),
        sa.Column("reading", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(10)),
        sa.UniqueConstraint("commitment", "week"),
    )


def downgrade() -> None:
    """Remove it again."""
    op.drop_table("commitment_checks")
    op.drop_index("ix_commitments_project", "commitments")
    op.drop_table("commitments")
    op.drop_index("ix_reports_issued_due", "reports")
    op.drop_table("reports")
