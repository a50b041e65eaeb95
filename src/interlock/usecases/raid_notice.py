"""Word to whom somebody else named the owner or the approver of a RAID entry: once, in their working hours."""

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from interlock.domain.actor import Person
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.raid import Entry
from interlock.domain.raid_review import Named
from interlock.domain.time_zone import hours_of
from interlock.store import outbox, raid
from interlock.store.engine import Store
from interlock.usecases.announcement import name_of

KIND: Final = "raid.named"
GOOD_FOR: Final = timedelta(days=10)
"""Longer than a week of holidays."""


def tell(session: Session, before: Entry | None, after: Entry, by: str, now: datetime) -> None:
    """Tell whoever is new in a part, in the transaction that named them. Whoever named themselves knows."""
    earlier = _parts(before) if before else {}
    for part, who in _parts(after).items():
        if who is None or who.slack_id == by or who == earlier.get(part):
            continue
        message = Outgoing(
            key=f"{KIND}:{after.id}:{after.version}:{part}",
            kind=KIND,
            ids={"entry_id": after.id, "part": part, "slack_id": who.slack_id, "by": by},
            channel=f"@{who.slack_id}",
            urgency=Urgency.ROUTINE,
            not_after=now + GOOD_FOR,
        )
        outbox.enqueue(session, message, now)


def named(
    store: Store, policy: Policy, entry_id: int, part: str, slack_id: str, by: str, now: datetime
) -> Named | None:
    """What they are told as things are now; None once it is over, or somebody else has that part."""
    with store.read() as session:
        entry = raid.load(session, entry_id)
        if entry is None or not entry.live:
            return None
        who = _parts(entry)[part]
        if who is None or who.slack_id != slack_id or not who.is_member:
            return None
        opens_at = hours_of(policy, who).next_opening(now)
        return Named(entry=entry, part=part, by=name_of(session, by), opens_at=opens_at)


def _parts(entry: Entry) -> dict[str, Person | None]:
    return {"owner": entry.owner, "approver": entry.approver}
