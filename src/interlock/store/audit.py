"""The audit chain's tables: append-only rows, the head that is locked while it grows, personal data apart from it."""

import json
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, true
from sqlmodel import Field, Session, SQLModel, col, func, select

from interlock.domain import audit
from interlock.domain.audit import AuditEvent, Broken, Link, Recorded
from interlock.store import audit_walk
from interlock.store.base import UtcDateTime
from interlock.store.erasure import ErasureRow

ERASED = "person.erased"


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
    rows here and leaves the chain whole; the database refuses to let go of one that no recorded erasure names.
    """

    __tablename__ = "audit_person"

    seq: int = Field(primary_key=True, foreign_key="audit_event.seq")
    role: str = Field(primary_key=True)
    salt: str
    data: dict[str, Any] = Field(sa_type=JSON)


def append(session: Session, event: AuditEvent, now: datetime) -> int:
    """Add an event in the caller's transaction, holding the head until it ends; returns the event's number."""
    head = session.exec(select(AuditHeadRow).with_for_update()).one()
    seq = head.seq + 1
    salts = {role: secrets.token_hex(16) for role in event.people}
    text = audit.body(event, seq, now, {role: audit.commitment(salts[role], event.people[role]) for role in salts})
    digest = audit.link_hash(head.hash, text)
    session.add(
        AuditRow(
            seq=seq, at=now, kind=event.kind, release_id=event.release_id, body=text, previous=head.hash, hash=digest
        )
    )
    session.flush()
    session.add_all(
        AuditPersonRow(seq=seq, role=role, salt=salts[role], data=event.people[role]) for role in event.people
    )
    head.seq, head.hash = seq, digest
    session.add(head)
    session.flush()
    return seq


def head(session: Session) -> tuple[int, str]:
    """The newest event's number and hash, as recorded; 0 before the first."""
    row = session.exec(select(AuditHeadRow)).one()
    return row.seq, row.hash


def told_since(session: Session, kind: str, release_id: int | None, facts: dict[str, Any], moment: datetime) -> bool:
    """Whether an event of this kind, about this release or none, has told these facts after that moment. The head is
    held from here on: of two who ask at once, the second sees what the first appends.
    """
    session.exec(select(AuditHeadRow).with_for_update()).one()
    bodies = session.exec(
        select(AuditRow.body).where(AuditRow.kind == kind, AuditRow.release_id == release_id, col(AuditRow.at) > moment)
    )
    return any(facts.items() <= json.loads(body)["facts"].items() for body in bodies)


def hashes(session: Session, numbers: Collection[int]) -> dict[int, str]:
    """By number, of the events of these numbers that there are."""
    rows = session.exec(select(AuditRow.seq, AuditRow.hash).where(col(AuditRow.seq).in_(numbers))).all()
    return dict(rows)


def since(session: Session, moment: datetime | None, batch: int = 1000) -> Iterator[Recorded]:
    """Every event from that moment on, in order, with the personal data that is still beside it."""
    last = 0
    start = col(AuditRow.at) >= moment if moment else true()
    while True:
        rows = session.exec(
            select(AuditRow).where(AuditRow.seq > last, start).order_by(col(AuditRow.seq)).limit(batch)
        ).all()
        if not rows:
            return
        numbers = [row.seq for row in rows]
        people: defaultdict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
        for person in session.exec(select(AuditPersonRow).where(col(AuditPersonRow.seq).in_(numbers))).all():
            people[person.seq][person.role] = person.data
        for row in rows:
            link = Link(seq=row.seq, body=row.body, previous=row.previous, hash=row.hash)
            yield Recorded(link=link, people=people[row.seq])
        last = numbers[-1]
        session.expunge_all()


def verify(session: Session, batch: int = 5000) -> tuple[int, Broken | None]:
    """Walk the whole chain in batches: how many events it has, and the first that does not hold.

    A chain shortened at its end shows against the head, a column that says otherwise than the text that is hashed does
    against that text, and personal data that was changed against its commitment.
    """
    walk = audit_walk.Walk(session, batch)
    last: audit_walk.Filed | None = None
    end = (0, audit.GENESIS)
    while events := walk.after(end[0]):
        if not audit_walk.chained(events, *end):
            before = audit_walk.link(last) if last else None
            return end[0], audit.first_broken([*map(audit_walk.link, events)], before)
        broken = _first_unlike(session, walk.doubtful(events))
        if broken:
            return end[0], broken
        last = events[-1]
        end = (last[0], last[2])
    head = session.exec(select(AuditHeadRow)).first()
    if head is None:
        return end[0], Broken(seq=end[0] + 1, why="the recorded head is missing, so what came after is not known")
    if (head.seq, head.hash) != end:
        return head.seq, Broken(seq=end[0] + 1, why=f"events up to {head.seq}, the recorded head, are missing")
    return head.seq, _first_uncounted(session)


def verify_head(session: Session) -> tuple[int, Broken | None]:
    """As `verify`, of the newest event alone: whether it is the recorded head, and says what was recorded."""
    head = session.exec(select(AuditHeadRow)).first()
    row = session.exec(select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(1)).first()
    end = (row.seq, row.hash) if row else (0, audit.GENESIS)
    if head is None or (head.seq, head.hash) != end:
        return end[0], Broken(seq=end[0] + 1, why="the recorded head is missing, or events up to it are")
    if row is not None and row.hash != audit.link_hash(row.previous, row.body):
        return end[0], Broken(seq=row.seq, why="its text is not what was recorded")
    return end[0], None


def _first_unlike(session: Session, numbers: list[int]) -> Broken | None:
    """The first of these events that is filed otherwise than its text says, or of whose people something is not as the
    text says.
    """
    if not numbers:
        return None
    rows = session.exec(select(AuditRow).where(col(AuditRow.seq).in_(numbers)).order_by(col(AuditRow.seq))).all()
    broken = _first_misfiled(rows) or _first_broken_person(session, {row.seq: json.loads(row.body) for row in rows})
    session.expunge_all()
    return broken


def _first_misfiled(rows: Sequence[AuditRow]) -> Broken | None:
    """The columns beside the text are what events are looked up by."""
    for row in rows:
        told = json.loads(row.body)
        if (told["kind"], told["release_id"], datetime.fromisoformat(told["at"])) != (row.kind, row.release_id, row.at):
            return Broken(seq=row.seq, why="it is filed otherwise than it was recorded")
    return None


def _first_broken_person(session: Session, told: dict[int, dict[str, Any]]) -> Broken | None:
    """Personal data that is present must match what the chain committed to; of what is absent an event must say that it
    was erased.
    """
    people = session.exec(
        select(AuditPersonRow).where(col(AuditPersonRow.seq).in_(told)).order_by(col(AuditPersonRow.seq))
    ).all()
    for person in people:
        if told[person.seq]["people"].get(person.role) != audit.commitment(person.salt, person.data):
            return Broken(seq=person.seq, why=f"the {person.role} recorded beside it was changed")
    erased = set(session.exec(select(ErasureRow.seq, ErasureRow.role).where(col(ErasureRow.seq).in_(told))).all())
    there = {(person.seq, person.role) for person in people} | erased
    for seq, body in told.items():
        absent = [role for role in body["people"] if (seq, role) not in there]
        if absent:
            return Broken(seq=seq, why=f"the {absent[0]} recorded beside it is gone, and no erasure says so")
    return None


def _first_uncounted(session: Session) -> Broken | None:
    """Each erasure must have taken as much as its event says."""
    erasures = select(AuditRow).where(AuditRow.kind == ERASED).order_by(col(AuditRow.seq))
    for row in session.exec(erasures):
        if _erased_by(session, row.seq) != json.loads(row.body)["facts"]["records"]:
            return Broken(seq=row.seq, why="it does not say how much was erased")
    return None


def people_of(session: Session, slack_id: str) -> list[tuple[int, str]]:
    """The events and roles in which the record has this person's data."""
    theirs = col(AuditPersonRow.data)["slack_id"].as_string() == slack_id
    rows = session.exec(select(AuditPersonRow.seq, AuditPersonRow.role).where(theirs).order_by(col(AuditPersonRow.seq)))
    return list(rows)


def erase(session: Session, records: Sequence[tuple[int, str]], by: int) -> None:
    """Let this personal data go, as the event `by` (of the kind ERASED) says, whose facts tell how many `records`."""
    session.add_all(ErasureRow(seq=seq, role=role, event=by) for seq, role in records)
    session.flush()
    for seq, role in records:
        session.delete(session.get_one(AuditPersonRow, (seq, role)))
    session.flush()


def _erased_by(session: Session, seq: int) -> int:
    return session.exec(select(func.count()).select_from(ErasureRow).where(ErasureRow.event == seq)).one()
