"""The App Home tab."""

from bot.requests import Event
from bot.services import Services
from interlock.usecases import home


def opened(request: Event, services: Services) -> None:
    """`app_home_opened`, on either of its tabs: the Home tab is drawn for what waits now."""
    if request.body.get("tab") == "home":
        home.opened(services.store, request.actor.slack_id, request.now)
        services.wake()
