"""先打谁: the open leads that wait for a call, the likeliest first, each with the reason in words."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from flask import abort
from htpy import Element, a, div, p

from components.customers import Line, customer_list
from components.shell import glance, page_head, part
from components.words import digits
from dashboards import customers
from dashboards._door import Door, Policy
from dashboards._page import Page, View
from dashboards._score import reasons
from dashboards._ways import CALLERS, CALLS, CALLS_WORD
from data_access.customers import Open, open_leads
from data_access.live import Contact
from data_access.snapshots import Folder
from data_access.store.lead_scores import last_score
from metrics.customers import is_due, next_step
from metrics.lead_score import Score
from metrics.pack import Label

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("calls", path=CALLS, title=CALLS_WORD, roles=CALLERS)
MOST = 30
_NONE = Label("成交的客户还太少,暂时排不出先后。", "Too few were signed so far to tell who comes first.")
_NOBODY = Label("没有等着联系的客户", "Nobody waits for a call")
_DAYS = Label(
    "在跟 {open} 组,其中 {due} 组等着联系 · 近 {days} 天的留电",
    "{open} open leads, {due} wait for a call; of the last {days} days",
)
_CHANCE = Label("按留电估的成交机会 {chance}", "Chance of a contract, by the lead alone: {chance} (estimate)")
_SUBSCRIBED = Label("已认购,待签约", "Subscribed, the contract is left")
_HOW = Label(
    "只列等着首次联系或跟进超期的:已认购待签约的在最前,其余按还会成交的机会从高到低;机会按留电时的情况和已过天数估计,不看到访;加分越多机会越大,20 分翻一倍。最多列 {most} 组。",
    "Who waits for a first call or whose follow-up is late: subscribers first, the others by the chance of a contract still to come, told from the lead and its age and "
    "not from visits; 20 points are twice the odds. At most {most}.",
)


def add(site: "Site", door: Door) -> None:
    """Add the page."""
    door.route(CALLS, Policy(CALLERS, document=True), partial(_show, site))


def _show(site: "Site") -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    kept = last_score(site.world.store)
    body = _called(site, view, kept[1].score) if kept is not None else _nothing(view, _NONE)
    return site.framed(
        body,
        view,
        f"{view.say(CALLS_WORD)} · {view.words.of('product')}",
        section="overview",
        here=partial(view.address, CALLS),
    )


def _nothing(view: View, said: Label) -> Element:
    return glance(part("head", page_head(view.say(CALLS_WORD))), part("calls", p(".nothing")[view.say(said)]))


def _called(site: "Site", view: View, score: Score) -> Element:
    """The leads to call, with names and phones as this viewer may read them."""
    days = sum(view.snapshot.windows.values())
    where = view.where.within(view.scope.customers)
    limits = vars(site.world.settings.overdue_days)
    found = open_leads(Folder(site.world.settings.snapshots.dir), view.snapshot, where, days)
    due = [one for one in found if is_due(one.customer, view.as_of, limits)]
    shown = sorted(due, key=lambda one: (not _is_subscribed(one), -score.still(one.known, one.age), one.customer.id))[
        :MOST
    ]
    contacts, note = customers.contacts_of(site, view, [one.customer for one in shown])
    customers.record_shown(site, contacts)
    lines = [_line(view, one, score, limits, contacts) for one in shown]
    counted = _DAYS.format(open=digits(len(found)), due=digits(len(due)), days=str(days))
    return glance(
        customers.notice_of(note),
        part("head", page_head(view.say(CALLS_WORD), subtitle=view.say(counted))),
        part("calls", customer_list(lines, view.words) if lines else p(".nothing")[view.say(_NOBODY)]),
        p(".panel-note")[view.say(_HOW.format(most=str(MOST)))],
        div(".ways")[a(href=view.address("/"))[view.words.of("overview")]],
    )


def _is_subscribed(one: Open) -> bool:
    """Whether only the contract is left; the score, told from the lead, says little of that."""
    return one.customer.stage == "subscription"


def _line(view: View, one: Open, score: Score, limits: Mapping[str, int], contacts: dict[str, Contact]) -> Line:
    """A lead with what to do, its chance and what speaks for it, in place of what every list says."""
    told = customers.line_of(view, replace(one.customer, at=one.customer.created_at), contacts)
    step = view.say(next_step(one.customer, view.as_of, limits))
    if _is_subscribed(one):
        return replace(told, facts=(view.say(_SUBSCRIBED), step))
    chance = score.still(one.known, one.age)
    said = f"{chance * 100:.1f}%" if chance >= 0.001 else "<0.1%"
    return replace(told, facts=(step, view.say(_CHANCE.format(chance=said)), *reasons(view, score, one.known)))
