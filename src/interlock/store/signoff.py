"""Sign-off requirements and sign-offs: given, revoked or void, never edited."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, or_, text
from sqlalchemy import select as columns
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Actor, Person
from interlock.domain.card import CardRevision
from interlock.domain.fingerprint import MaterialChange, TicketSeen
from interlock.domain.policy import RequirementRule
from interlock.domain.release import Release
from interlock.domain.signoff import Decision, Requirement, Signoff
from interlock.domain.ticket import Category
from interlock.domain.ticket import Field as TicketField
from interlock.store import person
from interlock.store.base import UtcDateTime
from interlock.store.release import ScopeRow
from interlock.store.ticket import TicketChangeRow, TicketRow

LIVE = text("revoked_at IS NULL AND void_at IS NULL")


class RequirementRow(SQLModel, table=True):
    """One of the requirements of the release's copied policy, which holds its rule under the same key."""

    __tablename__ = "requirement"
    __table_args__ = (UniqueConstraint("release_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    key: str


class SignoffRow(SQLModel, table=True):
    """`decision` is approved or rejected. `auth`: how the signer was authenticated; `void_change`: what voided it."""

    __tablename__ = "signoff"
    __table_args__ = (
        # One live sign-off per person and requirement: two clicks at once cannot both win.
        Index("uq_signoff_live", "requirement_id", "slack_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        CheckConstraint("decision IN ('approved', 'rejected')", name="decision"),
        CheckConstraint("decision = 'approved' OR reason IS NOT NULL", name="reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id", index=True)
    requirement_id: int = Field(foreign_key="requirement.id")
    revision_id: str = Field(foreign_key="card_revision.id")
    slack_id: str
    decision: str
    reason: str | None = None
    fingerprint: str
    auth: str
    at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    void_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    void_change: dict[str, Any] | None = Field(default=None, sa_type=JSON)


def add_requirements(session: Session, release_id: int, rules: Iterable[RequirementRule]) -> None:
    session.add_all(RequirementRow(release_id=release_id, key=rule.key) for rule in rules)
    session.flush()


def requirements(session: Session, release: Release, requester: str | None = None) -> tuple[Requirement, ...]:
    """The release's requirements in policy's order, with their live sign-offs and those who may fill them now: not the
    requester, nor, where the rule excludes assignees, whoever worked on the scope or has no verified account.
    """
    rows = session.exec(select(RequirementRow).where(RequirementRow.release_id == release.id)).all()
    ids = {row.key: row.id for row in rows}
    given = session.exec(
        select(SignoffRow)
        .where(
            SignoffRow.release_id == release.id,
            col(SignoffRow.revoked_at).is_(None),
            col(SignoffRow.void_at).is_(None),
        )
        .order_by(col(SignoffRow.at), col(SignoffRow.id))
    ).all()
    signers = person.people(session, {row.slack_id for row in given})
    rules = release.policy.requirements
    groups = person.members(session, {group for rule in rules for group in rule.groups})
    named = person.by_email(session, {entry for rule in rules for entry in rule.people})
    eligible = {rule.key: _eligible(rule, groups, named, requester) for rule in rules}
    excluding = [rule.key for rule in rules if rule.exclude_assignees]
    accounts = {one.verified_account for key in excluding for one in eligible[key] if one.verified_account}
    free = accounts - _assigned(session, release, accounts)
    for key in excluding:
        eligible[key] = tuple(one for one in eligible[key] if one.verified_account in free)
    return tuple(
        Requirement(
            id=id_,
            key=rule.key,
            name=rule.name,
            rule=rule,
            signoffs=tuple(_signoff(row, signers) for row in given if row.requirement_id == id_),
            eligible=eligible[rule.key],
        )
        for rule in rules
        if (id_ := ids.get(rule.key)) is not None
    )


SEEN = (
    col(TicketRow.id),
    col(TicketRow.key),
    col(TicketRow.category),
    col(TicketRow.priority),
    col(TicketRow.security_level),
)


def seen_scope(session: Session, release_id: int) -> tuple[tuple[TicketSeen, ...], int]:
    """The scope as a sign-off is bound to it, by key, and how many of its tickets are restricted."""
    rows = session.execute(
        columns(*SEEN)
        .join(ScopeRow, col(ScopeRow.ticket_id) == col(TicketRow.id))
        .where(col(ScopeRow.release_id) == release_id, col(ScopeRow.removed_at).is_(None))
        .order_by(col(TicketRow.key))
    ).all()
    seen = tuple(
        TicketSeen(id=id_, key=key, done=category == Category.DONE, priority=priority)
        for id_, key, category, priority, _ in rows
    )
    return seen, sum(1 for row in rows if row[4] is not None)


def restricted(session: Session, ticket_ids: Iterable[str]) -> frozenset[str]:
    """Those of the tickets that have a security level."""
    wanted = select(TicketRow.id).where(
        col(TicketRow.id).in_(list(ticket_ids)), col(TicketRow.security_level).is_not(None)
    )
    return frozenset(session.exec(wanted).all())


def give(
    session: Session,
    requirement: Requirement,
    revision: CardRevision,
    actor: Actor,
    decision: Decision,
    reason: str | None,
    now: datetime,
) -> None:
    """Bound to the fingerprint of the revision that was seen. Raises IntegrityError where this person has a live
    sign-off for this requirement: another click was faster.
    """
    session.add(
        SignoffRow(
            release_id=revision.card.release_id,
            requirement_id=requirement.id,
            revision_id=revision.id,
            slack_id=actor.slack_id,
            decision=decision.value,
            reason=reason,
            fingerprint=revision.fingerprint,
            auth=actor.authentication.value,
            at=now,
        )
    )
    session.flush()


def revoke(session: Session, signoff: Signoff, now: datetime) -> None:
    row = session.get_one(SignoffRow, signoff.id)
    row.revoked_at = now
    session.add(row)
    session.flush()


def void(session: Session, signoff: Signoff, changes: tuple[MaterialChange, ...], now: datetime) -> None:
    """Store that it no longer counts, with the changes that caused it."""
    row = session.get_one(SignoffRow, signoff.id)
    row.void_at = now
    row.void_change = {"changes": [[change.what, change.ticket.id, change.ticket.key] for change in changes]}
    session.add(row)
    session.flush()


def lift(session: Session, rejection: Signoff, approver: str, now: datetime) -> None:
    """Store that a rejection whose giver left no longer counts, and whose approval lifted it."""
    row = session.get_one(SignoffRow, rejection.id)
    row.void_at = now
    row.void_change = {"giver_left": True, "approved_by": approver}
    session.add(row)
    session.flush()


def assigned_ticket(session: Session, release_id: int, account_id: str, since: datetime) -> tuple[str, bool] | None:
    """A ticket in scope that the account is assigned to, or was at any time since `since`: its key and whether it is
    restricted. A change of assignee after `since` tells of both: who had it until then, and who from then on.
    """
    held = select(TicketChangeRow.ticket_id).where(
        TicketChangeRow.ticket_id == TicketRow.id,
        TicketChangeRow.field == TicketField.ASSIGNEE.value,
        TicketChangeRow.at >= since,
        or_(col(TicketChangeRow.before) == account_id, col(TicketChangeRow.after) == account_id),
    )
    row = session.execute(
        select(TicketRow.key, TicketRow.security_level)
        .join(ScopeRow, col(ScopeRow.ticket_id) == col(TicketRow.id))
        .where(
            ScopeRow.release_id == release_id,
            col(ScopeRow.removed_at).is_(None),
            or_(col(TicketRow.assignee_id) == account_id, held.exists()),
        )
        .order_by(col(TicketRow.security_level).is_not(None), TicketRow.key)
        .limit(1)
    ).first()
    return (row[0], row[1] is not None) if row else None


def _eligible(
    rule: RequirementRule, groups: dict[str, list[Person]], named: dict[str, Person], requester: str | None
) -> tuple[Person, ...]:
    found = {one.slack_id: one for group in rule.groups for one in groups[group]}
    found |= {one.slack_id: one for entry in rule.people if (one := named.get(entry.casefold()))}
    found.pop(requester or "", None)
    return tuple(sorted(found.values(), key=lambda one: one.name))


def _assigned(session: Session, release: Release, accounts: Collection[str]) -> set[str]:
    """Those of the accounts that `assigned_ticket` would find a ticket for."""
    if not accounts:
        return set()
    in_scope = (col(ScopeRow.release_id) == release.id, col(ScopeRow.removed_at).is_(None))
    now = session.exec(
        select(TicketRow.assignee_id)
        .join(ScopeRow, col(ScopeRow.ticket_id) == col(TicketRow.id))
        .where(*in_scope, col(TicketRow.assignee_id).in_(accounts))
        .distinct()
    ).all()
    changes = session.exec(
        select(TicketChangeRow.before, TicketChangeRow.after)
        .join(ScopeRow, col(ScopeRow.ticket_id) == col(TicketChangeRow.ticket_id))
        .where(
            *in_scope,
            TicketChangeRow.field == TicketField.ASSIGNEE.value,
            TicketChangeRow.at >= release.scope_opened_at,
            or_(col(TicketChangeRow.before).in_(accounts), col(TicketChangeRow.after).in_(accounts)),
        )
    ).all()
    return {account for account in (*now, *(side for change in changes for side in change)) if account in accounts}


def _signoff(row: SignoffRow, signers: dict[str, Person]) -> Signoff:
    assert row.id is not None
    return Signoff(
        id=row.id,
        requirement_id=row.requirement_id,
        person=signers.get(row.slack_id) or Person(slack_id=row.slack_id, name="somebody who left", active=False),
        decision=Decision(row.decision),
        reason=row.reason,
        fingerprint=row.fingerprint,
        at=row.at,
    )
