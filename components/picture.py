"""A page as a picture: what each block of it says and how long its bars are, as plain values for the template."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from components.alert import counted, message, since
from components.board import board_notes, is_shrunk, move_said
from components.funnel import asides, is_drawn, is_over, peers_length, scale_of
from components.heatmap import column_days, has_few, scale_notes, shown
from components.leak import LEAK_HEADS, leak_figures
from components.pace import pace_said
from components.verdict import gap_said, gap_sum, pace_state, unset
from components.words import Change, Words
from metrics.boards import Board, Standing
from metrics.funnel import Funnel, Leak, Stage
from metrics.gap import Gap
from metrics.heat import Cell, Grid
from metrics.overview import Compared, Pace
from metrics.pack import Metric, Rule
from metrics.reading import Number
from metrics.rules import Finding

Block = dict[str, Any]
Naming = Callable[[str], str | None]
LONGEST = 80
_ARROWS = {"up": "▲", "down": "▼"}
_STATES = {"behind": "red", "ahead": "green"}
_KEPT = ("skipped", "over", "immature", "missing")
"""What is said beside a step also where there is little room."""


def short(text: str) -> str:
    """A text as long as a picture has room for."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _share(part: Number, whole: Number) -> float:
    """A length as a share of the drawing's width."""
    return float(Fraction(min(max(part, 0), whole)) / whole) if whole else 0.0


def verdict_block(pace: Pace, gap: Gap | None, words: Words, *, title: str) -> Block:
    """Attainment against time elapsed, and the customers still missing."""
    value, said = (
        unset(pace, words) if pace.attainment is None else (words.percent(pace.attainment), _stands(pace, words))
    )
    done = f"{words.number(pace.done, 'money')} / {words.money(pace.target)}" if pace.target else ""
    elapsed = f"{words.of('elapsed')} {words.percent(pace.elapsed)}"
    return {
        "kind": "verdict",
        "title": title,
        "value": value,
        "state": said,
        "note": f"{done} · {elapsed}" if done else "",
        "gap": gap and {"said": f"{words.of('gap')} {gap_said(gap, words)}", "sum": gap_sum(gap, words)},
        **_rail(pace),
    }


def _rail(pace: Pace) -> Block:
    """What is done and the time elapsed, both out of the target or of what was done beyond it."""
    full = max(Fraction(1), pace.attainment or Fraction(0))
    return {
        "tone": _STATES.get(pace_state(pace), "quiet"),
        "done": None if pace.attainment is None else _share(pace.attainment, full),
        "target": _share(1, full) if full > 1 else None,
        "elapsed": _share(pace.elapsed, full),
    }


def _stands(pace: Pace, words: Words) -> str:
    return words.of(f"is_{pace_state(pace)}", value=words.points(pace.behind or 0))


def paces_block(title: str, paces: Sequence[Pace], name: Naming, words: Words, *, note: str = "") -> Block:
    """Each project's share of its target beside the time elapsed, in the order given."""
    return {
        "kind": "paces",
        "title": title,
        "note": note,
        "legend": f"┃ {words.of('elapsed')}",
        "paces": [_pace(each, short(name(each.project or "") or words.of("unassigned")), words) for each in paces],
    }


def _pace(pace: Pace, name: str, words: Words) -> Block:
    value, said = pace_said(pace, words)
    return {"name": name, "value": value, "state": said, **_rail(pace)}


def tiles_block(
    title: str, compared: Sequence[Compared], metrics: Mapping[str, Metric], words: Words, *, note: str = ""
) -> Block:
    """The headline numbers, each beside the same point of the period before."""
    return {
        "kind": "tiles",
        "title": title,
        "note": note,
        "tiles": [_tile(each, metrics[each.metric], words) for each in compared],
    }


def _tile(each: Compared, metric: Metric, words: Words) -> Block:
    known = not each.now.is_missing
    compares = known and each.before.missing != "no_record"
    change = words.change(each.change, metric.better, metric.format, before=each.before.value)
    before = f"{words.of('same_point')} {words.number(each.before, metric.format)}"
    few = known and each.now.few(metric.min_n)
    reason = [] if known else [words.reason(each.now)]
    return {
        "label": words.say(metric.label),
        "value": words.number(each.now, metric.format),
        "unit": words.unit(metric.unit) if known and metric.format == "count" else "",
        "change": _changed(change, words) if compares else "",
        "tone": _colour(change, words) if compares else "quiet",
        "notes": reason
        + ([before] if compares else [])
        + ([words.of("few_reason", least=metric.min_n)] if few else []),
    }


def _changed(change: Change, words: Words) -> str:
    arrow, tone = _ARROWS.get(change.direction, ""), "" if change.tone == "neutral" else words.of(change.tone)
    return " ".join(filter(None, (arrow, change.text, tone)))


def _colour(change: Change, words: Words) -> str:
    """The market's colour of a direction: 红涨绿跌, or the other way round."""
    if change.direction not in _ARROWS:
        return "quiet"
    return "red" if (change.direction == "up") == words.up_is_red else "green"


def findings_block(
    title: str,
    findings: Sequence[Finding],
    rules: Mapping[str, Rule],
    subject_name: Callable[[Finding], str | None],
    words: Words,
    now: datetime,
    *,
    among: Sequence[Finding],
) -> Block:
    """Findings in the order given, and how many there are of each severity; a calm word when there is none."""

    def one(finding: Finding) -> Block:
        rule = rules[finding.rule]
        subject = subject_name(finding) or words.of("group" if finding.kind == "group" else "unassigned")
        return {
            "severity": finding.severity,
            "word": words.of(finding.severity),
            "subject": short(subject),
            "since": since(finding, words, now),
            "title": words.say(rule.label),
            "what": message(finding, rule, short(subject), words),
            "then": words.of("next_step"),
            "next": words.say(rule.next_step),
        }

    note = [said for _, said in counted(among, words)] or [words.of("calm"), words.of("calm_reason")]
    return {"kind": "findings", "title": title, "note": " · ".join(note), "findings": [one(each) for each in findings]}


def funnels_block(title: str, cards: Sequence[tuple[Funnel, str]], words: Words, *, note: str = "") -> Block:
    """Funnels in the order given, each on its own scale of parties."""
    has_peers = any(stage.peers_median is not None for one, _ in cards for stage in one.stages)
    return {
        "kind": "funnels",
        "title": title,
        "note": note,
        "funnels": [{"name": short(name), "steps": _steps(one, words, len(cards) > 1)} for one, name in cards],
        "legend": [words.of("rate_note")] + ([f"┃ {words.of('peers_median')}"] if has_peers else []),
    }


def _steps(one: Funnel, words: Words, is_small: bool) -> list[Block]:
    scale, before = scale_of(one), [None, *one.stages]
    return [_step(stage, prior, scale, words, is_small) for stage, prior in zip(one.stages, before, strict=False)]


def _step(stage: Stage, before: Stage | None, scale: Number, words: Words, is_small: bool) -> Block:
    count, drawn = stage.count.value or 0, is_drawn(stage)
    peers = peers_length(stage, before)
    has_rate = before is not None and not (before.count.is_missing and stage.of_previous.is_missing)
    over = before is not None and is_over(stage, before)
    notes = asides(stage, before, words)
    return {
        "label": words.say(stage.label),
        "count": words.number(stage.count, "count"),
        "rate": words.number(stage.of_previous, "percent") + ("※" if over else "") if has_rate else "",
        "own": _share(count - stage.skipped, scale) if drawn else None,
        "skipped": _share(stage.skipped, scale),
        "open": _share(stage.open, scale),
        "peers": None if peers is None else _share(peers, scale),
        "notes": [said for kind, said in notes if not is_small or kind in _KEPT],
    }


def leak_block(
    title: str, leaks: Sequence[Leak], channel_name: Naming, words: Words, *, note: str = "", min_n: int = 0
) -> Block:
    """Where a step leaks, channel by channel in the order given."""
    most = max((leak.lost for leak in leaks), default=0)
    return {
        "kind": "leak",
        "title": title,
        "note": note if leaks else words.of("nothing_leaks"),
        "heads": [words.of(key) for key in LEAK_HEADS],
        "rows": [_leak(leak, channel_name(leak.channel), most, min_n, words) for leak in leaks],
    }


def _leak(leak: Leak, name: str | None, most: int, min_n: int, words: Words) -> Block:
    figures = leak_figures(leak, words)
    few = not leak.of_previous.is_missing and leak.of_previous.few(min_n)
    return {
        "name": short(name or words.of("unassigned")),
        "figures": figures,
        "few": words.of("few") if few else "",
        "share": _share(leak.lost, most),
    }


def heat_block(
    grid: Grid, metric: Metric, words: Words, *, title: str, row_name: Naming, column_name: Naming, note: str = ""
) -> Block:
    """A grid with the number of each cell, its days above its hours, and its scale."""
    return {
        "kind": "heat",
        "title": title,
        "note": note,
        "absent": words.reason(grid.absent) if grid.absent else "",
        "days": column_days(grid, words),
        "columns": [column_name(each) for each in grid.columns],
        "running": grid.columns.index(grid.running) if grid.running else -1,
        "rows": [short(row_name(each) or words.of("unassigned")) for each in grid.rows],
        "cells": [[_cell(cell, metric, words) for cell in cells] for cells in grid.cells],
        "legend": _scale(grid, metric, words),
        "notes": scale_notes(grid, metric, words) + ([words.of("few_cells")] if has_few(grid) else []),
    }


def _cell(cell: Cell, metric: Metric, words: Words) -> tuple[str, int | str]:
    return shown(cell, metric, words), "few" if cell.few else cell.level


def _scale(grid: Grid, metric: Metric, words: Words) -> list[tuple[int, str]]:
    levels = [(level, f"≥ {words.value(bound, metric.format)}") for level, bound in enumerate(grid.bounds, 1)]
    return [(0, words.of("nothing_level")), *levels]


def boards_block(cards: Sequence[Block]) -> Block:
    """Boards side by side."""
    return {"kind": "boards", "boards": list(cards)}


def board_card(
    board: Board, metric: Metric, title: str, name: Naming, words: Words, *, most: int, of: int | None = None
) -> Block:
    """The first places of one board; `of` says among how many a rank was won, where not all rows are shown."""
    rolling = words.of("rolling", weeks=board.weeks) if board.weeks > 1 else ""
    days = words.span(board.span.first, board.span.last)
    had_week_before = any(row.change is not None for row in board.rows)
    return {
        "title": title,
        "note": " · ".join(filter(None, (days, rolling))),
        "said": board_notes(board, min(most, len(board.rows)), words),
        "absent": words.reason(board.absent) if board.absent else words.of("empty_board"),
        "rows": [_place(row, metric, name, words, of, had_week_before) for row in board.rows[:most]],
    }


def _place(row: Standing, metric: Metric, name: Naming, words: Words, of: int | None, had_week_before: bool) -> Block:
    return {
        "rank": f"{row.rank}/{of}" if of else str(row.rank),
        "top": (row.rank or 9) <= 3,
        "name": short(name(row.subject) or words.of("unassigned")),
        "value": words.number(row.value, metric.format),
        "raw": f"{words.of('raw')} {words.number(row.raw, metric.format)}" if is_shrunk(row) else "",
        "tied": words.of("tied") if row.tied else "",
        "move": move_said(row, words, had_week_before),
    }
