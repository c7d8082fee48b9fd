"""What threatens from outside and inside: watch entries an analyst keeps, and the risk matrix with its colours."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args
from urllib.parse import urlsplit

from metrics.rules import SEVERITIES

WatchKind = Literal["macro", "policy", "competitor"]
RiskKind = Literal["technical", "resource", "market", "cooperation"]
Status = Literal["open", "watched", "closed"]
WATCH_KINDS: tuple[WatchKind, ...] = get_args(WatchKind)
RISK_KINDS: tuple[RiskKind, ...] = get_args(RiskKind)
STATUSES: tuple[Status, ...] = get_args(Status)
STEPS = range(1, 6)
LONGEST = 500
_LEVELS = ((15, "red"), (8, "orange"), (4, "yellow"))


class UnfitRisk(ValueError):
    """Something that cannot be kept; `reason` names the field."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Watch:
    """Something outside worth watching, where it was read, and when it is to be looked at again."""

    kind: str
    title: str
    severity: str
    note: str
    source: str
    link: str
    review_on: date


@dataclass(frozen=True)
class Risk:
    """A risk with its probability and impact (1–5), who answers it and how."""

    kind: str
    title: str
    probability: int
    impact: int
    owner: str
    response: str
    review_on: date
    status: str = "open"

    @property
    def score(self) -> int:
        """Probability × impact."""
        return self.probability * self.impact

    @property
    def level(self) -> str:
        """Red from 15, orange from 8, yellow from 4; calm below."""
        return level(self.score)


def level(score: int) -> str:
    """The colour of a score."""
    return next((name for least, name in _LEVELS if score >= least), "calm")


def fit_watch(one: Watch) -> Watch:
    """The entry, when everything in it can be kept; UnfitRisk."""
    _require(one.kind in WATCH_KINDS, "kind")
    _require(one.severity in SEVERITIES, "severity")
    for name in ("title", "source"):
        _require(is_text(getattr(one, name), least=1), name)
    _require(is_text(one.note), "note")
    _require(is_safe_link(one.link), "link")
    return one


def fit_risk(one: Risk) -> Risk:
    """The risk, when everything in it can be kept; UnfitRisk."""
    _require(one.kind in RISK_KINDS, "kind")
    _require(one.status in STATUSES, "status")
    _require(one.probability in STEPS and one.impact in STEPS, "score")
    for name in ("title", "owner"):
        _require(is_text(getattr(one, name), least=1), name)
    _require(is_text(one.response), "response")
    return one


def is_safe_link(link: str) -> bool:
    """Whether a link is empty or a plain https address of a host, without a name or password in it."""
    if not link:
        return True
    if len(link) > LONGEST or not link.isprintable() or any(one.isspace() or one in '"<>\\' for one in link):
        return False
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc


def is_text(text: str, least: int = 0) -> bool:
    """Whether a text can be kept: neither too short nor too long, and all of it can be seen."""
    return least <= len(text) <= LONGEST and all(one.isprintable() or one in "\r\n" for one in text)


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise UnfitRisk(reason)
