"""Being away: letting somebody sign in one's place, coming back, and who is told."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session

from interlock.domain import authority as authority_rules
from interlock.domain import delegation as rules
from interlock.domain.actor import Actor, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.card import SIGNOFF
from interlock.domain.delegation import Away, Delegation, Here
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.signoff import Absence
from interlock.store import audit, card, delegation, outbox, person, release, signoff
from interlock.store.alone import alone
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.card import refresh


def away(
    store: Store, policy: Policy, actor: Actor, until: datetime, stand_in: str | None, now: datetime
) -> Away | Refused:
    """The actor is away until then, from now on. `stand_in`, as typed, signs for them where a requirement's policy
    allows it, and gets what they would have been sent. An absence of before ends by it.
    """
    with store.write() as session:
        alone(session, "delegation")  # two who name each other at once would be a loop
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
        if isinstance(allowed, Refused):
            _record_refusal(session, actor, allowed, now)
            return allowed
        named = person.named(session, stand_in) if stand_in else None
        if stand_in and named is None:
            return Refused(
                reason="unknown_person", sentence="Interlock knows nobody of that name: write @ and their handle."
            )
        wanted = Delegation(
            slack_id=actor.slack_id, stand_in=named.slack_id if named else None, starts=now, until=until
        )
        refused = _refuse(session, policy, wanted, named, now)
        if refused:
            _record_refusal(session, actor, refused, now)
            return refused
        before = delegation.end(session, actor.slack_id, actor.slack_id, now)
        number = delegation.make(session, wanted, actor, now)
        facts = {
            "delegation": number,
            "person": wanted.slack_id,
            "for_them": wanted.stand_in,
            "until": until.isoformat(),
        }
        _record(session, "delegation.made", actor, allowed.person, named, facts, now)
        if before and before[1].stand_in != wanted.stand_in:
            _tell_over(session, *before, now)
        if named:
            _tell(session, "delegation.told", number, named.slack_id, now)
        _redraw(session, actor.slack_id, now)
        absence = Absence(person=allowed.person, until=until, stand_in=named)
        return Away(absence=absence, requirements=_delegable(session, absence))


def back(store: Store, policy: Policy, actor: Actor, now: datetime) -> Here | Refused:
    """The actor is there again: whoever stood in for them does not any more."""
    with store.write() as session:
        alone(session, "delegation")
        allowed = authority.to_decide(session, policy, Permission.SIGNOFF_DECIDE, actor, now)
        if isinstance(allowed, Refused):
            _record_refusal(session, actor, allowed, now)
            return allowed
        found = delegation.end(session, actor.slack_id, actor.slack_id, now)
        if found is None or found[1].until <= now:
            return Here(was=None)
        _tell_over(session, *found, now)
        ended = found[1]
        named = person.people(session, [ended.stand_in]).get(ended.stand_in) if ended.stand_in else None
        facts = {"person": actor.slack_id, "for_them": ended.stand_in, "until": ended.until.isoformat()}
        _record(session, "delegation.ended", actor, allowed.person, named, facts, now)
        _redraw(session, actor.slack_id, now)
        return Here(was=ended.until)


def state(store: Store, policy: Policy, actor: Actor, now: datetime) -> Away | Here | Refused:
    """Whether the actor is away, as Interlock knows."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.SIGNOFF_DECIDE, actor)
        if isinstance(allowed, Refused):
            return allowed
        found = delegation.absences(session, [actor.slack_id], now).get(actor.slack_id)
        return Away(absence=found, requirements=_delegable(session, found)) if found else Here(was=None)


def told(store: Store, delegation_id: int, now: datetime) -> Away | None:
    """What the stand-in is told; None once it is over."""
    with store.read() as session:
        found = delegation.load(session, delegation_id, now)
        return Away(absence=found, requirements=_delegable(session, found)) if found else None


def over(store: Store, delegation_id: int, now: datetime) -> Person | None:
    """For whom the stand-in signs no more; None where they do again."""
    with store.read() as session:
        found = delegation.ended(session, delegation_id)
        if found is None or found.stand_in is None:
            return None
        again = {each.slack_id for each in delegation.stood_for(session, found.stand_in, now)}
        return None if found.slack_id in again else person.people(session, [found.slack_id]).get(found.slack_id)


def _refuse(
    session: Session, policy: Policy, wanted: Delegation, named: Person | None, now: datetime
) -> Refused | None:
    standing = person.standing(session, named.slack_id) if named else None
    permitted = not isinstance(authority_rules.may(policy, Permission.SIGNOFF_DECIDE, standing), Refused)
    concerned = [wanted.slack_id, *([wanted.stand_in] if wanted.stand_in else [])]
    others = [each for each in delegation.concerning(session, concerned, now) if each.slack_id != wanted.slack_id]
    return rules.refuse(wanted, named, permitted=permitted, others=others, now=now)


def _delegable(session: Session, absence: Absence) -> tuple[tuple[str, str], ...]:
    """Where whoever is away is asked and has not spoken, and whom they named may sign in their place: the release's
    name, the requirement's.
    """
    return tuple(
        (one.name, each.name)
        for one in release.active(session)
        if any(rule.delegation for rule in one.policy.requirements)
        for each in signoff.requirements(session, one)
        if each.stand_in(absence) and any(able.slack_id == absence.person.slack_id for able in each.left)
    )


def _redraw(session: Session, slack_id: str, now: datetime) -> None:
    """The cards on which they are named say that they are away."""
    for one in sorted(
        release.active(session), key=lambda one: one.id
    ):  # as revalidating goes, or one waits for the other
        asked = card.of_release(session, one.id, SIGNOFF)
        if asked and any(
            able.slack_id == slack_id for each in signoff.requirements(session, one) for able in each.eligible
        ):
            refresh(session, asked, now, Urgency.ROUTINE)


def _tell_over(session: Session, number: int, ended: Delegation, now: datetime) -> None:
    """Whoever stood in has to know that they do not any more; of what was over anyhow they knew."""
    if ended.stand_in and ended.until > now:
        _tell(session, "delegation.over", number, ended.stand_in, now)


def _tell(session: Session, kind: str, number: int, stand_in: str, now: datetime) -> None:
    note = Outgoing(
        key=f"{kind}:{number}",
        kind=kind,
        ids={"delegation_id": number},
        channel=f"@{stand_in}",
        urgency=Urgency.PROMPT,
        not_after=now + rules.LONGEST,
    )
    outbox.enqueue(session, note, now)


def _record(
    session: Session, kind: str, actor: Actor, who: Person, other: Person | None, facts: dict[str, Any], now: datetime
) -> None:
    people = {"actor": asdict(who)} | ({"stand_in": asdict(other)} if other else {})
    audit.append(session, AuditEvent(kind=kind, actor=actor, facts=facts, people=people), now)


def _record_refusal(session: Session, actor: Actor, refused: Refused, now: datetime) -> None:
    standing = person.standing(session, actor.slack_id)
    who = standing.person if standing else Person(slack_id=actor.slack_id, name="")
    facts = {"person": actor.slack_id, "why": refused.reason}
    _record(session, "delegation.refused", actor, who, None, facts, now)
