"""`/release gonogo` and `/release vote`, and the buttons on a roll-call's card."""

from bot.requests import Answer, Click, Command, Errors, Shown, Submission, UnreadableButtonError
from bot.services import Services
from bot.views import gonogo as view
from bot.views import release as release_view
from bot.views.blocks import Message, problems
from bot.views.forms import notice
from interlock.domain.authority import Refused
from interlock.domain.gonogo import Choice, Outcome
from interlock.domain.release import Unclear
from interlock.domain.stage import Ahead
from interlock.usecases import gonogo, gonogo_end
from interlock.usecases.gonogo import Opened, Stale, Voted
from interlock.usecases.gonogo_end import Ended
from interlock.usecases.release import Invalid

UNFIT = frozenset({Outcome.OPEN, Outcome.WITHDRAWN})


def ask(request: Command, services: Services) -> Message:
    """`/release gonogo [RELEASE] [for 4h]`"""
    found = gonogo.ask(services.store, services.policy, request.actor, request.args, request.channel_id, request.now)
    services.wake()
    if isinstance(found, Unclear):
        return release_view.unclear(found, None)
    if isinstance(found, Invalid):
        return problems(found.problems)
    if isinstance(found, Refused):
        return release_view.refused(found)
    return view.opened(found.release) if isinstance(found, Opened) else view.card(found)


def withdraw(request: Command, services: Services) -> Message:
    """`/release gonogo withdraw RELEASE why`"""
    done = gonogo_end.withdraw(
        services.store, services.policy, request.actor, request.args, request.channel_id, request.now
    )
    services.wake()
    return release_view.unclear(done, None) if isinstance(done, Unclear) else _ended(done)


def vote(request: Command, services: Services) -> Message:
    """`/release vote RELEASE go|no-go|abstain [why]`"""
    done = gonogo.vote_typed(
        services.store, services.policy, request.actor, request.args, request.channel_id, request.now
    )
    services.wake()
    return release_view.unclear(done, None) if isinstance(done, Unclear) else _voted(done)


def go(request: Click, services: Services) -> Message:
    return _voted(_vote(request, services, request.id("revision"), Choice.GO, ""))


def abstain(request: Click, services: Services) -> Message:
    return _voted(_vote(request, services, request.id("revision"), Choice.ABSTAIN, ""))


def no_go(request: Click, services: Services) -> Message | None:
    """Asks why, unless that would be in vain; all is checked again when it is given."""
    revision_id = request.id("revision")
    role = gonogo.foresee(services.store, services.policy, request.actor, revision_id, request.now)
    if isinstance(role, Refused):
        return release_view.refused(role)
    services.views.open(request.trigger_id, view.no_go_form(revision_id, role))
    return None


def no_go_with_reason(request: Submission, services: Services) -> Answer:
    revision_id = str(request.private.get("revision", ""))
    done = _vote(request, services, revision_id, Choice.NO_GO, request.text(view.REASON))
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    return Shown(view=notice("Vote no-go", _voted(done).text))


def confirm(request: Click, services: Services) -> Message:
    number, outcome = _shown(request.id("gonogo"))
    done = gonogo_end.confirm(services.store, services.policy, request.actor, number, outcome, request.now)
    services.wake()
    return view.lacking(done) if isinstance(done, Ahead) else _ended(done)


def _vote(
    request: Click | Submission, services: Services, revision_id: str, choice: Choice, reason: str
) -> Voted | Stale | Invalid | Refused:
    done = gonogo.vote(services.store, services.policy, request.actor, revision_id, choice, reason, request.now)
    services.wake()
    return done


def _voted(done: Voted | Stale | Invalid | Refused) -> Message:
    if isinstance(done, Refused):
        return release_view.refused(done)
    if isinstance(done, Invalid):
        return problems(done.problems)
    if isinstance(done, Stale):
        return view.stale(done.release, done.changes)
    return view.voted(done.release, done.role, done.choice, again=done.again)


def _ended(done: Ended | Invalid | Refused) -> Message:
    if isinstance(done, Invalid):
        return problems(done.problems)
    if isinstance(done, Refused):
        return release_view.refused(done)
    return view.ended(done.release, done.outcome, again=done.again)


def _shown(ident: str) -> tuple[int, Outcome]:
    """The roll-call, and what its clicker was shown as its result."""
    number, _, outcome = ident.partition(".")
    if not (number.isascii() and number.isdigit()) or len(number) > 18 or outcome not in set(Outcome) - UNFIT:  # noqa: PLR2004 bigint
        raise UnreadableButtonError
    return int(number), Outcome(outcome)
