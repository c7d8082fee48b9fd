"""Plain forms that work without scripts: fields with their names, and what is wrong with them."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from htpy import Element, input, label, option, p, select, span

from components.words import Words
from metrics.pack import Label


def text_field(name: str, title: Label, words: Words, **attributes: Any) -> Element:
    """One line of text with its name above it."""
    return label(".field")[span(".field-label")[words.say(title)], input(name=name, **attributes)]


def choice_field(name: str, title: Label, words: Words, choices: Iterable[tuple[str, str]], chosen: str) -> Element:
    """A choice of (value, name) with its name above it."""
    options = [option(value=value, selected=value == chosen)[text] for value, text in choices]
    return label(".field")[span(".field-label")[words.say(title)], select(name=name)[options]]


def problem(said: Label | None, words: Words, **values: str) -> Element | None:
    """What is wrong and what to do, read out by screen readers; nothing for nothing."""
    return p(".problem", role="alert")[words.say(said.format(**values))] if said else None


def other_language(path: str, asked: Mapping[str, str], words: Words) -> str:
    """The address of the same page in the other language."""
    return f"{path}?{urlencode({**asked, 'lang': 'zh' if words.language == 'en' else 'en'})}"
