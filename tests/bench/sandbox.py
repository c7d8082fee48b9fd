"""How fast the sandbox follows the thumb: the server's answers one after another, and the picture in a browser on a phone's screen."""

import http.client
import time

from playwright.sync_api import Browser

ANSWERS, MOVES = 200, 60
LIMIT_MS = 100
_MOVED = """async moves => {
  const lever = document.querySelector("input[name=rate_visit]"), times = [];
  const shown = () => document.getElementById("sandbox-answer");
  for (let at = 0; at < moves; at++) {
    const before = shown(), began = performance.now();
    lever.value = 50 + 5 * ((at * 7) % 31);
    lever.dispatchEvent(new Event("input", { bubbles: true }));
    while (shown() === before && performance.now() - began < 5000)
      await new Promise(then => { const told = new MessageChannel(); told.port1.onmessage = then; told.port2.postMessage(0); });
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - began);
  }
  return times;
}"""


def answers(base: str, cookie: str, path: str = "/sandbox/answer") -> list[float]:
    """Milliseconds of so many answers, one request in flight, each to another position of the levers."""
    found, headers = [], {"Cookie": cookie, "Accept-Encoding": "gzip"}
    wire = http.client.HTTPConnection(base.removeprefix("http://"), timeout=30)
    for at in range(ANSWERS + 5):
        began = time.perf_counter()
        wire.request(
            "GET", f"{path}?spend_public={50 + 5 * (at % 30)}&rate_visit={55 + 5 * (at % 29)}", headers=headers
        )
        answer = wire.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        found.append((time.perf_counter() - began) * 1000)
    wire.close()
    return found[5:]


def moves(browser: Browser, base: str, cookie: str) -> list[float]:
    """Milliseconds from a move of the thumb to the frame that shows what follows."""
    context = browser.new_context(viewport={"width": 360, "height": 800}, has_touch=True, is_mobile=True)
    name, _, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": base}])
    page = context.new_page()
    page.goto(f"{base}/sandbox")
    page.wait_for_selector("form.sandbox.is-moving")
    page.evaluate(_MOVED, 5)
    found: list[float] = page.evaluate(_MOVED, MOVES)
    context.close()
    return found


def at(times: list[float], percent: int) -> float:
    """A percentile by rank."""
    return sorted(times)[min(len(times) * percent // 100, len(times) - 1)]
