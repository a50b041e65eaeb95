"""`/release new TEMPLATE NAME TARGET version:… label:… epic:… [channel:…]`, read."""

import shlex
from typing import Final

from bot.parsing import CHANNEL
from bot.views.text import cut
from interlock.domain.draft import TypedDraft

HOW: Final = (
    "Type a template, a name, a target day and what is in scope: "
    "quarterly-platform 2026.12 2026-12-17 version:2026.12 channel:#rel-data-platform. "
    "label: and epic: work too, each may be repeated, and quotes hold blanks together. Without anything, a form opens."
)
KINDS: Final = ("version", "label", "epic", "channel")
WORDS: Final = 3
"""A template, a name and a target."""

LONGEST: Final = 60


class Unread:
    """It cannot be read; the sentence says what can."""

    def __init__(self, why: str) -> None:
        self.sentence = f"{why} {HOW}"


def read(args: str) -> TypedDraft | Unread:
    try:
        words = shlex.split(args)
    except ValueError:
        return Unread("A quote is not closed.")
    plain = [word for word in words if word.partition(":")[0] not in KINDS]
    if len(plain) > WORDS:
        odd = next((word for word in plain if ":" in word or "=" in word), plain[WORDS])
        return Unread(f"“{cut(odd, LONGEST)}” is not understood.")
    if len(plain) < WORDS:
        return Unread(f"That has {len(plain)} of the three words that it needs.")
    named = {kind: tuple(word.partition(":")[2] for word in words if word.partition(":")[0] == kind) for kind in KINDS}
    channel = (named["channel"] or ("",))[-1]
    mentioned = CHANNEL.fullmatch(channel)
    return TypedDraft(
        template=plain[0],
        name=plain[1],
        target=plain[2],
        versions=named["version"],
        labels=named["label"],
        epics=tuple(key.upper() for key in named["epic"]),
        channel=mentioned[1] if mentioned else channel.removeprefix("#"),
    )
