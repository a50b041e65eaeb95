"""`/release reporter`: a token with which a program pushes figures, by direct message."""

from bot.requests import Command
from bot.services import Services
from bot.views import reporter as view
from bot.views.blocks import Message, escape, refusal
from interlock.domain.authority import Refused
from interlock.usecases import report


def ask(request: Command, services: Services) -> Message:
    """`/release reporter LABEL`"""
    done = report.ask(services.store, services.policy, request.actor, request.args, request.trigger_id, request.now)
    services.wake()
    return refusal(escape(done.sentence)) if isinstance(done, Refused) else view.on_its_way(request.args, done)


def end(request: Command, services: Services) -> Message:
    """`/release reporter end LABEL`"""
    done = report.end(services.store, services.policy, request.actor, request.args, request.now)
    return refusal(escape(done.sentence)) if isinstance(done, Refused) else view.ended(request.args, there=done)
