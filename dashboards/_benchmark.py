"""One outside figure with its source, in the library and on the overview."""

from htpy import Element, Node, a, p, strong

from components.shell import panel, part
from components.words import Words
from dashboards._page import View
from metrics.benchmarks import Benchmark
from metrics.pack import Label
from metrics.scope import PROJECT_ROLES, Role

BENCHMARKS = "/benchmarks"
BENCHMARKS_WORD = Label("标杆库", "Benchmarks")
READERS: frozenset[Role] = PROJECT_ROLES
_COVER = Label("外部标杆", "Outside figure")
_SOURCE = Label("来源 {source} · {dated}", "Source: {source}, {dated}")
_LINK = Label("打开来源", "Open the source")


def source_said(one: Benchmark, words: Words) -> Element:
    """Where a figure was read and of which day it is, with a link where there is one."""
    said = words.say(_SOURCE.format(source=one.source, dated=one.dated.isoformat()))
    # Another site is told nothing of ours, and cannot reach back into this page.
    link = one.link and [" · ", a(href=one.link, rel="noopener noreferrer nofollow", target="_blank")[words.say(_LINK)]]
    return p(".panel-note")[said, link]


def cover_part(view: View) -> Node:
    """The entry the library's keeper chose for the overview, apart from measured figures; nothing without one."""
    one = view.cover
    if one is None:
        return None
    figure = p[strong[f"{one.figure} {one.value}"], f" · {one.who}"]
    title, href = view.say(_COVER), view.address(BENCHMARKS)
    return part("cover", panel(title, figure, source_said(one, view.words), href=href))
