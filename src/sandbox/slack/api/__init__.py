"""The Web API: `/api/<method>`, answered as Slack answers it.

Whatever is not in METHODS is an `unknown_method`, as with Slack.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import Faults
from sandbox.requestlog import RequestLog
from sandbox.slack.api import about, chat, conversations, files, users, views
from sandbox.slack.api.call import Answer, Call, Method, RateLimitedError, RefusalError
from sandbox.slack.context import Context

METHODS: Mapping[str, Method] = {
    **about.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **users.METHODS,
    **views.METHODS,
}


class WebApi:
    """The endpoint. One call at a time: everything is in memory, so none takes long."""

    def __init__(self, context: Context, faults: Faults, log: RequestLog) -> None:
        self._context = context
        self._faults = faults
        self._log = log

    async def __call__(self, request: Request) -> Response:
        name = request.path_params["method"]
        try:
            args, token = await _arguments(request)
        except RefusalError as error:
            return JSONResponse(_refused(error))

        outcome = "ok"

        async def handle() -> Response:
            nonlocal outcome
            try:
                return self._shown(self._run(name, args, token))
            except RateLimitedError as error:
                outcome = error.code
                return _rate_limited(error.seconds)
            except RefusalError as error:
                outcome = error.code
                return self._shown(_refused(error))

        response, fault = await self._faults.around("slack", name, request, handle, _rate_limited)
        self._log.add("slack", name, args, response.status_code, fault or outcome)
        return response

    def _shown(self, body: Answer) -> Response:
        return JSONResponse(body, headers={"x-oauth-scopes": ",".join(sorted(self._context.settings.scopes))})

    def _run(self, name: str, args: dict[str, Any], token: str) -> Answer:
        method = METHODS.get(name)
        if method is None:
            raise RefusalError("unknown_method", req_method=name)
        self._authenticate(method, token)
        seconds = self._context.limits.method(name, method.tier)
        if seconds is not None:
            raise RateLimitedError(seconds)
        call = Call(self._context, args)
        if method.scope is not None:
            call.needs_scope(method.scope)
        return method.run(call)

    def _authenticate(self, method: Method, token: str) -> None:
        settings = self._context.settings
        if not token:
            raise RefusalError("not_authed")
        if token not in {settings.bot_token, settings.app_token}:
            raise RefusalError("invalid_auth")
        refused = self._context.admin.refused
        if refused is not None and token == settings.bot_token:
            raise RefusalError(refused)
        if (token == settings.app_token) != method.app_token:
            raise RefusalError("not_allowed_token_type")


async def _arguments(request: Request) -> tuple[dict[str, Any], str]:
    """The arguments from query, form or JSON body, and the token from the header or from among them."""
    args: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        body = await request.body()
        try:
            given = json.loads(body) if body else {}
        except ValueError:
            raise RefusalError("invalid_json") from None
        if not isinstance(given, dict):
            raise RefusalError("json_not_object")
        args |= given
    else:
        async with request.form() as form:
            args |= {key: value for key, value in form.items() if isinstance(value, str)}
    token = str(args.pop("token", ""))
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return args, bearer.strip() if scheme.lower() == "bearer" else token


def _refused(error: RefusalError) -> Answer:
    return {"ok": False, "error": error.code, **error.more}


def _rate_limited(seconds: float) -> Response:
    body = {"ok": False, "error": "ratelimited"}
    return JSONResponse(body, status_code=429, headers={"Retry-After": f"{seconds:g}"})
