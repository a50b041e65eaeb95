"""Roll-calls and their votes: given, superseded or void, never edited."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, func, text
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Actor, Person, departed
from interlock.domain.card import CardRevision
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.gonogo import Choice, Outcome, RollCall, Vote
from interlock.domain.policy import GonogoRule, Policy
from interlock.store import person
from interlock.store.base import UtcDateTime
from interlock.store.release import gonogo_rule

OPEN = text("ended_at IS NULL")
LIVE = text("superseded_at IS NULL AND void_at IS NULL")


class GonogoRow(SQLModel, table=True):
    """A roll-call. `rule` is the template's of then. Rows refuse deletion, and change once they have ended."""

    __tablename__ = "gonogo"
    __table_args__ = (
        UniqueConstraint("release_id", "number"),
        Index("uq_gonogo_open", "release_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        CheckConstraint("outcome IN ('go', 'no_go', 'not_enough', 'withdrawn')", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (ended_at IS NULL) AND (outcome IS NULL) = (ended_by IS NULL)", name="ended"
        ),
        CheckConstraint("closes_at > opened_at", name="time"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    card_id: int = Field(foreign_key="card.id", unique=True)
    number: int
    rule: dict[str, Any] = Field(sa_type=JSON)
    policy_version: str
    opened_by: str
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closes_at: datetime = Field(sa_type=UtcDateTime)
    outcome: str | None = None
    ended_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_reason: str | None = None
    end_revision_id: str | None = Field(default=None, foreign_key="card_revision.id")


class VoteRow(SQLModel, table=True):
    """`auth`: how its giver was authenticated; `void_change`: what of the scope voided it. Rows refuse deletion, and
    change but for being superseded or void.
    """

    __tablename__ = "gonogo_vote"
    __table_args__ = (
        # Two people of one role at once cannot both win, nor can one person hold two roles' votes.
        Index("uq_gonogo_vote_role", "gonogo_id", "role", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("uq_gonogo_vote_person", "gonogo_id", "slack_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        CheckConstraint("choice IN ('go', 'no_go', 'abstain')", name="choice"),
        CheckConstraint("choice <> 'no_go' OR reason IS NOT NULL", name="reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id", index=True)
    gonogo_id: int = Field(foreign_key="gonogo.id")
    role: str
    slack_id: str
    choice: str
    reason: str | None = None
    revision_id: str = Field(foreign_key="card_revision.id")
    fingerprint: str
    auth: str
    at: datetime = Field(sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    void_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    void_change: dict[str, Any] | None = Field(default=None, sa_type=JSON)


def next_number(session: Session, release_id: int) -> int:
    """For a release that the caller holds the lock of."""
    newest = session.exec(select(func.max(GonogoRow.number)).where(GonogoRow.release_id == release_id)).one()
    return (newest or 0) + 1


def add(
    session: Session,
    release_id: int,
    card_id: int,
    number: int,
    rule: GonogoRule,
    policy_version: str,
    opened_by: str,
    now: datetime,
    closes_at: datetime,
) -> RollCall:
    """Raises IntegrityError where the release has an open one."""
    row = GonogoRow(
        release_id=release_id,
        card_id=card_id,
        number=number,
        rule=asdict(rule),
        policy_version=policy_version,
        opened_by=opened_by,
        opened_at=now,
        closes_at=closes_at,
    )
    session.add(row)
    session.flush()
    return _roll_call(session, row)


def load(session: Session, gonogo_id: int) -> RollCall | None:
    row = session.get(GonogoRow, gonogo_id, populate_existing=True)
    return _roll_call(session, row) if row else None


def open_one(session: Session, release_id: int) -> RollCall | None:
    """The release's roll-call that has not ended, be its time over or not."""
    row = session.exec(
        select(GonogoRow)
        .where(GonogoRow.release_id == release_id, col(GonogoRow.ended_at).is_(None))
        .execution_options(populate_existing=True)
    ).first()
    return _roll_call(session, row) if row else None


def of_card(session: Session, card_id: int) -> RollCall | None:
    row = session.exec(select(GonogoRow).where(GonogoRow.card_id == card_id)).first()
    return _roll_call(session, row) if row else None


def all_open(session: Session) -> list[RollCall]:
    """Every roll-call that has not ended, the oldest first."""
    rows = session.exec(select(GonogoRow).where(col(GonogoRow.ended_at).is_(None)).order_by(col(GonogoRow.id))).all()
    return [_roll_call(session, row) for row in rows]


def give(
    session: Session,
    roll_call: RollCall,
    role: str,
    revision: CardRevision,
    actor: Actor,
    choice: Choice,
    reason: str | None,
    now: datetime,
) -> None:
    """In the place of the role's vote, and of the person's. Raises IntegrityError where another was faster."""
    for before in {each.id: each for each in roll_call.votes if _replaced(each, role, actor)}.values():
        session.get_one(VoteRow, before.id).superseded_at = now
    session.flush()
    session.add(
        VoteRow(
            release_id=roll_call.release_id,
            gonogo_id=roll_call.id,
            role=role,
            slack_id=actor.slack_id,
            choice=choice.value,
            reason=reason,
            revision_id=revision.id,
            fingerprint=revision.fingerprint,
            auth=actor.authentication.value,
            at=now,
        )
    )
    session.flush()


def void(session: Session, vote_id: int, changes: Iterable[MaterialChange], now: datetime) -> None:
    """Store that it no longer counts, with the changes that caused it."""
    row = session.get_one(VoteRow, vote_id)
    row.void_at = now
    row.void_change = {
        "changes": [[each.what, each.ticket.id if each.ticket else "", each.subject] for each in changes]
    }
    session.flush()


def end(
    session: Session,
    gonogo_id: int,
    outcome: Outcome,
    slack_id: str,
    reason: str,
    revision: CardRevision,
    now: datetime,
) -> None:
    """`revision` shows what was so at the end."""
    row = session.get_one(GonogoRow, gonogo_id)
    row.outcome, row.ended_by, row.ended_at = outcome.value, slack_id, now
    row.end_reason, row.end_revision_id = reason or None, revision.id
    session.flush()


def voided(session: Session, vote_id: int) -> tuple[RollCall, VoteRow] | None:
    """A void vote and its roll-call as it is now."""
    row = session.get(VoteRow, vote_id)
    if row is None or row.void_change is None:
        return None
    roll_call = load(session, row.gonogo_id)
    return (roll_call, row) if roll_call else None


def voters(session: Session, policy: Policy, roles: Iterable[str]) -> dict[str, tuple[Person, ...]]:
    """Who may vote for each role, as mirrored, by name. A role that the policy no longer has has nobody."""
    known = {role: policy.roles.get(role) for role in roles}
    held = [each for each in known.values() if each]
    groups = person.members(session, {group for each in held for group in each.groups})
    named = person.by_email(session, {email for each in held for email in each.people})
    found = {}
    for role, each in known.items():
        able = {one.slack_id: one for group in (each.groups if each else ()) for one in groups[group]}
        able |= {one.slack_id: one for email in (each.people if each else ()) if (one := named.get(email.casefold()))}
        found[role] = tuple(sorted(able.values(), key=lambda one: one.name))
    return found


def _replaced(vote: Vote, role: str, actor: Actor) -> bool:
    return vote.role == role or vote.person.slack_id == actor.slack_id


def _roll_call(session: Session, row: GonogoRow) -> RollCall:
    assert row.id is not None
    rows = session.exec(
        select(VoteRow)
        .where(VoteRow.gonogo_id == row.id, col(VoteRow.superseded_at).is_(None), col(VoteRow.void_at).is_(None))
        .order_by(col(VoteRow.at), col(VoteRow.id))
    ).all()
    people = person.people(session, {each.slack_id for each in rows})
    return RollCall(
        id=row.id,
        release_id=row.release_id,
        card_id=row.card_id,
        number=row.number,
        rule=gonogo_rule(row.rule),
        policy_version=row.policy_version,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        votes=tuple(_vote(each, people) for each in rows),
        outcome=Outcome(row.outcome) if row.outcome else None,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        end_revision_id=row.end_revision_id,
    )


def _vote(row: VoteRow, people: dict[str, Person]) -> Vote:
    assert row.id is not None
    return Vote(
        id=row.id,
        role=row.role,
        person=people.get(row.slack_id) or departed(row.slack_id),
        choice=Choice(row.choice),
        reason=row.reason,
        fingerprint=row.fingerprint,
        at=row.at,
    )
