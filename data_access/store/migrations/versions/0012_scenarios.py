"""Scenarios of the sandbox: what was decided and what it came to, and what was ruled on them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.create_table(
        "scenarios",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("project", sa.Text),
        sa.Column("decided", sa.Text, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("as_of", sa.DateTime, nullable=False),
        sa.Column("made_by", sa.String(32), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("removed_at", sa.DateTime),
    )
    op.create_table(
        "scenario_rulings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("scenario", sa.String(32), sa.ForeignKey("scenarios.id"), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("ruling", sa.String(20), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_scenario_rulings_scenario", "scenario_rulings", ["scenario"])


def downgrade() -> None:
    """Remove it again."""
    op.drop_index("ix_scenario_rulings_scenario", "scenario_rulings")
    op.drop_table("scenario_rulings")
    op.drop_table("scenarios")
