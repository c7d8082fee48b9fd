"""喜报: a contract that has just landed, shown for some seconds over the running slide; never a customer."""

from collections.abc import Sequence
from dataclasses import dataclass

from htpy import Element, div, li, ol, p, strong

from components.words import Words


@dataclass(frozen=True)
class Landed:
    """A new contract: what tells it from every other, where, by whom, and its amount where amounts are shown."""

    key: str
    project: str
    staff: str
    amount: str = ""


def landed_list(landed: Sequence[Landed], words: Words) -> Element:
    """The latest contracts, unseen; the script shows those it has not met before."""
    return ol(".landed", data_part="landed", hidden=True)[[_card(one, words) for one in landed]]


def _card(one: Landed, words: Words) -> Element:
    return li(data_landed=one.key)[
        p(".cheer-word")[words.of("good_news")],
        strong(".cheer-project")[one.project],
        p(".cheer-what")[words.of("signed_one"), one.amount and strong[one.amount]],
        p(".cheer-staff")[one.staff],
    ]


def celebration_stage(seconds: int, quiet_from: str, quiet_until: str) -> Element:
    """Where the script shows one contract after the other."""
    return div(
        ".cheer",
        hidden=True,
        role="status",
        data_cheer=seconds,
        data_quiet_from=quiet_from,
        data_quiet_until=quiet_until,
    )
