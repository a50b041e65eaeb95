"""A release: what was planned, from which template, with which scope rule, at which stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from interlock.domain import names
from interlock.domain.names import Found, NotFound
from interlock.domain.policy import Template
from interlock.domain.words import join


class Stage(StrEnum):
    """Where a release stands. Only the moves that are built exist; the words are all here, so that none is reused."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    FROZEN = "frozen"
    READY = "ready"
    GO = "go"
    DEPLOYING = "deploying"
    RELEASED = "released"
    CLOSED = "closed"
    CANCELLED = "cancelled"


ENDED = frozenset({Stage.CLOSED, Stage.CANCELLED})
SETTLED: Final = ENDED | {Stage.RELEASED}
"""The stages in which nothing is left to go, so that nothing stands in the way, and sign-offs stand as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRule:
    """Which tickets a release takes: those with any of these fix versions (by id), labels or epics (by key)."""

    version_ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    epics: tuple[str, ...] = ()


NOTHING: Final = ScopeRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseName:
    """As much of a release as finding it by name or channel needs."""

    id: int
    name: str
    channel_id: str
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    name: str
    due: date
    reached_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A release that moves nowhere until somebody resumes it: who said so, by Slack id, when and why."""

    by: str
    at: datetime
    reason: str


NEW: Final = 0
"""The id of a release that is not stored yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """`policy` is the template as it was when the release was created, and `policy_version` its hash."""

    id: int
    name: str
    template: str
    policy: Template
    policy_version: str
    stage: Stage
    target: date
    channel_id: str
    scope_rule: ScopeRule
    milestones: tuple[Milestone, ...]
    created_by: str
    created_at: datetime
    scope_opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    close_reason: str | None = None
    held: Held | None = None
    number: int = 0
    """Grows with each change."""

    @property
    def ended(self) -> bool:
        return self.stage in ENDED

    @property
    def settled(self) -> bool:
        return self.stage in SETTLED


LONGEST_REASON: Final = 500
"""How many characters of why a release was closed, moved or held are kept."""

CHOICES: Final = 5
"""How many releases an answer names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Which release was meant is not clear; `sentence` asks, `choices` are those that it may be."""

    sentence: str
    choices: tuple[ReleaseName, ...]


def choose(typed: str, channel_id: str, known: Sequence[ReleaseName], what: str = "release") -> ReleaseName | Unclear:
    """The release that somebody meant: the named one; without a name the channel's, else the only one under way.

    A beginning is completed among those under way first; ended ones are found too.
    """
    wanted = names.tidy(typed)
    under_way = [each for each in known if not each.ended]
    if wanted:
        return _named(wanted, known, under_way, what)
    here = [each for each in under_way if each.channel_id == channel_id]
    candidates = here or under_way
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        return Unclear(sentence="No release is under way. Plan one with /release new.", choices=())
    return Unclear(sentence=f"Which release: {_list(candidates)}?", choices=tuple(candidates[:CHOICES]))


def leading(text: str, known: Sequence[ReleaseName]) -> tuple[str, str]:
    """A text that begins with a release's name, taken apart: the name and what follows. A name may hold blanks, so the
    longest that is a release's own counts; where none is, the first word is taken for one.
    """
    words = names.tidy(text).split()
    folded = {names.fold(each.name) for each in known}
    lengths = (length for length in range(len(words), 1, -1) if names.fold(" ".join(words[:length])) in folded)
    length = next(lengths, 1)
    return " ".join(words[:length]), " ".join(words[length:])


def _named(
    wanted: str, known: Sequence[ReleaseName], under_way: Sequence[ReleaseName], what: str
) -> ReleaseName | Unclear:
    everywhere = {each.name: each for each in known}
    exact = next((each for each in known if names.fold(each.name) == names.fold(wanted)), None)
    if exact:
        return exact
    found = names.find(wanted, [each.name for each in under_way])
    if isinstance(found, NotFound):
        found = names.find(wanted, list(everywhere))
    if isinstance(found, Found):
        return everywhere[found.name]
    typed = wanted if len(wanted) <= names.LONGEST else f"{wanted[: names.LONGEST]}…"
    if isinstance(found, NotFound) and not found.near:
        others = f" Under way: {_list(under_way, 'and')}." if under_way else " None is under way."
        return Unclear(sentence=f"There is no {what} {typed}.{others}", choices=tuple(under_way[:CHOICES]))
    if isinstance(found, NotFound):
        near = [everywhere[name] for name in found.near]
        return Unclear(sentence=f"There is no {what} {typed}. Did you mean {_list(near)}?", choices=tuple(near))
    several = [everywhere[name] for name in found.names]
    return Unclear(
        sentence=f"More than one release begins with {typed}: {_list(several, 'and')}. Which one?",
        choices=tuple(several[:CHOICES]),
    )


def _list(releases: Sequence[ReleaseName], last: str = "or") -> str:
    shown = [each.name for each in releases[:CHOICES]]
    more = len(releases) - len(shown)
    return join([*shown, f"{more} more"] if more else shown, last)
