"""A wall for days within minutes: the site's own scene from a server that changes, falls silent and restarts, and a browser whose time runs ahead."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from playwright.sync_api import CDPSession, Page
from playwright.sync_api import Error as PlaywrightError

from tests.dashboards.worlds import Stage

NUMBER = re.compile(r"(?<=>)\d[\d,.]*(?=<)")
CHINA = timedelta(hours=8)
STATE = "[...document.documentElement.classList].filter(name => /^is-(live|amber|grey|offline)/.test(name)).join()"


class Changing:
    """A scene as the site draws it: every poll brings other numbers, every restart another build; it can be cut off."""

    def __init__(self, stage: Stage, scene: str = "warroom", *, seconds: int = 10) -> None:
        client = stage.client("leader")
        self._page = client.get(f"/wall/{scene}").text.replace('data-seconds="10"', f'data-seconds="{seconds}"', 1)
        self._live = json.loads(client.get(f"/live/wall/{scene}").data)
        self._scripts = {path: client.get(path).data for path in re.findall(r'/static/[^" ]+\.js', self._page)}
        self.polls = self.opened = self.restarts = 0
        self.is_cut = False
        self.may_reload = True
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def build(self) -> str:
        """What the running version is called."""
        return f"build-{self.restarts + 1}"

    def page(self) -> bytes:
        """The document of the running version."""
        self.opened += 1
        return self._page.replace('data-build="build-1"', f'data-build="{self.build}"').encode()

    def answer(self) -> tuple[bytes, dict[str, str]]:
        """The next live answer, every number in it another one of the same length."""
        self.polls += 1
        turn, place = self.polls, count()
        renumbered = NUMBER.sub(lambda found: _another(found[0], turn + next(place)), self._live["html"])
        return json.dumps({**self._live, "html": renumbered}).encode(), self._headers(turn)

    def script(self, path: str) -> bytes | None:
        """One of the page's scripts."""
        return self._scripts.get(path)

    def _headers(self, turn: int) -> dict[str, str]:
        now = self.now()
        as_of = (now + CHINA).strftime("%Y-%m-%dT%H:%M:%S+08:00")
        build = {"X-Build": self.build, "X-Seq": str(turn), "ETag": f'"{turn}"'}
        return {"Date": format_datetime(now, usegmt=True), "X-As-Of": as_of, **build}


def _another(number: str, turn: int) -> str:
    return "".join(str((int(digit) + turn) % 10) if digit.isdigit() else digit for digit in number)


@contextmanager
def answering(changing: Changing) -> Iterator[str]:
    """The scene on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            return

        def do_HEAD(self) -> None:
            self._send(b"", {}, 200 if changing.may_reload else 503)

        def do_GET(self) -> None:
            script = changing.script(self.path)
            if script is not None:
                self._send(script, {"Content-Type": "text/javascript"})
            elif self.path.startswith("/live/"):
                self._send(*changing.answer())
            else:
                self._send(changing.page(), {"Content-Type": "text/html; charset=utf-8"})

        def _send(self, body: bytes, headers: dict[str, str], status: int = 200) -> None:
            if changing.is_cut:
                self.close_connection = True
                return
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/wall"
    server.shutdown()
    server.server_close()
    thread.join()


class Ahead:
    """A page whose own time stands still but for the seconds it is given, which pass as fast as the machine can."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self._over = 0
        self.cdp.on("Emulation.virtualTimeBudgetExpired", self._expired)

    def _expired(self, _: Any) -> None:
        self._over += 1

    def run(self, seconds: float) -> None:
        """Let so many seconds pass; answers are waited for."""
        before = self._over
        budget = {
            "policy": "pauseIfNetworkFetchesPending",
            "budget": seconds * 1000,
            "maxVirtualTimeTaskStarvationCount": 100_000,
        }
        self.cdp.send("Emulation.setVirtualTimePolicy", budget)
        while self._over == before:
            self.page.wait_for_timeout(5)

    def now(self) -> datetime:
        """The page's own time."""
        return datetime.fromtimestamp(float(self.page.evaluate("Date.now()")) / 1000, UTC)

    def state(self) -> str:
        """What the page says of its numbers: live, amber, grey or offline."""
        return str(self.page.evaluate(STATE)).removeprefix("is-")

    def footing(self) -> "Footing":
        """What the page holds after its garbage is gone."""
        for _ in range(3):
            self.cdp.send("HeapProfiler.collectGarbage")
        counted = self.cdp.send("Memory.getDOMCounters")
        heap = int(self.cdp.send("Runtime.getHeapUsage")["usedSize"])
        return Footing(heap, int(counted["nodes"]), int(counted["jsEventListeners"]))


@dataclass(frozen=True)
class Footing:
    """What a page holds: heap in bytes, nodes of the DOM wherever they are, listeners."""

    heap: int
    nodes: int
    listeners: int


def refreshed(ahead: Ahead, changing: Changing, refreshes: int, step: float = 100) -> None:
    """Let time pass until the wall has been refreshed so often."""
    while changing.polls < refreshes:
        ahead.run(step)


# ---------------------------------------------------------------------------------------------------- silence and restarts


@dataclass(frozen=True)
class Outage:
    """How long after the cut the wall said so (None: it had no need to), and how long after the end it was live again."""

    badge: float | None
    live: float


def cut_off(ahead: Ahead, changing: Changing, seconds: int, limit: int = 300) -> Outage:
    """A server that cannot be reached for so long; nobody touches the wall."""
    badge = _down(ahead, changing, seconds)
    polls = changing.polls
    return Outage(badge, _until(ahead, lambda: changing.polls > polls and ahead.state() == "live", limit))


def restarted(ahead: Ahead, changing: Changing, down: int = 5, limit: int = 300) -> Outage:
    """A server that comes back as another version; the wall is live when it shows that one's page."""
    badge = _down(ahead, changing, down)
    changing.restarts += 1
    live = _until(ahead, lambda: _build(ahead) == changing.build and ahead.state() == "live", limit)
    ahead.run(90)
    return Outage(badge, live)


def _down(ahead: Ahead, changing: Changing, seconds: int) -> float | None:
    """Nothing answers for so long; the second at which the wall says so."""
    changing.is_cut, badge = True, None
    for second in range(1, seconds + 1):
        ahead.run(1)
        if badge is None and _safely(lambda: ahead.state() == "offline"):
            badge = float(second)
    changing.is_cut = False
    return badge


def _build(ahead: Ahead) -> str | None:
    glance = ahead.page.query_selector("#glance")
    return glance.get_attribute("data-build") if glance else None


def _until(ahead: Ahead, is_so: Callable[[], bool], limit: int) -> float:
    """The seconds until something is so; the limit when it never is."""
    for second in range(1, limit + 1):
        ahead.run(1)
        if _safely(is_so):
            return float(second)
    return float(limit)


def _safely(is_so: Callable[[], bool]) -> bool:
    """Whether something is so; a page on its way to another has no answer."""
    try:
        return is_so()
    except PlaywrightError:
        return False


# -------------------------------------------------------------------------------------------------------- frame by frame

WATCH = """() => {
    const seen = window.seen = { frames: 0, blank: 0, covered: 0, shift: 0, swaps: 0 };
    document.addEventListener('warboard:swapped', () => { seen.swaps += 1 });
    new PerformanceObserver(list => list.getEntries().forEach(each => { seen.shift += each.value })).observe({ type: 'layout-shift', buffered: true });
    const frame = () => {
        const slide = document.querySelector('.slide.is-shown'), box = slide && slide.getBoundingClientRect();
        seen.frames += 1;
        if (!slide || !slide.textContent.trim() || box.height < innerHeight / 2) seen.blank += 1;
        if (!document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest('.slides')) seen.covered += 1;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}"""


@dataclass(frozen=True)
class Frames:
    """Frames of a wall while it is refreshed: how many, how many without content or with something in front, what moved."""

    frames: int
    blank: int
    covered: int
    shift: float
    swaps: int


def watched(page: Page, seconds: float, picture: Callable[[bytes], None]) -> Frames:
    """Look at every frame for so long by the wall clock, and hand a picture over now and then."""
    page.evaluate(WATCH)
    for _ in range(round(seconds)):
        page.wait_for_timeout(1000)
        picture(page.screenshot())
    return Frames(**page.evaluate("window.seen"))
