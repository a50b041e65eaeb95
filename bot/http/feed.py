"""GET /calendar/<secret>.ics: a person's calendar feed. Calendar programs send nothing but the address, so its secret
is all there is to go by.

Whatever opens nothing is answered alike: a link that never was, expired, was revoked, or whose owner left.
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response

from bot.http import bodies
from bot.http.limit import RateLimit
from bot.views import ics
from interlock.domain.policy import Policy
from interlock.domain.secret import hash_of
from interlock.store.engine import Store
from interlock.usecases import feed

PER_MINUTE: Final = 12
"""Of one link: programs look every few minutes at most."""
WRONG_PER_MINUTE: Final = 30
"""Of addresses that open nothing, from one caller."""
HANDLERS: Final = 2
"""At once: theirs alone, so that they never hold up Slack's."""
NOTHING: Final = "There is no such calendar."

log = structlog.get_logger(__name__)


class Feeds:
    """Methods block: call them on a thread."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        clock: Callable[[], datetime],
        per_minute: int = PER_MINUTE,
        wrong_per_minute: int = WRONG_PER_MINUTE,
    ) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._limit = RateLimit(per_minute)
        self._wrong = RateLimit(wrong_per_minute)

    def serve(self, name: str, caller: str) -> Response:
        """`name` is the address's last part."""
        now = self._clock()
        text = name.removesuffix(".ics") if name.endswith(".ics") else ""
        found = feed.read(self._store, self._policy, text, now)
        if found is None:
            if self._wrong.wait(caller, now) is None:  # beyond the limit they fill no log
                log.warning("feed not opened")
            return bodies.answer(404, {"error": NOTHING}, {"Cache-Control": "no-store"})
        wait = self._limit.wait(hash_of(text) or "", now)
        if wait is not None:
            seconds = max(1, math.ceil(wait.total_seconds()))
            return bodies.answer(429, {"error": f"Try again in {seconds} s."}, {"Retry-After": str(seconds)})
        headers = {
            "Cache-Control": "private, no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": 'attachment; filename="releases.ics"',
        }
        return Response(content=ics.calendar(found), media_type="text/calendar; charset=utf-8", headers=headers)


def routes(feeds: Feeds) -> APIRouter:
    router = APIRouter()
    threads = CapacityLimiter(HANDLERS)

    @router.get("/calendar/{name}")
    async def calendar(name: str, request: Request) -> Response:
        caller = request.client.host if request.client else ""
        return await to_thread.run_sync(lambda: feeds.serve(name, caller), limiter=threads)

    return router
