"""What is answered when a collision is acknowledged."""

from bot.views.blocks import Message, day, escape, line, sentence
from interlock.domain.collision import Collision, what
from interlock.domain.names import LONGEST


def acknowledged(met: Collision, *, again: bool, other_side: bool) -> Message:
    name, other = line(met.name, LONGEST), line(met.other, LONGEST)
    already = " already" if again else ""
    theirs = f" For {other} nobody did yet." if other_side else ""
    return sentence(
        f"Acknowledged{already}: {name} goes on {day(met.target)} as {other} does, {escape(what(met))}.{theirs} "
        "It is asked anew if a target moves or more is in common."
    )
