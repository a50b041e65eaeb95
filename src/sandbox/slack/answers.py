"""What the app's answers do to the workspace: the body of an ack, and what is posted to a response_url."""

from collections.abc import Mapping
from typing import Any

from sandbox.slack.blocks import InvalidBlocksError, message_blocks, view_body
from sandbox.slack.passes import PassError, Passes
from sandbox.slack.screens import DEEPEST_STACK
from sandbox.slack.values import Json, Message
from sandbox.slack.workspace import SLACKBOT, Workspace

TROUBLE = "We had some trouble connecting. Try again?"
BLOCKS_ONLY = "This content can't be displayed."  # the text that Slack gives a message that has only blocks


class Answers:
    def __init__(self, workspace: Workspace, passes: Passes) -> None:
        self._workspace = workspace
        self._passes = passes

    # --- commands ----------------------------------------------------------------------------------------------

    def command(self, user: str, channel: str, body: Json) -> str | None:
        """The ack of a slash command: a body with text or blocks is the answer. Returns an error code, or None."""
        if not body.get("text") and not body.get("blocks"):
            return None
        try:
            self._say(user, channel, body, thread_ts=None)
        except InvalidBlocksError:
            return "invalid_command_response"
        return None

    def command_failed(self, user: str, channel: str, command: str, error: str) -> None:
        self.slackbot(user, channel, f'{command} failed with the error "{error}"')

    def slackbot(self, user: str, channel: str, text: str) -> None:
        """Slackbot tells one person something that nobody else sees."""
        self._workspace.post(channel, SLACKBOT.id, text, ephemeral_to=user)

    # --- response_url ------------------------------------------------------------------------------------------

    def respond(self, reply_id: str, body: Json) -> None:
        """What was posted to a response_url. Raises PassError (expired_url, used_url, no_text), InvalidBlocksError."""
        reply = self._passes.reply_to(reply_id)
        original = self._workspace.message(reply.channel, reply.ts) if reply.ts else None
        if body.get("delete_original"):
            if original is not None:
                self._workspace.delete_message(original.channel, original.ts)
        elif not body.get("text") and not body.get("blocks"):
            raise PassError("no_text")
        elif body.get("replace_original") and original is not None:
            self._replace(original, body)
        else:
            self._say(reply.user, reply.channel, body, thread_ts=body.get("thread_ts"))
        self._passes.count_use(reply_id)

    def _replace(self, original: Message, body: Json) -> None:
        blocks = message_blocks(body.get("blocks"), self._workspace.new_id)
        self._workspace.change_message(
            original.channel,
            original.ts,
            text=body.get("text") or BLOCKS_ONLY,
            blocks=blocks,
            edited=None if original.ephemeral_to else self._workspace.new_ts(),
        )

    def _say(self, user: str, channel: str, body: Json, *, thread_ts: str | None) -> None:
        workspace = self._workspace
        workspace.post(
            channel,
            workspace.app_user,
            body.get("text") or BLOCKS_ONLY,
            bot_id=workspace.app_bot,
            blocks=message_blocks(body.get("blocks"), workspace.new_id),
            metadata=body.get("metadata"),
            thread_ts=thread_ts,
            ephemeral_to=None if body.get("response_type") == "in_channel" else user,
        )

    # --- modals ------------------------------------------------------------------------------------------------

    def submission(self, view_id: str, body: Json) -> str | None:
        """The ack of a view_submission: nothing closes the modal, `response_action` says what else happens."""
        screens = self._workspace.screens
        try:
            view = screens.view(view_id)
        except KeyError:
            return None  # closed meanwhile, or acknowledged before: there is nothing to change
        try:
            match body.get("response_action"):
                case None:
                    screens.close(view_id)
                case "clear":
                    screens.clear(view.user)
                case "errors":
                    screens.change(view_id, errors=self._errors(view.blocks, body.get("errors")), busy=False)
                case "update":
                    screens.redraw(view_id, view_body(body.get("view"), ("modal",), self._workspace.new_id))
                case "push":
                    pushed = view_body(body.get("view"), ("modal",), self._workspace.new_id)
                    if len(screens.stack(view.user)) >= DEEPEST_STACK:
                        return "push_limit_reached"
                    screens.change(view_id, busy=False)
                    screens.push(view.user, pushed)
                case other:
                    return f"unknown response_action {other}"
        except InvalidBlocksError as error:
            return f"{error.code}: {error}"
        return None

    def submission_failed(self, view_id: str) -> None:
        """No ack, or one that cannot be used: the modal stays and says so."""
        try:
            self._workspace.screens.change(view_id, trouble=TROUBLE, busy=False)
        except KeyError:
            return  # closed meanwhile

    @staticmethod
    def _errors(blocks: tuple[Json, ...], errors: Any) -> Mapping[str, str]:
        inputs = {block["block_id"] for block in blocks if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            raise InvalidBlocksError(["errors must name input blocks of the view"], "invalid_errors")
        return {block_id: str(sentence) for block_id, sentence in errors.items()}
