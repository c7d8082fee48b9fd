"""A Gantt chart: each task's planned days as a bar with what came after them, arrows from what it waits for, and today."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from htpy import Element, Node, div, g, line, path, rect, svg, text

WIDE, NAMES, ROW, TOP = 1088, 300, 34, 28
_BAR, _MONTH_WIDE = 14, 60
_LETTERS = 17
"""Of a name, so many letters have room beside the bars."""


@dataclass(frozen=True)
class Row:
    """One task: its planned days; how far it really ran (None: not begun being late), in which colour; what it waits for, by id."""

    id: str
    name: str
    depth: int
    first: date
    last: date
    ran_until: date | None
    colour: str | None
    is_done: bool
    is_critical: bool
    waits_for: tuple[str, ...] = ()


def gantt(rows: Sequence[Row], today: date, label: str) -> Element:
    """The rows in their order, all on one scale of days; `label` says it to those who do not see it."""
    first = min(chain([today], (one.first for one in rows))) - timedelta(7)
    last = max(
        chain([today], (one.last for one in rows), (one.ran_until for one in rows if one.ran_until))
    ) + timedelta(7)
    scale = _Scale(first, last)
    high = TOP + ROW * len(rows)
    places = {one.id: at for at, one in enumerate(rows)}
    return div(".gantt-scroll", tabindex="0", role="group", aria_label=label)[
        svg(".gantt", viewBox=f"0 0 {WIDE} {high}", role="img", aria_label=label)[
            [_month(scale, month, high) for month in _months(first, last - timedelta(scale.days_of(_MONTH_WIDE)))],
            [_row(scale, one, at) for at, one in enumerate(rows)],
            [_arrow(scale, rows[places[id]], one, places) for one in rows for id in one.waits_for],
            line(".gantt-today", x1=scale.at(today), x2=scale.at(today), y1=str(TOP), y2=str(high)),
        ]
    ]  # fmt: skip


@dataclass(frozen=True)
class _Scale:
    first: date
    last: date

    def place(self, day: date) -> float:
        share = (day - self.first).days / (self.last - self.first).days
        return NAMES + (WIDE - NAMES) * share

    def days_of(self, wide: int) -> int:
        """How many days are as wide."""
        return wide * (self.last - self.first).days // (WIDE - NAMES)

    def at(self, day: date) -> str:
        return f"{self.place(day):.1f}"

    def between(self, first: date, last: date) -> str:
        return f"{max(self.place(last) - self.place(first), 2):.1f}"


def _months(first: date, last: date) -> Iterator[date]:
    """The first days of months, as many as leave room for their names."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next(each for each in (1, 2, 3, 6, 12, 24) if months <= 12 * each)
    for at in range(1, months + 1):
        month = first.year * 12 + first.month - 1 + at
        if (month % 12) % min(step, 12) == 0 and (step < 24 or month // 12 % 2 == 0):
            yield date(month // 12, month % 12 + 1, 1)


def _month(scale: _Scale, month: date, high: int) -> Node:
    return [
        line(".gantt-grid", x1=scale.at(month), x2=scale.at(month), y1=str(TOP), y2=str(high)),
        text(".gantt-month", x=scale.at(month), y=str(TOP - 8))[f"{month:%Y-%m}"],
    ]


def _row(scale: _Scale, one: Row, at: int) -> Element:
    middle, indent = TOP + ROW * at + ROW // 2, min(one.depth, 4) * 14
    bar = {"y": str(middle - _BAR // 2), "height": str(_BAR), "rx": "2"}
    plan = rect(class_=["gantt-plan", {"is-critical": one.is_critical, "gantt-done": one.is_done}], x=scale.at(one.first), width=scale.between(one.first, one.last), **bar)  # fmt: skip
    late = one.ran_until is not None and one.ran_until > one.last
    return g[
        text(".gantt-text", x=str(indent), y=str(middle + 5))[_cut(one.name, _LETTERS - one.depth)],
        plan,
        rect(class_=["gantt-late", f"is-{one.colour}"], x=scale.at(one.last), width=scale.between(one.last, one.ran_until), **bar)
        if late and one.ran_until
        else None,
    ]  # fmt: skip


def _cut(name: str, letters: int) -> str:
    """A name as far as there is room; a narrow letter takes half of a wide one."""
    room, kept = 2 * letters, ""
    for letter in name:
        room -= 1 if letter.isascii() else 2
        if room < 0:
            return f"{kept}…"
        kept += letter
    return kept


def _arrow(scale: _Scale, before: Row, after: Row, places: dict[str, int]) -> Element:
    """From the end of what is waited for down (or up) to the beginning of what waits."""
    x1, x2 = scale.place(before.last), scale.place(after.first)
    y1, y2 = (TOP + ROW * places[one.id] + ROW // 2 for one in (before, after))
    turn = _BAR // 2 if y2 > y1 else -_BAR // 2
    return path(".gantt-link", d=f"M{x1:.1f} {y1 + turn} V{(y1 + y2) / 2:.1f} H{x2:.1f} V{y2 - turn}")
