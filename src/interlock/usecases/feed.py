"""Calendar feeds: a link of one's own, and what it shows.

As with tokens for the command line (`usecases/token.py`, which says why), the link's secret is made when its direct
message is drawn, stored nowhere in clear, and each drawing issues a new one in place of the last.
"""

import hmac
import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from interlock.domain import freeze
from interlock.domain.actor import SYSTEM, Actor, Authentication, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.feed import BYTES, Entry, Feed, Issued, hash_of, uid
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.store import audit, feed, outbox, release
from interlock.store.engine import Store
from interlock.usecases import authority

KIND: Final = "feed"
GOOD_FOR: Final = timedelta(hours=1)
"""How long the direct message may take."""
BEHIND: Final = timedelta(days=31)
AHEAD: Final = timedelta(days=366)
"""How far a feed looks."""


def ask(store: Store, policy: Policy, actor: Actor, request_id: str, now: datetime) -> timedelta | Refused:
    """`/release calendar link`: sends the actor a link by direct message; returns how long it will be good for."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.FEED_SELF, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        message = Outgoing(
            key=f"feed:{actor.slack_id}:{request_id}",
            kind=KIND,
            ids={"slack_id": actor.slack_id, "request": request_id},
            channel=f"@{actor.slack_id}",
            urgency=Urgency.URGENT,
            not_after=now + GOOD_FOR,
        )
        if outbox.enqueue(session, message, now):
            feed.ask(session, actor.slack_id, request_id, now)
            _record(session, "feed.requested", actor, allowed.person, {}, now)
        return timedelta(days=policy.limits.feed_days)


def issue(store: Store, policy: Policy, slack_id: str, request_id: str, now: datetime) -> Issued | Refused | None:
    """A new link in place of the person's last one; None where the request is no longer their newest. Whether they may
    have one is asked again.
    """
    with store.write() as session:
        reader = Actor(slack_id=slack_id, authentication=Authentication.SYSTEM)
        allowed = authority.to_view(session, policy, Permission.FEED_SELF, reader)
        if isinstance(allowed, Refused):
            return allowed
        last = feed.load(session, slack_id)
        if last is None or last.request != request_id:
            return None
        if last.is_live(now):
            _record(session, "feed.revoked", SYSTEM, allowed.person, {"why": "replaced"}, now)
        text = secrets.token_urlsafe(BYTES)
        hash_, expires_at = hash_of(text), now + timedelta(days=policy.limits.feed_days)
        assert hash_ is not None, "what is made here has a link's shape"
        feed.issue(session, slack_id, hash_, expires_at)
        _record(session, "feed.issued", SYSTEM, allowed.person, {"expires_at": expires_at.isoformat()}, now)
        return Issued(text=text, expires_at=expires_at)


def revoke(store: Store, policy: Policy, actor: Actor, now: datetime) -> bool | Refused:
    """`/release calendar revoke`: the actor's link, and any on its way, no longer work. Returns whether one did."""
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.FEED_SELF, actor)
        if isinstance(allowed, Refused):
            return allowed
        last = feed.load(session, actor.slack_id)
        if last is None:
            return False
        feed.drop(session, actor.slack_id)
        _record(session, "feed.revoked", actor, allowed.person, {"why": "asked"}, now)
        return last.is_live(now)


def read(store: Store, policy: Policy, text: str, now: datetime) -> Feed | None:
    """What stands in the feed that this secret opens; None, whatever the reason, where it opens none. Whether its owner
    may have one, and may look at releases, is asked each time.
    """
    hash_ = hash_of(text)
    if hash_ is None:
        return None
    with store.read() as session:
        found = feed.find(session, hash_)
        if found is None or found.hash is None or not hmac.compare_digest(found.hash, hash_):
            return None
        reader = Actor(slack_id=found.slack_id, authentication=Authentication.TOKEN)
        wanted = (Permission.FEED_SELF, Permission.RELEASE_VIEW)
        refused = [isinstance(authority.to_view(session, policy, each, reader), Refused) for each in wanted]
        if not found.is_live(now) or any(refused):
            return None
        return Feed(slack_id=found.slack_id, entries=tuple(_entries(session, policy, now)), now=now)


def _entries(session: Session, policy: Policy, now: datetime) -> list[Entry]:
    """Releases that have not ended, with their milestones, and freezes: no ticket, whoever reads it."""
    today = policy.calendars[policy.calendar].today(now)
    changes = release.numbers(session)
    entries = [
        entry
        for one in release.active(session)
        if today - BEHIND <= one.target <= today + AHEAD
        for entry in _of_release(one, changes.get(one.id, 0))
    ]
    for window in freeze.between(policy, now - BEHIND, now + AHEAD):
        whole = freeze.whole_days(window)
        entries.append(
            Entry(
                # Another time of it is another event: this one never changes.
                uid=uid("freeze", window.name, window.starts.isoformat(), window.ends.isoformat()),
                summary=f"Freeze: {window.name}",
                description=f"No release in its scope deploys: {freeze.span(window)}.",
                first=window.start if whole else None,
                last=window.end if whole else None,
                starts=window.starts,
                ends=window.ends,
            )
        )
    return entries


def _of_release(one: Release, changes: int) -> list[Entry]:
    """Its ids stay, whatever it is called and wherever its days move to."""
    what = (one.id, one.created_at.isoformat())
    due = [
        Entry(
            uid=uid("milestone", *what, each.name),
            summary=f"{one.name}: {each.name}",
            description=f"A milestone of {one.name} ({one.policy.name}).",
            sequence=changes,
            first=each.due,
            last=each.due,
        )
        for each in one.milestones
        if each.due != one.target
    ]
    target = Entry(
        uid=uid("target", *what),
        summary=f"{one.name}: target",
        description=f"{one.name} ({one.policy.name}) is to be released.",
        sequence=changes,
        first=one.target,
        last=one.target,
    )
    return [*due, target]


def _record(session: Session, kind: str, actor: Actor, who: Person, facts: dict[str, Any], now: datetime) -> None:
    event = AuditEvent(kind=kind, actor=actor, facts={"person": who.slack_id} | facts, people={"subject": asdict(who)})
    audit.append(session, event, now)
