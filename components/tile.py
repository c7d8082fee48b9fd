"""A headline number beside the same point of the period before."""

from collections.abc import Mapping, Sequence

from htpy import Element, Node, a, article, div, fragment, h3, p, small, span

from components.icons import icon
from components.missing import few_mark
from components.words import Change, Words
from metrics.overview import Compared
from metrics.pack import Metric
from metrics.reading import Reading


def metric_tile(compared: Compared, metric: Metric, words: Words, *, href: str | None = None) -> Element:
    """A metric now and at the same point of the period before; its colour comes from the stylesheet."""
    change = words.change(compared.change, metric.better, metric.format, before=compared.before.value)
    label = words.say(metric.label)
    return article(f".tile.is-{change.direction}.is-{change.tone}")[
        h3(".tile-label", title=words.say(metric.question))[a(".tile-link", href=href)[label] if href else label],
        _missing(compared, words) if compared.now.is_missing else _known(compared, metric, change, words),
    ]


def tiles(
    compared: Sequence[Compared], metrics: Mapping[str, Metric], words: Words, *, hrefs: Mapping[str, str] | None = None
) -> Element:
    """The headline numbers side by side, in the order given; the first one leads."""
    links = hrefs or {}
    return div(".tiles")[
        [metric_tile(each, metrics[each.metric], words, href=links.get(each.metric)) for each in compared]
    ]


def change_mark(change: Change, words: Words) -> Element:
    """An arrow, the amount, and whether that is good; the direction is spoken too."""
    said = change.direction in ("up", "down")
    return span(f".change.is-{change.direction}")[
        icon(change.direction),
        said and span(".spoken")[words.of(change.direction)],
        span(".change-amount")[change.text],
        change.tone != "neutral" and span(f".change-tone.is-{change.tone}")[words.of(change.tone)],
    ]


def _missing(compared: Compared, words: Words) -> Node:
    return fragment[
        p(".tile-value.is-missing")[words.missing(compared.now)], p(".tile-note")[words.reason(compared.now)]
    ]


def _known(compared: Compared, metric: Metric, change: Change, words: Words) -> Node:
    before = compared.before
    quotient = words.quotient(compared.now, metric.format)
    unit = words.unit(metric.unit) if metric.format == "count" else ""
    return fragment[
        p(".tile-value")[words.number(compared.now, metric.format), unit and small[unit]],
        None if before.missing == "no_record" else _against(before, metric, change, words),
        quotient and p(".tile-note.tile-quotient")[quotient],
        compared.now.few(metric.min_n) and p(".tile-note")[few_mark(metric.min_n, words)],
    ]


def _against(before: Reading, metric: Metric, change: Change, words: Words) -> Node:
    """The change and what it is measured against; a state nobody kept has neither."""
    return fragment[
        p(".tile-change")[change_mark(change, words)],
        p(".tile-note", title=words.reason(before) if before.is_missing else None)[
            f"{words.of('same_point')} {words.number(before, metric.format)}"
        ],
    ]
