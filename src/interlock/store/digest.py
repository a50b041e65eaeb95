"""What each digest said, so that the next one can tell what changed."""

from dataclasses import asdict
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
    signoffs: int = 0
    blockers: int = 0


def record(session: Session, release_id: int, channel_id: str, slot: str, said: Past) -> None:
    """A repeated slot records nothing new."""
    insert_new(session, DigestRow, [{"release_id": release_id, "channel_id": channel_id, "slot": slot} | asdict(said)])


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
    return Past(light=light, at=row.at, signoffs=row.signoffs, blockers=row.blockers)
