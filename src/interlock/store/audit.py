"""The audit chain's tables: append-only rows, the head that is locked while it grows, personal data apart from it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field, SQLModel

from interlock.store.base import UtcDateTime


class AuditRow(SQLModel, table=True):
    """`body` is canonical JSON, kept as text so that its hash can be checked byte by byte. Rows refuse update,
    delete and replacement by triggers (see the migration).
    """

    __tablename__ = "audit_event"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str = Field(index=True)
    release_id: int | None = Field(default=None, index=True)
    body: str
    previous: str
    hash: str = Field(unique=True)


class AuditHeadRow(SQLModel, table=True):
    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: int = Field(default=1, primary_key=True)
    seq: int = 0
    hash: str = ""


class AuditPersonRow(SQLModel, table=True):
    """Who it was, in clear, outside the chain: the event's body holds sha256(salt + data). Erasing a person deletes
    rows here and leaves the chain whole.
    """

    __tablename__ = "audit_person"

    seq: int = Field(primary_key=True, foreign_key="audit_event.seq")
    role: str = Field(primary_key=True)
    salt: str
    data: dict[str, Any] = Field(sa_type=JSON)
