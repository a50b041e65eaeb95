"""Sign-off requirements and sign-offs: given, revoked or void, never edited."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, or_, text
from sqlalchemy import select as columns
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Actor, Person, departed
from interlock.domain.card import SIGNOFF, CardRevision
from interlock.domain.fingerprint import MaterialChange, TicketSeen
from interlock.domain.policy import RequirementRule
from interlock.domain.release import Release
from interlock.domain.signoff import Condition, Decision, Requirement, Signoff
from interlock.domain.ticket import Category
from interlock.store import assignee, break_glass, condition, person
from interlock.store.base import UtcDateTime
from interlock.store.card import CardRow
from interlock.store.release import ScopeRow
from interlock.store.ticket import TicketRow

LIVE = text("revoked_at IS NULL AND void_at IS NULL")


class RequirementRow(SQLModel, table=True):
    """One of the requirements of the release's copied policy, which holds its rule under the same key."""

    __tablename__ = "requirement"
    __table_args__ = (UniqueConstraint("release_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    key: str


class SignoffRow(SQLModel, table=True):
    """`decision` is approved or rejected. `auth`: how the signer was authenticated; `void_change`: what voided it.

    `principal` is in whose name it was given, the signer's own mostly (None of what a program of before wrote).
    `conditional`: there are conditions to look for.
    """

    __tablename__ = "signoff"
    __table_args__ = (
        # One live sign-off per person and requirement: two clicks at once cannot both win.
        Index("uq_signoff_live", "requirement_id", "slack_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        # And one in the name of each person, whoever's hand gave it.
        Index(
            "uq_signoff_principal", "requirement_id", "principal", unique=True, sqlite_where=LIVE, postgresql_where=LIVE
        ),
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
    principal: str | None = None
    valid_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    meaning: str | None = None
    conditional: bool | None = None


def add_requirements(session: Session, release_id: int, rules: Iterable[RequirementRule]) -> None:
    """Those that the release never had: one that a changed policy asks for anew is what it was."""
    had = set(session.exec(select(RequirementRow.key).where(RequirementRow.release_id == release_id)))
    session.add_all(RequirementRow(release_id=release_id, key=rule.key) for rule in rules if rule.key not in had)
    session.flush()


def requirements(
    session: Session, release: Release, requester: str | None = None, *, now: datetime | None = None
) -> tuple[Requirement, ...]:
    """The release's requirements in policy's order, with their live sign-offs and those who may fill them now: not the
    requester nor the release manager where the rule excludes them, nor, where it excludes assignees, whoever worked on
    the scope or has no verified account. With `now`, approvals that are too old by then count no more, and broken
    glass that holds then counts.
    """
    rows = session.exec(select(RequirementRow).where(RequirementRow.release_id == release.id)).all()
    ids = {row.key: row.id for row in rows}
    rows_given = _of_release(session, release.id)
    given = [row for row in rows_given if row.void_at is None]
    lapsed = {row.requirement_id for row in rows_given if row.void_at is not None}
    signers = person.people(session, {row.slack_id for row in given} | {row.principal or "" for row in given} - {""})
    hanging = [row.id for row in given if row.conditional and row.id is not None]
    conditions = condition.of_signoffs(session, hanging) if hanging else {}
    rules = release.policy.requirements
    if requester is None and any(rule.quorum == "all" for rule in rules):
        requester = _requester(session, release.id)  # who has to sign depends on it
    groups = person.members(session, {group for rule in rules for group in rule.groups})
    named = person.by_email(session, {entry for rule in rules for entry in rule.people})
    eligible = {rule.key: _eligible(rule, groups, named, _excluded(rule, release, requester)) for rule in rules}
    excluding = [rule.key for rule in rules if rule.exclude_assignees]
    accounts = {one.verified_account for key in excluding for one in eligible[key] if one.verified_account}
    free = accounts - assignee.assigned(session, release, accounts)
    unverified = {key: tuple(one for one in eligible[key] if one.verified_account is None) for key in excluding}
    for key in excluding:
        eligible[key] = tuple(one for one in eligible[key] if one.verified_account in free)
    glass = break_glass.in_force(session, release, now, lambda: seen_scope(session, release.id)[0]) if now else None
    return tuple(
        Requirement(
            id=id_,
            key=rule.key,
            name=rule.name,
            rule=rule,
            signoffs=tuple(_signoff(row, signers, conditions) for row in given if row.requirement_id == id_),
            eligible=eligible[rule.key],
            unverified=unverified.get(rule.key, ()),
            mandatory=frozenset(one.slack_id for one in groups.get(rule.mandatory_group or "", ())),
            lapsed=id_ in lapsed,
            as_of=now,
            emergency=glass.emergency() if glass and rule.break_glass and rule.key in glass.covers else None,
        )
        for rule in rules
        if (id_ := ids.get(rule.key)) is not None
    )


def open_conditions(session: Session, release_id: int) -> tuple[Condition, ...]:
    """Of the live approvals of a release, those that are not met: while there is one, nothing goes."""
    hanging = [
        row.id
        for row in _of_release(session, release_id)
        if row.conditional and row.void_at is None and row.decision == Decision.APPROVED and row.id is not None
    ]
    found = condition.of_signoffs(session, hanging) if hanging else {}
    return tuple(each for id_ in hanging for each in found[id_] if not each.done)


def lapsed_conditions(session: Session, requirement_id: int, slack_id: str) -> tuple[Condition, ...]:
    """The open ones of the person's newest sign-off for a requirement, where that is void: they hold for what they
    affirm anew. None where they took it back themselves.
    """
    newest = session.exec(
        select(SignoffRow)
        .where(SignoffRow.requirement_id == requirement_id, SignoffRow.slack_id == slack_id)
        .order_by(col(SignoffRow.id).desc())
        .limit(1)
    ).first()
    if newest is None or newest.id is None or newest.void_at is None or not newest.conditional:
        return ()
    return tuple(each for each in condition.of_signoffs(session, [newest.id])[newest.id] if not each.done)


def void_before(session: Session, release_id: int) -> dict[tuple[int, str], datetime]:
    """By requirement and signer, when their newest sign-off became void: from then on they are asked anew."""
    rows = session.exec(
        select(SignoffRow.requirement_id, SignoffRow.slack_id, SignoffRow.void_at)
        .where(SignoffRow.release_id == release_id, col(SignoffRow.void_at).is_not(None))
        .order_by(col(SignoffRow.void_at))
    )
    return {(requirement_id, slack_id): at for requirement_id, slack_id, at in rows if at is not None}


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


def releases_with_expired(session: Session, now: datetime) -> list[int]:
    """The releases with a live sign-off that has outlived its validity."""
    live = (col(SignoffRow.revoked_at).is_(None), col(SignoffRow.void_at).is_(None))
    due = select(SignoffRow.release_id).where(*live, col(SignoffRow.valid_until) <= now).distinct()
    return sorted(session.exec(due))


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
    *,
    principal: str | None = None,
    meaning: str | None = None,
    conditions: Sequence[tuple[str, str | None]] = (),
) -> None:
    """Bound to the fingerprint of the revision that was seen; in the name of `principal`, the actor's own without.
    Raises IntegrityError where this person has a live sign-off for this requirement, or there is one in that name:
    another click was faster.
    """
    days = requirement.rule.valid_days if decision is Decision.APPROVED else None
    row = SignoffRow(
        release_id=revision.card.release_id,
        requirement_id=requirement.id,
        revision_id=revision.id,
        slack_id=actor.slack_id,
        decision=decision.value,
        reason=reason,
        fingerprint=revision.fingerprint,
        auth=actor.authentication.value,
        at=now,
        principal=principal or actor.slack_id,
        valid_until=now + timedelta(days=days) if days else None,
        meaning=meaning,
        conditional=bool(conditions),
    )
    session.add(row)
    session.flush()
    if conditions:
        assert row.id is not None
        condition.add(session, row.release_id, row.id, conditions)


def revoke(session: Session, signoff: Signoff, now: datetime) -> None:
    row = session.get_one(SignoffRow, signoff.id)
    row.revoked_at = now
    session.add(row)
    session.flush()


def void(session: Session, signoff: Signoff, changes: tuple[MaterialChange, ...], now: datetime) -> None:
    """Store that it no longer counts, with the changes that caused it."""
    row = session.get_one(SignoffRow, signoff.id)
    row.void_at = now
    row.void_change = {
        "changes": [[each.what, each.ticket.id if each.ticket else "", each.subject] for each in changes]
    }
    session.add(row)
    session.flush()


def expire(session: Session, signoff: Signoff, days: int, now: datetime) -> None:
    """Store that it counts no more, by its age."""
    row = session.get_one(SignoffRow, signoff.id)
    row.void_at = now
    row.void_change = {"expired": True, "valid_days": days}
    session.add(row)
    session.flush()


def lift(session: Session, rejection: Signoff, approver: str, now: datetime) -> None:
    """Store that a rejection whose giver left no longer counts, and whose approval lifted it."""
    row = session.get_one(SignoffRow, rejection.id)
    row.void_at = now
    row.void_change = {"giver_left": True, "approved_by": approver}
    session.add(row)
    session.flush()


def teams_of(session: Session, ticket_ids: Iterable[str]) -> dict[str, str | None]:
    """Whose each of the tickets is; of one that left the mirror, whose it was."""
    wanted = select(TicketRow.id, TicketRow.team_key).where(col(TicketRow.id).in_(list(ticket_ids)))
    return dict(session.exec(wanted).all())


def _of_release(session: Session, release_id: int) -> Sequence[SignoffRow]:
    """Those that are live, and those that became void with conditions, which may hold on."""
    return session.exec(
        select(SignoffRow)
        .where(
            SignoffRow.release_id == release_id,
            col(SignoffRow.revoked_at).is_(None),
            or_(col(SignoffRow.void_at).is_(None), col(SignoffRow.conditional).is_(True)),
        )
        .order_by(col(SignoffRow.at), col(SignoffRow.id))
    ).all()


def _requester(session: Session, release_id: int) -> str | None:
    asked = select(CardRow.requested_by).where(CardRow.release_id == release_id, CardRow.kind == SIGNOFF)
    return session.exec(asked).first()


def _excluded(rule: RequirementRule, release: Release, requester: str | None) -> set[str | None]:
    return {
        requester if rule.exclude_requester else None,
        release.created_by if rule.exclude_release_manager else None,
    }


def _eligible(
    rule: RequirementRule, groups: dict[str, list[Person]], named: dict[str, Person], excluded: set[str | None]
) -> tuple[Person, ...]:
    found = {one.slack_id: one for group in rule.groups for one in groups[group]}
    found |= {one.slack_id: one for entry in rule.people if (one := named.get(entry.casefold()))}
    able = (one for one in found.values() if one.slack_id not in excluded)
    return tuple(sorted(able, key=lambda one: one.name))


def _signoff(row: SignoffRow, signers: dict[str, Person], conditions: Mapping[int, tuple[Condition, ...]]) -> Signoff:
    assert row.id is not None
    another = row.principal if row.principal != row.slack_id else None
    return Signoff(
        id=row.id,
        requirement_id=row.requirement_id,
        person=_known(signers, row.slack_id),
        decision=Decision(row.decision),
        reason=row.reason,
        fingerprint=row.fingerprint,
        at=row.at,
        principal=_known(signers, another) if another else None,
        valid_until=row.valid_until,
        meaning=row.meaning,
        conditions=conditions.get(row.id, ()),
    )


def _known(signers: dict[str, Person], slack_id: str) -> Person:
    return signers.get(slack_id) or departed(slack_id)
