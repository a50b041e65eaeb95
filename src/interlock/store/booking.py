"""Bookings and the waitlist."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, CursorResult, Index, select, update
from sqlmodel import Field, Session, SQLModel, col

from interlock.domain.actor import Person, departed
from interlock.domain.booking import ALL_SEATS, OPEN, Booking, BookingState, Held, Span, in_order
from interlock.domain.environment import Environment
from interlock.store import person
from interlock.store.base import UtcDateTime
from interlock.store.person import IS_MEMBER, PersonRow
from interlock.store.release import ReleaseRow


class BookingRow(SQLModel, table=True):
    """`state` is one of domain.booking.BookingState. Seats [`seat_from`, `seat_to`) of the environment during
    [`starts`, `ends`) are taken by an active booking; the database refuses that two take the same seat at the same time
    (an exclusion constraint on PostgreSQL, triggers on SQLite: see the migration). `request_id` names the request that
    made it, so that a repeat of the request finds it.
    """

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint("starts < ends", name="span"),
        CheckConstraint("seat_from < seat_to", name="seats"),
        CheckConstraint("state IN ('active', 'waiting', 'returned', 'cancelled', 'lapsed')", name="state"),
        Index("ix_booking_environment", "environment_id", "state", "ends"),
    )

    id: int | None = Field(default=None, primary_key=True)
    environment_id: int = Field(foreign_key="environment.id")
    slack_id: str = Field(index=True)
    release_id: int | None = Field(default=None, foreign_key="release.id")
    purpose: str = ""
    exclusive: bool = True
    seat_from: int = 0
    seat_to: int = ALL_SEATS
    starts: datetime = Field(sa_type=UtcDateTime)
    ends: datetime = Field(sa_type=UtcDateTime)
    state: str = "active"
    request_id: str | None = Field(default=None, unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
    reason: str = ""


def held(session: Session, environments: Iterable[Environment]) -> list[Held]:
    """Each environment with its bookings that are active or wait."""
    environments = list(environments)
    wanted = col(BookingRow.environment_id).in_([each.id for each in environments])
    found = _load(session, wanted, col(BookingRow.state).in_(OPEN))
    return [
        Held(
            environment=one,
            active=in_order(each for each in found if each.environment_id == one.id and each.active),
            waiting=tuple(each for each in found if each.environment_id == one.id and each.waiting),
        )
        for one in environments
    ]


def load(session: Session, booking_id: int) -> Booking | None:
    return next(iter(_load(session, col(BookingRow.id) == booking_id)), None)


def of_request(session: Session, request_id: str) -> Booking | None:
    return next(iter(_load(session, col(BookingRow.request_id) == request_id)), None)


def of_person(session: Session, slack_id: str) -> list[Booking]:
    """Their bookings that are active or wait, the earliest start first."""
    mine = _load(session, col(BookingRow.slack_id) == slack_id, col(BookingRow.state).in_(OPEN))
    return list(in_order(mine))


def of_release(session: Session, release_id: int) -> list[Booking]:
    """Those that were made for the release and are active, the earliest start first."""
    return list(in_order(_load(session, col(BookingRow.release_id) == release_id, col(BookingRow.state) == "active")))


def of_gone(session: Session) -> list[Booking]:
    """Active bookings of people who are no active full members any more."""
    left = select(col(PersonRow.slack_id)).where(~IS_MEMBER)
    return _load(session, col(BookingRow.state) == BookingState.ACTIVE, col(BookingRow.slack_id).in_(left))


def add(session: Session, row: BookingRow) -> Booking:
    """Raises IntegrityError where an active booking of the same seat meets it."""
    session.add(row)
    session.flush()
    assert row.id is not None
    added = load(session, row.id)
    assert added is not None
    return added


def give(session: Session, booking_id: int, span: Span, seats: dict[int, tuple[int, int]]) -> None:
    """Make it active for the span, in its seat of `seats`. The others in there move first: what moves takes no seat
    meanwhile, so that two can change places. Raises IntegrityError where an active booking of the same seat meets it.
    """
    own = seats[booking_id]
    others = {other: seat for other, seat in seats.items() if other != booking_id}
    if others:
        _set(session, col(BookingRow.id).in_(others), state=BookingState.WAITING)
    for other, (seat_from, seat_to) in others.items():
        _set(session, col(BookingRow.id) == other, state=BookingState.ACTIVE, seat_from=seat_from, seat_to=seat_to)
    times = {"starts": span.starts, "ends": span.ends}
    mine = col(BookingRow.id) == booking_id
    _set(session, mine, state=BookingState.ACTIVE, seat_from=own[0], seat_to=own[1], **times)


def end(
    session: Session, booking_id: int, state: BookingState, now: datetime, *, by: str | None, reason: str = ""
) -> bool:
    """False if it had ended already."""
    still = (col(BookingRow.id) == booking_id, col(BookingRow.state).in_(OPEN))
    return _set(session, *still, state=state, ended_at=now, ended_by=by, reason=reason) == 1


def _set(session: Session, *which: Any, **values: Any) -> int:
    done = session.execute(update(BookingRow).where(*which).values(**values))
    assert isinstance(done, CursorResult)
    return done.rowcount


def _load(session: Session, *which: Any) -> list[Booking]:
    """In the order in which they were made."""
    statement = (
        select(BookingRow, col(ReleaseRow.name))
        .outerjoin(ReleaseRow, col(ReleaseRow.id) == col(BookingRow.release_id))
        .where(*which)
        .order_by(col(BookingRow.id))
        # What was changed by an UPDATE of this transaction is read anew.
        .execution_options(populate_existing=True)
    )
    rows = session.execute(statement).all()
    people = person.people(session, {row.slack_id for row, _ in rows})
    return [_to_booking(row, release, people.get(row.slack_id)) for row, release in rows]


def _to_booking(row: BookingRow, release: str | None, holder: Person | None) -> Booking:
    assert row.id is not None
    return Booking(
        id=row.id,
        environment_id=row.environment_id,
        holder=holder or departed(row.slack_id),
        span=Span(starts=row.starts, ends=row.ends),
        exclusive=row.exclusive,
        seat_from=row.seat_from,
        seat_to=row.seat_to,
        purpose=row.purpose,
        state=BookingState(row.state),
        created_at=row.created_at,
        release=release,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        reason=row.reason,
    )
