"""Environments as messages: all of them at a glance, or one with its bookings."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from bot.views import booking as booking_view
from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    escape,
    line,
    message,
    moment,
    refusal,
    section,
    sentence,
)
from bot.views.forms import modal
from interlock.domain.authority import Refused
from interlock.domain.booking import Booking, EnvironmentList, Held
from interlock.domain.environment import Environment, Lifecycle
from interlock.domain.words import count, join

BOOK: Final = "booking.new"
ALL: Final = "environment.all"
RETIRE: Final = "environment.retire"
SHOWN: Final = 20
ROWS: Final = 5
"""Between the headline and the free ones: seven lines in all."""
FREE_NAMED: Final = 5
BOOKINGS_SHOWN: Final = 5
NAMES_SHOWN: Final = 2
STATES: Final = {
    Lifecycle.REQUESTED: "requested",
    Lifecycle.PROVISIONING: "being set up",
    Lifecycle.MAINTENANCE: "in maintenance",
    Lifecycle.RETIRING: "being retired",
    Lifecycle.RETIRED: "retired",
}
"""Of those that can't be booked."""


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def listing(picture: EnvironmentList, now: datetime, *, whole: bool = False) -> Message:
    """What fits a phone's screen: the reader's own bookings with their buttons, what is not plainly free, and the free
    ones by name. `whole` has a line for every environment.
    """
    if picture.one:
        return _one(picture, now)
    if not picture.held:
        return sentence("There are no environments: configuration names none.")
    free = sum(1 for each in picture.held if _is_free(each, now))
    headline = f"{free} of {len(picture.held)} free"
    blocks, all_told = (_whole(picture, now), True) if whole else _short(picture, now)
    can_book = any(each.environment.lifecycle.bookable for each in picture.held)
    return message(
        f"Environments: {headline}.",
        section(f"*Environments* · {headline}"),
        *blocks,
        actions(
            button("Book an environment…", BOOK, style="primary") if can_book else None,
            None if all_told else button("Show all", ALL, ("environments", "all")),
        ),
    )


def _whole(picture: EnvironmentList, now: datetime) -> list[Block]:
    more = len(picture.held) - SHOWN
    lines = [_line(each, now) for each in picture.held[:SHOWN]]
    if more > 0:
        lines.append(f"and {more} more: `/env list NAME` shows one")
    return [section("\n".join(lines)), *booking_view.own(picture.mine, now)]


def _short(picture: EnvironmentList, now: datetime) -> tuple[list[Block], bool]:
    """And whether that has a line for every environment."""
    own = booking_view.own_lines(picture.mine, now)
    # Whoever has all of it to themselves reads so in their own line.
    mine = {each.booking.id for each in picture.mine}
    rest = [each for each in picture.held if not _is_plainly_free(each, now) and not _is_all_of(mine, each, now)]
    rest.sort(key=lambda each: not each.environment.lifecycle.bookable)
    lines = [_line(each, now) for each in rest]
    room = ROWS if len(own) + len(lines) <= ROWS else ROWS - 1
    hidden = len(own) + len(lines) - room
    lines = lines[: max(0, room - len(own))]
    if hidden > 0:
        lines.append(f"and {hidden} more")
    free = [line(each.environment.key) for each in picture.held if _is_plainly_free(each, now)]
    if free:
        more = len(free) - FREE_NAMED
        lines.append(f"Free: {join(free[:FREE_NAMED] + ([f'{more} more'] if more > 0 else []))}")
    told = [section("\n".join(lines))] if lines else []
    return [*own[:room], *told], not free and hidden <= 0


def lifecycle_set(environment: Environment, told: int, ended: int = 0) -> Message:
    why = f": {line(environment.reason, 200)}" if environment.reason else ""
    over = f" {count(ended, 'booking has', 'bookings have')} ended." if ended else ""
    heard = f" {count(told, 'person', 'people')} with a booking will be told." if told else ""
    return sentence(f"*{line(environment.key)}* is {environment.lifecycle.value} now{why}.{over}{heard}")


def retire_modal(environment: Environment, reason: str, bookings: Sequence[Booking], newest: int) -> dict[str, Any]:
    """Asks before bookings end with their environment."""
    key = line(environment.key)
    ends = f"ends {count(len(bookings), 'booking')}, which" if len(bookings) > 1 else "ends a booking, which"
    lines = [f"Retire *{key}*? That {ends} can't be undone."]
    for each in bookings[:BOOKINGS_SHOWN]:
        waits = " waits," if each.waiting else ","
        lines.append(f"{line(each.holder.name)}{waits} {moment(each.span.starts)} to {moment(each.span.ends)}")
    if len(bookings) > BOOKINGS_SHOWN:
        lines.append(f"and {len(bookings) - BOOKINGS_SHOWN} more")
    told = context(f"Whoever has one is told why: {line(reason, 200)}")
    private = {"key": environment.key, "reason": reason, "newest": newest}
    title = f"Retire {environment.key}"
    return modal(RETIRE, title, [section("\n".join(lines)), told], submit=title, private=private)


def _one(picture: EnvironmentList, now: datetime) -> Message:
    held = picture.held[0]
    key = line(held.environment.key)
    active = [each for each in held.active if not each.is_overdue(now)]
    lines = [
        f"*{key}* {line(held.environment.name)} · {_state(held, now)}",
        *(_booking(each, now) for each in active[:BOOKINGS_SHOWN]),
    ]
    if len(active) > BOOKINGS_SHOWN:
        lines.append(f"and {count(len(active) - BOOKINGS_SHOWN, 'later booking')}")
    if held.waiting:
        lines.append(f"*Waiting* {join([line(each.holder.name) for each in held.waiting[:BOOKINGS_SHOWN]])}")
    if picture.owners:
        lines.append(f"*Owners* {join([line(each.name) for each in picture.owners[:BOOKINGS_SHOWN]])}")
    mine = [each for each in picture.mine if each.environment.id == held.environment.id]
    bookable = held.environment.lifecycle.bookable
    return message(
        f"{key}: {_state(held, now, plain=True)}.",
        section("\n".join(lines)),
        *booking_view.own(mine, now),
        actions(button(f"Book {held.environment.key}…", BOOK, ("environment", held.environment.id), style="primary"))
        if bookable
        else None,
    )


def _line(held: Held, now: datetime) -> str:
    """`*uat-2* · Ana Whitlock until today 16:00 · 1 waiting`"""
    parts = [f"*{line(held.environment.key)}*", _state(held, now)]
    following = held.next(now)
    if following and not held.running(now) and held.environment.lifecycle.bookable:
        parts.append(f"next {line(following.holder.name)} {moment(following.span.starts)}")
    if held.waiting:
        parts.append(f"{len(held.waiting)} waiting")
    return " · ".join(parts)


def _state(held: Held, now: datetime, *, plain: bool = False) -> str:
    """In words; `plain` without moments, which a lock screen does not show."""
    one = held.environment
    why = f": {line(one.reason)}" if one.reason else ""
    if not one.lifecycle.bookable:
        return f"{STATES[one.lifecycle]}{why}"
    degraded = f" · degraded{why}" if one.lifecycle is Lifecycle.DEGRADED else ""
    running, overdue = held.running(now), held.overdue(now)
    if running and running[0].exclusive:
        until = "" if plain else f" until {moment(running[0].span.ends)}"
        return f"{line(running[0].holder.name)}{until}{degraded}"
    if running:
        return f"{len(running)} of {one.capacity} taken by {_names(running)}{degraded}"
    if overdue:
        since = "" if plain else f" since {moment(overdue[0].span.ends)}"
        return f"overdue{since}: {_names(overdue)} has not given it back{degraded}"
    return f"free{degraded}"


def _booking(each: Booking, now: datetime) -> str:
    """`Ana Whitlock, today 10:00 to today 16:00: smoke test (2026.12)`"""
    shared = "" if each.exclusive else ", shared"
    when = f"until {moment(each.span.ends)}"
    if not each.is_running(now):
        when = f"{moment(each.span.starts)} to {moment(each.span.ends)}"
    release = f" ({line(each.release)})" if each.release else ""
    return f"{line(each.holder.name)}{shared}, {when}: {line(each.purpose)}{release}"


def _names(bookings: Iterable[Booking]) -> str:
    names = [line(each.holder.name) for each in bookings]
    more = len(names) - NAMES_SHOWN
    return join(names[:NAMES_SHOWN] + ([f"{more} more"] if more > 0 else []))


def _is_free(held: Held, now: datetime) -> bool:
    return held.environment.lifecycle.bookable and held.is_free(now) and not held.overdue(now)


def _is_plainly_free(held: Held, now: datetime) -> bool:
    """All of it, for anybody, without a word to add."""
    ready = held.environment.lifecycle is Lifecycle.READY
    return ready and not (held.running(now) or held.overdue(now) or held.waiting)


def _is_all_of(mine: Collection[int], held: Held, now: datetime) -> bool:
    """Whether it is ready, nobody waits, and these bookings are all that it is held by."""
    ready = held.environment.lifecycle is Lifecycle.READY
    return ready and not held.waiting and all(each.id in mine for each in held.running(now) + held.overdue(now))
