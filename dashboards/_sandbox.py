"""What the pages of the sandbox share: the model and its draws for what is in view, and scenarios in words."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from flask import abort

from components.sandbox import band_said, chance_said, changes_said
from components.words import digits
from dashboards._page import Kept, Page, View
from metrics.pack import Label
from metrics.reading import Reading, missing
from metrics.sandbox import Answer, Draws, Levers, Model, answer, drawn, levers
from metrics.sandbox_history import History, lack, model
from metrics.scenarios import STAGES, Outcome, Scenario, latest
from metrics.snapshot import Snapshot

if TYPE_CHECKING:
    from dashboards._site import Site

MOST_MODELS = 6
"""So many models with their draws are kept; each takes about three megabytes."""
OTHER = Label("未归类", "Other")
GROUP = Label("全集团", "The group")
UNCHANGED = Label("不做改动", "Nothing is changed")
_STAGES = {
    "proposal": Label("提案", "Proposal"),
    "party": Label("党委会", "Party committee"),
    "office": Label("总办会", "Management meeting"),
}
_RULINGS = {"passed": Label("通过", "passed"), "returned": Label("退回", "returned")}
_RULED = Label("{stage}{ruling} {day}", "{stage} {ruling} {day}")
_NOT_YET = Label("{stage}未上会", "{stage}: not yet")
AND = Label(";", "; ")


@dataclass(frozen=True)
class Known:
    """A model with its draws, and what becomes of the year when nothing is decided."""

    model: Model
    draws: Draws
    base: Answer

    def answer(self, decided: Levers) -> Answer:
        """What becomes of the year when so much is decided."""
        return answer(self.model, self.draws, decided) if decided else self.base


class Models:
    """The models of the snapshot that is shown, made once for the group and for each project."""

    def __init__(self) -> None:
        self._kept: Kept[Known | Reading] = Kept(MOST_MODELS)
        self._histories: Kept[History] = Kept(1)

    def of(self, view: View, projects: frozenset[str] | None, *, whole: bool = True) -> Known | Reading:
        """The model of some projects (None: the group); a missing reading where there is none, or no `whole` chain."""
        if whole and (lacks := lack(view.snapshot, view.pack)):
            return missing("absent", lacks)
        key: Hashable = (view.snapshot.sequence, view.snapshot.version, projects)
        return self._kept.of(key, partial(_known, view, projects, self.history(view.snapshot)))

    def history(self, snapshot: Snapshot) -> History:
        """What the whole group says, for every model of a snapshot."""
        return self._histories.of((snapshot.sequence, snapshot.version), partial(History, snapshot))


def _known(view: View, projects: frozenset[str] | None, history: History) -> Known | Reading:
    found = model(view.frames, view.pack, projects, whole=False, history=history)
    if isinstance(found, Reading):
        return found
    draws = drawn(found)
    return Known(found, draws, answer(found, draws, {}))


def sandbox_view(site: "Site", page: Page) -> View:
    """What the viewer asked for: the group or one project; regions and channels are no matter of the sandbox."""
    view = site.asked_view(page, current(site))
    return replace(view, filters=replace(view.filters, region="", channel=""))


def current(site: "Site") -> Snapshot:
    """The snapshot that is shown; 503 before the first."""
    return site.world.reader.current() or abort(503)


def only(view: View) -> str | None:
    """The one project in view, or None for the group."""
    return view.projects[0] if view.where.project is not None and len(view.projects) == 1 else None


def kind_said(view: View, kind: str) -> str:
    """A kind of channel in words."""
    return view.say(view.pack.terms.get(kind, OTHER))


def whose(view: View, project: str | None) -> str:
    """Whose scenario it is."""
    return view.say(GROUP) if project is None else view.snapshot.project_name(project) or project


def decided_said(view: View, known: Known | Reading, decided: Mapping[str, int]) -> str:
    """What is decided, in one line."""
    listed = levers(known.model) if isinstance(known, Known) else ()
    told = changes_said(decided, listed, view.words, partial(kind_said, view))
    return view.say(AND).join(f"{name} {value}" for name, value in told) or view.say(UNCHANGED)


def stages_said(view: View, one: Scenario) -> list[str]:
    """How far a scenario's approval has come, stage by stage."""
    known = latest(one.rulings)
    found = []
    for stage in STAGES:
        ruled = known.get(stage)
        if ruled is None:
            found.append(view.say(_NOT_YET.format(stage=view.say(_STAGES[stage]))))
        else:
            values = {"stage": view.say(_STAGES[stage]), "ruling": view.say(_RULINGS[ruled.ruling])}
            found.append(view.say(_RULED.format(day=f"{ruled.day:%Y-%m-%d}", **values)))
    return found


def stage_word(view: View, stage: str) -> str:
    """A stage in words."""
    return view.say(_STAGES[stage])


def ruling_word(view: View, ruling: str) -> str:
    """A ruling in words."""
    return view.say(_RULINGS[ruling])


ROWS = {
    "amount": Label("全年净签约额", "Net amount of the year"),
    "contracts": Label("全年净签约", "Net contracts of the year"),
    "chance": Label("达标概率", "Chance of the target"),
    "cost": Label("当日起投放", "Spend from that day"),
}


def outcome_said(view: View, one: Outcome) -> dict[str, tuple[str, str]]:
    """An outcome's rows: the value in the middle and the band."""
    words = view.words
    low, middle, high = (words.money(value) for value in one.amount)
    few, some, many = (digits(value) for value in one.contracts)
    return {
        "amount": (middle, band_said(low, high, words)),
        "contracts": (some, band_said(few, many, words)),
        "chance": (chance_said(one.chance, words), ""),
        "cost": (words.of("sandbox_no_cost") if one.cost is None else words.money(round(one.cost)), ""),
    }


def made_said(site: "Site", view: View, one: Scenario, names: Mapping[str, str]) -> str:
    """Who made a scenario, when, on which data."""
    local: datetime = site.world.boards.local(one.made_at)
    said = _MADE.format(
        name=names.get(one.made_by) or view.say(_SOMEBODY),
        when=f"{local:%Y-%m-%d %H:%M}",
        as_of=f"{one.as_of:%Y-%m-%d %H:%M}",
    )
    return view.say(said)


_MADE = Label("{name} 于 {when} 保存,数据截至 {as_of}", "Saved by {name}, {when}, data as of {as_of}")
_SOMEBODY = Label("已离职人员", "somebody who left")
