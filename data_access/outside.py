"""What every sign-in at another site has in common: what it tells, and how it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from data_access.store.journeys import Journey
from data_access.store.people import Role


class OutsideError(Exception):
    """Nobody came in: `reason` is for the log and the audit; `account` and our own `person_id` say who, where that is known."""

    def __init__(self, reason: str, account: str = "", person_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.account = account
        self.person_id = person_id


class ProviderDown(OutsideError):
    """The other site cannot be asked right now."""


class Stranger(OutsideError):
    """The other site knows them, but they may not come in here."""


@dataclass(frozen=True)
class Told:
    """Who somebody is by the other site's word; None is what it was not asked, an empty text what it does not know."""

    account: str
    name: str = ""
    role: Role | None = None
    project: str | None = None
    staff: str | None = None


class Way(Protocol):
    """One way in over another site."""

    def leads_to(self, journey: Journey, back: str) -> str:
        """The address at the other site, which leads to `back` again; OutsideError."""

    def told(self, answer: Mapping[str, str], journey: Journey, back: str) -> Told:
        """Who came back with this answer; OutsideError."""
