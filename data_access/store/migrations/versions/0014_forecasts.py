"""Forecasts as each morning told them, and how earlier ones did."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.create_table(
        "forecasts",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("project", sa.String(200), primary_key=True),
        sa.Column("told", sa.Text, nullable=False),
    )
    op.create_table(
        "forecast_trials",
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("told", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Remove it again."""
    op.drop_table("forecast_trials")
    op.drop_table("forecasts")
