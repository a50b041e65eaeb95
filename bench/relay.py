"""The relay over many channels at Slack's pace: how much of it is used, and how long an urgent message waits."""

import itertools
import json
import threading
from datetime import datetime, timedelta
from typing import Any, Final

import requests
from sqlalchemy import update
from sqlmodel import col, select

from bench.measure import Row, Timing
from bench.practice import Practice
from bot.wiring import now
from interlock.domain.outbox import Message, Outgoing, Sent, Urgency
from interlock.domain.pacing import SLACK, Step
from interlock.jobs.relay import Relay
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, enqueue
from interlock.store.upsert import insert_all

GOAL: Final = 0.95
LONGEST: Final = timedelta(seconds=2)
CHANNELS: Final = 300
ROUTINE: Final = 10_000
SECONDS: Final = 30
URGENT_EVERY: Final = 1.5


class Posts:
    """A Sender that makes one HTTP call for each message, to a process of its own."""

    def __init__(self, url: str) -> None:
        self._url, self._session = url, requests.Session()
        self._session.trust_env = False
        self._number = itertools.count()
        self.sent_at: dict[str, datetime] = {}

    def send(self, message: Message) -> Sent:
        self._session.post(self._url, data=json.dumps({"text": message.key}), timeout=10)
        self.sent_at[message.key] = now()
        return Sent(channel=message.channel, ts=f"{next(self._number)}.0")

    def find(self, _message: Message) -> Sent | None:
        return None


def measure(name: str, store: Store, practice: Practice) -> list[Row]:
    """Slack's pace is what the bot takes for it: the buckets of `interlock.domain.pacing`, of which the workspace's
    gives first. The store is left with what was not sent.
    """
    _fill(store)
    posts = Posts(practice.answers)
    relay = Relay(store, posts, clock=now, owner="bench", wakeup=None)
    urgent: dict[str, datetime] = {}
    over = threading.Event()
    began = now()
    relay.start()
    while not over.wait(URGENT_EVERY) and now() - began < timedelta(seconds=SECONDS):
        key = f"urgent:{len(urgent)}"
        with store.write() as session:
            urgent[key] = now()
            enqueue(session, _outgoing(key, len(urgent), Urgency.PROMPT), urgent[key])
        relay.wakeup.ring()
    ended = now()
    relay.stop()
    sent = sum(1 for at in posts.sent_at.values() if at <= ended)
    bucket = SLACK[Step.POST][0]
    allowed = bucket.burst + (ended - began) / bucket.every
    waits = Timing(samples=tuple((posts.sent_at.get(key, ended) - at).total_seconds() for key, at in urgent.items()))
    longest = max(waits.samples)
    seconds = (ended - began).total_seconds()
    return [
        Row(
            name=f"Posts of the relay over {CHANNELS} channels, over what Slack's pace allows, {name}",
            ratio=sent / allowed,
            goal=GOAL,
            ours=f"{sent} posts",
            theirs=f"{allowed:.0f} in {seconds:.0f} s",
            at_least=True,
        ),
        Row(
            name=f"An urgent post's longest wait behind {ROUTINE:,} routine ones, over {LONGEST.seconds} s, {name}",
            ratio=longest / LONGEST.total_seconds(),
            goal=1.0,
            ours=f"{longest:.2f} s (of {len(urgent)}, their median {1000 * waits.median:.0f} ms)",
            theirs=f"{LONGEST.seconds} s",
        ),
    ]


def _outgoing(key: str, number: int, urgency: Urgency) -> Outgoing:
    return Outgoing(
        key=key,
        kind="bench",
        ids={},
        channel=f"C{number % CHANNELS:05}",
        urgency=urgency,
        not_after=now() + timedelta(hours=3),
    )


def _fill(store: Store) -> None:
    """One message through the front door, and its likes."""
    with store.write() as session:
        session.execute(update(OutboxRow).values(state="sent"))
        enqueue(session, _outgoing("routine:0", 0, Urgency.ROUTINE), now())
        row = session.exec(select(OutboxRow).where(col(OutboxRow.key) == "routine:0")).one()
        first: dict[str, Any] = row.model_dump(exclude={"id"})
        insert_all(
            session,
            OutboxRow,
            [
                first
                | {
                    "key": f"routine:{number}",
                    "token": f"bench{number}",
                    "channel": f"C{number % CHANNELS:05}",
                    "lane": f"post:C{number % CHANNELS:05}",
                }
                for number in range(1, ROUTINE)
            ],
        )
