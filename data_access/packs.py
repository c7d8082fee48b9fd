"""Packs as files: a built-in one by name, or a customer's own by path."""

from importlib.resources import files
from pathlib import Path

from metrics.pack import Pack, PackError

BUILT_IN = ("property",)


def read_pack(name: str) -> Pack:
    """The pack called `name`, or the one in the TOML file of that path; PackError says what is wrong with it."""
    if name in BUILT_IN:
        text = (files("metrics") / "packs" / f"{name}.toml").read_text(encoding="utf-8")
        return Pack.parse(text, f"{name}.toml")
    if not Path(name).is_file():
        raise PackError(f"There is no pack {name!r}. Use {', '.join(BUILT_IN)} or the path of a pack's TOML file.")
    return Pack.parse(Path(name).read_text(encoding="utf-8"), name)
