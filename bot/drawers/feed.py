"""The direct message that carries a link to a calendar feed, which is made as the message is drawn."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import feed as view
from interlock.domain import outbox
from interlock.domain.authority import Refused
from interlock.domain.outbox import Dropped
from interlock.usecases import feed


def issue(services: Services, message: outbox.Message) -> Drawn | Dropped:
    now, ids, address = services.clock(), message.ids, services.settings.interlock_url
    if address is None:
        return Dropped(reason=view.NO_ADDRESS)
    made = feed.issue(services.store, services.policy, ids["slack_id"], ids["request"], now)
    if made is None:
        return Dropped(reason="asked for anew, or revoked")
    if isinstance(made, Refused):
        return Dropped(reason=made.reason)
    return Drawn(message=view.issued(made, address, now))
