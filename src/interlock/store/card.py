"""Cards: messages that show live state, and each drawing of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from interlock.store.base import UtcDateTime


class CardRow(SQLModel, table=True):
    """One message. `ts` is None until Slack has told it; `kind` says which view draws it."""

    __tablename__ = "card"
    __table_args__ = (UniqueConstraint("release_id", "kind", "round"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    kind: str
    round: int = 1
    channel_id: str
    ts: str | None = None
    requested_by: str
    requested_at: datetime = Field(sa_type=UtcDateTime)


class CardRevisionRow(SQLModel, table=True):
    """What was shown, once and for all: rows refuse change and deletion. A button carries the random `id`."""

    __tablename__ = "card_revision"
    __table_args__ = (UniqueConstraint("card_id", "number"),)

    id: str = Field(primary_key=True)
    card_id: int = Field(foreign_key="card.id")
    number: int
    fingerprint: str
    policy_version: str
    shown: dict[str, Any] = Field(sa_type=JSON)
    drawn_at: datetime = Field(sa_type=UtcDateTime)
