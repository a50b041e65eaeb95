"""Bugs to plant: the campaign is worth something only if each of them makes it fail."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plant:
    """`about` is what somebody might have got wrong; `plant` does it, in the bot's process."""

    about: str
    plant: Callable[[], None]


PLANTS: dict[str, Plant] = {}
