"""Every component in every state, both themes side by side, with fixed examples; for whoever changes how things look. Demo mode only.

Nothing here is ever loading: a number is there, or the word and the reason why it is not.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from flask import request
from htpy import Element, Node, a, dd, div, dl, dt, fragment, h1, h2, header, i, li, main, p, section, span, ul
from markupsafe import Markup

from components.alert import SEVERITIES, alert_counts, alerts
from components.board import board_card
from components.filters import Filter, Option, filters
from components.funnel import funnel_card, funnel_legend, hatch
from components.heatmap import heatmap
from components.icons import icon
from components.leak import leak_table
from components.missing import few_mark, missing, missing_mark
from components.pace import pace_bars, pace_legend
from components.shell import document, notices, panel
from components.shell_phone import badge
from components.shell_wall import failed_panel
from components.status import Freshness, status
from components.still import standing_still
from components.still_trend import still_trend
from components.ticker import ticker
from components.tile import metric_tile
from components.trend import trend_figure
from components.verdict import verdict
from components.words import Words
from dashboards._assets import Assets
from dashboards._door import SIGNED_IN_DOCUMENT, Door
from dashboards._page import World
from metrics.boards import Board, Standing
from metrics.funnel import Funnel, Leak, Stage
from metrics.gap import Gap, GapInputs
from metrics.heat import Cell, Grid
from metrics.overview import Compared, Pace
from metrics.pack import Label, Metric, Rule
from metrics.periods import Span
from metrics.reading import Reading, count, ratio
from metrics.reading import missing as lacking
from metrics.rules import Evidence, Finding
from metrics.snapshot import Event, Frozen
from metrics.trend import Point

PATH = "/gallery"
THEMES = {"light": Label("浅色", "Light"), "dark": Label("深色", "Dark")}
_TITLE = Label("组件画廊", "Gallery")
_MORE = Label("每个组件的每种状态,数据为固定示例。", "Every component in every state, on fixed examples.")
_HOME = Label("回到首页", "To the first page")
_NOW = datetime(2026, 3, 11, 10, 42)
_SPAN = Span(date(2026, 3, 2), date(2026, 3, 8))
_NAMES = {"p1": "云岫府", "p2": "文昌学府", "p3": "望澜湾", "p4": "栖云台", "c1": "抖音", "c2": "自然到访"}
_NORMAL, _EMPTY = Label("正常", "Normal"), Label("空", "Empty")
_ABSENT, _FEW = Label("无数据及原因", "No data, with the reason"), Label("样本不足", "Too few cases")
_LEADS = Metric(
    "leads", Label("留电", "Leads"), Label("来了多少客户?", "How many came?"), "count", "higher", 0, "party"
)
_COST = Metric("cost", Label("留电成本", "Cost per lead"), Label("一组多少钱?", "How much each?"), "money", "lower")
_RATE = Metric(
    "rate", Label("到访转化率", "Visit rate"), Label("多少人来访?", "How many visit?"), "percent", "higher", 30
)

Samples = Iterator[tuple[Label, Node]]


@dataclass(frozen=True)
class Exhibit:
    """One component: its name, and what makes its samples, each with the name of its state."""

    name: str
    title: Label
    samples: Callable[[Words], Samples]


def add(door: Door, world: World, assets: Assets) -> None:
    """Add the gallery's page; outside the demo there is none."""

    def show() -> str:
        words = world.words(request.args.get("lang", ""))
        return gallery(
            words, assets.aside_css + assets.gallery_css, (assets.address("plotly.js"), assets.address("gallery.js"))
        )

    if world.demo:
        door.route(PATH, SIGNED_IN_DOCUMENT, show)


def gallery(words: Words, css: str, scripts: Sequence[str] = ()) -> str:
    """The whole page."""
    other = "zh" if words.language == "en" else "en"
    top = header(".gallery-head")[
        h1(".page-title")[words.say(_TITLE)],
        p(".page-subtitle")[words.say(_MORE)],
        a(".gallery-link", href=f"{PATH}?lang={other}")[words.of("other_language")],
        a(".gallery-link", href="/")[words.say(_HOME)],
    ]
    sources = [_own_ids(hatch(), theme, words) for theme in THEMES]
    body = main("#content.gallery")[sources, top, [_exhibit(each, words) for each in EXHIBITS]]
    return document(f"{words.say(_TITLE)} · {words.of('product')}", body, words=words, css=css, scripts=scripts)


def _exhibit(each: Exhibit, words: Words) -> Element:
    return section(f"#{each.name}.exhibit")[
        h2(".panel-title")[words.say(each.title)],
        [_sample(state, markup, words) for state, markup in each.samples(words)],
    ]


def _sample(state: Label, markup: Node, words: Words) -> Element:
    sides = [div(f".exhibit-side.{theme}")[_own_ids(markup, theme, words)] for theme in THEMES]
    return div(".exhibit-sample")[p(".exhibit-state")[words.say(state)], div(".exhibit-sides")[sides]]


def _own_ids(markup: Node, theme: str, words: Words) -> Markup:
    """The same markup may stand once per theme: its ids and the names of its landmarks differ."""
    named = re.sub(r'(<nav [^>]*aria-label=")', rf"\1{words.say(THEMES[theme])} · ", _html(markup))
    return Markup(re.sub(r'(<\w+[^>]*? id=")', rf"\1{theme}-", named))


def _html(markup: Node) -> str:
    """The markup as plain text, which can be changed."""
    return "".join([str(fragment[markup])])


def _colours(words: Words) -> Samples:
    names = ("paper", "sheet", "ink", "quiet", "line", "accent", *SEVERITIES, "green", "skipped", "waiting", "track")
    scale = tuple(f"heat-{level}" for level in range(1, 6))
    yield (
        Label("颜色", "Colours"),
        ul(".gallery-swatches")[
            [li[i(".gallery-swatch", style=f"background: var(--{name})"), name] for name in (*names, *scale)]
        ],
    )


def _texts(words: Words) -> Samples:
    sizes = ("text-s", "text", "text-l", "text-xl", "title", "figure", "figure-l")
    yield (
        Label("字号", "Text sizes"),
        [p(style=f"font-size: var(--{size})")[f"留电 1,234.5万 {size}"] for size in sizes],
    )


def _icons(words: Words) -> Samples:
    names = ("overview", "funnels", "heat", "boards", "alerts", "up", "down", "flat", "unknown", *SEVERITIES, "calm")
    drawn = [li[icon(name), span[words.of(name)]] for name in (*names, "theme_auto", "theme_dark", "theme_light")]
    yield Label("图标旁总有文字", "An icon stands beside a word"), ul(".gallery-swatches")[drawn]


def _tiles(words: Words) -> Samples:
    def tile(metric: Metric, now: Reading, before: Reading, change: Fraction | None = None) -> Node:
        return div(".tiles")[metric_tile(Compared(metric.name, now, now, before, change), metric, words)]

    yield Label("正常 · 上升向好", "Normal, up is better"), tile(_LEADS, count(1286), count(1102), Fraction(184, 1102))
    yield Label("正常 · 上升转弱", "Normal, up is worse"), tile(_COST, count(386), count(342), Fraction(44, 342))
    yield (
        Label("正常 · 比率下降", "Normal, a rate falls"),
        tile(_RATE, ratio(158, 1286), ratio(162, 1102), Fraction(-24, 1000)),
    )
    yield Label("持平", "Flat"), tile(_LEADS, count(1102), count(1102), Fraction(0))
    yield Label("零,不是无数据", "Zero, which is not missing"), tile(_LEADS, count(0), count(0))
    yield Label("无可比数据", "Nothing to compare"), tile(_LEADS, count(12), lacking("no_record"))
    yield _FEW, tile(_RATE, ratio(3, 7), ratio(2, 9), Fraction(20, 100))
    for why in ("absent", "spend_open", "nothing", "immature", "scope"):
        word = words.missing(lacking(why))
        yield Label(word, word), tile(_COST, lacking(why, "spend"), lacking(why))


def _pace(project: str | None, attained: Fraction | None, elapsed: Fraction = Fraction(69, 100)) -> Pace:
    target = Fraction(1_500_000_000)
    done = count(target * (attained if attained is not None else Fraction(1, 9)))
    if attained is None:
        return Pace(project, done, None, None, elapsed, None)
    return Pace(project, done, target, attained, elapsed, elapsed - attained)


def _verdicts(words: Words) -> Samples:
    inputs = GapInputs(Decimal(1_500_000_000), Decimal(2_500_000), Decimal("0.042"))
    short, enough = Gap(inputs, 14_285, 11_004), Gap(inputs, 14_285, 15_100)
    title = words.say(Label("年度目标 · 净签约额", "Target of the year · net contracts"))
    said = partial(verdict, words=words, title=title)
    yield Label("落后", "Behind"), said(_pace(None, Fraction(52, 100)), short)
    yield Label("领先", "Ahead"), said(_pace(None, Fraction(78, 100)), enough)
    yield Label("超额", "Beyond the target"), said(_pace(None, Fraction(118, 100)), None)
    yield Label("持平", "Level"), said(_pace(None, Fraction(69, 100)), None)
    yield Label("未设目标", "No target"), said(_pace(None, None), None)
    unknown = Pace(None, lacking("absent", "contract.amount"), None, None, Fraction(69, 100), None)
    yield _ABSENT, said(unknown, None)


def _paces(words: Words) -> Samples:
    paces = [
        _pace("p2", Fraction(31, 100)),
        _pace("p1", Fraction(69, 100)),
        _pace("p3", Fraction(112, 100)),
        _pace("p4", None),
    ]
    yield (
        Label("落后、持平、领先、未设目标", "Behind, level, ahead, no target"),
        [pace_bars(paces, _NAMES.get, words), pace_legend(words)],
    )


def _stage(step: str, zh: str, en: str, reached: Reading, before: Reading | None = None, **others: Any) -> Stage:
    known = before is not None and before.value is not None and reached.value is not None
    rate = ratio(reached.value, before.value) if known and before else lacking("nothing")  # type: ignore[arg-type]
    return Stage(step, Label(zh, en), reached, others.pop("rate", rate), lacking("nothing"), **others)


def _chain(basis: Any, *counts: Reading, **notes: Mapping[str, Any]) -> Funnel:
    steps = (
        ("exposure", "曝光", "Exposures"),
        ("lead", "留电", "Leads"),
        ("visit", "到访", "Visits"),
        ("subscription", "认购", "Subscriptions"),
        ("contract", "签约", "Contracts"),
    )
    before = (None, *counts)
    stages = (
        _stage(*step, now, then, **notes.get(step[0], {}))
        for step, now, then in zip(steps, counts, before, strict=False)
    )
    return Funnel("p1", basis, tuple(stages))


def _funnels(words: Words) -> Samples:
    def card(one: Funnel, weakest: str | None = None) -> Node:
        return div(".funnels")[funnel_card(one, "云岫府", words, weakest=weakest)]

    peers: Mapping[str, Any] = {
        "visit": {"peers_median": Fraction(1, 4), "skipped": 30},
        "subscription": {"peers_median": Fraction(1, 5)},
    }
    period = _chain("period", *map(count, (42_000, 600, 120, 34, 40)), **peers)
    yield (
        Label("正常 · 当期,有直接到访、最弱、超100%", "Normal: walk-ins, the weakest step, over 100%"),
        card(period, "visit"),
    )
    young: Mapping[str, Any] = {
        "visit": {"immature": 90},
        "subscription": {"immature": 30, "rate": lacking("immature")},
    }
    yield (
        Label("正常 · 批次,有未成熟", "Normal: cohort, some too young"),
        card(_chain("cohort", *map(count, (42_000, 600, 120, 20, 6)), **young)),
    )
    yield _EMPTY, card(_chain("period", *map(count, (0, 0, 0, 0, 0))))
    gone = lacking("absent", "exposure")
    yield _ABSENT, card(_chain("period", gone, *map(count, (600, 120, 34, 20))))
    yield Label("图例", "Legend"), funnel_legend(words)


def _leaks(words: Words) -> Samples:
    table = partial(leak_table, step=words.of("event_visit"), channel_name=_NAMES.get, words=words, min_n=20)
    found = [
        Leak("c1", count(60), ratio(60, 320), 260),
        Leak("c2", count(4), ratio(4, 11), 7),
        Leak("", count(0), lacking("nothing"), 0),
    ]
    yield Label("正常、样本不足、无数据", "Normal, too few, no data"), table(found)
    yield _EMPTY, table([])


def _heats(words: Words) -> Samples:
    def grid(
        metric: Metric, *rows: tuple[Cell, ...], absent: Reading | None = None, bounds: Any = (1, 3, 6, 10, 20)
    ) -> Node:
        columns = tuple(str(3 * at) for at in range(8))
        one = Grid(metric.name, tuple(_NAMES)[: len(rows)], columns, rows, bounds, 3, absent)
        return heatmap(one, metric, words, title=words.say(metric.label), row_name=_NAMES.__getitem__, column_name=str)

    counts = ((0, 0), (1, 1), (4, 2), (7, 3), (12, 4), (31, 5), (8, 3), (0, 0))
    cells = tuple(Cell(count(value), value, False, level) for value, level in counts)
    yield Label("正常,六档", "Normal, all six levels"), grid(_LEADS, cells, cells[::-1])
    few = Cell(ratio(1, 3), 3, True, 2)
    rates = (
        *(Cell(ratio(level, 9), 90, False, level) for level in range(6)),
        few,
        Cell(lacking("nothing"), 0, False, 0),
    )
    yield (
        Label("比率,有样本不足与空格", "Rates, too few cases, empty cells"),
        grid(_RATE, rates, bounds=tuple(Fraction(at, 9) for at in range(1, 6))),
    )
    yield _EMPTY, grid(_LEADS, tuple(Cell(count(0), 0, False, 0) for _ in range(8)), bounds=())
    yield _ABSENT, grid(_LEADS, absent=lacking("absent", "lead"))


def _boards(words: Words) -> Samples:
    def card(title: Label, metric: Metric, *rows: Standing, **others: Any) -> Node:
        board = Board(
            "b",
            metric.name,
            _SPAN,
            others.pop("weeks", 1),
            rows,
            others.pop("unranked", ()),
            others.pop("absent", None),
        )
        return board_card(board, metric, words.say(title), _NAMES.get, words, **others)

    def standing(subject: str, rank: int | None, value: Reading, raw: Reading | None = None, **others: Any) -> Standing:
        return Standing(subject, rank, value, raw or value, **others)

    leads, rates = Label("周留电", "Leads of the week"), Label("到访转化", "Visit rate")
    yield (
        Label("正常,有并列、升、降、新上榜", "Normal: tied, up, down, new"),
        card(
            leads,
            _LEADS,
            standing("p1", 1, count(118), change=0),
            standing("p2", 2, count(96), change=3, tied=True),
            standing("p3", 2, count(96), change=-1, tied=True),
            standing("p4", 4, count(40)),
        ),
    )
    small = standing("p3", None, ratio(1, 4), few=True)
    unknown = standing("p4", None, lacking("absent", "visit"))
    adjusted = (
        standing("p1", 1, ratio(24, 100), ratio(31, 118), change=1),
        standing("p2", 2, ratio(20, 100), ratio(18, 96), change=-1),
    )
    yield (
        Label("折算、原值、样本不足不参与排名", "Adjusted, raw beside; too few are not ranked"),
        card(rates, _RATE, *adjusted, unranked=(small, unknown), weeks=4, basis="cohort"),
    )
    yield (
        Label("只见自己的名次", "The own rank alone"),
        card(leads, _LEADS, standing("p2", 7, count(41), change=2), of=24),
    )
    yield _EMPTY, card(leads, _LEADS)
    yield _ABSENT, card(Label("留电成本", "Cost per lead"), _COST, absent=lacking("spend_open"))


def _found() -> tuple[list[Finding], dict[str, Rule]]:
    rule = Rule(
        "slow",
        "limit",
        "red",
        Label("A级响应慢", "Slow with grade A"),
        Label("{project}A级客户30分钟响应率只有{rate}", "{project}: only {rate} answered within 30 minutes"),
        Label("今天逐个回访未联系的A级客户", "Call back every one of them today"),
    )
    facts = (
        Evidence(Label("响应率", "Answered"), Fraction(61, 100), "percent"),
        Evidence(Label("样本", "Cases"), 23, "count"),
    )
    values: dict[str, Any] = {"rate": Fraction(61, 100)}
    since = [_NOW - timedelta(hours=2), datetime(2026, 3, 10), datetime(2026, 1, 1)]
    found = [
        Finding("slow", level, "project", subject, at, values, {"rate": "percent"}, facts)
        for level, subject, at in zip(SEVERITIES, _NAMES, since, strict=False)
    ]
    return found, {"slow": rule}


def _alerts(words: Words) -> Samples:
    found, rules = _found()
    listed = partial(alerts, rules=rules, subject_name=lambda one: _NAMES.get(one.subject), words=words, now=_NOW)
    yield Label("红、橙、黄", "Red, orange, yellow"), listed(found)
    yield Label("计数", "Counts"), alert_counts([*found, found[0]], words)
    yield _EMPTY, [alert_counts([], words), listed([])]


def _trends(words: Words) -> Samples:
    values = (31, 34, 28, 40, None, 44, 39, 52, 47, 50, 61, 58, 66, 12)
    days = [date(2026, 2, 26) + timedelta(days=at) for at in range(len(values))]
    readings = [lacking("absent") if value is None else count(value) for value in values]
    points = [Point(day, reading, day == days[-1]) for day, reading in zip(days, readings, strict=True)]
    nothing = [Point(day, lacking("absent")) for day in days]
    yield (
        Label("页内:正常,有缺口,今天未完", "In the page: a gap, and today still runs"),
        still_trend(points, _LEADS, words),
    )
    yield Label("页内:无数据", "In the page: no data"), still_trend(nothing, _LEADS, words)
    yield Label("正常,有缺口,今天未完", "Normal: a gap, and today still runs"), _trend(points, words)
    yield _ABSENT, _trend(nothing, words)


def _trend(points: list[Point], words: Words) -> Element:
    """The place of a chart; gallery.js puts the theme's colours in and draws it."""
    colours = {name: f"var(--{name})" for name in ("ink", "quiet", "line", "accent", "sheet")}
    return div(".gallery-chart", data_figure=json.dumps(trend_figure(points, _LEADS, words, colours)))


def _tickers(words: Words) -> Samples:
    shown = partial(ticker, project_name=_NAMES.get, channel_name=_NAMES.get, words=words, now=_NOW)
    events = [
        Event("contract", _NOW - timedelta(minutes=1), "p1", "c1", "", None, Decimal(3_860_000)),
        Event("subscription", _NOW - timedelta(minutes=9), "p2", "c2", ""),
        Event("visit", _NOW - timedelta(hours=1), "p3", "c2", ""),
        Event("lead", _NOW - timedelta(days=1), "", "c1", "", "A"),
    ]
    yield _NORMAL, shown(events)
    yield _EMPTY, shown([])


def _statuses(words: Words) -> Samples:
    for label, seconds in (
        (Label("实时", "Live"), 8),
        (Label("更新延迟", "Delayed"), 95),
        (Label("已停更", "Stopped"), 2_700),
    ):
        yield label, status(Freshness(_NOW - timedelta(seconds=seconds), _NOW), words)
    live = _html(status(Freshness(_NOW - timedelta(seconds=40), _NOW), words))
    yield Label("连接中断", "Offline"), Markup(live.replace("is-live", "is-offline"))
    frozen = (Frozen("spend", _NOW - timedelta(hours=3), "gone"), Frozen("visit", _NOW - timedelta(days=2), "gone"))
    yield Label("部分数据停更", "Some data stands still"), standing_still(frozen, words, _NOW)


def _missings(words: Words) -> Samples:
    for why in ("absent", "no_target", "spend_open", "immature"):
        reading = lacking(why, "spend")
        yield Label(words.missing(reading), words.missing(reading)), missing(reading, words)
    marks = dl(".gallery-marks")[
        dt["missing_mark"], dd[missing_mark(lacking("absent", "spend"), words)], dt["few_mark"], dd[few_mark(30, words)]
    ]
    yield Label("表格里的短标记", "Short marks in tables"), marks


def _filters(words: Words) -> Samples:
    texts = words.language == "en"
    days = tuple(
        Option(name, en if texts else zh)
        for name, zh, en in (("", "本周", "This week"), ("month", "本月", "This month"))
    )
    names = (Option("", words.of("all")), *(Option(id, name) for id, name in list(_NAMES.items())[:4]))
    period = Filter("period", words.say(Label("时间", "Period")), days, "month", links=True)
    project = Filter("project", words.of("project"), names, "p2")
    made = filters(PATH, (period, project), words)
    yield Label("收起", "Closed"), made
    opened = _html(filters(PATH, (project,), words)).replace('<details id="filters"', '<details open id="opened"')
    yield Label("展开", "Open"), Markup(opened)


def _panels(words: Words) -> Samples:
    title = words.say(Label("全链路", "The whole chain"))
    note = words.say(Label("本周 3月9日–3月11日", "This week, 9 Mar–11 Mar"))
    yield _NORMAL, panel(title, p[words.say(Label("内容", "Content"))], note=note)
    yield (
        Label("出错:一块坏了,旁边照常", "Error: one panel fails, its neighbours stay"),
        failed_panel(title, _NOW, words),
    )
    yield (
        Label("有新版本、需重新登录", "A new version, sign in again"),
        Markup(_html(notices(words, sign_in="/sign-in")).replace(" hidden", "")),
    )
    yield (
        Label("按钮与角标", "Button and badge"),
        [a(".button.gallery-button", href=PATH)[words.of("apply")], span(".gallery-badge")[badge(21)]],
    )


EXHIBITS = (
    Exhibit("colours", Label("颜色", "Colours"), _colours),
    Exhibit("texts", Label("字号", "Text"), _texts),
    Exhibit("icons", Label("图标", "Icons"), _icons),
    Exhibit("verdict", Label("目标判断", "Verdict"), _verdicts),
    Exhibit("tile", Label("数字块", "Tile"), _tiles),
    Exhibit("pace", Label("目标进度", "Pace"), _paces),
    Exhibit("funnel", Label("漏斗", "Funnel"), _funnels),
    Exhibit("leak", Label("漏点", "Leaks"), _leaks),
    Exhibit("heatmap", Label("热力", "Heatmap"), _heats),
    Exhibit("board", Label("榜单", "Board"), _boards),
    Exhibit("alert", Label("预警", "Alerts"), _alerts),
    Exhibit("trend", Label("走势", "Trend"), _trends),
    Exhibit("ticker", Label("动态", "Ticker"), _tickers),
    Exhibit("status", Label("数据时间", "Status"), _statuses),
    Exhibit("missing", Label("缺数据", "Missing"), _missings),
    Exhibit("filters-and-choices", Label("筛选", "Filters"), _filters),
    Exhibit("panel", Label("面板与提示", "Panel and notices"), _panels),
)
