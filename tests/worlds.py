"""Small random worlds full of ties, gaps and odd cases, edits of them, and the database tables they are read from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar

from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    Engine,
    MetaData,
    Numeric,
    String,
    Table,
)
from sqlalchemy.types import TypeEngine, UserDefinedType

from metrics.entities import ENTITIES
from tests.naive.world import Row, When, World, day_of, is_day, moment

T = TypeVar("T")

AS_OF = (
    datetime(2026, 3, 11, 10, 0),
    datetime(2026, 3, 30, 9, 30),
    datetime(2026, 3, 31, 23, 59, 59),
    datetime(2024, 2, 29, 9, 0),
)
# No midnight: a column whose every value is midnight is read as known only to the day.
TIMES = (time(0, 30), time(9), time(9, 30), time(10), time(23, 59, 59))
PROJECTS = ("p1", "p2", "p3")
CHANNELS = ("c1", "c2", "c3")
STAFF = ("s1", "s2", "s3", "s4")
REFERRERS = ("r1", "r2", "r3")
PERSONS = ("13800000001", "13800000002", "13900000003", "15000000004", "18600000005", "openid-6")
DAYS_AGO = (0, 1, 2, 3, 7, 14, 15, 16, 30, 31, 32, 35, 40, 45, 46, 50, 60, 61, 70, 75, 76)
GAPS_AGO = (-3, -1, 179, 180, 181, 187, 194, 210, 240, 360, 367)
DAYS_BETWEEN = (0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 5, 7, 14, 15, 16, 29, 30, 31, 45, 60, 61, 180, -1, -190)
AMOUNTS = (None, Decimal("0.0001"), Decimal("1000000"), Decimal("2500000.5000"), Decimal("1234567.8912"))
SMALL = (Decimal("0"), Decimal("100"), Decimal("99.99"), Decimal("0.3333"), Decimal("-40.01"), Decimal("12000"))
AFTER_CREATION = (
    timedelta(minutes=-5),
    timedelta(),
    timedelta(minutes=29, seconds=59),
    timedelta(minutes=30),
    timedelta(minutes=5),
    timedelta(minutes=12),
    timedelta(minutes=30, seconds=1),
    timedelta(days=1),
    timedelta(days=3, minutes=1),
    timedelta(days=15),
)

COLUMNS: dict[str, str] = {
    "project": "id name updated_at",
    "channel": "id name kind updated_at",
    "staff": "id name project_id team updated_at",
    "exposure": "project_id channel_id staff_id at impressions clicks district segment id updated_at",
    "lead": "id project_id channel_id staff_id touchpoint_id created_at person grade valid first_response_at "
    "last_follow_up_at lost_at reactivated_at first_visit_at subscribed_at signed_at district segment price_band updated_at",
    "visit": "id lead_id project_id staff_id channel_id person at updated_at",
    "subscription": "id lead_id project_id staff_id channel_id person at amount units cancelled_at updated_at",
    "contract": "id lead_id project_id staff_id channel_id person signed_at amount units cancelled_at updated_at",
    "payment": "id contract_id at amount updated_at",
    "referral": "id lead_id project_id referrer_id at updated_at",
    "follow_up": "id lead_id staff_id at reached updated_at",
    "spend": "project_id channel_id day amount id updated_at",
    "target": "metric project_id starts_on ends_on value updated_at",
    "milestone": "id project_id name planned_start planned_end actual_end updated_at",
    "sop_check": "id project_id staff_id due_at done_at updated_at",
}
UNMAPPABLE = tuple(name for name in COLUMNS if name not in ("project", "channel", "staff", "lead"))
OPTIONAL = tuple(
    (entity, column)
    for entity, names in COLUMNS.items()
    for column in names.split()
    if not ENTITIES[entity].column(column).required
)
TIME_COLUMNS = tuple(
    (entity, column)
    for entity, names in COLUMNS.items()
    for column in names.split()
    if ENTITIES[entity].column(column).kind == "time" and column != "updated_at"
)
SPANS = (
    ("2023-12-01", "2026-12-31"),
    ("2026-01-01", "2026-12-31"),
    ("2026-03-01", "2026-03-31"),
    ("2026-03-09", "2026-03-15"),
    ("2026-03-10", "2026-03-16"),
    ("2026-03-15", "2026-03-21"),
    ("2024-02-01", "2024-02-29"),
)


@dataclass(frozen=True)
class _Maker:
    """Draws rows that fit one world: its as_of, the columns known to the day, and the rows it already has."""

    draw: st.DrawFn
    as_of: datetime
    day_only: frozenset[tuple[str, str]]
    made: Mapping[str, Sequence[Row]]

    def one(self, *choices: T) -> T:
        """One of the choices."""
        return self.draw(st.sampled_from(choices))

    def sometimes(self, *choices: T) -> T | None:
        """One of the choices, or NULL."""
        return self.one(*choices, None)

    def rarely(self, *choices: T) -> T | None:
        """NULL, or now and then one of the choices."""
        return self.one(*choices) if self.one(*range(6)) == 5 else None

    def when(self) -> datetime:
        """A time on a coarse grid, mostly in the ten weeks before as_of, now and then long before or just after it."""
        ago = self.one(*GAPS_AGO) if self.one(*range(4)) == 3 else self.one(*DAYS_AGO)
        return datetime.combine(self.as_of.date() - timedelta(days=ago), self.one(*TIMES))

    def after(self, start: When, days: Sequence[int]) -> datetime:
        """A time some days after another, often at its very time of day."""
        clock = self.one(*TIMES) if is_day(start) else self.one(moment(start).time(), *TIMES)
        return datetime.combine(day_of(start) + timedelta(days=self.one(*days)), clock)

    def fit(self, entity: str, column: str, value: datetime | None) -> When | None:
        """The value as its column holds it: a date where the column is known to the day."""
        return value.date() if value is not None and (entity, column) in self.day_only else value

    def row(self, entity: str, key: str) -> Row:
        """One new row of an entity, with every column of COLUMNS."""
        make = getattr(self, f"_{entity}")
        stamp = None if self.rarely(True) else self.as_of - timedelta(days=1)
        row: Row = {"id": key, "updated_at": stamp} | make()
        return {name: row.get(name) for name in COLUMNS[entity].split()}

    def _project(self) -> Row:
        return {"name": self.one("East", "West")}

    def _channel(self) -> Row:
        return {"name": self.one("Video", "Gate"), "kind": self.one("public", "offline", "referral")}

    def _staff(self) -> Row:
        return {"name": self.one("Li", "Wu"), "project_id": self.one(*PROJECTS), "team": self.one("red", "blue")}

    def _place(self) -> Row:
        return {
            "project_id": self.sometimes("p1", "p1", *PROJECTS),
            "channel_id": self.sometimes(*CHANNELS),
            "staff_id": self.sometimes(*STAFF),
        }

    def _exposure(self) -> Row:
        return self._place() | {
            "at": self.fit("exposure", "at", self.when()),
            "impressions": self.sometimes(0, 1, 250),
            "clicks": self.sometimes(0, 3),
            "district": self.sometimes("north", "south"),
            "segment": self.sometimes("first", "upgrade"),
        }

    def _lead(self) -> Row:
        created = self.when()
        later = {name: self.fit("lead", name, self._later(created)) for name in ("lost_at", "reactivated_at")}
        answered = {
            name: self.fit("lead", name, created + self.one(*AFTER_CREATION) if self.one(True, False) else None)
            for name in ("first_response_at", "last_follow_up_at")
        }
        stages = {
            name: self.fit("lead", name, self._later(created))
            for name in ("first_visit_at", "subscribed_at", "signed_at")
        }
        return (
            self._place()
            | later
            | answered
            | stages
            | {
                "touchpoint_id": self.rarely("t1"),
                "created_at": self.fit("lead", "created_at", created),
                "person": self.sometimes(*PERSONS),
                "grade": self.one("A", "A", "B", "C", "D", None),
                "valid": self.one(True, True, False, None),
                "district": self.sometimes("north", "south"),
                "segment": self.sometimes("first", "upgrade"),
                "price_band": self.rarely("cheap"),
            }
        )

    def _later(self, start: When) -> datetime | None:
        return self.after(start, DAYS_BETWEEN) if self.one(*range(4)) == 3 else None

    def _event(self, entity: str, at: str) -> Row:
        """An event that mostly follows a lead or an earlier event, and now and then stands alone."""
        row = self._place() | {"lead_id": None, "person": None}
        earlier, its_date = self._before(entity)
        source = self.one(*earlier) if earlier and self.one(*range(6)) < 5 else None
        row |= self._known_by(source)
        follows = self.one(*range(5)) < 4
        when = self.after(source[its_date], DAYS_BETWEEN) if follows and source is not None else self.when()
        row[at] = self.fit(entity, at, when)
        return row

    def _before(self, entity: str) -> tuple[Sequence[Row], str]:
        """The rows an event may follow, and the name of their date."""
        before = {"subscription": "visit", "contract": "subscription"}.get(entity)
        if before is not None and self.made.get(before) and self.one(*range(4)) < 3:
            return self.made[before], "at"
        return self.made.get("lead", ()), "created_at"

    def _known_by(self, source: Row | None) -> Row:
        """By a lead, by a lead that is not there, by the person only, or by nothing."""
        if source is None:
            return {"lead_id": self.rarely("gone"), "person": self.sometimes(*PERSONS)}
        lead_id = source.get("lead_id", source["id"])
        match self.one(*["lead"] * 7, "gone", "person", "person", "nothing"):
            case "lead":
                return {"lead_id": lead_id, "person": self.one(source.get("person"), *PERSONS, None)}
            case "nothing":
                return {}
            case known_by:
                unknown = "gone" if known_by == "gone" else None
                return {"lead_id": unknown, "person": source.get("person"), "project_id": source["project_id"]}

    def _visit(self) -> Row:
        return self._event("visit", "at")

    def _sale(self, entity: str, at: str) -> Row:
        row = self._event(entity, at)
        cancelled = self.after(row[at], (0, 0, 1, 5, 30, -1)) if self.one(*range(3)) == 2 else None
        return row | {
            "amount": self.one(*AMOUNTS),
            "units": self.sometimes(1, 2),
            "cancelled_at": self.fit(entity, "cancelled_at", cancelled),
        }

    def _subscription(self) -> Row:
        return self._sale("subscription", "at")

    def _contract(self) -> Row:
        return self._sale("contract", "signed_at")

    def _payment(self) -> Row:
        contracts = [row["id"] for row in self.made.get("contract", ())]
        return {
            "contract_id": self.one(*contracts, *contracts, "gone", None),
            "at": self.fit("payment", "at", self.when()),
            "amount": self.one(*SMALL),
        }

    def _lead_id(self) -> str | None:
        leads: list[str] = [row["id"] for row in self.made["lead"]]
        return self.one(*leads, *leads, *leads, "gone", None)

    def _referral(self) -> Row:
        return {
            "lead_id": self._lead_id(),
            "project_id": self.sometimes(*PROJECTS),
            "referrer_id": self.sometimes(*REFERRERS),
            "at": self.fit("referral", "at", self.when()),
        }

    def _follow_up(self) -> Row:
        lead_id = self._lead_id()
        created = next((row["created_at"] for row in self.made["lead"] if row["id"] == lead_id), None)
        close = created is not None and self.one(True, True, False)
        at = moment(created) + self.one(*AFTER_CREATION) if close and created is not None else self.when()
        if at.time() == time():
            at += timedelta(minutes=30)
        return {
            "lead_id": lead_id,
            "staff_id": self.sometimes(*STAFF),
            "at": self.fit("follow_up", "at", at),
            "reached": self.one(True, True, False, None),
        }

    def _spend(self) -> Row:
        place = self._place()
        return {
            "project_id": place["project_id"],
            "channel_id": place["channel_id"],
            "day": self.when().date(),
            "amount": self.one(*SMALL),
        }

    def _target(self) -> Row:
        starts_on, ends_on = self.one(*SPANS)
        return {
            "metric": self.one("leads", "net_contract_amount"),
            "project_id": self.sometimes(*PROJECTS[:2]),
            "starts_on": date.fromisoformat(starts_on),
            "ends_on": date.fromisoformat(ends_on),
            "value": self.one(Decimal("0"), Decimal("31"), Decimal("1000"), Decimal("150000000")),
        }

    def _milestone(self) -> Row:
        planned_end = self.when().date()
        return {
            "name": "Opening",
            "project_id": self.sometimes(*PROJECTS),
            "planned_start": planned_end - timedelta(days=self.one(0, 1, 30)),
            "planned_end": planned_end,
            "actual_end": planned_end + timedelta(days=self.one(-1, 0, 1, 10)) if self.one(True, False) else None,
        }

    def _sop_check(self) -> Row:
        due = self.when()
        done = self.after(due, (-1, 0, 0, 1, 3)) if self.one(True, True, False) else None
        return {
            "project_id": self.sometimes(*PROJECTS),
            "staff_id": self.sometimes(*STAFF),
            "due_at": self.fit("sop_check", "due_at", due),
            "done_at": self.fit("sop_check", "done_at", done),
        }


MOST = {
    "lead": 25,
    "exposure": 6,
    "visit": 18,
    "subscription": 10,
    "contract": 10,
    "payment": 6,
    "referral": 6,
    "follow_up": 18,
    "spend": 8,
    "target": 6,
    "milestone": 5,
    "sop_check": 6,
}


@st.composite
def worlds(draw: st.DrawFn, *, most_rows: int = 25, own_settings: bool = False) -> World:
    """A small world; with `own_settings` its windows, re-entry days and overdue limits may differ from the defaults."""
    as_of = draw(st.sampled_from(AS_OF))
    day_only = draw(st.frozensets(st.sampled_from(TIME_COLUMNS), max_size=6))
    mapped = draw(_mappings())
    rows: dict[str, list[Row]] = {}
    maker = _Maker(draw, as_of, day_only, rows)
    for entity, keys in (("project", PROJECTS), ("channel", CHANNELS), ("staff", STAFF)):
        rows[entity] = _rows(maker, entity, keys)
    for entity, most in MOST.items():
        if entity in mapped:
            rows[entity] = _rows(maker, entity, _keys(entity, draw(_counts(min(most, most_rows)))))
    rows["target"] = _without_doubles(rows.get("target", []))
    kept = {name: [_only(row, mapped[name]) for row in rows[name]] for name in mapped}
    world = World(as_of, kept, mapped=mapped, day_only=day_only)
    return draw(_settings(world)) if own_settings else world


@st.composite
def _mappings(draw: st.DrawFn) -> dict[str, set[str]]:
    unmapped = draw(st.one_of(st.just(frozenset[str]()), st.frozensets(st.sampled_from(UNMAPPABLE), max_size=3)))
    left_out = draw(
        st.one_of(st.just(frozenset[tuple[str, str]]()), st.frozensets(st.sampled_from(OPTIONAL), max_size=8))
    )
    return {
        entity: {name for name in names.split() if (entity, name) not in left_out}
        for entity, names in COLUMNS.items()
        if entity not in unmapped
    }


@st.composite
def _settings(draw: st.DrawFn, world: World) -> World:
    return replace(
        world,
        windows=draw(st.sampled_from([(30, 30, 15), (7, 14, 0), (0, 1, 60)])),
        re_entry_days=draw(st.sampled_from([180, 30, 1])),
        overdue_days=draw(st.sampled_from([world.overdue_days, {"A": 2, "B": 2, "C": 14, "D": 30}])),
    )


def _counts(most: int) -> st.SearchStrategy[int]:
    """How many rows: rather many than few, yet shrinking to none."""
    return st.tuples(st.integers(0, most), st.integers(0, most)).map(max)


def _keys(entity: str, count: int) -> list[str]:
    """Ids whose order as text differs from their order as numbers."""
    return [f"{entity[0]}{n + 5}" for n in range(count)]


def _rows(maker: _Maker, entity: str, keys: Sequence[str]) -> list[Row]:
    return [maker.row(entity, key) for key in keys]


def _only(row: Row, columns: set[str]) -> Row:
    return {name: value for name, value in row.items() if name in columns}


def _without_doubles(targets: Sequence[Row]) -> list[Row]:
    """At most one target for a metric, a project and a span."""
    return list(
        {(row["metric"], row.get("project_id"), row["starts_on"], row["ends_on"]): row for row in targets}.values()
    )


@dataclass(frozen=True)
class Edit:
    """One change of one row; a silent one leaves no fresh `updated_at` behind."""

    kind: Literal["insert", "update", "delete"]
    entity: str
    before: Row | None
    after: Row | None
    silent: bool


@st.composite
def edits(
    draw: st.DrawFn, world: World, *, at: datetime | None = None, silent: bool = True, most: int = 8
) -> list[Edit]:
    """Changes of a world in order, stamped `at` (half an hour before as_of) and a minute later each.

    `silent=False` leaves out what a pull by `updated_at` cannot see: unstamped changes and deleted rows.
    """
    start = at or world.as_of - timedelta(minutes=30)
    made: list[Edit] = []
    for n in range(draw(st.integers(1, most))):
        stamp = start + timedelta(minutes=n)
        for edit in _change(draw, world, stamp, silent, f"new{n}"):
            made.append(edit)
            world = apply(world, [edit])
    return made


def _change(draw: st.DrawFn, world: World, stamp: datetime, silent: bool, key: str) -> list[Edit]:
    entity = draw(st.sampled_from(["lead", "lead", *sorted(world.rows)]))
    quiet = silent and draw(st.integers(0, 3)) == 3
    kinds = ["insert", "update", "update", "re-key"] + (["delete"] if silent else [])
    kind = draw(st.sampled_from(kinds))
    rows = world.rows[entity]
    if kind == "re-key" and world.has("lead", "person"):
        return _re_key(draw, world, None if quiet else stamp)
    if kind == "insert" or not rows:
        return _insert(draw, world, entity, key, stamp, quiet)
    before = draw(st.sampled_from(rows))
    if kind == "delete":
        return [Edit("delete", entity, before, None, True)]
    fresh = _only(_maker(draw, world).row(entity, before.get("id", key)), world.columns(entity))
    changed = draw(st.sets(st.sampled_from(sorted(fresh)), min_size=1))
    after = {name: fresh[name] if name in changed and name != "updated_at" else before[name] for name in before}
    return _valid(world, Edit("update", entity, before, _stamped(after, None if quiet else stamp), quiet))


def _insert(draw: st.DrawFn, world: World, entity: str, key: str, stamp: datetime, quiet: bool) -> list[Edit]:
    fresh = _only(_maker(draw, world).row(entity, key), world.columns(entity))
    fresh = _stamped(fresh, world.as_of - timedelta(days=30) if quiet else stamp)
    return _valid(world, Edit("insert", entity, None, fresh, quiet))


def _re_key(draw: st.DrawFn, world: World, stamp: datetime | None) -> list[Edit]:
    """One person's leads become another person's, as when two customers are merged."""
    persons = sorted({row["person"] for row in world.rows["lead"] if row["person"] is not None})
    if not persons:
        return []
    old, new = draw(st.sampled_from(persons)), draw(st.sampled_from(PERSONS))
    return [
        Edit("update", "lead", row, _stamped(row | {"person": new}, stamp), stamp is None)
        for row in world.rows["lead"]
        if row["person"] == old != new
    ]


def _maker(draw: st.DrawFn, world: World) -> _Maker:
    return _Maker(draw, world.as_of, world.day_only, world.rows)


def _stamped(row: Row, stamp: datetime | None) -> Row:
    return row | {"updated_at": stamp} if "updated_at" in row and stamp is not None else dict(row)


def _valid(world: World, edit: Edit) -> list[Edit]:
    """The edit, unless it would leave two targets for one metric, project and span."""
    if edit.entity == "target":
        rows = apply(world, [edit]).rows["target"]
        return [edit] if len(_without_doubles(rows)) == len(rows) else []
    return [edit]


def apply(world: World, changes: Sequence[Edit]) -> World:
    """The world after the changes."""
    rows = {name: list(of_entity) for name, of_entity in world.rows.items()}
    for edit in changes:
        if edit.before is not None:
            rows[edit.entity].remove(edit.before)
        if edit.after is not None:
            rows[edit.entity].append(edit.after)
    return replace(world, rows=rows)


def load(world: World, engine: Engine, *, updated_at: datetime | None = None) -> None:
    """Write a world into fresh tables `src_<entity>`; rows that say nothing about `updated_at` get the one given."""
    with engine.begin() as connection:
        everything = MetaData()
        for name in ENTITIES:
            Table(f"src_{name}", everything)
        everything.drop_all(connection)
        tables = _tables(world)
        for table in tables.values():
            table.create(connection)
        for name, table in tables.items():
            _fill(
                connection, table, [{"updated_at": updated_at or world.as_of} | row for row in world.rows.get(name, [])]
            )


def write(changes: Sequence[Edit], world: World, engine: Engine) -> World:
    """Make the changes in the tables `load` made from `world`; returns the world after them."""
    tables = _tables(world)
    with engine.begin() as connection:
        for edit in changes:
            world = apply(world, [edit])
            table = tables[edit.entity]
            if ENTITIES[edit.entity].key is None:
                connection.execute(table.delete())
                _fill(connection, table, world.rows[edit.entity])
                continue
            if edit.kind == "insert" and edit.after is not None:
                _fill(connection, table, [edit.after])
            elif edit.kind == "update" and edit.before is not None and edit.after is not None:
                changed = _bound(table, edit.after)
                connection.execute(table.update().where(table.c.id == edit.before["id"]).values(changed))
            elif edit.before is not None:
                connection.execute(table.delete().where(table.c.id == edit.before["id"]))
    return world


def mapping_toml(world: World) -> str:
    """The `[entities.<name>]` sections that read the tables `load` makes."""
    sections = []
    for name in ENTITIES:
        columns = ", ".join(f"{column} = {json.dumps(column)}" for column in _ordered(world, name))
        if columns:
            sections.append(f'[entities.{name}]\ntable = "src_{name}"\ncolumns = {{ {columns} }}\n')
    return "\n".join(sections)


def _ordered(world: World, entity: str) -> list[str]:
    columns = world.columns(entity)
    return [name for name in ENTITIES[entity].column_names if name in columns]


def _tables(world: World) -> dict[str, Table]:
    metadata = MetaData()
    return {
        name: Table(f"src_{name}", metadata, *(Column(column, _type(world, name, column)) for column in columns))
        for name in ENTITIES
        if (columns := _ordered(world, name))
    }


def _fill(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        connection.execute(table.insert(), [_bound(table, row) for row in rows])


def _bound(table: Table, row: Row) -> dict[str, Any]:
    return {column.name: _value(column, row.get(column.name)) for column in table.columns}


def _value(column: Column[Any], value: Any) -> Any:
    """The value as its database column takes it: times as text where a column mixes days and times."""
    if isinstance(column.type, String) and isinstance(value, date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return value


class _ExactInSqlite(UserDefinedType[Decimal]):
    """Money in SQLite, which has no decimals: written as text into a column of NUMERIC affinity."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "NUMERIC(18, 4)"

    def bind_processor(self, dialect: Any) -> Any:
        return lambda value: None if value is None else str(value)


def _type(world: World, entity: str, column: str) -> TypeEngine[Any]:
    match ENTITIES[entity].column(column).kind:
        case "time":
            return _time_type(world, entity, column)
        case "day":
            return Date()
        case "money":
            return Numeric(18, 4).with_variant(_ExactInSqlite(), "sqlite")
        case "whole":
            return BigInteger()
        case "number":
            return Double()
        case "flag":
            return Boolean()
        case _:
            return String(64)


def _time_type(world: World, entity: str, column: str) -> TypeEngine[Any]:
    values = [row[column] for row in world.rows.get(entity, []) if row.get(column) is not None]
    if (entity, column) in world.day_only or (values and all(is_day(value) for value in values)):
        return Date()
    return String(32) if any(is_day(value) for value in values) else DateTime()
