"""Guards: a load that looks like an accident is held back until a human lets it pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class ClosedDays:
    """Rows (and their amount, where they have one) of an entity's closed days, before and after a pull."""

    entity: str
    rows_before: int
    rows_after: int
    amount_before: Decimal = Decimal(0)
    amount_after: Decimal = Decimal(0)


@dataclass(frozen=True)
class Alarm:
    """Why a load is held back."""

    entity: str
    what: str


def alarms(entities: Iterable[ClosedDays], fall: Decimal) -> list[Alarm]:
    """What looks like an accident: a filled entity is empty, closed days lost more than a share of their rows or amount."""
    found = []
    for one in entities:
        if one.rows_before and not one.rows_after:
            found.append(Alarm(one.entity, f"all {one.rows_before} rows are gone"))
        elif _fell(one.rows_before, one.rows_after, fall):
            found.append(Alarm(one.entity, f"rows of closed days fell from {one.rows_before} to {one.rows_after}"))
        elif _fell(one.amount_before, one.amount_after, fall):
            found.append(
                Alarm(one.entity, f"the amount of closed days fell from {one.amount_before} to {one.amount_after}")
            )
    return found


def _fell(before: int | Decimal, after: int | Decimal, fall: Decimal) -> bool:
    return before > 0 and Decimal(after) < Decimal(before) * (1 - fall)
