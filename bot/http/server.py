"""uvicorn on a thread of its own, with a start that fails in a sentence and a stop that finishes what it began."""

import errno
import socket
import threading
import time
from typing import Final

import uvicorn
from fastapi import FastAPI

from interlock.config.settings import HttpAddress
from interlock.domain.errors import InterlockError

START_SECONDS: Final = 20
GRACE_SECONDS: Final = 10


class HttpError(InterlockError):
    """The HTTP server cannot listen."""


class HttpServer:
    def __init__(self, app: FastAPI, address: HttpAddress) -> None:
        """Listens from here on; raises HttpError where that is not possible."""
        self._socket = _listen(address)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise HttpError("The HTTP server did not start; its log says why.")
            self._thread.join(0.01)

    def stop(self) -> None:
        """Take no more connections, finish the requests that are under way."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(GRACE_SECONDS + 5)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def _listen(address: HttpAddress) -> socket.socket:
    host, port = address
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # The protocol by name: asyncio switches Nagle's algorithm off only then, and each answer would wait 40 ms.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise HttpError(f"INTERLOCK_HTTP: can't listen on {host}:{port} ({error.strerror or error}).") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(512)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise HttpError(
                f"Port {port} on {host} is taken by another program. Stop it, or set INTERLOCK_HTTP to another port."
            ) from error
        raise HttpError(f"INTERLOCK_HTTP: can't listen on {host}:{port} ({error.strerror or error}).") from error
    listening.setblocking(False)
    return listening
