"""Asking for sign-offs, and the clicks on the card."""

from datetime import datetime

from bot.requests import Answer, Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import release as release_view
from bot.views import signoff as view
from bot.views.blocks import Message, link, refusal
from bot.views.forms import notice
from interlock.domain.authority import Refused
from interlock.domain.names import says_something
from interlock.domain.release import Unclear
from interlock.domain.signoff import Accepted, Decision, SignoffCard
from interlock.usecases import signoff

WHY = "Say why: the team has to know what to mend."


def signoffs(request: Command, services: Services) -> Message:
    """`/release signoffs [release]`"""
    found = signoff.overview(services.store, services.policy, request.actor, request.args, request.channel_id)
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Sign-offs", release_view.SIGNOFFS))
    return view.refused(found) if isinstance(found, Refused) else view.overview(found, request.now)


def to_sign(request: Command, services: Services) -> Message:
    """`/release signoffs` where the card cannot be seen: the card itself, with its buttons."""
    store, policy, actor = services.store, services.policy, request.actor
    found = signoff.to_sign(store, policy, actor, request.args, request.channel_id, request.now)
    services.wake()
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Sign-offs", release_view.SIGNOFFS))
    return _card(found, request.now)


def show_to_sign(request: Click, services: Services) -> Message:
    """As `to_sign`, for the button on a status."""
    number = request.number("release")
    found = signoff.to_sign_of(services.store, services.policy, request.actor, number, request.now)
    services.wake()
    return _card(found, request.now)


def ask(request: Click, services: Services) -> Message:
    """The button that posts the card."""
    result = signoff.request(services.store, services.policy, request.actor, request.number("release"), request.now)
    services.wake()
    return view.refused(result) if isinstance(result, Refused) else view.requested(result.release, new=result.new)


def approve(request: Click, services: Services) -> Message:
    return _answer(_decide(services, request, request.id("revision"), Decision.APPROVED, None), services)


def reject(request: Click, services: Services) -> Message | None:
    """Asks for the reason, unless giving one would be in vain; all is checked again when it is given."""
    revision_id = request.id("revision")
    found = signoff.foresee(services.store, services.policy, request.actor, revision_id, Decision.REJECTED, request.now)
    if isinstance(found, Refused) or not isinstance(found.verdict, Accepted):
        return _answer(found, services)
    services.views.open(request.trigger_id, view.reject_modal(revision_id))
    return None


def reject_with_reason(request: Submission, services: Services) -> Answer:
    reason = request.text(view.REASON)
    if not reason:
        return Errors(by_block={view.REASON: WHY})
    revision_id = str(request.private.get("revision", ""))
    answer = _answer(_decide(services, request, revision_id, Decision.REJECTED, reason), services)
    return Shown(view=notice("Sign-off", answer.text))


def reject_at_once(request: Click, services: Services) -> Message:
    """Where no form asks for the reason: it comes along."""
    reason = request.values.get(view.REASON)
    if not isinstance(reason, str) or not says_something(reason):
        return refusal(WHY)
    if len(reason) > view.REASON_LETTERS:
        return refusal(f"The reason is too long: {view.REASON_LETTERS} letters at most.")
    return _answer(_decide(services, request, request.id("revision"), Decision.REJECTED, reason), services)


def revoke(request: Click, services: Services) -> Message:
    result = signoff.revoke(services.store, services.policy, request.actor, request.id("revision"), request.now)
    services.wake()
    return view.refused(result) if isinstance(result, Refused) else view.revoked(result.release, result.requirements)


def _card(found: SignoffCard | Refused, now: datetime) -> Message:
    if isinstance(found, Refused):
        return view.refused(found)
    return view.card(found, now) if found.revision_id else view.overview(found, now)


def _decide(
    services: Services, request: Click | Submission, revision_id: str, decision: Decision, reason: str | None
) -> signoff.Decided | Refused:
    result = signoff.decide(services.store, services.policy, request.actor, revision_id, decision, reason, request.now)
    services.wake()
    return result


def _answer(result: signoff.Decided | Refused, services: Services) -> Message:
    if isinstance(result, Refused):
        return view.refused(result)
    if isinstance(result.verdict, Refused):
        return view.refused(result.verdict)
    return view.decided(result.release, result.verdict, result.hidden, lambda key: link(services.ticket_url(key), key))
