"""What criteria are judged by that nobody mirrors: boxes that people tick, figures that programs push."""

from datetime import datetime

from sqlalchemy import Index, func
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import SOMEBODY
from interlock.domain.criterion import Evidence
from interlock.store import person, policy_change
from interlock.store.base import UtcDateTime


class EvidenceRow(SQLModel, table=True):
    """The newest of a criterion counts; rows refuse change and deletion. A person's has `slack_id`, a program's the
    label of its token as `reporter`.
    """

    __tablename__ = "criterion_evidence"
    __table_args__ = (Index("ix_criterion_evidence", "release_id", "criterion", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    criterion: str
    ticked: bool = False
    link: str | None = None
    value: float | None = None
    slack_id: str | None = None
    reporter: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)


def tick(
    session: Session, release_id: int, criterion: str, slack_id: str, now: datetime, *, ticked: bool, link: str | None
) -> None:
    row = EvidenceRow(release_id=release_id, criterion=criterion, ticked=ticked, link=link, slack_id=slack_id, at=now)
    session.add(row)
    session.flush()


def report(
    session: Session, release_id: int, criterion: str, value: float, reporter: str, link: str | None, now: datetime
) -> None:
    row = EvidenceRow(release_id=release_id, criterion=criterion, value=value, reporter=reporter, link=link, at=now)
    session.add(row)
    session.flush()


def newest(session: Session, release_id: int, at: datetime | None = None) -> dict[str, Evidence]:
    """By criterion; as it was at that moment, where one is given. A tick from before a change of the release's policy
    made the gate another one counts no more; a figure is held against the new bounds.
    """
    until = [] if at is None else [col(EvidenceRow.at) <= at]
    last = (
        select(func.max(EvidenceRow.id))
        .where(EvidenceRow.release_id == release_id, *until)
        .group_by(col(EvidenceRow.criterion))
    )
    rows = session.exec(select(EvidenceRow).where(col(EvidenceRow.id).in_(last))).all()
    since = policy_change.gates_since(session, release_id, at) if any(row.ticked for row in rows) else {}
    people = person.people(session, {row.slack_id for row in rows if row.slack_id})
    return {
        row.criterion: Evidence(
            at=row.at,
            by=row.reporter or (people[row.slack_id].name if row.slack_id in people else SOMEBODY),
            ticked=row.ticked,
            link=row.link,
            value=row.value,
        )
        for row in rows
        if not (row.ticked and row.criterion in since and row.at < since[row.criterion])
    }
