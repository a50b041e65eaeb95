"""Socket Mode: the WebSocket that the app opens, and what goes over it.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import contextlib
import json
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.slack.delivery import Delivery
from sandbox.slack.workspace import Workspace

_LASTS = 18060  # seconds that Slack promises a connection for, about
_FAREWELL_SECONDS = 10  # from a disconnect message to the end, for the last acks


class SocketLink:
    """One open connection. Used on the event loop alone."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._outbox: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def send(self, message: dict[str, Any]) -> None:
        self._outbox.put_nowait(message)

    def end(self) -> None:
        """Closes the connection after everything that was sent before."""
        self._outbox.put_nowait(None)

    async def write(self) -> None:
        """Sends what is put into the outbox, in order, until the connection ends."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # RuntimeError: starlette's word for "closed"
            while (message := await self._outbox.get()) is not None:
                await self._websocket.send_text(json.dumps(message))
            await self._websocket.close()


class SocketMode:
    """The endpoint `/link`."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._links: set[SocketLink] = set()
        self._leaving: set[SocketLink] = set()  # asked to come anew, and still open for their last acks

    async def __call__(self, websocket: WebSocket) -> None:
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._delivery.tickets:
            await websocket.close()  # before accepting it: the handshake is answered with 403
            return
        self._delivery.tickets.discard(ticket)
        await websocket.accept()
        link = SocketLink(websocket)
        self._links.add(link)
        link.send(self._hello())
        self._delivery.join(link)
        self._let_go()
        writer = asyncio.create_task(link.write())
        try:
            await self._read(websocket)
        finally:
            self._links.discard(link)
            self._leaving.discard(link)
            self._delivery.leave(link)
            link.end()
            await writer

    def disconnect(self, *, abrupt: bool = False) -> int:
        """Asks every connection to come anew, as Slack does every few hours, or just ends it; returns how many."""
        links = list(self._links - self._leaving)
        for link in links:
            if abrupt:
                link.end()
                continue
            self._delivery.rest(link)
            self._leaving.add(link)
            link.send({"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "practice"}})
            asyncio.get_running_loop().call_later(_FAREWELL_SECONDS, link.end)
        return len(links)

    def _let_go(self) -> None:
        """Ends the connections that a new one replaces: the vendor's client reads the new one only then."""
        for link in self._leaving:
            if not self._delivery.owes(link):
                link.end()

    async def _read(self, websocket: WebSocket) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                try:
                    message = json.loads(await websocket.receive_text())
                except ValueError:
                    continue
                if isinstance(message, dict) and "envelope_id" in message:
                    body = message.get("payload")
                    self._delivery.ack(str(message["envelope_id"]), body if isinstance(body, dict) else {})

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._links),
            "debug_info": {
                "host": "practice",
                "build_number": 1,
                "approximate_connection_time": _LASTS,
            },
            "connection_info": {"app_id": self._workspace.app_id},
        }
