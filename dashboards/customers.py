"""客户: the customers behind a number, one customer's track, and the one phone somebody has a reason to see; nothing here is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Response, abort, g, request
from htpy import Node, a, p
from werkzeug.wrappers import Response as Answer

from components.customers import (
    LONGEST_REASON,
    Happening,
    Line,
    Told,
    customer_card,
    customer_list,
    customer_track,
    export_forms,
    more_link,
    reveal_form,
)
from components.filters import Filter, Option, filters
from components.shell import glance, page_head, panel, part
from components.spreadsheet import csv_file, xlsx_file
from components.still import left_out
from dashboards._door import FORM, Door, Policy
from dashboards._filters import SHARED, chosen_words, left_out_names
from dashboards._head import head, period_days
from dashboards._page import Page, View
from data_access.customers import Listed, Place, counted_customers, one_customer
from data_access.live import Contact, SourceDown
from data_access.snapshots import Folder
from data_access.store.audit import record
from data_access.store.reveals import MOST_AN_HOUR, may_reveal
from metrics.customers import Counted, Customer, Moment, counts_parties, next_step, track
from metrics.masking import masked_name, masked_phone, without_numbers
from metrics.pack import Label
from metrics.query import Basis
from metrics.scope import EVERYBODY
from metrics.totals import Where

if TYPE_CHECKING:
    from dashboards._site import Site

PATH = "/customers"
MOST_EXPORTED = 5_000
LONGEST_NOTE = 20
GRADES = ("A", "B", "C", "D")
page = Page("customers", path=PATH, title=Label("客户名单", "Customers"), roles=EVERYBODY)
_POLICY = Policy(frozenset(page.roles), document=True, accepts=FORM)

_TITLE = Label("{what}客户 {n}", "{what}: {n} customers")
_DOWN = Label("源库暂时连不上,姓名和电话稍后再看", "The source cannot be reached: names and phones will be back")
_DOWN_TRACK = Label(
    "源库暂时连不上,先看到快照里的记录", "The source cannot be reached: this is what the snapshot knows"
)
_UNMAPPED = Label("映射里没有姓名和电话", "The mapping has no names and phones")
_MOVED = Label("数字已更新,名单按最新数据;", "The numbers have moved, the list is of the newest; ")
_FROM_THE_TOP = Label("从第一页看起", "start from the first page")
_CUSTOMER = Label("客户", "Customer")
_NAMELESS = Label("客户 {id}", "Customer {id}")
_WALK_IN = Label("未留电客户", "Walk-in without a number")
_GRADE = Label("首次评级", "First grade")
_GRADE_OF = Label("{grade}级", "Grade {grade}")
_ALL = Label("全部评级", "All grades")
_TRACK = Label("轨迹", "Track")
_NEXT = Label("下一步", "Next")
_STAGE = Label("阶段", "Stage")
_TOO_MANY = Label(
    "一小时内已查看 {most} 个号码,请稍后再看;这次请求已记录。",
    "{most} numbers within an hour: please wait. This request was recorded.",
)
_WATERMARK = Label(
    "营销作战室 · {who} 导出于 {when} · {what} · 数据截至 {as_of} · 快照 {version} · {rows}/{count} 条 · 内部资料,不得外传",
    "Warboard · exported by {who} at {when} · {what} · data as of {as_of} · snapshot {version} · {rows} of {count} · internal, keep it so",
)
_HEADS = (
    Label("客户编号", "Customer"),
    Label("姓名", "Name"),
    Label("电话", "Phone"),
    Label("项目", "Project"),
    Label("渠道", "Channel"),
    Label("置业顾问", "Salesperson"),
    Label("评级", "Grade"),
    Label("阶段", "Stage"),
    Label("计入日期", "Counted on"),
)
REASONS = {
    "call": Label("回访客户", "To call the customer"),
    "check": Label("核对号码", "To check the number"),
    "complaint": Label("处理投诉", "To answer a complaint"),
    "handover": Label("客户交接", "To hand the customer over"),
    "other": Label("其他", "Other"),
}
_KINDS = {
    "browsing": Label("浏览", "Looked at"),
    "lead": Label("留电", "Left a number"),
    "follow_up": Label("跟进", "Follow-up"),
    "visit": Label("到访", "Visit"),
    "revisit": Label("复访", "Second visit"),
    "subscription": Label("认购", "Subscription"),
    "subscription_lost": Label("退订", "Subscription cancelled"),
    "contract": Label("签约", "Contract"),
    "contract_lost": Label("退签", "Contract cancelled"),
    "assignment": Label("归属变更", "New owner"),
    "lost": Label("流失", "Lost"),
    "reactivated": Label("重新激活", "Won back"),
}
_REACHED = {True: Label("已接通", "reached"), False: Label("未接通", "not reached")}


@dataclass(frozen=True)
class Asked:
    """What an address asks for: the view, what was counted, and the parameters only this page has."""

    view: View
    counted: Counted
    label: Label
    own: dict[str, str]

    def address(self, path: str = PATH, **changes: str) -> str:
        """This list's address, or one with the same parameters."""
        return self.view.filters.address(path, **{**self.own, **changes})


def add(site: "Site", door: Door) -> None:
    """Add the list, its files, the track and the one phone."""
    door.route(PATH, _POLICY, partial(_show_list, site))
    door.route(f"{PATH}/<path:id>", _POLICY, partial(_show_track, site))
    door.route(f"{PATH}/<path:id>", _POLICY, partial(_reveal, site), methods=("POST",))
    for kind in _FILES:
        door.route(f"{PATH}/export.{kind}", _POLICY, partial(_export, site, kind), methods=("POST",))


def _view(site: "Site") -> View:
    """What the signed-in person may see; 503 before the first snapshot."""
    return site.asked_view(page, site.world.reader.current() or abort(503))


# ------------------------------------------------------------------------------------------------------------- the list


def _asked(view: View) -> Asked:
    """What the address says was counted; 404 where no customers stand behind it."""
    step = next((one for one in view.pack.funnel if one.step == (view.filters.step or "lead")), None) or abort(404)
    name = request.args.get("measure", "") or step.measure
    measure = view.pack.measures.get(name)
    if measure is None or not counts_parties(measure):
        abort(404)
    own = {key: value for key in ("measure", "staff", "grade") if (value := request.args.get(key, ""))}
    basis: Basis = "cohort" if view.filters.basis == "cohort" and "measure" not in own else "period"
    staff = Where(staff=frozenset((own["staff"],)) if "staff" in own else None)
    where = view.where.within(view.scope.customers).within(staff)
    counted = Counted(name, step.step, basis, view.period.span(view.as_of), where, own.get("grade", ""))
    return Asked(view, counted, measure.label if "measure" in own else step.label, own)


def _listed(site: "Site", asked: Asked, *, after: Place | None = None, limit: int | None = None) -> Listed:
    folder, snapshot = Folder(site.world.settings.snapshots.dir), asked.view.snapshot
    more = {"limit": limit} if limit else {}
    return counted_customers(folder, snapshot, site.world.pack, asked.counted, after=after, **more)


def _show_list(site: "Site") -> str:
    asked = _asked(_view(site))
    view, words = asked.view, asked.view.words
    listed = _listed(site, asked, after=_place(request.args.get("after", "")))
    contacts, note = contacts_of(site, view, listed.customers)
    record_shown(site, contacts)
    title = words.say(_TITLE.format(what=view.say(asked.label), n=f"{listed.count:,}"))
    body = glance(
        left_out(left_out_names(view.filters, words), words),
        notice_of(note),
        _moved(asked),
        _head(asked, title),
        part("customers", customer_list([line_of(view, one, contacts) for one in listed.customers], words)),
        more_link(asked.address(after=_text(listed.next), seen=_seen(view)), words) if listed.next else None,
        export_forms([(kind.upper(), asked.address(f"{PATH}/export.{kind}")) for kind in _FILES], words),
    )
    return site.framed(body, view, _page_title(view, page.title), section="funnels", here=asked.address)


def _head(asked: Asked, title: str) -> Node:
    view = asked.view
    days = f"{period_days(view)} · {view.words.of(f'basis_{asked.counted.basis}')}"
    kept = {**asked.own, **view.filters.chosen("step", "basis")}
    shown = head(
        view, page, links=("period",), listed=("region", "project", "channel"), days=days, title=title, more=kept
    )
    options = (Option("", view.say(_ALL)), *(Option(one, view.say(_GRADE_OF.format(grade=one))) for one in GRADES))
    chosen = Filter("grade", view.say(_GRADE), options, asked.counted.grade, links=True)
    return [shown, filters(PATH, [chosen], view.words, keep=view.filters.chosen(*SHARED) | kept)]


def _moved(asked: Asked) -> Node:
    """Said where a newer snapshot came since the page before."""
    seen, view = request.args.get("seen", ""), asked.view
    return seen and seen != _seen(view) and _moved_notice(view, asked.address())


def _moved_notice(view: View, href: str) -> Node:
    """That the list is of newer numbers than the page before, and the way to its beginning."""
    return p(".still")[view.say(_MOVED), a(".customers-top", href=href)[view.say(_FROM_THE_TOP)]]


def notice_of(note: str) -> Node:
    return note and p(".still")[note]


def _seen(view: View) -> str:
    return view.snapshot.version[:12]


def _text(place: Place) -> str:
    return f"{place.at.isoformat()}~{place.id}"


def _place(text: str) -> Place | None:
    """Where the page before ended; the first page for anything else."""
    at, _, id = text.partition("~")
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return Place(found, id) if id and found.tzinfo is None else None


def line_of(view: View, one: Customer, contacts: dict[str, Contact]) -> Line:
    told = _told(view, one, contacts)
    return Line(
        _track_address(view, one.id), told.name, told.phone, _stage(view, one), _when(view, one.at), _facts(view, one)
    )


def _facts(view: View, one: Customer) -> tuple[str, ...]:
    unassigned, snapshot = view.words.of("unassigned"), view.snapshot
    grade = view.say(_GRADE_OF.format(grade=one.grade)) if one.grade else ""
    facts = (
        grade,
        snapshot.project_name(one.project) or unassigned,
        snapshot.channel_name(one.channel) or unassigned,
        snapshot.staff_name(one.staff) or unassigned,
    )
    return tuple(fact for fact in facts if fact)


def _number(one: Customer) -> str:
    """A customer's number as the source has it."""
    return one.id.rpartition(":")[2]


def _stage(view: View, one: Customer) -> str:
    return next((view.say(step.label) for step in view.pack.funnel if step.step == one.stage), one.stage)


def _when(view: View, at: datetime | None) -> str:
    """A moment as people say it; a midnight is a day known without its time."""
    if at is None:
        return ""
    return view.words.when(at if at.time() != datetime.min.time() else at.date(), view.as_of)


def _page_title(view: View, title: Label) -> str:
    return f"{view.say(title)} · {view.words.of('product')}"


# ------------------------------------------------------------------------------------------------------- names and phones


def contacts_of(site: "Site", view: View, customers: Sequence[Customer]) -> tuple[dict[str, Contact], str]:
    """Names and phones by lead, as the source has them now, and what to say when there are none."""
    live = site.world.live
    if live is None or not live.knows_contacts:
        return {}, view.say(_UNMAPPED)
    try:
        return live.contacts([one.lead for one in customers if one.lead]), ""
    except SourceDown:
        return {}, view.say(_DOWN)


def record_shown(site: "Site", contacts: dict[str, Contact]) -> None:
    """Record whose names and phones, masked or own, are about to be shown; when this raises, none are."""
    if contacts:
        record(site.world.store, g.person.id, "contacts_shown", site.world.clock(), detail={"leads": sorted(contacts)})


def _told(view: View, one: Customer, contacts: dict[str, Contact]) -> Told:
    """Name and phone as this viewer may read them: whole for the own customers of a salesperson, masked for everybody else."""
    found = contacts.get(one.lead or "", Contact())
    told = Told(found.name, found.phone) if view.is_own else Told(masked_name(found.name), masked_phone(found.phone))
    nameless = _NAMELESS.format(id=_number(one)) if one.has_lead else _WALK_IN
    return told if told.name else replace(told, name=view.say(nameless))


# ------------------------------------------------------------------------------------------------------------- the track


def _track_address(view: View, id: str) -> str:
    return view.filters.address(f"{PATH}/{quote(id, safe=':')}", "lang", "theme")


def _customer(site: "Site", view: View, id: str) -> Customer:
    """The customer within the viewer's rights; 404 for one outside of them just as for one who does not exist."""
    folder = Folder(site.world.settings.snapshots.dir)
    return one_customer(folder, view.snapshot, id, view.scope.customers) or abort(404)


def _show_track(site: "Site", id: str) -> str:
    view = _view(site)
    one = _customer(site, view, id)
    contacts, note = contacts_of(site, view, [one])
    record_shown(site, contacts)
    return _track_page(site, view, one, _told(view, one, contacts), note)


def _track_page(site: "Site", view: View, one: Customer, told: Told, note: str) -> str:
    happenings, track_note = _happenings(site, view, one)
    can_reveal = bool(told.phone) and not view.is_own and "*" in told.phone
    reasons = [(name, view.say(label)) for name, label in REASONS.items()]
    here = _track_address(view, one.id)
    body = glance(
        notice_of(note),
        notice_of("" if note == track_note else track_note),
        page_head(view.say(_CUSTOMER), subtitle=_number(one)),
        part("head", _card(site, view, one, told)),
        reveal_form(here, reasons, view.words) if can_reveal else None,
        part("track", panel(view.say(_TRACK), customer_track(happenings))),
    )
    address = partial(view.filters.address, f"{PATH}/{quote(one.id, safe=':')}")
    return site.framed(body, view, _page_title(view, _CUSTOMER), section="funnels", here=address)


def _card(site: "Site", view: View, one: Customer, told: Told) -> Node:
    limits = vars(site.world.settings.overdue_days)
    names = ("project", "channel", "staff")
    terms = [view.words.of("project"), view.words.of("channel"), view.say(_HEADS[5])]
    known = (view.snapshot.project_name, view.snapshot.channel_name, view.snapshot.staff_name)
    unassigned = view.words.of("unassigned")
    facts = [(view.say(_STAGE), _stage(view, one)), (view.say(_HEADS[6]), one.grade or "–")]
    facts += [
        (term, name_of(getattr(one, name)) or unassigned)
        for term, name, name_of in zip(terms, names, known, strict=True)
    ]
    step = view.say(next_step(one, view.as_of, limits))
    return customer_card(told, facts, step, view.words, step_word=view.say(_NEXT))


def _happenings(site: "Site", view: View, one: Customer) -> tuple[list[Happening], str]:
    """The track, newest first, and what to say where the source could not be asked."""
    live, note = site.world.live, ""
    moments: tuple[Moment, ...] = ()
    try:
        moments = live.moments(one.leads) if live else ()
    except SourceDown:
        note = view.say(_DOWN_TRACK)
    return [_happening(view, moment) for moment in track(one, moments)], note


def _happening(view: View, one: Moment) -> Happening:
    known = (
        without_numbers(one.note)[:LONGEST_NOTE],
        view.say(_REACHED[one.reached]) if one.reached is not None else "",
        view.snapshot.staff_name(one.staff) or "",
        view.snapshot.channel_name(one.channel) or "",
    )
    more = " · ".join(fact for fact in known if fact)
    return Happening(
        _when(view, one.at), view.say(_KINDS[one.kind]), more, is_main=one.kind not in ("follow_up", "assignment")
    )


def _reveal(site: "Site", id: str) -> str | tuple[str, int]:
    """The whole number of one customer; recorded before it is read, and refused when it is one too many."""
    view = _view(site)
    one = _customer(site, view, id)
    reason, details = request.form.get("reason", ""), request.form.get("details", "")
    if reason not in REASONS:
        abort(400)
    detail = {"reason": reason, "details": without_numbers(details)[:LONGEST_REASON], "project": one.project}
    if not may_reveal(site.world.store, g.person.id, one.id, detail, site.world.clock()):
        refused = view.say(_TOO_MANY.format(most=str(MOST_AN_HOUR)))
        return _track_page(site, view, one, Told(_told(view, one, {}).name, ""), refused), 429
    contacts, note = contacts_of(site, view, [one])
    whole = contacts.get(one.lead or "", Contact())
    return _track_page(site, view, one, replace(_told(view, one, contacts), phone=whole.phone), note)


# ------------------------------------------------------------------------------------------------------------- the files

_FILES = {
    "csv": (csv_file, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_file, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def _export(site: "Site", kind: str) -> Answer:
    """The list as a file, recorded before it is sent."""
    asked = _asked(_view(site))
    view, now = asked.view, site.world.clock()
    listed = _listed(site, asked, limit=MOST_EXPORTED)
    what, rows = _said(asked), len(listed.customers)
    detail = {"format": kind, "what": what, "rows": rows, "of": listed.count, "snapshot": view.snapshot.version}
    record(site.world.store, g.person.id, "export", now, "customers", detail)
    contacts, note = contacts_of(site, view, listed.customers)
    watermark = _watermark(site, asked, what, listed, now) + (f" · {note}" if note else "")
    write, mimetype = _FILES[kind]
    content = write(watermark, [view.say(one) for one in _HEADS], list(_rows(view, listed.customers, contacts)))
    answer = Response(content, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="customers-{view.as_of:%Y%m%d-%H%M}.{kind}"'
    return answer


def _said(asked: Asked) -> str:
    """What is listed, in words."""
    view = asked.view
    names = ("region", "project", "channel")
    chosen = chosen_words(view.filters, view.snapshot, view.pack, view.scope, view.words, names)
    staff = view.snapshot.staff_name(asked.own["staff"]) or "" if "staff" in asked.own else ""
    said = (view.say(asked.label), view.words.of(f"basis_{asked.counted.basis}"), period_days(view), *chosen, staff)
    return " · ".join(one for one in (*said, asked.counted.grade) if one)


def _watermark(site: "Site", asked: Asked, what: str, listed: Listed, now: datetime) -> str:
    view = asked.view
    local = now.astimezone(site.world.freshness(view.snapshot).as_of.tzinfo)
    return view.say(
        _WATERMARK.format(
            who=g.person.name,
            when=f"{local:%Y-%m-%d %H:%M:%S}",
            what=what,
            as_of=f"{view.as_of:%Y-%m-%d %H:%M:%S}",
            version=_seen(view),
            rows=str(len(listed.customers)),
            count=str(listed.count),
        )
    )


def _rows(view: View, customers: Iterable[Customer], contacts: dict[str, Contact]) -> Iterable[list[str]]:
    unassigned, snapshot = view.words.of("unassigned"), view.snapshot
    for one in customers:
        told = _told(view, one, contacts)
        yield [
            one.id,
            told.name,
            told.phone,
            snapshot.project_name(one.project) or unassigned,
            snapshot.channel_name(one.channel) or unassigned,
            snapshot.staff_name(one.staff) or unassigned,
            one.grade or "",
            _stage(view, one),
            f"{one.at:%Y-%m-%d %H:%M}" if one.at else "",
        ]
