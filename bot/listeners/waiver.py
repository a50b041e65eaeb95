"""`/release waive`, and the buttons on a waiver's card."""

from bot.requests import Click, Command
from bot.services import Services
from bot.views import release as release_view
from bot.views import waiver as view
from bot.views.blocks import Message, problems
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.domain.waiver import WaiverState
from interlock.usecases import waiver
from interlock.usecases.release import Invalid


def ask(request: Command, services: Services) -> Message:
    """`/release waive RELEASE CRITERION until DAY why`"""
    done = waiver.ask(services.store, services.policy, request.actor, request.args, request.channel_id, request.now)
    services.wake()
    if isinstance(done, Unclear):
        return release_view.unclear(done, None)
    if isinstance(done, Invalid):
        return problems(done.problems)
    return (
        release_view.refused(done) if isinstance(done, Refused) else view.asked(done.release, done.waiver, new=done.new)
    )


def grant(request: Click, services: Services) -> Message:
    return _decide(request, services, WaiverState.GRANTED)


def refuse(request: Click, services: Services) -> Message:
    return _decide(request, services, WaiverState.REFUSED)


def withdraw(request: Click, services: Services) -> Message:
    return _decide(request, services, WaiverState.WITHDRAWN)


def _decide(request: Click, services: Services, state: WaiverState) -> Message:
    number = request.number("waiver")
    done = waiver.decide(services.store, services.policy, request.actor, number, state, request.now)
    services.wake()
    if isinstance(done, Refused):
        return release_view.refused(done)
    return view.decided(done.release, done.waiver, again=done.again)
