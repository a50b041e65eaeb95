"""kill -9 at a named point between a decision and its post: the bot dies by its own hand, otherwise unchanged."""

import http.client
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlmodel import Session

from bot import answers
from bot.sender import SlackSender
from interlock.domain.outbox import Deferred, Dropped, Message, Sent
from interlock.store import audit, outbox_relay, slot
from interlock.store.engine import Store
from interlock.usecases import sync

TRANSACTIONS = {
    "decision": (audit, "append"),
    "lease": (outbox_relay, "take"),
    "attempt": (outbox_relay, "begin"),
    "outcome": (outbox_relay, "settle_sent"),
    "claim": (slot, "claim"),
    "slot": (slot, "finish"),
    "page": (sync, "_move_cursor"),
}
"""Each is a transaction, known by a function that it calls; one can die before its commit and after."""
POINTS = (
    *(f"{when} {name}" for name in TRANSACTIONS for when in ("before", "after")),
    "before send",
    "during send",  # the request is out, its answer not read
    "after send",
    "before answer",
    "after answer",
)


def arm(point: str, times: int) -> None:
    """In the bot's process: die when `point` is met for the so many-th time."""
    meet = _Fate(point, times).meet
    here = threading.local()
    _watch_transactions(here, meet)
    _watch_sends(here, meet)
    _watch_answers(meet)


class _Fate:
    def __init__(self, point: str, times: int) -> None:
        assert point in POINTS, point
        self._point = point
        self._times = times
        self._met = Counter[str]()

    def meet(self, point: str) -> None:
        self._met[point] += 1
        if point == self._point and self._met[point] >= self._times:
            os.kill(os.getpid(), signal.SIGKILL)


def _watch_transactions(here: threading.local, meet: Callable[[str], None]) -> None:
    def watched(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            done = plain(*args, **named)
            if name == "page" or (done is not None and done is not False and done != ()):  # else it did nothing
                here.name = name
            return done

        return call

    for name, (module, function) in TRANSACTIONS.items():
        setattr(module, function, watched(name, getattr(module, function)))

    plain_write = Store.write

    @contextmanager
    def write(store: Store) -> Iterator[Session]:
        here.name = None
        with plain_write(store) as session:
            yield session
            name = here.name
            if name:
                meet(f"before {name}")
        if name:
            meet(f"after {name}")

    setattr(Store, "write", write)  # noqa: B010 mypy would not let a method be assigned


def _watch_sends(here: threading.local, meet: Callable[[str], None]) -> None:
    plain_send, plain_answer = SlackSender.send, http.client.HTTPConnection.getresponse

    def send(sender: SlackSender, message: Message) -> Sent | Dropped | Deferred:
        meet("before send")
        here.sending = True
        try:
            done = plain_send(sender, message)
        finally:
            here.sending = False
        meet("after send")
        return done

    def getresponse(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        if getattr(here, "sending", False):
            meet("during send")
        return plain_answer(connection)

    setattr(SlackSender, "send", send)  # noqa: B010 as above
    setattr(http.client.HTTPConnection, "getresponse", getresponse)  # noqa: B010 as above


def _watch_answers(meet: Callable[[str], None]) -> None:
    plain = answers._post

    def post(*args: Any, **named: Any) -> object:
        meet("before answer")
        done = plain(*args, **named)
        meet("after answer")
        return done

    setattr(answers, "_post", post)  # noqa: B010 as above
