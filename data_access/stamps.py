"""How a source writes its change stamps, so that a point in time can be put the same way."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from data_access.canonical import Form

_TEXTS = {
    "9999-99-99 99:99:99": "%Y-%m-%d %H:%M:%S",
    "9999-99-99T99:99:99": "%Y-%m-%dT%H:%M:%S",
    "9999/99/99 99:99:99": "%Y/%m/%d %H:%M:%S",
    "9999-99-99 99:99": "%Y-%m-%d %H:%M",
    "9999-99-99": "%Y-%m-%d",
    "9999/99/99": "%Y/%m/%d",
    "99999999999999": "%Y%m%d%H%M%S",
}
_TEXTS_IN_UTC = {
    "9999-99-99 99:99:99Z": "%Y-%m-%d %H:%M:%S",
    "9999-99-99T99:99:99Z": "%Y-%m-%dT%H:%M:%S",
}
_NUMBERS: Mapping[str, Callable[[datetime], int]] = {
    "whole8": lambda moment: int(moment.strftime("%Y%m%d")),
    "whole10": lambda moment: int(moment.timestamp()),
    "whole13": lambda moment: int(moment.timestamp() * 1000),
    "whole14": lambda moment: int(moment.strftime("%Y%m%d%H%M%S")),
}


def shapes(column: pa.ChunkedArray, form: Form) -> set[str]:
    """The ways in which a batch's stamps are written; none when it holds no stamp."""
    if form == "nothing" or column.null_count == len(column):
        return set()
    if form == "whole":
        return {f"whole{len(str(value))}" for value in pc.min_max(column).as_py().values()}
    if form != "text":
        return {form}
    whole_seconds = pc.replace_substring_regex(column, r"\.[0-9]+", "")
    written = pc.unique(pc.replace_substring_regex(whole_seconds, "[0-9]", "9")).to_pylist()
    return {shape for shape in written if shape not in (None, "", "NULL", "null", "None")}


def comparable(found: set[str]) -> str | None:
    """How to write a point in time to compare all stamps with it; None when they are written too differently."""
    shortest = min(found, key=len, default="")
    if shortest in _TEXTS and all(shape in _TEXTS and shape.startswith(shortest) for shape in found):
        return shortest
    known = {"naive", "aware", "day", *_TEXTS_IN_UTC, *_NUMBERS}
    return shortest if shortest in known and len(found) == 1 else None


def bound(shape: str, moment: datetime, zone: str) -> Any:
    """A naive time of the source's zone as the source writes its stamps, cut down and never rounded up."""
    aware = moment.replace(tzinfo=ZoneInfo(zone))
    if shape in _NUMBERS:
        return _NUMBERS[shape](aware)
    if shape in _TEXTS:
        return moment.strftime(_TEXTS[shape])
    if shape in _TEXTS_IN_UTC:
        return aware.astimezone(UTC).strftime(_TEXTS_IN_UTC[shape])
    return {"naive": moment, "aware": aware, "day": moment.date()}[shape]
