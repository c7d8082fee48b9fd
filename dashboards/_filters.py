"""Filters as they live in the address: read as claims, kept only when this viewer may know the value."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta

from components.filters import Filter, Option, address
from components.words import Words
from metrics.heat import hourly_metrics
from metrics.overview import last_full_week
from metrics.pack import Label, Pack
from metrics.periods import PERIODS, period
from metrics.rules import SEVERITIES
from metrics.scope import Scope
from metrics.snapshot import Snapshot
from metrics.totals import Where

SHARED = ("period", "project", "region", "channel", "lang", "theme")
"""Filters that stay when the viewer goes to another page."""
BOARD_WEEKS = 12
_BASIS = {"period": Label("当期口径", "Period basis"), "cohort": Label("留电批次口径", "By lead cohort")}
_HOURS = {"24": Label("近24小时", "Last 24 hours"), "168": Label("近7天", "Last 7 days")}
_NAMES = {
    "period": Label("时间", "Period"),
    "project": Label("项目", "Project"),
    "region": Label("区域", "Region"),
    "channel": Label("渠道", "Channel"),
    "basis": Label("口径", "Basis"),
    "metric": Label("指标", "Metric"),
    "hours": Label("范围", "Range"),
    "week": Label("榜单周", "Week"),
    "severity": Label("级别", "Severity"),
    "order": Label("排列", "Order"),
}
_ORDERS = {
    "severity": Label("按级别", "By severity"),
    "project": Label("按项目", "By project"),
    "owner": Label("按责任人", "By owner"),
    "age": Label("按时长", "By age"),
}
_ALL = Label("全部", "All")
NARROWING = ("project", "region", "channel")
UNKNOWN = "?"
"""Stands in an address for a value that was left out, so that the page's own requests are told of it too."""
_FIRST_IS_DEFAULT = ("metric", "week", "order")
"""Filters without a value of everything: left out, they are the first known value."""


@dataclass(frozen=True)
class Filters:
    """What the viewer asked for; an empty text is everything, or the page's own default.

    `left_out` names the narrowing filters whose value this viewer cannot know; no address carries them on but the page's own.
    """

    period: str = "week"
    project: str = ""
    region: str = ""
    channel: str = ""
    basis: str = "period"
    metric: str = ""
    hours: str = "24"
    step: str = ""
    week: str = ""
    severity: str = ""
    order: str = ""
    lang: str = ""
    theme: str = ""
    left_out: tuple[str, ...] = ()

    @classmethod
    def read(cls, asked: Mapping[str, str], snapshot: Snapshot, pack: Pack, scope: Scope) -> "Filters":
        """The filters of an address; whatever this viewer cannot know is left out, whether it exists or not."""
        if not asked:
            return cls()
        known = _known(snapshot, pack, scope)
        firsts = {name: next(iter(known[name]), "") for name in _FIRST_IS_DEFAULT}
        kept = {name: value for name, value in asked.items() if value in known.get(name, {})}
        left_out = tuple(name for name in NARROWING if asked.get(name) and name not in kept)
        return cls(**{name: value for name, value in kept.items() if value != firsts.get(name)}, left_out=left_out)

    def where(self, snapshot: Snapshot) -> Where:
        """The narrowing that the filters ask for; the scope narrows it further."""
        projects = frozenset((self.project,)) if self.project else None
        regions = frozenset(_of_region(snapshot, self.region)) if self.region else None
        channels = frozenset((self.channel,)) if self.channel else None
        return Where(project=projects).within(Where(project=regions, channel=channels))

    def chosen(self, *names: str) -> dict[str, str]:
        """The named filters (none: all) that differ from their default."""
        wanted = names or tuple(_DEFAULTS)
        return {name: self.value(name) for name in wanted if self.value(name)}

    def value(self, name: str) -> str:
        """A filter's value; empty when it is the default."""
        value: str = getattr(self, name)
        return "" if value == _DEFAULTS[name] else value

    def address(self, path: str, *names: str, **changes: str) -> str:
        """A page's address with the named filters (none: all) as they are, and changes."""
        return address(path, {**self.chosen(*names), **changes})


_DEFAULTS: Mapping[str, str] = {field.name: str(field.default) for field in fields(Filters) if field.type is str}


def _known(snapshot: Snapshot, pack: Pack, scope: Scope) -> dict[str, dict[str, Label]]:
    """Every value a viewer may choose, by filter, with its label."""
    projects = [one for one in snapshot.projects.values() if scope.projects is None or one.id in scope.projects]
    channels = snapshot.channels.values() if scope.staff is None else ()
    return {
        "period": {name: period(name, snapshot.as_of).label for name in PERIODS},
        "project": {one.id: Label(one.name, one.name) for one in projects},
        "region": {one.region: Label(one.region, one.region) for one in projects if one.region},
        "channel": {one.id: Label(one.name, one.name) for one in channels},
        "basis": _BASIS,
        "metric": {name: pack.metric(name).label for name in hourly_metrics(pack)},
        "hours": _HOURS,
        "step": {step.step: step.label for step in pack.funnel},
        "week": {monday.isoformat(): _week_label(monday) for monday in board_weeks(snapshot)},
        "severity": {level: Label(level, level) for level in SEVERITIES},
        "order": _ORDERS,
        "lang": {"zh": Label("中文", "Chinese"), "en": Label("英文", "English")},
        "theme": {"light": Label("浅色", "Light"), "dark": Label("深色", "Dark")},
    }


def _of_region(snapshot: Snapshot, region: str) -> list[str]:
    return [one.id for one in snapshot.projects.values() if one.region == region]


def board_weeks(snapshot: Snapshot) -> list[date]:
    """The Mondays of the last full weeks, newest first."""
    last = last_full_week(snapshot.as_of.date())
    return [last - timedelta(weeks=back) for back in range(BOARD_WEEKS)]


def _week_label(monday: date) -> Label:
    sunday = monday + timedelta(6)
    return Label(
        f"{monday.month}月{monday.day}日–{sunday.month}月{sunday.day}日",
        f"{monday:%b} {monday.day} – {sunday:%b} {sunday.day}",
    )


def choices(
    filters: Filters,
    snapshot: Snapshot,
    pack: Pack,
    scope: Scope,
    words: Words,
    names: tuple[str, ...],
    links: tuple[str, ...],
) -> list[Filter]:
    """The named filters as something to choose from; those with fewer than two values are left out."""
    known = _known(snapshot, pack, scope)
    offered = [name for name in names if len(known[name]) > 1]
    return [
        Filter(name, words.say(_NAMES[name]), _options(name, known[name], words), filters.value(name), name in links)
        for name in offered
    ]


def left_out_names(filters: Filters, words: Words) -> list[str]:
    """The names of the filters that were left out."""
    return [words.say(_NAMES[name]) for name in filters.left_out]


def chosen_words(
    filters: Filters, snapshot: Snapshot, pack: Pack, scope: Scope, words: Words, names: tuple[str, ...]
) -> list[str]:
    """The named filters that are set, each as its name and value."""
    known = _known(snapshot, pack, scope)
    labels = {name: known[name][filters.value(name)] for name in names if filters.value(name)}
    said = {name: words.of(filters.value(name)) if name == "severity" else words.say(labels[name]) for name in labels}
    return [f"{words.say(_NAMES[name])} {value}" for name, value in said.items()]


def _options(name: str, known: Mapping[str, Label], words: Words) -> tuple[Option, ...]:
    default = next(iter(known)) if name in _FIRST_IS_DEFAULT else _DEFAULTS[name]
    listed = tuple(
        Option("" if value == default else value, words.of(value) if name == "severity" else words.say(label))
        for value, label in known.items()
    )
    return listed if default else (Option("", words.say(_ALL)), *listed)
