"""What the app asks about itself and the workspace, and pins."""

import secrets

from sandbox.slack import shapes
from sandbox.slack.api.call import Answer, Call, Method, RefusalError, ok
from sandbox.slack.values import Channel, Message


def auth_test(call: Call) -> Answer:
    workspace = call.context.workspace
    return ok(
        url=f"{call.context.settings.base_url}/",
        team=workspace.team_name,
        user=workspace.person(workspace.app_user).name,
        team_id=workspace.team_id,
        user_id=workspace.app_user,
        bot_id=workspace.app_bot,
        is_enterprise_install=False,
    )


def api_test(call: Call) -> Answer:
    if call.text("error"):
        raise RefusalError(call.text("error"), args=call.args)
    return ok(args=call.args)


def open_connection(call: Call) -> Answer:
    """A WebSocket address that is good for one connection."""
    ticket = secrets.token_hex(16)
    call.context.delivery.tickets.add(ticket)
    address = call.context.settings.base_url.replace("http", "ws", 1)
    return ok(url=f"{address}/link/?ticket={ticket}&app_id={call.context.workspace.app_id}")


def team_info(call: Call) -> Answer:
    workspace = call.context.workspace
    base = call.context.settings.base_url
    return ok(
        team={
            "id": workspace.team_id,
            "name": workspace.team_name,
            "domain": workspace.team_domain,
            "email_domain": "",
            "url": f"{base}/",
            "icon": {f"image_{size}": f"{base}/avatar/{workspace.team_id}" for size in (34, 44, 68, 88, 102, 132)},
        }
    )


def bots_info(call: Call) -> Answer:
    if call.text("bot") not in {"", call.context.workspace.app_bot}:
        raise RefusalError("bot_not_found")
    profile = shapes.bot_profile(call.context.workspace, call.context.settings)
    del profile["team_id"]
    return ok(bot={**profile, "user_id": call.context.workspace.app_user})


def pins_add(call: Call) -> Answer:
    channel, message = _pinnable(call)
    if message.pinned:
        raise RefusalError("already_pinned")
    call.context.workspace.change_message(channel.id, message.ts, pinned=True)
    return ok()


def pins_remove(call: Call) -> Answer:
    channel, message = _pinnable(call)
    if not message.pinned:
        raise RefusalError("no_pin")
    call.context.workspace.change_message(channel.id, message.ts, pinned=False)
    return ok()


def pins_list(call: Call) -> Answer:
    channel, workspace = call.channel(), call.context.workspace
    items = [
        {
            "type": "message",
            "channel": channel.id,
            "created": int(float(message.ts)),
            "created_by": workspace.app_user,
            "message": shapes.message(workspace, message, call.context.settings)
            | {"permalink": shapes.permalink(message, call.context.settings)},
        }
        for message in workspace.newest_first(channel.id)
        if message.pinned
    ]
    return ok(items=items)


def _pinnable(call: Call) -> tuple[Channel, Message]:
    channel = call.channel()
    if not call.text("timestamp"):
        raise RefusalError("no_item_specified")
    message = call.context.workspace.message(channel.id, call.text("timestamp"))
    if message is None or message.ephemeral_to:
        raise RefusalError("message_not_found")
    return channel, message


METHODS = {
    "auth.test": Method(auth_test, tier=None),
    "api.test": Method(api_test, tier=4),
    "apps.connections.open": Method(open_connection, tier=None, app_token=True),
    "team.info": Method(team_info, tier=3, scope="team:read"),
    "bots.info": Method(bots_info, tier=3, scope="users:read"),
    "pins.add": Method(pins_add, tier=2, scope="pins:write"),
    "pins.remove": Method(pins_remove, tier=2, scope="pins:write"),
    "pins.list": Method(pins_list, tier=2, scope="pins:read"),
}
