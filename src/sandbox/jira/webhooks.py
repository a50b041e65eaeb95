"""Signed webhooks: what the practice Jira tells of each write, at least once and in no promised order.

Shapes are those of the recorded bodies; the signature is X-Hub-Signature over the raw body. A refused delivery is
tried again on 408, 409, 425, 429 and 5xx alone, as Jira does: any other 4xx loses the event.
Source: developer.atlassian.com/cloud/jira/platform/webhooks.
"""

import hashlib
import heapq
import hmac
import itertools
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import requests

from sandbox.jira.model import Comment, Flavour, Link, Ticket, Version
from sandbox.jira.pieces import encode, joined
from sandbox.jira.render import Renderer
from sandbox.jira.state import Happening
from sandbox.jira.store import Store

RETRIED = {408, 409, 425, 429}
RETRY_DELAYS = (1.0, 5.0, 15.0, 60.0, 300.0)
"""Seconds before each retry. Jira's own are minutes; a practice should not take so long."""
TIMEOUT = 20


@dataclass(slots=True)
class Delivery:
    """One event for one address. `statuses` holds the answer to each attempt, 0 where none came."""

    url: str
    event: str
    identifier: str
    body: bytes
    statuses: list[int]

    @property
    def done(self) -> bool:
        return bool(self.statuses) and 200 <= self.statuses[-1] < 300


class Webhooks:
    """Delivers what happens in `store` to every address, from a thread of its own. `with Webhooks(…) as webhooks:`

    `base_url` is the address in the bodies' links. `log` holds the last deliveries, the newest last.
    """

    def __init__(
        self,
        store: Store,
        *,
        urls: Sequence[str],
        secret: str = "practice-webhook-secret",  # noqa: S107 - the README publishes it
        flavour: Flavour = "cloud",
        base_url: str = "http://127.0.0.1/jira",
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        self.urls, self.log = list(urls), deque[Delivery](maxlen=500)
        self._store, self._secret, self._delays = store, secret.encode(), tuple(retry_delays)
        self._flavour: Flavour = flavour
        self._base_url, self._repeats = base_url, 0
        self._due: list[tuple[float, int, Delivery]] = []
        self._held: list[Delivery] | None = None
        self._order = itertools.count()
        self._wake, self._stopping = threading.Condition(), False
        self._thread = threading.Thread(target=self._deliver, name="practice-jira-webhooks", daemon=True)
        store.subscribe(self._tell)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> Self:
        return self.__enter__()

    def stop(self) -> None:
        """What was not delivered yet is dropped."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join(timeout=TIMEOUT + 1)

    # --- trouble on order --------------------------------------------------------------------------------------

    def repeat(self, count: int = 1) -> None:
        """Each of the next `count` events is delivered twice, under the same identifier."""
        self._repeats += count

    def hold(self) -> None:
        """Keeps events back until `release`."""
        self._held = []

    def release(self, *, newest_first: bool = False) -> None:
        """Delivers what was held, in order or the other way round."""
        held, self._held = self._held or [], None
        for delivery in reversed(held) if newest_first else held:
            self._put(delivery, 0)

    # --- the way out -------------------------------------------------------------------------------------------

    def _tell(self, happening: Happening) -> None:
        """Called with the store's lock held: the body is drawn now, for the ticket may be another in a moment."""
        draw = Renderer(self._flavour, "2", self._base_url, self._store.site.fields, self._store.accounts)
        for event, body in _bodies(draw, happening):
            identifier, copies = uuid4().hex, 1 + (self._repeats > 0)
            self._repeats -= copies - 1
            for url in self.urls * copies:
                delivery = Delivery(url, event, identifier, body, [])
                if self._held is not None:
                    self._held.append(delivery)
                else:
                    self._put(delivery, 0)

    def _put(self, delivery: Delivery, delay: float) -> None:
        with self._wake:
            heapq.heappush(self._due, (time.monotonic() + delay, next(self._order), delivery))
            self._wake.notify_all()

    def _deliver(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # no proxy: webhooks of a practice stay on this machine
            while (delivery := self._next()) is not None:
                status = self._post(session, delivery)
                delivery.statuses.append(status)
                if len(delivery.statuses) == 1:
                    self.log.append(delivery)
                tries = len(delivery.statuses)
                if (status in RETRIED or status >= 500 or status == 0) and tries <= len(self._delays):
                    self._put(delivery, self._delays[tries - 1])

    def _next(self) -> Delivery | None:
        """Waits for the next delivery that is due; None once we are stopping."""
        with self._wake:
            while not self._stopping:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._wake.wait(wait)
            return None

    def _post(self, session: requests.Session, delivery: Delivery) -> int:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Atlassian Webhook HTTP Client",
            "X-Atlassian-Webhook-Identifier": delivery.identifier,
            "X-Atlassian-Webhook-Retry": str(len(delivery.statuses)),
            "X-Hub-Signature": sign(self._secret, delivery.body),
        }
        try:
            return session.post(delivery.url, data=delivery.body, headers=headers, timeout=TIMEOUT).status_code
        except requests.RequestException:
            return 0


def sign(secret: bytes, body: bytes) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


# --- bodies --------------------------------------------------------------------------------------------------------


def _bodies(draw: Renderer, happening: Happening) -> list[tuple[str, bytes]]:
    """The events that Jira makes of one happening: a comment is told as a comment and as an update of its ticket."""
    event, thing, ticket = happening.event, happening.more, happening.ticket
    head = {"timestamp": happening.at, "webhookEvent": event}
    if isinstance(thing, Version):
        return [(event, encode(head | {"version": draw.version_json(thing)}))]
    if isinstance(thing, Link):
        return [(event, encode(head | {"issueLink": _link(thing)}))]
    assert ticket is not None, "what is no version and no link is about a ticket"
    if isinstance(thing, Comment):
        comment = b',"comment":' + draw.comment(ticket, thing)
        told = encode(head)[:-1] + comment + b',"issue":' + draw.ticket(ticket, _brief(draw)) + b"}"
        updated: dict[str, Any] = {"timestamp": happening.at, "webhookEvent": "jira:issue_updated"}
        updated["issue_event_type_name"] = "issue_commented"
        return [
            (event, told),
            (updated["webhookEvent"], _issue(draw, happening, ticket, updated)[:-1] + comment + b"}"),
        ]
    if happening.name is not None:
        head["issue_event_type_name"] = happening.name
    return [(event, _issue(draw, happening, ticket, head))]


def _issue(draw: Renderer, happening: Happening, ticket: Ticket, head: dict[str, Any]) -> bytes:
    issue = draw.ticket(ticket, draw.plan(["*all"], ticket.extra or ()))
    body = encode(head)[:-1] + b',"user":' + draw.account(happening.by) + b',"issue":' + issue
    if happening.change is not None:
        items = joined(encode(draw.item_json(item)) for item in happening.change.items)
        body += f',"changelog":{{"id":"{happening.change.id}","items":'.encode() + items + b"}"
    return body + b"}"


def _brief(draw: Renderer) -> Any:
    return draw.plan(["summary", "issuetype", "project", "assignee", "priority", "status"])


def _link(link: Link) -> dict[str, Any]:
    kind = {"id": int(link.type.id), "name": link.type.name, "isSubTaskLinkType": False, "isSystemLinkType": False}
    kind |= {"outwardName": link.type.outward, "inwardName": link.type.inward}
    ends = {"sourceIssueId": link.source.id, "destinationIssueId": link.target.id}
    return {"id": link.id, **ends, "issueLinkType": kind, "systemLink": False}
