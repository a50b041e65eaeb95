"""What somebody is told of their link to the tracker, as it is when it is sent."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import link as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.usecases import link


def note(services: Services, message: outbox.Message) -> Drawn | Dropped:
    told = link.note(services.store, message.ids)
    return Drawn(message=view.note(told, services.ticket_url)) if told else Dropped(reason="no longer so")
