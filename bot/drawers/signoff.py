"""The sign-off card and its notes, as they are when they are sent."""

from dataclasses import replace

from bot.drawing import Drawn
from bot.services import Services
from bot.views import signoff as view
from bot.views.blocks import link
from interlock.domain import outbox
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.usecases import card, revalidation, signoff

GONE = Dropped(reason="there is no such card")


def post(services: Services, message: outbox.Message) -> Drawn | Dropped:
    now = services.clock()
    picture = card.draw(services.store, message.ids["card_id"], now)
    return Drawn(message=view.card(picture, now)) if picture else GONE


def refresh(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Changes the message that stands. While that is still on its way it may carry the state of before, so wait."""
    sent = card.posted(services.store, message.ids["card_id"])
    if sent is None:
        raise DeliveryError("The card itself is not posted yet.")
    drawn = post(services, message)
    return drawn if isinstance(drawn, Dropped) else replace(drawn, update_ts=sent.ts, channel=sent.channel)


def rejected(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids = message.ids
    told = signoff.rejected(services.store, ids["card_id"], ids["requirement_id"], ids["slack_id"])
    if told is None:
        return Dropped(reason="the rejection was revoked")
    given = told.signoff
    return Drawn(
        message=view.rejection(told.release, told.requirement, given.person, given.reason or "", told.requested_by)
    )


def voided(services: Services, message: outbox.Message) -> Drawn | Dropped:
    note = revalidation.voided(services.store, message.ids["signoff_id"], services.clock())
    if note is None:
        return Dropped(reason="signed again, or the release ended")
    return Drawn(message=view.voided(note, lambda key: link(services.ticket_url(key), key)))
