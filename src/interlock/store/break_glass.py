"""Broken glass: asked for, confirmed, ended and reviewed once each, kept for ever."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, CursorResult, Index, func, text, update
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import SYSTEM, Actor, Person, departed
from interlock.domain.break_glass import BreakGlass, Outcome, Review
from interlock.domain.card import CardRevision
from interlock.domain.fingerprint import POLICY_CHANGED, MaterialChange, TicketSeen, fingerprint, material_changes
from interlock.domain.policy import BreakGlassRule
from interlock.domain.release import Release
from interlock.store import card, person
from interlock.store.base import UtcDateTime

LIVE = text("outcome IS NULL")
SYSTEM_ENDS = "'unanswered', 'lapsed', 'overtaken', 'left'"


class BreakGlassRow(SQLModel, table=True):
    """`revision_id` is the drawing that whoever asked was shown, `confirmed_revision_id` the one that was confirmed by;
    `…auth` how each was authenticated. What is filled is filled once.
    """

    __tablename__ = "break_glass"
    __table_args__ = (
        # One at a time: of two that ask at once, one does.
        Index("uq_break_glass_live", "release_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        # Two people, whatever the program says; and neither of them reviews it.
        CheckConstraint("confirmed_by <> asked_by", name="four_eyes"),
        CheckConstraint("reviewed_by <> asked_by AND reviewed_by <> confirmed_by", name="other_eyes"),
        CheckConstraint("answer_by > asked_at AND confirmed_at < answer_by AND until > confirmed_at", name="time"),
        CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL) AND (confirmed_by IS NULL) = (until IS NULL) "
            "AND (confirmed_by IS NULL) = (confirmed_revision_id IS NULL)",
            name="confirmed",
        ),
        CheckConstraint(f"outcome IN ('withdrawn', 'revoked', {SYSTEM_ENDS})", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (ended_at IS NULL) "
            "AND (outcome IN ('withdrawn', 'unanswered') AND confirmed_by IS NOT NULL) IS NOT TRUE "
            "AND (outcome IN ('revoked', 'lapsed') AND confirmed_by IS NULL) IS NOT TRUE",
            name="ended",
        ),
        CheckConstraint(
            "(reviewed_by IS NULL) = (reviewed_at IS NULL) AND (reviewed_by IS NULL) = (review IS NULL) "
            "AND (reviewed_by IS NULL OR confirmed_by IS NOT NULL)",
            name="reviewed",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id", index=True)
    card_id: int = Field(foreign_key="card.id", unique=True)
    reason: str
    requirements: list[Any] = Field(sa_type=JSON)
    policy_version: str
    fingerprint: str = Field(foreign_key="scope_snapshot.fingerprint")
    revision_id: str = Field(foreign_key="card_revision.id")
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    auth: str
    answer_by: datetime = Field(sa_type=UtcDateTime)
    holds_hours: int
    sent_to: list[Any] = Field(sa_type=JSON)
    confirmed_by: str | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_auth: str | None = None
    confirmed_revision_id: str | None = Field(default=None, foreign_key="card_revision.id")
    covers: list[Any] | None = Field(default=None, sa_type=JSON)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
    ended_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_auth: str | None = None
    end_reason: str | None = None
    end_change: list[Any] | None = Field(default=None, sa_type=JSON)
    reviewed_by: str | None = None
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    review_auth: str | None = None
    review: str | None = None


def add(
    session: Session,
    release: Release,
    rule: BreakGlassRule,
    revision: CardRevision,
    keys: Iterable[str],
    reason: str,
    confirmers: Iterable[Person],
    actor: Actor,
    now: datetime,
) -> BreakGlass:
    """Raises IntegrityError where the release has one that has not ended."""
    row = BreakGlassRow(
        release_id=release.id,
        card_id=revision.card.id,
        reason=reason,
        requirements=list(keys),
        policy_version=release.policy_version,
        fingerprint=revision.fingerprint,
        revision_id=revision.id,
        asked_by=actor.slack_id,
        asked_at=now,
        auth=actor.authentication.value,
        answer_by=now + timedelta(minutes=rule.confirm_within_minutes),
        holds_hours=rule.holds_hours,
        sent_to=[each.slack_id for each in confirmers],
    )
    session.add(row)
    session.flush()
    return _to_glasses(session, [row])[0]


def confirm(
    session: Session,
    glass: BreakGlass,
    covers: Iterable[str],
    revision: CardRevision,
    actor: Actor,
    now: datetime,
) -> bool:
    """False where somebody else was faster, or it has ended."""
    open_one = (col(BreakGlassRow.confirmed_by).is_(None), col(BreakGlassRow.outcome).is_(None))
    values = {
        "confirmed_by": actor.slack_id,
        "confirmed_at": now,
        "confirmed_auth": actor.authentication.value,
        "confirmed_revision_id": revision.id,
        "covers": list(covers),
        "until": now + timedelta(hours=glass.holds_hours),
    }
    return _fill(session, glass.id, open_one, values)


def end(
    session: Session,
    glass: BreakGlass,
    outcome: Outcome,
    now: datetime,
    *,
    actor: Actor = SYSTEM,
    reason: str | None = None,
    changes: Iterable[MaterialChange] = (),
) -> bool:
    """False where it has ended already."""
    values = {
        "outcome": outcome.value,
        "ended_by": actor.slack_id or None,
        "ended_at": now,
        "end_auth": actor.authentication.value,
        "end_reason": reason,
        "end_change": [[each.what, each.ticket.id if each.ticket else "", each.subject] for each in changes],
    }
    return _fill(session, glass.id, (col(BreakGlassRow.outcome).is_(None),), values)


def review(session: Session, glass: BreakGlass, words: str, actor: Actor, now: datetime) -> bool:
    """False where somebody else was faster."""
    values = {
        "reviewed_by": actor.slack_id,
        "reviewed_at": now,
        "review_auth": actor.authentication.value,
        "review": words,
    }
    return _fill(session, glass.id, (col(BreakGlassRow.reviewed_by).is_(None),), values)


def load(session: Session, break_glass_id: int) -> BreakGlass | None:
    found = _loaded(session, BreakGlassRow.id == break_glass_id)
    return found[0] if found else None


def of_card(session: Session, card_id: int) -> BreakGlass | None:
    found = _loaded(session, BreakGlassRow.card_id == card_id)
    return found[0] if found else None


def live(session: Session, release_id: int) -> BreakGlass | None:
    """The release's one that has not ended, be its time over or not."""
    found = _loaded(session, BreakGlassRow.release_id == release_id, col(BreakGlassRow.outcome).is_(None))
    return found[0] if found else None


def all_live(session: Session) -> list[BreakGlass]:
    return _loaded(session, col(BreakGlassRow.outcome).is_(None))


def newest(session: Session, release_id: int) -> BreakGlass | None:
    found = _loaded(session, BreakGlassRow.release_id == release_id)
    return found[-1] if found else None


def next_number(session: Session, release_id: int) -> int:
    """Of a release that the caller holds the lock of."""
    ours = select(func.count()).select_from(BreakGlassRow).where(BreakGlassRow.release_id == release_id)
    return session.exec(ours).one() + 1


def confirmed(session: Session, release_ids: Iterable[int]) -> dict[int, tuple[BreakGlass, ...]]:
    """By release, all that were ever confirmed, the oldest first; a release without any is left out."""
    ids = list(release_ids)
    rows = _loaded(session, col(BreakGlassRow.release_id).in_(ids), col(BreakGlassRow.confirmed_by).is_not(None))
    found: defaultdict[int, tuple[BreakGlass, ...]] = defaultdict(tuple)
    for each in rows:
        found[each.release_id] += (each,)
    return dict(found)


def in_force(
    session: Session, release: Release, now: datetime, scope: Callable[[], tuple[TicketSeen, ...]]
) -> BreakGlass | None:
    """The one that stands for sign-offs at this moment. What has overtaken it counts from the moment on at which it is
    so, not from when that is noted. `scope` is asked where it matters.
    """
    if release.policy.break_glass is None:
        return None
    glass = live(session, release.id)
    if glass is None or not glass.holds(now) or changes_since(session, release, glass, scope()):
        return None
    return glass


def changes_since(
    session: Session, release: Release, glass: BreakGlass, current: tuple[TicketSeen, ...]
) -> tuple[MaterialChange, ...]:
    """The material changes of the scope since it was asked for, any at all, whatever the sign-offs themselves heed; and
    that of the policy.
    """
    if glass.policy_version != release.policy_version:
        return (MaterialChange(what=POLICY_CHANGED, about="the release's"),)
    if fingerprint(current) == glass.fingerprint:
        return ()
    return material_changes(card.snapshot(session, glass.fingerprint), current, release.policy.priorities)


def _fill(
    session: Session, break_glass_id: int, where: tuple[ColumnElement[bool], ...], values: dict[str, Any]
) -> bool:
    done = session.connection().execute(
        update(BreakGlassRow).where(col(BreakGlassRow.id) == break_glass_id, *where).values(**values)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def _loaded(session: Session, *where: Any) -> list[BreakGlass]:
    statement = select(BreakGlassRow).where(*where).order_by(col(BreakGlassRow.id))
    return _to_glasses(session, session.exec(statement.execution_options(populate_existing=True)).all())


def _to_glasses(session: Session, rows: Iterable[BreakGlassRow]) -> list[BreakGlass]:
    listed = list(rows)
    ids = {who for row in listed for who in (row.asked_by, row.confirmed_by, row.ended_by, row.reviewed_by) if who}
    people = person.people(session, ids) if ids else {}
    return [_to_glass(row, people) for row in listed]


def _to_glass(row: BreakGlassRow, people: dict[str, Person]) -> BreakGlass:
    assert row.id is not None
    return BreakGlass(
        id=row.id,
        release_id=row.release_id,
        card_id=row.card_id,
        reason=row.reason,
        requirements=tuple(row.requirements),
        fingerprint=row.fingerprint,
        policy_version=row.policy_version,
        asked_by=_person(people, row.asked_by),
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        holds_hours=row.holds_hours,
        sent_to=tuple(row.sent_to),
        covers=tuple(row.covers or ()),
        confirmed_by=_person(people, row.confirmed_by) if row.confirmed_by else None,
        confirmed_at=row.confirmed_at,
        until=row.until,
        outcome=Outcome(row.outcome) if row.outcome else None,
        ended_by=_person(people, row.ended_by) if row.ended_by else None,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        end_changes=tuple(_change(*each) for each in row.end_change or ()),
        review=_review(row, people),
    )


def _change(what: str, ticket_id: str, subject: str) -> MaterialChange:
    if not ticket_id:
        return MaterialChange(what=what, about=subject)
    return MaterialChange(what=what, ticket=TicketSeen(id=ticket_id, key=subject, done=False, priority=None))


def _review(row: BreakGlassRow, people: dict[str, Person]) -> Review | None:
    if row.reviewed_by is None or row.reviewed_at is None:
        return None
    return Review(by=_person(people, row.reviewed_by), at=row.reviewed_at, words=row.review or "")


def _person(people: dict[str, Person], slack_id: str) -> Person:
    return people.get(slack_id) or departed(slack_id)
