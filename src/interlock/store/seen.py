"""What was already handled: trigger ids, event ids, webhook ids."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, func, select

from interlock.store.base import UtcDateTime
from interlock.store.upsert import insert_new


class SeenRow(SQLModel, table=True):
    __tablename__ = "seen"

    key: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)


def first_time(session: Session, key: str, now: datetime) -> bool:
    """Whether `key` (`trigger:…`, `event:…`, `webhook:…`) is new; it is remembered with the caller's transaction."""
    return insert_new(session, SeenRow, [{"key": key, "at": now}]) == 1


def known(session: Session, key: str) -> bool:
    """Whether `key` was remembered, by this transaction or an earlier one."""
    return session.get(SeenRow, key) is not None


def latest(session: Session, kind: str) -> datetime | None:
    """When something of a kind (`webhook`) was last remembered."""
    return session.exec(
        select(func.max(SeenRow.at)).where(col(SeenRow.key).startswith(f"{kind}:", autoescape=True))
    ).first()
