"""One board: any week of it, against another one, how it is read, what later data says, and as a file."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from flask import Response, abort, g, request
from htpy import Node, a, div, p
from werkzeug.wrappers import Response as Answer

from components.board import board_card, move_said
from components.customers import export_forms
from components.record import record_facts, record_table, week_choice
from components.shell import glance, page_head, part
from components.spreadsheet import csv_file, xlsx_file
from dashboards._door import FORM, Door, Policy
from dashboards._filters import board_weeks
from dashboards._page import View
from dashboards._shelf import Shelf, Shown, duel_in_view, section_of, shown
from dashboards.boards import page, published_said, states, waiting_said
from data_access.store.audit import record
from metrics.boards import Board, Standing
from metrics.duels import Duel, Meeting, season
from metrics.pack import BoardSpec, Label, Metric
from metrics.periods import year_of_week
from metrics.reading import Number, Reading, money_text
from metrics.records import AWARD_WEEKS, Definition, Place, Record, awards, streaks
from metrics.scope import PROJECT_ROLES

if TYPE_CHECKING:
    from dashboards._site import Site

_POLICY = Policy(frozenset(PROJECT_ROLES), document=True, accepts=FORM)
_FILES = {
    "csv": (csv_file, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_file, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_WEEK, _AGAINST, _NONE = Label("榜单周", "Week"), Label("对比周", "Against"), Label("不对比", "None")
_BACK = Label("返回排行", "Back to boards")
_COMPARED = Label("与{days}对比", "Against {days}")
_PARTS, _POINTS = Label("各项得分(权重)", "Points by part (weight)"), Label("总分", "Total")
_READ = Label("榜单口径", "How it is read")
_RESTATED = Label("重述", "Restatements")
_RESTATED_NOTE = Label(
    "发布后数据有变:榜单和名次不改,只在这里列出。",
    "Data that came later changes no published board; it is listed here.",
)
_KEPT = Label("重点维系", "Keep in touch")
_KEPT_NOTE = Label("近 13 周有转介成交或转介较多", "Contracts or many referrals in 13 weeks")
_STREAKS, _AWARDS = Label("连续TOP3", "TOP3 in a row"), Label("优先集团年度评优", "Year-end awards")
_AWARDS_NOTE = Label(
    "本年连续 {n} 周TOP3,以已发布榜单为准", "{n} weeks of TOP3 in a row this year, by published boards"
)
_TABLE, _MEETINGS = Label("赛季积分", "Season"), Label("本周对阵", "Meetings of the week")
_OTHER = Label("对手", "Opponent")
_H = {
    "name": Label("名称", "Name"),
    "rank": Label("名次", "Rank"),
    "value": Label("数值", "Value"),
    "raw": Label("原值", "Raw"),
    "quotient": Label("分子÷分母", "Quotient"),
    "numerator": Label("分子", "Numerator"),
    "denominator": Label("分母", "Denominator"),
    "n": Label("样本", "n"),
    "change": Label("变化", "Change"),
    "note": Label("说明", "Note"),
    "from": Label("原", "From"),
    "to": Label("现", "To"),
    "at": Label("时间", "When"),
    "why": Label("原因", "Why"),
    "weeks": Label("周数", "Weeks"),
    "since": Label("起止周", "From, to"),
    "referrals": Label("转介", "Referrals"),
    "referred_contracts": Label("转介成交", "Referred contracts"),
    "reward": Label("奖励", "Reward"),
    "last": Label("最近转介", "Last"),
    "won": Label("胜", "Won"),
    "drawn": Label("平", "Drawn"),
    "lost": Label("负", "Lost"),
    "points": Label("积分", "Points"),
    "against": Label("对手", "Opponent"),
    "outcome": Label("结果", "Result"),
}
_LATER = Label("后到数据", "Later data")
_NOTHING = Label("无", "None")
_OUTCOMES = {
    "won": Label("胜", "Won"),
    "lost": Label("负", "Lost"),
    "draw": Label("平", "Draw"),
    "none": Label("不计", "Void"),
}
_FACTS = {
    "of": Label("对象", "Ranks"),
    "formula": Label("公式", "Formula"),
    "window": Label("周期", "Window"),
    "min_n": Label("最小样本", "Least n"),
    "shrink": Label("折算", "Adjusted"),
    "weights": Label("权重", "Weights"),
    "rewards": Label("奖励", "Reward"),
    "exempt": Label("试点免责", "Exempt pilots"),
    "pack": Label("口径版本", "Pack"),
    "snapshot": Label("数据版本", "Snapshot"),
    "published": Label("发布", "Published"),
    "digest": Label("摘要", "Digest"),
}
_WINDOWS = {
    "year": Label("年初至本周", "The year so far"),
    "weeks": Label("{n} 个完整周", "{n} full weeks"),
    "against": Label("较此前 {n} 周均值", "Against the mean of {n} weeks before"),
}
_SHRUNK = Label("按样本量向集团均值折算", "Drawn towards the group by sample size")
_REWARD = Label("每转介 {referral} · 每成交 {contract}", "{referral} a referral, {contract} a contract")
_WATERMARK = Label(
    "{who} · {when} 导出 · {title} · {week} · {state} · 摘要 {digest}",
    "{who} · exported {when} · {title} · {week} · {state} · digest {digest}",
)


def add(site: "Site", door: Door) -> None:
    """Add the page of one board and its files."""
    door.route(f"{page.path}/<name>", _POLICY, partial(_show, site))
    for kind in _FILES:
        door.route(f"{page.path}/<name>/export.{kind}", _POLICY, partial(_export, site, kind), methods=("POST",))


def _view(site: "Site") -> tuple[View, Shelf]:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    assert view.shelf is not None
    return view, view.shelf


def _show(site: "Site", name: str) -> str:
    view, shelf = _view(site)
    spec = shelf.boards.all.get(name) or abort(404)
    weeks = _weeks(view, shelf, name)
    monday, other = _asked("week", weeks) or weeks[0], _asked("with", weeks)
    body = _duel(view, shelf, spec, monday) if isinstance(spec, Duel) else _board(view, shelf, spec, monday, other)
    title = view.say(spec.label)
    week = view.words.span(monday, monday + timedelta(6))
    asked = {"week": monday.isoformat(), "with": other.isoformat() if other else ""}
    files = [(kind.upper(), _address(view, f"{name}/export.{kind}", asked)) for kind in _FILES]
    content = glance(
        part("head", page_head(title, subtitle=week), _choice(view, spec, weeks, monday, other)),
        part("board", body),
        export_forms(files, view.words),
        div(".ways")[a(href=view.address(page.path, week=asked["week"]))[view.say(_BACK)]],
    )
    here = lambda **changes: _address(view, name, {**asked, **changes})  # noqa: E731
    return site.framed(content, view, f"{title} · {view.words.of('product')}", section=page.name, here=here)


def _address(view: View, more: str, asked: dict[str, str]) -> str:
    return view.address(f"{page.path}/{more}", **asked)


def _weeks(view: View, shelf: Shelf, name: str) -> list[date]:
    """Every week that can be opened, newest first: the published ones, and the last full ones that the data shows."""
    closed = [week for week in board_weeks(view.snapshot) if week < shelf.running]
    return sorted({one.week for one in shelf.weeks(name)} | set(closed), reverse=True)


def _asked(key: str, weeks: Sequence[date]) -> date | None:
    """A week of the address; 404 for one that cannot be opened."""
    text = request.args.get(key, "")
    if not text:
        return None
    return next((week for week in weeks if week.isoformat() == text), None) or abort(404)


def _choice(view: View, spec: BoardSpec | Duel, weeks: Sequence[date], monday: date, other: date | None) -> Node:
    said = [(week.isoformat(), f"{week.year} {view.words.span(week, week + timedelta(6))}") for week in weeks]
    fields = [("week", view.say(_WEEK), said, monday.isoformat())]
    if isinstance(spec, BoardSpec):
        against = [("", view.say(_NONE)), *said]
        fields.append(("with", view.say(_AGAINST), against, other.isoformat() if other else ""))
    kept = list(view.filters.chosen("lang", "theme").items())
    return week_choice(f"{page.path}/{spec.name}", fields, kept, view.words)


# ------------------------------------------------------------------------------------------------------------- one board


def _board(view: View, shelf: Shelf, spec: BoardSpec, monday: date, other: date | None) -> Node:
    found = shown(view, spec, monday)
    metric, name = view.pack.board_metric(spec), view.naming(spec.of)
    said = " · ".join(states(view, found, spec.name, monday))
    return [
        board_card(
            found.board, metric, view.say(spec.label), name, view.words, of=found.among, more=p(".board-state")[said]
        ),
        _parts(view, spec, found.board),
        _compared(view, spec, found, shown(view, spec, other), other) if other else None,
        _rewards(view, spec, found.board),
        _kept(view, found.board),
        _restated(view, shelf, spec, metric, found, monday),
        _streaks(view, spec, found, shelf.records(spec.name), monday) if found.record else None,
        _definition(view, shelf, found.record) if found.record else None,
    ]


def _called(view: View, of: str, subject: str) -> str:
    return view.naming(of)(subject) or view.words.of("unassigned")


def _heads(view: View, *names: str) -> list[str]:
    return [view.say(_H[name]) for name in names]


def _parts(view: View, spec: BoardSpec, board: Board) -> Node:
    """Each part's reading and points beside the total, with the weights."""
    if not spec.parts:
        return None
    words = view.words
    heads = [f"{view.say(view.pack.metric(one.metric).label)} ({int(one.weight)})" for one in spec.parts]
    rows = [
        [
            _called(view, spec.of, row.subject),
            words.number(row.value, "score"),
            *(_part_said(view, part.metric, part.reading, part.points, part.few) for part in row.parts),
        ]
        for row in board.standings
    ]
    return record_table(view.say(_PARTS), [view.say(_H["name"]), view.say(_POINTS), *heads], rows)


def _part_said(view: View, name: str, reading: Reading, points: Number | None, few: bool) -> str:
    words, metric = view.words, view.pack.metric(name)
    told = words.number(reading, metric.format)
    if points is None:
        return f"{told} · {words.of('few')}" if few else told
    return f"{words.value(points, 'score')} · {told}"


def _compared(view: View, spec: BoardSpec, now: Shown, before: Shown, monday: date | None) -> Node:
    """Rank and value of both weeks side by side."""
    assert monday is not None
    metric, old = view.pack.board_metric(spec), {one.subject: one for one in before.board.standings}
    new = {one.subject: one for one in now.board.standings}
    subjects = [*new, *(one for one in old if one not in new)]
    rows = [
        [_called(view, spec.of, id), *_place_said(view, metric, new.get(id)), *_place_said(view, metric, old.get(id))]
        for id in subjects
    ]
    days = view.words.span(monday, monday + timedelta(6))
    rank, value = _heads(view, "rank", "value")
    heads = [*_heads(view, "name", "rank", "value"), f"{days} {rank}", value]
    state = published_said(view, before.record) if before.record else waiting_said(view, before.waiting)
    return record_table(view.say(_COMPARED.format(days=days)), heads, rows, note=state)


def _place_said(view: View, metric: Metric, row: Standing | None) -> tuple[str, str]:
    if row is None:
        return "–", "–"
    return str(row.rank or view.words.of("unranked")), view.words.number(row.value, metric.format)


def _rewards(view: View, spec: BoardSpec, board: Board) -> Node:
    """What referrers brought and earn."""
    if not spec.rewarded or not board.rows:
        return None
    names = [name for name, _ in board.rows[0].beside]
    formats = {"reward": "money"}
    rows = [
        [
            _called(view, spec.of, row.subject),
            view.words.number(row.raw, "count"),
            *(view.words.number(reading, formats.get(name, "count")) for name, reading in row.beside),
        ]
        for row in board.rows
    ]
    return record_table(view.say(_H["reward"]), _heads(view, "name", "referrals", *names), rows)


def _kept(view: View, board: Board) -> Node:
    if not board.kept:
        return None
    rows = [
        [view.referrer(one.subject), str(one.contracts), str(one.referrals), view.words.day(one.last)]
        for one in board.kept
    ]
    heads = _heads(view, "name", "referred_contracts", "referrals", "last")
    return record_table(view.say(_KEPT), heads, rows, note=view.say(_KEPT_NOTE))


def _restated(view: View, shelf: Shelf, spec: BoardSpec, metric: Metric, found: Shown, monday: date) -> Node:
    """What later data says of the rows this viewer sees."""
    section, subjects = section_of(view, spec), {one.subject for one in found.board.standings}
    listed = [
        one
        for one in shelf.restatements(spec.name, monday)
        if one.section == section and (one.subject in subjects or view.scope.projects is None and not found.hidden)
    ]
    if not listed:
        return None
    rows = [
        [
            _called(view, spec.of, one.subject),
            _restated_said(view, metric, one.before),
            _restated_said(view, metric, one.after),
            f"{shelf.boards.local(one.at):%m-%d %H:%M}",
            view.say(_LATER),
        ]
        for one in listed
    ]
    return record_table(
        view.say(_RESTATED), _heads(view, "name", "from", "to", "at", "why"), rows, note=view.say(_RESTATED_NOTE)
    )


def _restated_said(view: View, metric: Metric, place: Place | None) -> str:
    if place is None:
        return view.say(_NOTHING)
    quotient = view.words.quotient(place.reading, metric.format)
    told = [view.words.number(place.reading, metric.format), *([quotient] if quotient else [])]
    return " · ".join([*told, f"{view.say(_H['rank'])} {place.rank or '–'}"])


def _streaks(view: View, spec: BoardSpec, found: Shown, records: Iterable[Record], monday: date) -> Node:
    """Who has been among the first three without a break up to this week, and whom the year's weeks earn the award."""
    until = [one for one in records if one.week <= monday]
    section, subjects = section_of(view, spec), {one.subject for one in found.board.standings}
    running = [one for one in streaks(until, section).values() if one.subject in subjects]
    won = [one for one in awards(until, year_of_week(monday)) if one.subject in subjects] if not section else []
    tables = [(_STREAKS, running, ""), (_AWARDS, won, view.say(_AWARDS_NOTE.format(n=str(AWARD_WEEKS))))]
    return [
        record_table(
            view.say(title),
            _heads(view, "name", "weeks", "since"),
            [
                [_called(view, spec.of, one.subject), str(one.weeks), f"{one.first:%m-%d} – {one.last:%m-%d}"]
                for one in sorted(listed, key=lambda one: (-one.weeks, one.subject))
            ],
            note=note,
        )
        for title, listed, note in tables
        if listed
    ]


def _formula(view: View, name: str, text: str) -> str:
    """How a metric of a record was computed, in today's words as far as it is computed so today."""
    if name not in view.pack.metrics and name not in view.pack.measures:
        return f"{name} = {text}"
    metric = view.pack.metric(name)
    is_same = text == (metric.formula.text if metric.formula else metric.target)
    return f"{view.say(metric.label)} = {view.say(view.pack.spelled(metric)) if is_same else text}"


def _definition(view: View, shelf: Shelf, record: Record) -> Node:
    """How the board is read, as it was written down when it was published."""
    told, say = record.definition, view.say
    local = shelf.boards.local(record.published_at)
    formulas = "; ".join(
        _formula(view, name, one.get("formula") or one.get("target") or one.get("lag") or one.get("state"))
        for name, one in told["formulas"].items()
    )
    facts = [
        ("formula", formulas),
        ("window", _window(view, told)),
        ("min_n", str(told.get("min_n", ""))),
        ("shrink", say(_SHRUNK) if told.get("shrink") else ""),
        (
            "weights",
            " · ".join(
                f"{say(view.pack.metric(one['metric']).label)} {one['weight']}" for one in told.get("parts", ())
            ),
        ),
        ("rewards", _reward_said(view, told.get("rewards") or {})),
        (
            "exempt",
            " · ".join(
                f"{view.snapshot.project_name(id)} {first}–{last}"
                for id, (first, last) in told["exempt"].items()
                if view.scope.projects is None or id in view.scope.projects
            ),
        ),
        ("pack", f"{told['pack']} {told['pack_fingerprint'][:12]}"),
        ("snapshot", record.snapshot[:12]),
        ("published", f"{local:%Y-%m-%d %H:%M:%S}"),
        ("digest", record.digest),
    ]
    return record_facts(say(_READ), [(say(_FACTS[name]), value) for name, value in facts if value not in ("", "0")])


def _window(view: View, told: Definition) -> str:
    if told.get("since"):
        return view.say(_WINDOWS["year"])
    said = [view.say(_WINDOWS["weeks"].format(n=str(told.get("weeks", 1))))]
    if told.get("against"):
        said.append(view.say(_WINDOWS["against"].format(n=str(told["against"]))))
    return " · ".join(said)


def _reward_said(view: View, told: dict[str, str | None]) -> str:
    if not told.get("referral") and not told.get("contract"):
        return ""
    said = {name: view.words.money(Fraction(told[name] or 0)) for name in ("referral", "contract")}
    return view.say(_REWARD.format(**said))


# ---------------------------------------------------------------------------------------------------------------- a duel


def _duel(view: View, shelf: Shelf, duel: Duel, monday: date) -> Node:
    """The week's meetings and the season's table, from published records alone."""
    records = [one for one in shelf.records(duel.name) if one.week <= monday]
    week = next((one for one in records if one.week == monday), None)
    waiting = None if week else shelf.waits_for(duel.name, monday, view.snapshot)
    said = published_said(view, week) if week else waiting_said(view, waiting)
    lines = season(each for one in records for each in one.meetings)
    rows = [
        [_called(view, duel.of, one.subject), str(one.rank), *map(str, (one.won, one.drawn, one.lost, one.points))]
        for one in lines
        if duel_in_view(view, duel, one.subject)
    ]
    return [
        p(".board-state")[said],
        record_table(view.say(_TABLE), _heads(view, "name", "rank", "won", "drawn", "lost", "points"), rows),
        _meetings(view, duel, week.meetings) if week else None,
        _definition(view, shelf, week) if week and view.scope.projects is None else None,
    ]


def _meetings(view: View, duel: Duel, found: Iterable[Meeting]) -> Node:
    rows = [row for one in found for row in _meeting_rows(view, duel, one)]
    return record_table(view.say(_MEETINGS), _heads(view, "name", "value", "against", "value", "outcome"), rows)


def _meeting_rows(view: View, duel: Duel, one: Meeting) -> list[list[str]]:
    """A meeting from the side this viewer may see; the other one stays nameless where it is another project's."""
    sides = [(one.left, one.left_reading, "left"), (one.right, one.right_reading, "right")]
    own = [at for at in (0, 1) if duel_in_view(view, duel, sides[at][0])][:1]
    return [
        [*_side(view, duel, sides[at][:2]), *_side(view, duel, sides[1 - at][:2]), _outcome(view, one, sides[at][2])]
        for at in own
    ]


def _side(view: View, duel: Duel, side: tuple[str, Reading]) -> list[str]:
    subject, reading = side
    if not duel_in_view(view, duel, subject):
        return [view.say(_OTHER), "–"]
    return [_called(view, duel.of, subject), view.words.number(reading, view.pack.metric(duel.metric).format)]


def _outcome(view: View, one: Meeting, side: str) -> str:
    if one.outcome in ("draw", "none"):
        return view.say(_OUTCOMES[one.outcome])
    return view.say(_OUTCOMES["won" if one.outcome == side else "lost"])


# ------------------------------------------------------------------------------------------------------------- the files


def _export(site: "Site", kind: str, name: str) -> Answer:
    """The board's week as this viewer sees it, as a file; recorded before it is sent."""
    view, shelf = _view(site)
    spec = shelf.boards.all.get(name) or abort(404)
    weeks = _weeks(view, shelf, name)
    monday = _asked("week", weeks) or weeks[0]
    heads, rows, state, digest = _table(view, shelf, spec, monday)
    detail = {"format": kind, "what": name, "week": monday.isoformat(), "rows": len(rows), "digest": digest}
    record(site.world.store, g.person.id, "export", site.world.clock(), f"board {name}", detail)
    now = shelf.boards.local(site.world.clock())
    told = {"who": g.person.name, "when": f"{now:%Y-%m-%d %H:%M:%S}", "title": view.say(spec.label)}
    mark = _WATERMARK.format(**told, week=monday.isoformat(), state=state, digest=digest or "–")
    write, mimetype = _FILES[kind]
    answer = Response(write(view.say(mark), heads, rows), mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="board-{name}-{monday:%Y%m%d}.{kind}"'
    return answer


Table = tuple[list[str], list[list[str]], str, str]


def _table(view: View, shelf: Shelf, spec: BoardSpec | Duel, monday: date) -> Table:
    """The heads and rows of a week's file, whether it is published, and its digest."""
    if isinstance(spec, Duel):
        week = shelf.record(spec.name, monday)
        rows = [row for one in (week.meetings if week else ()) for row in _meeting_rows(view, spec, one)]
        state = (
            published_said(view, week)
            if week
            else waiting_said(view, shelf.waits_for(spec.name, monday, view.snapshot))
        )
        return _heads(view, "name", "value", "against", "value", "outcome"), rows, state, week.digest if week else ""
    found = shown(view, spec, monday)
    state = published_said(view, found.record) if found.record else waiting_said(view, found.waiting)
    parts = [view.say(view.pack.metric(one.metric).label) for one in spec.parts]
    beside = [view.say(_H[name]) for name, _ in (found.board.standings[0].beside if found.board.standings else ())]
    heads = _heads(view, "rank", "name", "value", "raw", "numerator", "denominator", "n", "change", "note")
    rows = [_file_row(view, spec, row, found.board) for row in found.board.standings]
    return [*heads, *parts, *beside], rows, state, found.record.digest if found.record else ""


def _file_row(view: View, spec: BoardSpec, row: Standing, board: Board) -> list[str]:
    metric, words = view.pack.board_metric(spec), view.words
    note = [words.of("tied")] if row.tied else []
    note += [words.of("missing_exempt")] if row.exempt else []
    note += [words.of("few")] if row.few else []
    note += [words.of("unranked")] if row.rank is None else []
    had = any(one.change is not None for one in board.rows)
    return [
        str(row.rank or ""),
        _called(view, spec.of, row.subject),
        words.number(row.value, metric.format),
        words.number(row.raw, metric.format),
        *(_exact(one) for one in (row.raw.numerator, row.raw.denominator, row.raw.n)),
        move_said(row, words, had) if row.rank is not None else "",
        " ".join(note),
        *(_part_said(view, part.metric, part.reading, part.points, part.few) for part in row.parts),
        *(_exact(reading.value) for _, reading in row.beside),
    ]


def _exact(value: Number | None) -> str:
    """A whole number, or a decimal of up to four digits."""
    if value is None:
        return ""
    return money_text(value)
