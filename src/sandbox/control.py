"""/control: how tests and the curious make the practice servers misbehave, and see what they were asked.

| route | what |
| --- | --- |
| GET /control/faults | the faults that were ordered, each with `used` |
| POST /control/faults | orders one: {"service", "method", "fault", "count", "retry_after"}, see sandbox.faults |
| DELETE /control/faults | forgets all of them |
| POST /control/deliver-twice | {"count": N}: each of the next N envelopes arrives twice |
| POST /control/disconnect | asks every Socket Mode connection to come anew; {"abrupt": true} just ends them |
| POST /control/http | {"url": …}: deliver by HTTP to that base URL from now on; {"url": null}: by Socket Mode |
| GET /control/requests | ?service=&method=: the calls, oldest first; DELETE forgets them |
| GET /control/messages | ?channel=C…: everything in it, replies and ephemeral messages too, oldest first |
"""

from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import FAULT_KINDS, Fault, Faults
from sandbox.requestlog import RequestLog
from sandbox.slack import shapes
from sandbox.slack.context import Context
from sandbox.slack.socketmode import SocketMode


class Control:
    def __init__(self, context: Context, faults: Faults, log: RequestLog, sockets: SocketMode) -> None:
        self._context = context
        self._faults = faults
        self._log = log
        self._sockets = sockets

    def routes(self) -> list[Route]:
        return [
            Route("/control/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/control/deliver-twice", self.deliver_twice, methods=["POST"]),
            Route("/control/disconnect", self.disconnect, methods=["POST"]),
            Route("/control/http", self.http, methods=["POST"]),
            Route("/control/requests", self.requests, methods=["GET", "DELETE"]),
            Route("/control/messages", self.messages, methods=["GET"]),
        ]

    async def faults(self, request: Request) -> Response:
        if request.method == "POST":
            wanted = await _object(request)
            problem = _problem(wanted)
            if problem:
                return JSONResponse({"error": problem}, status_code=400)
            self._faults.plan(Fault(**wanted))
        elif request.method == "DELETE":
            self._faults.clear()
        return JSONResponse({"faults": self._faults.listed()})

    async def deliver_twice(self, request: Request) -> Response:
        count = (await _object(request)).get("count", 1)
        self._context.delivery.deliver_twice(int(count))
        return JSONResponse({"count": count})

    async def disconnect(self, request: Request) -> Response:
        abrupt = bool((await _object(request)).get("abrupt"))
        return JSONResponse({"disconnected": self._sockets.disconnect(abrupt=abrupt)})

    async def http(self, request: Request) -> Response:
        self._context.delivery.http_url = (await _object(request)).get("url")
        return JSONResponse({"url": self._context.delivery.http_url})

    async def requests(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._log.clear()
        query = request.query_params
        return JSONResponse({"requests": self._log.listed(service=query.get("service"), method=query.get("method"))})

    async def messages(self, request: Request) -> Response:
        workspace, channel = self._context.workspace, request.query_params.get("channel", "")
        if channel not in {one.id for one in workspace.channels()}:
            return JSONResponse({"error": "channel_not_found"}, status_code=404)
        shown = [
            shapes.message(workspace, message, self._context.settings) | {"ephemeral_to": message.ephemeral_to}
            for message in workspace.everything(channel)
        ]
        return JSONResponse({"messages": shown})


async def _object(request: Request) -> dict[str, Any]:
    return cast("dict[str, Any]", await request.json()) if await request.body() else {}


def _problem(wanted: dict[str, Any]) -> str | None:
    known = {"service", "method", "fault", "count", "retry_after"}
    if wanted.get("service") not in {"slack", "jira"}:
        return "service must be slack or jira"
    if wanted.get("fault") not in FAULT_KINDS:
        return f"fault must be one of {', '.join(FAULT_KINDS)}"
    if not isinstance(wanted.get("method"), str):
        return "method must be a method's name, or *"
    return f"unknown keys: {', '.join(set(wanted) - known)}" if set(wanted) - known else None
