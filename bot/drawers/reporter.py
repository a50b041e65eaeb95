"""The direct message that carries a program's token, which is made as the message is drawn."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import reporter as view
from interlock.domain import outbox
from interlock.domain.authority import Refused
from interlock.domain.outbox import Dropped
from interlock.usecases import report


def issue(services: Services, message: outbox.Message) -> Drawn | Dropped:
    now, ids = services.clock(), message.ids
    made = report.issue(services.store, services.policy, ids["label"], ids["slack_id"], ids["request"], now)
    if made is None:
        return Dropped(reason="asked for anew, or ended")
    if isinstance(made, Refused):
        return Dropped(reason=made.reason)
    return Drawn(message=view.issued(ids["label"], made, now))
