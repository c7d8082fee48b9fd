"""A first mapping, guessed from the names, types and comments of the source's tables; no row is looked at."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from data_access.hints import (
    CODED,
    COLUMNS,
    DELETED,
    GENERIC,
    GENERIC_ENDINGS,
    OWN_COLUMNS,
    STALE,
    TABLES,
    TWISTS,
)
from data_access.settings import FACE_DATA
from data_access.source import TableFacts
from metrics.entities import ENTITIES, Column, Entity

ALL_ID = "all"
"""The id of the one project of a source that knows none."""

_STRONG, _WEAK, _HEAD = 6.0, 3.0, 2.0
_LEAST_FIT = 2.0
_TIMELIKE = re.compile(r"(time|date|day|_at|riqi|shijian|时间|日期)$", re.IGNORECASE)
_NUMBERS = re.compile(
    r"(TINY|SMALL|MEDIUM|BIG|U?HUGE)?INT(EGER|\d+)?|NUMERIC|DECIMAL|NUMBER|REAL|FLOAT\d*|DOUBLE|MONEY"
)
_TEXTS = re.compile(
    r"N?(VAR)?CHAR2?|CHARACTER|TEXT|(TINY|MEDIUM|LONG|N)TEXT|CLOB|STRING|ENUM|UUID|CITEXT|NULL|LowCardinality"
)
_FITTING: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "number"),
    "person": ("text", "number"),
    "grade": ("text", "number"),
    "time": ("time",),
    "day": ("time",),
    "money": ("number",),
    "whole": ("number",),
    "number": ("number",),
    "flag": ("flag", "number", "text"),
}


@dataclass(frozen=True)
class Choice:
    """A source column for a canonical one, and why; an unsure one is only suggested."""

    column: str
    source: str
    why: str
    sure: bool = True


@dataclass(frozen=True)
class Proposal:
    """How one entity could be read; without a table when nothing in the source looks like it."""

    entity: Entity
    table: TableFacts | None = None
    why: str = ""
    score: float = 0.0
    sure: bool = False
    choices: tuple[Choice, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The source columns that can be used as they are."""
        return {choice.column: choice.source for choice in self.choices if choice.sure}

    @property
    def lacks(self) -> list[str]:
        """Required columns that nothing was found for."""
        given = {*self.columns, *self.constants}
        return [one.name for one in self.entity.columns if one.required and one.name not in given]

    @property
    def is_active(self) -> bool:
        """Whether the proposal is good enough to be used without being asked for."""
        return bool(self.query) or (self.sure and not self.lacks)


def propose(tables: Sequence[TableFacts]) -> dict[str, Proposal]:
    """For every canonical entity the likeliest table with its columns, each table used once."""
    usable = [one for one in tables if not one.problem and not FACE_DATA.search(one.name)]
    found = [fit for entity in ENTITIES.values() for table in usable if (fit := fitted(entity, table)).score > 0]
    best: dict[str, Proposal] = {}
    taken: set[str] = set()
    for fit in sorted(found, key=lambda one: -one.score):
        assert fit.table is not None
        if fit.entity.name not in best and fit.table.name not in taken:
            best[fit.entity.name] = fit
            taken.add(fit.table.name)
    return {name: best.get(name, Proposal(entity)) for name, entity in ENTITIES.items()}


def fitted(entity: Entity, table: TableFacts, *, chosen: bool = False) -> Proposal:
    """How an entity could be read from a table; its score is 0 where no name says so, unless somebody chose the table."""
    score, why, sure = _table_fit(entity, table)
    if not score and not chosen:
        return Proposal(entity)
    proposal = Proposal(entity, table, why or "it was chosen", score, sure or chosen, _choices(entity, table))
    required = [one.name for one in entity.columns if one.required and one.name != "project_id"]
    share = 1 - sum(name in proposal.lacks for name in required) / max(len(required), 1)
    bonus = 3 * share + 0.1 * len(proposal.columns) - (table.rows == 0)
    return replace(proposal, score=max(score + bonus, 0.1))


def with_projects(proposals: Mapping[str, Proposal]) -> dict[str, Proposal]:
    """The proposals with project_id filled where no column gives it: one project for all, or none yet."""
    project = proposals["project"]
    is_single = not project.is_active and not any("project_id" in one.columns for one in proposals.values() if one.sure)
    if is_single:
        why = "the source seems to know no projects: everything belongs to one"
        project = Proposal(project.entity, why=why, query=f"select '{ALL_ID}' as id, '全部' as name")
    constants = {"project_id": ALL_ID if is_single else ""}
    needing = {name for name, one in proposals.items() if "project_id" in one.lacks}
    filled = {name: replace(one, constants=constants) if name in needing else one for name, one in proposals.items()}
    return filled | {"project": project}


def missing_columns(proposal: Proposal) -> list[str]:
    """Every canonical column the proposal does not fill, required or not."""
    given = {*proposal.columns, *proposal.constants}
    return [one.name for one in proposal.entity.columns if one.name not in given]


def deleted_mark(table: TableFacts) -> str:
    """A column that seems to mark rows which should not be counted; empty when there is none."""
    marks = [column for column in table.columns if _squashed(column) in map(_squashed, DELETED.split())]
    return marks[0] if marks else ""


# --------------------------------------------------------------------------------------------------------------- tables


def _table_fit(entity: Entity, table: TableFacts) -> tuple[float, str, bool]:
    """How well a table's name or comment fits an entity, why, and whether that alone is convincing."""
    fits = [
        _hint_fit(hint.lstrip("~"), table, weak=hint.startswith("~"), rank=rank)
        for rank, hint in enumerate(TABLES[entity.name].split())
    ]
    score, why, sure = max(fits)
    stale = set(STALE.split()) & set(_words(table.name))
    if score and stale:
        return max(score - 4, 0.1), f"{why}, though {min(stale)!r} looks like a copy", False
    return score, why, sure


def _hint_fit(hint: str, table: TableFacts, *, weak: bool, rank: int) -> tuple[float, str, bool]:
    in_name, is_head, where = _place(hint, table)
    if not in_name:
        return 0.0, "", False
    score = (_WEAK if weak else _STRONG) + (_HEAD if is_head else 0) - 0.05 * rank - 0.1 * len(_words(table.name))
    return score - (where == "comment"), f"its {where} says {hint!r}", is_head and not weak


def _place(hint: str, table: TableFacts) -> tuple[bool, bool, str]:
    """Whether a hint stands in a table's name or comment, and whether it is what the table is about."""
    if _is_chinese(hint):
        for where, text in (("name", table.name), ("comment", table.comment)):
            if hint in text:
                return True, _chinese_head(text).endswith(hint), where
        return False, False, ""
    words, sought = _words(table.name), _words(hint)
    at = _position(sought, words)
    if at is None:
        return len(hint) > 5 and hint in _squashed(table.name), False, "name"
    return True, set(words[at + len(sought) :]) <= set(GENERIC.split()), "name"


def _chinese_head(text: str) -> str:
    """What a Chinese name is about: without what every table is called in the end."""
    head = re.split(r"[（(,，:：]", text)[0].strip()
    for ending in GENERIC_ENDINGS * 2:
        head = head.removesuffix(ending)
    return head


# -------------------------------------------------------------------------------------------------------------- columns


def _choices(entity: Entity, table: TableFacts) -> tuple[Choice, ...]:
    """A source column for as many canonical columns as possible, the best fits first, each source column used once."""
    columns = [column for column in table.columns if not FACE_DATA.search(column)]
    chosen = {"id": key} if (key := _key(entity, table, columns)) else {}
    reasons = {"id": ("the key", True) if table.key else ("no key is declared, it looks like one", True)}
    fits = sorted(_fits(entity, table, columns), key=lambda one: -one[0])
    for score, canonical, source, why, sure in fits:
        if score < _LEAST_FIT or canonical in chosen or _is_taken(source, canonical, chosen):
            continue
        chosen[canonical] = source
        reasons[canonical] = (why, sure)
    names = [name for name in entity.column_names if name in chosen]
    return tuple(Choice(name, chosen[name], *reasons[name]) for name in names)


def _is_taken(source: str, canonical: str, chosen: Mapping[str, str]) -> bool:
    """A table with one row a lead names both its row and its lead by the lead's id."""
    return any(one == source and not (name == "id" and canonical == "lead_id") for name, one in chosen.items())


def _fits(entity: Entity, table: TableFacts, columns: Iterable[str]) -> Iterable[tuple[float, str, str, str, bool]]:
    for column in entity.columns:
        hints = f"{OWN_COLUMNS.get((entity.name, column.name), '')} {COLUMNS.get(column.name, '')}".split()
        for source in columns if column.name != "id" else ():
            if _type_fits(column, source, table.columns[source]):
                score, why, weak = _column_fit(hints, source, table.comments.get(source) or "")
                yield score, column.name, source, why, _is_sure(entity, column, table.columns[source], source, weak)


def _is_sure(entity: Entity, column: Column, kind: str, source: str, weak: bool) -> bool:
    """Codes, flags whose values are unknown and weak guesses are for a human, unless the entity needs the column."""
    if (entity.name, column.name) in CODED:
        return False
    if column.kind == "flag":
        return _type(kind) == "flag" or source.lower().startswith("is_")
    return column.required or not weak


def _column_fit(hints: Sequence[str], column: str, comment: str) -> tuple[float, str, bool]:
    fits = [
        (score - 0.05 * rank - (0.5 if hint.startswith("~") else 0), why, hint.startswith("~"))
        for rank, hint in enumerate(hints)
        for score, why in [_word_fit(hint.lstrip("~"), column, comment)]
        if score
    ]
    return max(fits, default=(0.0, "", False))


def _word_fit(hint: str, column: str, comment: str) -> tuple[float, str]:
    """How well one hint fits a column's name or comment, and where it was found."""
    if _is_chinese(hint):
        return _chinese_fit(hint, column, comment)
    if _squashed(hint) == _squashed(column):
        return 4.0, "by its name"
    words, sought = _words(column), _words(hint)
    at = _position(sought, words)
    if at is None or set(TWISTS.split()) & set(words) - set(sought):
        return 0.0, ""
    return (3.0 if at + len(sought) == len(words) else 2.3), "by its name"


def _chinese_fit(hint: str, column: str, comment: str) -> tuple[float, str]:
    for text, why in ((column, "by its name"), (comment, "by its comment")):
        head = re.split(r"[（(,，:：\s]", text)[0]
        if head.lower() == hint:
            return 3.8, why
        if hint in head.lower():
            return 2.4, why
    return 0.0, ""


def _key(entity: Entity, table: TableFacts, columns: Sequence[str]) -> str:
    """The column that tells the rows apart: the declared key, else one that is called like an id."""
    if "id" not in entity.column_names:
        return ""
    if len(table.key) == 1 and table.key[0] in columns:
        return table.key[0]
    own = {f"{hint.strip('~')}id" for hint in TABLES[entity.name].split()} | {"id", "guid", "uuid"}
    called = [one for one in columns if _squashed(one) in own or _squashed(one) == f"{_squashed(table.name)}id"]
    first = [one for one in columns[:1] if re.search(r"(id|_no|_code|编号)$", one.lower())]
    return (called or first or [""])[0]


def _type_fits(column: Column, source: str, kind: str) -> bool:
    found = _type(kind)
    if column.kind in ("time", "day") and found in ("text", "number"):
        return bool(_TIMELIKE.search(source)) or _squashed(source) in ("mtime", "ctime", "created", "updated")
    return found in _FITTING[column.kind]


def _type(kind: str) -> str:
    """What a source column of a type holds: text, number, time, flag, or something of no use."""
    name = re.split(r"[ (]", kind.strip().upper())[0]
    if name in ("DATE", "DATETIME", "DATETIME2", "SMALLDATETIME", "TIMESTAMP", "TIMESTAMPTZ"):
        return "time"
    if name in ("BOOLEAN", "BOOL", "BIT"):
        return "flag"
    if _NUMBERS.fullmatch(name):
        return "number"
    return "text" if _TEXTS.fullmatch(name) else "other"


# ---------------------------------------------------------------------------------------------------------------- words


@cache
def _words(name: str) -> list[str]:
    """The words of a name, lower case and without plural."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[\u4e00-\u9fff]+", name)
    return [_singular(part.lower()) for part in parts]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _squashed(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _position(sought: Sequence[str], words: Sequence[str]) -> int | None:
    """Where the sought words stand in a row, the last such place."""
    places = [at for at in range(len(words)) if list(words[at : at + len(sought)]) == list(sought)]
    return places[-1] if sought and places else None


def _is_chinese(hint: str) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", hint))
