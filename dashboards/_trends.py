"""The trend at a page's foot: which metrics have one for this viewer, and the first of them as it stands in the page."""

from htpy import Element

from components.shell import panel, part
from components.still_trend import still_trend
from dashboards._page import View
from metrics.pack import Label
from metrics.query import known_by_staff
from metrics.trend import trend, trend_metrics

TITLE = Label("走势", "Trend")
_FIRST = Label("{metric} · 按日 · 近5周", "{metric} · by day, five weeks")


def offered(view: View) -> tuple[str, ...]:
    """The metrics whose trend this viewer may see."""
    names = trend_metrics(view.snapshot, view.pack)
    return tuple(name for name in names if not view.is_own or known_by_staff(view.pack, name))


def trend_part(view: View) -> Element | None:
    """The first trend by day, drawn into the page; with Dash comes one whose metric can be chosen."""
    name = next(iter(offered(view)), None)
    if name is None:
        return None
    metric, points = view.pack.metric(name), trend(view.frames, view.pack, name, "day", view.where)
    note = view.say(_FIRST.format(metric=view.say(metric.label)))
    return part("trend", panel(view.say(TITLE), still_trend(points, metric, view.words), note=note))
