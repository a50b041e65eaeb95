"""The release calendar as a message: the weeks in which something stands, and what is in a release's way."""

from collections.abc import Iterable
from typing import Final

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    confirm,
    context,
    day,
    escape,
    line,
    message,
    refusal,
    section,
    sentence,
)
from interlock.domain.authority import Refused
from interlock.domain.calendar_view import CalendarView, Due, InTheWay, Week
from interlock.domain.collision import what
from interlock.domain.freeze import Window
from interlock.domain.names import LONGEST
from interlock.domain.words import count, join

ALL: Final = "calendar.weeks"
EXCEPTION: Final = "exception.new"
ACKNOWLEDGE: Final = "collision.acknowledge"
PICTURE: Final = "calendar.picture"
WEEKS: Final = 4
"""Lines of weeks, before somebody asks for more."""
IN_THE_WAY: Final = 2
PARTS: Final = 4
"""Of one week's line."""
MANY: Final = 10


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def calendar(picture: CalendarView, *, whole: bool = False) -> Message:
    """Seven lines; `whole` has a line for every week in which something stands, and all that is in the way."""
    busy = [each for each in picture.weeks if not each.quiet]
    shown, ways = (busy, picture.in_the_way[:MANY]) if whole else (busy[:WEEKS], picture.in_the_way[:IN_THE_WAY])
    parts = MANY if whole else PARTS
    head = headline(picture)
    left = len(picture.in_the_way) - len(ways)
    more = len(busy) > len(shown) or bool(left)
    weeks = ("weeks", len(picture.weeks))
    return message(
        head,
        section("\n".join([f"*{head}*", *(_week(each, parts) for each in shown)])),
        *_in_the_way(ways),
        actions(
            button(f"All {len(picture.weeks)} weeks", ALL, weeks) if more else None,
            button("As a picture", PICTURE, weeks),
        ),
        context(f"And {left} more in the way.") if left else None,
        context(_rest(picture, len(busy) - len(shown))),
    )


def picture_on_its_way(found: CalendarView) -> Message:
    return sentence(f"The calendar of the next {count(len(found.weeks), 'week')} is on its way to you as a picture.")


def headline(picture: CalendarView) -> str:
    """`The next 8 weeks: 2 targets, 1 freeze, 1 collision; 2 things are in the way.`"""
    freezes = {(each.name, each.starts) for week in picture.weeks for each in week.freezes}
    told = [
        count(sum(len(week.targets) for week in picture.weeks), "target"),
        count(len(freezes), "freeze"),
        count(sum(len(week.collisions) for week in picture.weeks), "collision"),
    ]
    ways = len(picture.in_the_way)
    span = f"The next {count(len(picture.weeks), 'week')}" if len(picture.weeks) > 1 else "This week"
    way = f"; {count(ways, 'thing is', 'things are')} in the way" if ways else ""
    return f"{span}: {join([each for each in told if not each.startswith('0 ')]) or 'nothing is due'}{way}"


def _week(week: Week, parts: int) -> str:
    """`*14 Dec* Year-end change freeze Sat 19 Dec to Sat 2 Jan · target *2026.12* Thu 17`"""
    told = [  # a freeze binds them all, so it is what is never left out
        *(_freeze(each) for each in week.freezes),
        *(_target(each) for each in week.targets),
        *(
            f"*{line(each.collision.name, LONGEST)}* collides with *{line(each.collision.other, LONGEST)}* "
            f"({escape(what(each.collision))}){'' if each.open else ', acknowledged'}"
            for each in week.collisions
        ),
        *(
            f"{line(each.milestone or '')} ({line(each.release, LONGEST)}) {each.day:%a} {each.day.day}"
            for each in week.milestones
        ),
        *([f"holiday {join([f'{each:%a} {each.day}' for each in week.holidays])}"] if week.holidays else []),
    ]
    more = [f"{len(told) - parts} more"] if len(told) > parts else []
    return f"*{week.monday.day} {week.monday:%b}* {' · '.join([*told[:parts], *more])}"


def _target(due: Due) -> str:
    broken = " (break glass used)" if due.broken else ""
    return f"target *{line(due.release, LONGEST)}* {due.day:%a} {due.day.day}{broken}"


def _freeze(window: Window) -> str:
    until = f" to {day(window.end)}" if window.end != window.start else ""
    return f"{line(window.name)} {day(window.start)}{until}"


def _in_the_way(ways: Iterable[InTheWay]) -> Iterable[Block]:
    """Each with what gets it out of the way. A block of its own, since Slack takes an action once in each."""
    for each in ways:
        yield section(f"*In the way of {line(each.release, LONGEST)}* {escape(each.obstacle.sentence)}", _remedy(each))


def _remedy(each: InTheWay) -> Block | None:
    if each.obstacle.kind == "freeze":
        return button(f"Ask for {each.release}'s exception…", EXCEPTION, ("release", each.release_id))
    if each.other_id is None:
        return None
    ask = confirm(
        "Acknowledge the collision?",
        f"On record, {each.release} goes on the same day as {each.obstacle.about} knowingly.",
        "Acknowledge",
    )
    pair = f"{each.release_id}-{each.other_id}"
    return button(f"Acknowledge for {each.release}", ACKNOWLEDGE, ("collision", pair), confirm=ask)


def _rest(picture: CalendarView, unseen: int) -> str:
    quiet = [each.monday for each in picture.weeks if each.quiet]
    parts = [
        f"And {count(unseen, 'week')} more with something in them." if unseen else "",
        f"Nothing in {count(len(quiet), 'week')}." if quiet else "",
        f"{count(picture.releases, 'release')} under way. Weeks begin on Monday, {picture.time_zone}.",
    ]
    return " ".join(filter(None, parts))
