"""Asking for a freeze exception, and the clicks on its card."""

from bot import exception_line
from bot.requests import Answer, Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import freeze_exception as view
from bot.views import release as release_view
from bot.views.blocks import Message, problems, refusal
from bot.views.forms import notice
from interlock.domain.authority import Refused
from interlock.domain.freeze_exception import LONGEST, Decision, Reasons
from interlock.domain.names import tidy, unsaid
from interlock.domain.release import Unclear
from interlock.usecases import freeze_exception
from interlock.usecases.freeze_exception import Judged
from interlock.usecases.release import Invalid

WHY = "Say why: whoever asked has to know."


def ask(request: Command, services: Services) -> Message | None:
    """`/release exception RELEASE` opens the form; with the reasons behind it, it asks at once."""
    head, reasons = exception_line.read(request.args)
    store, policy, actor, there = services.store, services.policy, request.actor, request.channel_id
    if reasons is None:
        found = freeze_exception.offered(store, policy, actor, head, there, request.now)
        if isinstance(found, Unclear):
            return release_view.unclear(found, None)
        if isinstance(found, Refused):
            return view.refused(found)
        services.views.open(request.trigger_id, view.form(found.release, found.windows))
        return None
    done = freeze_exception.ask_typed(store, policy, actor, head, there, reasons, request.now)
    services.wake()
    if isinstance(done, Unclear):
        return release_view.unclear(done, None)
    if isinstance(done, Invalid):
        return problems(done.problems)
    return view.refused(done) if isinstance(done, Refused) else _asked(done)


def new(request: Click, services: Services) -> Message | None:
    """The button that opens the form."""
    number = request.number("release")
    found = freeze_exception.offered_of(services.store, services.policy, request.actor, number, request.now)
    if isinstance(found, Refused):
        return view.refused(found)
    services.views.open(request.trigger_id, view.form(found.release, found.windows))
    return None


def submit(request: Submission, services: Services) -> Answer:
    reasons = Reasons(
        why=request.text(view.WHY), risk_in=request.text(view.RISK_IN), risk_out=request.text(view.RISK_OUT)
    )
    number = int(request.private.get("release", 0))
    freeze = request.text(view.FREEZE) or str(request.private.get("freeze", ""))
    done = freeze_exception.ask(services.store, services.policy, request.actor, number, freeze, reasons, request.now)
    services.wake()
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    answer = view.refused(done) if isinstance(done, Refused) else _asked(done)
    return Shown(view=notice("Freeze exception", answer.text))


def approve(request: Click, services: Services) -> Message:
    return _decide(services, request, request.number("freeze_exception"), Decision.APPROVED, None)


def approve_typed(request: Command, services: Services) -> Message:
    """`/release exception approve NUMBER`"""
    number, _ = _number(request.args)
    return _decide(services, request, number, Decision.APPROVED, None)


def refuse(request: Click, services: Services) -> Message | None:
    """Asks for the reason, unless giving one would be in vain; all is checked again when it is given."""
    number = request.number("freeze_exception")
    store, policy = services.store, services.policy
    found = freeze_exception.foresee(store, policy, request.actor, number, Decision.REFUSED, request.now)
    if isinstance(found, Refused) or found.again:
        return _judged(found)
    services.views.open(request.trigger_id, view.reason_form(found.card))
    return None


def refuse_with_reason(request: Submission, services: Services) -> Answer:
    reason = tidy(request.text(view.REASON))
    if not reason:
        return Errors(by_block={view.REASON: WHY})
    answer = _decide(services, request, int(request.private.get("exception", 0)), Decision.REFUSED, reason)
    return Shown(view=notice("Freeze exception", answer.text))


def refuse_typed(request: Command, services: Services) -> Message:
    """`/release exception refuse NUMBER why`"""
    number, reason = _number(request.args)
    if problem := unsaid(reason, WHY, LONGEST):
        return refusal(problem)
    return _decide(services, request, number, Decision.REFUSED, reason)


def _decide(
    services: Services, request: Click | Command | Submission, number: int, decision: Decision, reason: str | None
) -> Message:
    done = freeze_exception.decide(
        services.store, services.policy, request.actor, number, decision, reason, request.now
    )
    services.wake()
    return _judged(done)


def _judged(done: Judged | Refused) -> Message:
    return view.refused(done) if isinstance(done, Refused) else view.judged(done.card, again=done.again)


def _asked(done: freeze_exception.Asked) -> Message:
    made = done.exception
    return view.asked(done.release, made.freeze, made.id, done.channel_id, again=done.again)


def _number(args: str) -> tuple[int, str]:
    """The number that the text begins with, 0 where it begins with none, and what follows it."""
    typed, _, rest = tidy(args).partition(" ")
    fits = typed.isascii() and typed.isdigit() and len(typed) <= 9  # noqa: PLR2004 what a database's integer holds
    return int(typed) if fits else 0, rest.strip()
