"""chat.*: posting, changing and removing messages."""

from typing import Any

from sandbox.slack import shapes
from sandbox.slack.answers import BLOCKS_ONLY
from sandbox.slack.api.call import Answer, Call, Method, RateLimitedError, RefusalError, ok, refused_blocks
from sandbox.slack.blocks import InvalidBlocksError, message_blocks
from sandbox.slack.values import Channel, Json, Message

POSTED_TEXT = 40_000
UPDATED_TEXT = 4_000


def post_message(call: Call) -> Answer:
    channel = _target(call)
    seconds = call.context.limits.post(channel.id)
    if seconds is not None:
        raise RateLimitedError(seconds)
    _may_post(call, channel)
    text, blocks = _content(call, POSTED_TEXT)
    metadata, warning = _metadata(call)
    workspace = call.context.workspace
    message = workspace.post(
        channel.id,
        workspace.app_user,
        text,
        bot_id=workspace.app_bot,
        blocks=blocks,
        metadata=metadata,
        thread_ts=_root(call, channel),
        broadcast=call.flag("reply_broadcast"),
    )
    call.context.events.said(message)
    shown = shapes.message(workspace, message, call.context.settings)
    return ok(channel=channel.id, ts=message.ts, message=shown, **warning)


def post_ephemeral(call: Call) -> Answer:
    channel, reader = _target(call), call.need("user")
    _may_post(call, channel)
    if reader not in channel.members:
        raise RefusalError("user_not_in_channel")
    text, blocks = _content(call, POSTED_TEXT)
    workspace = call.context.workspace
    message = workspace.post(
        channel.id,
        workspace.app_user,
        text,
        bot_id=workspace.app_bot,
        blocks=blocks,
        thread_ts=_root(call, channel),
        ephemeral_to=reader,
    )
    return ok(message_ts=message.ts)


def update(call: Call) -> Answer:
    """Without `blocks` or `metadata` the old ones stay; an empty list or object takes them away."""
    channel, message = _own(call, "cant_update_message")
    if channel.archived:
        raise RefusalError("is_archived")
    if not call.text("text") and call.json("blocks") is None:
        raise RefusalError("no_text")
    text, blocks = _content(call, UPDATED_TEXT, required=False)
    metadata, warning = _metadata(call)
    changes: dict[str, Any] = {"edited": call.context.workspace.new_ts()}
    if call.text("text") or blocks:
        changes["text"] = text
    if call.json("blocks") is not None:
        changes["blocks"] = blocks
    if call.json("metadata") is not None:
        changes["metadata"] = metadata
    changed = call.context.workspace.change_message(channel.id, message.ts, **changes)
    call.context.events.changed(changed, message)
    shown = shapes.edited_message(call.context.workspace, changed, call.context.settings)
    return ok(channel=channel.id, ts=message.ts, text=changed.text, message=shown, **warning)


def delete(call: Call) -> Answer:
    channel, message = _own(call, "cant_delete_message")
    call.context.events.deleted(call.context.workspace.delete_message(channel.id, message.ts))
    return ok(channel=channel.id, ts=message.ts)


def get_permalink(call: Call) -> Answer:
    channel, ts = call.channel(), call.need("message_ts")
    message = call.context.workspace.message(channel.id, ts)
    if message is None or message.ephemeral_to:
        raise RefusalError("message_not_found")
    return ok(channel=channel.id, permalink=shapes.permalink(message, call.context.settings))


def _target(call: Call) -> Channel:
    """`channel` may be an id, a name, or a person, whose conversation with the app is meant then."""
    named, workspace = call.need("channel"), call.context.workspace
    if named.startswith("#") and (found := workspace.channel_named(named)):
        return found
    people = {person.id: person for person in workspace.people()}
    if named in people:
        if people[named].deleted:
            raise RefusalError("channel_not_found")
        return workspace.dm(workspace.app_user, named)
    return call.channel()


def _may_post(call: Call, channel: Channel) -> None:
    if channel.archived:
        raise RefusalError("is_archived")
    public = channel.kind == "channel" and "chat:write.public" in call.context.settings.scopes
    if not call.is_member(channel) and not public:
        raise RefusalError("not_in_channel")


def _content(call: Call, most: int, *, required: bool = True) -> tuple[str, tuple[Json, ...]]:
    text = call.text("text")
    if len(text) > most:
        raise RefusalError("msg_too_long")
    try:
        blocks = message_blocks(call.json("blocks"), call.context.workspace.new_id)
    except InvalidBlocksError as error:
        raise refused_blocks(error) from None
    if required and not text and not blocks:
        raise RefusalError("no_text")
    return text or BLOCKS_ONLY, blocks


def _metadata(call: Call) -> tuple[Json | None, Answer]:
    """Metadata that Slack would not take is dropped with a warning; the message is posted all the same."""
    metadata = call.json("metadata")
    if not metadata:
        return None, {}
    if _is_metadata(metadata):
        return metadata, {}
    warning = "invalid_metadata_format"
    return None, {"warning": warning, "response_metadata": {"warnings": [warning]}}


def _is_metadata(metadata: Any) -> bool:
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        return False
    payload = metadata.get("event_payload")
    return isinstance(payload, dict) and not any(isinstance(value, dict | list) for value in payload.values())


def _root(call: Call, channel: Channel) -> str | None:
    """The thread to reply in; a reply's own ts leads to the thread that it stands in."""
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return None
    message = call.context.workspace.message(channel.id, thread_ts)
    if message is None or message.ephemeral_to:
        raise RefusalError("cannot_reply_to_message")
    return message.thread_ts or message.ts


def _own(call: Call, otherwise: str) -> tuple[Channel, Message]:
    channel, ts = call.channel(), call.need("ts")
    message = call.context.workspace.message(channel.id, ts)
    if message is None or message.ephemeral_to:  # an ephemeral message can only be changed by its response_url
        raise RefusalError("message_not_found")
    if message.bot_id != call.context.workspace.app_bot:
        raise RefusalError(otherwise)
    return channel, message


METHODS = {
    "chat.postMessage": Method(post_message, tier=None, scope="chat:write"),  # limited for each channel instead
    "chat.postEphemeral": Method(post_ephemeral, scope="chat:write"),
    "chat.update": Method(update, tier=3, scope="chat:write"),
    "chat.delete": Method(delete, tier=3, scope="chat:write"),
    "chat.getPermalink": Method(get_permalink, tier=None),
}
