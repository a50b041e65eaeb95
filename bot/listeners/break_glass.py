"""`/release breakglass`, and the buttons on the card of broken glass."""

from bot.requests import Answer, Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import break_glass as view
from bot.views import release as release_view
from bot.views.blocks import Message, problems
from bot.views.forms import notice
from interlock.domain.authority import Refused
from interlock.domain.break_glass import Stale
from interlock.domain.break_glass_rules import taken_apart
from interlock.domain.names import tidy
from interlock.domain.release import Unclear
from interlock.usecases import break_glass, break_glass_end
from interlock.usecases.break_glass_end import Ended, Reviewed
from interlock.usecases.release import Invalid


def ask(request: Command, services: Services) -> Message:
    """`/release breakglass RELEASE [SIGN-OFF, …] because …` asks; without a reason it shows what stands."""
    store, policy, now = services.store, services.policy, request.now
    if taken_apart(request.args)[1] is None:
        found = break_glass.look(store, policy, request.actor, request.args, request.channel_id, now)
        if isinstance(found, Unclear):
            return release_view.unclear(found, None)
        if isinstance(found, Refused):
            return release_view.refused(found)
        return view.card(found, request.actor.slack_id)
    done = break_glass.ask(store, policy, request.actor, request.args, request.channel_id, now)
    services.wake()
    if isinstance(done, Unclear):
        return release_view.unclear(done, None)
    if isinstance(done, Invalid):
        return problems(done.problems)
    if isinstance(done, Refused):
        return release_view.refused(done)
    return view.asked(done.picture, done.channel_id, done.confirmers, again=done.again)


def confirm(request: Click, services: Services) -> Message:
    revision_id = request.id("revision")
    done = break_glass.confirm(services.store, services.policy, request.actor, revision_id, request.now)
    services.wake()
    if isinstance(done, Refused):
        return release_view.refused(done)
    if isinstance(done.verdict, Stale):
        return view.stale(done.picture, done.verdict.changes, done.hidden)
    return view.confirmed(done.picture, again=done.verdict.again)


def take_back(request: Click, services: Services) -> Message:
    return _take_back(request, services, request.number("break_glass"), "")


def take_back_typed(request: Command, services: Services) -> Message:
    """`/release breakglass withdraw NUMBER [why]`"""
    number, reason = _number(request.args)
    return _take_back(request, services, number, reason)


def review(request: Click, services: Services) -> Message | None:
    """Asks for the words, unless giving them would be in vain; all is checked again when they are given."""
    number = request.number("break_glass")
    found = break_glass_end.may_review(services.store, services.policy, request.actor, number, request.now)
    if isinstance(found, Refused):
        return release_view.refused(found)
    services.views.open(request.trigger_id, view.review_form(found))
    return None


def reviewed(request: Submission, services: Services) -> Answer:
    done = _review(request, services, int(request.private.get("break_glass", 0)), request.text(view.WORDS))
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    return Shown(view=notice("Review broken glass", _reviewed(done).text))


def review_typed(request: Command, services: Services) -> Message:
    """`/release breakglass review NUMBER what they found`"""
    number, words = _number(request.args)
    done = _review(request, services, number, words)
    return problems(done.problems) if isinstance(done, Invalid) else _reviewed(done)


def _take_back(request: Click | Command, services: Services, number: int, reason: str) -> Message:
    done: Ended | Invalid | Refused = break_glass_end.take_back(
        services.store, services.policy, request.actor, number, reason, request.now
    )
    services.wake()
    if isinstance(done, Invalid):
        return problems(done.problems)
    return release_view.refused(done) if isinstance(done, Refused) else view.taken_back(done.picture)


def _review(request: Command | Submission, services: Services, number: int, words: str) -> Reviewed | Invalid | Refused:
    done = break_glass_end.review(services.store, services.policy, request.actor, number, words, request.now)
    services.wake()
    return done


def _reviewed(done: Reviewed | Refused) -> Message:
    return release_view.refused(done) if isinstance(done, Refused) else view.reviewed(done.picture, again=done.again)


def _number(args: str) -> tuple[int, str]:
    """The number that the text begins with, 0 where it begins with none, and what follows it."""
    typed, _, rest = tidy(args).partition(" ")
    fits = typed.isascii() and typed.isdigit() and len(typed) <= 9  # noqa: PLR2004 what a database's integer holds
    return int(typed) if fits else 0, rest.strip()
