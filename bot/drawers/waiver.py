"""A waiver's card, as it is when it is sent."""

from dataclasses import replace

from bot.drawing import Drawn
from bot.services import Services
from bot.views import waiver as view
from interlock.domain import outbox
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.usecases import card, waiver


def post(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = waiver.shown(services.store, message.ids["waiver_id"])
    return Drawn(message=view.card(*found)) if found else Dropped(reason="there is no such waiver")


def refresh(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Changes the card that stands; waits while that is still on its way."""
    sent = card.sent(services.store, message.ids["post_key"])
    if sent is None:
        raise DeliveryError("The card itself is not posted yet.")
    drawn = post(services, message)
    return drawn if isinstance(drawn, Dropped) else replace(drawn, update_ts=sent.ts, channel=sent.channel)
