"""What was already handled: trigger ids, event ids, webhook ids."""

from datetime import datetime, timedelta

from sqlalchemy import and_, update
from sqlmodel import Field, Session, SQLModel, col, func, select

from interlock.store.base import UtcDateTime
from interlock.store.upsert import insert_new

ANSWERS_FOR = timedelta(hours=1)
"""Slack delivers again within minutes; what was said to people is not kept for longer than it serves."""


class SeenRow(SQLModel, table=True):
    """`answer`: what was said to it, for as long as it may be delivered again."""

    __tablename__ = "seen"

    key: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    answer: str | None = None


def first_time(session: Session, key: str, now: datetime) -> bool:
    """Whether `key` (`trigger:…`, `event:…`, `webhook:…`) is new; it is remembered with the caller's transaction."""
    return insert_new(session, SeenRow, [{"key": key, "at": now}]) == 1


def known(session: Session, key: str) -> bool:
    """Whether `key` was remembered, by this transaction or an earlier one."""
    return session.get(SeenRow, key) is not None


def keep_answer(session: Session, key: str, answer: str, now: datetime) -> None:
    """For `key`, which is remembered; the answers that nobody will ask for any more go."""
    session.connection().execute(update(SeenRow).where(col(SeenRow.key) == key).values(answer=answer))
    old = and_(col(SeenRow.at) < now - ANSWERS_FOR, col(SeenRow.at) > now - 2 * ANSWERS_FOR)
    session.connection().execute(update(SeenRow).where(old, col(SeenRow.answer).is_not(None)).values(answer=None))


def answer(session: Session, key: str) -> str | None:
    return session.exec(select(SeenRow.answer).where(SeenRow.key == key)).first()


def latest(session: Session, kind: str) -> datetime | None:
    """When something of a kind (`webhook`) was last remembered."""
    return session.exec(
        select(func.max(SeenRow.at)).where(col(SeenRow.key).startswith(f"{kind}:", autoescape=True))
    ).first()
