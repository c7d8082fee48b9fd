"""A message: what is told to somebody outside of the pages, in words that were chosen for their rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FULL = 3
"""So many messages stand in full in one digest; of more each has one line."""


@dataclass(frozen=True)
class Message:
    """A title, lines of plain text, a path of ours to go on to, and the ids of the people it calls by @.

    Every text is plain: a sender makes it harmless for its own markup.
    """

    title: str
    lines: tuple[str, ...] = ()
    path: str = ""
    mentions: tuple[str, ...] = ()


def digest(messages: Sequence[Message], title: str) -> Message:
    """Several messages as one under a title; one alone stays as it is. The worst should come first: a sender cuts the end."""
    if len(messages) == 1:
        return messages[0]
    lines = [line for one in messages for line in (_in_full(one) if len(messages) <= FULL else (_in_one_line(one),))]
    paths = {one.path for one in messages}
    mentions = dict.fromkeys(id for one in messages for id in one.mentions)
    return Message(title, tuple(lines), paths.pop() if len(paths) == 1 else "/", tuple(mentions))


def _in_full(one: Message) -> tuple[str, ...]:
    return (f"■ {one.title}", *one.lines)


def _in_one_line(one: Message) -> str:
    return f"· {one.title}:{one.lines[0]}" if one.lines else f"· {one.title}"


def told(message: Message) -> dict[str, Any]:
    """A message as JSON values."""
    return {
        "title": message.title,
        "lines": list(message.lines),
        "path": message.path,
        "mentions": list(message.mentions),
    }


def message_of(given: Mapping[str, Any]) -> Message:
    """A message from its JSON values."""
    return Message(given["title"], tuple(given["lines"]), given["path"], tuple(given["mentions"]))
