"""Findings of rules as JSON: every number exact, read back just as it was."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from metrics.pack import Label
from metrics.reading import Number
from metrics.rules import Evidence, Finding


def written_finding(one: Finding) -> dict[str, Any]:
    """A finding as JSON; numbers exact, as texts of their own kind."""
    return {
        "rule": one.rule,
        "severity": one.severity,
        "kind": one.kind,
        "subject": one.subject,
        "item": one.item,
        "since": one.since.isoformat(),
        "escalates": one.escalates,
        "values": {name: _written(value) for name, value in one.values.items()},
        "formats": dict(one.formats),
        "evidence": [[each.label.zh, each.label.en, _written(each.value), each.format] for each in one.evidence],
    }


def read_finding(told: Mapping[str, Any]) -> Finding:
    """A finding as it was written."""
    evidence = tuple(Evidence(Label(zh, en), _number(value), format) for zh, en, value, format in told["evidence"])
    values = {name: _read(value) for name, value in told["values"].items()}
    return Finding(
        told["rule"], told["severity"], told["kind"], told["subject"], datetime.fromisoformat(told["since"]), values,
        told["formats"], evidence, told["item"], told["escalates"],
    )  # fmt: skip


def _written(value: Number | str) -> list[str] | str:
    return value if isinstance(value, str) else [str(Fraction(value))]


def _read(value: list[str] | str) -> Number | str:
    return value if isinstance(value, str) else _number(value)


def _number(value: Sequence[str]) -> Number:
    exact = Fraction(value[0])
    return exact.numerator if exact.denominator == 1 else exact
