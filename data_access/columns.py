"""Parquet bytes in, a mart's frame out: small integers, day ordinals, categories of ids; pure."""

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metrics.snapshot import NOWHERE

_EPOCH = date(1970, 1, 1).toordinal()
_INTEGERS = (np.int8, np.int16, np.int32, np.int64)

# Arrow's own allocators keep what they free for each thread; from malloc it goes back with everything else.
pa.set_memory_pool(pa.system_memory_pool())

Array = npt.NDArray[Any]


class UnreadableColumn(Exception):
    """A column no mart may hold; the message names it."""


@dataclass(frozen=True)
class Texts:
    """A column of ids as positions in its distinct values; -1 stands for none."""

    codes: npt.NDArray[np.signedinteger[Any]]
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: slice) -> "Texts":
        return Texts(self.codes[rows], self.values)


Columns = Mapping[str, Array | Texts]


def read_columns(content: bytes) -> Columns:
    """The columns of one Parquet file as a mart holds them; UnreadableColumn for a kind that marts do not have."""
    try:
        schema = pq.read_schema(pa.BufferReader(content))
        texts = [column.name for column in schema if pa.types.is_string(column.type)]
        table = pq.read_table(pa.BufferReader(content), read_dictionary=texts, use_threads=False)
    except pa.ArrowException as error:
        raise UnreadableColumn(f"it is not Parquet ({error})") from error
    return {name: _decoded(name, _whole(table.column(name))) for name in table.column_names}


def frame(parts: Sequence[Columns]) -> pd.DataFrame:
    """The parts one after another, texts as categories over all their values; UnreadableColumn when they differ."""
    names = list(parts[0]) if parts else []
    for part in parts:
        if list(part) != names:
            raise UnreadableColumn(f"its columns are {', '.join(part)}, those of the first file {', '.join(names)}")
    return pd.DataFrame({name: _joined(name, [part[name] for part in parts]) for name in names}, copy=False)


def parts_of(frame: pd.DataFrame, rows: Sequence[int]) -> list[Columns]:
    """The parts of so many rows each that a frame was joined from, as views of it: they take no memory of their own."""
    columns = {str(name): _column(frame[name]) for name in frame}
    bounds = pairwise(accumulate(rows, initial=0))
    return [{name: column[first:last] for name, column in columns.items()} for first, last in bounds]


def row_count(part: Columns) -> int:
    """How many rows a part has."""
    return len(next(iter(part.values()), ()))


def release_memory() -> None:
    """Give what decoding and pages no longer need back to the system, which malloc does late or never."""
    # The C library of GNU has this; others keep less, and lack it.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _column(column: "pd.Series[Any]") -> Array | Texts:
    values = column.array
    return Texts(values.codes, tuple(values.categories)) if isinstance(values, pd.Categorical) else column.to_numpy()


def _whole(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _decoded(name: str, column: Any) -> Array | Texts:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return Texts(pc.fill_null(column.indices, -1).to_numpy(), tuple(column.dictionary.to_pylist()))
    if pa.types.is_date32(kind):
        return _ordinals(column)
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype="datetime64[us]")
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return _smallest(pc.fill_null(column.cast(pa.int64()), 0).to_numpy())
    raise UnreadableColumn(f"its column {name} is {kind}. Write DATE, TIMESTAMP, VARCHAR or BIGINT.")


def _ordinals(column: Any) -> Array:
    days = pc.fill_null(column.cast(pa.int32()), -_EPOCH).to_numpy()
    return np.asarray(days + _EPOCH, dtype=np.int32)


def _smallest(values: Array) -> Array:
    least, most = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    kind = next(kind for kind in _INTEGERS if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max)
    return values.astype(kind)


def _joined(name: str, parts: Sequence[Array | Texts]) -> "Array | pd.Categorical[Any]":
    texts = [part for part in parts if isinstance(part, Texts)]
    arrays = [part for part in parts if not isinstance(part, Texts)]
    if texts and arrays:
        raise UnreadableColumn(f"its column {name} is text in one file and not in another")
    return _categories(texts) if texts else np.concatenate(arrays)


def _categories(parts: Sequence[Texts]) -> "pd.Categorical[Any]":
    used = {(*part.values, NOWHERE)[code] for part in parts for code in pd.unique(part.codes)}
    place = {value: at for at, value in enumerate(sorted(used))}
    kind = next(kind for kind in _INTEGERS if len(place) <= np.iinfo(kind).max)
    # The last place of each lookup is where -1 points: to the id of those that have none.
    lookups = [np.array([place.get(value, -1) for value in (*part.values, NOWHERE)], dtype=kind) for part in parts]
    codes = np.concatenate([lookup[part.codes] for lookup, part in zip(lookups, parts, strict=True)])
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(place)), validate=False)
