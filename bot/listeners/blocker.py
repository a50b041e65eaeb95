"""`/blockers`, and what people do about a blocker."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.requests import Answer, Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import blocker as view
from bot.views import release as release_view
from bot.views.blocks import Message, refusal, sentence
from bot.views.forms import notice
from interlock.domain import when
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.names import says_something, too_long
from interlock.domain.release import Unclear
from interlock.domain.visibility import MEMBER
from interlock.usecases import announcement, blocker, whereabouts

NO_DATE = "Choose a date from today on."
NO_DAY = "By which day? Type it after the key: `tomorrow`, `fri`, `+3d` or `2026-12-17`."
NO_REASON = "Say why it may wait, after the day."

Form = Callable[[str, str, date], dict[str, Any]]


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


def take_typed(request: Command, services: Services) -> Message | None:
    """`/blockers take KEY [DAY]`; without a day, the form asks for it."""
    key, _, typed = request.args.partition(" ")
    if not typed.strip():
        return _ask_typed(request, services, key, view.take_form)
    until = _typed_evening(typed, request, services)
    if until is None:
        return refusal(NO_DAY)
    done = blocker.take_typed(services.store, services.policy, request.actor, key, until, request.now)
    return release_view.refused(done) if isinstance(done, Refused) else sentence(view.taken(done.key, done.until))


def snooze_typed(request: Command, services: Services) -> Message | None:
    """`/blockers snooze KEY [DAY why]`"""
    key, _, rest = request.args.partition(" ")
    typed, _, reason = rest.strip().partition(" ")
    if not typed:
        return _ask_typed(request, services, key, view.snooze_form)
    until, reason = _typed_evening(typed, request, services), reason.strip()
    if until is None or not says_something(reason):
        return refusal(NO_DAY if until is None else NO_REASON)
    if problem := too_long(reason, view.REASON_LETTERS):
        return refusal(problem)
    done = blocker.snooze_typed(services.store, services.policy, request.actor, key, until, reason, request.now)
    return release_view.refused(done) if isinstance(done, Refused) else sentence(view.snoozed(done.key, done.until))


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
    form = view.snooze_form if snoozing else view.take_form
    return _ask(request.actor, request.trigger_id, request.id("ticket"), services, form, request.now)


def _ask_typed(request: Command, services: Services, key: str, form: Form) -> Message | None:
    ticket_id = blocker.named(services.store, services.policy, request.actor, key)
    if isinstance(ticket_id, Refused):
        return release_view.refused(ticket_id)
    return _ask(request.actor, request.trigger_id, ticket_id, services, form, request.now)


def _ask(
    actor: Actor, trigger_id: str, ticket_id: str, services: Services, form: Form, now: datetime
) -> Message | None:
    found = blocker.ticket(services.store, services.policy, actor, ticket_id)
    if isinstance(found, Refused):
        return release_view.refused(found)
    today = whereabouts.today(services.store, services.policy, actor, now)
    services.views.open(trigger_id, form(ticket_id, found, today + timedelta(days=1)))
    return None


def _evening(request: Submission, services: Services) -> datetime | None:
    """The end of the chosen day where the person is."""
    try:
        chosen = date.fromisoformat(request.text(view.UNTIL))
    except ValueError:
        return None
    return _end(chosen, request.actor, services)


def _typed_evening(typed: str, request: Command, services: Services) -> datetime | None:
    chosen = when.day(typed.strip(), whereabouts.today(services.store, services.policy, request.actor, request.now))
    return _end(chosen, request.actor, services) if chosen else None


def _end(chosen: date, actor: Actor, services: Services) -> datetime:
    return datetime.combine(chosen, time(23, 59), whereabouts.zone(services.store, services.policy, actor))
