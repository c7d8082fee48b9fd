"""Every project's share of its target beside the time elapsed."""

from collections.abc import Callable, Sequence

from htpy import Element, Node, a, li, ol, p, span

from components.rail import pace_rail
from components.verdict import pace_state
from components.words import Words
from metrics.overview import Pace


def pace_bars(
    paces: Sequence[Pace],
    project_name: Callable[[str], str | None],
    words: Words,
    *,
    href: Callable[[Pace], str] | None = None,
) -> Element:
    """One line per project in the order given: how much is done, where time stands, and the gap in points."""
    return ol(".paces")[[_line(pace, _name(pace, project_name, words), words, href) for pace in paces]]


def _name(pace: Pace, project_name: Callable[[str], str | None], words: Words) -> str:
    if pace.project is None:
        return words.of("group")
    return project_name(pace.project) or words.of("unassigned")


def _line(pace: Pace, name: str, words: Words, href: Callable[[Pace], str] | None) -> Element:
    return li(f".pace.is-{pace_state(pace)}")[
        span(".pace-name")[a(href=href(pace))[name] if href else name],
        _unset(pace, words) if pace.attainment is None else _set(pace, words),
    ]


def pace_said(pace: Pace, words: Words) -> tuple[str, str]:
    """The value of a line, and how it stands; without a target, what was done and why there is no share."""
    if pace.attainment is not None:
        return words.percent(pace.attainment), words.of(pace_state(pace), value=words.short_points(pace.behind or 0))
    why = words.missing(pace.done) if pace.done.is_missing else words.of("missing_no_target")
    return "" if pace.done.is_missing else f"{words.of('done')} {words.number(pace.done, 'money')}", why


def _unset(pace: Pace, words: Words) -> Node:
    done, why = pace_said(pace, words)
    return [span(".pace-value.is-plain")[done], span(".pace-state.is-missing")[why]]


def _set(pace: Pace, words: Words) -> Node:
    value, said = pace_said(pace, words)
    label = f"{words.of('attainment')} {value}, {words.of('elapsed')} {words.percent(pace.elapsed)}"
    return [
        span(".pace-value")[value],
        span(".pace-state")[said],
        pace_rail(pace.attainment, pace.elapsed, label),
    ]


def pace_legend(words: Words) -> Element:
    """What the bar and the mark of a pace line mean."""
    return p(".pace-legend")[span(".key-done")[words.of("done")], span(".key-time")[words.of("elapsed")]]
