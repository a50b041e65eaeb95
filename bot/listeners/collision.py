"""`/release acknowledge RELEASE OTHER [why]`, and the button that does it."""

from bot.requests import Click, Command, UnreadableButtonError
from bot.services import Services
from bot.views import collision as view
from bot.views import release as release_view
from bot.views.blocks import Message
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.usecases import collision
from interlock.usecases.collision import Acknowledged


def acknowledge_typed(request: Command, services: Services) -> Message:
    done = collision.acknowledge(
        services.store, services.policy, request.actor, request.args, request.channel_id, request.now
    )
    return release_view.unclear(done, None) if isinstance(done, Unclear) else _told(done)


def acknowledge(request: Click, services: Services) -> Message:
    one, _, other = request.id("collision").partition("-")
    if not (_is_number(one) and _is_number(other)):
        raise UnreadableButtonError
    done = collision.acknowledge_pair(services.store, services.policy, request.actor, int(one), int(other), request.now)
    return _told(done)


def _told(done: Acknowledged | Refused) -> Message:
    if isinstance(done, Refused):
        return release_view.refused(done)
    return view.acknowledged(done.collision, again=done.again, other_side=done.other_side)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9  # noqa: PLR2004 what a database's integer holds
