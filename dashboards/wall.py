"""大屏: scenes that nobody touches, made of the slides their declaration names."""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

from htpy import Node, fragment
from markupsafe import Markup

from components.celebration import Landed
from components.shell_wall import Slide, failed_panel, kept_panel
from dashboards._door import SIGNED_IN_DOCUMENT
from dashboards._page import EVERYBODY_S_SCREEN, View
from dashboards._panels import DRAWN
from metrics.scenes import PanelSpec, SceneSpec, SlideSpec
from metrics.scope import GROUP_ROLES
from metrics.snapshot import Event

_LOG = logging.getLogger(__name__)

OPENS: Mapping[str, frozenset[str]] = {
    "everybody": SIGNED_IN_DOCUMENT.roles or frozenset(),
    "group": frozenset(GROUP_ROLES),
}
"""The roles behind each word for who may open a scene."""
Pages = tuple[Markup, ...]
Place = tuple[str, str, int, str]


@dataclass(frozen=True)
class Picture:
    """A panel as it was drawn last: its pages, and the time of its data."""

    pages: Pages
    as_of: datetime


class LastGood:
    """The last good picture of every panel, by scene, slide, place and language; a wall's panel is the same for everybody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[Place, Picture] = {}

    def keep(self, place: Place, picture: Picture) -> None:
        """Remember a picture in the place of the one before."""
        with self._lock:
            self._last[place] = picture

    def last(self, place: Place) -> Picture | None:
        """The last picture of a place, if there was one."""
        with self._lock:
            return self._last.get(place)


def slides(scene: SceneSpec, view: View, last_good: LastGood) -> list[Slide]:
    """The slides of a scene; one whose panel goes on comes once for each of its pages."""
    return [made for slide in scene.slides for made in _slides(scene, slide, _narrowed(view, slide), last_good)]


def _narrowed(view: View, slide: SlideSpec) -> View:
    """The view of a slide that is about some projects only."""
    if not slide.projects:
        return view
    return replace(view, scope=replace(EVERYBODY_S_SCREEN, projects=frozenset(slide.projects)))


def _slides(scene: SceneSpec, slide: SlideSpec, view: View, last_good: LastGood) -> list[Slide]:
    title, language = view.say(slide.label), view.words.language
    panels = [
        _pages(view, panel, title, (scene.name, slide.name, at, language), last_good)
        for at, panel in enumerate(slide.panels)
    ]
    count = max(len(pages) for pages in panels)
    return [
        Slide(
            slide.name if count == 1 else f"{slide.name}-{page + 1}",
            title,
            tuple(pages[min(page, len(pages) - 1)] for pages in panels),
            slide.layout,
            slide.seconds,
            page + 1 if count > 1 else 0,
        )
        for page in range(count)
    ]


def _pages(view: View, panel: PanelSpec, title: str, place: Place, last_good: LastGood) -> Pages:
    """A panel as it is now; else as it was last, with its age; else the word that it cannot be shown.

    One broken panel must not darken a wall, so whatever goes wrong stays here.
    """
    try:
        pages = _drawn(view, panel)
    except Exception:
        _LOG.exception("A panel of the wall slide %s cannot be shown", "/".join(map(str, place)))
        last = last_good.last(place)
        if last is None:
            return (Markup(failed_panel(title, view.as_of, view.words)),)
        return tuple(Markup(kept_panel(page, last.as_of, view.as_of, view.words)) for page in last.pages)
    last_good.keep(place, Picture(pages, view.as_of))
    return pages


def _drawn(view: View, panel: PanelSpec) -> Pages:
    drawn = DRAWN[panel.kind](view, panel.options)
    pages: Sequence[Node] = drawn if isinstance(drawn, list) else [drawn]
    return tuple(Markup(fragment[page]) for page in pages)


def landed(scene: SceneSpec, view: View) -> list[Landed]:
    """The contracts since yesterday that a scene celebrates, latest first; without customers, without amounts where it shows none."""
    if not scene.celebrates:
        return []
    since = view.as_of.date() - timedelta(days=1)
    signed = [one for one in view.snapshot.recent if one.kind == "contract" and one.key and one.at.date() >= since]
    return [_landed(one, scene, view) for one in signed]


def _landed(event: Event, scene: SceneSpec, view: View) -> Landed:
    names, words = view.snapshot, view.words
    amount = words.money(Fraction(event.amount)) if scene.amounts and event.amount is not None else ""
    project = names.project_name(event.project) or words.of("unassigned")
    return Landed(event.key, project, names.staff_name(event.staff) or "", amount)
