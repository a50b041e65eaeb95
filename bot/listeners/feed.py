"""`/release calendar link | revoke`: a calendar feed of one's own, by direct message."""

from bot.requests import Command
from bot.services import Services
from bot.views import feed as view
from bot.views.blocks import Message
from interlock.domain.authority import Refused
from interlock.usecases import feed


def link(request: Command, services: Services) -> Message:
    """`/release calendar link`. Whatever follows it is a slip, which must not send a link."""
    if request.args:
        return view.unclear()
    if services.settings.interlock_url is None:
        return view.no_address()
    done = feed.ask(services.store, services.policy, request.actor, request.trigger_id, request.now)
    services.wake()
    return view.refused(done) if isinstance(done, Refused) else view.on_its_way(done)


def revoke(request: Command, services: Services) -> Message:
    """`/release calendar revoke`"""
    done = feed.revoke(services.store, services.policy, request.actor, request.now)
    return view.refused(done) if isinstance(done, Refused) else view.revoked(was_live=done)
