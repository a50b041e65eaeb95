"""`/release readiness`, its button, and the checklist."""

from bot.requests import Click, Command
from bot.services import Services
from bot.views import readiness as view
from bot.views import release as release_view
from bot.views.blocks import Message, line, sentence
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.usecases import criterion
from interlock.usecases import readiness as usecase


def readiness(request: Command, services: Services) -> Message:
    """`/release readiness [release]`"""
    found = usecase.ask(services.store, services.policy, request.actor, request.args, request.channel_id, request.now)
    if isinstance(found, Refused):
        return release_view.refused(found)
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Readiness", view.READINESS))
    return view.readiness(found, request.now)


def show(request: Click, services: Services) -> Message:
    """Every gate."""
    found = usecase.ask_of(services.store, services.policy, request.actor, request.number("release"), request.now)
    return release_view.refused(found) if isinstance(found, Refused) else view.readiness(found, request.now, whole=True)


def tick(request: Command, services: Services) -> Message:
    """`/release tick RELEASE ITEM [LINK]`"""
    return _tick(request, services, ticked=True)


def untick(request: Command, services: Services) -> Message:
    """`/release untick RELEASE ITEM`"""
    return _tick(request, services, ticked=False)


def _tick(request: Command, services: Services, *, ticked: bool) -> Message:
    store, policy, actor = services.store, services.policy, request.actor
    done = criterion.tick(store, policy, actor, request.args, request.channel_id, request.now, ticked=ticked)
    if isinstance(done, Refused):
        return release_view.refused(done)
    if isinstance(done, Unclear):
        return release_view.unclear(done, None)
    services.wake()
    told = "is ticked" if done.ticked else "is no longer ticked"
    replaced = f" The link that {line(done.replaced)} put there stands no more." if done.replaced else ""
    return sentence(f"{line(done.name)} {told} for {line(done.release.name)}.{replaced}")
