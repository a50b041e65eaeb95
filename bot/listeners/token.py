"""`/link token`: a personal token for the command line, by direct message."""

from bot.requests import Command
from bot.services import Services
from bot.views import token as view
from bot.views.blocks import Message
from interlock.domain.authority import Refused
from interlock.usecases import token


def ask(request: Command, services: Services) -> Message:
    """`/link token`. Whatever follows it is a slip of `revoke`, which must not send a token."""
    if request.args:
        return view.unclear()
    done = token.ask(services.store, services.policy, request.actor, request.trigger_id, request.now)
    services.wake()
    return view.refused(done) if isinstance(done, Refused) else view.on_its_way(done)


def revoke(request: Command, services: Services) -> Message:
    """`/link token revoke`"""
    done = token.revoke(services.store, services.policy, request.actor, request.now)
    return view.refused(done) if isinstance(done, Refused) else view.revoked(was_live=done)
