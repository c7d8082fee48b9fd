"""From a commit in the source to the number on a wall: a real server, and walls that poll as walls do."""

import random
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from zoneinfo import ZoneInfo

from tests.bench.client import get, wait

WALLS, INSERTS, POLL_SECONDS = 20, 8, 10


def latencies(folder: Path, port: int) -> list[float]:
    """Seconds from each commit to each wall that shows it, over several leads and walls."""
    server = subprocess.Popen(
        [sys.executable, "app.py", "demo", "--port", str(port), "--folder", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        wait(f"{base}/readyz")
        cookie = _signed_in(base)
        return [seconds for _ in range(INSERTS) for seconds in _one(base, cookie, folder / "crm.db")]
    finally:
        server.terminate()
        server.wait()


def _one(base: str, cookie: str, data: Path) -> list[float]:
    name = f"新渠道{random.randrange(10**9)}"
    committed = _insert(data, name)
    found: list[float] = []
    walls = [threading.Thread(target=_watch, args=(base, cookie, name, committed, found)) for _ in range(WALLS)]
    for wall in walls:
        wall.start()
    for wall in walls:
        wall.join()
    return found


def _watch(base: str, cookie: str, name: str, committed: float, found: list[float]) -> None:
    time.sleep(random.uniform(0, POLL_SECONDS))
    while name not in get(f"{base}/live/wall/canteen", cookie).decode():
        time.sleep(POLL_SECONDS * random.uniform(0.8, 1.2))
    found.append(time.monotonic() - committed)


def _insert(data: Path, name: str) -> float:
    """Commit a lead from a channel of its own, whose name the ticker shows."""
    now = datetime.now(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    with closing(sqlite3.connect(data, timeout=30)) as db:
        (source,) = db.execute("select max(src_id) + 1 from base_source").fetchone()
        (customer,) = db.execute("select max(cst_id) + 1 from crm_customer").fetchone()
        kind = db.execute("select * from base_source limit 1").fetchone()
        columns = [column[1] for column in db.execute("pragma table_info(base_source)")]
        row = dict(zip(columns, kind, strict=True)) | {"src_id": source, "src_name": name}
        db.execute(
            f"insert into base_source ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
        )
        db.execute(
            "insert into crm_customer (cst_id, cst_name, tel, proj_id, src_id, level, valid_flag, status, created, mtime, is_test) "
            "values (?, '测试', ?, 101, ?, 2, 1, 1, ?, ?, 0)",
            [customer, f"139{customer:08d}", source, now, now],
        )
        db.commit()
    return time.monotonic()


def _signed_in(base: str) -> str:
    page = get(f"{base}/sign-in", "").decode()
    person = page.partition('name="person" value="')[2].partition('"')[0]
    request = urllib.request.Request(f"{base}/sign-in", f"person={person}&next=/".encode(), {"Origin": base})
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        answer = opener.open(request)
    except urllib.error.HTTPError as redirected:
        answer = redirected
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def p95(seconds: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(seconds, n=20)[-1]
