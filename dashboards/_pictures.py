"""A page as a picture: drawn from its data, within its viewer's rights, and signed with who made it."""

import re
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, abort, g

from components.picture import short
from components.status import Freshness
from components.still import still_line
from dashboards._door import Door, Policy
from dashboards._filters import chosen_words
from dashboards._page import Kept, Page, View, cache_key
from data_access.documents import Busy, picture
from data_access.store.people import Person
from metrics.pack import Label

if TYPE_CHECKING:
    from dashboards._site import Site

ASSETS = Path(__file__).parent.parent / "assets"
TEMPLATE = ASSETS / "picture.typ"
KEPT = 40
_CHOSEN = Label("筛选:{chosen}", "Shown: {chosen}")
_TONES = {"live": "quiet", "amber": "orange", "grey": "red"}


def add(site: "Site", door: Door, pages: Sequence[Page]) -> None:
    """Add the pictures' routes."""
    kept: Kept[bytes] = Kept(KEPT)
    for page in pages:
        policy = Policy(frozenset(page.roles), document=True)
        door.route(f"/picture/{page.name}.png", policy, partial(_answer, site, kept, page))


def _answer(site: "Site", kept: Kept[bytes], page: Page) -> Response:
    snapshot = site.world.reader.current() or abort(503)
    view, fresh = site.asked_view(page, snapshot), site.world.freshness(snapshot)
    signed = signature(page, view, fresh, g.person)
    try:
        png = kept.of((cache_key(f"{page.name}.png", view), *signed.values()), lambda: drawn(page, view, signed))
    except Busy:
        abort(429)
    answer = Response(png, mimetype="image/png")
    answer.headers["Content-Disposition"] = f'inline; filename="{page.name}-{view.as_of:%Y%m%d-%H%M}.png"'
    return answer


def drawn(page: Page, view: View, signed: dict[str, str]) -> bytes:
    """The picture of a page as a PNG."""
    return picture(TEMPLATE, sheet(page, view, signed))


def sheet(page: Page, view: View, signed: dict[str, str]) -> dict[str, Any]:
    """Everything a picture says and shows, as plain values."""
    made = page.sheet(view)
    return {
        "lang": view.words.language,
        "product": view.words.of("product"),
        "title": view.say(page.title),
        "days": made.days,
        "still": [still_line(one, view.words, view.as_of) for one in view.snapshot.frozen],
        "blocks": made.blocks,
        "more": view.words.of("more_on_page", n=made.left_out) if made.left_out else "",
        "colours": colours(),
        **signed,
    }


def signature(page: Page, view: View, fresh: Freshness, person: Person) -> dict[str, str]:
    """When the numbers were taken, what is in view, and whose picture it is; every picture carries it."""
    late = "" if fresh.state == "live" else f" · {view.words.of(fresh.state)}"
    as_of = f"{view.words.of('as_of')} {fresh.as_of:%Y-%m-%d %H:%M}{late}"
    chosen = view.say(_CHOSEN).format(chosen=_in_view(page, view))
    mark = (view.words.of("product"), short(person.name), as_of, chosen)
    return {"as-of": as_of, "tone": _TONES[fresh.state], "chosen": chosen, "watermark": " · ".join(mark)}


def _in_view(page: Page, view: View) -> str:
    """The viewer's rights where they are less than everything, and the filters that are set."""
    own = [view.words.of("only_own")] if view.is_own else []
    rights = [view.snapshot.project_name(id) or id for id in sorted(view.scope.projects or ())]
    chosen = chosen_words(view.filters, view.snapshot, view.pack, view.scope, view.words, page.narrows)
    said = list(dict.fromkeys([*rights, *own, *chosen])) or [view.words.of("everything")]
    return "、".join(short(each) for each in said)


@cache
def colours() -> dict[str, str]:
    """The colours of the pages by day, by the name of their job."""
    by_day = (ASSETS / "00-tokens.css").read_text(encoding="utf-8").partition("@media")[0]
    return dict(re.findall(r"--([\w-]+): (#\w{6})", by_day))
