"""Replaying what was recorded under another policy: what is read of a release, and what is said of it.

Each judgement compares three things: what the record says, the rule that it was decided under, and the rule of the new
policy. Only where the rule differs, and the record has every fact that the new one asks for, is anything said to have
gone otherwise. What the record does not tell is `Unjudged`, never guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from interlock.domain.actor import Person
from interlock.domain.criterion import Evidence
from interlock.domain.escalation import Episode
from interlock.domain.fingerprint import TicketSeen
from interlock.domain.freeze_exception import FreezeException
from interlock.domain.policy import Policy, RequirementRule, Template
from interlock.domain.release import Release, Stage
from interlock.domain.signoff import Decision
from interlock.domain.status import Stay
from interlock.domain.visibility import RESTRICTED
from interlock.domain.waiver import Waiver

Kind = Literal["signoff", "requirement", "move", "ping", "readiness"]
KINDS: Final[tuple[Kind, ...]] = ("signoff", "requirement", "move", "ping", "readiness")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`was` is what is recorded, `would` what the new policy would have had instead, `why` in a sentence's end."""

    kind: Kind
    at: datetime | None
    what: str
    was: str
    would: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A sign-off as it was given. `person` is whoever gave it, as they were then; None where they were erased.

    `gone_at` is when it counted no more, by `gone_by`; `changes` are what voided it, as [what, ticket's id, about].
    `conditions`: when each on which it hung was met, and the ticket's id of one that a ticket meets.
    """

    id: int
    requirement: str
    slack_id: str
    person: Person | None
    principal: Person | None
    decision: Decision
    reason: str | None
    fingerprint: str
    at: datetime
    gone_at: datetime | None = None
    gone_by: Literal["revoked", "changed", "expired", "giver_left"] | None = None
    changes: tuple[tuple[str, str, str], ...] = ()
    meaning: str | None = None
    conditions: tuple[tuple[datetime | None, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """An attempt to sign that was refused, by the refusal's code; `fingerprint` is of the scope that was shown."""

    at: datetime
    person: Person | None
    decision: Decision
    why: str
    fingerprint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A move that was made, or refused by the code `why` for want of the conditions `missing`. `by_system`: a go that
    fell back by itself.
    """

    at: datetime
    before: Stage
    after: Stage
    person: Person | None
    by_system: bool = False
    refused: str | None = None
    missing: tuple[str, ...] = ()
    holding: Mapping[str, str] = field(default_factory=dict)
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A change of a ticket: of what, from what. Statuses are told as whether they are done, None where that is not
    known.
    """

    at: datetime
    field: Literal["done", "priority", "assignee"]
    before: bool | str | None
    after: bool | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A ticket as it is now, and how it came to that, the oldest change first."""

    id: str
    key: str
    team: str | None
    restricted: bool
    done: bool
    priority: str | None
    assignee: str | None
    turns: tuple[Turn, ...] = ()

    @property
    def shown(self) -> str:
        return RESTRICTED if self.restricted else self.key

    def at(self, what: Literal["done", "priority", "assignee"], moment: datetime) -> bool | str | None:
        """As it was: what the first change after that moment found, or as it is now."""
        later = next((each for each in self.turns if each.field == what and each.at > moment), None)
        return later.before if later else getattr(self, what)

    def seen(self, moment: datetime) -> TicketSeen | None:
        """As a sign-off is bound to it; None where it is not known whether it was done."""
        done, priority = self.at("done", moment), self.at("priority", moment)
        if not isinstance(done, bool) or isinstance(priority, bool):
            return None
        return TicketSeen(id=self.id, key=self.key, done=done, priority=priority)

    def assigned(self, account: str, since: datetime, until: datetime) -> bool:
        """Whether the account had it at any time from `since` until then."""
        turns = [each for each in self.turns if each.field == "assignee" and since <= each.at <= until]
        return self.at("assignee", until) == account or any(account in {each.before, each.after} for each in turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A booking of an environment for the release, which stood from `made_at` until `ended_at`."""

    environment: str
    starts: datetime
    ends: datetime
    made_at: datetime
    ended_at: datetime | None

    def stood(self, moment: datetime) -> bool:
        """Whether the booking was there then."""
        return self.made_at <= moment and (self.ended_at is None or moment < self.ended_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A blocker's episode until now, or until it cleared, and each word on it that silenced its ladder: from when, and
    until when it was taken and snoozed then. `releases`: those that its pings were sent for, or (not `pinged`) that
    had the ticket in scope; `consistent`: the words lead to what is stored of it.
    """

    episode: Episode
    cleared_at: datetime | None
    ticket: Trail | None
    words: tuple[tuple[datetime, datetime | None, datetime | None], ...] = ()
    releases: frozenset[int] = frozenset()
    pinged: bool = False
    consistent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is known of a release. `snapshots` are the scopes that signers saw, by fingerprint; `ticks` when each
    item of the checklist was ticked or emptied; `evidence` the words on each criterion, the oldest first; `reads` when
    each whole reading of the tracker began and ended.
    """

    release: Release
    requested_by: str | None
    given: tuple[Given, ...]
    declined: tuple[Declined, ...]
    attempts: tuple[Attempt, ...]
    stays: tuple[Stay, ...]
    trails: Mapping[str, Trail]
    snapshots: Mapping[str, tuple[TicketSeen, ...]]
    evidence: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    exceptions: tuple[FreezeException, ...] = ()
    bookings: tuple[Hold, ...] = ()
    reads: tuple[tuple[datetime, datetime], ...] = ()

    def scope(self, moment: datetime) -> list[Trail]:
        """The tickets in scope then."""
        inside = {
            each.ticket_id
            for each in self.stays
            if each.added_at <= moment and (each.removed_at is None or moment < each.removed_at)
        }
        return [self.trails[id_] for id_ in sorted(inside) if id_ in self.trails]

    def seen(self, moment: datetime) -> tuple[TicketSeen, ...] | None:
        """The scope then as a sign-off is bound to it; None where some ticket's state of then is not known."""
        found = [each.seen(moment) for each in self.scope(moment)]
        known = [each for each in found if each is not None]
        return tuple(sorted(known, key=lambda one: one.key)) if len(known) == len(found) else None

    def changes(self, after: datetime, until: datetime) -> list[tuple[datetime, str]]:
        """When which ticket came into the scope, left it, or became another in it."""
        found = {(each, stay.ticket_id) for stay in self.stays for each in (stay.added_at, stay.removed_at) if each}
        found |= {
            (turn.at, id_)
            for id_ in {each.ticket_id for each in self.stays} & self.trails.keys()
            for turn in self.trails[id_].turns
            if turn.field in {"done", "priority"}
        }
        return sorted(each for each in found if after < each[0] <= until)

    def assigned(self, account: str, moment: datetime) -> str | None:
        """A ticket in scope then that the account had since the scope opened, as it may be shown."""
        since = self.release.scope_opened_at
        held = [each for each in self.scope(moment) if each.assigned(account, since, moment)]
        return min(held, key=lambda each: (each.restricted, each.key)).shown if held else None

    def told(self, moment: datetime) -> dict[str, Evidence]:
        """The newest word on each criterion then."""
        return {
            name: until[-1]
            for name, told in self.evidence.items()
            if (until := [each for each in told if each.at <= moment])
        }

    def settled_at(self) -> datetime | None:
        """Since when its sign-offs stand as they are: it was released, or it ended."""
        released = [each.at for each in self.attempts if each.refused is None and each.after is Stage.RELEASED]
        return min([*released, *([self.release.closed_at] if self.release.closed_at else [])], default=None)

    def was_fresh(self, moment: datetime, minutes: float) -> bool:
        """Whether a whole reading of the tracker proves that its mirror was no older."""
        return any(ended <= moment and (moment - began).total_seconds() <= minutes * 60 for began, ended in self.reads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a release was, or would have been, decided under."""

    policy: Policy
    template: Template

    def requirement(self, key: str) -> RequirementRule | None:
        return next((each for each in self.template.requirements if each.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time that is asked about."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime) -> bool:
        return self.since <= moment <= self.until


Unjudged = Mapping[str, int]
"""What could not be judged, in words, and how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What of a release would have gone otherwise."""

    name: str
    template: str
    policy_version: str
    differences: tuple[Difference, ...]
    unjudged: Unjudged

    def of(self, kind: Kind) -> tuple[Difference, ...]:
        return tuple(each for each in self.differences if each.kind == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """`gone` are the releases that the new policy has no template for, with the template's key. `unlooked` are the
    parts of the policy that differ and that nothing recorded can be held against.
    """

    window: Window
    releases: tuple[Replayed, ...]
    gone: tuple[tuple[str, str], ...]
    unlooked: tuple[str, ...]
    unjudged: Unjudged

    @property
    def alive(self) -> int:
        return len(self.releases) + len(self.gone)

    @property
    def otherwise(self) -> tuple[Replayed, ...]:
        return tuple(each for each in self.releases if each.differences)

    def count(self, kind: Kind) -> int:
        return sum(len(each.of(kind)) for each in self.releases)


def minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def total(parts: Iterable[Unjudged]) -> dict[str, int]:
    """Added up, what there is most of first."""
    found: dict[str, int] = {}
    for part in parts:
        for what, number in part.items():
            found[what] = found.get(what, 0) + number
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))
