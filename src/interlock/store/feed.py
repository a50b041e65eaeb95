"""Links to calendar feeds, by the hash of what they carry."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Person
from interlock.domain.feed import Link
from interlock.store.base import UtcDateTime
from interlock.store.person import IS_MEMBER, PersonRow, to_person
from interlock.store.upsert import upsert


class FeedLinkRow(SQLModel, table=True):
    """A person's link, by the hash of its secret. One row each: nobody has two that work. `request` is the newest
    asking, the only one that may issue.
    """

    __tablename__ = "feed_link"

    slack_id: str = Field(primary_key=True)
    request: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    hash: str | None = Field(default=None, unique=True)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def ask(session: Session, slack_id: str, request: str, now: datetime) -> None:
    """From now on this request may issue, and none before it. A link that was issued stays until then."""
    upsert(session, FeedLinkRow, [{"slack_id": slack_id, "request": request, "asked_at": now}], ["slack_id"])


def load(session: Session, slack_id: str) -> Link | None:
    """The person's, locked until the transaction ends."""
    row = session.get(FeedLinkRow, slack_id, with_for_update=True)
    return _link(row) if row else None


def issue(session: Session, slack_id: str, hash_: str, expires_at: datetime) -> None:
    """In place of the person's last one."""
    row = session.get_one(FeedLinkRow, slack_id)
    row.hash, row.expires_at = hash_, expires_at
    session.flush()


def find(session: Session, hash_: str) -> Link | None:
    row = session.exec(select(FeedLinkRow).where(FeedLinkRow.hash == hash_)).first()
    return _link(row) if row else None


def owners_gone(session: Session) -> list[Person]:
    """Those with a link, or one on its way, who are no active full members any more."""
    rows = session.exec(
        select(PersonRow).join(FeedLinkRow, col(FeedLinkRow.slack_id) == col(PersonRow.slack_id)).where(~IS_MEMBER)
    ).all()
    return [to_person(row) for row in rows]


def drop(session: Session, slack_id: str) -> None:
    """The person's link works no more, and what they asked for is not issued."""
    session.connection().execute(delete(FeedLinkRow).where(col(FeedLinkRow.slack_id) == slack_id))


def _link(row: FeedLinkRow) -> Link:
    return Link(slack_id=row.slack_id, request=row.request, hash=row.hash, expires_at=row.expires_at)
