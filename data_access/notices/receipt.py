"""What became of one try to send a message, by the receiver's own word."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Receipt:
    """`sent`; `later`: worth another try, after so many seconds where the receiver said so; `refused`: no try will help.

    `answer` is short and for people: a code and what to do, never an address, a key or what the receiver wrote.
    """

    outcome: Literal["sent", "later", "refused"]
    answer: str
    wait: int | None = None
