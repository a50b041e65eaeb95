"""Brings envelopes to the app, over Socket Mode or by signed HTTP, and its acks back.

Everything but `send` and `deliver_twice` runs on the server's event loop, so no lock is needed. Acks are due within 3 s
(Settings.ack_seconds). An event without one is sent again, up to three times; a command or a click is not: the person
sees an error. https://docs.slack.dev/apis/events-api/#retries
"""

import asyncio
from collections.abc import Callable
from copy import copy
from typing import Any, Protocol

from sandbox.slack.envelope import Envelope, Pending
from sandbox.slack.settings import Settings
from sandbox.slack.webhook import Webhook


class Link(Protocol):
    """An open Socket Mode connection."""

    def send(self, message: dict[str, Any]) -> None: ...


class Delivery:
    def __init__(self, settings: Settings, new_id: Callable[[str], str], clock: Callable[[], float]) -> None:
        self.settings = settings
        self.http_url = settings.http_url
        self.tickets: set[str] = set()  # for connections that apps.connections.open allowed, each good once
        self._new_id = new_id
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._early: list[Envelope] = []  # sent before the server ran
        self._links: list[Link] = []
        self._turn = 0
        self._sent: dict[str, tuple[Envelope, Link, asyncio.TimerHandle]] = {}
        self._waiting: dict[str, tuple[Envelope, asyncio.TimerHandle]] = {}  # events between two attempts
        self._doubles = 0
        self._posts: dict[asyncio.Task[None], Envelope] = {}
        self._stopped = False

    # --- from any thread ---------------------------------------------------------------------------------------

    def send(self, envelope: Envelope) -> Pending:
        """Sends `envelope`; what becomes of it is the result of the future that is returned."""
        if self._stopped:
            envelope.fail("dispatch_failed")
        elif self._loop is None:
            self._early.append(envelope)
        else:
            try:
                self._loop.call_soon_threadsafe(self._start, envelope)
            except RuntimeError:  # the loop was closed in this very moment
                envelope.fail("dispatch_failed")
        return envelope.pending

    def deliver_twice(self, count: int) -> None:
        """Makes each of the next `count` envelopes arrive twice, under two envelope ids, as Slack's own repeats do."""
        self._doubles = count

    # --- on the event loop -------------------------------------------------------------------------------------

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        early, self._early = self._early, []
        for envelope in early:
            self._start(envelope)

    def stop(self) -> None:
        """Fails everything that is still under way, so that nobody waits for it."""
        self._stopped = True
        held = [(envelope, timer) for envelope, _, timer in self._sent.values()] + list(self._waiting.values())
        self._sent.clear()
        self._waiting.clear()
        for envelope, timer in held:
            timer.cancel()
            envelope.fail("dispatch_failed")
        for task, envelope in self._posts.items():
            task.cancel()
            envelope.fail("dispatch_failed")

    def join(self, link: Link) -> None:
        """A connection is open: events that found nobody come to it at once."""
        self._links.append(link)
        waiting, self._waiting = self._waiting, {}
        for envelope, timer in waiting.values():
            timer.cancel()
            self._attempt(envelope)

    def leave(self, link: Link) -> None:
        """A connection is gone: events that it had not acknowledged go to another."""
        if link in self._links:
            self._links.remove(link)
        for envelope, holder, timer in list(self._sent.values()):
            if holder is link and envelope.is_event:
                timer.cancel()
                del self._sent[envelope.id]
                self._again(envelope, "connection_closed")

    def rest(self, link: Link) -> None:
        """Gives `link` nothing more to do; its acks still count."""
        if link in self._links:
            self._links.remove(link)

    def owes(self, link: Link) -> bool:
        """Whether `link` has yet to acknowledge something."""
        return any(holder is link for _, holder, _ in self._sent.values())

    @property
    def links(self) -> list[Link]:
        return list(self._links)

    def ack(self, envelope_id: str, body: dict[str, Any]) -> None:
        found = self._sent.pop(envelope_id, None)
        if found is not None:  # else it came too late, or for the second time: Slack ignores those
            envelope, _, timer = found
            timer.cancel()
            envelope.settle(body)

    def _start(self, envelope: Envelope) -> None:
        if self._stopped:
            envelope.fail("dispatch_failed")
            return
        if self._doubles:
            self._doubles -= 1
            twin = copy(envelope)
            twin.id, twin.pending = self._new_id("E"), Pending()
            self._attempt(twin)
        self._attempt(envelope)

    def _attempt(self, envelope: Envelope) -> None:
        envelope.attempts += 1
        if self.http_url is not None:
            webhook = Webhook(self.http_url, self.settings, self._clock())
            assert self._loop is not None
            task = self._loop.create_task(self._post(envelope, webhook))
            self._posts[task] = envelope
            task.add_done_callback(self._posts.pop)
        elif not self._links:
            self._missed(envelope, "dispatch_failed")
        else:
            self._turn += 1
            self._over(self._links[self._turn % len(self._links)], envelope)

    def _over(self, link: Link, envelope: Envelope) -> None:
        message = {
            "envelope_id": envelope.id,
            "payload": envelope.payload,
            "type": envelope.kind,
            "accepts_response_payload": envelope.wants_body,
        }
        if envelope.is_event:
            message |= {"retry_attempt": envelope.attempts - 1, "retry_reason": envelope.retry_reason}
        assert self._loop is not None
        timer = self._loop.call_later(self.settings.ack_seconds, self._timed_out, envelope.id)
        self._sent[envelope.id] = (envelope, link, timer)
        link.send(message)

    async def _post(self, envelope: Envelope, webhook: Webhook) -> None:
        body, error = await asyncio.to_thread(webhook.post, envelope)
        if body is not None:
            envelope.settle(body)
        else:
            self._missed(envelope, error)

    def _timed_out(self, envelope_id: str) -> None:
        envelope, _, _ = self._sent.pop(envelope_id)
        self._missed(envelope, "operation_timeout")

    def _missed(self, envelope: Envelope, error: str) -> None:
        if envelope.is_event:
            self._again(envelope, "timeout" if error == "operation_timeout" else error)
        else:
            envelope.fail(error)

    def _again(self, envelope: Envelope, reason: str) -> None:
        if envelope.attempts > len(self.settings.retry_delays):
            envelope.fail("dispatch_failed")
            return
        envelope.retry_reason = reason
        assert self._loop is not None
        delay = self.settings.retry_delays[envelope.attempts - 1]
        timer = self._loop.call_later(delay, self._retry, envelope.id)
        self._waiting[envelope.id] = (envelope, timer)

    def _retry(self, envelope_id: str) -> None:
        envelope, _ = self._waiting.pop(envelope_id)
        self._attempt(envelope)
