"""The demo: the same database for the same moment, plausible, mapped completely, with its stories in it."""

import re
import sqlite3
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest

from data_access.demo import build, demo_toml, stock_of, stories
from data_access.settings import Settings
from data_access.simulator import Simulator
from metrics.entities import ENTITIES

NOW = datetime(2026, 11, 18, 15, 20, 7)
LEADS = 3_000
BIG = 24_000

Row = dict[str, Any]


def built(folder: Path, **choices: Any) -> Path:
    path = folder / "crm.db"
    build(path, **{"now": NOW, "leads": LEADS} | choices)
    return path


class Mapped:
    """The demo's database seen through its mapping, entity by entity."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mappings = tomllib.loads(demo_toml())["entities"]
        self._read: dict[str, list[Row]] = {}

    def __getitem__(self, entity: str) -> list[Row]:
        if entity not in self._read:
            self._read[entity] = self._rows(self._mappings[entity])
        return self._read[entity]

    def _rows(self, mapping: Mapping[str, Any]) -> list[Row]:
        columns = ", ".join(f'{source} as "{name}"' for name, source in mapping.get("columns", {}).items())
        query = mapping.get("query") or f"select {columns} from {mapping['table']}"
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            rows = [dict(row) for row in db.execute(query)]
        for column, codes in mapping.get("codes", {}).items():
            for row in rows:
                row[column] = None if row[column] is None else codes[str(row[column])]
        return rows

    def of(self, entity: str, **wanted: str) -> list[Row]:
        return [row for row in self[entity] if all(str(row[name]) == value for name, value in wanted.items())]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def demo(small: Path) -> Mapped:
    return Mapped(small)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    return Mapped(built(tmp_path_factory.mktemp("large"), leads=BIG))


@pytest.fixture
def own(small: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "crm.db"
    copy.write_bytes(small.read_bytes())
    return copy


def person_key(phone: str | None) -> str | None:
    digits = re.sub(r"\D", "", phone or "")
    digits = digits[2:] if len(digits) == 13 and digits.startswith("86") else digits
    return digits or None


def parties(leads: list[Row]) -> list[list[Row]]:
    """Lead rows by the counting rules: one person on one project, anew after 180 days without a row."""
    found: list[list[Row]] = []
    open_party: dict[tuple[str, int], list[Row]] = {}
    for lead in sorted(leads, key=lambda row: (row["created_at"], row["id"])):
        key = (person_key(lead["person"]), lead["project_id"])
        party = open_party.get(key) if key[0] else None
        if party is None or moment(lead["created_at"]) - moment(party[-1]["created_at"]) >= timedelta(days=180):
            party = open_party[key] = []
            found.append(party)
        party.append(lead)
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def active_stock(demo: Mapped) -> int:
    """Parties with valid not false, no uncancelled contract, and not lost (or come back since)."""
    groups = parties(demo["lead"])
    of_lead = {lead["id"]: nth for nth, party in enumerate(groups) for lead in party}
    of_person = defaultdict(list)
    for nth, party in enumerate(groups):
        of_person[person_key(party[0]["person"]), party[0]["project_id"]].append((party[0]["created_at"], nth))
    sold = set()
    for contract in demo["contract"]:
        if contract["cancelled_at"] is None:
            earlier = [
                nth
                for at, nth in of_person[person_key(contract["person"]), contract["project_id"]]
                if at <= contract["signed_at"]
            ]
            sold.add(of_lead.get(contract["lead_id"], earlier[-1] if earlier else None))
    latest = [(nth, party[-1]) for nth, party in enumerate(groups) if nth not in sold]
    return sum(
        row["valid"] != 0 and (row["lost_at"] is None or (row["reactivated_at"] or "") > row["lost_at"])
        for _, row in latest
    )


def test_the_same_moment_seed_and_size_give_the_same_rows(small, tmp_path):
    assert built(tmp_path).read_bytes() == small.read_bytes()


def test_another_seed_gives_other_rows(demo, tmp_path):
    assert Mapped(built(tmp_path, seed=21))["contract"] != demo["contract"]


def test_a_moment_with_a_zone_is_taken_to_shanghai(small, tmp_path):
    aware = (NOW - timedelta(hours=8)).replace(tzinfo=UTC, microsecond=5)
    assert built(tmp_path, now=aware).read_bytes() == small.read_bytes()


def test_building_again_replaces_the_old_database_and_its_log(small, tmp_path):
    (tmp_path / "crm.db-wal").write_bytes(b"old")
    path = built(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["crm.db"]
    assert path.read_bytes() == small.read_bytes()


def test_too_few_leads_are_refused(tmp_path):
    with pytest.raises(ValueError, match="leads is 999"):
        built(tmp_path, leads=999)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2027, 1, 1, 0, 0, 3), id="seconds into a new year"),
        pytest.param(datetime(2027, 2, 6, 23, 59, 59), id="the end of Spring Festival's first day"),
        pytest.param(datetime(2028, 2, 29, 9, 0), id="a leap day"),
    ],
)
def test_it_can_be_built_for_any_moment(now, tmp_path):
    demo = Mapped(built(tmp_path, now=now, leads=1_000))
    assert active_stock(demo) == stock_of(1_000)
    assert max(row["created_at"] for row in demo["lead"]) <= str(now)
    assert set(colours(demo, now)) == COLOURS


def test_the_settings_are_valid_and_map_every_entity_but_reviews(tmp_path):
    settings = Settings.read(demo_toml(), {}, folder=tmp_path)
    assert set(settings.entities) == set(ENTITIES) - {"review"}
    assert str(settings.source.url) == f"sqlite:///{tmp_path}/crm.db"
    assert (settings.gap.target, settings.gap.average_price) == (1_500_000_000, 2_500_000)


@pytest.mark.parametrize("name", sorted(set(ENTITIES) - {"review"}))
def test_a_mapping_returns_rows_with_the_required_columns(name, demo):
    entity = ENTITIES[name]
    assert demo[name]
    assert set(demo[name][0]) <= set(entity.column_names)
    for column in entity.columns:
        if column.required and column.name != "project_id":
            assert all(row[column.name] is not None for row in demo[name]), column.name
    if entity.key:
        assert len({row["id"] for row in demo[name]}) == len(demo[name])


@pytest.mark.parametrize(
    ("entity", "column", "known"),
    [
        pytest.param("channel", "kind", {"public", "private", "offline", "referral", "distribution"}, id="channels"),
        pytest.param("lead", "grade", {"A", "B", "C", "D", None}, id="grades"),
        pytest.param("lead", "valid", {0, 1, None}, id="validity"),
        pytest.param("referral", "referrer_kind", {"broker", "owner", "employee"}, id="referrers"),
        pytest.param("target", "metric", {"net_contract_amount", "leads"}, id="targets"),
        pytest.param("project", "rollout_stage", {"未接入", "申请", "试点", "固化"}, id="roll-out"),
    ],
)
def test_coded_values_become_the_words_of_the_entities(entity, column, known, large):
    assert {row[column] for row in large[entity]} == known


def test_references_point_to_rows(small):
    with closing(sqlite3.connect(small)) as db:
        assert db.execute("pragma foreign_key_check").fetchall() == []


def test_every_salesperson_and_project_is_there(demo):
    assert len(demo["project"]) == 24
    assert len({row["city"] for row in demo["project"]}) == 6
    assert len(demo["channel"]) == 12
    assert Counter(row["role"] for row in demo["staff"])["项目总"] == 24
    assert len(demo["staff"]) == 24 + 480
    assert len({row["team"] for row in demo["staff"]} - {None}) == 60


def test_test_rows_are_in_the_database_but_not_in_the_mapping(small, demo):
    with closing(sqlite3.connect(small)) as db:
        ids = {row[0] for row in db.execute("select cst_id from crm_customer where is_test = 1")}
    assert ids
    assert len(demo["lead"]) == LEADS
    assert not ids & {row["id"] for row in demo["lead"]}
    assert not ids & {row["lead_id"] for entity in ("visit", "follow_up", "registration") for row in demo[entity]}


def test_customers_phones_are_fictitious_but_well_formed(demo):
    phones = [person_key(row["person"]) for row in demo["lead"]]
    good = [phone for phone in phones if phone and re.fullmatch(r"1[3-9]\d{9}", phone)]
    assert all(phone.startswith("160") for phone in good)
    assert 0.95 < len(good) / len(phones) < 1


@pytest.mark.parametrize(
    ("entity", "column"),
    [
        ("lead", "created_at"),
        ("lead", "lost_at"),
        ("lead", "updated_at"),
        ("visit", "at"),
        ("subscription", "cancelled_at"),
        ("contract", "signed_at"),
        ("payment", "at"),
        ("follow_up", "at"),
        ("exposure", "at"),
        ("registration", "at"),
        ("assignment", "at"),
        ("sop_check", "done_at"),
        ("spend", "updated_at"),
    ],
)
def test_nothing_happens_after_now(entity, column, demo):
    assert max(row[column] or "" for row in demo[entity]) <= str(NOW)


def test_today_has_leads_but_no_spend(large):
    assert any(row["created_at"] >= str(NOW.date()) for row in large["lead"])
    assert max(row["day"] for row in large["spend"]) == str(NOW.date() - timedelta(days=1))


def test_a_row_is_stamped_no_earlier_than_what_it_tells(demo):
    for row in demo["lead"]:
        assert row["updated_at"] >= max(row["created_at"], row["lost_at"] or "")
    for row in demo["contract"]:
        assert row["updated_at"] >= max(row["signed_at"], row["cancelled_at"] or "")


@pytest.mark.parametrize("size", ["demo", "large"])
def test_the_stock_of_valid_active_customers_is_exact(size, request):
    demo: Mapped = request.getfixturevalue(size)
    assert active_stock(demo) == stock_of(len(demo["lead"]))


def test_a_hundred_thousand_leads_mean_a_stock_of_eleven_thousand():
    assert stock_of(100_000) == 11_000


def test_some_people_come_back_after_half_a_year_and_some_try_other_projects(large):
    groups = parties(large["lead"])
    again = Counter((person_key(party[0]["person"]), party[0]["project_id"]) for party in groups)
    assert sum(number > 1 for (key, _), number in again.items() if key) > 0.005 * BIG
    projects = defaultdict(set)
    for lead in large["lead"]:
        projects[person_key(lead["person"])].add(lead["project_id"])
    assert sum(len(found) > 1 for key, found in projects.items() if key) > 0.01 * BIG


def test_the_funnel_is_plausible(large):
    leads, visits = len(large["lead"]), large["visit"]
    first = len({row["lead_id"] or person_key(row["person"]) for row in visits})
    signed = len(large["contract"])
    assert 0.2 < first / leads < 0.32
    assert 0.008 < signed / leads < 0.015
    assert signed < len(large["subscription"]) < 1.4 * signed
    assert 2_300_000 < sum(row["amount"] for row in large["contract"]) / signed < 2_700_000
    assert any(row["cancelled_at"] for row in large["contract"])
    assert any(row["lead_id"] is None for row in visits)
    assert 0.55 < sum(row["valid"] == 1 for row in large["lead"]) / leads < 0.7


def test_a_year_sells_less_than_its_target(large):
    start = str(NOW - timedelta(days=365))
    sold = sum(row["amount"] for row in large["contract"] if row["signed_at"] > start and not row["cancelled_at"])
    assert 1_050_000_000 < sold * 100_000 / BIG < 1_400_000_000


def test_weekends_bring_visits_and_evenings_bring_online_leads(large):
    days = Counter(moment(row["at"]).weekday() for row in large["visit"])
    assert min(days[5], days[6]) > 1.5 * max(days[day] for day in range(5))
    online = Counter(moment(row["created_at"]).hour for row in large["lead"] if row["channel_id"] == 1)
    assert online[20] > 1.5 * online[9] > 6 * online[3]


def test_projects_targets_add_up_to_the_groups_year(demo):
    rows = [row for row in demo.of("target", metric="net_contract_amount") if row["starts_on"].startswith("2026")]
    group = [row["value"] for row in rows if row["project_id"] is None]
    assert group == [1_500_000_000 * LEADS // 100_000]
    assert sum(row["value"] for row in rows if row["project_id"]) == group[0]


COLOURS = {(state, late) for state in ("open", "done") for late in ("none", "yellow", "orange", "red")}


def test_milestones_are_late_in_every_colour_open_and_done(demo):
    assert set(colours(demo, NOW)) == COLOURS
    assert {row["depends_on"] for row in demo["milestone"]} - {None} <= {row["id"] for row in demo["milestone"]}


def colours(demo: Mapped, now: datetime) -> Counter[tuple[str, str]]:
    return Counter(("done" if row["actual_end"] else "open", colour(row, now)) for row in demo["milestone"])


def colour(row: Row, now: datetime) -> str:
    planned = moment(row["planned_end"])
    late = (moment(row["actual_end"] or str(now.date())) - planned).days
    share = late / max(1, (planned - moment(row["planned_start"])).days)
    return "none" if share <= 0 else "yellow" if share < 0.1 else "orange" if share <= 0.3 else "red"


def test_refunds_give_back_what_was_paid(large):
    paid = defaultdict(list)
    for row in large["payment"]:
        paid[row["contract_id"]].append(row["amount"])
    refunded = [amounts for amounts in paid.values() if min(amounts) < 0]
    assert refunded
    assert all(sum(amounts) == 0 for amounts in refunded)


# The planted stories.


def test_the_pilot_replays_the_groups_ten_months(large):
    pilot, scale = stories()["pilot"].project_id, BIG / 100_000
    leads = [party for party in parties(large["lead"]) if str(party[0]["project_id"]) == pilot]
    shown = sum(row["impressions"] for row in large.of("exposure", project_id=pilot))
    assert 8_000 * scale < len(leads) < 8_600 * scale
    assert 30_000 * scale < shown < 36_000 * scale
    assert min(row[0]["created_at"] for row in leads) > str(NOW - timedelta(days=305))
    weeks = Counter((moment(row[0]["created_at"]) - NOW + timedelta(days=304)).days // 7 for row in leads)
    assert sum(weeks[week] for week in range(8, 12)) > 1.5 * sum(weeks[week] for week in range(4, 8))


def test_the_pilots_records_are_the_most_complete_and_its_sop_is_kept(large):
    pilot = stories()["pilot"].project_id
    complete, kept = defaultdict(list), defaultdict(list)
    for row in large["lead"]:
        complete[str(row["project_id"])].append(None not in (row["grade"], row["staff_id"]))
    for row in large["sop_check"]:
        if row["due_at"] <= str(NOW):
            kept[str(row["project_id"])].append(row["done_at"] is not None)
    for shares, expected in ((complete, 0.88), (kept, 0.92)):
        share = {project: sum(flags) / len(flags) for project, flags in shares.items() if len(flags) > 100}
        assert share[pilot] == pytest.approx(expected, abs=0.02)
        assert max(share, key=lambda project: share[project]) == pilot


def test_one_project_is_clearly_behind_its_target(large):
    year = str(NOW.year)
    done: Counter[str] = Counter()
    goal: Counter[str] = Counter()
    for row in large["contract"]:
        done[str(row["project_id"])] += row["amount"] * (row["signed_at"].startswith(year) and not row["cancelled_at"])
    for row in large.of("target", metric="net_contract_amount"):
        goal[str(row["project_id"])] += row["value"] * (row["starts_on"][:4] == year)
    behind = stories()["behind"].project_id
    assert done[behind] / goal[behind] < 0.6 * sum(done.values()) / goal["None"]


def test_one_channel_is_far_more_expensive_than_the_others(large):
    valid = Counter(str(row["channel_id"]) for row in large["lead"] if row["valid"] != 0)
    cost: Counter[str] = Counter()
    for row in large["spend"]:
        cost[str(row["channel_id"])] += row["amount"]
    each = sorted((cost[channel] / valid[channel], channel) for channel in cost)
    assert each[-1][1] == stories()["expensive_channel"].channel_id
    assert each[-1][0] > 3 * each[-2][0]


def test_one_team_answers_grade_a_leads_after_hours_and_the_others_within_half_an_hour(large):
    team = {row["id"]: row["team"] for row in large["staff"]}
    first: dict[int, str] = {}
    for row in large["follow_up"]:
        if row["reached"]:
            first[row["lead_id"]] = min(row["at"], first.get(row["lead_id"], row["at"]))
    minutes = defaultdict(list)
    for row in large.of("lead", grade="A"):
        if row["staff_id"] and row["id"] in first and "09" <= row["created_at"][11:13] < "20":
            waited = moment(first[row["id"]]) - moment(row["created_at"])
            minutes[team[row["staff_id"]] == stories()["slow_team"].team].append(waited.total_seconds() / 60)
    assert median(minutes[True]) > 150
    assert sum(wait <= 30 for wait in minutes[False]) / len(minutes[False]) > 0.8


def test_one_projects_leads_fell_in_the_last_two_weeks(large):
    dropped = stories()["dropped"].project_id
    ages: dict[bool, list[int]] = {True: [], False: []}
    for row in large["lead"]:
        ages[str(row["project_id"]) == dropped].append((NOW - moment(row["created_at"])).days)

    def per_day(found: list[int], first: int, last: int) -> float:
        return sum(first <= age < last for age in found) / (last - first)

    assert per_day(ages[True], 0, 14) < 0.6 * per_day(ages[True], 14, 56)
    assert per_day(ages[False], 0, 14) > 0.7 * per_day(ages[False], 14, 56)


def test_one_brokers_registrations_are_suspicious(demo):
    story = stories()["suspicious"]
    rows = demo.of("registration", broker_id=story.broker_id, project_id=story.project_id)
    visited: dict[int, str] = {}
    for row in sorted(demo["visit"], key=lambda visit: visit["at"]):
        visited.setdefault(row["lead_id"], row["at"])
        visited.setdefault(person_key(row["person"]), row["at"])
    first = [visited.get(row["lead_id"]) or visited.get(person_key(row["person"])) for row in rows]
    night = sorted(moment(row["at"]) for row in rows if row["at"][11:13] == "02")
    waits = [
        (moment(seen) - moment(row["at"])).total_seconds() / 60 for row, seen in zip(rows, first, strict=True) if seen
    ]
    assert len(night) == 8
    assert night[-1] - night[0] < timedelta(minutes=10)
    assert sum(0 < wait < 10 for wait in waits) == 5
    assert sum(wait < 0 for wait in waits) == 5


def test_reclaimed_customers_changed_from_a_natural_visit_to_the_broker(demo):
    story = stories()["suspicious"]
    claimed = {row["lead_id"] for row in demo.of("registration", broker_id=story.broker_id)}
    changes = [row for row in demo["assignment"] if row["lead_id"] in claimed]
    assert {str(row["channel_id"]) for row in changes} == {story.channel_id}
    natural = [row for row in demo["visit"] if row["lead_id"] in claimed and row["channel_id"] == 7]
    assert natural


def test_one_contract_has_two_commissions_and_one_broker_a_salespersons_phone(large):
    assert sum((row["commission_records"] or 0) > 1 for row in large["contract"]) == 1
    staff = {row["phone"] for row in large["staff"]}
    with closing(sqlite3.connect(large._path)) as db:
        assert len(staff & {row[0] for row in db.execute("select tel from base_broker")}) == 1


def test_one_broker_is_the_referral_king(large):
    recent = [row for row in large["referral"] if row["at"] > str(NOW - timedelta(days=28))]
    ranked = Counter(row["referrer_id"] for row in recent).most_common(2)
    assert ranked[0][0] == stories()["star_broker"].broker_id
    assert ranked[0][1] > 2 * ranked[1][1]


def test_one_project_has_no_target_and_one_is_too_new_to_judge(large):
    assert large.of("target", project_id=str(stories()["no_target"].project_id)) == []
    new = str(stories()["new_project"].project_id)
    assert 0 < len(large.of("lead", project_id=new)) < 40
    assert 0 < len(large.of("subscription", project_id=new)) < 5


# The simulator.


@pytest.fixture(scope="module")
def afternoon(small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    path = tmp_path_factory.mktemp("afternoon") / "crm.db"
    path.write_bytes(small.read_bytes())
    simulator = Simulator(path)
    told = [line for nth in range(1, 241) for line in simulator.step(NOW + timedelta(seconds=15 * nth))]
    return path, told


def test_an_hour_of_simulation_brings_several_kinds_of_events(afternoon):
    _, told = afternoon
    kinds = Counter(line.split(":")[1].split("(")[0].split(" ")[0] for line in told)
    assert len(told) > 3 * 240
    assert {"曝光", "新留电", "已跟进", "客户到访", "客户流失"} <= set(kinds)


def test_simulated_rows_keep_references_valid_and_are_stamped(afternoon, demo):
    path, _ = afternoon
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("pragma foreign_key_check").fetchall() == []
    after = Mapped(path)
    for entity in ("lead", "follow_up", "visit"):
        stamped = [row for row in after[entity] if row["updated_at"] > str(NOW)]
        assert len(stamped) >= len(after[entity]) - len(demo[entity]) > 0
        assert max(row["updated_at"] for row in after[entity]) <= str(NOW + timedelta(hours=1))


def test_a_new_lead_is_called_soon(afternoon):
    after = Mapped(afternoon[0])
    called = {row["lead_id"] for row in after["follow_up"]}
    new = [row for row in after["lead"] if str(NOW) < row["created_at"] < str(NOW + timedelta(minutes=30))]
    assert new
    assert all(row["id"] in called for row in new)


def test_the_same_dice_and_moments_simulate_the_same(own, tmp_path):
    twin = tmp_path / "twin.db"
    twin.write_bytes(own.read_bytes())
    one, other = Simulator(own, rng=Random(5)), Simulator(twin, rng=Random(5))
    moments = [NOW + timedelta(minutes=nth) for nth in range(25)]
    assert [one.step(at) for at in moments] == [other.step(at) for at in moments]
    for entity in ("lead", "follow_up", "visit", "exposure", "sop_check"):
        assert Mapped(own)[entity] == Mapped(twin)[entity]


def test_the_night_is_quiet_but_never_silent(own):
    simulator = Simulator(own)
    night = datetime(2026, 11, 19, 3, 0)
    steps = [simulator.step(night + timedelta(seconds=15 * nth)) for nth in range(60)]
    assert all(steps)
    assert sum(map(len, steps)) < 120


def test_a_new_day_books_yesterdays_spend_and_sets_the_days_tasks(own):
    Simulator(own).step(datetime(2026, 11, 20, 8, 0))
    after = Mapped(own)
    days = Counter(row["day"] for row in after["spend"])
    assert days["2026-11-18"] == days["2026-11-19"] == days["2026-11-17"] > 0
    assert "2026-11-20" not in days
    assert sum(row["due_at"].startswith("2026-11-20") for row in after["sop_check"]) == 3 * 24


def test_a_reader_in_the_middle_of_its_transaction_neither_waits_nor_sees_a_step(own):
    with closing(sqlite3.connect(f"file:{own}?mode=ro", uri=True, timeout=0, isolation_level=None)) as reader:
        reader.execute("begin")
        before = reader.execute("select count(*) from mkt_exposure").fetchone()
        Simulator(own).step(NOW + timedelta(seconds=15))
        assert reader.execute("select count(*) from mkt_exposure").fetchone() == before
        reader.execute("commit")
        assert reader.execute("select count(*) from mkt_exposure").fetchone() > before
