"""Reporters' tokens, by their hash."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.reporter import Reporter
from interlock.store.base import UtcDateTime
from interlock.store.upsert import upsert


class ReportTokenRow(SQLModel, table=True):
    """One for each label. `request` is the newest asking, the only one that may issue; `hash` None until it did."""

    __tablename__ = "report_token"

    id: int | None = Field(default=None, primary_key=True)
    label: str = Field(unique=True)
    request: str
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    hash: str | None = Field(default=None, unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)


def ask(session: Session, reporter: Reporter, now: datetime) -> None:
    """From now on this request may issue, and none before it. The token that was issued works until then."""
    row = {
        "label": reporter.label,
        "request": reporter.request,
        "created_by": reporter.owner,
        "created_at": now,
        "expires_at": reporter.expires_at,
    }
    upsert(session, ReportTokenRow, [row], ["label"])


def load(session: Session, label: str) -> Reporter | None:
    """Locked until the transaction ends."""
    row = session.exec(select(ReportTokenRow).where(ReportTokenRow.label == label).with_for_update()).first()
    return _reporter(row) if row else None


def issue(session: Session, label: str, hash_: str) -> None:
    """In place of the label's last one."""
    row = session.exec(select(ReportTokenRow).where(ReportTokenRow.label == label)).one()
    row.hash = hash_
    session.flush()


def find(session: Session, hash_: str) -> Reporter | None:
    row = session.exec(select(ReportTokenRow).where(ReportTokenRow.hash == hash_)).first()
    return _reporter(row) if row else None


def drop(session: Session, label: str) -> None:
    session.connection().execute(delete(ReportTokenRow).where(col(ReportTokenRow.label) == label))


def _reporter(row: ReportTokenRow) -> Reporter:
    return Reporter(label=row.label, owner=row.created_by, request=row.request, expires_at=row.expires_at)
