"""After every refresh: what the rules say of everything becomes episodes of alerts, under the leader's epoch."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from data_access.rhythm import Moment, Step
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.episodes import look
from data_access.store.published import heartbeat
from metrics.pack import Pack
from metrics.rules import Check, checks, source_checks
from metrics.snapshot import Snapshot
from metrics.totals import Frames


def stale_after(settings: Settings) -> timedelta:
    """From which age of the data on nothing is judged by it any more."""
    return timedelta(seconds=max(8 * settings.refresh.every_seconds, 300))


def looking(settings: Settings, pack: Pack, store: Store) -> Step:
    """The step that evaluates every rule; numbers that did not come in, or are too old, say nothing but that they are."""
    zone = ZoneInfo(settings.group.time_zone)
    hours = settings.alerts.unclaimed_hours
    claim_within = timedelta(hours=hours) if hours else None
    last: list[tuple[Snapshot, list[Check]]] = []

    def said_of(snapshot: Snapshot) -> list[Check]:
        if not last or last[0][0] is not snapshot:
            last[:] = [(snapshot, checks(Frames(snapshot), pack, settings.rules))]
        return last[0][1]

    def step(moment: Moment) -> None:
        local, beat = moment.now.astimezone(zone), heartbeat(store)
        as_of = max(moment.snapshot.as_of, beat.as_of) if beat and beat.as_of else moment.snapshot.as_of
        is_stale = local.replace(tzinfo=None) - as_of > stale_after(settings)
        is_fresh = moment.outcome and not is_stale and (beat is None or beat.ok)
        said = [*(said_of(moment.snapshot) if is_fresh else ()), *source_checks(pack, as_of, is_stale=is_stale)]
        look(store, moment.epoch, said, pack.rules, moment.now, is_fresh=is_fresh, claim_within=claim_within)

    return step
