"""Who is told what, each in their own rights: alerts, boards, packets about peers, new contracts."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashboards._news import telling
from data_access.rhythm import Moment
from data_access.settings import Settings
from data_access.store import StaleLeader
from data_access.store.lease import acquire
from data_access.store.outbox import counts
from data_access.store.packets import packets
from data_access.store.people import add_person
from data_access.store.reports import draft_reports
from data_access.store.tables import outbox
from metrics.boards import Board, Standing
from metrics.health import reports
from metrics.pack import Label
from metrics.peers import Packet
from metrics.periods import Span
from metrics.reading import Reading
from metrics.rules import Finding
from metrics.totals import Frames
from tests.dashboards.worlds import NOW
from tests.data_access.stores import change_person, opened
from tests.snapshots import property_pack, small_snapshot

PEOPLE = {
    "leader": ("leader", None, None),
    "admin": ("admin", None, None),
    "head1": ("head", "p1", None),
    "head2": ("head", "p2", None),
    "champion1": ("champion", "p1", None),
    "seller1": ("salesperson", "p1", "s1"),
    "viewer": ("viewer", None, None),
}
ROBOTS = """
[mail]
host = "127.0.0.1"
sender = "w@b.example"
[messages]
allow = ["127.0.0.1"]
good_news = {joys}
[[messages.robots]]
name = "leaders"
kind = "webhook"
url = "https://127.0.0.1/leaders"
audience = ["leaders"]
[[messages.robots]]
name = "admins"
kind = "webhook"
url = "https://127.0.0.1/admins"
audience = ["admins"]
[[messages.robots]]
name = "own"
kind = "webhook"
urls = {{ p1 = "https://127.0.0.1/1", p2 = "https://127.0.0.1/2" }}
"""
EVERY_LEADER = {"robot:leaders", "leader"}


@dataclass
class Alerts:
    """Events as the store of episodes gives them."""

    waiting: list[tuple[Any, Any]]

    def to_be_told(self, connection: Any, now: datetime) -> list[tuple[Any, Any]]:
        return self.waiting

    def told(self, connection: Any, ids: Any, now: datetime) -> None:
        gone = set(ids)
        self.waiting = [one for one in self.waiting if one[0].id not in gone]


def an_alert(transition="opened", *, severity="red", project="p1", rule=None, kind="project", owner=None, id=1):
    name = rule or next(
        name for name, one in property_pack().rules.items() if one.kind == "limit" and one.by == "project"
    )
    finding = Finding(name, severity, kind, project, NOW.replace(tzinfo=None), {}, {}, ())
    words = "value times change before behind late name entity since minutes count".split()
    finding = replace(finding, values=dict.fromkeys(words, 1))
    ack = SimpleNamespace(owner=owner) if owner else None
    return SimpleNamespace(id=id, transition=transition, note=""), SimpleNamespace(id=7, finding=finding, ack=ack)


class House:
    """A store with people and robots, and what each was told."""

    def __init__(self, store: Any, told: str = "", joys: str = "false") -> None:
        self.store = store
        self.settings = Settings.read(ROBOTS.format(joys=joys) + told, {})
        self.epoch = acquire(store, "one", timedelta(days=9), NOW)
        self.people = {}
        for name, (role, project, staff) in PEOPLE.items():
            person = replace(add_person(store, name, role, project, staff), mail=f"{name}@b.example")
            change_person(store, person)
            self.people[name] = person
        self.names = {f"mail:{one.id}": name for name, one in self.people.items()}

    def tell(self, *events: Any, snapshot: Any = None, now: datetime = NOW, outcome: bool = True, **more: Any) -> None:
        alerts = Alerts(list(events))
        (step,) = telling(self.settings, property_pack(), self.store, alerts=alerts, **more)
        step(Moment(self.epoch or 0, snapshot or small_snapshot(), now, outcome))
        assert alerts.waiting == []

    def told(self, what: str = "alert") -> dict[str, Any]:
        with self.store.reading() as connection:
            rows = connection.execute(outbox.select().where(outbox.c.what == what).order_by(outbox.c.id)).all()
        return {self.names.get(row.recipient, row.recipient): row.message for row in rows}


@pytest.fixture
def store(tmp_path: Path):
    with opened(f"sqlite:///{tmp_path}/store.db") as store:
        yield store


@pytest.fixture
def house(store):
    return House(store)


def text_of(message: Any) -> str:
    return "\n".join((message["title"], *message["lines"]))


def test_a_projects_alert_reaches_its_own_people_and_the_leaders(house):
    house.tell(an_alert())
    assert set(house.told()) == EVERY_LEADER | {"robot:own/p1", "head1", "champion1"}


def test_leaders_mail_is_for_what_is_red_or_escalated(house):
    house.tell(an_alert(severity="yellow"))
    assert set(house.told()) == {"robot:leaders", "robot:own/p1", "head1", "champion1"}
    house.tell(an_alert("escalated", severity="yellow", id=2))
    assert "leader" in house.told()


def test_an_alert_about_a_channel_or_the_group_stays_with_the_leaders(house):
    house.tell(an_alert(kind="channel", project="c1"), an_alert(kind="group", project="", id=2))
    assert set(house.told()) == EVERY_LEADER


def test_trouble_of_the_source_is_told_to_who_runs_it_and_never_to_a_head(house):
    stale = next(name for name, one in property_pack().rules.items() if one.kind == "stale")
    house.tell(an_alert(rule=stale, kind="group", project=""))
    assert set(house.told()) == {"robot:admins", "admin"}


def test_a_robot_calls_the_head_for_what_is_red_and_the_owner_for_what_is_theirs(house):
    owner = house.people["champion1"].id
    house.tell(an_alert())
    assert house.told()["robot:own/p1"]["mentions"] == [house.people["head1"].id]
    assert house.told()["head1"]["mentions"] == []
    house.tell(an_alert("handed_over", severity="yellow", owner=owner, id=2))
    assert house.told()["robot:own/p1"]["mentions"] == [owner]


def test_who_is_handed_an_alert_hears_of_it_whoever_they_are(house):
    house.tell(an_alert("handed_over", severity="yellow", owner=house.people["leader"].id))
    assert "leader" in house.told()
    house.tell(an_alert("worse", severity="yellow", owner=house.people["seller1"].id, id=2))
    assert "seller1" not in house.told()
    house.tell(an_alert("handed_over", severity="yellow", owner=house.people["seller1"].id, id=3))
    assert "seller1" in house.told()


def test_what_was_told_is_not_told_again_but_another_transition_is(house):
    for id in (1, 1, 2):
        house.tell(an_alert(id=id))
    assert counts(house.store) == {"waiting": 10}


def test_nothing_is_told_by_who_does_not_lead_and_nothing_is_noted_as_told(house):
    acquire(house.store, "two", timedelta(days=1), NOW + timedelta(days=10))
    with pytest.raises(StaleLeader):
        house.tell(an_alert())
    assert house.told() == {}


def test_500_projects_at_once_are_one_message_for_each_reader(house):
    house.tell(*(an_alert(id=n, project="p1") for n in range(20)))
    assert counts(house.store) == {"waiting": 100}


# Reports and commitments


def a_draft(store: Any, epoch: int, at: datetime, project: str = "p1") -> None:
    (made,) = [
        one for id, one in reports(Frames(small_snapshot()), property_pack(), date(2026, 3, 2)).items() if id == project
    ]
    draft_reports(store, epoch, date(2026, 3, 2), at, [made], at)


def test_a_drafted_report_is_told_to_the_projects_own_people_once(house):
    a_draft(house.store, house.epoch, NOW)
    for _ in range(2):
        house.tell()
    assert set(house.told("report")) == {"robot:own/p1", "head1", "champion1"}
    message = house.told("report")["head1"]
    assert message["title"].startswith("体检报告待签发:云岫府") and message["path"] == "/reports/2026-03-02/p1"


def test_an_overdue_report_is_told_to_the_leaders_too(house):
    a_draft(house.store, house.epoch, NOW - timedelta(hours=49))
    house.tell()
    assert set(house.told("report")) == EVERY_LEADER | {"robot:own/p1", "head1", "champion1"}
    assert house.told("report")["leader"]["title"].startswith("体检报告逾期:云岫府")


def test_a_report_that_has_long_been_overdue_is_no_news(house):
    a_draft(house.store, house.epoch, NOW - timedelta(days=4))
    house.tell()
    assert house.told("report") == {}


# Boards


def a_record(rows=("p2", "p1", "p3"), published_at=NOW):
    places = tuple(
        Standing(id, rank, Reading(100 * rank, n=50), Reading(100 * rank, n=50)) for rank, id in enumerate(rows, 1)
    )
    name = next(name for name, one in property_pack().boards.items() if one.of == "project")
    span = Span(date(2026, 3, 2), date(2026, 3, 8))
    board = Board(name, property_pack().boards[name].metric, span, 1, places, ())
    return SimpleNamespace(board=name, week=date(2026, 3, 2), published_at=published_at, sections={"": board})


class Boards:
    def __init__(self, *records):
        self.records = records

    def published_weeks(self, store):
        return {one.board: [one] for one in self.records}

    def board_record(self, store, board, week):
        return next((one for one in self.records if (one.board, one.week) == (board, week)), None)


def test_a_published_board_is_told_to_each_in_their_own_scope(house):
    house.tell(boards=Boards(a_record()))
    told = house.told("board")
    assert set(told) == {"robot:leaders", "leader", "robot:own/p1", "robot:own/p2", "head1", "head2", "champion1"}
    assert "文昌学府" in text_of(told["leader"]) and "云岫府" in text_of(told["leader"])
    for reader in ("robot:own/p1", "head1", "champion1"):
        assert "云岫府第2名(共3个)" in text_of(told[reader])
        assert "文昌学府" not in text_of(told[reader]) and "望澜湾" not in text_of(told[reader])


def test_once_projects_may_see_each_other_heads_get_the_first_places(store):
    house = House(store, '\n[scope]\npeers_open_from = "2026-01-01"')
    house.tell(boards=Boards(a_record()))
    assert "文昌学府" in text_of(house.told("board")["head1"])


def test_a_hidden_lower_half_is_hidden_in_messages_too(store):
    house = House(store, '\n[boards]\nlower_half = "leaders"')
    house.tell(boards=Boards(a_record(("p1", "p3", "p2"))))
    told = house.told("board")
    assert "head1" in told and "head2" not in told and "第3名" in text_of(told["leader"])


def test_who_shares_the_third_place_is_told_too(house):
    record = a_record()
    board = record.sections[""]
    tied = (*board.rows[:2], *(replace(board.rows[2], subject=id, tied=True) for id in ("p3", "p4")))
    record.sections[""] = replace(board, rows=tied)
    house.tell(boards=Boards(record))
    assert text_of(house.told("board")["leader"]).count("第3名") == 2


def test_an_old_board_is_no_news_to_a_robot_of_today(house):
    house.tell(boards=Boards(a_record(published_at=NOW - timedelta(days=2))))
    assert house.told("board") == {}


# Peers


def a_packet(project="p1", **changes):
    given = Packet(
        project, date(2026, 3, 9), date(2026, 3, 11), False, Label("一线", "tier 1"), 5, 3, 100, 90, "c2", 12,
        "p2", 132, "c1", 41,
    )  # fmt: skip
    return replace(given, **changes)


@pytest.fixture
def made(monkeypatch):
    """Which packets there are, whatever the numbers."""
    listed = [a_packet(), a_packet("p2", rank=1, rival="", rival_leads=0)]
    monkeypatch.setattr("dashboards._news.made_packets", lambda *_: listed)
    return listed


THURSDAY = NOW + timedelta(days=1)


def test_before_projects_may_see_each_other_a_packet_names_no_peer_and_no_figure_of_one(house, made):
    house.tell(now=THURSDAY)
    told = house.told("peers")
    assert set(told) == {"robot:leaders", "leader", "robot:own/p1", "robot:own/p2", "head1", "head2"}
    text = text_of(told["head1"])
    assert "第3名,共5个项目" in text and "你:100组,较上周同期+10" in text
    assert not any(word in text for word in ("文昌学府", "132", "32%", "41"))


def test_afterwards_it_does(store, made):
    house = House(store, '\n[scope]\npeers_open_from = "2026-01-01"')
    house.tell(now=THURSDAY)
    first = house.told("peers")["head1"]["lines"][0]
    channel = small_snapshot().channels["c1"].name
    assert first == f"文昌学府本周留电量超你 32%(同期、可比组:一线);主要来自{channel} +41"


def test_who_leads_the_peers_hears_so_and_a_group_without_a_name_has_a_word(house, made):
    made[1] = replace(made[1], group=Label("", ""))
    house.tell(now=THURSDAY)
    assert house.told("peers")["head2"]["lines"][0] == "你本周留电量居可比组第一(5个项目,同期、可比组:可比项目)"


def test_leaders_get_one_digest(house, made):
    house.tell(now=THURSDAY)
    assert "文昌学府超云岫府 32%" in text_of(house.told("peers")["leader"])


def test_a_packet_is_made_once_for_an_occasion_and_kept(house, made):
    for minutes in (0, 1, 600):
        house.tell(now=THURSDAY + timedelta(minutes=minutes))
    assert len(packets(house.store, None)) == 2
    assert [one.packet for one in packets(house.store, frozenset(("p1",)))] == [made[0]]
    assert counts(house.store) == {"waiting": 6}


@pytest.mark.parametrize(
    ("now", "outcome"),
    [(NOW, True), (THURSDAY, False), (THURSDAY + timedelta(days=2), True)],
    ids=["early", "stale", "late"],
)
def test_no_packet_before_its_hour_nor_from_stale_data_nor_a_day_late(house, made, now, outcome):
    house.tell(now=now, outcome=outcome)
    assert house.told("peers") == {}


def test_a_packet_follows_the_boards_too(house, made):
    house.tell(boards=Boards(a_record()))
    assert {one.occasion for one in packets(house.store, None)} == {"board:2026-03-02"}


# 喜报


def test_a_new_contract_is_told_to_the_chats_it_concerns_and_to_no_mailbox(store):
    house = House(store, joys="true")
    house.tell()
    told = house.told("joy")
    assert {one for one in told if not one.startswith("robot:")} == set()
    assert set(told) <= {"robot:leaders", "robot:own/p1", "robot:own/p2"} and "robot:leaders" in told
    assert "万" not in text_of(told["robot:leaders"])


def test_a_projects_chat_hears_of_its_own_contracts_alone(store):
    snapshot, house = small_snapshot(), House(store, joys="true")
    contract = next(one for one in snapshot.recent if one.kind == "contract" and one.key)
    house.tell(snapshot=replace(snapshot, recent=(replace(contract, project="p2", at=snapshot.as_of),)))
    assert set(house.told("joy")) == {"robot:leaders", "robot:own/p2"}
