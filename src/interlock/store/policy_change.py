"""Proposals to change a release's policy, and what was said to them: kept for ever, whole, as they were shown."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func, or_, text
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Actor, Person, departed
from interlock.domain.card import CardRevision
from interlock.domain.policy import Template
from interlock.domain.policy_change import Outcome, PolicyChange, gates_changed
from interlock.domain.release import Release
from interlock.domain.signoff import Decision, Requirement, Signoff
from interlock.domain.template import essence
from interlock.store import person
from interlock.store.base import UtcDateTime
from interlock.store.release import template as read

OPEN = text("outcome IS NULL")
APPROVED = text("decision = 'approved'")
REJECTED = text("decision = 'rejected'")


class PolicyChangeRow(SQLModel, table=True):
    """`old_policy` is the release's copy as it was, `new_policy` what replaces it, both with their versions. Rows
    refuse deletion, change once they have ended, and before that in nothing but how they end.
    """

    __tablename__ = "policy_change"
    __table_args__ = (
        UniqueConstraint("release_id", "number"),
        UniqueConstraint("id", "proposed_by"),
        Index("uq_policy_change_open", "release_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        CheckConstraint("outcome IN ('applied', 'rejected', 'withdrawn', 'timed_out')", name="outcome"),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ended"),
        # Four eyes, whatever the program says.
        CheckConstraint("outcome <> 'applied' OR ended_by <> proposed_by", name="four_eyes"),
        CheckConstraint("outcome = 'timed_out' OR (outcome IS NULL) = (ended_by IS NULL)", name="ended_by"),
        CheckConstraint("closes_at > proposed_at", name="time"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    card_id: int = Field(foreign_key="card.id", unique=True)
    number: int
    template: str
    old_policy: dict[str, Any] = Field(sa_type=JSON)
    old_version: str
    new_policy: dict[str, Any] = Field(sa_type=JSON)
    new_version: str
    reason: str
    proposed_by: str
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    auth: str
    closes_at: datetime = Field(sa_type=UtcDateTime)
    outcome: str | None = None
    ended_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_reason: str | None = None


class WordRow(SQLModel, table=True):
    """Somebody's word on a proposal, for one requirement of the old policy ("" where that has none). `principal` is in
    whose name it was said, `proposed_by` the proposal's. `renewal`: how often this approval was given before and became
    too old. Rows refuse change and deletion.
    """

    __tablename__ = "policy_change_word"
    __table_args__ = (
        ForeignKeyConstraint(["change_id", "proposed_by"], ["policy_change.id", "policy_change.proposed_by"]),
        # Four eyes, whatever the program says.
        CheckConstraint("slack_id <> proposed_by AND principal <> proposed_by", name="four_eyes"),
        CheckConstraint("decision IN ('approved', 'rejected')", name="decision"),
        CheckConstraint("decision = 'approved' OR reason IS NOT NULL", name="reason"),
        # Two clicks at once cannot both win, nor two in the name of one person; and one rejection ends it.
        Index(
            "uq_policy_change_word_person",
            "change_id",
            "requirement",
            "slack_id",
            "renewal",
            unique=True,
            sqlite_where=APPROVED,
            postgresql_where=APPROVED,
        ),
        Index(
            "uq_policy_change_word_principal",
            "change_id",
            "requirement",
            "principal",
            "renewal",
            unique=True,
            sqlite_where=APPROVED,
            postgresql_where=APPROVED,
        ),
        Index(
            "uq_policy_change_word_rejection",
            "change_id",
            unique=True,
            sqlite_where=REJECTED,
            postgresql_where=REJECTED,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    change_id: int
    proposed_by: str
    requirement: str
    slack_id: str
    principal: str
    decision: str
    reason: str | None = None
    meaning: str | None = None
    revision_id: str = Field(foreign_key="card_revision.id")
    auth: str
    at: datetime = Field(sa_type=UtcDateTime)
    renewal: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


def next_number(session: Session, release_id: int) -> int:
    """For a release that the caller holds the lock of."""
    newest = session.exec(
        select(func.max(PolicyChangeRow.number)).where(PolicyChangeRow.release_id == release_id)
    ).one()
    return (newest or 0) + 1


def propose(
    session: Session,
    one: Release,
    card_id: int,
    number: int,
    new: Template,
    new_version: str,
    reason: str,
    actor: Actor,
    now: datetime,
    closes_at: datetime,
) -> PolicyChange:
    """Raises IntegrityError where the release has an open one."""
    row = PolicyChangeRow(
        release_id=one.id,
        card_id=card_id,
        number=number,
        template=one.template,
        old_policy=essence(one.policy),
        old_version=one.policy_version,
        new_policy=essence(new),
        new_version=new_version,
        reason=reason,
        proposed_by=actor.slack_id,
        proposed_at=now,
        auth=actor.authentication.value,
        closes_at=closes_at,
    )
    session.add(row)
    session.flush()
    return _changes(session, [row])[0]


def load(session: Session, change_id: int) -> PolicyChange | None:
    statement = select(PolicyChangeRow).where(PolicyChangeRow.id == change_id)
    row = session.exec(statement.execution_options(populate_existing=True)).first()
    return _changes(session, [row])[0] if row else None


def of_card(session: Session, card_id: int) -> PolicyChange | None:
    row = session.exec(select(PolicyChangeRow).where(PolicyChangeRow.card_id == card_id)).first()
    return _changes(session, [row])[0] if row else None


def open_one(session: Session, release_id: int) -> PolicyChange | None:
    """The release's proposal that has not ended, be its time over or not."""
    row = session.exec(
        select(PolicyChangeRow)
        .where(PolicyChangeRow.release_id == release_id, col(PolicyChangeRow.outcome).is_(None))
        .execution_options(populate_existing=True)
    ).first()
    return _changes(session, [row])[0] if row else None


def all_open(session: Session) -> list[PolicyChange]:
    """Those that have not ended, be their time over or not."""
    rows = session.exec(select(PolicyChangeRow).where(col(PolicyChangeRow.outcome).is_(None))).all()
    return _changes(session, rows)


def due(session: Session, now: datetime) -> list[tuple[int, int]]:
    """Those whose time is over, and their releases."""
    late = select(PolicyChangeRow.id, PolicyChangeRow.release_id).where(
        col(PolicyChangeRow.outcome).is_(None), col(PolicyChangeRow.closes_at) <= now
    )
    return [(number, release_id) for number, release_id in session.exec(late) if number is not None]


def changed_since(session: Session, since: datetime) -> set[int]:
    """The releases whose policy was changed since then."""
    applied = select(PolicyChangeRow.release_id).where(
        col(PolicyChangeRow.outcome) == Outcome.APPLIED.value, col(PolicyChangeRow.ended_at) >= since
    )
    return set(session.exec(applied))


def say(
    session: Session,
    change: PolicyChange,
    requirement: Requirement,
    revision: CardRevision,
    actor: Actor,
    decision: Decision,
    reason: str | None,
    now: datetime,
    *,
    principal: str | None = None,
    meaning: str | None = None,
) -> int:
    """Which renewal it is: 0 for a word that was not given before. Raises IntegrityError where another click was
    faster.
    """
    speaker = principal or actor.slack_id
    approved = decision is Decision.APPROVED
    renewal = _renewal(session, change, requirement, actor.slack_id, speaker, now) if approved else 0
    row = WordRow(
        release_id=change.release_id,
        change_id=change.id,
        proposed_by=change.proposed_by.slack_id,
        requirement=requirement.key,
        slack_id=actor.slack_id,
        principal=speaker,
        decision=decision.value,
        reason=reason,
        meaning=meaning,
        revision_id=revision.id,
        auth=actor.authentication.value,
        at=now,
        renewal=renewal,
    )
    session.add(row)
    session.flush()
    return renewal


def _renewal(
    session: Session, change: PolicyChange, requirement: Requirement, slack_id: str, principal: str, now: datetime
) -> int:
    """One more than the newest of theirs that is too old; what counts still is in the way of another, whoever of two
    clicks was first.
    """
    rows = session.exec(
        select(WordRow).where(
            WordRow.change_id == change.id,
            WordRow.requirement == requirement.key,
            WordRow.decision == Decision.APPROVED.value,
            or_(col(WordRow.slack_id) == slack_id, col(WordRow.principal) == principal),
        )
    )
    return max((row.renewal + 1 for row in rows if (end := _valid_until(row, requirement)) and end <= now), default=0)


def end(session: Session, change_id: int, outcome: Outcome, slack_id: str | None, reason: str, now: datetime) -> None:
    """`slack_id` None: nobody ended it, its time is over. For a release that the caller holds the lock of."""
    row = session.get_one(PolicyChangeRow, change_id)
    row.outcome, row.ended_by, row.ended_at, row.end_reason = outcome.value, slack_id, now, reason or None
    session.flush()


def gates_since(session: Session, release_id: int, at: datetime | None = None) -> dict[str, datetime]:
    """By gate, when it last became what it is by a change of the release's policy; or what it was at that moment."""
    applied = select(PolicyChangeRow).where(
        PolicyChangeRow.release_id == release_id, PolicyChangeRow.outcome == Outcome.APPLIED.value
    )
    then = applied if at is None else applied.where(col(PolicyChangeRow.ended_at) <= at)
    rows = session.exec(then.order_by(col(PolicyChangeRow.id))).all()
    return {
        name: row.ended_at
        for row in rows
        for name in gates_changed(read(row.old_policy), read(row.new_policy))
        if row.ended_at
    }


def words(
    session: Session, change: PolicyChange, requirements: Iterable[Requirement]
) -> dict[str, tuple[Signoff, ...]]:
    """By the requirement's key, what was said to the proposal for it, as sign-offs that age as the rule says."""
    rules = {each.key: each for each in requirements}
    rows = session.exec(select(WordRow).where(WordRow.change_id == change.id).order_by(col(WordRow.id))).all()
    people = person.people(session, {row.slack_id for row in rows} | {row.principal for row in rows})
    found: dict[str, tuple[Signoff, ...]] = {}
    for row in rows:
        requirement = rules.get(row.requirement)
        if requirement is not None:
            found[row.requirement] = (*found.get(row.requirement, ()), _word(row, requirement, people))
    return found


def _word(row: WordRow, requirement: Requirement, people: dict[str, Person]) -> Signoff:
    assert row.id is not None
    return Signoff(
        id=row.id,
        requirement_id=requirement.id,
        person=_person(people, row.slack_id),
        decision=Decision(row.decision),
        reason=row.reason,
        fingerprint="",
        at=row.at,
        principal=_person(people, row.principal) if row.principal != row.slack_id else None,
        valid_until=_valid_until(row, requirement),
        meaning=row.meaning,
    )


def _valid_until(row: WordRow, requirement: Requirement) -> datetime | None:
    days = requirement.rule.valid_days if row.decision == Decision.APPROVED else None
    return row.at + timedelta(days=days) if days else None


def _changes(session: Session, rows: Iterable[PolicyChangeRow]) -> list[PolicyChange]:
    listed = list(rows)
    people = person.people(session, {who for row in listed for who in (row.proposed_by, row.ended_by) if who})
    return [_change(row, people) for row in listed]


def _change(row: PolicyChangeRow, people: dict[str, Person]) -> PolicyChange:
    assert row.id is not None
    return PolicyChange(
        id=row.id,
        release_id=row.release_id,
        card_id=row.card_id,
        template=row.template,
        old=read(row.old_policy),
        old_version=row.old_version,
        new=read(row.new_policy),
        new_version=row.new_version,
        reason=row.reason,
        proposed_by=_person(people, row.proposed_by),
        proposed_at=row.proposed_at,
        closes_at=row.closes_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        ended_by=_person(people, row.ended_by) if row.ended_by else None,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
    )


def _person(people: dict[str, Person], slack_id: str) -> Person:
    return people.get(slack_id) or departed(slack_id)
