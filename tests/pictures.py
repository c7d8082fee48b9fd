"""The pictures of the READMEs, taken from a demo on a busy Thursday afternoon, whatever the time is: `make pictures`."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, sync_playwright

import app
from dashboards import _serving
from data_access import workplace
from data_access.refreshing import refresh_by_plan
from data_access.source import Source

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"
PORT = 8078
BASE = f"http://127.0.0.1:{PORT}"
PAGES = {"overview": "/", "funnels": "/funnels", "heat": "/heat", "boards": "/boards", "alerts": "/alerts"}
SCENES = {"canteen": "/wall/canteen", "warroom": "/wall/warroom"}
PHONE, DESK, WALL = (390, 844), (1280, 800), (1920, 1080)
THURSDAY, AFTERNOON = 3, {"hour": 15, "minute": 20}


def main() -> None:
    """Take every picture anew."""
    ahead = _ahead(datetime.now(ZoneInfo("Asia/Shanghai")))
    folder = tempfile.mkdtemp(prefix="warboard-pictures-")
    words = [sys.executable, "-m", "tests.pictures", folder, str(ahead.total_seconds())]
    demo = subprocess.Popen(words, cwd=ROOT)
    try:
        _wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            for name, path in PAGES.items():
                take(browser, path, FOLDER / f"{name}-phone.png", PHONE, ahead)
                take(browser, path, FOLDER / f"{name}-desk.jpg", DESK, ahead)
            for name, path in SCENES.items():
                take(browser, path, FOLDER / f"{name}-wall.jpg", WALL, ahead)
            browser.close()
    finally:
        demo.terminate()
        demo.wait()


def serve(folder: Path, ahead: timedelta) -> None:
    """The demo with every clock ahead, its database's as well."""

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    @contextmanager
    def refreshed(config: Path, env: Mapping[str, str]) -> Iterator[None]:
        if not os.fork():
            settings = app.read_settings(str(config))
            refresh_by_plan(settings, app.read_pack(settings), clock=clock, parent=os.getppid())
            os._exit(0)
        yield

    workplace.Source = partial(Source, clock=clock)  # type: ignore[misc,assignment]
    _serving.refreshed = refreshed
    _serving.run_demo(folder, port=PORT, lan=False, fresh=True, clock=clock)


def _ahead(now: datetime) -> timedelta:
    """How far away the next Thursday afternoon is."""
    wanted = now.replace(**AFTERNOON) + timedelta(days=(THURSDAY - now.weekday()) % 7)  # type: ignore[arg-type]
    return (wanted if wanted > now else wanted + timedelta(days=7)) - now


def take(browser: Browser, path: str, file: Path, size: tuple[int, int], ahead: timedelta) -> None:
    """One page as the leader sees it."""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.clock.install(time=datetime.now(UTC) + ahead)
    page.goto(f"{BASE}/sign-in")
    page.locator("button.person").first.click()
    page.goto(f"{BASE}{path}")
    page.wait_for_timeout(1500)
    quality = {"type": "jpeg", "quality": 60} if file.suffix == ".jpg" else {}
    page.screenshot(path=file, **quality)
    page.context.close()


def _wait() -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{BASE}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(1)
    raise TimeoutError(f"{BASE}/readyz")


if __name__ == "__main__":
    if sys.argv[1:]:
        serve(Path(sys.argv[1]), timedelta(seconds=float(sys.argv[2])))
    else:
        main()
