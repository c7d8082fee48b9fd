"""Sales teams: the people of a project who sell together."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from metrics.pack import Pack
from metrics.periods import Span
from metrics.query import Query, known_by_staff, readings
from metrics.snapshot import Snapshot
from metrics.totals import EVERYTHING, Frames, Where


@dataclass(frozen=True)
class Team:
    """A team of one project, by its people's ids."""

    name: str
    project: str | None
    staff: frozenset[str]


def teams(snapshot: Snapshot, where: Where = EVERYTHING) -> list[Team]:
    """Every team in view, by name; people without a team are in none."""
    found: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for one in snapshot.staff.values():
        if one.team and (where.project is None or one.project_id in where.project):
            found[one.team, one.project_id].add(one.id)
    return [Team(name, project, frozenset(ids)) for (name, project), ids in sorted(found.items(), key=str)]


def team_measures(pack: Pack) -> Iterable[str]:
    """The counts by which teams can be compared."""
    return [one.name for one in pack.additive if not one.is_money and known_by_staff(pack, one.name)]


def foremost_teams(frames: Frames, pack: Pack, measure: str, span: Span, where: Where = EVERYTHING) -> list[Team]:
    """The teams with anything in a count, most first; equal ones by name."""
    found = readings(frames, pack, measure, Query((measure,), span, ("staff",), where=where))
    done = {key[0]: one.value or 0 for key, one in found.items() if key}
    totals = {team: sum(done.get(id, 0) for id in team.staff) for team in teams(frames.snapshot, where)}
    return sorted((team for team in totals if totals[team]), key=lambda team: (-totals[team], team.name))
