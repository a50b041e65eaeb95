"""What a person does in the practice Slack, and the payload that the app gets for it.

Each act takes the acting person's id first. Those that wait for the app return a `Pending`: a Future of `Outcome`,
resolved after the workspace shows the consequence, so a test says `acts.command(…).result(5)` and a page may ignore it.
What Slack's own client would not let a person do raises ActError, with a sentence.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.slack import elements, typed
from sandbox.slack.answers import Answers
from sandbox.slack.delivery import Delivery
from sandbox.slack.envelope import Envelope, Outcome, Pending
from sandbox.slack.events import Events
from sandbox.slack.payloads import Payload, Payloads
from sandbox.slack.values import Channel, Json, Message, Person, View
from sandbox.slack.workspace import Workspace

REQUIRED = "Please complete this required field."
Values = Mapping[tuple[str, str], Any]  # (block_id, action_id) to what a form holds: see elements.entered


class ActError(Exception):
    """Slack's client would not offer this."""


class Acts:
    def __init__(
        self, workspace: Workspace, delivery: Delivery, payloads: Payloads, answers: Answers, events: Events
    ) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._payloads = payloads
        self._answers = answers
        self._events = events

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
        actor, where = self._may_write(person, channel)
        name, _, raw = line.strip().partition(" ")
        command = self._workspace.commands.get(name)
        # The commands of an app are not there for people of another workspace, not even in a shared channel.
        if command is None or actor.is_stranger:
            self._answers.slackbot(person, channel, f"`{name}` is not a valid command.")
            return _refused("not_a_command")
        text = typed.command_text(self._workspace, raw.strip(), should_escape=command.should_escape)
        return self._delivery.send(
            Envelope(
                id=self._workspace.new_id("E"),
                kind="slash_commands",
                payload=self._payloads.command(actor, where, name, text),
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
        actor, message = self._present(person), self._seen_message(person, channel, ts)
        action = self._payloads.action(block_id, _element(message.blocks, block_id, action_id), chosen)
        state = elements.state_of(message.blocks, {}, values or {})
        return self._interact(self._payloads.click(actor, self._workspace.channel(channel), message, action, state))

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
        actor, view = self._own_view(person, view_id)
        element, given = _element(view.blocks, block_id, action_id), dict(values or {})
        if element["type"] in elements.STATEFUL:
            given[block_id, action_id] = chosen
        action = self._payloads.action(block_id, element, chosen)
        view = self._workspace.screens.change(view_id, state=elements.state_of(view.blocks, view.state, given))
        return self._interact(self._payloads.view_click(actor, view, action))

    def suggest(self, person: str, view_id: str, *, block_id: str, action_id: str, text: str) -> Pending:
        """Types `text` into an external select of a view; the outcome's body holds `options` or `option_groups`."""
        actor, view = self._own_view(person, view_id)
        if not _element(view.blocks, block_id, action_id)["type"].endswith("external_select"):
            raise ActError(f"{action_id} in {block_id} asks nobody for its options.")
        return self._interact(self._payloads.suggestion(actor, view, block_id, action_id, text))

    # --- modals and Home ---------------------------------------------------------------------------------------

    def submit_view(self, person: str, view_id: str, values: Values | None = None) -> Pending:
        """Submits a modal. As in Slack, an empty required field, or a text too long, never reaches the app."""
        actor, view = self._own_view(person, view_id)
        state = elements.state_of(view.blocks, view.state, values or {})
        errors = _unfilled(view, state)
        view = self._workspace.screens.change(view_id, state=state, errors=errors, trouble=None, busy=not errors)
        if errors:
            return _refused("incomplete")
        return self._delivery.send(
            Envelope(
                id=self._workspace.new_id("E"),
                kind="interactive",
                payload=self._payloads.submission(actor, view),
                apply=lambda body: self._answers.submission(view_id, body),
                failed=lambda _error: self._answers.submission_failed(view_id),
            )
        )

    def close_view(self, person: str, view_id: str, *, clear: bool = False) -> Pending:
        """Closes a modal, or with `clear` all of them; the app hears of it where it asked to (`notify_on_close`)."""
        actor, view = self._own_view(person, view_id)
        clear = clear or bool(view.body.get("clear_on_close"))
        if clear:
            self._workspace.screens.clear(person)
        else:
            self._workspace.screens.close(view_id)
        if not view.body.get("notify_on_close"):
            return _refused("not_subscribed")
        return self._interact(self._payloads.closing(actor, view, cleared=clear))

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

    def _interact(self, payload: Payload) -> Pending:
        return self._delivery.send(Envelope(id=self._workspace.new_id("E"), kind="interactive", payload=payload))

    # --- what Slack's client allows ----------------------------------------------------------------------------

    def _present(self, person: str) -> Person:
        actor = self._workspace.person(person)
        if actor.deleted:
            raise ActError(f"{actor.real_name} has left and cannot do anything here.")
        return actor

    def _may_write(self, person: str, channel: str) -> tuple[Person, Channel]:
        actor, where = self._present(person), self._workspace.channel(channel)
        if where.archived:
            raise ActError(f"#{where.name} is archived.")
        if person not in where.members:
            raise ActError(f"{actor.real_name} is not in #{where.name}.")
        return actor, where

    def _seen_message(self, person: str, channel: str, ts: str) -> Message:
        where = self._workspace.channel(channel)
        message = self._workspace.message(channel, ts)
        hidden = where.kind != "channel" and person not in where.members
        if message is None or hidden or message.ephemeral_to not in {None, person}:
            raise ActError("There is no such message here.")
        return message

    def _own_view(self, person: str, view_id: str) -> tuple[Person, View]:
        try:
            view = self._workspace.screens.view(view_id)
        except KeyError:
            raise ActError("That window is closed.") from None
        if view.user != person:
            raise ActError("That window is somebody else's.")
        return self._present(person), view


def _element(blocks: tuple[Json, ...], block_id: str, action_id: str) -> Json:
    element = elements.find(blocks, block_id, action_id)
    if element is None:
        raise ActError(f"There is no {action_id} in {block_id} any more.")
    return element


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
