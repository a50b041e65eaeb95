"""The relay's moves on outbox rows: take, begin, settle. Each is a conditional update whose row count says who won."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, case, func, or_, true, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from interlock.domain.delivery import LONGEST_WAIT
from interlock.domain.outbox import LATE, Message, Sent, Urgency
from interlock.domain.pacing import Bucket, Step, buckets
from interlock.store import pacing
from interlock.store.alone import alone
from interlock.store.outbox import OPEN, OutboxRow, message_of

HOLDING_ATTEMPTS = 3
"""A message that is tried again keeps its lane waiting so many times; after that the others pass it, so that one
message which cannot be sent does not silence its channel."""

LONGEST_LEASE = timedelta(minutes=10)
"""No lease is given for so long. One that runs longer was given by a clock that was put back since, and is none."""

row = OutboxRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message under lease and what is next for it."""

    message: Message
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The lanes whose next message may go now; whether some are too late; when the first that must wait for its bucket
    may go."""

    lanes: tuple[str, ...]
    any_late: bool
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    id: int
    lane: str
    step: Step
    channel: str
    urgency: int
    is_late: bool


def look(
    session: Session, now: datetime, *, rates: Mapping[Step, tuple[Bucket, ...]], limit: int, routine_limit: int
) -> Outlook:
    """What is worth taking: at most `limit`, the most urgent and then the oldest first, of them routine ones only
    while there are fewer than `routine_limit`, so that an urgent one always finds a free hand.

    It reads thousands of rows where thousands wait, and so is made outside the writer's transaction.
    """
    busy = pacing.busy(session, now)
    heads = _heads(session, now)
    lanes: list[str] = []
    waits: list[datetime] = []
    for head in heads:
        if len(lanes) >= (routine_limit if head.urgency >= Urgency.ROUTINE else limit):
            break
        needed = buckets(rates, head.step, head.channel)
        free_at = pacing.free_at(needed, busy, now)
        if free_at > now:
            waits.append(free_at)
        else:
            busy |= pacing.used(needed, busy, now)
            lanes.append(head.lane)
    any_late = any(head.is_late for head in heads)
    return Outlook(lanes=tuple(lanes), any_late=any_late, next_at=min(waits, default=None))


def take(
    session: Session,
    lanes: Sequence[str],
    owner: str,
    now: datetime,
    *,
    lease: timedelta,
    rates: Mapping[Step, tuple[Bucket, ...]],
) -> tuple[Taken, ...]:
    """Lease the next message of each of these lanes and reserve its buckets, as far as they are still to be had."""
    alone(session, "outbox")
    busy = pacing.busy(session, now)
    taken: list[Taken] = []
    for head in _heads(session, now, lanes):
        needed = buckets(rates, head.step, head.channel)
        if pacing.free_at(needed, busy, now) > now or not pacing.reserve(session, needed, busy, now):
            continue
        message = _lease(session, head.id, owner, now, lease)
        if message is not None:
            taken.append(Taken(message=message, step=head.step))
    return tuple(taken)


def begin(session: Session, message: Message, owner: str, now: datetime, lease: timedelta) -> Message | None:
    """Record the attempt, before it is made. None: the lease was lost, and the message is somebody else's."""
    begun = _change(
        session,
        and_(_mine(message, owner), col(row.lease_until) > now),
        state="sending",
        attempts=col(row.attempts) + 1,
        attempted_at=now,
        lease_until=now + lease,
    )
    return replace(message, attempts=message.attempts + 1, attempted_at=now) if begun else None


def superseded(session: Session, message: Message) -> bool:
    """Whether a newer refresh of the same card waits, which makes this one needless."""
    if message.coalesce is None:
        return False
    newer = select(row.id).where(row.coalesce == message.coalesce, row.state == "pending", row.id != message.id)
    return session.exec(newer).first() is not None


def settle_sent(session: Session, message: Message, sent: Sent, now: datetime) -> bool:
    """It stands in Slack. That is true whoever holds the lease by now, and spares a second post: nobody is asked."""
    return _change(
        session,
        and_(col(row.id) == message.id, OPEN),
        state="sent",
        sent_at=now,
        message_channel=sent.channel,
        message_ts=sent.ts,
        reason=None,
        **_FREE,
    )


def settle_dropped(session: Session, message: Message, owner: str, reason: str) -> bool:
    return _change(session, _mine(message, owner), state="dropped", reason=reason, **_FREE)


def settle_parked(session: Session, message: Message, owner: str, reason: str) -> bool:
    return _change(session, _mine(message, owner), state="parked", reason=reason, **_FREE)


def settle_again(
    session: Session, message: Message, owner: str, at: datetime, *, look_up: bool, charged: bool, reason: str | None
) -> bool:
    """Leave it for another attempt. A refresh stays `sending`: `pending` is for the one that newer clicks may join."""
    return _change(
        session,
        _mine(message, owner),
        state="sending" if look_up or message.is_refresh else "pending",
        not_before=at,
        attempts=message.attempts if charged else message.attempts - 1,
        reason=reason,
        **_FREE,
    )


def settle_deferred(session: Session, message: Message, owner: str, at: datetime, reason: str) -> bool:
    """Leave it for later as if it had never been tried: one that is tried again would keep its channel waiting."""
    untried = {"attempts": 0, "attempted_at": None}
    return _change(session, _mine(message, owner), state="pending", not_before=at, reason=reason, **untried, **_FREE)


_FREE: dict[str, Any] = {"owner": None, "lease_until": None}


def _mine(message: Message, owner: str) -> ColumnElement[bool]:
    """The attempts are part of the lease: a relay that was slow may have taken its own message again meanwhile."""
    return and_(col(row.id) == message.id, col(row.owner) == owner, col(row.attempts) == message.attempts, OPEN)


def _unleased(now: datetime) -> ColumnElement[bool]:
    return or_(col(row.lease_until).is_(None), col(row.lease_until) <= now, col(row.lease_until) > now + LONGEST_LEASE)


def _due(now: datetime) -> ColumnElement[bool]:
    """Its time has come, or was set by a clock that has been put back since. What has a reason was in a relay's hands:
    one that it put off waits for its time, whenever the message was made.
    """
    new = and_(col(row.attempts) == 0, col(row.created_at) > now, col(row.reason).is_(None))
    handled = or_(col(row.attempted_at).is_not(None), col(row.reason).is_not(None))
    put_off = and_(handled, col(row.not_before) > now + LONGEST_WAIT)
    return or_(col(row.not_before) <= now, new, put_off, col(row.attempted_at) > now)


def _change(session: Session, where: ColumnElement[bool], **values: Any) -> bool:
    done = session.connection().execute(update(row).where(where).values(**values))
    assert isinstance(done, CursorResult)
    return done.rowcount > 0


def drop_late(session: Session, now: datetime, outage_id: int | None = None) -> int:
    """Drop what nobody needs any more, all at once: after an outage that may be thousands. Returns how many.
    `outage_id` is the outage that goes on, which is then why.

    What a use case holds right now is left for the next time: whoever waits while it holds others invites a deadlock.
    """
    late = LATE
    too_late = and_(col(row.state) == "pending", col(row.not_after) <= now, _unleased(now))
    free = select(row.id).where(too_late).with_for_update(skip_locked=True)
    done = session.connection().execute(
        update(row)
        .where(col(row.id).in_(free))
        .values(
            state="dropped",
            reason=case((col(row.reason).is_(None), late), else_=late + " " + col(row.reason)),
            outage_id=func.coalesce(col(row.outage_id), outage_id),
            **_FREE,
        )
    )
    assert isinstance(done, CursorResult)
    return done.rowcount


def _heads(session: Session, now: datetime, lanes: Sequence[str] | None = None) -> list[_Head]:
    """The next message of each lane (of `lanes`) with none under way, the most urgent and then the oldest first."""
    among = true() if lanes is None else col(row.lane).in_(lanes)
    holds = and_(col(row.attempts) > 0, col(row.attempts) <= HOLDING_ATTEMPTS)
    lease_until = case((col(row.lease_until) <= now + LONGEST_LEASE, col(row.lease_until)))
    due = _due(now)
    queue = (
        select_columns(
            col(row.id),
            col(row.lane),
            col(row.state),
            col(row.channel),
            col(row.coalesce),
            col(row.urgency),
            due.label("due"),
            col(row.not_after),
            func.row_number().over(partition_by=col(row.lane), order_by=(col(row.urgency), col(row.id))).label("place"),
            func.max(lease_until).over(partition_by=col(row.lane)).label("held_until"),
        )
        .where(OPEN, among, or_(due, holds, lease_until > now))
        .subquery()
    )
    free = or_(queue.c.held_until.is_(None), queue.c.held_until <= now)
    one = queue.c
    heads = session.connection().execute(
        select_columns(one.id, one.lane, one.state, one.channel, one.coalesce, one.urgency, one.not_after)
        .where(one.place == 1, one.due, free)
        .order_by(one.urgency, one.id)
    )
    return [
        _Head(
            id=head.id,
            lane=head.lane,
            step=_step(head.state, head.coalesce),
            channel=head.channel,
            urgency=head.urgency,
            # One that may have been sent is looked for all the same.
            is_late=head.state == "pending" and head.not_after <= now,
        )
        for head in heads
    ]


def _step(state: str, coalesce: str | None) -> Step:
    if coalesce is not None:
        return Step.UPDATE
    return Step.LOOK_UP if state == "sending" else Step.POST


def _lease(session: Session, message_id: int, owner: str, now: datetime, lease: timedelta) -> Message | None:
    # A row that a use case is changing right now (a click joins a refresh) is left for the next time.
    lock = select(row.id).where(row.id == message_id).with_for_update(skip_locked=True)
    if session.exec(lock).first() is None:
        return None
    won = _change(
        session,
        and_(col(row.id) == message_id, OPEN, _due(now), _unleased(now)),
        owner=owner,
        lease_until=now + lease,
    )
    return message_of(session.exec(select(row).where(row.id == message_id)).one()) if won else None
