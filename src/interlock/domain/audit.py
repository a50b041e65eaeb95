"""The audit chain: each event's hash covers the one before it, so that any edit, gap or reordering shows."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from interlock.domain.actor import Actor

GENESIS = ""
"""What the first event names as the hash before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """A decision to record. `kind` is a dotted past participle (`signoff.approved`); `facts` is JSON-ready and holds no
    personal data: people stand in `people` by role (`actor`, `owner`), and the chain keeps a commitment to each.
    """

    kind: str
    actor: Actor
    facts: dict[str, Any] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    release_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One stored event of the chain, as `verify` reads it."""

    seq: int
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as it is read: its link, and by role the people who were not erased."""

    link: Link
    people: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first link that does not hold, and why."""

    seq: int
    why: str


def canonical(value: Any) -> str:
    """One text for one value: sorted keys, no blanks, no escapes for letters."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def commitment(salt: str, data: dict[str, Any]) -> str:
    """What the chain holds in place of personal data: it can be checked with the data and forgotten without."""
    return hashlib.sha256(f"{salt}{canonical(data)}".encode()).hexdigest()


def body(event: AuditEvent, seq: int, at: datetime, commitments: dict[str, str]) -> str:
    return canonical(
        {
            "seq": seq,
            "at": at.isoformat(timespec="microseconds"),
            "kind": event.kind,
            "authentication": event.actor.authentication.value,
            "release_id": event.release_id,
            "facts": event.facts,
            "people": commitments,
        }
    )


def link_hash(previous: str, text: str) -> str:
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def first_broken(links: list[Link], before: Link | None = None) -> Broken | None:
    """Check consecutive links, `before` being the last of those checked already; None when all hold."""
    seq, previous = (before.seq, before.hash) if before else (0, GENESIS)
    for link in links:
        if link.seq != seq + 1:
            return Broken(seq=link.seq, why=f"event {seq + 1} is missing")
        if link.previous != previous:
            return Broken(seq=link.seq, why="it does not follow the event before it")
        if link.hash != link_hash(previous, link.body):
            return Broken(seq=link.seq, why="its text is not what was recorded")
        seq, previous = link.seq, link.hash
    return None
