"""The tables of the store, as the migrations leave them."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

METADATA = MetaData()


class Utc(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC without zone in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC without zone; ValueError for a time without zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no time zone. Give an aware time.")
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """An aware UTC time."""
        return value.replace(tzinfo=UTC) if value else None


def _one_row() -> Column[int]:
    return Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False)


lease = Table(
    "lease",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("holder", String(200)),
    Column("epoch", BigInteger, nullable=False),
    Column("until", Utc, nullable=False),
)

published = Table(
    "published",
    METADATA,
    _one_row(),
    Column("sequence", BigInteger, nullable=False),
    Column("version", String(64), nullable=False),
    Column("manifest", String(200), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("published_at", Utc, nullable=False),
)

heartbeat = Table(
    "heartbeat",
    METADATA,
    _one_row(),
    Column("as_of", DateTime),
    Column("refreshed_at", Utc, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("error", Text),
)

slots = Table(
    "slots",
    METADATA,
    Column("depth", String(20), primary_key=True),
    Column("tried_at", Utc, nullable=False),
    Column("done_at", Utc),
)

refresh_runs = Table(
    "refresh_runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("started_at", Utc, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("depth", String(20), nullable=False),
    Column("rows", JSON, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("error_id", String(64)),
    Column("error", Text),
)

holds = Table(
    "holds",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("made_at", Utc, nullable=False),
    Column("what", JSON, nullable=False),
    Column("released_at", Utc),
    Column("released_by", String(200)),
)

state_days = Table(
    "state_days",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("project", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("staff", Text, primary_key=True),
    Column("grade", String(8), primary_key=True),
    Column("active", BigInteger, nullable=False),
    Column("valid_active", BigInteger, nullable=False),
    Column("overdue", BigInteger, nullable=False),
    Column("waiting", BigInteger, nullable=False),
)

requests = Table(
    "requests",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("depth", String(20), nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("taken_epoch", BigInteger),
    Column("finished_at", Utc),
    Column("outcome", Text),
)

people = Table(
    "people",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False, index=True, unique=True),
    Column("role", String(20), nullable=False),
    Column("project_id", Text),
    Column("staff_id", Text),
    Column("enabled", Boolean, nullable=False),
    Column("account", String(255), index=True, unique=True),
    Column("from_staff", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("last_seen", Utc, nullable=False),
    Column("idle_seconds", Integer, nullable=False),
    Column("ends_at", Utc, nullable=False),
)

links = Table(
    "links",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", Utc, nullable=False),
    Column("used_at", Utc),
)

passwords = Table(
    "passwords",
    METADATA,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed_at", Utc, nullable=False),
)

codes = Table(
    "codes",
    METADATA,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("last_step", BigInteger, nullable=False),
)

steps = Table(
    "steps",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", Utc, nullable=False),
)

journeys = Table(
    "journeys",
    METADATA,
    Column("state_hash", String(64), primary_key=True),
    Column("browser_hash", String(64), nullable=False),
    Column("way", String(20), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(64), nullable=False),
    Column("next_path", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("address", String(64), nullable=False, index=True),
    Column("expires_at", Utc, nullable=False),
)

attempts = Table(
    "attempts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("account", String(64), nullable=False, index=True),
    Column("source", String(64), nullable=False, index=True),
    Column("at", Utc, nullable=False),
)

audit = Table(
    "audit",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False, index=True),
    Column("actor", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("about", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("seal", String(64), nullable=False),
)

audit_head = Table(
    "audit_head",
    METADATA,
    _one_row(),
    Column("last_id", BigInteger, nullable=False),
    Column("seal", String(64), nullable=False),
    Column("forgotten_id", BigInteger, nullable=False),
    Column("forgotten_seal", String(64), nullable=False),
)

screens = Table(
    "screens",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("place", String(20), nullable=False),
    Column("scenes", JSON, nullable=False),
    Column("address", String(64), nullable=False),
    Column("paired_at", Utc, nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("issued_at", Utc, nullable=False),
    Column("used_at", Utc),
    Column("previous_hash", String(64), index=True),
    Column("ended_at", Utc),
    Column("ended_why", String(20)),
    Column("seen_at", Utc),
    Column("build", String(20), nullable=False),
    Column("size", String(20), nullable=False),
    Column("picture_seconds", Integer),
)

pairings = Table(
    "pairings",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("code", String(8), nullable=False, unique=True),
    Column("address", String(64), nullable=False),
    Column("expires_at", Utc, nullable=False),
)

pairing_tries = Table(
    "pairing_tries",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("person_id", String(32), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Utc, nullable=False),
)
