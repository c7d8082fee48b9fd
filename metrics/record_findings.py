"""What becomes of a finding of the record rules: who may do what with it, how precise a rule is, what the confirmed ones are worth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from metrics.record_rules import Found, Stake
from metrics.scope import GROUP_ROLES

State = Literal["to_check", "confirmed", "rejected", "appealed"]
Action = Literal["confirm", "reject", "appeal", "reopen"]
STATES: tuple[State, ...] = get_args(State)
ACTIONS: tuple[Action, ...] = get_args(Action)
DECISIONS: frozenset[State] = frozenset(("confirmed", "rejected"))
_STEPS: Mapping[tuple[State, Action], State] = {
    ("to_check", "confirm"): "confirmed",
    ("to_check", "reject"): "rejected",
    ("to_check", "appeal"): "appealed",
    ("confirmed", "appeal"): "appealed",
    ("appealed", "confirm"): "confirmed",
    ("appealed", "reject"): "rejected",
    ("confirmed", "reopen"): "to_check",
    ("rejected", "reopen"): "to_check",
}


@dataclass(frozen=True)
class Actor:
    """Who wants to do something: a person's id, role, project and staff id."""

    id: str
    role: str
    project: str | None
    staff: str | None


@dataclass(frozen=True)
class RecordFinding:
    """A finding as it is kept. `gone_at` is set while the data no longer shows it; what was decided on stays as it was then."""

    id: str
    found: Found
    state: State
    first_seen: datetime
    last_seen: datetime
    gone_at: datetime | None = None
    decided_at: datetime | None = None
    appealed_by: str | None = None


def after(state: State, action: Action) -> State | None:
    """The state an action leads to; None where there is no such step."""
    return _STEPS.get((state, action))


def may(actor: Actor, action: Action, finding: RecordFinding) -> bool:
    """Whether somebody may take a step now.

    Group executives and administrators decide, never on a finding about themselves nor on their own appeal; the project's head and
    the salesperson concerned may appeal, once.
    """
    if after(finding.state, action) is None:
        return False
    return _may_appeal(actor, finding) if action == "appeal" else _may_decide(actor, finding)


def _may_appeal(actor: Actor, finding: RecordFinding) -> bool:
    if finding.appealed_by is not None:
        return False
    if actor.role == "head":
        return actor.project is not None and actor.project == finding.found.project
    return actor.role == "salesperson" and actor.staff is not None and actor.staff == finding.found.staff


def _may_decide(actor: Actor, finding: RecordFinding) -> bool:
    is_party = actor.id == finding.appealed_by or (actor.staff is not None and actor.staff == finding.found.staff)
    return actor.role in GROUP_ROLES and actor.project is None and not is_party


@dataclass(frozen=True)
class Precision:
    """How often a rule was right: confirmed of those decided; None below the smallest n."""

    rule: str
    confirmed: int
    rejected: int
    least: int

    @property
    def n(self) -> int:
        """How many were decided."""
        return self.confirmed + self.rejected

    @property
    def share(self) -> Fraction | None:
        """Confirmed ÷ (confirmed + rejected), None while too few are decided."""
        return Fraction(self.confirmed, self.n) if self.n >= max(self.least, 1) else None


def precisions(counts: Mapping[tuple[str, str], int], rules: Iterable[str], least: int) -> list[Precision]:
    """Each rule's precision from how many findings stand in which (rule, state)."""
    return [
        Precision(rule, counts.get((rule, "confirmed"), 0), counts.get((rule, "rejected"), 0), least) for rule in rules
    ]


@dataclass(frozen=True)
class Worth:
    """Contracts behind findings of one kind: how many, their amount, and their commission, None where no commission is known."""

    contracts: int
    amount: Decimal
    commission: Decimal | None


@dataclass(frozen=True)
class AuditValue:
    """What stands behind the findings of a quarter and project: confirmed, still to check, and rejected, never added up."""

    quarter: str
    project: str | None
    confirmed: Worth
    to_check: Worth
    rejected: Worth


_KINDS: tuple[tuple[str, frozenset[State]], ...] = (
    ("confirmed", frozenset(("confirmed",))),
    ("to_check", frozenset(("to_check", "appealed"))),
    ("rejected", frozenset(("rejected",))),
)


def audit_values(findings: Sequence[RecordFinding], zone: ZoneInfo) -> list[AuditValue]:
    """The audit value per quarter and project, newest quarter first; each contract once, however many rules found it.

    A contract counts where it weighs most: confirmed before to check before rejected, and there with the earliest finding. Confirmed
    and rejected stand in the quarter of the decision, the rest in that of the discovery, as the zone's calendar has it.
    """
    placed: dict[str, tuple[str, str, str | None, Stake]] = {}
    for kind, states in _KINDS:
        of_kind = [one for one in findings if one.state in states and (one.gone_at is None or kind == "confirmed")]
        for one in sorted(of_kind, key=lambda one: (_dated(one), one.id)):
            for stake in one.found.stakes:
                placed.setdefault(
                    stake.contract, (kind, quarter(_dated(one).astimezone(zone)), one.found.project, stake)
                )
    groups = {(when, project) for _, when, project, _ in placed.values()}
    return [_value(when, project, placed.values()) for when, project in sorted(groups, key=_newest_first)]


def quarter(moment: datetime) -> str:
    """The quarter of a moment, such as 2026Q1."""
    return f"{moment.year}Q{(moment.month + 2) // 3}"


def total(values: Iterable[Worth]) -> Worth:
    """Several amounts as one; a commission that is not known adds nothing."""
    listed = list(values)
    known = [one.commission for one in listed if one.commission is not None]
    amount = sum((one.amount for one in listed), Decimal(0))
    return Worth(sum(one.contracts for one in listed), amount, sum(known, Decimal(0)) if known else None)


def _dated(one: RecordFinding) -> datetime:
    return one.decided_at if one.state in DECISIONS and one.decided_at is not None else one.first_seen


def _newest_first(group: tuple[str, str | None]) -> tuple[int, str]:
    return -int(group[0].replace("Q", "")), group[1] or ""


def _value(when: str, project: str | None, placed: Iterable[tuple[str, str, str | None, Stake]]) -> AuditValue:
    own = [(kind, stake) for kind, found_when, found_at, stake in placed if (found_when, found_at) == (when, project)]
    confirmed, to_check, rejected = (
        total(Worth(1, stake.amount, stake.commission) for found, stake in own if found == kind) for kind, _ in _KINDS
    )
    return AuditValue(when, project, confirmed, to_check, rejected)
