"""Links to calendar feeds."""

from typing import Final

from interlock.store.secret import SecretRow, Secrets


class FeedLinkRow(SecretRow, table=True):
    __tablename__ = "feed_link"


LINKS: Final = Secrets(FeedLinkRow)
