"""An outbox message becomes one Slack call."""

from typing import Final

from bot.drawing import Drawer

DRAWERS: Final[dict[str, Drawer]] = {}
"""By the outbox message's kind."""
