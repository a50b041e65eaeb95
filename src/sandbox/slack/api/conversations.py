"""conversations.*: channels, direct messages and what was said in them."""

from collections.abc import Iterable

from sandbox.slack import shapes
from sandbox.slack.api.call import Answer, Call, Method, RefusalError, decode_cursor, encode_cursor, ok
from sandbox.slack.values import Channel, Message

_FAMILIES = {"channel": "channels", "private": "groups", "im": "im"}  # kind to the first half of its scopes
_TYPES = {"public_channel": "channel", "private_channel": "private", "im": "im"}


def list_(call: Call) -> Answer:
    found = _of_types(call)
    page, after = call.page(found, default=100, most=1000)
    shown = [
        shapes.channel(call.context.workspace, channel)
        | ({"num_members": len(channel.members)} if channel.kind != "im" else {})
        for channel in page
    ]
    return ok(channels=shown, **after)


def of_user(call: Call) -> Answer:
    """Those that somebody is in (the app, unless `user` says otherwise), without a word of membership."""
    somebody = call.text("user") or call.context.workspace.app_user
    found = [channel for channel in _of_types(call) if somebody in channel.members]
    page, after = call.page(found, default=100, most=999)
    shown = [shapes.channel(call.context.workspace, channel) for channel in page]
    for one in shown:
        one.pop("is_member", None)
    return ok(channels=shown, **after)


def _of_types(call: Call) -> list[Channel]:
    wanted = [name.strip() for name in call.text("types", "public_channel").split(",")]
    kinds = {_TYPES[name] for name in wanted if name in _TYPES}
    for kind in sorted(kinds):
        call.needs_scope(f"{_FAMILIES[kind]}:read")
    if "mpim" in wanted:
        call.needs_scope("mpim:read")
    return [
        channel
        for channel in call.context.workspace.channels()
        if channel.kind in kinds
        and (channel.kind == "channel" or call.is_member(channel))
        and not (channel.archived and call.flag("exclude_archived"))
    ]


def info(call: Call) -> Answer:
    channel = _readable(call, "read")
    shown = shapes.channel(call.context.workspace, channel)
    if call.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return ok(channel=shown)


def members(call: Call) -> Answer:
    page, after = call.page(sorted(_readable(call, "read").members), default=100, most=1000)
    return ok(members=page, **after)


def history(call: Call) -> Answer:
    """Newest first, without replies. A page ends where its cursor says."""
    channel = _readable(call, "history", member=True)
    limit = call.number("limit", 100, 999)
    workspace = call.context.workspace
    everything = (m for m in workspace.newest_first(channel.id) if not m.is_reply or m.broadcast)
    before = decode_cursor(call.text("cursor"), "next_ts")
    found = [m for m in _between(call, everything) if not before or m.ts <= before]
    shown = [_shown(call, message) for message in found[:limit]]
    more = len(found) > limit
    after = {"response_metadata": {"next_cursor": encode_cursor("next_ts", found[limit].ts)}} if more else {}
    pins = sum(message.pinned for message in workspace.newest_first(channel.id))
    return ok(messages=shown, has_more=more, pin_count=pins, channel_actions_ts=None, channel_actions_count=0, **after)


def replies(call: Call) -> Answer:
    """The message that a thread hangs on, then its replies, oldest first."""
    channel = _readable(call, "history", member=True)
    root = call.context.workspace.message(channel.id, call.need("ts"))
    if root is None or root.ephemeral_to:
        raise RefusalError("thread_not_found")
    thread = [] if root.is_reply else call.context.workspace.replies(channel.id, root.ts)
    page, after = call.page([root, *_between(call, thread)], default=1000, most=1000)
    more = bool(after["response_metadata"]["next_cursor"])
    return ok(messages=[_shown(call, message) for message in page], has_more=more, **(after if more else {}))


def open_(call: Call) -> Answer:
    """Opens the app's direct conversation with one person."""
    workspace = call.context.workspace
    if call.text("channel"):
        channel, known = call.channel(), True
    else:
        users = [user.strip() for user in call.text("users").split(",") if user.strip()]
        if not users:
            raise RefusalError("users_list_not_supplied")
        if len(users) > 1:
            call.needs_scope("mpim:write")
        people = {person.id: person for person in workspace.people()}
        if users[0] not in people:
            raise RefusalError("user_not_found")
        if people[users[0]].deleted:
            raise RefusalError("user_disabled")
        if people[users[0]].is_bot:
            raise RefusalError("cannot_dm_bot")
        known = any(users[0] in c.members for c in workspace.channels() if c.kind == "im" and call.is_member(c))
        channel = workspace.dm(workspace.app_user, users[0])
    already = {"no_op": True, "already_open": True} if known else {}
    full = call.flag("return_im")
    return ok(**already, channel=shapes.channel(workspace, channel) if full else {"id": channel.id})


def join(call: Call) -> Answer:
    channel, workspace = call.channel(), call.context.workspace
    if channel.kind != "channel":
        raise RefusalError("method_not_supported_for_channel_type")
    if channel.archived:
        raise RefusalError("is_archived")
    if call.is_member(channel):
        warning = "already_in_channel"
        shown = shapes.channel(workspace, channel)
        return ok(channel=shown, warning=warning, response_metadata={"warnings": [warning]})
    joined = workspace.change_channel(channel.id, members=channel.members | {workspace.app_user})
    call.context.events.member_joined(joined, workspace.app_user)
    return ok(channel=shapes.channel(workspace, joined))


def _readable(call: Call, right: str, *, member: bool = False) -> Channel:
    channel = call.channel()
    call.needs_scope(f"{_FAMILIES[channel.kind]}:{right}")
    if member and not call.is_member(channel):
        raise RefusalError("not_in_channel")
    return channel


def _between(call: Call, messages: Iterable[Message]) -> list[Message]:
    oldest, latest, inclusive = call.text("oldest", "0"), call.text("latest"), call.flag("inclusive")
    low, high = _seconds(oldest), _seconds(latest) if latest else None
    found = []
    for message in messages:
        at = _seconds(message.ts)
        inside = low < at and (high is None or at < high)
        if inside or (inclusive and at in {low, high}):
            found.append(message)
    return found


def _seconds(ts: str) -> tuple[int, int]:
    """A ts as two whole numbers: as one float it would lose its last digits."""
    whole, _, micro = ts.partition(".")
    if not whole.isdigit() or (micro and not micro.isdigit()):
        raise RefusalError("invalid_ts_latest")
    return int(whole), int(micro.ljust(6, "0")) if micro else 0


def _shown(call: Call, message: Message) -> Answer:
    metadata = call.flag("include_all_metadata")
    return shapes.message(call.context.workspace, message, call.context.settings, metadata=metadata)


METHODS = {
    "conversations.list": Method(list_, tier=2),
    "users.conversations": Method(of_user, tier=3),
    "conversations.info": Method(info, tier=3),
    "conversations.members": Method(members, tier=4),
    "conversations.history": Method(history, tier=3),
    "conversations.replies": Method(replies, tier=3),
    "conversations.open": Method(open_, tier=3, scope="im:write"),
    "conversations.join": Method(join, tier=3, scope="channels:join"),
}
