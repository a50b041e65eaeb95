"""What release managers are told of messages that could not be delivered."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import parked as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.usecases import parked


def told(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = parked.trouble(services.store, message.ids["message"])
    return Drawn(message=view.told(found)) if found else Dropped(reason="seen to")
