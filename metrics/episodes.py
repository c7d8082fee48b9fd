"""Alerts as episodes: a pure state machine from what a rule says of a subject, and what people do, to what has happened.

A key (rule, kind, subject, item) has at most one episode that is not resolved. Only calm answers resolve one: no data and
errors are answers of their own that move nothing on. Decision 0006 says how patience is told and why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from metrics.pack import Rule
from metrics.rules import SEVERITIES, Check, Finding, Key

State = Literal["pending", "open", "acknowledged", "escalated", "recovering", "no_data", "resolved"]
Transition = Literal[
    "opened", "worse", "no_data", "data_back", "recovering", "fired_again", "resolved",
    "acknowledged", "handed_over", "escalated", "closed", "outcome",
]  # fmt: skip
TOLD: frozenset[Transition] = frozenset(("opened", "worse", "handed_over", "escalated", "resolved"))
"""What people are told of; the rest is only written down."""
OUTCOMES = ("real", "false_alarm", "handled", "expected")


class EpisodeError(ValueError):
    """Something that cannot be done to an episode as it stands."""


@dataclass(frozen=True)
class Ack:
    """Who takes care of an episode until when, as said by whom; it belongs to this one episode."""

    owner: str
    due: datetime
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class Patience:
    """So many evaluations in a row, over at least so long, before an episode opens, and before it is resolved."""

    open_after: int = 2
    open_for: timedelta = timedelta(0)
    calm_after: int = 3
    calm_for: timedelta = timedelta(hours=1)

    @classmethod
    def of(cls, rule: Rule) -> "Patience":
        """A rule's own."""
        minutes = timedelta(minutes=1)
        return cls(rule.open_after, rule.open_minutes * minutes, rule.calm_after, rule.calm_minutes * minutes)


@dataclass(frozen=True)
class Episode:
    """One run of a finding from its first sign to its resolution; `finding` is what was found last.

    `count` is how many evaluations in a row spoke for the next step (opening while pending, resolving while recovering).
    `level` is how many levels up it was escalated, `escalated_at` when for the acknowledgement it has now (or has not).
    """

    finding: Finding
    begun_at: datetime
    count: int = 1
    opened_at: datetime | None = None
    recovering_at: datetime | None = None
    knows: bool = True
    ack: Ack | None = None
    level: int = 0
    escalated_at: datetime | None = None
    resolved_at: datetime | None = None
    outcome: str = ""
    id: int = 0

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.finding.key

    @property
    def is_open(self) -> bool:
        """Whether it has opened and is not resolved: what people see and act on."""
        return self.opened_at is not None and self.resolved_at is None

    @property
    def state(self) -> State:
        """The one word for how it stands."""
        if self.resolved_at is not None:
            return "resolved"
        if self.opened_at is None:
            return "pending"
        if not self.knows:
            return "no_data"
        if self.recovering_at is not None:
            return "recovering"
        return self.handling

    @property
    def is_unclaimed(self) -> bool:
        """Whether it was escalated because nobody took it."""
        return self.escalated_at is not None and self.ack is None and not self.finding.escalates

    @property
    def handling(self) -> State:
        """How people stand to it, whatever its numbers do."""
        if self.escalated_at is not None:
            return "escalated"
        return "acknowledged" if self.ack else "open"


class Step(NamedTuple):
    """An episode after a step (None: a first sign that came to nothing) and what happened to it."""

    episode: Episode | None
    transitions: tuple[Transition, ...] = ()


def step(
    episode: Episode | None,
    check: Check | None,
    now: datetime,
    patience: Patience,
    *,
    at_once: bool = False,
    claim_within: timedelta | None = None,
) -> Step:
    """One evaluation; no check is no data. `at_once` opens without patience, as at the very first look at a group's data.

    A red one that nobody takes goes one level up after `claim_within` (None: never).
    """
    standing = check.standing if check else "unknown"
    if episode is None:
        return _first_sign(check, now, patience, at_once=at_once)
    if episode.resolved_at is not None:
        raise EpisodeError("A resolved episode takes no evaluations. Begin another.")
    episode = _not_from_the_future(episode, now)
    if standing == "unknown":
        return _unknown(episode, now)
    assert check is not None
    if episode.opened_at is None:
        return _pending(episode, check, now, patience)
    return _unclaimed(_open(episode, check, now, patience), now, claim_within)


def _first_sign(check: Check | None, now: datetime, patience: Patience, *, at_once: bool) -> Step:
    if check is None or check.standing != "firing" or check.finding is None:
        return Step(None)
    return _ripe(Episode(check.finding, now), now, patience, at_once=at_once)


def _pending(episode: Episode, check: Check, now: datetime, patience: Patience) -> Step:
    """More signs, or it came to nothing."""
    if check.standing != "firing" or check.finding is None:
        return Step(None)
    return _ripe(replace(episode, finding=check.finding, count=episode.count + 1), now, patience)


def _ripe(episode: Episode, now: datetime, patience: Patience, *, at_once: bool = False) -> Step:
    if at_once or (episode.count >= patience.open_after and now - episode.begun_at >= patience.open_for):
        return _slipped(replace(episode, opened_at=now, count=0), now, ("opened",))
    return Step(episode)


def _open(episode: Episode, check: Check, now: datetime, patience: Patience) -> Step:
    back: tuple[Transition, ...] = () if episode.knows else ("data_back",)
    episode = replace(episode, knows=True)
    step = _calmer(episode, check, now, patience) if check.standing == "calm" else _firing(episode, check, now)
    assert step.episode is not None
    return _late(step.episode, now, (*back, *step.transitions))


def _calmer(episode: Episode, check: Check, now: datetime, patience: Patience) -> Step:
    """Another calm answer: recovering, or resolved once there were enough for long enough.

    Its numbers become those of now; how grave it was and since when stay.
    """
    if check.finding is not None:
        before = episode.finding
        episode = replace(episode, finding=replace(check.finding, severity=before.severity, since=before.since))
    since, count = episode.recovering_at or now, episode.count + 1
    began: tuple[Transition, ...] = () if episode.recovering_at else ("recovering",)
    if count >= patience.calm_after and now - since >= patience.calm_for:
        return Step(replace(episode, resolved_at=now, recovering_at=None, count=0), (*began, "resolved"))
    return Step(replace(episode, recovering_at=since, count=count), began)


def _firing(episode: Episode, check: Check, now: datetime) -> Step:
    """It holds on: firing, or not yet far enough on the good side to be called calm."""
    told: tuple[Transition, ...] = ("fired_again",) if episode.recovering_at else ()
    found = check.finding or episode.finding
    if SEVERITIES.index(found.severity) < SEVERITIES.index(episode.finding.severity):
        told = (*told, "worse")
    return _slipped(replace(episode, finding=found, recovering_at=None, count=0), now, told)


def _slipped(episode: Episode, now: datetime, told: tuple[Transition, ...]) -> Step:
    """One level up at once, and once only, where the finding itself asks for it."""
    if not episode.finding.escalates or episode.level:
        return Step(episode, told)
    return Step(replace(episode, level=1, escalated_at=now), (*told, "escalated"))


def _late(episode: Episode, now: datetime, told: tuple[Transition, ...]) -> Step:
    """One level up when the promised time has passed and nothing got better; once per promise."""
    is_due = episode.ack is not None and now >= episode.ack.due and episode.escalated_at is None
    if not is_due or episode.resolved_at is not None or episode.recovering_at is not None:
        return Step(episode, told)
    return Step(replace(episode, level=episode.level + 1, escalated_at=now), (*told, "escalated"))


def _unclaimed(step: Step, now: datetime, within: timedelta | None) -> Step:
    """One level up where nobody took a red one for so long and it gets no better; once only."""
    one, told = step
    if one is None or one.opened_at is None or one.state != "open" or one.level or one.finding.severity != "red":
        return step
    if within is None or now - one.opened_at < within:
        return step
    return Step(replace(one, level=1, escalated_at=now), (*told, "escalated"))


def _unknown(episode: Episode, now: datetime) -> Step:
    """Nothing is known: a first sign waits, an open one says so; what was calm so far must be seen anew."""
    if episode.opened_at is None:
        return Step(episode)
    told: tuple[Transition, ...] = ("no_data",) if episode.knows else ()
    return _late(replace(episode, knows=False, recovering_at=None, count=0), now, told)


def _not_from_the_future(episode: Episode, now: datetime) -> Episode:
    """After a clock was set back: what began later than now begins now, so that no wait grows longer by it."""
    recovering = episode.recovering_at
    return replace(
        episode, begun_at=min(episode.begun_at, now), recovering_at=min(recovering, now) if recovering else None
    )


def acknowledge(episode: Episode, ack: Ack) -> Step:
    """Somebody takes it, or is given it, until a time; the promise before ends, with its escalation. EpisodeError."""
    if not episode.is_open:
        raise EpisodeError("Only an open alert can be acknowledged.")
    if ack.due <= ack.at:
        raise EpisodeError("The time it is due has passed already.")
    mine = ack.owner == ack.by
    return Step(replace(episode, ack=ack, escalated_at=None), ("acknowledged" if mine else "handed_over",))


def close(episode: Episode, outcome: str, now: datetime) -> Step:
    """A human ends what no evaluation can resolve, for nothing is known of it any more. EpisodeError."""
    if episode.state != "no_data":
        raise EpisodeError("Only an alert without data can be closed by hand.")
    return Step(replace(episode, resolved_at=now, outcome=_known(outcome)), ("closed",))


def judge(episode: Episode, outcome: str) -> Step:
    """Say what a resolved episode was. EpisodeError."""
    if episode.resolved_at is None:
        raise EpisodeError("Only a resolved alert has an outcome.")
    return Step(replace(episode, outcome=_known(outcome)), ("outcome",))


def _known(outcome: str) -> str:
    if outcome not in OUTCOMES:
        raise EpisodeError(f"{outcome!r} is no outcome. Use one of {', '.join(OUTCOMES)}.")
    return outcome


# ------------------------------------------------------------------------------------------------- all episodes together


@dataclass(frozen=True)
class Look:
    """One evaluation of everything: when, and whether the data it rests on is fresh; `is_first`: nobody looked before.

    `claim_within` is how long a red alert may wait for somebody to take it.
    """

    now: datetime
    is_fresh: bool = True
    is_first: bool = False
    claim_within: timedelta | None = None


@dataclass(frozen=True)
class Change:
    """An episode before and after a look, and what happened."""

    before: Episode | None
    after: Episode | None
    transitions: tuple[Transition, ...]


def changes(
    episodes: Iterable[Episode], checks: Iterable[Check], look: Look, rules: Mapping[str, Rule]
) -> list[Change]:
    """What a look changes; stale data hushes everything but the alerts that say so: the rest keeps its state.

    An episode whose rule is gone from the pack stands as without data.
    """
    open_ones, said = {one.key: one for one in episodes}, {one.key: one for one in checks}
    found: list[Change] = []
    for key in sorted({*open_ones, *said}):
        rule = rules.get(key.rule)
        if not look.is_fresh and (rule is None or rule.kind != "stale" or key not in said):
            continue
        before, patience = open_ones.get(key), Patience.of(rule) if rule else Patience()
        after, told = step(
            before, said.get(key), look.now, patience, at_once=look.is_first, claim_within=look.claim_within
        )
        if after != before:
            found.append(Change(before, after, told))
    return found


@dataclass(frozen=True)
class Silence:
    """Nothing is told of a rule, a project, or a rule in a project, for a time; empty is any."""

    rule: str
    project: str
    starts_at: datetime
    ends_at: datetime

    def holds(self, key: Key, now: datetime) -> bool:
        """Whether it hushes this now."""
        about = key.subject if key.kind == "project" else ""
        fits = self.rule in ("", key.rule) and (not self.project or self.project == about)
        return fits and self.starts_at <= now < self.ends_at


def is_silenced(key: Key, silences: Iterable[Silence], now: datetime) -> bool:
    """Whether any silence hushes this now."""
    return any(one.holds(key, now) for one in silences)
