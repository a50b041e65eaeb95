"""The card of a freeze exception, and word of the decision, as they are when they are sent."""

from dataclasses import replace

from bot.drawing import Drawn
from bot.services import Services
from bot.views import freeze_exception as view
from interlock.domain import outbox
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.usecases import freeze_exception

GONE = Dropped(reason="there is no such exception")


def post(services: Services, message: outbox.Message) -> Drawn | Dropped:
    picture = freeze_exception.card(services.store, services.policy, message.ids["exception_id"], services.clock())
    return Drawn(message=view.card(picture)) if picture else GONE


def refresh(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Changes the message that stands. While that is still on its way it may carry the state of before, so wait."""
    sent = freeze_exception.posted(services.store, message.ids["exception_id"])
    if sent is None:
        raise DeliveryError("The card itself is not posted yet.")
    drawn = post(services, message)
    return drawn if isinstance(drawn, Dropped) else replace(drawn, update_ts=sent.ts, channel=sent.channel)


def told(services: Services, message: outbox.Message) -> Drawn | Dropped:
    picture = freeze_exception.card(services.store, services.policy, message.ids["exception_id"], services.clock())
    return Drawn(message=view.told(picture)) if picture else GONE
