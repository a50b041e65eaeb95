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
from interlock.domain.trouble import Stuck, Trouble
from interlock.domain.words import count

SHOWN: Final = 5
KINDS: Final = {
    "digest": "morning digest",
    "readiness": "readiness summary",
    "release.status": "shared status",
    "release.created": "news of a release",
    "release.closed": "news of a release",
    "signoff.card": "sign-off card",
    "signoff.refresh": "re-drawn sign-off card",
    "signoff.rejected": "rejected sign-off",
    "signoff.void": "void sign-off",
    "blocker.ping": "blocker ping",
    "blocker.list": "shared list of blockers",
    "link.note": "word about a link",
    "token": "token for the command line",
    "words": "answer",
}


def told(trouble: Trouble) -> Message:
    number = len(trouble.messages)
    what = count(number, "message")
    lines = [f"*{what} could not be delivered.* {escape(trouble.reason)}"]
    lines += [f"• {_stuck(each)}" for each in trouble.messages[:SHOWN]]
    if number > SHOWN:
        lines.append(f"and {number - SHOWN} more")
    return message(
        f"{what} could not be delivered: {escape(trouble.reason)}",
        section("\n".join(lines)),
        context("You get this because you are a release manager. It stops when they are sent or let go."),
        _row(trouble.first, what),
    )


def settled(number: int, done: str) -> Message:
    if not number:
        return sentence("Somebody has seen to them already.")
    return sentence(f"{count(number, 'message')} {done}.")


def refused(text: str) -> Message:
    return sentence(text)


def _row(first: int, what: str) -> Block | None:
    sure = confirm("Let them go?", f"{what} will never be sent.", "Let go")
    return actions(
        button("Send again", "parked.send", ("message", first), style="primary"),
        button("Let go", "parked.drop", ("message", first), confirm=sure),
    )


def _stuck(each: Stuck) -> str:
    kind = KINDS.get(each.kind, each.kind.replace(".", " "))
    where = channel(each.channel) if each.channel else line(each.person or "")
    return f"{escape(kind)} for {where}"
