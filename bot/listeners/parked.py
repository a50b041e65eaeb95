"""The buttons under what release managers are told of messages that could not be delivered."""

from bot.requests import Click, Replacement
from bot.services import Services
from bot.views import parked as view
from bot.views.blocks import Message
from interlock.domain.authority import Refused
from interlock.usecases import parked


def send(click: Click, services: Services) -> Message | Replacement:
    done = parked.send_again(services.store, services.policy, click.actor, click.number("message"), click.now)
    services.wake()
    if isinstance(done, Refused):
        return view.refused(done.sentence)
    return Replacement(message=view.sending(done.count, done.late))


def drop(click: Click, services: Services) -> Message | Replacement:
    done = parked.let_go(services.store, services.policy, click.actor, click.number("message"), click.now)
    if isinstance(done, Refused):
        return view.refused(done.sentence)
    return Replacement(message=view.settled(done.count, "will not be sent"))
