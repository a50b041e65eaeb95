"""Who was erased: a mark by which they are known again and not read, and what of the record they were taken out of."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, Session, SQLModel, col, func, select

from interlock.store.base import UtcDateTime


class TombstoneRow(SQLModel, table=True):
    """An erased person's Slack id or tracker account, as sha256(salt:id): enough to keep the mirrors from bringing them
    back, and too little to say who it was.
    """

    __tablename__ = "tombstone"

    mark: str = Field(primary_key=True)
    salt: str
    at: datetime = Field(sa_type=UtcDateTime)


class ErasureRow(SQLModel, table=True):
    """The personal data of one role of one event was erased, as `event` records. Written before the data goes:
    the database lets no other go (see the migration).
    """

    __tablename__ = "erasure"
    __table_args__ = (
        ForeignKeyConstraint(["seq"], ["audit_event.seq"]),
        ForeignKeyConstraint(["event"], ["audit_event.seq"]),
    )

    seq: int = Field(primary_key=True)
    role: str = Field(primary_key=True)
    event: int = Field(index=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstones:
    """Asked of each person and account that is read; false, and so asked nothing, where nobody was erased."""

    salts: frozenset[str]
    marks: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.marks)

    def has(self, id_: str | None) -> bool:
        return id_ is not None and any(mark_of(salt, id_) in self.marks for salt in self.salts)


def mark_of(salt: str, id_: str) -> str:
    return sha256(f"{salt}:{id_}".encode()).hexdigest()


def tombstones(session: Session) -> Tombstones:
    rows = session.exec(select(TombstoneRow.salt, TombstoneRow.mark)).all()
    return Tombstones(salts=frozenset(salt for salt, _ in rows), marks=frozenset(mark for _, mark in rows))


def bury(session: Session, ids: Iterable[str], now: datetime) -> str:
    """Returns the first one's mark. All share one salt: whoever is asked about is hashed once."""
    salt = session.exec(select(TombstoneRow.salt)).first() or secrets.token_hex(16)
    marks = [mark_of(salt, id_) for id_ in ids]
    for mark in marks:
        if session.get(TombstoneRow, mark) is None:
            session.add(TombstoneRow(mark=mark, salt=salt, at=now))
    session.flush()
    return marks[0]


def erased_events(session: Session) -> int:
    """Of how many recorded events personal data was erased."""
    return session.exec(select(func.count(col(ErasureRow.seq).distinct()))).one()
