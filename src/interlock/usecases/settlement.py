"""What time decides about an environment's bookings: whose is over, and who of those who wait gets it.

It is settled whenever somebody acts on the environment, and every few minutes by the job that reminds.
"""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from interlock.domain import booking as rules
from interlock.domain.actor import SYSTEM, Actor, Person, Standing
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import may
from interlock.domain.booking import Booking, BookingState, Held, Span
from interlock.domain.environment import Environment
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.store import audit, booking, environment, outbox, person
from interlock.store.engine import StoreError
from interlock.usecases.home import refresh


def settle(session: Session, policy: Policy, environment_id: int, now: datetime) -> Held:
    """Lock the environment and bring its bookings to where they stand now; whoever is concerned is told."""
    one = environment.load(session, environment_id, lock=True)
    if one is None:
        raise StoreError("There is no such environment any more. Type /env list for those there are.")
    held = _with_those_who_may(session, policy, _held(session, one), now)
    due = rules.settle(held, now)
    for each in due.lapsed:
        _lapse(session, one, each, now, "booking.lapsed")
    for each, span in due.granted:
        seats = rules.seats(_held(session, one), replace(each, span=span))
        booking.give(session, each.id, span, seats)
        record(session, "booking.granted", SYSTEM, each.holder, one.key, facts(each, span), now, role="holder")
        tell(session, "booking.granted", each, now)
        refresh(session, each.holder.slack_id, now)
    begun = _held(session, one).running(now)
    for each in due.overtaken:
        news = None if all(other.holder == each.holder for other in begun) else "booking.overtaken"
        _lapse(session, one, each, now, news)
    return _held(session, one)


def end(
    session: Session, there: Environment, one: Booking, actor: Actor, who: Person, reason: str, now: datetime
) -> None:
    """The actor, who is `who`, ends a booking: their own, or as an owner somebody else's. Nobody is told by this."""
    begun = one.active and one.span.starts <= now
    state = BookingState.RETURNED if begun else BookingState.CANCELLED
    booking.end(session, one.id, state, now, by=actor.slack_id, reason=reason)
    told = facts(one, one.span) | {"reason": reason, "own": one.holder.slack_id == actor.slack_id}
    record(session, f"booking.{state.value}", actor, who, there.key, told, now)
    if one.holder.active:
        refresh(session, one.holder.slack_id, now)


def tell(session: Session, kind: str, one: Booking, now: datetime) -> None:
    """Tell its holder, in person, what became of a booking."""
    if not one.holder.active:
        return
    message = Outgoing(
        key=f"{kind}:{one.id}:{now.isoformat()}",
        kind=kind,
        ids={"booking_id": one.id},
        channel=f"@{one.holder.slack_id}",
        urgency=Urgency.PROMPT,
        not_after=now + rules.NEWS_GOOD_FOR,
    )
    outbox.enqueue(session, message, now)


def record(
    session: Session,
    kind: str,
    actor: Actor,
    who: Person,
    key: str,
    told: dict[str, Any],
    now: datetime,
    *,
    role: str = "actor",
) -> None:
    """An audit event about the environment of that key."""
    event = AuditEvent(kind=kind, actor=actor, facts={"environment": key} | told, people={role: asdict(who)})
    audit.append(session, event, now)


def facts(one: Booking, span: Span) -> dict[str, Any]:
    return {
        "booking": one.id,
        "starts": span.starts.isoformat(),
        "ends": span.ends.isoformat(),
        "exclusive": one.exclusive,
    }


def _held(session: Session, one: Environment) -> Held:
    return booking.held(session, [one])[0]


def _with_those_who_may(session: Session, policy: Policy, held: Held, now: datetime) -> Held:
    """Whoever left, or may no longer book, waits no longer."""
    waiting = []
    for each in held.waiting:
        standing = person.standing(session, each.holder.slack_id)
        if isinstance(may(policy, Permission.ENVIRONMENT_BOOK, standing), Standing):
            waiting.append(each)
        else:
            _lapse(session, held.environment, each, now, None)
    return replace(held, waiting=tuple(waiting))


def _lapse(session: Session, there: Environment, one: Booking, now: datetime, news: str | None) -> None:
    """`news` is the kind of message that its holder is sent."""
    booking.end(session, one.id, BookingState.LAPSED, now, by=None)
    record(session, "booking.lapsed", SYSTEM, one.holder, there.key, facts(one, one.span), now, role="holder")
    if one.holder.active:
        refresh(session, one.holder.slack_id, now)
    if news:
        tell(session, news, one, now)
