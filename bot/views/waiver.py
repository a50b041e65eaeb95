"""The card of a waiver, and answers about waivers."""

from typing import Final

from bot.views.blocks import Message, actions, button, confirm, context, day, line, message, moment, section
from bot.views.release import title
from interlock.domain.release import Release
from interlock.domain.waiver import Waiver, WaiverState

GRANT: Final = "waiver.grant"
REFUSE: Final = "waiver.refuse"
WITHDRAW: Final = "waiver.withdraw"


def card(one: Release, asked: Waiver, reader: str = "") -> Message:
    """What is to be let pass, until when and why; buttons while somebody may decide it. `reader`: the id of who alone
    reads it, and then it has none that would refuse them.
    """
    payload = ("waiver", asked.id)
    state = {
        WaiverState.ASKED: "asked for",
        WaiverState.GRANTED: f"granted by {line(asked.decided_by)}",
        WaiverState.REFUSED: f"refused by {line(asked.decided_by)}",
        WaiverState.WITHDRAWN: "withdrawn",
    }[asked.state]
    when = f" {moment(asked.decided_at)}" if asked.decided_at else ""
    lines = [
        f"*{title(one)}* · waiver {state}{when}",
        f"*Let pass* {line(asked.criterion)} until {day(asked.until)}",
        f"*Why* {line(asked.reason, 500)} ({line(asked.asked_by)})",
    ]
    sure = confirm(
        f"Waive {asked.criterion}?",
        f"It passes until {asked.until:%a} {asked.until.day} {asked.until:%b}, on your word.",
        "Waive it",
    )
    return message(
        f"{line(one.name)}: waiver of {line(asked.criterion)} {state}.",
        section("\n".join(lines)),
        actions(
            button("Waive it", GRANT, payload, confirm=sure),
            button("Refuse", REFUSE, payload),
            button("Withdraw", WITHDRAW, payload) if reader in {"", asked.asked_by_id} else None,
        )
        if asked.open
        else None,
        context("Anybody who may grant waivers decides, but not who asked. It blocks again after that day.")
        if asked.open
        else None,
    )


def asked(one: Release, found: Waiver, *, new: bool) -> Message:
    told = "is asked for" if new else "was asked for already, and waits"
    text = f"A waiver of {line(found.criterion)} {told} in <#{one.channel_id}>."
    return message(text, section(text))


def decided(one: Release, found: Waiver, *, again: bool) -> Message:
    text = f"The waiver of {line(found.criterion)} ({line(one.name)}) {'was' if again else 'is'} {found.state.value}."
    return message(text, section(text))
