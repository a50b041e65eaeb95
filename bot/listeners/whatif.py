"""`/release whatif`, and the buttons that ask the same: they change nothing."""

from datetime import date

from bot.requests import Click, Command, UnreadableButtonError
from bot.services import Services
from bot.views import release as release_view
from bot.views import whatif as view
from bot.views.blocks import Message
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.domain.whatif import TicketWhatIf
from interlock.usecases import whatif


def ask(request: Command, services: Services) -> Message:
    """`/release whatif KEY +3d`, or `target DAY [release]`"""
    found = whatif.ask(services.store, services.policy, request.actor, request.args, request.channel_id, request.now)
    return _told(found, request, services)


def show(request: Click, services: Services) -> Message:
    """The button under an answer that leads to the next question."""
    return _told(_asked(request, services), request, services)


def show_all(request: Click, services: Services) -> Message:
    """The button under an answer that was cut."""
    return _told(_asked(request, services), request, services, whole=True)


def _asked(request: Click, services: Services) -> whatif.WhatIf:
    store, policy, actor = services.store, services.policy, request.actor
    if request.payload is not None and request.payload.kind == view.TICKET_DAY:
        ticket_id, when = _parted(request.id(view.TICKET_DAY))
        return whatif.of_ticket(store, policy, actor, ticket_id, when, request.now)
    number, when = _parted(request.id(view.RELEASE_DAY))
    if not (number.isascii() and number.isdigit()) or len(number) > 18:  # noqa: PLR2004 what a bigint holds
        raise UnreadableButtonError
    return whatif.of_target(store, policy, actor, int(number), when, request.now)


def _parted(carried: str) -> tuple[str, date]:
    ident, _, when = carried.rpartition("_")
    try:
        return ident, date.fromisoformat(when)
    except ValueError:
        raise UnreadableButtonError from None


def _told(found: whatif.WhatIf, request: Command | Click, services: Services, *, whole: bool = False) -> Message:
    if isinstance(found, Refused):
        return release_view.refused(found)
    if isinstance(found, Unclear):
        return release_view.unclear(found, None)
    if isinstance(found, TicketWhatIf):
        return view.ticket(found, services.ticket_url, request.now, whole=whole)
    return view.target(found, request.now, whole=whole)
