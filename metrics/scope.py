"""Scope: what one viewer may see, applied below every cache and in every surface."""

from dataclasses import dataclass
from typing import Literal

from metrics.totals import Where

Role = Literal["leader", "admin", "head", "champion", "salesperson"]
ROLES: tuple[Role, ...] = ("leader", "admin", "head", "champion", "salesperson")
EVERYBODY = frozenset(ROLES)
GROUP_ROLES: frozenset[Role] = frozenset(("leader", "admin"))
PROJECT_ROLES: frozenset[Role] = frozenset(("leader", "admin", "head", "champion"))


@dataclass(frozen=True)
class Scope:
    """A viewer's rights: role, and the projects and salespeople whose numbers may be shown (None: all)."""

    role: Role
    projects: frozenset[str] | None
    staff: frozenset[str] | None = None

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
        return "|".join((self.role, _listed(self.projects), _listed(self.staff)))


def _listed(ids: frozenset[str] | None) -> str:
    return "*" if ids is None else "\x1f".join(sorted(ids))


def scope_of(role: Role, project: str | None, staff: str | None) -> Scope:
    """What a role sees: the group everything, a project's people their project, a salesperson the own customers only."""
    if role in GROUP_ROLES:
        return Scope(role, None)
    own = frozenset((project,)) if project else frozenset()
    if role == "salesperson":
        return Scope(role, own, frozenset((staff,)) if staff else frozenset())
    return Scope(role, own)
