"""Deleting what nobody needs any more, some rows a transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain.policy import Policy
from interlock.domain.retention import BATCH
from interlock.store import retention
from interlock.store.engine import Store
from interlock.store.retention import Key
from interlock.usecases.settled_ping import post_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`count` rows went, or would go. `last` is where the next batch begins; None after the last."""

    count: int
    last: Key | None


def prune(
    store: Store, policy: Policy, table: str, after: Key | None, now: datetime, *, dry_run: bool = False
) -> Batch:
    """The next rows of the table that may go. What is needed all the same is passed over."""
    rows = retention.old(table, policy.retention, now)
    with store.read() as session:
        found = retention.find(session, rows, after, BATCH)
        needed = _needed(session, policy, now) if found.names else frozenset[str]()
    keys = found.keys
    if found.names:
        keys = [key for key, name in zip(found.keys, found.names, strict=True) if name not in needed]
    last = found.keys[-1] if len(found.keys) == BATCH else None
    if dry_run or not keys:
        return Batch(count=len(keys), last=last)
    with store.write() as session:
        return Batch(count=retention.drop(session, rows, keys), last=last)


def _needed(session: Session, policy: Policy, now: datetime) -> frozenset[str]:
    """The keys of messages that may be changed again, by which it is known where they stand."""
    since = now - timedelta(days=policy.retention.messages_days)
    cards = [card.post_key for card in retention.live_cards(session, since)]
    pings = [post_key(episode, step) for episode, step in retention.live_pings(session, since)]
    return frozenset([*cards, *pings])
