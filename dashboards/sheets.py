"""年度考核表: each project head's year, frozen once the year is closed; until then as the published boards stand."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from flask import abort, request
from htpy import Node, a, div, p

from components.record import record_table, week_choice
from components.shell import glance, page_head, part
from components.words import digits
from dashboards._door import Door, Policy
from dashboards._page import View
from dashboards._shelf import Shelf
from dashboards.boards import page as boards_page
from data_access.boards import year_sheets
from data_access.store.boards import board_records
from data_access.store.sheets import frozen_sheets, frozen_years
from metrics.closing import WEEK
from metrics.pack import Label
from metrics.periods import year_of_week
from metrics.sheets import FORMATS, LEAST_WEEKS, LINES, Line, Sheet

if TYPE_CHECKING:
    from dashboards._site import Site

PATH = "/sheets"
ROLES = frozenset(("leader", "admin", "head"))
_TITLE = Label("年度考核表", "Yearly sheet")
_YEAR = Label("年度", "Year")
_OPEN = Label("未定稿:按已发布榜单,年终结榜后冻结", "Not frozen yet: by the boards published so far")
_FROZEN = Label("已冻结 {when}", "Frozen {when}")
_BROKEN = Label("记录与摘要不符,请联系管理员", "The record does not fit its digest. Tell your administrator")
_BACK = Label("返回排行", "Back to boards")
_PROJECT, _HEAD, _TOTAL = Label("项目", "Project"), Label("项目总", "Head"), Label("总分", "Total")
_NAMES = {
    "cost_per_lead": Label("留电成本", "Cost per lead"),
    "attainment": Label("阶段目标", "Phased target"),
    "top3": Label("TOP3周", "TOP3 weeks"),
    "findings": Label("核实线索", "Confirmed findings"),
    "commitments": Label("承诺兑现", "Commitments kept"),
}
_FEW_WEEKS = Label(f"不足 {LEAST_WEEKS} 周", f"under {LEAST_WEEKS} weeks")
_NOTE = Label(
    f"每项 0–100 分,后为数值;n 为有效留电;TOP3周为进前三的周/有排名的周;括号内为权重。成本和TOP3周不足 {LEAST_WEEKS} 周不给分;有权重的项目没有分时不给总分。",
    f"Each line has 0 to 100 points, then its value; n: valid leads; TOP3: weeks among the first three / weeks ranked; weights in brackets. "
    f"Costs and TOP3 weeks earn points from {LEAST_WEEKS} weeks on; without points of a weighed line there is no total.",
)


def add(site: "Site", door: Door) -> None:
    """Add the page of the yearly sheets."""
    door.route(PATH, Policy(ROLES, document=True), partial(_show, site))


def _show(site: "Site") -> str:
    # Peers' boards may be open to heads; a sheet is its own head's and the group's alone.
    view = site.asked_view(boards_page, site.world.reader.current() or abort(503))
    shelf = view.shelf
    assert shelf is not None
    running = year_of_week(shelf.running - WEEK)
    years = sorted({running, *frozen_years(shelf.store)}, reverse=True)
    text = request.args.get("year", "")
    year = next((one for one in years if str(one) == text), None) if text else running
    if year is None:
        abort(404)
    content = glance(
        part("head", page_head(view.say(_TITLE), subtitle=str(year)), _choice(view, years, year)),
        part("sheets", _sheets(view, shelf, year)),
        div(".ways")[a(href=view.address(boards_page.path))[view.say(_BACK)]],
    )
    title = f"{view.say(_TITLE)} · {view.words.of('product')}"
    here = lambda **changes: view.address(PATH, year=str(year), **changes)  # noqa: E731
    return site.framed(content, view, title, section=boards_page.name, here=here)


def _choice(view: View, years: Sequence[int], year: int) -> Node:
    said = [(str(one), str(one)) for one in years]
    kept = list(view.filters.chosen("lang", "theme").items())
    return week_choice(PATH, [("year", view.say(_YEAR), said, str(year))], kept, view.words) if len(years) > 1 else None


def _sheets(view: View, shelf: Shelf, year: int) -> Node:
    frozen = frozen_sheets(shelf.store, year)
    if frozen:
        found = [one for one, _, _ in frozen.values()]
        at: datetime = next(iter(frozen.values()))[1]
        state = _FROZEN.format(when=f"{shelf.boards.local(at):%Y-%m-%d %H:%M}")
        state = state if all(whole for _, _, whole in frozen.values()) else _BROKEN
    else:
        first = date.fromisocalendar(year, 1, 1)
        found, state = (
            year_sheets(shelf.boards, shelf.store, board_records(shelf.store, since=first), view.snapshot, year),
            _OPEN,
        )
    own = view.scope.alerts
    shown = [one for one in found if own is None or one.project in own]
    return [p(".board-state")[view.say(state)], _table(view, shown)]


def _table(view: View, shown: Sequence[Sheet]) -> Node:
    weights = {line.name: line.weight for one in shown for line in one.lines}
    heads = [f"{view.say(_NAMES[name])} ({weights.get(name, 0)})" for name in LINES]
    rows = [
        [
            view.snapshot.project_name(one.project) or one.project,
            (view.snapshot.staff_name(one.head) if one.head else None) or "–",
            view.words.value(one.total, "score") if one.total is not None else "–",
            *(_line(view, line) for line in one.lines),
        ]
        for one in sorted(shown, key=lambda one: (one.total is None, -(one.total or 0), one.project))
    ]
    says = [view.say(one) for one in (_PROJECT, _HEAD, _TOTAL)]
    return record_table(view.say(_TITLE), [*says, *heads], rows, note=view.say(_NOTE))


def _line(view: View, line: Line) -> str:
    """Points, the value and what it rests on; without points why there are none."""
    words, one = view.words, line.reading
    points = words.value(line.points, "score") if line.points is not None else None
    why = None
    if points is None:
        why = view.say(_FEW_WEEKS) if one.value is not None else words.reason(one) if one.missing == "not_yet" else None
    return " · ".join(filter(None, (points, _told(view, line), why)))


def _told(view: View, line: Line) -> str:
    one = line.reading
    if line.name == "top3" and one.value is not None:
        return f"{digits(one.numerator or 0)}/{digits(one.denominator or 0)}"
    told = view.words.number(one, FORMATS.get(line.name, "count"))
    return f"{told} · n={digits(one.n)}" if line.name == "cost_per_lead" and one.n else told
