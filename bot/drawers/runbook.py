"""The runbook's card and its pings, as they are when they are sent."""

from dataclasses import replace

from bot.drawing import Drawn
from bot.services import Services
from bot.views import runbook as view
from bot.views import runbook_note as notes
from interlock.domain import outbox
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.usecases import card, runbook_view, runbook_watch


def post(services: Services, message: outbox.Message) -> Drawn | Dropped:
    now = services.clock()
    picture = runbook_view.draw(services.store, message.ids["card_id"], now)
    return Drawn(message=view.card(picture, now)) if picture else Dropped(reason="there is no such card")


def refresh(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Changes the message that stands. While that is still on its way it may carry the state of before, so wait."""
    sent = card.posted(services.store, message.ids["card_id"])
    if sent is None:
        raise DeliveryError("The card itself is not posted yet.")
    drawn = post(services, message)
    return drawn if isinstance(drawn, Dropped) else replace(drawn, update_ts=sent.ts, channel=sent.channel)


def late(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids, now = message.ids, services.clock()
    told = runbook_watch.late(services.store, services.policy, ids["step_id"], ids["state"], ids["slack_id"], now)
    return Drawn(message=notes.late(told, now)) if told else Dropped(reason="the step moved on")


def failed(services: Services, message: outbox.Message) -> Drawn | Dropped:
    told = runbook_view.failed(services.store, message.ids["step_id"])
    if told is None:
        return Dropped(reason="the step moved on")
    return Drawn(message=notes.failed(told.release, told.run, told.step))
