"""Bodies: what comes in, up to a limit, and JSON that goes out."""

import json
from collections.abc import Mapping
from typing import Final

import structlog
from anyio import move_on_after
from fastapi import Request, Response

WHOLE_SECONDS: Final = 30.0
"""For a whole body, however slowly it drips. Slack gives up after 3 s, Jira after 20."""

log = structlog.get_logger(__name__)


async def read(request: Request, limit: int) -> bytes | Response:
    """The body; or what to answer once it is longer than `limit`, whatever Content-Length says, or too slow."""
    parts: list[bytes] = []
    size = 0
    with move_on_after(WHOLE_SECONDS):
        async for part in request.stream():
            size += len(part)
            if size > limit:
                log.warning("body too large", path=request.url.path, limit=limit)
                return error(413, "This body is too large.")
            parts.append(part)
        return b"".join(parts)
    log.warning("body too slow", path=request.url.path, bytes=size)
    return error(408, "This body took too long.")


def error(status: int, sentence: str) -> Response:
    return answer(status, {"error": sentence})


def answer(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        status_code=status, content=json.dumps(content), media_type="application/json", headers=dict(headers or {})
    )
