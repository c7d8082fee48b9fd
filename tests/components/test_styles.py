"""The stylesheets: readable in every theme, and nothing in them without a use."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from dashboards._assets import Assets

SHEETS = {path.name: path.read_text("utf-8") for path in sorted(Path("assets").glob("*.css"))}
TOKENS = SHEETS["00-tokens.css"]


def colours(selector: str) -> dict[str, str]:
    """The colours of a block of the tokens."""
    block = TOKENS.partition(f"\n{selector} {{")[2].partition("}")[0]
    return dict(re.findall(r"(--[\w-]+): (#\w{6})", block))


LIGHT = colours(":root, html.light, .light")
DARK = colours(".dark, html.wall")
THEMES = {"light": LIGHT, "dark": DARK, "wall": DARK | colours("html.wall")}
HEAT = tuple(f"--heat-{level}" for level in range(1, 6))
SEVERITIES = ("--red", "--orange", "--yellow", "--green")
TEXTS = ("--ink", "--quiet", "--accent", *SEVERITIES)
PAIRS = [
    *((text, ground) for text in TEXTS for ground in ("--paper", "--sheet")),
    *((text, "--track") for text in ("--ink", "--quiet")),
    ("--on-accent", "--accent"),
    ("--paper", "--red"),
    *(("--on-heat-low", ground) for ground in HEAT[:3]),
    *(("--on-heat-high", ground) for ground in HEAT[3:]),
]
"""Every text on every ground: words on pages, alerts of each severity, quiet words on the track (also an empty heat cell),
buttons, the number on a badge, and the numbers in every step of the heat scale. A rank is in the accent on the page."""
MARKS = [
    (mark, ground) for mark in ("--accent", "--time", "--skipped", "--waiting") for ground in ("--paper", "--sheet")
]
"""What a drawing says without words: bars, the mark of time, the strokes of both hatchings."""
SIGHTS = {
    "full colour": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red (protanopia)": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green (deuteranopia)": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}
"""What of red, green and blue light is seen (Machado, Oliveira and Fernandes 2009, full severity)."""
LEAST_STEP = 6.0
"""Least distance in CIE lightness (0 to 100) by which two neighbouring steps are told apart."""


def light_of(colour: str) -> tuple[float, ...]:
    """Red, green and blue light of a colour, each from 0 to 1."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def luminance(light: tuple[float, ...]) -> float:
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), light, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted(luminance(light_of(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lightness(colour: str, sight: str) -> float:
    """How light a colour looks to eyes of this kind, 0 to 100."""
    light = light_of(colour)
    seen = tuple(min(max(sum(w * part for w, part in zip(row, light, strict=True)), 0), 1) for row in SIGHTS[sight])
    return 116 * max(luminance(seen), 0.008856) ** (1 / 3) - 16


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_has_contrast_aa(theme: str, text: str, ground: str) -> None:
    assert contrast(THEMES[theme][text], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_of_drawings_have_contrast_aa(theme: str, mark: str, ground: str) -> None:
    assert contrast(THEMES[theme][mark], THEMES[theme][ground]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_has_the_same_colours(theme: str) -> None:
    assert THEMES[theme].keys() == LIGHT.keys()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_the_heat_scale_goes_one_way_in_lightness_for_all_eyes(theme: str, sight: str) -> None:
    steps = [lightness(THEMES[theme][step], sight) for step in HEAT]
    away = 1 if theme != "light" else -1
    assert all(away * (next - step) >= LEAST_STEP for step, next in pairwise(steps)), steps


def test_a_dark_system_has_the_chosen_dark_s_colours() -> None:
    system = Assets().css.partition("@media screen and (prefers-color-scheme: dark) {\n:root {")[2].partition("}")[0]
    assert dict(re.findall(r"(--[\w-]+): (#\w{6})", system)) == DARK


@pytest.mark.parametrize("name", [name for name in SHEETS if name < "90" and name != "00-tokens.css"])
def test_sizes_of_text_come_from_the_tokens_or_from_the_text_around(name: str) -> None:
    sizes = re.findall(r"font-size: ([^;]+);|font: (?:\d+ )?([^/;]+)/", SHEETS[name])
    assert [
        size for pair in sizes for size in pair if size and not re.fullmatch(r"var\(--[\w-]+\)|[\d.]+em|inherit", size)
    ] == []


def test_colours_are_written_only_in_the_tokens() -> None:
    for path in Path("assets").glob("*.css"):
        assert path.name == "00-tokens.css" or not re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", path.read_text("utf-8")), (
            path.name
        )


def test_every_class_of_the_stylesheets_is_used() -> None:
    styled = set(
        re.findall(
            r"\.([a-z][\w-]*)",
            re.sub(
                r"/\*.*?\*/|\{.*?\}",
                "",
                "".join(p.read_text("utf-8") for p in Path("assets").glob("*.css")),
                flags=re.S,
            ),
        )
    )
    sources = "".join(
        path.read_text("utf-8")
        for path in [*Path("components").glob("*.py"), *Path("dashboards").glob("*.py"), *Path("assets").glob("*.js")]
    )
    made = ("is-", "level-", "for-", "layout-", "shift-", "area-", "bar-", "hatch-")
    assert not {name for name in styled if name not in sources and not name.startswith(made)}
