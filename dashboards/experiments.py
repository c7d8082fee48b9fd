"""实验: what is tried, how the trial stands against the control, and whether it was scaled up or stopped."""

from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from flask import abort, g, redirect, request
from htpy import Element, Node, a, article, button, details, div, form, h3, p, span, strong, summary
from werkzeug.wrappers import Response as Answer

from components.shell import glance, page_head, panel, part
from components.words import digits
from dashboards._door import FORM, Door, Policy
from dashboards._forms import choice_field, problem, text_field, typed
from dashboards._page import Page, View
from dashboards._ways import EXPERIMENTS, EXPERIMENTS_WORD
from data_access.store.experiments import (
    KeptExperiment,
    add_experiment,
    count_experiment,
    decide_experiment,
    experiments,
)
from data_access.store.people import people
from metrics.experiments import (
    LEAST,
    LONGEST,
    Advice,
    Arm,
    Better,
    Decided,
    Experiment,
    UnfitExperiment,
    Verdict,
    advice,
    difference,
    fit_experiment,
    returned,
)
from metrics.pack import Label
from metrics.scope import GROUP_ROLES
from metrics.scorecard import UnfitKpi, figure_typed

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("experiments", path=EXPERIMENTS, title=EXPERIMENTS_WORD, roles=GROUP_ROLES)
_KEEPERS = Policy(frozenset(("admin",)), document=True, accepts=FORM)
_NONE = Label("还没有实验", "No experiments yet")
_RULE = Label("怎么判", "The rule")
_RULE_SAID = Label(
    "试验组与对照组的差,带 95% 区间(Newcombe)。区间全在好的一边建议放大,全在坏的一边建议停止,含 0 或任一组不到 {least} 例先继续。"
    "中途反复看结果会更容易看错;结论由人定,记入审计。数据为手工录入。",
    "Trial less control with its 95 % interval (Newcombe). All of it better: scale up; all of it worse: stop; with 0 inside or fewer than {least} cases on a side: "
    "go on. Looking again and again on the way misleads more easily. People decide, and the audit keeps it. Numbers are entered by hand.",
)
_TRIAL, _CONTROL = Label("试验组", "Trial"), Label("对照组", "Control")
_ARM = Label("{name} {hits} ÷ {n} = {rate}", "{name} {hits} ÷ {n} = {rate}")
_METRIC = Label("指标 {name}({better})", "Metric: {name} ({better})")
_BETTER: dict[Better, Label] = {
    "higher": Label("越高越好", "higher is better"),
    "lower": Label("越低越好", "lower is better"),
}
_DIFFERENCE = Label("相差 {value}(95% 区间 {low} 至 {high})", "Difference {value} (95 % interval {low} to {high})")
_POINTS = Label("{value} 个百分点", "{value} points")
_NO_DATA = Label("还没有数据", "No numbers yet")
_ADVICE: dict[Advice, tuple[Label, str]] = {
    "scale": (Label("建议放大", "Scale up, by the rule"), "green"),
    "stop": (Label("建议停止", "Stop, by the rule"), "red"),
    "wait": (Label("继续,还分不出", "Go on: cannot be told yet"), ""),
}
_VERDICTS: dict[Verdict, tuple[Label, str]] = {
    "scale": (Label("放大", "Scaled up"), "green"),
    "stop": (Label("停止", "Stopped"), "red"),
    "open": (Label("进行中", "Running"), ""),
}
_DECIDED = Label("{who} {at} 定为{verdict}:{why}", "{verdict} by {who}, {at}: {why}")
_COST = Label("花费 {cost} · 多得 {gained} 例(估计)", "Cost {cost}; {gained} more (estimate)")
_ROI = Label(
    "产出比 {roi} 倍(95% 区间 {low} 至 {high},估计)", "Return {roi} times (95 % interval {low} to {high}, an estimate)"
)
_ADDED = Label("{who} 新增于 {at}", "added by {who}, {at}")
_ADD, _CHANGE, _SAVE, _DECIDE = (
    Label("新增实验", "Add an experiment"),
    Label("更新数据", "Change"),
    Label("保存", "Save"),
    Label("下结论", "Decide"),
)
_FIELDS = {
    "hypothesis": Label("假设", "Hypothesis"),
    "metric": Label("指标", "Metric"),
    "better": Label("方向", "Direction"),
    "trial_n": Label("试验组例数", "Trial: cases"),
    "trial_hits": Label("试验组达成", "Trial: hits"),
    "control_n": Label("对照组例数", "Control: cases"),
    "control_hits": Label("对照组达成", "Control: hits"),
    "cost": Label("花费(元,可空)", "Cost (yuan, may be empty)"),
    "worth": Label("多一例值多少(元,可空)", "Worth of one more (yuan, may be empty)"),
    "verdict": Label("结论", "Verdict"),
    "why": Label("理由(必填)", "Why (required)"),
}
_COUNTS = ("trial_n", "trial_hits", "control_n", "control_hits")
_WRONG = Label(
    "“{field}”不能用:假设与指标最多 200 字,例数为整数且达成不多于例数,金额如 5000 或 2万,结论要写理由。",
    "“{field}” cannot be used: texts have up to 200 characters, cases are whole numbers with no more hits than cases, money looks like 5000; a verdict needs its reason.",
)
_SOMEBODY = Label("已离职人员", "somebody who left")


def add(site: "Site", door: Door) -> None:
    """Add the page and its forms."""
    door.route(EXPERIMENTS, Policy(GROUP_ROLES, document=True), partial(_show, site))
    for path, answer in (("new", _add), ("<id>", _count), ("<id>/verdict", _decide)):
        door.route(f"{EXPERIMENTS}/{path}", _KEEPERS, partial(answer, site), methods=("POST",))


def _view(site: "Site") -> View:
    return site.asked_view(page, site.world.reader.current() or abort(503))


def _show(site: "Site", said: Label | None = None) -> str:
    view, kept = _view(site), experiments(site.world.store)
    names, local = {one.id: one.name for one in people(site.world.store)}, site.world.boards.local
    keeps = g.person.role == "admin"
    body = glance(
        part("head", page_head(view.say(EXPERIMENTS_WORD)), problem(said, view.words)),
        part("experiments", div(".kpis")[[_experiment(view, one, names, local, keeps=keeps) for one in kept]] if kept else p(".nothing")[view.say(_NONE)]),
        part("add", panel(view.say(_ADD), _form(view, None, "new"))) if keeps else None,
        part("rule", panel(view.say(_RULE), p[view.say(_RULE_SAID.format(least=str(LEAST)))])),
        div(".ways")[a(href=view.address("/"))[view.words.of("overview")]],
    )  # fmt: skip
    title = f"{view.say(EXPERIMENTS_WORD)} · {view.words.of('product')}"
    return site.framed(body, view, title, section="overview", here=partial(view.address, EXPERIMENTS))


Local = Callable[[datetime], datetime]


def _experiment(view: View, kept: KeptExperiment, names: Mapping[str, str], local: Local, *, keeps: bool) -> Element:
    one = kept.experiment
    label, tone = _VERDICTS[kept.decided.verdict] if kept.decided else _ADVICE[advice(one)]
    metric = _METRIC.format(name=one.metric, better=view.say(_BETTER[one.better]))
    added = _ADDED.format(who=names.get(kept.by) or view.say(_SOMEBODY), at=f"{local(kept.at):%Y-%m-%d}")
    return article(".task")[
        h3(".task-head")[
            strong[one.hypothesis], span(class_=["report-mark", {f"is-{tone}": bool(tone)}])[view.say(label)]
        ],
        p(".panel-note")[view.say(metric)],
        [p[_arm(view, name, arm)] for name, arm in ((_TRIAL, one.trial), (_CONTROL, one.control))],
        p[_difference(view, one)],
        [p(".panel-note")[said] for said in initiative_said(view, one)],
        p[_decided(view, kept.decided, names, local)] if kept.decided else None,
        p(".panel-note")[view.say(added)],
        _keeping(view, kept) if keeps else None,
    ]  # fmt: skip


def _arm(view: View, name: Label, arm: Arm) -> str:
    rate = view.words.percent(arm.rate) if arm.rate is not None else view.say(_NO_DATA)
    return view.say(_ARM.format(name=view.say(name), hits=digits(arm.hits), n=digits(arm.n), rate=rate))


def _difference(view: View, one: Experiment) -> str:
    found = difference(one)
    if found is None:
        return view.say(_NO_DATA)
    value, low, high = (_signed(each * 100) for each in (found.value, found.low, found.high))
    points = view.say(_POINTS.format(value=value))
    return view.say(_DIFFERENCE.format(value=points, low=low, high=high))


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{digits(Fraction(value), 1)}"


def initiative_said(view: View, one: Experiment) -> list[str]:
    """What an experiment brought for its cost, in words; nothing where its cost is not told."""
    found = returned(one)
    if found is None or one.cost is None:
        return []
    said = [view.say(_COST.format(cost=view.words.money(one.cost), gained=digits(Fraction(found.gained))))]
    if found.roi is not None and found.low is not None and found.high is not None:
        roi, low, high = (digits(Fraction(each), 1) for each in (found.roi, found.low, found.high))
        said.append(view.say(_ROI.format(roi=roi, low=low, high=high)))
    return said


def _decided(view: View, one: Decided, names: Mapping[str, str], local: Local) -> str:
    who, verdict = names.get(one.by) or view.say(_SOMEBODY), view.say(_VERDICTS[one.verdict][0])
    return view.say(_DECIDED.format(who=who, at=f"{local(one.at):%Y-%m-%d}", verdict=verdict, why=one.why))


def _keeping(view: View, kept: KeptExperiment) -> list[Node]:
    """The forms: a running experiment is counted and decided, a decided one may run again."""
    choices: tuple[Verdict, ...] = ("open",) if kept.decided else ("scale", "stop")
    decide = form(".asked", method="post", action=view.address(f"{EXPERIMENTS}/{kept.id}/verdict"))[
        choice_field("verdict", _FIELDS["verdict"], view.words, [(one, view.say(_VERDICTS[one][0])) for one in choices], ""),
        text_field("why", _FIELDS["why"], view.words, required=True, maxlength=str(LONGEST), autocomplete="off"),
        button(".button", type="submit")[view.say(_SAVE)],
    ]  # fmt: skip
    return [
        None if kept.decided else details(".no-print")[summary[view.say(_CHANGE)], _form(view, kept.experiment, str(kept.id))],
        details(".no-print")[summary[view.say(_DECIDE)], decide],
    ]  # fmt: skip


def _form(view: View, one: Experiment | None, path: str) -> Element:
    words, directions = view.words, [(name, view.say(label)) for name, label in _BETTER.items()]
    filled = _filled(one) if one else {}
    texts = {"maxlength": str(LONGEST), "autocomplete": "off", "required": True}
    return form(".asked", method="post", action=view.address(f"{EXPERIMENTS}/{path}"))[
        [text_field(name, _FIELDS[name], words, value=filled.get(name, ""), **texts) for name in ("hypothesis", "metric")],
        choice_field("better", _FIELDS["better"], words, directions, one.better if one else "higher"),
        [text_field(name, _FIELDS[name], words, value=filled.get(name, "0"), inputmode="numeric") for name in _COUNTS],
        [text_field(name, _FIELDS[name], words, value=filled.get(name, ""), autocomplete="off") for name in ("cost", "worth")],
        button(".button", type="submit")[view.say(_SAVE)],
    ]  # fmt: skip


def _filled(one: Experiment) -> dict[str, str]:
    counts = (one.trial.n, one.trial.hits, one.control.n, one.control.hits)
    money = {name: f"{float(value):.15g}" for name, value in (("cost", one.cost), ("worth", one.worth)) if value is not None}  # fmt: skip
    return {"hypothesis": one.hypothesis, "metric": one.metric, **dict(zip(_COUNTS, map(str, counts), strict=True)), **money}  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- what is sent


def _told() -> Experiment:
    """The experiment of the form; UnfitExperiment."""
    n, hits, other_n, other_hits = (_whole(name) for name in _COUNTS)
    better: Better = "lower" if request.form.get("better") == "lower" else "higher"
    texts = (typed("hypothesis", LONGEST + 1), typed("metric", LONGEST + 1))
    return fit_experiment(
        Experiment(*texts, better, Arm(n, hits), Arm(other_n, other_hits), _money("cost"), _money("worth"))
    )


def _whole(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise UnfitExperiment(name)
    return int(text)


def _money(name: str) -> Fraction | None:
    text = request.form.get(name, "").strip()
    try:
        return figure_typed(text, "money") if text else None
    except UnfitKpi:
        raise UnfitExperiment(name) from None


def _refused(site: "Site", unfit: UnfitExperiment) -> tuple[str, int]:
    names = _FIELDS | {"trial": _TRIAL, "control": _CONTROL}
    said = names[unfit.reason]
    return _show(site, Label(_WRONG.zh.format(field=said.zh), _WRONG.en.format(field=said.en))), 400


def _add(site: "Site") -> Answer | tuple[str, int]:
    try:
        add_experiment(site.world.store, _told(), g.person.id, site.world.clock())
    except UnfitExperiment as unfit:
        return _refused(site, unfit)
    return redirect(_view(site).address(EXPERIMENTS), 303)


def _count(site: "Site", id: str) -> Answer | tuple[str, int]:
    try:
        told = _told()
    except UnfitExperiment as unfit:
        return _refused(site, unfit)
    if not count_experiment(site.world.store, _known(id), told, g.person.id, site.world.clock()):
        abort(404)
    return redirect(_view(site).address(EXPERIMENTS), 303)


def _decide(site: "Site", id: str) -> Answer | tuple[str, int]:
    verdict, why = next((one for one in _VERDICTS if one == request.form.get("verdict")), None), typed("why", LONGEST)
    if verdict is None or not why:
        return _refused(site, UnfitExperiment("why" if verdict else "verdict"))
    decided = Decided(verdict, why, g.person.id, site.world.clock())
    if not decide_experiment(site.world.store, _known(id), decided):
        abort(404)
    return redirect(_view(site).address(EXPERIMENTS), 303)


def _known(id: str) -> int:
    return int(id) if id.isascii() and id.isdecimal() and len(id) < 10 else abort(404)
