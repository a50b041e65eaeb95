"""Reminding the holders of bookings, and saying what became of a booking: who is told now, and what it says when it is
sent."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from interlock.domain import booking_reminder as rules
from interlock.domain.actor import SOMEBODY
from interlock.domain.booking import Booking, Held
from interlock.domain.booking_reminder import Due, Reminder
from interlock.domain.calendar import WorkCalendar
from interlock.domain.environment import Environment
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.time_zone import person_time_zone
from interlock.store import booking, environment, outbox, person
from interlock.store.engine import Store
from interlock.usecases.settlement import settle


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What became of a booking. `by` is the name of whoever ended it, `successor` the booking that runs instead."""

    environment: Environment
    booking: Booking
    by: str
    successor: Booking | None


def plan(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """The reminders that a run would add. Changes nothing."""
    with store.read() as session:
        every = [found for id_ in environment.ids(session) if (found := environment.load(session, id_))]
        due = [each for held in booking.held(session, every) for each in _reminders(policy, held, now)]
        told = outbox.known(session, [each.key for each in due])
        return tuple(each for each in due if each.key not in told)


def run(store: Store, policy: Policy, environment_id: int, now: datetime) -> tuple[Outgoing, ...]:
    """Settle one environment, and remind the holders of its bookings; gives the reminders that are new."""
    with store.write() as session:
        held = settle(session, policy, environment_id, now)
        return tuple(each for each in _reminders(policy, held, now) if outbox.enqueue(session, each, now))


def environments(store: Store) -> list[int]:
    """The ids of all that there ever were: a retired one may still be somebody's."""
    with store.read() as session:
        return environment.ids(session)


def reminder(store: Store, policy: Policy, booking_id: int, key: str, now: datetime) -> Reminder | None:
    """What the reminder of that key says; None once the booking has ended or changed so that it is not due any more."""
    with store.read() as session:
        found = _found(session, booking_id)
        if found is None:
            return None
        held, one = found
        about = next((each.about for each in _due(policy, held, now) if each.key == key), None)
        if about is None:
            return None
        others = [each for each in held.active if each.id != one.id]
        unlike = [each for each in others if each.holder != one.holder and each.span.starts <= now]
        after = [each for each in others if each.span.starts >= one.span.ends]
        return Reminder(
            about=about,
            environment=held.environment,
            booking=one,
            has_it=unlike[-1] if unlike else None,
            follows=after[0] if after else None,
            waiting=sum(1 for each in held.waiting if each.span.ends > one.span.ends),
        )


def news(store: Store, booking_id: int, now: datetime) -> News | None:
    """What became of the booking; None if there is no such booking."""
    with store.read() as session:
        one = booking.load(session, booking_id)
        there = environment.load(session, one.environment_id) if one else None
        if one is None or there is None:
            return None
        by = person.people(session, [one.ended_by]).get(one.ended_by) if one.ended_by else None
        running = booking.held(session, [there])[0].running(now)
        return News(
            environment=there,
            booking=one,
            by=by.name if by else SOMEBODY,
            successor=next((each for each in reversed(running) if each.holder != one.holder), None),
        )


def _reminders(policy: Policy, held: Held, now: datetime) -> Iterator[Outgoing]:
    for each in _due(policy, held, now):
        yield Outgoing(
            key=each.key,
            kind="booking.reminder",
            ids={"booking_id": each.booking.id, "key": each.key},
            channel=f"@{each.booking.holder.slack_id}",
            urgency=Urgency.PROMPT,
            not_after=each.until,
        )


def _due(policy: Policy, held: Held, now: datetime) -> list[Due]:
    """Whoever has left is reminded of nothing."""
    told = [each for each in held.active if each.holder.active]
    due = (rules.due(each, policy.booking_reminders, _hours(policy, held.environment, each), now) for each in told)
    return [each for each in due if each is not None]


def _hours(policy: Policy, there: Environment, one: Booking) -> WorkCalendar:
    """The working hours of the environment's calendar, on the holder's clock."""
    rule = policy.environments.get(there.key)
    calendar = policy.calendars[(rule.calendar if rule else None) or policy.calendar]
    return replace(calendar, time_zone=person_time_zone(policy, one.holder.email, one.holder.time_zone, None))


def _found(session: Session, booking_id: int) -> tuple[Held, Booking] | None:
    """The booking, if it is active, and the environment as it stands."""
    one = booking.load(session, booking_id)
    there = environment.load(session, one.environment_id) if one else None
    if one is None or there is None or not one.active:
        return None
    return booking.held(session, [there])[0], one
