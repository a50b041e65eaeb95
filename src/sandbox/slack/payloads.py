"""The payloads of commands and interactions, as Slack sends them.

Shapes: https://docs.slack.dev/reference/interaction-payloads and .../interactivity/implementing-slash-commands.
"""

from typing import Any

from sandbox.slack import elements, shapes
from sandbox.slack.passes import Passes
from sandbox.slack.settings import Settings
from sandbox.slack.values import Channel, Json, Message, Person, View
from sandbox.slack.workspace import Workspace

Payload = dict[str, Any]
_CHANNEL_NAMES = {"im": "directmessage", "private": "privategroup"}  # how commands and clicks name those


class Payloads:
    """Each payload carries passes of its own: a trigger_id, and a response_url where there is a conversation."""

    def __init__(self, workspace: Workspace, passes: Passes, settings: Settings) -> None:
        self._workspace = workspace
        self._passes = passes
        self._settings = settings

    def command(self, actor: Person, channel: Channel, name: str, text: str) -> Payload:
        return {
            "token": self._settings.verification_token,
            "team_id": self._workspace.team_id,
            "team_domain": self._workspace.team_domain,
            "channel_id": channel.id,
            "channel_name": _CHANNEL_NAMES.get(channel.kind, channel.name),
            "user_id": actor.id,
            "user_name": actor.name,
            "command": name,
            "text": text,
            "api_app_id": self._workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": self._passes.response_url(actor.id, channel.id),
            "trigger_id": self._passes.trigger(actor.id),
        }

    def click(self, actor: Person, channel: Channel, message: Message, action: Payload, state: Json) -> Payload:
        """An element of a message was used."""
        container: Payload = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.ephemeral_to is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload = {
            **self._interaction("block_actions", actor),
            "container": container,
            "trigger_id": self._passes.trigger(actor.id),
            "channel": {"id": channel.id, "name": _CHANNEL_NAMES.get(channel.kind, channel.name)},
            "state": {"values": state},
            "response_url": self._passes.response_url(actor.id, channel.id, message.ts),
            "actions": [action],
        }
        if message.ephemeral_to is None:  # Slack leaves the message out where only its reader sees it
            payload["message"] = shapes.message(self._workspace, message, self._settings)
        return payload

    def view_click(self, actor: Person, view: View, action: Payload) -> Payload:
        return {
            **self._interaction("block_actions", actor),
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": self._passes.trigger(actor.id, view_id=view.id),
            "view": shapes.view(self._workspace, view),
            "actions": [action],
        }

    def suggestion(self, actor: Person, view: View, block_id: str, action_id: str, text: str) -> Payload:
        return {
            **self._interaction("block_suggestion", actor),
            "container": {"type": "view", "view_id": view.id},
            "action_id": action_id,
            "block_id": block_id,
            "value": text,
            "view": shapes.view(self._workspace, view),
        }

    def submission(self, actor: Person, view: View) -> Payload:
        return {
            **self._interaction("view_submission", actor),
            "trigger_id": self._passes.trigger(actor.id, view_id=view.id),
            "view": shapes.view(self._workspace, view),
            "response_urls": self._response_urls(actor, view),
        }

    def closing(self, actor: Person, view: View, *, cleared: bool) -> Payload:
        return {
            **self._interaction("view_closed", actor),
            "view": shapes.view(self._workspace, view),
            "is_cleared": cleared,
        }

    def action(self, block_id: str, element: Json, chosen: Any) -> Payload:
        """One entry of `actions`: what was pressed, or what was chosen."""
        kept = shapes.blocks_as_kept([element])[0]
        names = ("text", "value", "style") if element["type"] == "button" else ("placeholder",)
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id}
        action |= {name: kept[name] for name in names if name in kept}
        if elements.value_key(element) is not None:
            action |= elements.entered(element, chosen)
        return action | {"action_ts": self._workspace.new_ts()}

    def _interaction(self, kind: str, actor: Person) -> Payload:
        return {
            "type": kind,
            "user": {"id": actor.id, "username": actor.name, "name": actor.name, "team_id": actor.team_id},
            "api_app_id": self._workspace.app_id,
            "token": self._settings.verification_token,
            "team": {"id": self._workspace.team_id, "domain": self._workspace.team_domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _response_urls(self, actor: Person, view: View) -> list[Payload]:
        """One for each conversation that the person chose in a select with `response_url_enabled`."""
        found = []
        for block, element in elements.interactive(view.blocks):
            if not element.get("response_url_enabled"):
                continue
            value = view.state[block["block_id"]][element["action_id"]]
            channel = value.get("selected_conversation") or value.get("selected_channel")
            if channel:
                found.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel,
                        "response_url": self._passes.response_url(actor.id, channel),
                    }
                )
        return found
