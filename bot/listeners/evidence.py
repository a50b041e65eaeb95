"""`/release evidence`: everything about a release's decisions, signed, for an auditor."""

from bot.evidence.key import NONE
from bot.requests import Command
from bot.services import Services
from bot.views import evidence as view
from bot.views import release as releases
from bot.views.blocks import Message, escape, refusal
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.usecases import evidence


def send(request: Command, services: Services) -> Message:
    """`/release evidence [release]`: into the asker's direct messages."""
    if services.keyring.key is None:
        return refusal(escape(NONE))
    done = evidence.ask(
        services.store, services.policy, request.actor, request.args, request.channel_id, request.now, post=True
    )
    services.wake()
    if isinstance(done, Refused):
        return releases.refused(done)
    return releases.unclear(done, None) if isinstance(done, Unclear) else view.on_its_way(done.release.name)
