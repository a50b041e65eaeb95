"""What waits for one person: the App Home tab."""

from dataclasses import dataclass
from datetime import datetime

from interlock.domain.actor import Person
from interlock.domain.blocker import RootLine
from interlock.domain.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSignoff:
    """A release that wants this person's word. `revision_id` is a drawing of its scope as it is now."""

    release: Release
    requirements: tuple[str, ...]
    tickets: int
    done: int
    revision_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBlocker:
    """A root that is assigned to this person."""

    release: Release
    line: RootLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """`linked`: whether this person's tracker account is known, without which nothing of theirs can be found there."""

    person: Person
    signoffs: tuple[WaitingSignoff, ...]
    blockers: tuple[OwnBlocker, ...]
    linked: bool
    mirror_as_of: datetime | None
