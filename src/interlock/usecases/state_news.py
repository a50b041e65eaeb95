"""Telling whoever has a booking that the environment's state was changed: a little later, so that somebody who changes
it to and fro is heard of once, with what it came to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from interlock.domain.actor import Actor
from interlock.domain.booking import NEWS_GOOD_FOR, Booking, Held
from interlock.domain.environment import Environment
from interlock.domain.outbox import Outgoing, Urgency
from interlock.store import booking, environment, outbox
from interlock.store.engine import Store

SETTLED_AFTER: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateNews:
    """`bookings` are what the reader has there, the earliest first; at least one."""

    environment: Environment
    bookings: tuple[Booking, ...]


def tell(session: Session, was: Environment, held: Held, actor: Actor, now: datetime) -> int:
    """Everybody but the actor who has a booking, once each; where word to them waits already, that will say it. Gives
    how many hear of it.
    """
    holders = {each.holder.slack_id for each in held.active if each.holder.active} - {actor.slack_id}
    for slack_id in sorted(holders):
        about = f"booking.environment:{was.id}:{slack_id}:"
        if outbox.waiting(session, f"@{slack_id}", about):
            continue
        message = Outgoing(
            key=f"{about}{now.isoformat()}",
            kind="booking.environment",
            ids={
                "environment_id": was.id,
                "slack_id": slack_id,
                "was": was.lifecycle.value,
                "was_because": was.reason,
            },
            channel=f"@{slack_id}",
            urgency=Urgency.PROMPT,
            not_before=now + SETTLED_AFTER,
            not_after=now + NEWS_GOOD_FOR,
        )
        outbox.enqueue(session, message, now)
    return len(holders)


def read(store: Store, environment_id: int, slack_id: str, was: str, was_because: str) -> StateNews | None:
    """None where nothing is left to tell: the state is what it was, or nothing of the reader's is booked there."""
    with store.read() as session:
        there = environment.load(session, environment_id)
        if there is None or (there.lifecycle.value, there.reason) == (was, was_because):
            return None
        active = booking.held(session, [there])[0].active
        bookings = tuple(each for each in active if each.holder.slack_id == slack_id)
        return StateNews(environment=there, bookings=bookings) if bookings else None
