"""Settings: a TOML text and the environment, read once into frozen values."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_type_hints
from zoneinfo import available_timezones

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from metrics.closing import WEEKDAYS
from metrics.duels import KEYS as DUEL_KEYS
from metrics.entities import ENTITIES, LIVE, Entity
from metrics.nearest import nearest
from metrics.periods import Span
from metrics.scenes import SCENE_KEYS, SLIDE_KEYS
from metrics.scope import Sight
from metrics.sheets import LINES

Reader = Callable[[Any, Path], Any]
Network = IPv4Network | IPv6Network

FACE_DATA = re.compile(r"(?<!inter)(?<!sur)(?<!type)(?<!pre)face(?!book|t)|facial|人脸|面部|刷脸|人像", re.IGNORECASE)


_HOST = re.compile(r"[A-Za-z0-9.:/_+-]+")

_SAMPLE = re.compile(r"change.?me|example|sample|secret|password|warboard|default|123456|abcdef|qwerty", re.IGNORECASE)


class SettingError(Exception):
    """A setting that cannot be used; the message names the key, the value and the way out."""


class _UnfitError(Exception):
    """A value its reader refuses; the message is the way out."""


def refuse_face_data(key: str, words: Iterable[str]) -> None:
    """Raise SettingError when any of the words names face data."""
    for word in words:
        if found := FACE_DATA.search(word):
            raise SettingError(
                f"{key} names face data ({found.group()!r}). Warboard never reads it: leave that column out."
            )


def _text(value: Any, folder: Path) -> str:
    if not isinstance(value, str):
        raise _UnfitError("Give a text in quotes.")
    return value


def _flag(value: Any, folder: Path) -> bool:
    if not isinstance(value, bool):
        raise _UnfitError("Give true or false.")
    return value


def _whole(least: int, most: int | None = None) -> Reader:
    def read(value: Any, folder: Path) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least or (most and value > most):
            raise _UnfitError(f"Give a whole number from {least}" + (f" to {most}." if most else " up."))
        return value

    return read


def _amount(value: Any, folder: Path) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite() or value <= 0:
        raise _UnfitError("Give a number above 0, or leave it out.")
    return Decimal(value)


def _share(value: Any, folder: Path) -> Decimal | None:
    share = _amount(value, folder)
    if share is not None and share > 1:
        raise _UnfitError("Give a share above 0 and up to 1, such as 0.2 for 20 %.")
    return share


def _choice(*choices: str) -> Reader:
    def read(value: Any, folder: Path) -> str:
        if value not in choices:
            raise _UnfitError(f"Give one of: {', '.join(choices)}.")
        return str(value)

    return read


def _zone(value: Any, folder: Path) -> str:
    if not isinstance(value, str) or value not in available_timezones():
        close = get_close_matches(str(value), available_timezones(), n=1)
        raise _UnfitError(f"Give a time zone such as {close[0] if close else 'Asia/Shanghai'}.")
    return value


def _time_of_day(value: Any, folder: Path) -> time:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise _UnfitError('Give a time of day such as "03:00".')
    return time.fromisoformat(value)


def _day(value: Any, folder: Path) -> date | None:
    if value == "":
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _UnfitError("Give a day such as 2027-01-01, or an empty text.") from None


def _networks(value: Any, folder: Path) -> tuple[Network, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _UnfitError("Give a list of addresses or networks in quotes.")
    try:
        return tuple(ip_network(one) for one in value)
    except ValueError as error:
        raise _UnfitError(f"{error}. Give addresses or networks such as 10.0.0.8 or 10.0.0.0/24.") from None


def _path(value: Any, folder: Path) -> Path:
    if not isinstance(value, str) or not value:
        raise _UnfitError("Give a path in quotes.")
    return folder / value


def _pack(value: Any, folder: Path) -> str:
    name = _text(value, folder)
    return str(folder / name) if name.endswith(".toml") else name


def _key(value: Any, folder: Path) -> str:
    if value != "" and (not isinstance(value, str) or _is_guessable(value)):
        raise _UnfitError("Give a random text of 16 characters or more, such as `openssl rand -hex 24` prints.")
    return str(value)


def _is_guessable(key: str) -> bool:
    return len(key) < 16 or len(set(key)) < 6 or bool(_SAMPLE.search(key))


def _url(value: Any, folder: Path) -> str:
    if value == "":
        return ""
    try:
        url = make_url(_text(value, folder))
    except (ArgumentError, ValueError):
        raise _UnfitError("Give a database URL such as postgresql+psycopg://reader@crm/sales.") from None
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith((":memory:", "file:")):
        url = url.set(database=str(folder / url.database))
    return url.render_as_string(hide_password=False)


def _address(value: Any, folder: Path) -> str:
    """An address that secrets may be sent to: https, or this very machine."""
    address = _text(value, folder).rstrip("/")
    if address and not re.match(r"https://[^/]|http://(localhost|127\.0\.0\.1)(:|/|$)", address):
        raise _UnfitError("Give an address that begins with https://.")
    return address


def _texts(value: Any, folder: Path) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
        raise _UnfitError('Give a table of texts such as { "a" = "b" }.')
    return MappingProxyType(dict(value))


def _hours(value: Any, folder: Path) -> tuple[time, time] | None:
    """Two times of day, such as "21:30-08:00"; None for an empty text."""
    if value == "":
        return None
    first, dash, last = value.partition("-") if isinstance(value, str) else ("", "", "")
    try:
        return _time_of_day(first.strip(), folder), _time_of_day(last.strip(), folder)
    except _UnfitError:
        raise _UnfitError('Give two times of day such as "21:30-08:00", or an empty text.') from None


def _weekly(value: Any, folder: Path) -> tuple[int, time] | None:
    """A weekday from Monday = 0 and a time of day, such as "wednesday 09:00"; None for an empty text."""
    if value == "":
        return None
    day, _, hour = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if day not in WEEKDAYS:
        raise _UnfitError('Give a weekday and a time such as "wednesday 09:00", or an empty text.')
    return WEEKDAYS.index(day), _time_of_day(hour.strip(), folder)


def _hosts(value: Any, folder: Path) -> tuple[str, ...]:
    """Names of hosts, or addresses and networks that may be reached although they are private."""
    if not isinstance(value, list) or not all(isinstance(one, str) and _HOST.fullmatch(one) for one in value):
        raise _UnfitError('Give a list of hosts such as ["qyapi.weixin.qq.com", "10.0.0.8"].')
    return tuple(one.lower() for one in value)


def _prices(value: Any, folder: Path) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(one) is int and one > 0 for one in value) or sorted(value) != value:
        raise _UnfitError("Give a rising list of amounts in yuan, such as [1500000, 3000000].")
    return tuple(value)


def _mailbox(value: Any, folder: Path) -> str:
    told = _text(value, folder)
    if told and not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", told):
        raise _UnfitError("Give one mail address such as warboard@example.com.")
    return told


def _proxy(value: Any, folder: Path) -> str:
    told = _text(value, folder).rstrip("/")
    if told and not re.match(r"https?://[^/\s]+$", told):
        raise _UnfitError("Give the address of a proxy such as http://proxy:3128.")
    return told


def _roles(*roles: str) -> Reader:
    def read(value: Any, folder: Path) -> Mapping[str, str]:
        told = _texts(value, folder)
        if unknown := [name for name, role in told.items() if role not in roles]:
            raise _UnfitError(f"{unknown[0]!r} has none of the roles: {', '.join(roles)}. Give it one.")
        return told

    return read


def _spans(value: Any, folder: Path) -> Mapping[str, Span]:
    """Days from first to last by project."""
    way_out = 'Give a table of projects such as { "101" = { first = 2026-03-01, last = 2026-06-30 } }.'
    if not isinstance(value, Mapping):
        raise _UnfitError(way_out)
    found = {}
    for project, days in value.items():
        if not isinstance(days, Mapping) or set(days) != {"first", "last"}:
            raise _UnfitError(way_out)
        first, last = (_day(days[name], folder) for name in ("first", "last"))
        if first is None or last is None or last < first:
            raise _UnfitError(f"The days of {project!r} are not in order. {way_out}")
        found[project] = Span(first, last)
    return MappingProxyType(found)


def _weights(*names: str) -> Reader:
    def read(value: Any, folder: Path) -> Mapping[str, int]:
        if not isinstance(value, Mapping) or set(value) - set(names):
            raise _UnfitError(f"Give a table of weights of: {', '.join(names)}.")
        read_one = _whole(0, 100)
        found = {name: read_one(value.get(name, 0), folder) for name in names}
        if not any(found.values()):
            raise _UnfitError("Give at least one of them a weight above 0.")
        return MappingProxyType(found)

    return read


@dataclass(frozen=True)
class Setting:
    """What is known about one setting: its default as written in TOML, its reader, meaning and environment name."""

    default: Any
    read: Reader
    meaning: str
    env: str = ""


@dataclass(frozen=True)
class Group:
    """Whose dashboard this is, and how it speaks."""

    name: Annotated[str, Setting("营销集团", _text, "Name of the group, shown in headings")]
    time_zone: Annotated[str, Setting("Asia/Shanghai", _zone, "Time zone in which days and weeks are counted")]
    language: Annotated[str, Setting("zh", _choice("zh", "en"), "Language people see first: zh or en")]
    up_is_red: Annotated[bool, Setting(True, _flag, "true: rising figures are red, falling ones green, as in China")]


@dataclass(frozen=True)
class SourceSettings:
    """The operational database that is read."""

    url: Annotated[
        str, Setting("", _url, "SQLAlchemy URL of a read-only account; required to serve", env="WARBOARD_SOURCE_URL")
    ] = field(repr=False)
    time_zone: Annotated[str, Setting("Asia/Shanghai", _zone, "Time zone of the source's times without zone")]
    statement_timeout_seconds: Annotated[
        int, Setting(60, _whole(1), "Seconds after which the source gives up a statement")
    ]
    allow_writable: Annotated[bool, Setting(False, _flag, "true: serve although the source account may write")]


@dataclass(frozen=True)
class Refresh:
    """How often the source is read, and how thoroughly."""

    every_seconds: Annotated[int, Setting(15, _whole(1), "Seconds between two refreshes")]
    overlap_minutes: Annotated[
        int, Setting(10, _whole(0), "Minutes read again before the newest stamp, for late commits")
    ]
    compare_every_seconds: Annotated[
        int, Setting(600, _whole(1), "Seconds between whole comparisons of big unstamped entities")
    ]
    keys_every_seconds: Annotated[int, Setting(3600, _whole(1), "Seconds between comparisons of all ids and stamps")]
    full_at: Annotated[time, Setting("03:00", _time_of_day, "Time of day of the nightly whole comparison")]
    guard_fall: Annotated[
        Decimal, Setting(Decimal("0.2"), _share, "Share by which rows of closed days may fall before a human is asked")
    ]


@dataclass(frozen=True)
class Store:
    """Where people, boards, alerts and pointers are kept."""

    url: Annotated[
        str,
        Setting("sqlite:///var/warboard.db", _url, "SQLAlchemy URL of Warboard's own store", env="WARBOARD_STORE_URL"),
    ] = field(repr=False)


@dataclass(frozen=True)
class ReplicaSettings:
    """The embedded copy of the source."""

    path: Annotated[Path, Setting("var/replica.duckdb", _path, "DuckDB file that holds the entities")]


@dataclass(frozen=True)
class Snapshots:
    """Published snapshots."""

    dir: Annotated[Path, Setting("var/snapshots", _path, "Folder of the published snapshots")]
    keep: Annotated[int, Setting(5, _whole(2), "Number of snapshots kept")]


@dataclass(frozen=True)
class Server:
    """The web server."""

    host: Annotated[str, Setting("127.0.0.1", _text, "Address to listen on")]
    port: Annotated[int, Setting(8050, _whole(1, 65535), "Port to listen on")]
    workers: Annotated[int, Setting(1, _whole(1), "Web processes")]
    threads: Annotated[int, Setting(8, _whole(1), "Threads per web process")]
    proxies: Annotated[
        tuple[Network, ...],
        Setting(
            ["127.0.0.1", "::1"],
            _networks,
            "Addresses or networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed",
        ),
    ]
    requests_per_minute: Annotated[
        int, Setting(1200, _whole(60), "Requests a person or screen may make of one web process in a minute")
    ]
    metrics_token: Annotated[
        str, Setting("", _key, "Token that opens /metrics; empty: this machine only", env="WARBOARD_METRICS_TOKEN")
    ] = field(repr=False)


@dataclass(frozen=True)
class Security:
    """Keys, how people prove who they are, and how long the audit is kept."""

    key_file: Annotated[
        Path, Setting("var/warboard.key", _path, "File with the key that hashes phones, made at install")
    ]
    person_key: Annotated[
        str,
        Setting(
            "", _key, "Key that hashes phones, instead of key_file; give it by environment", env="WARBOARD_PERSON_KEY"
        ),
    ] = field(repr=False)
    totp: Annotated[
        bool,
        Setting(
            False, _flag, "true: admin, leader and head also give a code from an authenticator app when they sign in"
        ),
    ]
    audit_days: Annotated[int, Setting(400, _whole(180), "Days the audit is kept, at least 180")]


@dataclass(frozen=True)
class Windows:
    """Days a customer has for the next step."""

    re_entry_days: Annotated[int, Setting(180, _whole(1), "Days after which a returning person is a new lead")]
    visit_days: Annotated[int, Setting(30, _whole(0), "Days from lead to first visit")]
    subscription_days: Annotated[int, Setting(30, _whole(0), "Days from first visit to subscription")]
    contract_days: Annotated[int, Setting(15, _whole(0), "Days from subscription to contract")]


@dataclass(frozen=True)
class OverdueDays:
    """Days without follow-up after which an active lead is overdue, by grade."""

    A: Annotated[int, Setting(1, _whole(1), "Days without follow-up after which a grade-A lead is overdue")]
    B: Annotated[int, Setting(3, _whole(1), "The same for grade B")]
    C: Annotated[int, Setting(7, _whole(1), "The same for grade C")]
    D: Annotated[int, Setting(15, _whole(1), "The same for grade D and for leads without grade")]


@dataclass(frozen=True)
class Gap:
    """Inputs of the target gap."""

    target: Annotated[Decimal | None, Setting(None, _amount, "Sales target of the year, in yuan")]
    average_price: Annotated[Decimal | None, Setting(None, _amount, "Average price of a sale, in yuan")]
    conversion: Annotated[Decimal | None, Setting(None, _share, "Share of customers who sign, such as 0.042")]


@dataclass(frozen=True)
class AlertSettings:
    """What becomes of alerts that nobody takes."""

    unclaimed_hours: Annotated[
        int, Setting(24, _whole(0), "Hours after which a red alert that nobody took goes one level up, once; 0: never")
    ]


@dataclass(frozen=True)
class RecordChecking:
    """How the record rules are run and judged."""

    every_minutes: Annotated[int, Setting(10, _whole(1), "Minutes between two runs of the record rules, at least")]
    min_decided: Annotated[
        int, Setting(10, _whole(1), "Findings of a rule that must be decided before its precision is shown")
    ]


@dataclass(frozen=True)
class Walls:
    """How walls behave."""

    celebration_seconds: Annotated[int, Setting(12, _whole(3, 120), "Seconds a new contract is celebrated")]
    quiet_from: Annotated[time, Setting("21:00", _time_of_day, "Time of day from which nothing is celebrated")]
    quiet_until: Annotated[time, Setting("08:00", _time_of_day, "Time of day until which nothing is celebrated")]
    dim_from: Annotated[time, Setting("22:00", _time_of_day, "Time of day from which screens are dimmed")]
    dim_until: Annotated[time, Setting("06:00", _time_of_day, "Time of day until which screens are dimmed")]
    roaming: Annotated[
        bool, Setting(False, _flag, "true: a paired screen may move to another network than it was paired from")
    ]
    reload_at: Annotated[
        time, Setting("03:30", _time_of_day, "Quiet time of day at which screens reload once, within 20 min")
    ]


@dataclass(frozen=True)
class BoardSettings:
    """When boards close and are published, who sees what of them, and what follows from them."""

    closes_on: Annotated[str, Setting("monday", _choice(*WEEKDAYS), "Weekday on which the week before closes")]
    closes_at: Annotated[time, Setting("08:00", _time_of_day, "Time of day at which it closes")]
    backfill_weeks: Annotated[
        int, Setting(0, _whole(0, 104), "Weeks before the first that are published too when boards begin")
    ]
    lower_half: Annotated[
        str,
        Setting(
            "everybody",
            _choice("everybody", "own", "leaders"),
            "Who sees the lower half of a board: everybody; own: projects see the upper half and themselves; leaders",
        ),
    ]
    reward_per_referral: Annotated[Decimal | None, Setting(None, _amount, "What a referral earns, in yuan")]
    reward_per_contract: Annotated[Decimal | None, Setting(None, _amount, "What a referred contract earns, in yuan")]
    keep_from: Annotated[
        int, Setting(3, _whole(1), "Referrals in a quarter from which a referrer is to be kept in touch with")
    ]
    exempt: Annotated[
        Mapping[str, Span],
        Setting({}, _spans, "Pilots that are shown unranked: project = first and last day; outside streaks and awards"),
    ]
    sheet_weights: Annotated[
        Mapping[str, int], Setting(dict(LINES), _weights(*LINES), "Weights of the lines of a head's yearly sheet")
    ]


@dataclass(frozen=True)
class ScopeSettings:
    """How far each role sees numbers; customers and alerts never reach beyond the own project."""

    head: Annotated[
        Sight, Setting("project", _choice("project", "group"), "How far a project head sees numbers: project or group")
    ]
    champion: Annotated[
        Sight,
        Setting("project", _choice("project", "group"), "How far a digital champion sees numbers: project or group"),
    ]
    salesperson: Annotated[
        Sight, Setting("own", _choice("own", "project"), "How far a salesperson sees numbers: own or project")
    ]
    peers_open_from: Annotated[
        date | None, Setting("", _day, "Day from which projects see each other's aggregates; empty: never")
    ]


_ASSIGNED = ("leader", "head", "champion", "salesperson", "viewer")
"""The roles that a table of the source may give; administrators are made by hand."""


@dataclass(frozen=True)
class PeopleSettings:
    """People brought by the source's staff table."""

    from_staff: Annotated[
        bool, Setting(False, _flag, "true: `python app.py people sync` takes people from the source's staff table")
    ]
    roles: Annotated[
        Mapping[str, str],
        Setting(
            {},
            _roles(*_ASSIGNED),
            'Role in the staff table = role here; "*" is any other; who has none does not come in',
        ),
    ]
    account: Annotated[
        str,
        Setting("none", _choice("none", "id", "name"), "Column of staff that is a person's account: none, id or name"),
    ]


@dataclass(frozen=True)
class Oidc:
    """The company's own sign-in, spoken to by OpenID Connect."""

    issuer: Annotated[str, Setting("", _address, "Address of the OpenID Connect provider; empty: no single sign-on")]
    client_id: Annotated[str, Setting("", _text, "What the provider calls Warboard")]
    client_secret: Annotated[
        str,
        Setting("", _text, "Secret the provider gave; give it by environment", env="WARBOARD_OIDC_SECRET"),
    ] = field(repr=False)
    label: Annotated[str, Setting("", _text, "What stands on the button of the sign-in page; empty: 统一登录")]
    scope: Annotated[str, Setting("openid profile", _text, "Scopes that are asked for")]
    person_claim: Annotated[
        str,
        Setting(
            "preferred_username", _text, "Claim that is a person's account; one that people cannot change themselves"
        ),
    ]
    role_claim: Annotated[str, Setting("groups", _text, "Claim that holds a person's groups or roles")]
    roles: Annotated[
        Mapping[str, str],
        Setting(
            {}, _roles(*_ASSIGNED, "admin"), "Group = role, the first that fits; empty: roles are given by hand alone"
        ),
    ]
    project_claim: Annotated[str, Setting("", _text, "Claim that names the project, for roles that need one")]
    projects: Annotated[
        Mapping[str, str], Setting({}, _texts, "Value of that claim = id of a project; empty: the value is the id")
    ]
    staff_claim: Annotated[str, Setting("", _text, "Claim that holds the staff id in the source, for salespeople")]
    create: Annotated[
        bool, Setting(False, _flag, "true: who is unknown but has a role by `oidc.roles` is added when they sign in")
    ]


@dataclass(frozen=True)
class Wecom:
    """Signing in from within WeCom (企业微信)."""

    corp_id: Annotated[str, Setting("", _text, "Id of the company in WeCom; empty: no sign-in from WeCom")]
    agent_id: Annotated[str, Setting("", _text, "Id of the application in WeCom")]
    secret: Annotated[
        str, Setting("", _text, "Secret of the application; give it by environment", env="WARBOARD_WECOM_SECRET")
    ] = field(repr=False)
    api_url: Annotated[
        str,
        Setting(
            "https://qyapi.weixin.qq.com", _address, "Address of WeCom's interface; your own where it runs in-house"
        ),
    ]
    authorize_url: Annotated[
        str,
        Setting(
            "https://open.weixin.qq.com/connect/oauth2/authorize", _address, "Page of WeCom that says who is asking"
        ),
    ]


@dataclass(frozen=True)
class Messages:
    """What is told to people outside of the pages, and what may leave the house for it."""

    address: Annotated[
        str, Setting("", _address, "How people reach Warboard, for links in messages; empty: messages without links")
    ]
    allow: Annotated[
        tuple[str, ...],
        Setting(
            ["qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn"],
            _hosts,
            "Hosts messages may be sent to by https; an address or network in here may be private; `tgram://` lets Apprise use that service",
        ),
    ]
    quiet_hours: Annotated[
        tuple[time, time] | None,
        Setting("21:30-08:00", _hours, "Hours in which only red alerts are sent, the rest afterwards; empty: none"),
    ]
    proxy: Annotated[
        str,
        Setting(
            "", _proxy, "Proxy through which messages leave, such as http://proxy:3128", env="WARBOARD_MESSAGES_PROXY"
        ),
    ] = field(repr=False)
    good_news: Annotated[
        bool, Setting(True, _flag, "true: robots tell every new contract (喜报), without its customer")
    ]
    good_news_amounts: Annotated[bool, Setting(False, _flag, "true: 喜报 names the amount, in messages and pictures")]
    timeout_seconds: Annotated[int, Setting(10, _whole(1, 60), "Seconds a receiver has to take a message")]
    give_up_days: Annotated[int, Setting(3, _whole(1, 30), "Days after which a message nobody takes counts as failed")]
    keep_days: Annotated[int, Setting(90, _whole(7), "Days a message stays on the outbox page")]


@dataclass(frozen=True)
class Mail:
    """The server that takes mail to people."""

    host: Annotated[str, Setting("", _text, "Name of the mail server; empty: nobody gets mail")]
    port: Annotated[int, Setting(587, _whole(1, 65535), "Port of the mail server")]
    security: Annotated[
        str, Setting("starttls", _choice("starttls", "tls", "none"), "How mail is encrypted: starttls, tls or none")
    ]
    user: Annotated[str, Setting("", _text, "Account on the mail server; empty: none is asked for")]
    password: Annotated[
        str, Setting("", _text, "Its password; give it by environment", env="WARBOARD_MAIL_PASSWORD")
    ] = field(repr=False)
    sender: Annotated[str, Setting("", _mailbox, "Address that mail comes from")]


@dataclass(frozen=True)
class Peers:
    """Whom a project is compared with in the weekly packet of its head."""

    groups: Annotated[
        Mapping[str, str],
        Setting({}, _texts, "Project id = peer group; before the source's peer_group, which is before the derived one"),
    ]
    city_tiers: Annotated[
        Mapping[str, str], Setting({}, _texts, "City = tier, for derived groups; a city not named is its own tier")
    ]
    price_bands: Annotated[
        tuple[int, ...],
        Setting(
            [1_500_000, 3_000_000], _prices, "Average prices in yuan at which a new band begins, for derived groups"
        ),
    ]
    weekly_at: Annotated[
        tuple[int, time] | None,
        Setting("thursday 09:00", _weekly, "When the packet is sent beside the one after the boards; empty: never"),
    ]
    min_leads: Annotated[int, Setting(20, _whole(1), "Leads both projects need before they are compared")]


ROBOT_KINDS = ("wecom", "dingtalk", "feishu", "webhook", "apprise")
ROBOT_KEYS = {
    "name": "Name of the robot, letters, digits, - and _; it stands on the outbox page",
    "kind": f"{', '.join(ROBOT_KINDS)}",
    "url": "Address the messenger gave, or by environment as WARBOARD_ROBOT_<NAME>_URL",
    "secret": "Secret that signs (dingtalk, feishu, webhook), or by environment as WARBOARD_ROBOT_<NAME>_SECRET",
    "audience": 'Who reads it: ["leaders"], ["admins"] (what concerns the source) or ids of projects',
    "urls": "Project id = address, instead of url and audience: one robot for each project",
    "secrets": "Project id = secret, with urls",
}
LEADERS, ADMINS = "leaders", "admins"


@dataclass(frozen=True)
class Robot:
    """A robot in a group chat; audience is leaders, admins or ids of projects, all of whose people may read it."""

    name: str
    kind: str
    url: str = field(repr=False)
    audience: tuple[str, ...]
    secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class EntityMapping:
    """How one entity is read from the source: a SELECT of its own, or a table with its columns."""

    entity: str
    query: str = ""
    table: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    day_only: tuple[str, ...] = ()
    timed: tuple[str, ...] = ()


MAPPING_KEYS = {
    "query": "SELECT that returns canonical columns",
    "table": "Table to read, instead of a query",
    "columns": "Canonical column = source column, with table",
    "constants": "Canonical column = one value for all rows",
    "codes": 'Canonical column = { source code = value }; "*" is any other code',
    "day_only": "Time columns known to the day only",
    "timed": "Time columns whose midnights are real times",
}
_SECTIONS: Mapping[str, type] = {
    "group": Group,
    "source": SourceSettings,
    "refresh": Refresh,
    "store": Store,
    "replica": ReplicaSettings,
    "snapshots": Snapshots,
    "server": Server,
    "security": Security,
    "windows": Windows,
    "overdue_days": OverdueDays,
    "gap": Gap,
    "alerts": AlertSettings,
    "checks": RecordChecking,
    "walls": Walls,
    "boards": BoardSettings,
    "scope": ScopeSettings,
    "people": PeopleSettings,
    "oidc": Oidc,
    "wecom": Wecom,
    "messages": Messages,
    "mail": Mail,
    "peers": Peers,
}


@dataclass(frozen=True)
class Settings:
    """Everything Warboard can be told, with defaults filled in and paths made absolute."""

    pack: Annotated[str, Setting("property", _pack, "Built-in pack, or the path of a pack's TOML file")]
    group: Group
    source: SourceSettings
    refresh: Refresh
    store: Store
    replica: ReplicaSettings
    snapshots: Snapshots
    server: Server
    security: Security
    windows: Windows
    overdue_days: OverdueDays
    gap: Gap
    alerts: AlertSettings
    checks: RecordChecking
    walls: Walls
    boards: BoardSettings
    scope: ScopeSettings
    people: PeopleSettings
    oidc: Oidc
    wecom: Wecom
    messages: Messages
    mail: Mail
    peers: Peers
    robots: tuple[Robot, ...]
    rules: Mapping[str, Mapping[str, Any]]
    record_rules: Mapping[str, Mapping[str, Any]]
    scenes: Mapping[str, Any]
    duels: Mapping[str, Any]
    entities: Mapping[str, EntityMapping]
    contact: EntityMapping | None = None
    browsing: EntityMapping | None = None

    @classmethod
    def read(cls, toml_text: str, env: Mapping[str, str], *, folder: Path | None = None) -> "Settings":
        """Read settings from a TOML text and the environment; relative paths start at `folder`; SettingError."""
        try:
            given = tomllib.loads(toml_text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise SettingError(f"The settings are not TOML: {error}. Correct that line.") from None
        base = (folder or Path()).absolute()
        sections_there = ["pack", *_SECTIONS, "rules", "record_rules", "scenes", "duels", "entities"]
        _refuse_unknown("", given, sections_there, "section")
        tables = {name: dict(_table(name, given)) for name in _SECTIONS}
        robots = _robots(tables["messages"].pop("robots", []), env)
        sections: dict[str, Any] = {
            name: _section(kind, name, tables[name], env, base) for name, kind in _SECTIONS.items()
        }
        _check_ways_in(sections["oidc"], sections["wecom"], sections["people"])
        if sections["mail"].host and not sections["mail"].sender:
            raise SettingError("mail.sender is empty. Give the address that mail comes from.")
        about = _about(cls)["pack"]
        pack = _value(about, "pack", given.get("pack", about.default), env, base)
        rules, record_rules = _tables("rules", given), _tables("record_rules", given)
        scenes, duels = (_frozen(_table(name, given)) for name in ("scenes", "duels"))
        mapped = _entities(_table("entities", given))
        entities = MappingProxyType({name: one for name, one in mapped.items() if name in ENTITIES})
        return cls(
            pack=pack, **sections, robots=robots, rules=_frozen(rules), record_rules=_frozen(record_rules),
            scenes=scenes, duels=duels, entities=entities,
            contact=mapped.get("contact"), browsing=mapped.get("browsing"),
        )  # fmt: skip


def documented() -> list[tuple[str, Any, str]]:
    """Every setting as (key, default as written in TOML or None, one-line meaning)."""
    listed = [("pack", _about(Settings)["pack"])]
    listed += [(f"{name}.{key}", about) for name, kind in _SECTIONS.items() for key, about in _about(kind).items()]
    rows = [(key, about.default, about.meaning) for key, about in listed]
    rows += [(f"messages.robots.{key}", None, meaning) for key, meaning in ROBOT_KEYS.items()]
    rows.append(("rules.<name>", None, "Thresholds of a rule; a table inside holds those of one project"))
    rows.append(("record_rules.<name>", None, "Thresholds of a record rule; a table inside holds those of one project"))
    rows += [(f"scenes.<name>.{key}", None, meaning) for key, meaning in SCENE_KEYS.items()]
    rows += [(f"scenes.<name>.slides.{key}", None, meaning) for key, meaning in SLIDE_KEYS.items()]
    rows += [(f"duels.<name>.{key}", None, meaning) for key, meaning in DUEL_KEYS.items()]
    return rows + [(f"entities.<name>.{key}", None, meaning) for key, meaning in MAPPING_KEYS.items()]


def _about(kind: type) -> dict[str, Setting]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


def _section(kind: type, name: str, given: Mapping[str, Any], env: Mapping[str, str], base: Path) -> Any:
    known = _about(kind)
    _refuse_unknown(f"{name}.", given, known, "setting")
    secrets = {one.name for one in fields(kind) if not one.repr}
    return kind(
        **{
            key: _value(about, f"{name}.{key}", given.get(key, about.default), env, base, secret=key in secrets)
            for key, about in known.items()
        }
    )


def _check_ways_in(oidc: Oidc, wecom: Wecom, people: PeopleSettings) -> None:
    """Raise SettingError for a way in that is told by half."""
    if oidc.issuer and not oidc.client_id:
        raise SettingError("oidc.client_id is empty. Give what the provider calls Warboard.")
    if oidc.create and not oidc.roles:
        raise SettingError("oidc.create is true without oidc.roles. Say which group has which role.")
    for name in ("agent_id", "secret", "api_url", "authorize_url"):
        if wecom.corp_id and not getattr(wecom, name):
            raise SettingError(f"wecom.{name} is empty. Give it, or leave wecom.corp_id out.")
    if people.from_staff and not people.roles:
        raise SettingError(
            "people.from_staff is true without people.roles. Say which role in the source is which here."
        )


def _robots(given: Any, env: Mapping[str, str]) -> tuple[Robot, ...]:
    """The robots of the settings, one for each project where they have urls; SettingError."""
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise SettingError("messages.robots is no list of tables. Begin each with [[messages.robots]].")
    robots = [robot for one in given for robot in _robots_of(one, env)]
    for what, known in (("name", [one.name for one in robots]), ("url", [one.url for one in robots])):
        if len(set(known)) < len(known):
            # Two of one name would be one recipient, two of one address one robot that is sent twice too much.
            raise SettingError(f"Two of messages.robots have the same {what}. Give each its own.")
    return tuple(robots)


def _robots_of(given: Mapping[str, Any], env: Mapping[str, str]) -> list[Robot]:
    _refuse_unknown("messages.robots.", given, ROBOT_KEYS, "setting of a robot")
    name, kind = given.get("name", ""), given.get("kind", "")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
        raise SettingError(f"messages.robots.name is {name!r}. Give letters, digits, - and _.")
    key = f"messages.robots {name!r}"
    if kind not in ROBOT_KINDS:
        raise SettingError(f"{key}: kind is {kind!r}. {nearest(str(kind), ROBOT_KINDS)}")
    begin = f"WARBOARD_ROBOT_{name.upper().replace('-', '_')}"
    url, secret = env.get(f"{begin}_URL", given.get("url", "")), env.get(f"{begin}_SECRET", given.get("secret", ""))
    if "urls" in given:
        return _robots_of_projects(key, given, name, kind, secret)
    audience = given.get("audience", [])
    if not isinstance(audience, list) or not audience or not all(isinstance(one, str) and one for one in audience):
        raise SettingError(f'{key}: audience is {audience!r}. Give ["leaders"], ["admins"] or ids of projects.')
    for one in audience:
        if one not in (LEADERS, ADMINS) and get_close_matches(one, (LEADERS, ADMINS), cutoff=0.8):
            raise SettingError(f"{key}: audience names {one!r}. {nearest(one, (LEADERS, ADMINS))}")
    return [_robot(key, name, kind, url, secret, tuple(audience))]


def _robots_of_projects(key: str, given: Mapping[str, Any], name: str, kind: str, secret: Any) -> list[Robot]:
    urls, secrets = given["urls"], given.get("secrets", {})
    if not isinstance(urls, Mapping) or not isinstance(secrets, Mapping) or "url" in given or "audience" in given:
        raise SettingError(f"{key} has urls. Give a table of project ids there, and neither url nor audience.")
    _refuse_unknown(f"{key}: secrets.", secrets, urls, "project of urls")
    return [_robot(key, f"{name}/{id}", kind, url, secrets.get(id, secret), (id,)) for id, url in urls.items()]


def _robot(key: str, name: str, kind: str, url: Any, secret: Any, audience: tuple[str, ...]) -> Robot:
    # The address holds the robot's key: an error never tells it.
    fit = (
        r"[a-z][a-z0-9+.-]*://\S+"
        if kind == "apprise"
        else r"https://[^\s/]+/?\S*|http://(localhost|127\.0\.0\.1)[:/]\S*"
    )
    if not isinstance(url, str) or not re.fullmatch(fit, url):
        raise SettingError(f"{key}: url is not usable. Give the address that the messenger shows, with https://.")
    if not isinstance(secret, str):
        raise SettingError(f"{key}: secret is not usable. Give a text.")
    return Robot(name, kind, url, audience, secret)


def _value(about: Setting, key: str, value: Any, env: Mapping[str, str], base: Path, *, secret: bool = False) -> Any:
    if about.env and about.env in env:
        key, value = about.env, env[about.env]
    try:
        return about.read(value, base)
    except _UnfitError as unfit:
        raise SettingError(f"{key} is {'not usable' if secret else _shown(value)}. {unfit}") from None


def _shown(value: Any) -> str:
    """A value as an error tells it: of a table the keys alone, for a secret may have slipped in below its heading."""
    if isinstance(value, dict):
        return f"a table of {', '.join(value) or 'nothing'}"
    return str(value) if isinstance(value, Decimal) else repr(value)


def _table(key: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    value = given.get(key, {})
    if not isinstance(value, dict):
        raise SettingError(f"{key} is {value!r}. Give a table: [{key}].")
    return value


def _tables(key: str, given: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """A table that holds tables alone."""
    return {name: _table(f"{key}.{name}", {f"{key}.{name}": one}) for name, one in _table(key, given).items()}


def _refuse_unknown(prefix: str, given: Iterable[str], known: Iterable[str], what: str) -> None:
    for name in given:
        if name not in known:
            raise SettingError(f"{prefix}{name} is no {what}. {nearest(name, known)}")


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({key: _frozen(one) for key, one in value.items()})
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value


def _entities(given: Mapping[str, Any]) -> Mapping[str, EntityMapping]:
    known = {**ENTITIES, **LIVE}
    _refuse_unknown("entities.", given, known, "entity")
    tables = {name: _table(f"entities.{name}", {f"entities.{name}": one}) for name, one in given.items()}
    return {name: _mapping(known[name], table) for name, table in tables.items()}


def _mapping(entity: Entity, given: Mapping[str, Any]) -> EntityMapping:
    key = f"entities.{entity.name}"
    _refuse_unknown(f"{key}.", given, MAPPING_KEYS, "setting of a mapping")
    mapping = EntityMapping(entity.name, **{name: _mapping_value(key, name, value) for name, value in given.items()})
    _check_columns(key, entity, mapping)
    _check_shape(key, entity, mapping)
    refuse_face_data(key, [mapping.query, mapping.table, *mapping.columns.values()])
    return mapping


_SHAPES: Mapping[str, tuple[type, str]] = {
    "query": (str, "Give a text in quotes."),
    "table": (str, "Give a text in quotes."),
    "day_only": (list, 'Give a list of columns, such as ["created_at"].'),
    "timed": (list, 'Give a list of columns, such as ["created_at"].'),
}


def _mapping_value(key: str, name: str, value: Any) -> Any:
    kind, way_out = _SHAPES.get(name, (dict, "Give a table: { column = … }."))
    if not isinstance(value, kind):
        raise SettingError(f"{key}.{name} is {value!r}. {way_out}")
    return _frozen(value)


def _check_columns(key: str, entity: Entity, mapping: EntityMapping) -> None:
    for part in ("columns", "constants", "codes", "day_only", "timed"):
        _refuse_unknown(f"{key}.{part}.", getattr(mapping, part), entity.column_names, f"column of {entity.name}")
    for canonical, source in mapping.columns.items():
        if not isinstance(source, str) or not source:
            raise SettingError(f"{key}.columns.{canonical} is {source!r}. Give the source column's name in quotes.")
    for column, codes in mapping.codes.items():
        if not isinstance(codes, Mapping) or not codes:
            raise SettingError(f'{key}.codes.{column} is {codes!r}. Give a table such as {{ "0" = "A" }}.')
    for column in mapping.constants:
        if isinstance(mapping.constants[column], Mapping | tuple):
            raise SettingError(f"{key}.constants.{column} is no single value. Give a text, number, flag or date.")
    _check_times(key, entity, mapping)


def _check_times(key: str, entity: Entity, mapping: EntityMapping) -> None:
    times = [column.name for column in entity.columns if column.kind == "time" and column.name != "updated_at"]
    for part in ("day_only", "timed"):
        _refuse_unknown(f"{key}.{part}.", getattr(mapping, part), times, f"time of {entity.name}")
    for column in set(mapping.day_only) & set(mapping.timed):
        raise SettingError(f"{key} lists {column!r} in day_only and in timed. Keep one of them.")


def _check_shape(key: str, entity: Entity, mapping: EntityMapping) -> None:
    if bool(mapping.query.strip()) == bool(mapping.table):
        raise SettingError(f"{key} needs either query or table with columns. Give exactly one of the two.")
    if mapping.query and mapping.columns:
        raise SettingError(f"{key} has query and columns. Name the columns in the query, with AS, and drop columns.")
    if twice := set(mapping.columns) & set(mapping.constants):
        raise SettingError(f"{key} has {min(twice)!r} in columns and in constants. Keep one of them.")
    if mapping.table:
        require_columns(key, entity, [*mapping.columns, *mapping.constants])


def require_columns(key: str, entity: Entity, present: Iterable[str]) -> None:
    """Raise SettingError naming the first required column that is not present."""
    for column in entity.columns:
        if column.required and column.name not in present:
            raise SettingError(f"{key} returns no {column.name!r}, which {entity.name} requires. Map it.")
