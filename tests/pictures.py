"""The pictures of the READMEs, taken from a running demo: `make pictures` (starts the demo itself)."""

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"
PORT = 8078
BASE = f"http://127.0.0.1:{PORT}"
PAGES = {"overview": "/", "funnels": "/funnels", "heat": "/heat", "boards": "/boards", "alerts": "/alerts"}
SCENES = {"canteen": "/wall/canteen", "warroom": "/wall/warroom"}
PHONE, DESK, WALL = (390, 844), (1280, 800), (1920, 1080)


def main() -> None:
    """Take every picture anew."""
    demo = subprocess.Popen([sys.executable, "app.py", "demo", "--port", str(PORT)], cwd=ROOT)
    try:
        _wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            for name, path in PAGES.items():
                take(browser, path, FOLDER / f"{name}-phone.png", PHONE)
                take(browser, path, FOLDER / f"{name}-desk.jpg", DESK)
            for name, path in SCENES.items():
                take(browser, path, FOLDER / f"{name}-wall.jpg", WALL)
            browser.close()
    finally:
        demo.terminate()
        demo.wait()


def take(browser: Browser, path: str, file: Path, size: tuple[int, int]) -> None:
    """One page as the leader sees it."""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
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
    main()
