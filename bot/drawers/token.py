"""The direct message that carries a token for the command line, which is made as the message is drawn."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import token as view
from interlock.domain import outbox
from interlock.domain.authority import Refused
from interlock.domain.outbox import Dropped
from interlock.usecases import token


def issue(services: Services, message: outbox.Message) -> Drawn | Dropped:
    now, ids = services.clock(), message.ids
    made = token.issue(services.store, services.policy, ids["slack_id"], ids["request"], now)
    if made is None:
        return Dropped(reason="asked for anew, or revoked")
    if isinstance(made, Refused):
        return Dropped(reason=made.reason)
    return Drawn(message=view.issued(made, services.settings.interlock_url, now))
