"""Taking over one delivery from the tracker: once, and never over what is newer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from interlock.domain.policy import Policy
from interlock.store import seen, ticket_write
from interlock.store.alone import alone
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
    """The delivery tells too little: ask the tracker for its tickets, then `keep_asked`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    outcome: Outcome
    kept: Kept = field(default_factory=Kept)


def take(store: Store, policy: Policy, event: WebhookEvent, identifier: str, now: datetime) -> Delivered:
    """`identifier` is the delivery's own (X-Atlassian-Webhook-Identifier): the tracker sends it again under the same
    one. It is remembered with what the delivery did, so that one that failed is taken when it comes again."""
    if event.kind is Kind.IGNORED:
        return Delivered(outcome=Outcome.IGNORED)
    with store.read() as session:
        settled = _at_first_sight(session, policy, event, identifier)
    if settled is not None:
        return Delivered(outcome=settled)
    with store.write() as session:
        alone(session, ticket_write.TICKETS)  # a deletion may be under way in another replica
        if _was_deleted(session, event):
            return Delivered(outcome=Outcome.ASK)
        if not seen.first_time(session, _key(identifier), now):
            return Delivered(outcome=Outcome.REPEATED)
        if event.version is not None:
            return _version(session, event)
        if event.reading is None:
            kept = sync.gone(session, event.ticket_ids, now)
            for ticket_id in event.ticket_ids:
                seen.first_time(session, _tombstone(ticket_id), now)  # the mirror may never have had it
        else:
            kept = sync.keep(session, policy, page.of([event.reading]), now, now, hint=True)
        return Delivered(outcome=Outcome.KEPT, kept=kept)


def keep_asked(
    store: Store, policy: Policy, answers: Mapping[str, Page | None], identifier: str, read_at: datetime, now: datetime
) -> Delivered:
    """After ASK: what the tracker answered at `read_at`, by ticket id; None where it shows no such ticket."""
    told = [answer for answer in answers.values() if answer is not None and _is_ours(policy, answer)]
    away = set(answers) - {ticket.id for answer in told for ticket in answer.tickets}
    with store.write() as session:
        if not seen.first_time(session, _key(identifier), now):
            return Delivered(outcome=Outcome.REPEATED)
        kept = [sync.keep(session, policy, answer, read_at, now) for answer in told]
        kept.append(sync.gone(session, away, now))
    return Delivered(
        outcome=Outcome.KEPT,
        kept=Kept(
            tickets=sum(each.tickets for each in kept),
            stale=sum(each.stale for each in kept),
            releases=frozenset().union(*(each.releases for each in kept)),
        ),
    )


def _at_first_sight(session: Session, policy: Policy, event: WebhookEvent, identifier: str) -> Outcome | None:
    """What needs no writing, or cannot be decided from the delivery alone; None for what can be taken."""
    if seen.known(session, _key(identifier)):
        return Outcome.REPEATED
    if event.kind is not Kind.TICKET_CHANGED:
        return None
    if event.reading is None:
        return Outcome.ASK
    told = event.reading.ticket
    known = ticket_write.stored(session, [told.id]).get(told.id)
    if told.project_key not in policy.tickets.projects:
        # Nothing to us, unless the mirror has it: it may have moved away, or the delivery is late and it moved back.
        return Outcome.IGNORED if known is None else Outcome.ASK
    if known is not None and known.ticket.updated == told.updated:
        # Two changes at one instant (some databases keep whole seconds): which of them came last, only Jira knows.
        return Outcome.ASK
    return None


def _was_deleted(session: Session, event: WebhookEvent) -> bool:
    """Whether a ticket that the mirror lacks was told to be deleted: this delivery is late, or it was restored."""
    if event.reading is None:
        return False
    ticket_id = event.reading.ticket.id
    return seen.known(session, _tombstone(ticket_id)) and not ticket_write.stored(session, [ticket_id])


def _version(session: Session, event: WebhookEvent) -> Delivered:
    assert event.version is not None
    alone(session, ticket_write.TICKETS)
    if not ticket_write.has_project(session, event.version.project_id):
        return Delivered(outcome=Outcome.IGNORED)
    ticket_write.write_names(session, versions=[event.version])
    return Delivered(outcome=Outcome.KEPT)


def _is_ours(policy: Policy, told: Page) -> bool:
    return all(ticket.project_key in policy.tickets.projects for ticket in told.tickets)


def _tombstone(ticket_id: str) -> str:
    return f"deleted:{ticket_id}"


def _key(identifier: str) -> str:
    return f"webhook:{identifier}"
