"""`init`: a look at a database, a proposed mapping, and a commented warboard.toml to start from."""

import getpass
import json
import os
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from data_access.hints import CODED, LABELS
from data_access.proposals import ALL_ID, Choice, Proposal, deleted_mark, fitted, missing_columns, propose, with_projects
from data_access.settings import SettingError, Settings, documented, nearest
from data_access.source import ReadError, Reading, Source, SourceError, TableFacts
from metrics.entities import ENTITIES

ZONE = "Asia/Shanghai"
URL_VARIABLE = "WARBOARD_SOURCE_URL"
_ASKED_ALWAYS = ("project", "channel", "staff", "lead", "visit", "subscription", "contract")
_SECRETS = re.compile("pass|pwd|secret|token", re.IGNORECASE)


def write_settings(path: Path, url: str | None, *, force: bool) -> int:
    """Look at the database, propose a mapping and write it as commented settings; 2, with one line, when it cannot."""
    try:
        _refuse_overwriting(path, force)
        given = _source_url(url)
        tables, proposals = _looked_at(given)
        _write(path, settings_text(_written_url(given, path), tables, proposals))
    except (SettingError, SourceError) as error:
        print(error, file=sys.stderr)
        return 2
    _say_what_next(path, given)
    return 0


def settings_text(url: URL, tables: Sequence[TableFacts], proposals: Mapping[str, Proposal]) -> str:
    """A warboard.toml: every setting with its default and meaning, and the proposed mapping."""
    parts = [
        "# Warboard's settings, begun by looking at the source. A line that starts with # is not in effect;",
        "# what stands there is the default or a suggestion. Check your changes with: python app.py check",
        "",
        *_setting_lines(url),
        "",
        *_mapping_intro(len(tables)),
    ]
    for proposal in proposals.values():
        parts += ["", *_entity_lines(proposal)]
    return "\n".join(parts) + "\n"


# ------------------------------------------------------------------------------------------------------------- looking


def _refuse_overwriting(path: Path, force: bool) -> None:
    if path.exists() and not force:
        raise SettingError(f"There are settings at {path} already. Overwrite them with --force, or give another --config.")


def _source_url(url: str | None) -> str:
    """The URL given, else the environment's, else asked for without showing it."""
    given = url or os.environ.get(URL_VARIABLE, "")
    if not given and sys.stdin.isatty():
        given = getpass.getpass("URL of a read-only account, such as postgresql+psycopg://reader:…@crm/sales (hidden): ")
    if not given.strip():
        raise SettingError(f"There is no database to look at. Give one with --url, or in {URL_VARIABLE}.")
    return given.strip()


def _looked_at(url: str) -> tuple[list[TableFacts], dict[str, Proposal]]:
    source = Source(_checked(url).render_as_string(hide_password=False), ZONE)
    console = Console()
    try:
        with source.reading() as reading:
            tables = reading.tables()
            if not tables:
                raise SourceError(f"The source {source.name} shows no tables. Check its name and what the account may see.")
            console.print(_table_of_tables(tables))
            proposals = _confirmed(console, propose(tables), tables)
            quote = _checked(url).get_dialect()().identifier_preparer.quote_identifier
            proposals = {name: _tried(reading, one, quote) for name, one in proposals.items()}
    finally:
        source.close()
    proposals = with_projects(proposals)
    console.print(_table_of_proposals(proposals))
    return tables, proposals


def _checked(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise SettingError("--url is not a database URL. Give one such as postgresql+psycopg://reader@crm/sales.") from None


def _tried(reading: Reading, proposal: Proposal, quote: Any) -> Proposal:
    """The proposal, only suggested when the account may not read its table."""
    if proposal.table is None or not proposal.is_active:
        return proposal
    columns = ", ".join(f"{quote(source)} AS {name}" for name, source in proposal.columns.items())
    query = f"SELECT {columns} FROM {quote(proposal.table.name)} WHERE 1 = 0"
    try:
        list(reading.batches(replace_query(proposal, query)))
    except ReadError as error:
        return replace(proposal, sure=False, why=f"{proposal.why}; {error}")
    return proposal
