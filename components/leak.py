"""Where a step of the funnel leaks, channel by channel."""

from collections.abc import Callable, Sequence

from htpy import Element, caption, p, rect, svg, table, tbody, td, th, thead, tr

from components.missing import few_mark, missing_mark
from components.rail import percent_of
from components.words import Words
from metrics.funnel import Leak

LEAK_HEADS = ("channel", "entered", "reached", "rate", "lost")


def leak_table(
    leaks: Sequence[Leak],
    step: str,
    channel_name: Callable[[str], str | None],
    words: Words,
    *,
    min_n: int = 0,
) -> Element:
    """Each channel's parties before and after the step, its rate and what was lost, in the order given."""
    if not leaks:
        return p(".nothing")[words.of("nothing_leaks")]
    most = max((leak.lost for leak in leaks), default=0)
    return table(".leaks")[
        caption(".spoken")[words.of("see_leak", step=step)],
        thead[tr[[th(class_=key != "channel" and "figure", scope="col")[words.of(key)] for key in LEAK_HEADS]]],
        tbody[[_row(leak, channel_name(leak.channel), most, min_n, words) for leak in leaks]],
    ]


def _row(leak: Leak, name: str | None, most: int, min_n: int, words: Words) -> Element:
    rate = leak.of_previous
    entered, reached, shown, lost = leak_figures(leak, words)
    return tr[
        th(scope="row")[name or words.of("unassigned")],
        td(".figure")[entered],
        td(".figure")[reached],
        td(".figure")[
            missing_mark(rate, words) if rate.is_missing else shown,
            not rate.is_missing and rate.few(min_n) and few_mark(min_n, words),
        ],
        td(".figure.leak-lost")[
            lost,
            svg(".leak-bar", aria_hidden="true")[rect(".bar-lost", width=percent_of(leak.lost, most), height="100%")],
        ],
    ]


def leak_figures(leak: Leak, words: Words) -> tuple[str, str, str, str]:
    """How many entered and reached a step, the rate, and how many were lost."""
    rate = leak.of_previous
    entered = words.amount(rate.denominator) if rate.denominator is not None else "–"
    return entered, words.number(leak.count, "count"), words.number(rate, "percent"), f"{leak.lost:,}"
