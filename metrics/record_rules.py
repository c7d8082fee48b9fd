"""Record rules: which of them the source can answer, their thresholds, and what they find."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from metrics.nearest import nearest
from metrics.pack import Pack, PackError, RecordRule


@dataclass(frozen=True)
class Proof:
    """One row behind a finding: what kind, its id in the source, its time (midnight where only the day is known), who was in it."""

    kind: str
    id: str
    at: datetime
    day_only: bool
    project: str | None
    channel: str | None
    staff: str | None
    broker: str | None


@dataclass(frozen=True)
class Stake:
    """One contract behind a finding; a commission that is None is not known."""

    contract: str
    amount: Decimal
    commission: Decimal | None


@dataclass(frozen=True)
class Found:
    """What a rule found: `key` is the same as long as it is about the same rows; `facts` fill the rule's message."""

    rule: str
    key: str
    level: str
    project: str | None
    channel: str | None
    staff: str | None
    broker: str | None
    since: datetime
    facts: Mapping[str, str]
    proofs: tuple[Proof, ...]
    stakes: tuple[Stake, ...]


def check_limits(pack: Pack, given: Mapping[str, Any]) -> None:
    """Refuse thresholds of the settings that would be ignored or could not be used; PackError."""
    for name, table in given.items():
        if name not in pack.record_rules:
            raise PackError(f"record_rules.{name} is no rule of the pack. {nearest(name, pack.record_rules)}")
        _check_table(f"record_rules.{name}", table, pack.record_rules[name], has_projects=True)


def _check_table(key: str, table: Any, rule: RecordRule, *, has_projects: bool = False) -> None:
    if not isinstance(table, Mapping):
        raise PackError(f"{key} is {table!r}. Give a table of thresholds: [{key}].")
    for word, value in table.items():
        if has_projects and isinstance(value, Mapping):
            _check_table(f"{key}.{word}", value, rule)
        elif not rule.limits:
            raise PackError(f"{key}.{word} is no threshold: {rule.name} has none. Leave it out.")
        elif word not in rule.limits:
            raise PackError(f"{key}.{word} is no threshold. {nearest(word, rule.limits)}")
        elif isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < MOST:
            raise PackError(f"{key}.{word} is {value!r}. Give a number from 0 up, such as {rule.limits[word]}.")


MOST = 10**6
"""No threshold reaches this: a million minutes are two years."""


def limits_of(
    rule: RecordRule, given: Mapping[str, Any]
) -> tuple[Mapping[str, Decimal], dict[str, dict[str, Decimal]]]:
    """A rule's thresholds as the settings change them: for all projects, and what differs by project."""
    own = given.get(rule.name, {})
    everywhere = {name: Decimal(own.get(name, value)) for name, value in rule.limits.items()}
    projects = {name: table for name, table in own.items() if isinstance(table, Mapping)}
    return everywhere, {
        project: {name: Decimal(value) for name, value in table.items()} for project, table in projects.items()
    }
