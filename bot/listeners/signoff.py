"""Asking for sign-offs, and the clicks on the card."""

from datetime import datetime

from bot.requests import Answer, Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import release as release_view
from bot.views import signoff as view
from bot.views import signoff_answer as answers
from bot.views import signoff_form as forms
from bot.views.blocks import Message, link, refusal
from bot.views.forms import notice
from interlock.domain.authority import Refused
from interlock.domain.names import says_something
from interlock.domain.release import Unclear
from interlock.domain.signing import Accepted, Signature, SignatureWanted
from interlock.domain.signoff import Decision, SignoffCard
from interlock.domain.visibility import MEMBER
from interlock.usecases import ask as asking
from interlock.usecases import signoff, signoff_revoke, signoff_view
from interlock.usecases.signoff import NOTHING, Decided, With

WHY = "Say why: the team has to know what to mend."
WHICH = "Name at least one condition, or press Approve."
FIELDS = {
    "wrong_release_typed": forms.RELEASE,
    "no_meaning": forms.MEANING,
    "unknown_ticket": forms.CONDITIONS,
    "condition_too_long": forms.CONDITIONS,
    "too_many_conditions": forms.CONDITIONS,
}
"""Beside what a refusal stands, by its reason."""


def signoffs(request: Command, services: Services) -> Message:
    """`/release signoffs [release]`"""
    found = signoff_view.overview(
        services.store, services.policy, request.actor, request.args, request.channel_id, now=request.now
    )
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Sign-offs", release_view.SIGNOFFS))
    return answers.refused(found) if isinstance(found, Refused) else view.overview(found, request.now)


def to_sign(request: Command, services: Services) -> Message:
    """`/release signoffs` where the card cannot be seen: the card itself, with its buttons."""
    store, policy, actor = services.store, services.policy, request.actor
    found = signoff_view.to_sign(store, policy, actor, request.args, request.channel_id, request.now)
    services.wake()
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Sign-offs", release_view.SIGNOFFS))
    return _card(found, request.now)


def show_to_sign(request: Click, services: Services) -> Message:
    """As `to_sign`, for the button on a status."""
    number = request.number("release")
    found = signoff_view.to_sign_of(services.store, services.policy, request.actor, number, request.now)
    services.wake()
    return _card(found, request.now)


def ask(request: Click, services: Services) -> Message:
    """The button that posts the card."""
    result = signoff.request(services.store, services.policy, request.actor, request.number("release"), request.now)
    services.wake()
    return answers.refused(result) if isinstance(result, Refused) else answers.requested(result.release, new=result.new)


def approve(request: Click, services: Services) -> Message | None:
    """One click; where policy asks for the signer's words, the form that asks for them."""
    revision_id = request.id("revision")
    result = _decide(services, request, revision_id, Decision.APPROVED, None)
    if isinstance(result, Decided) and isinstance(result.verdict, SignatureWanted):
        services.views.open(request.trigger_id, forms.approve(revision_id, conditions=False, signature=True))
        return None
    return _answer(result, services)


def approve_conditionally(request: Click, services: Services) -> Message | None:
    """Asks for the conditions, unless naming them would be in vain; all is checked again when they are given."""
    revision_id = request.id("revision")
    found = signoff.foresee(services.store, services.policy, request.actor, revision_id, Decision.APPROVED, request.now)
    if isinstance(found, Refused) or not isinstance(found.verdict, Accepted | SignatureWanted):
        return _answer(found, services)
    signature = isinstance(found.verdict, SignatureWanted)
    services.views.open(request.trigger_id, forms.approve(revision_id, conditions=True, signature=signature))
    return None


def approve_with(request: Submission, services: Services) -> Answer:
    """What the form asked for."""
    lines = tuple(each for each in request.text(forms.CONDITIONS).splitlines() if says_something(each))
    if request.private.get("conditions") and not lines:
        return Errors(by_block={forms.CONDITIONS: WHICH})
    signature = None
    if request.private.get("signature"):
        signature = Signature(release=request.text(forms.RELEASE), meaning=request.text(forms.MEANING))
    revision_id = str(request.private.get("revision", ""))
    more = With(signature=signature, conditions=lines)
    result = _decide(services, request, revision_id, Decision.APPROVED, None, more)
    verdict = result.verdict if isinstance(result, Decided) else result
    field = FIELDS.get(verdict.reason) if isinstance(verdict, Refused) else None
    if field and isinstance(verdict, Refused):
        return Errors(by_block={field: verdict.sentence})
    return Shown(view=notice("Sign-off", _answer(result, services).text))


def approve_at_once(request: Click, services: Services) -> Message:
    """Where no form asks: what it would ask for comes along."""
    lines = _said(request, forms.CONDITIONS).splitlines()
    release, meaning = _said(request, forms.RELEASE), _said(request, forms.MEANING)
    if len(meaning) > forms.MEANING_LETTERS:
        return refusal(f"The meaning is too long: {forms.MEANING_LETTERS} letters at most.")
    signature = Signature(release=release, meaning=meaning) if release or meaning else None
    more = With(signature=signature, conditions=tuple(each for each in lines if says_something(each)))
    return _answer(_decide(services, request, request.id("revision"), Decision.APPROVED, None, more), services)


def _said(request: Click, field: str) -> str:
    value = request.values.get(field)
    return value.strip() if isinstance(value, str) else ""


def reject(request: Click, services: Services) -> Message | None:
    """Asks for the reason, unless giving one would be in vain; all is checked again when it is given."""
    revision_id = request.id("revision")
    found = signoff.foresee(services.store, services.policy, request.actor, revision_id, Decision.REJECTED, request.now)
    if isinstance(found, Refused) or not isinstance(found.verdict, Accepted):
        return _answer(found, services)
    services.views.open(request.trigger_id, forms.reject(revision_id))
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
    result = signoff_revoke.revoke(services.store, services.policy, request.actor, request.id("revision"), request.now)
    services.wake()
    return (
        answers.refused(result) if isinstance(result, Refused) else answers.revoked(result.release, result.requirements)
    )


def _card(found: SignoffCard | Refused, now: datetime) -> Message:
    if isinstance(found, Refused):
        return answers.refused(found)
    return view.card(found, now, MEMBER) if found.revision_id else view.overview(found, now)


def _decide(
    services: Services,
    request: Click | Submission,
    revision_id: str,
    decision: Decision,
    reason: str | None,
    more: With = NOTHING,
) -> Decided | Refused:
    store, policy, actor = services.store, services.policy, request.actor
    result = signoff.decide(store, policy, actor, revision_id, decision, reason, request.now, more)
    services.wake()
    return result


def _answer(result: Decided | Refused, services: Services) -> Message:
    if isinstance(result, Refused):
        return answers.refused(result)
    if isinstance(result.verdict, Refused):
        return answers.refused(result.verdict)
    return answers.decided(
        result.release,
        result.verdict,
        result.hidden,
        lambda key: link(services.ticket_url(key), key),
        tuple((each, asking.shown_for(result.revision_id, each.id)) for each in result.further),
        result.conditions,
    )
