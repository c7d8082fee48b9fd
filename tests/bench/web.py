"""A web process of its own: `python -m tests.bench.web STORE_URL SNAPSHOTS` prints its page times and memory."""

import sys

from rich.console import Console
from rich.table import Table

from data_access.settings import Settings
from tests.bench.pages import page_times, resident_megabytes, web_site

TOML = """
[store]
url = "{store}"
[snapshots]
dir = "{folder}"
[server]
requests_per_minute = 1000000
"""


def main(store: str, folder: str) -> None:
    """Print the table."""
    console = Console(width=120)
    site, token = web_site(Settings.read(TOML.format(store=store, folder=folder), {}))
    loaded = resident_megabytes()
    table = Table("page", "uncached p95 ms", "cached p95 ms", title="pages on the server")
    for one in page_times(site, token):
        table.add_row(one.path, f"{one.uncached_p95:.1f}", f"{one.cached_p95:.1f}")
    console.print(table)
    console.print(f"web process: {loaded} MB after loading the snapshot, {resident_megabytes()} MB after all pages")


if __name__ == "__main__":
    main(*sys.argv[1:])
