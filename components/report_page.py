"""A report's blocks as a page for phones: the verdict first, then what to do, then what it rests on."""

from collections.abc import Sequence

from htpy import Element, Node, a, article, div, h2, h3, li, p, section, span, strong, ul

from components.record import record_table
from components.report import Block


def report_body(blocks: Sequence[Block]) -> list[Node]:
    """Every block in order."""
    kinds = {
        "verdict": _verdict,
        "remedies": _remedies,
        "vitals": _vitals,
        "table": _table,
        "risks": _risks,
        "lines": _lines,
        "small": _lines,
    }
    return [kinds[one["kind"]](one) for one in blocks]


def report_list(rows: Sequence[tuple[str, str, str, str, str, str]]) -> Element:
    """Reports as links: address, name, word, its tone, state, the state's tone."""
    return ul(".report-list")[
        [
            li[
                a(".report-row", href=href)[
                    strong[name], span(f".report-mark.is-{tone}")[word], span(f".report-state.is-{held}")[state]
                ]
            ]
            for href, name, word, tone, state, held in rows
        ]
    ]


def overdue_line(said: str, href: str) -> Element:
    """That reports are overdue, as a line that leads to them."""
    return p(".report-overdue", role="alert")[a(href=href)[said]]


def _block(one: Block, *inside: Node) -> Element:
    return section(".record")[
        h2(".record-title")[one["title"]], one.get("note") and p(".board-note")[one["note"]], inside
    ]


def _verdict(one: Block) -> Element:
    return section(f".report-verdict.is-{one['tone']}")[
        h2(".spoken")[one["title"]],
        p(".report-word")[one["word"]],
        p(".report-said")[one["said"]],
        [p(".board-note")[said] for said in one["notes"]],
    ]


def _remedies(one: Block) -> Element:
    items = [
        article(".report-remedy")[
            h3[each["title"]],
            p(".report-worth")[each["worth"]],
            p(".report-sum")[each["sum"]],
            each["todo"] and p[each["todo"]],
            p(".board-note")[each["note"]],
        ]
        for each in one["items"]
    ]
    return _block(one, items, one["none"] and p[one["none"]])


def _vitals(one: Block) -> Element:
    rows = [
        div(".report-vital")[
            span(".report-name")[each["name"]],
            strong(".report-value")[each["value"]],
            span(f".report-mark.is-{each['tone']}")[each["word"]],
            span(".report-why")[each["why"]],
            span(".report-range")[each["range"]],
        ]
        for each in one["rows"]
    ]
    return _block(one, rows)


def _table(one: Block) -> Element:
    notes = [p(".board-note")[said] for said in one["notes"]]
    return div(".report-table")[record_table(one["title"], one["heads"], one["rows"], note=one["note"]), notes]


def _risks(one: Block) -> Element:
    items = [
        article(f".report-risk.is-{each['tone']}")[
            p[span(f".report-mark.is-{each['tone']}")[each["word"]], strong[each["title"]]],
            p[each["what"]],
            p(".board-note")[each["since"], " · ", each["next"]],
        ]
        for each in one["items"]
    ]
    return _block(one, items, [p(".board-note")[said] for said in one["lines"]])


def _lines(one: Block) -> Element:
    return _block(one, [p(".report-line")[said] for said in one["lines"]])
