"""Reporters' tokens, by their hash."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Person
from interlock.domain.reporter import Reporter
from interlock.store.base import UtcDateTime
from interlock.store.person import IS_MEMBER, PersonRow, to_person
from interlock.store.upsert import insert_new


class ReportTokenRow(SQLModel, table=True):
    """One for each label. `request` is the newest asking, the only one that may issue; until one did, `hash` is None
    and `expires_at` past. `created_by` owns what was issued.
    """

    __tablename__ = "report_token"

    id: int | None = Field(default=None, primary_key=True)
    label: str = Field(unique=True)
    request: str
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    hash: str | None = Field(default=None, unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)


def ask(session: Session, label: str, slack_id: str, request: str, now: datetime) -> None:
    """From now on this request may issue, and none before it. The token that was issued works until then, for its owner
    and to its end, and no longer.
    """
    row = {"label": label, "request": request, "created_by": slack_id, "created_at": now, "expires_at": now}
    if not insert_new(session, ReportTokenRow, [row]):
        newest = update(ReportTokenRow).where(col(ReportTokenRow.label) == label)
        session.connection().execute(newest.values(request=request, created_at=now))


def load(session: Session, label: str) -> Reporter | None:
    """Locked until the transaction ends."""
    row = session.exec(select(ReportTokenRow).where(ReportTokenRow.label == label).with_for_update()).first()
    return _reporter(row) if row else None


def issue(session: Session, label: str, slack_id: str, hash_: str, expires_at: datetime) -> None:
    """In place of the label's last one."""
    row = session.exec(select(ReportTokenRow).where(ReportTokenRow.label == label)).one()
    row.created_by, row.hash, row.expires_at = slack_id, hash_, expires_at
    session.flush()


def find(session: Session, hash_: str) -> Reporter | None:
    row = session.exec(select(ReportTokenRow).where(ReportTokenRow.hash == hash_)).first()
    return _reporter(row) if row else None


def owners_gone(session: Session) -> list[tuple[str, Person]]:
    """The labels whose owners are no active full members any more, with those."""
    theirs = col(ReportTokenRow.created_by) == col(PersonRow.slack_id)
    rows = session.exec(select(ReportTokenRow.label, PersonRow).join(PersonRow, theirs).where(~IS_MEMBER)).all()
    return [(label, to_person(row)) for label, row in rows]


def drop(session: Session, label: str) -> None:
    session.connection().execute(delete(ReportTokenRow).where(col(ReportTokenRow.label) == label))


def _reporter(row: ReportTokenRow) -> Reporter:
    return Reporter(label=row.label, owner=row.created_by, request=row.request, expires_at=row.expires_at)
