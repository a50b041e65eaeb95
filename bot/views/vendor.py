"""What release managers are told of a vendor that no longer accepts Interlock's token."""

from datetime import datetime

from bot.views.blocks import Message, context, escape, message, section
from interlock.domain.vendor import Refusal
from interlock.domain.words import ago


def refused(refusal: Refusal, now: datetime) -> Message:
    name = refusal.vendor.value.title()
    line = f"{name} does not accept Interlock's token: nothing new is read from it since {ago(refusal.since, now)}."
    return message(
        line,
        section(f"*{line}*\n{escape(refusal.told)}"),
        context(
            "You get this because you are a release manager; whoever runs Interlock can mend it. Answers go on from "
            "what was read before and say how old it is. Reading goes on by itself once the token works."
        ),
    )
