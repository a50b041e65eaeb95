"""When each bucket of Slack calls is next free: rows, so that replicas share the pace."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.pacing import Bucket
from interlock.store.base import UtcDateTime


class PacingRow(SQLModel, table=True):
    """When a bucket (a method, or a method in a channel) may next be used; shared by every replica."""

    __tablename__ = "pacing"

    bucket: str = Field(primary_key=True)
    next_at: datetime = Field(sa_type=UtcDateTime)


def busy(session: Session, now: datetime) -> dict[str, datetime]:
    """The kept `next_at` of every bucket that was used lately; any other is free."""
    rows = session.exec(select(PacingRow).where(PacingRow.next_at > now))
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
        if not _keep(session, bucket, after[bucket.name], unless_after=now + bucket.leeway):
            return False
    busy |= after
    return True


def hold(session: Session, bucket: Bucket, until: datetime) -> None:
    """Nobody uses the bucket before `until`: Slack said so."""
    _keep(session, bucket, bucket.held(until), unless_after=bucket.held(until))


def _keep(session: Session, bucket: Bucket, next_at: datetime, *, unless_after: datetime) -> bool:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert(PacingRow) if on_sqlite else postgresql.insert(PacingRow)
    statement = insert.on_conflict_do_update(
        index_elements=[col(PacingRow.bucket)],
        set_={"next_at": insert.excluded.next_at},
        where=col(PacingRow.next_at) <= unless_after,
    ).returning(col(PacingRow.bucket))
    done = session.connection().execute(statement, {"bucket": bucket.name, "next_at": next_at})
    return done.first() is not None
