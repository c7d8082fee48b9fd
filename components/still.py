"""What is said above the numbers: entities whose last refresh failed, filters of the address that were left out."""

from collections.abc import Sequence
from datetime import datetime

from htpy import Element, li, ul

from components.icons import icon
from components.shell import part
from components.words import Words
from metrics.snapshot import Frozen


def standing_still(frozen: Sequence[Frozen], words: Words, now: datetime) -> Element | None:
    """One line per entity that stands still; nothing when all are fresh."""
    if not frozen:
        return None
    return part("still", ul(".still")[[li[icon("orange"), still_line(one, words, now)] for one in frozen]])


def left_out(filters: Sequence[str], words: Words) -> Element | None:
    """Filters whose value is unknown or beyond what this viewer may see; the same words for both, nothing when there are none."""
    if not filters:
        return None
    names = ("、" if words.language == "zh" else ", ").join(filters)
    return part("left-out", ul(".still")[li[icon("orange"), words.of("left_out", what=names)]])


def still_line(one: Frozen, words: Words, now: datetime) -> str:
    """What stands still, and since when."""
    return words.of("still", what=words.source(one.entity), when=words.when(one.since, now))
