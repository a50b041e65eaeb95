"""`/release runbook …`, the clicks on its card, and the forms that ask why."""

from collections.abc import Callable

from bot.requests import Answer, Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import release as release_view
from bot.views import runbook as view
from bot.views import runbook_note as notes
from bot.views.blocks import Message
from bot.views.forms import notice
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.domain.runbook import Already, Deed
from interlock.usecases import runbook, runbook_view, runbook_words

Marking = Callable[[Services, Click | Submission, int, str], runbook.Marked | Refused]


def show(request: Command, services: Services) -> Message:
    """`/release runbook [release]`"""
    store, policy, actor = services.store, services.policy, request.actor
    found = runbook_view.show(store, policy, actor, request.args, request.channel_id, request.now)
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Runbook", view.SHOW))
    return view.refused(found) if isinstance(found, Refused) else view.show(found, request.now)


def show_clicked(request: Click, services: Services) -> Message:
    """The button that answers which release was meant."""
    number = request.number("release")
    found = runbook_view.show_of(services.store, services.policy, request.actor, number, request.now)
    return view.refused(found) if isinstance(found, Refused) else view.show(found, request.now)


def show_all(request: Click, services: Services) -> Message | None:
    """The button that opens the whole list."""
    number = request.number("release")
    found = runbook_view.show_of(services.store, services.policy, request.actor, number, request.now)
    if isinstance(found, Refused):
        return view.refused(found)
    services.views.open(request.trigger_id, view.all_steps(found, request.now))
    return None


def start(request: Command, services: Services) -> Message:
    """`/release runbook start [release]`"""
    store, policy, actor = services.store, services.policy, request.actor
    done = runbook_words.start(store, policy, actor, request.args, request.channel_id, request.now)
    return release_view.unclear(done, None) if isinstance(done, Unclear) else _begun(done, services)


def start_clicked(request: Click, services: Services) -> Message:
    number = request.number("release")
    return _begun(runbook.start(services.store, services.policy, request.actor, number, request.now), services)


def begin(request: Click, services: Services) -> Message:
    return _told(_mark(Deed.STARTED)(services, request, request.number("runbook_step"), ""), services)


def tick(request: Click, services: Services) -> Message:
    return _told(_mark(Deed.DONE)(services, request, request.number("runbook_step"), ""), services)


def fail(request: Click, services: Services) -> Message | None:
    """Asks what went wrong, unless saying so would be in vain; all is checked again when it is said."""
    number = request.number("runbook_step")
    found = runbook_view.may_fail(services.store, services.policy, request.actor, number, request.now)
    if isinstance(found, Already | Refused):
        return _told(_mark(Deed.FAILED)(services, request, number, ""), services)
    services.views.open(request.trigger_id, notes.fail_modal(found.step))
    return None


def skip(request: Click, services: Services) -> Message | None:
    number = request.number("runbook_step")
    found = runbook_view.may_skip(services.store, services.policy, request.actor, number, request.now)
    if isinstance(found, Already | Refused):
        return _told(_skip(services, request, number, ""), services)
    services.views.open(request.trigger_id, notes.skip_modal(found.step))
    return None


def abort(request: Click, services: Services) -> Message | None:
    number = request.number("runbook_run")
    found = runbook_view.may_abort(services.store, services.policy, request.actor, number, request.now)
    if isinstance(found, Refused):
        return _aborted(runbook.abort(services.store, services.policy, request.actor, number, "", request.now))
    services.views.open(request.trigger_id, notes.abort_modal(found.release, found.run))
    return None


def failed(request: Submission, services: Services) -> Answer:
    return _submitted(request, services, _mark(Deed.FAILED), "A step failed")


def skipped(request: Submission, services: Services) -> Answer:
    return _submitted(request, services, _skip, "Skip a step")


def aborted(request: Submission, services: Services) -> Answer:
    number, reason = int(request.private.get("run", 0)), request.text(view.REASON)
    done = runbook.abort(services.store, services.policy, request.actor, number, reason, request.now)
    services.wake()
    if isinstance(done, Refused) and done.reason in {"no_reason", "too_long"}:
        return Errors(by_block={view.REASON: done.sentence})
    return Shown(view=notice("Abort the runbook", _aborted(done).text))


def begin_typed(request: Command, services: Services) -> Message:
    """`/release runbook start-step [RELEASE] STEP`"""
    return _typed(request, services, Deed.STARTED)


def tick_typed(request: Command, services: Services) -> Message:
    """`/release runbook tick [RELEASE] STEP [note]`"""
    return _typed(request, services, Deed.DONE)


def fail_typed(request: Command, services: Services) -> Message:
    """`/release runbook fail [RELEASE] STEP why`"""
    return _typed(request, services, Deed.FAILED)


def skip_typed(request: Command, services: Services) -> Message:
    """`/release runbook skip [RELEASE] STEP why`"""
    store, policy, actor = services.store, services.policy, request.actor
    done = runbook_words.skip(store, policy, actor, request.args, request.channel_id, request.now)
    return release_view.unclear(done, None) if isinstance(done, Unclear) else _told(done, services)


def abort_typed(request: Command, services: Services) -> Message:
    """`/release runbook abort RELEASE why`"""
    store, policy, actor = services.store, services.policy, request.actor
    done = runbook_words.abort(store, policy, actor, request.args, request.channel_id, request.now)
    services.wake()
    return release_view.unclear(done, None) if isinstance(done, Unclear) else _aborted(done)


def _mark(deed: Deed) -> Marking:
    def act(services: Services, request: Click | Submission, step_id: int, note: str) -> runbook.Marked | Refused:
        return runbook.mark(services.store, services.policy, request.actor, step_id, deed, note, request.now)

    return act


def _skip(services: Services, request: Click | Submission, step_id: int, note: str) -> runbook.Marked | Refused:
    return runbook.skip(services.store, services.policy, request.actor, step_id, note, request.now)


def _typed(request: Command, services: Services, deed: Deed) -> Message:
    store, policy, actor = services.store, services.policy, request.actor
    done = runbook_words.mark(store, policy, actor, request.args, request.channel_id, deed, request.now)
    return release_view.unclear(done, None) if isinstance(done, Unclear) else _told(done, services)


def _begun(done: runbook.Begun | Refused, services: Services) -> Message:
    services.wake()
    return view.refused(done) if isinstance(done, Refused) else notes.begun(done.release, done.run, new=done.new)


def _submitted(request: Submission, services: Services, act: Marking, title: str) -> Answer:
    done = act(services, request, int(request.private.get("step", 0)), request.text(view.REASON))
    if isinstance(done, Refused) and done.reason in {"no_reason", "too_long"}:
        return Errors(by_block={view.REASON: done.sentence})
    return Shown(view=notice(title, _told(done, services).text))


def _told(done: runbook.Marked | Refused, services: Services) -> Message:
    services.wake()
    if isinstance(done, Refused):
        return view.refused(done)
    if isinstance(done.verdict, Already):
        return notes.already(done.release, done.verdict)
    return notes.marked(done.release, done.verdict.step, done.verdict.deed, finished=done.finished)


def _aborted(done: runbook.Aborted | Refused) -> Message:
    return view.refused(done) if isinstance(done, Refused) else notes.aborted(done.release, done.run, new=done.new)
