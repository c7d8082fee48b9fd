"""Passwords and codes, sign-ins under way, attempts; a name belongs to one person."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
_TELL_APART = """update people set name = name || ' ' || id where exists (
    select 1 from people as other where other.name = people.name and other.id < people.id)"""


def upgrade() -> None:
    """Make the tables of local accounts."""
    op.execute(_TELL_APART)
    op.create_index("ix_people_name", "people", ["name"], unique=True)
    op.create_table(
        "passwords",
        _person(primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "codes",
        _person(primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "steps",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        _person(index=True),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account", sa.String(64), nullable=False, index=True),
        sa.Column("source", sa.String(64), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Remove local accounts."""
    for table in ("attempts", "steps", "codes", "passwords"):
        op.drop_table(table)
    op.drop_index("ix_people_name", "people")


def _person(**options: Any) -> sa.Column[str]:
    person = sa.ForeignKey("people.id", ondelete="CASCADE")
    return sa.Column("person_id", person, type_=sa.String(32), nullable=False, **options)
