"""Anchoring the record of decisions, and holding it against its anchors."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from interlock.domain.anchor import Anchor, first_contradicted, read
from interlock.domain.audit import Broken
from interlock.domain.errors import InterlockError
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.store import anchor_folder, audit, channel, outbox
from interlock.store.engine import Store

log = structlog.get_logger(__name__)

GOOD_FOR = timedelta(days=7)
"""An anchor that comes late is still one."""


class AnchorError(InterlockError):
    """The record contradicts an anchor, and nothing was anchored; or it cannot be posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """`posts` is empty where policy names no channel, or the head has not moved since it was last posted."""

    anchor: Anchor
    posts: tuple[Outgoing, ...] = ()


def plan(store: Store, policy: Policy, now: datetime) -> Anchored | None:
    """What would be anchored now; None for a record without events. Raises AnchorError for a channel that Interlock
    does not see.
    """
    anchor = _head(store, now)
    return None if anchor is None else Anchored(anchor=anchor, posts=_posts(store, policy, anchor, now))


def run(store: Store, policy: Policy, now: datetime) -> Anchored | None:
    """Hold the record against the anchors in the folder, then anchor its head: in the log, which is kept elsewhere, in
    the folder, and in the channel.

    In this order: an anchor too many does no harm, and a channel that is not seen takes no other with it. Raises
    AnchorError.
    """
    anchor = _head(store, now)
    if anchor is None:
        return None
    folder = Path(policy.anchors.folder) if policy.anchors.folder else None
    broken = contradicted(store, anchor_folder.text(folder)) if folder else None
    if broken:
        raise AnchorError(f"The record was changed: event {broken.seq}: {broken.why}. Tell your auditors.")
    log.info("audit.anchor", anchor=anchor.line)
    if folder:
        anchor_folder.keep(folder, anchor.seq, anchor.line)
    posts = _posts(store, policy, anchor, now)
    with store.write() as session:
        for post in posts:
            outbox.enqueue(session, post, now)
    return Anchored(anchor=anchor, posts=posts)


def contradicted(store: Store, text: str) -> Broken | None:
    """The first of the anchors in a text that the record does not bear out."""
    anchors = read(text)
    with store.read() as session:
        known = audit.hashes(session, {anchor.seq for anchor in anchors})
    return first_contradicted(anchors, known)


def _head(store: Store, now: datetime) -> Anchor | None:
    with store.read() as session:
        seq, digest = audit.head(session)
    return Anchor(seq=seq, hash=digest, at=now.replace(microsecond=0)) if seq else None


def _posts(store: Store, policy: Policy, anchor: Anchor, now: datetime) -> tuple[Outgoing, ...]:
    name = policy.anchors.channel
    if name is None:
        return ()
    with store.read() as session:
        there = channel.by_name(session, name)
        if there is None:
            raise AnchorError(f"The record can't be anchored in #{name}: Interlock does not see that channel.")
        post = Outgoing(
            key=f"audit.anchor:{anchor.seq}",
            kind="audit.anchor",
            ids={"seq": anchor.seq, "hash": anchor.hash, "at": anchor.at.isoformat()},
            channel=there.id,
            urgency=Urgency.ROUTINE,
            not_after=now + GOOD_FOR,
        )
        return () if outbox.known(session, [post.key]) else (post,)
