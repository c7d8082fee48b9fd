"""The tables of what screens and phones meet; each says how busy the machine was, as a busy one makes slow figures."""

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Group
from rich.table import Table

from tests.bench import glance, lighthouse, sandbox, soak, touch
from tests.bench.load import Seen
from tests.bench.site import COOKIES
from tests.dashboards.worlds import a_stage
from tests.endurance import Ahead, Changing, Frames, Outage, answering, cut_off, refreshed, restarted, watched

ROUNDS = 5
REFRESHES, RESTARTS, OUTAGES = (1_000, 10_000), 50, (1, 90, 600)


def table(title: str, *columns: str) -> Table:
    """An empty table that will say how busy the machine was when it was filled."""
    return Table(*columns, title=f"{title} · load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def glance_tables(base: str, cookie: str, folder: Path) -> Group:
    """Requests per second, and a minute of every wall and phone."""
    cookies = (folder / COOKIES).read_text(encoding="utf-8")
    found = glance.rates(base, cookies, folder)
    plain = max(one.seen.per_second for one in found if one.what.startswith("plain"))
    rates = table(
        f"{glance.CLIENTS} clients, two workers", "what", "bytes", "req/s", "x plain file", "p95 ms", "errors"
    )
    for one in found:
        share = f"{one.seen.per_second / plain:.2f}"
        rates.add_row(
            one.what, str(one.size), f"{one.seen.per_second:.0f}", share, f"{one.seen.at(95):.1f}", str(one.seen.errors)
        )
    crowds = glance.minute(base, cookies)
    polls = table(
        f"{glance.WALLS} walls and {glance.PHONES} phones for {glance.MINUTE} s",
        "what",
        "req/s",
        "304",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "errors",
    )
    for path, seen in crowds.items():
        polls.add_row(*_poll_row(path, seen))
    return Group(rates, polls)


def _poll_row(path: str, seen: Seen) -> list[str]:
    same = f"{seen.statuses.get(304, 0) / len(seen.times):.0%}"
    times = [f"{seen.at(percent):.1f}" for percent in (50, 95, 99)]
    return [path, f"{seen.per_second:.1f}", same, *times, str(seen.errors)]


def soak_table(base: str, cookie: str, folder: Path) -> Table:
    """All walls and phones for long."""
    made = table(
        f"{glance.WALLS} walls and {glance.PHONES} phones for {soak.MINUTES} min",
        "until min",
        "what",
        "req/s",
        "304",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "errors",
        "MB of each process",
    )
    cookies = (folder / COOKIES).read_text(encoding="utf-8")
    for number, part in enumerate(soak.soak(base, cookies), start=1):
        until, held = f"{number * soak.MINUTES / soak.PARTS:g}", " ".join(map(str, part.megabytes))
        for path, seen in part.seen.items():
            made.add_row(until, *_poll_row(path, seen), held)
    return made


def lighthouse_table(base: str, cookie: str, folder: Path) -> Table | str:
    """The overview on a phone against its own numbers on a bare page; the medians of some rounds."""
    if lighthouse.missing():
        return lighthouse.missing()
    lighthouse.write_bare_page(base, cookie, folder / "files" / "bare.html")
    addresses = [f"{base}/", f"{base}/bench/bare.html"]
    found = lighthouse.reports(lighthouse.installed(folder / "lighthouse"), addresses, cookie, folder, ROUNDS)
    names = (*lighthouse.AUDITS, *lighthouse.CATEGORIES)
    made = table(
        f"Lighthouse {lighthouse.VERSION}, mobile, slow 4G, median of {ROUNDS}",
        "page",
        *names,
        "CPU",
        "elsewhere",
        "below",
    )
    for label, runs in zip(("overview", "bare page"), found, strict=True):
        figures = [f"{lighthouse.middle(runs, name):.4g}" for name in names]
        below = " ".join(sorted({name for one in runs for name in one.failed}))
        made.add_row(
            label, *figures, f"{lighthouse.middle(runs, 'cpu'):.0f}", str(max(one.elsewhere for one in runs)), below
        )
    return made


def touch_table(base: str, cookie: str, folder: Path) -> Table:
    """From the first touch to the number of the touched day, to Dash, its choices and its chart."""
    made = table(
        "first touch on a phone, CPU 4x slower, slow 4G",
        "page",
        "read s",
        "day told s",
        "Dash s",
        "choices s",
        "chart s",
        "KB",
        "of it plotly.js",
        "second visit s",
    )
    for one in touch.touches(base, cookie):
        times = ["" if time is None else f"{time:.1f}" for time in (one.told, one.dash, one.filters, one.chart)]
        made.add_row(one.path, str(one.read), *times, str(one.kilobytes), str(one.plotly_kilobytes), f"{one.again:.2f}")
    return made


def sandbox_table(base: str, cookie: str, folder: Path) -> Table:
    """What a thumb on a lever meets, at the server and in a browser beside it."""
    made = table(f"the sandbox, limit {sandbox.LIMIT_MS} ms", "what", "n", "p50 ms", "p95 ms", "slowest ms")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=lighthouse.CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        told = {
            "answer, one request in flight": sandbox.answers(base, cookie),
            "thumb to picture (browser on the same cores)": sandbox.moves(browser, base, cookie),
        }
        browser.close()
    for what, times in told.items():
        shown = (sandbox.at(times, 50), sandbox.at(times, 95), max(times))
        made.add_row(what, str(len(times)), *(f"{one:.1f}" for one in shown))
    return made


SCREENS: dict[str, Callable[[str, str, Path], object]] = {
    "glance": glance_tables,
    "lighthouse": lighthouse_table,
    "touch": touch_table,
    "soak": soak_table,
    "sandbox": sandbox_table,
}


# ------------------------------------------------------------------------------------------------------------- the walls


def wall_tables(folder: Path) -> Group:
    """A wall over many refreshes, through silence and restarts, and frame by frame."""
    folder.mkdir(parents=True, exist_ok=True)
    stage = a_stage(folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=lighthouse.CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        tables = Group(
            _footings(browser, Changing(stage, seconds=2)),
            _outages(browser, Changing(stage)),
            _frames(browser, Changing(stage, seconds=2)),
        )
        browser.close()
    stage.store.close()
    return tables


def _footings(browser: Browser, changing: Changing) -> Table:
    made = table(
        "a wall after refreshes with other numbers each time, never reloaded",
        "refreshes",
        "heap KB",
        "x first",
        "DOM nodes",
        "listeners",
    )
    changing.may_reload = False
    with answering(changing) as url:
        ahead = _ahead(browser, url)
        first = 0
        for refreshes in REFRESHES:
            refreshed(ahead, changing, refreshes)
            found = ahead.footing()
            first = first or found.heap
            made.add_row(
                f"{refreshes:,}",
                str(found.heap // 1024),
                f"{found.heap / first:.3f}",
                str(found.nodes),
                str(found.listeners),
            )
    return made


def _outages(browser: Browser, changing: Changing) -> Table:
    made = table(
        "a wall nobody touches, in its own seconds",
        "what",
        "times",
        "badge after, slowest",
        "live again after, slowest",
    )
    with answering(changing) as url:
        ahead = _ahead(browser, url)
        ahead.run(30)
        for seconds in OUTAGES:
            found = [cut_off(ahead, changing, seconds) for _ in range(5)]
            made.add_row(f"no answer for {seconds} s", str(len(found)), *_slowest(found))
        found = [restarted(ahead, changing) for _ in range(RESTARTS)]
        made.add_row("restart as another version", str(len(found)), *_slowest(found))
    return made


def _slowest(found: list[Outage]) -> list[str]:
    badges = [one.badge for one in found if one.badge is not None]
    return [f"{max(badges):.0f} s" if badges else "no need", f"{max(one.live for one in found):.0f} s"]


def _frames(browser: Browser, changing: Changing) -> Table:
    made = table(
        "60 s of frames, refreshed every 2 s",
        "frames",
        "refreshes",
        "blank",
        "covered",
        "layout shift",
        "smallest picture",
    )
    sizes: list[int] = []
    with answering(changing) as url:
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(url)
        found: Frames = watched(page, 60, lambda picture: sizes.append(len(picture)))
        page.close()
    made.add_row(
        str(found.frames),
        str(found.swaps),
        str(found.blank),
        str(found.covered),
        f"{found.shift:.4f}",
        f"{min(sizes) // 1024} KB of {max(sizes) // 1024}",
    )
    return made


def _ahead(browser: Browser, url: str) -> Ahead:
    page = browser.new_page(viewport={"width": 640, "height": 360})
    page.goto(url)
    return Ahead(page)
