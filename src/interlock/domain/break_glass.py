"""Broken glass: in an emergency two people let pass the sign-offs that are missing, for one scope and for a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from interlock.domain.actor import Person
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.release import Release
from interlock.domain.signoff import Emergency, Progress, Requirement


class Outcome(StrEnum):
    """How it ended. One that was confirmed counts for nothing from then on, whichever it is."""

    WITHDRAWN = "withdrawn"
    """Whoever asked took it back before anybody confirmed it."""
    UNANSWERED = "unanswered"
    """Nobody confirmed it in time, which denies nothing."""
    REVOKED = "revoked"
    """One of the two took it back."""
    LAPSED = "lapsed"
    """Its time was over."""
    OVERTAKEN = "overtaken"
    """The scope changed materially, or what policy counts as such for one of the sign-offs; or the policy did."""
    LEFT = "left"
    """The account of one of the two ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    by: Person
    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    """One that was asked for. `requirements` are the keys of the sign-offs that it was asked for, and `covers` those of
    them that were missing still when it was confirmed; `fingerprint` is the scope that both saw, under
    `policy_version`. It waits for the
    second person until `answer_by`, and stands until `until`, `holds_hours` after it was confirmed. `sent_to` are
    the ids of those who were asked to confirm it. `end_changes` are what overtook it.
    """

    id: int
    release_id: int
    card_id: int
    reason: str
    requirements: tuple[str, ...]
    fingerprint: str
    policy_version: str
    asked_by: Person
    asked_at: datetime
    answer_by: datetime
    holds_hours: int
    sent_to: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    confirmed_by: Person | None = None
    confirmed_at: datetime | None = None
    until: datetime | None = None
    outcome: Outcome | None = None
    ended_by: Person | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    end_changes: tuple[MaterialChange, ...] = ()
    review: Review | None = None

    def waits(self, now: datetime) -> bool:
        """Somebody may confirm it."""
        return self.outcome is None and self.confirmed_by is None and now < self.answer_by

    def holds(self, now: datetime) -> bool:
        """It counts, if the scope is what both saw. It takes two who are there still, as a quorum does."""
        return (
            self.outcome is None
            and self.confirmed_by is not None
            and self.until is not None
            and now < self.until
            and self.asked_by.is_member
            and self.confirmed_by.is_member
            and self.asked_by.slack_id != self.confirmed_by.slack_id
        )

    @property
    def people(self) -> tuple[Person, ...]:
        """Who answers for it: whoever asked, and whoever confirmed."""
        return (self.asked_by, self.confirmed_by) if self.confirmed_by else (self.asked_by,)

    def emergency(self) -> Emergency:
        """What it means to each requirement that it covers."""
        assert self.confirmed_by is not None
        assert self.until is not None
        return Emergency(id=self.id, by=(self.asked_by, self.confirmed_by), until=self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Broken glass as every report shows it. `requirements` are names; `until` is None once it holds no more;
    `settled` says how it was seen to afterwards, "" while nobody has.
    """

    id: int
    requirements: tuple[str, ...]
    by: tuple[str, ...]
    at: datetime
    reason: str
    until: datetime | None = None
    settled: str = ""

    @property
    def due(self) -> bool:
        """Somebody has to see to it still."""
        return not self.settled


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassCard:
    """What its card shows. `asked` are the requirements that it was asked for, as they are now; `others` the names of
    those that are missing too and that it does not let pass. `revision_id` is None where it can't be confirmed.
    """

    release: Release
    glass: BreakGlass
    asked: tuple[Requirement, ...]
    others: tuple[str, ...]
    tickets: int
    done: int
    restricted: int
    fingerprint: str
    mirror_as_of: datetime | None
    waits: bool
    holds: bool
    changed: bool
    flag: Flag | None = None
    revision_id: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the sign-offs that it lets pass, or would."""
        covered = self.glass.covers or self.glass.requirements
        return names_of(covered, self.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """`covers`: the keys of what it lets pass; `again`: the same person had confirmed it already."""

    covers: tuple[str, ...]
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What whoever asked or whoever confirms was shown is not what is in scope now."""

    changes: tuple[MaterialChange, ...]


def names_of(keys: Iterable[str], requirements: Iterable[Requirement]) -> tuple[str, ...]:
    """A key that the release's policy does not know any more stands for itself."""
    known = {each.key: each.name for each in requirements}
    return tuple(known.get(key, key) for key in keys)


def flags(found: Iterable[BreakGlass], requirements: Sequence[Requirement], now: datetime) -> tuple[Flag, ...]:
    """Of those that were confirmed, as every report afterwards shows them."""
    by_key = {each.key: each for each in requirements}
    told = []
    for glass in found:
        if glass.confirmed_by is None or glass.confirmed_at is None:
            continue
        signed = all(key in by_key and by_key[key].progress is Progress.MET for key in glass.covers)
        carries = any(each.emergency and each.emergency.id == glass.id for each in requirements)
        told.append(
            Flag(
                id=glass.id,
                requirements=names_of(glass.covers, requirements),
                by=tuple(each.name for each in glass.people),
                at=glass.confirmed_at,
                reason=glass.reason,
                until=glass.until if glass.holds(now) and carries else None,
                settled=_settled(glass, signed=signed),
            )
        )
    return tuple(told)


def _settled(glass: BreakGlass, *, signed: bool) -> str:
    if glass.review:
        return f"reviewed by {glass.review.by.name}"
    return "signed since" if signed else ""
