"""Reading blockers' episodes, and what silenced their ladders, for replaying them under another policy."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import or_
from sqlmodel import Session, col, select

from interlock.domain.escalation import Episode
from interlock.domain.replay import Told
from interlock.store.audit import AuditRow
from interlock.store.blocker import BlockerRow, EscalationRow
from interlock.store.outbox import OutboxRow
from interlock.store.release import ScopeRow
from interlock.store.replay import trails
from interlock.store.ticket_read import BATCH

TAKEN, SNOOZED, HANDED_ON = "blocker.taken", "blocker.snoozed", "blocker.handed_on"
PING: Final = "blocker.ping"

Word = tuple[datetime, datetime | None, datetime | None]
"""From when on, and until when it was taken and snoozed."""


def episodes(session: Session, since: datetime, until: datetime) -> list[Told]:
    """Those that stood at some time between, the oldest first."""
    rows = session.exec(
        select(BlockerRow)
        .where(
            col(BlockerRow.seen_at) <= until,
            or_(col(BlockerRow.cleared_at).is_(None), col(BlockerRow.cleared_at) >= since),
        )
        .order_by(col(BlockerRow.seen_at), col(BlockerRow.id))
    ).all()
    session.expunge_all()
    tickets = {row.ticket_id for row in rows}
    known, scopes = trails(session, tickets), _scopes(session, tickets)
    told, sent, words = _told(session, rows), _sent(session), _words(session)
    found = []
    for row in rows:
        assert row.id is not None
        said = _during(words[row.ticket_id], row)
        last = said[-1][1:] if said else (None, None)
        found.append(
            Told(
                episode=Episode(
                    id=row.id, ticket_id=row.ticket_id, since=row.since, seen_at=row.seen_at, told=told[row.id]
                ),
                cleared_at=row.cleared_at,
                ticket=known.get(row.ticket_id),
                words=tuple(said),
                releases=frozenset(sent[row.id] or scopes[row.ticket_id]),
                pinged=bool(sent[row.id]),
                consistent=last == (row.taken_until, row.snoozed_until),
            )
        )
    return found


def _told(session: Session, rows: Sequence[BlockerRow]) -> defaultdict[int, dict[int, datetime]]:
    found: defaultdict[int, dict[int, datetime]] = defaultdict(dict)
    ids = [row.id for row in rows]
    for start in range(0, len(ids), BATCH):
        some = col(EscalationRow.blocker_id).in_(ids[start : start + BATCH])
        for step in session.exec(select(EscalationRow).where(some)):
            found[step.blocker_id][step.step] = step.told_at
    return found


def _sent(session: Session) -> defaultdict[int, set[int]]:
    """By episode, the releases for which its pings were sent, as far as messages are kept."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for ids in session.exec(select(OutboxRow.ids).where(OutboxRow.kind == PING)):
        found[ids["blocker_id"]].add(ids["release_id"])
    return found


def _scopes(session: Session, tickets: set[str]) -> defaultdict[str, set[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    ids = sorted(tickets)
    for start in range(0, len(ids), BATCH):
        for stay in session.exec(select(ScopeRow).where(col(ScopeRow.ticket_id).in_(ids[start : start + BATCH]))):
            found[stay.ticket_id].add(stay.release_id)
    return found


def _words(session: Session) -> defaultdict[str, list[AuditRow]]:
    """By ticket, what was recorded of it, the oldest first."""
    found: defaultdict[str, list[AuditRow]] = defaultdict(list)
    kinds = col(AuditRow.kind).in_((TAKEN, SNOOZED, HANDED_ON))
    for row in session.exec(select(AuditRow).where(kinds).order_by(col(AuditRow.seq))):
        found[json.loads(row.body)["facts"]["ticket"]].append(row)
    return found


def _during(words: list[AuditRow], row: BlockerRow) -> list[Word]:
    """Those of the episode, with what the store had of it after each; it begins with nobody having it in hand."""
    found: list[Word] = []
    taken: datetime | None = None
    snoozed: datetime | None = None
    for word in words:
        if word.at < row.seen_at or (row.cleared_at is not None and word.at >= row.cleared_at):
            continue
        facts = json.loads(word.body)["facts"]
        match word.kind:
            case "blocker.taken":
                taken, snoozed = datetime.fromisoformat(facts["until"]), None
            case "blocker.snoozed":
                snoozed = datetime.fromisoformat(facts["until"])
            case _:
                taken = None
        found.append((word.at, taken, snoozed))
    return found
