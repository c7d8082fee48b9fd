"""The shared data sets behind their mappings: loaded as they are, refreshed once, and asked like the command line."""

import json
import re
import runpy
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import create_engine, text

import app
from data_access.packs import read_pack
from data_access.parties import answered
from data_access.refresh import Refresher
from data_access.replica import Replica
from data_access.settings import Settings
from data_access.snapshots import Folder, Reader
from data_access.source import Source
from data_access.store import Store
from data_access.store.lease import acquire
from metrics.answers import Record, question, records
from metrics.funnel import Stage, funnel
from metrics.pack import Pack
from metrics.periods import Span
from metrics.snapshot import NOWHERE, Snapshot
from metrics.totals import EVERYTHING, Frames, Where

PROJECT_ROOT = Path(__file__).resolve().parents[1]
SHARED = PROJECT_ROOT.parent / "shared" / "data"
MAPPINGS = Path(__file__).parent / "mappings"
PROPERTY = PROJECT_ROOT / "metrics" / "packs" / "property.toml"
AS_MAPPED = "as mapped"
TABLE = re.compile(r"^\[([^\]]+)\]$", re.MULTILINE)


@dataclass(frozen=True)
class Variant:
    """A mapping seen another way: tables that stand in for those of the same name, measures more, another moment."""

    tables: str = ""
    measures: str = ""
    as_of: datetime | None = None


@dataclass(frozen=True)
class Board:
    """One data set behind one mapping, refreshed once."""

    pack: Pack
    folder: Folder
    snapshot: Snapshot
    source_url: str

    def query(self, words: str) -> list[Record]:
        """The records of `app.py query WORDS`."""
        given = app.parser().parse_args(["query", *words.split()])
        names = ("by", "first", "last", "basis", "where", "window")
        today = self.snapshot.as_of.date()
        asked = question(given.metrics, today=today, **{name: getattr(given, name) for name in names})
        return records(answered(self.folder, self.snapshot, self.pack, asked), self.snapshot, self.pack, asked)

    def value(self, words: str) -> Any:
        """The value of a question with one answer."""
        (record,) = self.query(words)
        return record["value"]

    def by(self, dimension: str, words: str, field: str = "value") -> dict[Any, Any]:
        """The values of a question grouped by one dimension."""
        return {record[dimension]: record[field] for record in self.query(f"{words} --by {dimension}")}

    def stage(self, step: str, span: Span, **where: str) -> Stage:
        """One step of the cohort funnel, as the pages show it; None is written as an empty id."""
        narrowed = Where(**{name: frozenset({id}) for name, id in where.items()}) if where else EVERYTHING
        stages = funnel(Frames(self.snapshot), self.pack, "cohort", span, narrowed).stages
        return next(stage for stage in stages if stage.step == step)

    def mart(self, mart: str, measure: str, by: str, **only: Any) -> dict[Any, int]:
        """A mart's measure added up by a column (or day, week, month) in plain Python, groups with nothing left out."""
        totals: Counter[Any] = Counter()
        frame = self.snapshot.marts[mart]
        for row in frame[frame[measure] != 0].to_dict("records"):
            if all(_key(row, name) == value for name, value in only.items()):
                totals[_key(row, by)] += int(row[measure])
        return dict(totals)

    def parties(self, select: str) -> tuple[Any, ...]:
        """One row of an SQL select over the snapshot's parties."""
        files = [str(self.folder.path / file) for file in self.snapshot.party_files]
        with duckdb.connect() as connection:
            connection.read_parquet(files).create_view("party")
            return connection.execute(f"{select} from party").fetchone() or ()

    def counts(self) -> dict[str, int]:
        """Rows by entity, as the snapshot tells them."""
        return {one.entity: one.rows for one in self.snapshot.counts}

    def source(self, sql: str) -> list[Any]:
        """What the source itself answers: each row's values, or the plain values of a single column."""
        engine = create_engine(self.source_url)
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(sql))]
        engine.dispose()
        return [row[0] for row in rows] if rows and len(rows[0]) == 1 else rows


def _key(row: Mapping[str, Any], by: str) -> Any:
    """A row's value as `query` writes it."""
    if by in row and by not in ("day", "month"):
        return None if row[by] == NOWHERE else row[by]
    day = date.fromordinal(row["day"])
    week = day - timedelta(days=day.weekday())
    return {"day": day.isoformat(), "week": week.isoformat(), "month": day.isoformat()[:7]}[by]


class DataSet:
    """A shared data set in a SQLite file, and its boards: each variant is refreshed when it is first asked."""

    def __init__(self, url: str, mapping: str, folder: Path, as_of: datetime, variants: Mapping[str, Variant]) -> None:
        self._url = url
        self._mapping = mapping
        self._folder = folder
        self._as_of = as_of
        self._variants = {AS_MAPPED: Variant(), **variants}
        self._boards: dict[str, Board] = {}

    def board(self, variant: str = AS_MAPPED) -> Board:
        """The board of one variant of the mapping."""
        if variant not in self._boards:
            chosen = self._variants[variant]
            mapping, as_of = replaced(self._mapping, chosen), chosen.as_of or self._as_of
            self._boards[variant] = refreshed(self._url, mapping, chosen.measures, self._folder / variant, as_of)
        return self._boards[variant]


class Expressed:
    """The facts the product can tell, each with the check that asks for it and the variants it asks."""

    def __init__(self) -> None:
        self.checks: dict[str, tuple[Callable[..., None], tuple[str, ...]]] = {}

    def __call__(self, fact: str, *variants: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Note a function as the check of a fact; it is given the boards of the variants and the fact's value."""

        def noted(check: Callable[..., None]) -> Callable[..., None]:
            self.checks[fact] = (check, variants or (AS_MAPPED,))
            return check

        return noted

    def check(self, fact: str, data: DataSet, value: Any) -> None:
        """Run the check of one fact against its value."""
        check, variants = self.checks[fact]
        check(*(data.board(variant) for variant in variants), value)


def facts(name: str) -> dict[str, Any]:
    """Every fact of a shared data set by its id; the test is skipped where the data is absent."""
    return {fact["id"]: fact["value"] for fact in json.loads((shared(name) / "facts.json").read_text(encoding="utf-8"))}


def shared(name: str) -> Path:
    """The folder of a shared data set; the test is skipped where it is absent."""
    if not (SHARED / name / "facts.json").is_file():
        pytest.skip(f"the shared data set {name} is not here (../shared/data/{name})")
    return SHARED / name


def load(name: str, url: str) -> None:
    """Fill an empty database with a shared data set by its own load.py."""
    script = runpy.run_path(str(shared(name) / "load.py"))
    engine = create_engine(url)
    if engine.dialect.name == "mariadb":
        # Its databases are in Latin letters by default, whatever the connection speaks.
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER DATABASE CHARACTER SET utf8mb4")
    script["load_all"](engine)
    engine.dispose()


def data_set(
    name: str, mapping: str, folder: Path, as_of: datetime, variants: Mapping[str, Variant], url: str | None = None
) -> DataSet:
    """A shared data set behind a mapping of tests/mappings: in an empty database, by default a new SQLite file."""
    source = url or f"sqlite:///{folder}/source.db"
    load(name, source)
    return DataSet(source, (MAPPINGS / mapping).read_text(encoding="utf-8"), folder, as_of, variants)


def replaced(mapping: str, variant: Variant) -> str:
    """A mapping's text in which a variant's tables stand in for those of the same name and their subtables."""
    names = TABLE.findall(variant.tables)
    parts = re.split(r"^(?=\[)", mapping, flags=re.MULTILINE)
    kept = [part for part in parts if not any(part.startswith((f"[{name}]", f"[{name}.")) for name in names)]
    return "".join(kept) + variant.tables


def refreshed(url: str, mapping: str, measures: str, folder: Path, as_of: datetime) -> Board:
    """One full refresh through the real refresher, with the source's clock at `as_of`."""
    settings = Settings.read(mapping, {"WARBOARD_SOURCE_URL": url}, folder=folder)
    pack = (
        Pack.parse(PROPERTY.read_text(encoding="utf-8") + measures, "property.toml")
        if measures
        else read_pack("property")
    )
    zone, source_zone = settings.group.time_zone, settings.source.time_zone
    source = Source(settings.source.url, source_zone, group_zone=zone, clock=lambda: as_of)
    replica = Replica(settings.replica.path, b"k" * 32, zone=zone, source_zone=source_zone)
    store = Store.open(settings.store.url)
    epoch = acquire(store, "tests", timedelta(hours=1), _now())
    assert epoch is not None
    done = Refresher(settings, pack, source, replica, store, _now).run(epoch, "full")
    assert done.outcome == "published" and done.report, done
    assert [one for one in done.report.entities if one.error or one.quarantined] == []
    folder_of_files = Folder(settings.snapshots.dir)
    reader = Reader(store, folder_of_files)
    assert reader.poll(), reader.last_error
    for opened in (replica, source, store):
        opened.close()
    snapshot = reader.current()
    assert snapshot is not None
    return Board(pack, folder_of_files, snapshot, url)


def _now() -> datetime:
    return datetime.now(UTC)
