"""The pace rail: how much of the target is done, with a mark where time stands."""

from fractions import Fraction

from htpy import Element, line, rect, svg

from components.words import digits


def percent_of(part: int | Fraction, whole: int | Fraction) -> str:
    """A length as a share of the drawing's width, such as 37.50%; nothing is longer than the drawing."""
    held = min(max(part, 0), whole)
    return f"{digits(Fraction(100 * held) / whole, 2)}%" if whole else "0.00%"


def pace_rail(attainment: Fraction | None, elapsed: Fraction, label: str) -> Element:
    """A bar of what is done and a mark of the time elapsed, both out of the target (or of what was done beyond it)."""
    full = max(Fraction(1), attainment or Fraction(0))
    at = percent_of(elapsed, full)
    return svg(".rail", role="img", aria_label=label)[
        rect(".rail-track", x="0", y="30%", width="100%", height="40%"),
        attainment is not None and rect(".rail-done", x="0", y="30%", width=percent_of(attainment, full), height="40%"),
        full > 1 and line(".rail-target", x1=percent_of(1, full), x2=percent_of(1, full), y1="15%", y2="85%"),
        line(".rail-time", x1=at, x2=at, y1="0", y2="100%"),
    ]
