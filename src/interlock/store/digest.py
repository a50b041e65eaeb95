"""What each digest said, so that the next one can tell what changed."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.digest import Past
from interlock.domain.light import Light
from interlock.store.base import UtcDateTime
from interlock.store.upsert import insert_new


class DigestRow(SQLModel, table=True):
    """One release's digest in one channel, by the slot that made it."""

    __tablename__ = "digest"

    release_id: int = Field(primary_key=True, foreign_key="release.id")
    channel_id: str = Field(primary_key=True)
    slot: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    light: str


def record(session: Session, release_id: int, channel_id: str, slot: str, light: Light, now: datetime) -> None:
    """A repeated slot records nothing new."""
    row = {"release_id": release_id, "channel_id": channel_id, "slot": slot, "at": now, "light": light}
    insert_new(session, DigestRow, [row])


def before(session: Session, release_id: int, channel_id: str, slot: str) -> Past | None:
    """The digest before the one of this slot; None if there was none."""
    row = session.exec(
        select(DigestRow)
        .where(DigestRow.release_id == release_id, DigestRow.channel_id == channel_id, DigestRow.slot != slot)
        .order_by(col(DigestRow.at).desc())
    ).first()
    if row is None:
        return None
    light: Light = row.light  # type: ignore[assignment]  # `record` writes no other word
    return Past(light=light, at=row.at)
