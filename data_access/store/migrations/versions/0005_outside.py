"""The account by which the company's own sign-in knows a person, whom the staff table brought, and sign-ins under way elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.add_column("people", sa.Column("account", sa.String(255)))
    op.add_column("people", sa.Column("from_staff", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("ix_people_account", "people", ["account"], unique=True)
    op.create_table(
        "journeys",
        sa.Column("state_hash", sa.String(64), primary_key=True),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("way", sa.String(20), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(64), nullable=False),
        sa.Column("next_path", sa.Text, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("address", sa.String(64), nullable=False, index=True),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Remove it again."""
    op.drop_table("journeys")
    op.drop_index("ix_people_account", "people")
    op.drop_column("people", "from_staff")
    op.drop_column("people", "account")
