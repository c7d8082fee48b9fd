"""`init`: a look at a database, a proposed mapping, and a commented warboard.toml to start from."""

import getpass
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from data_access.hints import CODED, LABELS
from data_access.proposals import (
    ALL_ID,
    Choice,
    Proposal,
    deleted_mark,
    fitted,
    missing_columns,
    propose,
    with_projects,
)
from data_access.settings import EntityMapping, SettingError, Settings, documented
from data_access.source import ReadError, Reading, Source, SourceError, TableFacts
from metrics.nearest import nearest

URL_VARIABLE = "WARBOARD_SOURCE_URL"
_ZONE = "Asia/Shanghai"
_WIDTH = 110
_LISTED = "messages.robots"
"""The table that may stand several times."""
_ASKED_ALWAYS = ("project", "channel", "staff", "lead", "visit", "subscription", "contract")
_SECRET = re.compile("pass|pwd|secret|token", re.IGNORECASE)


def write_settings(path: Path, url: str | None, *, force: bool) -> int:
    """Look at the database, propose a mapping and write it as commented settings; 2, with one line, when it cannot."""
    try:
        _refuse_overwriting(path, force)
        given = _checked(url or _asked_url())
        tables, proposals = _looked_at(given)
        _write(path, settings_text(_without_secrets(given, path), len(tables), proposals, _has_secrets(given)))
    except (SettingError, SourceError) as error:
        return _refused(str(error))
    except SQLAlchemyError as error:
        return _refused(f"The source's tables cannot be listed: {_first_line(error)}. Give the account SELECT on them.")
    except EOFError:
        return _refused("The answers ended before the questions did; nothing was written.")
    _say_what_next(path, _has_secrets(given))
    return 0


def _refused(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


def _first_line(error: SQLAlchemyError) -> str:
    return _plain(str(getattr(error, "orig", None) or error).strip().splitlines()[0])


def settings_text(url: URL, tables: int, proposals: Mapping[str, Proposal], has_secrets: bool) -> str:
    """A warboard.toml: every setting with its default and meaning, and the proposed mapping."""
    lines = [
        "# Warboard's settings, begun by looking at the source. A line that starts with # is not in effect: it explains,",
        "# shows a default, or suggests. After every change run: python app.py check",
        "",
        *_setting_lines(url, has_secrets),
        *_mapping_intro(tables),
    ]
    for proposal in proposals.values():
        lines += ["", *_entity_lines(proposal)]
    return "\n".join(lines) + "\n"


# -------------------------------------------------------------------------------------------------------------- the url


def _asked_url() -> str:
    """The URL of the environment, else typed by somebody and not shown."""
    given = os.environ.get(URL_VARIABLE, "")
    if not given and sys.stdin.isatty():
        given = getpass.getpass("URL of a read-only account, as postgresql+psycopg://reader@crm/sales (not shown): ")
    if not given.strip():
        raise SettingError(f"There is no database to look at. Give its URL with --url, or in {URL_VARIABLE}.")
    return given


def _checked(url: str) -> URL:
    try:
        return make_url(url.strip())
    except (ArgumentError, ValueError):
        raise SettingError(
            "--url is no database URL. Give one such as postgresql+psycopg://reader@crm/sales."
        ) from None


def _has_secrets(url: URL) -> bool:
    return url.password is not None or any(_SECRET.search(name) for name in url.query)


def _without_secrets(url: URL, path: Path) -> URL:
    """The URL as it may stand in the file: a SQLite file is named as seen from there."""
    query = {name: value for name, value in url.query.items() if not _SECRET.search(name)}
    database = url.database
    if url.get_backend_name() == "sqlite" and database and not database.startswith(("file:", ":memory:")):
        there, folder = Path(database).absolute(), path.absolute().parent
        database = str(there.relative_to(folder) if there.is_relative_to(folder) else there)
    return URL.create(url.drivername, url.username, None, url.host, url.port, database, query)


# -------------------------------------------------------------------------------------------------------------- looking


def _refuse_overwriting(path: Path, force: bool) -> None:
    if path.exists() and not force:
        raise SettingError(f"{path} is there already. Overwrite it with --force, or name another file with --config.")


def _looked_at(url: URL) -> tuple[list[TableFacts], dict[str, Proposal]]:
    """What the source holds and what it could mean; asks where somebody can answer."""
    console = Console(markup=False, emoji=False, highlight=False)
    source = Source(url.render_as_string(hide_password=False), _ZONE)
    try:
        with source.reading() as reading:
            tables = reading.tables()
            if not tables:
                raise SourceError(
                    f"{source.name} shows no tables. Check the database's name and what the account may see."
                )
            console.print(_tables_shown(tables))
            proposals = propose(tables)
            if sys.stdin.isatty():
                proposals = {name: _confirmed(console, one, tables) for name, one in proposals.items()}
            quote = url.get_dialect()().identifier_preparer.quote_identifier
            proposals = with_projects({name: _tried(reading, one, quote) for name, one in proposals.items()})
    finally:
        source.close()
    console.print(_proposals_shown(proposals))
    return tables, proposals


def _confirmed(console: Console, proposal: Proposal, tables: Iterable[TableFacts]) -> Proposal:
    """The proposal as somebody wants it: as it is, from another table, or none."""
    name, table = proposal.entity.name, proposal.table
    if table is None and name not in _ASKED_ALWAYS:
        return proposal
    known = {one.name: one for one in tables if not one.problem}
    keep = _plain(table.name) if table else "none"
    while answer := console.input(f"{name} {LABELS[name]}: Enter = {keep}, - = none, or another table: ").strip():
        if answer == "-":
            return Proposal(proposal.entity)
        if answer in known:
            return fitted(proposal.entity, known[answer], chosen=True)
        console.print(f"There is no table {answer!r}. {nearest(answer, known)}")
    return replace(proposal, sure=table is not None)


def _tried(reading: Reading, proposal: Proposal, quote: Callable[[str], str]) -> Proposal:
    """The proposal; one whose table the account may not read is only suggested."""
    if proposal.table is None or not proposal.sure or not proposal.columns:
        return proposal
    columns = ", ".join(f"{quote(source)} AS {name}" for name, source in proposal.columns.items())
    query = f"SELECT {columns} FROM {quote(proposal.table.name)} WHERE 1 = 0"
    try:
        list(reading.batches(EntityMapping(proposal.entity.name, query=query)))
    except ReadError as error:
        return replace(proposal, sure=False, why=f"{proposal.why}; but {error}")
    return proposal


def _tables_shown(tables: Sequence[TableFacts]) -> Table:
    shown = Table("table", "rows", "columns", title="What the source holds")
    shown.columns[1].justify = "right"
    for one in tables:
        rows = "?" if one.rows is None else f"{one.rows:,}"
        shown.add_row(_plain(one.name), rows, _plain(one.problem or ", ".join(one.columns)))
    return shown


def _proposals_shown(proposals: Mapping[str, Proposal]) -> Table:
    shown = Table("entity", "from", "state", title="What it could mean")
    for name, one in proposals.items():
        place = _plain(one.table.name) if one.table else "one project for all" if one.query else ""
        state = "mapped" if one.is_active else "suggested" if one.table else "not found"
        lacks = ", ".join(one.lacks) if one.table else ""
        shown.add_row(f"{name} {LABELS[name]}", place, f"{state}, lacks {lacks}" if lacks else state)
    return shown


def _say_what_next(path: Path, has_secrets: bool) -> None:
    print(f"Wrote {path}. Read it through, then:")
    if has_secrets:
        print(f"  set {URL_VARIABLE} to the URL with its password, which the file does not hold")
    print(f"  python app.py check --config {path}")


# -------------------------------------------------------------------------------------------------------------- writing


def _write(path: Path, text: str) -> None:
    """Write settings that can be read; SettingError when they cannot, or cannot be written."""
    Settings.read(text, {}, folder=path.absolute().parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingError(f"{path} cannot be written: {error.strerror}. Name another file with --config.") from None


def _setting_lines(url: URL, has_secrets: bool) -> list[str]:
    """Every setting outside the mapping, commented out at its default; the source's URL is in effect."""
    lines, section = [], ""
    for key, default, meaning in documented():
        part, _, name = key.rpartition(".")
        if part.startswith("entities"):
            continue
        if "<name>" in key:
            part, _, rest = key.partition(".<name>")
            lines += ["", f"# [{part}.<name>]"] * (part != section)
            lines.append(f"# {rest[1:]}: {meaning}" if rest else f"# {meaning}")
            section = part
            continue
        lines += ["", f"# [[{part}]]" if part == _LISTED else f"[{part}]"] * (part != section)
        section = part
        lines.append(f"# {meaning}")
        if key == "source.url":
            lines += [f"# set {URL_VARIABLE} to the URL with its password: this file does not hold it"] * has_secrets
            lines.append(f"url = {toml(url.render_as_string(hide_password=False))}")
        else:
            lines.append(f"# {name} = {toml(default)}")
    return lines


def _mapping_intro(tables: int) -> list[str]:
    keys = [(key.removeprefix("entities.<name>."), meaning) for key, _, meaning in documented() if "entities." in key]
    return [
        "",
        f"# What the {tables} tables of the source mean, guessed from names, types and comments. An entity is read with:",
        *(f"#   {key}: {meaning}" for key, meaning in keys),
    ]


def _entity_lines(proposal: Proposal) -> list[str]:
    """One entity: in effect, or all of it commented out where it is only a suggestion."""
    name, table = proposal.entity.name, proposal.table
    head = f"# {name} {LABELS[name]}: "
    if proposal.query:
        return [f"{head}{proposal.why}.", f"[entities.{name}]", f"query = {toml(proposal.query)}"]
    if table is None:
        return _wrapped(f"{head}nothing here looks like it. It would take: {', '.join(proposal.entity.column_names)}")
    doubt = "" if proposal.is_active else " A suggestion only: read it, complete it, then take the # away."
    lines = [f"[entities.{name}]", f"table = {toml(table.name)}", "", *_column_lines(proposal)]
    if not proposal.is_active:
        lines = [f"# {line}".rstrip() for line in lines]
    return [*_wrapped(f"{head}{table.name}, because {proposal.why}.{doubt}"), *lines, *_remarks(proposal)]


def _column_lines(proposal: Proposal) -> list[str]:
    lines = [f"[entities.{proposal.entity.name}.columns]"]
    for one in proposal.choices:
        line = f"{one.column} = {toml(one.source)}  # {_reason(proposal, one)}"
        lines.append(line if one.sure else f"# {line}")
    if proposal.constants:
        why = (
            "there is one project" if ALL_ID in proposal.constants.values() else "no column found: 未归属 until mapped"
        )
        lines += ["", f"[entities.{proposal.entity.name}.constants]"]
        lines += [f"{column} = {toml(value)}  # {why}" for column, value in proposal.constants.items()]
    codes = {one.column: CODED.get((proposal.entity.name, one.column)) for one in proposal.choices}
    if any(codes.values()):
        lines += ["", f"# [entities.{proposal.entity.name}.codes]"]
        lines += [f"# {column} = {meant}  # as it fits" for column, meant in codes.items() if meant]
    return lines


def _reason(proposal: Proposal, choice: Choice) -> str:
    """Why a column was chosen, and what stands in the way of one that is only suggested."""
    assert proposal.table is not None
    type_name = proposal.table.columns[choice.source].split(" COLLATE")[0]
    said = [choice.why, type_name, proposal.table.comments.get(choice.source, "")]
    if (proposal.entity.name, choice.column) in CODED:
        said.append("say below what its codes mean")
    elif not choice.sure:
        said.append("is it this, and with the right values?")
    return _plain(" · ".join(one for one in said if one))


def _remarks(proposal: Proposal) -> list[str]:
    """What is left to do for an entity."""
    remarks = []
    if missing := missing_columns(proposal):
        required = f" (required: {', '.join(proposal.lacks)})" if proposal.lacks else ""
        remarks += _wrapped(f"# Still missing: {', '.join(missing)}{required}")
    if proposal.table and (mark := deleted_mark(proposal.table)):
        remarks += _wrapped(f"# {mark} seems to mark rows that do not count: leave them out with a query and WHERE.")
    return remarks


def _wrapped(comment: str) -> list[str]:
    return textwrap.wrap(_plain(comment), _WIDTH, subsequent_indent="#   ", break_long_words=False)


def toml(value: Any) -> str:
    """A value as TOML writes it on one line."""
    if value is None:
        return "…"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{name} = {toml(one)}" for name, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else str(value)


def _plain(text: str) -> str:
    """Somebody else's words on one line, as a comment or a terminal can show them."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())
