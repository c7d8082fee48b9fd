"""What stands still: entities whose last refresh failed, said above the numbers that rest on them."""

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


def still_line(one: Frozen, words: Words, now: datetime) -> str:
    """What stands still, and since when."""
    return words.of("still", what=words.source(one.entity), when=words.when(one.since, now))
