"""Which releases' approvals are due to be held against their scope again, and what that takes to see."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import bindparam, delete, exists, func, select, union
from sqlmodel import Field, Session, SQLModel, col

from interlock.domain.card import SIGNOFF
from interlock.domain.fingerprint import TicketSeen, fingerprint
from interlock.domain.release import SETTLED
from interlock.domain.ticket import Category
from interlock.store import scope
from interlock.store.card import CardRevisionRow, CardRow
from interlock.store.criterion import EvidenceRow
from interlock.store.release import ReleaseRow, ScopeRow
from interlock.store.signoff import SEEN, SignoffRow
from interlock.store.upsert import upsert


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


def overtaken(session: Session, release_ids: Collection[int]) -> list[int]:
    """Those of the releases whose scope is not what their card showed last, or what a live sign-off was given for."""
    shown = _shown(session, release_ids)
    now = _fingerprints(session, shown.keys())
    return [release_id for release_id, marks in sorted(shown.items()) if marks - {now[release_id]}]


def with_later_evidence(session: Session, release_ids: Collection[int]) -> set[int]:
    """Those of the releases where something was ticked, unticked or pushed after a live sign-off was given."""
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


def _shown(session: Session, release_ids: Collection[int]) -> dict[int, set[str]]:
    """The fingerprints that the sign-off cards of these releases showed last, and those of the sign-offs that count."""
    ids = list(release_ids)
    newest = (
        select(func.max(col(CardRevisionRow.number)))
        .where(col(CardRevisionRow.card_id) == col(CardRow.id))
        .correlate(CardRow)
        .scalar_subquery()
    )
    drawn = (
        select(col(CardRow.release_id), col(CardRevisionRow.fingerprint))
        .join(CardRevisionRow, col(CardRevisionRow.card_id) == col(CardRow.id))
        .join(ReleaseRow, col(ReleaseRow.id) == col(CardRow.release_id))
        .where(
            col(CardRow.kind) == SIGNOFF,
            col(CardRow.release_id).in_(ids),
            col(ReleaseRow.stage).not_in(SETTLED),
            col(CardRevisionRow.number) == newest,
        )
    )
    live = (
        select(col(SignoffRow.release_id), col(SignoffRow.fingerprint))
        .join(ReleaseRow, col(ReleaseRow.id) == col(SignoffRow.release_id))
        .where(
            col(SignoffRow.release_id).in_(ids),
            col(ReleaseRow.stage).not_in(SETTLED),
            col(SignoffRow.revoked_at).is_(None),
            col(SignoffRow.void_at).is_(None),
        )
    )
    found: defaultdict[int, set[str]] = defaultdict(set)
    for release_id, mark_ in session.execute(union(drawn, live)):
        found[release_id].add(mark_)
    return found


def _fingerprints(session: Session, release_ids: Collection[int]) -> dict[int, str]:
    """Of the scopes as they are now."""
    seen: dict[int, list[TicketSeen]] = {release_id: [] for release_id in release_ids}
    rows = session.execute(
        select(col(ScopeRow.release_id), *SEEN)
        .join(ScopeRow, col(ScopeRow.ticket_id) == SEEN[0])
        .where(col(ScopeRow.release_id).in_(list(release_ids)), col(ScopeRow.removed_at).is_(None))
    )
    for release_id, id_, key, category, priority, _ in rows:
        seen[release_id].append(TicketSeen(id=id_, key=key, done=category == Category.DONE, priority=priority))
    return {release_id: fingerprint(tuple(tickets)) for release_id, tickets in seen.items()}
