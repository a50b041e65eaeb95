"""Faults on order: the next N calls of a method go wrong in a chosen way. Slack and Jira share it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.wire import cut

FaultKind = Literal[
    "429",  # refused, with Retry-After
    "500",  # failed before anything happened
    "timeout",  # nothing happens and no answer comes
    "timeout_after",  # it happens, and no answer comes
    "drop_before",  # nothing happens and the connection is cut
    "drop_after",  # it happens, and the connection is cut
    "malformed",  # it happens, and the answer is half a JSON document
]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`method` is a Slack method, or "GET /rest/api/2/search" for Jira, `*` standing for any part."""

    service: str
    method: str
    fault: FaultKind
    count: int = 1
    retry_after: float = 1
    used: int = 0

    def meets(self, service: str, method: str) -> bool:
        return self.service == service and fnmatchcase(method, self.method) and self.used < self.count


class Faults:
    """The faults that were ordered, oldest first. Any thread may order; calls meet them on the event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []
        self._released = asyncio.Event()

    def plan(self, fault: Fault) -> None:
        with self._lock:
            self._planned.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._planned]

    def release(self) -> None:
        """Lets calls that hang in a timeout go: the server is going down. Call it on the event loop."""
        self._released.set()

    async def around(
        self,
        service: str,
        method: str,
        request: Request,
        handle: Callable[[], Awaitable[Response]],
        refuse: Callable[[float], Response],
    ) -> tuple[Response, FaultKind | None]:
        """Answers one call: by `handle`, unless a fault was ordered for it; says which fault it was.

        The request's body must have been read. `refuse` makes the service's own 429 for so many seconds.
        """
        fault = self._take(service, method)
        if fault is None:
            return await handle(), None
        return await self._suffer(fault, request, handle, refuse), fault.fault

    def _take(self, service: str, method: str) -> Fault | None:
        with self._lock:
            for index, fault in enumerate(self._planned):
                if fault.meets(service, method):
                    self._planned[index] = replace(fault, used=fault.used + 1)
                    return fault
        return None

    async def _suffer(
        self,
        fault: Fault,
        request: Request,
        handle: Callable[[], Awaitable[Response]],
        refuse: Callable[[float], Response],
    ) -> Response:
        match fault.fault:
            case "429":
                return refuse(fault.retry_after)
            case "500":
                return PlainTextResponse("Internal Server Error", status_code=500)
            case "malformed":
                whole = bytes((await handle()).body)
                return Response(whole[: len(whole) // 2], media_type="application/json")
            case "timeout" | "timeout_after":
                if fault.fault == "timeout_after":
                    await handle()
                await self._hang(request)
            case "drop_before":
                await cut(request)
            case "drop_after":
                await handle()
                await cut(request)
        return Response()  # never seen: the connection is gone

    async def _hang(self, request: Request) -> None:
        """Waits until the caller gives up."""
        waits = {
            asyncio.ensure_future(_until_gone(request)),
            asyncio.ensure_future(self._released.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
