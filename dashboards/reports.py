"""项目数字化体检报告: drafts and issued reports, as pages and as documents, and the month's pack of who has to explain."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Response, abort, g, redirect, request
from htpy import Element, Node, a, button, div, form, h2, input, label, option, p, section, select, span, textarea
from werkzeug.wrappers import Response as Answer

from components.customers import export_forms
from components.picture import short
from components.record import week_choice
from components.report import (
    Block,
    metric_said,
    month_blocks,
    promise_said,
    report_blocks,
    state_line,
    week_days,
)
from components.report_page import report_body, report_list
from components.report_words import VERDICTS, WINDOWS
from components.shell import glance, page_head, part
from dashboards._door import FORM, Door, Policy
from dashboards._due import COMMITMENTS, COMMITMENTS_WORD, REPORTS, REPORTS_WORD, how_long, overdue_note
from dashboards._forms import problem, text_field
from dashboards._page import Page, View
from dashboards._pictures import ASSETS, colours
from data_access.board_records import number_json
from data_access.documents import Busy, document
from data_access.reports import report_board
from data_access.store.audit import record
from data_access.store.boards import board_records
from data_access.store.commitments import all_commitments, make_commitment
from data_access.store.reports import Filed, drafted_weeks, issue_report, report, week_reports
from metrics.commitments import Checked, Commitment, promisable, state, window_of
from metrics.health import Issue, told_metric
from metrics.laggards import laggards, month_of, months
from metrics.masking import without_phones
from metrics.pack import Label, Metric
from metrics.scope import PROJECT_ROLES

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("reports", path=REPORTS, title=REPORTS_WORD, roles=PROJECT_ROLES, late=True)
TEMPLATE = Path(ASSETS) / "report.typ"
ISSUERS = frozenset(("head", "champion", "admin"))
"""Who issues reports and makes promises; a leader reads them."""
MOST_NOTE, MOST_DAYS = 1000, 400
_SEE = Policy(frozenset(PROJECT_ROLES), document=True)
_POST = Policy(frozenset(PROJECT_ROLES), document=True, accepts=FORM)
_TITLE = Label("项目数字化体检报告", "Project health report")
_PACK = Label("落后项目述职", "Who has to explain")
_MONTH = Label("{month} 述职材料", "Review pack {month}")
_WEEK = Label("榜单周", "Week")
_NONE = Label("榜单发布后自动成稿,目前还没有报告", "Reports are drafted when a board is published; there is none yet")
_DUE = Label("待签发,{when} 前", "To be issued by {when}")
_OVERDUE = Label("逾期 {long}", "{long} overdue")
_ISSUED = Label("已签发 {when}", "Issued {when}")
_BROKEN = Label("记录与摘要不符,请联系管理员", "The record does not fit its digest. Tell your administrator")
_FROZEN = Label("已冻结 · 摘要 {digest}", "Frozen · digest {digest}")
_DRAFTED = Label("数字停在成稿时,之后的数据不改本报告", "The numbers stand as drafted; later data does not change them")
_ISSUE = Label("签发", "Issue")
_ISSUE_MORE = Label("签发后不能再改。", "Once issued, it cannot be changed.")
_NOTE = Label("项目说明(选填,最多 1000 字)", "Note (optional, up to 1000 characters)")
_PROMISE = Label("作出承诺", "Promise a number")
_WITH = Label("随报告签发", "Issue with the report")
_METRIC, _WINDOW, _VALUE = Label("指标", "Metric"), Label("口径", "Over"), Label("数值", "Value")
_BY = Label("截止日期", "By")
_WHY = Label("怎么做(选填)", "How (optional)")
_BACK = Label("返回报告列表", "Back to reports")
_PDF = "PDF"
_UNITS = {
    "percent": Label("%", "%"),
    "money": Label("元", "yuan"),
    "minutes": Label("分钟", "minutes"),
    "days": Label("天", "days"),
}
_WRONG = {
    "metric": Label("请选一个指标。", "Choose a metric."),
    "again": Label("同一指标、同一截止日的承诺还在进行中。", "The same promise for that day is open already."),
    "value": Label("数值请填数字,如 35、1200 或 300万。", "Give the value as a number, such as 35 or 1200."),
    "due": Label("截止日期要在今天之后、400 天之内。", "The date lies after today and within 400 days."),
    "note": Label("说明最多 1000 字。", "The note has up to 1000 characters."),
    "issued": Label(
        "这份报告已经签发过了,这次的说明没有保存。", "This report is issued already; what you wrote now was not kept."
    ),
}
_SCALES = {"万": 10**4, "亿": 10**8}
_NUMBER = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(%|万|亿)?")


class Unfit(ValueError):
    """What was typed cannot be used; its text names the field."""


def add(site: "Site", door: Door) -> None:
    """Add the list, the reports, their documents, and the months."""
    door.route(REPORTS, _SEE, partial(_list, site))
    door.route(f"{REPORTS}/<week>/<path:project>", _SEE, partial(_show, site))
    door.route(f"{REPORTS}/<week>/<path:project>", _POST, partial(_do, site), methods=("POST",))
    door.route(f"{REPORTS}/pdf/<week>/<path:project>", _POST, partial(_document, site), methods=("POST",))
    door.route(f"{REPORTS}/month/<month>", _SEE, partial(_month, site))
    door.route(f"{REPORTS}/month-pdf/<month>", _POST, partial(_month_document, site), methods=("POST",))


class Desk:
    """What one request sees: the view, the clock, and what lies within the viewer's rights."""

    def __init__(self, site: "Site") -> None:
        self.site = site
        self.view: View = site.asked_view(page, site.world.reader.current() or abort(503))
        self.store, self.words = site.world.store, self.view.words
        self.now = site.world.clock()
        self.own = self.view.scope.alerts

    def local(self, at: datetime) -> datetime:
        """A moment in the group's zone."""
        return self.site.world.boards.local(at)

    @property
    def today(self) -> date:
        """Today in the group's zone."""
        return self.local(self.now).date()

    def say(self, label: Label, **values: str) -> str:
        """A label in the viewer's language, its places filled."""
        return self.view.say(label.format(**values) if values else label)

    def address(self, *parts: str, **changes: str) -> str:
        """An address below the reports."""
        return self.view.address("/".join((REPORTS, *(quote(one, safe="") for one in parts))), **changes)

    def filed(self, week: str, project: str) -> Filed:
        """A report within the viewer's rights; 404 for one outside of them just as for one that is not there."""
        monday = _day(week)
        if self.own is not None and project not in self.own:
            abort(404)
        return report(self.store, monday, project) or abort(404)

    def promised(self, project: str) -> list[tuple[Commitment, tuple[Checked, ...]]]:
        """The project's open promises."""
        found = all_commitments(self.store, frozenset((project,)))
        return [(one, said) for one, said in found if state(one, said) == "open"]

    def framed(self, body: Node, title: str, here: Any) -> str:
        """The page around a body."""
        return self.site.framed(body, self.view, f"{title} · {self.words.of('product')}", section="boards", here=here)

    def watermark(self, more: str) -> str:
        """Whose document it is, and of when."""
        when = f"{self.local(self.now):%Y-%m-%d %H:%M}"
        return " · ".join((self.words.of("product"), short(g.person.name), when, more))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404)


# ------------------------------------------------------------------------------------------------------------- the list


def _list(site: "Site") -> str:
    desk = Desk(site)
    weeks = drafted_weeks(desk.store)
    asked = request.args.get("week", "")
    week = next((one for one in weeks if one.isoformat() == asked), None) if asked else next(iter(weeks), None)
    if asked and week is None:
        abort(404)
    body = glance(
        part(
            "head",
            page_head(desk.say(REPORTS_WORD), subtitle=week_days(week, desk.words) if week else ""),
            _choice(desk, weeks, week) if week else None,
        ),
        part("due", overdue_note(desk.view)),
        part("reports", _rows(desk, week) if week else p[desk.say(_NONE)]),
        _ways(desk, weeks),
    )
    return desk.framed(body, desk.say(REPORTS_WORD), partial(desk.view.address, REPORTS, week=asked))


def _choice(desk: Desk, weeks: Sequence[date], week: date) -> Node:
    said = [(one.isoformat(), week_days(one, desk.words)) for one in weeks]
    kept = list(desk.view.filters.chosen("lang", "theme").items())
    return week_choice(REPORTS, [("week", desk.say(_WEEK), said, week.isoformat())], kept, desk.words)


def _rows(desk: Desk, week: date) -> Element:
    found = week_reports(desk.store, [week], desk.own)
    worst = {word: at for at, word in enumerate(("critical", "watch", "unknown", "healthy"))}
    found.sort(key=lambda one: (not one.kept.is_overdue(desk.now), worst[one.report.verdict.word], one.report.project))
    return report_list([_row(desk, one) for one in found])


def _row(desk: Desk, one: Filed) -> tuple[str, str, str, str, str, str]:
    label, tone = VERDICTS[one.report.verdict.word]
    said, held = _standing(desk, one)
    href = desk.address(one.kept.week.isoformat(), one.kept.project)
    return href, one.report.names["project"], desk.say(label), tone, said, held


def _standing(desk: Desk, one: Filed) -> tuple[str, str]:
    """Whether a report is due, overdue or issued, and the tone of that."""
    kept = one.kept
    if not kept.is_whole:
        return desk.say(_BROKEN), "red"
    if kept.issued_at is not None:
        return desk.say(_ISSUED, when=f"{desk.local(kept.issued_at):%m-%d %H:%M}"), "green"
    if kept.is_overdue(desk.now):
        return desk.say(_OVERDUE, long=how_long(kept.due_at, desk.now, desk.words)), "red"
    return desk.say(_DUE, when=f"{desk.local(kept.due_at):%m-%d %H:%M}"), "accent"


def _ways(desk: Desk, weeks: Sequence[date]) -> Element:
    listed = sorted({month_of(one) for one in weeks}, reverse=True)[:3]
    links = [(desk.address("month", f"{one:%Y-%m}"), desk.say(_MONTH, month=f"{one:%Y-%m}")) for one in listed]
    links.append((desk.view.address(COMMITMENTS), desk.say(COMMITMENTS_WORD)))
    return div(".ways")[[a(href=href)[said] for href, said in links]]


# ----------------------------------------------------------------------------------------------------------- one report


def _show(site: "Site", week: str, project: str) -> str:
    desk = Desk(site)
    return _page(desk, desk.filed(week, project))


def _page(desk: Desk, one: Filed, wrong: Label | None = None) -> str:
    week, project = one.kept.week.isoformat(), one.kept.project
    title, name = desk.say(_TITLE), one.report.names["project"]
    files = [(_PDF, desk.address("pdf", week, project))]
    body = glance(
        part(
            "head",
            page_head(name, subtitle=f"{title} · {week_days(one.kept.week, desk.words)}"),
            p(".board-state")[" · ".join((_standing(desk, one)[0], _state(desk, one), _seal(desk, one)))],
        ),
        problem(wrong, desk.words),
        part("report", report_body(_blocks(desk, one))),
        _forms(desk, one),
        export_forms(files, desk.words),
        div(".ways")[
            a(href=desk.address(week=week))[desk.say(_BACK)],
            a(href=desk.view.address(COMMITMENTS))[desk.say(COMMITMENTS_WORD)],
        ],
    )
    return desk.framed(body, f"{name} {title}", partial(desk.address, week, project))


def _blocks(desk: Desk, one: Filed) -> list[Block]:
    return report_blocks(one.report, desk.words, one.issue)


def _state(desk: Desk, one: Filed) -> str:
    return state_line(one.report, desk.words, desk.local(one.issue.at) if one.issue else None, one.issue)


def _seal(desk: Desk, one: Filed) -> str:
    return desk.say(_FROZEN, digest=one.kept.digest[:12]) if one.kept.issued_at else desk.say(_DRAFTED)


def _may(desk: Desk, one: Filed) -> bool:
    return desk.view.scope.role in ISSUERS and one.kept.issued_at is None


def _forms(desk: Desk, one: Filed) -> Node:
    """The ways to promise a number and to issue the draft, for those who may."""
    if not _may(desk, one):
        return None
    here = desk.address(one.kept.week.isoformat(), one.kept.project)
    return section(".record")[_promise_form(desk, here), _issue_form(desk, one, here)]


def _promise_form(desk: Desk, here: str) -> Node:
    words, told = desk.words, request.form
    metrics = [(one.name, _named(desk, one)) for one in promisable(desk.view.snapshot, desk.view.pack)]
    windows = [(name, words.say(said)) for name, said in WINDOWS.items()]
    soonest, latest = (desk.today + timedelta(days) for days in (1, MOST_DAYS))
    return [
        h2(".record-title")[desk.say(_PROMISE)],
        form(".report-form", method="post", action=here)[
            input(type="hidden", name="deed", value="promise"),
            _choices("metric", desk.say(_METRIC), metrics, told.get("metric", "")),
            _choices("window", desk.say(_WINDOW), windows, told.get("window", "month")),
            text_field("value", _VALUE, words, value=told.get("value", ""), required=True, inputmode="decimal"),
            text_field(
                "due",
                _BY,
                words,
                type="date",
                value=told.get("due", ""),
                min=soonest.isoformat(),
                max=latest.isoformat(),
                required=True,
            ),
            text_field("note", _WHY, words, value=told.get("note", "") if told.get("deed") == "promise" else ""),
            button(".button", type="submit")[desk.say(_PROMISE)],
        ],
    ]


def _choices(name: str, title: str, listed: Sequence[tuple[str, str]], chosen: str) -> Element:
    return label(".field")[
        span(".field-label")[title],
        select(name=name)[[option(value=value, selected=value == chosen)[said] for value, said in listed]],
    ]


def _named(desk: Desk, metric: Metric) -> str:
    """A metric with its direction and its unit, as it is to be typed."""
    told = told_metric(desk.view.pack, metric)
    plain = Commitment("", "", metric.name, Fraction(0), "week", desk.today, "", desk.now, told)
    unit = _UNITS.get(told["format"])
    sign = "≤" if metric.better == "lower" else "≥"
    return f"{metric_said(plain, desk.words)} {sign}" + (f" ({desk.say(unit)})" if unit else "")


def _issue_form(desk: Desk, one: Filed, here: str) -> Node:
    promised = desk.promised(one.kept.project)
    checks = [
        label(".report-check")[
            input(type="checkbox", name="commitment", value=each.id, checked=True), promise_said(each, desk.words)
        ]
        for each, _ in promised
    ]
    note = request.form.get("note", "") if request.form.get("deed") == "issue" else ""
    return [
        h2(".record-title")[desk.say(_ISSUE)],
        form(".report-form", method="post", action=here)[
            input(type="hidden", name="deed", value="issue"),
            label(".field")[
                span(".field-label")[desk.say(_NOTE)], textarea(name="note", maxlength=str(MOST_NOTE))[note]
            ],
            checks and p(".board-note")[desk.say(_WITH)],
            checks,
            p(".board-note")[desk.say(_ISSUE_MORE)],
            button(".button", type="submit")[desk.say(_ISSUE)],
        ],
    ]


def _do(site: "Site", week: str, project: str) -> Answer | tuple[str, int]:
    """Issue a draft, or promise a number from it."""
    desk = Desk(site)
    if desk.view.scope.role not in ISSUERS:
        abort(403)
    one = desk.filed(week, project)
    deeds = {"issue": _issue, "promise": _promise}
    deed = deeds.get(request.form.get("deed", "")) or abort(400)
    try:
        deed(desk, one)
    except Unfit as error:
        return _page(desk, desk.filed(week, project), _WRONG[str(error)]), 400
    return redirect(desk.address(week, project), 303)


def _issue(desk: Desk, one: Filed) -> None:
    note = _text("note")
    chosen = set(request.form.getlist("commitment"))
    promised = tuple(_frozen(each) for each, _ in desk.promised(one.kept.project) if each.id in chosen)
    issue = Issue(g.person.id, g.person.name, desk.now, note, promised)
    if not issue_report(desk.store, one.kept.week, one.kept.project, issue):
        raise Unfit("issued")


def _frozen(one: Commitment) -> dict[str, Any]:
    """A promise as it stands in an issued report."""
    plain = {name: getattr(one, name) for name in ("id", "project", "metric", "window", "owner", "note")}
    dates = {"due": one.due.isoformat(), "made_at": one.made_at.isoformat()}
    return {**plain, **dates, "value": str(number_json(one.value)), "told": dict(one.told)}


def _promise(desk: Desk, one: Filed) -> None:
    told = request.form
    known = {each.name: each for each in promisable(desk.view.snapshot, desk.view.pack)}
    metric = known.get(told.get("metric", ""))
    if metric is None:
        raise Unfit("metric")
    window = told.get("window", "")
    if window not in WINDOWS:
        abort(400)
    asked = told_metric(desk.view.pack, metric)
    value, due = _value(told.get("value", ""), asked["format"]), _due(desk, told.get("due", ""))
    made = Commitment(
        "",
        one.kept.project,
        metric.name,
        value,
        window_of(metric, window),
        due,
        g.person.id,
        desk.now,
        asked,
        "report",
        one.kept.week.isoformat(),
        _text("note"),
    )
    if make_commitment(desk.store, made) is None:
        raise Unfit("again")


def _text(name: str) -> str:
    """A text of the form without signs that are not printed; Unfit when it is too long."""
    typed = request.form.get(name, "").replace("\r\n", "\n").strip()
    text = "".join(sign for sign in typed if sign.isprintable() or sign == "\n")
    if len(text) > MOST_NOTE:
        raise Unfit(name)
    return without_phones(text)


def _value(text: str, format: str) -> Fraction:
    """A typed number in the metric's unit: a share is typed in percent, money in yuan, 万 and 亿 may be used."""
    found = _NUMBER.fullmatch(text.strip().replace(",", "").replace(",", ""))
    if found is None or (found[2] == "%") > (format == "percent"):
        raise Unfit("value")
    value = Fraction(found[1]) * _SCALES.get(found[2] or "", 1)
    return value / 100 if format == "percent" else value


def _due(desk: Desk, text: str) -> date:
    try:
        due = date.fromisoformat(text)
    except ValueError:
        raise Unfit("due") from None
    if not desk.today < due <= desk.today + timedelta(MOST_DAYS):
        raise Unfit("due")
    return due


# -------------------------------------------------------------------------------------------------------- documents


def _document(site: "Site", week: str, project: str) -> Answer:
    desk = Desk(site)
    one = desk.filed(week, project)
    sheet = _sheet(
        desk,
        f"{one.report.names['project']} · {desk.say(_TITLE)}",
        week_days(one.kept.week, desk.words),
        f"{_state(desk, one)} · {_standing(desk, one)[0]}",
        _blocks(desk, one),
        _seal(desk, one),
    )
    return _pdf(desk, sheet, f"report-{week}", project, {"week": week})


def _sheet(desk: Desk, title: str, days: str, said: str, blocks: list[Block], mark: str) -> dict[str, Any]:
    return {
        "lang": desk.words.language,
        "product": desk.words.of("product"),
        "title": title,
        "days": days,
        "state": said,
        "blocks": blocks,
        "colours": colours(),
        "watermark": desk.watermark(mark),
    }


def _pdf(desk: Desk, sheet: dict[str, Any], name: str, about: str, detail: dict[str, Any]) -> Answer:
    """The sheet as a file; whose it is stands in the audit before it is made."""
    record(desk.store, g.person.id, "report_exported", desk.now, about, detail)
    try:
        made = document(TEMPLATE, sheet)
    except Busy:
        abort(429)
    answer = Response(made, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


# ------------------------------------------------------------------------------------------------------------ the month


def _month(site: "Site", month: str) -> str:
    desk = Desk(site)
    first = _first(month)
    title = desk.say(_MONTH, month=month)
    body = glance(
        part("head", page_head(desk.say(_PACK), subtitle=title)),
        part("report", report_body(_month_blocks(desk, first))),
        export_forms([(_PDF, desk.address("month-pdf", month))], desk.words),
        div(".ways")[a(href=desk.address())[desk.say(_BACK)]],
    )
    return desk.framed(body, title, partial(desk.address, "month", month))


def _first(month: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}", month):
        abort(404)
    return _day(f"{month}-01")


def _month_blocks(desk: Desk, first: date) -> list[Block]:
    """The laggards of a month within the viewer's rights, and what became of what was promised for it."""
    spec = desk.view.pack.report
    name = report_board(desk.site.world.boards, desk.view.snapshot)
    weeks = [one for one in drafted_weeks(desk.store) if month_of(one) == first]
    if spec is None or name is None or not weeks:
        abort(404)
    filed = [one.report for one in week_reports(desk.store, weeks, desk.own)]
    records = board_records(desk.store, name, since=min(weeks))
    found = laggards(months(records, filed, first), spec.laggard_weeks)
    promised: dict[str, list[tuple[Commitment, tuple[Checked, ...]]]] = {}
    for one, said in all_commitments(desk.store, frozenset(each.project for each in found)):
        if _belongs(desk, one, first):
            promised.setdefault(one.project, []).append((one, said))
    return month_blocks(
        found,
        promised,
        desk.words,
        board=desk.view.say(desk.site.world.boards.label(name)),
        least=spec.laggard_weeks,
        weeks=len(weeks),
        today=desk.today,
    )


def _belongs(desk: Desk, one: Commitment, first: date) -> bool:
    """Whether a promise is the month's: made by its end, and not due before it."""
    after = (first + timedelta(32)).replace(day=1)
    return desk.local(one.made_at).date() < after and one.due >= first


def _month_document(site: "Site", month: str) -> Answer:
    desk = Desk(site)
    first = _first(month)
    blocks, title = _month_blocks(desk, first), desk.say(_MONTH, month=month)
    sheet = _sheet(desk, desk.say(_PACK), title, desk.say(_TITLE), blocks, title)
    return _pdf(desk, sheet, f"review-{month}", "", {"month": month})
