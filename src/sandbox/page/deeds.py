"""What a person does on the page, taken as JSON and handed to `acts`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.page.frame import Frames
from sandbox.page.replies import HEADERS, failed
from sandbox.page.sidebar import HOME
from sandbox.slack.acts import ActError, Acts
from sandbox.slack.elements import NoSuchOptionError
from sandbox.slack.envelope import Pending
from sandbox.slack.workspace import Workspace

WAIT_SECONDS = 8.0  # for what becomes of a click: Slack's own 3 s, and a slow machine
UNANSWERED = "{} did not answer in time. It may still have done what you asked."

Act = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]


class Refused(Exception):  # noqa: N818 - what the page answers, not what went wrong with it
    """An act that makes no sense; `args[0]` says why."""


class Deeds:
    """Each act takes the acting person's id and the request's JSON object, and returns what the page is told."""

    def __init__(self, workspace: Workspace, acts: Acts, frames: Frames) -> None:
        self._workspace = workspace
        self._acts = acts
        self._frames = frames

    def routes(self) -> list[Route]:
        acts: dict[str, Act] = {
            "say": self.say,
            "use": self.use,
            "suggest": self.suggest,
            "submit": self.submit,
            "close": self.close,
            "read": self.read,
            "dismiss": self.dismiss,
            "dm": self.dm,
            "opened": self.opened,
        }
        return [Route(f"/client/{{person}}/{name}", self._taking(act), methods=["POST"]) for name, act in acts.items()]

    def _taking(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """An act as an endpoint. JSON alone is taken: no other site's form can send that without being asked."""

        async def endpoint(request: Request) -> Response:
            if request.headers.get("content-type", "").partition(";")[0] != "application/json":
                return failed("Send JSON.", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            person = request.path_params["person"]
            try:
                self._frames.actor(person)
                answer = await act(person, dict(await request.json()))
            except (ActError, NoSuchOptionError, Refused) as error:
                return failed(str(error), HTTPStatus.CONFLICT)
            except KeyError as error:
                return failed(f"There is no {error.args[0]} here.", HTTPStatus.NOT_FOUND)
            except (TypeError, ValueError):
                return failed("That request makes no sense.", HTTPStatus.BAD_REQUEST)
            return JSONResponse({"ok": True, **answer}, headers=HEADERS)

        return endpoint

    async def say(self, person: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Sends what the composer holds: a line that begins with a slash is a command."""
        text, channel = str(body["text"]).strip("\n"), str(body["channel"])
        if not text.strip():
            raise Refused("There is nothing to send.")
        if text.startswith("/"):
            if body.get("thread"):
                raise Refused("Slash commands do not work in threads.")  # as in Slack
            self._acts.command(person, channel, text)
        else:
            self._acts.say(person, channel, text, thread_ts=body.get("thread") or None)
        return {}

    async def use(self, person: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Uses one element of a message or a view; waits until the app has acknowledged it."""
        zone = self._zone(person)
        element = {"block_id": str(body["block"]), "action_id": str(body["action"])}
        chosen, values = raw(body.get("chosen"), zone), entries(body.get("values") or (), zone)
        if body.get("view"):
            pending = self._acts.click_view(person, str(body["view"]), **element, chosen=chosen, values=values)
        else:
            place = str(body["channel"]), str(body["ts"])
            pending = self._acts.click(person, *place, **element, chosen=chosen, values=values)
        await self._settled(pending)
        return {}

    async def suggest(self, person: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The options that the app offers for what was typed into an external select."""
        if not body.get("view"):
            raise Refused("This page asks for suggestions in modals and on the Home tab only.")
        pending = self._acts.suggest(
            person,
            str(body["view"]),
            block_id=str(body["block"]),
            action_id=str(body["action"]),
            text=str(body["text"]),
        )
        answer = await self._settled(pending)
        groups = answer.get("option_groups") or ()
        return {"options": [*answer.get("options", ()), *(o for group in groups for o in group.get("options", ()))]}

    async def submit(self, person: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._acts.submit_view(person, str(body["view"]), entries(body.get("values") or (), self._zone(person)))
        return {}

    async def close(self, person: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._acts.close_view(person, str(body["view"]), clear=bool(body.get("all")))
        return {}

    async def read(self, person: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._frames.channel(person, str(body["channel"]))
        self._acts.mark_read(person, str(body["channel"]), str(body["ts"]))
        return {}

    async def dismiss(self, person: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Takes an ephemeral message out of its reader's sight."""
        message = self._workspace.message(str(body["channel"]), str(body["ts"]))
        if message is None or message.ephemeral_to != person:
            raise Refused("Only a message that you alone can see can be dismissed.")
        self._workspace.delete_message(message.channel, message.ts)
        return {}

    async def dm(self, person: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"href": f"/client/{person}/{self._acts.open_dm(person, str(body['other'])).id}"}

    async def opened(self, person: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The person looks at the app's Home tab, or at its Messages: the app may hear of it and draw."""
        if body.get("tab") == HOME:
            self._acts.open_home(person)
        else:
            self._acts.open_dm(person, self._workspace.app_user)
        return {}

    def _zone(self, person: str) -> ZoneInfo:
        return ZoneInfo(self._workspace.person(person).tz)

    async def _settled(self, pending: Pending) -> dict[str, Any]:
        """The body of the app's ack; Refused says why there is none."""
        app = self._workspace.person(self._workspace.app_user).real_name
        try:
            outcome = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(pending)), WAIT_SECONDS)
        except TimeoutError:
            raise Refused(UNANSWERED.format(app)) from None
        if not outcome.acked or outcome.error:
            reason = {
                "operation_timeout": UNANSWERED.format(app),
                "dispatch_failed": f"{app} is not connected to this practice workspace.",
            }
            raise Refused(reason.get(outcome.error or "", f"{app} could not use that: {outcome.error}."))
        return outcome.body


def raw(value: Any, zone: ZoneInfo) -> Any:
    """What a form holds, as `elements.entered` takes it: a local moment of this zone becomes seconds since 1970."""
    if isinstance(value, dict) and "local" in value:
        text = str(value["local"])
        return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) if text else None
    return value


def entries(values: Any, zone: ZoneInfo) -> dict[tuple[str, str], Any]:
    """The page's list of filled-in fields by (block_id, action_id)."""
    return {(str(each["block"]), str(each["action"])): raw(each.get("value"), zone) for each in values}
