"""The ways in and out: name and password, single-use links, the demo's clicks, the code from an app, signing out."""

from collections.abc import Callable
from contextlib import suppress

from flask import abort, g, make_response, redirect, request
from werkzeug.wrappers import Response as Answer

from components.words import Words
from dashboards import sign_in
from dashboards._assets import Assets
from dashboards._door import (
    CODE,
    FORGET,
    OPEN_DOCUMENT,
    SIGN_IN,
    SIGNED_IN_DOCUMENT,
    Door,
    cookie_name,
    is_local,
    same_site_path,
    source_address,
)
from dashboards._forms import later, other_language
from dashboards._page import World
from data_access.store.attempts import TooManyAttempts, attempt, forgive
from data_access.store.audit import record
from data_access.store.codes import ROLES, begin_step, enrol, has_code, step, use_code
from data_access.store.links import use_link
from data_access.store.passwords import tidy, whose
from data_access.store.people import Person, named, people, person
from data_access.store.sessions import close_session
from metrics.pack import Label

Buttons = Callable[[str, Words], list[sign_in.Button]]


def add(door: Door, world: World, assets: Assets, first_page: Callable[[Person], str], buttons: Buttons) -> None:
    """The routes by which people come and go; `buttons` are the ways in over other sites, to a page, in a language."""
    entrance = Entrance(door, world, assets.css, first_page, buttons)
    door.route(SIGN_IN, OPEN_DOCUMENT, entrance.show_sign_in)
    door.route(SIGN_IN, OPEN_DOCUMENT, entrance.sign_in, methods=("POST",))
    door.route(CODE, OPEN_DOCUMENT, lambda: redirect(SIGN_IN, 303))
    door.route(CODE, OPEN_DOCUMENT, entrance.give_code, methods=("POST",))
    door.route("/enter/<token>", OPEN_DOCUMENT, entrance.show_enter)
    door.route("/enter/<token>", OPEN_DOCUMENT, entrance.enter, methods=("POST",))
    door.route("/sign-out", SIGNED_IN_DOCUMENT, entrance.show_sign_out)
    door.route("/sign-out", SIGNED_IN_DOCUMENT, entrance.sign_out, methods=("POST",))


class Entrance:
    """Everything between a stranger and a session."""

    def __init__(
        self, door: Door, world: World, css: str, first_page: Callable[[Person], str], buttons: Buttons
    ) -> None:
        self._door = door
        self._world = world
        self._store = world.store
        self._css = css
        self._first_page = first_page
        self._buttons = buttons

    def show_sign_in(self) -> str:
        """Name and password; in the demo on this machine, one button per person."""
        if not self._is_demo():
            return self._sign_in_page()
        next_path = same_site_path(request.args.get("next"))
        return sign_in.demo_page(people(self._store), self._world.reader.current(), next_path, self._words(), self._css)

    def sign_in(self) -> Answer:
        """Whoever names themselves with the right password comes in; every other answer is the same."""
        if "person" in request.form:
            return self._enter_the_demo()
        name, password = tidy(request.form.get("name", "")), request.form.get("password", "")
        try:
            tried = attempt(self._store, name, source_address(request), self._world.clock())
        except TooManyAttempts as error:
            return later(
                self._sign_in_page(sign_in.LATER, self._world.time_of_day(error.until)), error, self._world.clock()
            )
        someone, known = whose(self._store, name, password), named(self._store, name)
        if someone is None:
            self._refused("password", known)
            return make_response(self._sign_in_page(sign_in.WRONG), 401)
        forgive(self._store, tried)
        return self._admit(someone, "password")

    def give_code(self) -> Answer:
        """The code of a sign-in that waits for one."""
        token, code = request.form.get("step", ""), request.form.get("code", "")
        someone = step(self._store, token, self._world.clock())
        if someone is None:
            return make_response(self._sign_in_page(sign_in.CODE_OVER), 401)
        try:
            tried = attempt(self._store, f"code {someone.id}", source_address(request), self._world.clock())
        except TooManyAttempts as error:
            page = self._code_page(token, sign_in.LATER, self._world.time_of_day(error.until))
            return later(page, error, self._world.clock())
        if not use_code(self._store, someone.id, code, self._world.clock()):
            self._refused("code", someone)
            return make_response(self._code_page(token, sign_in.CODE_WRONG), 401)
        forgive(self._store, tried)
        return self._let_in(someone, "code")

    def show_enter(self, token: str) -> str:
        """One button, so that the preview of a message does not use up the link."""
        return sign_in.enter_page(self._words(), self._css)

    def enter(self, token: str) -> Answer:
        """Whom the link was made for comes in, once."""
        someone = person(self._store, use_link(self._store, token, self._world.clock()) or "")
        if someone is None:
            # Counted, so that a flood of made-up links does not fill the audit.
            with suppress(TooManyAttempts):
                attempt(self._store, token, source_address(request), self._world.clock())
                self._refused("link", None)
            return make_response(sign_in.used_page(self._words(), self._css), 410)
        return self._admit(someone, "link")

    def show_sign_out(self) -> str:
        """One button to end the session."""
        return sign_in.sign_out_page(self._words(), self._css)

    def sign_out(self) -> Answer:
        """End the session, here and in the store."""
        record(self._store, g.person.id, "sign_out", self._world.clock(), g.person.id)
        close_session(self._store, request.cookies.get(cookie_name(), ""))
        answer = make_response(redirect(SIGN_IN, 303))
        answer.delete_cookie(cookie_name(), path="/", secure=request.is_secure, httponly=True, samesite="Lax")
        answer.headers["Clear-Site-Data"] = FORGET
        return answer

    def _enter_the_demo(self) -> Answer:
        if not self._is_demo():
            abort(403)
        chosen = person(self._store, request.form["person"])
        if chosen is None or not chosen.enabled:
            abort(400)
        return self._let_in(chosen, "demo")

    def _admit(self, someone: Person, how: str) -> Answer:
        """Let somebody in whose first proof was right, or ask for the code where the role needs one."""
        if not (self._world.settings.security.totp and someone.role in ROLES):
            return self._let_in(someone, how)
        token = begin_step(self._store, someone.id, self._world.clock())
        if has_code(self._store, someone.id):
            return make_response(self._code_page(token))
        page = sign_in.scan_page(
            self._words(), self._css, enrolment=enrol(self._store, someone), step=token, next_path=self._next()
        )
        return make_response(page)

    def _let_in(self, someone: Person, how: str) -> Answer:
        wanted = self._next()
        answer = make_response(redirect(self._first_page(someone) if wanted == "/" else wanted, 303))
        return self._door.sign_in(someone.id, answer, how=how)

    def _refused(self, how: str, about: Person | None) -> None:
        detail = {"how": how, "source": source_address(request)}
        record(self._store, "", "sign_in_refused", self._world.clock(), about.id if about else "", detail)

    def _is_demo(self) -> bool:
        return self._world.demo and is_local(request)

    def _words(self) -> Words:
        return self._world.words(request.args.get("lang", ""))

    def _next(self) -> str:
        return same_site_path(request.form.get("next") or request.args.get("next"))

    def _sign_in_page(self, said: Label | None = None, time: str = "") -> str:
        words, wanted = self._words(), self._next()
        other, ways = other_language(SIGN_IN, {"next": wanted}, words), self._buttons(wanted, words)
        return sign_in.sign_in_page(
            words, self._css, next_path=wanted, language_href=other, ways=ways, said=said, time=time
        )

    def _code_page(self, token: str, said: Label | None = None, time: str = "") -> str:
        return sign_in.code_page(self._words(), self._css, step=token, next_path=self._next(), said=said, time=time)
