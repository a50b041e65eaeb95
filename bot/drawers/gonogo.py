"""A roll-call's card, its pings and its record, as they are when they are sent."""

from dataclasses import replace

from bot.drawing import Drawn, DrawnPin
from bot.services import Services
from bot.views import gonogo as view
from interlock.domain import outbox
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.usecases import card, gonogo_card, gonogo_chase, gonogo_void

NONE = Dropped(reason="there is no such roll-call")


def post(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = gonogo_card.draw(services.store, services.policy, message.ids["card_id"], services.clock())
    return Drawn(message=view.card(found)) if found else NONE


def refresh(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Changes the card that stands; waits while that is still on its way."""
    sent = card.posted(services.store, message.ids["card_id"])
    if sent is None:
        raise DeliveryError("The card itself is not posted yet.")
    drawn = post(services, message)
    return drawn if isinstance(drawn, Dropped) else replace(drawn, update_ts=sent.ts, channel=sent.channel)


def chase(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids = message.ids
    found = gonogo_chase.chased(
        services.store, services.policy, ids["gonogo_id"], ids["slack_id"], ids["step"], services.clock()
    )
    if found is None:
        return Dropped(reason="the role has voted, or the roll-call is over")
    return Drawn(message=view.chase(found.board, found.roles, last=found.last))


def result(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = gonogo_card.shown(services.store, services.policy, message.ids["gonogo_id"], services.clock())
    if found is None or found.roll_call.ended or found.tally.outcome.value != message.ids["outcome"]:
        return Dropped(reason="it is confirmed, or comes to something else by now")
    return Drawn(message=view.result(found))


def voided(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = gonogo_void.voided(services.store, services.policy, message.ids["vote_id"], services.clock())
    if found is None:
        return Dropped(reason="the role voted again, or the roll-call ended")
    return Drawn(message=view.void(found.board, found.role, found.choice, found.changes))


def record(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = gonogo_card.shown(services.store, services.policy, message.ids["gonogo_id"], services.clock())
    return Drawn(message=view.record(found)) if found else NONE


def pin(services: Services, message: outbox.Message) -> DrawnPin:
    """The record, once it stands."""
    sent = card.sent(services.store, message.ids["post_key"])
    if sent is None:
        raise DeliveryError("The record itself is not posted yet.")
    return DrawnPin(channel=sent.channel, ts=sent.ts)
