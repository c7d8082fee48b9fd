"""What lets a phone install the pages and open them without a network."""

import json
from functools import partial

from flask import Response, abort
from htpy import Node, fragment, link, meta

from components.words import Words
from dashboards._assets import Assets
from dashboards._door import OPEN, Door
from dashboards._page import World

MANIFEST, WORKER, ICONS = "/manifest.webmanifest", "/sw.js", "/icon/"
PAPER = "#f4f2ec"
_SIZES = {
    "icon-192.png": ("192x192", "any"),
    "icon-512.png": ("512x512", "any"),
    "icon-maskable-512.png": ("512x512", "maskable"),
}


def app_links() -> Node:
    """What a page's head says about installing it."""
    return fragment[
        link(rel="icon", href=f"{ICONS}icon-192.png", type="image/png"),
        link(rel="apple-touch-icon", href=f"{ICONS}icon-apple-180.png"),
        link(rel="manifest", href=MANIFEST),
        meta(name="theme-color", content=PAPER),
    ]


def add_phone(door: Door, world: World, assets: Assets) -> None:
    """The manifest, its icons and the worker that keeps pages; all open and without data."""
    door.route(MANIFEST, OPEN, partial(_manifest, world.words("")))
    door.route(WORKER, OPEN, partial(_worker, assets))
    door.route(f"{ICONS}<file>", OPEN, partial(_icon, assets))


def _manifest(words: Words) -> Response:
    icons = [
        {"src": ICONS + file, "sizes": size, "type": "image/png", "purpose": purpose}
        for file, (size, purpose) in _SIZES.items()
    ]
    told = {
        "name": words.of("product"),
        "short_name": words.of("product"),
        "lang": words.lang,
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": icons,
    }
    return Response(json.dumps(told, ensure_ascii=False), mimetype="application/manifest+json")


def _worker(assets: Assets) -> Response:
    return Response(assets.content("sw.js"), mimetype="text/javascript")


def _icon(assets: Assets, file: str) -> Response:
    if file not in assets.icons:
        abort(404)
    answer = Response(assets.icons[file], mimetype="image/png")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
