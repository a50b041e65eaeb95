"""Retiring an environment: whatever is booked there, or waited for, ends with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from interlock.domain.actor import SOMEBODY, Actor, Person
from interlock.domain.booking import NEWS_GOOD_FOR, Booking
from interlock.domain.environment import Environment
from interlock.domain.outbox import Outgoing, Urgency
from interlock.store import booking, environment, outbox, person
from interlock.store.engine import Store
from interlock.usecases.settlement import end


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldEnd:
    """Nothing was changed: to retire it for that reason ends these bookings, and nobody has agreed to that yet."""

    environment: Environment
    reason: str
    bookings: tuple[Booking, ...]

    @property
    def newest(self) -> int:
        """Whoever agrees has seen all up to the booking of this id: a later one is asked about again."""
        return max(each.id for each in self.bookings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What one person lost: bookings that they `had`, and some that they `waited` for. `by` is a name."""

    environment: Environment
    by: str
    had: tuple[Booking, ...]
    waited: tuple[Booking, ...]


def end_all(
    session: Session,
    there: Environment,
    bookings: Sequence[Booking],
    actor: Actor,
    who: Person,
    reason: str,
    now: datetime,
) -> int:
    """End them all; each holder but the actor is told once, however many they had. Returns how many are told."""
    for one in bookings:
        end(session, there, one, actor, who, reason, now)
    holders = {one.holder.slack_id for one in bookings if one.holder.active} - {actor.slack_id}
    for slack_id in sorted(holders):
        theirs = [one for one in bookings if one.holder.slack_id == slack_id]
        message = Outgoing(
            key=f"booking.retired:{there.id}:{slack_id}:{now.isoformat()}",
            kind="booking.retired",
            ids={
                "had": [one.id for one in theirs if one.active],
                "waited": [one.id for one in theirs if one.waiting],
            },
            channel=f"@{slack_id}",
            urgency=Urgency.PROMPT,
            not_after=now + NEWS_GOOD_FOR,
        )
        outbox.enqueue(session, message, now)
    return len(holders)


def ended(store: Store, had: Sequence[int], waited: Sequence[int]) -> Ended | None:
    """What the holder of these bookings is told; None if there are no such bookings."""
    with store.read() as session:
        lost = [one for id_ in (*had, *waited) if (one := booking.load(session, id_))]
        there = environment.load(session, lost[0].environment_id) if lost else None
        if there is None:
            return None
        owner = lost[0].ended_by or ""
        by = person.people(session, [owner]).get(owner)
        return Ended(
            environment=there,
            by=by.name if by else SOMEBODY,
            had=tuple(one for one in lost if one.id in had),
            waited=tuple(one for one in lost if one.id in waited),
        )
