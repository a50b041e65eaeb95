"""Risks, assumptions, issues and decisions, and the history of each."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, CursorResult, Index, Row, select, update
from sqlmodel import Field, Session, SQLModel, col

from interlock.domain import raid as rules
from interlock.domain.actor import Person, departed
from interlock.domain.raid import Change, Deed, Entry, Kind, Mitigation, State
from interlock.domain.raid_draft import RaidDraft
from interlock.domain.release import ENDED, ReleaseName
from interlock.domain.ticket import Category
from interlock.store import person
from interlock.store.base import UtcDateTime
from interlock.store.release import ReleaseRow
from interlock.store.ticket import TicketRow


class RaidRow(SQLModel, table=True):
    """An entry of the RAID log; `kind` and `state` are those of domain.raid. `contributors` and `informed` are Slack
    ids. A closed row refuses every change, and no row can be deleted: see the migration. `request_id` names the request
    that made it, so that a repeat of the request finds it.
    """

    __tablename__ = "raid_entry"
    __table_args__ = (
        CheckConstraint("kind IN ('risk', 'assumption', 'issue', 'decision')", name="kind"),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="outcome"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("(kind = 'risk') = (probability IS NOT NULL)", name="probability"),
        CheckConstraint("(kind = 'risk') = (impact IS NOT NULL)", name="impact"),
        CheckConstraint("probability BETWEEN 1 AND 5 AND impact BETWEEN 1 AND 5", name="scale"),
        Index("ix_raid_entry_release", "release_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    release_id: int = Field(foreign_key="release.id")
    title: str
    owner: str
    probability: int | None = None
    impact: int | None = None
    review_on: date
    details: str = ""
    ticket_id: str | None = Field(default=None, foreign_key="ticket.id")
    approver: str | None = None
    contributors: list[str] = Field(default_factory=list, sa_type=JSON)
    informed: list[str] = Field(default_factory=list, sa_type=JSON)
    state: str = "open"
    version: int = 1
    request_id: str | None = Field(default=None, unique=True)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    outcome: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RaidChangeRow(SQLModel, table=True):
    """What was done to an entry, append-only. `before` and `after` hold what changed, as domain.raid.facts names it."""

    __tablename__ = "raid_change"

    id: int | None = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="raid_entry.id", index=True)
    deed: str
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    note: str = ""
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


def load(session: Session, entry_id: int, *, lock: bool = False) -> Entry | None:
    """With `lock`, nobody else changes it until the transaction ends."""
    if lock:
        session.execute(select(col(RaidRow.id)).where(col(RaidRow.id) == entry_id).with_for_update())
    return next(iter(_load(session, col(RaidRow.id) == entry_id)), None)


def of_request(session: Session, request_id: str) -> Entry | None:
    return next(iter(_load(session, col(RaidRow.request_id) == request_id)), None)


def of_release(session: Session, release_id: int) -> tuple[Entry, ...]:
    """Open and closed, in the order in which they matter."""
    return rules.ranked(_load(session, col(RaidRow.release_id) == release_id))


def open_high_risks(session: Session, release_id: int, high_score: int) -> tuple[Entry, ...]:
    """The open risks of a release whose probability times impact reaches `high_score` (the policy's
    `raid.high_score`), the highest first.
    """
    risks = (RaidRow.release_id == release_id, RaidRow.kind == Kind.RISK.value, RaidRow.state == State.OPEN.value)
    reaching = col(RaidRow.probability) * col(RaidRow.impact) >= high_score
    return rules.high_risks(_load(session, *risks, reaching), high_score)


def overdue(session: Session, release_id: int, today: date) -> tuple[Entry, ...]:
    """The open entries of a release whose day of review is past, in the order in which they matter."""
    late = (RaidRow.release_id == release_id, RaidRow.state == State.OPEN.value, col(RaidRow.review_on) < today)
    return rules.ranked(each for each in _load(session, *late) if rules.is_overdue(each, today))


def to_review(session: Session, latest: date) -> list[Entry]:
    """The open entries of releases under way that are to be looked at again by that day."""
    due = (RaidRow.state == State.OPEN.value, col(RaidRow.review_on) <= latest)
    return _load(session, *due, col(ReleaseRow.stage).not_in(ENDED))


def history(session: Session, entry_id: int) -> tuple[Change, ...]:
    """The oldest first."""
    rows = session.scalars(
        select(RaidChangeRow).where(col(RaidChangeRow.entry_id) == entry_id).order_by(col(RaidChangeRow.id))
    ).all()
    people = person.people(session, {row.by for row in rows})
    return tuple(
        Change(
            deed=Deed(row.deed),
            at=row.at,
            by=_somebody(people, row.by),
            note=row.note,
            before=row.before,
            after=row.after,
        )
        for row in rows
    )


def add(session: Session, draft: RaidDraft, ticket_id: str | None, by: str, request_id: str, now: datetime) -> Entry:
    """A draft without problems."""
    named: dict[str, Any] = {"kind": draft.kind.value, "request_id": request_id, "created_by": by, "created_at": now}
    row = RaidRow(**named, **_said(draft, ticket_id))
    session.add(row)
    session.flush()
    assert row.id is not None
    return _again(session, row.id)


def change(session: Session, entry: Entry, draft: RaidDraft, ticket_id: str | None) -> Entry:
    """Of an open entry that the caller holds the lock of."""
    _set(session, entry, **_said(draft, ticket_id))
    return _again(session, entry.id)


def review(session: Session, entry: Entry, probability: int | None, impact: int | None, review_on: date) -> Entry:
    """As `change`."""
    _set(session, entry, probability=probability, impact=impact, review_on=review_on)
    return _again(session, entry.id)


def close(session: Session, entry: Entry, outcome: str, by: str, now: datetime) -> Entry:
    """As `change`, for the last time."""
    _set(session, entry, state=State.CLOSED.value, outcome=outcome, closed_by=by, closed_at=now)
    return _again(session, entry.id)


def remember(
    session: Session, before: Entry | None, after: Entry, deed: Deed, by: str, note: str, now: datetime
) -> None:
    """A line of the entry's history; `before` is None for the first."""
    old, new = rules.difference(before, after) if before else ({}, rules.facts(after))
    session.add(RaidChangeRow(entry_id=after.id, deed=deed.value, at=now, by=by, note=note, before=old, after=new))
    session.flush()


def _said(draft: RaidDraft, ticket_id: str | None) -> dict[str, Any]:
    """The columns that a draft fills."""
    risk, decision = draft.kind is Kind.RISK, draft.kind is Kind.DECISION
    return {
        "release_id": draft.release_id,
        "title": draft.title,
        "owner": draft.owner,
        "probability": draft.probability if risk else None,
        "impact": draft.impact if risk else None,
        "review_on": draft.review_on,
        "details": draft.details,
        "ticket_id": ticket_id,
        "approver": draft.approver if decision else None,
        "contributors": list(draft.contributors) if decision else [],
        "informed": list(draft.informed) if decision else [],
    }


def _set(session: Session, entry: Entry, **values: Any) -> None:
    still = (col(RaidRow.id) == entry.id, col(RaidRow.version) == entry.version)
    done = session.execute(update(RaidRow).where(*still).values(version=entry.version + 1, **values))
    assert isinstance(done, CursorResult)
    assert done.rowcount == 1, "the caller holds its lock"


def _again(session: Session, entry_id: int) -> Entry:
    found = load(session, entry_id)
    assert found is not None
    return found


def _load(session: Session, *which: Any) -> list[Entry]:
    """In the order in which they were made."""
    statement = (
        select(RaidRow, col(ReleaseRow.name), col(ReleaseRow.channel_id), col(ReleaseRow.stage))
        .join(ReleaseRow, col(ReleaseRow.id) == col(RaidRow.release_id))
        .where(*which)
        .order_by(col(RaidRow.id))
        # What was changed by an UPDATE of this transaction is read anew.
        .execution_options(populate_existing=True)
    )
    rows = session.execute(statement).all()
    entries = [row for row, _, _, _ in rows]
    people = person.people(session, {one for row in entries for one in _people_of(row)})
    tickets = _tickets(session, {row.ticket_id for row in entries if row.ticket_id})
    return [_to_entry(row, _release(row, name, channel, stage), people, tickets) for row, name, channel, stage in rows]


def _people_of(row: RaidRow) -> Iterable[str]:
    return filter(None, (row.owner, row.approver, row.closed_by, *row.contributors, *row.informed))


def _tickets(session: Session, ids: Iterable[str]) -> dict[str, Mitigation]:
    columns = (TicketRow.id, TicketRow.key, TicketRow.summary, TicketRow.category)
    rows = session.execute(
        select(*map(col, columns), col(TicketRow.security_level), col(TicketRow.deleted_at)).where(
            col(TicketRow.id).in_(list(ids))
        )
    )
    return {row[0]: _mitigation(row) for row in rows}


def _mitigation(row: Row[*tuple[Any, ...]]) -> Mitigation:
    id_, key, title, category, security_level, deleted_at = row
    return Mitigation(
        id=id_,
        key=key,
        title=title,
        done=category == Category.DONE.value,
        shown=security_level is None,
        gone=deleted_at is not None,
    )


def _release(row: RaidRow, name: str, channel_id: str, stage: str) -> ReleaseName:
    return ReleaseName(id=row.release_id, name=name, channel_id=channel_id, ended=stage in ENDED)


def _somebody(people: dict[str, Person], slack_id: str) -> Person:
    return people.get(slack_id) or departed(slack_id)


def _to_entry(row: RaidRow, release: ReleaseName, people: dict[str, Person], tickets: dict[str, Mitigation]) -> Entry:
    assert row.id is not None
    return Entry(
        id=row.id,
        kind=Kind(row.kind),
        release=release,
        title=row.title,
        owner=_somebody(people, row.owner),
        review_on=row.review_on,
        state=State(row.state),
        version=row.version,
        created_by=row.created_by,
        created_at=row.created_at,
        probability=row.probability,
        impact=row.impact,
        details=row.details,
        ticket=tickets.get(row.ticket_id) if row.ticket_id else None,
        approver=_somebody(people, row.approver) if row.approver else None,
        contributors=tuple(_somebody(people, each) for each in row.contributors),
        informed=tuple(_somebody(people, each) for each in row.informed),
        outcome=row.outcome,
        closed_by=_somebody(people, row.closed_by) if row.closed_by else None,
        closed_at=row.closed_at,
    )
