"""What is said to a proposal to change a release's policy, by those whom the old policy asks to sign."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from interlock.domain import names, signing
from interlock.domain import policy_change as rules
from interlock.domain.actor import Actor, Standing
from interlock.domain.authority import Refused
from interlock.domain.card import CardRevision
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.policy_change import ANOTHER, Outcome, PolicyChange
from interlock.domain.release import LONGEST_REASON, Release, Unclear
from interlock.domain.signing import Ask, Signature, SignatureWanted
from interlock.domain.signoff import Decision, Requirement, Signoff
from interlock.store import card, policy_change, release
from interlock.store.engine import Store
from interlock.usecases import ask as asking
from interlock.usecases import authority, policy_change_end
from interlock.usecases.policy_change import REFUSED
from interlock.usecases.policy_change_card import refresh, requirements, revise_elsewhere
from interlock.usecases.policy_change_end import UNKNOWN, facts
from interlock.usecases.race import after_the_winner
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid, read_release

WHY_NOT = "Say why not: whoever proposed it has to know what to mend."


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What somebody's word came to. `outcome`: it ended the proposal. `again`: they had said so already. `wanted`:
    policy asks what the signature means first, and nothing was recorded. `further` can be filled by the same person on
    what `revision_id` showed.
    """

    release: Release
    change: PolicyChange
    requirement: Requirement
    decision: Decision
    revision_id: str
    outcome: Outcome | None = None
    again: bool = False
    wanted: bool = False
    further: tuple[Requirement, ...] = ()


def decide(
    store: Store,
    policy: Policy,
    actor: Actor,
    revision_id: str,
    decision: Decision,
    reason: str | None,
    now: datetime,
    signature: Signature | None = None,
) -> Decided | Invalid | Refused:
    """A click on Approve, or a reason for Reject. The last approval that the old policy asks for carries the change
    out, a rejection ends it. Authority, exclusions and stage are those of this moment.
    """
    return after_the_winner(lambda: _decide(store, policy, actor, revision_id, decision, reason, now, signature))


def decide_typed(
    store: Store,
    policy: Policy,
    actor: Actor,
    change_id: int,
    decision: Decision,
    text: str,
    now: datetime,
) -> Decided | Invalid | Refused:
    """`/release policy approve NUMBER [RELEASE MEANING]` and `… reject NUMBER why`: a proposal never changes, so its
    number says what is meant.
    """
    with store.write() as session:
        known = policy_change.load(session, change_id)
        one = release.load(session, known.release_id, lock=True) if known else None
        allowed = _allowed(session, policy, known, actor, now)
        if isinstance(allowed, Refused):
            told = {"change": change_id, "decision": decision.value}
            record_refusal(session, REFUSED, actor, one, told, allowed, now)
            return allowed
        if known is None or one is None:
            return UNKNOWN
        shown = revise_elsewhere(session, one, policy_change.load(session, change_id) or known, now)
        said = names.tidy(text)
        meant, meaning = read_release(session, said, "") if said else (None, "")
    signature = None
    if decision is Decision.APPROVED and said:
        name = "" if meant is None or isinstance(meant, Unclear) else meant.name
        signature = Signature(release=name, meaning=meaning)
    why = said if decision is Decision.REJECTED else None
    return decide(store, policy, actor, shown.id, decision, why, now, signature)


def foresee(
    store: Store, policy: Policy, actor: Actor, revision_id: str, decision: Decision, now: datetime
) -> Decided | Refused:
    """What deciding would come to, so that nobody writes a reason in vain. Nothing is decided or recorded."""
    with store.read() as session:
        revision, known = _known(session, revision_id)
        allowed = _allowed(session, policy, known, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        if revision is None or known is None:
            return UNKNOWN
        one = release.load(session, known.release_id)
        asked = _asked(session, one, known, allowed, decision, revision_id, now)
        return _verdict(asked, known, decision, policy, now)


def _decide(
    store: Store,
    policy: Policy,
    actor: Actor,
    revision_id: str,
    decision: Decision,
    reason: str | None,
    now: datetime,
    signature: Signature | None,
) -> Decided | Invalid | Refused:
    with store.write() as session:
        revision, known = _known(session, revision_id)
        one = release.load(session, known.release_id, lock=True) if known else None
        allowed = _allowed(session, policy, known, actor, now)
        seen = asking.seen_facts(revision) | facts(known) if revision and known else {}
        seen |= {"decision": decision.value}
        if isinstance(allowed, Refused):
            record_refusal(session, REFUSED, actor, one, seen, allowed, now)
            return allowed
        if revision is None or known is None or one is None:
            return UNKNOWN
        change = policy_change.load(session, known.id) or known
        why = names.tidy(reason or "")
        if decision is Decision.REJECTED and (problem := names.unsaid(why, WHY_NOT, LONGEST_REASON)):
            return Invalid(problems={"reason": problem})
        asked = _asked(session, one, change, allowed, decision, revision_id, now, signature)
        verdict = _verdict(asked, change, decision, policy, now)
        verdict = verdict if isinstance(verdict, Refused) else replace(verdict, revision_id=revision.id)
        if isinstance(verdict, Refused):
            record_refusal(session, REFUSED, actor, one, seen, verdict, now)
            return verdict
        if verdict.again or verdict.wanted:
            return verdict
        done = _said(session, actor, allowed, asked, change, revision, verdict, why or None, seen, now)
        if decision is Decision.REJECTED:
            policy_change_end.end(session, change, Outcome.REJECTED, actor.slack_id, why, now)
            return replace(done, outcome=Outcome.REJECTED)
        if not rules.complete(requirements(session, one, change, now)):
            refresh(session, change, now)
            return done
        changed = policy_change_end.apply(session, policy, one, change, actor, allowed.person, now)
        return replace(done, release=changed, outcome=Outcome.APPLIED, further=())


def _said(
    session: Session,
    actor: Actor,
    standing: Standing,
    asked: Ask,
    change: PolicyChange,
    revision: CardRevision,
    verdict: Decided,
    reason: str | None,
    seen: dict[str, object],
    now: datetime,
) -> Decided:
    """Store it and record it."""
    claims = [each for each in signing.claims(asked) if each.requirement.id == verdict.requirement.id]
    principal = claims[0].principal if claims else None
    meaning = asked.signature.meaning if asked.signature and verdict.requirement.rule.step_up else None
    renewal = policy_change.say(
        session,
        change,
        verdict.requirement,
        revision,
        actor,
        verdict.decision,
        reason,
        now,
        principal=principal.slack_id if principal else None,
        meaning=meaning,
    )
    more: dict[str, object] = {"requirement": verdict.requirement.key, "reason": reason}
    more |= {"for": principal.slack_id} if principal else {}
    more |= {"meaning": meaning} if meaning else {}
    more |= {"renewal": renewal} if renewal else {}
    also = {"principal": principal} if principal else None
    kind = f"policy_change.{verdict.decision.value}"
    record(session, kind, actor, standing.person, asked.release, seen | more, now, also=also)
    if verdict.requirement is ANOTHER:
        return verdict
    return replace(verdict, further=signing.further(asked, verdict.requirement))


def _asked(
    session: Session,
    one: Release,
    change: PolicyChange,
    standing: Standing,
    decision: Decision,
    revision_id: str,
    now: datetime,
    signature: Signature | None = None,
) -> Ask:
    """What the rules of sign-offs look at: the old policy's, with what was said to the proposal. Whoever approved it,
    or was spoken for, may reject it still, which takes their approval back with the rest.
    """
    shown, wanted = asking.named(revision_id)
    revision = card.revision(session, shown)
    assert revision is not None, "a revision cannot be deleted"
    asked, _ = asking.load(session, one, revision, standing, now, wanted=wanted, signature=signature)
    me = standing.person.slack_id
    said = requirements(session, one, change, now)
    if decision is Decision.REJECTED:
        said = tuple(
            replace(each, signoffs=tuple(word for word in each.signoffs if not _approval(word, me))) for each in said
        )
    return replace(
        asked,
        release=replace(one, policy=change.old),
        requirements=said,
        requested_by=change.proposed_by.slack_id,
        changes=(),
        outdated=False,
    )


def _approval(word: Signoff, me: str) -> bool:
    return me in {word.person.slack_id, word.speaks_for.slack_id} and word.decision is Decision.APPROVED


def _verdict(asked: Ask, change: PolicyChange, decision: Decision, policy: Policy, now: datetime) -> Decided | Refused:
    def decided(requirement: Requirement, *, again: bool = False, wanted: bool = False) -> Decided:
        return Decided(
            release=asked.release,
            change=change,
            requirement=requirement,
            decision=decision,
            revision_id="",
            again=again,
            wanted=wanted,
        )

    mine = next(
        (each for each in asked.requirements if (word := each.signed_by(asked.me)) and word.decision is decision), None
    )
    ended = change.outcome in {Outcome.APPLIED, Outcome.REJECTED}
    if ended and mine:
        return decided(mine, again=True)
    if refused := _refused(asked, change, decision, now):
        return refused
    if not change.old.requirements:
        return decided(ANOTHER, again=mine is not None)
    verdict = signing.decide(asked, decision, policy, now)
    if isinstance(verdict, Refused):
        return verdict
    assert not isinstance(verdict, signing.Stale), "a proposal is of no scope"
    return decided(
        verdict.requirement,
        again=isinstance(verdict, signing.AlreadySigned),
        wanted=isinstance(verdict, SignatureWanted),
    )


def _refused(asked: Ask, change: PolicyChange, decision: Decision, now: datetime) -> Refused | None:
    return (
        rules.over(change, now)
        or rules.own(change, asked.standing, decision)
        or (rules.unfit(asked.release, change.new) if decision is Decision.APPROVED else None)
    )


def _known(session: Session, revision_id: str) -> tuple[CardRevision | None, PolicyChange | None]:
    revision = card.revision(session, asking.named(revision_id)[0])
    return revision, policy_change.of_card(session, revision.card.id) if revision else None


def _allowed(
    session: Session, policy: Policy, change: PolicyChange | None, actor: Actor, now: datetime
) -> Standing | Refused:
    """What signing takes, since the old policy's signers decide; where it names none, what proposing does."""
    if change is not None and not change.old.requirements:
        return authority.to_decide(session, policy, Permission.POLICY_CHANGE, actor, now)
    allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
    if isinstance(allowed, Refused) and allowed.reason == "not_permitted":
        return replace(allowed, sentence=f"Whoever may sign releases decides on this. {allowed.sentence}")
    return allowed
