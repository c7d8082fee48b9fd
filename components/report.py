"""A health report in words: the same blocks for the page and for the document, all taken from the record alone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from components.report_words import (
    COMPLETE,
    HEADS,
    JUDGED,
    NOW,
    OVERDUE,
    PACK,
    SAID,
    STATES,
    TITLES,
    VERDICTS,
    WINDOWS,
)
from components.words import Words, digits
from metrics.commitments import Checked, Commitment, is_overdue, state
from metrics.health import WIDE_WEEKS, Chain, Issue, Report, Risk, Spread, Vital
from metrics.laggards import Month
from metrics.pack import Label
from metrics.reading import Reading

Block = dict[str, Any]


class Sayer:
    """Says one report's ids and metrics in one language, as the record names them."""

    def __init__(self, report: Report, words: Words) -> None:
        self.report, self.words = report, words
        self.told = report.definition

    def say(self, label: Label, **values: str) -> str:
        """A label with its places filled."""
        return self.words.say(label.format(**values) if values else label)

    def of(self, pair: Sequence[str]) -> str:
        """A label of the record."""
        return self.words.say(Label(*pair))

    def metric(self, name: str) -> str:
        """A metric's name; a state is read as its share of the active leads."""
        told = self.told["metrics"][name]
        name = self.of(told["label"])
        return self.say(SAID["of_active"], name=name) if told["state"] else name

    def format(self, name: str) -> str:
        """A metric's format."""
        return str(self.told["metrics"][name]["format"])

    def step(self, name: str) -> str:
        """A step's name."""
        return self.of(self.told["steps"].get(name, [name, name]))

    @property
    def last(self) -> str:
        """The name of the last step."""
        return self.step(self.report.steps[-1].step)

    def channel(self, id: str | None) -> str:
        """A channel's name."""
        return self.report.names.get(f"channel/{id}", id or "") or self.words.of("unassigned")

    def heads(self, *names: str) -> list[str]:
        """The heads of a table."""
        return [self.say(HEADS[name]) for name in names]

    def title(self, name: str) -> str:
        """A block's title."""
        return self.say(TITLES[name])


def report_blocks(report: Report, words: Words, issue: Issue | None = None) -> list[Block]:
    """Everything a report says, in order."""
    told = Sayer(report, words)
    blocks = [
        _verdict(told),
        _remedies(told),
        _vitals(told, "vitals", report.vitals, week_note(told)),
        *_leaks(told),
        _vitals(told, "follow_up", report.follow_up, ""),
        _channels(told),
        _team(told),
        _complete(told),
        _risks(told),
        *_added(told, issue),
        _how(told),
    ]
    return [one for one in blocks if one]


def state_line(report: Report, words: Words, local: datetime | None, issue: Issue | None) -> str:
    """Whether a report is a draft or was issued, by whom and when, and of when its data is."""
    as_of = f"{report.as_of:%Y-%m-%d %H:%M}"
    if issue is None or local is None:
        return words.say(SAID["draft"].format(as_of=as_of))
    label = SAID["issued"].format(name=issue.name, when=f"{local:%Y-%m-%d %H:%M}", as_of=as_of)
    return words.say(label)


def week_days(week: date, words: Words) -> str:
    """A week's days."""
    return f"{week.year} {words.span(week, week + timedelta(6))}"


def week_note(told: Sayer) -> str:
    """Which week, and what the range is."""
    week = told.report.week
    return told.say(SAID["week_note"], days=told.words.span(week, week + timedelta(6)))


# -------------------------------------------------------------------------------------------------------------- verdict


def verdict_said(report: Report, words: Words) -> str:
    """The one sentence of the verdict."""
    told, found = Sayer(report, words), report.verdict
    said = [_pace_said(told)]
    if found.judged and found.weak:
        names = "、".join(told.metric(name) for name in found.weak)
        said.append(told.say(SAID["weak"], judged=str(found.judged), n=str(len(found.weak)), names=names))
    else:
        said.append(told.say(SAID["none_weak" if found.judged else "none_judged"], judged=str(found.judged)))
    if found.red:
        said.append(told.say(SAID["red"], n=str(found.red)))
    if report.findings.value:
        # A suspicion is no verdict, but nobody is called healthy without a word of it.
        said.append(told.say(SAID["suspected"], n=words.number(report.findings, "count")))
    joint, end = (";", "。") if words.language == "zh" else ("; ", ".")
    return joint.join(said) + end


def _pace_said(told: Sayer) -> str:
    pace, words = told.report.pace, told.words
    if pace.behind is None or pace.attainment is None:
        return words.reason(pace.done) if pace.done.value is None else words.of("reason_no_target")
    shown = digits(abs(pace.behind) * 100, 1)
    label = SAID["behind" if pace.behind > 0 else "ahead"]
    return told.say(label, done=words.percent(pace.attainment), due=words.percent(pace.elapsed), value=shown)


def _verdict(told: Sayer) -> Block:
    label, tone = VERDICTS[told.report.verdict.word]
    limit = digits(Fraction(told.told["behind_limit"]) * 100, 0)
    notes = [told.say(SAID["rule"], limit=limit)]
    if told.report.exempt:
        notes.insert(0, told.say(SAID["exempt"]))
    said = verdict_said(told.report, told.words)
    return {
        "kind": "verdict",
        "title": told.title("verdict"),
        "word": told.say(label),
        "tone": tone,
        "said": said,
        "notes": notes,
    }


# -------------------------------------------------------------------------------------------------------- prescriptions


def _remedies(told: Sayer) -> Block:
    report = told.report
    items = [_remedy(told, one) for one in report.prescriptions]
    none = ""
    if not items:
        none = _no_remedy(told)
    note = told.say(SAID["cohort"], days=_days(told)) if report.cohort and report.steps else told.say(SAID["no_cohort"])
    return {"kind": "remedies", "title": told.title("remedies"), "note": note, "items": items, "none": none}


def _no_remedy(told: Sayer) -> str:
    """Why nothing is prescribed; a step whose own cases are too few says nothing about how it does."""
    known = [one.cost for one in told.report.steps if one.cost is not None]
    if any(known):
        return told.say(SAID["small"], last=told.last, n=digits(told.report.least_cure, 1))
    return told.say(SAID["healthy" if known else "not_told"])


def _days(told: Sayer) -> str:
    span = told.report.cohort
    return f"{span.first:%Y-%m-%d} – {span.last:%Y-%m-%d}" if span else ""


def _remedy(told: Sayer, one: Chain) -> dict[str, str]:
    words, rate = told.words, told.of(told.told["rates"][one.step])
    assert one.peers is not None and one.cost is not None
    own = words.percent(Fraction(one.reached, one.entered))
    begin, remedy = told.report.begins_with(one), told.told["remedies"].get(one.step)
    parts = [told.of(remedy)] if remedy else []
    parts.append(told.say(SAID["first"], channel=told.channel(begin.channel)) if begin else told.say(SAID["all_over"]))
    return {
        "title": told.say(SAID["if"], rate=rate, peers=words.percent(one.peers), own=own),
        "worth": told.say(SAID["worth"], last=told.last, n=digits(one.cost, 1)),
        "sum": arithmetic(one, words),
        "todo": " · ".join(parts),
        "note": _assumed(told, one),
    }


def _assumed(told: Sayer, one: Chain) -> str:
    """Whose rates the later steps take, and that nothing was rounded on the way."""
    borrowed = [told.step(each.step) for each in one.later if not each.is_own]
    said = [told.say(SAID["assumed"], n=str(one.among))]
    if borrowed:
        said.append(told.say(SAID["borrowed"], steps="、".join(borrowed)))
    return " ".join(said)


def _many(told: Sayer, value: Fraction) -> str:
    return digits(value, 1) if value >= Fraction(1, 20) else told.say(SAID["least_worth"])


def arithmetic(one: Chain, words: Words) -> str:
    """How a step's cost comes about, with every factor."""
    assert one.peers is not None and one.cost is not None
    later = "".join(f" × {each.reached:,}/{each.entered:,}" for each in one.later)
    return f"({one.entered:,} × {words.percent(one.peers)} − {one.reached:,}){later} = {digits(one.cost, 2)}"


# --------------------------------------------------------------------------------------------------------------- vitals


def _vitals(told: Sayer, name: str, listed: Iterable[Vital], note: str) -> Block:
    return {"kind": "vitals", "title": told.title(name), "note": note, "rows": [_vital(told, one) for one in listed]}


def _vital(told: Sayer, one: Vital) -> dict[str, str]:
    words, format, metric = told.words, told.format(one.metric), told.told["metrics"][one.metric]
    label, tone = JUDGED[one.judged]
    if one.reading.value is None:
        why = words.reason(one.reading)
    else:
        n = f"n={one.reading.n:,}" if one.reading.n is not None else ""
        why = words.quotient(one.reading, format) or n
        if "※" in _shown(told, one.metric, one.reading) and not metric["target"]:
            why = f"{why} · {told.say(SAID['over'])}"
    if one.range:
        low, high = (words.value(value, format) for value in (one.range.low, one.range.high))
        range = told.say(SAID["range"], low=low, high=high, n=str(one.range.n))
    else:
        range = told.say(SAID["no_range"], least=str(told.told["least"]["least_projects"]))
    word = told.say(label)
    if one.judged == "few":
        word = words.of("few_reason", least=metric["min_n"])
    return {
        "name": told.metric(one.metric),
        "value": words.number(one.reading, format),
        "why": why,
        "range": range,
        "word": word,
        "tone": tone,
    }


# ---------------------------------------------------------------------------------------------------------------- leaks


def _leaks(told: Sayer) -> list[Block]:
    report = told.report
    if not report.steps:
        return []
    worst = report.worst_leak
    notes = []
    if worst is not None and worst.cost:
        said = {
            "step": told.step(worst.step),
            "channel": told.channel(worst.channel),
            "last": told.last,
            "n": _many(told, worst.cost),
        }
        notes = [told.say(SAID["worst"], **said), arithmetic(worst, told.words)]
    cost = told.say(SAID["costs"], last=told.last)
    heads = [*told.heads("step", "entered", "reached", "rate", "peers"), cost]
    rows = [[told.step(one.step), *_chain(told, one)] for one in report.steps]
    steps = {
        "kind": "table",
        "title": told.title("leaks"),
        "note": told.say(SAID["cohort"], days=_days(told)),
        "heads": heads,
        "rows": rows,
        "notes": notes,
    }
    by_channel = [
        [f"{told.step(one.step)} · {told.channel(one.channel)}", *_chain(told, one)]
        for one in sorted(report.leaks, key=lambda one: (-(one.cost or -1), one.step, one.channel or ""))
        if one.cost
    ]
    if not by_channel:
        return [steps]
    listed = {
        "kind": "table",
        "title": told.title("channel_leaks"),
        "note": "",
        "heads": [told.say(HEADS["step"]) + " · " + told.say(HEADS["channel"]), *heads[1:]],
        "rows": by_channel,
        "notes": [],
    }
    return [steps, listed]


def _chain(told: Sayer, one: Chain) -> list[str]:
    words = told.words
    rate = words.percent(Fraction(one.reached, one.entered)) if one.entered else words.of("missing_nothing")
    peers = f"{words.percent(one.peers)} ({one.among})" if one.peers is not None else "–"
    cost = told.say(SAID["few_mark"]) if one.few else "–"
    if one.cost is not None:
        cost = digits(one.cost, 1) if one.cost == 0 or one.cost >= Fraction(1, 20) else told.say(SAID["least_worth"])
    return [f"{one.entered:,}", f"{one.reached:,}", rate, peers, cost]


# ------------------------------------------------------------------------------------- channels, team, data, risks


def _channels(told: Sayer) -> Block:
    names = told.told["sections"]["channels"]
    if not names or not told.report.channels:
        return {}
    rows = [
        [
            told.channel(one.channel),
            *(
                _shown(told, name, reading) + (f" · {told.say(SAID['few_mark'])}" if few else "")
                for name, reading, few in zip(names, one.readings, one.few, strict=True)
            ),
        ]
        for one in told.report.channels
    ]
    heads = [told.say(HEADS["channel"]), *(told.metric(name) for name in names)]
    note = told.say(SAID["four_weeks"], n=str(WIDE_WEEKS))
    notes = [told.say(SAID["over"])] if any("※" in cell for row in rows for cell in row[1:]) else []
    return {
        "kind": "table",
        "title": told.title("channels"),
        "note": note,
        "heads": heads,
        "rows": rows,
        "notes": notes,
    }


def _shown(told: Sayer, name: str, reading: Reading) -> str:
    """A reading; a share above the whole is marked, and the mark is explained below."""
    is_over = told.format(name) == "percent" and reading.value is not None and reading.value > 1
    return told.words.number(reading, told.format(name)) + ("※" if is_over else "")


def _team(told: Sayer) -> Block:
    spreads = told.report.team
    if not spreads:
        return {}
    rows = [_spread(told, one) for one in spreads]
    heads = told.heads("metric", "best", "middle", "weakest")
    notes = [f"{_cohort_name(told, one.metric)}:{_people(told, one)}" for one in spreads]
    return {"kind": "table", "title": told.title("team"), "note": "", "heads": heads, "rows": rows, "notes": notes}


def _cohort_name(told: Sayer, name: str) -> str:
    metric = told.told["metrics"][name]
    return told.of(metric["cohort_label"] or metric["label"])


def _people(told: Sayer, one: Spread) -> str:
    if one.best is None:
        return told.say(SAID["too_few_people"], least=str(told.told["least"]["least_people"]))
    days = f"{one.span.first:%Y-%m-%d} – {one.span.last:%Y-%m-%d}"
    return told.say(SAID["people"], n=str(one.people), left=str(one.left_out), days=days)


def _spread(told: Sayer, one: Spread) -> list[str]:
    format, words = told.format(one.metric), told.words

    def who(somebody: Any) -> str:
        name = told.report.names.get(f"staff/{somebody.staff}", somebody.staff)
        return f"{name} {words.number(somebody.reading, format)}"

    if one.best is None or one.weakest is None or one.middle is None:
        return [_cohort_name(told, one.metric), "–", "–", "–"]
    return [_cohort_name(told, one.metric), who(one.best), words.value(one.middle, format), who(one.weakest)]


def _complete(told: Sayer) -> Block:
    words, lines = told.words, told.report.completeness
    rows = [
        [told.say(COMPLETE[name]), words.number(one, "percent"), words.quotient(one, "count") or words.reason(one)]
        for name, one in lines
    ]
    known = [Fraction(one.value) for _, one in lines if one.value is not None]
    notes = [told.say(SAID["mean"], value=words.percent(sum(known, Fraction(0)) / len(known)))] if known else []
    notes += [
        told.say(SAID["still"], what=words.source(entity), when=f"{since:%m-%d %H:%M}")
        for entity, since in told.report.still
    ]
    note = told.say(SAID["four_weeks"], n=str(WIDE_WEEKS))
    heads = told.heads("item", "share", "quotient")
    return {
        "kind": "table",
        "title": told.title("complete"),
        "note": note,
        "heads": heads,
        "rows": rows,
        "notes": notes,
    }


def _risks(told: Sayer) -> Block:
    report = told.report
    items = [_risk(told, one) for one in report.risks]
    lines = []
    if not told.told["alerts_known"]:
        lines.append(told.say(SAID["no_record"]))
    elif not items:
        lines.append(told.say(SAID["no_alerts"]))
    lines.append(told.say(SAID["findings"], why=_findings_said(told, report.findings)))
    note = told.say(SAID["alerts_now"], when=f"{report.as_of:%m-%d %H:%M}")
    return {"kind": "risks", "title": told.title("risks"), "note": note, "items": items, "lines": lines}


def _findings_said(told: Sayer, found: Reading) -> str:
    return told.say(SAID["not_yet"]) if found.value is None else told.words.number(found, "count")


def _risk(told: Sayer, one: Risk) -> dict[str, str]:
    words, found = told.words, one.finding
    values = {name: words.fact(value, found.formats.get(name, "count")) for name, value in found.values.items()}
    return {
        "tone": found.severity,
        "word": words.of(found.severity),
        "title": words.say(one.label),
        "what": words.say(one.message).format(**{"project": told.report.names["project"], **values}),
        "since": words.of("since", when=f"{found.since:%Y-%m-%d}"),
        "next": words.say(one.next_step),
    }


def _added(told: Sayer, issue: Issue | None) -> list[Block]:
    """The note and the commitments an issued report holds."""
    if issue is None:
        return []
    note = {"kind": "lines", "title": told.title("note"), "note": "", "lines": issue.note.splitlines()}
    rows = [[promise_said(_frozen(one), told.words)] for one in issue.commitments]
    promised = {
        "kind": "lines",
        "title": told.title("promised"),
        "note": "",
        "lines": [row[0] for row in rows],
    }
    return [note if issue.note else {}, promised if rows else {}]


def _frozen(told: Mapping[str, Any]) -> Commitment:
    due, made = date.fromisoformat(told["due"]), datetime.fromisoformat(told["made_at"])
    plain = {name: told[name] for name in ("id", "project", "metric", "window", "owner", "told", "note")}
    return Commitment(value=Fraction(told["value"]), due=due, made_at=made, **plain)


def _how(told: Sayer) -> Block:
    lines = [
        told.say(SAID["formula"], name=told.metric(name), how=told.of(one["spelled"]))
        for name, one in sorted(told.told["metrics"].items())
        if any(one["spelled"]) and told.of(one["spelled"]) != told.metric(name)
    ]
    version = told.say(SAID["snapshot"], version=told.report.snapshot[:12], pack=told.told["pack_fingerprint"][:12])
    return {"kind": "small", "title": told.title("how"), "note": version, "lines": lines}


# ---------------------------------------------------------------------------------------------------------- commitments


def metric_said(one: Commitment, words: Words) -> str:
    """What is promised a value of."""
    name = words.say(Label(*one.told["label"]))
    return words.say(SAID["of_active"].format(name=name)) if one.told["state"] else name


def promise_said(one: Commitment, words: Words) -> str:
    """A promise in one line."""
    sign = "≤" if one.told["better"] == "lower" else "≥"
    said = {
        "metric": metric_said(one, words),
        "window": words.say(WINDOWS.get(one.window, NOW)),
        "sign": sign,
        "value": words.value(one.value, one.told["format"]),
        "due": one.due.isoformat(),
    }
    return words.say(SAID["promise"]).format(**said)


def state_said(one: Commitment, checks: Sequence[Checked], words: Words, today: date) -> tuple[str, str]:
    """The word for where a promise stands, and its tone."""
    label, tone = OVERDUE if is_overdue(one, checks, today) else STATES[state(one, checks)]
    return words.say(label), tone


def latest_said(one: Commitment, checks: Sequence[Checked], words: Words) -> str:
    """What the last week that looked at it read."""
    if not checks:
        return "–"
    last = checks[-1]
    day = words.span(last.week, last.week + timedelta(6))
    if last.outcome == "untold" and last.reading.value is not None:
        few = words.of("few_reason", least=one.told["min_n"])
        return f"{words.value(last.reading.value, one.told['format'])} · {few} · {day}"
    return f"{words.number(last.reading, one.told['format'])} · {day}"


# ----------------------------------------------------------------------------------------------------------- month pack


def month_blocks(
    found: Sequence[Month],
    promised: Mapping[str, Sequence[tuple[Commitment, Sequence[Checked]]]],
    words: Words,
    *,
    board: str,
    least: int,
    weeks: int,
    today: date,
) -> list[Block]:
    """The pack of a month: the rule, then each laggard's weeks and what became of its commitments."""
    rule = words.say(PACK["rule"]).format(board=board, n=least)
    blocks: list[Block] = [
        {
            "kind": "lines",
            "title": words.say(TITLES["how"]),
            "note": words.say(PACK["few_boards"]).format(n=weeks),
            "lines": [rule, *([] if found else [words.say(PACK["none"])])],
        }
    ]
    for one in found:
        blocks += [_trend(one, words), _kept(promised.get(one.project, ()), words, today)]
    return blocks


def _trend(one: Month, words: Words) -> Block:
    heads = [words.say(HEADS[name]) for name in ("week", "rank", "points", "behind", "word")]
    rows = []
    for week in one.weeks:
        low = f" · {words.say(PACK['low'])}" if week.is_low else ""
        rank = f"{week.rank}/{week.among}{low}" if week.rank is not None else words.of("unranked")
        over = f" · {words.say(PACK['over'])}" if week.is_behind else ""
        behind = words.of("missing_no_target") if week.behind is None else _points(week.behind, words) + over
        points = words.value(week.points, "score") if week.points is not None else "–"
        label, _ = VERDICTS[week.word]
        rows.append([f"{week.week:%m-%d}", rank, points, behind, words.say(label)])
    title = words.say(PACK["title"]).format(name=one.name, weeks=words.say(PACK["weeks"]).format(n=one.counted))
    return {"kind": "table", "title": title, "note": "", "heads": heads, "rows": rows, "notes": []}


def _points(behind: Fraction, words: Words) -> str:
    sign = "" if behind >= 0 else "-"
    return f"{sign}{words.short_points(behind)}"


def _kept(promised: Sequence[tuple[Commitment, Sequence[Checked]]], words: Words, today: date) -> Block:
    heads = [words.say(HEADS[name]) for name in ("promise", "state", "now")]
    rows = [
        [promise_said(one, words), state_said(one, checks, words, today)[0], latest_said(one, checks, words)]
        for one, checks in promised
    ]
    title = words.say(TITLES["promised"])
    if not rows:
        return {"kind": "lines", "title": title, "note": "", "lines": [words.say(PACK["no_promise"])]}
    return {"kind": "table", "title": title, "note": "", "heads": heads, "rows": rows, "notes": []}
