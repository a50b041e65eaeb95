"""When each bucket of Slack calls is next free: rows, so that replicas share the pace."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.delivery import LONGEST_WAIT
from interlock.domain.pacing import Bucket
from interlock.store.base import UtcDateTime

LONGEST_HOLD = LONGEST_WAIT
"""What is kept lies no further ahead. What does was written by a clock that has been put back since, and counts as
nothing: or nobody would send anything until that clock's time has come."""


class PacingRow(SQLModel, table=True):
    """When a bucket (a method, or a method in a channel) may next be used; shared by every replica."""

    __tablename__ = "pacing"

    bucket: str = Field(primary_key=True)
    next_at: datetime = Field(sa_type=UtcDateTime)


def busy(session: Session, now: datetime) -> dict[str, datetime]:
    """The kept `next_at` of every bucket that was used lately; any other is free."""
    rows = session.exec(select(PacingRow).where(PacingRow.next_at > now, PacingRow.next_at <= now + LONGEST_HOLD))
    return {row.bucket: row.next_at for row in rows}


def free_at(buckets: Iterable[Bucket], busy: dict[str, datetime], now: datetime) -> datetime:
    """When all of them may be used; `now` if they may already."""
    return max([now, *(bucket.free_at(busy[bucket.name]) for bucket in buckets if bucket.name in busy)])


def used(buckets: Iterable[Bucket], busy: dict[str, datetime], now: datetime) -> dict[str, datetime]:
    """What to keep of each bucket once it is used now."""
    return {bucket.name: bucket.used(busy.get(bucket.name, now), now) for bucket in buckets}


def reserve(session: Session, buckets: Sequence[Bucket], busy: dict[str, datetime], now: datetime) -> bool:
    """Use them all now, if each is free still; keeps `busy` up to date. False leaves those before it reserved, which
    costs one interval and nothing else.
    """
    after = used(buckets, busy, now)
    for bucket in buckets:
        if not _keep(session, bucket, after[bucket.name], now, unless_after=now + bucket.leeway):
            return False
    busy |= after
    return True


def hold(session: Session, bucket: Bucket, until: datetime, now: datetime) -> None:
    """Nobody uses the bucket before `until`, or for LONGEST_HOLD: Slack said so."""
    next_at = min(bucket.held(until), now + LONGEST_HOLD)
    _keep(session, bucket, next_at, now, unless_after=next_at)


def _keep(session: Session, bucket: Bucket, next_at: datetime, now: datetime, *, unless_after: datetime) -> bool:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert(PacingRow) if on_sqlite else postgresql.insert(PacingRow)
    statement = insert.on_conflict_do_update(
        index_elements=[col(PacingRow.bucket)],
        set_={"next_at": insert.excluded.next_at},
        where=or_(col(PacingRow.next_at) <= unless_after, col(PacingRow.next_at) > now + LONGEST_HOLD),
    ).returning(col(PacingRow.bucket))
    done = session.connection().execute(statement, {"bucket": bucket.name, "next_at": next_at})
    return done.first() is not None
