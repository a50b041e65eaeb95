"""Outages, as the relays of all replicas see them, and the posts that each held up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ColumnElement, CursorResult, Index, and_, false, func, or_, text, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.outage import (
    FARTHEST_PROBE,
    NOTABLE,
    TOLD_AFTER,
    TRIPS_AFTER,
    Cause,
    Outage,
    Reach,
    is_another,
    is_notable,
    probe_pause,
)
from interlock.domain.outbox import LATE, Message
from interlock.store.base import UtcDateTime
from interlock.store.outbox import HELD_UP, OPEN, OutboxRow, message_of
from interlock.store.upsert import insert_new

ONGOING = text("ended_at IS NULL")
NOTICE = "outage"
"""The kind of the message that tells of an outage: it is no news itself."""

PULSE = "relay"
BEAT = timedelta(seconds=30)
PROBE_LASTS = timedelta(seconds=30)
"""Nobody else probes while one does. A probe that is over says itself when the next may be."""


class OutageRow(SQLModel, table=True):
    """A time in which nothing could be posted. `failures` counts attempts in a row; what ends before it has enough of
    them was none, and its row goes. `told_at` is when the channels were told of it, or that nothing was to tell.
    """

    __tablename__ = "outage"
    __table_args__ = (
        Index("uq_outage_ongoing", "cause", unique=True, sqlite_where=ONGOING, postgresql_where=ONGOING),
        CheckConstraint("cause IN ('slack', 'interlock')", name="cause"),
    )

    id: int | None = Field(default=None, primary_key=True)
    cause: str
    began_at: datetime = Field(sa_type=UtcDateTime)
    failed_at: datetime = Field(sa_type=UtcDateTime)
    failures: int
    probe_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PulseRow(SQLModel, table=True):
    """When something was last known to be at work, in whichever replica."""

    __tablename__ = "pulse"

    name: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """`ongoing`: Slack's, hiccups too. `to_tell`: those that ended, with nobody told yet. `beats`: whether the
    pulse is fresh.
    """

    ongoing: Outage | None
    to_tell: tuple[Outage, ...]
    beats: bool

    @property
    def down(self) -> Outage | None:
        return self.ongoing if self.ongoing is not None and self.ongoing.is_down else None


def look(session: Session, now: datetime) -> Outlook:
    rows = session.exec(select(OutageRow).where(col(OutageRow.told_at).is_(None)).order_by(col(OutageRow.id)))
    outages = [_outage(row) for row in rows]
    at = session.exec(select(PulseRow.at).where(PulseRow.name == PULSE)).first()
    return Outlook(
        ongoing=next((each for each in outages if each.ended_at is None), None),
        to_tell=tuple(each for each in outages if _is_to_tell(each, now)),
        beats=at is not None and now - BEAT < at <= now,
    )


def beat(session: Session, now: datetime) -> Outage | None:
    """A relay lives. If none has for a while, and Slack was not down all along, that was an outage too, and it is over:
    given is which; what it held up is marked.
    """
    row = session.exec(select(PulseRow).where(PulseRow.name == PULSE).with_for_update()).first()
    if row is None:
        insert_new(session, PulseRow, [{"name": PULSE, "at": now}])
        return None
    last, row.at = row.at, now
    if not is_notable(last, now) or ongoing(session) is not None:
        return None
    gap = OutageRow(
        cause=Cause.INTERLOCK.value, began_at=last, failed_at=last, failures=TRIPS_AFTER, probe_at=now, ended_at=now
    )
    session.add(gap)
    session.flush()
    found = _outage(gap)
    hold(session, found, now)
    return found


def ongoing(session: Session) -> Outage | None:
    row = session.exec(select(OutageRow).where(ONGOING)).first()
    return None if row is None else _outage(row)


def reach(session: Session) -> Reach:
    back_at = session.exec(select(func.max(OutageRow.ended_at)).where(OutageRow.cause == Cause.SLACK.value)).one()
    now = ongoing(session)
    return Reach(is_down=now is not None and now.is_down, failures=now.failures if now else 0, back_at=back_at)


def failed(session: Session, since: datetime, now: datetime) -> Outage:
    """An attempt that began at `since` had no answer."""
    before = session.exec(select(OutageRow).where(ONGOING).with_for_update()).first()
    if before is not None and is_another(before.failed_at, since):
        _close(session, before, before.failed_at)
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert(OutageRow) if on_sqlite else postgresql.insert(OutageRow)
    statement = insert.on_conflict_do_update(
        index_elements=[col(OutageRow.cause)],
        index_where=ONGOING,
        set_={"failures": col(OutageRow.failures) + 1, "failed_at": now},
    ).returning(col(OutageRow.id), col(OutageRow.failures))
    new = {"cause": Cause.SLACK.value, "began_at": since, "failed_at": now, "failures": 1, "probe_at": now}
    number, failures = session.connection().execute(statement, new).one()
    row = session.exec(select(OutageRow).where(OutageRow.id == number)).one()
    row.probe_at = now + probe_pause(failures)
    return _outage(row)


def answered(session: Session, message: Message, now: datetime) -> Outage | None:
    """Slack took the message, or said what is wrong with it. Given is the outage that this ends, none for a hiccup."""
    row = session.exec(select(OutageRow).where(ONGOING).with_for_update()).first()
    if row is None:
        return None
    end = row.failed_at if is_another(row.failed_at, now) else now
    found = _close(session, row, end)
    if found is not None:
        _mark(session, and_(col(OutboxRow.id) == message.id, _is_late(found, end)), outage_id=found.id)
    return found


def claim_probe(session: Session, outage: Outage, now: datetime) -> bool:
    """Whether the caller may make the one attempt that is due."""
    at = col(OutageRow.probe_at)
    due = and_(
        col(OutageRow.id) == outage.id, col(OutageRow.ended_at).is_(None), or_(at <= now, at > now + FARTHEST_PROBE)
    )
    done = session.connection().execute(update(OutageRow).where(due).values(probe_at=now + PROBE_LASTS))
    assert isinstance(done, CursorResult)
    return done.rowcount > 0


def probe_now(session: Session, now: datetime) -> None:
    """Slack answers to reading: it is worth trying at once if it takes messages too."""
    session.connection().execute(update(OutageRow).where(ONGOING).values(probe_at=now))


def claim_telling(session: Session, outage: Outage, now: datetime) -> bool:
    """Whether it is the caller who tells of it."""
    untold = and_(col(OutageRow.id) == outage.id, col(OutageRow.told_at).is_(None))
    done = session.connection().execute(update(OutageRow).where(untold).values(told_at=now))
    assert isinstance(done, CursorResult)
    return done.rowcount > 0


def hold(session: Session, outage: Outage, now: datetime) -> None:
    """Mark the posts that it has made late; what it made wait for another attempt may go at once, so that the most
    urgent goes first. What a use case or a relay holds right now is left out: it is under way.
    """
    end = outage.ended_at or now
    free = (OPEN, col(OutboxRow.lease_until).is_(None))
    _mark(session, and_(*free, _is_late(outage, end)), outage_id=outage.id)
    tried = (col(OutboxRow.attempts) > 0, col(OutboxRow.attempted_at) >= outage.began_at)
    _mark(session, and_(*free, *tried, col(OutboxRow.not_before) > now), not_before=now)


def late_addresses(session: Session, outage_id: int) -> set[str]:
    """Where it has made posts late: channels' ids, and `@U123`."""
    return set(session.exec(select(OutboxRow.channel).where(OutboxRow.outage_id == outage_id).distinct()))


def not_sent(session: Session, outage_id: int, now: datetime) -> tuple[tuple[Message, datetime], ...]:
    """The posts that it has made needless, each with when it was due; the most urgent and then the oldest first. One
    that is still to be looked for, and will not be sent if it is not there, is taken for one of them.
    """
    dropped = and_(col(OutboxRow.state) == "dropped", col(OutboxRow.reason).startswith(LATE))
    is_post = (col(OutboxRow.coalesce).is_(None), OutboxRow.kind != NOTICE)
    over = or_(dropped, and_(OPEN, col(OutboxRow.not_after) <= now))
    posts = select(OutboxRow).where(OutboxRow.outage_id == outage_id, *is_post, over)
    rows = session.exec(posts.order_by(col(OutboxRow.urgency), col(OutboxRow.id)))
    # An attempt that failed has moved `not_before`.
    return tuple((message_of(row), row.created_at if row.attempts else row.not_before) for row in rows)


def late(session: Session, outage_id: int, channel: str, now: datetime) -> int:
    """How many posts come to the channel after all."""
    coming = or_(and_(OPEN, col(OutboxRow.not_after) > now), col(OutboxRow.state) == "sent")
    ours = (OutboxRow.outage_id == outage_id, OutboxRow.channel == channel)
    return session.exec(select(func.count()).select_from(OutboxRow).where(*ours, coming)).one()


def held_up(session: Session) -> int:
    """How many posts that an outage has made late are still to go."""
    return session.exec(select(func.count()).select_from(OutboxRow).where(OPEN, HELD_UP)).one()


def load(session: Session, outage_id: int) -> Outage | None:
    row = session.get(OutageRow, outage_id)
    return None if row is None else _outage(row)


def _is_to_tell(outage: Outage, now: datetime) -> bool:
    if outage.ended_at is None:
        return False
    return outage.cause is Cause.SLACK or outage.ended_at + TOLD_AFTER <= now


def _outage(row: OutageRow) -> Outage:
    assert row.id is not None
    return Outage(
        id=row.id,
        cause=Cause(row.cause),
        began_at=row.began_at,
        ended_at=row.ended_at,
        failures=row.failures,
        probe_at=row.probe_at,
    )


def _close(session: Session, row: OutageRow, end: datetime) -> Outage | None:
    """Given is the outage as it was, None where it was a mere hiccup, of which nothing is kept."""
    found = _outage(row)
    if found.is_down:
        row.ended_at = end
    else:
        session.delete(row)
    session.flush()
    return found if found.is_down else None


def _is_late(outage: Outage, end: datetime) -> ColumnElement[bool]:
    """Posts, no refreshes, that have waited for long; nothing of a short outage."""
    waited = or_(
        col(OutboxRow.not_before) <= end - NOTABLE,
        and_(col(OutboxRow.attempts) > 0, col(OutboxRow.created_at) <= end - NOTABLE),
    )
    is_post = and_(col(OutboxRow.coalesce).is_(None), col(OutboxRow.kind) != NOTICE)
    is_news = true() if is_notable(outage.began_at, end) else false()
    return and_(is_news, waited, is_post, col(OutboxRow.outage_id).is_(None))


def _mark(session: Session, which: ColumnElement[bool], **values: int | datetime) -> None:
    """Rows that another holds are skipped: whoever waits while it holds others invites a deadlock."""
    free = select(OutboxRow.id).where(which).with_for_update(skip_locked=True)
    session.connection().execute(update(OutboxRow).where(col(OutboxRow.id).in_(free)).values(**values))
