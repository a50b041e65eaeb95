"""The card of broken glass, and word of what became of it, as they are when they are sent."""

from dataclasses import replace

from bot.drawing import Drawn
from bot.services import Services
from bot.views import break_glass as view
from interlock.domain import outbox
from interlock.domain.outbox import Deferred, DeliveryError, Dropped
from interlock.usecases import break_glass_card, card

GONE = Dropped(reason="there is no such broken glass, or it has ended meanwhile")


def post(services: Services, message: outbox.Message) -> Drawn | Dropped:
    picture = break_glass_card.draw(services.store, message.ids["break_glass_id"], services.clock())
    reader = message.channel.removeprefix("@") if message.channel.startswith("@") else ""
    return Drawn(message=view.card(picture, reader, direct=bool(reader))) if picture else GONE


def refresh(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Changes the card that stands; waits while that is still on its way."""
    sent = card.sent(services.store, message.ids["post_key"])
    if sent is None:
        raise DeliveryError("The card itself is not posted yet.")
    drawn = post(services, message)
    return drawn if isinstance(drawn, Dropped) else replace(drawn, update_ts=sent.ts, channel=sent.channel)


def news(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids, direct = message.ids, message.channel.startswith("@")
    told = break_glass_card.news(services.store, ids["break_glass_id"], ids["what"], services.clock(), direct=direct)
    if told is None:
        return GONE
    return Drawn(message=view.news(told.picture, told.what, told.hidden, direct=told.direct))


def passed_over(services: Services, message: outbox.Message) -> Drawn | Dropped | Deferred:
    """In the reader's working hours: glass is broken at night, and nothing of it waits for them."""
    ids, now = message.ids, services.clock()
    told = break_glass_card.passed_over(services.store, services.policy, ids["break_glass_id"], ids["slack_id"], now)
    if told is None:
        return Dropped(reason="it has ended, or was signed meanwhile")
    if told.opens_at > now:
        return Deferred(until=told.opens_at, reason="outside their working hours")
    return Drawn(message=view.passed_over(told.picture, told.names))
