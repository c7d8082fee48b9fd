"""What is told to people and robots, every try of it, where people are reached, and the weekly packets about peers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add what an earlier version can do without."""
    op.add_column("people", sa.Column("mail", sa.String(255)))
    op.add_column("people", sa.Column("phone", sa.String(32)))
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("transition", sa.String(60), nullable=False),
        sa.Column("recipient", sa.String(120), nullable=False),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("person_id", sa.String(32), index=True),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("message", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False, index=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try", sa.DateTime, nullable=False),
        sa.Column("claim_epoch", sa.BigInteger),
        sa.Column("claimed_until", sa.DateTime),
        sa.Column("merged_into", sa.Integer, index=True),
        sa.Column("answer", sa.String(200), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("began_at", sa.DateTime, nullable=False),
        sa.Column("done_at", sa.DateTime),
        sa.UniqueConstraint("what", "subject", "transition", "recipient"),
    )
    op.create_table(
        "outbox_tries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("outbox_id", sa.Integer, nullable=False, index=True),
        sa.Column("recipient", sa.String(120), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
    )
    op.create_table(
        "peer_packets",
        sa.Column("project", sa.Text, primary_key=True),
        sa.Column("occasion", sa.String(40), primary_key=True),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Remove it again."""
    for table in ("peer_packets", "outbox_tries", "outbox"):
        op.drop_table(table)
    op.drop_column("people", "phone")
    op.drop_column("people", "mail")
