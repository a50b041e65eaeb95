"""`/release advance | hold | resume | cancel`, and the buttons and forms that belong to them."""

from bot.listeners.release import AGREED
from bot.requests import Answer, Click, Command, Errors, Shown, Submission, UnreadableButtonError
from bot.services import Services
from bot.views import release as release_view
from bot.views import stage as view
from bot.views.blocks import Message, escape, problems
from bot.views.forms import notice
from bot.views.readiness import AHEAD
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.release import Stage, Unclear
from interlock.domain.stage import Ahead, Moved
from interlock.usecases import release, stage, stage_stop
from interlock.usecases.release import Ending, Invalid


def advance(request: Command, services: Services) -> Message:
    """`/release advance [RELEASE]` says what the next stage takes; `… to STAGE [why]` moves there."""
    found = stage.ask(
        services.store,
        services.policy,
        request.actor,
        request.args,
        request.channel_id,
        request.now,
    )
    services.wake()
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Next stage", AHEAD))
    return _answer(found)


def show(request: Click, services: Services) -> Message:
    found = stage.ahead_of(services.store, services.policy, request.actor, request.number("release"), request.now)
    return release_view.refused(found) if isinstance(found, Refused) else view.ahead(found)


def move(request: Click, services: Services) -> Message:
    """The button that names the next stage."""
    number, after = _stage(request.id("stage"))
    done = stage.move(services.store, services.policy, request.actor, number, after, "", request.now)
    services.wake()
    return _answer(done)


def back(request: Click, services: Services) -> Message | None:
    """Asks why before it goes back."""
    number, after = _stage(request.id("stage"))
    found = stage.ahead_of(services.store, services.policy, request.actor, number, request.now)
    if isinstance(found, Refused):
        return release_view.refused(found)
    services.views.open(request.trigger_id, view.back_form(found.release, after))
    return None


def take_back(request: Submission, services: Services) -> Answer:
    number, after = _stage(str(request.private.get("stage", "")))
    why = request.text(view.REASON)
    done = stage.move(services.store, services.policy, request.actor, number, after, why, request.now)
    services.wake()
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    if isinstance(done, Moved):
        return Shown(view=view.done(done, "Take it back"))
    return Shown(view=notice("Take it back", _answer(done).text))


def hold(request: Command, services: Services) -> Message:
    """`/release hold RELEASE why`"""
    return _hold(request, services, on=True)


def resume(request: Command, services: Services) -> Message:
    """`/release resume RELEASE [why]`"""
    return _hold(request, services, on=False)


def cancel(request: Command, services: Services) -> Message | None:
    """`/release cancel RELEASE why` asks before it does."""
    found = _ending(request, services, asked=True)
    if isinstance(found, Message):
        return found
    services.views.open(request.trigger_id, view.cancel_form(found.release.id, found.release.name, found.reason))
    return None


def cancel_typed(request: Command, services: Services) -> Message:
    """As `cancel`, where no form can ask: `--yes` at the end agrees."""
    if not request.args.endswith(AGREED):
        found = _ending(request, services, asked=False)
        return found if isinstance(found, Message) else view.would_cancel(found.release.name)
    store, policy, args = services.store, services.policy, request.args.removesuffix(AGREED)
    done = stage_stop.cancel_typed(store, policy, request.actor, args, request.channel_id, request.now)
    services.wake()
    return release_view.unclear(done, None) if isinstance(done, Unclear) else _answer(done)


def cancel_for_good(request: Submission, services: Services) -> Answer:
    number, why = int(request.private.get("release", 0)), request.text(view.REASON)
    done = stage_stop.cancel(services.store, services.policy, request.actor, number, why, request.now)
    services.wake()
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    if isinstance(done, Refused):
        return Shown(view=notice("Cancel release", escape(done.sentence)))
    return Shown(view=view.done(done, "Cancel release"))


def _hold(request: Command, services: Services, *, on: bool) -> Message:
    store, policy, actor = services.store, services.policy, request.actor
    done = stage_stop.hold(store, policy, actor, request.args, request.channel_id, request.now, on=on)
    services.wake()
    if isinstance(done, Unclear):
        return release_view.unclear(done, None)
    if isinstance(done, Invalid):
        return problems(done.problems)
    return release_view.refused(done) if isinstance(done, Refused) else view.on_hold(done.release, again=done.again)


def _ending(request: Command, services: Services, *, asked: bool) -> Ending | Message:
    found = release.ending(
        services.store,
        services.policy,
        request.actor,
        request.args,
        request.channel_id,
        request.now,
        Permission.RELEASE_CANCEL,
        asked=asked,
    )
    if isinstance(found, Refused):
        return release_view.refused(found)
    return release_view.unclear(found, None) if isinstance(found, Unclear) else found


def _answer(done: Ahead | Moved | Invalid | Refused) -> Message:
    if isinstance(done, Ahead):
        return view.ahead(done)
    if isinstance(done, Invalid):
        return problems(done.problems)
    return release_view.refused(done) if isinstance(done, Refused) else view.moved(done)


def _stage(ident: str) -> tuple[int, Stage]:
    number, _, after = ident.partition(".")
    if not (number.isascii() and number.isdigit()) or len(number) > 18 or after not in set(Stage):  # noqa: PLR2004 bigint
        raise UnreadableButtonError
    return int(number), Stage(after)
