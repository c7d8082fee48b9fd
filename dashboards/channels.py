"""渠道: every channel by what it costs and brings, with the weights in sight; what the expensive ones take, and what moving spend is worth."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from flask import abort
from htpy import Node, a, div, p, span, strong

from components.missing import missing, missing_mark
from components.plain_table import plain_table, quiet, with_note
from components.shell import glance, page_head, panel, part
from components.words import digits
from dashboards._door import Door, Policy
from dashboards._head import head
from dashboards._page import Page, View
from data_access.store.record_findings import by_channel, last_checks
from metrics.boards import Part
from metrics.channels import COST, DEAL, FINDINGS, LEAST_LEADS, Channels, Line, Move, channel_days, channels, part_of
from metrics.pack import Label
from metrics.scope import Role
from metrics.totals import Frames

if TYPE_CHECKING:
    from dashboards._site import Site

PATH = "/channels"
CHANNELS_WORD = Label("渠道", "Channels")
ROLES: frozenset[Role] = frozenset(("leader", "admin", "head"))
page = Page("channels", path=PATH, title=CHANNELS_WORD, roles=ROLES)
_DAYS = Label("近 {weeks} 个完整周 {days} · 当期口径", "Last {weeks} full weeks, {days}; period basis")
_RANKED = Label("渠道综合", "Channels by points")
_RANKED_NOTE = Label("每项按百分位 0–100 计分,按权重平均(权重合计 {total});缺项或样本不足不排名", "Each part is a percentile, 0–100; their mean by weights (which add up to {total}); who lacks a part is not ranked")  # fmt: skip
_CHANNEL, _POINTS = Label("渠道", "Channel"), Label("综合分", "Points")
_WEIGHT = Label("{name}(权重 {weight})", "{name} (weight {weight})")
_PART_POINTS = Label("{points} 分", "{points} points")
_FINDINGS = Label("待核查占留电", "Findings per lead")
_NOT_RUN = Label("稽核规则还没有运行,核查一项未计入", "The record rules have not run; findings are left out")
_FINDINGS_NOTE = Label("核查:未排除的稽核线索(含待核查)÷ 留电,越少越好", "Findings: not rejected (to check included) ÷ leads; fewer is better")  # fmt: skip
_DEAR = Label("高成本渠道占投放", "Spend in expensive channels")
_DEAR_RULE = Label(
    "规则:留电成本高于全部渠道合计({group}/有效留电)的 {times} 倍,且有效留电不少于 {least} 组",
    "Rule: a valid lead costs more than {times} times the {group} of all channels together, on {least} valid leads or more",
)
_DEAR_NONE = Label("没有高成本渠道", "No channel is expensive")
_DEAR_MARK = Label("高成本", "Expensive")
_MOVE = Label("挪动 {share} 投放值多少", "What moving {share} of the spend is worth")
_ESTIMATE = Label("估计", "Estimate")
_MOVED = Label(
    "把 {amount} 从{dear}(签约成本 {dear_cost},{dear_n} 套)挪到{cheap}({cheap_cost},{cheap_n} 套)",
    "Move {amount} from {dear} ({dear_cost} a contract, {dear_n}) to {cheap} ({cheap_cost}, {cheap_n})",
)
_CONSTANT = Label("若签约成本不变:{n} 套", "If a contract costs the same: {n} contracts")
_DIMINISHING = Label("若成本递增(多花一元只带来平均的一半):{n} 套", "If cost grows (another yuan brings half the average): {n} contracts")  # fmt: skip
_INTERVAL = Label(
    "80% 区间(仅抽样波动,含两种假设):{low} 至 {high} 套",
    "80 % interval (chance alone, either assumption): {low} to {high}",
)
_MOVE_NOTE = Label(
    "假设:同期签约归同期投放;签约为毛数;挪动不超过原渠道投放;样本少于 {least} 套的渠道不参与",
    "Assumed: contracts of these weeks come from the spend of these weeks; gross; no more is moved than was spent; channels under {least} contracts stay out",
)
_NO_MOVE = Label("样本不足,无法估算:至少两个渠道要有投放和足够签约", "Too few cases: it takes two channels with spend and contracts enough")  # fmt: skip
_AND = Label("、", ", ")
_SIZE = Label("投放、数量与意向等级", "Spend, numbers and grades")
_SIZE_NOTE = Label("按首次评级;单位:组", "By first grade; parties")
_SPEND, _LEADS, _CONTRACTS = Label("投放", "Spend"), Label("留电", "Leads"), Label("签约", "Contracts")
_OTHER, _UNGRADED = Label("C/D", "C/D"), Label("未评级", "No grade")
_BOARD = Label("渠道榜(不含核查一项)", "The channel board (without findings)")


def add(site: "Site", door: Door) -> None:
    """Add the page."""
    door.route(PATH, Policy(ROLES, document=True), partial(_show, site))


def _show(site: "Site") -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    overrides = site.world.settings.rules.get(view.pack.channels.dear, {}) if view.pack.channels else {}
    found = channels(view.frames, view.pack, overrides, _on_record(site, view), view.where)
    body = glance(_parts(view, found) if found else page_head(view.say(CHANNELS_WORD)))
    title = f"{view.say(CHANNELS_WORD)} · {view.words.of('product')}"
    return site.framed(body, view, title, section="overview", here=partial(view.address, PATH))


def _on_record(site: "Site", view: View) -> Mapping[str, int] | None:
    """How many findings stand against each channel, as far as the viewer's numbers go; None before the rules have run."""
    if view.pack.channels is None or last_checks(site.world.store) is None:
        return None
    span = channel_days(Frames(view.snapshot), view.pack)
    first, before = (datetime.combine(day, time()) for day in (span.first, span.last + timedelta(1)))
    return by_channel(site.world.store, view.where, first, before)


def _parts(view: View, found: Channels) -> list[Node]:
    weeks, days = str(found.span.days // 7), view.words.span(found.span.first, found.span.last)
    top = head(view, page, listed=("region", "project"), days=view.say(_DAYS.format(weeks=weeks, days=days)))
    if found.absent:
        return [top, missing(found.absent, view.words)]
    return [
        top,
        part("dear", _dear(view, found)),
        part("move", _move(view, found.move)),
        part("ranked", _ranked(view, found)),
        part("size", _size(view, found)),
        div(".ways")[
            a(href=view.address(f"/boards/{view.pack.channels.board}"))[view.say(_BOARD)]
            if view.pack.channels
            else None,
            a(href=view.address("/"))[view.words.of("overview")],
        ],
    ]


def _name(view: View, one: Line) -> str:
    return view.snapshot.channel_name(one.channel) or view.words.of("unassigned")


def _dear(view: View, found: Channels) -> Node:
    words, dear = view.words, [one for one in found.lines if one.is_dear]
    said = view.say(_AND).join(f"{_name(view, one)} {words.money(one.spend)}" for one in dear) or view.say(_DEAR_NONE)
    group = words.money(found.group.value) if found.group.value is not None else words.missing(found.group)
    rule = _DEAR_RULE.format(group=group, times=digits(found.times, 1), least=str(view.pack.metric(COST).min_n))
    return panel(
        view.say(_DEAR),
        p(".report-word")[words.number(found.dear_share, "percent")],
        p[said],
        p(".panel-note")[words.quotient(found.dear_share, "money")],
        p(".panel-note")[view.say(rule)],
    )


def _move(view: View, move: Move | None) -> Node:
    share = view.words.percent(view.pack.channels.moved) if view.pack.channels else ""
    title = view.say(_MOVE.format(share=share))
    if move is None:
        return panel(title, p(".nothing")[view.say(_NO_MOVE)])
    words, name = view.words, view.snapshot.channel_name
    said = _MOVED.format(
        amount=words.money(move.amount),
        dear=name(move.dear) or words.of("unassigned"),
        cheap=name(move.cheap) or words.of("unassigned"),
        dear_cost=words.number(move.dear_cost, "money"),
        cheap_cost=words.number(move.cheap_cost, "money"),
        dear_n=str(move.dear_cost.n),
        cheap_n=str(move.cheap_cost.n),
    )
    return panel(
        title,
        p[strong[view.say(_ESTIMATE)], " ", view.say(said)],
        p(".report-worth")[view.say(_CONSTANT.format(n=_signed(move.constant)))],
        p[view.say(_DIMINISHING.format(n=_signed(move.diminishing)))],
        p[view.say(_INTERVAL.format(low=_signed(move.low), high=_signed(move.high)))],
        p(".panel-note")[view.say(_MOVE_NOTE.format(least=str(view.pack.metric(DEAL).min_n)))],
    )


def _signed(value: float | Fraction) -> str:
    return f"{float(value):+.1f}"


def _ranked(view: View, found: Channels) -> Node:
    listed = max((one.standing.parts for one in found.lines), key=len, default=())
    heads = [view.say(_CHANNEL), view.say(_POINTS), *(_part_name(view, one) for one in listed)]
    rows = [
        (_ranked_name(view, one), [_points(view, one), *(_part(view, each) for each in one.standing.parts)])
        for one in found.lines
    ]
    notes = [_FINDINGS_NOTE if found.findings_known else _NOT_RUN]
    title, total = view.say(_RANKED), digits(sum(one.weight for one in listed))
    return panel(
        title,
        plain_table(title, heads, rows),
        [p(".panel-note")[view.say(one)] for one in notes],
        note=view.say(_RANKED_NOTE.format(total=total)),
    )


def _part_name(view: View, one: Part) -> str:
    label = _FINDINGS if one.metric == FINDINGS else view.pack.metric(one.metric).label
    return view.say(_WEIGHT.format(name=view.say(label), weight=digits(one.weight)))


def _ranked_name(view: View, one: Line) -> list[Node]:
    rank = f"{one.standing.rank} " if one.standing.rank else ""
    return [rank, _name(view, one), one.is_dear and [" ", span(".report-mark.is-orange")[view.say(_DEAR_MARK)]]]


def _points(view: View, one: Line) -> Node:
    total = one.standing.value
    return digits(total.value, 1) if total.value is not None else missing_mark(total, view.words)


def _part(view: View, one: Part) -> list[Node] | Node:
    words, form = view.words, "percent" if one.metric == FINDINGS else view.pack.metric(one.metric).format
    if one.reading.value is None:
        return missing_mark(one.reading, words)
    few = one.few or (one.metric == FINDINGS and one.reading.few(LEAST_LEADS))
    value = words.value(one.reading.value, form)
    points = None if one.points is None else view.say(_PART_POINTS.format(points=digits(one.points)))
    return with_note(
        quiet(value) if few else value, words.quotient(one.reading, form), words.of("few") if few else points
    )


def _spent(view: View, one: Line) -> Node:
    """What was spent; no entry at all is not nothing."""
    cost = part_of(one.standing, COST)
    is_open = cost is not None and cost.missing == "spend_open"
    return missing_mark(cost, view.words) if cost and is_open else view.words.money(one.spend)


def _size(view: View, found: Channels) -> Node:
    words, title = view.words, view.say(_SIZE)
    heads = [view.say(one) for one in (_CHANNEL, _SPEND, _LEADS, _CONTRACTS)]
    graded = any(one.grades for one in found.lines)
    if graded:
        heads += ["A", "B", view.say(_OTHER), view.say(_UNGRADED)]
    rows = [
        (
            _name(view, one),
            [
                _spent(view, one),
                words.amount(one.leads),
                words.amount(one.contracts),
                *(words.amount(n) for n in (vars(one.grades).values() if one.grades else ())),
            ],
        )
        for one in found.lines
    ]
    return panel(title, plain_table(title, heads, rows), note=view.say(_SIZE_NOTE))
