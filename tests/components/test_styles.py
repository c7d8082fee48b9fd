"""The stylesheets: readable in every theme, and nothing in them without a use."""

import re
from pathlib import Path

import pytest

TOKENS = Path("assets/00-tokens.css").read_text("utf-8")
LIGHT, DARK, WALL = (
    dict(re.findall(r"(--[\w-]+): (#\w{6})", block))
    for block in re.findall(r"(?:^:root|^  :root|^html\.wall) \{(.*?)\n *\}", TOKENS, re.S | re.M)[:3]
)
TEXTS = ("--ink", "--quiet", "--accent", "--red", "--green", "--orange", "--yellow")
PAIRS = [
    *((text, ground) for text in TEXTS for ground in ("--paper", "--sheet")),
    ("--quiet", "--track"),
    ("--on-accent", "--accent"),
    *(("--on-heat-low", f"--heat-{level}") for level in (1, 2, 3)),
    *(("--on-heat-high", f"--heat-{level}") for level in (4, 5)),
]


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK, WALL], ids=["light", "dark", "wall"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_has_contrast_aa(theme: dict[str, str], text: str, ground: str) -> None:
    assert contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK, WALL], ids=["light", "dark", "wall"])
def test_the_heat_scale_goes_one_way_in_lightness(theme: dict[str, str]) -> None:
    steps = [luminance(theme[f"--heat-{level}"]) for level in range(1, 6)]
    assert steps in (sorted(steps), sorted(steps, reverse=True))


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
