"""What Dash adds once somebody touches a page: a trend of any metric, under the page's own filters."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import dash_bootstrap_components as dbc  # type: ignore[import-untyped]
from dash import Input, Output, State, dcc, html, no_update
from flask import g

from components.trend import CONFIG, trend_figure
from components.words import Words
from dashboards._door import SIGNED_IN, Door
from dashboards._filters import Filters
from dashboards._page import Page, View
from dashboards._raw import Raw
from dashboards._trends import TITLE, offered
from metrics.pack import Label
from metrics.trend import Grain, trend

if TYPE_CHECKING:
    from dashboards._site import Site

FIRST_PAINT = "first-paint"
LONGEST_ADDRESS = 2000
_COLOUR = re.compile(r"rgb\(\d{1,3}, \d{1,3}, \d{1,3}\)")
_PLAIN_COLOUR = "#7f7f7f"
_COLOURS = ("ink", "quiet", "line", "accent", "sheet")
_METRIC = Label("指标", "Metric")
_GRAIN = Label("粒度", "By")
_GRAINS: dict[Grain, Label] = {
    "day": Label("按日 · 近5周", "Day, five weeks"),
    "week": Label("按周 · 近半年", "Week, half a year"),
}


def layout() -> Any:
    """The page's frame, without data: the first paint, and the place of what follows."""
    return html.Div([Raw(id="page", adopt=FIRST_PAINT), html.Div(id="analysis")])


def add(site: "Site", door: Door, pages: Sequence[Page]) -> None:
    """Add the layout and the callbacks."""
    site.layout = layout

    @door.callback(SIGNED_IN, Output("analysis", "children"), Input("page", "address"))
    def analysis(address: Any) -> Any:
        view = _view(site, pages, address)
        return _controls(view) if view else no_update

    @door.callback(
        SIGNED_IN,
        Output("trend", "figure"),
        Input("trend-metric", "value"),
        Input("trend-grain", "value"),
        Input("page", "swaps"),
        State("page", "address"),
        State("page", "colours"),
    )
    def figure(metric: Any, grain: Any, swaps: Any, address: Any, colours: Any) -> Any:
        view = _view(site, pages, address)
        if view is None or metric not in offered(view) or grain not in tuple(_GRAINS):
            return no_update
        points = trend(view.frames, view.pack, metric, grain, view.where)
        return trend_figure(points, view.pack.metric(metric), view.words, page_colours(colours))


def _view(site: "Site", pages: Sequence[Page], address: Any) -> View | None:
    """What the page at an address shows this person; None for anything but a page of ours with a trend."""
    snapshot = site.world.reader.current()
    if snapshot is None or not isinstance(address, str) or len(address) > LONGEST_ADDRESS:
        return None
    path, _, query = address.partition("?")
    page = next((page for page in pages if page.path == path), None)
    if page is None or not page.has_trend:
        return None
    scope = site.world.scope(g.person, compares=page.compares)
    if scope is None or scope.role not in page.roles:
        return None
    filters = Filters.read(dict(parse_qsl(query)), snapshot, site.world.pack, scope)
    return View(snapshot, site.world.pack, scope, filters, site.world.words(filters.lang))


def page_colours(claimed: Any) -> Mapping[str, str]:
    """The page's own colours as its script read them; a plain grey for anything that is not a colour."""
    given = claimed if isinstance(claimed, dict) else {}
    return {name: _colour(given.get(name)) for name in _COLOURS}


def _colour(value: Any) -> str:
    return value if isinstance(value, str) and _COLOUR.fullmatch(value) else _PLAIN_COLOUR


def _controls(view: View) -> Any:
    metrics = {name: view.say(view.pack.metric(name).label) for name in offered(view)}
    grains: dict[str, str] = {name: view.say(label) for name, label in _GRAINS.items()}
    chart = dcc.Graph(id="trend", config=CONFIG, figure={"data": [], "layout": {}}, style={"height": "19rem"})
    return html.Section(
        [
            html.Header(html.H2(view.say(TITLE), className="panel-title"), className="panel-head"),
            html.Div(
                [_select("metric", _METRIC, metrics, view.words), _select("grain", _GRAIN, grains, view.words)],
                className="trend-choices",
            ),
            chart,
        ],
        className="panel",
    )


def _select(name: str, label: Label, options: Mapping[str, str], words: Words) -> Any:
    listed = [{"value": value, "label": text} for value, text in options.items()]
    chosen = dbc.Select(id=f"trend-{name}", options=listed, value=next(iter(options)), persistence=False)
    return html.Label([html.Span(words.say(label), className="field-label"), chosen], className="field")
