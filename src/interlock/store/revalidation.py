"""Which releases' approvals are due to be held against their scope again, and what that takes to see."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, exists, func, select
from sqlmodel import Field, Session, SQLModel, col

from interlock.domain.card import SIGNOFF, Card
from interlock.domain.fingerprint import TicketSeen, fingerprint, only_got_done
from interlock.domain.release import SETTLED
from interlock.domain.signoff import Decision
from interlock.domain.ticket import Category
from interlock.store import card, scope
from interlock.store.card import CardRevisionRow, CardRow
from interlock.store.criterion import EvidenceRow
from interlock.store.release import ReleaseRow, ScopeRow
from interlock.store.signoff import SEEN, SignoffRow
from interlock.store.upsert import upsert

AT_ONCE: Final = 20
"""Releases whose scopes are held in memory together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """A release whose scope moved on. `card` is to be drawn anew, if it showed another scope. `only_got_done`: no
    approval that counts can be overtaken, since all that happened to what it was given for is that tickets got done.
    """

    release_id: int
    card: Card | None
    only_got_done: bool


class RevalidationRow(SQLModel, table=True):
    """Of this release something changed that a sign-off is bound to. Each change gives it another `token`, so that what
    changes while it is looked at is looked at again.

    It names no foreign key: PostgreSQL would have each page of tickets wait for whoever decides on the release.
    """

    __tablename__ = "revalidation"

    release_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    token: str


def mark(session: Session, release_ids: Collection[int]) -> None:
    """Due from when the caller commits, and until `settle`. The caller holds the scopes' lock."""
    token = secrets.token_hex(8)
    rows = [{"release_id": release_id, "token": token} for release_id in sorted(release_ids)]
    upsert(session, RevalidationRow, rows, ["release_id"])


def due(session: Session) -> dict[int, str]:
    """The token of each release that is due, by its id."""
    return {row.release_id: row.token for row in session.scalars(select(RevalidationRow))}


def settle(session: Session, done: Mapping[int, str]) -> None:
    """These were looked at after `due` gave them. What was marked since stays due: whoever marks holds the lock until
    they commit, and by then the token is another.
    """
    if done:
        scope.lock(session)
        row = delete(RevalidationRow).where(
            col(RevalidationRow.release_id) == bindparam("release"), col(RevalidationRow.token) == bindparam("known")
        )
        those = [{"release": release_id, "known": token} for release_id, token in done.items()]
        session.connection().execute(row, those)


def overtaken(session: Session, release_ids: Collection[int]) -> list[Overtaken]:
    """Those of the releases whose scope is not what their card showed last, or what an approval that counts was given
    for."""
    ids, found = sorted(release_ids), list[Overtaken]()
    for start in range(0, len(ids), AT_ONCE):  # each brings its whole scope, twice
        found += _overtaken(session, ids[start : start + AT_ONCE])
    return found


def with_later_evidence(session: Session, release_ids: Collection[int]) -> set[int]:
    """Those of the releases where something was ticked, unticked or pushed after a live sign-off was given."""
    if not release_ids:  # nearly always: nothing changed
        return set()
    later = exists().where(
        col(EvidenceRow.release_id) == col(SignoffRow.release_id), col(EvidenceRow.at) > col(SignoffRow.at)
    )
    given = select(col(SignoffRow.release_id)).where(
        col(SignoffRow.release_id).in_(list(release_ids)),
        col(SignoffRow.revoked_at).is_(None),
        col(SignoffRow.void_at).is_(None),
        later,
    )
    return set(session.scalars(given))


def _overtaken(session: Session, release_ids: list[int]) -> list[Overtaken]:
    drawn, approved = _drawn(session, release_ids), _approved(session, release_ids)
    current = _scopes(session, {*drawn, *approved})
    marks = {release_id: fingerprint(tickets) for release_id, tickets in current.items()}
    old = {release_id: approved[release_id] - {mark} for release_id, mark in marks.items()}
    seen = card.snapshots(session, set().union(*old.values()))
    found = []
    for release_id, mark in marks.items():
        shown, mark_shown = drawn.get(release_id, (None, mark))
        redraw = shown if mark_shown != mark else None
        if redraw or old[release_id]:
            done = all(only_got_done(seen[each], current[release_id]) for each in old[release_id])
            found.append(Overtaken(release_id=release_id, card=redraw, only_got_done=done))
    return found


def _drawn(session: Session, release_ids: list[int]) -> dict[int, tuple[Card, str]]:
    """The sign-off cards of those of these releases that are not settled, and the fingerprint that each showed last."""
    newest = (
        select(func.max(col(CardRevisionRow.number)))
        .where(col(CardRevisionRow.card_id) == col(CardRow.id))
        .correlate(CardRow)
        .scalar_subquery()
    )
    rows = session.execute(
        select(CardRow, col(CardRevisionRow.fingerprint))
        .join(CardRevisionRow, col(CardRevisionRow.card_id) == col(CardRow.id))
        .join(ReleaseRow, col(ReleaseRow.id) == col(CardRow.release_id))
        .where(
            col(CardRow.kind) == SIGNOFF,
            col(CardRow.release_id).in_(release_ids),
            col(ReleaseRow.stage).not_in(SETTLED),
            col(CardRevisionRow.number) == newest,
        )
    )
    return {row.release_id: (card.card_of(row), mark) for row, mark in rows}


def _approved(session: Session, release_ids: list[int]) -> defaultdict[int, set[str]]:
    """The fingerprints that those of these releases that are not settled have approvals for."""
    rows = session.execute(
        select(col(SignoffRow.release_id), col(SignoffRow.fingerprint))
        .join(ReleaseRow, col(ReleaseRow.id) == col(SignoffRow.release_id))
        .where(
            col(SignoffRow.release_id).in_(release_ids),
            col(ReleaseRow.stage).not_in(SETTLED),
            col(SignoffRow.decision) == Decision.APPROVED,
            col(SignoffRow.revoked_at).is_(None),
            col(SignoffRow.void_at).is_(None),
        )
    )
    found: defaultdict[int, set[str]] = defaultdict(set)
    for release_id, mark_ in rows:
        found[release_id].add(mark_)
    return found


def _scopes(session: Session, release_ids: Collection[int]) -> dict[int, tuple[TicketSeen, ...]]:
    """As they are now."""
    seen: dict[int, list[TicketSeen]] = {release_id: [] for release_id in sorted(release_ids)}
    rows = session.execute(
        select(col(ScopeRow.release_id), *SEEN)
        .join(ScopeRow, col(ScopeRow.ticket_id) == SEEN[0])
        .where(col(ScopeRow.release_id).in_(list(release_ids)), col(ScopeRow.removed_at).is_(None))
    )
    for release_id, id_, key, category, priority, _ in rows:
        seen[release_id].append(TicketSeen(id=id_, key=key, done=category == Category.DONE, priority=priority))
    return {release_id: tuple(tickets) for release_id, tickets in seen.items()}
