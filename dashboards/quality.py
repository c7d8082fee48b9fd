"""线索质量: what a lead is worth by points that anybody can add up, how they did on leads held back, and what open leads may bring."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from flask import abort
from htpy import Element, Node, a, details, div, p, strong, summary

from components.heatmap import heatmap
from components.plain_table import plain_table, quiet, with_note
from components.shell import glance, page_head, panel, part
from components.words import digits, rounded
from dashboards._door import Door, Policy
from dashboards._page import Page, View
from dashboards._sandbox import kind_said
from dashboards._score import feature_said, points_said, value_said
from dashboards._ways import QUALITY, QUALITY_WORD, SANDBOX_ROLES
from data_access.store.lead_scores import KeptScore, last_score
from metrics.heat import coloured
from metrics.lead_score import FEATURES, Score
from metrics.pack import Label, Metric
from metrics.reading import Reading, count
from metrics.snapshot import NOWHERE

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("quality", path=QUALITY, title=QUALITY_WORD, roles=SANDBOX_ROLES)
_NONE = Label(
    "成交的客户还太少(须有 100 组留电满期并签约),暂不评分。",
    "Too few were signed so far (100 leads old enough are needed): no score yet.",
)
_DAY = Label("{day} 早上评分 · 满 {days} 天的留电", "Scored on the morning of {day}, on leads {days} days old")
_VERDICT = {
    "score": Label("按评分排,比只看等级准。", "The score tells more than the grade alone, so it is used."),
    "grade": Label(
        "评分不比只看等级准,所以先只看等级。", "The score tells no more than the grade alone, so the grade is used."
    ),
}
_TRIED = Label(
    "准不准 · 用预留样本 {n} 组检验({first} 到 {last},其中签约 {signed} 组)",
    "How it did on {n} leads held back ({first} to {last}, {signed} signed)",
)
_BY, _AUC, _BRIER = (
    Label("按", "By"),
    Label("AUC(越大越好)", "AUC (more is better)"),
    Label("Brier(越小越好)", "Brier (less is better)"),
)
_OWN, _GRADE = Label("评分", "The score"), Label("只看等级", "The grade alone")
_TRIED_NOTE = Label(
    "AUC:任取一组签约的和一组没签的,前者分更高的概率,0.5 等于瞎猜。等级取留电第一条记录上现在的等级,签约后补改的等级会让两边都偏乐观。",
    "AUC: the chance that of a signed and an unsigned lead the signed one has more points; 0.5 is a coin. The grade is what the first record says by now: grades changed after "
    "signing flatter both.",
)
_POINTS = Label("加分表(20 分 = 机会翻一倍,0 分 = 平均)", "Points (20 are twice the odds, 0 is the mean lead)")
_FEATURE, _VALUE, _WORTH = Label("看什么", "Feature"), Label("情况", "Value"), Label("加分", "Points")
_POINTS_NOTE = Label(
    "只用渠道、等级、联系快慢、时间和扫码,不用姓名、电话等个人信息。",
    "Channel, grade, first contact, time and code alone: nothing personal.",
)
_CALIBRATED = Label("预测与实际(预留样本,按机会分组)", "What was told and what came (leads held back, by their chance)")
_GROUP, _TOLD, _CAME = Label("组", "Group"), Label("预计签约率", "Told"), Label("实际签约率", "Came")
_EXPECTED = Label("在跟留电预计还会签约(套,估计)", "Contracts expected of open leads (estimate)")
_PROJECT, _ALL = Label("项目", "Project"), Label("合计", "Total")
_OPEN = Label("{n} 组", "{n} leads")
_TABLE = Label("合计和在跟留电数", "Totals and open leads")
_EXPECTED_NOTE = Label(
    "近 {days} 天还没签约、没流失的有效留电;只算窗口期内还会签的。",
    "Valid leads of the last {days} days, neither signed nor lost; what is still to be signed within the windows.",
)


def add(site: "Site", door: Door) -> None:
    """Add the page."""
    door.route(QUALITY, Policy(frozenset(SANDBOX_ROLES), document=True), partial(_show, site))


def _show(site: "Site") -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    kept = last_score(site.world.store)
    title = view.say(QUALITY_WORD)
    if kept is None:
        body = glance(part("head", page_head(title)), part("result", p(".nothing")[view.say(_NONE)]))
    else:
        day, found = kept
        said = _DAY.format(day=view.words.day(day), days=str(len(found.score.answers) - 1))
        body = glance(
            part("head", page_head(title, subtitle=view.say(said))),
            part("tried", _tried(view, found.score)),
            part("points", _points(view, found.score)),
            part("expected", _expected(view, found)),
            part("calibration", _calibration(view, found.score)),
            div(".ways")[a(href=view.address("/"))[view.words.of("overview")]],
        )
    here = partial(view.address, QUALITY)
    return site.framed(body, view, f"{title} · {view.words.of('product')}", section="overview", here=here)


def _tried(view: View, score: Score) -> Element:
    first, last, n, signed = score.held
    said = _TRIED.format(n=digits(n), first=f"{first:%Y-%m}", last=f"{last:%Y-%m}", signed=digits(signed))
    heads = [view.say(one) for one in (_BY, _AUC, _BRIER)]
    rows = [
        (view.say(name), [f"{one.auc:.3f}", f"{one.brier:.5f}"])
        for name, one in ((_OWN, score.own), (_GRADE, score.by_grade))
    ]
    title = view.say(said)
    return panel(
        title,
        p[strong[view.say(_VERDICT[score.used])]],
        plain_table(title, heads, rows),
        p(".panel-note")[view.say(_TRIED_NOTE)],
    )


def _points(view: View, score: Score) -> Element:
    """Every value's points, the most first within a feature."""
    rows: list[tuple[Node, Sequence[Node]]] = []
    for name in FEATURES:
        told = sorted(score.weights[name].items(), key=lambda one: (-one[1], one[0]))
        rows += [
            (feature_said(view, name) if at == 0 else "", [value_said(view, name, value), points_said(weight)])
            for at, (value, weight) in enumerate(told)
        ]
    title = view.say(_POINTS)
    heads = [view.say(one) for one in (_FEATURE, _VALUE, _WORTH)]
    return panel(title, plain_table(title, heads, rows), p(".panel-note")[view.say(_POINTS_NOTE)])


def _calibration(view: View, score: Score) -> Element:
    title = view.say(_CALIBRATED)
    rows = [
        (
            str(at + 1),
            [_percent(one.told), with_note(_percent(one.signed / one.n), f"{digits(one.signed)}/{digits(one.n)}")],
        )
        for at, one in enumerate(score.calibration)
    ]
    return panel(title, plain_table(title, [view.say(one) for one in (_GROUP, _TOLD, _CAME)], rows))


def _percent(value: float) -> str:
    return f"{value * 100:.2f}%"


def _expected(view: View, found: KeptScore) -> Element:
    """Contracts expected of open leads by project and kind of channel, the most first; only what the viewer may see."""
    seen = [id for id in view.projects if any(project == id for project, _ in found.expected)]
    kinds = sorted(
        {kind for project, kind in found.expected if project in seen}, key=lambda kind: (kind == NOWHERE, kind)
    )
    totals = {id: _sum(found, id, kinds) for id in seen}
    rows = [
        (
            view.snapshot.project_name(id) or view.words.of("unassigned"),
            [_cell(view, totals[id]), *(_cell(view, found.expected.get((id, kind), (0, 0.0))) for kind in kinds)],
        )
        for id in sorted(seen, key=lambda id: (-totals[id][1], id))
    ]
    title = view.say(_EXPECTED)
    heads = [view.say(_PROJECT), view.say(_ALL), *(kind_said(view, kind) for kind in kinds)]
    note = view.say(_EXPECTED_NOTE.format(days=str(len(found.score.answers) - 1)))
    return panel(
        title,
        _heat(view, found, tuple(sorted(seen, key=lambda id: (-totals[id][1], id))), tuple(kinds)),
        p(".panel-note")[note],
        details[summary[view.say(_TABLE)], plain_table(title, heads, rows)],
    )


def _heat(view: View, found: KeptScore, projects: tuple[str, ...], kinds: tuple[str, ...]) -> Element:
    """The same as colours: where the contracts of the coming weeks are."""
    metric = Metric("expected", _EXPECTED, _EXPECTED, "score", "higher")
    read: dict[tuple[str, ...], Reading] = {
        # Only of projects in view: the scale must not tell of others either. What reads alike looks alike.
        key: count(rounded(Fraction(expected), 1))
        for key, (n, expected) in found.expected.items()
        if n and key[0] in projects
    }
    return heatmap(
        coloured(metric, read, projects, kinds),
        metric,
        view.words,
        title=view.say(_EXPECTED),
        row_name=lambda id: view.snapshot.project_name(id) or view.words.of("unassigned"),
        column_name=partial(kind_said, view),
    )


def _sum(found: KeptScore, project: str, kinds: Sequence[str]) -> tuple[int, float]:
    told = [found.expected.get((project, kind), (0, 0.0)) for kind in kinds]
    return sum(n for n, _ in told), sum(expected for _, expected in told)


def _cell(view: View, told: tuple[int, float]) -> Node:
    n, expected = told
    return (
        with_note(view.words.value(Fraction(expected), "score"), view.say(_OPEN.format(n=digits(n))))
        if n
        else quiet("–")
    )
