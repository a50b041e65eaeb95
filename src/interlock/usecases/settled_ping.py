"""Pings that were sent and are no longer true: each is changed to say what became of its blocker."""

from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain.escalation import Episode
from interlock.domain.outbox import Outgoing, Sent, Urgency
from interlock.domain.settled_ping import SettledPing
from interlock.store import blocker, outbox, person, ticket_read
from interlock.store.engine import Store

GOOD_FOR = timedelta(days=1)


def post_key(episode_id: int, step: int) -> str:
    """The outbox key of one step's ping."""
    return f"escalation:{episode_id}:{step}"


def refresh(session: Session, episode: Episode, now: datetime) -> None:
    """Have the episode's pings changed, with the caller's transaction. One that still waits to be sent is drawn, or
    dropped, by what is so then.
    """
    for step in episode.told:
        key = post_key(episode.id, step)
        sent = outbox.sent(session, key)
        if sent is None:
            continue
        message = Outgoing(
            key=f"settled:{key}",
            kind="blocker.settled",
            ids={"blocker_id": episode.id, "post": key},
            channel=sent.channel,
            urgency=Urgency.PROMPT,
            not_after=now + GOOD_FOR,
            coalesce=f"settled:{key}",
        )
        outbox.enqueue(session, message, now)


def read(store: Store, blocker_id: int, post: str, now: datetime) -> tuple[SettledPing, Sent] | None:
    """What became of the blocker, and where its ping stands; None where it is in the way again."""
    with store.read() as session:
        row = session.get(blocker.BlockerRow, blocker_id)
        sent = outbox.sent(session, post)
        ticket = ticket_read.any_by_id(session, row.ticket_id) if row else None
        if row is None or sent is None or ticket is None:
            return None
        until = max((each for each in (row.taken_until, row.snoozed_until) if each and each > now), default=None)
        if row.cleared_at is None and until is None:
            return None
        taker = row.taken_by if row.taken_until == until else row.snoozed_by
        found = person.people(session, [taker]) if taker else {}
        settled = SettledPing(
            ticket=ticket,
            team=ticket_read.team_of(session, ticket.id),
            cleared_at=row.cleared_at,
            by=found.get(taker or ""),
            taken_until=row.taken_until if row.taken_until == until else None,
            snoozed_until=row.snoozed_until if row.snoozed_until == until else None,
        )
        return settled, sent
