"""Conditions of an approval, as they are typed: a line each, a ticket's key or what has to be done."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from interlock.domain.authority import Refused
from interlock.domain.names import says_something
from interlock.domain.release import Release
from interlock.domain.signoff import Condition, Requirement, Signoff

MOST: Final = 10
LETTERS: Final = 200
KEY: Final = re.compile(r"[A-Z][A-Z0-9_]+-[1-9][0-9]{0,9}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """A live approval that hangs on something."""

    requirement: Requirement
    signoff: Signoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    release: Release
    hanging: tuple[Hanging, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """`new`: it was not ticked before. `left`: how many of the release are open still."""

    release: Release
    condition: Condition
    left: int
    new: bool


def too_late(said: Iterable[str], given: Signoff, release: Release, requirement: Requirement) -> Refused | None:
    """Of somebody who approved already: a condition that this does not hang on is not added to it."""
    hanging = {each.text for each in given.conditions}
    more = [each for each in said if each not in hanging]
    if not more:
        return None
    return Refused(
        reason="approved_already",
        sentence=f"You approved {release.name} for {requirement.name} already, so “{more[0]}” was not added. "
        "Revoke it, then approve with the condition.",
    )


def read(lines: Iterable[str]) -> tuple[str, ...] | Refused:
    """The conditions, each once: a key in capitals, an item as it was typed."""
    said = [" ".join(line.split()) for line in lines if says_something(line)]
    found = tuple(dict.fromkeys(line.upper() if is_ticket(line.upper()) else line for line in said))
    if len(found) > MOST:
        return Refused(
            reason="too_many_conditions",
            sentence=f"Those are {len(found)} conditions, and an approval takes {MOST} at most. "
            "With so many open, reject it and say what is missing.",
        )
    long = next((each for each in found if len(each) > LETTERS), None)
    if long is not None:
        return Refused(
            reason="condition_too_long",
            sentence=f"A condition has {len(long)} letters; {LETTERS} are kept at most. Say it shorter.",
        )
    return found


def is_ticket(text: str) -> bool:
    return KEY.fullmatch(text) is not None


def unknown_ticket(key: str) -> Refused:
    return Refused(
        reason="unknown_ticket",
        sentence=f"Interlock mirrors no ticket {key}, so it can't see when it is done. "
        "Correct the key, or write what has to be done in words.",
    )
