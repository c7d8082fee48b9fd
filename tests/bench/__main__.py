"""Print every benchmark: `make bench`, or `python -m tests.bench refresh|pages|latency|reports|glance|soak|lighthouse|touch|sandbox|wall`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data_access.settings import Settings
from tests.bench import latency, refreshing, screens
from tests.bench.reports import report_table
from tests.bench.site import served
from tests.bench.world import big_world
from tests.servers import running_postgresql

LEADS = int(os.environ.get("BENCH_LEADS", "1000000"))
PORT = 8079


def main(wanted: list[str]) -> None:
    """Run the benchmarks named, or all."""
    console = Console(width=120)
    with tempfile.TemporaryDirectory(prefix="warboard-bench-") as name:
        folder = Path(name)
        if not wanted or "refresh" in wanted or "pages" in wanted:
            with running_postgresql() as url:
                page_table(refresh_table(console, folder, url.render_as_string(hide_password=False)))
        if not wanted or "latency" in wanted:
            latency_table(console, folder)
        if not wanted or "reports" in wanted:
            console.print(report_table())
        screen_tables(console, folder / "screens", wanted or ["wall", *screens.SCREENS])


def screen_tables(console: Console, folder: Path, wanted: list[str]) -> None:
    """What screens and phones meet: walls by themselves, the rest from the demo as in production."""
    if "wall" in wanted:
        console.print(screens.wall_tables(folder))
    for name in screens.SCREENS:
        if name in wanted:
            with served(folder, PORT, living=name in ("glance", "soak")) as (base, cookie):
                console.print(screens.SCREENS[name](base, cookie, folder))


def refresh_table(console: Console, folder: Path, url: str) -> Settings:
    """A million leads in PostgreSQL."""
    world = big_world(url, LEADS)
    found, settings = refreshing.refreshes(world, folder)
    table = Table(
        "what", "seconds", "x reading", "rows read", "share", "RSS MB", title=f"{LEADS:,} leads in PostgreSQL"
    )
    base = found[0]
    for one in found:
        share = f"{one.rows / base.rows:.2%}"
        table.add_row(
            one.what,
            f"{one.seconds:.2f}",
            f"{one.seconds / base.seconds:.2f}",
            f"{one.rows:,}",
            share,
            str(one.megabytes),
        )
    console.print(table)
    return settings


def page_table(settings: Settings) -> None:
    """Pages of that snapshot in a web process of its own."""
    words = [sys.executable, "-m", "tests.bench.web", settings.store.url, str(settings.snapshots.dir)]
    subprocess.run(words, check=True)


def latency_table(console: Console, folder: Path) -> None:
    """The demo, from commit to wall."""
    seconds = latency.latencies(folder / "demo", PORT)
    table = Table(
        "commits x walls", "median s", "p95 s", "slowest s", title="commit in the source to visible on a wall"
    )
    ordered = sorted(seconds)
    table.add_row(
        str(len(seconds)), f"{ordered[len(ordered) // 2]:.1f}", f"{latency.p95(seconds):.1f}", f"{ordered[-1]:.1f}"
    )
    console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
