"""A mention, or a direct message in words: the nearest command's answer, or the command to type. Never silence."""

import re
from collections.abc import Callable
from typing import Final

from bot import parsing
from bot.listeners import blocker, environment, release, runbook, signoff
from bot.requests import Click, Command, Event, UnreadableButtonError
from bot.services import Services
from bot.views.blocks import Message
from bot.words import TYPED, Meaning, Topic, meaning
from interlock.usecases import words
from interlock.usecases.words import Asked

LOOKING: Final[dict[Topic, Callable[[Command, Services], Message]]] = {
    Topic.STATUS: release.status,
    Topic.RELEASES: release.list_,
    Topic.SIGNOFFS: signoff.signoffs,
    Topic.RUNBOOK: runbook.show,
    Topic.BLOCKERS: blocker.list_,
    Topic.ENVIRONMENTS: environment.list_,
}
"""What only shows, and so may be done on a guess. What decides has to be typed."""

SPOKEN: Final = frozenset({"", "file_share", "thread_broadcast"})
"""Kinds of message that somebody says; the others tell of edits, joins and the like."""
BUTTON: Final = re.compile(r"[A-Za-z0-9._-]{0,80}", re.ASCII)


def mentioned(event: Event, services: Services) -> None:
    """In a channel: everybody reads it, so the answer is a command with a button."""
    _answer(event, services, alone=False)


def spoken_to(event: Event, services: Services) -> None:
    """In a direct message."""
    if event.body.get("channel_type") == "im" and parsing.text(event.body, "subtype") in SPOKEN:
        _answer(event, services, alone=True)


def show(click: Click, services: Services) -> Message:
    """The button under the guess: whoever presses it sees the answer alone."""
    topic, _, about = click.id("words").partition(".")
    if topic not in LOOKING:
        raise UnreadableButtonError
    return look(Meaning(topic=Topic(topic), about=about), click, services)


def look(meant: Meaning, request: Click | Event, services: Services) -> Message:
    """As if the command had been typed."""
    name, _, verb = TYPED[meant.topic].partition(" ")
    command = Command(
        actor=request.actor,
        name=name,
        verb=verb or "list",
        args=meant.about,
        channel_id=request.channel_id or "",
        channel_name="",
        trigger_id="",
        now=request.now,
    )
    return LOOKING[meant.topic](command, services)


def may_have_button(meant: Meaning) -> bool:
    return meant.topic in LOOKING and BUTTON.fullmatch(meant.about) is not None


def _answer(event: Event, services: Services, *, alone: bool) -> None:
    if not event.channel_id:
        return
    meant = meaning(parsing.typed(parsing.text(event.body, "text")))
    thread = parsing.text(event.body, "thread_ts") or (None if alone else parsing.text(event.body, "ts") or None)
    asked = Asked(topic=meant.topic, about=meant.about, channel_id=event.channel_id, thread_ts=thread, alone=alone)
    words.answer(services.store, services.policy, event.actor, asked, event.event_id, event.now)
    services.wake()
