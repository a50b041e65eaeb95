"""What Jira pushes: who sent it, and what it says.

Deliveries come at least once and in no order, so each is only a hint that is held against what is stored. Jira sends a
body again after 408, 409, 425, 429 and 5xx; any other refusal loses it.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from interlock.domain.ticket import Version
from interlock.trackers import mapping, plain
from interlock.trackers.errors import TrackerError, UnreadableTicketError
from interlock.trackers.mapping import Mapper, Reading

_METHOD = "sha256"


class Kind(StrEnum):
    TICKET_CHANGED = "ticket_changed"
    TICKET_DELETED = "ticket_deleted"
    VERSION_CHANGED = "version_changed"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """`at` is when Jira says that it happened, `ticket_ids` to which tickets. `reading` is None where the body does not
    hold all that Interlock reads of a ticket: ask for each by its id then. The reading's changes are those of this
    event alone, so `changes_complete` is False."""

    kind: Kind
    at: datetime | None
    ticket_ids: tuple[str, ...] = ()
    reading: Reading | None = None
    version: Version | None = None


def verify(body: bytes, header: str | None, *secrets: str) -> bool:
    """Whether `X-Hub-Signature` is this body's, under a secret that Jira was given (RFC: WebSub, 8)."""
    return any(_is_signed(body, header, secret) for secret in secrets)


def _is_signed(body: bytes, header: str | None, secret: str) -> bool:
    method, _, signature = (header or "").partition("=")
    if not secret or method.strip().lower() != _METHOD:
        return False
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    # Compared as bytes: a header may hold what is not ASCII, and compare_digest refuses such texts.
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode("utf-8", "surrogateescape"))


def parse(body: bytes, mapper: Mapper) -> WebhookEvent:
    """Raises TrackerError for a body that is no JSON object. Events that change no ticket and no version are IGNORED:
    comments are never stored, and a comment's own effects arrive as the ticket's next change."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise TrackerError("A webhook's body is not JSON. Check what sends it.", permanent=True) from error
    if not isinstance(told, dict):
        raise TrackerError("A webhook's body is not a JSON object. Check what sends it.", permanent=True)
    name = plain.text(told.get("webhookEvent")).removeprefix("jira:")
    at = plain.moment(told.get("timestamp"))
    if name in {"issue_created", "issue_updated", "issue_deleted"}:
        return _ticket(told, name, at, mapper)
    if name in {"issuelink_created", "issuelink_deleted"}:
        return _link(told, at)
    if name.startswith("version_") and name != "version_deleted":
        version = plain.record(told.get("version"))
        project_id = plain.optional(version.get("projectId"))
        if project_id and version.get("id"):
            return WebhookEvent(kind=Kind.VERSION_CHANGED, at=at, version=mapping.version(version, project_id))
    return WebhookEvent(kind=Kind.IGNORED, at=at)


def _ticket(told: dict[str, object], name: str, at: datetime | None, mapper: Mapper) -> WebhookEvent:
    issue = plain.record(told.get("issue"))
    ticket_id = plain.optional(issue.get("id"))
    if ticket_id is None:
        return WebhookEvent(kind=Kind.IGNORED, at=at)
    if name == "issue_deleted":
        return WebhookEvent(kind=Kind.TICKET_DELETED, at=at, ticket_ids=(ticket_id,))
    # What a body leaves out is unknown, not empty: taken for empty, a ticket would lose its security level or leave
    # its release. Jira tells an empty field as null.
    absent = set(mapper.fields.wanted) - {"parent"} - set(plain.record(issue.get("fields")))
    try:
        reading = None if absent else mapper.read({**issue, "changelog": None})
    except UnreadableTicketError:
        reading = None
    if reading is None:
        return WebhookEvent(kind=Kind.TICKET_CHANGED, at=at, ticket_ids=(ticket_id,))
    changelog = plain.record(told.get("changelog"))
    change_id = plain.optional(changelog.get("id"))
    if change_id is not None and at is not None:
        changes = mapper.changelog.items(change_id, at, told.get("user"), changelog.get("items"))
        reading = replace(reading, ticket=replace(reading.ticket, changes=tuple(changes)))
    return WebhookEvent(kind=Kind.TICKET_CHANGED, at=at, ticket_ids=(ticket_id,), reading=reading)


def _link(told: dict[str, object], at: datetime | None) -> WebhookEvent:
    """Jira tells of a link by itself; the tickets at its ends tell it only when they are asked."""
    link = plain.record(told.get("issueLink"))
    ends = (plain.optional(link.get(name)) for name in ("sourceIssueId", "destinationIssueId"))
    ticket_ids = tuple(end for end in ends if end is not None)
    return WebhookEvent(kind=Kind.TICKET_CHANGED if ticket_ids else Kind.IGNORED, at=at, ticket_ids=ticket_ids)
