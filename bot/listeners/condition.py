"""What approvals hang on: the list, and ticking off."""

from bot.requests import Click, Command
from bot.services import Services
from bot.views import condition as view
from bot.views import release as release_view
from bot.views.blocks import Message
from bot.views.signoff import OPEN
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.usecases import condition


def list_(request: Command, services: Services) -> Message:
    """`/release conditions [release]`"""
    found = condition.listing(services.store, services.policy, request.actor, request.args, request.channel_id)
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Conditions", OPEN))
    return release_view.refused(found) if isinstance(found, Refused) else view.listing(found)


def show(request: Click, services: Services) -> Message:
    """The button on the card."""
    found = condition.listing_of(services.store, services.policy, request.actor, request.number("release"))
    return release_view.refused(found) if isinstance(found, Refused) else view.listing(found)


def done(request: Click, services: Services) -> Message:
    result = condition.tick(services.store, services.policy, request.actor, request.number("condition"), request.now)
    services.wake()
    return release_view.refused(result) if isinstance(result, Refused) else view.ticked(result)
