"""预警: every open finding with its evidence, since when, and what to do next."""

from htpy import Node, h2

from components.alert import alert_counts
from components.alert import alerts as alert_list
from components.picture import findings_block
from components.shell import part
from dashboards._head import head
from dashboards._page import Page, Sheet, View
from metrics.pack import Label
from metrics.rules import Finding, worst_first
from metrics.scope import PROJECT_ROLES

page = Page("alerts", path="/alerts", title=Label("预警", "Alerts"), roles=PROJECT_ROLES)

MOST = 15
_LISTED = Label("全部预警", "Open alerts")
_OPEN = Label("当前 {count} 条", "{count} open")


@page.content
def alerts(view: View) -> Node:
    """The open findings in view, worst and oldest first."""
    found = _found(view)
    return [
        head(
            view,
            page,
            links=("severity",),
            listed=("region", "project"),
            days=_open(view, found),
        ),
        part("counts", alert_counts(view.findings, view.words)),
        part(
            "alerts",
            h2(".spoken")[view.say(_LISTED)],
            alert_list(found, view.pack.rules, view.subject, view.words, view.as_of),
        ),
    ]


def _found(view: View) -> list[Finding]:
    """The findings in view of the chosen severity."""
    level = view.filters.severity
    return [one for one in worst_first(view.findings) if not level or one.severity == level]


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
