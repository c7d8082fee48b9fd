"""Plain forms that work without scripts: fields with their names, and what is wrong with them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, request
from htpy import Element, input, label, option, p, select, span

from components.words import Words
from data_access.store.attempts import TooManyAttempts
from metrics.masking import without_phones
from metrics.pack import Label

EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)


def typed(name: str, most: int) -> str:
    """A text of the form on one line, cut, and without phones: notes travel to chats and to people who may not see a customer."""
    return without_phones(" ".join(request.form.get(name, "").split()))[:most]


def day_typed(name: str) -> date | None:
    """A day of the form; None for an empty field, ValueError for what is no day between 2000 and 2099."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    day = date.fromisoformat(text)
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"{name} is {day}. Give a day from {EARLIEST} to {LATEST}.")
    return day


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


def later(page: str, error: TooManyAttempts, now: datetime) -> Response:
    """The page as an answer that says when to come back."""
    answer = make_response(page, 429)
    answer.headers["Retry-After"] = str(int((error.until - now).total_seconds()) + 1)
    return answer


def other_language(path: str, asked: Mapping[str, str], words: Words) -> str:
    """The address of the same page in the other language."""
    return f"{path}?{urlencode({**asked, 'lang': 'zh' if words.language == 'en' else 'en'})}"
