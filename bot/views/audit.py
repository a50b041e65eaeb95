"""The record of decisions, as channels see it."""

from bot.views.blocks import Message, context, message, moment, section
from interlock.domain.anchor import Anchor
from interlock.domain.words import count


def anchor(told: Anchor) -> Message:
    events = count(told.seq, "event")
    return message(
        f"The record of decisions stands at {events}.",
        section(f"*Record of decisions* · {events} up to {moment(told.at)}\n```{told.line}```"),
        context(
            "Nothing to do. Whoever rewrites the record cannot rewrite this message: `interlock audit verify` holds "
            "one against the other."
        ),
    )
