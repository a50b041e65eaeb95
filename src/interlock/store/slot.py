"""Slots: one firing of one scheduled job, held by a lease."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CheckConstraint, ColumnElement, CursorResult, Index, and_, func, or_, text, update
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.slot import LONGEST_LEASE, Firing, Missed, Outcome, Slot
from interlock.store.alone import alone
from interlock.store.base import UtcDateTime
from interlock.store.upsert import insert_new

BEGINS = "Begins with its next time."
"""Of a job never seen before: there was nothing to be missed."""

UNFINISHED = text("outcome IS NULL")


class SlotRow(SQLModel, table=True):
    """`outcome` is None while it is leased or was abandoned, then done, failed or skipped (with `detail`)."""

    __tablename__ = "slot"
    __table_args__ = (
        # What became of the last day's, read at each scrape of /metrics.
        Index("ix_slot_due_at", "due_at", "job"),
        Index("ix_slot_unfinished", "job", sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
        CheckConstraint("outcome IN ('done', 'failed', 'skipped')", name="outcome"),
    )

    job: str = Field(primary_key=True)
    due_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
    detail: str | None = None


def newest(session: Session, job: str, until: datetime | None = None) -> Firing | None:
    """The firing with the latest due time (`until` a moment) that anything is recorded of."""
    rows = recent(session, job, 1, until)
    return rows[0] if rows else None


def recent(session: Session, job: str, limit: int, until: datetime | None = None) -> tuple[Firing, ...]:
    """The newest firing first."""
    known = select(SlotRow).where(SlotRow.job == job)
    if until is not None:
        known = known.where(SlotRow.due_at <= until)
    return tuple(_firing(row) for row in session.exec(known.order_by(col(SlotRow.due_at).desc()).limit(limit)))


def skipped(session: Session, family: str, after: datetime, until: datetime) -> tuple[Slot, ...]:
    """The slots of a family of jobs that were due after `after` up to `until` and were missed, in order."""
    due = (col(SlotRow.due_at) > after, col(SlotRow.due_at) <= until)
    ours = (
        col(SlotRow.job).startswith(f"{family}:", autoescape=True),
        SlotRow.outcome == "skipped",
        SlotRow.detail != BEGINS,
    )
    rows = session.exec(select(SlotRow).where(*ours, *due).order_by(col(SlotRow.due_at), col(SlotRow.job)))
    return tuple(_firing(row).slot for row in rows)


def one_at_a_time(session: Session, job: str) -> None:
    """Until the transaction ends nobody else decides about this job: replicas plan from the same firings."""
    alone(session, f"slot {job}")


def held(now: datetime) -> ColumnElement[bool]:
    """Of rows whose slot runs somewhere, or waits for another attempt: as `Firing.is_held` tells of one."""
    lease = col(SlotRow.lease_until)
    return and_(col(SlotRow.outcome).is_(None), lease > now, lease <= now + LONGEST_LEASE)


def any_held(session: Session, jobs: Collection[str], now: datetime) -> bool:
    """Whether a slot of any of these runs somewhere, or waits for another attempt."""
    return session.exec(select(SlotRow.job).where(col(SlotRow.job).in_(jobs), held(now)).limit(1)).first() is not None


def abandoned(session: Session, now: datetime) -> frozenset[str]:
    """The jobs with a slot that was due, was begun, and that nobody holds."""
    left = (col(SlotRow.outcome).is_(None), col(SlotRow.due_at) <= now, _free(now))
    return frozenset(session.exec(select(SlotRow.job).where(*left).distinct()))


def claim(session: Session, job: str, due_at: datetime, owner: str, now: datetime, lease: timedelta) -> Slot | None:
    """Take the slot, new or abandoned; None if another holds it or it is finished. Its row is unique, so one wins."""
    held: dict[str, Any] = {"owner": owner, "lease_until": now + lease, "started_at": now}
    if insert_new(session, SlotRow, [{"job": job, "due_at": due_at, "attempt": 1, **held}]):
        return Slot(job=job, due_at=due_at)
    attempt = (
        session.connection()
        .execute(
            update(SlotRow)
            .where(
                col(SlotRow.job) == job,
                col(SlotRow.due_at) == due_at,
                col(SlotRow.outcome).is_(None),
                _free(now),
            )
            .values(attempt=col(SlotRow.attempt) + 1, **held)
            .returning(col(SlotRow.attempt))
        )
        .scalar()
    )
    return None if attempt is None else Slot(job=job, due_at=due_at, attempt=attempt)


def extend(session: Session, slot: Slot, owner: str, until: datetime) -> bool:
    """The holder lives. False: it holds the slot no longer, and must stop."""
    return _change(session, slot, owner, lease_until=until)


def finish(session: Session, slot: Slot, owner: str, now: datetime, outcome: Outcome, detail: str) -> bool:
    """Record the outcome; False if the slot was lost meanwhile."""
    return _change(session, slot, owner, outcome=outcome, detail=detail, done_at=now, lease_until=None)


def put_off(session: Session, slot: Slot, owner: str, until: datetime, detail: str) -> bool:
    """It failed and is tried again, by whoever comes first after `until`."""
    return _change(session, slot, owner, lease_until=until, detail=detail)


def give_back(session: Session, slot: Slot, owner: str, now: datetime) -> bool:
    """Its process is told to stop: another goes on at once, and it counts as no attempt."""
    return _change(session, slot, owner, lease_until=now, attempt=slot.attempt - 1, detail="Stopped half-way.")


def give_up(session: Session, job: str, due_at: datetime, now: datetime) -> bool:
    """Close what was abandoned and is not tried again. False: its holder has just shown that it lives."""
    abandoned = update(SlotRow).where(
        col(SlotRow.job) == job,
        col(SlotRow.due_at) == due_at,
        col(SlotRow.outcome).is_(None),
        _free(now),
    )
    detail = func.coalesce(col(SlotRow.detail), "Its process died.")
    done = session.connection().execute(
        abandoned.values(outcome="failed", done_at=now, lease_until=None, detail=detail)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount > 0


def give_up_overtaken(session: Session, last: Firing | None, now: datetime) -> None:
    """Close what was abandoned before `last`, its job's newest: a clock that was put back fired it, and nothing else
    would look at it again.
    """
    if last is not None:
        older = (col(SlotRow.job) == last.slot.job, col(SlotRow.due_at) < last.slot.due_at)
        closed = {"outcome": "failed", "done_at": now, "lease_until": None, "detail": "A later one ran before it."}
        session.connection().execute(
            update(SlotRow).where(*older, col(SlotRow.outcome).is_(None), _free(now)).values(**closed)
        )


def record_missed(session: Session, job: str, missed: Missed, now: datetime) -> None:
    """One row stands for them all: a week without the program is no thousand rows."""
    told = {0: BEGINS, 1: "Missed."}
    detail = told.get(missed.count, f"Missed, as the {missed.count - 1} before since {missed.first:%F %R}Z.")
    row = {"job": job, "due_at": missed.last, "attempt": 0, "done_at": now, "outcome": "skipped", "detail": detail}
    insert_new(session, SlotRow, [row])


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(col(SlotRow.lease_until) <= now, col(SlotRow.lease_until) > now + LONGEST_LEASE)


def _change(session: Session, slot: Slot, owner: str, **values: Any) -> bool:
    """Only its holder may; the attempt is part of the lease, since one process may lose a slot and take it again."""
    done = session.connection().execute(
        update(SlotRow)
        .where(
            col(SlotRow.job) == slot.job,
            col(SlotRow.due_at) == slot.due_at,
            col(SlotRow.owner) == owner,
            col(SlotRow.attempt) == slot.attempt,
            col(SlotRow.outcome).is_(None),
        )
        .values(**values)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount > 0


def _firing(row: SlotRow) -> Firing:
    return Firing(
        slot=Slot(job=row.job, due_at=row.due_at, attempt=row.attempt),
        outcome=cast("Outcome | None", row.outcome),  # the table's constraint lets no other in
        detail=row.detail,
        lease_until=row.lease_until,
        started_at=row.started_at,
        done_at=row.done_at,
    )
