"""The frame around a page: what it is given, who may open it, and its content prepared once per snapshot and scope."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from htpy import Node, fragment, span

from components.picture import Block
from components.share import share
from components.shell import part
from components.shell_phone import badge
from components.status import Freshness
from components.still import left_out, standing_still
from components.words import Words
from dashboards._alerts import Alerts, state_tag
from dashboards._filters import SHARED, Filters, left_out_names
from dashboards._shelf import Shelf, shelf
from data_access.boards import Boards, terms_of
from data_access.demo_drill import Drill
from data_access.live import Live
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.people import Person
from data_access.store.published import Heartbeat
from data_access.store.reports import Kept as KeptReport
from metrics.benchmarks import Benchmark
from metrics.boards import NO_TERMS, Terms
from metrics.gap import Gap, GapInputs, gap, stock
from metrics.pack import Label, Pack
from metrics.periods import Period, Span, holiday_names, period
from metrics.rules import Finding, check_thresholds, findings, in_view
from metrics.scope import ROLES, Role, Scope, Sights, scope_of
from metrics.snapshot import Snapshot
from metrics.totals import Frames, Where

EVERYBODY_S_SCREEN = Scope("leader", None)
"""What a wall shows does not depend on who hung it up; a wall holds aggregates only."""

T = TypeVar("T")
_REFERRERS = {
    "broker": Label("经纪人", "broker"),
    "owner": Label("业主", "owner"),
    "employee": Label("员工", "employee"),
}


class Reader(Protocol):
    """Where the published snapshot comes from."""

    def current(self) -> Snapshot | None:
        """The snapshot to show, or None before the first."""

    def heartbeat(self) -> Heartbeat | None:
        """The last refresh, or None before the first."""


class Findings:
    """What the rules find in a snapshot, computed once; give `warm` to the reader so that nobody waits for it."""

    def __init__(self, pack: Pack, thresholds: Mapping[str, Mapping[str, Any]]) -> None:
        check_thresholds(pack, thresholds)
        self._pack = pack
        self._thresholds = thresholds
        self._lock = threading.Lock()
        self._last: tuple[Snapshot, tuple[Finding, ...]] | None = None

    def of(self, snapshot: Snapshot) -> tuple[Finding, ...]:
        """Every finding of a snapshot, worst first."""
        with self._lock:
            if self._last is None or self._last[0] is not snapshot:
                self._last = snapshot, tuple(findings(Frames(snapshot), self._pack, self._thresholds))
            return self._last[1]

    def warm(self, snapshot: Snapshot) -> None:
        """Compute the findings of a new snapshot, and read the calendar of its days, before it is shown."""
        self.of(snapshot)
        today = snapshot.as_of.date()
        holiday_names(Span(date(today.year - 1, 12, 31), today))


@dataclass(frozen=True)
class World:
    """Everything the pages are given; `clock` answers in UTC, `env` is what the process was started with."""

    settings: Settings
    pack: Pack
    store: Store
    reader: Reader
    findings: Findings
    build: str
    clock: Callable[[], datetime]
    env: Mapping[str, str]
    gap: GapInputs | None = None
    demo: bool = False
    live: Live | None = None
    drill: Drill | None = None

    def words(self, language: str) -> Words:
        """The interface in a language; in the group's own where none is given."""
        wanted = language or self.settings.group.language
        return Words("en" if wanted == "en" else "zh", self.settings.group.up_is_red)

    def time_of_day(self, moment: datetime) -> str:
        """The time of day in the group's zone, rounded up to a minute."""
        local = moment.astimezone(ZoneInfo(self.settings.group.time_zone))
        return f"{local + timedelta(seconds=59):%H:%M}"

    def scope(self, person: Person, *, compares: bool = False) -> Scope | None:
        """What a person may see today, on a surface that compares projects or on another one; None for those who only look at walls."""
        if person.role not in ROLES:
            return None
        today = self.clock().astimezone(ZoneInfo(self.settings.group.time_zone)).date()
        sight = Sights(**vars(self.settings.scope)).sight(person.role, today, compares=compares)
        return scope_of(person.role, person.project_id, person.staff_id, sight)

    @cached_property
    def boards(self) -> Boards:
        """Everything that is published week by week."""
        return Boards(self.settings, self.pack)

    @cached_property
    def terms(self) -> Terms:
        """What the settings say of boards."""
        return terms_of(self.settings)

    def shelf(self, snapshot: Snapshot) -> Shelf:
        """The published boards as they are now."""
        return shelf(self.boards, self.store, snapshot, self.clock())

    def freshness(self, snapshot: Snapshot) -> Freshness:
        """The data's time by the last refresh, and the limits at which it is late."""
        zone, beat = ZoneInfo(self.settings.group.time_zone), self.reader.heartbeat()
        as_of = max(snapshot.as_of, beat.as_of) if beat and beat.as_of else snapshot.as_of
        every = self.settings.refresh.every_seconds
        return Freshness(
            as_of.replace(tzinfo=zone), self.clock().astimezone(zone), max(3 * every, 60), max(8 * every, 300)
        )


@dataclass(frozen=True)
class View:
    """What one viewer sees of one snapshot; a page reads nothing else."""

    snapshot: Snapshot
    pack: Pack
    scope: Scope
    filters: Filters
    words: Words
    all_findings: tuple[Finding, ...] = field(repr=False, default=())
    gap: GapInputs | None = None
    terms: Terms = NO_TERMS
    lower_half: str = "everybody"
    shelf: Shelf | None = field(repr=False, default=None)
    alerts: Alerts = field(repr=False, default_factory=Alerts)
    overdue: tuple[KeptReport, ...] = ()
    cover: Benchmark | None = None

    @cached_property
    def frames(self) -> Frames:
        """What sums are taken from."""
        return Frames(self.snapshot)

    @property
    def as_of(self) -> datetime:
        """The moment the numbers hold for."""
        return self.snapshot.as_of

    @cached_property
    def where(self) -> Where:
        """The filters within the scope: a browser's ids can only narrow."""
        return self.filters.where(self.snapshot).within(self.scope.where)

    @cached_property
    def period(self) -> Period:
        """The chosen period around as_of."""
        return period(self.filters.period, self.as_of)

    @cached_property
    def findings(self) -> list[Finding]:
        """The open findings about what is in view, as far as the viewer's own projects go."""
        return in_view(self.own_findings, self.where.project)

    @cached_property
    def own_findings(self) -> list[Finding]:
        """The open findings within the viewer's rights, whatever is filtered."""
        return in_view(self.all_findings, self.scope.alerts)

    def standing(self, finding: Finding) -> Node:
        """How an alert stands, in a word; nothing while it waits for somebody, so that as many as before have room."""
        episode = self.alerts.episode(finding)
        return state_tag(episode, self.words) if episode and episode.state != "open" else None

    @cached_property
    def projects(self) -> list[str]:
        """The ids of the projects in view."""
        wanted = self.where.project
        return [id for id in self.snapshot.projects if wanted is None or id in wanted]

    @property
    def is_own(self) -> bool:
        """Whether only one salesperson's own customers are in view."""
        return self.scope.staff is not None

    def say(self, label: Label) -> str:
        """A label in the viewer's language."""
        return self.words.say(label)

    def address(self, path: str, **changes: str) -> str:
        """Another page's address with the filters all pages share, and changes."""
        return self.filters.address(path, *SHARED, **changes)

    def referrer(self, id: str) -> str:
        """Who refers, as everybody may read it: an owner by surname alone, and therefore by kind too."""
        known = self.snapshot.referrers.get(id)
        if known is None:
            return id
        kind = _REFERRERS.get(known.kind or "")
        return f"{known.name} · {self.say(kind)}" if kind else known.name

    def naming(self, of: str) -> Callable[[str], str | None]:
        """How the subjects of a board or a duel are called; a team by its project and its name."""
        names = {
            "referrer": self.referrer,
            "channel": self.snapshot.channel_name,
            "staff": self.snapshot.staff_name,
            "team": self._team,
        }
        return names.get(of, self.snapshot.project_name)

    def _team(self, id: str) -> str:
        project, _, team = id.partition("/")
        return f"{self.snapshot.project_name(project)} {team}"

    def subject(self, finding: Finding) -> str | None:
        """The name of what a finding is about."""
        names = {"project": self.snapshot.project_name, "channel": self.snapshot.channel_name}
        return names[finding.kind](finding.subject) if finding.kind in names else None


def target_gap(view: View) -> Gap | None:
    """The group's target gap; None where its figures are not set, the stock is unknown, or less than the group is in view."""
    if view.gap is None or view.where.project is not None:
        return None
    there = stock(view.frames, view.pack).value
    return gap(view.gap, int(there)) if there is not None else None


class Page:
    """One page: its name, address and title, the roles that may open it, and the function that makes its content.

    One that compares shows projects each other's aggregates once they are open; one that is recorded shows published boards;
    one that is late says which reports are overdue; a cover may show a benchmark. A section names the sheets of style of its own.
    """

    def __init__(
        self,
        name: str,
        *,
        path: str,
        title: Label,
        roles: frozenset[Role],
        has_trend: bool = False,
        compares: bool = False,
        recorded: bool = False,
        late: bool = False,
        is_cover: bool = False,
        sheets: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.path = path
        self.title = title
        self.roles = roles
        self.has_trend = has_trend
        self.compares = compares
        self.recorded = recorded
        self.late = late
        self.is_cover = is_cover
        self.sheets = sheets
        self.render: Callable[[View], Node] = lambda view: None
        self.sheet: Callable[[View], Sheet] = lambda view: Sheet("", [])
        self.narrows: tuple[str, ...] = ()

    def content(self, function: Callable[[View], Node]) -> Callable[[View], Node]:
        """Take a function of a view as the page's content."""
        self.render = function
        return function

    def picture(self, *narrows: str) -> Callable[[Callable[[View], "Sheet"]], Callable[[View], "Sheet"]]:
        """Take a function of a view as what the page's picture shows; `narrows` are the filters the picture names."""

        def taken(function: Callable[[View], Sheet]) -> Callable[[View], Sheet]:
            self.sheet, self.narrows = function, narrows
            return function

        return taken


@dataclass(frozen=True)
class Sheet:
    """What a page's picture shows: its days and basis, its blocks, and how many things had no room."""

    days: str
    blocks: list[Block]
    left_out: int = 0


@dataclass(frozen=True)
class Content:
    """A page ready to be sent: the glance layer, and that with the numbers on the sections as a live answer."""

    title: str
    html: str
    payload: bytes
    etag: str


class Kept(Generic[T]):
    """What was made before, by key; the longest unused goes first."""

    def __init__(self, most: int = 500) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Future[T]] = OrderedDict()

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """What stands under a key; made once when it is not there, however many ask for it at the same time."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            else:
                mine = self._kept[key] = Future()
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return found.result() if found is not None else self._made(key, mine, make)

    def _made(self, key: Hashable, mine: "Future[T]", make: Callable[[], T]) -> T:
        try:
            mine.set_result(make())
        except BaseException as error:
            with self._lock:
                self._kept.pop(key, None)
            mine.set_exception(error)
        return mine.result()


def cache_key(name: str, view: View) -> Hashable:
    """Everything a page's content depends on: the snapshot, what is open, published, overdue and on the cover, the page, the filters,
    the language and the viewer's rights."""
    snapshot, edition = view.snapshot, view.shelf.edition if view.shelf else ""
    stands = snapshot.sequence, snapshot.version, view.alerts.revision, edition, view.overdue, view.cover
    return *stands, name, view.filters, view.words, view.scope.fingerprint


def content(page: Page, view: View, build: str) -> Content:
    """A page's content for a view."""
    badges = badges_of(view)
    title = f"{view.say(page.title)} · {view.words.of('product')}"
    still = standing_still(view.snapshot.frozen, view.words, view.as_of)
    unheeded = left_out(left_out_names(view.filters, view.words), view.words)
    html = str(fragment[unheeded, still, page.render(view), part("share", _share(page, view))])
    places = str(fragment[[span(data_part=f"badge-{name}")[badge(number)] for name, number in badges.items()]])
    payload, etag = live_answer(title, html + places, build)
    return Content(title, html, payload, etag)


def badges_of(view: View) -> dict[str, int]:
    """The numbers on the sections."""
    return {} if view.is_own else {"alerts": sum(one.severity == "red" for one in view.own_findings)}


def _share(page: Page, view: View) -> Node:
    """The page's address and its picture's with the filters, but not with the sender's own colours."""
    link, picture = (view.filters.address(path, theme="") for path in (page.path, f"/picture/{page.name}.png"))
    return share(link, picture, view.words)


def live_answer(title: str, html: str, build: str) -> tuple[bytes, str]:
    """What the live script is sent, and its ETag: equal answers of one build have equal ETags."""
    payload = json.dumps({"title": title, "html": html}, ensure_ascii=False).encode()
    digest = hashlib.sha256(build.encode() + b"\0" + payload).hexdigest()[:32]
    return payload, f'"{digest}"'


def sections(pages: Sequence[Page], view: View) -> dict[str, str]:
    """The addresses of the pages this viewer may open, by name."""
    return {page.name: view.address(page.path) for page in pages if view.scope.role in page.roles}
