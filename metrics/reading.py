"""A reading: one value with what it was computed from, or missing with the reason."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Number = int | Fraction
Missing = Literal[
    "absent", "no_target", "spend_open", "nothing", "immature", "no_record", "scope", "part", "exempt", "gap", "few_left",
    "not_yet",
]  # fmt: skip
"""absent: the source has no such data (无数据) · no_target 未设目标 · spend_open 费用未结 · nothing: a rate of nothing ·
immature 未成熟 · no_record: a state on a day without a record · scope: not for this viewer · part: a part of a total lacks · exempt 试点免责 ·
gap: a week of nothing among those compared with (无可比) · few_left: too few can be compared ·
not_yet: comes from a part that is not there yet."""


@dataclass(frozen=True)
class Reading:
    """A value (exact) with numerator, denominator and n; `missing` says why there is none, `detail` what lacks."""

    value: Number | None
    numerator: Number | None = None
    denominator: Number | None = None
    n: int | None = None
    missing: Missing | None = None
    detail: str | None = None

    @property
    def is_missing(self) -> bool:
        """Whether there is no value."""
        return self.value is None

    def few(self, min_n: int) -> bool:
        """Whether the reading rests on fewer cases than it should (样本不足)."""
        return self.n is not None and self.n < min_n


def missing(why: Missing, detail: str | None = None) -> Reading:
    """A reading without a value."""
    return Reading(None, missing=why, detail=detail)


def count(value: Number) -> Reading:
    """A plain sum."""
    return Reading(value)


def ratio(numerator: Number, denominator: Number) -> Reading:
    """A rate; nothing to divide by is missing, never zero."""
    if denominator == 0:
        return Reading(None, numerator, denominator, 0, "nothing")
    return Reading(Fraction(numerator) / Fraction(denominator), numerator, denominator, int(denominator))


def yuan(ten_thousandths: int) -> Fraction:
    """Money as marts hold it, in yuan."""
    return Fraction(ten_thousandths, 10_000)


def money_text(value: Number) -> str:
    """Yuan as an exact decimal string, shortened to at most four digits after the point."""
    amount = Decimal(Fraction(value).numerator) / Decimal(Fraction(value).denominator)
    text = f"{amount.quantize(Decimal('0.0001')):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
