"""What releases have in common, and who acknowledged which collision."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint, case, func
from sqlalchemy import select as columns
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Actor, departed
from interlock.domain.collision import Acknowledgement, Collision, Component
from interlock.store import person
from interlock.store.base import UtcDateTime
from interlock.store.release import ScopeRow
from interlock.store.ticket import TicketComponentRow, TicketRow
from interlock.store.upsert import insert_new


class CollisionAcknowledgementRow(SQLModel, table=True):
    """`seen` is what the two had in common, and on which day; `fingerprint` its hash. Never changed: what is in common
    later is acknowledged anew.
    """

    __tablename__ = "collision_acknowledgement"
    __table_args__ = (UniqueConstraint("release_id", "other_id", "fingerprint"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    other_id: int = Field(foreign_key="release.id")
    fingerprint: str
    seen: dict[str, Any] = Field(sa_type=JSON)
    reason: str | None = None
    slack_id: str
    auth: str
    at: datetime = Field(sa_type=UtcDateTime)


def acknowledge(session: Session, collision: Collision, reason: str | None, actor: Actor, now: datetime) -> bool:
    """False where this was acknowledged before."""
    row = {
        "release_id": collision.release_id,
        "other_id": collision.other_id,
        "fingerprint": collision.fingerprint,
        "seen": collision.seen,
        "reason": reason,
        "slack_id": actor.slack_id,
        "auth": actor.authentication.value,
        "at": now,
    }
    return insert_new(session, CollisionAcknowledgementRow, [row]) == 1


def acknowledgements(session: Session, release_ids: Collection[int]) -> list[Acknowledgement]:
    """All that was acknowledged for the releases, whether or not it still is so."""
    rows = session.exec(
        select(CollisionAcknowledgementRow).where(col(CollisionAcknowledgementRow.release_id).in_(release_ids))
    ).all()
    people = person.people(session, {row.slack_id for row in rows})
    return [
        Acknowledgement(
            release_id=row.release_id,
            other_id=row.other_id,
            target=date.fromisoformat(row.seen["target"]),
            shared=frozenset(row.seen["shared"]),
            by=people.get(row.slack_id) or departed(row.slack_id),
            at=row.at,
            reason=row.reason,
        )
        for row in rows
    ]


def components(session: Session, release_ids: Collection[int]) -> dict[int, dict[Component, bool]]:
    """By release, the components of what is in its scope, each with whether a ticket that is not restricted has it."""
    open_ones = func.sum(case((col(TicketRow.security_level).is_(None), 1), else_=0))
    rows = session.execute(
        columns(col(ScopeRow.release_id), col(TicketRow.project_key), col(TicketComponentRow.component), open_ones)
        .join(TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .join(TicketComponentRow, col(TicketComponentRow.ticket_id) == col(TicketRow.id))
        .where(col(ScopeRow.release_id).in_(release_ids), col(ScopeRow.removed_at).is_(None))
        .group_by(col(ScopeRow.release_id), col(TicketRow.project_key), col(TicketComponentRow.component))
    )
    found: dict[int, dict[Component, bool]] = {release_id: {} for release_id in release_ids}
    for release_id, project, name, shown in rows:
        found[release_id][Component(project=project, name=name)] = shown > 0
    return found
