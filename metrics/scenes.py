"""Scenes of walls as data: what a scene shows, slide by slide and panel by panel; a pack declares them, settings may change them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NoReturn

from metrics.heat import hourly_metrics
from metrics.nearest import nearest
from metrics.pack import Label, Pack, PackError
from metrics.periods import PERIODS
from metrics.rules import SEVERITIES
from metrics.snapshot import EVENT_KINDS
from metrics.teams import team_measures

Read = Callable[[Any, str, Pack], Any]

VIEWERS = ("everybody", "group")
LAYOUTS = {"one": 1, "two": 2, "three": 3, "lead": 3, "top": 3, "command": 4}
"""Each layout with the number of its places."""
_REQUIRED = object()


class SceneError(PackError):
    """A scene that cannot be shown; the message names the key, the value and the way out."""


@dataclass(frozen=True)
class PanelSpec:
    """One panel of a slide: its kind and what that kind is told."""

    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class SlideSpec:
    """One slide: its panels in the places of a layout, its seconds, and the projects it is about (none: all)."""

    name: str
    label: Label
    panels: tuple[PanelSpec, ...]
    layout: str
    seconds: int
    projects: tuple[str, ...] = ()


@dataclass(frozen=True)
class SceneSpec:
    """What one kind of wall shows: for whom, in which order, from how far, and whether money and new contracts are shown."""

    name: str
    label: Label
    viewers: str
    slides: tuple[SlideSpec, ...]
    far: bool = False
    amounts: bool = False
    celebrates: bool = False


@dataclass(frozen=True)
class Option:
    """What a panel may be told: how it is read, and what holds when nothing is said."""

    read: Read
    default: Any = _REQUIRED


@dataclass(frozen=True)
class Kind:
    """A kind of panel: its options, and whether it shows money by nature."""

    options: Mapping[str, Option] = field(default_factory=dict)
    money: bool = False


# -------------------------------------------------------------------------------------------------------- what may be said


def _one_of(known: Callable[[Pack], Iterable[str]]) -> Read:
    def read(value: Any, key: str, pack: Pack) -> str:
        names = list(known(pack))
        if str(value) not in names:
            _refuse(key, value, nearest(str(value), names))
        return str(value)

    return read


def _some_of(known: Callable[[Pack], Iterable[str]], most: int) -> Read:
    one = _one_of(known)

    def read(value: Any, key: str, pack: Pack) -> tuple[str, ...]:
        if not _is_list(value) or not 0 < len(value) <= most:
            _refuse(key, value, f"Give a list of 1 to {most} names.")
        return tuple(one(each, f"{key}[{at}]", pack) for at, each in enumerate(value, 1))

    return read


def _whole(least: int, most: int) -> Read:
    def read(value: Any, key: str, pack: Pack) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            _refuse(key, value, f"Give a whole number from {least} to {most}.")
        return value

    return read


def _ids(value: Any, key: str, pack: Pack) -> tuple[str, ...]:
    if not _is_list(value) or not all(isinstance(one, str) and one for one in value):
        _refuse(key, value, 'Give a list of project ids in quotes, such as ["101", "102"].')
    return tuple(value)


def _pair(value: Any, key: str, pack: Pack) -> tuple[str, ...]:
    ids = _ids(value, key, pack)
    if len(set(ids)) != 2:
        _refuse(key, list(ids), 'Give two different project ids, such as ["101", "102"].')
    return ids


def _flag(value: Any, key: str, pack: Pack) -> bool:
    if not isinstance(value, bool):
        _refuse(key, value, "Give true or false.")
    return value


def _label(value: Any, key: str, pack: Pack) -> Label:
    if isinstance(value, str) and value:
        return Label(value, value)
    if (
        isinstance(value, Mapping)
        and set(value) == {"zh", "en"}
        and all(isinstance(one, str) for one in value.values())
    ):
        return Label(value["zh"], value["en"])
    return _refuse(key, value, 'Give a text in quotes, or { zh = "…", en = "…" }.')


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


_BOARD = _one_of(lambda pack: pack.boards)
_PERIOD = _one_of(lambda pack: PERIODS)

KINDS: Mapping[str, Kind] = {
    "heat": Kind(
        {
            "metric": Option(_one_of(hourly_metrics)),
            "hours": Option(_one_of(lambda pack: ("24", "168")), "24"),
            "rows": Option(_whole(1, 40), 12),
        }
    ),
    "board": Kind({"board": Option(_BOARD), "places": Option(_whole(1, 40), 8)}),
    "duel": Kind(
        {
            "board": Option(_BOARD, ""),
            "projects": Option(_pair, ()),
            "teams": Option(_one_of(team_measures), ""),
            "period": Option(_PERIOD, "week"),
        },
    ),
    "latest": Kind(
        {"kinds": Option(_some_of(lambda pack: EVENT_KINDS, 4), EVENT_KINDS), "rows": Option(_whole(1, 40), 14)}
    ),
    "today": Kind({"numbers": Option(_some_of(lambda pack: [*pack.metrics, *pack.measures], 6))}),
    "target": Kind(money=True),
    "chain": Kind({"period": Option(_PERIOD, "week")}),
    "paces": Kind(money=True),
    "funnels": Kind({"period": Option(_PERIOD, "month"), "per_slide": Option(_whole(1, 12), 10)}),
    "regions": Kind({"by": Option(_one_of(lambda pack: ("region", "city")), "region")}),
    "alerts": Kind(
        {"severity": Option(_one_of(lambda pack: SEVERITIES), ""), "most": Option(_whole(1, 12), 4)}, money=True
    ),
}
"""Every kind of panel a slide may name."""

SCENE_KEYS = {
    "label": "Name of the scene, a text or { zh = …, en = … }",
    "viewers": "Who may open it: everybody, or group (leaders and administrators)",
    "far": "true: larger type, for a screen that is read from 8 metres",
    "amounts": "true: amounts of money may be shown",
    "celebrates": "true: a new contract is celebrated over the running slide",
    "slides": "List of slides [[scenes.<name>.slides]], instead of the pack's",
}
SLIDE_KEYS = {
    "name": "Short name of the slide, unique in its scene",
    "label": "Title of the slide",
    "layout": f"How its panels are placed: {', '.join(LAYOUTS)}",
    "seconds": "Seconds it stays, 5 to 600",
    "projects": "Ids of the projects it is about; left out: all",
    "panels": f"List of panels, each {{ kind = … }} with its options; kinds: {', '.join(KINDS)}",
}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_SECONDS = _whole(5, 600)


# ----------------------------------------------------------------------------------------------------------- reading scenes


def scenes(pack: Pack, given: Mapping[str, Any] = MappingProxyType({})) -> tuple[SceneSpec, ...]:
    """The scenes of a pack with what the settings say of them instead, those only the settings know last; SceneError."""
    for name, table in given.items():
        if not isinstance(table, Mapping):
            _refuse(
                f"scenes.{name}", table, f"Give a table: [scenes.{name}], and its slides as [[scenes.{name}.slides]]."
            )
        if name not in pack.scenes and "slides" not in table:
            hint = nearest(name, pack.scenes)
            raise SceneError(f"scenes.{name} is no scene of the pack and has no slides of its own. {hint}")
    tables = {name: {**pack.scenes.get(name, {}), **given.get(name, {})} for name in [*pack.scenes, *given]}
    return tuple(_scene(name, table, pack) for name, table in tables.items())


def _scene(name: str, raw: Mapping[str, Any], pack: Pack) -> SceneSpec:
    key = f"scenes.{name}"
    if not _NAME.fullmatch(name) or name == "lite":
        raise SceneError(f"{key} is no usable name of a scene. Use small letters, digits and -, such as canteen-2.")
    _known(raw, SCENE_KEYS, key)
    amounts = _flag(raw.get("amounts", False), f"{key}.amounts", pack)
    return SceneSpec(
        name,
        _label(_needed(raw, "label", key), f"{key}.label", pack),
        _one_of(lambda pack: VIEWERS)(raw.get("viewers", "group"), f"{key}.viewers", pack),
        _slides(_needed(raw, "slides", key), f"{key}.slides", pack, amounts=amounts),
        _flag(raw.get("far", False), f"{key}.far", pack),
        amounts,
        _flag(raw.get("celebrates", False), f"{key}.celebrates", pack),
    )


def _slides(value: Any, key: str, pack: Pack, *, amounts: bool) -> tuple[SlideSpec, ...]:
    if not _is_list(value) or not value:
        _refuse(key, value, f"Give one [[{key}]] or more.")
    found = tuple(_slide(one, f"{key}[{at}]", pack, amounts=amounts) for at, one in enumerate(value, 1))
    names = [one.name for one in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SceneError(f"{key} has two slides named {min(twice)!r}. Give each its own name.")
    return found


def _slide(raw: Any, key: str, pack: Pack, *, amounts: bool) -> SlideSpec:
    if not isinstance(raw, Mapping):
        _refuse(key, raw, "Give a table with name, label and panels.")
    _known(raw, SLIDE_KEYS, key)
    name = _needed(raw, "name", key)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        _refuse(f"{key}.name", name, "Use small letters, digits and -.")
    panels = _panels(_needed(raw, "panels", key), f"{key}.panels", pack, amounts=amounts)
    layout = _one_of(lambda pack: LAYOUTS)(raw.get("layout", _usual_layout(len(panels))), f"{key}.layout", pack)
    if len(panels) != LAYOUTS[layout]:
        raise SceneError(
            f"{key} has {len(panels)} panels, and layout {layout!r} places {LAYOUTS[layout]}. Change one of them."
        )
    label = _label(_needed(raw, "label", key), f"{key}.label", pack)
    seconds = _SECONDS(raw.get("seconds", 20), f"{key}.seconds", pack)
    return SlideSpec(name, label, panels, layout, seconds, _ids(raw.get("projects", ()), f"{key}.projects", pack))


def _usual_layout(panels: int) -> str:
    return {1: "one", 2: "two", 3: "three"}.get(panels, "command")


def _panels(value: Any, key: str, pack: Pack, *, amounts: bool) -> tuple[PanelSpec, ...]:
    if not _is_list(value) or not value:
        _refuse(key, value, 'Give a list of panels, such as [{ kind = "heat", metric = "leads" }].')
    return tuple(_panel(one, f"{key}[{at}]", pack, amounts=amounts) for at, one in enumerate(value, 1))


def _panel(raw: Any, key: str, pack: Pack, *, amounts: bool) -> PanelSpec:
    table = {"kind": raw} if isinstance(raw, str) else raw
    if not isinstance(table, Mapping):
        _refuse(key, raw, "Give a table with its kind.")
    name = _one_of(lambda pack: KINDS)(_needed(table, "kind", key), f"{key}.kind", pack)
    kind = KINDS[name]
    _known(table, ("kind", *kind.options), key)
    panel = PanelSpec(name, {each: _option(table, each, about, key, pack) for each, about in kind.options.items()})
    if name == "duel" and sum(bool(panel.options[each]) for each in ("board", "projects", "teams")) != 1:
        raise SceneError(
            f"{key} needs a board, whose first two meet, or two projects, or teams with a measure, by which the foremost two "
            "meet. Give exactly one of them."
        )
    if not amounts and _shows_money(panel, pack):
        raise SceneError(
            f"{key} shows amounts of money, which this scene does not. Set amounts = true, or take another panel."
        )
    return panel


def _option(raw: Mapping[str, Any], name: str, about: Option, key: str, pack: Pack) -> Any:
    if name in raw:
        return about.read(raw[name], f"{key}.{name}", pack)
    if about.default is _REQUIRED:
        raise SceneError(f"{key} has no {name!r}. Give {name} = …")
    return about.default


def _shows_money(panel: PanelSpec, pack: Pack) -> bool:
    options = panel.options
    named = [options["metric"]] if "metric" in options else list(options.get("numbers", ()))
    shown = [pack.metric(name) for name in named]
    if options.get("board") and panel.kind == "board":
        shown.append(pack.board_metric(pack.boards[options["board"]]))
    return KINDS[panel.kind].money or any(metric.format == "money" for metric in shown)


def _needed(raw: Mapping[str, Any], name: str, key: str) -> Any:
    if name not in raw:
        raise SceneError(f"{key} has no {name!r}. Give {name} = …")
    return raw[name]


def _known(raw: Iterable[str], known: Iterable[str], key: str) -> None:
    for name in raw:
        if name not in known:
            raise SceneError(f"{key}.{name} is no setting here. {nearest(name, known)}")


def _refuse(key: str, value: Any, way_out: str) -> NoReturn:
    raise SceneError(f"{key} is {_shown(value)}. {way_out}")


def _shown(value: Any) -> str:
    plain = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
    return repr(dict(plain) if isinstance(plain, Mapping) else plain)
