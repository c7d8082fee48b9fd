"""The site: one Dash app whose pages come with their numbers, the walls beside it, and the door in front of everything."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import dash
from dash.exceptions import DashException
from flask import Flask, Response, abort, after_this_request, g, redirect, request
from htpy import Node, div, fragment, template
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Answer

from components.celebration import celebration_stage, landed_list
from components.qr import qr_code
from components.scene_menu import SceneLink, scene_menu
from components.shell import document, glance, page_classes
from components.shell_phone import next_theme, phone
from components.shell_wall import Frame, Slide, scene_parts, wall, wall_lite
from dashboards import (
    _analysis,
    _entrance,
    _outside,
    _pictures,
    account,
    alert_desk,
    alerts,
    audit,
    benchmarks,
    boards,
    budget,
    calls,
    channels,
    checks,
    commitments,
    compare,
    customers,
    demand,
    drill,
    experiments,
    forecast,
    funnels,
    gallery,
    gap,
    heatmaps,
    milestones,
    outbox,
    overview,
    past_boards,
    peers,
    people,
    posters,
    quality,
    reports,
    risks,
    rollout,
    sandbox,
    scenarios,
    scorecard,
    screens,
    sheets,
    sign_in,
    why,
)
from dashboards._alerts import AlertBook
from dashboards._assets import PREFIX, Assets, packed
from dashboards._door import (
    OPEN,
    SIGN_IN,
    SIGNED_IN,
    SIGNED_IN_DOCUMENT,
    Door,
    Policy,
    error_id,
    keep_on_the_phone,
    own_address,
    refuse_unsafe,
)
from dashboards._filters import UNKNOWN, Filters
from dashboards._old import is_old
from dashboards._page import (
    EVERYBODY_S_SCREEN,
    Content,
    Kept,
    Page,
    View,
    World,
    badges_of,
    cache_key,
    content,
    live_answer,
    sections,
)
from dashboards._phone import add_phone, app_links
from dashboards._plain import failed, waiting
from dashboards._sandbox import Models
from dashboards._screens import look_after, may_open
from dashboards.wall import OPENS, LastGood, landed, slides
from data_access.store.benchmarks import cover
from data_access.store.people import Person
from data_access.store.reports import overdue_reports
from metrics.scenes import SceneSpec, scenes
from metrics.scope import PROJECT_ROLES, ROLES, Scope
from metrics.snapshot import Snapshot

_LOG = logging.getLogger(__name__)

PAGES = (overview.page, funnels.page, heatmaps.page, boards.page, alerts.page)
PERSON_SECONDS, WALL_SECONDS = 15, 10
SCRIPTS = ("live.js", "boot.js", "share.js", "heat.js", "trend.js")
WALL_SCRIPTS = ("live.js", "wall.js", "cheer.js", "menu.js")
SCREEN_SCRIPTS = (*WALL_SCRIPTS, "screen.js")
FIRST_PAINT, DASH = "first-paint", "dash"
_HINT = ("/static/", "/live/", "/_dash", "/api/", "/assets/")
TOLD_SCRIPTS = {
    400: "This request cannot be understood.",
    401: "Nobody is signed in. Sign in and ask again.",
    403: "This is not yours to see, or it does not exist.",
    404: "There is nothing at this address.",
    405: "This address cannot be asked in this way.",
    410: "This is gone. Load the page again.",
    413: "This request is too large.",
    429: "Too many requests. Ask again in a minute.",
    500: "Something broke. Tell the digital officer the id.",
}
"""What a script or the API is told beside the id that stands in the log."""
Routes = Callable[[Door, World], None]


@dataclass(frozen=True)
class Drawn:
    """A scene ready to be sent."""

    slides: list[Slide]
    landed: Node
    payload: bytes
    etag: str


class Site(dash.Dash):
    """The Dash app; its index is the requested page with its numbers, Dash's own scripts waiting in a template."""

    def __init__(self, world: World, assets: Assets) -> None:
        super().__init__(
            "warboard",
            server=Flask("warboard", static_folder=None),  # type: ignore[arg-type]
            include_assets_files=False,
            external_scripts=[assets.address("raw.js")],
            serve_locally=True,
            compress=False,
            suppress_callback_exceptions=True,
            update_title=None,  # type: ignore[arg-type]
            enable_mcp=False,
            use_pages=False,
            add_log_handler=False,
        )
        self.world = world
        self.files = assets
        self.contents: Kept[Content] = Kept()
        self.scenes = scenes(world.pack, world.settings.scenes)
        self.drawn: Kept[Drawn] = Kept()
        self.last_good = LastGood()
        self.models = Models()
        self.alerts = AlertBook(world.store, world.findings.of, world.clock, ZoneInfo(world.settings.group.time_zone))

    def _config(self) -> dict[str, Any]:
        """What the browser is told about the app; the versions of its libraries are nobody's business."""
        told = super()._config()  # type: ignore[no-untyped-call]
        return {name: value for name, value in told.items() if "version" not in name}

    def index(self, *_: Any, **__: Any) -> str:
        """The document of the requested page; 404 for any other address."""
        page = next((page for page in PAGES if page.path == request.path), None) or abort(404)
        snapshot = self.world.reader.current()
        if snapshot is None:
            return waiting_page(self.world, self.files)
        g.page, g.view = page, self.asked_view(page, snapshot)
        after_this_request(keep_on_the_phone)
        return str(super().index())  # type: ignore[no-untyped-call]

    def interpolate_index(self, **dash_parts: str) -> str:  # type: ignore[override]
        """The requested page around Dash's parts."""
        page, view = g.page, g.view
        made = self.content(page, view)
        body = self._body(view, made, page, dash_parts)
        scripts = tuple(self.files.address(name) for name in SCRIPTS)
        here = partial(view.filters.address, page.path)
        return self.framed(body, view, made.title, section=page.name, here=here, scripts=scripts, sheets=page.sheets)

    def framed(
        self,
        body: Node,
        view: View,
        title: str,
        *,
        section: str,
        here: Callable[..., str],
        scripts: tuple[str, ...] = (),
        sheets: tuple[str, ...] = (),
        aside: tuple[str, ...] = (),
    ) -> str:
        """A person's page around its body; `here` gives the page's own address with changes. One without scripts is not to be shared.

        The five sections have scripts and sheets of style; a page outside them may name scripts of its own, `aside`.
        """
        framed = phone(
            body,
            words=view.words,
            section=section,
            hrefs=sections(PAGES, view),
            fresh=self.world.freshness(view.snapshot),
            language_href=here(lang="zh" if view.words.language == "en" else "en"),
            account_href=sign_in.address(account.PATH, view.words),
            sign_in_href=SIGN_IN,
            badges=badges_of(view),
            theme=view.filters.theme,
            theme_href=here(theme=next_theme(view.filters.theme)),
            shared=bool(scripts),
        )
        classes = page_classes(view.words, theme=view.filters.theme)
        css = self.files.section_css(sheets) if scripts else self.files.aside_css
        return document(
            title, framed, words=view.words, css=css, late=scripts or aside, classes=classes, links=app_links()
        )

    def _body(self, view: View, made: Content, page: Page, dash_parts: dict[str, str]) -> Node:
        live = view.filters.address(f"/live/{page.name}", **dict.fromkeys(view.filters.left_out, UNKNOWN))
        layer = glance(Markup(made.html), live=live, build=self.world.build, seconds=PERSON_SECONDS, etag=made.etag)
        waiting_parts = Markup("".join(dash_parts[name] for name in ("config", "scripts", "renderer")))
        return fragment[
            div(id=FIRST_PAINT)[layer],
            Markup(dash_parts["app_entry"]),
            template(id=DASH, data_charts=page.has_trend and self.files.address("plotly.js"))[waiting_parts],
        ]

    def view(self, snapshot: Snapshot, scope: Scope) -> View:
        """What this request may see of a snapshot."""
        filters = Filters.read(request.args.to_dict(), snapshot, self.world.pack, scope)
        alerts = self.alerts.of(snapshot)
        return View(
            snapshot,
            self.world.pack,
            scope,
            filters,
            self.world.words(filters.lang),
            alerts.findings,
            self.world.gap,
            terms=self.world.terms,
            lower_half=self.world.settings.boards.lower_half,
            alerts=alerts,
        )

    def asked_view(self, page: Page, snapshot: Snapshot) -> View:
        """What the signed-in person asked to see of a page."""
        view = self.view(snapshot, self.world.scope(g.person, compares=page.compares) or abort(403))
        if page.late and view.scope.role in PROJECT_ROLES:
            late = overdue_reports(self.world.store, self.world.clock(), view.scope.alerts)
            view = replace(view, overdue=tuple(late))
        if page.is_cover and view.scope.role in PROJECT_ROLES:
            view = replace(view, cover=cover(self.world.store))
        return replace(view, shelf=self.world.shelf(snapshot)) if page.recorded else view

    def content(self, page: Page, view: View) -> Content:
        """The page's content, prepared once."""
        return self.contents.of(cache_key(page.name, view), partial(content, page, view, self.world.build))

    def scene(self, scene: SceneSpec, view: View) -> Drawn:
        """A scene's slides with its latest contracts and its live answer, prepared once."""
        return self.drawn.of(
            cache_key(f"wall/{scene.name}", view), partial(_drawn, scene, view, self.world.build, self.last_good)
        )

    def first_page(self, someone: Person) -> str:
        """The first page of a person: the overview, or the first wall for those who only look at walls."""
        walls = (f"/wall/{scene.name}" for scene in self.scenes if someone.role in OPENS[scene.viewers])
        return "/" if someone.role in ROLES else next(walls, "/")


def create_app(world: World, routes: Iterable[Routes] = ()) -> Site:
    """The whole site, every route and callback behind the door; DoorError when one has no policy."""
    refuse_unsafe(world.env)
    assets = Assets()
    site = Site(world, assets)
    door = Door(site, world.store, world.clock, world.settings)
    _dash_routes(door)
    _pages(site, door)
    _walls(site, door)
    outside = _outside.add(door, world, assets, site.first_page)
    _entrance.add(door, world, assets, site.first_page, outside.buttons)
    account.add(door, world, assets, site.first_page)
    people.add(door, world, assets)
    screens.add(door, world, assets, site.scenes)
    audit.add(door, world, assets)
    outbox.add(door, world, assets)
    peers.add(door, world, assets)
    posters.add(site, door, assets)
    add_phone(door, world, assets)
    customers.add(site, door)
    past_boards.add(site, door)
    sheets.add(site, door)
    alert_desk.add(site, door)
    risks.add(site, door)
    checks.add(site, door)
    reports.add(site, door)
    commitments.add(site, door)
    gap.add(site, door)
    why.add(site, door)
    demand.add(site, door)
    channels.add(site, door)
    compare.add(site, door)
    benchmarks.add(site, door)
    forecast.add(site, door)
    quality.add(site, door)
    calls.add(site, door)
    sandbox.add(site, door)
    scenarios.add(site, door)
    scorecard.add(site, door)
    milestones.add(site, door)
    rollout.add(site, door)
    budget.add(site, door)
    experiments.add(site, door)
    _health(site, door)
    gallery.add(door, world, assets)
    drill.add(site, door, assets)
    for add in routes:
        add(door, world)
    _analysis.add(site, door, PAGES)
    _pictures.add(site, door, PAGES)
    _errors(site)
    site.server.after_request(lambda answer: packed(answer, request))
    door.lock()
    return site


def waiting_page(world: World, assets: Assets) -> str:
    """No snapshot yet."""
    beat = world.reader.heartbeat()
    tried = int((world.clock() - beat.refreshed_at).total_seconds()) if beat else None
    words = world.words(request.args.get("lang", ""))
    return waiting(words, assets.css, tried=tried, failed=beat is not None and not beat.ok)


def _dash_routes(door: Door) -> None:
    """Policies of the routes that Dash makes."""
    data = ("/_dash-layout", "/_dash-dependencies", "/_dash-update-component", "/_reload-hash", "/_favicon.ico")
    suites = "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
    door.declare(SIGNED_IN, *data, suites, "__dash_assets.static", "_dash_assets.static")
    door.declare(SIGNED_IN_DOCUMENT, "/", "/<path:path>")


def _pages(site: Site, door: Door) -> None:
    for page in PAGES:
        policy = Policy(frozenset(page.roles), document=True)
        if page.path == "/":
            door.declare(policy, "/")
        else:
            door.route(page.path, policy, site.index)
        door.route(f"/live/{page.name}", Policy(frozenset(page.roles)), partial(_live, site, page))
    of_walls = {site.files.address(name) for name in SCREEN_SCRIPTS}
    files = replace(SIGNED_IN, screens=lambda screen: request.path in of_walls)
    door.route(f"{PREFIX}<file>", files, site.files.answer)


def _live(site: Site, page: Page) -> Answer:
    snapshot = site.world.reader.current() or abort(503)
    made = site.content(page, site.asked_view(page, snapshot))
    return _live_answer(site.world, snapshot, made.payload, made.etag)


def _live_answer(world: World, snapshot: Snapshot, payload: bytes, etag: str) -> Answer:
    same = etag in request.headers.get("If-None-Match", "")
    answer = Response(None if same else payload, 304 if same else 200, mimetype="application/json")
    answer.headers["ETag"] = etag
    answer.headers["X-As-Of"] = world.freshness(snapshot).as_of.isoformat(timespec="seconds")
    answer.headers["X-Build"] = world.build
    answer.headers["X-Seq"] = str(snapshot.sequence)
    return answer


def _walls(site: Site, door: Door) -> None:
    for scene in site.scenes:
        roles = OPENS[scene.viewers]
        data = Policy(roles, screens=partial(may_open, scene))
        opens = replace(data, document=True)
        door.route(f"/wall/{scene.name}", opens, partial(_wall, site, scene))
        door.route(f"/wall/lite/{scene.name}", opens, partial(_wall_lite, site, scene))
        door.route(f"/live/wall/{scene.name}", data, partial(_wall_live, site, scene))


def _drawn(scene: SceneSpec, view: View, build: str, last_good: LastGood) -> Drawn:
    made = slides(scene, view, last_good)
    latest = Markup(landed_list(landed(scene, view), view.words)) if scene.celebrates else None
    html = str(fragment[scene_parts(made, latest)])
    return Drawn(made, latest, *live_answer(view.say(scene.label), html, build))


def _wall(site: Site, scene: SceneSpec) -> str | Answer:
    look_after(site.world)
    snapshot = site.world.reader.current()
    if snapshot is None:
        return waiting_page(site.world, site.files)
    view = site.view(snapshot, EVERYBODY_S_SCREEN)
    lite = view.filters.address(f"/wall/lite/{scene.name}", "lang")
    if is_old(request.headers.get("User-Agent", "")):
        return redirect(lite, 302)
    drawn = site.scene(scene, view)
    return wall(
        drawn.slides,
        _frame(site, scene, view),
        words=view.words,
        fresh=site.world.freshness(snapshot),
        css=site.files.wall_css,
        live=view.filters.address(f"/live/wall/{scene.name}", "lang"),
        lite=lite,
        build=site.world.build,
        scripts=[site.files.address(name) for name in (SCREEN_SCRIPTS if g.screen else WALL_SCRIPTS)],
        landed=drawn.landed,
        seconds=WALL_SECONDS,
    )


def _frame(site: Site, scene: SceneSpec, view: View) -> Frame:
    """What stands around a scene for the person who opened it."""
    words, told = view.words, site.world.settings.walls
    here = own_address(view.filters.address(f"/wall/{scene.name}", "lang"))
    links = [
        SceneLink(view.say(one.label), view.filters.address(f"/wall/{one.name}", "lang"), one is scene)
        for one in site.scenes
        if (may_open(one, g.screen) if g.screen else g.person.role in OPENS[one.viewers])
    ]
    quiet = f"{told.quiet_from:%H:%M}", f"{told.quiet_until:%H:%M}"
    dim = f"{told.dim_from:%H:%M}", f"{told.dim_until:%H:%M}"
    return Frame(
        view.say(scene.label),
        celebration_stage(told.celebration_seconds, *quiet) if scene.celebrates else None,
        scene_menu(links, here, words),
        qr_code(here, words.of("on_a_phone")),
        scene.far,
        dim,
        f"{told.reload_at:%H:%M}",
    )


def _wall_lite(site: Site, scene: SceneSpec) -> str:
    look_after(site.world)
    snapshot = site.world.reader.current()
    if snapshot is None:
        return waiting_page(site.world, site.files)
    view, shown = site.view(snapshot, EVERYBODY_S_SCREEN), request.args.get("slide", "")
    made = site.scene(scene, view).slides
    at = int(shown) % len(made) if shown.isdecimal() and len(shown) < 4 else 0
    return wall_lite(
        made,
        Frame(view.say(scene.label), far=scene.far),
        words=view.words,
        fresh=site.world.freshness(snapshot),
        css=site.files.wall_css,
        shown=at,
        next_href=view.filters.address(f"/wall/lite/{scene.name}", "lang", slide=str((at + 1) % len(made))),
    )


def _wall_live(site: Site, scene: SceneSpec) -> Answer:
    look_after(site.world)
    snapshot = site.world.reader.current() or abort(503)
    drawn = site.scene(scene, site.view(snapshot, EVERYBODY_S_SCREEN))
    return _live_answer(site.world, snapshot, drawn.payload, drawn.etag)


def _health(site: Site, door: Door) -> None:
    def ready() -> tuple[str, int]:
        return ("ready", 200) if site.world.reader.current() else ("no snapshot yet", 503)

    door.route("/healthz", OPEN, lambda: "ok")
    door.route("/readyz", OPEN, ready)


def _errors(site: Site) -> None:
    world, css = site.world, site.files.css

    def answer(code: int, id: str) -> tuple[Any, int]:
        if request.path.startswith(_HINT):
            return {"error": TOLD_SCRIPTS.get(code, TOLD_SCRIPTS[500]), "id": id}, code
        role = g.person.role if g.get("person") else None
        return failed(code, id, world.words(request.args.get("lang", "")), css, role=role), code

    def refused(error: HTTPException) -> Any:
        return error if error.code is None or error.code < 400 else answer(error.code, error_id())

    def broken(error: Exception) -> Any:
        if isinstance(error, DashException):
            return answer(404, error_id())
        id = error_id()
        # As Python writes it: an address may hold line ends, which would look like entries of their own.
        _LOG.exception("Error %s on %r", id, request.path)
        return answer(500, id)

    site.server.register_error_handler(HTTPException, refused)
    site.server.register_error_handler(Exception, broken)
