"""What a paired screen may open, and how it is looked after while it is open."""

import re
from datetime import timedelta
from functools import partial

from flask import Response, after_this_request, g, request

from dashboards._door import screen_cookie_name
from dashboards._page import World
from data_access.store.screens import Screen, Told, renewed, saw
from metrics.scenes import SceneSpec

LIFE = timedelta(days=400)
"""The longest that browsers keep a cookie; every renewal begins it anew."""
_BUILD, _SIZE, _SECONDS = re.compile(r"[\w.-]{1,20}"), re.compile(r"\d{1,5}x\d{1,5}"), re.compile(r"\d{1,8}")


def is_for_everybody(scene: SceneSpec) -> bool:
    """Whether a scene may hang where anybody passes: it is for everybody, and shows no amounts."""
    return scene.viewers == "everybody" and not scene.amounts


def fits(scene: SceneSpec, place: str) -> bool:
    """Whether a scene may be shown in a place."""
    return place == "warroom" or is_for_everybody(scene)


def may_open(scene: SceneSpec, screen: Screen) -> bool:
    """Whether a screen was given this scene, and the scene may still be shown where it hangs."""
    return scene.name in screen.given.scenes and fits(scene, screen.given.place)


def look_after(world: World) -> None:
    """Where a paired screen asks, keep what it says of itself, and send its next credential with the answer when it is due."""
    if g.screen is None:
        return
    now = world.clock()
    saw(world.store, g.screen, _told(), now)
    if g.screen.is_due and (token := renewed(world.store, request.cookies[screen_cookie_name()], now)):
        after_this_request(partial(with_screen_cookie, token, LIFE))


def with_screen_cookie(token: str, life: timedelta, answer: Response) -> Response:
    """The answer with a screen's own cookie."""
    answer.set_cookie(
        screen_cookie_name(), token, max_age=life, httponly=True, secure=request.is_secure, samesite="Lax", path="/"
    )
    return answer


def _told() -> Told | None:
    """What a screen says of itself with a poll; None where it says nothing, or nothing that can be true."""
    build, size, seconds = (request.args.get(name, "") for name in ("build", "size", "age"))
    if not (_BUILD.fullmatch(build) and _SIZE.fullmatch(size) and _SECONDS.fullmatch(seconds)):
        return None
    return Told(build, size, int(seconds))
