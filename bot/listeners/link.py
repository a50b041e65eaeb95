"""`/link`: who somebody is in the tracker."""

from bot.parsing import people_in
from bot.requests import Answer, Click, Command, Errors, Replacement, Shown, Submission
from bot.services import Services
from bot.views import link as view
from bot.views.blocks import Message, sentence
from bot.views.forms import notice
from interlock.domain.authority import Refused
from interlock.domain.link import AlreadyLinked, Confirmed, LinkRequest, Several, Unknown
from interlock.usecases import link

CONFIRM = "Type `/link confirm`, the person with @, and the name or id of their account."


def show_or_claim(request: Command, services: Services) -> Message:
    """`/link [account]`"""
    if request.args:
        return _claimed(link.claim(services.store, services.policy, request.actor, request.args, request.now))
    found = link.state(services.store, services.policy, request.actor, request.now)
    return view.refused(found) if isinstance(found, Refused) else view.state(found)


def choose(request: Click, services: Services) -> Replacement:
    """One of several accounts, or none of them."""
    chosen = request.selected or ""
    as_typed = chosen.startswith(view.AS_TYPED)
    typed = chosen.removeprefix(view.AS_TYPED if as_typed else view.ACCOUNT)
    done = link.claim(services.store, services.policy, request.actor, typed, request.now, as_typed=as_typed)
    return Replacement(message=_claimed(done))


def check(request: Click, services: Services) -> Message | None:
    """Asks on which ticket the comment is."""
    found = link.state(services.store, services.policy, request.actor, request.now)
    if isinstance(found, Refused):
        return view.refused(found)
    if found.request is None:
        return view.state(found)
    services.views.open(request.trigger_id, view.check_form(found.request))
    return None


def checked(request: Submission, services: Services) -> Answer:
    done = link.check(services.store, services.policy, request.actor, request.text(view.TICKET), request.now)
    if isinstance(done, Refused):
        return Errors(by_block={view.TICKET: done.sentence})
    services.check_links()
    return Shown(view=notice("Check my comment", view.checking(done)))


def confirm(request: Command, services: Services) -> Message:
    """`/link confirm @person ACCOUNT`"""
    people = people_in(request.args)
    typed = request.args.partition(">")[2].strip()
    if len(people) != 1 or not request.args.startswith("<@") or not typed:
        return sentence(CONFIRM)
    done = link.confirm(services.store, services.policy, request.actor, people[0], typed, request.now)
    services.wake()
    match done:
        case Refused():
            return view.refused(done)
        case Confirmed():
            return view.confirmed(done)
        case AlreadyLinked(account=account):
            return view.already_theirs(account)
    return view.which(done)


def remove(request: Command, services: Services) -> Message:
    """`/link remove`"""
    done = link.remove(services.store, services.policy, request.actor, request.now)
    services.wake()
    return view.refused(done) if isinstance(done, Refused) else view.removed(done)


def _claimed(done: LinkRequest | AlreadyLinked | Several | Unknown | Refused) -> Message:
    match done:
        case LinkRequest():
            return view.claimed(done)
        case AlreadyLinked(account=account):
            return view.already(account)
        case Several():
            return view.several(done)
        case Unknown():
            return view.unknown(done)
    return view.refused(done)
