"""A delivery from the tracker, from its bytes to the mirror."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

import structlog

from interlock.domain.policy import Policy
from interlock.store.engine import Store
from interlock.trackers import webhook
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker
from interlock.usecases import webhook as usecase
from interlock.usecases.revalidation import revalidate
from interlock.usecases.webhook import Outcome

log = structlog.get_logger(__name__)


class Receipt(StrEnum):
    """What to answer. Jira sends a delivery again after 5xx only: any other refusal loses it."""

    TAKEN = "taken"
    """200: kept, seen before, or of no interest."""
    FORGED = "forged"
    """401: not signed with the secret that Jira was given."""
    UNREADABLE = "unreadable"
    """400: no JSON object."""
    LATER = "later"
    """503: the tracker could not be asked for what the delivery left out."""


def receive(
    store: Store,
    policy: Policy,
    tracker: JiraTracker,
    clock: Callable[[], datetime],
    *,
    body: bytes,
    signature: str | None,
    identifier: str | None,
    secrets: Sequence[str],
) -> Receipt:
    """`signature` is X-Hub-Signature, `identifier` X-Atlassian-Webhook-Identifier (where a proxy dropped it, the body
    stands for it). Blocks for as long as the tracker takes to answer: call it on a thread."""
    if not webhook.verify(body, signature, *secrets):
        log.warning("webhook.forged", bytes=len(body))
        return Receipt.FORGED
    name = identifier or hashlib.sha256(body).hexdigest()
    try:
        mapper = tracker.mapper()
    except TrackerError as error:
        log.warning("webhook.not_asked", why=str(error))
        return Receipt.LATER
    try:
        event = webhook.parse(body, mapper)
    except TrackerError as error:
        log.warning("webhook.unreadable", why=str(error))
        return Receipt.UNREADABLE
    delivered = usecase.take(store, policy, event, name, clock())
    if delivered.outcome is Outcome.ASK:
        read_at = clock()
        try:
            answers = {ticket_id: tracker.issue(ticket_id) for ticket_id in event.ticket_ids}
        except TrackerError as error:
            log.warning("webhook.not_asked", tickets=event.ticket_ids, why=str(error))
            return Receipt.LATER
        delivered = usecase.keep_asked(store, policy, answers, name, read_at, clock())
    log.info("webhook.taken", kind=event.kind.value, tickets=event.ticket_ids, outcome=delivered.outcome.value)
    if delivered.kept.releases:
        revalidate(store, clock(), due_only=True)
    return Receipt.TAKEN
