"""How long the health reports of one week take, drawn up and set as documents, over the demo's group."""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.table import Table

from components.report import report_blocks, state_line, week_days
from components.words import Words
from dashboards._pictures import ASSETS, colours
from data_access import demo
from data_access.documents import document
from data_access.packs import read_pack
from data_access.report_records import report_text
from data_access.settings import Settings
from data_access.snapshots import Folder, Reader
from data_access.store import Store
from data_access.store.lease import acquire
from data_access.workplace import Refreshing
from metrics.health import Report, reports
from metrics.periods import week_start
from metrics.rules import findings
from metrics.snapshot import Snapshot
from metrics.totals import Frames

ALL_SECONDS, ONE_SECONDS, REPORTS = 30, 2, 24


def report_table() -> Table:
    """Drafting, storing and setting every project's report, each alone and all together, against the limits."""
    with tempfile.TemporaryDirectory(prefix="warboard-reports-") as name:
        snapshot = _demo(Path(name))
    pack, monday = read_pack("property"), week_start(snapshot.as_of.date()) - timedelta(7)
    frames = Frames(snapshot)
    began = time.perf_counter()
    made = reports(frames, pack, monday, found=findings(frames, pack))
    drafted = time.perf_counter()
    texts = [report_text(one) for one in made.values()]
    stored = time.perf_counter()
    each, sizes = zip(*(_set(one) for one in made.values()), strict=True)
    table = Table("what", "seconds", "limit", title=f"{len(made)} health reports of one week")
    table.add_row("drafting all", f"{drafted - began:.2f}", "")
    table.add_row(f"as texts ({sum(map(len, texts)) // 1024} KB)", f"{stored - drafted:.2f}", "")
    table.add_row("setting the first (fonts are read)", f"{each[0]:.2f}", str(ONE_SECONDS))
    table.add_row("setting the slowest other", f"{max(each[1:]):.2f}", str(ONE_SECONDS))
    table.add_row(f"setting all ({sum(sizes) // 1024} KB)", f"{sum(each):.2f}", "")
    whole = (stored - began + sum(each)) * REPORTS / len(made)
    table.add_row(f"everything, for {REPORTS}", f"{whole:.2f}", str(ALL_SECONDS))
    return table


def _set(one: Report) -> tuple[float, int]:
    """Seconds and bytes of one document."""
    words = Words("zh")
    sheet = {
        "lang": "zh",
        "product": words.of("product"),
        "title": one.names["project"],
        "days": week_days(one.week, words),
        "state": state_line(one, words, None, None),
        "blocks": report_blocks(one, words),
        "colours": colours(),
        "watermark": words.of("product"),
    }
    began = time.perf_counter()
    made = document(ASSETS / "report.typ", sheet)
    return time.perf_counter() - began, len(made)


def _demo(folder: Path) -> Snapshot:
    """The demo's group, refreshed once."""
    now = datetime.now(UTC)
    demo.build(folder / "crm.db", now=(now + timedelta(hours=8)).replace(tzinfo=None))
    settings = Settings.read(demo.demo_toml(), {}, folder=folder)
    store = Store.open(settings.store.url)
    epoch = acquire(store, "bench", timedelta(days=1), now)
    refreshing = Refreshing(settings, read_pack("property"), store, lambda: now)
    assert epoch is not None
    refreshing.job(epoch, "full")
    reader = Reader(store, Folder(settings.snapshots.dir))
    reader.poll()
    snapshot = reader.current()
    refreshing.close()
    store.close()
    assert snapshot is not None
    return snapshot
