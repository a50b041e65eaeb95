"""Secrets that each person has one of, by their hash: a table for each kind."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Person
from interlock.domain.secret import Secret
from interlock.store.base import UtcDateTime
from interlock.store.person import IS_MEMBER, PersonRow, to_person
from interlock.store.upsert import upsert


class SecretRow(SQLModel):
    """A person's, by the hash of it. One row each: nobody has two that work. `request` is the newest asking, the only
    one that may issue.
    """

    slack_id: str = Field(primary_key=True)
    request: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    hash: str | None = Field(default=None, unique=True)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Those of one kind."""

    table: type[SecretRow]

    def ask(self, session: Session, slack_id: str, request: str, now: datetime) -> None:
        """From now on this request may issue, and none before it. What was issued works until then."""
        upsert(session, self.table, [{"slack_id": slack_id, "request": request, "asked_at": now}], ["slack_id"])

    def load(self, session: Session, slack_id: str) -> Secret | None:
        """The person's, locked until the transaction ends."""
        row = session.get(self.table, slack_id, with_for_update=True)
        return _secret(row) if row else None

    def issue(self, session: Session, slack_id: str, hash_: str, expires_at: datetime) -> None:
        """In place of the person's last one."""
        row = session.get_one(self.table, slack_id)
        row.hash, row.expires_at = hash_, expires_at
        session.flush()

    def find(self, session: Session, hash_: str) -> Secret | None:
        row = session.exec(select(self.table).where(self.table.hash == hash_)).first()
        return _secret(row) if row else None

    def owners_gone(self, session: Session) -> list[Person]:
        """Those with one, or one on its way, who are no active full members any more."""
        theirs = col(self.table.slack_id) == col(PersonRow.slack_id)
        return [to_person(row) for row in session.exec(select(PersonRow).join(self.table, theirs).where(~IS_MEMBER))]

    def drop(self, session: Session, slack_id: str) -> None:
        """The person's works no more, and what they asked for is not issued."""
        session.connection().execute(delete(self.table).where(col(self.table.slack_id) == slack_id))


def _secret(row: SecretRow) -> Secret:
    return Secret(slack_id=row.slack_id, request=row.request, hash=row.hash, expires_at=row.expires_at)
