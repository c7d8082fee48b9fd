"""Sending: at least once with the same key whatever dies, in order, through outages, and never slowing others down."""

import base64
import os
import random
import signal
import socket
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data_access.sending import Sender, Steps, backoff, is_quiet, kept_sending, mail_id, robot_id, robot_standing
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.audit import entries as audit_entries
from data_access.store.lease import acquire
from data_access.store.links import use_link
from data_access.store.outbox import CLAIM, Draft, counts, entries, person_standing, put_with
from data_access.store.people import add_person
from metrics.messages import Message
from tests.data_access.stores import NOON, change_person, opened
from tests.messengers import Messenger, mail_server, messenger

DAY = timedelta(days=1)
POINTS = ("before claim", "after claim", "after send", "after settle")


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def the_settings(url: str, more: str = "", messages: str = "") -> Settings:
    return Settings.read(
        f"""
        [messages]
        address = "https://board.example.com"
        allow = ["127.0.0.1", "json://"]
        timeout_seconds = 2
        {messages}
        [[messages.robots]]
        name = "leaders"
        kind = "webhook"
        url = "{url}"
        audience = ["leaders"]
        {more}
        """,
        {},
    )


@pytest.fixture
def store(tmp_path: Path):
    with opened(f"sqlite:///{tmp_path}/warboard.db") as store:
        yield store


@pytest.fixture
def there():
    with messenger() as there:
        yield there


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_sender(settings, store, clock, **more) -> Sender:
    return Sender(settings, store, clock, jitter=lambda: 0.5, **more)


def lead(store: Store, clock: Clock) -> int:
    epoch = acquire(store, "one", DAY, clock())
    assert epoch is not None
    return epoch


def put(store: Store, settings: Settings, clock: Clock, *subjects: str, **changes) -> None:
    robot = settings.robots[0]
    given = {"recipient": robot_id(robot), "standing": robot_standing(robot), "what": "alert", "transition": "open"}
    with store.writing() as connection:
        drafts = [
            Draft(**{**given, "subject": one, "message": Message(f"消息{one}", (f"内容{one}",), "/alerts"), **changes})
            for one in subjects
        ]
        put_with(connection, drafts, clock())


def run(sender: Sender, epoch: int) -> None:
    sender.step(epoch)
    sender.wait()


def keys(there: Messenger) -> list[str]:
    return [one.headers["Idempotency-Key"] for one in there.taken]


def test_what_waits_is_sent_with_its_link(store, there, clock):
    settings = the_settings(there.url("/hook"))
    sender, epoch = a_sender(settings, store, clock), lead(store, clock)
    put(store, settings, clock, "1")
    run(sender, epoch)
    run(sender, epoch)
    (one,) = there.taken
    assert (one.body["title"], one.body["lines"]) == ("消息1", ["内容1"])
    assert one.body["link"] == "https://board.example.com/alerts"
    assert [(row.state, row.answer) for row in entries(store)] == [("sent", "webhook 200")]


def test_a_storm_of_500_is_one_message_that_says_how_many_more(store, there, clock):
    settings = the_settings(there.url("/cgi-bin/webhook/send?key=good"))
    text = the_settings(there.url("/x")).robots[0]
    settings = Settings.read(
        f'[messages]\nallow=["127.0.0.1"]\n[[messages.robots]]\nname="{text.name}"\nkind="wecom"\n'
        f'url="{there.url("/cgi-bin/webhook/send?key=good")}"\naudience=["leaders"]',
        {},
    )
    put(store, settings, clock, *map(str, range(500)))
    sender, epoch = a_sender(settings, store, clock), lead(store, clock)
    for _ in range(5):
        run(sender, epoch)
        clock.passes(1)
    (one,) = there.taken
    content = one.body["markdown"]["content"]
    shown = content.count("消息")
    assert "500条消息" in content and f"另有{500 - (shown - 1)}条" in content
    assert counts(store) == {"sent": 1, "merged": 499}


def test_two_hours_without_the_receiver_and_everything_arrives_in_order_afterwards(store, there, clock):
    settings = the_settings(there.url("/hook"))
    sender, epoch = a_sender(settings, store, clock), lead(store, clock)
    told = []
    for minute in range(121):
        there.script[:] = [(503, {}, b"")] * 5
        if minute % 5 == 0:
            put(store, settings, clock, f"{minute:03}")
            told.append(f"消息{minute:03}")
        run(sender, epoch)
        clock.passes(60)
    tried = len(there.taken)
    there.script.clear()
    for _ in range(15):
        run(sender, epoch)
        clock.passes(60)
    arrived = there.taken[tried:]
    lines = [line for one in arrived for line in (one.body["title"], *one.body["lines"])]
    order = [text for line in lines for text in told if text in line]
    assert list(dict.fromkeys(order)) == told
    assert set(counts(store)) == {"sent", "merged"}
    assert tried < 30  # backed off, not hammered


def test_what_the_receiver_refuses_is_failed_at_once_and_nobody_tries_again(store, there, clock):
    settings = the_settings(there.url("/hook"))
    sender, epoch = a_sender(settings, store, clock), lead(store, clock)
    put(store, settings, clock, "1")
    there.will(b"", 410)
    run(sender, epoch)
    clock.passes(3600)
    run(sender, epoch)
    assert (len(there.taken), counts(store)) == (1, {"failed": 1})


def test_the_receivers_own_wait_is_respected(store, there, clock):
    settings = the_settings(there.url("/hook"))
    sender, epoch = a_sender(settings, store, clock), lead(store, clock)
    put(store, settings, clock, "1")
    there.will(b"", 429, Retry_After="300")
    for _ in range(30):
        run(sender, epoch)
        clock.passes(10)
    assert len(there.taken) == 1
    run(sender, epoch)
    assert len(there.taken) == 2


def test_nobody_tries_for_ever(store, there, clock):
    settings = the_settings(there.url("/hook"), messages="give_up_days = 1")
    sender, epoch = a_sender(settings, store, clock), lead(store, clock)
    put(store, settings, clock, "1")
    there.script[:] = [(503, {}, b"")] * 500
    for _ in range(20):
        run(sender, epoch)
        clock.passes(7200)
        epoch = lead(store, clock)
    assert counts(store) == {"failed": 1}


def test_a_receiver_that_hangs_holds_up_no_other(store, there, clock):
    other = """[[messages.robots]]
        name = "silent"
        kind = "webhook"
        url = "http://127.0.0.1:PORT/x"
        audience = ["P1"]"""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = the_settings(there.url("/hook"), other.replace("PORT", str(silent.getsockname()[1])))
        sender, epoch = a_sender(settings, store, clock), lead(store, clock)
        robot = settings.robots[1]
        put(store, settings, clock, "0", recipient=robot_id(robot), standing=robot_standing(robot))
        put(store, settings, clock, "1")
        sender.step(epoch)
        while not there.taken:
            time.sleep(0.01)
        assert not sender._under_way[robot_id(robot)].done()
        sender.wait()
    assert {one.subject: one.state for one in entries(store)} == {"0": "waiting", "1": "sent"}


# Mail to people


@pytest.fixture
def mailing(store, clock):
    with mail_server() as server:
        mail = f'[mail]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\nsender = "w@b.example"'
        yield server, the_settings("http://127.0.0.1:9/", mail)


def for_person(someone, **changes):
    return {"recipient": mail_id(someone), "person_id": someone.id, "standing": person_standing(someone), **changes}


def with_mail(store, role="head"):
    someone = add_person(store, "王芳", role, "P1")
    change_person(store, replace(someone, mail="wang@b.example"))
    return replace(someone, mail="wang@b.example")


def test_a_heads_mail_opens_signed_in_once_and_the_outbox_holds_no_link(store, clock, mailing):
    server, settings = mailing
    someone = with_mail(store)
    put(store, settings, clock, "1", **for_person(someone))
    run(a_sender(settings, store, clock), lead(store, clock))
    body = server.box.mails[0].content.decode()
    text = base64.b64decode(body.split("\r\n\r\n", 1)[1]).decode()
    token = text.partition("/enter/")[2].partition("?")[0]
    assert "?next=/alerts" in text and token
    assert token not in repr(entries(store)) + repr(audit_entries(store))
    assert use_link(store, token, clock() + timedelta(hours=23)) == someone.id
    assert use_link(store, token, clock() + timedelta(hours=23)) is None


def test_at_most_one_mail_in_five_minutes_and_then_everything_in_one(store, clock, mailing):
    server, settings = mailing
    someone = with_mail(store)
    sender, epoch = a_sender(settings, store, clock), lead(store, clock)
    for n in range(10):
        put(store, settings, clock, str(n), **for_person(someone))
        run(sender, epoch)
        clock.passes(30)
    run(sender, epoch)
    assert (len(server.box.mails), counts(store)) == (2, {"sent": 2, "merged": 8})


def test_who_has_no_address_any_more_gets_none(store, clock, mailing):
    server, settings = mailing
    someone = add_person(store, "王芳", "head", "P1")
    put(store, settings, clock, "1", **for_person(someone))
    run(a_sender(settings, store, clock), lead(store, clock))
    assert (server.box.mails, counts(store)) == ([], {"failed": 1})


# When


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"), [(21, 29, False), (21, 30, True), (3, 0, True), (7, 59, True), (8, 0, False)]
)
def test_quiet_hours_run_over_midnight_in_the_groups_zone(hour, minute, quiet):
    hours = the_settings("http://127.0.0.1:9/").messages.quiet_hours
    local = NOON.replace(hour=0) + timedelta(hours=hour - 8, minutes=minute)
    assert is_quiet(local, hours, "Asia/Shanghai") is quiet


def test_waits_grow_up_to_ten_minutes_and_never_undercut_what_the_receiver_asked():
    waits = [backoff(tries, None, 1).total_seconds() for tries in range(1, 9)]
    assert waits == [15, 30, 60, 120, 240, 480, 600, 600]
    assert backoff(1, 90, 0).total_seconds() == 90
    assert backoff(3, None, 0).total_seconds() == 30


def test_the_thread_sends_while_this_process_leads(store, there):
    def clock():
        return datetime.now(UTC)

    settings = the_settings(there.url("/hook"), messages='quiet_hours = ""')
    epoch = acquire(store, "one", DAY, clock())
    with kept_sending(a_sender(settings, store, clock), lambda: epoch):
        put(store, settings, clock, "1")
        deadline = time.monotonic() + 20
        while not there.taken and time.monotonic() < deadline:
            time.sleep(0.05)
    assert counts(store) == {"sent": 1}


# Kills


def _dies(url: str, settings: Settings, now: datetime, point: str, after: float) -> None:
    """In a fork: send what is due, and be killed at a point of a delivery or after some seconds."""

    def reached(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    store = Store.open(url)
    sender = Sender(settings, store, lambda: now, steps=Steps(reached))
    epoch = acquire(store, "one", DAY, now)
    assert epoch is not None
    if after:
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, after)
    for recipient in [robot_id(one) for one in settings.robots]:
        sender.deliver(epoch, recipient)
    os._exit(0)


def _killed(url: str, settings: Settings, now: datetime, point: str, after: float = 0) -> bool:
    child = os.fork()
    if child == 0:
        try:
            _dies(url, settings, now, point, after)
        finally:
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL), status
    return os.waitstatus_to_exitcode(status) == -signal.SIGKILL


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("kills", [50, pytest.param(5000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("at", [*POINTS, "any moment"])
def test_whatever_dies_around_sending_nothing_is_lost_and_a_repeat_has_the_same_key(tmp_path, clock, there, kills, at):
    url, chance = f"sqlite:///{tmp_path}/warboard.db", random.Random(5)
    settings = the_settings(there.url("/hook"), messages='quiet_hours = ""')
    share = kills // 5
    told: list[str] = []
    dead = tries = 0
    with opened(url) as store:
        while dead < share:
            tries += 1
            told.append(f"{tries:05}")
            put(store, settings, clock, told[-1])
            point, after = ("", chance.uniform(0.001, 0.04)) if at == "any moment" else (at, 0)
            dead += _killed(url, settings, clock(), point, after)
            clock.passes(CLAIM.total_seconds() + 1)
        for _ in range(5):
            _killed(url, settings, clock(), "")
            clock.passes(CLAIM.total_seconds() + 1)
        assert set(counts(store)) <= {"sent", "merged"}
    text = "\n".join("\n".join((one.body["title"], *one.body["lines"])) for one in there.taken)
    assert [one for one in told if f"消息{one}" not in text] == []
    repeats = len(there.taken) - len(set(keys(there)))
    bodies = {(key, repr(one.body)) for key, one in zip(keys(there), there.taken, strict=True)}
    assert len(bodies) == len(set(keys(there))), "a repeat says just what was said under its key"
    # A kill between the receiver's answer and our note of it is the only one that can make a repeat.
    assert repeats == (dead if at == "after send" else 0) or (at == "any moment" and repeats <= dead)
    once = Counter(keys(there))
    print(f"{at}: {dead} kills, {len(told)} messages, 0 lost, {repeats} repeats on the wire, {len(once)} keys")
