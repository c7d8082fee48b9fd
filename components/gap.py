"""The target gap as sentences and fields: each step one sentence, each figure with its source and room to change it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction

from htpy import (
    Element,
    Node,
    div,
    input,
    label,
    li,
    ol,
    p,
    section,
    small,
    span,
    strong,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
)

from components.words import Words, digits
from metrics.gap import HOLIDAY, Chain, DailyNeeds, DayKind, Figure, Gap, KindPhones, RunRate
from metrics.periods import Span
from metrics.reading import Number, Reading

KindName = Callable[[str], str]
MONEY = ("target", "price")
_A_MONDAY = date(2026, 3, 2)


def rate(value: Number) -> str:
    """A share with the decimals it has, up to two: 4.2%, 4.25%."""
    text = digits(Fraction(value) * 100, 2)
    return text.rstrip("0").rstrip(".") + "%"


def figure_text(name: str, value: Fraction | None, words: Words) -> str:
    """A figure as it stands in its field, and as people may type it."""
    if value is None:
        return ""
    if name in MONEY:
        return words.amount(value)
    return digits(value) if name == "stock" else rate(value)


# ------------------------------------------------------------------------------------------------------------- sentences


def gap_sentences(found: Chain, words: Words) -> list[str]:
    """Each step of the chain as one sentence, down to the first figure that is not known."""
    return [sentence for _, sentence in steps(found, words)]


def steps(found: Chain, words: Words) -> Iterator[tuple[str, str]]:
    """The name of the figure a step brings in (empty: none) and its sentence, down to the first figure that is not known."""
    given = found.figures
    for name in ("target", "price", "conversion", "stock"):
        if getattr(given, name).value is None:
            yield name, words.of(f"gap_unknown_{name}")
            return
        yield name, _step(name, found, words)
    assert found.gap is not None
    yield "", _gap_said(found.gap.gap, words)
    share = given.valid.value
    if found.phones is None or share is None:
        yield "valid", words.of("gap_unknown_valid")
    else:
        yield "valid", words.of("gap_step_phones", share=rate(share), phones=digits(found.phones))


def _step(name: str, found: Chain, words: Words) -> str:
    given, gap = found.figures, found.gap
    match name:
        case "target":
            return words.of("gap_step_target", target=words.money(given.target.value or 0))
        case "price":
            return words.of(
                "gap_step_sales", price=words.money(given.price.value or 0), sales=_few_decimals(found.sales or 0)
            )
        case "conversion":
            needed = found.needed or Fraction(0)
            hundred = rate(given.conversion.value or 0).rstrip("%")
            return words.of("gap_step_needed", hundred=hundred, exact=_few_decimals(needed), needed=digits(int(needed)))
    return words.of("gap_step_stock", stock=digits(gap.stock if gap else 0))


def _few_decimals(value: Number) -> str:
    return digits(value, 0 if Fraction(value).denominator == 1 else 1)


def _gap_said(gap: int, words: Words) -> str:
    return words.of("gap_step_gap" if gap > 0 else "gap_step_enough", gap=digits(abs(gap)))


def gap_line(gap: Gap, words: Words) -> str:
    """Needed, in stock and the gap in one line."""
    return words.of("gap_sum_line", needed=digits(gap.needed), stock=digits(gap.stock), gap=digits(gap.gap))


# ---------------------------------------------------------------------------------------------------------------- markup


def gap_figures(gap: Gap, words: Words) -> Element:
    """The three figures that everything is about."""
    last = "gap_gap_word" if gap.gap > 0 else "gap_spare_word"
    listed = (("gap_needed_word", gap.needed), ("gap_stock_word", gap.stock), (last, abs(gap.gap)))
    return div(".gap-figures")[
        [p[span(".tile-label")[words.of(name)], strong(".tile-value")[digits(value)]] for name, value in listed]
    ]


def gap_steps(found: Chain, words: Words, texts: Mapping[str, str], problems: Mapping[str, str]) -> Element:
    """The chain as a list: each sentence with the field of the figure it brings in.

    `texts` are what the viewer typed, `problems` what is wrong with it.
    """
    return ol(".gap-steps")[
        [
            li(".gap-step")[p[said], name and gap_field(name, getattr(found.figures, name), words, texts, problems)]
            for name, said in steps(found, words)
        ]
    ]


def gap_field(
    name: str, figure: Figure, words: Words, texts: Mapping[str, str], problems: Mapping[str, str], title: str = ""
) -> Element:
    """One figure's field, where its value comes from, what was measured, and what is wrong with what was typed."""
    wrong = problems.get(name)
    shown = texts.get(name) or figure_text(name, figure.value, words)
    return label(".field.gap-field")[
        span(".field-label")[title and [strong[title], " · "], words.of(f"gap_source_{figure.source}")],
        input(
            name=name, value=shown, inputmode="text", autocomplete="off", maxlength="40", aria_invalid=wrong and "true"
        ),
        wrong and span(".problem", role="alert")[wrong],
        _measured(name, figure, words),
    ]


def _measured(name: str, figure: Figure, words: Words) -> Node:
    """What the snapshot says, with its days and its n; why it says nothing."""
    reading = figure.measured
    if reading is None:
        return None
    return small(".gap-measured")[measured_said(name, reading, figure, words)]


def measured_said(name: str, reading: Reading, figure: Figure, words: Words) -> str:
    """A measured figure with its days and its n, or why there is none."""
    if reading.value is None or figure.span is None:
        return words.of("gap_not_measured", why=words.reason(reading))
    days = _days(figure.span, words)
    value = figure_text(name, Fraction(reading.value), words)
    quotient = words.quotient(reading, "money" if name in MONEY else "percent")
    if quotient is None:
        return words.of("gap_measured_plain", value=value, days=days)
    return words.of("gap_measured", value=value, days=days, n=quotient)


def _days(span: Span, words: Words) -> str:
    """The days of a measurement, with their years where they lie in two."""
    if span.first.year == span.last.year:
        return words.span(span.first, span.last)
    return f"{span.first:%Y-%m-%d} – {span.last:%Y-%m-%d}"


def gap_kinds(
    kinds: tuple[KindPhones, ...],
    words: Words,
    kind_name: KindName,
    texts: Mapping[str, str],
    problems: Mapping[str, str],
) -> Element:
    """Phones needed per kind of channel, each with its valid share."""
    return ol(".gap-steps")[
        [
            li(".gap-step")[
                p[
                    words.of(
                        "gap_kind",
                        customers=digits(one.customers),
                        phones=digits(one.phones),
                        alone=digits(one.alone),
                    )
                ],
                gap_field(f"valid_{one.kind or 'other'}", one.share, words, texts, problems, kind_name(one.kind)),
            ]
            for one in kinds
        ]
    ]


def gap_days(needs: DailyNeeds, words: Words, measures: Mapping[str, str]) -> Element:
    """The required daily run rate as sentences and a table by kind of day; `measures` are the names of what was measured."""
    return section(".gap-days")[
        [p[line] for line in run_sentences(needs, words)],
        _table(needs, words),
        [p(".panel-note")[line] for line in _rhythms(needs, words, measures)],
    ]


def run_sentences(needs: DailyNeeds, words: Words) -> list[str]:
    """What an average day and today have to bring; why that is not known."""
    done, amount, phones = needs.done, needs.amount, needs.phones
    said = []
    if amount is None:
        said.append(words.reason(done) if done.value is None else words.of("reason_no_target"))
    elif not amount.left:
        said.append(words.of("gap_run_reached", done=words.number(done, "money")))
    else:
        said.append(
            words.of(
                "gap_run_done",
                done=words.number(done, "money"),
                left=words.money(amount.left),
                days=amount.days,
                average=words.money(amount.average),
                today=words.money(amount.today),
            )
        )
    if phones is not None and phones.left:
        said.append(
            words.of("gap_run_phones", average=_few_decimals(phones.average), today=_few_decimals(phones.today))
        )
    return said


def _table(needs: DailyNeeds, words: Words) -> Node:
    known = [one for one in (needs.amount, needs.phones) if one is not None and one.left]
    if not known:
        return None
    heads = [words.of("gap_each_amount")] * (needs.amount in known) + [words.of("gap_each_phones")] * (
        needs.phones in known
    )
    return div(".check-sheet")[
        table[
            thead[tr[[th[head] for head in (words.of("gap_day"), words.of("gap_days_left"), *heads)]]],
            tbody[[_row(at, needs, known, words) for at, _ in enumerate(known[0].kinds)]],
        ]
    ]


def _row(at: int, needs: DailyNeeds, known: list[RunRate], words: Words) -> Element:
    kind = known[0].kinds[at]
    cells = [
        words.money(one.kinds[at].each) if one is needs.amount else _few_decimals(one.kinds[at].each) for one in known
    ]
    return tr[th[_day_name(kind, words)], td(".number")[str(kind.days)], [td(".number")[cell] for cell in cells]]


def _day_name(kind: DayKind, words: Words) -> str:
    if kind.kind == HOLIDAY:
        return words.of("gap_holiday")
    return words.weekday(_A_MONDAY + timedelta(kind.kind))


def _rhythms(needs: DailyNeeds, words: Words, measures: Mapping[str, str]) -> Iterator[str]:
    for name, one in (("amount", needs.amount), ("phones", needs.phones)):
        if one is None or not one.left:
            continue
        told = one.rhythm
        days = _days(told.span, words)
        key = "gap_rhythm" if told.is_measured else "gap_rhythm_even"
        yield words.of(key, what=measures[name], days=days, n=digits(told.n))
