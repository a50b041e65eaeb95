"""What the calendar puts in the way of a release's go: a freeze without an exception, an unacknowledged collision."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """`about` is the freeze's name, or the other release's; `sentence` says what it is and what would remove it."""

    kind: Literal["freeze", "collision"]
    about: str
    sentence: str
