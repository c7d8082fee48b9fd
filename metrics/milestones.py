"""里程碑: tasks with what they wait for, how late they are, and the chain of tasks that takes longest."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from metrics.pack import ScorecardSpec
from metrics.periods import months_later
from metrics.reading import Reading, ratio
from metrics.rules import SLIP, days_late, lateness_of, milestone_colour, planned_days
from metrics.snapshot import Milestone

_BETWEEN = re.compile(r"[\s,;、]+")
_COLOURS = ("red", "orange", "yellow")


@dataclass(frozen=True)
class Accepted:
    """A node of a plan that was accepted: as done on which day, with a note, by whom (a person's id) and when."""

    done_on: date
    note: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Task:
    """A milestone on a day: the ids it waits for, how late it is (share of its length), its colour, and whether it is on the critical path.

    `escalates`: it is open and slipped by more than 5 %, so that it stands one level up. `depth` is how deep it lies below its
    parents; `before`, that its parent comes before it in the list.
    """

    milestone: Milestone
    waits_for: tuple[str, ...]
    days_late: int
    lateness: Fraction
    colour: str | None
    escalates: bool
    is_critical: bool
    depth: int

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.milestone.actual_end is not None


@dataclass(frozen=True)
class Schedule:
    """The tasks of one project (or of the group, None), parents before their parts; the ids on the critical path and its days.

    `circular` are the tasks that wait for each other in a circle, which no path can lead through.
    """

    project: str | None
    tasks: tuple[Task, ...]
    path: tuple[str, ...]
    critical_days: int
    circular: tuple[str, ...]

    @property
    def open_late(self) -> dict[str, int]:
        """How many open tasks are late, by colour, the worst first; colours without any are left out."""
        late = [one.colour for one in self.tasks if one.colour and not one.is_done]
        return {colour: late.count(colour) for colour in _COLOURS if colour in late}


def schedules(milestones: Iterable[Milestone], today: date) -> list[Schedule]:
    """The tasks of the group and of each project as they stand on a day; the group first, then projects by id."""
    by_project: dict[str | None, list[Milestone]] = {}
    for each in milestones:
        by_project.setdefault(each.project or None, []).append(each)
    ordered = sorted(by_project, key=lambda id: (id is not None, id or ""))
    return [schedule(project, by_project[project], today) for project in ordered]


def schedule(project: str | None, milestones: Sequence[Milestone], today: date) -> Schedule:
    """One project's tasks as they stand on a day."""
    known = {one.id: one for one in milestones}
    waits = {one.id: _waits_for(one, known) for one in milestones}
    path, circular = critical_path({id: planned_days(one) for id, one in known.items()}, waits)
    depths = {id: _depth(id, known) for id in known}
    tasks = tuple(
        _task(known[id], waits[id], today, is_critical=id in path, depth=depths[id]) for id in _in_order(known)
    )
    return Schedule(project, tasks, path, sum(planned_days(known[id]) for id in path), circular)


def _task(one: Milestone, waits_for: tuple[str, ...], today: date, *, is_critical: bool, depth: int) -> Task:
    lateness = lateness_of(one, today)
    escalates = one.actual_end is None and lateness > SLIP
    return Task(one, waits_for, days_late(one, today), lateness, milestone_colour(one, today), escalates, is_critical, depth)  # fmt: skip


def _waits_for(one: Milestone, known: Mapping[str, Milestone]) -> tuple[str, ...]:
    """The ids of the tasks it waits for: one id, or several with commas or blanks between; unknown ones are left out."""
    told = (one.depends_on or "").strip()
    ids = [told] if told in known else _BETWEEN.split(told)
    return tuple(dict.fromkeys(id for id in ids if id in known and id != one.id))


def on_time(tasks: Iterable[Task], today: date) -> Reading:
    """Of the tasks whose planned end lies before today, those that ended by then ÷ all of them."""
    due = [one for one in tasks if one.milestone.planned_end < today]
    return ratio(sum(not one.days_late for one in due), len(due))


def critical_path(
    days: Mapping[str, int], waits_for: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The chain of tasks that wait for each other with the most planned days in all, in order, and the tasks no chain can hold.

    Those wait for each other in a circle, or for one that does. A chain has two tasks or more; of equally long ones the one
    whose ids come first is taken.
    """
    ordered = _topological(waits_for)
    best: dict[str, tuple[int, tuple[str, ...]]] = {}
    for id in ordered:
        before = [best[other] for other in waits_for[id]]
        length, chain = min(before, key=lambda one: (-one[0], one[1]), default=(0, ()))
        best[id] = length + days[id], (*chain, id)
    chains = [one for one in best.values() if len(one[1]) > 1]
    _, path = min(chains, key=lambda one: (-one[0], one[1]), default=(0, ()))
    return path, tuple(id for id in days if id not in best)


def _topological(waits_for: Mapping[str, Sequence[str]]) -> list[str]:
    """The tasks in an order in which none comes before one it waits for; those in or behind a circle are left out."""
    left = {id: len(set(others)) for id, others in waits_for.items()}
    after: dict[str, list[str]] = {id: [] for id in waits_for}
    for id, others in waits_for.items():
        for other in set(others):
            after[other].append(id)
    ready, ordered = [id for id, count in left.items() if not count], []
    while ready:
        id = ready.pop()
        ordered.append(id)
        for next_one in after[id]:
            left[next_one] -= 1
            if not left[next_one]:
                ready.append(next_one)
    return ordered


def _parents(id: str, known: Mapping[str, Milestone]) -> list[str]:
    """A task's parent, its parent's parent and so on, as far as they are known and no circle begins."""
    found: list[str] = []
    parent = known[id].parent_id
    while parent and parent in known and parent not in found and parent != id:
        found.append(parent)
        parent = known[parent].parent_id
    return found


def _depth(id: str, known: Mapping[str, Milestone]) -> int:
    return len(_parents(id, known))


def _in_order(known: Mapping[str, Milestone]) -> list[str]:
    """Parents before their parts, and otherwise by planned days."""

    def place(id: str) -> list[tuple[date, date, str]]:
        chain = [id, *_parents(id, known)]
        return [(known[one].planned_start, known[one].planned_end, one) for one in reversed(chain)]

    return sorted(known, key=place)


# ------------------------------------------------------------------------------------------------------- nodes of plans


def plan_milestones(plan: ScorecardSpec, start: date, accepted: Mapping[int, Accepted], name: str) -> list[Milestone]:
    """A plan's nodes as milestones of the group, each waiting for the one before; `name` has places {n} and {of}."""
    ends = [months_later(start, month) for month in (0, *plan.node_months)]
    return [_node(plan, at, ends, accepted.get(at + 1), name) for at in range(plan.nodes)]


def _node(plan: ScorecardSpec, at: int, ends: Sequence[date], done: Accepted | None, name: str) -> Milestone:
    return Milestone(
        id=f"{plan.name}/{at + 1}",
        project=None,
        name=name.format(n=at + 1, of=plan.nodes),
        planned_start=ends[at],
        planned_end=ends[at + 1],
        actual_end=done.done_on if done else None,
        depends_on=f"{plan.name}/{at}" if at else None,
        acceptance=done.note if done else None,
        accepted_at=done.at if done else None,
    )
