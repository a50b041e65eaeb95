"""People doing what people do in the practice Slack: they type commands, fill forms by their labels and press buttons
by their words, as the page's readers do. Nothing here knows which app answers.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sandbox.slack import elements
from sandbox.slack.acts import Acts
from sandbox.slack.values import Json, Message, View
from sandbox.slack.workspace import Workspace

PATIENCE = 60.0
"""Seconds until somebody gives up waiting for the app."""
PAUSE = 0.1

T = TypeVar("T")


class GaveUpError(Exception):
    """Somebody waited for something that did not come."""


class Somebody:
    """One person at work. Every method waits until the app has answered, and raises GaveUpError if it does not."""

    def __init__(self, acts: Acts, workspace: Workspace, person: str) -> None:
        self._acts = acts
        self._workspace = workspace
        self._person = person

    def types(self, channel: str, line: str) -> None:
        """A slash command; again while no app answers."""
        self._until(f"an answer to {line}", lambda: self._acts.command(self._person, channel, line).result().acked)

    def fills(self, title: str, entries: Mapping[str, str]) -> None:
        """The form of that title: each entry into the field with that label, or with the option that begins with it;
        then submits it and closes what comes after.
        """
        view = self._until(f"the form {title}", lambda: self._form(title))
        values = {}
        for label, wanted in entries.items():
            block = next(each for each in view.blocks if each.get("label", {}).get("text") == label)
            element = block["element"]
            values[block["block_id"], element["action_id"]] = self._entry(view, block["block_id"], element, wanted)
        self._acts.submit_view(self._person, view.id, values).result()
        after = self._workspace.screens.modal(self._person)
        if after is not None and (after.errors or after.trouble):
            raise GaveUpError(f"{title}: {dict(after.errors) or after.trouble}")
        self._workspace.screens.clear(self._person)

    def presses(self, channel: str, words: str) -> None:
        """The button that begins with these words, in the newest message that has one."""
        message, block, element = self._until(f"a button {words}", lambda: self._button(channel, words))
        self._acts.click(
            self._person, channel, message.ts, block_id=block["block_id"], action_id=element["action_id"]
        ).result()

    def _form(self, title: str) -> View | None:
        view = self._workspace.screens.modal(self._person)
        return view if view is not None and view.body["title"]["text"] == title else None

    def _entry(self, view: View, block_id: str, element: Json, wanted: str) -> Any:
        kind = element["type"]
        if not kind.endswith("_select"):
            return wanted
        if kind.endswith("external_select"):
            option = self._until(f"an option {wanted}", lambda: self._suggested(view, block_id, element, wanted))
        else:
            options = [each for each in element.get("options", ()) if _begins(each, wanted)]
            if not options:
                return wanted
            option = options[0]
        return [option] if kind.startswith("multi_") else option

    def _suggested(self, view: View, block_id: str, element: Json, wanted: str) -> Json | None:
        outcome = self._acts.suggest(
            self._person, view.id, block_id=block_id, action_id=element["action_id"], text=wanted
        ).result()
        options = (outcome.body or {}).get("options", ())
        return next((each for each in options if _begins(each, wanted)), None)

    def _button(self, channel: str, words: str) -> tuple[Message, Json, Json] | None:
        for message in self._workspace.newest_first(channel, viewer=self._person):
            for block, element in elements.interactive(message.blocks):
                if element["type"] == "button" and element["text"]["text"].startswith(words):
                    return message, block, element
        return None

    def _until(self, what: str, look: Callable[[], T | None]) -> T:
        deadline = time.monotonic() + PATIENCE
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise GaveUpError(f"{self._person} waited for {what}.")
            time.sleep(PAUSE)


def _begins(option: Json, words: str) -> bool:
    return str(option["text"]["text"]).startswith(words)
