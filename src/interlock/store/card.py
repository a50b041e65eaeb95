"""Cards: messages that show live state, and each drawing of them."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.audit import canonical
from interlock.domain.card import Card, CardRevision
from interlock.domain.fingerprint import TicketSeen, fingerprint
from interlock.store import outbox
from interlock.store.base import UtcDateTime
from interlock.store.upsert import insert_new


class CardRow(SQLModel, table=True):
    """One message; where it stands in Slack is told by its outbox row. `kind` says which view draws it."""

    __tablename__ = "card"
    __table_args__ = (UniqueConstraint("release_id", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    kind: str
    channel_id: str
    requested_by: str
    requested_at: datetime = Field(sa_type=UtcDateTime)


class ScopeSnapshotRow(SQLModel, table=True):
    """The tickets behind a fingerprint, as [id, key, done, priority]; kept once for all revisions that showed them, and
    like them refuses change and deletion."""

    __tablename__ = "scope_snapshot"

    fingerprint: str = Field(primary_key=True)
    tickets: list[Any] = Field(sa_type=JSON)


class CardRevisionRow(SQLModel, table=True):
    """What was shown, once and for all: rows refuse change and deletion. A button carries the random `id`."""

    __tablename__ = "card_revision"
    __table_args__ = (UniqueConstraint("card_id", "number"),)

    id: str = Field(primary_key=True)
    card_id: int = Field(foreign_key="card.id")
    number: int
    fingerprint: str = Field(foreign_key="scope_snapshot.fingerprint")
    policy_version: str
    shown: dict[str, Any] = Field(sa_type=JSON)
    drawn_at: datetime = Field(sa_type=UtcDateTime)


def create(session: Session, release_id: int, kind: str, channel_id: str, requested_by: str, now: datetime) -> Card:
    """Raises IntegrityError where the release has a card of this kind."""
    row = CardRow(release_id=release_id, kind=kind, channel_id=channel_id, requested_by=requested_by, requested_at=now)
    session.add(row)
    session.flush()
    return card_of(row)


def load(session: Session, card_id: int) -> Card | None:
    row = session.get(CardRow, card_id)
    return card_of(row) if row else None


def of_release(session: Session, release_id: int, kind: str) -> Card | None:
    row = session.exec(select(CardRow).where(CardRow.release_id == release_id, CardRow.kind == kind)).first()
    return card_of(row) if row else None


def draw(
    session: Session,
    card: Card,
    seen: tuple[TicketSeen, ...],
    policy_version: str,
    shown: dict[str, Any],
    now: datetime,
) -> CardRevision:
    """The revision to draw: the card's newest if it showed exactly this, else a new one."""
    mark = fingerprint(seen)
    newest = session.exec(
        select(CardRevisionRow).where(CardRevisionRow.card_id == card.id).order_by(col(CardRevisionRow.number).desc())
    ).first()
    same = newest and (newest.fingerprint, newest.policy_version, newest.shown) == (mark, policy_version, shown)
    if newest is None or not same:
        tickets = [[ticket.id, ticket.key, ticket.done, ticket.priority] for ticket in seen]
        if session.get(ScopeSnapshotRow, mark) is None:  # SQLite's trigger refuses one that is there, skipped or not
            insert_new(session, ScopeSnapshotRow, [{"fingerprint": mark, "tickets": tickets}])
        newest = CardRevisionRow(
            id=secrets.token_hex(12),  # it is typed on the command line, where a leading dash would be an option
            card_id=card.id,
            number=(newest.number if newest else 0) + 1,
            fingerprint=mark,
            policy_version=policy_version,
            shown=shown,
            drawn_at=now,
        )
        session.add(newest)
        session.flush()
    return _revision(newest, card, seen)


def drawn_fingerprint(session: Session, card: Card) -> str | None:
    """The fingerprint of the scope that the card's newest revision showed; None before the first drawing."""
    return session.exec(
        select(CardRevisionRow.fingerprint)
        .where(CardRevisionRow.card_id == card.id)
        .order_by(col(CardRevisionRow.number).desc())
    ).first()


def newest_shown(session: Session, card: Card) -> dict[str, Any] | None:
    """What the card's newest revision showed beside its scope; None before the first drawing."""
    row = session.exec(
        select(CardRevisionRow).where(CardRevisionRow.card_id == card.id).order_by(col(CardRevisionRow.number).desc())
    ).first()
    return row.shown if row else None


def revision(session: Session, revision_id: str) -> CardRevision | None:
    """The revision with its card and the tickets that it showed; None for an id that no card ever carried."""
    row = session.get(CardRevisionRow, revision_id)
    if row is None:
        return None
    card = load(session, row.card_id)
    assert card is not None, "a revision's card cannot be deleted"
    posted = outbox.sent(session, card.post_key)
    return replace(
        _revision(row, card, snapshot(session, row.fingerprint)),
        shown=sha256(canonical(row.shown).encode()).hexdigest(),
        message=(posted.channel, posted.ts) if posted else None,
    )


def snapshot(session: Session, mark: str) -> tuple[TicketSeen, ...]:
    """The tickets behind a fingerprint that some revision showed."""
    row = session.get_one(ScopeSnapshotRow, mark)
    return tuple(map(TicketSeen._make, row.tickets))


def snapshots(session: Session, marks: Collection[str]) -> dict[str, tuple[TicketSeen, ...]]:
    """As `snapshot`, of several."""
    rows = session.exec(
        select(ScopeSnapshotRow.fingerprint, ScopeSnapshotRow.tickets).where(
            col(ScopeSnapshotRow.fingerprint).in_(list(marks))
        )
    )
    return {mark: tuple(map(TicketSeen._make, tickets)) for mark, tickets in rows}


def card_of(row: CardRow) -> Card:
    assert row.id is not None
    return Card(
        id=row.id,
        release_id=row.release_id,
        kind=row.kind,
        channel_id=row.channel_id,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
    )


def _revision(row: CardRevisionRow, card: Card, seen: tuple[TicketSeen, ...]) -> CardRevision:
    return CardRevision(
        id=row.id,
        card=card,
        number=row.number,
        fingerprint=row.fingerprint,
        policy_version=row.policy_version,
        seen=seen,
    )
