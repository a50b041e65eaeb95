"""Slack's payloads as `bot.requests` values. Tolerant: what is missing is empty, and the use cases refuse whom they do
not know. Texts lose what no text needs: control characters (PostgreSQL stores no NUL) and torn surrogates.

Shapes: https://docs.slack.dev/reference/interaction-payloads and https://docs.slack.dev/interactivity/implementing-slash-commands
"""

import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bot.payload import Payload, Unreadable, decode
from bot.requests import Click, Command, Event, Submission, Suggestion, UnreadableButtonError, Value, Values
from interlock.domain.actor import Actor, Authentication

Body = Mapping[str, Any]

REFERENCE: Final = re.compile(r"<([@#])([A-Z0-9]+)(?:\|[^<>]*)?>")
LINK: Final = re.compile(r"<(?:https?://|mailto:|tel:)[^<>|]*(?:\|([^<>]*))?>")
CHANNEL: Final = re.compile(r"<#([A-Z0-9]+)>")
"""A channel, as `typed` leaves it."""
PERSON: Final = re.compile(r"<@([UW][A-Z0-9]+)>")


def command(body: Body, verb: str, args: str, now: datetime) -> Command:
    return Command(
        actor=actor(body.get("user_id")),
        name=text(body, "command"),
        verb=verb,
        args=args,
        channel_id=text(body, "channel_id"),
        channel_name=text(body, "channel_name"),
        trigger_id=text(body, "trigger_id"),
        now=now,
    )


def typed(raw: str) -> str:
    """What somebody typed after a command or in a message, as they saw it: Slack's `<@U1|ana>` as `<@U1>`, a link as
    its label, `&lt;` as `<`."""
    shown = REFERENCE.sub(r"<\1\2>", raw)
    shown = LINK.sub(lambda found: found[1] or found[0].strip("<>"), shown)
    return plain(html.unescape(shown)).strip()


def people_in(args: str) -> list[str]:
    """The Slack ids of the people who are named in a typed text, in order."""
    return PERSON.findall(args)


def thread_of(body: Body) -> str | None:
    """The thread that a clicked message stands in; None for one that stands in the channel itself."""
    found = _object(body, "container").get("thread_ts") or _object(body, "message").get("thread_ts")
    return found if isinstance(found, str) else None


def click(body: Body, now: datetime) -> Click:
    """Raises UnreadableButtonError for a value that no version of ours wrote."""
    action = first_action(body)
    container, view = _object(body, "container"), _object(body, "view")
    value = action.get("value")
    return Click(
        actor=actor(_object(body, "user").get("id")),
        action_id=text(action, "action_id"),
        now=now,
        trigger_id=text(body, "trigger_id"),
        payload=_payload(value) if isinstance(value, str) and action.get("type") == "button" else None,
        selected=_selected(action),
        values=_values(view.get("state") or body.get("state")),
        block_id=text(action, "block_id"),
        channel_id=_object(body, "channel").get("id") or container.get("channel_id"),
        message_ts=container.get("message_ts"),
        thread_ts=thread_of(body),
        ephemeral=container.get("is_ephemeral") is True,
        view_id=view.get("id"),
        view_hash=view.get("hash"),
        view_callback_id=view.get("callback_id"),
        private=_private(view),
    )


def first_action(body: Body) -> Body:
    """Slack sends one action at a time, in a list."""
    actions = body.get("actions")
    found = actions[0] if isinstance(actions, list) and actions else {}
    return found if isinstance(found, Mapping) else {}


def submission(body: Body, now: datetime) -> Submission:
    view = _object(body, "view")
    return Submission(
        actor=actor(_object(body, "user").get("id")),
        callback_id=text(view, "callback_id"),
        values=_values(view.get("state")),
        private=_private(view),
        view_id=text(view, "id"),
        request_id=request_id(body),
        now=now,
    )


def suggestion(body: Body, now: datetime) -> Suggestion:
    return Suggestion(
        actor=actor(_object(body, "user").get("id")),
        action_id=text(body, "action_id"),
        typed=plain(text(body, "value")).strip(),
        now=now,
        block_id=text(body, "block_id"),
        private=_private(_object(body, "view")),
    )


def event(body: Body, now: datetime) -> Event:
    inner = _object(body, "event")
    who = inner.get("user")
    where = inner.get("channel")
    # In a shared channel `team_id` may be the other company's; the installation's own stands here.
    authorizations = body.get("authorizations")
    ours = authorizations[0] if isinstance(authorizations, list) and authorizations else body
    return Event(
        actor=actor(who.get("id") if isinstance(who, Mapping) else who),
        type=text(inner, "type"),
        event_id=text(body, "event_id"),
        body=inner,
        now=now,
        channel_id=where if isinstance(where, str) else None,
        team_id=text(ours, "team_id"),
        enterprise_id=ours.get("enterprise_id"),
        bot_user_id=ours.get("user_id"),
    )


def request_id(body: Body) -> str:
    """What names this one act, so that a redelivery is known for one: the event's id, else the trigger's. A submission
    without a trigger is named by its view and what was entered, for a corrected one keeps the view's hash."""
    for name in ("event_id", "trigger_id"):
        if text(body, name):
            return text(body, name)
    view = _object(body, "view")
    entered = json.dumps(view.get("state"), sort_keys=True, default=str)
    return f"{text(view, 'id')}.{text(view, 'hash')}.{hashlib.sha256(entered.encode('utf-8', 'replace')).hexdigest()}"


def actor(slack_id: object) -> Actor:
    return Actor(slack_id=slack_id if isinstance(slack_id, str) else "", authentication=Authentication.SLACK)


def text(body: Body, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def plain(raw: str) -> str:
    """Without control characters but line breaks, and without torn surrogates, which no database stores."""
    return "".join(
        letter
        for letter in raw.replace("\t", " ")
        if letter == "\n" or unicodedata.category(letter) not in {"Cc", "Cs"}
    )


def _payload(value: str) -> Payload:
    payload = decode(value)
    if isinstance(payload, Unreadable):
        raise UnreadableButtonError
    return payload


def _selected(action: Body) -> str | None:
    value = _value(action)
    if isinstance(value, tuple):
        return value[0] if value else None
    return None if action.get("type") == "button" else value


def _values(state: object) -> Values:
    blocks = state.get("values") if isinstance(state, Mapping) else None
    if not isinstance(blocks, Mapping):
        return {}
    found: dict[str, Value] = {}
    for block_id, elements in blocks.items():
        for action_id, element in elements.items():
            found[block_id if len(elements) == 1 else action_id] = _value(element)
    return found


def _value(element: Body) -> Value:
    """One element's state. Source: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    for several in ("selected_options", "selected_users", "selected_conversations", "selected_channels"):
        if isinstance(element.get(several), list):
            return tuple(_one(entry) or "" for entry in element[several])
    names = (
        "value",
        "selected_option",
        "selected_date",
        "selected_time",
        "selected_date_time",
        "selected_user",
        "selected_conversation",
        "selected_channel",
    )
    return next((value for value in (_one(element.get(name)) for name in names) if value is not None), None)


def _one(entry: object) -> str | None:
    if isinstance(entry, Mapping):
        entry = entry.get("value")
    return None if entry is None else plain(str(entry))


def _private(view: Body) -> dict[str, Any]:
    try:
        private = json.loads(text(view, "private_metadata") or "{}")
    except ValueError:
        return {}
    return private if isinstance(private, dict) else {}


def _object(body: Body, name: str) -> Body:
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}
