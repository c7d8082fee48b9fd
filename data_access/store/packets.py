"""Weekly packets about peers as they were made: the facts, which each reader is told within their own rights."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from data_access.store.database import Store
from data_access.store.tables import peer_packets
from metrics.pack import Label
from metrics.peers import Packet
from metrics.snapshot import NOWHERE


@dataclass(frozen=True)
class Kept:
    """A packet, the occasion it was made for (such as week:2026-03-02), and when."""

    occasion: str
    made_at: datetime
    packet: Packet


def begin_with(connection: Connection, occasion: str, now: datetime) -> bool:
    """Note in the caller's transaction that an occasion's packets are made; False when they were before, or nothing was worth one."""
    mine = (peer_packets.c.project == NOWHERE) & (peer_packets.c.occasion == occasion)
    if connection.execute(select(peer_packets.c.made_at).where(mine)).first() is not None:
        return False
    values = {"project": NOWHERE, "occasion": occasion, "made_at": now, "facts": {}}
    connection.execute(insert(peer_packets).values(values))
    return True


def keep_with(connection: Connection, packet: Packet, occasion: str, now: datetime) -> None:
    """Keep a packet of an occasion that has begun, in the caller's transaction."""
    values = {"project": packet.project, "occasion": occasion, "made_at": now, "facts": _facts(packet)}
    connection.execute(insert(peer_packets).values(values))


def packets(store: Store, projects: frozenset[str] | None, *, limit: int = 100) -> list[Kept]:
    """The latest packets of projects (None: all), newest first."""
    made = peer_packets.c.project != NOWHERE
    query = select(peer_packets).where(made).order_by(peer_packets.c.made_at.desc(), peer_packets.c.project)
    if projects is not None:
        query = query.where(peer_packets.c.project.in_(projects))
    with store.reading() as connection:
        return [_kept(row) for row in connection.execute(query.limit(limit))]


def packets_since(connection: Connection, moment: datetime) -> list[Kept]:
    """What was made since a moment, in the caller's transaction."""
    made = (peer_packets.c.project != NOWHERE) & (peer_packets.c.made_at >= moment)
    query = select(peer_packets).where(made).order_by(peer_packets.c.project)
    return [_kept(row) for row in connection.execute(query)]


def _facts(one: Packet) -> dict[str, Any]:
    plain = {name: value for name, value in vars(one).items() if isinstance(value, int | str)}
    days = {"first": one.first.isoformat(), "last": one.last.isoformat()}
    return plain | days | {"group": [one.group.zh, one.group.en]}


def _kept(row: Any) -> Kept:
    told: Mapping[str, Any] = row.facts
    days = {name: date.fromisoformat(told[name]) for name in ("first", "last")}
    return Kept(row.occasion, row.made_at, Packet(**{**told, **days, "group": Label(*told["group"])}))
