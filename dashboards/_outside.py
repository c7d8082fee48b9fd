"""The ways in over another site: the company's single sign-on, and WeCom for a link in a chat."""

import logging
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

from flask import Response, abort, make_response, redirect, request
from werkzeug.wrappers import Response as Answer

from components.words import Words
from dashboards import sign_in
from dashboards._assets import Assets
from dashboards._door import OPEN_DOCUMENT, SIGN_IN, Door, error_id, own_address, same_site_path, source_address
from dashboards._page import World
from data_access.admission import admitted
from data_access.outside import OutsideError, ProviderDown, Stranger, Way
from data_access.store.accounts import By
from data_access.store.attempts import TooManyAttempts, attempt, network
from data_access.store.audit import record
from data_access.store.journeys import LIFE, Journey, begin_journey, end_journey
from data_access.store.people import Person
from data_access.store.tokens import new_token
from metrics.pack import Label

COOKIE = "warboard-way"
OIDC, WECOM = "oidc", "wecom"
_LOG = logging.getLogger(__name__)
_OIDC = Label("统一登录", "Single sign-on")
_WECOM = Label("企业微信登录", "Sign in with WeCom")


def add(door: Door, world: World, assets: Assets, first_page: Callable[[Person], str]) -> "Outside":
    """The routes by which people go to another site and come back; a stranger within WeCom goes there at once."""
    outside = Outside(door, world, assets.css, first_page)
    door.route(f"{SIGN_IN}/<way>", OPEN_DOCUMENT, outside.leave)
    door.route(f"{SIGN_IN}/<way>/back", OPEN_DOCUMENT, outside.come_back)
    door.strangers_go = outside.straight_from_wecom
    return outside


def ways_in(world: World) -> dict[str, Way]:
    """The ways the settings open."""
    # Only here: who uses neither does without what they need, up to 17 MB of a process.
    ways: dict[str, Way] = {}
    settings = world.settings
    if settings.oidc.issuer:
        from data_access.oidc import OidcProvider

        ways[OIDC] = OidcProvider(settings.oidc, settings.server.threads, world.clock)
    if settings.wecom.corp_id:
        from data_access.wecom import WeCom

        ways[WECOM] = WeCom(settings.wecom, settings.server.threads)
    return ways


class Outside:
    """Answers people who go to another site to say who they are, and who come back from there."""

    def __init__(self, door: Door, world: World, css: str, first_page: Callable[[Person], str]) -> None:
        self._door = door
        self._world = world
        self._store = world.store
        self._css = css
        self._first_page = first_page
        self._ways = ways_in(world)

    def buttons(self, next_path: str, words: Words) -> list[sign_in.Button]:
        """What the sign-in page offers this browser, as addresses with their names."""
        offered = {OIDC: self._world.settings.oidc.label or words.say(_OIDC), WECOM: words.say(_WECOM)}
        return [
            sign_in.Button(_start(way, next_path, words), offered[way])
            for way in self._ways
            if way != WECOM or _is_within_wecom()
        ]

    def leave(self, way: str) -> Answer:
        """On to the other site."""
        if way not in self._ways:
            abort(404)
        return self._go(way, same_site_path(request.args.get("next")))

    def straight_from_wecom(self, wanted: str) -> Answer | None:
        """Where a stranger goes who wants a page of ours within WeCom; None for everybody else."""
        opens_a_page = request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document"
        return self._go(WECOM, wanted) if WECOM in self._ways and opens_a_page and _is_within_wecom() else None

    def come_back(self, way: str) -> Answer:
        """Whoever comes back to the browser that left, for the first time, with a good answer, comes in."""
        if way not in self._ways:
            abort(404)
        now, state = self._world.clock(), request.args.get("state", "")
        journey = end_journey(self._store, way, state, request.cookies.get(_cookie(), ""), now)
        try:
            someone = self._whoever(way, journey)
        except OutsideError as error:
            wanted, language = (journey.next_path, journey.language) if journey else ("/", "")
            return self._failed(way, error, wanted, self._world.words(language))
        wanted = journey.next_path if journey and journey.next_path != "/" else self._first_page(someone)
        return self._door.sign_in(someone.id, make_response(redirect(wanted, 303)), how=way)

    def _whoever(self, way: str, journey: Journey | None) -> Person:
        """Whom the other site names; OutsideError, Stranger for somebody who may not come in."""
        if journey is None:
            raise OutsideError("no such journey")
        told = self._ways[way].told(request.args, journey, _back(way))
        create = way == OIDC and self._world.settings.oidc.create
        return admitted(self._store, told, By(way, self._world.clock()), by_name=way == OIDC, create=create)

    def _go(self, way: str, wanted: str) -> Answer:
        words, browser = self._world.words(request.args.get("lang", "")), request.cookies.get(_cookie()) or new_token()
        journey = begin_journey(
            self._store, way, wanted, words.language,
            browser=browser, address=source_address(request), now=self._world.clock(),
        )  # fmt: skip
        try:
            if journey is None:
                raise ProviderDown("too many under way")
            answer = redirect(self._ways[way].leads_to(journey, _back(way)), 303)
        except OutsideError as error:
            return self._failed(way, error, wanted, words)
        answer.set_cookie(
            _cookie(), browser, max_age=LIFE, httponly=True, secure=request.is_secure, samesite="Lax", path="/"
        )
        return answer

    def _failed(self, way: str, error: OutsideError, wanted: str, words: Words) -> Response:
        """A page that says what to do; why it was is in the log and the audit, by its number."""
        id = error_id()
        _LOG.warning("Nobody came in by %s (%s): %s", way, id, error.reason)
        self._refused(way, error, id)
        page = sign_in.outside_page(
            words,
            self._css,
            said=_said(error),
            account=error.account,
            id=id,
            again=None if isinstance(error, Stranger) else _start(way, wanted, words),
            password=_address(SIGN_IN, wanted, words),
        )
        return make_response(page, 403 if isinstance(error, Stranger) else 401)

    def _refused(self, way: str, error: OutsideError, id: str) -> None:
        now, source = self._world.clock(), source_address(request)
        detail = {"how": way, "source": source, "why": error.reason, "error": id}
        # Counted, so that a flood does not fill the audit; apart from passwords, which still work when a provider does not.
        with suppress(TooManyAttempts):
            attempt(self._store, f"{way} {id}", f"{way} {network(source)}", now)
            record(self._store, "", "sign_in_refused", now, error.person_id, detail)


def _said(error: OutsideError) -> Label:
    if isinstance(error, Stranger):
        return sign_in.OUTSIDE_STRANGER
    return sign_in.OUTSIDE_DOWN if isinstance(error, ProviderDown) else sign_in.OUTSIDE_AGAIN


def _is_within_wecom() -> bool:
    return "wxwork" in request.headers.get("User-Agent", "").lower()


def _cookie() -> str:
    return f"__Host-{COOKIE}" if request.is_secure else COOKIE


def _back(way: str) -> str:
    """The address to come back to, as the other site has it in its settings."""
    return own_address(f"{SIGN_IN}/{way}/back")


def _start(way: str, wanted: str, words: Words) -> str:
    return _address(f"{SIGN_IN}/{way}", wanted, words)


def _address(path: str, wanted: str, words: Words) -> str:
    return f"{path}?{urlencode({'next': wanted, 'lang': words.language})}"
