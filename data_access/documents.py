"""Documents set by Typst from data and a template, in a packaged font: no browser and nothing of the system's."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import cache
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
    if not _queue.acquire(blocking=False):
        raise Busy
    try:
        with _drawing:
            return _drawn(template, json.dumps(sheet, ensure_ascii=False))
    finally:
        _queue.release()


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
