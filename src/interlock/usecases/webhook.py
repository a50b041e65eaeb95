"""Taking over one delivery from the tracker: once, and never over what is newer."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from interlock.domain.policy import Policy
from interlock.store import seen, ticket_write
from interlock.store.engine import Store
from interlock.trackers import page
from interlock.trackers.page import Page
from interlock.trackers.webhook import Kind, WebhookEvent
from interlock.usecases import sync
from interlock.usecases.sync import Kept


class Outcome(StrEnum):
    KEPT = "kept"
    REPEATED = "repeated"
    IGNORED = "ignored"
    ASK = "ask"
    """The delivery tells too little: ask the tracker for the ticket, then `keep_asked`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    outcome: Outcome
    kept: Kept = field(default_factory=Kept)


def take(store: Store, policy: Policy, event: WebhookEvent, identifier: str, now: datetime) -> Delivered:
    """`identifier` is the delivery's own (X-Atlassian-Webhook-Identifier): the tracker sends it again under the same
    one. It is remembered with what the delivery did, so that one that failed is taken when it comes again."""
    if event.kind is Kind.IGNORED:
        return Delivered(outcome=Outcome.IGNORED)
    if event.kind is Kind.TICKET_CHANGED and event.reading is None:
        with store.read() as session:
            known = seen.is_known(session, _key(identifier))
        return Delivered(outcome=Outcome.REPEATED if known else Outcome.ASK)
    with store.write() as session:
        if not seen.first_time(session, _key(identifier), now):
            return Delivered(outcome=Outcome.REPEATED)
        if event.version is not None:
            return _version(session, event)
        assert event.ticket_id is not None
        if event.reading is None:
            return Delivered(outcome=Outcome.KEPT, kept=sync.gone(session, [event.ticket_id], now))
        if not _is_ours(policy, page.of([event.reading])):
            return _moved_away(session, event.ticket_id, now)
        kept = sync.keep(session, policy, page.of([event.reading]), now, now, hint=True)
        return Delivered(outcome=Outcome.KEPT, kept=kept)


def keep_asked(
    store: Store,
    policy: Policy,
    event: WebhookEvent,
    answer: Page | None,
    identifier: str,
    read_at: datetime,
    now: datetime,
) -> Delivered:
    """After ASK: what the tracker answered at `read_at`; None where it shows no such ticket."""
    assert event.ticket_id is not None
    with store.write() as session:
        if not seen.first_time(session, _key(identifier), now):
            return Delivered(outcome=Outcome.REPEATED)
        if answer is None:
            return Delivered(outcome=Outcome.KEPT, kept=sync.gone(session, [event.ticket_id], now))
        if not _is_ours(policy, answer):
            return _moved_away(session, event.ticket_id, now)
        return Delivered(outcome=Outcome.KEPT, kept=sync.keep(session, policy, answer, read_at, now))


def _version(session: Session, event: WebhookEvent) -> Delivered:
    assert event.version is not None
    if not ticket_write.has_project(session, event.version.project_id):
        return Delivered(outcome=Outcome.IGNORED)
    ticket_write.write_names(session, versions=[event.version])
    return Delivered(outcome=Outcome.KEPT)


def _moved_away(session: Session, ticket_id: str, now: datetime) -> Delivered:
    """A ticket of a project that is not mirrored: nothing to us, unless it was in one that is."""
    kept = sync.gone(session, [ticket_id], now)
    return Delivered(outcome=Outcome.KEPT if kept.tickets else Outcome.IGNORED, kept=kept)


def _is_ours(policy: Policy, told: Page) -> bool:
    return all(ticket.project_key in policy.tickets.projects for ticket in told.tickets)


def _key(identifier: str) -> str:
    return f"webhook:{identifier}"
