"""The packet compares like with like, says only what is beyond chance, and nothing where cases are few."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from metrics.pack import Label
from metrics.peers import Kinds, PeerGroup, beyond, packet, peer_groups
from metrics.periods import comparison, period
from metrics.snapshot import Project
from metrics.totals import Frames
from tests.snapshots import a_snapshot, property_pack

WEDNESDAY = datetime(2026, 3, 11, 10, 0)
MONDAY = datetime(2026, 3, 9, 8, 0)
ALL = PeerGroup(Label("一线", "tier 1"), frozenset(("p1", "p2", "p3")))
NO_KINDS = Kinds({}, {}, (1_500_000, 3_000_000))
TODAY = WEDNESDAY.date()


def a_project(id, city="杭州", opened=None, price=None, group=None):
    average = Decimal(price) if price else None
    return Project(id, id, city=city, opened_on=opened, average_price=average, peer_group=group)


def groups(*projects, kinds=NO_KINDS):
    return peer_groups({one.id: one for one in projects}, TODAY, kinds)


def with_leads(*told):
    """A snapshot as of Wednesday 10:00 with so many leads of a project and channel from a moment on, a second apart."""
    leads = [
        {"id": f"{project}{channel}{begin:%d%H}{n}", "created_at": begin + timedelta(seconds=n), "project_id": project, "channel_id": channel}
        for project, channel, begin, count in told
        for n in range(count)
    ]  # fmt: skip
    projects = [{"id": f"p{n}", "name": f"项目{n}"} for n in (1, 2, 3)]
    channels = [{"id": "c1", "name": "抖音"}, {"id": "c2", "name": "自然到访"}]
    for number, lead in enumerate(leads):
        lead["person"] = f"k{number}"
    return a_snapshot(as_of=WEDNESDAY, project=projects, channel=channels, lead=leads)


def made(snapshot, project="p1", week="week", min_leads=20):
    days = comparison(period(week, WEDNESDAY), WEDNESDAY)
    whole = week == "last_week"
    return packet(Frames(snapshot), property_pack(), project, ALL, days, min_leads=min_leads, is_whole=whole)


@pytest.fixture(scope="module")
def busy():
    """p2 is ahead of p1 by 41 from c1; p3 is small; a week ago p1 had 30 by the same point, and 50 more after it."""
    before = MONDAY - timedelta(days=7)
    return with_leads(
        ("p1", "c1", MONDAY, 20),
        ("p1", "c2", MONDAY, 30),
        ("p2", "c1", MONDAY, 61),
        ("p2", "c2", MONDAY, 25),
        ("p3", "c1", MONDAY, 5),
        ("p1", "c2", before, 30),
        ("p1", "c2", before + timedelta(days=3), 50),
    )


def test_the_peer_that_is_ahead_and_where_the_lead_comes_from(busy):
    told = made(busy)
    assert (told.own, told.rival, told.rival_leads, told.rank, told.members) == (50, "p2", 86, 2, 3)
    assert (told.channel, told.channel_lead) == ("c1", 41)


def test_the_own_change_is_against_the_same_point_of_the_week_before(busy):
    told = made(busy)
    assert (told.before, told.own_channel, told.own_channel_change) == (30, "c1", 20)


def test_a_whole_week_is_compared_with_whole_weeks(busy):
    assert made(busy, week="last_week").rank == 1
    assert made(busy, week="last_week").own == 80


def test_who_leads_hears_so_and_no_rival(busy):
    told = made(busy, "p2")
    assert (told.rank, told.rival) == (1, "")


def test_few_cases_say_nothing(busy):
    assert made(busy, "p3") is None
    assert made(busy, min_leads=51) is None


def test_what_may_be_chance_says_nothing():
    near = with_leads(("p1", "c1", MONDAY, 30), ("p2", "c1", MONDAY, 37), ("p3", "c1", MONDAY, 20))
    assert made(near) is None


@pytest.mark.parametrize(
    ("more", "less", "says"),
    [
        pytest.param(60, 50, False, id="20 % more may be chance"),
        pytest.param(75, 50, True, id="50 % more of these is not"),
        pytest.param(10_900, 10_000, False, id="9 % more is beyond chance and yet not worth a message"),
        pytest.param(11_100, 10_000, True, id="11 % more is"),
        pytest.param(10, 0, True, id="some against none"),
        pytest.param(0, 0, False, id="none against none"),
    ],
)
def test_a_lead_counts_when_it_is_large_and_beyond_chance(more, less, says):
    assert beyond(more, less) is says


def test_peers_are_those_of_tier_stage_and_price_band_and_wider_where_those_are_few():
    young, old = TODAY - timedelta(days=30), TODAY - timedelta(days=900)
    same = [a_project(f"a{n}", opened=young, price=2_000_000) for n in range(3)]
    dear = a_project("dear", opened=young, price=9_000_000)
    late = [a_project(f"late{n}", opened=old, price=2_000_000) for n in range(2)]
    found = groups(*same, dear, *late, a_project("far", city="遵义"))
    assert found["a0"].members == {"a0", "a1", "a2"}
    assert found["a0"].label == Label("杭州·首开期·150万起", "杭州 · opening · from ¥1500K")
    assert found["dear"].members == {"a0", "a1", "a2", "dear"}
    assert found["late0"].members == {"a0", "a1", "a2", "dear", "late0", "late1"}
    assert "far" not in found


def test_tiers_bring_cities_together():
    cities = [a_project(city, city=city) for city in ("杭州", "南京", "苏州")]
    assert groups(*cities) == {}
    tiers = Kinds({}, dict.fromkeys(("杭州", "南京", "苏州"), "新一线"), ())
    assert groups(*cities, kinds=tiers)["杭州"].label == Label("新一线", "新一线")


def test_what_the_settings_say_comes_before_the_source_and_the_source_before_what_is_derived():
    given = [a_project(f"g{n}", group="江景") for n in range(3)]
    derived = [a_project(f"d{n}") for n in range(3)]
    kinds = Kinds({"g0": "旗舰", "d0": "旗舰", "d1": "旗舰"}, {}, ())
    found = groups(*given, *derived, kinds=kinds)
    assert found["g0"].members == {"g0", "d0", "d1"}
    assert "g1" not in found and "d2" not in found
    assert groups(*given, *derived)["g1"].members == {"g0", "g1", "g2"}


def test_two_are_no_group_for_one_could_tell_the_other():
    assert groups(a_project("a", group="x"), a_project("b", group="x")) == {}


def test_dates_are_whole_days(busy):
    told = made(busy)
    assert (told.first, told.last, told.is_whole) == (date(2026, 3, 9), date(2026, 3, 11), False)
