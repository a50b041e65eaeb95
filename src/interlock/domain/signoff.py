"""Sign-offs: who may give one, when it counts, and what a click on Approve comes to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from interlock.domain.actor import Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.policy import Policy, RequirementRule
from interlock.domain.release import Release
from interlock.domain.words import ago, duration, join

NAMES_SHOWN = 3


class Decision(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class Progress(StrEnum):
    OPEN = "open"
    MET = "met"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signoff:
    """A live sign-off: neither revoked nor void."""

    id: int
    requirement_id: int
    person: Person
    decision: Decision
    reason: str | None
    fingerprint: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement of one release, with its live sign-offs and the people whom policy lets fill it, as mirrored."""

    id: int
    key: str
    name: str
    rule: RequirementRule
    signoffs: tuple[Signoff, ...] = ()
    eligible: tuple[Person, ...] = ()

    @property
    def approvals(self) -> tuple[Signoff, ...]:
        """Those that count: whoever left, or is a guest by now, leaves the quorum. A rejection outlasts its giver."""
        return tuple(each for each in self.signoffs if each.decision is Decision.APPROVED and each.person.is_member)

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
        return Progress.MET if len(self.approvals) >= self.rule.quorum else Progress.OPEN

    def signed_by(self, slack_id: str) -> Signoff | None:
        return next((signoff for signoff in self.signoffs if signoff.person.slack_id == slack_id), None)

    def may_be_filled_by(self, standing: Standing) -> bool:
        person, rule = standing.person, self.rule
        names = {person.slack_id, (person.email or person.slack_id).casefold()}
        return bool(standing.groups.intersection(rule.groups)) or bool(
            names.intersection(entry if entry == person.slack_id else entry.casefold() for entry in rule.people)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What the rules look at, all read in the transaction of the decision.

    `assigned` is the key of a ticket in scope that the actor's verified tracker account is or was assigned to since the
    scope opened; `changes` are the material ones since the clicked card revision.
    """

    release: Release
    requirements: tuple[Requirement, ...]
    requested_by: str
    standing: Standing
    assigned: str | None
    changes: tuple[MaterialChange, ...]
    mirror_as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    requirement: Requirement
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadySigned:
    """The same decision stands already: a repeated click, which succeeds quietly."""

    requirement: Requirement
    signoff: Signoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What the clicker saw is not what is in scope now."""

    changes: tuple[MaterialChange, ...]


Verdict = Accepted | AlreadySigned | Stale | Refused


def decide(ask: Ask, decision: Decision, policy: Policy, now: datetime) -> Verdict:
    """What a click on Approve or Reject comes to. Rejecting is held to the same eligibility, not to the freshness of
    the scope or the mirror: a reason to say no stays one.
    """
    if ask.release.ended:
        return Refused(
            reason="release_ended",
            sentence=f"{ask.release.name} is {ask.release.stage.value}, so nothing more is decided on it.",
        )
    mine = [requirement for requirement in ask.requirements if requirement.may_be_filled_by(ask.standing)]
    if not mine:
        return not_eligible(ask)
    repeated = _already(mine, ask.standing.person, decision)
    if repeated:
        return repeated
    allowed = _without_conflict(ask, mine)
    if isinstance(allowed, Refused):
        return allowed
    if decision is Decision.APPROVED:
        stale = _stale_mirror(ask, policy, now)
        if stale:
            return stale
        if ask.changes:
            return Stale(changes=ask.changes)
    return _choose(ask, allowed, decision)


def _choose(ask: Ask, mine: list[Requirement], decision: Decision) -> Accepted | Refused:
    """The first requirement, in policy's order, that still lacks this person's word."""
    me = ask.standing.person.slack_id
    given = [requirement for requirement in ask.requirements if requirement.signed_by(me)]
    opposite = next((requirement for requirement in given if requirement in mine), None)
    if opposite and (signoff := opposite.signed_by(me)):
        return Refused(
            reason="decided_otherwise",
            sentence=f"You {signoff.decision.value} {ask.release.name} for {opposite.name}. "
            "Press Revoke first, then decide anew.",
        )
    if given and ask.release.policy.one_person_one_requirement:
        return Refused(
            reason="one_requirement_each",
            sentence=f"You signed {ask.release.name} for {given[0].name} already, and one person fills only one.",
        )
    wanting = [requirement for requirement in mine if requirement.progress is not Progress.MET]
    return Accepted(requirement=(wanting or mine)[0], decision=decision)


def _already(mine: list[Requirement], person: Person, decision: Decision) -> AlreadySigned | None:
    for requirement in mine:
        signoff = requirement.signed_by(person.slack_id)
        if signoff and signoff.decision is decision:
            return AlreadySigned(requirement=requirement, signoff=signoff)
    return None


def not_eligible(ask: Ask) -> Refused:
    """For somebody whom no requirement asks: who is asked, by name."""
    asked = join([f"{requirement.name} ({_who(requirement, ask)})" for requirement in ask.requirements], "or")
    return Refused(
        reason="not_eligible",
        sentence=f"You can't sign {ask.release.name}: it asks for {asked}, and you are none of them.",
    )


def _without_conflict(ask: Ask, mine: list[Requirement]) -> list[Requirement] | Refused:
    """The requirements that this person may fill without judging their own work."""
    person, name = ask.standing.person, ask.release.name
    if person.slack_id == ask.requested_by:
        return Refused(
            reason="own_request",
            sentence=f"You can't sign {name}: you asked for these sign-offs, and nobody signs at their own request. "
            f"{_others(ask, mine)}",
        )
    free = [requirement for requirement in mine if not requirement.rule.exclude_assignees]
    if person.verified_account is None:
        return free or Refused(
            reason="account_not_verified",
            sentence=f"You can't sign {name} yet: people assigned to its tickets may not, and your tracker account is "
            "not verified. Type /link to connect it.",
        )
    if ask.assigned:
        return free or Refused(
            reason="assigned",
            sentence=f"You can't sign {name}: you are or were assigned to {ask.assigned}, which is in scope. "
            f"{_others(ask, mine)}",
        )
    return mine


def _others(ask: Ask, mine: list[Requirement]) -> str:
    """`Ana or Tom can.`"""
    if len(mine) == 1:
        who = _who(mine[0], ask)
        return f"{who[0].upper()}{who[1:]} can."
    told = join([f"{_who(requirement, ask)} for {requirement.name}" for requirement in mine], "or")
    return f"{told[0].upper()}{told[1:]} can."


def _stale_mirror(ask: Ask, policy: Policy, now: datetime) -> Refused | None:
    limit = timedelta(minutes=policy.limits.mirror_max_age_minutes)
    if ask.mirror_as_of is not None and now - ask.mirror_as_of <= limit:
        return None
    age = "was never read" if ask.mirror_as_of is None else f"was last read {ago(ask.mirror_as_of, now)}"
    return Refused(
        reason="mirror_stale",
        sentence=f"{ask.release.name} can't be approved now: Jira {age}, and policy allows {duration(limit)}. "
        "Interlock keeps trying; click again once the card says it is fresh.",
    )


def _who(requirement: Requirement, ask: Ask) -> str:
    """Who else may fill it, by name: the first few, then how many more."""
    signed = {given.person.slack_id for given in requirement.approvals}
    passed_over = signed | {ask.standing.person.slack_id, ask.requested_by}
    names = [person.name for person in requirement.eligible if person.slack_id not in passed_over]
    if not names:
        return "nobody at present"
    more = len(names) - NAMES_SHOWN
    return join(names[:NAMES_SHOWN] + ([f"{more} more"] if more > 0 else []), "or")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignoffCard:
    """What the card and `/release signoffs` show. `revision_id` is None where nothing can be clicked."""

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

    @property
    def met(self) -> int:
        return sum(1 for requirement in self.requirements if requirement.progress is Progress.MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidedSignoff:
    """What a signer is told when a changed scope voided their approval. `hidden` are ids of restricted tickets among
    the changes; `revision_id` is a drawing of the scope as it is now, for re-affirming with one click.
    """

    release: Release
    requirement: str
    tickets: int
    tickets_now: int
    changes: tuple[MaterialChange, ...]
    hidden: frozenset[str]
    revision_id: str
