"""Calendar feeds: a link of one's own (see `usecases.secret`), and what it shows."""

import hmac
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from interlock.domain import freeze
from interlock.domain.actor import Actor, Authentication
from interlock.domain.authority import Refused
from interlock.domain.feed import Entry, Feed, uid
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.secret import Issued, hash_of
from interlock.store import release
from interlock.store.engine import Store
from interlock.store.feed import LINKS
from interlock.usecases import authority
from interlock.usecases.secret import Personal

LINK: Final = Personal(
    name="feed",
    permission=Permission.FEED_SELF,
    good_for=lambda limits: timedelta(days=limits.feed_days),
    kept=LINKS,
)
BEHIND: Final = timedelta(days=31)
AHEAD: Final = timedelta(days=366)
"""How far a feed looks."""


def ask(store: Store, policy: Policy, actor: Actor, request_id: str, now: datetime) -> timedelta | Refused:
    """`/release calendar link`"""
    return LINK.ask(store, policy, actor, request_id, now)


def issue(store: Store, policy: Policy, slack_id: str, request_id: str, now: datetime) -> Issued | Refused | None:
    return LINK.issue(store, policy, slack_id, request_id, now)


def revoke(store: Store, policy: Policy, actor: Actor, now: datetime) -> bool | Refused:
    """`/release calendar revoke`"""
    return LINK.revoke(store, policy, actor, now)


def read(store: Store, policy: Policy, text: str, now: datetime) -> Feed | None:
    """What stands in the feed that this secret opens; None, whatever the reason, where it opens none. Whether its owner
    may have one, and may look at releases, is asked each time.
    """
    hash_ = hash_of(text)
    if hash_ is None:
        return None
    with store.read() as session:
        found = LINKS.find(session, hash_)
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
