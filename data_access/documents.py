"""Documents set by Typst from data and a template, in a packaged font: no browser and nothing of the system's."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pylopdf_fonts_zh_cn import sans_path

if TYPE_CHECKING:
    import typst

WAITING = 3
_PIXELS_PER_INCH = 72.0
"""A point of the template is a pixel of the picture."""
_queue = threading.BoundedSemaphore(WAITING)
_drawing = threading.Lock()


class Busy(Exception):
    """So many pictures are being drawn that another one has to wait."""


def picture(template: Path, sheet: Mapping[str, Any]) -> bytes:
    """A PNG of the template filled with a sheet; one is drawn at a time, and Busy is raised rather than a long queue made."""
    return _in_turn(partial(_drawn, template), sheet)


def document(template: Path, sheet: Mapping[str, Any]) -> bytes:
    """A PDF of the template filled with a sheet, equal for equal sheets; in turn with the pictures, and Busy like them."""
    return _in_turn(partial(_set, template), sheet)


def _in_turn(make: Callable[[str], bytes], sheet: Mapping[str, Any]) -> bytes:
    if not _queue.acquire(blocking=False):
        raise Busy
    try:
        with _drawing:
            return make(json.dumps(sheet, ensure_ascii=False))
    finally:
        _queue.release()


def _set(template: Path, sheet: str) -> bytes:
    import typst

    # The document names no time of its own: what it says holds at the times that stand in it.
    made = typst.compile(
        template, root=template.parent, font_paths=_fonts(), format="pdf", sys_inputs={"sheet": sheet}, timestamp=0
    )
    assert isinstance(made, bytes)
    return made


def _drawn(template: Path, sheet: str) -> bytes:
    # Typst is large: it is loaded by the first picture, not by every worker.
    import typst

    drawn = typst.compile(
        template,
        root=template.parent,
        font_paths=_fonts(),
        format="png",
        ppi=_PIXELS_PER_INCH,
        sys_inputs={"sheet": sheet},
    )
    if not isinstance(drawn, bytes):
        raise ValueError(f"{template.name} makes more than one page. Give it a height of auto.")
    return drawn


@cache
def _fonts() -> typst.Fonts:
    import typst

    folder = sans_path().parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
