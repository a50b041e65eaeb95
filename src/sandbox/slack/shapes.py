"""How Slack writes people, channels, messages and views as JSON, in its answers and in what it sends.

Held against recorded bodies by tests; see https://docs.slack.dev/reference/objects.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.slack.settings import Settings
from sandbox.slack.values import Channel, File, Group, Json, Message, Person, View
from sandbox.slack.workspace import Workspace

_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt);)")
FOUNDED = 1700000000  # when everything that has no date of its own was made


def escaped(text: str) -> str:
    """`text` with Slack's three control characters escaped, but not twice."""
    return _BARE_AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def blocks_as_kept(blocks: Iterable[Json]) -> list[Any]:
    """Message blocks as Slack gives them back: plain_text comes back escaped (slackapi/bolt-python issue 513)."""
    return [_escape_plain(block) for block in blocks]


def _escape_plain(node: Any) -> Any:
    if isinstance(node, list | tuple):
        return [_escape_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _escape_plain(value) for key, value in node.items()}
    if kept.get("type") == "plain_text" and isinstance(kept.get("text"), str):
        kept["text"] = escaped(kept["text"])
    return kept


def person(workspace: Workspace, somebody: Person, settings: Settings) -> dict[str, Any]:
    """A user object. A deactivated person has neither time zone nor roles, and an address needs its own scope."""
    is_app = somebody.id == workspace.app_user
    profile: dict[str, Any] = {
        "title": somebody.title,
        "phone": "",
        "skype": "",
        "real_name": somebody.real_name,
        "real_name_normalized": somebody.real_name,
        "display_name": somebody.name,
        "display_name_normalized": somebody.name,
        "status_text": "",
        "status_emoji": "",
        "status_emoji_display_info": [],
        "status_expiration": 0,
        "avatar_hash": "",
        "image_24": f"{settings.base_url}/avatar/{somebody.id}",
        "image_32": f"{settings.base_url}/avatar/{somebody.id}",
        "image_48": f"{settings.base_url}/avatar/{somebody.id}",
        "image_72": f"{settings.base_url}/avatar/{somebody.id}",
        "image_192": f"{settings.base_url}/avatar/{somebody.id}",
        "image_512": f"{settings.base_url}/avatar/{somebody.id}",
        "status_text_canonical": "",
        "team": somebody.team_id,
    }
    if is_app:
        profile |= {"api_app_id": workspace.app_id, "bot_id": workspace.app_bot, "always_active": False}
    if somebody.email and not somebody.is_bot and "users:read.email" in settings.scopes:
        profile["email"] = somebody.email
    shown: dict[str, Any] = {
        "id": somebody.id,
        "team_id": somebody.team_id,
        "name": somebody.name,
        "deleted": somebody.deleted,
        "profile": profile,
        "is_bot": somebody.is_bot,
        "is_app_user": False,
        "updated": FOUNDED,
    }
    if somebody.deleted:
        return shown
    moment = datetime.fromtimestamp(workspace.clock(), tz=ZoneInfo(somebody.tz))
    offset = moment.utcoffset()
    assert offset is not None
    return shown | {
        "color": "3c989f",
        "real_name": somebody.real_name,
        "tz": somebody.tz,
        "tz_label": moment.tzname(),
        "tz_offset": int(offset.total_seconds()),
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": somebody.is_restricted,
        "is_ultra_restricted": somebody.is_ultra_restricted,
        "is_email_confirmed": not somebody.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    }


def is_stranger(workspace: Workspace, somebody: Person) -> bool:
    """Slack's word for people of another workspace whom no shared channel makes visible to the app."""
    meets = any(workspace.app_user in c.members for c in workspace.channels() if somebody.id in c.members)
    return somebody.is_stranger and not meets


def channel(workspace: Workspace, conversation: Channel) -> dict[str, Any]:
    """A conversation object, as conversations.info and .list give it to the app."""
    is_member = workspace.app_user in conversation.members
    if conversation.kind == "im":
        other = next(iter(conversation.members - {workspace.app_user}), workspace.app_user)
        return {
            "id": conversation.id,
            "created": conversation.created,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": workspace.team_id,
            "updated": conversation.created * 1000,
            "user": other,
            "is_user_deleted": workspace.person(other).deleted,
            "priority": 0,
        }
    private = conversation.kind == "private"
    topic = {"value": conversation.topic, "creator": "", "last_set": 0}
    return {
        "id": conversation.id,
        "name": conversation.name,
        "is_channel": not private,
        "is_group": private,
        "is_im": False,
        "is_mpim": False,
        "is_private": private,
        "created": conversation.created,
        "is_archived": conversation.archived,
        "is_general": conversation.name == "general",
        "unlinked": 0,
        "name_normalized": conversation.name,
        "is_shared": conversation.is_ext_shared,
        "is_org_shared": False,
        "is_ext_shared": conversation.is_ext_shared,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "context_team_id": workspace.team_id,
        "updated": conversation.created * 1000,
        "parent_conversation": None,
        "creator": "U0RITA",
        "shared_team_ids": sorted({workspace.person(m).team_id for m in conversation.members} | {workspace.team_id}),
        "is_member": is_member,
        "topic": topic,
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": list(conversation.previous_names),
    }


def group(workspace: Workspace, team: Group, *, users: bool) -> dict[str, Any]:
    """A user group; its members only when they were asked for."""
    shown: dict[str, Any] = {
        "id": team.id,
        "team_id": workspace.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": team.name,
        "description": team.description,
        "handle": team.handle,
        "is_external": False,
        "date_create": FOUNDED,
        "date_update": FOUNDED,
        "date_delete": FOUNDED if team.disabled else 0,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "U0RITA",
        "updated_by": "U0RITA",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
        "user_count": len(team.users),
        "channel_count": 0,
    }
    return shown | ({"users": list(team.users)} if users else {})


def file(workspace: Workspace, upload: File, settings: Settings) -> dict[str, Any]:
    url = f"{settings.base_url}/files/{upload.id}/{upload.name}"
    return {
        "id": upload.id,
        "created": upload.created,
        "timestamp": upload.created,
        "name": upload.name,
        "title": upload.title,
        "mimetype": upload.mimetype,
        "filetype": upload.name.rpartition(".")[2],
        "user": upload.user,
        "user_team": workspace.team_id,
        "editable": False,
        "size": len(upload.content),
        "mode": "hosted",
        "is_external": False,
        "is_public": True,
        "alt_txt": upload.alt_text,
        "url_private": url,
        "url_private_download": url,
        "permalink": url,
    }


def bot_profile(workspace: Workspace, settings: Settings) -> dict[str, Any]:
    icon = f"{settings.base_url}/avatar/{workspace.app_user}"
    return {
        "id": workspace.app_bot,
        "app_id": workspace.app_id,
        "name": workspace.person(workspace.app_user).real_name,
        "icons": {"image_36": icon, "image_48": icon, "image_72": icon},
        "deleted": False,
        "updated": FOUNDED,
        "team_id": workspace.team_id,
    }


def message(workspace: Workspace, said: Message, settings: Settings, *, metadata: bool = True) -> dict[str, Any]:
    """A message as it stands in answers and payloads, with its thread's numbers."""
    shown: dict[str, Any] = {
        "user": said.user,
        "type": "message",
        "ts": said.ts,
        "text": said.text,
        "team": workspace.person(said.user).team_id,
    }
    if said.bot_id:
        shown |= {
            "bot_id": said.bot_id,
            "app_id": workspace.app_id,
            "bot_profile": bot_profile(workspace, settings),
        }
    if said.client_msg_id:
        shown["client_msg_id"] = said.client_msg_id
    if said.blocks:
        shown["blocks"] = blocks_as_kept(said.blocks)
    if said.metadata and metadata:
        shown["metadata"] = said.metadata
    if said.edited:
        shown["edited"] = {"user": said.user, "ts": said.edited}
    if said.files:
        shown |= {
            "files": [file(workspace, workspace.file(file_id), settings) for file_id in said.files],
            "upload": False,
        }
    if said.pinned:
        shown["pinned_to"] = [said.channel]
    return shown | _thread(workspace, said)


def edited_message(workspace: Workspace, said: Message, settings: Settings) -> dict[str, Any]:
    """A message as chat.update answers with it: without its ts, and without a word of its thread."""
    left_out = {"ts", *_thread(workspace, said)}
    return {key: value for key, value in message(workspace, said, settings).items() if key not in left_out}


def _thread(workspace: Workspace, said: Message) -> dict[str, Any]:
    """What a message says of its thread: a reply names its parent, a parent counts its replies."""
    if said.is_reply and said.thread_ts:
        parent = workspace.message(said.channel, said.thread_ts)
        named = {"thread_ts": said.thread_ts} | ({"parent_user_id": parent.user} if parent else {})
        return named | ({"subtype": "thread_broadcast"} if said.broadcast else {})
    replies = workspace.replies(said.channel, said.ts)
    if not replies:
        return {}
    who = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": said.ts,
        "reply_count": len(replies),
        "reply_users_count": len(who),
        "latest_reply": replies[-1].ts,
        "reply_users": who[:5],
        "is_locked": False,
        "subscribed": workspace.app_user in who or said.user == workspace.app_user,
    }


def permalink(said: Message, settings: Settings) -> str:
    link = f"{settings.base_url}/archives/{said.channel}/p{said.ts.replace('.', '')}"
    return f"{link}?thread_ts={said.thread_ts}&cid={said.channel}" if said.is_reply else link


def view(workspace: Workspace, shown: View) -> dict[str, Any]:
    """A modal or Home tab as Slack gives it back: what the app sent, completed."""
    body = shown.body
    return {
        "id": shown.id,
        "team_id": workspace.team_id,
        "type": shown.type,
        "blocks": list(shown.blocks),
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "state": {"values": dict(shown.state)},
        "hash": shown.hash,
        "title": body.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "close": body.get("close"),
        "submit": body.get("submit"),
        "previous_view_id": shown.previous_view_id,
        "root_view_id": shown.root_view_id,
        "app_id": workspace.app_id,
        "external_id": body.get("external_id", ""),
        "app_installed_team_id": workspace.team_id,
        "bot_id": workspace.app_bot,
    }
