"""What must hold between the product's own numbers: a parent is the sum of its children, a count the length of its list."""

from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metrics.totals import span_sums
from tests.equivalence.checks import PLACES, TIMES, a_span, a_where, same, stored_measures
from tests.equivalence.crowds import crowd
from tests.equivalence.product import Bench, Counted, counted

SEEDS = (20, 23)

# The stage dates of a party, under which it stands in the list behind a count.
LISTS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], bool]]] = {
    "leads": ("created_at", lambda row: row["has_lead"]),
    "valid_leads": ("created_at", lambda row: row["has_lead"] and row["valid"]),
    "grade_a_leads": ("created_at", lambda row: row["has_lead"] and row["first_grade"] == "A"),
    "first_visits": ("first_visit_at", lambda row: True),
    "walk_ins": ("first_visit_at", lambda row: not row["has_lead"]),
    "revisited_parties": ("second_visit_at", lambda row: True),
    "subscribed_parties": ("subscribed_at", lambda row: True),
    "contracted_parties": ("contracted_at", lambda row: True),
    "contract_parties_lost": ("contract_lost_at", lambda row: True),
}


@pytest.fixture(scope="session")
def crowded(bench: Bench) -> Callable[[int], Counted]:
    """The crowd of a seed, counted once."""
    return cache(lambda seed: counted(bench, crowd(seed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_parent_is_the_sum_of_its_children(crowded: Callable[[int], Counted], seed: int) -> None:
    found, random = crowded(seed), Random(seed)
    names = tuple(stored_measures(found))
    for _ in range(40):
        span, where = a_span(found, random), a_where(random)
        other = random.choice(("channel", "staff"))
        by = tuple(
            random.sample(("project", other), random.choice((1, 2))) + random.sample(TIMES, random.choice((0, 1)))
        )
        if span.until is not None:
            by = tuple(name for name in by if name in PLACES) or ("project",)
        parent = span_sums(found.frames, names, span, (), where)
        children = span_sums(found.frames, names, span, by, where)
        if parent is None or children is None:
            continue  # channels and staff together are in no mart
        total = {name: sum(values.get(name, 0) for values in children.values()) for name in names}
        same(total, parent[()], f"children {by} over {span} where {where}")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_count_is_the_length_of_its_list(crowded: Callable[[int], Counted], seed: int) -> None:
    found, random = crowded(seed), Random(seed)
    rows = parties(found)
    for _ in range(40):
        name = random.choice([name for name in LISTS if name not in found.snapshot.absent])
        date_of, belongs = LISTS[name]
        span, where = a_span(found, random), a_where(random)
        span = type(span)(span.first, span.last)
        listed = [
            row
            for row in rows
            if row[date_of] is not None
            and span.first <= row[date_of].date() <= span.last
            and belongs(row)
            and all(row[place] in getattr(where, place) for place in where.dimensions)
        ]
        counts = span_sums(found.frames, (name,), span, (), where)
        if counts is not None:
            assert counts[()][name] == len(listed), (name, span, where)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_of_a_cohort_is_the_length_of_its_list(crowded: Callable[[int], Counted], seed: int) -> None:
    found = crowded(seed)
    rows = [row for row in parties(found) if row["has_lead"]]
    frame = found.snapshot.marts["cohort"]
    for step in found.snapshot.steps:
        reached = [row for row in rows if row[f"{step}_step"] is not None]
        assert frame[f"{step}_ever"].sum() == len(reached)
        assert frame[f"{step}_in"].sum() == sum(row[f"{step}_in"] for row in rows)
        assert frame[f"{step}_net_ever"].sum() == sum(row[f"{step}_net"] for row in reached)
        assert frame[f"{step}_astray"].sum() == sum(row[f"{step}_astray"] for row in rows)


def test_a_list_never_names_the_person(crowded: Callable[[int], Counted]) -> None:
    assert not {"person", "pkey"} & set(parties(crowded(SEEDS[0]))[0])


def parties(found: Counted) -> list[dict[str, Any]]:
    """The rows of the snapshot's lists of parties."""
    tables = [pq.read_table(found.folder.path / file) for file in found.snapshot.party_files]
    rows: list[dict[str, Any]] = pa.concat_tables(tables).to_pylist()
    assert len({row["party_id"] for row in rows}) == len(rows)
    return rows
