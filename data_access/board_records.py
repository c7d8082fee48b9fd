"""Published boards as texts: every number exact, read back just as it was, and a digest over the whole."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

from metrics.boards import Board, Kept, Part, Standing
from metrics.duels import Meeting
from metrics.periods import Span
from metrics.reading import Number, Reading
from metrics.records import Place, Record
from metrics.sheets import Line, Sheet

Json = dict[str, Any]


def digest_of(content: str) -> str:
    """The digest of a record's text."""
    return hashlib.sha256(content.encode()).hexdigest()


def content_of(record: Record) -> str:
    """A record as text: equal records have equal texts."""
    told = {
        "board": record.board,
        "week": record.week.isoformat(),
        "published_at": record.published_at.astimezone(UTC).isoformat(),
        "snapshot": record.snapshot,
        "as_of": record.as_of.isoformat(),
        "definition": record.definition,
        "sections": {section: _board(one) for section, one in record.sections.items()},
        "meetings": [_meeting(one) for one in record.meetings],
    }
    return canonical(told)


@lru_cache(maxsize=16)
def record_of(content: str, digest: str) -> Record:
    """The record a text holds; `is_whole` says whether the digest is that of the text. Kept, since a page shows the same few."""
    told = json.loads(content)
    return Record(
        told["board"],
        date.fromisoformat(told["week"]),
        datetime.fromisoformat(told["published_at"]),
        told["snapshot"],
        datetime.fromisoformat(told["as_of"]),
        told["definition"],
        {section: _board_of(one) for section, one in told["sections"].items()},
        tuple(_meeting_of(one) for one in told["meetings"]),
        digest,
        digest_of(content) == digest,
    )


def sealed(record: Record) -> tuple[str, str]:
    """A record's text and its digest."""
    content = content_of(replace(record, digest="", is_whole=True))
    return content, digest_of(content)


def place_text(place: Place | None) -> str | None:
    """A place as text; None for none."""
    if place is None:
        return None
    other = reading_json(place.other) if place.other else None
    return canonical(
        {"rank": place.rank, "reading": reading_json(place.reading), "other": other, "outcome": place.outcome}
    )


def place_of(text: str | None) -> Place | None:
    """The place a text holds."""
    if text is None:
        return None
    told = json.loads(text)
    other = reading_of(told["other"]) if told["other"] is not None else None
    return Place(told["rank"], reading_of(told["reading"]), other, told["outcome"])


def canonical(value: Any) -> str:
    """JSON in one way only: keys in order, no blanks."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


# ------------------------------------------------------------------------------------------------------------- numbers


def number_json(value: Number | None) -> int | str | None:
    """A whole number as it is, a fraction as "a/b"."""
    if value is None:
        return None
    fraction = Fraction(value)
    return int(fraction) if fraction.denominator == 1 else f"{fraction.numerator}/{fraction.denominator}"


def number_of(value: int | str | None) -> Number | None:
    """The number written so."""
    return Fraction(value) if isinstance(value, str) else value


def reading_json(one: Reading) -> Json:
    """A reading without what it does not have."""
    found: Json = {
        "value": number_json(one.value),
        "numerator": number_json(one.numerator),
        "denominator": number_json(one.denominator),
        "n": one.n,
        "missing": one.missing,
        "detail": one.detail,
    }
    return {name: value for name, value in found.items() if value is not None}


def reading_of(told: Mapping[str, Any]) -> Reading:
    """The reading written so."""
    value, numerator, denominator = (number_of(told.get(name)) for name in ("value", "numerator", "denominator"))
    return Reading(value, numerator, denominator, told.get("n"), told.get("missing"), told.get("detail"))


# -------------------------------------------------------------------------------------------------------------- boards


def _board(one: Board) -> Json:
    return {
        "name": one.name,
        "metric": one.metric,
        "first": one.span.first.isoformat(),
        "last": one.span.last.isoformat(),
        "weeks": one.weeks,
        "rows": [_standing(each) for each in one.rows],
        "unranked": [_standing(each) for each in one.unranked],
        "by_chance": one.by_chance,
        "kept": [[each.subject, each.referrals, each.contracts, each.last.isoformat()] for each in one.kept],
    }


def _board_of(told: Json) -> Board:
    return Board(
        told["name"],
        told["metric"],
        Span(date.fromisoformat(told["first"]), date.fromisoformat(told["last"])),
        told["weeks"],
        tuple(map(_standing_of, told["rows"])),
        tuple(map(_standing_of, told["unranked"])),
        by_chance=told["by_chance"],
        kept=tuple(Kept(who, of, signed, date.fromisoformat(last)) for who, of, signed, last in told["kept"]),
    )


def _standing(one: Standing) -> Json:
    return {
        "subject": one.subject,
        "rank": one.rank,
        "value": reading_json(one.value),
        "raw": reading_json(one.raw),
        "change": one.change,
        "tied": one.tied,
        "few": one.few,
        "exempt": one.exempt,
        "week": reading_json(one.week) if one.week else None,
        "parts": [_part(part) for part in one.parts],
        "beside": [[name, reading_json(reading)] for name, reading in one.beside],
    }


def _standing_of(told: Json) -> Standing:
    return Standing(
        told["subject"],
        told["rank"],
        reading_of(told["value"]),
        reading_of(told["raw"]),
        told["change"],
        told["tied"],
        told["few"],
        told["exempt"],
        reading_of(told["week"]) if told["week"] is not None else None,
        tuple(_part_of(one) for one in told["parts"]),
        tuple((name, reading_of(one)) for name, one in told["beside"]),
    )


def _part(one: Part) -> Json:
    return {
        "metric": one.metric,
        "weight": number_json(one.weight),
        "reading": reading_json(one.reading),
        "points": number_json(one.points),
        "few": one.few,
    }


def _part_of(told: Json) -> Part:
    points = None if told["points"] is None else Fraction(told["points"])
    return Part(told["metric"], Fraction(told["weight"]), reading_of(told["reading"]), points, told["few"])


def _meeting(one: Meeting) -> Json:
    return {
        "left": one.left,
        "right": one.right,
        "left_reading": reading_json(one.left_reading),
        "right_reading": reading_json(one.right_reading),
        "outcome": one.outcome,
    }


def _meeting_of(told: Json) -> Meeting:
    left, right = (reading_of(told[f"{side}_reading"]) for side in ("left", "right"))
    return Meeting(told["left"], told["right"], left, right, told["outcome"])


# -------------------------------------------------------------------------------------------------------------- sheets


def sheet_text(one: Sheet) -> str:
    """A yearly sheet as text."""
    lines = [
        {
            "name": each.name,
            "weight": each.weight,
            "reading": reading_json(each.reading),
            "points": number_json(each.points),
        }
        for each in one.lines
    ]
    return canonical({"year": one.year, "project": one.project, "head": one.head, "lines": lines})


def sheet_of(text: str) -> Sheet:
    """The yearly sheet a text holds."""
    told = json.loads(text)
    return Sheet(told["year"], told["project"], told["head"], tuple(map(_line_of, told["lines"])))


def _line_of(told: Json) -> Line:
    points = None if told["points"] is None else Fraction(told["points"])
    return Line(told["name"], told["weight"], reading_of(told["reading"]), points)
