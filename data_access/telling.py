"""Who is told what: every piece of news in each recipient's own rights, into the outbox, together with the note that it was told."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from data_access.rhythm import Moment
from data_access.sending import mail_id, robot_id, robot_standing
from data_access.settings import ADMINS, LEADERS, Robot, Settings
from data_access.store import Store
from data_access.store.lease import require_epoch
from data_access.store.outbox import Draft, known_with, person_standing, put_with
from data_access.store.people import Person, people
from metrics.messages import Message
from metrics.scope import ROLES, Scope, Sights, scope_of


@dataclass(frozen=True)
class Recipient:
    """A robot or a person's mail: what its readers may see, on surfaces that compare projects too, and who the person is."""

    id: str
    scope: Scope
    compares: Scope
    standing: str
    person: Person | None = None

    def concerns(self, project: str | None) -> bool:
        """Whether its readers look after a project; None is the group."""
        own = self.scope.alerts
        return own is None or (project is not None and project in own)


@dataclass(frozen=True)
class News:
    """One transition of one record; `told` words it for a recipient, or says None where it is nothing to them."""

    what: str
    subject: str
    transition: str
    told: Callable[[Recipient], Message | None]
    urgent: bool = False


Gather = Callable[[Connection, Moment, Sequence[Recipient]], Iterable[News]]
"""What is to be told at a moment; it notes in the same transaction whatever must not be told again."""


def recipients(settings: Settings, everybody: Iterable[Person], today: date) -> list[Recipient]:
    """Every robot and everybody with a mail address, as far as they may see anything."""
    sights = Sights(**vars(settings.scope))
    robots = [_robot(one, sights, today) for one in settings.robots]
    mails = [_mail(one, sights, today) for one in everybody if _gets_mail(one, settings)]
    return robots + mails


def _gets_mail(someone: Person, settings: Settings) -> bool:
    return bool(settings.mail.host and someone.mail and someone.enabled and someone.role in ROLES)


def _mail(someone: Person, sights: Sights, today: date) -> Recipient:
    def scope(compares: bool) -> Scope:
        sight = sights.sight(someone.role, today, compares=compares)  # type: ignore[arg-type]
        return scope_of(someone.role, someone.project_id, someone.staff_id, sight)  # type: ignore[arg-type]

    return Recipient(mail_id(someone), scope(False), scope(True), person_standing(someone), someone)


def _robot(robot: Robot, sights: Sights, today: date) -> Recipient:
    """What all who read a group chat may see: leaders everything, admins the source's troubles, the others as a head of theirs."""
    for name, role in ((LEADERS, "leader"), (ADMINS, "admin")):
        if name in robot.audience:
            scope = Scope(role, None)  # type: ignore[arg-type]
            return Recipient(robot_id(robot), scope, scope, robot_standing(robot))
    own = frozenset(robot.audience)

    def scope_for(compares: bool) -> Scope:
        sight = sights.sight("head", today, compares=compares)
        return Scope("head", None if sight == "group" else own, alerts=own)

    return Recipient(robot_id(robot), scope_for(False), scope_for(True), robot_standing(robot))


class Telling:
    """The step that turns news into rows of the outbox."""

    def __init__(self, settings: Settings, store: Store, gather: Sequence[Gather]) -> None:
        self._settings = settings
        self._store = store
        self._gather = gather

    def __call__(self, moment: Moment) -> None:
        """Put into the outbox whatever is to be told now, all of it or nothing; StaleLeader."""
        there = recipients(self._settings, people(self._store), moment.snapshot.as_of.date())
        with self._store.writing() as connection:
            require_epoch(connection, moment.epoch)
            news = [one for gather in self._gather for one in gather(connection, moment, there)]
            put_with(connection, drafts(connection, news, there), moment.now)


def drafts(connection: Connection, news: Sequence[News], there: Sequence[Recipient]) -> list[Draft]:
    """What is not in the outbox yet, worded for each recipient; what is there already is not worded again."""
    pairs = [(one, recipient, _draft(one, recipient)) for one in news for recipient in there]
    known = known_with(connection, [draft.key for *_, draft in pairs])
    found: list[Draft] = []
    for one, recipient, draft in pairs:
        if draft.key not in known and (message := one.told(recipient)) is not None:
            found.append(_draft(one, recipient, message))
    return found


_UNWORDED = Message("")


def _draft(one: News, recipient: Recipient, message: Message = _UNWORDED) -> Draft:
    someone = recipient.person
    return Draft(
        one.what, one.subject, one.transition, recipient.id, message, recipient.standing,
        someone.id if someone else None, one.urgent,
    )  # fmt: skip
