"""What is changed in a database that came back from a backup, before anybody runs on it: time went on without it."""

from datetime import datetime

from sqlalchemy import CursorResult, Update, delete, update
from sqlmodel import Session, col, select

from interlock.domain.outbox import LATE
from interlock.domain.slot import MANUAL
from interlock.store.feed import FeedLinkRow
from interlock.store.outage import OutageRow, PulseRow
from interlock.store.outbox import OPEN, OutboxRow
from interlock.store.pacing import PacingRow
from interlock.store.reporter import ReportTokenRow
from interlock.store.slot import SlotRow
from interlock.store.token import AccessTokenRow
from interlock.store.upsert import insert_new
from interlock.store.vendor import RefusalRow

FREE = {"owner": None, "lease_until": None}


def park_unsent(session: Session, why: str, now: datetime) -> tuple[int, int]:
    """Whatever was not sent waits for a person, but for what is too late already; how many of each."""
    late = _done(session, update(OutboxRow).where(OPEN, col(OutboxRow.not_after) <= now), state="dropped", reason=LATE)
    return _done(session, update(OutboxRow).where(OPEN), state="parked", reason=why), late


def first_parked(session: Session, why: str) -> int | None:
    statement = select(OutboxRow.id).where(OutboxRow.state == "parked", OutboxRow.reason == why)
    return session.exec(statement.order_by(col(OutboxRow.id))).first()


def settle_slots(session: Session, why: str, now: datetime) -> int:
    """What ran is over, and nothing that was due until now is caught up: it may have been done since. Returns how many
    jobs are known.
    """
    running = update(SlotRow).where(col(SlotRow.outcome).is_(None))
    session.connection().execute(running.values(outcome="skipped", detail=why, done_at=now, lease_until=None))
    jobs = session.exec(select(SlotRow.job).distinct().where(~col(SlotRow.job).startswith(MANUAL))).all()
    rows = [
        {"job": job, "due_at": now, "attempt": 0, "done_at": now, "outcome": "skipped", "detail": why} for job in jobs
    ]
    insert_new(session, SlotRow, rows)
    return len(rows)


def end_tokens(session: Session) -> int:
    """One that was revoked since the backup must not work again, so none does; nor does a program's, nor a link to a
    calendar feed. Returns how many people's tokens there were.
    """
    for table in (FeedLinkRow, ReportTokenRow):
        session.connection().execute(delete(table))
    done = session.connection().execute(delete(AccessTokenRow))
    assert isinstance(done, CursorResult)
    return done.rowcount


def forget_pacing(session: Session) -> None:
    """And when a relay was last seen at work: the time since the backup is no outage of which to tell. And that a
    vendor refused us: whether it still does, the next call says.
    """
    for table in (PacingRow, PulseRow, RefusalRow):
        session.connection().execute(delete(table))
    untold = update(OutageRow).where(col(OutageRow.told_at).is_(None))
    session.connection().execute(untold.values(told_at=OutageRow.failed_at, ended_at=OutageRow.failed_at))


def _done(session: Session, statement: Update, *, state: str, reason: str) -> int:
    done = session.connection().execute(statement.values(state=state, reason=reason, **FREE))
    assert isinstance(done, CursorResult)
    return done.rowcount
