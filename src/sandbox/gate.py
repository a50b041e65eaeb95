"""Puts faults and the request log in front of an application that knows of neither: the practice Jira."""

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Faults
from sandbox.requestlog import RequestLog


class Gate:
    """An ASGI application. A call's method reads "GET /rest/api/2/search", below the mount; answers are buffered."""

    def __init__(self, app: ASGIApp, service: str, faults: Faults, log: RequestLog) -> None:
        self._app = app
        self._service = service
        self._faults = faults
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return  # whoever asked was killed while it did
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        method = f"{request.method} {path}"

        async def handle() -> Response:
            return await _call(self._app, scope, body)

        response, fault = await self._faults.around(self._service, method, request, handle, _rate_limited)
        outcome = fault or ("ok" if response.status_code < 400 else str(response.status_code))
        self._log.add(self._service, method, _arguments(request, body), response.status_code, outcome)
        await response(scope, receive, send)


async def _call(app: ASGIApp, scope: Scope, body: bytes) -> Response:
    parts: list[bytes] = []
    head: dict[str, Any] = {}

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    response = Response(b"".join(parts), status_code=head["status"])
    response.raw_headers = list(head["headers"])
    return response


def _arguments(request: Request, body: bytes) -> dict[str, Any]:
    args: dict[str, Any] = dict(request.query_params)
    try:
        given = json.loads(body) if body else {}
    except ValueError:
        return args
    return args | given if isinstance(given, dict) else args


def _rate_limited(seconds: float) -> Response:
    """Jira's 429 has headers and no body worth reading."""
    headers = {"Retry-After": f"{seconds:g}", "RateLimit-Reason": "jira-burst-based", "X-RateLimit-Remaining": "0"}
    return Response(status_code=429, headers=headers)
