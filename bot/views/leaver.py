"""What is told of what somebody who left still holds."""

from bot.views.blocks import Message, context, line, message, moment, section, ticket_link
from interlock.domain.actor import Person
from interlock.domain.booking import Booking
from interlock.domain.environment import Environment
from interlock.domain.ticket import Ticket
from interlock.domain.visibility import RESTRICTED


def booking(there: Environment, one: Booking) -> Message:
    name, key = line(one.holder.name), line(there.key)
    return message(
        f"{name} has left and still has {key}.",
        section(f"*{key}* is still booked for {name}, who has left, until {moment(one.span.ends)}."),
        context(
            f"You get this once, because you own {key} or manage releases. If nobody needs it, `/env return {key}` "
            "ends the booking, and whoever waits gets it."
        ),
    )


def blocker(ticket: Ticket, left: Person, url: str) -> Message:
    name = line(left.name)
    what = RESTRICTED if ticket.restricted else ticket_link(ticket.key, ticket.summary, url)
    plain = RESTRICTED if ticket.restricted else ticket.key
    return message(
        f"{name} has left and had {plain} in hand, which is still in the way.",
        section(f"{what} is still in the way, and {name}, who had it in hand, has left."),
        context(
            "You get this once, because you lead the ticket's team or manage releases. Type /blockers and press On it, "
            "or find somebody who does; its escalation goes on meanwhile."
        ),
    )
