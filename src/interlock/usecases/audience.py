"""Who reads a channel."""

from sqlmodel import Session

from interlock.domain import visibility
from interlock.domain.policy import Policy
from interlock.domain.visibility import Audience
from interlock.store import channel


def of_channel(session: Session, policy: Policy, channel_id: str) -> Audience:
    """What a post in the channel may show; nothing in one that the mirror does not know."""
    there = channel.load(session, channel_id)
    return visibility.of_channel(policy, there.name, shared=there.shared) if there else visibility.NOBODY
