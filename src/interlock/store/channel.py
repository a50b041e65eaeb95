"""Reading the mirror of Slack's channels."""

from sqlmodel import Session, col, select

from interlock.domain.channel import Channel
from interlock.store.person import ChannelRow


def load(session: Session, channel_id: str) -> Channel | None:
    """None for one that the bot cannot see, such as a private channel that it is not in, or a direct message."""
    row = session.get(ChannelRow, channel_id)
    return _channel(row) if row else None


def by_name(session: Session, name: str) -> Channel | None:
    """The channel of that name; one in use before one that was archived under it."""
    row = session.exec(
        select(ChannelRow).where(ChannelRow.name == name).order_by(col(ChannelRow.archived), ChannelRow.id)
    ).first()
    return _channel(row) if row else None


def _channel(row: ChannelRow) -> Channel:
    return Channel(
        id=row.id,
        name=row.name,
        private=row.private,
        shared=row.shared,
        archived=row.archived,
        member=row.member,
    )
