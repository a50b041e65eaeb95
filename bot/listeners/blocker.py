"""`/blockers`, and what people do about a blocker."""

from datetime import date, datetime, time, timedelta

from bot.requests import Answer, Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import blocker as view
from bot.views import release as release_view
from bot.views.blocks import Message
from bot.views.forms import notice
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.domain.visibility import MEMBER
from interlock.usecases import announcement, blocker, whereabouts

NO_DATE = "Choose a date from today on."


def list_(request: Command, services: Services) -> Message:
    """`/blockers [team|release]`"""
    found = blocker.listing(services.store, services.policy, request.actor, request.args, request.channel_id)
    if isinstance(found, Refused):
        return release_view.refused(found)
    if isinstance(found, Unclear):
        return release_view.unclear(found, ("Blockers", release_view.BLOCKERS))
    return view.listing(found, MEMBER, services.policy, services.ticket_url, request.now)


def show(request: Click, services: Services) -> Message:
    """The button that lists one release's blockers."""
    found = blocker.of_release(services.store, services.policy, request.actor, request.number("release"))
    if isinstance(found, Refused):
        return release_view.refused(found)
    return view.listing(found, MEMBER, services.policy, services.ticket_url, request.now)


def show_all(request: Click, services: Services) -> Message:
    """The button under a list that was cut."""
    store, policy, actor = services.store, services.policy, request.actor
    of_team = request.payload is not None and request.payload.kind == "team"
    found = (
        blocker.of_team(store, policy, actor, request.id("team"))
        if of_team
        else blocker.of_release(store, policy, actor, request.number("release"))
    )
    if isinstance(found, Refused):
        return release_view.refused(found)
    return view.listing(found, MEMBER, policy, services.ticket_url, request.now, whole=True)


def share(request: Click, services: Services) -> Message:
    number, there = request.number("release"), request.channel_id or ""
    done = announcement.share(
        services.store, services.policy, request.actor, "blocker.list", number, there, request.trigger_id, request.now
    )
    services.wake()
    if isinstance(done, Refused):
        return release_view.refused(done)
    return release_view.shared("list of blockers", done.release, there)


def take(request: Click, services: Services) -> Message | None:
    """Asks by when; authority is checked when that is given."""
    return _open(request, services, snoozing=False)


def snooze(request: Click, services: Services) -> Message | None:
    return _open(request, services, snoozing=True)


def taken(request: Submission, services: Services) -> Answer:
    until = _evening(request, services)
    if until is None:
        return Errors(by_block={view.UNTIL: NO_DATE})
    ticket_id = str(request.private.get("ticket", ""))
    done = blocker.take(services.store, services.policy, request.actor, ticket_id, until, request.now)
    if isinstance(done, Refused):
        return Errors(by_block={view.UNTIL: done.sentence})
    return Shown(view=notice("On it", view.taken(done.key, done.until)))


def snoozed(request: Submission, services: Services) -> Answer:
    until, reason = _evening(request, services), request.text(view.WHY)
    if until is None or not reason:
        missing = {} if until else {view.UNTIL: NO_DATE}
        return Errors(by_block=missing if reason else missing | {view.WHY: "Say why it may wait."})
    ticket_id = str(request.private.get("ticket", ""))
    done = blocker.snooze(services.store, services.policy, request.actor, ticket_id, until, reason, request.now)
    if isinstance(done, Refused):
        return Errors(by_block={view.UNTIL: done.sentence})
    return Shown(view=notice("Snoozed", view.snoozed(done.key, done.until)))


def _open(request: Click, services: Services, *, snoozing: bool) -> Message | None:
    ticket_id = request.id("ticket")
    found = blocker.ticket(services.store, services.policy, request.actor, ticket_id)
    if isinstance(found, Refused):
        return release_view.refused(found)
    today = whereabouts.today(services.store, services.policy, request.actor, request.now)
    form = view.snooze_form if snoozing else view.take_form
    services.views.open(request.trigger_id, form(ticket_id, found, today + timedelta(days=1)))
    return None


def _evening(request: Submission, services: Services) -> datetime | None:
    """The end of the chosen day where the person is."""
    try:
        chosen = date.fromisoformat(request.text(view.UNTIL))
    except ValueError:
        return None
    zone = whereabouts.zone(services.store, services.policy, request.actor)
    return datetime.combine(chosen, time(23, 59), zone)
