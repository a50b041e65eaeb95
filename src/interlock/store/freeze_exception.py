"""Freeze exceptions: asked for once for each release and occurrence, decided on once, kept for ever."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, CursorResult, Index, text, update
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Actor, Person, departed
from interlock.domain.freeze import Window
from interlock.domain.freeze_exception import Decision, FreezeException, Reasons
from interlock.store import person
from interlock.store.base import UtcDateTime

LIVE = text("(decision IS NULL OR decision = 'approved')")
"""In brackets: a text stands among other conditions as it is."""


class FreezeExceptionRow(SQLModel, table=True):
    """`freeze_name`, `starts` and `ends` name the very occurrence; `auth` and `decided_auth` how each was known."""

    __tablename__ = "freeze_exception"
    __table_args__ = (
        # One live exception per release and occurrence: of two that ask at once, one does.
        Index(
            "uq_freeze_exception_live",
            "release_id",
            "freeze_name",
            "starts",
            "ends",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
        CheckConstraint("decision IN ('approved', 'refused')", name="decision"),
        CheckConstraint("(decision IS NULL) = (decided_by IS NULL)", name="decided"),
        # Four eyes, whatever the program says.
        CheckConstraint("decided_by <> asked_by", name="four_eyes"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    freeze_name: str
    starts: datetime = Field(sa_type=UtcDateTime)
    ends: datetime = Field(sa_type=UtcDateTime)
    why: str
    risk_in: str
    risk_out: str
    channel_id: str
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    auth: str
    decision: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_auth: str | None = None
    decision_reason: str | None = None


def add(
    session: Session,
    release_id: int,
    window: Window,
    reasons: Reasons,
    channel_id: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Raises IntegrityError where the release has a live one of this occurrence."""
    row = FreezeExceptionRow(
        release_id=release_id,
        freeze_name=window.name,
        starts=window.starts,
        ends=window.ends,
        why=reasons.why,
        risk_in=reasons.risk_in,
        risk_out=reasons.risk_out,
        channel_id=channel_id,
        asked_by=actor.slack_id,
        asked_at=now,
        auth=actor.authentication.value,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def decide(
    session: Session, exception_id: int, decision: Decision, reason: str | None, actor: Actor, now: datetime
) -> bool:
    """False where somebody else was faster."""
    open_one = update(FreezeExceptionRow).where(
        col(FreezeExceptionRow.id) == exception_id, col(FreezeExceptionRow.decision).is_(None)
    )
    done = session.connection().execute(
        open_one.values(
            decision=decision.value,
            decided_by=actor.slack_id,
            decided_at=now,
            decided_auth=actor.authentication.value,
            decision_reason=reason,
        )
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def load(session: Session, exception_id: int) -> FreezeException | None:
    statement = select(FreezeExceptionRow).where(col(FreezeExceptionRow.id) == exception_id)
    row = session.exec(statement.execution_options(populate_existing=True)).first()
    return _to_exceptions(session, [row])[0] if row else None


def channel_of(session: Session, exception_id: int) -> str:
    """Where its card stands."""
    return session.get_one(FreezeExceptionRow, exception_id).channel_id


def of_release(session: Session, release_id: int) -> list[FreezeException]:
    """The live ones, the newest first."""
    rows = session.exec(
        select(FreezeExceptionRow)
        .where(FreezeExceptionRow.release_id == release_id, LIVE)
        .order_by(col(FreezeExceptionRow.id).desc())
    ).all()
    return _to_exceptions(session, rows)


def _to_exceptions(session: Session, rows: Iterable[FreezeExceptionRow]) -> list[FreezeException]:
    rows = list(rows)
    people = person.people(session, {id_ for row in rows for id_ in (row.asked_by, row.decided_by) if id_})
    return [_to_exception(row, people) for row in rows]


def _to_exception(row: FreezeExceptionRow, people: dict[str, Person]) -> FreezeException:
    assert row.id is not None
    return FreezeException(
        id=row.id,
        release_id=row.release_id,
        freeze=row.freeze_name,
        starts=row.starts,
        ends=row.ends,
        reasons=Reasons(why=row.why, risk_in=row.risk_in, risk_out=row.risk_out),
        asked_by=_person(people, row.asked_by),
        asked_at=row.asked_at,
        decision=Decision(row.decision) if row.decision else None,
        decided_by=_person(people, row.decided_by) if row.decided_by else None,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )


def _person(people: dict[str, Person], slack_id: str) -> Person:
    return people.get(slack_id) or departed(slack_id)
