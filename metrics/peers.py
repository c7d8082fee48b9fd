"""The weekly packet about peers: what another project of the same kind does better, like for like, or nothing at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from metrics.pack import Label, Pack
from metrics.periods import Comparison, Span
from metrics.query import Query, readings
from metrics.snapshot import NOWHERE, Project, Snapshot
from metrics.totals import Frames, Where

MEASURE = "leads"
LEAST_MEMBERS = 3
"""Of two, one could tell the other's figure from a rank and a change."""
LEAST_LEAD_PERCENT = 10
"""A lead of less is not worth a message."""
BEYOND_CHANCE = 4
"""Squared: two counts a, b differ by more than chance where (a − b)² > 4 (a + b), about 2 sd of Poisson counts."""
_STAGES = ((183, Label("首开期", "opening")), (730, Label("续销期", "selling")))
_LATE, _UNDATED = Label("尾盘期", "late"), Label("", "")


@dataclass(frozen=True)
class Kinds:
    """How peers are told: groups by hand, tiers of cities, prices (yuan) at which a band begins."""

    groups: Mapping[str, str]
    city_tiers: Mapping[str, str]
    price_bands: Sequence[int]


@dataclass(frozen=True)
class PeerGroup:
    """Projects that are compared with each other, and what they have in common."""

    label: Label
    members: frozenset[str]


@dataclass(frozen=True)
class Packet:
    """How one project stands among its peers in the days from first to last (`is_whole`: a full week).

    `own` and `before` are its leads then and at the same point of the week before; `rival` is the peer ahead by more than
    chance with the most leads, `channel` where most of that lead comes from; `own_channel` is where most of the project's own
    change comes from. Counts are whole numbers.
    """

    project: str
    first: date
    last: date
    is_whole: bool
    group: Label
    members: int
    rank: int
    own: int
    before: int
    own_channel: str = ""
    own_channel_change: int = 0
    rival: str = ""
    rival_leads: int = 0
    channel: str = ""
    channel_lead: int = 0


def peer_groups(projects: Mapping[str, Project], today: date, kinds: Kinds) -> dict[str, PeerGroup]:
    """Each project's peers: by hand, by the source's peer_group, or derived from city tier, stage and price band.

    A derived group is the narrowest of (tier, stage, band), (tier, stage), (tier) with three members; who has none is left out.
    """
    given = {id: kinds.groups.get(id) or one.peer_group for id, one in projects.items()}
    derived = {id: _kind(one, today, kinds) for id, one in projects.items() if not given[id]}
    found = {id: _group(id, given, derived) for id in projects}
    return {id: group for id, group in found.items() if len(group.members) >= LEAST_MEMBERS}


def _group(id: str, given: Mapping[str, str | None], derived: Mapping[str, tuple[Label, ...]]) -> PeerGroup:
    if name := given[id]:
        return PeerGroup(Label(name, name), frozenset(one for one, other in given.items() if other == name))
    narrowest = PeerGroup(Label("", ""), frozenset())
    for length in (3, 2, 1):
        kind = derived[id][:length]
        narrowest = PeerGroup(_joined(kind), frozenset(one for one, other in derived.items() if other[:length] == kind))
        if len(narrowest.members) >= LEAST_MEMBERS:
            break
    return narrowest


def _joined(kind: Sequence[Label]) -> Label:
    told = [one for one in kind if one.zh]
    return Label("·".join(one.zh for one in told), " · ".join(one.en for one in told))


def _kind(project: Project, today: date, kinds: Kinds) -> tuple[Label, ...]:
    city = project.city or ""
    tier = kinds.city_tiers.get(city, city)
    return Label(tier, tier), _stage(project.opened_on, today), _band(project.average_price, kinds.price_bands)


def _stage(opened_on: date | None, today: date) -> Label:
    if opened_on is None:
        return _UNDATED
    days = (today - opened_on).days
    return next((label for limit, label in _STAGES if days < limit), _LATE)


def _band(price: Decimal | None, bands: Sequence[int]) -> Label:
    if price is None or not bands:
        return _UNDATED
    above = [limit for limit in bands if price >= limit]
    if not above:
        return Label(f"{bands[0] // 10_000}万以下", f"below ¥{bands[0] // 1000}K")
    return Label(f"{above[-1] // 10_000}万起", f"from ¥{above[-1] // 1000}K")


def packet(
    frames: Frames, pack: Pack, project: str, group: PeerGroup, days: Comparison, *, min_leads: int, is_whole: bool
) -> Packet | None:
    """How a project stands among its peers on the same days; None where the cases are too few or nothing is worth saying."""
    where = Where(project=group.members)
    leads = _counts(frames, pack, days.now, where)
    own = leads.get((project,), 0)
    if own < min_leads:
        return None
    ahead = {id: leads.get((id,), 0) for id in group.members if id != project}
    rival = max(ahead, key=lambda id: (ahead[id], id))
    is_ahead, is_behind = beyond(own, ahead[rival]), beyond(ahead[rival], own) and ahead[rival] >= min_leads
    if not (is_ahead or is_behind):
        return None
    before = _counts(frames, pack, days.before, Where(project=frozenset((project,)))).get((project,), 0)
    own_channel, own_change = _main_change(frames, pack, project, days, rising=own >= before)
    told = Packet(
        project, days.now.first, days.now.last, is_whole, group.label, len(group.members),
        1 + sum(one > own for one in ahead.values()), own, before, own_channel, own_change,
    )  # fmt: skip
    return _with_rival(frames, pack, told, rival, ahead[rival], days.now) if is_behind else told


def beyond(more: int, less: int) -> bool:
    """Whether one count leads another by enough, and by more than chance."""
    lead = more - less
    return lead > 0 and lead * 100 >= less * LEAST_LEAD_PERCENT and lead * lead > BEYOND_CHANCE * (more + less)


def _with_rival(frames: Frames, pack: Pack, told: Packet, rival: str, leads: int, span: Span) -> Packet:
    found = _counts(frames, pack, span, Where(project=frozenset((rival, told.project))), "channel")
    channels = {key[1] for key in found if key[1] != NOWHERE}
    gaps = {one: found.get((rival, one), 0) - found.get((told.project, one), 0) for one in channels}
    channel = max(gaps, key=lambda one: (gaps[one], one), default="")
    gap = gaps.get(channel, 0)
    with_rival = replace(told, rival=rival, rival_leads=leads)
    return replace(with_rival, channel=channel, channel_lead=gap) if gap > 0 else with_rival


def _main_change(frames: Frames, pack: Pack, project: str, days: Comparison, *, rising: bool) -> tuple[str, int]:
    where = Where(project=frozenset((project,)))
    now, before = (_counts(frames, pack, span, where, "channel") for span in (days.now, days.before))
    changes = {key[1]: now.get(key, 0) - before.get(key, 0) for key in {*now, *before} if key[1] != NOWHERE}
    channel = max(changes, key=lambda one: (changes[one] if rising else -changes[one], one), default="")
    change = changes.get(channel, 0)
    return (channel, change) if (change > 0) == rising and change else ("", 0)


def _counts(frames: Frames, pack: Pack, span: Span, where: Where, *more: str) -> dict[tuple[str, ...], int]:
    found = readings(frames, pack, MEASURE, Query((MEASURE,), span, ("project", *more), where=where))
    return {tuple(map(str, key)): int(one.value) for key, one in found.items() if one.value is not None}


def can_tell(snapshot: Snapshot, pack: Pack) -> bool:
    """Whether leads are known and do not stand still."""
    return MEASURE not in snapshot.absent and all(one.entity != "lead" for one in snapshot.frozen)
