"""Word of who is away, as it is when it is sent."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import delegation as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.usecases import delegation


def over(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = delegation.over(services.store, message.ids["delegation_id"], services.clock())
    return Drawn(message=view.over(found)) if found else Dropped(reason="they stand in again")


def told(services: Services, message: outbox.Message) -> Drawn | Dropped:
    found = delegation.told(services.store, message.ids["delegation_id"], services.clock())
    return Drawn(message=view.told(found)) if found else Dropped(reason="they are back already")
