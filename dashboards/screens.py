"""屏幕: a waiting screen shows its code, an administrator approves it on a phone, names it, changes it and revokes it."""

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from flask import Response, abort, g, make_response, redirect, request

from components.pairing import full_page, lost_page, pairing_page
from dashboards._assets import Assets
from dashboards._door import (
    FORM,
    OPEN,
    OPEN_DOCUMENT,
    PAIRING,
    Door,
    Policy,
    own_address,
    screen_cookie_name,
    source_address,
)
from dashboards._page import World
from dashboards._screen_pages import LONGEST_NAME, PATH, TOO_MANY, UNFIT, WRONG, Desk, screens_page
from dashboards._screens import LIFE, fits, may_open, with_screen_cookie
from data_access.store import StoreError
from data_access.store.pairings import LIFE as CODE_LIFE
from data_access.store.pairings import Pairing, TooManyTries, approve, normal, wait_for_pairing, waiting, waiting_with
from data_access.store.screens import Given, Place, Screen, change_screen, renewed, revoke_screen
from metrics.scenes import SceneSpec
from metrics.scope import GROUP_ROLES

SCRIPT = "/pair.js"
KEEPERS = Policy(frozenset(GROUP_ROLES), document=True, accepts=FORM)


def add(door: Door, world: World, assets: Assets, scenes: Sequence[SceneSpec]) -> None:
    """Add the page of waiting screens, open to everybody, and those of whoever keeps the screens."""
    desk = Desk(door, world, assets, scenes)
    door.route(PAIRING, OPEN_DOCUMENT, lambda: _waiting_screen(desk))
    door.route(SCRIPT, OPEN, lambda: Response(assets.content("pair.js"), mimetype="text/javascript"))
    door.route(PATH, KEEPERS, lambda: _show(desk))
    door.route(PATH, KEEPERS, lambda: _approve(desk), methods=("POST",))
    door.route(f"{PATH}/<id>", KEEPERS, lambda id: _change(desk, id), methods=("POST",))
    door.route(f"{PATH}/<id>/revoke", KEEPERS, lambda id: _revoke(desk, id), methods=("POST",))


# ------------------------------------------------------------------------------------------------------ a waiting screen


def _waiting_screen(desk: Desk) -> Response:
    """The code of a browser that waits; a paired one goes to its scene, with its credential where it is due."""
    store, now = desk.world.store, desk.world.clock()
    token = request.cookies.get(screen_cookie_name(), "")
    known = desk.door.screen_here(token) if token else None
    if known is not None and known.ended_at is None:
        return _opened(desk, known, token, now)
    pairing = waiting(store, token, now) if token else None
    if pairing is not None:
        return _shown(desk, pairing, ended=False)
    token = wait_for_pairing(store, source_address(request), now) or ""
    pairing = waiting(store, token, now)
    if pairing is None:
        return make_response(full_page(desk.words, desk.assets.wall_css), 429)
    return with_screen_cookie(token, CODE_LIFE, _shown(desk, pairing, ended=known is not None))


def _opened(desk: Desk, known: Screen, token: str, now: datetime) -> Response:
    """A paired screen goes to the first of its scenes."""
    first = next((scene.name for scene in desk.scenes if may_open(scene, known)), None)
    if first is None:
        return make_response(lost_page(desk.words, desk.assets.wall_css))
    answer = make_response(redirect(desk.address(f"/wall/{first}"), 303))
    fresh = renewed(desk.world.store, token, now) if known.is_due else None
    return with_screen_cookie(fresh, LIFE, answer) if fresh else answer


def _shown(desk: Desk, pairing: Pairing, *, ended: bool) -> Response:
    scanned = own_address(f"{PATH}?code={pairing.code}")
    css = desk.assets.wall_css
    page = pairing_page(pairing.code, own_address(PATH), scanned, desk.words, css=css, script=SCRIPT, ended=ended)
    answer = make_response(page)
    answer.headers["X-Waits"] = pairing.code
    return answer


# ------------------------------------------------------------------------------------------------ who keeps the screens


def _show(desk: Desk) -> tuple[str, int]:
    if "code" not in request.args:
        return screens_page(desk), 200
    code = normal(request.args["code"])
    try:
        found = waiting_with(desk.world.store, code, g.person.id, source_address(request), desk.world.clock())
    except TooManyTries:
        return screens_page(desk, TOO_MANY), 429
    return (screens_page(desk, asking=found), 200) if found else (screens_page(desk, WRONG), 404)


def _approve(desk: Desk) -> tuple[str, int] | Response:
    given, code = _given(desk), normal(request.form.get("code", ""))
    if given is None:
        return screens_page(desk, UNFIT), 400
    try:
        made = approve(desk.world.store, code, given, g.person.id, source_address(request), desk.world.clock())
    except TooManyTries:
        return screens_page(desk, TOO_MANY), 429
    return _done(desk) if made else (screens_page(desk, WRONG), 404)


def _change(desk: Desk, id: str) -> tuple[str, int] | Response:
    given = _given(desk)
    if given is None:
        return screens_page(desk, UNFIT), 400
    try:
        change_screen(desk.world.store, id, given, g.person.id, desk.world.clock())
    except StoreError:
        abort(404)
    return _done(desk)


def _revoke(desk: Desk, id: str) -> Response:
    try:
        revoke_screen(desk.world.store, id, g.person.id, desk.world.clock())
    except StoreError:
        abort(404)
    return _done(desk)


def _done(desk: Desk) -> Response:
    return make_response(redirect(desk.address(PATH), 303))


def _given(desk: Desk) -> Given | None:
    """What the form gives a screen; None where something is missing, or a scene does not fit the place."""
    name, wanted = request.form.get("name", "").strip(), request.form.getlist("scene")
    place = next((one for one in get_args(Place) if one == request.form.get("place")), None)
    chosen = [scene for scene in desk.scenes if scene.name in wanted]
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable() and place and chosen):
        return None
    return Given(name, place, tuple(one.name for one in chosen)) if all(fits(one, place) for one in chosen) else None
