"""What is open as pages show it: findings with their episodes, in words, and the forms with which one acts on them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from types import MappingProxyType

from htpy import Element, a, button, details, div, form, input, p, span, summary

from components.icons import icon
from components.words import Words
from data_access.store import Store
from data_access.store.episodes import revision, seen
from data_access.store.people import Person, people
from metrics.episodes import Episode, is_silenced
from metrics.pack import Label
from metrics.rules import Finding, Key
from metrics.scope import GROUP_ROLES
from metrics.snapshot import Snapshot

PATH = "/alerts"
DUES = {"today": Label("今天", "Today"), "tomorrow": Label("明天", "Tomorrow"), "week": Label("本周", "This week")}
MOST_CANDIDATES = 4
"""So many people are offered on a card; all of them on the alert's own page."""
_TAKE = Label("处理", "Act")
_MINE = Label("我来处理,期限", "I take it, due")
_GIVE = Label("交给,明天前", "Hand over, due tomorrow")
_MORE = Label("详情与历史", "Details and history")
_UNTIL = Label("{when}到期", "due {when}")
_UNCLAIMED = Label("无人认领", "Nobody took it")
_SILENCED = Label("已静默", "Silenced")


@dataclass(frozen=True)
class Alerts:
    """Everything that is open, and who could take it; before the first look at all, just what the rules find."""

    findings: tuple[Finding, ...] = ()
    episodes: Mapping[Key, Episode] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    silenced: frozenset[Key] = frozenset()
    revision: int = 0
    zone: tzinfo = UTC

    def episode(self, finding: Finding) -> Episode | None:
        """The episode a finding belongs to; None before the first look."""
        return self.episodes.get(finding.key)

    def name(self, person: str) -> str:
        """A person's name; the id of somebody who is gone."""
        return self.people[person].name if person in self.people else person

    def candidates(self, finding: Finding) -> list[Person]:
        """Who can be given an alert: the project's head and champion first, then those who see the whole group."""
        own = [one for one in self.people.values() if _leads(one, finding)]
        group = [one for one in self.people.values() if one.enabled and one.role in GROUP_ROLES]
        return sorted(own, key=lambda one: (one.role != "head", one.name)) + sorted(group, key=lambda one: one.name)


def _leads(person: Person, finding: Finding) -> bool:
    is_its = finding.kind == "project" and person.project_id == finding.subject
    return person.enabled and person.role in ("head", "champion") and is_its


class AlertBook:
    """What is open, read again only when something changed."""

    def __init__(
        self,
        store: Store,
        found: Callable[[Snapshot], tuple[Finding, ...]],
        clock: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._store = store
        self._found = found
        self._clock = clock
        self._zone = zone
        self._lock = threading.Lock()
        self._last: tuple[int, Snapshot, Alerts] | None = None

    def of(self, snapshot: Snapshot) -> Alerts:
        """What is open over a snapshot: its newest numbers, or those that were found last."""
        now = revision(self._store)
        with self._lock:
            if self._last is None or self._last[0] != now or self._last[1] is not snapshot:
                self._last = now, snapshot, self._read(snapshot)
            return self._last[2]

    def _read(self, snapshot: Snapshot) -> Alerts:
        now = self._clock()
        found, kept = self._found(snapshot), seen(self._store, now)
        if not kept.revision:
            return Alerts(found, zone=self._zone)
        current = {one.key: one for one in found}
        episodes = {one.key: one for one in kept.episodes if one.is_open}
        findings = tuple(current.get(key, one.finding) for key, one in episodes.items())
        known = MappingProxyType({one.id: one for one in people(self._store)})
        quiet = [one.silence for one in kept.silences]
        silenced = frozenset(key for key in episodes if is_silenced(key, quiet, now))
        return Alerts(findings, MappingProxyType(episodes), known, silenced, kept.revision, self._zone)


def state_word(episode: Episode, words: Words) -> str:
    """How an alert stands, in a word."""
    return words.of(f"state_{episode.state}")


def state_tag(episode: Episode, words: Words) -> Element:
    """The word for how an alert stands, in its colour."""
    return span(f".alert-state.is-{episode.state}")[state_word(episode, words)]


def state_line(alerts: Alerts, episode: Episode, words: Words) -> Element:
    """How an alert stands, who takes care of it until when, and whether it is silenced."""
    said: list[str] = []
    if episode.ack:
        # Beside what the numbers do stands what people do.
        if episode.state != episode.handling and episode.is_open:
            said.append(words.of(f"state_{episode.handling}"))
        due = episode.ack.due.astimezone(alerts.zone).date()
        said += [alerts.name(episode.ack.owner), words.say(_UNTIL.format(when=words.day(due)))]
    if episode.is_unclaimed:
        said.append(words.say(_UNCLAIMED))
    if episode.key in alerts.silenced:
        said.append(words.say(_SILENCED))
    return p(".alert-standing")[state_tag(episode, words), said and span[" · ".join(said)]]


def due_at(due: str, local: datetime) -> datetime | None:
    """The end of the day a due stands for, as told in the group's time; None for a word nobody offers."""
    days = {"today": 0, "tomorrow": 1, "week": 6 - local.weekday()}
    if due not in days:
        return None
    day = local.date() + timedelta(days=days[due])
    return datetime.combine(day, time(23, 59, 59), local.tzinfo)


def deeds(alerts: Alerts, episode: Episode, words: Words, back: str) -> Element:
    """What can be done with one alert by one thumb: open, and take it or hand it over."""
    action, kept = address(f"/{episode.id}/take", words), input(type="hidden", name="back", value=back)
    given = alerts.candidates(episode.finding)[:MOST_CANDIDATES]
    return details(".alert-deeds", id=f"alert-{episode.id}")[
        summary[words.say(_TAKE)],
        form(".alert-form", method="post", action=action)[
            kept,
            span(".field-label")[words.say(_MINE)],
            div(".alert-buttons")[[_choice("due", due, words.say(label)) for due, label in DUES.items()]],
        ],
        bool(given)
        and form(".alert-form", method="post", action=action)[
            kept,
            input(type="hidden", name="due", value="tomorrow"),
            span(".field-label")[words.say(_GIVE)],
            div(".alert-buttons")[[_choice("owner", one.id, one.name) for one in given]],
        ],
        a(".alert-more", href=address(f"/{episode.id}", words))[words.say(_MORE), icon("forward")],
    ]


def _choice(name: str, value: str, title: str) -> Element:
    return button(".button.is-quiet", type="submit", name=name, value=value)[title]


def address(more: str, words: Words) -> str:
    """An address below the alerts, in the same language."""
    return f"{PATH}{more}?lang={words.language}"
