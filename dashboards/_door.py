"""The door: default deny. Every route and every callback has a policy, or the app does not start."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import chain
from typing import Any, get_args
from urllib.parse import quote

import dash
from flask import Flask, Request, Response, abort, current_app, g, redirect, request
from werkzeug.wrappers import Response as Answer

from components.shell import LATE
from dashboards._pace import Pace
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.audit import record
from data_access.store.people import Person, Role
from data_access.store.screens import Screen, screen
from data_access.store.sessions import close_session, open_session, session

COOKIE = "warboard"
SCREEN_COOKIE = "warboard-screen"
IDLE = timedelta(hours=12)
LIFE = timedelta(days=7)
LARGEST_BODY = 256 * 1024
SIGN_IN = "/sign-in"
CODE = "/sign-in/code"
PAIRING = "/screen"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
FORGET = '"cache", "storage"'
_UNSAFE = ("DASH_MCP_ENABLED", "DASH_DEBUG", "FLASK_DEBUG", "DASH_HOT_RELOAD", "DASH_UI", "DASH_SERVE_DEV_BUNDLES")
_OFF = ("", "0", "false", "no", "off")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class DoorError(Exception):
    """Something stands open or unsafe; the message names it and the way out."""


@dataclass(frozen=True)
class Policy:
    """Who may pass: `roles`, or anybody when None; `allows` may refuse more. A document leads strangers to the sign-in page.

    `screens` says which paired screens may pass too; without it none may.
    """

    roles: frozenset[str] | None
    document: bool = False
    accepts: str = JSON
    allows: Callable[[Request], bool] | None = None
    screens: Callable[[Screen], bool] | None = None


OPEN = Policy(None)
OPEN_DOCUMENT = Policy(None, document=True, accepts=FORM)
SIGNED_IN = Policy(frozenset(get_args(Role)))
SIGNED_IN_DOCUMENT = Policy(frozenset(get_args(Role)), document=True, accepts=FORM)


class Door:
    """Checks every request of one app before anything else looks at it."""

    def __init__(self, app: dash.Dash, store: Store, clock: Callable[[], datetime], settings: Settings) -> None:
        self._app = app
        self._store = store
        self._clock = clock
        self._routes: dict[str, Policy] = {}
        self._callbacks: dict[str, Policy] = {}
        self._csp = _csp(())
        self._roaming = settings.walls.roaming
        # Two threads are left to the others, whatever one caller asks for at once.
        self._pace = Pace(settings.server.requests_per_minute, max(settings.server.threads - 2, 1))
        app.server.config |= {"MAX_CONTENT_LENGTH": LARGEST_BODY, "PROXIES": settings.server.proxies}
        self.strangers_go: Callable[[str], Answer | None] = lambda wanted: None
        """Where a stranger who wants a page is led to instead of the sign-in page; None for that page."""
        app.server.before_request(self._check)
        app.server.after_request(self._harden)
        app.server.teardown_request(self._leave)

    @property
    def server(self) -> Flask:
        """The Flask application behind the door."""
        return self._app.server  # type: ignore[no-any-return]

    def declare(self, policy: Policy, *endpoints: str) -> None:
        """Give routes that somebody else has made their policy."""
        self._routes |= dict.fromkeys(endpoints, policy)

    def route(self, rule: str, policy: Policy, view: Callable[..., Any], *, methods: Iterable[str] = ("GET",)) -> None:
        """Add a route with its policy."""
        endpoint = f"{'+'.join(methods)} {rule}".replace(".", "_")
        self._app.server.add_url_rule(rule, endpoint, view, methods=list(methods))
        self.declare(policy, endpoint)

    def callback(self, policy: Policy, *parts: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        """Add a Dash callback with its policy."""
        known = set(self._app.callback_map)
        register = self._app.callback(*parts, **options)

        def added(function: Callable[..., Any]) -> Any:
            result = register(function)
            self._callbacks |= dict.fromkeys(set(self._app.callback_map) - known, policy)
            return result

        return added

    def lock(self) -> None:
        """Raise DoorError when a route or a callback has no policy."""
        routes = {rule.endpoint for rule in self._app.server.url_map.iter_rules()} - set(self._routes)
        callbacks = {*self._app.callback_map, *dash._callback.GLOBAL_CALLBACK_MAP} - set(self._callbacks)
        for what, names in (("route", routes), ("callback", callbacks)):
            if names:
                raise DoorError(f"The {what} {min(names)!r} has no policy. Declare who may use it.")
        self._csp = _csp(self._app.csp_hashes())

    def policy(self, endpoint: str | None) -> Policy:
        """The policy of an endpoint; what is nobody's asks for a session, so that strangers learn nothing."""
        return self._routes.get(endpoint or "", SIGNED_IN_DOCUMENT)

    def sign_in(self, person_id: str, answer: Response, *, how: str) -> Response:
        """The answer with the cookie of a new session, which is in the audit; the one before it ends."""
        source = {"how": how, "source": source_address(request)}
        # First the entry: nobody comes in of whom there would be none.
        record(self._store, person_id, "sign_in", self._clock(), person_id, source)
        close_session(self._store, request.cookies.get(cookie_name(), ""))
        token = open_session(self._store, person_id, self._clock(), IDLE, LIFE)
        # Whoever was signed in here before leaves nothing behind on the device.
        answer.headers["Clear-Site-Data"] = FORGET
        answer.set_cookie(
            cookie_name(), token, max_age=LIFE, httponly=True, secure=request.is_secure, samesite="Lax", path="/"
        )
        return answer

    def _check(self) -> Answer | None:
        """Who asks, may they, and does the request come from our own pages; until then the body is not looked at."""
        policy = self.policy(request.endpoint)
        g.person = g.screen = None
        if policy.allows is not None and not policy.allows(request):
            abort(404)
        if policy.roles is not None and (elsewhere := self._enter(policy, policy.roles)):
            return elsewhere
        self._keep_pace()
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            _check_post(policy)
        if request.path == "/_dash-update-component":
            self._check_callback(g.person)
        _check_texts()
        return None

    def _enter(self, policy: Policy, roles: frozenset[str]) -> Answer | None:
        """Note which screen or which person asks; where someone else is led to, and 403 for a person who may not."""
        if policy.screens is not None:
            known = self._screen()
            if known is not None and known.ended_at is None and policy.screens(known):
                g.screen = known
                return None
        g.person = self._person()
        if g.person is None:
            return _closed_screen(policy) if policy.screens and _is_a_screen() else self._stranger(policy)
        if g.person.role not in roles:
            abort(403)
        return None

    def _keep_pace(self) -> None:
        """Refuse somebody who asks too much at once or in a minute."""
        caller = g.person or g.screen
        if caller is not None:
            if not self._pace.begin(caller.id, self._clock()):
                abort(429)
            g.caller = caller.id

    def _leave(self, error: BaseException | None) -> None:
        if "caller" in g:
            self._pace.end(g.caller)

    def _stranger(self, policy: Policy) -> Answer:
        if not policy.document or request.method not in ("GET", "HEAD"):
            abort(401)
        wanted = same_site_path(request.full_path.rstrip("?"))
        sign_in = f"{SIGN_IN}?next={quote(wanted, safe='')}" if wanted != "/" else SIGN_IN
        return self.strangers_go(wanted) or redirect(sign_in, 303)

    def _screen(self) -> Screen | None:
        return self.screen_here(request.cookies[screen_cookie_name()]) if _is_a_screen() else None

    def screen_here(self, token: str) -> Screen | None:
        """The screen whose credential this is, where it asks from the network it was paired in; None elsewhere: a copy does not travel."""
        known = screen(self._store, token, self._clock())
        is_here = known is None or self._roaming or _network(known.address) == _network(source_address(request))
        return known if is_here else None

    def _person(self) -> Person | None:
        token = request.cookies.get(cookie_name())
        return session(self._store, token, self._clock()) if token else None

    def _check_callback(self, person: Person) -> None:
        """Refuse a call that no page of ours makes: unknown callback, other inputs than declared."""
        try:
            body = request.get_json()
        except RecursionError:
            abort(400)
        output = body.get("output") if isinstance(body, dict) else None
        if not isinstance(output, str) or output not in self._app.callback_map:
            abort(400)
        policy = self._callbacks.get(output)
        if policy is None or policy.roles is None or person.role not in policy.roles:
            abort(403)
        spec = self._app.callback_map[output]
        if not (
            _as_declared(body.get("inputs"), spec["inputs"]) and _as_declared(body.get("state", []), spec["state"])
        ):
            abort(400)
        changed = body.get("changedPropIds", [])
        if not isinstance(changed, list) or not all(isinstance(one, str) for one in changed):
            abort(400)
        if _callback_id(body.get("outputs")) != output:
            abort(400)

    def _harden(self, answer: Response) -> Response:
        answer.headers.extend({name: value for name, value in _HEADERS.items() if name not in answer.headers})
        answer.headers.setdefault("Content-Security-Policy", self._csp)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer


def refuse_unsafe(env: Mapping[str, str]) -> None:
    """Raise DoorError when the environment switches on what opens a server to its callers."""
    for name in _UNSAFE:
        if env.get(name, "").strip().lower() not in _OFF:
            raise DoorError(f"{name} is set to {env[name]!r}. Warboard does not start with it: unset {name}.")


def cookie_name() -> str:
    """The session cookie's name; over https a prefix binds it to this host."""
    return f"__Host-{COOKIE}" if request.is_secure else COOKIE


def screen_cookie_name() -> str:
    """The name of a screen's own cookie, bound to this host in the same way."""
    return f"__Host-{SCREEN_COOKIE}" if request.is_secure else SCREEN_COOKIE


def keep_on_the_phone(answer: Response) -> Response:
    """The answer marked so that the phone may keep it until this session ends (decision 0002)."""
    token = request.cookies.get(cookie_name(), "")
    answer.headers["X-Keep"] = hashlib.sha256(f"keep {token}".encode()).hexdigest()[:16]
    return answer


def same_site_path(path: str | None) -> str:
    """The path to go to after signing in; anything but a path of ours becomes the first page."""
    if not path or not path.startswith("/") or path[1:2] in ("/", "\\") or not path.isprintable():
        return "/"
    return "/" if path.startswith((SIGN_IN, "/enter/", "/sign-out")) else path


def is_local(asked: Request) -> bool:
    """Whether the request was made on this very machine, by its own name and through no proxy."""
    try:
        near = ip_address(asked.remote_addr or "").is_loopback
    except ValueError:
        return False
    own_name = re.sub(r":\d*$", "", asked.host) in _LOCAL_NAMES
    return near and own_name and not any(header in asked.headers for header in _FORWARDED)


def source_address(asked: Request) -> str:
    """The address a request came from: the last one told that is no proxy of ours, as only our proxies are believed."""
    source = asked.remote_addr or ""
    for told in reversed(asked.headers.get("X-Forwarded-For", "").split(",")):
        if not _is_a_proxy(source):
            break
        try:
            source = str(ip_address(told.strip()))
        except ValueError:
            break
    return source


def _network(address: str) -> str:
    """The neighbourhood an address is in: 256 addresses, or of IPv6 the network one customer has to itself."""
    try:
        told = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((told, 64 if told.version == 6 else 24), strict=False))


def _is_a_proxy(address: str) -> bool:
    try:
        near = ip_address(address)
    except ValueError:
        return False
    return any(near in network for network in current_app.config["PROXIES"])


def own_address(path: str) -> str:
    """The whole address of a path of ours, as this very request reached us: the same host its posts must come from."""
    return f"{request.scheme}://{request.host}{path}"


def _csp(inline_scripts: Iterable[str]) -> str:
    """What a document may load: our own files, by hash our one inline script and Dash's own, nothing from elsewhere."""
    late = base64.b64encode(hashlib.sha256(LATE.encode()).digest()).decode()
    scripts = " ".join(("'self'", f"'sha256-{late}'", *inline_scripts))
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "worker-src 'self' blob:; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def error_id() -> str:
    """A number by which an error is found in the log."""
    return secrets.token_hex(4)


def _is_a_screen() -> bool:
    return bool(request.cookies.get(screen_cookie_name()))


def _closed_screen(policy: Policy) -> Answer:
    """A screen that is closed, unknown or without this scene goes where it is paired anew; its live script clears the picture."""
    if not policy.document:
        abort(410)
    return redirect(PAIRING, 303)


def _check_post(policy: Policy) -> None:
    """Refuse a request that was not sent by one of our own pages, or is not of the kind the route takes."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is None and site is None:
        abort(403)
    if origin is not None and origin.partition("://")[2] != request.host:
        abort(403)
    if site is not None and site != "same-origin":
        abort(403)
    if request.mimetype != policy.accepts:
        abort(415)
    if (request.content_length or 0) > LARGEST_BODY:
        abort(413)


def _check_texts() -> None:
    """Refuse a NUL in a path or a form: no text of ours has one, and PostgreSQL takes none."""
    if any("\0" in text for text in (request.path, *chain.from_iterable(request.form.items(multi=True)))):
        abort(400)


def _callback_id(outputs: Any) -> str:
    """The id Dash gives a callback with these outputs; empty for anything else."""
    listed = outputs if isinstance(outputs, list) else [outputs]
    if not all(isinstance(one, dict) for one in listed):
        return ""
    names = [f"{one.get('id')}.{one.get('property')}" for one in listed]
    return f"..{'...'.join(names)}.." if isinstance(outputs, list) else names[0]


def _as_declared(given: Any, declared: list[dict[str, Any]]) -> bool:
    """Whether inputs or states are just those the callback declares, in their order."""
    wanted = [(one["id"], one["property"]) for one in declared]
    found = [
        (one.get("id"), one.get("property")) if isinstance(one, dict) else None
        for one in (given if isinstance(given, list) else ())
    ]
    return isinstance(given, list) and found == wanted
