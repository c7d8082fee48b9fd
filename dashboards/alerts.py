"""预警: every open alert with its evidence, how it stands, since when, what to do next, and who does it."""

from collections.abc import Callable
from itertools import groupby

from htpy import Element, Node, a, div, h2, h3

from components.alert import alert_counts
from components.alert import alerts as alert_list
from components.picture import findings_block
from components.shell import part
from dashboards._alerts import PATH, address, deeds, state_line
from dashboards._due import overdue_note
from dashboards._due import ways as ways_to_due
from dashboards._head import head
from dashboards._page import Page, Sheet, View
from metrics.pack import Label
from metrics.rules import Finding, worst_first
from metrics.scope import GROUP_ROLES, PROJECT_ROLES

page = Page(
    "alerts",
    path=PATH,
    title=Label("预警", "Alerts"),
    roles=PROJECT_ROLES,
    late=True,
    sheets=("70-alert.css",),
)

MOST = 15
_LISTED = Label("全部预警", "Open alerts")
_CHECKS = Label("稽核:飞单、撞单、报备异常", "Record checks")
_OUTBOX = Label("发件箱", "Outbox")
_OPEN = Label("当前 {count} 条", "{count} open")
_NOBODY = Label("待确认", "To acknowledge")
_RESOLVED = Label("已解除", "Resolved")
_SILENCES = Label("静默", "Silences")
_RISKS = Label("外部观察与风险", "Outside watch and risks")


@page.content
def alerts(view: View) -> Node:
    """The open alerts in view, by severity, project, owner or age."""
    found = _found(view)
    return [
        head(
            view,
            page,
            links=("severity",),
            listed=("region", "project", "order"),
            days=_open(view, found),
        ),
        part("counts", alert_counts(view.findings, view.words), _ways(view)),
        part("alerts", h2(".spoken")[view.say(_LISTED)], overdue_note(view), _groups(view, found)),
    ]


def _ways(view: View) -> Element:
    """What belongs to alerts and has no place of its own."""
    words, is_group = view.words, view.scope.role in GROUP_ROLES
    return div(".ways")[
        ways_to_due(view),
        a(href=view.filters.address("/checks", "lang", "theme"))[words.say(_CHECKS)],
        a(href=address("/resolved", words))[words.say(_RESOLVED)],
        is_group and a(href=address("/silences", words))[words.say(_SILENCES)],
        is_group and a(href=f"/risks?lang={words.language}")[words.say(_RISKS)],
        is_group and a(href=f"/outbox?lang={words.language}")[words.say(_OUTBOX)],
    ]


def _found(view: View) -> list[Finding]:
    """The findings in view of the chosen severity."""
    level = view.filters.severity
    return [one for one in worst_first(view.findings) if not level or one.severity == level]


def _groups(view: View, found: list[Finding]) -> Node:
    """One list, or one for every project or owner, each worst first; by age the oldest come first."""
    order = view.filters.order
    if order == "age":
        return _list(view, sorted(found, key=lambda one: one.since))
    if order not in ("project", "owner") or not found:
        return _list(view, found)
    name = _subject_of(view) if order == "project" else _owner_of(view)
    together = groupby(sorted(found, key=name), key=name)
    return [[h3(".alert-group")[title], _list(view, list(some))] for title, some in together]


def _subject_of(view: View) -> Callable[[Finding], str]:
    return lambda one: view.subject(one) or view.words.of("group" if one.kind == "group" else "unassigned")


def _owner_of(view: View) -> Callable[[Finding], str]:
    def owner(one: Finding) -> str:
        episode = view.alerts.episode(one)
        return view.alerts.name(episode.ack.owner) if episode and episode.ack else view.say(_NOBODY)

    return owner


def _list(view: View, found: list[Finding]) -> Element:
    back = view.address(PATH, **view.filters.chosen("severity", "order"))

    def state(one: Finding) -> Node:
        episode = view.alerts.episode(one)
        return state_line(view.alerts, episode, view.words) if episode else None

    def acts(one: Finding) -> Node:
        episode = view.alerts.episode(one)
        return deeds(view.alerts, episode, view.words, back) if episode else None

    def href(one: Finding) -> str | None:
        episode = view.alerts.episode(one)
        return address(f"/{episode.id}", view.words) if episode else None

    return alert_list(found, view.pack.rules, view.subject, view.words, view.as_of, href=href, state=state, deeds=acts)


def _open(view: View, found: list[Finding]) -> str:
    return view.say(_OPEN.format(count=str(len(found))))


@page.picture("severity", "region", "project")
def picture(view: View) -> Sheet:
    """The worst and oldest findings in view."""
    found = _found(view)
    shown = findings_block(
        view.say(_LISTED), found[:MOST], view.pack.rules, view.subject, view.words, view.as_of, among=view.findings
    )
    return Sheet(_open(view, found), [shown], left_out=max(len(found) - MOST, 0))
