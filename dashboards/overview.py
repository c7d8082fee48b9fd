"""总览: are we on target, five numbers against the same point of the last period, and what is on fire."""

from collections.abc import Iterator

from htpy import Node

from components.alert import alert_counts, alerts
from components.pace import pace_bars, pace_legend
from components.picture import Block, findings_block, paces_block, tiles_block, verdict_block
from components.shell import panel, part
from components.tile import tiles
from components.verdict import verdict
from dashboards._benchmark import cover_part
from dashboards._due import overdue_note
from dashboards._head import head, period_days
from dashboards._page import Page, Sheet, View, target_gap
from dashboards._trends import trend_part
from dashboards._ways import GAP, GAP_ROLES, WHY, decisions
from metrics.explain import explainable
from metrics.overview import Compared, Pace, compared, pace, paces, standing
from metrics.pack import Label, Metric
from metrics.periods import Comparison, comparison, holiday_names
from metrics.query import known_by_staff
from metrics.rules import foremost
from metrics.scope import EVERYBODY
from metrics.totals import Where

page = Page(
    "overview",
    path="/",
    title=Label("总览", "Overview"),
    roles=EVERYBODY,
    has_trend=True,
    late=True,
    is_cover=True,
    sheets=("30-tile.css", "31-verdict.css", "70-alert.css"),
)

WORST = 3
MOST_PACES = 60
OWN_STATES = ("active_leads", "overdue_leads", "waiting_leads")
_VERDICT = Label("年度目标 · {metric}", "Target of the year · {metric}")
_NUMBERS = Label("关键数字", "Key numbers")
_OWN = Label("我的客户", "My customers")
_NOW = Label("截至此刻", "As of now")
_WORST = Label("先看这三件", "Look at these first")
_PACES = Label("各项目目标进度", "Every project against its target")
_YEAR = Label("本年 · 最落后在前", "This year, farthest behind first")
_HOLDS = Label("{period}含{days}", "{period} holds public holidays")
_AND = Label(",", ", ")
_WITH_CARE = Label("{held},对比要留意", "{held}: compare with care")
_REST_DAY, _DAYS_OFF = "休息日", "假期"
_NOW_SPAN = Label("本期", "This period")
_THEN_SPAN = Label("对比期", "The period before")


@page.content
def overview(view: View) -> Node:
    """The verdict, the numbers, the worst findings and every project's pace, as far as the viewer may see them."""
    return [head(view, page, links=("period",), listed=("region", "project", "channel")), *_parts(view)]


def _parts(view: View) -> Iterator[Node]:
    if not view.is_own:
        yield part("verdict", _verdict(view))
    yield part("numbers", _numbers(view))
    if view.is_own:
        yield part("own", _own(view))
    else:
        yield part("worst", _worst(view))
        if len(view.projects) > 1:
            yield part("paces", _paces(view))
    yield trend_part(view)
    yield cover_part(view)
    yield decisions(view)


def _verdict(view: View) -> Node:
    href = view.address(GAP) if view.scope.role in GAP_ROLES else None
    return verdict(_year(view), target_gap(view), view.words, title=_verdict_title(view), href=href)


def _year(view: View) -> Pace:
    # Targets are set for projects, not for channels.
    return pace(view.frames, view.pack, "year", None, Where(project=view.where.project))


def _verdict_title(view: View) -> str:
    return view.say(_VERDICT.format(metric=view.say(view.pack.metric(view.pack.overview_target).label)))


def _numbers(view: View) -> Node:
    found, metrics = _compared(view)
    hrefs = (
        {}
        if view.is_own
        else {name: view.address(WHY, metric=name) for name in metrics if explainable(view.pack, name)}
    )
    return panel(view.say(_NUMBERS), tiles(found, metrics, view.words, hrefs=hrefs), note=_against(view))


def _compared(view: View) -> tuple[list[Compared], dict[str, Metric]]:
    """The numbers this viewer may see, against the same point of the period before."""
    against = comparison(view.period, view.as_of)
    names = [name for name in view.pack.overview_numbers if not view.is_own or known_by_staff(view.pack, name)]
    metrics = {name: view.pack.metric(name) for name in names}
    return [compared(view.frames, view.pack, name, against, view.where) for name in names], metrics


def _against(view: View) -> str:
    """What the numbers are compared with, and a word of caution about holidays."""
    against = comparison(view.period, view.as_of)
    return " · ".join(filter(None, (view.say(against.label), _holidays(view, against))))


def _holidays(view: View, against: Comparison) -> str:
    """A word of caution where one side of the comparison holds holidays that the other does not; else nothing."""
    sides = ((_NOW_SPAN, holiday_names(against.now)), (_THEN_SPAN, holiday_names(against.before)))
    if sides[0][1] == sides[1][1]:
        return ""
    held = [view.say(_HOLDS.format(period=view.say(side), days=_festivals(names))) for side, names in sides if names]
    return view.say(_WITH_CARE.format(held=view.say(_AND).join(held)))


def _festivals(names: tuple[str, ...]) -> str:
    """Holidays by name; the days off around them only when nothing else is there."""
    return "、".join([name for name in names if name != _REST_DAY] or [_DAYS_OFF])


def _own(view: View) -> Node:
    found, metrics = _own_states(view)
    return panel(view.say(_OWN), tiles(found, metrics, view.words), note=view.say(_NOW))


def _own_states(view: View) -> tuple[list[Compared], dict[str, Metric]]:
    metrics = {name: view.pack.metrics[name] for name in OWN_STATES if name in view.pack.metrics}
    return [standing(view.frames, view.pack, name, view.where) for name in metrics], metrics


def _worst(view: View) -> Node:
    return panel(
        view.say(_WORST),
        overdue_note(view),
        alerts(
            foremost(view.findings, WORST), view.pack.rules, view.subject, view.words, view.as_of, state=view.standing
        ),
        alert_counts(view.findings, view.words, href=view.address("/alerts")),
    )


def _paces(view: View) -> Node:
    found = paces(view.frames, view.pack, "year", view.projects)
    return panel(
        view.say(_PACES),
        pace_legend(view.words),
        pace_bars(
            found,
            view.snapshot.project_name,
            view.words,
            href=lambda each: view.address("/", project=each.project or ""),
        ),
        note=view.say(_YEAR),
    )


@page.picture("region", "project", "channel")
def picture(view: View) -> Sheet:
    """The verdict, the numbers, the worst findings and every project's pace; for a salesperson the own numbers."""
    numbers = tiles_block(view.say(_NUMBERS), *_compared(view), view.words, note=_against(view))
    if view.is_own:
        return Sheet(
            period_days(view),
            [numbers, tiles_block(view.say(_OWN), *_own_states(view), view.words, note=view.say(_NOW))],
        )
    judged = verdict_block(_year(view), target_gap(view), view.words, title=_verdict_title(view))
    blocks = [judged, numbers, _worst_block(view)]
    if len(view.projects) < 2:
        return Sheet(period_days(view), blocks)
    found = paces(view.frames, view.pack, "year", view.projects)
    name = view.snapshot.project_name
    beside = paces_block(view.say(_PACES), found[:MOST_PACES], name, view.words, note=view.say(_YEAR))
    return Sheet(period_days(view), [*blocks, beside], left_out=max(len(found) - MOST_PACES, 0))


def _worst_block(view: View) -> Block:
    found = foremost(view.findings, WORST)
    return findings_block(
        view.say(_WORST), found, view.pack.rules, view.subject, view.words, view.as_of, among=view.findings
    )
