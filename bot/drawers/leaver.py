"""What is told of what somebody who left still holds."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import leaver as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.usecases import leaver

SEEN_TO = Dropped(reason="seen to")


def booking(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = leaver.left_booking(services.store, message.ids["booking_id"])
    return Drawn(message=view.booking(found.environment, found.booking)) if found else SEEN_TO


def blocker(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = leaver.left_blocker(services.store, message.ids["ticket_id"], message.ids["slack_id"])
    if found is None:
        return SEEN_TO
    return Drawn(message=view.blocker(found.ticket, found.left, services.ticket_url(found.ticket.key)))
