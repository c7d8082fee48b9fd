"""The latest events, which carry no customer by nature."""

from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction

from htpy import Element, li, ol, p, span, strong, time

from components.words import Words
from metrics.snapshot import Event


def ticker(
    events: Sequence[Event],
    project_name: Callable[[str], str | None],
    channel_name: Callable[[str], str | None],
    words: Words,
    now: datetime,
) -> Element:
    """Time, kind, project, channel and amount of each event, in the order given."""
    if not events:
        return p(".nothing")[words.of("no_events")]
    return ol(".ticker")[
        [_event(each, project_name(each.project), channel_name(each.channel), words, now) for each in events]
    ]


def _event(event: Event, project: str | None, channel: str | None, words: Words, now: datetime) -> Element:
    return li(f".event.is-{event.kind}")[
        time(".event-time", datetime=event.at.isoformat())[words.when(event.at, now)],
        strong(".event-kind")[words.of(f"event_{event.kind}")],
        span(".event-project")[project or words.of("unassigned")],
        span(".event-more")[_more(event, channel, words)],
    ]


def _more(event: Event, channel: str | None, words: Words) -> str:
    grade = words.of("grade", grade=event.grade) if event.grade else None
    amount = words.money(Fraction(event.amount)) if event.amount is not None else None
    return " · ".join(word for word in (channel, grade, amount) if word)
