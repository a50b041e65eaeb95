"""Runs an ASGI application on a loopback port, in a thread of its own."""

import asyncio
import contextlib
import itertools
import socket
import threading
from collections.abc import Callable
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from sandbox.wire import CuttableProtocol


def bind(port: int) -> socket.socket:
    """A listening address on loopback; port 0 takes any that is free."""
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each kept-alive call costs 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound


class _Announcing(uvicorn.Server):
    """Tells when it answers, and on which loop."""

    loop: asyncio.AbstractEventLoop | None = None

    def __init__(self, config: uvicorn.Config, up: threading.Event) -> None:
        super().__init__(config)
        self._up = up
        self._ending = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self._up.set()

    async def main_loop(self) -> None:
        """As uvicorn's own, which looks ten times a second; but it sees the end at once."""
        for counter in itertools.count():
            if await self.on_tick(counter):
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 0.1)

    def end(self) -> None:
        """To be called on the event loop."""
        self.should_exit = True
        self._ending.set()


class Server:
    """Serves `app` on `bound` until `stop`. `before_stop` runs on the event loop when the end begins."""

    def __init__(self, app: ASGIApp, bound: socket.socket, before_stop: Callable[[], None] = lambda: None) -> None:
        self._bound = bound
        self._before_stop = before_stop
        self._up = threading.Event()
        self._server = _Announcing(
            uvicorn.Config(
                app,
                http=CuttableProtocol,
                ws="websockets-sansio",
                lifespan="on",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            ),
            self._up,
        )
        self._thread = threading.Thread(target=self._run, name="practice-server", daemon=True)

    @property
    def url(self) -> str:
        host, port = self._bound.getsockname()
        return f"http://{host}:{port}"

    def start(self) -> Self:
        """Returns once the server answers. Raises RuntimeError when it did not come up."""
        self._thread.start()
        self._up.wait()
        if not self._server.started:
            raise RuntimeError("the practice server did not start")
        return self

    def stop(self) -> None:
        """Ends every connection and waits for the thread. A second call does nothing."""
        if self._server.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is already closed
                self._server.loop.call_soon_threadsafe(self._end)
        self._thread.join()
        self._bound.close()

    def wait(self) -> None:
        """Blocks until the server has stopped."""
        self._thread.join()

    def _end(self) -> None:
        self._before_stop()
        self._server.end()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._bound])
        finally:
            self._up.set()
