"""`/release policy`, and the buttons on the card of a proposal to change it."""

from typing import Final

from bot.requests import Answer, Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import policy_change as view
from bot.views import release as release_view
from bot.views.blocks import Message, problems
from bot.views.forms import notice
from bot.views.signoff_form import MEANING, RELEASE
from interlock.domain.authority import Refused
from interlock.domain.names import tidy
from interlock.domain.policy_change import PolicyState
from interlock.domain.release import Unclear
from interlock.domain.signing import Signature
from interlock.domain.signoff import Decision
from interlock.usecases import ask as asking
from interlock.usecases import policy_change, policy_change_end, policy_change_word
from interlock.usecases.policy_change import Proposed
from interlock.usecases.policy_change_end import Withdrawn
from interlock.usecases.policy_change_word import Decided
from interlock.usecases.release import Invalid

FIELDS: Final = {"wrong_release_typed": RELEASE, "no_meaning": MEANING}
"""Beside what a refusal stands, by its reason."""


def ask(request: Command, services: Services) -> Message:
    """`/release policy [RELEASE]` says what it runs under; `… change because …` proposes to change it."""
    store, policy, actor = services.store, services.policy, request.actor
    done = policy_change.ask(store, policy, actor, request.args, request.channel_id, request.now)
    return view.state(done) if isinstance(done, PolicyState) else _proposed(done, services)


def new(request: Click, services: Services) -> Message | None:
    """Asks for the reason, unless giving one would be in vain."""
    number = request.number("release")
    found = policy_change.may_propose(services.store, services.policy, request.actor, number, request.now)
    if isinstance(found, Refused):
        return release_view.refused(found)
    services.views.open(request.trigger_id, view.form(found.release, found.differs))
    return None


def submit(request: Submission, services: Services) -> Answer:
    number, reason = int(request.private.get("release", 0)), request.text(view.REASON)
    done = policy_change.propose(services.store, services.policy, request.actor, number, reason, request.now)
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    return Shown(view=notice("Change the policy", _proposed(done, services).text))


def approve(request: Click, services: Services) -> Message | None:
    """One click; where the old policy asks for the signer's words, the form that asks for them."""
    revision_id = request.id("revision")
    done = _decide(request, services, revision_id, Decision.APPROVED, None)
    if isinstance(done, Decided) and done.wanted:
        services.views.open(request.trigger_id, view.approve_form(revision_id))
        return None
    return _decided(done)


def approve_with(request: Submission, services: Services) -> Answer:
    """What the form asked for."""
    signature = Signature(release=request.text(RELEASE), meaning=request.text(MEANING))
    revision_id = str(request.private.get("revision", ""))
    done = _decide(request, services, revision_id, Decision.APPROVED, None, signature)
    if isinstance(done, Refused) and done.reason in FIELDS:
        return Errors(by_block={FIELDS[done.reason]: done.sentence})
    return Shown(view=notice("Change the policy", _decided(done).text))


def approve_typed(request: Command, services: Services) -> Message:
    """`/release policy approve NUMBER [RELEASE MEANING]`"""
    return _typed(request, services, Decision.APPROVED)


def reject(request: Click, services: Services) -> Message | None:
    """Asks for the reason, unless giving one would be in vain; all is checked again when it is given."""
    revision_id = request.id("revision")
    store, policy = services.store, services.policy
    found = policy_change_word.foresee(store, policy, request.actor, revision_id, Decision.REJECTED, request.now)
    if isinstance(found, Refused) or found.again:
        return _decided(found)
    services.views.open(request.trigger_id, view.reject_form(revision_id, found.release))
    return None


def reject_with_reason(request: Submission, services: Services) -> Answer:
    revision_id = str(request.private.get("revision", ""))
    done = _decide(request, services, revision_id, Decision.REJECTED, request.text(view.REASON))
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    return Shown(view=notice("Change the policy", _decided(done).text))


def reject_typed(request: Command, services: Services) -> Message:
    """`/release policy reject NUMBER why`"""
    return _typed(request, services, Decision.REJECTED)


def withdraw(request: Click, services: Services) -> Message:
    return _withdrawn(request, services, request.number("policy_change"), "")


def withdraw_typed(request: Command, services: Services) -> Message:
    """`/release policy withdraw NUMBER [why]`"""
    return _withdrawn(request, services, *_number(request.args))


def _proposed(done: Proposed | Unclear | Invalid | Refused, services: Services) -> Message:
    services.wake()
    if isinstance(done, Unclear):
        return release_view.unclear(done, None)
    if isinstance(done, Invalid):
        return problems(done.problems)
    return release_view.refused(done) if isinstance(done, Refused) else view.proposed(done.release, done.change.id)


def _decide(
    request: Click | Submission,
    services: Services,
    revision_id: str,
    decision: Decision,
    reason: str | None,
    signature: Signature | None = None,
) -> Decided | Invalid | Refused:
    store, policy, actor = services.store, services.policy, request.actor
    done = policy_change_word.decide(store, policy, actor, revision_id, decision, reason, request.now, signature)
    services.wake()
    return done


def _typed(request: Command, services: Services, decision: Decision) -> Message:
    number, rest = _number(request.args)
    store, policy = services.store, services.policy
    done = policy_change_word.decide_typed(store, policy, request.actor, number, decision, rest, request.now)
    services.wake()
    return _decided(done)


def _decided(done: Decided | Invalid | Refused) -> Message:
    if isinstance(done, Refused):
        return release_view.refused(done)
    if isinstance(done, Invalid):
        return problems(done.problems)
    if done.wanted:
        return view.meaning_wanted(done.change.id)
    further = tuple((each, asking.shown_for(done.revision_id, each.id)) for each in done.further)
    return view.decided(
        done.release, done.change.id, done.requirement, done.decision, done.outcome, further, again=done.again
    )


def _withdrawn(request: Click | Command, services: Services, number: int, reason: str) -> Message:
    done = policy_change_end.withdraw(services.store, services.policy, request.actor, number, reason, request.now)
    services.wake()
    if isinstance(done, Invalid):
        return problems(done.problems)
    if isinstance(done, Withdrawn):
        return view.withdrawn(done.release, again=done.again)
    return release_view.refused(done)


def _number(args: str) -> tuple[int, str]:
    """The number that the text begins with, 0 where it begins with none, and what follows it."""
    typed, _, rest = tidy(args).partition(" ")
    fits = typed.isascii() and typed.isdigit() and len(typed) <= 9  # noqa: PLR2004 what a database's integer holds
    return int(typed) if fits else 0, rest.strip()
