"""The first sentence of the overview: on target or not, and how many customers are missing."""

from fractions import Fraction

from htpy import Element, Node, a, div, fragment, h2, p, section, small, span, strong

from components.rail import pace_rail
from components.words import Words, rounded
from metrics.gap import Gap
from metrics.overview import Pace


def pace_state(pace: Pace) -> str:
    """behind, ahead, level (to a tenth of a point) or unknown."""
    if pace.behind is None:
        return "unknown"
    near = rounded(pace.behind, 3)
    return "level" if near == 0 else "behind" if near > 0 else "ahead"


def verdict(pace: Pace, gap: Gap | None, words: Words, *, title: str, href: str | None = None) -> Element:
    """Attainment against time elapsed, then the customers still missing for the target; `href` is where the gap is counted."""
    state = pace_state(pace)
    return section(f".verdict.is-{state}")[
        h2(".verdict-title")[title],
        _unset(pace, words) if pace.attainment is None else _standing(pace, pace.attainment, state, words),
        gap is not None and _gap(gap, words, href),
    ]


def _unset(pace: Pace, words: Words) -> Node:
    word, reason = unset(pace, words)
    return fragment[p(".verdict-value.is-missing")[word], p(".verdict-note")[reason]]


def unset(pace: Pace, words: Words) -> tuple[str, str]:
    """The word and the reason of a pace without attainment."""
    if pace.done.is_missing:
        return words.missing(pace.done), words.reason(pace.done)
    done = f"{words.of('done')} {words.number(pace.done, 'money')}"
    return words.of("missing_no_target"), f"{words.of('reason_no_target')} · {done}"


def _standing(pace: Pace, attainment: Fraction, state: str, words: Words) -> Node:
    behind = pace.behind or Fraction(0)
    sentence = words.of(f"is_{state}", value=words.points(behind))
    elapsed = f"{words.of('elapsed')} {words.percent(pace.elapsed)}"
    return fragment[
        div(".verdict-line")[
            p(".verdict-value")[words.percent(attainment), small[words.of("attainment")]],
            p(".verdict-state")[strong[sentence]],
        ],
        pace_rail(attainment, pace.elapsed, f"{words.of('attainment')} {words.percent(attainment)}, {elapsed}"),
        p(".verdict-note")[_sum(pace, words), span(".verdict-time")[elapsed]],
    ]


def _sum(pace: Pace, words: Words) -> str:
    return f"{words.number(pace.done, 'money')} / {words.money(pace.target)}" if pace.target else ""


def _gap(gap: Gap, words: Words, href: str | None) -> Element:
    said = (words.of("gap"), " ", strong[gap_said(gap, words)])
    return div(".gap")[
        p(".gap-said")[a(".tile-link", href=href)[said] if href else said],
        p(".gap-sum")[gap_sum(gap, words)],
    ]


def gap_said(gap: Gap, words: Words) -> str:
    """How many customers are missing, or to spare."""
    return words.of("gap_needed" if gap.gap > 0 else "gap_none", gap=f"{abs(gap.gap):,}")


def gap_sum(gap: Gap, words: Words) -> str:
    """How the gap was counted."""
    return words.of(
        "gap_sum",
        target=words.money(Fraction(gap.inputs.target)),
        price=words.money(Fraction(gap.inputs.average_price)),
        conversion=words.percent(Fraction(gap.inputs.conversion)),
        needed=f"{gap.needed:,}",
        stock=f"{gap.stock:,}",
    )
