"""The SQL that turns one batch of a source's columns, of whatever type, into canonical replica columns."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from data_access.settings import EntityMapping
from metrics.entities import Column, Entity

Form = Literal["text", "whole", "float", "decimal", "flag", "naive", "aware", "day", "nothing"]

_DATE = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_TIME = _DATE + r" [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?"
_ZONED = _TIME + r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_TRUE = "('true', '1', 'yes', 'y', 't', '是', '有效')"
_FALSE = "('false', '0', 'no', 'n', 'f', '否', '无效')"
_COMPOUND_SURNAMES = (
    "欧阳 司马 诸葛 上官 司徒 夏侯 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 东方 南宫 独孤 端木 轩辕 百里 呼延 澹台 闻人 申屠 太史 西门 公冶 宗政 "
    "濮阳 淳于 单于 仲孙 钟离 鲜于 闾丘 司空 赫连 拓跋 完颜 纳兰 第五 歐陽 司馬 諸葛 上官 司徒 夏侯 尉遲 東方 獨孤"
)
_MONEY = "DECIMAL(18,4)"
FUTURE_TOLERANCE = "INTERVAL 1 MINUTE"
RULES = 1  # counts up when rows would be understood differently, so that they are read again


@dataclass(frozen=True)
class Zones:
    """The time zone of the source's naive times and the one in which the group counts."""

    source: str
    group: str


def stored_columns(entity: Entity) -> dict[str, str]:
    """The columns of an entity's replica table with their DuckDB types, in order."""
    columns: dict[str, str] = {}
    for column in entity.columns:
        columns[column.name] = _STORED[column.kind]
        if is_day_aware(column):
            columns[f"{column.name}_day_only"] = "BOOLEAN"
        if column.kind == "person":
            columns["phone_ok"] = "BOOLEAN"
    return columns


def is_day_aware(column: Column) -> bool:
    """Whether the column is a time that may be known to the day only."""
    return column.kind == "time" and column.name != "updated_at"


def incoming_columns(entity: Entity, present: Iterable[str]) -> dict[str, str]:
    """The columns of the table batches are read into: those that are there, how their times were written, and faults."""
    columns = {name: kind for name, kind in stored_columns(entity).items() if name in present}
    for column in [one for one in entity.columns if one.name in present]:
        if is_day_aware(column):
            columns[f"_{column.name}"] = "VARCHAR"
        if column.kind == "person":
            columns["phone_ok"] = "BOOLEAN"
    return columns | {"_bad": "VARCHAR"}


def declared(columns: Mapping[str, str]) -> str:
    """Columns with their types as CREATE TABLE wants them."""
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())


def form_of(kind: pa.DataType) -> Form:
    """What a batch's Arrow column holds."""
    if pa.types.is_timestamp(kind):
        return "aware" if kind.tz else "naive"
    return _FORMS.get(kind, "decimal" if pa.types.is_decimal(kind) else "text")


def understood(table: pa.Table) -> tuple[pa.Table, dict[str, Form]]:
    """A batch with its texts trimmed, and what each of its columns holds."""
    forms = {field.name: form_of(field.type) for field in table.schema}
    for index, name in enumerate(table.column_names):
        if forms[name] == "text":
            table = table.set_column(index, name, pc.utf8_trim_whitespace(table.column(index)))
    return table, forms


def literal(value: Any) -> tuple[str, Form]:
    """A constant of the settings as SQL, and what it holds."""
    for kind, form in _LITERALS.items():
        if isinstance(value, kind):
            return _quoted(str(value)) + _CASTS.get(form, ""), form
    return _quoted(str(value)), "text"


def hmac_pads(key: bytes) -> dict[str, bytes]:
    """The two padded keys of HMAC-SHA256, as values to bind."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return {"inner": bytes(byte ^ 0x36 for byte in block), "outer": bytes(byte ^ 0x5C for byte in block)}


class Canonical:
    """Writes the SELECT for batches of one entity."""

    def __init__(self, entity: Entity, mapping: EntityMapping, zones: Zones) -> None:
        self.entity = entity
        self.mapping = mapping
        self.zones = zones

    def insert(self, forms: Mapping[str, Form]) -> str:
        """The INSERT of a table called batch, whose columns hold `forms`, into the table of incoming rows."""
        columns = [one for one in self.entity.columns if one.name in forms or one.name in self.mapping.constants]
        stored = self._stored(columns)
        names = ", ".join(_name(name) for name in stored)
        return f"INSERT INTO incoming_{self.entity.name} ({names}) {self._select(columns, forms, stored.values())}"

    def insert_keys(self, forms: Mapping[str, Form]) -> str:
        """The INSERT of a table called batch, which has rows numbered by n, id and stamp, into the table of keys."""
        columns = [self.entity.column("id"), self.entity.column("updated_at")]
        return f"INSERT INTO keys_{self.entity.name} {self._select(columns, forms, ['n', 'v_id', 'v_updated_at'], 'n')}"

    def _select(self, columns: Sequence[Column], forms: Mapping[str, Form], stored: Iterable[str], *more: str) -> str:
        """From what arrived to what is stored, a step of understanding after the other."""
        sources = {one.name: self._source(one, forms) for one in columns}
        timed = [(one, sources[one.name][1]) for one in columns if one.kind in ("time", "day")]
        steps = [
            f"SELECT {', '.join([*(f'{sql} AS {_name(name)}' for name, (sql, _) in sources.items()), *more])} FROM batch",
            _also(f"{_written(_name(one.name), form)} AS w_{one.name}" for one, form in timed),
            _also(f"{self._moment(one, form)} AS m_{one.name}" for one, form in timed),
            _also(f"{_person_key(one.name)} AS k_{one.name}" for one in columns if one.kind == "person"),
            _also(f"{self._value(one, sources[one.name][1])} AS v_{one.name}" for one in columns),
            f"SELECT {', '.join(stored)} FROM ",
        ]
        return reduce(lambda inner, step: f"{step}({inner})", [step for step in steps if step])

    def _source(self, column: Column, forms: Mapping[str, Form]) -> tuple[str, Form]:
        """A column's value before it is understood: blanks and codes resolved."""
        if column.name in self.mapping.constants:
            sql, form = literal(self.mapping.constants[column.name])
        else:
            sql, form = _name(column.name), forms.get(column.name, "nothing")
        if column.name in self.mapping.codes and form != "nothing":
            sql, form = _decoded(_text(sql, form), self.mapping.codes[column.name]), "text"
        if column.kind in ("text", "person", "grade", "flag"):
            return ("NULL::VARCHAR", "text") if form == "nothing" else (_text(sql, form), "text")
        if column.kind in ("time", "day"):
            return _time_source(sql, form)
        if form == "nothing":
            return "NULL::VARCHAR", form
        return (_text(sql, form), "text") if form == "text" else (sql, form)

    def _moment(self, column: Column, form: Form) -> str:
        zone = self.zones.source if column.name == "updated_at" else self.zones.group
        return _moment(_name(column.name), f"w_{column.name}", form, zone)

    def _value(self, column: Column, form: Form) -> str:
        name = _name(column.name)
        if column.kind in ("time", "day"):
            moment = f"CASE WHEN year(m_{column.name}) BETWEEN 1900 AND 9999 THEN m_{column.name} END"
            return f"CAST({moment} AS DATE)" if column.kind == "day" else moment
        if column.kind == "person":
            return f"CASE WHEN k_{column.name} IS NOT NULL THEN {_hashed(f'k_{column.name}')} END"
        plain = {"text": name, "grade": _grade(name), "flag": _flag(name)}
        return plain.get(column.kind) or _number(name, form, column.kind)

    def _stored(self, columns: Sequence[Column]) -> dict[str, str]:
        stored = {column.name: f"v_{column.name}" for column in columns}
        if "referrer_name" in stored:
            stored["referrer_name"] = _surname_only("v_referrer_kind" if "referrer_kind" in stored else "''")
        for column in columns:
            if column.kind == "person":
                stored["phone_ok"] = f"coalesce(regexp_full_match(k_{column.name}, '1[3-9][0-9]{{9}}'), false)"
            if is_day_aware(column):
                stored[f"_{column.name}"] = f"w_{column.name}"
        return stored | {"_bad": self._bad(columns)}

    def _bad(self, columns: Sequence[Column]) -> str:
        """What is wrong with a row as column=reason, column=reason …; nothing for a good one."""
        faults = [fault for column in columns for fault in self._faults(column)]
        tests = " OR ".join(test for test, _ in faults)
        named = ", ".join(f"CASE WHEN {test} THEN '{fault}' END" for test, fault in faults)
        return f"CASE WHEN {tests} THEN concat_ws(',', {named}) ELSE '' END" if faults else "''"

    def _faults(self, column: Column) -> list[tuple[str, str]]:
        name, value, faults = _name(column.name), f"v_{column.name}", []
        if column.kind not in ("text", "person", "grade"):
            faults.append((f"{name} IS NOT NULL AND {value} IS NULL", f"{column.name}=unreadable"))
        if column.required and (column.name == "id" or column.kind in ("time", "day")):
            faults.append((f"{name} IS NULL", f"{column.name}=missing"))
        if column.name == "amount" and self.entity.name in ("subscription", "contract"):
            faults.append((f"{value} < 0", "amount=negative"))
        if column.name == "updated_at":
            faults.append((f"{value} > $clock::TIMESTAMP + {FUTURE_TOLERANCE}", "updated_at=in the future"))
        return faults


def _surname_only(kind: str) -> str:
    """Whoever is not known to be a broker or an employee may be an owner and keeps the surname only."""
    compounds = ", ".join(_quoted(name) for name in sorted(set(_COMPOUND_SURNAMES.split())))
    letters = f"CASE WHEN left(v_referrer_name, 2) IN ({compounds}) THEN 2 ELSE 1 END"
    is_staff = f"lower({kind}) IN ('broker', 'employee')"
    return f"CASE WHEN {is_staff} THEN v_referrer_name ELSE left(v_referrer_name, {letters}) END"


def zoned(value: str, zones: Zones) -> str:
    """A naive source time in the group's zone."""
    if zones.source == zones.group:
        return value
    return f"({value} AT TIME ZONE {_quoted(zones.source)} AT TIME ZONE {_quoted(zones.group)})"


def _also(columns: Iterable[str]) -> str:
    listed = ", ".join(columns)
    return f"SELECT *, {listed} FROM " if listed else ""


def _name(column: str) -> str:
    return f'"{column}"'


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _text(sql: str, form: Form) -> str:
    """Text with what stands for nothing as NULL; a number that is whole has no decimals."""
    if form == "text":
        return f"CASE WHEN {sql} NOT IN ('', 'NULL', 'null', 'None') THEN {sql} END"
    if form in ("float", "decimal"):
        whole = f"{sql} = trunc({sql}) AND abs({sql}) < 1e18"
        return f"CASE WHEN {whole} THEN CAST(TRY_CAST({sql} AS HUGEINT) AS VARCHAR) ELSE {_decimals(sql, form)} END"
    return f"CAST({sql} AS VARCHAR)"


def _decimals(sql: str, form: Form) -> str:
    return f"rtrim(CAST({sql} AS VARCHAR), '0')" if form == "decimal" else f"CAST({sql} AS VARCHAR)"


def _decoded(sql: str, codes: Mapping[str, Any]) -> str:
    cases = "".join(f" WHEN {_quoted(code)} THEN {_quoted(str(value))}" for code, value in codes.items() if code != "*")
    other = f"CASE WHEN {sql} IS NOT NULL THEN {_quoted(str(codes['*']))} END" if "*" in codes else sql
    return f"CASE {sql}{cases or ' WHEN NULL THEN NULL'} ELSE {other} END"


def _time_source(sql: str, form: Form) -> tuple[str, Form]:
    """A time before it is understood; a zero date or a number 0 is nothing."""
    if form == "nothing":
        return "NULL::TIMESTAMP", "naive"
    if form in ("naive", "aware", "day"):
        return sql, form
    plain = f"translate({_text(sql, form)}, '/T', '- ')"
    return f"CASE WHEN NOT regexp_matches({plain}, '^(0+$|0000-0|0001-0?1-0?1)') THEN {plain} END", "text"


def _written(name: str, form: Form) -> str:
    if form != "text":
        return f"CASE WHEN {name} IS NOT NULL THEN '{form}' END"
    return (
        f"CASE WHEN regexp_full_match({name}, '{_TIME}') THEN 'naive' "
        f"WHEN regexp_full_match({name}, '{_DATE}') THEN 'day' "
        f"WHEN regexp_full_match({name}, '{_ZONED}') THEN 'aware' "
        f"WHEN regexp_full_match({name}, '[0-9]{{8}}') THEN 'day' "
        f"WHEN regexp_full_match({name}, '[0-9]{{14}}') THEN 'naive' "
        f"WHEN regexp_full_match({name}, '[0-9]{{9,16}}([.][0-9]+)?') THEN 'epoch' END"
    )


def _moment(name: str, written: str, form: Form, zone: str) -> str:
    """A time as a naive TIMESTAMP: as it stands when written without zone, else in `zone`."""
    if form == "aware":
        return f"({name} AT TIME ZONE {_quoted(zone)})"
    if form != "text":
        return f"CAST({name} AS TIMESTAMP)"
    digits = f"split_part({name}, '.', 1)"
    unit = f"CASE WHEN length({digits}) < 12 THEN 1e6 WHEN length({digits}) < 15 THEN 1e3 ELSE 1 END"
    epoch = f"make_timestamp(CAST(TRY_CAST({name} AS DECIMAL(28,6)) * {unit} AS BIGINT))"
    compact = (
        f"concat({name}[1:4], '-', {name}[5:6], '-', {name}[7:8], "
        f"CASE WHEN length({name}) = 14 THEN concat(' ', {name}[9:10], ':', {name}[11:12], ':', {name}[13:14]) ELSE '' END)"
    )
    plain = f"CASE WHEN contains({name}, '-') THEN {name} ELSE {compact} END"
    return (
        f"CASE WHEN {written} IN ('naive', 'day') THEN TRY_CAST({plain} AS TIMESTAMP) "
        f"WHEN {written} = 'aware' THEN TRY_CAST({name} AS TIMESTAMPTZ) AT TIME ZONE {_quoted(zone)} "
        f"WHEN {written} = 'epoch' THEN {epoch} AT TIME ZONE 'UTC' AT TIME ZONE {_quoted(zone)} END"
    )


def _person_key(column: str) -> str:
    """The text a person is known by, before it is hashed: phone digits, or any text with a digit other than 0."""
    name = _name(column)
    digits = f"regexp_replace({name}, '[^0-9]', '', 'g')"
    reduced = f"regexp_replace({digits}, '^(00)?86([0-9]{{11}})$', '\\2')"
    return (
        f"CASE WHEN regexp_full_match({name}, '1[3-9][0-9]{{9}}') THEN {name} "
        f"WHEN NOT regexp_matches({name}, '[0-9]') OR regexp_full_match({name}, '[-+() 0]+') THEN NULL "
        f"WHEN regexp_full_match({name}, '[-+() 0-9]+') THEN {reduced} ELSE {name} END"
    )


def _hashed(key: str) -> str:
    return f"left(sha256($outer::BLOB || unhex(sha256($inner::BLOB || encode({key})))), 32)"


def _grade(name: str) -> str:
    return f"CASE WHEN upper({name}) IN ('A', 'B', 'C', 'D') THEN upper({name}) END"


def _flag(name: str) -> str:
    return f"CASE WHEN lower({name}) IN {_TRUE} THEN true WHEN lower({name}) IN {_FALSE} THEN false END"


def _number(name: str, form: Form, kind: str) -> str:
    """An exact amount, a whole number or a finite number; NULL when the value is none."""
    if form == "nothing":
        return f"NULL::{_STORED[kind]}"
    plain = f"translate({name}, ',，¥￥元 ', '')" if form == "text" else name
    if kind == "money":
        return f"TRY_CAST({plain} AS {_MONEY})"
    if kind == "number":
        return f"CASE WHEN isfinite(TRY_CAST({plain} AS DOUBLE)) THEN TRY_CAST({plain} AS DOUBLE) END"
    exact = f"TRY_CAST({plain} AS DECIMAL(28,6))"
    return f"CASE WHEN {exact} = trunc({exact}) THEN TRY_CAST({exact} AS BIGINT) END"


_STORED: Mapping[str, str] = {
    "text": "VARCHAR",
    "time": "TIMESTAMP",
    "day": "DATE",
    "money": _MONEY,
    "whole": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "person": "VARCHAR",
    "grade": "VARCHAR",
}
_FORMS: Mapping[pa.DataType, Form] = {
    pa.string(): "text",
    pa.int64(): "whole",
    pa.float64(): "float",
    pa.bool_(): "flag",
    pa.date32(): "day",
    pa.null(): "nothing",
}
_LITERALS: Mapping[type, Form] = {
    bool: "flag",
    int: "whole",
    Decimal: "decimal",
    datetime: "text",
    date: "day",
}
_CASTS: Mapping[Form, str] = {
    "flag": "::BOOLEAN",
    "whole": "::BIGINT",
    "decimal": "::DECIMAL(38,10)",
    "day": "::DATE",
}
