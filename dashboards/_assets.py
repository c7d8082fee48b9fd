"""Our own static files: styles to stand inline, scripts under names that change with their content, everything packed once."""

import gzip
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import brotli  # type: ignore[import-untyped]
from flask import Request, Response, abort

FOLDER = Path(__file__).parent.parent / "assets"
PREFIX = "/static/"
GALLERY, ASIDE = "80-gallery.css", "8"
"""The first goes to the gallery alone. Sheets that begin with the second are for pages outside the five sections, those after it
for walls."""
FOREVER = "public, max-age=31536000, immutable"
EVERYWHERE = ("00-tokens.css", "10-base.css", "20-layout.css", "75-analysis.css", "77-share.css")
"""What the five sections share; each has more of its own, and none of the others': the first numbers wait for every byte before them."""
_KINDS = {".js": "text/javascript", ".css": "text/css"}
_SMALLEST = 500
_LARGE = 2_000_000
_ASKED_OFTEN = ("/_dash-component", "/live/")
_DARK = re.compile(r"^@media screen \{\n\.dark, html\.wall (\{.*?^\})", re.S | re.M)


class Assets:
    """The stylesheets and scripts of a folder, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        texts = {path.name: following_system(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.css"))}
        self._sheets = texts
        self.css = self._joined(name for name in texts if name < GALLERY)
        self.wall_css = self._joined(name for name in texts if not name.startswith(ASIDE))
        self.aside_css = self.css + self._joined(name for name in texts if name.startswith(ASIDE) and name != GALLERY)
        self.gallery_css = texts[GALLERY]
        self._named = {path.name: path.read_bytes() for path in sorted(folder.glob("*.js"))}
        self._hashed = {_hashed(name, content): name for name, content in self._named.items()}
        self.icons = {path.name: path.read_bytes() for path in sorted(folder.glob("icon*.png"))}

    def section_css(self, more: Iterable[str]) -> str:
        """What one of the five sections needs: what they share, and sheets of its own; KeyError for an unknown one."""
        return self._joined(sorted({*EVERYWHERE, *more}))

    def address(self, name: str) -> str:
        """The address of a script, which changes when its content does; KeyError for an unknown one."""
        return PREFIX + _hashed(name, self._named[name])

    def content(self, name: str) -> bytes:
        """A script by its own name; KeyError for an unknown one."""
        return self._named[name]

    def answer(self, file: str) -> Response:
        """A script by the last part of its address; 404 for any other name."""
        if file not in self._hashed:
            abort(404)
        name = self._hashed[file]
        answer = Response(self._named[name], mimetype=_KINDS[Path(name).suffix])
        answer.headers["Cache-Control"] = FOREVER
        return answer

    def _joined(self, names: Iterable[str]) -> str:
        return "".join(self._sheets[name] for name in names)


def following_system(css: str) -> str:
    """The stylesheet with its dark colours said once more, for systems that are dark."""
    return _DARK.sub(r"@media screen and (prefers-color-scheme: dark) {\n:root \1\n}\n\g<0>", css, count=1)


def _hashed(name: str, content: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"


def packed(answer: Response, request: Request) -> Response:
    """The answer packed as the browser likes; what is asked for again and again is packed hard, and only once."""
    if answer.status_code != 200 or answer.is_streamed or answer.direct_passthrough or answer.content_encoding:
        return answer
    body = answer.get_data()
    if len(body) < _SMALLEST or not _is_text(answer.mimetype):
        return answer
    answer.vary.add("Accept-Encoding")
    way = request.accept_encodings.best_match(("br", "gzip"))
    if way:
        lasting = "immutable" in answer.headers.get("Cache-Control", "") or request.path.startswith(_ASKED_OFTEN)
        answer.set_data(
            _packed_once(body, way) if lasting else gzip.compress(body, 7) if way == "gzip" else _brotli(body, 5)
        )
        answer.headers["Content-Encoding"] = way
    return answer


def _is_text(mimetype: str | None) -> bool:
    return (mimetype or "").startswith("text/") or mimetype in ("application/json", "application/javascript")


@lru_cache(maxsize=128)
def _packed_once(body: bytes, way: str) -> bytes:
    if way == "gzip":
        return gzip.compress(body, 9 if len(body) < _LARGE else 6)
    return _brotli(body, 9 if len(body) < _LARGE else 5)


def _brotli(body: bytes, quality: int) -> bytes:
    return bytes(brotli.compress(body, quality=quality))
