"""Sending what waits in the outbox: by the leader, in threads of its own, so that a slow receiver slows nothing else."""

import logging
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from data_access.notices import Receipt, long_tail, mail, robots
from data_access.notices.egress import Egress, Resolve, resolved
from data_access.notices.robots import Called, Sheet
from data_access.settings import Robot, Settings
from data_access.store import Store, StoreError
from data_access.store.audit import record_with
from data_access.store.links import MESSAGE_LIFE, make_link_with
from data_access.store.outbox import Pace, Parcel, claim, due, give_back, settle
from data_access.store.people import Person, person
from metrics.messages import Message, digest
from metrics.pack import Label

ROBOT_PACE = Pace(20, timedelta(minutes=1))
PERSON_PACE = Pace(1, timedelta(minutes=5))
FIRST_WAIT, LONGEST_WAIT = 15, 600
"""Seconds before the second try, and between tries at the most."""
WORKERS = 4
LOOK_EVERY = 1.0
SIGNED_IN = frozenset(("head", "champion", "salesperson"))
"""Roles whose mail opens signed in; who sees the group signs in by themselves."""
_DIGEST = Label("{n}条消息", "{n} messages")
_MORE = Label("… 另有{n}条,见营销作战室", "… and {n} more on Warboard")
_OPEN = Label("打开营销作战室", "Open Warboard")
_LOG = logging.getLogger(__name__)


def robot_id(robot: Robot) -> str:
    """A robot as the outbox knows it."""
    return f"robot:{robot.name}"


def robot_standing(robot: Robot) -> str:
    """What a robot's readers may see by."""
    return f"robot|{','.join(sorted(robot.audience))}"


def mail_id(someone: Person) -> str:
    """A person's mail as the outbox knows it; not the address, which may change."""
    return f"mail:{someone.id}"


def backoff(tries: int, asked: int | None, jitter: float) -> timedelta:
    """How long to wait after so many tries: twice as long each time, as long as the receiver asked at least, spread by jitter in [0, 1)."""
    seconds = min(FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT)
    return timedelta(seconds=max(seconds * (0.5 + jitter / 2), asked or 0))


def is_quiet(now: datetime, hours: tuple[time, time] | None, zone: str) -> bool:
    """Whether a moment is within the quiet hours, which may run over midnight."""
    if hours is None:
        return False
    at, (first, last) = now.astimezone(ZoneInfo(zone)).time(), hours
    return first <= at < last if first <= last else at >= first or at < last


@dataclass(frozen=True)
class Steps:
    """What is called between the steps of a delivery; for tests that kill the process there."""

    reached: Callable[[str], None] = lambda name: None


class Sender:
    """Sends what is due under an epoch of the lease; each recipient one message at a time."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Callable[[], datetime],
        *,
        resolve: Resolve = resolved,
        jitter: Callable[[], float] = random.random,
        steps: Steps = Steps(),  # noqa: B008
    ) -> None:
        given = settings.messages
        self._settings = settings
        self._store = store
        self._clock = clock
        self._egress = Egress(given.allow, given.timeout_seconds, given.proxy, resolve)
        self._robots: Mapping[str, Robot] = {robot_id(one): one for one in settings.robots}
        self._jitter = jitter
        self._reached = steps.reached
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="messages")
        self._under_way: dict[str, Future[None]] = {}
        # What goes out by http is told with its path, which holds a robot's key.
        logging.getLogger("urllib3").setLevel(logging.WARNING)

    def step(self, epoch: int) -> None:
        """Begin to send whatever is due to recipients nothing is under way to."""
        for recipient in due(self._store, self._clock()):
            before = self._under_way.get(recipient)
            if before is None or before.done():
                self._under_way[recipient] = self._pool.submit(self._deliver_safely, epoch, recipient)

    def wait(self) -> None:
        """Wait until what is under way has ended."""
        for one in list(self._under_way.values()):
            one.result()

    def close(self) -> None:
        """Let what is under way end, and begin nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def deliver(self, epoch: int, recipient: str) -> bool:
        """Send the next parcel to a recipient, if there is one; StaleLeader."""
        self._reached("before claim")
        robot, now = self._robots.get(recipient), self._clock()
        if robot is None and not (recipient.startswith("mail:") and self._settings.mail.host):
            return give_back(self._store, recipient, "there is no way to this recipient in the settings", now) > 0
        parcel = claim(
            self._store,
            epoch,
            recipient,
            now,
            pace=ROBOT_PACE if robot else PERSON_PACE,
            quiet=is_quiet(now, self._settings.messages.quiet_hours, self._settings.group.time_zone),
            standing=robot_standing(robot) if robot else None,
        )
        if parcel is None:
            return False
        self._reached("after claim")
        receipt = self._sent_to_robot(robot, parcel) if robot else self._sent_by_mail(parcel)
        self._reached("after send")
        self._settled(parcel, receipt)
        self._reached("after settle")
        return True

    def _deliver_safely(self, epoch: int, recipient: str) -> None:
        try:
            self.deliver(epoch, recipient)
        except (SQLAlchemyError, StoreError) as error:
            _LOG.warning("Nothing could be sent to %s: %s", recipient, type(error).__name__)
        except Exception:  # one recipient's trouble must not end the others' thread
            _LOG.exception("Sending to %s failed", recipient)

    def _sent_to_robot(self, robot: Robot, parcel: Parcel) -> Receipt:
        sheet = self._sheet(parcel, self._link(parcel.messages))
        if robot.kind == "apprise":
            return long_tail.send(robot, sheet, self._settings.messages.allow)
        return robots.send(robot, sheet, parcel.key, self._clock(), self._egress)

    def _sent_by_mail(self, parcel: Parcel) -> Receipt:
        someone = person(self._store, parcel.person_id or "")
        if someone is None or not someone.mail:
            return Receipt("refused", "mail: the person has no address")
        sheet = self._sheet(parcel, self._link(parcel.messages, someone))
        given = self._settings
        return mail.send(given.mail, someone.mail, sheet, parcel.key, self._clock(), given.messages.timeout_seconds)

    def _sheet(self, parcel: Parcel, link: str) -> Sheet:
        title = self._say(_DIGEST).format(n=len(parcel.messages))
        message = digest(parcel.messages, title)
        return Sheet(message, link, self._called(message), self._more, self._say(_OPEN))

    def _more(self, left: int) -> str:
        return self._say(_MORE).format(n=left)

    def _called(self, message: Message) -> list[Called]:
        """Those a message calls who are still there, as messengers know them."""
        found = [person(self._store, id) for id in message.mentions]
        return [
            Called(one.account or "", one.phone or "")
            for one in found
            if one is not None and one.enabled and (one.account or one.phone)
        ]

    def _link(self, messages: tuple[Message, ...], someone: Person | None = None) -> str:
        """The address a message leads to; for one person of a project one that signs them in, once, within the day."""
        address = self._settings.messages.address
        path = digest(messages, "").path
        if not address or not path:
            return ""
        if someone is None or someone.role not in SIGNED_IN:
            return f"{address}{path}"
        with self._store.writing() as connection:
            record_with(connection, "messages", "link_made", self._clock(), someone.id)
            token = make_link_with(connection, someone.id, self._clock(), MESSAGE_LIFE)
        return f"{address}/enter/{token}?next={quote(path, safe='/')}"

    def _settled(self, parcel: Parcel, receipt: Receipt) -> None:
        now = self._clock()
        given_up = now - parcel.began_at > timedelta(days=self._settings.messages.give_up_days)
        if receipt.outcome == "later" and given_up:
            receipt = replace(receipt, outcome="refused")
        state = {"sent": "sent", "later": "waiting", "refused": "failed"}[receipt.outcome]
        next_try = now + backoff(parcel.tries, receipt.wait, self._jitter())
        settle(self._store, parcel, state, receipt.answer, now, next_try)  # type: ignore[arg-type]
        if state == "failed":
            _LOG.warning("Message %s to %s failed: %s", parcel.id, parcel.recipient, receipt.answer)

    def _say(self, label: Label) -> str:
        return label.zh if self._settings.group.language == "zh" else label.en


@contextmanager
def kept_sending(sender: Sender, epoch: Callable[[], int | None]) -> Iterator[None]:
    """Meanwhile what is due is sent, whenever this process leads."""
    stopped = threading.Event()
    thread = threading.Thread(target=_keep, args=(sender, epoch, stopped), name="messages", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        sender.close()


def _keep(sender: Sender, epoch: Callable[[], int | None], stopped: threading.Event) -> None:
    while not stopped.wait(LOOK_EVERY):
        if (leads := epoch()) is None:
            continue
        try:
            sender.step(leads)
        except SQLAlchemyError as error:
            _LOG.warning("The store cannot say what is to be sent, asking on: %s", type(error).__name__)
