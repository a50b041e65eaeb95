"""The HTTP protocol of the practice servers: uvicorn's, but an application can cut its own connection.

uvicorn copies a protocol's `app_state` into each request's `scope["state"]`, so the transport travels there.
"""

import asyncio
from typing import Any, cast

from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol


class CuttableProtocol(H11Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own does
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


async def cut(request: Request) -> None:
    """Closes the TCP connection of `request` at once: whatever is answered afterwards goes nowhere."""
    transport = cast("Any", request.scope["state"])["transport"]
    transport.abort()
    await asyncio.sleep(0)  # lets uvicorn hear of it, so that it does not log the missing answer
