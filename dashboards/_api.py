"""The JSON API: the questions of `query`, answered within the caller's scope."""

from dataclasses import replace
from datetime import date

from flask import Response, abort, g, jsonify, request

from dashboards._door import SIGNED_IN, Door
from dashboards._page import World
from data_access.parties import answered
from data_access.snapshots import Folder
from metrics.answers import question, records, refuse_unknown
from metrics.pack import PackError
from metrics.query import Query, QueryError
from metrics.scope import Scope
from metrics.snapshot import Snapshot

PATH = "/api/v1/metrics"
FIELDS = ("metric", "by", "from", "to", "basis", "where", "window")


def add_api(door: Door, world: World) -> None:
    """Add the API's route."""
    folder = Folder(world.settings.snapshots.dir)

    def metrics() -> Response | tuple[Response, int]:
        snapshot = world.reader.current()
        if snapshot is None:
            return jsonify(error="Nothing is published yet."), 503
        try:
            scope = world.scope(g.person) or abort(403)
            asked = _within(scope, _asked(snapshot.as_of.date()), snapshot)
            rows = answered(folder, snapshot, world.pack, asked)
        except (QueryError, PackError) as error:
            return jsonify(error=str(error)), 400
        return jsonify(as_of=snapshot.as_of.isoformat(), rows=records(rows, snapshot, world.pack, asked))

    door.route(PATH, SIGNED_IN, metrics)


def _asked(today: date) -> Query:
    unknown = set(request.args) - set(FIELDS)
    if unknown:
        raise QueryError(f"There is no parameter {min(unknown)!r}. Known: {', '.join(FIELDS)}.")
    given = request.args
    return question(
        [name for part in given.getlist("metric") for name in part.split(",") if name],
        today=today,
        by=given.getlist("by"),
        first=given.get("from"),
        last=given.get("to"),
        basis=given.get("basis", "period"),
        where=given.getlist("where"),
        window=given.get("window", "default"),
    )


def _within(scope: Scope, asked: Query, snapshot: Snapshot) -> Query:
    """The question as far as the caller may ask it: ids can only narrow what the scope holds.

    Only who sees the group is told that an id does not exist; to others all foreign ids are alike.
    """
    if scope.sees_group:
        refuse_unknown(asked.where, snapshot)
    where = asked.where.within(scope.where)
    if any(getattr(where, name) == frozenset() for name in where.dimensions):
        abort(403)
    return replace(asked, where=where)
