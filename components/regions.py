"""Regions side by side: every project in its place with how it stands and the worst that is open about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from htpy import Element, div, h3, header, li, ol, p, section, span

from components.icons import icon
from components.words import Words
from metrics.overview import Pace
from metrics.rules import SEVERITIES


@dataclass(frozen=True)
class Place:
    """One project: its name, its pace, and the severity of the worst open alert about it (None: calm)."""

    name: str
    pace: Pace
    severity: str | None


@dataclass(frozen=True)
class Region:
    """A region or city with its projects, worst first."""

    name: str
    places: tuple[Place, ...]


def regions(found: Sequence[Region], words: Words, *, most: int) -> Element:
    """One block per region, each with up to `most` projects and how many more there are."""
    return div(class_=["regions", f"is-{min(max(len(found), 1), 6)}"])[[_region(one, words, most) for one in found]]


def _region(region: Region, words: Words, most: int) -> Element:
    left_out = len(region.places) - most
    return section(".region")[
        header(".region-head")[h3(".region-name")[region.name], _counts(region, words)],
        ol(".region-places")[[_place(one, words) for one in region.places[:most]]],
        left_out > 0 and p(".region-more")[words.of("more_projects", n=left_out)],
    ]


def _counts(region: Region, words: Words) -> Element:
    levels = [one.severity for one in region.places]
    shown = [(level, levels.count(level)) for level in SEVERITIES if level in levels]
    return p(".region-counts")[
        [span(f".severity.is-{level}")[icon(level), f"{words.of(level)} {n}"] for level, n in shown]
        or span(".severity.is-calm")[icon("calm"), words.of("calm")]
    ]


def _place(place: Place, words: Words) -> Element:
    level, pace = place.severity or "calm", place.pace
    unset = words.missing(pace.done) if pace.done.is_missing else words.of("missing_no_target")
    return li(f".place.is-{level}")[
        span(".severity", title=words.of(level))[icon(level)],
        span(".place-name")[place.name],
        span(".place-value")[unset if pace.attainment is None else words.percent(pace.attainment)],
        span(".place-level")[words.of("calm_short" if level == "calm" else level)],
    ]
