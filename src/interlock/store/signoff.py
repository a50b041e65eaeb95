"""Sign-off requirements and sign-offs: given, revoked or void, never edited."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from interlock.store.base import UtcDateTime

LIVE = text("revoked_at IS NULL AND void_at IS NULL")


class RequirementRow(SQLModel, table=True):
    """What stands here is the copied policy's `RequirementRule`, row by row; `rule` is all of it."""

    __tablename__ = "requirement"
    __table_args__ = (UniqueConstraint("release_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    position: int
    key: str
    name: str
    rule: dict[str, Any] = Field(sa_type=JSON)


class SignoffRow(SQLModel, table=True):
    """`decision` is approved or rejected. `auth`: how the signer was authenticated; `void_change`: what voided it."""

    __tablename__ = "signoff"
    __table_args__ = (
        # One live sign-off per person and requirement: two clicks at once cannot both win.
        Index("uq_signoff_live", "requirement_id", "slack_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        CheckConstraint("decision IN ('approved', 'rejected')", name="decision"),
        CheckConstraint("decision = 'approved' OR reason IS NOT NULL", name="reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id", index=True)
    requirement_id: int = Field(foreign_key="requirement.id")
    revision_id: str = Field(foreign_key="card_revision.id")
    slack_id: str
    decision: str
    reason: str | None = None
    fingerprint: str
    auth: str
    at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    void_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    void_change: dict[str, Any] | None = Field(default=None, sa_type=JSON)
