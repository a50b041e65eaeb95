"""Anchoring the record of decisions, and holding it against its anchors."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from interlock.domain.anchor import Anchor, first_contradicted, read
from interlock.domain.audit import Broken
from interlock.domain.errors import InterlockError
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.store import anchor_folder, audit, channel, outbox
from interlock.store.engine import Store

GOOD_FOR = timedelta(days=7)
"""An anchor that comes late is still one."""


class AnchorError(InterlockError):
    """The record cannot be anchored, or contradicts an anchor. Nothing was posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """`posts` is empty where policy names no channel, or the head has not moved since it was last posted."""

    anchor: Anchor
    posts: tuple[Outgoing, ...] = ()


def plan(store: Store, policy: Policy, now: datetime) -> Anchored | None:
    """What would be anchored now; None for a record without events. Raises AnchorError."""
    with store.read() as session:
        seq, digest = audit.head(session)
        if not seq:
            return None
        anchor = Anchor(seq=seq, hash=digest, at=now.replace(microsecond=0))
        name = policy.anchors.channel
        if name is None:
            return Anchored(anchor=anchor)
        there = channel.by_name(session, name)
        if there is None:
            raise AnchorError(f"The record can't be anchored in #{name}: Interlock does not see that channel.")
        post = Outgoing(
            key=f"audit.anchor:{seq}",
            kind="audit.anchor",
            ids={"seq": seq, "hash": digest, "at": anchor.at.isoformat()},
            channel=there.id,
            urgency=Urgency.ROUTINE,
            not_after=now + GOOD_FOR,
        )
        return Anchored(anchor=anchor, posts=() if outbox.known(session, [post.key]) else (post,))


def run(store: Store, policy: Policy, now: datetime) -> Anchored | None:
    """Hold the record against the anchors in the folder, then anchor its head: in the folder and the channel.

    The folder is written before the post is committed: an anchor too many does no harm. Raises AnchorError.
    """
    due = plan(store, policy, now)
    if due is None:
        return None
    if policy.anchors.folder:
        broken = contradicted(store, anchor_folder.text(Path(policy.anchors.folder)))
        if broken:
            raise AnchorError(f"The record was changed: event {broken.seq}: {broken.why}. Tell your auditors.")
        anchor_folder.keep(Path(policy.anchors.folder), due.anchor.seq, due.anchor.line)
    with store.write() as session:
        for post in due.posts:
            outbox.enqueue(session, post, now)
    return due


def contradicted(store: Store, text: str) -> Broken | None:
    """The first of the anchors in a text that the record does not bear out."""
    anchors = read(text)
    with store.read() as session:
        known = audit.hashes(session, {anchor.seq for anchor in anchors})
    return first_contradicted(anchors, known)
