"""What release managers are told of a vendor that no longer accepts Interlock's token."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import vendor as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.usecases import vendor


def refused(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = vendor.standing(services.store, message.ids["vendor"])
    return Drawn(message=view.refused(found, services.clock())) if found else Dropped(reason="it accepts it again")
