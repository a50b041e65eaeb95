"""Bookings as messages: what was done, what became of one, and reminders."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    confirm,
    context,
    escape,
    line,
    message,
    moment,
    section,
    sentence,
)
from bot.views.forms import input_text, modal
from interlock.domain.booking import EXTENSION, Booking, BookingState, MyBooking, Taken
from interlock.domain.booking_draft import clock
from interlock.domain.booking_reminder import About, Reminder
from interlock.domain.environment import Environment, Lifecycle
from interlock.domain.words import count, duration, join

RETURN: Final = "booking.return"
EXTEND: Final = "booking.extend"
END: Final = "booking.end"
REASON: Final = "reason"
REASON_LETTERS: Final = 200
SHOWN: Final = 5
HOLDERS_SHOWN: Final = 2
HOURS: Final = EXTENSION.seconds // 3600
UNUSABLE: Final = "Your booking stands, but is of no use until it is ready."
STANDS: Final = {
    Lifecycle.REQUESTED: UNUSABLE,
    Lifecycle.PROVISIONING: UNUSABLE,
    Lifecycle.MAINTENANCE: UNUSABLE,
    Lifecycle.RETIRING: "Your booking stands until its end, and can't be extended.",
    Lifecycle.RETIRED: "Ask its owners what becomes of your booking.",
}
"""What a state means for a booking, where it does not simply stand."""


def booked(environment: Environment, one: Booking) -> Message:
    """Who has just booked sees what, until when, and how to give it back."""
    key = line(environment.key)
    return message(
        f"You have booked {key}.",
        section(f"*{key}* is yours {_span(one)}{_shared(one)}.{_degraded(environment)}"),
        context("You will be reminded before it begins and before it ends. Others are refused it meanwhile."),
    )


def queued(environment: Environment, one: Booking, place: int) -> Message:
    key = line(environment.key)
    before = "You are next" if place == 1 else f"{count(place - 1, 'person waits', 'people wait')} before you"
    return message(
        f"You are in the waitlist of {key}.",
        section(f"*{key}* is taken, so you wait for it {_span(one)}. {before}."),
        context("What is left of that time is yours as soon as it comes free, and you are told then."),
    )


def taken(found: Taken, asker: str) -> Message:
    """The refusal as a message; `asker` is their Slack id."""
    return sentence(_taken(found, asker, moment))


def taken_plainly(found: Taken, asker: str, zone: str) -> str:
    """The same under a form's input, where Slack shows no dates of its own."""
    return (
        f"{_taken(found, asker, lambda when: clock(when, zone), escaped=False)} "
        "Choose another time, or tick the waitlist."
    )


def extended(environment: Environment, one: Booking, *, again: bool) -> Message:
    known = "already " if again else ""
    return sentence(f"*{line(environment.key)}* is {known}yours until {moment(one.span.ends)}.")


def returned(
    environment: Environment, one: Booking, actor: str, *, again: bool, waited: bool, given_to: Booking | None
) -> Message:
    """`waited`: it was only waited for."""
    key = line(environment.key)
    if again:
        return sentence(f"That booking of {key} has ended before: nothing is left to give back.")
    after = f" {line(given_to.holder.name)} waited for it, has it now, and is told." if given_to else ""
    if one.holder.slack_id != actor:
        return sentence(f"Ended: {line(one.holder.name)}'s booking of *{key}*.{after}")
    if waited:
        return sentence(f"You no longer wait for *{key}* {_span(one)}.{after}")
    if one.state is BookingState.CANCELLED:
        return sentence(f"Your booking of *{key}* {_span(one)} is cancelled.{after}")
    return sentence(f"*{key}* is given back.{after}")


def choice(mine: Iterable[MyBooking], others: Iterable[MyBooking], now: datetime) -> Message:
    """Which one is meant; `others` are other people's, which an owner may end."""
    own, rest = list(mine), list(others)
    if not own and not rest:
        return sentence("Nothing is booked there, so there is nothing to give back. `/env list` shows what is.")
    ask = "Which one do you give back?" if own else "You have no booking there. As an owner you may end these:"
    return message(ask, section(ask), *own_lines(own, now), *[_ended_by_owner(each) for each in rest[:SHOWN]])


def own(mine: Iterable[MyBooking], now: datetime) -> list[Block]:
    """Somebody's bookings under a heading, each with its button; nothing where there are none."""
    bookings = list(mine)
    if not bookings:
        return []
    more = len(bookings) - SHOWN
    rest = [context(f"and {more} more: `/env return` shows them with an environment's name")] if more > 0 else []
    return [section("*Yours*"), *own_lines(bookings[:SHOWN], now), *rest]


def own_lines(mine: Iterable[MyBooking], now: datetime) -> list[Block]:
    return [section(_own_line(each, now), _return_button(each.environment, each.booking, now)) for each in mine]


def end_modal(one: MyBooking) -> dict[str, Any]:
    """Asks an owner why they end somebody else's booking."""
    key, who = one.environment.key, one.booking.holder.name
    reason = input_text(REASON, "Why?", at_most=REASON_LETTERS, hint=f"{who} is told, and it is recorded.")
    ask = section(f"End {line(who)}'s booking of *{line(key)}*, {_span(one.booking)}? This can't be undone.")
    return modal(END, "End a booking", [ask, reason], submit="End it", private={"booking": one.booking.id})


def granted(environment: Environment, one: Booking, now: datetime) -> Message:
    """To whoever waited."""
    key = line(environment.key)
    return message(
        f"{key} is yours: you waited for it.",
        section(f"*{key}* is yours {_span(one)}{_shared(one)}.{_degraded(environment)}"),
        actions(_return_button(environment, one, now)),
        context(f"You get this because you waited for {key}: {line(one.purpose)}."),
    )


def lapsed(environment: Environment, one: Booking) -> Message:
    """To whoever waited in vain."""
    key = line(environment.key)
    return message(
        f"{key} did not come free in time.",
        section(f"You no longer wait for *{key}*: it did not come free before {moment(one.span.ends)}."),
        context(f"You get this because you waited for it: {line(one.purpose)}. `/env book` asks for another time."),
    )


def overtaken(environment: Environment, one: Booking, by: Booking | None) -> Message:
    """To whoever was overdue when somebody else's booking began."""
    key = line(environment.key)
    whose = f"{line(by.holder.name)}'s" if by else "somebody else's"
    return message(
        f"{key} is {whose} now.",
        section(f"*{key}* is {whose} now. Your booking ended {moment(one.span.ends)}."),
        context(f"You get this because you had not given {key} back. If you still use it, talk to them."),
    )


def ended(environment: Environment, one: Booking, by: str) -> Message:
    """To whoever's booking an owner ended; `by` is the owner's name."""
    key = line(environment.key)
    return message(
        f"{line(by)} ended your booking of {key}.",
        section(f"{line(by)} ended your booking of *{key}*, {_span(one)}:\n> {line(one.reason, REASON_LETTERS)}"),
        context(f"You get this because the booking was yours. {line(by)} can tell you more."),
    )


def environment_changed(environment: Environment, bookings: Sequence[Booking]) -> Message:
    """To whoever has bookings of an environment whose state was changed."""
    key, state = line(environment.key), environment.lifecycle.value
    why = f": {line(environment.reason, REASON_LETTERS)}" if environment.reason else ""
    more = len(bookings) - 1
    others = f" and have {count(more, 'later booking')}" if more else ""
    return message(
        f"{key} is {state} now.",
        section(f"*{key}* is {state} now{why}. {STANDS.get(environment.lifecycle, 'Your booking stands.')}"),
        context(f"You get this because you booked it {_span(bookings[0])}{others}."),
    )


def retired(environment: Environment, by: str, had: Sequence[Booking], waited: Sequence[Booking]) -> Message:
    """To whoever's bookings ended with an environment; `by` is the name of whoever retired it."""
    key = line(environment.key)
    lost = [f"Your booking {_span(each)} has ended." for each in had]
    lost += [f"You no longer wait for it {_span(each)}." for each in waited]
    more = len(lost) - SHOWN
    if more > 0:
        lost[SHOWN:] = [f"and {more} more"]
    why = line([*had, *waited][0].reason, REASON_LETTERS)
    text = f"{key} has been retired: your booking has ended." if had else f"{key} has been retired."
    return message(
        text,
        section("\n".join([f"{line(by)} has retired *{key}*: {why}.", *lost])),
        context(f"You get this because you {'had' if had else 'waited for'} it. `/env list` shows what is free."),
    )


def reminder(told: Reminder, now: datetime) -> Message:
    key, one = line(told.environment.key), told.booking
    headline, text = _reminded(told, now)
    may_extend = told.about is not About.START and not told.follows and not told.waiting
    extend = button(f"Extend {HOURS} hours", EXTEND, ("booking_end", f"{one.id}-{int(one.span.ends.timestamp())}"))
    return message(
        headline,
        section(text),
        actions(extend if may_extend else None, _return_button(told.environment, one, now)),
        context(f"You get this because you booked {key}: {line(one.purpose)}. {_stops(told)}"),
    )


def _reminded(told: Reminder, now: datetime) -> tuple[str, str]:
    key, one = line(told.environment.key), told.booking
    if told.about is About.START:
        has_it = f" {line(told.has_it.holder.name)} has it now." if told.has_it else ""
        left = duration(one.span.starts - now)
        return f"{key} is yours in {left}.", f"*{key}* is yours in {left}, {_span(one)}.{has_it}"
    if told.about is About.END:
        left = duration(one.span.ends - now)
        return f"{key} is yours for {left} more.", f"*{key}* is yours until {moment(one.span.ends)}.{_after(told)}"
    since = moment(one.span.ends)
    return f"{key} is overdue.", f"*{key}* is overdue: your booking ended {since}.{_after(told)}"


def _stops(told: Reminder) -> str:
    if told.about is About.OVERDUE:
        return "It stops when you give it back or extend it, or when somebody else's booking begins."
    return "It comes once."


def _after(told: Reminder) -> str:
    if told.follows:
        return f" {line(told.follows.holder.name)} has it from {moment(told.follows.span.starts)}."
    if told.waiting:
        return f" {count(told.waiting, 'person waits', 'people wait')} for it."
    return " Nobody follows."


def _own_line(each: MyBooking, now: datetime) -> str:
    """`*uat-2* · yours until today 16:00 · smoke test`"""
    key, one = line(each.environment.key), each.booking
    what = f" · {line(one.purpose)}"
    if one.waiting:
        return f"*{key}* · you wait for it {_span(one)}, place {each.place or 1}{what}"
    if one.is_overdue(now):
        return f"*{key}* · yours, overdue since {moment(one.span.ends)}{what}"
    if one.is_running(now):
        return f"*{key}* · yours until {moment(one.span.ends)}{_shared(one)}{what}"
    return f"*{key}* · yours {_span(one)}{_shared(one)}{what}"


def _return_button(environment: Environment, one: Booking, now: datetime) -> Block:
    key = environment.key
    if one.waiting:
        return button(f"Stop waiting for {key}", RETURN, ("booking", one.id))
    if one.span.starts > now:
        ask = confirm("Cancel the booking?", f"{key} will be free for others at that time.", "Cancel it", "Keep it")
        return button(f"Cancel {key}", RETURN, ("booking", one.id), confirm=ask)
    return button(f"Give back {key}", RETURN, ("booking", one.id))


def _ended_by_owner(each: MyBooking) -> Block:
    one = each.booking
    text = f"*{line(each.environment.key)}* · {line(one.holder.name)}, {_span(one)} · {line(one.purpose)}"
    return section(text, button(f"End {one.holder.name}'s…", END, ("booking", one.id), style="danger"))


def _taken(found: Taken, asker: str, say: Any, *, escaped: bool = True) -> str:
    """`uat-2 is taken then: Ana Whitlock has it from … until … . It is free for as long from … .`"""
    text = line if escaped else str
    key = text(found.environment.key)
    told = []
    for each in found.holders[:HOLDERS_SHOWN]:
        who, has = ("you", "have") if each.holder.slack_id == asker else (text(each.holder.name), "has")
        told.append(f"{who} {has} it from {say(each.span.starts)} until {say(each.span.ends)}")
    more = len(found.holders) - HOLDERS_SHOWN
    who = join(told + ([f"{more} more"] if more > 0 else []))
    return f"{key} is taken then: {who}. It is free for as long from {say(found.free_from)}."


def _span(one: Booking) -> str:
    return f"from {moment(one.span.starts)} until {moment(one.span.ends)}"


def _shared(one: Booking) -> str:
    return "" if one.exclusive else ", shared with others"


def _degraded(environment: Environment) -> str:
    if environment.lifecycle is not Lifecycle.DEGRADED:
        return ""
    return f" It is degraded{f': {escape(environment.reason)}' if environment.reason else ''}."
