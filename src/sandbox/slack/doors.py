"""The practice Slack's small routes: response_url, the bytes of files, and pictures of people."""

import json
from dataclasses import replace
from html import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.faults import Faults
from sandbox.requestlog import RequestLog
from sandbox.slack.blocks import InvalidBlocksError
from sandbox.slack.context import Context
from sandbox.slack.passes import PassError

_STATUS = {"expired_url": 404, "used_url": 404, "no_text": 400}


class ResponseUrls:
    """POST /response/<id>. In faults and in the log its method is "response_url"."""

    def __init__(self, context: Context, faults: Faults, log: RequestLog) -> None:
        self._context = context
        self._faults = faults
        self._log = log

    async def __call__(self, request: Request) -> Response:
        raw, outcome = await request.body(), "ok"

        async def handle() -> Response:
            nonlocal outcome
            outcome, response = self._answer(request.path_params["reply_id"], raw)
            return response

        response, fault = await self._faults.around("slack", "response_url", request, handle, _rate_limited)
        self._log.add("slack", "response_url", _object(raw) or {}, response.status_code, fault or outcome)
        return response

    def _answer(self, reply_id: str, raw: bytes) -> tuple[str, Response]:
        body = _object(raw)
        if body is None:
            return "invalid_payload", PlainTextResponse("invalid_payload", status_code=400)
        try:
            self._context.answers.respond(reply_id, body)
        except PassError as error:
            return error.code, _refusal(error.code, _STATUS[error.code])
        except InvalidBlocksError as error:
            return error.code, _refusal(error.code, 400)
        return "ok", PlainTextResponse("ok")


class Files:
    """POST /files/upload/<id> takes a file's bytes, GET /files/<id>/<name> gives them; the practice asks no token."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def upload(self, request: Request) -> Response:
        """The bytes as the raw body, or as the only file of a multipart form."""
        try:
            file = self._context.workspace.file(request.path_params["file_id"])
        except KeyError:
            return PlainTextResponse("file_not_found", status_code=404)
        content = await _content(request)
        self._context.workspace.put_file(replace(file, content=content))
        return PlainTextResponse(f"OK - {len(content)}")

    async def download(self, request: Request) -> Response:
        try:
            file = self._context.workspace.file(request.path_params["file_id"])
        except KeyError:
            return PlainTextResponse("file_not_found", status_code=404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return Response(file.content, media_type=file.mimetype, headers=headers)


class Avatars:
    """GET /avatar/<id>: initials on a coloured square, an SVG."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, request: Request) -> Response:
        try:
            name = self._context.workspace.person(request.path_params["person_id"]).real_name
        except KeyError:
            name = self._context.workspace.team_name
        initials = escape("".join(word[0] for word in name.split()[:2]).upper())
        hue = sum(name.encode()) * 47 % 360
        return Response(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72"><rect width="72" height="72" rx="9" '
            f'fill="hsl({hue} 45% 42%)"/><text x="36" y="46" font-family="sans-serif" font-size="28" fill="#fff" '
            f'text-anchor="middle">{initials}</text></svg>',
            media_type="image/svg+xml",
            headers={"Cache-Control": "max-age=3600"},
        )


async def _content(request: Request) -> bytes:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            for value in form.values():
                if not isinstance(value, str):
                    return await value.read()
    return await request.body()


def _object(raw: bytes) -> dict[str, object] | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _refusal(code: str, status: int) -> Response:
    return JSONResponse({"ok": False, "error": code}, status_code=status)


def _rate_limited(seconds: float) -> Response:
    return PlainTextResponse("rate_limited", status_code=429, headers={"Retry-After": f"{seconds:g}"})
