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
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
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
    Column("mail", String(255)),
    Column("phone", String(32)),
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

boards = Table(
    "boards",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("board", String(64), nullable=False),
    Column("week", Date, nullable=False),
    Column("published_at", Utc, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    UniqueConstraint("board", "week"),
)

restatements = Table(
    "restatements",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("board", String(64), nullable=False),
    Column("week", Date, nullable=False),
    Column("section", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("at", Utc, nullable=False),
    Column("snapshot", String(64), nullable=False),
    Column("why", String(20), nullable=False),
    Index("ix_restatements_board_week", "board", "week"),
)

sheets = Table(
    "sheets",
    METADATA,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("project", Text, primary_key=True),
    Column("frozen_at", Utc, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)

episodes = Table(
    "episodes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), unique=True),
    Column("rule", String(64), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("subject", Text, nullable=False),
    Column("finding", JSON, nullable=False),
    Column("begun_at", Utc, nullable=False),
    Column("count", Integer, nullable=False),
    Column("opened_at", Utc),
    Column("recovering_at", Utc),
    Column("knows", Boolean, nullable=False),
    Column("owner", String(32)),
    Column("due", Utc),
    Column("ack_by", String(32)),
    Column("ack_at", Utc),
    Column("note", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("escalated_at", Utc),
    Column("resolved_at", Utc, index=True),
    Column("outcome", String(20), nullable=False),
)

episode_events = Table(
    "episode_events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("episode", ForeignKey("episodes.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("transition", String(20), nullable=False),
    Column("by", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Column("hushed", String(20)),
    Column("told_at", Utc, index=True),
)

alert_looks = Table(
    "alert_looks",
    METADATA,
    _one_row(),
    Column("looked_at", Utc, nullable=False),
    Column("revision", BigInteger, nullable=False),
)

silences = Table(
    "silences",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("project", Text, nullable=False),
    Column("starts_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("by", String(32), nullable=False),
    Column("why", Text, nullable=False),
    Column("made_at", Utc, nullable=False),
)

watch_entries = Table(
    "watch_entries",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(20), nullable=False),
    Column("note", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("review_on", Date, nullable=False),
    Column("by", String(32), nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("ended_at", Utc),
)

risks = Table(
    "risks",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("probability", Integer, nullable=False),
    Column("impact", Integer, nullable=False),
    Column("owner", String(200), nullable=False),
    Column("response", Text, nullable=False),
    Column("review_on", Date, nullable=False),
    Column("status", String(20), nullable=False),
    Column("by", String(32), nullable=False),
    Column("changed_at", Utc, nullable=False),
)

outbox = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("what", String(20), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("transition", String(60), nullable=False),
    Column("recipient", String(120), nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("person_id", String(32), index=True),
    Column("standing", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("message", JSON, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("next_try", Utc, nullable=False),
    Column("claim_epoch", BigInteger),
    Column("claimed_until", Utc),
    Column("merged_into", Integer, index=True),
    Column("answer", String(200), nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("began_at", Utc, nullable=False),
    Column("done_at", Utc),
    UniqueConstraint("what", "subject", "transition", "recipient"),
)

outbox_tries = Table(
    "outbox_tries",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("outbox_id", Integer, nullable=False, index=True),
    Column("recipient", String(120), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("failed", Boolean, nullable=False),
)

peer_packets = Table(
    "peer_packets",
    METADATA,
    Column("project", Text, primary_key=True),
    Column("occasion", String(40), primary_key=True),
    Column("made_at", Utc, nullable=False),
    Column("facts", JSON, nullable=False),
)

record_findings = Table(
    "record_findings",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("rule", String(20), nullable=False),
    Column("key", String(400), nullable=False),
    Column("level", String(20), nullable=False),
    Column("project", Text),
    Column("channel", Text),
    Column("staff", Text),
    Column("broker", Text),
    Column("since", DateTime, nullable=False, index=True),
    Column("facts", JSON, nullable=False),
    Column("proofs", JSON, nullable=False),
    Column("stakes", JSON, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("first_seen", Utc, nullable=False),
    Column("last_seen", Utc, nullable=False),
    Column("gone_at", Utc),
    Column("decided_at", Utc),
    Column("appealed_by", String(32)),
    UniqueConstraint("rule", "key", name="uq_record_findings_rule_key"),
)

record_events = Table(
    "record_events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("finding", ForeignKey("record_findings.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("actor", String(32)),
    Column("action", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("note", Text, nullable=False),
)

record_checks = Table(
    "record_checks",
    METADATA,
    _one_row(),
    Column("at", Utc, nullable=False),
    Column("as_of", DateTime, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("lacks", JSON, nullable=False),
)

reports = Table(
    "reports",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("week", Date, nullable=False),
    Column("project", Text, nullable=False),
    Column("published_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("drafted_at", Utc, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("issued_at", Utc),
    Column("issued", Text),
    Column("issued_digest", String(64)),
    UniqueConstraint("week", "project"),
    Index("ix_reports_issued_due", "issued_at", "due_at"),
)

commitments = Table(
    "commitments",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", Text, nullable=False),
    Column("metric", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Column("window", String(8), nullable=False),
    Column("due", Date, nullable=False),
    Column("owner", String(32), nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("told", Text, nullable=False),
    Column("origin", String(20), nullable=False),
    Column("ref", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("withdrawn_at", Utc),
    Column("withdrawn_by", String(32), nullable=False),
    Column("withdrawn_why", Text, nullable=False),
    Index("ix_commitments_project", "project"),
)

benchmarks = Table(
    "benchmarks",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("who", Text, nullable=False),
    Column("figure", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("dated", Date, nullable=False),
    Column("link", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("on_cover", Boolean, nullable=False),
    Column("by", String(32), nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("ended_at", Utc),
)

commitment_checks = Table(
    "commitment_checks",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("commitment", String(32), ForeignKey("commitments.id"), nullable=False),
    Column("week", Date, nullable=False),
    Column("at", Utc, nullable=False),
    Column("snapshot", String(64), nullable=False),
    Column("reading", Text, nullable=False),
    Column("outcome", String(10)),
    UniqueConstraint("commitment", "week"),
)

scenarios = Table(
    "scenarios",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("project", Text),
    Column("decided", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("as_of", DateTime, nullable=False),
    Column("made_by", String(32), nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("removed_at", Utc),
)

scenario_rulings = Table(
    "scenario_rulings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("scenario", String(32), ForeignKey("scenarios.id"), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("ruling", String(20), nullable=False),
    Column("day", Date, nullable=False),
    Column("by", String(32), nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_scenario_rulings_scenario", "scenario"),
)

forecasts = Table(
    "forecasts",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("project", String(200), primary_key=True),
    Column("told", Text, nullable=False),
)

forecast_trials = Table(
    "forecast_trials",
    METADATA,
    Column("month", Date, primary_key=True),
    Column("told", Text, nullable=False),
)

lead_scores = Table("lead_scores", METADATA, Column("day", Date, primary_key=True), Column("told", Text))

scorecard_plans = Table(
    "scorecard_plans",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("plan", String(64), nullable=False),
    Column("starts_on", Date),
    Column("project", Text),
    Column("by", String(32), nullable=False),
    Column("at", Utc, nullable=False),
)

kpi_settings = Table(
    "kpi_settings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("plan", String(64), nullable=False),
    Column("kpi", String(64), nullable=False),
    Column("owner", Text, nullable=False),
    Column("baseline", Text),
    Column("baseline_source", Text, nullable=False),
    Column("target", Text),
    Column("due", Date),
    Column("by", String(32), nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_kpi_settings_plan_kpi", "plan", "kpi"),
)

kpi_values = Table(
    "kpi_values",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("plan", String(64), nullable=False),
    Column("kpi", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", String(32), nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_kpi_values_plan_kpi", "plan", "kpi"),
)

plan_nodes = Table(
    "plan_nodes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("plan", String(64), nullable=False),
    Column("node", Integer, nullable=False),
    Column("done_on", Date),
    Column("note", Text, nullable=False),
    Column("by", String(32), nullable=False),
    Column("at", Utc, nullable=False),
)

rollout_stages = Table(
    "rollout_stages",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("project", Text, nullable=False),
    Column("stage", String(20), nullable=False),
    Column("since", Date, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", String(32), nullable=False),
    Column("at", Utc, nullable=False),
)

experiments = Table(
    "experiments",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("hypothesis", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("better", String(10), nullable=False),
    Column("trial_n", Integer, nullable=False),
    Column("trial_hits", Integer, nullable=False),
    Column("control_n", Integer, nullable=False),
    Column("control_hits", Integer, nullable=False),
    Column("cost", Text),
    Column("worth", Text),
    Column("verdict", String(10), nullable=False),
    Column("why", Text, nullable=False),
    Column("decided_by", String(32)),
    Column("decided_at", Utc),
    Column("by", String(32), nullable=False),
    Column("at", Utc, nullable=False),
)
