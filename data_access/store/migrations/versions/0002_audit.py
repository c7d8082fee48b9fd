"""The audit and the seal of its last entry."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
BEGINNING = "0" * 64


def upgrade() -> None:
    """Make the tables of the audit."""
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False, index=True),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("last_id", sa.BigInteger, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("forgotten_id", sa.BigInteger, nullable=False),
        sa.Column("forgotten_seal", sa.String(64), nullable=False),
    )
    nothing = {"id": 1, "last_id": 0, "seal": BEGINNING, "forgotten_id": 0, "forgotten_seal": BEGINNING}
    op.bulk_insert(head, [nothing])


def downgrade() -> None:
    """Remove the audit."""
    op.drop_table("audit_head")
    op.drop_table("audit")
