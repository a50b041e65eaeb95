"""`/release calendar [weeks]`, and the button for all of it."""

from bot.requests import Click, Command
from bot.services import Services
from bot.views import calendar_view as view
from bot.views.blocks import Message
from interlock.domain.authority import Refused
from interlock.domain.calendar_view import WEEKS
from interlock.usecases import calendar_view


def show(request: Command, services: Services) -> Message:
    """As text at once."""
    found = calendar_view.read(services.store, services.policy, request.actor, request.now, _weeks(request.args))
    return view.refused(found) if isinstance(found, Refused) else view.calendar(found)


def show_all(request: Click, services: Services) -> Message:
    weeks = request.number("weeks")
    found = calendar_view.read(services.store, services.policy, request.actor, request.now, weeks)
    return view.refused(found) if isinstance(found, Refused) else view.calendar(found, whole=True)


def picture(request: Command, services: Services) -> Message:
    """`/release calendar picture [weeks]`, into the asker's direct messages."""
    return _picture(request, services, _weeks(request.args), request.trigger_id)


def send_picture(request: Click, services: Services) -> Message:
    return _picture(request, services, request.number("weeks"), request.trigger_id)


def _picture(request: Command | Click, services: Services, weeks: int, act: str) -> Message:
    found = calendar_view.ask_picture(services.store, services.policy, request.actor, weeks, act, request.now)
    services.wake()
    return view.refused(found) if isinstance(found, Refused) else view.picture_on_its_way(found)


def _weeks(typed: str) -> int:
    """0 for what is no number of weeks."""
    first = typed.partition(" ")[0]
    if not first:
        return WEEKS
    return int(first) if first.isascii() and first.isdigit() and len(first) <= 3 else 0  # noqa: PLR2004 far beyond any
