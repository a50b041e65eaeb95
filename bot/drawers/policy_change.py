"""The card of a proposal to change a release's policy, and word of how it ended, as they are when they are sent."""

from dataclasses import replace

from bot.drawing import Drawn
from bot.services import Services
from bot.views import policy_change as view
from interlock.domain import outbox
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.usecases import card, policy_change_card

NONE = Dropped(reason="there is no such proposal")


def post(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = policy_change_card.draw(services.store, message.ids["change_id"], services.clock())
    return Drawn(message=view.card(found)) if found else NONE


def refresh(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Changes the card that stands; waits while that is still on its way."""
    sent = card.posted(services.store, message.ids["card_id"])
    if sent is None:
        raise DeliveryError("The card itself is not posted yet.")
    drawn = post(services, message)
    return drawn if isinstance(drawn, Dropped) else replace(drawn, update_ts=sent.ts, channel=sent.channel)


def told(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = policy_change_card.shown(services.store, message.ids["change_id"], services.clock())
    return Drawn(message=view.told(found)) if found else NONE
