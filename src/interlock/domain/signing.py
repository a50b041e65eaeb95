"""Who may give a sign-off, for whom, and what a click on Approve or Reject comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from interlock.domain import names, stage
from interlock.domain.actor import Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.signoff import Decision, Requirement, Signoff
from interlock.domain.words import ago, duration, join

NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a signer typed: the release that they mean, and what their signature means (21 CFR 11.50)."""

    release: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What the rules look at, all read in the transaction of the decision.

    `assigned` is the key of a ticket in scope that the actor's verified tracker account is or was assigned to since the
    scope opened; `changes` are the material ones since the clicked card revision, `teams` whose tickets those are.
    `stands_for` are the people who are away and left their signing to the actor. `outdated`: the release's policy is
    another one than what was clicked showed. `wanted` is the requirement that the
    clicked button names, by id; None for one that names none.
    """

    release: Release
    requirements: tuple[Requirement, ...]
    requested_by: str
    standing: Standing
    assigned: str | None
    changes: tuple[MaterialChange, ...]
    mirror_as_of: datetime | None
    teams: Mapping[str, str | None] = field(default_factory=dict)
    stands_for: tuple[Person, ...] = ()
    wanted: int | None = None
    signature: Signature | None = None
    outdated: bool = False

    @property
    def me(self) -> str:
        return self.standing.person.slack_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """`principal` is for whom, where the actor stands in for somebody."""

    requirement: Requirement
    decision: Decision
    principal: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadySigned:
    """The same decision stands already: a repeated click, which succeeds quietly."""

    requirement: Requirement
    signoff: Signoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What the clicker saw is not what is in scope now."""

    changes: tuple[MaterialChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureWanted:
    """Policy asks that the signer type the release's name and what their signature means. Nothing was recorded."""

    requirement: Requirement


Verdict = Accepted | AlreadySigned | Stale | SignatureWanted | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A requirement that the actor may fill, as themselves or in the place of somebody who is away."""

    requirement: Requirement
    principal: Person | None = None


def decide(ask: Ask, decision: Decision, policy: Policy, now: datetime) -> Verdict:
    """What a click on Approve or Reject comes to. Rejecting is held to the same eligibility, not to the freshness of
    the scope or the mirror: a reason to say no stays one.
    """
    if settled := stage.settled(ask.release):
        return settled
    mine = claims(ask)
    if not mine:
        return not_eligible(ask)
    repeated = _already(mine, ask.me, decision)
    if repeated:
        return repeated
    allowed = _without_conflict(ask, mine)
    if isinstance(allowed, Refused):
        return allowed
    if decision is Decision.APPROVED:
        stale = _other_policy(ask) or _stale_mirror(ask, policy, now)
        if stale:
            return stale
    chosen = _choose(ask, allowed, decision)
    if isinstance(chosen, Refused) or decision is Decision.REJECTED:
        return chosen
    changes = tuple(each for each in ask.changes if chosen.requirement.touched_by(each, _team(ask, each)))
    return Stale(changes=changes) if changes else _signed_as_asked(ask, chosen)


def claims(ask: Ask) -> list[Claim]:
    """What the actor may fill: as themselves first, and only else for somebody who is away."""
    found = []
    for requirement in ask.requirements:
        if ask.wanted not in {None, requirement.id}:
            continue
        if requirement.may_be_filled_by(ask.standing):
            found.append(Claim(requirement=requirement))
        elif requirement.rule.delegation:
            able = {each.slack_id for each in requirement.eligible}
            absent = [each for each in ask.stands_for if each.slack_id in able]
            # One of several who has not spoken: nobody speaks for more than one.
            absent.sort(key=lambda each: requirement.given_for(each.slack_id) is not None)
            found.extend(Claim(requirement=requirement, principal=each) for each in absent[:1])
    return found


def further(ask: Ask, done: Requirement) -> tuple[Requirement, ...]:
    """The other requirements that the same person may fill by a click of their own on each."""
    if ask.release.policy.one_person_one_requirement:
        return ()
    free = _without_conflict(ask, claims(ask))
    if isinstance(free, Refused):
        return ()
    others = [each.requirement for each in free if each.requirement.id != done.id and _unspoken(each, ask.me)]
    return tuple(each for each in others if each.wants_more)


def _unspoken(claim: Claim, me: str) -> bool:
    speaker = claim.principal.slack_id if claim.principal else me
    return claim.requirement.signed_by(me) is None and claim.requirement.given_for(speaker) is None


def _choose(ask: Ask, mine: list[Claim], decision: Decision) -> Accepted | Refused:
    """The first requirement, in policy's order, that still lacks this person's word."""
    spoken = [claim for claim in mine if not _unspoken(claim, ask.me)]
    free = [claim for claim in mine if _unspoken(claim, ask.me)]
    own = [each for each in spoken if each.requirement.signed_by(ask.me) or each.principal is None]
    if own or not free:
        return _spoken_already(ask, (own or spoken)[0])
    if ask.release.policy.one_person_one_requirement:
        given = _filled(ask, mine)
        if given:
            return Refused(
                reason="one_requirement_each",
                sentence=f"You signed {ask.release.name} for {given.name} already, and one person fills only one.",
            )
    wanting = [claim for claim in free if claim.requirement.wants_more]
    chosen = (wanting or free)[0]
    return Accepted(requirement=chosen.requirement, decision=decision, principal=chosen.principal)


def _spoken_already(ask: Ask, claim: Claim) -> Refused:
    """The opposite stands, or another's hand gave it."""
    name, requirement = ask.release.name, claim.requirement
    signoff = requirement.signed_by(ask.me)
    if signoff:
        return Refused(
            reason="decided_otherwise",
            sentence=f"You {signoff.decision.value} {name} for {requirement.name}. Press Revoke first, "
            "then decide anew.",
        )
    given = requirement.given_for(claim.principal.slack_id if claim.principal else ask.me)
    assert given is not None, "the claim was spoken"
    if claim.principal:
        return Refused(
            reason="principal_signed",
            sentence=f"{claim.principal.name} {given.decision.value} {name} for {requirement.name} already, "
            "and one word counts once.",
        )
    return Refused(
        reason="signed_for_you",
        sentence=f"{given.person.name} {given.decision.value} {name} for {requirement.name} in your place. "
        "Press Revoke first, then decide anew.",
    )


def _filled(ask: Ask, mine: list[Claim]) -> Requirement | None:
    """A requirement that the actor, or whom they stand in for, has spoken for already."""
    concerned = {ask.me} | {claim.principal.slack_id for claim in mine if claim.principal}
    for requirement in ask.requirements:
        for given in requirement.signoffs:
            if concerned & {given.person.slack_id, given.speaks_for.slack_id}:
                return requirement
    return None


def _signed_as_asked(ask: Ask, chosen: Accepted) -> Accepted | SignatureWanted | Refused:
    typed = ask.signature.release if ask.signature else ""
    step_up = chosen.requirement.rule.step_up
    if step_up and ask.signature is None:
        return SignatureWanted(requirement=chosen.requirement)
    if (step_up or typed) and names.fold(typed) != names.fold(ask.release.name):
        return Refused(
            reason="wrong_release_typed",
            sentence=f"Nothing was recorded: this card is {ask.release.name}'s, and you typed another name.",
        )
    if step_up and ask.signature and not names.says_something(ask.signature.meaning):
        return Refused(
            reason="no_meaning",
            sentence="Nothing was recorded: say what your signature means, such as “approved after review”.",
        )
    return chosen


def _team(ask: Ask, change: MaterialChange) -> str | None:
    return ask.teams.get(change.ticket.id) if change.ticket else None


def _already(mine: list[Claim], me: str, decision: Decision) -> AlreadySigned | None:
    for claim in mine:
        signoff = claim.requirement.signed_by(me)
        if signoff and signoff.decision is decision:
            return AlreadySigned(requirement=claim.requirement, signoff=signoff)
    return None


def not_eligible(ask: Ask) -> Refused:
    """For somebody whom no requirement asks: who is asked, by name."""
    open_ones = [requirement for requirement in ask.requirements if requirement.wants_more]
    asked = join([f"{requirement.name} ({_who(requirement, ask)})" for requirement in open_ones], "or")
    told = f"it asks for {asked}, and you are none of them" if asked else "it has the sign-offs that it asks for"
    return Refused(reason="not_eligible", sentence=f"You can't sign {ask.release.name}: {told}.")


def _without_conflict(ask: Ask, mine: list[Claim]) -> list[Claim] | Refused:
    """The requirements that this person may fill without judging their own work. Whom they stand in for is bound by the
    same rules: who is excluded is not among the eligible, and nobody signs for them.
    """
    conflicts = [(claim, _conflict(ask, claim.requirement, mine)) for claim in mine]
    free = [claim for claim, conflict in conflicts if conflict is None]
    if free:
        return free
    return next((conflict for _, conflict in conflicts if conflict), None) or not_eligible(ask)


def _conflict(ask: Ask, requirement: Requirement, mine: list[Claim]) -> Refused | None:
    name, rule = ask.release.name, requirement.rule
    if rule.exclude_requester and ask.me == ask.requested_by:
        return Refused(
            reason="own_request",
            sentence=f"You can't sign {name}: you asked for these sign-offs, and nobody signs at their own request. "
            f"{_others(ask, mine)}",
        )
    if rule.exclude_release_manager and ask.me == ask.release.created_by:
        return Refused(
            reason="own_release",
            sentence=f"You can't sign {name}: you planned it, and whoever did may not. {_others(ask, mine)}",
        )
    if rule.exclude_assignees and ask.standing.person.verified_account is None:
        return Refused(
            reason="account_not_verified",
            sentence=f"You can't sign {name} yet: people assigned to its tickets may not, and your tracker account is "
            "not verified. Type /link to connect it.",
        )
    if rule.exclude_assignees and ask.assigned:
        return Refused(
            reason="assigned",
            sentence=f"You can't sign {name}: you are or were assigned to {ask.assigned}, which is in scope. "
            f"{_others(ask, mine)}",
        )
    return None


def _others(ask: Ask, mine: list[Claim]) -> str:
    """`Ana or Tom can.`, or that nobody needs to."""
    wanting = [each.requirement for each in mine if each.requirement.wants_more]
    if not wanting:
        given = join([each.requirement.name for each in mine])
        return f"Nobody has to: {given} {'is' if len(mine) == 1 else 'are'} given."
    if len(mine) == 1:
        who = _who(wanting[0], ask)
        return f"{who[0].upper()}{who[1:]} can."
    told = join([f"{_who(each, ask)} for {each.name}" for each in wanting], "or")
    return f"{told[0].upper()}{told[1:]} can."


def _other_policy(ask: Ask) -> Refused | None:
    if not ask.outdated:
        return None
    return Refused(
        reason="policy_changed",
        sentence=f"Not recorded: {ask.release.name}'s policy was changed since this was drawn, and with it what is "
        f"asked. Look at /release signoffs {ask.release.name}, then approve.",
    )


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
    passed_over = {ask.me} | ({ask.requested_by} if requirement.rule.exclude_requester else set())
    signed = {given.speaks_for.slack_id for given in requirement.approvals}
    able = [person.name for person in requirement.eligible if person.slack_id not in passed_over | signed]
    if not able:
        return "nobody at present"
    more = len(able) - NAMES_SHOWN
    return join(able[:NAMES_SHOWN] + ([f"{more} more"] if more > 0 else []), "or")
