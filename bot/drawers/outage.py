"""What whoever missed something is told after an outage."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import outage as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.usecases import outage


def told(services: Services, message: outbox.Message) -> Drawn | Dropped:
    number, now = message.ids["outage"], services.clock()
    found = outage.recovery(services.store, services.policy, number, message.channel, now)
    return Drawn(message=view.told(found)) if found else Dropped(reason="nothing was missed")
