"""Giving environments back, leaving the waitlist, and ending somebody else's booking."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from interlock.domain import booking as rules
from interlock.domain import environment as environments
from interlock.domain.actor import Actor, Standing
from interlock.domain.authority import Refused
from interlock.domain.booking import Booking, Held, MyBooking
from interlock.domain.environment import Environment
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.store import booking, environment
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.booking import UNKNOWN, mine
from interlock.usecases.owner import to_manage
from interlock.usecases.record import record_refusal
from interlock.usecases.settlement import end, settle, tell

LONGEST_REASON = 200
REFUSED = "booking.return_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """`again`: it had ended before. `given_to` has it now, having waited. `waited`: it was only waited for."""

    environment: Environment
    booking: Booking
    again: bool
    given_to: Booking | None
    waited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """More than one booking may be meant, or none; `others` are those that the asker may end as an owner."""

    mine: tuple[MyBooking, ...]
    others: tuple[MyBooking, ...] = ()


def give_back(
    store: Store, policy: Policy, actor: Actor, booking_id: int, now: datetime, reason: str = ""
) -> Returned | Refused:
    """Give back one's own booking, or leave the waitlist; or end somebody else's, as an owner and with a reason. The
    first of those who wait and whom it lets in is given the environment in the same breath."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.ENVIRONMENT_BOOK, actor, now)
        if isinstance(allowed, Refused):
            return record_refusal(session, REFUSED, actor, None, {"booking": booking_id}, allowed, now)
        return _give_back(session, policy, actor, allowed, booking_id, reason, now)


def give_back_named(
    store: Store, policy: Policy, actor: Actor, typed: str, now: datetime
) -> Returned | Choice | Refused:
    """`/env return [name]`: the one booking that can be meant, begun or not, is given back at once; else the choice,
    which for an owner holds others' too."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.ENVIRONMENT_BOOK, actor, now)
        if isinstance(allowed, Refused):
            return record_refusal(session, REFUSED, actor, None, {}, allowed, now)
        found: Environment | Refused | None = environments.find(environment.load_all(session), typed) if typed else None
        if isinstance(found, Refused):
            return found
        own = [each for each in mine(session, actor.slack_id, now) if found is None or each.environment == found]
        if len(own) == 1:
            return _give_back(session, policy, actor, allowed, own[0].booking.id, "", now)
        if own or found is None:
            return Choice(mine=tuple(own))
        managed = to_manage(session, policy, actor, found.key, now)
        there = booking.held(session, [found])[0]
        if isinstance(managed, Refused):
            refused = _not_yours(found, there, now)
            if there.active or there.waiting:
                record_refusal(session, REFUSED, actor, None, {"environment": found.key}, refused, now)
            return refused
        return Choice(mine=(), others=tuple(MyBooking(environment=found, booking=each) for each in there.active))


def ending(store: Store, policy: Policy, actor: Actor, booking_id: int, now: datetime) -> MyBooking | Refused:
    """Somebody else's booking, before an owner ends it: whether they may, and what they would end."""
    with store.read() as session:
        one = booking.load(session, booking_id)
        there = environment.load(session, one.environment_id) if one else None
        allowed = authority.to_decide(session, policy, Permission.ENVIRONMENT_BOOK, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        if one is None or there is None or one.state not in rules.OPEN:
            return UNKNOWN
        managed = to_manage(session, policy, actor, there.key, now)
        return managed if isinstance(managed, Refused) else MyBooking(environment=there, booking=one)


def _give_back(
    session: Session, policy: Policy, actor: Actor, standing: Standing, booking_id: int, reason: str, now: datetime
) -> Returned | Refused:
    known = booking.load(session, booking_id)
    if known is None:
        return UNKNOWN
    own = known.holder.slack_id == actor.slack_id
    booked = environment.load(session, known.environment_id)
    if not own and booked:
        managed = to_manage(session, policy, actor, booked.key, now)
        if isinstance(managed, Refused):
            told = {"booking": booking_id, "environment": booked.key}
            return record_refusal(session, REFUSED, actor, None, told, managed, now)
        if not reason:
            return Refused(reason="no_reason", sentence=f"Say why: {known.holder.name} is told, and it is recorded.")
    there = settle(session, policy, known.environment_id, now).environment
    one = booking.load(session, booking_id) or known
    if one.state not in rules.OPEN:
        return Returned(environment=there, booking=one, again=True, given_to=None)
    end(session, there, one, actor, standing.person, reason[:LONGEST_REASON], now)
    if not own:
        tell(session, "booking.ended", one, now)
    waited = {each.id for each in booking.held(session, [there])[0].waiting}
    held = settle(session, policy, there.id, now)
    given_to = next((each for each in held.active if each.id in waited), None)
    return Returned(
        environment=there,
        booking=booking.load(session, one.id) or one,
        again=False,
        given_to=given_to,
        waited=one.waiting,
    )


def _not_yours(there: Environment, held: Held, now: datetime) -> Refused:
    holders = [each.holder.name for each in (*held.running(now), *held.overdue(now))]
    has = f": {holders[0]} has it" if holders else ": nobody has it"
    return Refused(
        reason="not_yours", sentence=f"You have no booking of {there.key}{has}. /env book {there.key} makes one."
    )
