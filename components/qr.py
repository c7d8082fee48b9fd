"""A QR code as inline SVG, in the colours of the page."""

import segno
from htpy import Element, path, rect, svg

_QUIET = 2
"""Empty modules around the code, so that cameras find it."""


def qr_code(text: str, label: str) -> Element:
    """The text as a QR code."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    size = len(rows) + 2 * _QUIET
    return svg(".qr", viewBox=f"0 0 {size} {size}", role="img", aria_label=label, shape_rendering="crispEdges")[
        rect(".qr-paper", width=size, height=size), path(".qr-ink", d=_strokes(rows))
    ]


def _strokes(rows: list[list[int]]) -> str:
    return "".join(
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
