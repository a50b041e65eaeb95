"""`/release forecast`, and the button that tells the same."""

from bot.requests import Click, Command
from bot.services import Services
from bot.views import forecast as view
from bot.views import release as release_view
from bot.views.blocks import Message
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.usecases import forecast


def ask(request: Command, services: Services) -> Message:
    """`/release forecast [release]`"""
    found = forecast.ask(services.store, services.policy, request.actor, request.args, request.channel_id, request.now)
    if isinstance(found, Refused):
        return release_view.refused(found)
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Forecast", view.FORECAST))
    return view.told(found, request.now)


def show(request: Click, services: Services) -> Message:
    """The button that tells one release's forecast."""
    number = request.number("release")
    found = forecast.ask_of(services.store, services.policy, request.actor, number, request.now)
    return release_view.refused(found) if isinstance(found, Refused) else view.told(found, request.now)
