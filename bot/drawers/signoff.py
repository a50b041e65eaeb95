"""The sign-off card and its notes, as they are when they are sent."""

from dataclasses import replace

from bot.drawing import Drawn
from bot.services import Services
from bot.views import signoff as view
from bot.views import signoff_note as notes
from bot.views.blocks import link
from interlock.domain import outbox
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.usecases import blocker, card, revalidation, shortfall, signoff_note, signoff_reminder

GONE = Dropped(reason="there is no such card")
ACTED = Dropped(reason="it was acted on meanwhile")


def post(services: Services, message: outbox.Message) -> Drawn | Dropped:
    now = services.clock()
    picture = card.draw(services.store, message.ids["card_id"], now)
    if picture is None:
        return GONE
    audience = blocker.audience_of(services.store, services.policy, picture.release.channel_id)
    return Drawn(message=view.card(picture, now, audience))


def refresh(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Changes the message that stands. While that is still on its way it may carry the state of before, so wait."""
    sent = card.posted(services.store, message.ids["card_id"])
    if sent is None:
        raise DeliveryError("The card itself is not posted yet.")
    drawn = post(services, message)
    return drawn if isinstance(drawn, Dropped) else replace(drawn, update_ts=sent.ts, channel=sent.channel)


def rejected(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids = message.ids
    told = signoff_note.rejected(services.store, ids["card_id"], ids["requirement_id"], ids["slack_id"])
    if told is None:
        return Dropped(reason="the rejection was revoked")
    given = told.signoff
    return Drawn(
        message=notes.rejection(told.release, told.requirement, given.person, given.reason or "", told.requested_by)
    )


def revoked(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids = message.ids
    told = signoff_note.revoked(services.store, ids["card_id"], ids["requirement_id"], ids["slack_id"])
    if told is None:
        return Dropped(reason="signed again, or not being deployed any more")
    return Drawn(message=notes.revocation(told.release, told.requirement, told.by, told.requested_by))


def voided(services: Services, message: outbox.Message) -> Drawn | Dropped:
    note = revalidation.voided(services.store, message.ids["signoff_id"], services.clock())
    if note is None:
        return Dropped(reason="signed again, or the release ended")
    return Drawn(message=notes.voided(note, lambda key: link(services.ticket_url(key), key)))


def in_your_place(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids = message.ids
    told = signoff_note.in_your_place(services.store, ids["card_id"], ids["requirement_id"], ids["slack_id"])
    if told is None:
        return Dropped(reason="it was taken back, or became void")
    return Drawn(message=notes.in_your_place(told.release, told.requirement, told.signoff))


def reminder(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids, now = message.ids, services.clock()
    told = signoff_reminder.reminder(
        services.store, services.policy, ids["card_id"], ids["slack_id"], ids["principal"], now
    )
    return Drawn(message=notes.reminder(told)) if told else ACTED


def chase(services: Services, message: outbox.Message) -> Drawn | Dropped:
    told = signoff_reminder.chase(services.store, services.policy, message.ids["card_id"], services.clock())
    return Drawn(message=notes.chase(told)) if told else ACTED


def unanswered(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids = message.ids
    told = signoff_reminder.unanswered(services.store, ids["card_id"], ids["requirement_id"], ids["slack_id"])
    return Drawn(message=notes.unanswered(told)) if told else ACTED


def short(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids = message.ids
    told = shortfall.told(services.store, ids["release_id"], ids["requirement_id"], short=True)
    return Drawn(message=notes.shortfall(told)) if told else Dropped(reason="it can be given again")


def within_reach(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids = message.ids
    told = shortfall.told(services.store, ids["release_id"], ids["requirement_id"], short=False)
    return Drawn(message=notes.within_reach(told)) if told else Dropped(reason="it can't be given after all")
