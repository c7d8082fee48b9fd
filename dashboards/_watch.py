"""/metrics for Prometheus: how refreshing goes, how old the data is, how long pages take."""

import secrets
import time
from collections.abc import Iterator

from flask import Request, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dashboards._door import Door, Policy, is_local
from dashboards._page import World
from data_access.store.runs import runs

PATH = "/metrics"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Refreshes(Collector):
    """What the store's log says of the refreshes, read when it is asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    def collect(self) -> Iterator[Metric]:
        """The last refresh, the data's age, and how the last hundred refreshes ended."""
        last = runs(self._world.store, 100)
        if last:
            yield GaugeMetricFamily("warboard_refresh_seconds", "Duration of the last refresh", value=last[0].seconds)
            rows = GaugeMetricFamily("warboard_refresh_rows_read", "Rows the last refresh read", labels=["entity"])
            for entity, count in last[0].rows.items():
                rows.add_metric([entity], count)
            yield rows
        ended = CounterMetricFamily(
            "warboard_refresh_outcomes", "Outcomes of the last 100 refreshes", labels=["outcome"]
        )
        for outcome in ("published", "unchanged", "held", "failed"):
            ended.add_metric([outcome], sum(run.outcome == outcome for run in last))
        yield ended
        snapshot = self._world.reader.current()
        if snapshot is not None:
            fresh = self._world.freshness(snapshot)
            lag = (fresh.now - fresh.as_of).total_seconds()
            yield GaugeMetricFamily("warboard_data_age_seconds", "Age of the data on screen", value=lag)
            yield GaugeMetricFamily("warboard_snapshot_sequence", "Sequence of the snapshot", value=snapshot.sequence)


def add_watch(door: Door, world: World) -> None:
    """Add /metrics, for whoever holds the token or, where none is set, for this machine; and time every request."""
    registry = CollectorRegistry()
    registry.register(Refreshes(world))
    times = Histogram("warboard_request_seconds", "Time per request", ["page"], buckets=_BUCKETS, registry=registry)

    def begin() -> None:
        g.began = time.perf_counter()

    def finish(answer: Response) -> Response:
        page = request.url_rule.rule if request.url_rule else "none"
        times.labels(page).observe(time.perf_counter() - g.get("began", time.perf_counter()))
        return answer

    door.server.before_request(begin)
    door.server.after_request(finish)
    door.route(PATH, Policy(None, allows=lambda asked: _may_watch(asked, world)), lambda: _text(registry))


def _text(registry: CollectorRegistry) -> Response:
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")


def _may_watch(asked: Request, world: World) -> bool:
    token = world.settings.server.metrics_token
    given = asked.headers.get("Authorization", "").removeprefix("Bearer ")
    return secrets.compare_digest(given.encode(), token.encode()) if token else is_local(asked)
