"""The App Home tab: what waits for me, each with its button."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from bot.views import blocker as blocker_view
from bot.views import forms
from bot.views import signoff as signoff_view
from bot.views.blocks import Block, actions, context, day, divider, header, line, section
from interlock.domain.authority import Refused
from interlock.domain.home import Home, OwnBlocker, WaitingSignoff
from interlock.domain.visibility import MEMBER
from interlock.domain.words import ago, count

TicketUrl = Callable[[str], str]
SHOWN = 10


def home(picture: Home, bookings: Iterable[Block], url: TicketUrl, now: datetime) -> dict[str, Any]:
    """`bookings` are drawn by their own view."""
    booked = list(bookings)
    waiting = len(picture.signoffs) + len(picture.blockers)
    return forms.home(
        [
            header("What waits for you"),
            None if waiting else section("Nothing waits for you."),
            *_signoffs(picture.signoffs),
            *_blockers(picture.blockers, url, now),
            *([divider(), section("*Your bookings*"), *booked] if booked else []),
            divider(),
            context(_footer(picture, now)),
        ]
    )


def refused(refusal: Refused) -> dict[str, Any]:
    return forms.home([section(line(refusal.sentence, 300))])


def _signoffs(waiting: tuple[WaitingSignoff, ...]) -> Iterator[Block | None]:
    if waiting:
        yield section(f"*{count(len(waiting), 'sign-off')}*")
    for each in waiting[:SHOWN]:
        one = each.release
        names = " or ".join(line(name) for name in each.requirements)
        yield section(
            f"*{line(one.name)}* · {names} · target {day(one.target)}\n"
            f"{each.done} of {count(each.tickets, 'ticket')} done · the card is in <#{one.channel_id}>"
        )
        yield actions(*signoff_view.deciding(each.tickets, ("revision", each.revision_id)))


def _blockers(own: tuple[OwnBlocker, ...], url: TicketUrl, now: datetime) -> Iterator[Block | None]:
    if own:
        yield section(f"*{count(len(own), 'blocker')} of yours*")
    for each in own[:SHOWN]:
        yield blocker_view.own(each, MEMBER, url, now)


def _footer(picture: Home, now: datetime) -> str:
    fresh = f"Jira as of {ago(picture.mirror_as_of, now)}." if picture.mirror_as_of else "Jira was never read yet."
    link = "" if picture.linked else " Your tracker account is not connected: type /link."
    return f"{fresh}{link} Type /release help for what else there is."
