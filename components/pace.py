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
    state = pace_state(pace)
    return li(f".pace.is-{state}")[
        span(".pace-name")[a(href=href(pace))[name] if href else name],
        _unset(pace, words) if pace.attainment is None else _set(pace, state, words),
    ]


def _unset(pace: Pace, words: Words) -> Node:
    why = words.missing(pace.done) if pace.done.is_missing else words.of("missing_no_target")
    done = "" if pace.done.is_missing else f"{words.of('done')} {words.number(pace.done, 'money')}"
    return [span(".pace-value.is-plain")[done], span(".pace-state.is-missing")[why]]


def _set(pace: Pace, state: str, words: Words) -> Node:
    attainment, behind = pace.attainment or 0, pace.behind or 0
    said = words.of(state, value=words.short_points(behind))
    label = f"{words.of('attainment')} {words.percent(attainment)}, {words.of('elapsed')} {words.percent(pace.elapsed)}"
    return [
        span(".pace-value")[words.percent(attainment)],
        span(".pace-state")[said],
        pace_rail(pace.attainment, pace.elapsed, label),
    ]


def pace_legend(words: Words) -> Element:
    """What the bar and the mark of a pace line mean."""
    return p(".pace-legend")[span(".key-done")[words.of("done")], span(".key-time")[words.of("elapsed")]]
