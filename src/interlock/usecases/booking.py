"""Booking environments, and extending bookings."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain import booking as rules
from interlock.domain import booking_draft as drafts
from interlock.domain import environment as environments
from interlock.domain.actor import Actor, Standing
from interlock.domain.authority import Refused
from interlock.domain.booking import Booking, BookingState, Held, MyBooking, Span, Taken
from interlock.domain.booking_draft import BookingDraft, BookingForm
from interlock.domain.environment import Environment
from interlock.domain.permission import Permission
from interlock.domain.policy import EnvironmentRule, Policy
from interlock.domain.time_zone import person_time_zone
from interlock.domain.words import count
from interlock.store import booking, environment, release
from interlock.store.booking import BookingRow
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.home import refresh
from interlock.usecases.record import record_refusal
from interlock.usecases.settlement import facts, record, settle

UNKNOWN = Refused(
    reason="unknown_booking", sentence="There is no such booking any more. Type /env list for what there is."
)
NOT_YOURS = replace(UNKNOWN, reason="not_yours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    environment: Environment
    booking: Booking


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """In the waitlist, at `place` (from 1)."""

    environment: Environment
    booking: Booking
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Taken; `zone` is the asker's, for where Slack shows no dates of its own."""

    taken: Taken
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """A sentence for each field that is wrong."""

    problems: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """`again`: it had been changed since the button was drawn, and was left as it is."""

    environment: Environment
    booking: Booking
    again: bool


def form(store: Store, policy: Policy, actor: Actor, typed: str, now: datetime) -> BookingForm | Refused:
    """What `/env book [name]` shows, unless it would be in vain."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.ENVIRONMENT_BOOK, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        known = environment.load_all(session)
        chosen: Environment | None = None
        if typed:
            found = environments.find(known, typed)
            refused = found if isinstance(found, Refused) else environments.not_bookable(found)
            if refused or isinstance(found, Refused):
                return refused or UNKNOWN
            chosen = found
        bookable = tuple(each for each in known if each.lifecycle.bookable)
        if not bookable:
            return Refused(
                reason="nothing_to_book", sentence="No environment can be booked just now. /env list says why."
            )
        longest = policy.environments[chosen.key].max_booking_hours if chosen else None
        return BookingForm(
            environments=bookable,
            chosen=chosen,
            releases=tuple(release.active(session)),
            span=drafts.proposed(now, longest),
        )


def book(
    store: Store, policy: Policy, actor: Actor, draft: BookingDraft, request_id: str, now: datetime
) -> Booked | Queued | Conflict | Invalid | Refused:
    """Of two who want the same time, the first to come gets it. A repeat of the same request finds what it made."""
    with store.write() as session:
        allowed = _may_book(session, policy, actor, draft.environment, now)
        if isinstance(allowed, Refused):
            return allowed
        return _book(session, policy, actor, allowed, draft, request_id, now)


def book_typed(
    store: Store, policy: Policy, actor: Actor, typed: str, draft: BookingDraft, request_id: str, now: datetime
) -> Booked | Queued | Conflict | Invalid | Refused:
    """`/env book NAME WHEN why`: as `book`, of the environment whose name was typed."""
    with store.write() as session:
        found = environments.find(environment.load_all(session), typed)
        allowed = _may_book(session, policy, actor, "" if isinstance(found, Refused) else found.key, now)
        if isinstance(allowed, Refused):
            return allowed
        if isinstance(found, Refused):
            return found
        if refused := environments.not_bookable(found):
            return refused
        return _book(session, policy, actor, allowed, replace(draft, environment=found.key), request_id, now)


def extend(
    store: Store, policy: Policy, actor: Actor, booking_id: int, seen_end: datetime, now: datetime
) -> Extended | Conflict | Refused:
    """Two hours more, if nobody has them and nobody waits. `seen_end` is the end that the clicker saw: a second click
    finds that it is another by now, and adds nothing."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.ENVIRONMENT_BOOK, actor, now)
        known = booking.load(session, booking_id)
        if isinstance(allowed, Refused) or (known and known.holder.slack_id != actor.slack_id):
            denied = allowed if isinstance(allowed, Refused) else NOT_YOURS
            told = {"booking": booking_id}
            return record_refusal(session, "booking.extend_refused", actor, None, told, denied, now)
        if known is None:
            return UNKNOWN
        held = settle(session, policy, known.environment_id, now)
        one = next((each for each in held.active if each.id == booking_id), None)
        if one is None:
            return Refused(
                reason="ended", sentence=f"Your booking of {held.environment.key} has ended. /env book makes a new one."
            )
        if int(one.span.ends.timestamp()) != int(seen_end.timestamp()):
            return Extended(environment=held.environment, booking=one, again=True)
        longer = replace(one, span=Span(starts=one.span.starts, ends=max(one.span.ends, now) + rules.EXTENSION))
        refused = _refuse_extending(policy, held, one, longer, zone_of(policy, allowed))
        if refused:
            return refused
        booking.give(session, one.id, longer.span, rules.seats(held, longer))
        record(session, "booking.extended", actor, allowed.person, held.environment.key, facts(one, longer.span), now)
        refresh(session, actor.slack_id, now)
        return Extended(environment=held.environment, booking=longer, again=False)


def own(store: Store, policy: Policy, actor: Actor, now: datetime) -> tuple[MyBooking, ...]:
    """The actor's bookings, for their Home tab; none for somebody who may see no environment."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.ENVIRONMENT_VIEW, actor)
        return () if isinstance(allowed, Refused) else mine(session, actor.slack_id, now)


def mine(session: Session, slack_id: str, now: datetime) -> tuple[MyBooking, ...]:
    """What somebody has or waits for, the earliest first; what waits and is over by `now` is left out."""
    found = []
    for one in booking.of_person(session, slack_id):
        there = environment.load(session, one.environment_id)
        if there and not (one.waiting and one.span.ends <= now):
            place = _place(booking.held(session, [there])[0], one) if one.waiting else None
            found.append(MyBooking(environment=there, booking=one, place=place))
    return tuple(found)


def zone_of(policy: Policy, standing: Standing) -> str:
    return person_time_zone(policy, standing.person.email, standing.person.time_zone, None)


def _may_book(session: Session, policy: Policy, actor: Actor, key: str, now: datetime) -> Standing | Refused:
    """Whether they may; whoever may not is on record, with the environment if it is one."""
    allowed = authority.to_decide(session, policy, Permission.ENVIRONMENT_BOOK, actor, now)
    if not isinstance(allowed, Refused):
        return allowed
    known = {"environment": key} if key in policy.environments else {}
    return record_refusal(session, "booking.book_refused", actor, None, known, allowed, now)


def _book(
    session: Session,
    policy: Policy,
    actor: Actor,
    standing: Standing,
    draft: BookingDraft,
    request_id: str,
    now: datetime,
) -> Booked | Queued | Conflict | Invalid:
    zone = zone_of(policy, standing)
    there = next((each for each in environment.load_all(session) if each.key == draft.environment), None)
    rule = policy.environments.get(draft.environment) or EnvironmentRule(name="")
    held = settle(session, policy, there.id, now) if there else None
    made = booking.of_request(session, request_id)
    if made and held:
        return _made(held, made)
    problems = drafts.problems(draft, held.environment if held else None, rule.max_booking_hours, now, zone)
    if draft.release_id is not None and draft.release_id not in {each.id for each in release.active(session)}:
        problems["release"] = "That release has ended, or is not known. Choose another, or none."
    if problems or held is None:
        return Invalid(problems=problems)
    span = drafts.span_of(draft, now)
    taken = rules.taken(held, span, exclusive=draft.exclusive)
    if taken and not draft.wait:
        return Conflict(taken=taken, zone=zone)
    added = booking.add(session, _row(held, actor, draft, span, request_id, now))
    kind = "booking.waits" if taken else "booking.made"
    if not taken:
        booking.give(session, added.id, span, rules.seats(held, added))
    record(session, kind, actor, standing.person, held.environment.key, facts(added, span), now)
    refresh(session, actor.slack_id, now)
    now_held = settle(session, policy, held.environment.id, now)
    return _made(now_held, booking.load(session, added.id) or added)


def _refuse_extending(
    policy: Policy, held: Held, one: Booking, longer: Booking, zone: str
) -> Conflict | Refused | None:
    there = held.environment
    taken = rules.taken(held, longer.span, exclusive=longer.exclusive, apart_from=longer.id)
    if taken:
        return Conflict(taken=taken, zone=zone)
    added = Span(starts=one.span.ends, ends=longer.span.ends)
    waits = next((each for each in held.waiting if each.span.meets(added)), None)
    if waits:
        return Refused(
            reason="waited_for",
            sentence=f"{there.key} can't be extended: {waits.holder.name} waits for it. Give it back by its end.",
        )
    rule = policy.environments.get(there.key)
    if rule and longer.span.length > timedelta(hours=rule.max_booking_hours):
        return Refused(
            reason="too_long",
            sentence=f"{there.key} can't be extended: a booking there lasts at most "
            f"{count(rule.max_booking_hours, 'hour')}. Its owners can say if you may book it anew.",
        )
    return environments.not_bookable(there)


def _made(held: Held, one: Booking) -> Booked | Queued:
    if one.waiting:
        return Queued(environment=held.environment, booking=one, place=_place(held, one))
    return Booked(environment=held.environment, booking=one)


def _place(held: Held, one: Booking) -> int:
    return 1 + sum(1 for each in held.waiting if each.id < one.id)


def _row(held: Held, actor: Actor, draft: BookingDraft, span: Span, request_id: str, now: datetime) -> BookingRow:
    """It waits at first; one that fits is given its seat at once."""
    return BookingRow(
        environment_id=held.environment.id,
        slack_id=actor.slack_id,
        release_id=draft.release_id,
        purpose=draft.purpose,
        exclusive=draft.exclusive,
        starts=span.starts,
        ends=span.ends,
        state=BookingState.WAITING,
        request_id=request_id,
        created_at=now,
    )
