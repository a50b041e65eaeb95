"""Reading the mirror of Slack's channels."""

from sqlmodel import Session

from interlock.domain.channel import Channel
from interlock.store.person import ChannelRow


def load(session: Session, channel_id: str) -> Channel | None:
    """None for one that the bot cannot see, such as a private channel that it is not in, or a direct message."""
    row = session.get(ChannelRow, channel_id)
    if row is None:
        return None
    return Channel(
        id=row.id,
        name=row.name,
        private=row.private,
        shared=row.shared,
        archived=row.archived,
        member=row.member,
    )
