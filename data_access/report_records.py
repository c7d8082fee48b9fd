"""Health reports as texts: every number exact, read back just as it was."""

import json
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from data_access.board_records import Json, canonical, number_json, reading_json, reading_of
from data_access.finding_records import read_finding, written_finding
from metrics.health import Chain, ChannelLine, Issue, Later, Range, Report, Risk, Somebody, Spread, Verdict, Vital
from metrics.overview import Pace
from metrics.pack import Label
from metrics.periods import Span


def report_text(one: Report) -> str:
    """A report as text: equal reports have equal texts."""
    return canonical(_report(one))


def report_of(text: str) -> Report:
    """The report a text holds."""
    return _report_of(json.loads(text))


def issue_text(content: str, issue: Issue) -> str:
    """An issued report as one text: the draft's numbers as they are, and what was added."""
    told = {
        "by": issue.by,
        "name": issue.name,
        "at": issue.at.isoformat(),
        "note": issue.note,
        "commitments": [dict(one) for one in issue.commitments],
    }
    return canonical({"report": json.loads(content), "issue": told})


def issue_of(text: str) -> tuple[Report, Issue]:
    """The report and the issue a text holds."""
    told = json.loads(text)
    issue = told["issue"]
    at = datetime.fromisoformat(issue["at"])
    return _report_of(told["report"]), Issue(issue["by"], issue["name"], at, issue["note"], tuple(issue["commitments"]))


def _report(one: Report) -> Json:
    return {
        "project": one.project,
        "week": one.week.isoformat(),
        "snapshot": one.snapshot,
        "as_of": one.as_of.isoformat(),
        "verdict": vars(one.verdict) | {"weak": list(one.verdict.weak)},
        "pace": _pace(one.pace),
        "vitals": [_vital(each) for each in one.vitals],
        "follow_up": [_vital(each) for each in one.follow_up],
        "cohort": _span(one.cohort) if one.cohort else None,
        "steps": [_chain(each) for each in one.steps],
        "leaks": [_chain(each) for each in one.leaks],
        "channels": [[each.channel, [reading_json(r) for r in each.readings], list(each.few)] for each in one.channels],
        "team": [_spread(each) for each in one.team],
        "completeness": [[name, reading_json(reading)] for name, reading in one.completeness],
        "still": [[entity, since.isoformat()] for entity, since in one.still],
        "risks": [_risk(each) for each in one.risks],
        "findings": reading_json(one.findings),
        "exempt": one.exempt,
        "names": dict(one.names),
        "definition": dict(one.definition),
    }


def _report_of(told: Json) -> Report:
    return Report(
        told["project"],
        date.fromisoformat(told["week"]),
        told["snapshot"],
        datetime.fromisoformat(told["as_of"]),
        Verdict(**{**told["verdict"], "weak": tuple(told["verdict"]["weak"])}),
        _pace_of(told["pace"]),
        tuple(map(_vital_of, told["vitals"])),
        tuple(map(_vital_of, told["follow_up"])),
        _span_of(told["cohort"]) if told["cohort"] else None,
        tuple(map(_chain_of, told["steps"])),
        tuple(map(_chain_of, told["leaks"])),
        tuple(ChannelLine(id, tuple(map(reading_of, found)), tuple(few)) for id, found, few in told["channels"]),
        tuple(map(_spread_of, told["team"])),
        tuple((name, reading_of(reading)) for name, reading in told["completeness"]),
        tuple((entity, datetime.fromisoformat(since)) for entity, since in told["still"]),
        tuple(map(_risk_of, told["risks"])),
        reading_of(told["findings"]),
        told["exempt"],
        told["names"],
        told["definition"],
    )


# --------------------------------------------------------------------------------------------------------------- pieces


def _fraction(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def _span(one: Span) -> list[str]:
    return [one.first.isoformat(), one.last.isoformat()]


def _span_of(told: list[str]) -> Span:
    first, last = told
    return Span(date.fromisoformat(first), date.fromisoformat(last))


def _pace(one: Pace) -> Json:
    numbers = {name: number_json(getattr(one, name)) for name in ("target", "attainment", "elapsed", "behind")}
    return {"project": one.project, "done": reading_json(one.done), **numbers}


def _pace_of(told: Json) -> Pace:
    target, attainment, behind = (_fraction(told[name]) for name in ("target", "attainment", "behind"))
    return Pace(told["project"], reading_of(told["done"]), target, attainment, Fraction(told["elapsed"]), behind)


def _vital(one: Vital) -> Json:
    range = [*map(number_json, (one.range.low, one.range.middle, one.range.high)), one.range.n] if one.range else None
    return {"metric": one.metric, "reading": reading_json(one.reading), "range": range, "judged": one.judged}


def _vital_of(told: Json) -> Vital:
    range = _range_of(*told["range"]) if told["range"] else None
    return Vital(told["metric"], reading_of(told["reading"]), range, told["judged"])


def _range_of(low: Any, middle: Any, high: Any, n: int) -> Range:
    return Range(Fraction(low), Fraction(middle), Fraction(high), n)


def _chain(one: Chain) -> Json:
    return {
        "step": one.step,
        "entered": one.entered,
        "reached": one.reached,
        "peers": number_json(one.peers),
        "among": one.among,
        "later": [[each.step, each.entered, each.reached, each.is_own] for each in one.later],
        "cost": number_json(one.cost),
        "few": one.few,
        "channel": one.channel,
    }


def _chain_of(told: Json) -> Chain:
    later = tuple(Later(*each) for each in told["later"])
    exact = {"peers": _fraction(told["peers"]), "cost": _fraction(told["cost"]), "later": later}
    return Chain(**{**told, **exact})


def _spread(one: Spread) -> Json:
    return {
        "metric": one.metric,
        "span": _span(one.span),
        "people": one.people,
        "left_out": one.left_out,
        "best": _somebody(one.best),
        "middle": number_json(one.middle),
        "weakest": _somebody(one.weakest),
    }


def _spread_of(told: Json) -> Spread:
    best, weakest = (_somebody_of(told[name]) for name in ("best", "weakest"))
    span, middle = _span_of(told["span"]), _fraction(told["middle"])
    return Spread(told["metric"], span, told["people"], told["left_out"], best, middle, weakest)


def _somebody(one: Somebody | None) -> Json | None:
    return {"staff": one.staff, "reading": reading_json(one.reading)} if one else None


def _somebody_of(told: Json | None) -> Somebody | None:
    return Somebody(told["staff"], reading_of(told["reading"])) if told else None


def _risk(one: Risk) -> Json:
    told = {name: [label.zh, label.en] for name, label in _labels(one).items()}
    return {"finding": written_finding(one.finding), **told}


def _labels(one: Risk) -> dict[str, Label]:
    return {"label": one.label, "message": one.message, "next_step": one.next_step}


def _risk_of(told: Json) -> Risk:
    return Risk(read_finding(told["finding"]), *(Label(*told[name]) for name in ("label", "message", "next_step")))
