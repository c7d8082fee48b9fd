"""The score of leads as each morning made it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.create_table("lead_scores", sa.Column("day", sa.Date, primary_key=True), sa.Column("told", sa.Text))


def downgrade() -> None:
    """Remove it again."""
    op.drop_table("lead_scores")
