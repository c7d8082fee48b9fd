"""The place of a number that is not there: the word and the reason."""

from htpy import Element, div, p, span

from components.icons import icon
from components.words import Words
from metrics.reading import Reading


def missing(reading: Reading, words: Words) -> Element:
    """无数据 (or 未设目标, 费用未结, 未成熟 …) with the reason below it, for a whole panel."""
    return div(".missing")[
        icon("missing"), p(".missing-word")[words.missing(reading)], p(".missing-reason")[words.reason(reading)]
    ]


def missing_mark(reading: Reading, words: Words) -> Element:
    """The word alone, for a place in a table; the reason is its title."""
    return span(".missing-mark", title=words.reason(reading))[words.missing(reading)]


def few_mark(min_n: int, words: Words) -> Element:
    """样本不足, with the smallest number of cases as its title."""
    return span(".few-mark", title=words.of("few_reason", least=min_n))[words.of("few")]
