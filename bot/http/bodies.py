"""Bodies: what comes in, up to a limit, and JSON that goes out."""

import json
from collections.abc import Mapping

import structlog
from fastapi import Request, Response

log = structlog.get_logger(__name__)


async def read(request: Request, limit: int) -> bytes | None:
    """The body, or None once it is longer than `limit`, whatever Content-Length says."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            log.warning("body too large", path=request.url.path, limit=limit)
            return None
        parts.append(part)
    return b"".join(parts)


def error(status: int, sentence: str) -> Response:
    return answer(status, {"error": sentence})


def answer(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        status_code=status, content=json.dumps(content), media_type="application/json", headers=dict(headers or {})
    )
