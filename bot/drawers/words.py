"""The answer to somebody who spoke in words, made when it is sent."""

from bot.drawing import Drawn
from bot.listeners.words import LOOKING, look, may_have_button
from bot.requests import Event
from bot.services import Services
from bot.views import words as view
from bot.views.blocks import Message
from bot.words import Meaning, Topic
from interlock.domain import outbox
from interlock.domain.actor import Actor, Authentication


def answer(services: Services, message: outbox.Message) -> Drawn:
    return Drawn(message=_answer(services, message))


def _answer(services: Services, message: outbox.Message) -> Message:
    refused = message.ids.get("refused")
    if refused:
        return view.refused(str(refused))
    meant = Meaning(topic=Topic(message.ids["topic"]), about=str(message.ids.get("about") or ""))
    if meant.topic is Topic.HELP:
        return view.help_()
    if message.ids.get("alone") and meant.topic in LOOKING:
        event = Event(
            actor=Actor(slack_id=str(message.ids.get("by")), authentication=Authentication.SLACK),
            type="message",
            event_id="",
            body={},
            now=services.clock(),
            channel_id=message.channel,
        )
        return look(meant, event, services)
    return view.hint(meant, button_too=may_have_button(meant))
