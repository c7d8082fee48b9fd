"""Small line icons, drawn in the colour of the text beside them."""

from htpy import Element, path, svg

_PATHS = {
    "overview": "M4 18a8 8 0 1 1 16 0 M12 18l4-6 M4 18h16",
    "funnels": "M4 5h16 M6.500 10h11 M9 15h6 M11 20h2",
    "heat": "M4 4h6v6H4z M14 4h6v6h-6z M4 14h6v6H4z M14 14h6v6h-6z M16 16l2 2",
    "boards": "M4 20v-7h5v7 M9 20V5h6v15 M15 20v-10h5v10 M3 20h18",
    "alerts": "M12 4v1 M6 17v-6a6 6 0 0 1 12 0v6 M4 17h16 M10 20h4",
    "up": "M12 20V5 M6 11l6-6 6 6",
    "down": "M12 4v15 M6 13l6 6 6-6",
    "flat": "M4 12h15 M13 6l6 6-6 6",
    "unknown": "M6 12h12",
    "red": "M8 3h8l5 5v8l-5 5H8l-5-5V8z M12 8v5 M12 16v.5",
    "orange": "M12 4l9 16H3z M12 10v5 M12 17.500v.5",
    "yellow": "M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18z M12 8v5 M12 16v.5",
    "calm": "M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18z M8 12l3 3 5-6",
    "missing": "M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18z M8 12h8",
    "forward": "M9 5l7 7-7 7",
    "theme_auto": "M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18z M12 3v18 M12 8h8 M12 12h9 M12 16h8",
    "theme_dark": "M20 14a8 8 0 1 1-10-10a6.500 6.500 0 0 0 10 10z",
    "theme_light": "M12 8a4 4 0 1 1 0 8a4 4 0 0 1 0-8z M12 2v2 M12 20v2 M2 12h2 M20 12h2 M5 5l1.500 1.500 M17.500 17.500l1.500 1.500 M5 19l1.500-1.500 M17.500 6.500l1.500-1.500",
    "link": "M10 14l4-4 M8 11l-2 2a4 4 0 0 0 5 5l2-2 M16 13l2-2a4 4 0 0 0-5-5l-2 2",
    "picture": "M4 5h16v14H4z M4 16l5-5 4 4 3-3 4 4 M15 9v.5",
}


def icon(name: str) -> Element:
    """An icon; it is hidden from screen readers, so a word belongs beside it."""
    return svg(f".icon.icon-{name}", viewBox="0 0 24 24", aria_hidden="true", focusable="false")[path(d=_PATHS[name])]
