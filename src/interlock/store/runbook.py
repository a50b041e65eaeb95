"""Runs of runbooks: begun and ended once, their steps as they were then, and what was done to each, for good."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Actor, Person, departed
from interlock.domain.policy import StepRule
from interlock.domain.release import ENDED, Release
from interlock.domain.runbook import Deed, End, Mark, Outcome, Progress, Run, Step
from interlock.domain.runbook_rules import usual
from interlock.store import person
from interlock.store.base import UtcDateTime
from interlock.store.release import ReleaseRow

ONGOING = text("ended_at IS NULL")
SETTLED = text("deed IN ('done', 'skipped')")


class RunRow(SQLModel, table=True):
    """How it was begun does not change; how it ended is told once. `outcome`: done or aborted."""

    __tablename__ = "runbook_run"
    __table_args__ = (
        UniqueConstraint("release_id", "number"),
        # Two starts at once cannot both win.
        Index("uq_runbook_run_ongoing", "release_id", unique=True, sqlite_where=ONGOING, postgresql_where=ONGOING),
        CheckConstraint("outcome IN ('done', 'aborted')", name="outcome"),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    number: int
    card_id: int = Field(foreign_key="card.id", index=True)
    started_by: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
    reason: str = ""


class StepRow(SQLModel, table=True):
    """A step as the release's policy had it when the run began. `usual_minutes`: see `domain.runbook.Step`."""

    __tablename__ = "runbook_step"
    __table_args__ = (UniqueConstraint("run_id", "position"), UniqueConstraint("run_id", "key"))

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="runbook_run.id")
    position: int
    key: str
    rule: dict[str, Any] = Field(sa_type=JSON)
    usual_minutes: int | None = None


class MarkRow(SQLModel, table=True):
    """What somebody did to a step: rows refuse change and deletion. `auth`: how they were authenticated."""

    __tablename__ = "runbook_mark"
    __table_args__ = (
        UniqueConstraint("step_id", "deed"),
        # A step is ticked or skipped, once: of two people at the same instant one wins.
        Index("uq_runbook_mark_settled", "step_id", unique=True, sqlite_where=SETTLED, postgresql_where=SETTLED),
        CheckConstraint("deed IN ('started', 'failed', 'done', 'skipped')", name="deed"),
        CheckConstraint("deed NOT IN ('failed', 'skipped') OR note <> ''", name="note"),
    )

    id: int | None = Field(default=None, primary_key=True)
    step_id: int = Field(foreign_key="runbook_step.id")
    deed: str
    slack_id: str
    auth: str
    note: str = ""
    at: datetime = Field(sa_type=UtcDateTime)


def start(
    session: Session, release_id: int, number: int, card_id: int, steps: Iterable[Step], actor: Actor, now: datetime
) -> int:
    """The new run's id. Raises IntegrityError where the release has a run that has not ended."""
    row = RunRow(release_id=release_id, number=number, card_id=card_id, started_by=actor.slack_id, started_at=now)
    session.add(row)
    session.flush()
    assert row.id is not None
    session.add_all(
        StepRow(
            run_id=row.id,
            position=step.number,
            key=step.rule.key,
            rule=asdict(step.rule),
            usual_minutes=step.usual_minutes,
        )
        for step in steps
    )
    session.flush()
    return row.id


def mark(session: Session, step_id: int, deed: Deed, actor: Actor, note: str, now: datetime) -> None:
    """Raises IntegrityError where that was done to the step already, or it was settled otherwise."""
    session.add(
        MarkRow(
            step_id=step_id,
            deed=deed.value,
            slack_id=actor.slack_id,
            auth=actor.authentication.value,
            note=note,
            at=now,
        )
    )
    session.flush()


def end(session: Session, run_id: int, outcome: Outcome, actor: Actor, reason: str, now: datetime) -> None:
    row = session.get_one(RunRow, run_id)
    row.ended_by, row.ended_at, row.outcome, row.reason = actor.slack_id, now, outcome.value, reason
    session.add(row)
    session.flush()


def latest(session: Session, release_id: int) -> Run | None:
    """The release's newest run; None where none was begun."""
    newest = select(RunRow.id).where(RunRow.release_id == release_id).order_by(col(RunRow.number).desc())
    run_id = session.exec(newest).first()
    return load(session, run_id) if run_id is not None else None


def of_card(session: Session, card_id: int) -> Run | None:
    run_id = session.exec(select(RunRow.id).where(RunRow.card_id == card_id)).first()
    return load(session, run_id) if run_id is not None else None


def place_of_step(session: Session, step_id: int) -> tuple[int, int] | None:
    """The run and the release that a step is of: what has to be locked before more is read."""
    row = session.execute(
        columns(col(RunRow.id), col(RunRow.release_id))
        .join(StepRow, col(StepRow.run_id) == col(RunRow.id))
        .where(col(StepRow.id) == step_id)
    ).first()
    return (row[0], row[1]) if row else None


def release_of(session: Session, run_id: int) -> int | None:
    return session.exec(select(RunRow.release_id).where(RunRow.id == run_id)).first()


def ongoing(session: Session) -> list[int]:
    """The runs that have not ended, of releases that have not either."""
    statement = (
        select(RunRow.id)
        .join(ReleaseRow, col(ReleaseRow.id) == col(RunRow.release_id))
        .where(col(RunRow.ended_at).is_(None), col(ReleaseRow.stage).not_in(ENDED))
        .order_by(col(RunRow.id))
    )
    return [run_id for run_id in session.exec(statement) if run_id is not None]


def load(session: Session, run_id: int) -> Run:
    row = session.exec(select(RunRow).where(RunRow.id == run_id).execution_options(populate_existing=True)).one()
    steps = session.exec(select(StepRow).where(StepRow.run_id == run_id).order_by(col(StepRow.position))).all()
    marks = session.exec(
        select(MarkRow)
        .where(col(MarkRow.step_id).in_([step.id for step in steps]))
        .order_by(col(MarkRow.at), col(MarkRow.id))
    ).all()
    ids = {row.started_by, *(each.slack_id for each in marks)} | ({row.ended_by} if row.ended_by else set())
    people = person.people(session, ids)
    by_step: defaultdict[int, list[MarkRow]] = defaultdict(list)
    for each in marks:
        by_step[each.step_id].append(each)
    assert row.id is not None
    return Run(
        id=row.id,
        release_id=row.release_id,
        number=row.number,
        card_id=row.card_id,
        started_by=_who(row.started_by, people),
        started_at=row.started_at,
        steps=tuple(_step(step, by_step[step.id or 0], people) for step in steps),
        end=_end(row, people),
    )


def progress(session: Session, release_id: int) -> Progress:
    """How far the release's newest run is, for whoever guards what comes after the deployment. The caller holds the
    release's lock where it decides by this. A runbook that nobody began has all its steps before it.
    """
    stored = session.execute(columns(col(ReleaseRow.policy)).where(col(ReleaseRow.id) == release_id)).scalar_one()
    run = latest(session, release_id)
    if run is None:
        return Progress(steps=len(stored.get("runbook", ())))
    return Progress(
        steps=len(run.steps),
        settled=sum(1 for step in run.steps if step.settled),
        skipped=sum(1 for step in run.steps if step.mark(Deed.SKIPPED)),
        failed=sum(1 for step in run.steps if step.mark(Deed.FAILED) and not step.settled),
        run=run.number,
        end=run.end.outcome if run.end else None,
    )


def usual_minutes(session: Session, one: Release) -> dict[str, int]:
    """By step key, how long it usually takes in other releases of the same template. What failed on its way, and what
    was skipped, says nothing of that; of a release that ran twice the newest run counts.
    """
    begun, done, failed = aliased(MarkRow), aliased(MarkRow), aliased(MarkRow)
    rows = session.execute(
        columns(col(StepRow.key), col(RunRow.release_id), col(begun.at), col(done.at))
        .join(RunRow, col(RunRow.id) == col(StepRow.run_id))
        .join(ReleaseRow, col(ReleaseRow.id) == col(RunRow.release_id))
        .join(begun, (col(begun.step_id) == col(StepRow.id)) & (col(begun.deed) == Deed.STARTED.value))
        .join(done, (col(done.step_id) == col(StepRow.id)) & (col(done.deed) == Deed.DONE.value))
        .outerjoin(failed, (col(failed.step_id) == col(StepRow.id)) & (col(failed.deed) == Deed.FAILED.value))
        .where(
            col(ReleaseRow.template) == one.template,
            col(ReleaseRow.id) != one.id,
            col(StepRow.key).in_([rule.key for rule in one.policy.runbook]),
            col(failed.id).is_(None),
        )
        .order_by(col(done.at).desc(), col(done.id).desc())
    ).all()
    took: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for key, release_id, started_at, done_at in rows:
        took[key].setdefault(release_id, (done_at - started_at).total_seconds() / 60)
    known = {key: usual(list(by_release.values())) for key, by_release in took.items()}
    return {key: minutes for key, minutes in known.items() if minutes is not None}


def _step(row: StepRow, marks: Sequence[MarkRow], people: dict[str, Person]) -> Step:
    assert row.id is not None
    return Step(
        id=row.id,
        number=row.position,
        rule=StepRule(**row.rule),
        usual_minutes=row.usual_minutes,
        marks=tuple(
            Mark(deed=Deed(each.deed), person=_who(each.slack_id, people), at=each.at, note=each.note) for each in marks
        ),
    )


def _end(row: RunRow, people: dict[str, Person]) -> End | None:
    if row.ended_at is None or row.ended_by is None or row.outcome is None:
        return None
    return End(outcome=Outcome(row.outcome), person=_who(row.ended_by, people), at=row.ended_at, reason=row.reason)


def _who(slack_id: str, people: dict[str, Person]) -> Person:
    return people.get(slack_id) or departed(slack_id)
