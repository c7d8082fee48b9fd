"""同行对比: a project's weekly packets about its peers, as they were sent; who sees the group sees every project's."""

from flask import abort, g, request
from htpy import Element, a, div, li, ol, p, span, strong

from components.filters import address
from components.words import Words
from dashboards._assets import Assets
from dashboards._door import Door, Policy
from dashboards._forms import other_language
from dashboards._news import names_of
from dashboards._notices import Names, peer_lines
from dashboards._page import World
from dashboards._plain import plain, waiting
from data_access.store.packets import Kept, packets
from metrics.pack import Label
from metrics.scope import Scope

PATH = "/peers"
ROLES = frozenset(("leader", "admin", "head"))
_TITLE = Label("同行对比", "Peers")
_NONE = Label(
    "还没有对比。样本太少或没有明显差别时,不发送。",
    "Nothing yet. Nothing is sent where cases are few or differences small.",
)
_RULE = Label(
    "只与可比组内的项目、相同时段比较。未开放互看时,不显示其他项目的名称和数字。",
    "Only projects of one kind, over the same days. Until projects may see each other, no names or figures of others.",
)
_HOME, _BOARDS = Label("首页", "Home"), Label("排行", "Boards")


def add(door: Door, world: World, assets: Assets) -> None:
    """The page."""
    door.route(PATH, Policy(ROLES, document=True), lambda: _page(world, assets))


def _page(world: World, assets: Assets) -> str:
    words, snapshot = world.words(request.args.get("lang", "")), world.reader.current()
    scope = world.scope(g.person, compares=True) or abort(403)
    if snapshot is None:
        return waiting(words, assets.css, tried=None, failed=False)
    # Packets are about the own project, however far boards are open.
    found, names = packets(world.store, scope.alerts), names_of(snapshot)
    listed = [_item(one, names, scope, words) for one in found]
    return plain(
        words.say(_TITLE),
        p(".panel-note")[words.say(_RULE)],
        ol[listed] if listed else p(".nothing")[words.say(_NONE)],
        _ways(words),
        words=words,
        css=assets.css,
        is_wide=True,
    )


def _item(one: Kept, names: Names, scope: Scope, words: Words) -> Element:
    first, *others = peer_lines(one.packet, names, words, is_open=scope.sees_group)
    return li(".entry")[
        div(".entry-head")[
            strong[names.project(one.packet.project)],
            span(".panel-note")[words.span(one.packet.first, one.packet.last)],
        ],
        p[first],
        [p(".panel-note")[line] for line in others],
    ]


def _ways(words: Words) -> Element:
    lang = {"lang": words.language}
    return div(".ways")[
        a(href=address("/boards", lang))[words.say(_BOARDS)],
        a(href=address("/", lang))[words.say(_HOME)],
        a(href=other_language(PATH, {}, words))[words.of("other_language")],
    ]
