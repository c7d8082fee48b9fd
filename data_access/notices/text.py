"""Texts of ours and of the source made fit for a chat: harmless for its markup, and no longer than it takes."""

import unicodedata
from collections.abc import Callable, Sequence

import regex

_WIDE = str.maketrans({mark: chr(ord(mark) + 0xFEE0) for mark in "@<>[]()*_`~#|\\!"})
"""What a markup could read as its own becomes its full-width twin: robots know no other way of quoting."""
_JOINER = "\u200d"
_LINKS = regex.compile(r"(?i)(?<=[a-z])://|\bwww\.(?=\w)")


def plain(text: str) -> str:
    """One line of text without control characters, line breaks or turns of the writing direction."""
    kept = (
        mark if unicodedata.category(mark) not in ("Cc", "Cf", "Zl", "Zp", "Cs") or mark == _JOINER else " "
        for mark in text
    )
    return " ".join("".join(kept).split())


def harmless(text: str) -> str:
    """A plain line that no chat reads as markup, as a link, or as a call to everybody."""
    unlinked = _LINKS.sub(lambda found: found[0].replace(":", "：").replace(".", "．"), plain(text))
    return str(unlinked).translate(_WIDE)


def size(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text.encode())


def cut(text: str, most: int) -> str:
    """A text of at most so many bytes, cut between whole characters as people see them; … says that something is missing."""
    if size(text) <= most:
        return text
    kept, room = "", most - size("…")
    for letter in map(str, regex.findall(r"\X", text)):
        room -= size(letter)
        if room < 0:
            break
        kept += letter
    return f"{kept}…" if most >= size("…") else ""


def fitted(
    lines: Sequence[str], most: int, *, more: Callable[[int], str], join: str = "\n", line_most: int = 600
) -> str:
    """As many whole lines as fit into so many bytes, and what `more` says of those that do not."""
    shown = [cut(line, line_most) for line in lines]
    if size(join.join(shown)) <= most:
        return join.join(shown)
    kept: list[str] = []
    for line in shown:
        left = len(lines) - len(kept) - 1
        if size(join.join([*kept, line, more(max(left, 1))])) > most:
            break
        kept.append(line)
    if not kept:
        return cut(shown[0], most)
    return join.join([*kept, more(len(lines) - len(kept))])
