"""目标缺口: from a target to the customers, phones and daily sales it takes, every figure with where it comes from."""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from metrics.pack import Label, Pack
from metrics.periods import ONE_DAY, Span, end, is_holiday, last_full_days, start
from metrics.query import Query, cohort_column, cohort_frame, mature_until, one, readings
from metrics.reading import Reading, missing, ratio
from metrics.snapshot import NOWHERE, Snapshot
from metrics.targets import target_of
from metrics.totals import Frames, Where, sums

STOCK, PRICE, LEADS, VALID, SALES = "valid_stock", "average_contract", "leads", "valid_leads", "contracts"
"""The pack's names of what is read from the snapshot."""
CONVERSION = "lead_to_contract"
KINDS = ("public", "private", "offline", "referral", "distribution", NOWHERE)
"""Kinds of channel in the order they are shown; NOWHERE for leads without one."""
YEAR_DAYS, QUARTER_DAYS, PATTERN_WEEKS = 365, 90, 52
LEAST_SALES, LEAST_CUSTOMERS, LEAST_LEADS, LEAST_PATTERN = 5, 50, 20, 100
"""From how many cases on a measured price, conversion, valid share and weekly rhythm is taken."""
HOLIDAY = 7
"""The kind of day that public holidays are; 0 to 6 are Monday to Sunday."""

Source = Literal["asked", "set", "plan", "listed", "measured", "assumed", "unknown"]
"""asked by the viewer · set in the settings · plan: the table of targets · listed: the project's own entry · measured in the
snapshot · assumed by the pack · unknown."""


class GapError(ValueError):
    """A figure that cannot be: says which, what was given and what to give."""

    def __init__(self, said: Label) -> None:
        super().__init__(said.en)
        self.said = said


# ----------------------------------------------------------------------------------------------------- the three figures


@dataclass(frozen=True)
class GapInputs:
    """The figures for the target gap."""

    target: Decimal | Fraction
    average_price: Decimal | Fraction
    conversion: Decimal | Fraction


@dataclass(frozen=True)
class Gap:
    """目标缺口: target ÷ price ÷ conversion = customers needed; minus those in stock. Whole customers, rounded down."""

    inputs: GapInputs
    needed: int
    stock: int

    @property
    def gap(self) -> int:
        """Customers still to be found; negative when there are enough."""
        return self.needed - self.stock


def customers_needed(inputs: GapInputs) -> Fraction:
    """Target ÷ price ÷ conversion, exact."""
    return Fraction(inputs.target) / Fraction(inputs.average_price) / Fraction(inputs.conversion)


def gap(inputs: GapInputs, stock: int) -> Gap:
    """The target gap from its figures and the valid customers in stock."""
    return Gap(inputs, int(customers_needed(inputs)), stock)


# ------------------------------------------------------------------------------------------------------ what people type

LONGEST = 40
"""Signs of a figure that are read."""
_AMOUNT_SIGNS = {
    "": 1,
    "元": 1,
    "万": 10**4,
    "万元": 10**4,
    "亿": 10**8,
    "亿元": 10**8,
    "k": 10**3,
    "m": 10**6,
    "b": 10**9,
}
_SHARE_SIGNS = {"": Fraction(1), "%": Fraction(1, 100)}
_NUMBER = re.compile(r"(-?)(\d{1,15}(?:\.\d{1,12})?)(\D{0,2})", re.ASCII)
FIELDS: Mapping[str, Label] = {
    "target": Label("目标", "The target"),
    "price": Label("均价", "The price"),
    "conversion": Label("转化率", "The conversion"),
    "stock": Label("现有客户", "The stock"),
    "valid": Label("留电有效率", "The valid share"),
    "offline": Label("线下转化率差值", "The offline difference"),
    "online": Label("线上转化率预期", "The online conversion"),
    **dict.fromkeys((f"valid_{kind or 'other'}" for kind in KINDS), Label("留电有效率", "The valid share")),
}
"""Every figure a viewer may change, by its name in an address."""
_LIKE = Label("4.2%", "4.2%")
_EXAMPLES = {"target": Label("1亿", "100M"), "price": Label("200万", "2M"), "stock": Label("1000", "1000")}
_NO_NUMBER = Label("{name}“{text}”不是数字,请填如 {like}。", "{name} {text!r} is no number. Give one such as {like}.")
_TOO_SMALL = Label(
    "{name}“{text}”必须大于 0,请填如 {like}。", "{name} {text!r} must be above 0. Give one such as {like}."
)
_NEGATIVE = Label("{name}“{text}”不能是负数,请填如 {like}。", "{name} {text!r} is negative. Give one such as {like}.")
_TOO_LARGE = Label(
    "{name}“{text}”超过 100%,请填如 {like} 或 0.042。",
    "{name} {text!r} is above 100%. Give one such as {like} or 0.042.",
)
_NOT_WHOLE = Label(
    "{name}“{text}”必须是整数,请填如 {like}。", "{name} {text!r} must be whole. Give one such as {like}."
)


def figure_of(name: str, text: str) -> Fraction:
    """A figure as people type it (15亿, 250万, 4.2%, 0.042); GapError with a plain sentence when it cannot be that figure."""
    plain = re.sub(r"[\s,¥]", "", unicodedata.normalize("NFKC", text[:LONGEST])).lower()
    found = _NUMBER.fullmatch(plain)
    if not found or found[3] not in (_AMOUNT_SIGNS if name in _EXAMPLES else _SHARE_SIGNS):
        raise _wrong(_NO_NUMBER, name, text)
    value = Fraction(found[2]) * (_AMOUNT_SIGNS | _SHARE_SIGNS)[found[3]] * (-1 if found[1] else 1)
    _check(name, text, value)
    return value


def _check(name: str, text: str, value: Fraction) -> None:
    is_share = name not in _EXAMPLES
    if value < 0:
        raise _wrong(_NEGATIVE, name, text)
    if value == 0 and name != "stock":
        raise _wrong(_TOO_SMALL, name, text)
    if is_share and value > 1:
        raise _wrong(_TOO_LARGE, name, text)
    if name == "stock" and value.denominator != 1:
        raise _wrong(_NOT_WHOLE, name, text)


def _wrong(said: Label, name: str, text: str) -> GapError:
    label, like, short = FIELDS[name], _EXAMPLES.get(name, _LIKE), text.strip()[:LONGEST]
    zh = said.zh.format(name=label.zh, text=short, like=like.zh)
    return GapError(Label(zh, said.en.format(name=label.en, text=short, like=like.en)))


# ------------------------------------------------------------------------------------------------- figures with a source


@dataclass(frozen=True)
class Figure:
    """One figure of the chain: its value and source, the value it has when nobody asks for another, and what was measured.

    `measured` is a rate, price or count over the days of `span`, with its n; missing where it cannot be told.
    """

    value: Fraction | None
    source: Source
    default: Fraction | None
    measured: Reading | None = None
    span: Span | None = None


@dataclass(frozen=True)
class Figures:
    """Every figure of the chain; `kinds` holds the valid share per kind of channel, `mix` its valid leads of those days."""

    target: Figure
    price: Figure
    conversion: Figure
    stock: Figure
    valid: Figure
    kinds: Mapping[str, Figure]
    mix: Mapping[str, int]


def figures(
    frames: Frames,
    pack: Pack,
    projects: frozenset[str] | None,
    given: GapInputs | None,
    asked: Mapping[str, Fraction],
) -> Figures:
    """The figures for the group (None) or some of its projects.

    Asked figures come first; then for the group what is set, for projects what is planned or measured. `given` are the
    group's set figures, or None where the viewer may not see the group.
    """
    where, group = Where(project=projects), given if projects is None else None
    planned = target_of(frames.snapshot, pack.overview_target, projects, _year(frames.snapshot.as_of.date()))
    price, conversion = _price(frames, pack, where), _conversion(frames, pack, where)
    listed: _Way = "listed", _listed_price(frames.snapshot, projects)
    set_price, set_conversion = _set(given, "average_price"), _set(given, "conversion")
    valid = _chosen(asked.get("valid"), ("assumed", pack.gap.valid_share), measured=_valid_share(frames, pack, where))
    return Figures(
        _chosen(asked.get("target"), _set(group, "target"), ("plan", planned)),
        _chosen(
            asked.get("price"),
            *(_set(group, "average_price"), "measured", listed, set_price),
            measured=price,
            least=LEAST_SALES,
        ),
        _chosen(
            asked.get("conversion"),
            *(_set(group, "conversion"), "measured", set_conversion),
            measured=conversion,
            least=LEAST_CUSTOMERS,
        ),
        _chosen(asked.get("stock"), "measured", measured=_stock(frames, pack, where)),
        valid,
        *_kinds(frames, pack, where, valid, asked),
    )


def asked_figures(asked: Mapping[str, Fraction], assumed_share: Fraction | None = None) -> Figures:
    """Figures from what is asked alone, without a snapshot."""
    target, price, conversion, stock = (_chosen(asked.get(name)) for name in ("target", "price", "conversion", "stock"))
    valid = _chosen(asked.get("valid"), ("assumed", assumed_share))
    return Figures(target, price, conversion, stock, valid, {}, {})


def _set(given: GapInputs | None, name: str) -> "_Way":
    return "set", getattr(given, name) if given else None


_Way = Literal["measured"] | tuple[Source, Decimal | Fraction | None]
_Measured = tuple[Reading, Span | None]


def _chosen(asked: Fraction | None, *ways: _Way, measured: _Measured | None = None, least: int = 0) -> Figure:
    """The first way that leads to a value above nothing; a measured one needs cases enough."""
    reading, span = measured or (None, None)
    for way in ways:
        source, value = ("measured", _enough(reading, least)) if way == "measured" else way
        if value is not None and (value > 0 or source == "measured"):
            default = Fraction(value)
            return Figure(
                default if asked is None else asked, source if asked is None else "asked", default, reading, span
            )
    return Figure(asked, "unknown" if asked is None else "asked", None, reading, span)


def _enough(reading: Reading | None, least: int) -> Fraction | None:
    if reading is None or reading.value is None or reading.few(least) or (least and reading.value <= 0):
        return None
    return Fraction(reading.value)


def _year(today: date) -> Span:
    return Span(start("year", today), end("year", today))


def _listed_price(snapshot: Snapshot, projects: frozenset[str] | None) -> Decimal | None:
    """The price that stands with a single project."""
    known = [snapshot.projects[id].average_price for id in projects or () if id in snapshot.projects]
    return known[0] if len(known) == 1 else None


def _read(frames: Frames, pack: Pack, name: str, span: Span, where: Where) -> Reading:
    """A metric of the pack over days; missing where the pack has none."""
    if name not in pack.metrics and name not in pack.measures:
        return missing("absent", name)
    return one(frames, pack, name, Query((name,), span, where=where))


def _price(frames: Frames, pack: Pack, where: Where) -> _Measured:
    span = last_full_days(frames.snapshot.as_of, YEAR_DAYS)
    return _read(frames, pack, PRICE, span, where), span


def _stock(frames: Frames, pack: Pack, where: Where) -> _Measured:
    today = frames.snapshot.as_of.date()
    span = Span(today, today)
    return _read(frames, pack, STOCK, span, where), span


def stock(frames: Frames, pack: Pack) -> Reading:
    """The group's valid customers in stock."""
    return _stock(frames, pack, Where())[0]


def _conversion(frames: Frames, pack: Pack, where: Where) -> _Measured:
    """Net contracts in time of a year's mature leads ÷ the valid ones among those leads."""
    snapshot = frames.snapshot
    if "contract" not in snapshot.steps:
        return missing("absent", "contract"), None
    last = date.fromordinal(mature_until(snapshot, "contract", "default"))
    span = Span(last - timedelta(YEAR_DAYS - 1), last)
    valid = _read(frames, pack, VALID, span, where)
    if valid.value is None:
        return valid, span
    frame = cohort_frame(frames, CONVERSION, Query((CONVERSION,), span, basis="cohort", where=where))
    column = cohort_column("contract", "default", net=True)
    signed = sums(frame, (column,))[()][column]
    return ratio(signed, valid.value), span


def _valid_share(frames: Frames, pack: Pack, where: Where) -> _Measured:
    span = last_full_days(frames.snapshot.as_of, QUARTER_DAYS)
    valid, leads = (_read(frames, pack, name, span, where) for name in (VALID, LEADS))
    if valid.value is None or leads.value is None:
        return (valid if valid.value is None else leads), span
    return ratio(valid.value, leads.value), span


def _kinds(
    frames: Frames, pack: Pack, where: Where, valid: Figure, asked: Mapping[str, Fraction]
) -> tuple[dict[str, Figure], dict[str, int]]:
    """Valid share and valid leads of each kind of channel that brought leads; where cases are few, the share for all."""
    span = last_full_days(frames.snapshot.as_of, QUARTER_DAYS)
    above, below = (_by_kind(frames, pack, name, span, where) for name in (VALID, LEADS))
    shares, mix = {}, {}
    for kind in (kind for kind in KINDS if below.get(kind)):
        measured = ratio(above.get(kind, 0), below[kind]) if above else missing("absent", "lead.valid")
        general: _Way = (valid.source, valid.value)
        shares[kind] = _chosen(
            asked.get(f"valid_{kind or 'other'}"), "measured", general, measured=(measured, span), least=LEAST_LEADS
        )
        mix[kind] = above.get(kind, 0)
    return shares, mix


def _by_kind(frames: Frames, pack: Pack, name: str, span: Span, where: Where) -> dict[str, int]:
    """A count by kind of channel; nothing where it is absent."""
    if name not in pack.measures:
        return {}
    known = {id: one.kind for id, one in frames.snapshot.channels.items()}
    found: dict[str, int] = defaultdict(int)
    for key, reading in readings(frames, pack, name, Query((name,), span, ("channel",), where=where)).items():
        kind = known.get(key[0]) if key else None
        found[kind if kind in KINDS else NOWHERE] += int(reading.value or 0)
    return dict(found)


# ------------------------------------------------------------------------------------------------------------- the chain


@dataclass(frozen=True)
class KindPhones:
    """One kind of channel: its valid share, the customers it is to bring at the present mix, and the phones for that.

    `alone` is how many phones it takes when this kind alone closes the gap.
    """

    kind: str
    share: Figure
    customers: int
    phones: int
    alone: int


@dataclass(frozen=True)
class Chain:
    """The whole chain as far as its figures go: sales needed, customers needed, the gap, phones in all and by kind of channel."""

    figures: Figures
    sales: Fraction | None
    needed: Fraction | None
    gap: Gap | None
    phones: int | None
    kinds: tuple[KindPhones, ...]


def chain(given: Figures) -> Chain:
    """The chain from its figures; a figure that is not known leaves out what follows from it."""
    target, price, conversion, stock = (one.value for one in (given.target, given.price, given.conversion, given.stock))
    sales = target / price if target and price else None
    if sales is None or target is None or price is None or not conversion:
        return Chain(given, sales, None, None, None, ())
    inputs = GapInputs(target, price, conversion)
    found = gap(inputs, int(stock)) if stock is not None else None
    missing_now = max(found.gap, 0) if found else None
    phones = _phones(missing_now, given.valid.value)
    return Chain(given, sales, customers_needed(inputs), found, phones, _kind_phones(given, missing_now))


def _phones(customers: int | None, share: Fraction | None) -> int | None:
    """Whole phones for so many customers, rounded up."""
    return math.ceil(customers / share) if customers is not None and share else None


def _kind_phones(given: Figures, missing_now: int | None) -> tuple[KindPhones, ...]:
    if missing_now is None or not sum(given.mix.values()):
        return ()
    parts = in_whole(missing_now, given.mix)
    return tuple(
        KindPhones(
            kind, share, parts[kind], _phones(parts[kind], share.value) or 0, _phones(missing_now, share.value) or 0
        )
        for kind, share in given.kinds.items()
        if share.value
    )


def in_whole(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """A whole number shared out by weight in whole parts that add up to it; what is left goes to the largest remainders."""
    whole = sum(weights.values())
    parts = {name: total * weight // whole for name, weight in weights.items()}
    left = sorted(weights, key=lambda name: (-(total * weights[name] % whole), name))
    for name in left[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def contribution(gap: int, offline: Fraction, online: Fraction) -> Fraction:
    """The group's named formula 线上贡献量 = (gap ÷ offline difference) × online conversion; the group defines no difference."""
    return gap / offline * online


# ----------------------------------------------------------------------------------------------------------- day by day


@dataclass(frozen=True)
class Rhythm:
    """How strong each kind of day is against the average day (Monday to Sunday, holiday), from `n` cases over `span`.

    Without cases enough (`is_measured` false) every day counts the same.
    """

    weights: tuple[Fraction, ...]
    n: int
    span: Span
    is_measured: bool


@dataclass(frozen=True)
class DayKind:
    """One kind of day: how strong it is, how many are left, and what each of them has to bring."""

    kind: int
    weight: Fraction
    days: int
    each: Fraction


@dataclass(frozen=True)
class RunRate:
    """What is left to do over whole days, from today to the last day of the year, spread by the strength of the days."""

    left: Fraction
    first: date
    last: date
    rhythm: Rhythm
    kinds: tuple[DayKind, ...]

    @property
    def days(self) -> int:
        """How many days are left."""
        return (self.last - self.first).days + 1

    @property
    def average(self) -> Fraction:
        """What an average day left has to bring."""
        return self.left / self.days

    @property
    def today(self) -> Fraction:
        """What the first of these days has to bring."""
        return next(one.each for one in self.kinds if one.kind == day_kind(self.first))


def day_kind(day: date) -> int:
    """0 to 6 for Monday to Sunday, HOLIDAY for a public holiday."""
    return HOLIDAY if is_holiday(day) else day.weekday()


def rhythm(frames: Frames, pack: Pack, measure: str, where: Where) -> Rhythm:
    """A measure's mean by kind of day over its mean of all days, over a year of whole weeks since its first case."""
    today = frames.snapshot.as_of.date()
    last = start("week", today) - ONE_DAY
    wide = Span(last - timedelta(7 * PATTERN_WEEKS - 1), last)
    found = (
        readings(frames, pack, measure, Query((measure,), wide, ("day",), where=where))
        if measure in pack.measures
        else {}
    )
    counts: dict[date, int] = {key[0]: int(one.value) for key, one in found.items() if key and one.value}
    n = sum(counts.values())
    span = Span(start("week", min(counts, default=wide.first)), last)
    if n < LEAST_PATTERN:
        return Rhythm((Fraction(1),) * 8, n, span, False)
    return Rhythm(_weights(counts, span), n, span, True)


def _weights(counts: Mapping[date, int], span: Span) -> tuple[Fraction, ...]:
    """A kind of day that has not come yet counts as an average one."""
    number, total = [0] * 8, [0] * 8
    for day in (span.first + timedelta(nth) for nth in range(span.days)):
        number[day_kind(day)] += 1
        total[day_kind(day)] += counts.get(day, 0)
    mean = Fraction(sum(total), sum(number))
    return tuple(Fraction(total[at], number[at]) / mean if number[at] else Fraction(1) for at in range(8))


def run_rate(left: Fraction, first: date, last: date, strength: Rhythm) -> RunRate:
    """What each kind of day left has to bring so that all of them together bring what is left."""
    days = [0] * 8
    for nth in range((last - first).days + 1):
        days[day_kind(first + timedelta(nth))] += 1
    weights = strength.weights
    whole = sum(count * weight for count, weight in zip(days, weights, strict=True))
    if not whole:  # only kinds of day are left on which nothing ever happened
        weights, whole = (Fraction(1),) * 8, Fraction(sum(days))
    kinds = (DayKind(at, weights[at], days[at], left * weights[at] / whole) for at in range(8) if days[at])
    return RunRate(left, first, last, strength, tuple(kinds))


@dataclass(frozen=True)
class DailyNeeds:
    """What the days left have to bring: sales in yuan (after `done`, net up to yesterday), and new phones."""

    done: Reading
    amount: RunRate | None
    phones: RunRate | None


def daily_needs(frames: Frames, pack: Pack, projects: frozenset[str] | None, found: Chain) -> DailyNeeds:
    """The required daily run rate over the days left of the year, today among them."""
    where, today = Where(project=projects), frames.snapshot.as_of.date()
    year, target = _year(today), found.figures.target.value
    done = _read(frames, pack, pack.overview_target, Span(year.first, today - ONE_DAY), where)
    amount = phones = None
    if target and done.value is not None:
        amount = run_rate(
            max(target - Fraction(done.value), Fraction(0)), today, year.last, rhythm(frames, pack, SALES, where)
        )
    if found.phones is not None:
        phones = run_rate(Fraction(found.phones), today, year.last, rhythm(frames, pack, LEADS, where))
    return DailyNeeds(done, amount, phones)
