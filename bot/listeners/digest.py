"""`/release digest now`."""

from bot.requests import Command
from bot.services import Services
from bot.views import release as view
from bot.views.blocks import Message, channel, line, sentence
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.usecases import digest


def now(request: Command, services: Services) -> Message:
    found = digest.ask(
        services.store,
        services.policy,
        request.actor,
        request.args,
        request.channel_id,
        request.trigger_id,
        request.now,
    )
    services.wake()
    if isinstance(found, Refused):
        return view.refused(found)
    if isinstance(found, Unclear):
        return view.unclear(found, None)
    return sentence(f"The digest of {line(found.name)} is on its way to {channel(found.channel_id)}.")
