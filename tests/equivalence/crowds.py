"""Many small random worlds in one database: as many odd cases per refresh as a refresh is worth."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.naive.world import Row, World
from tests.worlds import (
    AS_OF,
    CHANNELS,
    COLUMNS,
    MOST,
    OPTIONAL,
    PROJECTS,
    STAFF,
    TIME_COLUMNS,
    UNMAPPABLE,
    T,
    _keys,
    _Maker,
    _only,
    _without_doubles,
)

KEYS = ("lead_id", "contract_id", "id")
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"windows": (7, 14, 0), "re_entry_days": 30},
    {"windows": (0, 1, 60), "re_entry_days": 1, "overdue_days": {"A": 2, "B": 2, "C": 14, "D": 30}},
)


@dataclass(frozen=True)
class Dice(_Maker):
    """Draws rows by a seeded random instead of by hypothesis, which makes thousands of them in no time."""

    random: Random = Random()  # noqa: RUF009

    def one(self, *choices: T) -> T:
        """One of the choices."""
        return self.random.choice(choices)


def crowd(seed: int, groups: int = 12) -> World:
    """A world of many groups of people who share projects, channels, staff and referrers, but no person.

    Even seeds map everything; odd ones leave out some entities and columns. Every third keeps the default settings.
    """
    random = Random(seed)
    as_of = random.choice(AS_OF)
    day_only = frozenset(random.sample(TIME_COLUMNS, random.randint(0, 6)))
    mapped = _mapping(random) if seed % 2 else {name: set(columns.split()) for name, columns in COLUMNS.items()}
    rows: dict[str, list[Row]] = {}
    for entity, keys in (("project", PROJECTS), ("channel", CHANNELS), ("staff", STAFF)):
        maker = Dice(None, as_of, day_only, {}, random)  # type: ignore[arg-type]
        rows[entity] = [maker.row(entity, key) for key in keys]
    for group in range(groups):
        for name, found in _group(random, as_of, day_only, mapped, group).items():
            rows.setdefault(name, []).extend(found)
    rows["target"] = _without_doubles(rows.get("target", []))
    kept = {name: [_only(row, mapped[name]) for row in rows.get(name, [])] for name in mapped}
    return replace(World(as_of, kept, mapped=mapped, day_only=day_only), **SETTINGS[seed % 3])


def _mapping(random: Random) -> dict[str, set[str]]:
    unmapped = random.sample(UNMAPPABLE, random.randint(0, 4))
    left_out = set(random.sample(OPTIONAL, random.randint(0, 8)))
    return {
        entity: {name for name in names.split() if (entity, name) not in left_out}
        for entity, names in COLUMNS.items()
        if entity not in unmapped
    }


def _group(
    random: Random, as_of: datetime, day_only: frozenset[tuple[str, str]], mapped: dict[str, set[str]], group: int
) -> dict[str, list[Row]]:
    made: dict[str, list[Row]] = {}
    maker = Dice(None, as_of, day_only, made, random)  # type: ignore[arg-type]
    for entity, most in MOST.items():
        if entity in mapped:
            count = max(random.randint(0, most), random.randint(0, most))
            made[entity] = [maker.row(entity, key) for key in _keys(entity, count)]
    return {entity: [_of_group(row, group) for row in found] for entity, found in made.items()}


def _of_group(row: Row, group: int) -> Row:
    """The row with its ids and its person made the group's own."""
    own = {name: f"{row[name]}.{group}" for name in KEYS if row.get(name) is not None}
    person = row.get("person")
    if person is not None:
        own["person"] = str(int(person) + 10 * group) if person.isdigit() else f"{person}.{group}"
    return row | own


def moved(world: World, later: timedelta) -> World:
    """The world a while later."""
    return replace(world, as_of=world.as_of + later)
