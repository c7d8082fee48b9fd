"""Scope: what one viewer may see, applied below every cache and in every surface."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from metrics.totals import EVERYTHING, Where

Role = Literal["leader", "admin", "head", "champion", "salesperson"]
ROLES: tuple[Role, ...] = ("leader", "admin", "head", "champion", "salesperson")
EVERYBODY = frozenset(ROLES)
GROUP_ROLES: frozenset[Role] = frozenset(("leader", "admin"))
PROJECT_ROLES: frozenset[Role] = frozenset(("leader", "admin", "head", "champion"))


Sight = Literal["group", "project", "own"]
"""How far numbers are seen: all projects, the own project, or the own customers only."""
NOBODY = Where(project=frozenset())


@dataclass(frozen=True)
class Sights:
    """How far each role sees numbers; customers and alerts never reach beyond the own project, whatever stands here.

    From `peers_open_from` on, projects see each other's aggregates where they are compared, such as on boards.
    """

    head: Sight = "project"
    champion: Sight = "project"
    salesperson: Sight = "own"
    peers_open_from: date | None = None

    def sight(self, role: Role, today: date, *, compares: bool) -> Sight:
        """How far a role sees numbers on a day, on a surface that compares projects or on another one."""
        is_open = compares and self.peers_open_from is not None and self.peers_open_from <= today
        if role in GROUP_ROLES or (is_open and role in PROJECT_ROLES):
            return "group"
        told: Sight = getattr(self, role)
        return told


@dataclass(frozen=True)
class Scope:
    """A viewer's rights: role; the projects and salespeople whose numbers, and the projects whose alerts, may be shown (None: all);
    and the customers who may be listed (nobody, where nothing is said).
    """

    role: Role
    projects: frozenset[str] | None
    staff: frozenset[str] | None = None
    alerts: frozenset[str] | None = None
    customers: Where = NOBODY

    @property
    def sees_group(self) -> bool:
        """Whether all projects may be compared."""
        return self.projects is None

    @property
    def where(self) -> Where:
        """The narrowing every number this viewer sees goes through."""
        return Where(project=self.projects, staff=self.staff)

    @property
    def fingerprint(self) -> str:
        """A text that is equal for equal rights only; part of every cache key."""
        listed = (self.projects, self.staff, self.alerts, self.customers.project, self.customers.staff)
        return "|".join((self.role, *map(_listed, listed)))


def _listed(ids: frozenset[str] | None) -> str:
    return "*" if ids is None else "\x1f".join(sorted(ids))


def scope_of(role: Role, project: str | None, staff: str | None, sight: Sight | None = None) -> Scope:
    """What one person may see: numbers as far as `sight` (by default the role's own), customers as far as the role goes."""
    if role in GROUP_ROLES:
        return Scope(role, None, customers=EVERYTHING)
    own, mine = _only(project), _only(staff) if role == "salesperson" else None
    reach = sight or Sights().sight(role, date.min, compares=False)
    numbers = None if reach == "group" else own
    return Scope(role, numbers, mine if reach == "own" else None, own, Where(project=own, staff=mine))


def _only(id: str | None) -> frozenset[str]:
    return frozenset((id,)) if id else frozenset()
