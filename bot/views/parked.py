"""What release managers are told of messages that could not be delivered."""

from typing import Final

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    channel,
    confirm,
    context,
    escape,
    line,
    message,
    section,
    sentence,
)
from bot.views.kinds import named
from interlock.domain.trouble import Stuck, Trouble
from interlock.domain.words import count

SHOWN: Final = 5


def told(trouble: Trouble) -> Message:
    number = len(trouble.messages)
    what = count(number, "message")
    state = f"{'waits' if number == 1 else 'wait'} for you" if trouble.restored else "could not be delivered"
    lines = [f"*{what} {state}.* {escape(trouble.reason)}"]
    lines += [f"• {_stuck(each)}" for each in trouble.messages[:SHOWN]]
    if number > SHOWN:
        lines.append(f"and {number - SHOWN} more")
    if trouble.restored:
        lines.append("Each is looked for in Slack before it is sent, and sent only if it is not there.")
    return message(
        f"{what} {state}: {escape(trouble.reason)}",
        section("\n".join(lines)),
        context("You get this because you are a release manager. It stops when they are sent or let go."),
        _row(trouble, what),
    )


def sending(number: int, late: int) -> Message:
    """`late`: how many were let go, since their time was over."""
    gone = f"{count(late, 'message')} whose time is over will not be sent."
    if not late:
        return settled(number, "will be sent now")
    return sentence(f"{count(number, 'message')} will be sent now, {gone}" if number else gone.capitalize())


def settled(number: int, done: str) -> Message:
    if not number:
        return sentence("Somebody has seen to them already.")
    return sentence(f"{count(number, 'message')} {done}.")


def refused(text: str) -> Message:
    return sentence(text)


def _row(trouble: Trouble, what: str) -> Block | None:
    sure = confirm("Let them go?", f"{what} will never be sent.", "Let go")
    send, drop = ("Send all that are still due", "Let all go") if trouble.restored else ("Send again", "Let go")
    return actions(
        button(send, "parked.send", ("message", trouble.first), style="primary"),
        button(drop, "parked.drop", ("message", trouble.first), confirm=sure),
    )


def _stuck(each: Stuck) -> str:
    where = channel(each.channel) if each.channel else line(each.person or "")
    return f"{escape(named(each.kind))} for {where}"
