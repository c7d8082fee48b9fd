"""The icons of the installed app, drawn from assets/icon.svg: `make icons`."""

from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ASSETS = Path(__file__).parent.parent / "assets"
ICONS = {"icon-192.png": 192, "icon-512.png": 512, "icon-maskable-512.png": 512, "icon-apple-180.png": 180}
FULL = ("icon-maskable-512.png", "icon-apple-180.png")
"""Icons a phone cuts to its own shape: without round corners, and with nothing near the edge."""
PAGE = "<style>body {{ margin: 0 }} svg {{ display: block; width: {size}px; height: {size}px }}</style>{svg}"


def main() -> None:
    """Draw every icon anew."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        for name, size in ICONS.items():
            draw(page, ASSETS / name, size)
        browser.close()


def draw(page: Page, file: Path, size: int) -> None:
    """One icon."""
    svg = (ASSETS / "icon.svg").read_text(encoding="utf-8")
    if file.name in FULL:
        svg = svg.replace('rx="96"', "").replace("0 0 512 512", "-20 -20 552 552")
        svg = svg.replace('<rect width="512" height="512"', '<rect x="-20" y="-20" width="552" height="552"')
    page.set_viewport_size({"width": size, "height": size})
    page.set_content(PAGE.format(size=size, svg=svg))
    page.screenshot(path=file, omit_background=True)


if __name__ == "__main__":
    main()
