"""How fresh the data is: a dot, a word, the data's own time, and its age."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from htpy import Element, i, p, span, time

from components.words import Words

State = Literal["live", "amber", "grey"]


@dataclass(frozen=True)
class Freshness:
    """The data's time and the server's, both in the group's zone, and the ages in seconds at which it is late."""

    as_of: datetime
    now: datetime
    amber_after: int = 60
    grey_after: int = 300

    @property
    def age(self) -> int:
        """Seconds since the data's time, never negative."""
        return max(int((self.now - self.as_of).total_seconds()), 0)

    @property
    def state(self) -> State:
        """live, amber after the first limit, grey after the second."""
        return "grey" if self.age > self.grey_after else "amber" if self.age > self.amber_after else "live"


def status(fresh: Freshness, words: Words) -> Element:
    """The status line; the live script ages it from `data-age` and turns it amber, grey or offline."""
    return p(
        f".status.is-{fresh.state}",
        data_status=True,
        data_as_of=fresh.as_of.isoformat(timespec="seconds"),
        data_age=fresh.age,
        data_amber=fresh.amber_after,
        data_grey=fresh.grey_after,
        data_units=words.of("ago_units"),
    )[
        i(".status-dot", aria_hidden="true"),
        [span(f".status-word.for-{state}")[words.of(state)] for state in ("live", "amber", "grey", "offline")],
        span(".status-as-of")[
            words.of("as_of"),
            " ",
            time(".status-time", datetime=fresh.as_of.isoformat(timespec="seconds"))[
                words.clock(fresh.as_of, fresh.now)
            ],
        ],
        span(".status-age")[words.age(fresh.age)],
    ]
