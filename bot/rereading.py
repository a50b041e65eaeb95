"""Has something read again soon after it is said to have changed: Slack's people, groups and channels after an event,
a ticket's comments after a claim.
"""

import threading
from collections.abc import Callable
from typing import Final

import structlog

GATHER_SECONDS: Final = 1.0
"""Events come in bursts: one reading is enough for all that came meanwhile."""

log = structlog.get_logger(__name__)


class Rereading:
    def __init__(self, gather_seconds: float = GATHER_SECONDS) -> None:
        self._gather_seconds = gather_seconds
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Soon; on another thread."""
        self._asked.set()

    def start(self, read: Callable[[], object]) -> None:
        self._thread = threading.Thread(target=self._run, args=(read,), name="rereading", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Waits for a reading that is under way."""
        self._stopping.set()
        self._asked.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, read: Callable[[], object]) -> None:
        while True:
            self._asked.wait()
            if self._stopping.wait(self._gather_seconds):
                return
            self._asked.clear()  # before the reading: what is asked for during it needs another
            try:
                read()
            except Exception:
                # The database is away, say. The scheduled reading comes again anyway.
                log.exception("rereading.failed")
