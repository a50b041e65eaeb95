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
    typed = request.args.partition(" ")[0]
    weeks = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 3 else 0  # noqa: PLR2004 far beyond any
    found = calendar_view.read(
        services.store, services.policy, request.actor, request.now, weeks if request.args else WEEKS
    )
    return view.refused(found) if isinstance(found, Refused) else view.calendar(found)


def show_all(request: Click, services: Services) -> Message:
    weeks = request.number("weeks")
    found = calendar_view.read(services.store, services.policy, request.actor, request.now, weeks)
    return view.refused(found) if isinstance(found, Refused) else view.calendar(found, whole=True)
