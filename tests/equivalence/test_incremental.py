"""However rows change and time passes: a refresh leaves what a first refresh of the same source would leave."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from metrics.entities import ENTITIES
from tests.equivalence import checks
from tests.equivalence.crowds import KEYS, crowd
from tests.equivalence.product import Bench, Clock, Counted, Product
from tests.naive.world import Row, World
from tests.worlds import edits, write

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

NEW = re.compile(r"new\d+")
DERIVED = ("lead_party", "party", "stage_event")
LATER = (
    timedelta(),
    timedelta(minutes=35),
    timedelta(hours=14),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=40),
)
DEPTHS = ("changes", "changes", "changes", "keys", "full")
STEPS = 4


def tables(product: Product) -> dict[str, list[tuple[Any, ...]]]:
    """Every derived table and every mart, all rows in order."""
    marts = product.connection.execute("select table_name from duckdb_tables() where schema_name = 'mart'").fetchall()
    names = [*DERIVED, *(f"mart.{name}" for (name,) in marts)]
    return {name: product.connection.execute(f"from {name} order by all").fetchall() for name in sorted(names)}


def shown(product: Product) -> dict[str, Any]:
    """What the published snapshot shows: the rows of its marts, its small lists, what is absent."""
    snapshot = product.snapshot()
    marts = {name: frame.astype(str).to_numpy().tolist() for name, frame in snapshot.marts.items()}
    lists = (snapshot.projects, snapshot.channels, snapshot.staff, snapshot.referrers)
    return {**marts, "lists": [sorted(map(str, one.values())) for one in lists]} | {
        name: getattr(snapshot, name) for name in ("targets", "milestones", "recent", "absent", "windows")
    }


def alike(product: Product, fresh: Product) -> None:
    """Refresh the fresh one, and fail with the rows that one of them has and the other has not."""
    # Both publish into one store: what the product shows is looked at before the fresh one takes its place.
    was_shown = shown(product)
    fresh.refresh("full")
    for one, other in ((tables(product), tables(fresh)), (was_shown, shown(fresh))):
        assert one.keys() == other.keys()
        for name in one:
            if one[name] != other[name]:
                assert _only(one[name], other[name]) == _only(other[name], one[name]), name
                assert one[name] == other[name], name


def _only(rows: Any, others: Any) -> list[str]:
    if not isinstance(rows, list):
        return [str(rows)]
    without = set(map(str, others))
    return [str(row) for row in rows if str(row) not in without]


class Story:
    """A source that changes, and one replica that follows it."""

    def __init__(self, bench: Bench, world: World, engine: Engine, product: Product, clock: Clock) -> None:
        self.bench, self.world, self.engine, self.product, self.clock = bench, world, engine, product, clock
        self.hidden = False
        self.edited = 0
        self.product.refresh("full")

    def edit(self, data: st.DataObject, *, silent: bool) -> None:
        """Change rows a minute from now on; the refresh comes when the last stamp is past."""
        drawn = data.draw(edits(self.world, at=self.clock.at + timedelta(minutes=1), silent=silent, most=6))
        changes = [replace(edit, before=self._own(edit.before), after=self._own(edit.after)) for edit in drawn]
        self.edited += 1
        self.world = write(changes, self.world, self.engine)
        self.hidden = self.hidden or any(edit.silent for edit in changes)

    def _own(self, row: Row | None) -> Row | None:
        """The row with the ids of new rows made this edit's own."""
        if row is None:
            return None
        new = [name for name in KEYS if NEW.fullmatch(row.get(name) or "")]
        return row | {name: f"{row[name]}.{self.edited}" for name in new}

    def refresh(self, depth: Any, later: timedelta) -> None:
        """Refresh a while later; where it must have seen everything, compare with a fresh replica."""
        self.clock.at += timedelta(minutes=10) + later
        self.world = replace(self.world, as_of=self.clock.at)
        self.product.refresh(depth)
        self.hidden = self.hidden and depth != "full"
        if not self.hidden:
            self.compare()

    def compare(self) -> None:
        """The replica and a fresh one hold the same."""
        with self.bench.refreshing(self.bench.settings(self.world), self.clock) as fresh:
            alike(self.product, fresh)


def _story(bench: Bench, data: st.DataObject, seeds: Sequence[int]) -> None:
    world = crowd(data.draw(st.sampled_from(seeds)), groups=2)
    clock = Clock(world.as_of)
    with bench.source(world) as engine, bench.refreshing(bench.settings(world), clock) as product:
        story = Story(bench, world, engine, product, clock)
        for _ in range(STEPS):
            story.edit(data, silent=data.draw(st.booleans()))
            story.refresh(data.draw(st.sampled_from(DEPTHS)), data.draw(st.sampled_from(LATER)))
        story.refresh("full", timedelta())
        checks.daily(Counted(story.world, product.snapshot(), bench.folder))


@settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(data=st.data())
def test_refreshes_after_edits_leave_what_a_first_refresh_leaves(bench: Bench, data: st.DataObject) -> None:
    _story(bench, data, range(100))


@pytest.mark.nightly
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_many_stories(bench: Bench, data: st.DataObject) -> None:
    _story(bench, data, range(1000))


@pytest.mark.parametrize(
    "waits",
    [
        (timedelta(minutes=20), timedelta(days=1), timedelta(days=20)),
        pytest.param(
            (timedelta(hours=9), timedelta(hours=9), timedelta(days=3), timedelta(days=10), timedelta(days=5)),
            marks=pytest.mark.nightly,
        ),
    ],
    ids=["short", "long"],
)
def test_time_alone_changes_numbers(bench: Bench, waits: Sequence[timedelta]) -> None:
    world = crowd(4, groups=4)
    clock = Clock(world.as_of - timedelta(days=20))
    long_ago = {"updated_at": clock.at - timedelta(days=1)}
    world = replace(world, rows={name: [row | long_ago for row in rows] for name, rows in world.rows.items()})
    with bench.source(world), bench.refreshing(bench.settings(world), clock) as product:
        product.refresh("full")
        for later in waits:
            clock.at += later
            product.refresh("changes")
            with bench.refreshing(bench.settings(world), clock) as fresh:
                alike(product, fresh)


def test_a_quiet_day_is_a_new_today(bench: Bench) -> None:
    world = World(datetime(2026, 3, 11, 10, 0), {"project": [{"id": "p1", "name": "East"}], "lead": []})
    clock = Clock(world.as_of)
    with bench.source(world), bench.refreshing(bench.settings(world), clock) as product:
        product.refresh("full")
        assert product.snapshot().as_of.date() == date(2026, 3, 11)
        clock.at += timedelta(days=1)
        assert product.refresh("changes").outcome == "published"
        assert product.snapshot().as_of.date() == date(2026, 3, 12)


def test_what_is_noted_ahead_counts_when_its_time_has_come(bench: Bench) -> None:
    start = datetime(2026, 3, 11, 10, 0)

    def at(days: float) -> datetime:
        return start + timedelta(days=days)

    def of(key: str, **values: Any) -> Row:
        return {"id": key, "project_id": "p1", "updated_at": at(-30)} | values

    planned = {"planned_start": at(-40).date(), "planned_end": at(-20).date(), "actual_end": at(4).date(), "name": "m"}
    rows = {
        "project": [of("p1", name="East")],
        "lead": [
            of("l1", created_at=at(-20), person="13800000001", lost_at=at(3), valid=True, grade="A"),
            of(
                "l2",
                created_at=at(-19),
                person="13800000002",
                lost_at=at(-9),
                reactivated_at=at(3),
                valid=True,
                grade="B",
            ),
            of("l3", created_at=at(3), person="13800000001", valid=True, grade="C"),
        ],
        "visit": [
            of("v1", lead_id="l1", at=at(-15)),
            of("v2", lead_id="l2", at=at(3)),
            of("v3", lead_id="l3", at=at(-2)),
        ],
        "contract": [of("c1", lead_id="l2", signed_at=at(-9), amount=Decimal("5"), cancelled_at=at(3))],
        "payment": [of("y1", contract_id="c1", at=at(3), amount=Decimal("2"))],
        "follow_up": [of("f1", lead_id="l1", at=at(3), reached=True)],
        "referral": [of("r1", lead_id="l2", referrer_id="r", at=at(3))],
        "sop_check": [of("s1", due_at=at(-10), done_at=at(3))],
        "milestone": [of("m1", **planned)],
        "spend": [of("e1", channel_id="c", day=at(3).date(), amount=Decimal("7"))],
    }
    columns = {
        name: {column for row in found for column in row if column in ENTITIES[name].column_names}
        for name, found in rows.items()
    }
    clock = Clock(start)
    world = World(start, rows, mapped=columns)
    with bench.source(world), bench.refreshing(bench.settings(world), clock) as product:
        product.refresh("full")
        for days in (2, 1, 1, 1):
            clock.at += timedelta(days=days)
            product.refresh("changes")
            with bench.refreshing(bench.settings(world), clock) as fresh:
                alike(product, fresh)
            for check in (checks.daily, checks.state, checks.cohorts, checks.referrers):
                check(Counted(replace(world, as_of=clock.at), product.snapshot(), bench.folder))
