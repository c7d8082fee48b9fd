"""The sandbox on a phone: one lever per decision, the year's end with its fan, and what every rate rests on."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from htpy import (
    Element,
    Node,
    div,
    input,
    label,
    line,
    output,
    p,
    polygon,
    polyline,
    small,
    span,
    strong,
    svg,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
)

from components.words import Words, digits
from metrics.sandbox import STEPS, Answer, Band, Effect, Kind, Lever, Model, gain
from metrics.scenarios import in_ten_thousands

KindName = Callable[[str], str]
WIDTH, HEIGHT = 1000, 400
DIFFERS = 1
"""A difference of less than a yuan is none."""


# ----------------------------------------------------------------------------------------------------------------- levers


def lever_name(name: str, words: Words, kind_name: KindName) -> str:
    """What a lever decides, in words."""
    group, _, of = name.partition("_")
    if group == "spend":
        return words.of("sandbox_lever_spend", kind=kind_name("" if of == "other" else of))
    return words.of(f"sandbox_step_{of}" if group == "rate" else f"sandbox_lever_{name}")


def lever_value(lever: Lever, value: int, words: Words, rate: float | None = None) -> str:
    """Where a lever stands, as the script writes it too; a rate's lever as the rate it leads to."""
    if rate is not None:
        there = f"{min(rate * value, 100):.1f}%"
        return there if value == lever.default else f"{there} ({value}%)"
    if lever.name != "answer":
        return f"{value}%"
    short, long = words.of("sandbox_minutes").split("|")
    return f"{value}{short}" if value < 60 else f"{digits(Fraction(value, 60), 1)}{long}"


def lever_field(lever: Lever, value: int, title: str, note: str, words: Words, rate: float | None = None) -> Element:
    """One lever with where it stands and what that rests on; `rate` is what it moves, where that is a rate."""
    units = words.of("sandbox_minutes") if lever.name == "answer" else None
    told = None if rate is None else f"{rate:.6f}"
    return label(".lever", data_default=str(lever.default), data_units=units, data_rate=told)[
        span(".lever-head")[span[title], output(".lever-value")[lever_value(lever, value, words, rate)]],
        input(
            type="range",
            name=lever.name,
            min=str(lever.low),
            max=str(lever.high),
            step=str(lever.step),
            value=str(value),
        ),
        note and small(".lever-note")[note],
    ]


def changes_said(
    decided: Mapping[str, int], listed: Sequence[Lever], words: Words, kind_name: KindName
) -> list[tuple[str, str]]:
    """What is decided, each lever by its name and where it stands; levers that are there no more by their own names."""
    known = {one.name: one for one in listed}
    found = []
    for name, value in decided.items():
        told = lever_value(known.get(name, Lever(name, 0, 0, 1, 0)), value, words)
        is_factor = name not in ("answer", "exponent", "effect")
        found.append(
            (lever_name(name, words, kind_name), words.of("sandbox_of_now", value=told) if is_factor else told)
        )
    return found


# ------------------------------------------------------------------------------------------------------------- the answer


def estimate(yuan: float, words: Words) -> str:
    """Estimated yuan, to whole 万."""
    return words.money(in_ten_thousands(yuan))


def chance_said(chance: Fraction | None, words: Words) -> str:
    """A share of draws in whole percent, never certain."""
    if chance is None:
        return words.of("missing_no_target")
    percent = round(chance * 100)
    if percent == 0:
        return "<1%"
    return ">99%" if percent == 100 else f"{percent}%"


def band_said(low: str, high: str, words: Words) -> str:
    """Between what lie eight of ten draws."""
    return words.of("sandbox_band", low=low, high=high)


def sandbox_answer(known: Model, found: Answer, base: Answer, words: Words) -> Element:
    """The year's end as decided: amount, contracts, chance, cost, the fan, and what the decision brings."""
    amount, contracts = found.amount, found.contracts
    figures = (
        (
            "sandbox_amount",
            estimate(amount.middle, words),
            band_said(estimate(amount.low, words), estimate(amount.high, words), words),
        ),
        (
            "sandbox_contracts",
            digits(round(contracts.middle)),
            band_said(digits(round(contracts.low)), digits(round(contracts.high)), words),
        ),
        (
            "sandbox_chance",
            chance_said(found.chance, words),
            words.of("sandbox_over", target=words.money(known.target)) if known.target else "",
        ),
        ("sandbox_cost", words.of("sandbox_no_cost") if found.cost is None else words.money(round(found.cost)), ""),
    )
    return div("#sandbox-answer", role="status")[
        div(".sandbox-top")[
            div(".sandbox-figures")[
                [
                    p[span(".tile-label")[words.of(name)], strong(".tile-value")[value], small[note]]
                    for name, value, note in figures
                ]
            ],
            fan(known, found, base, words),
        ],
        fan_keys(known, base, words),
        p(".sandbox-gain")[gain_said(found, base, words)],
    ]


def gain_said(found: Answer, base: Answer, words: Words) -> str:
    """What is decided against nothing decided, draw by draw, and what it costs."""
    if found == base:
        return words.of("sandbox_same")
    told, more = gain(found, base), words.of("sandbox_costs_same")
    if found.cost is not None and base.cost is not None and found.cost != base.cost:
        key = "sandbox_costs_more" if found.cost > base.cost else "sandbox_costs_less"
        more = words.of(key, cost=words.money(abs(round(found.cost - base.cost))))
    if told.mean <= -DIFFERS:
        told = Band(-told.mean, -told.high, -told.middle, -told.low)
        return _gain("sandbox_loss", told, more, words)
    return _gain("sandbox_gain", told, more, words)


def _gain(key: str, told: Band, cost: str, words: Words) -> str:
    amount, low, high = (estimate(value, words) for value in (told.mean, told.low, told.high))
    return words.of(key, amount=amount, low=low, high=high, cost=cost)


def fan(known: Model, found: Answer, base: Answer, words: Words) -> Element:
    """Net yuan by day: what was, what may be as decided and if nothing changes, and the target; the scale stays as levers move."""
    scale = _Scale(known, base)
    last = found.fan[-1]
    said = words.of(
        "sandbox_fan",
        day=words.day(last.day),
        middle=estimate(last.middle, words),
        low=estimate(last.low, words),
        high=estimate(last.high, words),
        base=estimate(base.fan[-1].middle, words),
    )
    start = (known.past[-1][0] if known.past else known.today, float(known.amount_done))
    middle, unchanged = ([start, *((one.day, one.middle) for one in told.fan)] for told in (found, base))
    highs, lows = [(one.day, one.high) for one in found.fan], [(one.day, one.low) for one in found.fan]
    past = [(day, float(value)) for day, value in known.past if day >= scale.first]
    return svg(".fan", viewBox=f"0 0 {WIDTH} {HEIGHT}", preserveAspectRatio="none", role="img", aria_label=said)[
        polygon(".fan-band", points=scale.points([start, *highs, *lows[::-1]])),
        polyline(".fan-past", points=scale.points(past)),
        polyline(".fan-base", points=scale.points(unchanged)),
        polyline(".fan-middle", points=scale.points(middle)),
        _level(scale, float(known.target)) if known.target else None,
    ]


def fan_keys(known: Model, base: Answer, words: Words) -> list[Node]:
    """The days and the scale of the fan, and what its lines are."""
    scale, names = _Scale(known, base), ("past", "middle", "band", "base")
    said = words.of("sandbox_axis", low=estimate(scale.low, words), high=estimate(scale.high, words))
    target = known.target and span(".fan-key.is-target")[words.of("sandbox_over", target=words.money(known.target))]
    return [
        div(".fan-axis")[span[words.day(scale.first)], span[words.day(known.points[-1])]],
        div(".fan-keys")[
            [span(f".fan-key.is-{name}")[words.of(f"sandbox_key_{name}")] for name in names],
            target or None,
            span(".fan-scale")[said],
        ],
    ]


def _level(scale: "_Scale", value: float) -> Element:
    y = scale.y(value)
    return line(".fan-target", x1="0", x2=str(WIDTH), y1=y, y2=y)


class _Scale:
    """Where a day and an amount lie in the drawing; as much of the past as of the future, and room above."""

    def __init__(self, known: Model, base: Answer) -> None:
        self.last = known.points[-1]
        wanted = known.today.toordinal() - max(known.days, 28)
        self.first = date.fromordinal(max(wanted, date(known.today.year, 1, 1).toordinal()))
        told = [float(value) for day, value in known.past if day >= self.first]
        done, high = float(known.amount_done), base.fan[-1].high
        self.low = min([*told, done])
        self.high = max(high + max(high - done, 1.0), float(known.target or 0), self.low + 1.0) * 1.02

    def y(self, value: float) -> str:
        """From the bottom; what is beyond the top stays there."""
        share = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return f"{HEIGHT * (1 - share):.1f}"

    def points(self, told: Sequence[tuple[date, float]]) -> str:
        """The points of a line."""
        days = max((self.last - self.first).days, 1)
        return " ".join(f"{WIDTH * (day - self.first).days / days:.1f},{self.y(value)}" for day, value in told)


# -------------------------------------------------------------------------------------------------------- what it rests on


def effect_said(effect: Effect, words: Words) -> str:
    """Whether a power was measured, and from how many cases."""
    return words.of("sandbox_measured", n=digits(effect.n)) if effect.is_measured else words.of("sandbox_assumed")


def rate_note(known: Model, step: str, words: Words) -> str:
    """From how many cases a step's rate over all kinds is."""
    n = known.rate(step).entered
    return words.of("sandbox_rate_measured", n=digits(n)) if n else words.of("sandbox_rate_borrowed")


def _share(value: float) -> str:
    return f"{value * 100:.1f}%"


def basis_table(known: Model, words: Words, kind_name: KindName) -> Element:
    """Every rate of every kind with its n."""
    heads = ("sandbox_kind", "sandbox_leads_a_day", "sandbox_walk_ins_a_day")
    later = ("sandbox_spend_a_day", "sandbox_power")
    steps = [f"sandbox_step_{step}" for step in STEPS]
    return div(".check-sheet")[
        table[
            thead[tr[[th[words.of(name)] for name in (*heads, *steps, *later)]]],
            tbody[[_basis(kind, words, kind_name) for kind in known.kinds]],
        ]
    ]


def _basis(kind: Kind, words: Words, kind_name: KindName) -> Element:
    flows = [f"{one.n / one.days:.1f}" for one in (kind.leads, kind.walk_ins)]
    shares = [f"{_share(one.mean)} (n={digits(one.entered)})" for one in kind.rates]
    spend = words.money(round(kind.spend)) if kind.spend else words.of("sandbox_no_cost")
    cells: list[Node] = [*flows, *shares, spend, _power(kind.elasticity, words)]
    return tr[th[kind_name(kind.name)], [td(".number")[cell] for cell in cells]]


def _power(effect: Effect | None, words: Words) -> str:
    if effect is None:
        return "–"
    value = words.of("sandbox_power_value", value=f"{effect.value:.2f}", error=f"{effect.error:.2f}")
    return f"{value} · {effect_said(effect, words)}"
