"""年底预测: how the year ends if nothing is decided, where that comes from, and how such forecasts did before."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from htpy import Element, Node, a, details, div, p, strong, summary

from components.plain_table import plain_table, quiet, with_note
from components.sandbox import band_said, chance_said, estimate, fan, fan_keys
from components.shell import glance, panel, part
from components.words import digits
from dashboards._door import Door, Policy
from dashboards._head import head
from dashboards._page import Page, View
from dashboards._sandbox import GROUP, Known, kind_said, only, sandbox_view, whose
from dashboards._ways import FORECAST, FORECAST_WORD, GAP, GAP_WORD, SANDBOX, SANDBOX_ROLES, SANDBOX_WORD
from data_access.store.forecasts import forecasts_of, last_day, last_trials, told_before
from metrics.forecast import HORIZON, Forecast, Score, Trial, score
from metrics.pack import Label
from metrics.reading import Reading
from metrics.sandbox import SOURCES, Kind, Waiting, chance, sources
from metrics.season import NAMES

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("forecast", path=FORECAST, title=FORECAST_WORD, roles=SANDBOX_ROLES)
_NONE = Label("还不能预测:{why}", "No forecast yet: {why}")
_DAYS = Label("{whose} · 按截至昨天的数据 · 预测到 {last}", "{whose} · data until yesterday · up to {last}")
_VERDICT = Label(
    "照现在的做法,到 {last} 净签约额大约 {middle},{band}。",
    "As it goes now, net contracts come to about {middle} by {last} ({band}).",
)
_COUNTED = Label("净签约大约 {middle} 套,{band}。", "About {middle} net contracts ({band}).")
_CHANCE = Label("达到目标 {target} 的概率 {chance}。", "The chance of reaching the target of {target} is {chance}.")
_ESTIMATE = Label("估计,不是承诺", "An estimate, not a promise")
_FROM = Label("这些签约从哪里来(净签约,套)", "Where they come from (net contracts)")
_WHERE, _EXPECTED, _DONE = Label("来源", "From"), Label("预计", "Expected"), Label("今年已签", "Signed this year")
_TOTAL = Label("合计", "Total")
_SOURCES = {
    "subscribed": Label("已认购,待签约", "Subscribed already"),
    "visited": Label("已到访,待认购", "Visited already"),
    "waiting": Label("已留电,待到访", "Leads that have not visited"),
    "leads_to_come": Label("以后的留电", "Leads to come"),
    "walk_ins_to_come": Label("以后的直接到访", "Walk-ins to come"),
}
_WAITING = Label("还没到访的留电,年底前成交的机会", "Leads that have not visited: the chance of a contract by then")
_KIND, _AGE, _AGES = (
    Label("渠道", "Channel"),
    Label("{first}–{last} 天", "{first}–{last} days"),
    Label("{n} 组", "{n} leads"),
)
_WAITING_NOTE = Label(
    "按留电后的天数;机会 = 到访 × 认购 × 签约,各取已成熟留电的比率,小样本向集团收缩;已过去而没来的天数已扣除。",
    "By days since the lead. Chance: visit × subscription × contract at the rates of leads old enough, few cases shrunk to the group, "
    "less what the days gone by would have brought.",
)
_PROJECTS = Label("各项目 · {day} 早上的预测", "Projects, as told on the morning of {day}")
_PROJECT, _AMOUNT, _CONTRACTS = (
    Label("项目", "Project"),
    Label("净签约额", "Net amount"),
    Label("净签约", "Net contracts"),
)
_LIKELY = Label("达标概率", "Chance of target")
_PROJECTS_NOTE = Label(
    "每个项目单独估计,加起来不等于集团;没有列出的项目样本太少。",
    "Each is estimated on its own, so they do not add up to the group; projects with too few cases are not listed.",
)
_TRIED = Label("以前准不准 · 每月 1 日往后 {days} 天", "How forecasts did: {days} days from the first of each month")
_WHO, _TRIALS, _HELD = Label("范围", "Of"), Label("次数", "Trials"), Label("落在80%区间内", "Within the 80% band")
_ERROR, _RATE, _LAST = Label("误差", "Error"), Label("按近 13 周速度", "Run rate"), Label("按去年同期", "Last year")
_EACH = Label("各项目", "Each project")
_WITH_LAST = Label("{whose}(有去年同期的)", "{whose}, where last year is known")
_TRIED_NOTE = Label(
    "误差 = 各次误差的绝对值之和 ÷ 实际净签约之和;越小越好。理想的区间命中率是 75%–85%。用当时已发生的数据重新预测,后来更正的记录按更正后算。",
    "Error: the sum of absolute errors over what came; less is better. 75–85 % within the band is what is aimed at. Made anew from what "
    "had happened by then, with later corrections.",
)
_LOSES = Label("输给:{what}", "Loses against: {what}")
_NEVER_LOSES = Label("比两种简单算法都准。", "Closer than both simple guesses.")
_NARROW = Label(
    "区间偏窄,实际更常落在外面:{what}", "The bands are too narrow, what came lay outside more often: {what}"
)
_NOT_TRIED = Label("历史还不够长,无法回测。", "There is too little history to try it.")
_MORNINGS = Label("每周的预测怎么变", "How the forecast moved, week by week")
_MORNING = Label("早上", "Morning")
_SEASON = Label("季节和节假日(全集团留电)", "Seasons and holidays (leads of the group)")
_SEASON_NOTE = Label(
    "1.00 为平均;按 {years} 年历史,月份的起伏按历史长短打折。",
    "1.00 is average; from {years} years, months drawn towards 1 the shorter that is.",
)
_NO_SEASON = Label("历史不足,暂按没有起伏算。", "Too little history: taken as even.")
_MONTH, _FACTOR = Label("{n}月", "Month {n}"), Label("系数", "Factor")
_WHEN = Label("时间", "When")
_FEASTS = {
    "春节": Label("春节前后", "Spring Festival"),
    "劳动节": Label("五一", "Labour Day"),
    "国庆节": Label("国庆", "National Day"),
    "其他假日": Label("其他假日", "Other holidays"),
}
_SHORT = Label("历史不足一年,月份暂按没有起伏算。", "Less than a year of history: months are taken as even.")
WEEKS_BACK = 8
LEAST_TRIALS, LEAST_HELD = 5, 75
"""From so many trials on, so many of a hundred are to lie within a band of 80 %."""
_AND = "; "


def add(site: "Site", door: Door) -> None:
    """Add the page."""
    door.route(FORECAST, Policy(frozenset(SANDBOX_ROLES), document=True), partial(_show, site))


def _show(site: "Site") -> str:
    view = sandbox_view(site, page)
    title = f"{view.say(FORECAST_WORD)} · {view.words.of('product')}"
    return site.framed(_body(site, view), view, title, section="overview", here=partial(view.address, FORECAST))


def _body(site: "Site", view: View) -> Element:
    known = site.models.of(view, view.where.project, whole=False)
    if isinstance(known, Reading):
        said = view.say(_NONE.format(why=view.words.reason(known)))
        return glance(
            head(view, page, listed=("project",), days=whose(view, only(view))), part("result", p(".nothing")[said])
        )
    days = view.say(_DAYS.format(whose=whose(view, only(view)), last=view.words.day(known.model.points[-1])))
    return glance(
        head(view, page, listed=("project",), days=days),
        part("result", _result(view, known)),
        part("sources", _sources(view, known)),
        part("projects", _projects(site, view)),
        part("tried", _tried(site, view)),
        part("waiting", _waiting(view, known)),
        part("season", _season(site, view)),
        part("mornings", _mornings(site, view)),
        div(".ways")[
            a(href=view.address(SANDBOX))[view.say(SANDBOX_WORD)], a(href=view.address(GAP))[view.say(GAP_WORD)]
        ],
    )


def _is_priced(known: Known) -> bool:
    return known.model.price.mean > 0


def _result(view: View, known: Known) -> Element:
    """The year's end in words, and its fan."""
    words, amount, contracts = view.words, known.base.amount, known.base.contracts
    last = words.day(known.model.points[-1])
    said: list[Node] = []
    if _is_priced(known):
        band = band_said(estimate(amount.low, words), estimate(amount.high, words), words)
        said.append(view.say(_VERDICT.format(last=last, middle=estimate(amount.middle, words), band=band)))
    band = band_said(digits(round(contracts.low)), digits(round(contracts.high)), words)
    said.append(view.say(_COUNTED.format(middle=digits(round(contracts.middle)), band=band)))
    if known.model.target is not None:
        target = words.money(known.model.target)
        said.append(view.say(_CHANCE.format(target=target, chance=chance_said(known.base.chance, words))))
    drawn = div[fan(known.model, known.base, known.base, words), fan_keys(known.model, known.base, words)]
    return panel(
        view.say(_ESTIMATE),
        [p[strong[said[0]]], [p[one] for one in said[1:]]],
        drawn if _is_priced(known) else None,
    )


def _sources(view: View, known: Known) -> Element:
    """Signed already and expected from each stage, to the total."""
    told = sources(known.model, known.draws)
    rows: list[tuple[Node, list[Node]]] = [(view.say(_DONE), [digits(known.model.contracts_done)])]
    rows += [(view.say(_SOURCES[name]), [_tenths(value)]) for name, value in zip(SOURCES, told, strict=True)]
    rows.append((strong[view.say(_TOTAL)], [strong[_tenths(known.model.contracts_done + sum(told))]]))
    title = view.say(_FROM)
    return panel(title, plain_table(title, (view.say(_WHERE), view.say(_EXPECTED)), rows))


def _tenths(value: float) -> str:
    return digits(Fraction(value), 1)


# --------------------------------------------------------------------------------------------------------------- projects


def _projects(site: "Site", view: View) -> Node:
    """Every project by its chance, the lowest first; for those who see more than one."""
    day = last_day(site.world.store)
    if day is None or view.where.project is not None:
        return None
    found = [one for one in forecasts_of(site.world.store, day) if one.project in view.snapshot.projects]
    found.sort(key=lambda one: (one.then.chance is None, one.then.chance, one.project))
    title = view.say(_PROJECTS.format(day=view.words.day(day)))
    heads = [view.say(one) for one in (_PROJECT, _LIKELY, _AMOUNT, _CONTRACTS, _DONE)]
    rows = [(whose(view, one.project), _told(view, one)) for one in found]
    return panel(title, plain_table(title, heads, rows), p(".panel-note")[view.say(_PROJECTS_NOTE)])


def _told(view: View, one: Forecast) -> list[Node]:
    words, (low, middle, high), (few, some, many) = view.words, one.then.amount, one.then.contracts
    target = words.of("sandbox_over", target=words.money(one.target)) if one.target is not None else ""
    return [
        with_note(chance_said(one.then.chance, words), target),
        with_note(words.money(middle), f"{words.money(low)}–{words.money(high)}"),
        with_note(digits(some), f"{digits(few)}–{digits(many)}"),
        digits(one.done),
    ]


def _mornings(site: "Site", view: View) -> Node:
    """What each week's Monday told."""
    since = view.as_of.date() - timedelta(weeks=WEEKS_BACK)
    found = told_before(site.world.store, only(view), since)
    shown = [one for one in found if one.day.weekday() == 0 or one is found[-1]]
    if len(shown) < 2:
        return None
    title = view.say(_MORNINGS)
    heads = [view.say(one) for one in (_MORNING, _LIKELY, _AMOUNT, _CONTRACTS, _DONE)]
    rows = [(view.words.day(one.day), _told(view, one)) for one in shown[::-1]]
    return panel(title, plain_table(title, heads, rows))


# -------------------------------------------------------------------------------------------------------- how it did before


def _tried(site: "Site", view: View) -> Element:
    """How often what came lay within the band, and the error against simpler guesses; said where it loses."""
    title = view.say(_TRIED.format(days=digits(HORIZON)))
    kept = last_trials(site.world.store)
    if not kept:
        return panel(title, p(".nothing")[view.say(_NOT_TRIED)])
    told = [(name, score(part)) for name, part in _parts(view, kept) if part]
    heads = [view.say(one) for one in (_WHO, _TRIALS, _HELD, _ERROR, _RATE, _LAST)]
    if not told:
        return panel(title, p(".nothing")[view.say(_NOT_TRIED)])
    narrow = _AND.join(f"{name} {_held(one)}" for name, one in told if _is_narrow(one))
    lost = [f"{name} · {view.say(what)}" for name, one in told for what in _lost(one)]
    said = view.say(_LOSES.format(what=_AND.join(lost)) if lost else _NEVER_LOSES)
    return panel(
        title,
        plain_table(title, heads, [(name, _score(view, one)) for name, one in told]),
        p[strong[said]],
        narrow and p[view.say(_NARROW.format(what=narrow))],
        p(".panel-note")[view.say(_TRIED_NOTE)],
    )


def _parts(view: View, tried: Sequence[Trial]) -> list[tuple[str, list[Trial]]]:
    """What the viewer may know of: the group and all projects, or the one in view; each again where last year is known."""
    if view.where.project is None:
        sides = {view.say(GROUP): True, view.say(_EACH): False}
        told = [(name, [one for one in tried if (one.project is None) == is_group]) for name, is_group in sides.items()]
    else:
        told = [(whose(view, only(view)), [one for one in tried if one.project == only(view)])]
    known = [
        (view.say(_WITH_LAST.format(whose=name)), [one for one in part if one.last_year is not None])
        for name, part in told
    ]
    return [*told, *(one for one, whole in zip(known, told, strict=True) if len(one[1]) < len(whole[1]))]


def _is_narrow(one: Score) -> bool:
    """Whether so few trials held that the bands are too narrow; a handful cannot tell."""
    return one.trials >= LEAST_TRIALS and 100 * one.held < LEAST_HELD * one.trials


def _held(one: Score) -> str:
    return f"{digits(Fraction(100 * one.held, one.trials))}%"


def _lost(one: Score) -> list[Label]:
    simple = ((_RATE, one.run_rate), (_LAST, one.last_year))
    return [what for what, error in simple if error is not None and one.error is not None and error < one.error]


def _score(view: View, one: Score) -> list[Node]:
    errors = [
        quiet("–") if error is None else f"{digits(error * 100)}%" for error in (one.error, one.run_rate, one.last_year)
    ]
    return [digits(one.trials), _held(one), *errors]


# ----------------------------------------------------------------------------------------------------------- what it rests on


def _waiting(view: View, known: Known) -> Node:
    """The chance of leads that have not visited, by kind of channel and age."""
    kinds = [kind for kind in known.model.kinds if any(one.n for one in kind.waiting)]
    if not kinds:
        return None
    ages = [view.say(_AGE.format(first=str(one.first), last=str(one.last))) for one in kinds[0].waiting]
    rows = [
        (kind_said(view, kind.name), [_one_waiting(view, known, kind, one) for one in kind.waiting]) for kind in kinds
    ]
    title = view.say(_WAITING)
    return panel(title, plain_table(title, [view.say(_KIND), *ages], rows), p(".panel-note")[view.say(_WAITING_NOTE)])


def _one_waiting(view: View, known: Known, kind: Kind, one: Waiting) -> Node:
    told = chance(known.model, kind, one)
    if told is None:
        return quiet("–")
    return with_note("<0.1%" if told < 0.001 else f"{told * 100:.1f}%", view.say(_AGES.format(n=digits(one.n))))


def _season(site: "Site", view: View) -> Element:
    """How busy months and feasts are, as the forecast takes them."""
    title, found = view.say(_SEASON), site.models.history(view.snapshot).every_season
    if not found.years:
        return panel(title, p(".panel-note")[view.say(_NO_SEASON)])
    rows = [(view.say(_FEASTS[name]), [f"{found.feasts[name]:.2f}"]) for name in NAMES]
    if found.tells_months:
        rows += [(view.say(_MONTH.format(n=str(at + 1))), [f"{value:.2f}"]) for at, value in enumerate(found.months)]
    note = view.say(_SEASON_NOTE.format(years=f"{found.years:.1f}")) if found.tells_months else view.say(_SHORT)
    return details(".entry")[
        summary[title], plain_table(title, (view.say(_WHEN), view.say(_FACTOR)), rows), p(".panel-note")[note]
    ]
