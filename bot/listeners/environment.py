"""`/env list | book | return | set`, and the buttons and forms that belong to them."""

from datetime import UTC, datetime
from typing import Any

from bot.requests import Answer, Click, Command, Errors, Replacement, Shown, Submission, UnreadableButtonError
from bot.services import Services
from bot.views import booking as booking_view
from bot.views import booking_form as form
from bot.views import environment as view
from bot.views.blocks import Message, escape, problems, refusal
from bot.views.forms import notice
from interlock.domain import when
from interlock.domain.authority import Refused
from interlock.domain.booking_draft import BookingDraft
from interlock.domain.environment import Lifecycle
from interlock.usecases import booking, booking_return, environment, whereabouts
from interlock.usecases.booking import Booked, Conflict, Invalid
from interlock.usecases.booking_return import Choice, Returned
from interlock.usecases.retirement import WouldEnd

NO_SPAN = (
    "From when until when? Such as `now 4h why`, `tomorrow 13:00-17:00 why` or "
    "`2026-12-01 09:00 to 2026-12-03 18:00 why`; `shared` or `wait` may stand before the why."
)
LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def list_(request: Command, services: Services) -> Message:
    """`/env list [name]`"""
    found = environment.listing(services.store, services.policy, request.actor, request.args, request.now)
    return view.refused(found) if isinstance(found, Refused) else view.listing(found, request.now)


def all_(request: Click, services: Services) -> Message | Replacement:
    """The button under the short list shows all in its place."""
    found = environment.listing(services.store, services.policy, request.actor, "", request.now)
    if isinstance(found, Refused):
        return view.refused(found)
    return Replacement(message=view.listing(found, request.now, whole=True))


def book(request: Command, services: Services) -> Message | None:
    """`/env book [name]` opens the form, if it would not be in vain; `/env book NAME WHEN why` books at once."""
    key, _, rest = request.args.partition(" ")
    if rest.strip():
        return _book_typed(request, services, key, rest.split())
    refused = _open(request, services, key)
    return view.refused(refused) if refused else None


def new(request: Click, services: Services) -> Message | None:
    """The button that opens the form, for one environment or for any."""
    key = ""
    if request.payload:
        key = environment.key_of(services.store, request.number("environment"))
    refused = _open(request, services, key)
    return view.refused(refused) if refused else None


def submit(request: Submission, services: Services) -> Answer:
    done = booking.book(
        services.store, services.policy, request.actor, _draft(request), request.request_id, request.now
    )
    services.wake()
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    if isinstance(done, Conflict):
        return Errors(by_block={form.STARTS: booking_view.taken_plainly(done.taken, request.actor.slack_id, done.zone)})
    if isinstance(done, Refused):
        return Shown(view=notice("Book an environment", escape(done.sentence)))
    if isinstance(done, Booked):
        return Shown(view=form.done(booking_view.booked(done.environment, done.booking)))
    return Shown(view=form.done(booking_view.queued(done.environment, done.booking, done.place)))


def _book_typed(request: Command, services: Services, key: str, words: list[str]) -> Message:
    typed = when.span(words, request.now, whereabouts.zone(services.store, services.policy, request.actor))
    if typed is None:
        return refusal(NO_SPAN)
    marks = {word.casefold() for word in typed.rest[:2]} & {form.SHARED, form.WAIT}
    draft = BookingDraft(
        environment="",
        starts=typed.span.starts,
        ends=typed.span.ends,
        exclusive=form.SHARED not in marks,
        purpose=" ".join(typed.rest[len(marks) :]),
        wait=form.WAIT in marks,
    )
    done = booking.book_typed(
        services.store, services.policy, request.actor, key, draft, request.trigger_id, request.now
    )
    services.wake()
    if isinstance(done, Invalid):
        return problems(done.problems)
    if isinstance(done, Conflict):
        return booking_view.taken(done.taken, request.actor.slack_id)
    if isinstance(done, Refused):
        return view.refused(done)
    if isinstance(done, Booked):
        return booking_view.booked(done.environment, done.booking)
    return booking_view.queued(done.environment, done.booking, done.place)


def return_(request: Command, services: Services) -> Message:
    """`/env return [name]`"""
    done = booking_return.give_back_named(services.store, services.policy, request.actor, request.args, request.now)
    services.wake()
    if isinstance(done, Choice):
        return booking_view.choice(done.mine, done.others, request.now)
    return _returned(done, request.actor.slack_id)


def give_back(request: Click, services: Services) -> Message:
    """The button on one's own booking."""
    number = request.number("booking")
    done = booking_return.give_back(services.store, services.policy, request.actor, number, request.now)
    services.wake()
    return _returned(done, request.actor.slack_id)


def end(request: Click, services: Services) -> Message | None:
    """The button on somebody else's booking asks for the reason."""
    number = request.number("booking")
    found = booking_return.ending(services.store, services.policy, request.actor, number, request.now)
    if isinstance(found, Refused):
        return view.refused(found)
    services.views.open(request.trigger_id, booking_view.end_modal(found))
    return None


def end_with_reason(request: Submission, services: Services) -> Answer:
    number, reason = int(request.private.get("booking", 0)), request.text(booking_view.REASON)
    if not reason:
        return Errors(by_block={booking_view.REASON: "Say why: whoever has it is told."})
    done = booking_return.give_back(services.store, services.policy, request.actor, number, request.now, reason)
    services.wake()
    return Shown(view=notice("End a booking", _returned(done, request.actor.slack_id).text))


def extend(request: Click, services: Services) -> Message:
    number, seen_end = _booking_end(request)
    done = booking.extend(services.store, services.policy, request.actor, number, seen_end, request.now)
    services.wake()
    if isinstance(done, Refused):
        return view.refused(done)
    if isinstance(done, Conflict):
        return booking_view.taken(done.taken, request.actor.slack_id)
    return booking_view.extended(done.environment, done.booking, again=done.again)


def set_(request: Command, services: Services) -> Message | None:
    """`/env set ENV STATE why`; where that ends bookings, it is asked about first."""
    key, _, rest = request.args.partition(" ")
    word, _, reason = rest.strip().partition(" ")
    done = environment.set_lifecycle(
        services.store, services.policy, request.actor, key, word.casefold(), reason.strip(), request.now
    )
    services.wake()
    if isinstance(done, WouldEnd):
        services.views.open(request.trigger_id, _ask_to_retire(done))
        return None
    return view.refused(done) if isinstance(done, Refused) else view.lifecycle_set(done.environment, done.told)


def retire(request: Submission, services: Services) -> Answer:
    """Agreed to; a booking made meanwhile is asked about again."""
    key, reason = str(request.private.get("key", "")), str(request.private.get("reason", ""))
    newest = int(request.private.get("newest", 0))
    done = environment.set_lifecycle(
        services.store, services.policy, request.actor, key, Lifecycle.RETIRED, reason, request.now, agreed=newest
    )
    services.wake()
    if isinstance(done, WouldEnd):
        return Shown(view=_ask_to_retire(done))
    if isinstance(done, Refused):
        return Shown(view=notice("Retire an environment", escape(done.sentence)))
    said = view.lifecycle_set(done.environment, done.told, done.ended)
    return Shown(view=notice(f"Retire {done.environment.key}", said.text))


def _ask_to_retire(asked: WouldEnd) -> dict[str, Any]:
    return view.retire_modal(asked.environment, asked.reason, asked.bookings, asked.newest)


def _open(request: Command | Click, services: Services, key: str) -> Refused | None:
    offered = booking.form(services.store, services.policy, request.actor, key, request.now)
    if isinstance(offered, Refused):
        return offered
    services.views.open(request.trigger_id, form.form(offered))
    return None


def _returned(done: Returned | Refused, actor: str) -> Message:
    if isinstance(done, Refused):
        return view.refused(done)
    return booking_view.returned(
        done.environment, done.booking, actor, again=done.again, waited=done.waited, given_to=done.given_to
    )


def _draft(request: Submission) -> BookingDraft:
    """What stands in the form, as far as it can be read; what cannot is missing."""
    release = request.text(form.RELEASE)
    return BookingDraft(
        environment=request.text(form.ENVIRONMENT),
        starts=_moment(request.text(form.STARTS)),
        ends=_moment(request.text(form.ENDS)),
        exclusive=request.text(form.KIND) != form.SHARED,
        purpose=" ".join(request.text(form.PURPOSE).split()),
        release_id=int(release) if _is_number(release) else None,
        wait=form.WAIT in request.many(form.WAIT),
    )


def _moment(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if _is_number(text) and int(text) < LATEST else None


def _booking_end(request: Click) -> tuple[int, datetime]:
    """The booking, and the end of it that the clicker saw."""
    number, _, end = request.id("booking_end").partition("-")
    moment = _moment(end)
    if not _is_number(number) or moment is None:
        raise UnreadableButtonError
    return int(number), moment


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18  # noqa: PLR2004 what a bigint holds
