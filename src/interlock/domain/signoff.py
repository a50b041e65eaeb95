"""Sign-offs: what was given, by whom and for whom, when it counts, and how far a requirement has come."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from interlock.domain.actor import Person, Standing
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.policy import RequirementRule
from interlock.domain.release import Release

if TYPE_CHECKING:  # that is made of what is here
    from interlock.domain.break_glass import Flag


class Decision(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class Progress(StrEnum):
    OPEN = "open"
    MET = "met"
    CONDITIONAL = "conditional"
    """Met, but for conditions that are open still: it does not count as met."""
    REJECTED = "rejected"
    EMERGENCY = "emergency"
    """Not signed: two people let it pass for a time. It counts as given, and never as met."""


GIVEN: Final = frozenset({Progress.MET, Progress.EMERGENCY})
"""What lets a release on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """Broken glass, by its number, and the two who answer for it."""

    id: int
    by: tuple[Person, Person]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What an approval hangs on: a ticket, which is done when the tracker says so, or a checklist item, which somebody
    ticks. `text` is the item, or the ticket's key; `restricted` of a ticket with a security level.
    """

    id: int
    signoff_id: int
    text: str
    ticket_id: str | None = None
    team: str | None = None
    restricted: bool = False
    done: bool = False

    @property
    def project_key(self) -> str:
        """Of a ticket; who may see it depends on it."""
        return self.text.rpartition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signoff:
    """A live sign-off: neither revoked nor void. `person` gave it, `principal` is for whom where that is another.

    `valid_until`: from then on it counts no more. `meaning` is what the signer typed that it means.
    """

    id: int
    requirement_id: int
    person: Person
    decision: Decision
    reason: str | None
    fingerprint: str
    at: datetime
    principal: Person | None = None
    valid_until: datetime | None = None
    meaning: str | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def speaks_for(self) -> Person:
        return self.principal or self.person

    @property
    def open_conditions(self) -> tuple[Condition, ...]:
        return tuple(each for each in self.conditions if not each.done)

    def expired(self, now: datetime) -> bool:
        return self.valid_until is not None and self.valid_until <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement of one release, with its live sign-offs and the people whom policy lets fill it, as mirrored.

    `unverified` are those who could not be told apart from the excluded assignees: their tracker account is not known.
    `mandatory` are the ids of whom the rule's mandatory group holds. `lapsed`: an approval with conditions became
    void. `as_of`: approvals that were too old then count no more. `emergency`: two people let it pass at that time.
    """

    id: int
    key: str
    name: str
    rule: RequirementRule
    signoffs: tuple[Signoff, ...] = ()
    eligible: tuple[Person, ...] = ()
    unverified: tuple[Person, ...] = ()
    mandatory: frozenset[str] = frozenset()
    lapsed: bool = False
    as_of: datetime | None = None
    emergency: Emergency | None = None

    @property
    def approvals(self) -> tuple[Signoff, ...]:
        """Those that count: whoever left, or is a guest by now, leaves the quorum. A rejection outlasts its giver."""
        return tuple(
            each
            for each in self.signoffs
            if each.decision is Decision.APPROVED
            and each.person.is_member
            and each.speaks_for.is_member
            and not (self.as_of and each.expired(self.as_of))
        )

    @property
    def rejections(self) -> tuple[Signoff, ...]:
        return tuple(signoff for signoff in self.signoffs if signoff.decision is Decision.REJECTED)

    @property
    def left_behind(self) -> tuple[Signoff, ...]:
        """Rejections that their givers cannot take back any more, having left. They count until somebody else of the
        requirement approves anew: no rejection falls by an account's end alone, or ending it would be a way round.
        """
        return tuple(signoff for signoff in self.rejections if not signoff.person.is_member)

    @property
    def progress(self) -> Progress:
        if self.rejections:
            return Progress.REJECTED
        missing = self.lacking or self.lacks_mandatory
        if missing and self.emergency is None:
            return Progress.OPEN
        if self.open_conditions:
            return Progress.CONDITIONAL
        return Progress.EMERGENCY if missing else Progress.MET

    @property
    def wants_more(self) -> bool:
        """Whether somebody's word is missing still; while it is rejected, another's word may be the way on. What was
        let pass in an emergency wants to be signed all the same.
        """
        return self.progress in {Progress.OPEN, Progress.REJECTED, Progress.EMERGENCY}

    @property
    def count(self) -> int:
        """How many approvals count: as many as different people gave, and for as many different people."""
        given = self.approvals
        return min(len({each.person.slack_id for each in given}), len({each.speaks_for.slack_id for each in given}))

    @property
    def quorum(self) -> int:
        """How many approvals it takes: of everybody, as many as there are now, and one at least."""
        if self.rule.quorum == "all":
            return max(len(self.eligible) + len(self.unverified), 1)
        return self.rule.quorum

    @property
    def awaited(self) -> tuple[Person, ...]:
        """Whose word is missing: where there are approvals enough, the mandatory group's alone is."""
        if self.lacking:
            return self.left
        return tuple(each for each in self.left if each.slack_id in self.mandatory)

    @property
    def lacking(self) -> int:
        """How many approvals are missing. Where everybody has to approve, only the words of those who may do now
        count: whoever joins has to sign too, and where nobody is left it is never met.
        """
        if self.rule.quorum != "all":
            return max(self.rule.quorum - self.count, 0)
        heard = {each.speaks_for.slack_id for each in self.approvals}
        missing = sum(1 for each in self.eligible if each.slack_id not in heard) + len(self.unverified)
        return missing or (0 if self.eligible else 1)

    @property
    def counted(self) -> int:
        """How many of the quorum are there: what comes on top of it counts for nothing."""
        return self.quorum - self.lacking

    @property
    def lacks_mandatory(self) -> bool:
        """Whether the group that policy insists on has not spoken. Whoever left it does not speak for it."""
        if self.rule.mandatory_group is None:
            return False
        return not any(each.speaks_for.slack_id in self.mandatory for each in self.approvals)

    @property
    def open_conditions(self) -> tuple[Condition, ...]:
        return tuple(condition for signoff in self.approvals for condition in signoff.open_conditions)

    @property
    def left(self) -> tuple[Person, ...]:
        """Those who may sign it off and have not spoken, nor anybody for them."""
        heard = {each.speaks_for.slack_id for each in self.signoffs} | {each.person.slack_id for each in self.signoffs}
        return tuple(each for each in self.eligible if each.slack_id not in heard)

    @property
    def out_of_reach(self) -> bool:
        """Whether it cannot be met by those who are left, with what was given already."""
        able = {each.slack_id for each in self.eligible}
        heard = {each.speaks_for.slack_id for each in self.approvals}
        needed = self.rule.quorum
        few = not able or bool(self.unverified) if needed == "all" else len(able | heard) < needed
        return few or (self.rule.mandatory_group is not None and not (able | heard) & self.mandatory)

    def signed_by(self, slack_id: str) -> Signoff | None:
        return next((signoff for signoff in self.signoffs if signoff.person.slack_id == slack_id), None)

    def given_for(self, slack_id: str) -> Signoff | None:
        """What was signed in this person's name, by themselves or by whoever stood in for them."""
        return next((signoff for signoff in self.signoffs if signoff.speaks_for.slack_id == slack_id), None)

    def may_be_filled_by(self, standing: Standing) -> bool:
        person, rule = standing.person, self.rule
        names = {person.slack_id, (person.email or person.slack_id).casefold()}
        return bool(standing.groups.intersection(rule.groups)) or bool(
            names.intersection(entry if entry == person.slack_id else entry.casefold() for entry in rule.people)
        )

    def stand_in(self, absence: "Absence | None") -> Person | None:
        """Who may sign this in the place of somebody who is away: nobody where policy lets nobody, nor who is asked for
        a word of their own, which is all that they can give.
        """
        named = absence.stand_in if absence and self.rule.delegation else None
        asked = {each.slack_id for each in (*self.eligible, *self.unverified)}
        return None if named is None or named.slack_id in asked else named

    def touched_by(self, change: MaterialChange, team: str | None) -> bool:
        """Whether policy lets this change void what was approved; `team` is whose the changed thing is."""
        if change.what.replace(" ", "_") not in self.rule.material:
            return False
        return not self.rule.teams or team in self.rule.teams or (team is None and change.ticket is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody is away until then, and `stand_in` signs for them meanwhile, if anybody does."""

    person: Person
    until: datetime
    stand_in: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignoffCard:
    """What the card and `/release signoffs` show. `revision_id` is None where nothing can be clicked. `absences` are by
    the id of whoever is away; `unanswered`: who did not answer in time, by requirement id; `break_glass`: each time
    that two people let some pass.
    """

    release: Release
    requirements: tuple[Requirement, ...]
    requested_by: Person | None
    requested_at: datetime | None
    tickets: int
    done: int
    restricted: int
    mirror_as_of: datetime | None
    revision_id: str | None
    fingerprint: str
    absences: tuple[Absence, ...] = ()
    unanswered: tuple[tuple[int, Person], ...] = ()
    break_glass: "tuple[Flag, ...]" = ()

    @property
    def met(self) -> int:
        return sum(1 for requirement in self.requirements if requirement.progress is Progress.MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidedSignoff:
    """What a signer is told when a changed scope voided their approval. `hidden` are ids of restricted tickets among
    the changes; `revision_id` is a drawing of the scope as it is now, for re-affirming with one click. `conditions`:
    how many open ones stay if they do. `valid_days`: it was not a change but its age.
    """

    release: Release
    requirement: str
    tickets: int
    tickets_now: int
    changes: tuple[MaterialChange, ...]
    hidden: frozenset[str]
    revision_id: str
    conditions: int = 0
    valid_days: int | None = None
