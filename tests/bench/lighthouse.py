"""The overview on a phone under Lighthouse (mobile, simulated slow 4G), beside a bare page with the same numbers."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from tests.bench.client import get

VERSION = "12.8.2"
"""The last one for node 20; it is installed into the benchmark's own folder and forgotten with it."""
TRIES = 3
"""Now and then its browser does not start, or is lost."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AUDITS = {
    "fcp": "first-contentful-paint",
    "lcp": "largest-contentful-paint",
    "tbt": "total-blocking-time",
    "cls": "cumulative-layout-shift",
    "bytes": "total-byte-weight",
}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


@dataclass(frozen=True)
class Report:
    """What one run found: the figures by name, the scores of a hundred, and what is below full marks."""

    figures: dict[str, float]
    scores: dict[str, int]
    failed: list[str]
    elsewhere: int


def missing() -> str:
    """Why Lighthouse cannot run here; empty when it can."""
    absent = [name for name, there in (("npm", shutil.which("npm")), ("chromium", CHROMIUM)) if not there]
    return (
        f"LIGHTHOUSE WAS SKIPPED: {' and '.join(absent)} not found; nothing has been said about phones"
        if absent
        else ""
    )


def installed(folder: Path) -> Path:
    """Lighthouse's command line, from npm."""
    words = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), f"lighthouse@{VERSION}"]
    subprocess.run(words, check=True, capture_output=True)
    return folder / "node_modules" / "lighthouse" / "cli" / "index.js"


def write_bare_page(base: str, cookie: str, file: Path) -> None:
    """The overview's own words and numbers without any style, picture or script: the floor."""
    html = get(base + "/", cookie).decode()
    shown = html.partition('id="first-paint">')[2].partition("<template")[0]
    text = re.sub(r"<(svg|style|script|template)\b.*?</\1>", "", shown, flags=re.S)
    text = re.sub(r"<(\w+)[^>]*>", r"<\1>", text)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Bare</title><link rel="icon" href="data:,">'
    file.write_text(
        f'<!doctype html><html lang="zh-CN"><head>{head}</head><body>{text}</body></html>', encoding="utf-8"
    )


def reports(command: Path, addresses: list[str], cookie: str, folder: Path, rounds: int) -> list[list[Report]]:
    """Every address as often as there are rounds, by turns, so that a busy moment meets them all."""
    headers = folder / "headers.json"
    headers.write_text(json.dumps({"Cookie": cookie}))
    found: list[list[Report]] = [[] for _ in addresses]
    for _ in range(rounds):
        for at, address in enumerate(addresses):
            found[at].append(_report(command, address, headers, folder / "report.json"))
    return found


def middle(found: list[Report], name: str) -> float:
    """The median of a figure or a score."""
    return median({**one.figures, **one.scores}[name] for one in found)


def _report(command: Path, address: str, headers: Path, file: Path) -> Report:
    words = [
        "node",
        str(command),
        address,
        "--extra-headers",
        str(headers),
        "--output",
        "json",
        "--output-path",
        str(file),
    ]
    flags = ["--quiet", "--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    env = {**os.environ, "CHROME_PATH": str(CHROMIUM)}
    for _ in range(TRIES):
        run = subprocess.run([*words, *flags], capture_output=True, env=env)
        if run.returncode == 0:
            return _read(json.loads(file.read_text(encoding="utf-8")))
    raise RuntimeError(f"Lighthouse gave no report of {address}: {run.stderr.decode()[-2000:]}")


def _read(result: dict[str, Any]) -> Report:
    audits, categories = result["audits"], result["categories"]
    figures = {name: float(audits[audit]["numericValue"]) for name, audit in AUDITS.items()}
    figures["cpu"] = float(result["environment"]["benchmarkIndex"])
    scores = {name: round(100 * categories[name]["score"]) for name in CATEGORIES}
    weighed = [ref["id"] for name in CATEGORIES[1:] for ref in categories[name]["auditRefs"] if ref["weight"]]
    failed = [
        name
        for name in weighed
        if (audits[name]["score"] or 0) < 1 and audits[name]["scoreDisplayMode"] in ("binary", "numeric")
    ]
    asked = {
        urlsplit(one["url"]).netloc
        for one in audits["network-requests"]["details"]["items"]
        if one["url"].startswith("http")
    }
    return Report(figures, scores, failed, len(asked - {urlsplit(result["requestedUrl"]).netloc}))
