"""Browsers too old for our scripts, by what they say of themselves: they get the lite wall."""

import re

_FLOORS = {"Chrome": 66, "Firefox": 57, "Version": 12}
"""The first versions that abort a request, which a wall that heals itself must; Version is what Safari calls its own."""
_NUMBERED = re.compile(r"\b(Chrome|Firefox)/(\d{1,4})|\b(Version)/(\d{1,4})[\d.]* (?:Mobile/\w+ )?Safari/")
_NEVER = ("MSIE ", "Trident/")


def is_old(agent: str) -> bool:
    """Whether a browser says it is older than our scripts; one that says nothing is given the benefit of the doubt."""
    if any(name in agent for name in _NEVER):
        return True
    found = _NUMBERED.search(agent)
    if found is None:
        return False
    name, number = (found[1], found[2]) if found[1] else (found[3], found[4])
    return int(number) < _FLOORS[name]
