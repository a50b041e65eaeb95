"""Answering somebody who spoke to the bot in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.store import outbox
from interlock.store.engine import Store
from interlock.usecases import authority

GOOD_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`topic` and `about` are what the words most likely mean. `alone`: nobody else reads the answer."""

    topic: str
    about: str
    channel_id: str
    thread_ts: str | None
    alone: bool


def answer(store: Store, policy: Policy, actor: Actor, asked: Asked, event_id: str, now: datetime) -> bool:
    """Put an answer into the outbox, once for an event however often it is told; a refusal is an answer too."""
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        ids = {"topic": asked.topic, "about": asked.about, "by": actor.slack_id, "alone": asked.alone}
        if isinstance(allowed, Refused):
            ids["refused"] = allowed.sentence
        message = Outgoing(
            key=f"words:{event_id}",
            kind="words",
            ids=ids,
            channel=asked.channel_id,
            thread_ts=asked.thread_ts,
            urgency=Urgency.URGENT,
            not_after=now + GOOD_FOR,
        )
        return outbox.enqueue(session, message, now)
