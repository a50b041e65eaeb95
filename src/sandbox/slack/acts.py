"""What a person does in the practice Slack, and the payload that the app gets for it.

Each act takes the acting person's id first. Those that wait for the app return a `Pending`: a Future of `Outcome`,
resolved after the workspace shows the consequence, so a test says `acts.command(…).result(5)` and a page may ignore it.
What Slack's own client would not let a person do raises ActError, with a sentence.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.slack import elements, shapes, typed
from sandbox.slack.answers import Answers
from sandbox.slack.delivery import Delivery
from sandbox.slack.envelope import Envelope, Outcome, Pending
from sandbox.slack.events import Events
from sandbox.slack.passes import Passes
from sandbox.slack.settings import Settings
from sandbox.slack.values import Channel, Json, Message, Person, View
from sandbox.slack.workspace import Workspace

REQUIRED = "Please complete this required field."
Values = Mapping[tuple[str, str], Any]  # (block_id, action_id) to what a form holds: see elements.entered
_CHANNEL_NAMES = {"im": "directmessage", "private": "privategroup"}  # how commands and clicks name those


class ActError(Exception):
    """Slack's client would not offer this."""


class Acts:
    def __init__(
        self,
        workspace: Workspace,
        delivery: Delivery,
        passes: Passes,
        answers: Answers,
        events: Events,
        settings: Settings,
    ) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._passes = passes
        self._answers = answers
        self._events = events
        self._settings = settings

    # --- talking -----------------------------------------------------------------------------------------------

    def say(self, person: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Posts what was typed: "@interlock status" mentions the app, "#general" the channel."""
        self._may_write(person, channel)
        said = typed.message(self._workspace, text)
        message = self._workspace.post(
            channel,
            person,
            said.text,
            blocks=(said.block,),
            thread_ts=thread_ts,
            client_msg_id=self._workspace.new_id("m"),
        )
        self._events.said(message)
        return message

    def command(self, person: str, channel: str, line: str) -> Pending:
        """Types a slash command, such as "/release status 2026.12", into a channel."""
        self._may_write(person, channel)
        name, _, raw = line.strip().partition(" ")
        command = self._workspace.commands.get(name)
        # The commands of an app are not there for people of another workspace, not even in a shared channel.
        if command is None or self._workspace.person(person).is_stranger:
            self._answers.slackbot(person, channel, f"`{name}` is not a valid command.")
            return _refused("not_a_command")
        workspace, where = self._workspace, self._workspace.channel(channel)
        payload = {
            "token": self._settings.verification_token,
            "team_id": workspace.team_id,
            "team_domain": workspace.team_domain,
            "channel_id": channel,
            "channel_name": _CHANNEL_NAMES.get(where.kind, where.name),
            "user_id": person,
            "user_name": workspace.person(person).name,
            "command": name,
            "text": typed.command_text(workspace, raw.strip(), should_escape=command.should_escape),
            "api_app_id": workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": self._passes.response_url(person, channel),
            "trigger_id": self._passes.trigger(person),
        }
        return self._delivery.send(
            Envelope(
                id=workspace.new_id("E"),
                kind="slash_commands",
                payload=payload,
                apply=lambda body: self._answers.command(person, channel, body),
                failed=lambda error: self._answers.command_failed(person, channel, name, error),
            )
        )

    # --- using blocks ------------------------------------------------------------------------------------------

    def click(
        self,
        person: str,
        channel: str,
        ts: str,
        *,
        block_id: str,
        action_id: str,
        chosen: Any = None,
        values: Values | None = None,
    ) -> Pending:
        """Uses an element of a message: presses a button, or chooses `chosen` in a select, a picker, an overflow.

        `values` are what the message's other inputs hold by then.
        """
        message = self._seen_message(person, channel, ts)
        where = self._workspace.channel(channel)
        container: dict[str, Any] = {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel,
            "is_ephemeral": message.ephemeral_to is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload = {
            **self._interaction("block_actions", person),
            "container": container,
            "trigger_id": self._passes.trigger(person),
            "channel": {"id": channel, "name": _CHANNEL_NAMES.get(where.kind, where.name)},
            "state": {"values": elements.state_of(message.blocks, {}, values or {})},
            "response_url": self._passes.response_url(person, channel, ts),
            "actions": [self._action(message.blocks, block_id, action_id, chosen)],
        }
        if message.ephemeral_to is None:  # Slack leaves the message out where only its reader sees it
            payload["message"] = shapes.message(self._workspace, message, self._settings)
        return self._interact(payload)

    def click_view(
        self,
        person: str,
        view_id: str,
        *,
        block_id: str,
        action_id: str,
        chosen: Any = None,
        values: Values | None = None,
    ) -> Pending:
        """Uses an element of a modal or of the Home tab; `values` are what its inputs hold by then."""
        view = self._own_view(person, view_id)
        given = dict(values or {})
        element = elements.find(view.blocks, block_id, action_id)
        if element is not None and element["type"] in elements.STATEFUL:
            given[block_id, action_id] = chosen
        action = self._action(view.blocks, block_id, action_id, chosen)
        view = self._workspace.screens.change(view_id, state=elements.state_of(view.blocks, view.state, given))
        return self._interact(
            {
                **self._interaction("block_actions", person),
                "container": {"type": "view", "view_id": view_id},
                "trigger_id": self._passes.trigger(person, view_id=view_id),
                "view": shapes.view(self._workspace, view),
                "actions": [action],
            }
        )

    def suggest(self, person: str, view_id: str, *, block_id: str, action_id: str, text: str) -> Pending:
        """Types `text` into an external select of a view; the outcome's body holds `options` or `option_groups`."""
        view = self._own_view(person, view_id)
        element = elements.find(view.blocks, block_id, action_id)
        if element is None or not element["type"].endswith("external_select"):
            raise ActError(f"There is no external select {action_id} in {block_id}.")
        return self._interact(
            {
                **self._interaction("block_suggestion", person),
                "container": {"type": "view", "view_id": view_id},
                "action_id": action_id,
                "block_id": block_id,
                "value": text,
                "view": shapes.view(self._workspace, view),
            }
        )

    # --- modals and Home ---------------------------------------------------------------------------------------

    def submit_view(self, person: str, view_id: str, values: Values | None = None) -> Pending:
        """Submits a modal. As in Slack, an empty required field, or a text too long, never reaches the app."""
        view = self._own_view(person, view_id)
        state = elements.state_of(view.blocks, view.state, values or {})
        errors = _unfilled(view, state)
        view = self._workspace.screens.change(view_id, state=state, errors=errors, trouble=None, busy=not errors)
        if errors:
            return _refused("incomplete")
        payload = {
            **self._interaction("view_submission", person),
            "trigger_id": self._passes.trigger(person, view_id=view_id),
            "view": shapes.view(self._workspace, view),
            "response_urls": self._response_urls(person, view),
        }
        return self._delivery.send(
            Envelope(
                id=self._workspace.new_id("E"),
                kind="interactive",
                payload=payload,
                apply=lambda body: self._answers.submission(view_id, body),
                failed=lambda _error: self._answers.submission_failed(view_id),
            )
        )

    def close_view(self, person: str, view_id: str, *, clear: bool = False) -> Pending:
        """Closes a modal, or with `clear` all of them; the app hears of it where it asked to (`notify_on_close`)."""
        view = self._own_view(person, view_id)
        clear = clear or bool(view.body.get("clear_on_close"))
        if clear:
            self._workspace.screens.clear(person)
        else:
            self._workspace.screens.close(view_id)
        if not view.body.get("notify_on_close"):
            return _refused("not_subscribed")
        return self._interact(
            {
                **self._interaction("view_closed", person),
                "view": shapes.view(self._workspace, view),
                "is_cleared": clear,
            }
        )

    def open_home(self, person: str) -> Pending:
        """Opens the app's Home tab; `workspace.screens.home(person)` holds it once the app has published one."""
        self._present(person)
        channel = self._workspace.dm(person, self._workspace.app_user)
        return self._events.app_home_opened(person, channel.id, "home")

    def open_dm(self, person: str, other: str) -> Channel:
        """Opens the direct conversation with somebody; with the app it is the Messages tab of its Home."""
        self._present(person)
        channel = self._workspace.dm(person, other)
        if other == self._workspace.app_user:
            self._events.app_home_opened(person, channel.id, "messages")
        return channel

    def mark_read(self, person: str, channel: str, ts: str | None = None) -> None:
        """Reads a channel up to `ts`, or to its end."""
        newest = next(self._workspace.newest_first(channel, viewer=person), None)
        if ts or newest:
            self._workspace.mark_read(person, channel, ts or (newest.ts if newest else "0"))

    # --- parts of payloads -------------------------------------------------------------------------------------

    def _interaction(self, kind: str, person: str) -> dict[str, Any]:
        workspace, actor = self._workspace, self._present(person)
        return {
            "type": kind,
            "user": {"id": actor.id, "username": actor.name, "name": actor.name, "team_id": actor.team_id},
            "api_app_id": workspace.app_id,
            "token": self._settings.verification_token,
            "team": {"id": workspace.team_id, "domain": workspace.team_domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _interact(self, payload: dict[str, Any]) -> Pending:
        return self._delivery.send(
            Envelope(id=self._workspace.new_id("E"), kind="interactive", payload=payload),
        )

    def _action(self, blocks: tuple[Json, ...], block_id: str, action_id: str, chosen: Any) -> dict[str, Any]:
        element = elements.find(blocks, block_id, action_id)
        if element is None:
            raise ActError(f"There is no {action_id} in {block_id} any more.")
        kept = shapes.blocks_as_kept([element])[0]
        names = ("text", "value", "style", "placeholder") if element["type"] == "button" else ("placeholder",)
        action = {"type": element["type"], "action_id": action_id, "block_id": block_id}
        action |= {name: kept[name] for name in names if name in kept}
        if elements.value_key(element) is not None:
            action |= elements.entered(element, chosen)
        return action | {"action_ts": self._workspace.new_ts()}

    def _response_urls(self, person: str, view: View) -> list[dict[str, Any]]:
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
                        "response_url": self._passes.response_url(person, channel),
                    }
                )
        return found

    # --- what Slack's client allows ----------------------------------------------------------------------------

    def _present(self, person: str) -> Person:
        actor = self._workspace.person(person)
        if actor.deleted:
            raise ActError(f"{actor.real_name} has left and cannot do anything here.")
        return actor

    def _may_write(self, person: str, channel: str) -> None:
        actor, where = self._present(person), self._workspace.channel(channel)
        if where.archived:
            raise ActError(f"#{where.name} is archived.")
        if person not in where.members:
            raise ActError(f"{actor.real_name} is not in #{where.name}.")

    def _seen_message(self, person: str, channel: str, ts: str) -> Message:
        where = self._workspace.channel(channel)
        message = self._workspace.message(channel, ts)
        hidden = where.kind != "channel" and person not in where.members
        if message is None or hidden or message.ephemeral_to not in {None, person}:
            raise ActError("There is no such message here.")
        return message

    def _own_view(self, person: str, view_id: str) -> View:
        try:
            view = self._workspace.screens.view(view_id)
        except KeyError:
            raise ActError("That window is closed.") from None
        if view.user != person:
            raise ActError("That window is somebody else's.")
        return view


def _unfilled(view: View, state: Json) -> dict[str, str]:
    """The sentences that Slack's client itself shows below fields, by block_id."""
    errors: dict[str, str] = {}
    for block, element in elements.interactive(view.blocks):
        if block["type"] != "input":
            continue
        value = state[block["block_id"]][element["action_id"]]
        if elements.is_empty(element, value):
            if not block.get("optional"):
                errors[block["block_id"]] = REQUIRED
            continue
        text = value.get("value")
        if isinstance(text, str) and len(text) > element.get("max_length", 3000):
            errors[block["block_id"]] = f"Please enter no more than {element.get('max_length', 3000)} characters."
        elif isinstance(text, str) and len(text) < element.get("min_length", 0):
            errors[block["block_id"]] = f"Please enter at least {element['min_length']} characters."
    return errors


def _refused(error: str) -> Pending:
    pending = Pending()
    pending.set_result(Outcome(acked=False, error=error))
    return pending
